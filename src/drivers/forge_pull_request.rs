//! `forge.pullRequest/v1`.

use super::params::{FORGE_PROVIDER, FORGE_REPOSITORY, FORGE_SERVER, FORGE_TOKEN};
use crate::model::driver::{Field, Shape, Spec};

/// Opens a pull request, or finds the one that is open for the same head and base.
pub const SPEC: Spec = Spec {
    kind: "forge.pullRequest/v1",
    about: "Opens a pull request, or finds the one that is open for the same head and base.",
    params: &[
        FORGE_PROVIDER,
        FORGE_SERVER,
        FORGE_REPOSITORY,
        FORGE_TOKEN,
        Field::required("head", Shape::Text, "Branch with the change."),
        Field::required("base", Shape::Text, "Branch that it is to go to."),
        Field::required("title", Shape::Text, "Title."),
        Field::optional("body", Shape::Text, "Description, in Markdown."),
        Field::optional("labels", Shape::List, "Labels, by name."),
        Field::optional("draft", Shape::Boolean, "Whether it is opened as a draft."),
    ],
    needs: &[],
    outputs: &[
        Field::required("number", Shape::Integer, "Number of the pull request."),
        Field::required("url", Shape::Text, "Address, for people."),
        Field::required("head", Shape::Text, "Commit that the head is at."),
    ],
    clients: &["forge"],
    permissions: &[
        "GitHub: pull_requests: write",
        "GitLab: Developer",
        "Gitea: write:repository, write:issue",
    ],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 120,
};
