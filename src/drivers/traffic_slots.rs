//! `traffic.slots/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Finds which of two slots has the traffic of a route, and which is idle. A share for each is a failure.
pub const SPEC: Spec = Spec {
    kind: "traffic.slots/v1",
    about: "Finds which of two slots has the traffic of a route, and which is idle. A share for each is a failure.",
    params: &[
        Field::required("route", Shape::Text, "Name of the route or Service."),
        Field::required("slots", Shape::List, "Names of the two slots."),
        Field::optional(
            "target",
            Shape::OneOf(&["httpRoute", "ingress", "service", "virtualService"]),
            "What kind of route it is; `httpRoute` (Gateway API) where it does not say.",
        ),
        Field::optional("namespace", Shape::Text, "Namespace of the route."),
        CLUSTER,
    ],
    needs: &[],
    outputs: &[
        Field::required("active", Shape::Text, "Slot that has the traffic."),
        Field::required("idle", Shape::Text, "Slot that has none."),
    ],
    clients: &["kubernetes"],
    permissions: &[
        "httproutes.gateway.networking.k8s.io, virtualservices.networking.istio.io, ingresses.networking.k8s.io or services: get",
    ],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 60,
};
