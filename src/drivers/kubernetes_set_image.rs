//! `kubernetes.setImage/v1`.

use crate::model::driver::{Field, Needs, Shape, Spec};

/// Sets the image of one container of a workload, by digest.
pub const SPEC: Spec = Spec {
    kind: "kubernetes.setImage/v1",
    about: "Sets the image of one container of a workload, by digest.",
    params: &[
        Field::required("asset", Shape::Text, "Id of the workload."),
        Field::required("container", Shape::Text, "Container."),
        Field::required("digest", Shape::Digest, "Digest of the image."),
        Field::optional("ref", Shape::Text, "Registry and repository, where they change."),
        Field::optional("cluster", Shape::Text, "Cluster, where the asset's id does not name it."),
        Field::required(
            "writeTo",
            Shape::OneOf(&["git", "live"]),
            "`live` changes the cluster; `git` commits, where a reconciler would revert a live change.",
        ),
        Field::optional("repository", Shape::Text, "For `git`: address of the repository."),
        Field::optional("branch", Shape::Text, "For `git`: branch that the commit goes to."),
        Field::optional("file", Shape::Text, "For `git`: file that is edited."),
        Field::optional("token", Shape::Reference, "For `git`: token or deploy key for the repository."),
    ],
    needs: &[Needs { param: "writeTo", is: Some("git"), also: &["repository", "branch", "file"] }],
    outputs: &[
        Field::required("revision", Shape::Text, "Revision that came of it."),
        Field::required("previousRevision", Shape::Text, "Revision that ran before."),
        Field::required("digest", Shape::Digest, "Digest that is set now."),
        Field::required("previousDigest", Shape::Digest, "Digest that was set before."),
    ],
    clients: &["git", "kubernetes"],
    permissions: &["deployments, statefulsets, daemonsets: get, patch", "for `git`: push to the branch"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
