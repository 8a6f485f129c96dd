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
	"alter_column_type", "attach_partition", "cluster", "detach_partition", "drop_column", "drop_constraint", "drop_default", "drop_index",
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
	not freely(held)
	some later in migrations.operations
	later.index > held.index
	reaches(held.does, later.does)
	migrations.together(held, later)
	not later.does.newTable
	takes_long(later.does)
	not migrations.quiet(later, "migrations.after_exclusive_lock")
	finding := {
		"msg": sprintf("%s runs while `%s` is locked by `%s`", [
			migrations.quoted(later), locked(held.does), held.does.kind,
		]),
		"path": later.path,
	}
}

# What the same migration created is locked for nobody; but a foreign key locks the table that it refers
# to as well.
freely(held) if {
	held.does.newTable
	held.does.kind != "add_foreign_key"
}

freely(held) if {
	held.does.newTable
	name := regex.find_all_string_submatch_n("(?i)\\breferences\\s+([\\w.\"`]+)", held.does.statement, 1)[0][1]
	some made in migrations.operations
	made.migration == held.migration
	made.index < held.index
	made.does.kind == "create_table"
	not made.does.guarded
	migrations.same(made.does.table, name)
}

# ATTACH PARTITION keeps nobody from the table, and everybody from the partition.
reaches(does, _) if does.kind != "attach_partition"

reaches(does, _) if does.lock

reaches(does, later) if migrations.same(does.object, later.table)

locked(does) := does.object if {
	does.kind == "attach_partition"
	not does.lock
}

else := object.get(does, "table", "?")

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
	not empty(does)
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

# REFERENCES of a column that is added without a default: there is nothing to look at.
empty(does) if {
	does.kind == "add_foreign_key"
	does["default"] == false
}

# Rows that it names one by one.
few(does) if does.fromQuery == false
