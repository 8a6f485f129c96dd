//! `kubernetes.rollback/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Takes a workload back to an earlier revision of its pod template.
pub const SPEC: Spec = Spec {
    kind: "kubernetes.rollback/v1",
    about: "Takes a workload back to an earlier revision of its pod template.",
    params: &[
        Field::required("asset", Shape::Text, "Id of the workload."),
        CLUSTER,
        Field::required("revision", Shape::Text, "Revision to go back to."),
    ],
    needs: &[],
    outputs: &[Field::required("revision", Shape::Text, "Revision that came of it.")],
    clients: &["kubernetes"],
    permissions: &[
        "deployments, statefulsets, daemonsets: get, patch",
        "replicasets, controllerrevisions: list",
    ],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
