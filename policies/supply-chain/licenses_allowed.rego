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
	some expression in {text | some text in artifact.sbom.licenses; known(text)}
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

licensed(artifact, name) if known(artifact.sbom.licenses[name])

known(text) if not lower(trim_space(text)) in {"", "noassertion", "none"}

named(components) := sprintf("`%s`", [components[0]]) if count(components) == 1

else := sprintf("`%s` and %d more", [components[0], count(components) - 1])

acceptable(expression) if {
	not contains(expression, "(")
	some choice in regex.split(`(?i) +or +`, trim_space(expression))
	every id in regex.split(`(?i) +and +`, choice) {
		permitted(lower(trim_space(id)))
	}
}

# Brackets or none: where every licence is permitted, any choice of them is.
acceptable(expression) if {
	every id in regex.split(`(?i) +(?:and|or) +`, trim_space(regex.replace(expression, `[()]`, " "))) {
		permitted(lower(trim_space(id)))
	}
}

# An id, or one with an exception: allowed by its whole name, or without the exception.
permitted(id) if {
	id in allowed
	not id in denied
}

permitted(id) if {
	not id in denied
	plain := split(id, " with ")[0]
	not plain in denied
	listed(plain)
}

listed(id) if id in allowed

listed(_) if count(allowed) == 0
