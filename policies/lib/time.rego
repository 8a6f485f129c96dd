# METADATA
# title: Times and durations
# description: Reads the durations and times of day that settings are written in.
package lib.time

unit := {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

# The nanoseconds of a duration such as `90s` or `7d`.
nanoseconds(age) := (to_number(substring(age, 0, count(age) - 1)) * unit[substring(age, count(age) - 1, 1)]) * 1000000000

# The present instant, as the review says it.
now := time.parse_rfc3339_ns(input.context.now)

# Seconds since midnight of a time of day such as `08:30`.
seconds(clock) := (((digit(clock, 0) * 36000) + (digit(clock, 1) * 3600)) + (digit(clock, 3) * 600)) + (digit(clock, 4) * 60)

# One at a time, because `08` is not a number.
digit(text, at) := to_number(substring(text, at, 1))

# An instant as RFC 3339 in UTC.
rfc3339(ns) := time.format(ns)

day := 86400000000000

# The day of the calendar at an instant in a time zone, as in `2026-12-25`.
date(instant, zone) := sprintf("%04d-%02d-%02d", time.date([instant, zone]))

# What clocks show at an instant in a time zone, in nanoseconds since theirs showed 1970; a part of a
# second is cut off.
wall(instant, zone) := time.parse_rfc3339_ns(sprintf("%sT%02d:%02d:%02dZ", array.concat([date(instant, zone)], time.clock([instant, zone]))))

# How far the clocks of a time zone are ahead of UTC.
offset(instant, zone) := wall(instant, zone) - (instant - (instant % 1000000000))

# The instants at which clocks in a time zone may show something: where they are put forward or back
# on that day, one before and one after.
instants(shown, zone) := {instant |
	some shift in [0 - day, day]
	instant := shown - offset(shown + shift, zone)
}
