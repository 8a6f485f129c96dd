//! `flux.reconcile/v1`.
//!
//! It changes nothing of its own: the environment follows the commit or tag that it hastens, and
//! taking that back takes this back.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Has Flux look at its source now, and waits until what it found is ready.
pub const SPEC: Spec = Spec {
    kind: "flux.reconcile/v1",
    about: "Has Flux look at its source now, and waits until what it found is ready.",
    params: &[
        Field::required(
            "resource",
            Shape::OneOf(&["GitRepository", "HelmRelease", "Kustomization", "OCIRepository"]),
            "Kind of the Flux object.",
        ),
        Field::required("namespace", Shape::Text, "Namespace."),
        Field::required("name", Shape::Text, "Name of the Flux object."),
        CLUSTER,
        Field::optional("revision", Shape::Text, "Source revision that it must arrive at."),
        Field::optional(
            "chartVersion",
            Shape::Text,
            "For a HelmRelease: chart version that it must arrive at.",
        ),
        Field::optional("wait", Shape::Age, "How long it may take to become ready."),
    ],
    needs: &[],
    outputs: &[
        Field::required("revision", Shape::Text, "Revision that it arrived at."),
        Field::optional("chartVersion", Shape::Text, "For a HelmRelease: chart version that it arrived at."),
    ],
    clients: &["kubernetes"],
    permissions: &[
        "helmreleases.helm.toolkit.fluxcd.io, kustomizations.kustomize.toolkit.fluxcd.io, gitrepositories and ocirepositories.source.toolkit.fluxcd.io: get, patch",
    ],
    changes: false,
    observable: true,
    undoable: false,
    creates: false,
    timeout: 900,
};
