# METADATA
# title: Rows are filled in a step of their own
# description: >-
#   What writes many rows in the transaction that changes the table holds its lock until the last
#   of them, and bloats it. Where nobody knows what runs in one transaction, all of the migration does.
# related_resources:
#   - "P. Sadalage and M. Fowler, Evolutionary Database Design: expand and contract"
#   - "PostgreSQL documentation, 14.4 Populating a Database: https://www.postgresql.org/docs/current/populate.html"
# custom:
#   severity: medium
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Fill in batches, each in a transaction of its own, after the change of the table.
package migrations.backfill

import data.lib.migrations

changes := {
	"add_check", "add_column", "add_exclude", "add_foreign_key", "add_primary_key", "add_unique",
	"alter_column_type", "attach_partition", "create_index", "create_trigger", "drop_column", "drop_constraint",
	"drop_default", "drop_not_null", "drop_trigger", "rename_column", "rename_table", "set_default",
	"set_not_null", "validate_constraint",
}

warn contains finding if {
	some written in migrations.operations
	not written.does.newTable
	writes_many(written.does)
	some changed in migrations.operations
	changed.does.kind in changes
	not changed.does.newTable
	reaches(changed.does, written.does)
	migrations.together(written, changed)
	not migrations.quiet(written, "migrations.backfill")
	finding := {
		"msg": sprintf("%s writes rows in the transaction that changes tables", [migrations.quoted(written)]),
		"path": written.path,
	}
}

# ATTACH PARTITION changes the partition.
reaches(does, _) if does.kind != "attach_partition"

reaches(does, written) if migrations.same(does.object, written.table)

writes_many(does) if does.kind in {"delete", "update"}

writes_many(does) if {
	does.kind == "insert"
	not few(does)
}

# Rows that it names one by one.
few(does) if does.fromQuery == false
