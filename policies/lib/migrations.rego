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

words(does) := said if said := does.statement

else := said if said := concat(" ", [does.kind, does.table])

else := said if said := concat(" ", [does.kind, does.object])

else := does.kind

place(does) := text if text := sprintf(" in %s:%d", [does.at.file, does.at.line])

else := text if text := sprintf(" in %s", [does.at.file])

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

# A dry run looked, and in none was the table of an operation rewritten.
unrewritten(operation) if {
	some run in dry_runs(operation)
	is_array(run.rewritten)
	table := operation.does.table
	every other in dry_runs(operation) {
		not rewrote(other, table)
	}
}

rewrote(run, table) if {
	some rewritten in run.rewritten
	same(rewritten, table)
}

# Whether two names may be of one table: quotes and case say nothing here, and a name without a schema
# may be of any.
same(a, b) if folded(a) == folded(b)

same(a, b) if endswith(folded(b), concat("", [".", folded(a)]))

same(a, b) if endswith(folded(a), concat("", [".", folded(b)]))

folded(name) := text if {
	# weighlock: keep because what is no text would be an error, and is none in a review that fits its schema
	is_string(name)
	text := lower(regex.replace(name, "[\"`]", ""))
}

# Locks that keep nobody out and that no row is written under: `row_exclusive` is what each INSERT,
# UPDATE and DELETE takes, and a scratch database has no rows that could be missed.
weak := {"none", "access_share", "row_share", "share_update_exclusive"}

# A dry run looked, and in none was anything rewritten, lost, written or locked.
harmless(operation) if {
	some run in dry_runs(operation)
	looked(run)
	every other in dry_runs(operation) {
		not harmed(other)
	}
}

looked(run) if {
	is_array(run.rewritten)
	is_array(run.dropped)
	is_array(run.locks)
}

harmed(run) if count(run.rewritten) > 0

harmed(run) if count(run.dropped) > 0

harmed(run) if {
	some held in run.locks
	not held.lock in weak
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

# Who reads it, any column of a table that goes, or a table of which nobody says which columns.
readers(operation) := sort({reader |
	some usage in input.evidence.usages
	same(usage.table, operation.does.table)
	goes(operation.does, usage)
	some reader in usage.readers
})

goes(does, usage) if folded(does.column) == folded(usage.column)

goes(_, usage) if not usage.column

goes(does, _) if not does.column

# A finding about what destroys data.
removal(operation, why) := {
	"msg": sprintf("%s destroys data: %s%s", [operation.does.kind, quoted(operation), why]),
	"path": operation.path,
}
