# METADATA
# title: Changes to production are announced
# description: Whoever changes production says so in a ticket of the operations team first.
# custom:
#   severity: medium
#   applies: {environments: [production]}
#   requires: [change.ticket]
#   remediation: Open a ticket, and name it under `ticket` in the change.
package house.ticket

deny contains {
	"msg": sprintf("`%s` is not a ticket of operations", [input.change.ticket]),
	"path": "/change/ticket",
} if {
	not startswith(input.change.ticket, "OPS-")
}
