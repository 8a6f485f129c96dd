# METADATA
# title: What decides about people stands in the AI register
# description: >-
#   An application that settings name, by its name or by a label of its object or its pods, has an entry
#   with an id and a status that settings allow; what is a high-risk system, or may be, has an impact
#   assessment as well.
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

# The first entry that covers the environment and concerns the application.
required := [entry |
	some entry in data.settings.registers.required
	entries.covers(entry)
	concerns(entry)
][0]

application := object.get(input.change, "application", "?")

concerns(entry) if {
	not entry.applications
	not entry.label
}

concerns(entry) if {
	some pattern in entry.applications
	matches(pattern, application)
}

# Nobody says which one it is.
concerns(entry) if {
	entry.applications
	not input.change.application
}

concerns(entry) if {
	some labels in labelled
	value := labels[entry.label]
	value != "false"
}

# Nobody says how it is labelled.
concerns(entry) if {
	entry.label
	not input.asset.object
}

# The labels of an object, and those of its pods.
labelled contains input.asset.object.metadata.labels

labelled contains input.asset.object.spec.template.metadata.labels

labelled contains input.asset.object.spec.jobTemplate.spec.template.metadata.labels

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
	required
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

assessed(entry) if {
	some assessment in entry.impactAssessments
	# weighlock: keep because what is no text would be an error, and is none in a review that fits its schema
	is_string(assessment)
	trim_space(assessment) != ""
}

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
		"msg": sprintf("entry `%s` of `%s` %s a high-risk system, and has no impact assessment", [
			entry.id, entry.application, risk(entry),
		]),
		"path": sprintf("/evidence/registers/%d", [i]),
	}
}

risk(entry) := "is of" if entry.highRisk

else := "does not say whether it is of"
