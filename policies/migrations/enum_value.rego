# METADATA
# title: A new value of an enumeration is used in a later transaction
# description: >-
#   PostgreSQL refuses it in the transaction that adds it (55P04), unless that made the type too.
#   Where nobody knows whether a statement uses it, it counts as if it did.
# related_resources:
#   - "PostgreSQL documentation, ALTER TYPE, Notes: https://www.postgresql.org/docs/current/sql-altertype.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Add the value in a migration of its own, and use it in the next.
package migrations.enum_value

import data.lib.migrations

# What may use a value.
users := {
	"add_check", "add_column", "add_exclude", "alter_column_type", "create_domain", "create_function", "create_index",
	"create_materialized_view", "create_table", "create_trigger", "create_view", "delete", "dynamic_sql", "insert",
	"refresh_materialized_view", "select", "set_default", "unparsed", "update", "validate_constraint",
}

deny contains finding if {
	some added in migrations.operations
	added.does.kind == "add_enum_value"
	not added.does.newObject
	some later in migrations.operations
	later.index > added.index
	migrations.together(added, later)
	said := use(later.does)
	not migrations.silenced(later, "migrations.enum_value")
	finding := {
		"msg": sprintf("%s %s that its transaction adds to `%s`", [migrations.quoted(later), said, object.get(added.does, "object", "?")]),
		"path": later.path,
	}
}

use(does) := "uses a value" if does.usesNewEnumValue == true

use(does) := "may use a value" if {
	does.kind in users
	not known(does)
}

known(does) if is_boolean(does.usesNewEnumValue)
