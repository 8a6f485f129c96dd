# METADATA
# title: Running code still finds the column
# description: >-
#   A renamed column is found by code that knows the old name only where the same transaction adds a
#   generated column of that name.
# related_resources:
#   - "P. Sadalage and M. Fowler, Evolutionary Database Design: expand and contract"
#   - "PostgreSQL documentation, ALTER TABLE, Notes: https://www.postgresql.org/docs/current/sql-altertable.html"
# custom:
#   severity: medium
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Keep the old name as a generated column until no release reads it.
package migrations.rename_column

import data.lib.migrations

warn contains finding if {
	some operation in migrations.standing
	operation.does.kind == "rename_column"
	not migrations.quiet(operation, "migrations.rename_column")
	not kept(operation)
	finding := {
		"msg": sprintf("code that runs now no longer finds `%s.%s`", [migrations.of(operation, "table"), migrations.of(operation, "column")]),
		"path": operation.path,
	}
}

# Whether the old name goes on to be there.
kept(operation) if {
	some other in migrations.standing
	other.does.kind == "add_column"
	other.does.generated
	migrations.of(other, "table") == migrations.of(operation, "table")
	migrations.of(other, "column") == migrations.of(operation, "column")
	migrations.follows(other, operation)
}
