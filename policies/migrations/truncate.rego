# METADATA
# title: No table is emptied without consent
# description: >-
#   TRUNCATE takes every row under an ACCESS EXCLUSIVE lock, with CASCADE those of the tables that
#   refer to it too. By consent alone, where settings say whose.
# related_resources:
#   - "PostgreSQL documentation, TRUNCATE: https://www.postgresql.org/docs/current/sql-truncate.html"
# custom:
#   severity: critical
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   remediation: Delete what is not needed in batches, or ask for consent.
package migrations.truncate

import data.lib.migrations

deny contains finding if {
	not data.settings.migrations.approval.truncate
	some finding in found
}

hold contains object.union(finding, {"needs": needs}) if {
	needs := data.settings.migrations.approval.truncate
	some finding in found
}

found contains finding if {
	some operation in migrations.operations
	operation.does.kind == "truncate"
	not operation.does.newTable
	not migrations.silenced(operation, "migrations.truncate")
	finding := migrations.removal(operation, "")
}
