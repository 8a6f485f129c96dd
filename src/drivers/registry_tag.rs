//! `registry.tag/v1`.

use crate::model::driver::{Field, Shape, Spec};

/// Puts a tag on a digest, byte for byte, without a rebuild.
pub const SPEC: Spec = Spec {
    kind: "registry.tag/v1",
    about: "Puts a tag on a digest, byte for byte, without a rebuild.",
    params: &[
        Field::required("ref", Shape::Text, "Registry and repository."),
        Field::required("digest", Shape::Digest, "Digest that the tag shall name."),
        Field::required("tag", Shape::Text, "Tag that is moved."),
        Field::optional(
            "source",
            Shape::Text,
            "Registry and repository that the digest is in, where it is another.",
        ),
        Field::optional(
            "referrers",
            Shape::Boolean,
            "Whether signatures and SBOMs are carried along; yes where it does not say.",
        ),
        Field::optional("credentials", Shape::Reference, "Credentials, where the host's own do not suffice."),
    ],
    needs: &[],
    outputs: &[
        Field::required("digest", Shape::Digest, "Digest that the tag names now."),
        Field::required("previousDigest", Shape::Digest, "Digest that the tag named before."),
        Field::required("ref", Shape::Text, "Registry, repository and digest."),
    ],
    clients: &["oci"],
    permissions: &["registry: pull, push"],
    changes: true,
    observable: true,
    undoable: true,
    creates: false,
    timeout: 300,
};
