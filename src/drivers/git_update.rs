//! `git.update/v1`.

use crate::model::driver::{Field, Needs, Shape, Spec};

/// Edits one version in one file (an image, a chart, a `FROM` line, a package, a value) and commits it.
pub const SPEC: Spec = Spec {
    kind: "git.update/v1",
    about: "Edits one version in one file (an image, a chart, a `FROM` line, a package, a value) and commits it.",
    params: &[
        Field::required("repository", Shape::Text, "Address of the repository."),
        Field::required("branch", Shape::Text, "Branch that the commit goes to."),
        Field::optional("token", Shape::Reference, "Token or deploy key for the repository."),
        Field::required("file", Shape::Text, "File that is edited."),
        Field::required(
            "edit",
            Shape::OneOf(&["chartVersion", "from", "image", "package", "value"]),
            "What is edited: a chart's version, a Dockerfile's `FROM`, an image of a manifest, the pin of a package (`requirements.txt`, `package.json`, …), or any value.",
        ),
        Field::optional(
            "path",
            Shape::Text,
            "Where in the document, as a JSON Pointer; found by `ref` or `chart` where it does not say.",
        ),
        Field::optional("ref", Shape::Text, "Registry and repository of the image."),
        Field::optional("tag", Shape::Text, "New tag."),
        Field::optional("digest", Shape::Digest, "New digest."),
        Field::optional("chart", Shape::Text, "Name of the chart."),
        Field::optional("package", Shape::Text, "Package URL, without its version."),
        Field::optional("version", Shape::Text, "New version of the chart or package."),
        Field::optional("value", Shape::Text, "New value."),
        Field::optional(
            "base",
            Shape::Text,
            "Branch that `branch` is started from, where it is not there yet.",
        ),
        Field::optional("message", Shape::Text, "Commit message."),
    ],
    needs: &[
        Needs { param: "edit", is: Some("chartVersion"), also: &["version"] },
        Needs { param: "edit", is: Some("from"), also: &["ref"] },
        Needs { param: "edit", is: Some("image"), also: &["ref"] },
        Needs { param: "edit", is: Some("package"), also: &["package", "version"] },
        Needs { param: "edit", is: Some("value"), also: &["path", "value"] },
    ],
    outputs: &[
        Field::required("commit", Shape::Text, "Commit that came of it."),
        Field::required("branch", Shape::Text, "Branch that it went to."),
    ],
    clients: &["git"],
    permissions: &["repository: push to the branch"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
