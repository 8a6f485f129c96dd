# METADATA
# title: What enters in another way has provenance too
# description: >-
#   The same at a cluster's door, in new configuration of a workload, in a chart and for a base image,
#   where settings ask for it. Where they trust nobody in that environment, nothing passes.
# related_resources:
#   - "SLSA v1.0, Provenance and Verifying artifacts: https://slsa.dev/spec/v1.0/verifying-artifacts"
#   - "NIST SP 800-204D, attestation and signing in the software supply chain"
# custom:
#   severity: high
#   applies: {kinds: [admission, base_image, chart, config], assets: [container, image, pod, release, repository, workload], configured: provenance.elsewhere}
#   requires: [context.environment, artifacts.digest, evidence.attestations]
#   waivable: true
#   remediation: Build it with a trusted builder from a trusted branch, and let that publish signed provenance.
package provenance.elsewhere

import data.lib.provenance

deny contains finding if {
	some fault in provenance.faults
	finding := {
		"msg": sprintf("`%s` %s", [fault.ref, fault.why]),
		"path": sprintf("/artifacts/%d", [fault.at]),
	}
}
