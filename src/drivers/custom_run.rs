//! `custom.run/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Runs a program that the operator has allowed by name. Nothing is known of what it does, so it runs at most once.
pub const SPEC: Spec = Spec {
    kind: "custom.run/v1",
    about: "Runs a program that the operator has allowed by name. Nothing is known of what it does, so it runs at most once.",
    params: &[
        Field::required("command", Shape::List, "Program and arguments; no shell reads them."),
        Field::optional("environment", Shape::Object, "Environment variables; secrets by reference."),
        Field::optional("directory", Shape::Text, "Directory that it runs in."),
        Field::optional("within", Shape::Age, "How long it may take."),
    ],
    needs: &[],
    outputs: &[Field::optional("result", Shape::Object, "JSON object that it printed on standard output.")],
    clients: &["process"],
    permissions: &["whatever the program needs"],
    changes: true,
    observable: false,
    undoable: true,
    creates: false,
    timeout: 1800,
};
