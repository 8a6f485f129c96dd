# METADATA
# title: Where settings say so, every image is pinned by digest
# description: A tag can be moved after the decision; a digest cannot.
# related_resources:
#   - "OCI image-spec v1.1, Digests"
#   - "Kubernetes documentation, Images: image pull by digest"
# custom:
#   severity: high
#   applies: {kinds: [admission, config, image, promotion], assets: [workload, pod]}
#   waivable: true
#   remediation: Name the image with @sha256 and its digest.
package hardening.images.pinned

deny contains finding if {
	input.context.environment
	some image in loose
	finding := {
		"msg": sprintf("`%s` is not pinned by digest", [image.name]),
		"path": image.path,
	}
}

deny contains finding if {
	not input.context.environment
	some image in loose
	finding := {
		"msg": sprintf("`%s` is not pinned by digest, and the environment, which may ask for it, is not known", [image.name]),
		"path": image.path,
		"remediation": concat(" ", [
			"Name the image with @sha256 and its digest, or say which environment it is for:",
			"give the asset its `environment` in the inventory, or all assets with `--environment`.",
		]),
	}
}

# The images that a digest does not name.
loose contains image if {
	not leaves
	not elsewhere
	some i, artifact in input.artifacts
	not artifact.refKind == "digest"
	image := {"name": name(artifact), "path": sprintf("/artifacts/%d", [i])}
}

# What goes away need not be hardened, and an `exec` changes no pod.
leaves if input.change.operation in {"DELETE", "CONNECT"}

# Settings that cannot be read say of no environment that it is free.
elsewhere if count(data.settings.hardening.pinned) == 0

elsewhere if {
	input.context.environment

	# weighlock: keep because settings always say it, so no case can leave it out
	data.settings.hardening.pinned
	not input.context.environment in data.settings.hardening.pinned
}

name(artifact) := sprintf("%s:%s", [artifact.ref, tag]) if tag := artifact.tag

else := artifact.ref
