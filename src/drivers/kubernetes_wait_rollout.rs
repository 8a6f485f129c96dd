//! `kubernetes.waitRollout/v1`.

use super::params::{CLUSTER, SLOT};
use crate::model::driver::{Field, Shape, Spec};

/// Waits until a workload runs what it should, or fails when it cannot.
pub const SPEC: Spec = Spec {
    kind: "kubernetes.waitRollout/v1",
    about: "Waits until a workload runs what it should, or fails when it cannot.",
    params: &[
        Field::required("asset", Shape::Text, "Id of the workload."),
        CLUSTER,
        SLOT,
        Field::optional("revision", Shape::Text, "Revision that must have been rolled out."),
        Field::optional(
            "within",
            Shape::Age,
            "How long it may take; the workload's own progress deadline counts besides.",
        ),
    ],
    needs: &[],
    outputs: &[
        Field::required("revision", Shape::Text, "Revision that runs."),
        Field::required("replicas", Shape::Integer, "Replicas that are available."),
    ],
    clients: &["kubernetes"],
    permissions: &["deployments, statefulsets, daemonsets: get"],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 3600,
};
