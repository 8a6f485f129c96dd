# METADATA
# title: Changes keep to freezes, holidays and change windows
# description: >-
#   During a freeze and on a holiday nothing goes out. Where settings name change windows for an
#   environment, nothing goes out between them. The hold says when the next moment is at which none of
#   these stands in the way.
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
	some freeze in freezes
	frozen(freeze, times.now)
	finding := object.union(ends, {
		"msg": sprintf("`%s` freezes changes until %s", [freeze.name, freeze.until]),
		"path": "/context/now",
		"freeze": freeze.name,
	})
}

hold contains finding if {
	some days in holidays
	holiday(days, times.now)
	finding := object.union(ends, {
		"msg": sprintf("%s is one of `%s`, on which nothing goes out", [times.date(times.now, days.zone), days.name]),
		"path": "/context/now",
		"holidays": days.name,
	})
}

hold contains finding if {
	not in_window(times.now)
	finding := object.union(ends, {"msg": sprintf("no change window is open%s", [before]), "path": "/context/now"})
}

freezes := [freeze | some freeze in data.settings.updates.freezes; entries.may_cover(freeze)]

holidays := [days | some days in data.settings.updates.holidays; entries.may_cover(days)]

windows := [window | some window in data.settings.updates.windows; entries.may_cover(window)]

frozen(freeze, instant) if {
	instant >= time.parse_rfc3339_ns(freeze.from)
	instant < time.parse_rfc3339_ns(freeze.until)
}

holiday(days, instant) if times.date(instant, days.zone) in days.dates

in_window(_) if count(windows) == 0

in_window(instant) if {
	some window in windows
	open(window, instant)
}

# On the day on which it opens …
open(window, instant) if {
	lower(time.weekday([instant, window.zone])) in window.days
	clock(instant, window.zone) >= times.seconds(window.from)
	clock(instant, window.zone) < closes(window)
}

# … and, over midnight, on the next.
open(window, instant) if {
	overnight(window)
	clock(instant, window.zone) < times.seconds(window.until)
	noon := instant - ((clock(instant, window.zone) + 43200) * 1000000000)
	lower(time.weekday([noon, window.zone])) in window.days
}

overnight(window) if times.seconds(window.until) <= times.seconds(window.from)

closes(window) := 86400 if overnight(window)

else := times.seconds(window.until)

# The next moment at which nothing stands in the way, where there is one in sight.
next := min({moment | some moment in moments; moment > times.now; free(moment)})

free(instant) if {
	count([freeze | some freeze in freezes; frozen(freeze, instant)]) == 0
	count([days | some days in holidays; holiday(days, instant)]) == 0
	in_window(instant)
}

default ends := {}

ends := {"until": times.rfc3339(next)}

default before := ""

before := sprintf(" before %s", [times.rfc3339(next)])

# A wait ends where a freeze or a holiday does, or where a window opens after one: a window opens
# again within eight days, so that an opening later than that comes after another end.
moments contains instant if some instant in boundaries

moments contains instant if {
	some window in windows
	some from in array.concat([times.now], boundaries)
	some ahead in numbers.range(0, 8)
	wall := times.wall(from, window.zone)
	midnight := (wall - (wall % times.day)) + (ahead * times.day)
	some instant in times.instants(midnight + (times.seconds(window.from) * 1000000000), window.zone)
}

# The first of them: a wait over more is not foretold.
boundaries := array.slice(sort({instant | some instant in ending; instant > times.now}), 0, 12)

ending contains time.parse_rfc3339_ns(freeze.until) if some freeze in freezes

ending contains instant if {
	some days in holidays
	some date in days.dates
	midnight := time.parse_rfc3339_ns(sprintf("%sT00:00:00Z", [date])) + times.day
	some instant in times.instants(midnight, days.zone)
}

# Seconds since midnight at an instant in a time zone, with the part of a second cut off.
clock(instant, zone) := ((parts[0] * 3600) + (parts[1] * 60)) + parts[2] if {
	parts := time.clock([instant, zone])
}
