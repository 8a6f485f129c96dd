//! `forge.status/v1`.

use super::params::{FORGE_PROVIDER, FORGE_REPOSITORY, FORGE_SERVER, FORGE_TOKEN};
use crate::model::driver::{Field, Shape, Spec};

/// Writes a commit status, so that the forge shows the verdict and may demand it.
pub const SPEC: Spec = Spec {
    kind: "forge.status/v1",
    about: "Writes a commit status, so that the forge shows the verdict and may demand it.",
    params: &[
        FORGE_PROVIDER,
        FORGE_SERVER,
        FORGE_REPOSITORY,
        FORGE_TOKEN,
        Field::required("commit", Shape::Text, "Commit."),
        Field::required("state", Shape::OneOf(&["error", "failure", "pending", "success"]), "State."),
        Field::required("context", Shape::Text, "Name that tells this status from others."),
        Field::optional("description", Shape::Text, "One line for people."),
        Field::optional("targetUrl", Shape::Text, "Address with the details."),
    ],
    needs: &[],
    outputs: &[],
    clients: &["forge"],
    permissions: &["GitHub: statuses: write", "GitLab: Developer", "Gitea: write:repository"],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 60,
};
