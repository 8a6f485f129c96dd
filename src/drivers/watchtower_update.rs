//! `watchtower.update/v1`.

use crate::model::driver::{Field, Needs, Shape, Spec};

/// Has Watchtower update containers to what their tags name now. The digest that ran before is not kept, so it cannot be undone.
pub const SPEC: Spec = Spec {
    kind: "watchtower.update/v1",
    about: "Has Watchtower update containers to what their tags name now. The digest that ran before is not kept, so it cannot be undone.",
    params: &[
        Field::required("server", Shape::Text, "Address of Watchtower's HTTP API."),
        Field::required("token", Shape::Reference, "Its token."),
        Field::optional(
            "flavour",
            Shape::OneOf(&["maintained", "original"]),
            "Which Watchtower it is; `original` where it does not say, which answers nothing and updates nothing while it is busy.",
        ),
        Field::optional(
            "images",
            Shape::List,
            "Images to update; all that Watchtower watches where it does not say.",
        ),
        Field::optional("containers", Shape::List, "Containers to update; for `maintained` only."),
    ],
    needs: &[Needs { param: "containers", is: None, also: &["flavour"] }],
    outputs: &[
        Field::optional(
            "updated",
            Shape::Integer,
            "How many containers were updated; from `maintained` only.",
        ),
        Field::optional("failed", Shape::Integer, "How many could not be; from `maintained` only."),
    ],
    clients: &["http"],
    permissions: &["Watchtower: its HTTP API token"],
    changes: true,
    observable: false,
    undoable: false,
    creates: false,
    timeout: 1800,
};
