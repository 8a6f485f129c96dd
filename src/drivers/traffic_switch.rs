//! `traffic.switch/v1`.

use super::params::{CLUSTER, GIT_BRANCH, GIT_FILE, GIT_NEEDS, GIT_REPOSITORY, GIT_TOKEN, WRITE_TO};
use crate::model::driver::{Field, Shape, Spec};

/// Sends all traffic of a route to one of two slots (blue/green).
pub const SPEC: Spec = Spec {
    kind: "traffic.switch/v1",
    about: "Sends all traffic of a route to one of two slots (blue/green).",
    params: &[
        Field::required("route", Shape::Text, "Name of the route or Service."),
        Field::required("slot", Shape::Text, "Slot that gets the traffic."),
        Field::optional(
            "target",
            Shape::OneOf(&["httpRoute", "ingress", "service", "virtualService"]),
            "What kind of route it is; `httpRoute` (Gateway API) where it does not say.",
        ),
        Field::optional("namespace", Shape::Text, "Namespace of the route."),
        CLUSTER,
        WRITE_TO,
        GIT_REPOSITORY,
        GIT_BRANCH,
        GIT_FILE,
        GIT_TOKEN,
    ],
    needs: &[GIT_NEEDS],
    outputs: &[
        Field::required("slot", Shape::Text, "Slot that has the traffic now."),
        Field::required("previousSlot", Shape::Text, "Slot that had it before."),
    ],
    clients: &["git", "kubernetes"],
    permissions: &[
        "httproutes.gateway.networking.k8s.io, virtualservices.networking.istio.io, ingresses.networking.k8s.io or services: get, patch",
        "for `git`: push to the branch",
    ],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 120,
};
