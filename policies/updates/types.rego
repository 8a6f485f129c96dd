# METADATA
# title: Small updates go by themselves, larger ones need people
# description: >-
#   Settings say for each environment which kinds of version update go by themselves and which wait
#   for whose approval. What they do not name, such as a downgrade, is denied.
# related_resources:
#   - "Semantic Versioning 2.0.0: https://semver.org/spec/v2.0.0.html"
# custom:
#   severity: medium
#   applies: {kinds: [image, base_image, dependency, chart]}
#   requires: [change.updateType, context.environment]
#   remediation: Ask people who hold the roles named above, or choose a version nearer to the present one.
package updates.types

import data.lib.entries

entry := entries.first(data.settings.updates.types)

hold contains finding if {
	finding := {
		"msg": sprintf("a %s update needs approval in %s", [input.change.updateType, place]),
		"path": "/change/updateType",
		"needs": entry.approval[input.change.updateType],
	}
}

deny contains finding if {
	not alone
	not entry.approval[input.change.updateType]
	finding := {
		"msg": sprintf("a %s update is not allowed in %s", [input.change.updateType, place]),
		"path": "/change/updateType",
	}
}

# Undefined where no entry covers the environment, and then nothing goes by itself.
alone if input.change.updateType in entry.alone

place := sprintf("`%s`", [input.context.environment])
