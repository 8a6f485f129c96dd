# METADATA
# title: What belongs together is promoted together
# description: >-
#   Settings name the applications that move together. Each promotion of one of them names the freight
#   that it belongs to, and those of all others are asked for at the same time. Weighlock itself has
#   each wait until all of them are allowed.
# related_resources:
#   - "Kargo documentation, Freight: https://docs.kargo.io/user-guide/core-concepts/"
# custom:
#   severity: high
#   applies: {kinds: [promotion], configured: promotion.freight}
#   requires: [change.promotion, context.environment]
#   remediation: Ask for the promotions of all of them at once, each with the same `promotion.freight`.
package promotion.freight

import data.lib.entries

groups contains group if {
	some group in data.settings.promotion.freight
	entries.covers(group)
	input.change.application in group.applications
}

deny contains finding if {
	count(groups) > 0
	not input.change.promotion.freight
	others := sort({sprintf("`%s`", [name]) | some group in groups; some name in group.applications; name != input.change.application})
	finding := {
		"msg": sprintf("`%s` is promoted together with %s, and its promotion names no freight", [input.change.application, concat(", ", others)]),
		"path": "/change/promotion",
	}
}

# Undefined where there is no freight, of which the rule above speaks.
deny contains finding if {
	some group in groups
	some name in group.applications
	name != input.change.application
	not name in present
	finding := {
		"msg": sprintf("the freight `%s` is promoted without `%s`", [input.change.promotion.freight, name]),
		"path": "/change/promotion/freight",
		"application": name,
	}
}

# Without an application it may be any of them.
deny contains finding if {
	not input.change.application
	finding := {
		"msg": "nobody says whose application this is, and which others are promoted together with it",
		"path": "/change",
	}
}

present contains other.application if some other in input.change.together
