# METADATA
# title: The gates of the stage before have passed for this digest
# description: >-
#   Of several results of one gate the latest counts. A gate that failed or was skipped denies; one
#   that still runs, or of which nothing is known, holds.
# related_resources:
#   - "SLSA verification summary attestation, a result bound to a digest"
# custom:
#   severity: high
#   applies: {kinds: [promotion]}
#   requires: [evidence.gates, artifacts.digest]
#   remediation: Run the gate again for this digest.
package promotion.gates

import data.lib.promotion

results(digest, name) := [gate |
	some gate in input.evidence.gates
	gate.subject == digest
	gate.name == name
	gate.environment == input.change.promotion.from
]

moment(gate) := time.parse_rfc3339_ns(gate.observedAt)

moment(gate) := 0 if not gate.observedAt

# The statuses that were seen last; more than one where two results bear the same time.
latest(digest, name) := {gate.status |
	some gate in results(digest, name)
	moment(gate) == max([moment(other) | some other in results(digest, name)])
}

deny contains finding if {
	some artifact in promotion.changed
	some name in promotion.step.gates
	some status in latest(artifact.digest, name)
	status in {"failed", "skipped"}
	finding := {
		"msg": sprintf("gate `%s` was %s for `%s` in `%s`", [name, status, artifact.digest, input.change.promotion.from]),
		"path": "/evidence/gates",
		"gate": name,
		"digest": artifact.digest,
	}
}

hold contains finding if {
	some artifact in promotion.changed
	some name in promotion.step.gates
	count(latest(artifact.digest, name) - {"passed", "failed", "skipped"}) > 0
	finding := {
		"msg": sprintf("gate `%s` still runs for `%s` in `%s`", [name, artifact.digest, input.change.promotion.from]),
		"path": "/evidence/gates",
		"gate": name,
		"digest": artifact.digest,
	}
}

hold contains finding if {
	some artifact in promotion.changed
	some name in promotion.step.gates
	count(results(artifact.digest, name)) == 0
	finding := {
		"msg": sprintf("gate `%s` has no result for `%s` in `%s`", [name, artifact.digest, input.change.promotion.from]),
		"path": "/evidence/gates",
		"gate": name,
		"digest": artifact.digest,
	}
}
