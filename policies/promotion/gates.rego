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
#   requires: [change.promotion, evidence.gates, artifacts.digest]
#   remediation: Run the gate again for this digest.
package promotion.gates

import data.lib.promotion

results(digest, name) := {i |
	some i, gate in input.evidence.gates
	gate.subject == digest
	gate.name == name
	gate.environment == input.change.promotion.from
}

moment(i) := time.parse_rfc3339_ns(seen) if seen := input.evidence.gates[i].observedAt

else := 0

# The results that were seen last; several where they bear the same time.
latest(digest, name) := {i |
	some i in results(digest, name)
	moment(i) == max({at | some other in results(digest, name); at := moment(other)})
}

deny contains finding if {
	some artifact in promotion.changed
	some name in promotion.step.gates
	some i in latest(artifact.digest, name)
	outcome := {"failed": "has failed", "skipped": "was skipped"}[input.evidence.gates[i].status]
	finding := {
		"msg": sprintf("gate `%s` %s for `%s` in `%s`", [name, outcome, artifact.digest, input.change.promotion.from]),
		"path": sprintf("/evidence/gates/%d", [i]),
		"gate": name,
		"digest": artifact.digest,
	}
}

hold contains finding if {
	some artifact in promotion.changed
	some name in promotion.step.gates
	some i in latest(artifact.digest, name)
	not input.evidence.gates[i].status in {"passed", "failed", "skipped"}
	finding := {
		"msg": sprintf("gate `%s` still runs for `%s` in `%s`", [name, artifact.digest, input.change.promotion.from]),
		"path": sprintf("/evidence/gates/%d", [i]),
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
		"path": "/change/promotion",
		"gate": name,
		"digest": artifact.digest,
	}
}
