# METADATA
# title: Which entry of the settings counts
# description: Entries name environments, or none for all that no earlier entry names.
package lib.entries

covers(entry) if not entry.environments

covers(entry) if input.context.environment in entry.environments

# The first entry of a list that covers the environment.
first(entries) := [entry | some entry in entries; covers(entry)][0]

# Whether an entry covers the environment, or may: which one it is, is not known.
may_cover(entry) if covers(entry)

may_cover(_) if not input.context.environment

# Whether a name is the one that settings mean, where a `*` at the end stands for any end.
means(pattern, name) if pattern == name

means(pattern, name) if {
	endswith(pattern, "*")
	startswith(name, trim_suffix(pattern, "*"))
}
