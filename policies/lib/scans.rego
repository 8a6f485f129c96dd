# METADATA
# title: The vulnerabilities that count
# description: >-
#   Of a severity that settings name, in any artifact that will run, not settled by VEX, in the latest scan
#   by each scanner.
package lib.scans

counted contains found if {
	some i, artifact in input.artifacts
	some j, scan in artifact.scans
	not superseded(scan, [other | some other in artifact.scans; other.scanner == scan.scanner])
	some k, vulnerability in scan.vulnerabilities
	vulnerability.severity in data.settings.scans.severities
	not settled(vulnerability)
	found := {"artifact": i, "scan": j, "index": k, "vulnerability": vulnerability}
}

settled(vulnerability) if vulnerability.vex in {"not_affected", "fixed"}

# First version without it, where there is one.
fixed(vulnerability) := version if {
	# weighlock: keep because what is no text would be an error, and is none in a review that fits its schema
	is_string(vulnerability.fixedVersion)
	version := trim_space(vulnerability.fixedVersion)
	version != ""
}

# Whether one of several facts is later than this one. What has no time is neither earlier nor later.
superseded(fact, others) if {
	some other in others
	time.parse_rfc3339_ns(other.observedAt) > time.parse_rfc3339_ns(fact.observedAt)
}
