# METADATA
# title: What runs concurrently runs in no transaction
# description: >-
#   CONCURRENTLY fails inside a transaction (25001), whether the file begins it or the tool that
#   runs it. Where nobody knows, it counts as inside. What fails leaves an INVALID index behind.
# related_resources:
#   - "PostgreSQL documentation, CREATE INDEX, Building Indexes Concurrently: https://www.postgresql.org/docs/current/sql-createindex.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Give it a migration of its own, and tell the tool not to put a transaction around it.
package migrations.concurrently_in_transaction

import data.lib.migrations

deny contains finding if {
	some operation in migrations.operations
	operation.does.concurrently
	operation.does.kind in {"create_index", "detach_partition", "drop_index", "reindex"}
	said := inside(operation.does)
	not migrations.silenced(operation, "migrations.concurrently_in_transaction")
	finding := {
		"msg": sprintf("%s %s a transaction, where it fails", [migrations.quoted(operation), said]),
		"path": operation.path,
	}
}

inside(does) := "runs in" if does.inTransaction == true

inside(does) := "may run in" if not known(does)

known(does) if is_boolean(does.inTransaction)
