# METADATA
# title: Running code still finds the table
# description: >-
#   A renamed table is found by code that knows the old name only where the same transaction makes a
#   view of that name.
# related_resources:
#   - "P. Sadalage and M. Fowler, Evolutionary Database Design: expand and contract"
#   - "PostgreSQL documentation, ALTER TABLE, Notes: https://www.postgresql.org/docs/current/sql-altertable.html"
# custom:
#   severity: medium
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Keep the old name as a view, made in the same transaction, until no release reads it.
package migrations.rename_table

import data.lib.migrations

warn contains finding if {
	some operation in migrations.standing
	operation.does.kind == "rename_table"
	not migrations.quiet(operation, "migrations.rename_table")
	not kept(operation)
	finding := {
		"msg": sprintf("code that runs now no longer finds `%s`", [migrations.of(operation, "table")]),
		"path": operation.path,
	}
}

# Whether the old name goes on to be there.
kept(operation) if {
	some other in migrations.standing
	other.does.kind == "create_view"
	migrations.of(other, "table") == migrations.of(operation, "table")
	migrations.follows(other, operation)
}
