//! `forge.merge/v1`.

use super::params::{FORGE_PROVIDER, FORGE_REPOSITORY, FORGE_SERVER, FORGE_TOKEN};
use crate::model::driver::{Field, Shape, Spec};

/// Merges a pull request, if its head is still the one that was weighed.
pub const SPEC: Spec = Spec {
    kind: "forge.merge/v1",
    about: "Merges a pull request, if its head is still the one that was weighed.",
    params: &[
        FORGE_PROVIDER,
        FORGE_SERVER,
        FORGE_REPOSITORY,
        FORGE_TOKEN,
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
