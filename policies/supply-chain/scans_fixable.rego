# METADATA
# title: No known vulnerability goes out that has a fix
# description: >-
#   One finding for each vulnerability of a severity that counts, with a fixed version, in an
#   artifact of this change. A VEX statement that says not affected, or fixed, settles it.
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

import data.lib.scans

deny contains finding if {
	some found in scans.counted
	fixed := found.vulnerability.fixedVersion
	finding := {
		"msg": sprintf("%s in %s is fixed in %s", [found.vulnerability.id, found.vulnerability.package, fixed]),
		"path": sprintf("/artifacts/%d/scans/%d/vulnerabilities/%d", [found.artifact, found.scan, found.index]),
		"severity": found.vulnerability.severity,
		"vulnerability": found.vulnerability.id,
		"package": found.vulnerability.package,
		"fixedVersion": fixed,
	}
}
