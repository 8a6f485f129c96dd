//! `weigh/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Collects what an earlier step made, decides it as a change of its own, and goes on only if that is allowed.
pub const SPEC: Spec = Spec {
    kind: "weigh/v1",
    about: "Collects what an earlier step made, decides it as a change of its own, and goes on only if that is allowed.",
    params: &[
        Field::required("ref", Shape::Text, "Registry and repository of what was made."),
        Field::required("digest", Shape::Digest, "Digest of what was made."),
        Field::optional(
            "asset",
            Shape::Text,
            "Asset that it is for; the decision's own where it does not say.",
        ),
        Field::optional(
            "environment",
            Shape::Text,
            "Environment that it is for; the decision's own where it does not say.",
        ),
        Field::optional("within", Shape::Age, "How long it waits for evidence such as scans and signatures."),
    ],
    needs: &[],
    outputs: &[
        Field::required("digest", Shape::Digest, "The digest, now weighed."),
        Field::required("decision", Shape::Digest, "Id of the decision."),
        Field::required("ref", Shape::Text, "Registry, repository and digest."),
    ],
    clients: &["oci"],
    permissions: &["registry: pull"],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 3600,
};
