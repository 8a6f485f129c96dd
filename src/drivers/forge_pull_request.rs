//! `forge.pullRequest/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Opens a pull request, or finds the one that is open for the same head and base.
pub const SPEC: Spec = Spec {
    kind: "forge.pullRequest/v1",
    about: "Opens a pull request, or finds the one that is open for the same head and base.",
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
