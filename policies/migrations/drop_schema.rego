# METADATA
# title: No schema or database goes
# description: >-
#   All tables of it go at once; nothing says of each whether it is still read. By consent alone,
#   where settings say whose.
# related_resources:
#   - "P. Sadalage and M. Fowler, Evolutionary Database Design: expand and contract"
# custom:
#   severity: critical
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   remediation: Drop its tables one by one when nothing reads them any more, then the empty schema by consent.
package migrations.drop_schema

import data.lib.migrations

deny contains finding if {
	not data.settings.migrations.approval.drop_schema
	some finding in found
}

hold contains object.union(finding, {"needs": needs}) if {
	needs := data.settings.migrations.approval.drop_schema
	some finding in found
}

found contains finding if {
	some operation in migrations.operations
	operation.does.kind in {"drop_schema", "drop_database"}
	not operation.does.newObject
	not migrations.silenced(operation, "migrations.drop_schema")
	finding := migrations.removal(operation, "")
}
