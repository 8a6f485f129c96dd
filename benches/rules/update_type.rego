# METADATA
# title: How far a version may move without anybody looking
# custom:
#   severity: medium
#   applies: {kinds: [image]}
package bench.update_type

alone := {"production": {"none", "pin", "digest", "patch"}, "canary": {"none", "pin", "digest", "patch", "minor"}}

hold contains finding if {
	types := object.get(alone, input.context.environment, {"none", "pin", "digest", "patch", "minor"})
	not input.change.updateType in types
	finding := {
		"msg": sprintf("a %s update of `%s` in `%s`", [input.change.updateType, input.change.application, input.context.environment]),
		"path": "/change/updateType",
		"needs": {"approval": {"role": "tech-lead", "count": 1}},
	}
}
