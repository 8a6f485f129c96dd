# METADATA
# title: The vulnerabilities that count
# description: Of a severity that settings name, in any artifact that will run, not settled by VEX.
package lib.scans

counted contains found if {
	some i, artifact in input.artifacts
	some j, scan in artifact.scans
	some k, vulnerability in scan.vulnerabilities
	vulnerability.severity in data.settings.scans.severities
	not settled(vulnerability)
	found := {"artifact": i, "scan": j, "index": k, "vulnerability": vulnerability}
}

settled(vulnerability) if vulnerability.vex in {"not_affected", "fixed"}
