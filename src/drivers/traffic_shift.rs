//! `traffic.shift/v1`.

use crate::model::driver::{Field, Needs, Shape, Spec};

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
