//! `notify.webhook/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Posts to an address. What was said cannot be observed, so it is said at most once.
pub const SPEC: Spec = Spec {
    kind: "notify.webhook/v1",
    about: "Posts to an address. What was said cannot be observed, so it is said at most once.",
    params: &[
        Field::required("to", Shape::Reference, "Address, which may carry a secret."),
        Field::optional(
            "format",
            Shape::OneOf(&["json", "teams"]),
            "Shape of the body; `json` where it does not say.",
        ),
        Field::optional("recipient", Shape::Text, "Whom it is for, as an obligation names them."),
        Field::optional(
            "message",
            Shape::Text,
            "What is said; a summary of the decision where it does not say.",
        ),
        Field::optional("signWith", Shape::Reference, "Key by which the body is signed (HMAC-SHA256)."),
    ],
    needs: &[],
    outputs: &[],
    clients: &["http"],
    permissions: &[],
    changes: false,
    observable: false,
    undoable: false,
    creates: false,
    timeout: 30,
};
