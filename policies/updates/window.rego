# METADATA
# title: Changes keep to freezes and change windows
# description: >-
#   During a freeze nothing goes out until the freeze ends. Where settings name change windows for
#   an environment, nothing goes out between them; the hold says when the next one opens.
# related_resources:
#   - "ITIL 4, change enablement (change schedule, blackout)"
#   - "RFC 3339, Date and Time on the Internet: https://www.rfc-editor.org/rfc/rfc3339"
# custom:
#   severity: medium
#   incidental: true
#   applies: {kinds: [image, base_image, dependency, chart, config, migration, promotion]}
#   remediation: Wait until then.
package updates.window

import data.lib.entries
import data.lib.time as times

hold contains finding if {
	some freeze in data.settings.updates.freezes
	entries.may_cover(freeze)
	times.now >= time.parse_rfc3339_ns(freeze.from)
	times.now < time.parse_rfc3339_ns(freeze.until)
	finding := {
		"msg": sprintf("`%s` freezes changes until %s", [freeze.name, freeze.until]),
		"path": "/context/now",
		"until": freeze.until,
		"freeze": freeze.name,
	}
}

hold contains finding if {
	count([window | some window in windows; open(window)]) == 0
	until := times.rfc3339(min([opens | some window in windows; some opens in openings(window)]))
	finding := {
		"msg": sprintf("no change window is open before %s", [until]),
		"path": "/context/now",
		"until": until,
	}
}

windows := [window | some window in data.settings.updates.windows; entries.may_cover(window)]

open(window) if {
	lower(time.weekday([times.now, window.zone])) in window.days
	clock(times.now, window.zone) >= times.seconds(window.from)
	clock(times.now, window.zone) < times.seconds(window.until)
}

# The instants within eight days at which the window opens. Counted from the day's noon: that hour
# is on the same local day whatever daylight saving does, and the second step puts the clock right.
openings(window) := {instant |
	some day in numbers.range(0, 8)
	noon := (times.now + (day * 86400000000000)) + ((43200 - clock(times.now, window.zone)) * 1000000000)
	lower(time.weekday([noon, window.zone])) in window.days
	near := noon + ((times.seconds(window.from) - clock(noon, window.zone)) * 1000000000)
	instant := near + ((times.seconds(window.from) - clock(near, window.zone)) * 1000000000)
	instant > times.now
}

# Seconds since midnight at an instant in a time zone, with the part of a second cut off.
clock(instant, zone) := ((parts[0] * 3600) + (parts[1] * 60)) + parts[2] if {
	parts := time.clock([instant, zone])
}
