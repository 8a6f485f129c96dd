# METADATA
# title: No known vulnerability goes out that has a fix
# description: >-
#   One finding for each vulnerability of a severity that counts, with a fixed version, in an
#   artifact of this change, by the latest scan of each scanner. A VEX statement that says not affected,
#   or fixed, settles it. What runs beside it and does not change is warned of.
# related_resources:
#   - "OpenVEX 0.2.0, status: https://github.com/openvex/spec"
#   - "NIST SP 800-190, 4.1.1 image vulnerabilities"
# custom:
#   severity: high
#   applies: {kinds: [image, promotion]}
#   requires: [evidence.scans]
#   waivable: true
#   remediation: Take the fixed version, or publish a VEX statement, or ask for a waiver.
package scans.fixable

import data.lib.artifacts
import data.lib.scans

deny contains finding if {
	some found in scans.counted
	found.artifact in artifacts.judged
	finding := fixable(found)
}

# What the change leaves as it is runs already, and another change takes it away.
warn contains finding if {
	some found in scans.counted
	not found.artifact in artifacts.judged
	finding := fixable(found)
}

fixable(found) := {
	"msg": sprintf("%s in %s is fixed in %s", [found.vulnerability.id, found.vulnerability.package, fixed]),
	"path": sprintf("/artifacts/%d/scans/%d/vulnerabilities/%d", [found.artifact, found.scan, found.index]),
	"severity": found.vulnerability.severity,
	"vulnerability": found.vulnerability.id,
	"package": found.vulnerability.package,
	"fixedVersion": fixed,
} if {
	fixed := scans.fixed(found.vulnerability)
}
