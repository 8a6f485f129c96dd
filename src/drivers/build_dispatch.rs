//! `build.dispatch/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Needs, Shape, Spec};

/// Starts a build elsewhere and waits for the image that it pushes. What comes out has not been weighed.
pub const SPEC: Spec = Spec {
    kind: "build.dispatch/v1",
    about: "Starts a build elsewhere and waits for the image that it pushes. What comes out has not been weighed.",
    params: &[
        Field::required(
            "provider",
            Shape::OneOf(&["github", "gitlab", "tekton"]),
            "Which build system it is.",
        ),
        Field::optional(
            "server",
            Shape::Text,
            "Address of the build system, where it is not the provider's public one.",
        ),
        Field::required(
            "repository",
            Shape::Text,
            "Source repository: `owner/name`, the project's path on GitLab, or its address for Tekton.",
        ),
        Field::required("ref", Shape::Text, "Branch, tag or commit to build."),
        Field::required("image", Shape::Text, "Registry and repository that the build pushes to."),
        Field::optional("tag", Shape::Text, "Tag that the build pushes, where several could be meant."),
        Field::optional("workflow", Shape::Text, "For GitHub: file name or id of the workflow."),
        Field::optional("pipeline", Shape::Text, "For Tekton: name of the Pipeline."),
        Field::optional("namespace", Shape::Text, "For Tekton: namespace of the PipelineRun."),
        CLUSTER,
        Field::optional(
            "inputs",
            Shape::Object,
            "Inputs, variables or parameters of the build; GitHub takes at most 25.",
        ),
        Field::optional("token", Shape::Reference, "For GitHub and GitLab: token that may start it."),
    ],
    needs: &[
        Needs { param: "provider", is: Some("github"), also: &["workflow", "token"] },
        Needs { param: "provider", is: Some("gitlab"), also: &["token"] },
        Needs { param: "provider", is: Some("tekton"), also: &["pipeline", "namespace"] },
    ],
    outputs: &[
        Field::required("digest", Shape::Digest, "Digest of the image that was pushed."),
        Field::required("ref", Shape::Text, "Registry, repository and digest of the image."),
        Field::required("run", Shape::Text, "Address of the run, for people."),
    ],
    clients: &["http", "kubernetes", "oci"],
    permissions: &[
        "GitHub: actions: write",
        "GitLab: a trigger token of the project",
        "Tekton: pipelineruns.tekton.dev: create, get",
        "registry: pull",
    ],
    changes: false,
    observable: true,
    undoable: false,
    creates: true,
    timeout: 7200,
};
