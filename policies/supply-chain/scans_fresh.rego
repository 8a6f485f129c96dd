# METADATA
# title: The newest scan is young enough
# description: >-
#   What was found weeks ago says nothing of what became known since. A scan that does not say when
#   it was made counts for nothing.
# related_resources:
#   - "NIST SP 800-190, 4.1.1 image vulnerabilities"
#   - "NIST SP 800-40 Rev. 4, continuous discovery of vulnerabilities"
# custom:
#   severity: medium
#   applies: {kinds: [image, promotion], configured: scans.maxAge}
#   requires: [context.environment, evidence.scans]
#   waivable: true
#   remediation: Scan the digest again.
package scans.fresh

import data.lib.artifacts
import data.lib.entries
import data.lib.time as times

age := entries.first(data.settings.scans.maxAge).age

deny contains finding if {
	some i in artifacts.judged
	artifact := input.artifacts[i]
	not young(artifact)
	finding := {
		"msg": sprintf("`%s` has no scan of the last %s", [artifact.ref, age]),
		"path": sprintf("/artifacts/%d/scans", [i]),
	}
}

young(artifact) if {
	some scan in artifact.scans
	time.parse_rfc3339_ns(scan.observedAt) >= times.now - times.nanoseconds(age)
}
