# METADATA
# title: Only so many changes at once
# description: >-
#   What goes wrong while much changes is hard to find. Settings say of an environment how many changes
#   may be in flight; what is being carried out of this change itself is not counted, and what
#   comes before it in the same input is.
# related_resources:
#   - "Google SRE Book, ch. 8 Release Engineering"
#   - "D. Reinertsen, The Principles of Product Development Flow (2009), WIP constraints"
# custom:
#   severity: low
#   incidental: true
#   applies: {kinds: [image, base_image, dependency, chart, config, migration, promotion], configured: updates.inFlight}
#   requires: [context.environment, context.inFlight]
#   remediation: Wait until another change has ended.
package updates.in_flight.environment

import data.lib.entries

most := entries.first(data.settings.updates.inFlight).most

hold contains finding if {
	input.context.inFlight >= most
	finding := {
		"msg": sprintf("in flight in `%s`: %d, of at most %d", [input.context.environment, input.context.inFlight, most]),
		"path": "/context/inFlight",
	}
}
