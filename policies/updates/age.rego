# weighlock: allow evidence.unrequired because where no age is asked for nothing needs to be seen, and else it holds

# METADATA
# title: A new digest is not used before it has been around for a while
# description: >-
#   Time for others to find out what is wrong with it. Counted from the first observation of the
#   digest here, on whichever platform it came last; not from a date that its publisher gives. A base
#   image waits for the `rebuildDelay` of the build too. What fixes a critical vulnerability that is
#   known to be exploited waits only as long as settings say for that.
# related_resources:
#   - "OpenSSF, Secure Supply Chain Consumption Framework (S2C2F), dependency cooldown"
# custom:
#   severity: medium
#   applies: {kinds: [image, base_image]}
#   requires: [artifacts.digest, context.environment]
#   waivable: true
#   remediation: Wait until then; for an exploited vulnerability ask for a waiver.
package updates.age

import data.lib.entries
import data.lib.fixes
import data.lib.time as times

entry := entries.first(data.settings.updates.minimumAge)

wait := min([usual, times.nanoseconds(entry.exploited)]) if fixes.urgent

else := usual

usual := max([age, delay])

default age := 0

age := times.nanoseconds(entry.age)

default delay := 0

delay := times.nanoseconds(input.asset.build.rebuildDelay) if input.change.kind == "base_image"

# When a digest was first seen, on the platform that it came to last, and where that stands.
seen(digest) := max({[first, i] |
	some i, observation in input.evidence.observations
	observation.digest == digest
	first := time.parse_rfc3339_ns(observation.firstSeen)
})

hold contains finding if {
	wait > 0
	not input.evidence.observations
	finding := {
		"msg": "nobody says when it was first seen here",
		"path": "/artifacts",
		"needs": {"evidence": "evidence.observations"},
	}
}

hold contains finding if {
	some artifact in input.artifacts
	artifact.changed
	[first, i] := seen(artifact.digest)
	times.now < first + wait
	until := times.rfc3339(first + wait)
	finding := {
		"msg": sprintf("`%s` is too new: first seen %s, usable from %s", [artifact.digest, times.rfc3339(first), until]),
		"path": sprintf("/evidence/observations/%d", [i]),
		"until": until,
		"digest": artifact.digest,
	}
}

hold contains finding if {
	wait > 0
	input.evidence.observations
	some i, artifact in input.artifacts
	artifact.changed
	not seen(artifact.digest)
	finding := {
		"msg": sprintf("`%s` has not been observed here", [artifact.digest]),
		"path": sprintf("/artifacts/%d", [i]),
		"digest": artifact.digest,
	}
}
