//! `forge.status/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Writes a commit status, so that the forge shows the verdict and may demand it.
pub const SPEC: Spec = Spec {
    kind: "forge.status/v1",
    about: "Writes a commit status, so that the forge shows the verdict and may demand it.",
    params: &[
        Field::required("provider", Shape::OneOf(&["gitea", "github", "gitlab"]), "Which forge it is."),
        Field::optional(
            "server",
            Shape::Text,
            "Address of the forge, where it is not the provider's public one.",
        ),
        Field::required(
            "repository",
            Shape::Text,
            "Repository: `owner/name`, or the project's path on GitLab.",
        ),
        Field::required("token", Shape::Reference, "Token that the forge accepts."),
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
