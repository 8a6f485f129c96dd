//! `kubernetes.apply/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Applies objects, server-side, in the order given.
pub const SPEC: Spec = Spec {
    kind: "kubernetes.apply/v1",
    about: "Applies objects, server-side, in the order given.",
    params: &[
        Field::required("objects", Shape::List, "The objects, whole."),
        CLUSTER,
        Field::optional("namespace", Shape::Text, "Namespace of those that do not name one."),
        Field::optional("force", Shape::Boolean, "Whether fields that others manage are taken over."),
    ],
    needs: &[],
    outputs: &[Field::required("previous", Shape::List, "The objects as they were.")],
    clients: &["kubernetes"],
    permissions: &["the objects' resources: get, patch, create"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
