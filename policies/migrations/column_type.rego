# weighlock: allow evidence.unrequired because without a dry run the worse case counts

# METADATA
# title: A change of type rewrites no table
# description: >-
#   Free in PostgreSQL are another name of the same type, a wider varchar, varchar to text, a numeric of
#   more digits at the same scale, a timestamp or interval of more, cidr to inet, and timestamp to timestamptz where the session is in
#   UTC; in MySQL a varchar of which the length takes as many bytes as before, and values at the end
#   of an enumeration. All else rewrites the table while nobody reads it, and so does what nobody
#   knows, unless a dry run shows otherwise. Another collation builds the indexes anew.
# related_resources:
#   - "PostgreSQL documentation, ALTER TABLE, Notes: https://www.postgresql.org/docs/current/sql-altertable.html"
#   - "MySQL Reference Manual, Online DDL Operations: https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"
# custom:
#   severity: high
#   applies: {kinds: [migration]}
#   requires: [evidence.migrations]
#   waivable: true
#   remediation: Add a new column, fill it in batches, and switch over.
package migrations.column_type

import data.lib.migrations

changes contains operation if {
	some operation in migrations.operations
	operation.does.kind == "alter_column_type"
	not operation.does.newTable
}

deny contains finding if {
	some operation in changes
	not free(operation)
	not migrations.silenced(operation, "migrations.column_type")
	finding := {
		"msg": sprintf("%s rewrites `%s` and locks it meanwhile: %s", [
			migrations.quoted(operation), object.get(operation.does, "table", "?"), why(operation.does),
		]),
		"path": operation.path,
	}
}

warn contains finding if {
	some operation in changes
	free(operation)
	operation.does.collation
	not migrations.quiet(operation, "migrations.column_type")
	finding := {
		"msg": sprintf("%s builds the indexes of the column anew and locks `%s` meanwhile", [
			migrations.quoted(operation), object.get(operation.does, "table", "?"),
		]),
		"path": operation.path,
	}
}

why(does) := sprintf("from `%s` to `%s`", [from, to]) if {
	from := does.oldType
	to := does.newType
}

else := "nobody knows from which type to which"

free(operation) if {
	not operation.does.rewrite
	migrations.unrewritten(operation)
}

free(operation) if {
	operation.does.rewrite == false
	not known(operation.does)
}

free(operation) if {
	not operation.does.rewrite
	not operation.does.using
	operation.engine == "postgresql"
	postgresql(type(operation.does.oldType), type(operation.does.newType), operation)
}

free(operation) if {
	not operation.does.rewrite
	migrations.mysql(operation)
	not operation.does.collation
	mysql(lower(operation.does.oldType), lower(operation.does.newType))
}

known(does) if {
	does.oldType
	does.newType
}

# A type as its name, in the words of the manual, and its two numbers, -1 where it has none.
type(text) := {"name": object.get(names, name, name), "first": number(parts[2]), "second": number(parts[3])} if {
	found := regex.find_all_string_submatch_n(shape, lower(text), 1)
	parts := found[0]
	name := trim_prefix(trim_space(concat(" ", [parts[1], parts[4]])), "pg_catalog.")
}

shape := `^ *([a-z0-9_." ]+?) *(?:\( *([0-9]+) *(?:, *([0-9]+) *)?\))? *((?:with|without) time zone)? *$`

number(text) := to_number(text) if text != ""

else := -1

names := {
	"bit varying": "varbit",
	"bool": "boolean",
	"char": "character",
	"character varying": "varchar",
	"dec": "numeric",
	"decimal": "numeric",
	"float4": "real",
	"float8": "double precision",
	"int": "integer",
	"int2": "smallint",
	"int4": "integer",
	"int8": "bigint",
	"time with time zone": "timetz",
	"time without time zone": "time",
	"timestamp with time zone": "timestamptz",
	"timestamp without time zone": "timestamp",
}

# The same type, or one of text without a limit.
postgresql(from, to, _) if from == to

postgresql(from, to, _) if {
	from.name in {"text", "varchar"}
	to.name in {"text", "varchar"}
	to.first == -1
}

postgresql(from, to, _) if {
	from.name == "cidr"
	to.name == "inet"
}

# At least as long.
postgresql(from, to, _) if {
	from.name == to.name
	from.name in {"varbit", "varchar"}
	wider(from, to)
}

# As many digits after the point, and at least as many before.
postgresql(from, to, _) if {
	from.name == "numeric"
	to.name == "numeric"
	scale(from) == scale(to)
	wider(from, to)
}

postgresql(from, to, _) if {
	from.name == "numeric"
	to.name == "numeric"
	to.first == -1
}

# At least as many digits of a second.
postgresql(from, to, _) if {
	from.name == to.name
	from.name in {"interval", "time", "timestamp", "timestamptz", "timetz"}
	precision(to) >= precision(from)
}

postgresql(from, to, operation) if {
	from.name == "timestamp"
	to.name == "timestamptz"
	precision(to) >= precision(from)
	operation.does.timeZoneUtc
	operation.version >= 12
}

wider(_, to) if to.first == -1

wider(from, to) if {
	from.first != -1
	to.first >= from.first
}

scale(of) := max([0, of.second])

precision(of) := of.first if of.first >= 0

else := 6

mysql(from, to) if from == to

# The length of a text takes one byte up to 255 of them, and two beyond; a character takes one to
# four, and which, nobody knows here. From 128 characters on it takes two bytes where a character takes
# more than one, and one byte up to 255 where it does not.
mysql(from, to) if {
	[old, new] := [length(from), length(to)]
	new >= old
	new <= 63
}

mysql(from, to) if {
	[old, new] := [length(from), length(to)]
	new >= old
	old >= 128
	new <= 255
}

mysql(from, to) if {
	[old, new] := [length(from), length(to)]
	new >= old
	old >= 256
}

mysql(from, to) if {
	startswith(from, "enum(")
	startswith(to, concat("", [trim_suffix(from, ")"), ","]))
	count(split(to, ",")) <= 255
}

length(text) := to_number(regex.find_all_string_submatch_n(`^varchar\(([0-9]+)\)$`, text, 1)[0][1])
