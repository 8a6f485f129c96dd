//! `forge.merge/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Merges a pull request, if its head is still the one that was weighed.
pub const SPEC: Spec = Spec {
    kind: "forge.merge/v1",
    about: "Merges a pull request, if its head is still the one that was weighed.",
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
        Field::required("number", Shape::Integer, "Number of the pull request."),
        Field::required("head", Shape::Text, "Commit that the head must be at."),
        Field::optional(
            "method",
            Shape::OneOf(&["merge", "rebase", "squash"]),
            "How it is merged; the repository's default where it does not say.",
        ),
    ],
    needs: &[],
    outputs: &[Field::required("commit", Shape::Text, "Commit that came of it.")],
    clients: &["forge"],
    permissions: &[
        "GitHub: contents: write, pull_requests: write",
        "GitLab: Developer, allowed to merge",
        "Gitea: write:repository",
    ],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
