# METADATA
# title: What runs was built by a trusted builder from trusted sources
# description: >-
#   SLSA provenance, v1 or v0.2, that Weighlock verified for the very digest names a builder whom
#   settings trust, and every source that it names is one that they trust too.
# related_resources:
#   - "SLSA v1.0, Provenance and Verifying artifacts: https://slsa.dev/spec/v1.0/verifying-artifacts"
#   - "NIST SP 800-204D, attestation and signing in the software supply chain"
# custom:
#   severity: high
#   applies: {kinds: [image, promotion], configured: provenance.trusted}
#   requires: [context.environment, artifacts.digest, evidence.attestations]
#   waivable: true
#   remediation: Build it with a trusted builder from a trusted branch, and let that publish signed provenance.
package provenance.trusted

import data.lib.provenance

deny contains finding if {
	some fault in provenance.faults
	finding := {
		"msg": sprintf("`%s` %s", [fault.ref, fault.why]),
		"path": sprintf("/artifacts/%d", [fault.at]),
	}
}
