# weighlock: allow evidence.unrequired because without a gate a scan counts, and without both the image is denied

# METADATA
# title: What has npm packages has passed an audit of them
# description: >-
#   An artifact whose bill of materials names npm packages has a scan by a scanner that settings
#   name, or has passed such a gate; and no such scan found a severity that they name, which VEX does
#   not settle. Of several results of one scanner or gate the latest counts.
# related_resources:
#   - "npm documentation, npm audit: https://docs.npmjs.com/cli/commands/npm-audit"
#   - "NIST SP 800-218, PW.4 reuse of secured software"
# custom:
#   severity: high
#   applies: {kinds: [image, promotion], configured: scans.npm}
#   requires: [context.environment, sboms, evidence.scans]
#   waivable: true
#   remediation: Run `npm audit` in the build, update what it names, and hand over its result.
package scans.npm

import data.lib.artifacts
import data.lib.entries
import data.lib.scans

audit := entries.first(data.settings.scans.npm)

# The artifacts that have npm packages.
concerned contains i if {
	some i in artifacts.judged
	some component in input.artifacts[i].sbom.components
	startswith(component, "pkg:npm/")
}

results(artifact) := [{"at": j, "scan": scan} |
	some j, scan in artifact.scans
	scan.scanner in audit.scanners
	not scans.superseded(scan, [other | some other in artifact.scans; other.scanner == scan.scanner])
]

deny contains finding if {
	some i in concerned
	artifact := input.artifacts[i]
	count(results(artifact)) == 0
	not passed(artifact)
	finding := {
		"msg": sprintf("`%s` has npm packages, and no audit of them that counts", [artifact.ref]),
		"path": sprintf("/artifacts/%d", [i]),
	}
}

deny contains finding if {
	some i in concerned
	some result in results(input.artifacts[i])
	some k, vulnerability in result.scan.vulnerabilities
	vulnerability.severity in audit.severities
	startswith(vulnerability.package, "pkg:npm/")
	not scans.settled(vulnerability)
	finding := {
		"msg": sprintf("%s in %s", [vulnerability.id, vulnerability.package]),
		"path": sprintf("/artifacts/%d/scans/%d/vulnerabilities/%d", [i, result.at, k]),
		"severity": vulnerability.severity,
		"vulnerability": vulnerability.id,
	}
}

deny contains finding if {
	some i in concerned
	artifact := input.artifacts[i]
	some gate in gates(artifact)
	gate.status != "passed"
	finding := {
		"msg": sprintf("gate `%s` of `%s`: %s", [gate.name, artifact.ref, gate.status]),
		"path": sprintf("/artifacts/%d", [i]),
	}
}

# The latest result of each gate in each environment.
gates(artifact) := [gate |
	some gate in results_of(artifact)
	not scans.superseded(gate, [other |
		some other in results_of(artifact)
		other.name == gate.name
		other.environment == gate.environment
	])
]

results_of(artifact) := [gate |
	some gate in input.evidence.gates
	gate.subject == artifact.digest
	gate.name in audit.gates
]

passed(artifact) if {
	some gate in gates(artifact)
	gate.status == "passed"
}
