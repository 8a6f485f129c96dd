//! `watch.health/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Asks an address for a while, and fails when it does not answer with success.
pub const SPEC: Spec = Spec {
    kind: "watch.health/v1",
    about: "Asks an address for a while, and fails when it does not answer with success.",
    params: &[
        Field::required("health", Shape::Text, "Address that must answer with success."),
        Field::required("every", Shape::Age, "How often it asks."),
        Field::required("for", Shape::Age, "How long it asks."),
        Field::optional(
            "maxConsecutiveFailures",
            Shape::Integer,
            "Failures in a row at which it fails; 1 where it does not say.",
        ),
        Field::optional(
            "status",
            Shape::Integer,
            "Status that counts as success; any from 200 to 299 where it does not say.",
        ),
        Field::optional("suite", Shape::Text, "Name of the smoke test that the address runs."),
    ],
    needs: &[],
    outputs: &[
        Field::required("samples", Shape::Integer, "How often it asked."),
        Field::required("failures", Shape::Integer, "How many answers were failures."),
    ],
    clients: &["http"],
    permissions: &[],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 86400,
};
