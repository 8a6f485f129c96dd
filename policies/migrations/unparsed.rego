# METADATA
# title: What could not be understood is looked at by a person
# description: >-
#   Dynamic SQL, an unknown dialect, an operation that these policies do not know: never silently
#   clean. Also an operation of which it is not known whether it rewrites its table.
# related_resources:
#   - "PostgreSQL documentation, ALTER TABLE, Notes (what rewrites a table): https://www.postgresql.org/docs/current/sql-altertable.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   remediation: Ask a database administrator to read the statement and approve.
package migrations.unparsed

# Operations that the other policies judge, or that are harmless.
known := {
	"add_column", "add_constraint", "alter_column_default", "alter_column_type", "analyze", "comment",
	"create_extension", "create_function", "create_index", "create_schema", "create_sequence",
	"create_table", "create_trigger", "create_type", "create_view", "delete", "drop_column",
	"drop_constraint", "drop_database", "drop_default", "drop_function", "drop_index", "drop_not_null",
	"drop_schema", "drop_sequence", "drop_table", "drop_trigger", "drop_type", "drop_view", "grant",
	"insert", "reindex", "rename_column", "rename_table", "revoke", "set", "set_not_null",
	"transaction", "truncate", "update", "validate_constraint",
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

doubt(operation) := "could not be understood" if not operation.kind in known

doubt(operation) := "may rewrite its table" if {
	operation.kind == "alter_column_type"
	not known_rewrite(operation)
	not operation.newTable
}

known_rewrite(operation) if is_boolean(operation.rewrite)
