//! `git.revert/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Commits the opposite of a commit.
pub const SPEC: Spec = Spec {
    kind: "git.revert/v1",
    about: "Commits the opposite of a commit.",
    params: &[
        Field::required("repository", Shape::Text, "Address of the repository."),
        Field::required("branch", Shape::Text, "Branch that the commit goes to."),
        Field::optional("token", Shape::Reference, "Token or deploy key for the repository."),
        Field::required("commit", Shape::Text, "Commit to take back."),
        Field::optional("message", Shape::Text, "Commit message."),
    ],
    needs: &[],
    outputs: &[Field::required("commit", Shape::Text, "Commit that came of it.")],
    clients: &["git"],
    permissions: &["repository: push to the branch"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
