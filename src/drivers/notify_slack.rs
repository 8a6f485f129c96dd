//! `notify.slack/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Tells a Slack channel. What was said cannot be observed, so it is said at most once.
pub const SPEC: Spec = Spec {
    kind: "notify.slack/v1",
    about: "Tells a Slack channel. What was said cannot be observed, so it is said at most once.",
    params: &[
        Field::required("to", Shape::Reference, "Address of the incoming webhook, which is a secret."),
        Field::optional("channel", Shape::Text, "Channel, for people; the webhook decides."),
        Field::optional("recipient", Shape::Text, "Whom it is for, as an obligation names them."),
        Field::optional(
            "message",
            Shape::Text,
            "What is said; a summary of the decision where it does not say.",
        ),
    ],
    needs: &[],
    outputs: &[],
    clients: &["http"],
    permissions: &["Slack: an incoming webhook"],
    changes: false,
    observable: false,
    undoable: false,
    creates: false,
    timeout: 30,
};
