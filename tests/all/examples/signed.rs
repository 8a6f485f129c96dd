//! The signatures of the examples, over images and consents, made with keys that are here for everybody
//! to see and guard nothing.
//!
//! An image's digest is that of its name and tag, so that documents can be written by hand:
//! `printf %s registry.foundry.example/drone-service:2.0.0 | sha256sum`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use weighlock::facts::key::PrivateKey;
use weighlock::facts::signature::pae;
use weighlock::model::evidence::Approval;
use weighlock::model::id::Digest;
use weighlock::pipeline::sign::sign_approval;

use crate::repository;
use crate::support::{Folder, base64, key};

/// What somebody signed in an example.
struct Signed {
    example: &'static str,
    /// Who signed, and the number of the key.
    signer: (&'static str, u8),
    /// Whether the operators have the key.
    known: bool,
    images: &'static [&'static str],
}

const SIGNED: &[Signed] = &[
    Signed {
        example: "foundry",
        signer: ("foundry", 71),
        known: true,
        images: &[
            "registry.foundry.example/drone-service:2.0.0",
            "registry.foundry.example/face-match:0.9.0",
            "registry.foundry.example/legacy-ingest:1.4.7",
            "registry.foundry.example/model-fetch:1.2.0",
            "registry.foundry.example/train-vision:3.0.1",
            "registry.foundry.example/nightly-batch:1.0.0",
        ],
    },
    // Somebody built on a machine of their own, and signed what came of it.
    Signed {
        example: "foundry",
        signer: ("laptop", 79),
        known: false,
        images: &["registry.foundry.example/map-tiles:4.1.0"],
    },
    Signed {
        example: "promotion",
        signer: ("build-and-sign", 73),
        known: true,
        images: &[
            "ghcr.io/immoflow/app:1.15.1",
            "ghcr.io/immoflow/app:1.15.0",
            "ghcr.io/immoflow/app:1.14.3",
            "ghcr.io/immoflow/app:1.14.2",
            "ghcr.io/immoflow/app:1.14.1",
            "ghcr.io/immoflow/app:1.14.1-rebuilt",
            "ghcr.io/immoflow/app:1.13.9",
            "ghcr.io/immoflow/reports:0.4.1",
        ],
    },
];

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
    for Signed { example, signer: (name, number), known, images } in SIGNED {
        let (private, public) = key(*number);
        let images: Vec<String> = images.iter().map(|image| (*image).to_owned()).collect();
        let folder = format!("examples/{example}");
        let signatures = document(&private, &images);
        let file = format!("{folder}/proposal/signatures-{name}.yaml");
        found.extend(repository::generated(&file, &signatures).err());
        if *known {
            found.extend(repository::generated(&format!("{folder}/keys/{name}.pem"), &public).err());
        }
    }
    found.extend(consents());
    found
}

/// A person's consent to a change of an example.
struct Consent {
    example: &'static str,
    /// File that it lies in.
    file: &'static str,
    by: &'static str,
    /// The number of the person's key; none where operators keep the consent.
    key: Option<u8>,
    change: &'static str,
    comment: &'static str,
}

const CONSENTS: &[Consent] = &[
    Consent {
        example: "promotion",
        file: "proposal/approval-dev-b.yaml",
        by: "dev-b@immoflow.example",
        key: Some(74),
        change: "app-1.14.3-to-staging",
        comment: "read it, and tried it in dev",
    },
    Consent {
        example: "promotion",
        file: "proposal/approval-lead-d.yaml",
        by: "lead-d@immoflow.example",
        key: Some(75),
        change: "app-1.14.1-to-production",
        comment: "canary has run for two days, error rate as before",
    },
    Consent {
        example: "promotion",
        file: "approvals/ops-f.yaml",
        by: "ops-f@immoflow.example",
        key: None,
        change: "app-1.14.1-to-production",
        comment: "agreed by telephone",
    },
    Consent {
        example: "rebuild",
        file: "approvals/admin-a.yaml",
        by: "admin-a@city.example",
        key: None,
        change: "drone-app-1.2.1-to-production",
        comment: "merged with the pull request",
    },
];

/// Keys of people, by the file that lists them.
const PEOPLE: &[(&str, &[(&str, u8)])] = &[(
    "examples/promotion/keys/people.yaml",
    &[("dev-b@immoflow.example", 74), ("lead-d@immoflow.example", 75)],
)];

/// The digests of an example's changes, by their ids.
fn digests(example: &str) -> BTreeMap<String, Digest> {
    let output = Folder::new()
        .command(&["evaluate", "proposal", "facts", "--now", "2026-11-20T10:00:00Z", "-o", "json"])
        .current_dir(repository::root().join("examples").join(example))
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{example}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
    let decisions = report["decisions"].as_array().unwrap().iter().map(|decision| &decision["change"]);
    decisions
        .map(|change| {
            let text = |name: &str| change[name].as_str().unwrap().to_owned();
            (text("id"), Digest::parse(&text("digest")).unwrap())
        })
        .collect()
}

/// The document that a consent is kept in.
fn consented(consent: &Consent, change: &Digest) -> String {
    let at = "2026-11-20T08:30:00Z";
    let expires = "2026-11-22T08:30:00Z";
    let mut approval: Approval = serde_json::from_value(json!({
        "by": {"id": consent.by}, "change": change, "at": at, "expires": expires, "comment": consent.comment,
    }))
    .unwrap();
    if let Some(number) = consent.key {
        sign_approval(&mut approval, &PrivateKey::parse(&key(number).0).unwrap());
    }
    let signature = approval.signature.map_or_else(String::new, |text| format!("signature: {text}\n"));
    format!(
        "apiVersion: weighlock.dev/v1\nkind: Approval\nby: {{id: {}}}\nchange: {change}   # {}\nat: {at}\nexpires: {expires}\ncomment: {}\n{signature}",
        consent.by, consent.change, consent.comment
    )
}

/// Holds every consent to the digest of the change that it is for.
fn consents() -> Vec<String> {
    let mut found = Vec::new();
    for (file, people) in PEOPLE {
        let indented = |pem: String| pem.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let text: String = people
            .iter()
            .map(|(who, number)| format!("{who}:\n  - |\n{}", indented(key(*number).1)))
            .collect();
        found.extend(repository::generated(file, &text).err());
    }
    let mut known: BTreeMap<&str, BTreeMap<String, Digest>> = BTreeMap::new();
    for consent in CONSENTS {
        let digests = known.entry(consent.example).or_insert_with(|| digests(consent.example));
        let change = digests.get(consent.change).unwrap_or_else(|| panic!("no `{}`", consent.change));
        let name = format!("examples/{}/{}", consent.example, consent.file);
        found.extend(repository::generated(&name, &consented(consent, change)).err());
    }
    found
}
