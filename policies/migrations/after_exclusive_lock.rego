# METADATA
# title: Nothing that takes long follows an exclusive lock in its transaction
# description: >-
#   A lock is held to the end of its transaction: whoever reads the table, or writes to it where a
#   foreign key is added, waits for all that follows. Only what looks through rows, builds an index or is not understood counts. Where
#   nobody knows what runs in one transaction, all of the migration does.
# related_resources:
#   - "PostgreSQL documentation, 13.3 Explicit Locking: https://www.postgresql.org/docs/current/explicit-locking.html"
# custom:
#   severity: medium
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Commit first, and let what takes long follow in a transaction of its own.
package migrations.after_exclusive_lock

import data.lib.migrations

exclusive := {
	"add_check", "add_column", "add_exclude", "add_foreign_key", "add_primary_key", "add_unique",
	"alter_column_type", "cluster", "detach_partition", "drop_column", "drop_constraint", "drop_default", "drop_index",
	"drop_not_null", "drop_table", "drop_trigger", "refresh_materialized_view", "rename_column",
	"rename_table", "set_default", "set_logged", "set_not_null", "truncate", "vacuum_full",
}

long := {
	"add_exclude", "cluster", "create_index", "create_materialized_view", "delete", "dynamic_sql",
	"refresh_materialized_view", "reindex", "set_logged", "unparsed", "update", "vacuum", "vacuum_full",
	"validate_constraint",
}

unless_not_valid := {"add_check", "add_foreign_key"}

unless_using_index := {"add_primary_key", "add_unique"}

unless_proven := {"attach_partition", "set_not_null"}

warn contains finding if {
	some held in migrations.operations
	not migrations.mysql(held)
	locks(held.does)
	not held.does.newTable
	some later in migrations.operations
	later.index > held.index
	migrations.together(held, later)
	not later.does.newTable
	takes_long(later.does)
	not migrations.quiet(later, "migrations.after_exclusive_lock")
	finding := {
		"msg": sprintf("%s runs while `%s` is locked by `%s`", [
			migrations.quoted(later), object.get(held.does, "table", "?"), held.does.kind,
		]),
		"path": later.path,
	}
}

locks(does) if does.lock in {"access_exclusive", "exclusive", "share_row_exclusive"}

locks(does) if {
	not does.lock
	not does.concurrently
	does.kind in exclusive
}

takes_long(does) if does.kind in long

takes_long(does) if {
	does.kind in unless_not_valid
	not does.notValid
}

takes_long(does) if {
	does.kind in unless_using_index
	not does.usingIndex
}

takes_long(does) if {
	does.kind in unless_proven
	not does.provenByCheck
}

takes_long(does) if {
	does.kind == "insert"
	not few(does)
}

takes_long(does) if does.rewrite

# Rows that it names one by one.
few(does) if does.fromQuery == false
