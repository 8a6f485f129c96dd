//! `helm.rollback/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Takes a Helm release back to an earlier revision.
pub const SPEC: Spec = Spec {
    kind: "helm.rollback/v1",
    about: "Takes a Helm release back to an earlier revision.",
    params: &[
        Field::required("release", Shape::Text, "Name of the release."),
        Field::required("namespace", Shape::Text, "Namespace."),
        CLUSTER,
        Field::required("revision", Shape::Integer, "Revision to go back to."),
        Field::optional("wait", Shape::Age, "How long it may take to become ready."),
    ],
    needs: &[],
    outputs: &[
        Field::required("revision", Shape::Integer, "Revision that came of it."),
        Field::required("previousRevision", Shape::Integer, "Revision that was deployed before."),
    ],
    clients: &["helm", "kubernetes"],
    permissions: &["secrets: get, list, create, update in the namespace", "what the chart's objects need"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 900,
};
