//! `flag.set/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Sets a feature flag, for everyone or for a share.
pub const SPEC: Spec = Spec {
    kind: "flag.set/v1",
    about: "Sets a feature flag, for everyone or for a share.",
    params: &[
        Field::required(
            "provider",
            Shape::OneOf(&["http", "launchdarkly", "unleash"]),
            "Which flag service it is.",
        ),
        Field::required("server", Shape::Text, "Address of the flag service."),
        Field::optional("project", Shape::Text, "Project that the flag belongs to."),
        Field::required("environment", Shape::Text, "Environment, as the flag service names it."),
        Field::required("flag", Shape::Text, "Key of the flag."),
        Field::required("enabled", Shape::Boolean, "On or off."),
        Field::optional(
            "rolloutPercent",
            Shape::Number,
            "Share that gets it, from 0 to 100; everyone where it does not say.",
        ),
        Field::optional("users", Shape::List, "Users that get it whatever the share."),
        Field::optional("organisations", Shape::List, "Organisations that get it whatever the share."),
        Field::required("token", Shape::Reference, "Token that the flag service accepts."),
    ],
    needs: &[],
    outputs: &[Field::required("previous", Shape::Object, "The flag as it was.")],
    clients: &["http"],
    permissions: &["flag service: read and write the flag in that environment"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 60,
};
