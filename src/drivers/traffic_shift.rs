//! `traffic.shift/v1`.

use super::params::{CLUSTER, GIT_BRANCH, GIT_FILE, GIT_NEEDS, GIT_REPOSITORY, GIT_TOKEN, WRITE_TO};
use crate::model::driver::{Field, Shape, Spec};

/// Divides the traffic of a route between versions.
pub const SPEC: Spec = Spec {
    kind: "traffic.shift/v1",
    about: "Divides the traffic of a route between versions.",
    params: &[
        Field::required("route", Shape::Text, "Name of the route."),
        Field::required("weights", Shape::Weights, "Share of each version, by name."),
        Field::optional(
            "canary",
            Shape::Text,
            "The name in `weights` that is the new version; `canary` where it does not say.",
        ),
        Field::optional(
            "target",
            Shape::OneOf(&["httpRoute", "ingress", "virtualService"]),
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
        Field::required("weights", Shape::Weights, "Weights that are set now."),
        Field::required("previousWeights", Shape::Weights, "Weights that were set before."),
    ],
    clients: &["git", "kubernetes"],
    permissions: &[
        "httproutes.gateway.networking.k8s.io, virtualservices.networking.istio.io or ingresses.networking.k8s.io: get, patch",
        "for `git`: push to the branch",
    ],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 120,
};
