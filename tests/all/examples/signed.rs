//! The signatures of the examples: envelopes over the digests of their images, made with keys that are
//! here for everybody to see and guard nothing.
//!
//! An image's digest is that of its name and tag, so that documents can be written by hand:
//! `printf %s registry.foundry.example/drone-service:2.0.0 | sha256sum`.

use serde_json::json;
use weighlock::facts::key::PrivateKey;
use weighlock::facts::signature::pae;
use weighlock::model::id::Digest;

use crate::repository;
use crate::support::{base64, key};

/// What somebody signed in an example.
struct Signed {
    example: &'static str,
    /// The name of the key's file, and the number of the key.
    signer: (&'static str, u8),
    images: &'static [&'static str],
}

const SIGNED: &[Signed] = &[Signed {
    example: "foundry",
    signer: ("foundry", 71),
    images: &[
        "registry.foundry.example/drone-service:2.0.0",
        "registry.foundry.example/face-match:0.9.0",
        "registry.foundry.example/legacy-ingest:1.4.7",
        "registry.foundry.example/model-fetch:1.2.0",
        "registry.foundry.example/train-vision:3.0.1",
        "registry.foundry.example/nightly-batch:1.0.0",
    ],
}];

/// A DSSE envelope over an in-toto statement about an image, as `cosign` writes it for a key.
fn envelope(pem: &str, image: &str) -> String {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": image.rsplit_once(':').map_or(image, |(name, _)| name),
            "digest": {"sha256": Digest::of(image.as_bytes()).as_str().trim_start_matches("sha256:")},
        }],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    })
    .to_string();
    let kind = "application/vnd.in-toto+json";
    let signature = PrivateKey::parse(pem).unwrap().sign(&pae(kind, statement.as_bytes()));
    json!({
        "payload": base64(statement.as_bytes()),
        "payloadType": kind,
        "signatures": [{"sig": base64(&signature)}],
    })
    .to_string()
}

/// A document with the signatures of images, all by one key.
pub(super) fn document(pem: &str, images: &[String]) -> String {
    let mut out = String::from(
        "# Signatures by key, as the registry keeps them. Weighlock checks them itself, so anybody may bring\n# them along.\napiVersion: weighlock.dev/v1\nkind: Input\nevidence:\n  signatures:\n",
    );
    for image in images {
        out += &format!(
            "    - subject: {}   # {image}\n      bundle: '{}'\n",
            Digest::of(image.as_bytes()),
            envelope(pem, image)
        );
    }
    out
}

/// Holds every example's signatures and public keys to what is signed here.
pub(super) fn faults() -> Vec<String> {
    let mut found = Vec::new();
    for Signed { example, signer: (name, number), images } in SIGNED {
        let (private, public) = key(*number);
        let images: Vec<String> = images.iter().map(|image| (*image).to_owned()).collect();
        let folder = format!("examples/{example}");
        let files = [
            (format!("{folder}/keys/{name}.pem"), public),
            (format!("{folder}/proposal/signatures-{name}.yaml"), document(&private, &images)),
        ];
        found.extend(files.iter().filter_map(|(file, text)| repository::generated(file, text).err()));
    }
    found
}
