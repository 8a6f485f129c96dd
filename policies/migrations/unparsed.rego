# METADATA
# title: What could not be understood is looked at by a person
# description: >-
#   Dynamic SQL, an unknown dialect, an operation that no policy here judges: never silently
#   clean. Also an operation of which it is not known whether it rewrites its table.
# related_resources:
#   - "PostgreSQL documentation, ALTER TABLE, Notes (what rewrites a table): https://www.postgresql.org/docs/current/sql-altertable.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   remediation: Ask a database administrator to read the statement and approve.
package migrations.unparsed

# What the other policies judge, and what harms neither data nor service.
known := {
	"add_column", "alter_column_default", "alter_column_type", "analyze", "comment", "create_extension",
	"create_function", "create_index", "create_schema", "create_sequence", "create_table",
	"create_type", "create_view", "drop_column", "drop_database", "drop_default", "drop_index",
	"drop_not_null", "drop_schema", "drop_table", "grant", "insert", "reindex", "rename_column",
	"rename_table", "set", "transaction", "truncate", "validate_constraint",
}

hold contains finding if {
	some i, migration in input.evidence.migrations
	some j, operation in migration.operations
	reason := doubt(operation)
	finding := {
		"msg": sprintf("%s: `%s`", [reason, object.get(operation, "statement", operation.kind)]),
		"path": sprintf("/evidence/migrations/%d/operations/%d", [i, j]),
		"needs": data.settings.migrations.unparsed,
	}
}

doubt(operation) := "could not be understood" if operation.kind == "unparsed"

else := "is judged by no policy" if not operation.kind in known

else := "may rewrite its table" if {
	operation.kind == "alter_column_type"
	not known_rewrite(operation)
	not operation.newTable
}

known_rewrite(operation) if is_boolean(operation.rewrite)
