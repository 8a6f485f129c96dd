# weighlock: allow evidence.unrequired because migrations that are not known weigh as much as those that are

# METADATA
# title: A risky change needs a person
# description: >-
#   Settings give weights to what is known of a change; above their threshold somebody looks at it.
#   What is not known weighs as much as the worst that it may be.
# related_resources:
#   - "ISO/IEC 27005:2022, Information security risk management"
#   - "ITIL 4, change enablement (risk assessment)"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [image, base_image, dependency, chart, config, migration, promotion], configured: updates.risk}
#   requires: [context.environment]
#   remediation: Have somebody look who holds a role named above, or bring it in smaller steps.
package updates.risk

import data.lib.entries
import data.lib.fixes

entry := entries.first(data.settings.updates.risk)

weights := entry.weights

hold contains finding if {
	score > entry.threshold
	reasons := [sprintf("%s (%d)", [reason, points]) | some [reason, points] in sort(parts); points != 0]
	finding := {
		"msg": sprintf("a risk of %d, above %d: %s", [score, entry.threshold, concat(", ", reasons)]),
		"path": "/change",
		"score": score,
		"needs": entry.needs,
	}
}

score := sum([points | some [_, points] in parts])

# Each reason once, with what it weighs.
parts contains [sprintf("kind `%s`", [input.change.kind]), weights.kind[input.change.kind]]

parts contains [sprintf("a %s update", [input.change.updateType]), weights.updateType[input.change.updateType]]

parts contains ["an update of which nobody knows how far it goes", worst] if {
	input.change.kind in {"base_image", "chart", "dependency", "image", "promotion"}
	not input.change.updateType
	worst := max([points | some points in weights.updateType])
}

parts contains ["a breaking commit", weights.breaking] if input.change.commit.breaking

parts contains ["no commit that says whether it breaks anything", max([0, weights.breaking])] if not input.change.commit

parts contains ["a commit that does not say whether it breaks anything", max([0, weights.breaking])] if {
	input.change.commit
	not input.change.commit.type
	not input.change.commit.breaking
}

parts contains ["migrations", weights.migrations] if count(input.evidence.migrations) > 0

parts contains ["migrations for which nobody looked", max([0, weights.migrations])] if not input.evidence.migrations

parts contains [sprintf("fixes what is exploited: %s", [concat(", ", fixes.exploited)]), weights.exploited] if fixes.urgent
