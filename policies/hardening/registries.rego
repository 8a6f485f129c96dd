# METADATA
# title: Images come from registries that settings allow
# description: >-
#   Those of every container, init and ephemeral ones too, and those that are mounted. A name without a
#   registry is one of `docker.io`; names are compared as they are written, in whole parts.
# related_resources:
#   - "CIS Kubernetes Benchmark, 5.5.1 Configure Image Provenance"
#   - "Kubernetes documentation, Images: image names"
# custom:
#   severity: high
#   applies: {kinds: [admission, config, image, promotion], assets: [workload, pod, container, release], configured: hardening.registries}
#   requires: [context.environment]
#   waivable: true
#   remediation: Copy the image to a registry that is allowed, and name it from there.
package hardening.images.registries

import data.lib.entries
import data.lib.repositories

deny contains finding if {
	not leaves
	some i, artifact in input.artifacts
	not allowed(artifact)
	finding := {
		"msg": sprintf("`%s` does not come from an allowed registry", [artifact.ref]),
		"path": sprintf("/artifacts/%d", [i]),
	}
}

deny contains finding if {
	not leaves
	count(input.artifacts) == 0
	finding := {
		"msg": "it is not known which images run, so nothing says where they come from",
		"path": "/asset",
		"remediation": "Give the asset its Kubernetes `object`, or its `images`, in the inventory.",
	}
}

allowed(artifact) if {
	some place in entries.first(data.settings.hardening.registries).allow
	startswith(sprintf("%s/", [repositories.whole(artifact.ref)]), sprintf("%s/", [place]))
}

# What goes away comes from nowhere, and an `exec` changes no pod.
leaves if input.change.operation in {"DELETE", "CONNECT"}
