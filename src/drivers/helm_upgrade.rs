//! `helm.upgrade/v1`.

use super::params::CLUSTER;
use crate::model::driver::{Field, Shape, Spec};

/// Brings a Helm release to a chart version and values, and waits until it is ready.
pub const SPEC: Spec = Spec {
    kind: "helm.upgrade/v1",
    about: "Brings a Helm release to a chart version and values, and waits until it is ready.",
    params: &[
        Field::required("release", Shape::Text, "Name of the release."),
        Field::required("namespace", Shape::Text, "Namespace."),
        CLUSTER,
        Field::required("chart", Shape::Text, "Chart: an `oci://` reference, or repository and name."),
        Field::required("version", Shape::Text, "Version of the chart; never a range."),
        Field::optional("digest", Shape::Digest, "Digest of the chart, for charts in a registry."),
        Field::optional("values", Shape::Object, "Values."),
        Field::optional(
            "reuseValues",
            Shape::Boolean,
            "Whether the release's values are kept beneath these.",
        ),
        Field::optional("wait", Shape::Age, "How long it may take to become ready."),
    ],
    needs: &[],
    outputs: &[
        Field::required("revision", Shape::Integer, "Revision that came of it."),
        Field::required("previousRevision", Shape::Integer, "Revision that was deployed before."),
    ],
    clients: &["helm", "kubernetes", "oci"],
    permissions: &["secrets: get, list, create, update in the namespace", "what the chart's objects need"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 900,
};
