//! `traffic.switch/v1`.

use crate::model::driver::{Field, Needs, Shape, Spec};

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
