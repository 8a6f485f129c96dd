# METADATA
# title: The operations of migrations
# description: >-
#   Each with its place, its engine and the version that it must do for; what proves that a removal
#   or a statement is harmless; and what a comment in the migration silences.
package lib.migrations

operations := [operation |
	some i, migration in input.evidence.migrations
	some j, does in migration.operations
	operation := {
		"does": does,
		"migration": i,
		"index": j,
		"path": sprintf("/evidence/migrations/%d/operations/%d", [i, j]),
		"engine": object.get(migration, "engine", ""),
		"version": version(migration),
	}
]

# Those on what was there before: what the same migration created is used by nobody yet.
standing := [operation | some operation in operations; not operation.does.newTable]

# What an operation names, or a question mark.
of(operation, member) := object.get(operation.does, member, "?")

# Whether an operation comes after another in the same transaction.
follows(later, operation) if {
	later.migration == operation.migration
	later.index > operation.index
	later.does.inTransaction
	operation.does.inTransaction
	object.get(later.does, "transaction", null) == object.get(operation.does, "transaction", null)
}

mysql(operation) if operation.engine in {"mysql", "mariadb"}

# The major version that a migration must do for; 0 where nobody knows.
version(migration) := to_number(split(migration.version, ".")[0]) if {
	regex.match(`^[0-9]+(\..*)?$`, migration.version)
} else := object.get(data.settings.migrations.versions, object.get(migration, "engine", ""), 0)

# The statement, and where it stands.
quoted(operation) := sprintf("`%s`%s", [words(operation.does), place(operation.does)])

words(does) := text if text := does.statement

else := concat(" ", [does.kind, table]) if table := does.table

else := concat(" ", [does.kind, name]) if name := does.object

else := does.kind

place(does) := sprintf(" in %s:%d", [file, line]) if {
	file := does.at.file
	line := does.at.line
}

else := sprintf(" in %s", [file]) if file := does.at.file

else := ""

# Whether a comment beside it silences a denial of a rule. It has a reason, and settings let it.
silenced(operation, rule) if {
	rule in data.settings.migrations.suppressible
	quiet(operation, rule)
}

# Whether a comment beside it silences a warning of a rule.
quiet(operation, rule) if {
	some suppression in operation.does.suppressions
	suppression.rule == rule
	trim_space(suppression.reason) != ""
}

# Whether two operations may run in one transaction. Where nobody knows, they may.
together(a, b) if {
	a.migration == b.migration
	not outside(a.does)
	not outside(b.does)
	not apart(a, b)
}

# Whether it runs in no transaction with others.
outside(does) if does.inTransaction == false

apart(a, b) if a.does.transaction != b.does.transaction

# A dry run of the very text, by the same engine in the same version, that ran to its end.
dry_runs(operation) := [run |
	migration := input.evidence.migrations[operation.migration]
	some run in input.evidence.dryRuns
	run.subject == migration.digest
	run.engine == migration.engine
	version(run) == operation.version
	operation.version > 0
	run.completed
]

# A dry run in which the table of an operation was not rewritten, and that looked.
unrewritten(operation) if {
	some run in dry_runs(operation)
	is_array(run.rewritten)
	table := operation.does.table
	not table in run.rewritten
}

weak := {"none", "access_share", "row_share", "row_exclusive", "share_update_exclusive"}

# A dry run that looked, and in which nothing was rewritten, lost or locked.
harmless(operation) if {
	some run in dry_runs(operation)
	count(run.rewritten) == 0
	count(run.dropped) == 0
	every held in run.locks {
		held.lock in weak
	}
}

# What is still in the way of a removal, in words; undefined where nothing is.
in_the_way(operation) := "it goes for what depends on it as well, and nobody knows what that is" if {
	operation.does.cascade
	not operation.does.dependents
} else := sprintf("%s depend on it", [concat(", ", operation.does.dependents)]) if {
	count(operation.does.dependents) > 0
} else := "nobody knows whether it is still read" if {
	count(told(operation)) == 0
} else := sprintf("%s still read it", [concat(", ", readers(operation))]) if {
	count(readers(operation)) > 0
} else := "what stands in it has not been carried over" if {
	some usage in told(operation)
	not usage.backfilled
}

# What is known of who reads what an operation removes: a column, or a table with all of its columns.
told(operation) := [usage |
	some usage in input.evidence.usages
	usage.table == operation.does.table
	object.get(usage, "column", "") == object.get(operation.does, "column", "")
]

# Who reads it, or any column of a table that goes.
readers(operation) := sort([reader |
	some usage in input.evidence.usages
	usage.table == operation.does.table
	goes(operation.does, usage)
	some reader in usage.readers
])

goes(does, usage) if does.column == usage.column

goes(does, _) if not does.column

# A finding about what destroys data.
removal(operation, why) := {
	"msg": sprintf("%s destroys data: %s%s", [operation.does.kind, quoted(operation), why]),
	"path": operation.path,
}
