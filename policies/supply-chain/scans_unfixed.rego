# METADATA
# title: A vulnerability without a fix is said aloud
# description: Nothing can be updated yet, so it does not stop the change; whoever reads it can act.
# related_resources:
#   - "NIST SP 800-40 Rev. 4, responding to vulnerabilities without a patch"
# custom:
#   severity: medium
#   applies: {kinds: [image, promotion]}
#   requires: [evidence.scans]
#   waivable: true
#   remediation: Watch for a fix; publish a VEX statement if the code is not reachable.
package scans.unfixed

import data.lib.scans

warn contains finding if {
	some found in scans.counted
	not scans.fixed(found.vulnerability)
	finding := {
		"msg": sprintf("%s in %s has no fix yet", [found.vulnerability.id, found.vulnerability.package]),
		"path": sprintf("/artifacts/%d/scans/%d/vulnerabilities/%d", [found.artifact, found.scan, found.index]),
		"vulnerability": found.vulnerability.id,
		"package": found.vulnerability.package,
	}
}
