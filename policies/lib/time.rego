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
seconds(clock) := (to_number(parts[0]) * 3600) + (to_number(parts[1]) * 60) if {
	parts := split(clock, ":")
}

# An instant as RFC 3339 in UTC.
rfc3339(ns) := time.format(ns)
