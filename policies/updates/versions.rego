# METADATA
# title: Only versions that are allowed
# description: >-
#   Settings say of images, charts and packages which versions may be used: a range of semantic
#   versions, or a regular expression that the whole version matches. A version that says less is
#   filled up, `3.11` to `3.11.0`; a pre-release is in no range that names none.
# related_resources:
#   - "Semantic Versioning 2.0.0, 11 Precedence: https://semver.org/spec/v2.0.0.html#spec-item-11"
#   - "Renovate documentation, allowedVersions: https://docs.renovatebot.com/configuration-options/#allowedversions"
# custom:
#   severity: medium
#   applies: {kinds: [image, base_image, dependency, chart], configured: updates.versions}
#   requires: [context.environment]
#   waivable: true
#   remediation: Choose a version that is allowed, or have the settings allow this one.
package updates.versions

import data.lib.entries
import data.lib.images

# What is updated, by the names under which settings may know it.
names contains name if {
	some artifact in input.artifacts
	artifact.changed
	name := artifact.ref
}

names contains regex.replace(input.change.to.ref, `@[^/]*$`, "")

# Images by their whole names too: `node` is `docker.io/library/node`.
wholes contains images.whole(name) if {
	input.change.kind in {"base_image", "image"}
	some name in names
}

# Of those that cover the environment, the first for what is updated.
entry := [one | some one in data.settings.updates.versions; entries.covers(one); matches(one)][0]

matches(one) if not one.packages

matches(one) if {
	some pattern in one.packages
	some name in names
	glob.match(pattern, ["/"], name)
}

matches(one) if {
	some pattern in one.packages
	some name in wholes
	glob.match(images.whole(pattern), ["/"], name)
}

# Where settings name packages, and nobody says what is updated, it may be one of them.
matches(_) if count(names) == 0

deny contains finding if {
	not allowed
	finding := {
		"msg": sprintf("%s is not allowed: %s", [what, rules]),
		"path": "/change/to",
	}
}

# Undefined where there is no version to hold against either.
allowed if {
	in_pattern
	in_range
}

in_pattern if not entry.pattern

in_pattern if regex.match(sprintf(`\A(?:%s)\z`, [entry.pattern]), input.change.to.version)

in_range if not entry.range

in_range if {
	some alternative in split(entry.range, "||")
	bounds := [bound | some bound in split(trim_space(alternative), " "); bound != ""]
	every bound in bounds {
		within(bound)
	}
	not beside(alternative)
}

# A pre-release is in no range that names none.
beside(alternative) if {
	contains(version, "-")
	not contains(alternative, "-")
}

version := full(input.change.to.version)

within(bound) if {
	[operator, limit] := parts(bound)
	order := semver.compare(version, limit)
	order in {"<": {-1}, "<=": {-1, 0}, "=": {0}, ">=": {0, 1}, ">": {1}}[operator]
}

parts(bound) := [found[1], full(found[2])] if {
	found := regex.find_all_string_submatch_n(`\A(<=|>=|<|>|=)(.+)\z`, bound, 1)[0]
}

# A version with all its three numbers; undefined where it is none.
full(text) := sprintf("%s.%s.%s%s", [found[1], number(found[2]), number(found[3]), found[4]]) if {
	found := regex.find_all_string_submatch_n(`\Av?(0|[1-9][0-9]{0,9})(?:\.(0|[1-9][0-9]{0,9}))?(?:\.(0|[1-9][0-9]{0,9}))?((?:-[0-9A-Za-z.-]+)?)(?:\+[0-9A-Za-z.-]+)?\z`, text, 1)[0]
}

number(text) := "0" if text == ""

else := text

default what := "what has no version"

what := sprintf("`%s`", [input.change.to.version])

rules := concat(" and ", array.concat(
	[sprintf("a version in `%s`", [range]) | range := entry.range],
	[sprintf("a version like `%s`", [pattern]) | pattern := entry.pattern],
))
