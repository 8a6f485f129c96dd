//! `argocd.sync/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Has Argo CD bring an application to a revision, and waits until it is synced and healthy.
pub const SPEC: Spec = Spec {
    kind: "argocd.sync/v1",
    about: "Has Argo CD bring an application to a revision, and waits until it is synced and healthy.",
    params: &[
        Field::required("application", Shape::Text, "Name of the Application object."),
        Field::required("namespace", Shape::Text, "Namespace."),
        CLUSTER,
        Field::optional(
            "revision",
            Shape::Text,
            "Commit, tag or chart version; the application's target revision where it does not say.",
        ),
        Field::optional(
            "prune",
            Shape::Boolean,
            "Whether objects that are gone from the source are deleted; no where it does not say.",
        ),
    ],
    needs: &[],
    outputs: &[
        Field::required("revision", Shape::Text, "Revision that it is at."),
        Field::required("previousRevision", Shape::Text, "Revision that it was at."),
    ],
    clients: &["kubernetes"],
    permissions: &["applications.argoproj.io: get, patch"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 900,
};
