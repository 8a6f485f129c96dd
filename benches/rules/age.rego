# METADATA
# title: A new digest is not used before it has been around for three days
# custom:
#   severity: medium
#   applies: {kinds: [image]}
#   requires: [evidence.observations]
package bench.age

wait := ((3 * 24) * 3600) * 1000000000

hold contains finding if {
	now := time.parse_rfc3339_ns(input.context.now)
	some artifact in input.artifacts
	artifact.changed
	some observation in input.evidence.observations
	observation.digest == artifact.digest
	until := time.parse_rfc3339_ns(observation.firstSeen) + wait
	now < until
	finding := {
		"msg": sprintf("`%s` was first seen %s", [artifact.digest, observation.firstSeen]),
		"path": "/evidence/observations",
		"until": time.format(until),
	}
}
