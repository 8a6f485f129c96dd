# METADATA
# title: A new digest is not used before it has been around for a while
# description: >-
#   Time for others to find out what is wrong with it. Counted from the first observation of the
#   digest here, on whichever platform it came last; not from a date that its publisher gives.
# related_resources:
#   - "OpenSSF, Secure Supply Chain Consumption Framework (S2C2F), dependency cooldown"
# custom:
#   severity: medium
#   applies: {kinds: [image, base_image]}
#   requires: [artifacts.digest, evidence.observations]
#   waivable: true
#   remediation: Wait for the time under `until`; for an exploited vulnerability ask for a waiver.
package updates.age

import data.lib.entries
import data.lib.time as times

wait := times.nanoseconds(entries.first(data.settings.updates.minimumAge).age)

digests contains artifact.digest if {
	some artifact in input.artifacts
	artifact.changed
}

seen(digest) := [time.parse_rfc3339_ns(observation.firstSeen) |
	some observation in input.evidence.observations
	observation.digest == digest
]

hold contains finding if {
	some digest in digests
	count(seen(digest)) > 0
	until := max(seen(digest)) + wait
	times.now < until
	finding := {
		"msg": sprintf("`%s` is too new: first seen %s, usable from %s", [digest, times.rfc3339(max(seen(digest))), times.rfc3339(until)]),
		"path": "/evidence/observations",
		"until": times.rfc3339(until),
		"digest": digest,
	}
}

hold contains finding if {
	wait > 0
	some digest in digests
	count(seen(digest)) == 0
	finding := {
		"msg": sprintf("`%s` has not been observed here", [digest]),
		"path": "/evidence/observations",
		"digest": digest,
	}
}

hold contains finding if {
	wait > 0
	count(digests) == 0
	finding := {
		"msg": "nothing says which digest the change brings",
		"path": "/change/to",
	}
}
