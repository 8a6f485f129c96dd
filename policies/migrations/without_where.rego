# METADATA
# title: Nothing updates or deletes every row
# description: An UPDATE or DELETE without WHERE goes through the whole table, and a DELETE empties it.
# related_resources:
#   - "PostgreSQL documentation, DELETE: https://www.postgresql.org/docs/current/sql-delete.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Say which rows, and take them in batches.
package migrations.without_where

import data.lib.migrations

deny contains finding if {
	some operation in migrations.operations
	operation.does.kind in {"delete", "update"}
	not operation.does["where"]
	not operation.does.newTable
	not migrations.silenced(operation, "migrations.without_where")
	finding := {
		"msg": sprintf("%s goes for every row", [migrations.quoted(operation)]),
		"path": operation.path,
	}
}
