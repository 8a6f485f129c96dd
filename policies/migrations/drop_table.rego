# weighlock: allow evidence.unrequired because where nobody looked for readers the table is denied

# METADATA
# title: No table goes that may still be read
# description: >-
#   A table goes only after a release in which nothing reads it any more, with evidence that no
#   deployed version does and that what stood in it has been carried over, or by consent where
#   settings say whose. It waits for every reader of the tables that refer to it as well.
# related_resources:
#   - "P. Sadalage and M. Fowler, Evolutionary Database Design: expand and contract"
#   - "PostgreSQL documentation, DROP TABLE: https://www.postgresql.org/docs/current/sql-droptable.html"
# custom:
#   severity: critical
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   remediation: Stop reading it in one release and drop it in a later one, with evidence of who still reads it.
package migrations.drop_table

import data.lib.migrations

deny contains finding if {
	not data.settings.migrations.approval.drop_table
	some finding in found
}

hold contains object.union(finding, {"needs": needs}) if {
	needs := data.settings.migrations.approval.drop_table
	some finding in found
}

found contains finding if {
	some operation in migrations.operations
	operation.does.kind == "drop_table"
	not operation.does.newTable
	not migrations.silenced(operation, "migrations.drop_table")
	why := migrations.in_the_way(operation)
	finding := migrations.removal(operation, sprintf(": %s", [why]))
}
