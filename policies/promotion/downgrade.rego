# METADATA
# title: A promotion does not go back
# description: >-
#   An older version than the one that runs is a roll-back, which is no promotion: what stands in the way of
#   the newer one is said elsewhere, and not forgotten. Where something runs and nobody can tell how far it
#   is from what is promoted, the change waits until somebody names both versions.
# related_resources:
#   - "Semantic Versioning 2.0.0, 11 Precedence: https://semver.org/spec/v2.0.0.html#spec-item-11"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [promotion]}
#   requires: [change.promotion]
#   waivable: true
#   remediation: Take back what runs there, or promote a version that is no older.
package promotion.downgrade

deny contains finding if {
	input.change.updateType == "downgrade"
	finding := {"msg": sprintf("%s is back to an older version", [way]), "path": "/change/to"}
}

default way := "this"

way := sprintf("from `%s` to `%s`", [input.change.from.version, input.change.to.version])

hold contains finding if {
	some i, fact in input.unknown
	fact.fact == "change.updateType"
	finding := {
		"msg": "nobody can tell whether it goes back to an older version",
		"path": sprintf("/unknown/%d", [i]),
		"needs": {"evidence": "change.updateType"},
		"remediation": "Name the versions of both sides, as the inventory and the registry know them.",
	}
}
