# METADATA
# title: What decides about people stands in the AI register
# description: >-
#   An application that settings name, by its name or by a label of its object, has an entry with an
#   id and a status that settings allow; a high-risk system has an impact assessment as well.
# related_resources:
#   - "Algoritmeregister, publication standard 1.0: https://algoritmes.overheid.nl"
#   - "Regulation (EU) 2024/1689 (AI Act), articles 27 and 49"
# custom:
#   severity: high
#   applies: {kinds: [admission, chart, config, image, promotion], configured: registers.required}
#   requires: [context.environment, evidence.registers]
#   waivable: true
#   remediation: Register the application, with its impact assessment, before it is used.
package registers.entry

import data.lib.artifacts
import data.lib.entries

required := entries.first(data.settings.registers.required)

application := object.get(input.change, "application", "?")

concerned if {
	not required.applications
	not required.label
}

concerned if {
	some pattern in required.applications
	matches(pattern, application)
}

# Nobody says which one it is.
concerned if {
	required.applications
	not input.change.application
}

concerned if {
	value := input.asset.object.metadata.labels[required.label]
	value != "false"
}

matches(pattern, name) if pattern == name

matches(pattern, name) if {
	endswith(pattern, "*")
	startswith(name, trim_suffix(pattern, "*"))
}

entries_of contains i if {
	some i, entry in input.evidence.registers
	entry.application == application
	trim_space(entry.id) != ""
}

deny contains finding if {
	concerned
	not artifacts.gone
	not good
	some finding in faults
}

# One that is as it should be is enough.
good if {
	some i in entries_of
	entry := input.evidence.registers[i]
	entry.status in required.statuses
	assessed(entry)
}

assessed(entry) if entry.highRisk == false

assessed(entry) if count(entry.impactAssessments) > 0

faults contains finding if {
	count(entries_of) == 0
	finding := {
		"msg": sprintf("`%s` has no entry with an id in the AI register", [application]),
		"path": "/change/application",
	}
}

faults contains finding if {
	some i in entries_of
	entry := input.evidence.registers[i]
	not entry.status in required.statuses
	finding := {
		"msg": sprintf("entry `%s` of `%s` has the status `%s`", [entry.id, entry.application, entry.status]),
		"path": sprintf("/evidence/registers/%d/status", [i]),
	}
}

faults contains finding if {
	some i in entries_of
	entry := input.evidence.registers[i]
	not assessed(entry)
	finding := {
		"msg": sprintf("entry `%s` of `%s` is of a high-risk system without an impact assessment", [entry.id, entry.application]),
		"path": sprintf("/evidence/registers/%d", [i]),
	}
}
