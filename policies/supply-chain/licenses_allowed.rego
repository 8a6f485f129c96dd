# METADATA
# title: Every component has a licence that is allowed
# description: >-
#   By the SPDX expressions of the bill of materials. Of `A OR B` one is enough, of `A AND B` both
#   count; in an expression with brackets every licence counts. Whether a component without a known
#   licence is allowed, settings say.
# related_resources:
#   - "SPDX 2.3, Annex D, licence expressions: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/"
#   - "OpenChain, ISO/IEC 5230"
# custom:
#   severity: medium
#   applies: {kinds: [image, promotion], configured: licenses.lists}
#   requires: [context.environment, sboms]
#   waivable: true
#   remediation: Take another component, or ask whoever answers for licences to allow it.
package licenses.allowed

import data.lib.artifacts
import data.lib.entries

list := entries.first(data.settings.licenses.lists)

allowed := {lower(id) | some id in list.allowed}

denied := {lower(id) | some id in list.denied}

# Each licence of an artifact that is not allowed, once.
deny contains finding if {
	some i in artifacts.judged
	artifact := input.artifacts[i]
	some expression in {text | some text in artifact.sbom.licenses; said(text)}
	not acceptable(expression)
	components := sort([name | some name, text in artifact.sbom.licenses; text == expression])
	finding := {
		"msg": sprintf("`%s` of %s is not allowed", [expression, named(components)]),
		"path": sprintf("/artifacts/%d/sbom", [i]),
		"license": expression,
	}
}

deny contains finding if {
	list.unknown == "deny"
	some finding in unlicensed
}

warn contains finding if {
	list.unknown == "warn"
	some finding in unlicensed
}

unlicensed contains finding if {
	some i in artifacts.judged
	artifact := input.artifacts[i]
	components := sort([name |
		some name in artifact.sbom.components
		not licensed(artifact, name)
	])
	finding := {
		"msg": sprintf("nobody knows the licence of %s", [named(components)]),
		"path": sprintf("/artifacts/%d/sbom", [i]),
	}
}

licensed(artifact, name) if {
	text := artifact.sbom.licenses[name]
	said(text)
	readable(text)
}

# What is not allowed is said by that name.
licensed(artifact, name) if {
	text := artifact.sbom.licenses[name]
	said(text)
	not acceptable(text)
}

said(text) if not lower(trim_space(text)) in {"", "noassertion", "none", "unknown"}

# Whether it is an SPDX expression: ids, exceptions to them, AND, OR and brackets.
readable(text) if regex.match(
	`^(\( ?)*[a-z0-9.+:-]+( with [a-z0-9.+:-]+)?( ?\))*( (and|or) (\( ?)*[a-z0-9.+:-]+( with [a-z0-9.+:-]+)?( ?\))*)*$`,
	plain(text),
)

# In small letters, with single spaces, and without brackets around the whole.
plain(text) := regex.replace(regex.replace(lower(trim_space(text)), `\s+`, " "), `^\( ?([^()]*[^() ]) ?\)$`, "$1")

named(components) := sprintf("`%s`", [components[0]]) if count(components) == 1

else := sprintf("`%s` and %d more", [components[0], count(components) - 1])

acceptable(text) if {
	readable(text)
	not contains(plain(text), "(")
	some choice in split(plain(text), " or ")
	every id in split(choice, " and ") {
		permitted(id)
	}
}

acceptable(text) if {
	readable(text)
	every id in regex.split(` +(?:and|or) +`, regex.replace(plain(text), `[()]`, " ")) {
		permitted(trim_space(id))
	}
}

# What is no expression names nothing that is denied, and nobody says what alone is allowed.
acceptable(text) if {
	not readable(text)
	count(allowed) == 0
	every id in regex.split(`[^a-z0-9.+:-]+`, plain(text)) {
		not id in denied
	}
}

# An id, or one with an exception: allowed by its whole name, or without the exception.
permitted(id) if {
	id in allowed
	not id in denied
}

permitted(id) if {
	not id in denied
	bare := split(id, " with ")[0]
	not bare in denied
	listed(bare)
}

listed(id) if id in allowed

listed(_) if count(allowed) == 0
