//! `migration.apply/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Runs a SQL migration that was weighed, and records it.
pub const SPEC: Spec = Spec {
    kind: "migration.apply/v1",
    about: "Runs a SQL migration that was weighed, and records it.",
    params: &[
        Field::required("database", Shape::Text, "Id of the database."),
        Field::required("connection", Shape::Reference, "Connection string."),
        Field::required("file", Shape::Text, "The migration."),
        Field::required("digest", Shape::Digest, "Digest of its text: only what was weighed is run."),
        Field::optional(
            "direction",
            Shape::OneOf(&["down", "up"]),
            "Forwards or back; `up` where it does not say.",
        ),
        Field::optional("lockTimeout", Shape::Age, "How long a statement may wait for a lock."),
        Field::optional("statementTimeout", Shape::Age, "How long a statement may run."),
    ],
    needs: &[],
    outputs: &[
        Field::required("version", Shape::Text, "Schema version that came of it."),
        Field::required("previousVersion", Shape::Text, "Schema version before."),
    ],
    clients: &["postgres"],
    permissions: &["database: the role that owns the schema"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 3600,
};
