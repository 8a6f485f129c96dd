# METADATA
# title: Nothing goes out with a serious vulnerability that has been fixed
# custom:
#   severity: high
#   applies: {kinds: [image]}
#   requires: [evidence.scans]
package bench.scans

deny contains finding if {
	some artifact in input.artifacts
	some scan in artifact.scans
	some found in scan.vulnerabilities
	found.severity in {"critical", "high"}
	found.fixedVersion
	not settled(found)
	finding := {
		"msg": sprintf("`%s` in `%s` is fixed in %s", [found.id, found.package, found.fixedVersion]),
		"path": "/artifacts",
		"scanner": scan.scanner,
	}
}

settled(found) if found.vex in {"not_affected", "fixed"}
