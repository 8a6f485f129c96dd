# weighlock: allow evidence.unrequired because without a dry run the statement holds

# METADATA
# title: What could not be understood is looked at by a person
# description: >-
#   Text that no parser understands or that is put together when it runs, and the SQL of an engine
#   of which no policy knows: never silently clean. A dry run of the very text on the same version
#   proves it harmless where nothing was rewritten, lost, written to or locked.
# related_resources:
#   - "PostgreSQL documentation, 13.3 Explicit Locking: https://www.postgresql.org/docs/current/explicit-locking.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   remediation: Ask a database administrator to read the statement and approve, or bring a dry run.
package migrations.unparsed

import data.lib.migrations

hold contains finding if {
	some operation in migrations.operations
	reason := doubt(operation)
	not migrations.harmless(operation)
	finding := {
		"msg": sprintf("%s: %s", [reason, migrations.quoted(operation)]),
		"path": operation.path,
		"needs": data.settings.migrations.unparsed,
	}
}

doubt(operation) := "could not be understood" if operation.does.kind == "unparsed"

else := "is put together when it runs" if operation.does.kind == "dynamic_sql"

else := "is of an engine of which no policy knows" if not operation.engine in {"postgresql", "mysql", "mariadb"}
