//! Facts about SQL migrations: what the statements do, what a dry run of them did, and who still reads
//! what they drop.
//!
//! What a statement says (`concurrently`, `cascade`, `notValid`, `where`, …) is absent where it does
//! not say so. What it does not say itself (`inTransaction`, `oldType`, `provenByCheck`, …) is absent
//! where nobody knows, and rules then take the worse case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fact, Source};
use crate::model::id::Digest;
use crate::model::time::Time;
use crate::model::trust::Trust;

/// Where in a file something stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `file` and `line`")]
pub struct At {
    /// File, as the author named it.
    pub file: String,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// What an operation does. One statement may be several: `CREATE TABLE` is `create_table`, then
/// `add_column` for each column and `add_…` for each constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// `ADD CHECK`, of a table or a domain.
    AddCheck,
    /// `ADD COLUMN`; also each column of a new table.
    AddColumn,
    /// `ALTER TYPE … ADD VALUE`.
    AddEnumValue,
    /// `ADD EXCLUDE`.
    AddExclude,
    /// `ADD FOREIGN KEY`, and `REFERENCES` of a column.
    AddForeignKey,
    /// `ADD PRIMARY KEY`.
    AddPrimaryKey,
    /// `ADD UNIQUE`, and `UNIQUE` of a column.
    AddUnique,
    /// `ALTER COLUMN … TYPE`, `MODIFY COLUMN`, `CHANGE COLUMN`.
    AlterColumnType,
    /// `ALTER SEQUENCE`.
    AlterSequence,
    /// `ANALYZE`.
    Analyze,
    /// `ATTACH PARTITION`; `object` is the partition.
    AttachPartition,
    /// `CLUSTER`.
    Cluster,
    /// `COMMENT ON`.
    Comment,
    /// `CREATE DATABASE`.
    CreateDatabase,
    /// `CREATE DOMAIN`.
    CreateDomain,
    /// `CREATE EXTENSION`.
    CreateExtension,
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`.
    CreateFunction,
    /// `CREATE INDEX`.
    CreateIndex,
    /// `CREATE MATERIALIZED VIEW`.
    CreateMaterializedView,
    /// `CREATE SCHEMA`.
    CreateSchema,
    /// `CREATE SEQUENCE`.
    CreateSequence,
    /// `CREATE TABLE`; its columns and constraints are operations of their own.
    CreateTable,
    /// `CREATE TRIGGER`.
    CreateTrigger,
    /// `CREATE TYPE`.
    CreateType,
    /// `CREATE VIEW`; `table` is its name.
    CreateView,
    /// `DELETE`.
    Delete,
    /// `DETACH PARTITION`; `object` is the partition.
    DetachPartition,
    /// `DROP COLUMN`.
    DropColumn,
    /// `DROP CONSTRAINT`.
    DropConstraint,
    /// `DROP DATABASE`.
    DropDatabase,
    /// `DROP DEFAULT`.
    DropDefault,
    /// `DROP FUNCTION`, `DROP PROCEDURE`.
    DropFunction,
    /// `DROP INDEX`.
    DropIndex,
    /// `DROP NOT NULL`.
    DropNotNull,
    /// `DROP SCHEMA`.
    DropSchema,
    /// `DROP SEQUENCE`.
    DropSequence,
    /// `DROP TABLE`, `DROP MATERIALIZED VIEW`.
    DropTable,
    /// `DROP TRIGGER`.
    DropTrigger,
    /// `DROP TYPE`, `DROP DOMAIN`.
    DropType,
    /// `DROP VIEW`.
    DropView,
    /// Text that is put together when it runs: `DO`, `EXECUTE`, `CALL`, `PREPARE`.
    DynamicSql,
    /// `GRANT`, `REVOKE`.
    Grant,
    /// `INSERT`, `COPY`.
    Insert,
    /// `REFRESH MATERIALIZED VIEW`.
    RefreshMaterializedView,
    /// `REINDEX`.
    Reindex,
    /// `RENAME COLUMN`; to `newName`.
    RenameColumn,
    /// `RENAME TO`, of a table or a view; to `newName`.
    RenameTable,
    /// `SELECT` that changes nothing.
    Select,
    /// `SET`, `RESET`.
    Set,
    /// `SET DEFAULT`.
    SetDefault,
    /// `SET LOGGED`, `SET UNLOGGED`.
    SetLogged,
    /// `SET NOT NULL`.
    SetNotNull,
    /// `BEGIN`, `COMMIT`, `SAVEPOINT`. What was rolled back is left out.
    Transaction,
    /// `TRUNCATE`.
    Truncate,
    /// `UPDATE`.
    Update,
    /// `VACUUM` without `FULL`.
    Vacuum,
    /// `VACUUM FULL`.
    VacuumFull,
    /// `VALIDATE CONSTRAINT`.
    ValidateConstraint,
    /// What could not be understood. A kind that is not in this list is read as this.
    #[serde(other)]
    Unparsed,
}

/// How a column is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Generated {
    /// It is computed when the row is written.
    Stored,
    /// It is computed when the row is read.
    Virtual,
}

/// A lock of a table, from the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named as the manual names them")]
pub enum Lock {
    None,
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

/// A comment in a migration that asks rules to be silent about a statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `rule` and `reason`")]
pub struct Suppression {
    /// Id of the rule.
    pub rule: String,
    /// Why, in the author's words; absent where they gave no reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One operation of a SQL migration, as a parser understood it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Operation {
    /// The `ALGORITHM` that is asked for, in lower case: `instant`, `inplace`, `copy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// `CASCADE`: it also goes for what depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<bool>,
    /// Whether a change of type changes the collation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<bool>,
    /// Column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// `CONCURRENTLY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrently: Option<bool>,
    /// Whether the type of the added column is a domain with a constraint; the catalog knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constrained_domain: Option<bool>,
    /// Whether the added column has a default; of a foreign key, the column that comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// Views and other objects that depend on it; the catalog knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependents: Option<Vec<String>>,
    /// Whether an `INSERT` takes its rows from a query or a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_query: Option<bool>,
    /// How the column is generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// `IF EXISTS`, `IF NOT EXISTS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded: Option<bool>,
    /// `GENERATED … AS IDENTITY`, `AUTO_INCREMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<bool>,
    /// Whether it runs inside a transaction with others: one that the file begins, or one that the tool
    /// puts around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_transaction: Option<bool>,
    /// Whether an index begins with the columns of the foreign key; the catalog knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed: Option<bool>,
    /// What it does.
    pub kind: OperationKind,
    /// Strongest lock that it takes, where that is known better than its kind tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// The `LOCK` that is asked for, in lower case: `none`, `shared`, `exclusive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_clause: Option<String>,
    /// How long it waits for a lock, in milliseconds; absent or 0: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_timeout_ms: Option<u64>,
    /// Name that it gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// Whether the same migration created what `object` names, earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_object: Option<bool>,
    /// Whether the same migration created the table, earlier: by its schema-qualified name, not `IF NOT
    /// EXISTS`, and not rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_table: Option<bool>,
    /// Type that the column gets, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_type: Option<String>,
    /// `NOT NULL` on an added column; of a primary key, whether its columns are so already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_null: Option<bool>,
    /// `NOT VALID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_valid: Option<bool>,
    /// Index, constraint, partition or other object that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Type that the column has; the catalog knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_type: Option<String>,
    /// Whether a validated `CHECK` proves what it would look through the table for: `IS NOT NULL` of
    /// that very column, the bounds of that very partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_by_check: Option<bool>,
    /// Whether it rewrites the table; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<bool>,
    /// `serial`, `bigserial`, `smallserial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<bool>,
    /// The statement itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// How long it may run, in milliseconds; absent or 0: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_timeout_ms: Option<u64>,
    /// Whether the `sql_mode` is strict where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_mode: Option<bool>,
    /// What a comment beside it asks to be silent about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressions: Option<Vec<Suppression>>,
    /// Schema-qualified table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Whether the time zone of the session is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone_utc: Option<bool>,
    /// Which transaction of the migration it runs in, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<u32>,
    /// How long its transaction may last, in milliseconds; absent or 0: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_timeout_ms: Option<u64>,
    /// Whether it uses a value of an enumeration that the same migration adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_new_enum_value: Option<bool>,
    /// `USING`, in a change of type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<bool>,
    /// `USING INDEX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using_index: Option<bool>,
    /// Whether the default is computed for each row, or is a function of which nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volatile_default: Option<bool>,
    /// `WHERE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#where: Option<bool>,
}

fact! {
    /// The operations of a migration that a change brings.
    Migration {
        /// Id of the change; of every change of the asset where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub change: Option<String>,
        /// Id of the asset: the database or the workload that runs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub asset: Option<String>,
        /// Database engine: `postgresql`, `mysql`, `mariadb`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub engine: Option<String>,
        /// Digest of the text of the migration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub digest: Option<Digest>,
        /// What it does, in order. Empty: it was read and does nothing.
        pub operations: Vec<Operation>,
        /// Whether one that comes after it has been applied already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub out_of_order: Option<bool>,
        /// Version of the engine, as in `16` or `8.0.36`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<String>,
    }
}

/// A table and the strongest lock that a dry run held on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `table` and `lock`")]
pub struct HeldLock {
    /// Lock.
    pub lock: Lock,
    /// Schema-qualified table that was there before.
    pub table: String,
}

fact! {
    /// What a migration did to a scratch database that holds the schema, as its transcript tells. A list
    /// that is absent was not looked at.
    DryRun {
        /// Digest of the text that ran: that of the migration.
        pub subject: Digest,
        /// Database engine.
        pub engine: String,
        /// Version of the engine.
        pub version: String,
        /// Whether it ran to its end without an error.
        pub completed: bool,
        /// Tables and columns that were gone after it, schema-qualified.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub dropped: Option<Vec<String>>,
        /// Strongest lock on each table that was there before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub locks: Option<Vec<HeldLock>>,
        /// Tables that were rewritten, schema-qualified.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rewritten: Option<Vec<String>>,
    }
}

fact! {
    /// Who still reads or writes a table or a column: what a removal waits for.
    Usage {
        /// Id of the database.
        pub asset: String,
        /// Schema-qualified table.
        pub table: String,
        /// Column; the whole table where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column: Option<String>,
        /// Deployed versions that still read or write it. Empty: all were looked at, and none does.
        pub readers: Vec<String>,
        /// Whether what stands in it has been carried over to where it is read now, or nobody needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub backfilled: Option<bool>,
    }
}
