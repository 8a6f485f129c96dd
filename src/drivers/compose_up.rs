//! `compose.up/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Brings a service of a Compose project to an image, and waits until its container is healthy.
pub const SPEC: Spec = Spec {
    kind: "compose.up/v1",
    about: "Brings a service of a Compose project to an image, and waits until its container is healthy.",
    params: &[
        Field::required("host", Shape::Text, "Docker host that it runs on."),
        Field::required("project", Shape::Text, "Name of the project."),
        Field::required("file", Shape::Text, "Compose file on that host."),
        Field::required("service", Shape::Text, "Service."),
        Field::required("image", Shape::Text, "Registry and repository of the image."),
        Field::required("digest", Shape::Digest, "Digest of the image."),
        Field::optional("wait", Shape::Age, "How long it may take to become healthy."),
    ],
    needs: &[],
    outputs: &[
        Field::required("digest", Shape::Digest, "Digest that runs now."),
        Field::required("previousDigest", Shape::Digest, "Digest that ran before."),
    ],
    clients: &["docker"],
    permissions: &["Docker Engine: pull images, create, start and stop containers"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 600,
};
