//! `migration.check/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Runs a SQL migration in a transaction that is rolled back, and checks that the schema suits both versions.
pub const SPEC: Spec = Spec {
    kind: "migration.check/v1",
    about: "Runs a SQL migration in a transaction that is rolled back, and checks that the schema suits both versions.",
    params: &[
        Field::required("database", Shape::Text, "Id of the database that it is tried on."),
        Field::required("connection", Shape::Reference, "Connection string."),
        Field::required("file", Shape::Text, "The migration."),
        Field::required("digest", Shape::Digest, "Digest of its text: only what was weighed is tried."),
        Field::optional("lockTimeout", Shape::Age, "How long a statement may wait for a lock."),
        Field::optional("statementTimeout", Shape::Age, "How long a statement may run."),
    ],
    needs: &[],
    outputs: &[Field::required("compatible", Shape::Boolean, "Whether it went through.")],
    clients: &["postgres"],
    permissions: &["database: the role that owns the schema"],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 1800,
};
