//! `kubernetes.setImage/v1`.

use super::params::{CLUSTER, GIT_BRANCH, GIT_FILE, GIT_NEEDS, GIT_REPOSITORY, GIT_TOKEN, SLOT, WRITE_TO};
use crate::model::driver::{Field, Shape, Spec};

/// Sets the image of one container of a workload, by digest.
pub const SPEC: Spec = Spec {
    kind: "kubernetes.setImage/v1",
    about: "Sets the image of one container of a workload, by digest.",
    params: &[
        Field::required("asset", Shape::Text, "Id of the workload."),
        Field::required("container", Shape::Text, "Container."),
        Field::required("digest", Shape::Digest, "Digest of the image."),
        Field::optional("ref", Shape::Text, "Registry and repository, where they change."),
        CLUSTER,
        SLOT,
        WRITE_TO,
        GIT_REPOSITORY,
        GIT_BRANCH,
        GIT_FILE,
        GIT_TOKEN,
    ],
    needs: &[GIT_NEEDS],
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
