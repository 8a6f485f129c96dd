//! Signatures of artifacts: what was signed, by whom, and whether that holds.
//!
//! Verified here: DSSE envelopes with an in-toto statement, bare or in a Sigstore bundle, by a
//! public key that the operator names. A signature by a certificate needs the transparency log and
//! the certificate authority's roots; it is rejected by name until those are read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::key::PublicKey;
use crate::model::evidence::SignatureStatus;
use crate::model::input::Input;
use crate::model::json::Json;
use crate::model::trust::Trust;

/// Who may sign.
#[derive(Clone, Debug, PartialEq)]
pub enum Signer {
    /// Whoever holds a certificate with this subject from this issuer.
    Certificate {
        /// Subject, matched exactly.
        identity: String,
        /// OIDC issuer, matched exactly.
        issuer: String,
    },
    /// Whoever holds the private half of this key.
    Key {
        /// Name under which the key is known.
        identity: String,
        /// The public half.
        key: PublicKey,
    },
}

/// What came of checking an envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// Who signed; absent where it was rejected.
    pub identity: Option<String>,
    /// `predicateType` and `predicate` of the statement.
    pub statement: Option<(String, Value)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize)]
struct EnvelopeSignature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Option<Envelope>,
    message_signature: Option<Value>,
    verification_material: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    #[serde(default)]
    predicate: Json,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: std::collections::BTreeMap<String, String>,
}

/// How many signatures of one envelope are tried: each costs as much as a whole review.
const MAX_SIGNATURES: usize = 16;

/// What a statement says that is nothing but a signature.
const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";

/// The bytes that a DSSE signature is over: its pre-authentication encoding, version 1.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Checks signed material against a subject and the signers that are trusted.
///
/// # Errors
/// A stable code for why it is rejected.
pub fn check(material: &str, subject: &str, signers: &[Signer]) -> Result<Checked, &'static str> {
    let envelope = match serde_json::from_str::<Bundle>(material) {
        Ok(Bundle { dsse_envelope: Some(envelope), .. }) => envelope,
        Ok(Bundle { message_signature: Some(_), .. }) => return Err("message-signature-unsupported"),
        Ok(Bundle { verification_material: Some(_), .. }) => return Err("no-signature"),
        _ => serde_json::from_str::<Envelope>(material).map_err(|_| "unreadable")?,
    };
    let payload = STANDARD.decode(&envelope.payload).map_err(|_| "unreadable")?;
    let signed = pae(&envelope.payload_type, &payload);
    if envelope.payload_type != "application/vnd.in-toto+json" {
        return Err("payload-type-unsupported");
    }
    if envelope.signatures.is_empty() {
        return Err("no-signature");
    }
    if envelope.signatures.len() > MAX_SIGNATURES {
        return Err("too-many-signatures");
    }
    let identity = envelope
        .signatures
        .iter()
        .filter_map(|signature| STANDARD.decode(&signature.sig).ok())
        .find_map(|signature| {
            signers.iter().find_map(|signer| match signer {
                Signer::Key { identity, key } if key.verifies(&signed, &signature) => Some(identity.clone()),
                _ => None,
            })
        });
    let Some(identity) = identity else {
        let keyless = material.contains("\"certificate\"") || material.contains("\"x509CertificateChain\"");
        return Err(if keyless { "certificate-unsupported" } else { "untrusted-signer" });
    };
    let statement: Statement = serde_json::from_slice(&payload).map_err(|_| "statement-unreadable")?;
    if !statement.kind.starts_with("https://in-toto.io/Statement/v") {
        return Err("statement-unreadable");
    }
    let hex = subject.strip_prefix("sha256:").unwrap_or(subject);
    // Names are not authenticated; only the digest says what a statement is about.
    if !statement.subject.iter().any(|entry| entry.digest.get("sha256").is_some_and(|digest| digest == hex)) {
        return Err("subject-mismatch");
    }
    Ok(Checked {
        identity: Some(identity),
        statement: Some((statement.predicate_type, statement.predicate.0)),
    })
}

/// Checks every signature and attestation of an input that brings material, and stamps what came
/// of it. What brings none stays as it is: a claim.
pub fn verify(input: &mut Input, signers: &[Signer]) {
    for signature in input.evidence.signatures.iter_mut().flatten() {
        let Some(material) = &signature.bundle else { continue };
        let checked = check(material, signature.subject.as_str(), signers).and_then(|checked| {
            // Who signs a scan or a failed test vouches for that, not for the artifact.
            let signs = checked.statement.as_ref().is_some_and(|(kind, _)| kind == SIGNATURE);
            if signs { Ok(checked) } else { Err("not-a-signature") }
        });
        match checked {
            Ok(checked) => {
                signature.status = Some(SignatureStatus::Verified);
                signature.identity = checked.identity;
                signature.issuer = None;
                signature.reason = None;
            }
            Err(reason) => {
                signature.status = Some(SignatureStatus::Rejected);
                signature.reason = Some(reason.to_owned());
                signature.identity = None;
                signature.issuer = None;
            }
        }
        // That it was rejected is as certain as that it holds.
        signature.trust = Some(Trust::Verified);
    }
    for attestation in input.evidence.attestations.iter_mut().flatten() {
        let Some(material) = &attestation.envelope else { continue };
        match check(material, attestation.subject.as_str(), signers) {
            Ok(checked) => {
                attestation.status = Some(SignatureStatus::Verified);
                attestation.identity = checked.identity;
                attestation.reason = None;
                if let Some((kind, predicate)) = checked.statement {
                    attestation.predicate_type = Some(kind);
                    attestation.predicate = Some(Json(predicate));
                }
            }
            Err(reason) => {
                attestation.status = Some(SignatureStatus::Rejected);
                attestation.reason = Some(reason.to_owned());
                attestation.identity = None;
                attestation.predicate_type = None;
                attestation.predicate = None;
            }
        }
        attestation.issuer = None;
        attestation.trust = Some(Trust::Verified);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::key::{PrivateKey, tests};

    const SUBJECT: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn signed(pem: &str, subject: &str) -> (String, Vec<Signer>) {
        stated(pem, subject, SIGNATURE)
    }

    fn stated(pem: &str, subject: &str, predicate: &str) -> (String, Vec<Signer>) {
        let key = PrivateKey::parse(pem).unwrap();
        let statement = serde_json::json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "x", "digest": {"sha256": subject.trim_start_matches("sha256:")}}],
            "predicateType": predicate, "predicate": {},
        })
        .to_string();
        let kind = "application/vnd.in-toto+json";
        let envelope = serde_json::json!({
            "payload": STANDARD.encode(&statement), "payloadType": kind,
            "signatures": [{"sig": STANDARD.encode(key.sign(&pae(kind, statement.as_bytes())))}],
        });
        let signer = Signer::Key { identity: "foundry".into(), key: key.public() };
        (envelope.to_string(), vec![signer])
    }

    #[test]
    fn no_more_signatures_are_tried_than_anybody_needs() {
        let (material, signers) = signed(tests::P256, SUBJECT);
        for (copies, expected) in [(MAX_SIGNATURES, None), (MAX_SIGNATURES + 1, Some("too-many-signatures"))]
        {
            let mut envelope: Value = serde_json::from_str(&material).unwrap();
            let one = envelope["signatures"][0].clone();
            envelope["signatures"] = vec![one; copies].into();
            assert_eq!(check(&envelope.to_string(), SUBJECT, &signers).err(), expected);
        }
    }

    #[test]
    fn a_signature_holds_for_its_subject_and_signer_alone() {
        let (material, signers) = signed(tests::P256, SUBJECT);
        assert_eq!(check(&material, SUBJECT, &signers).unwrap().identity.as_deref(), Some("foundry"));
        let bundle = format!(
            r#"{{"mediaType":"x","verificationMaterial":{{"publicKey":{{}}}},"dsseEnvelope":{material}}}"#
        );
        assert!(check(&bundle, SUBJECT, &signers).is_ok());
        assert_eq!(check(&material, &SUBJECT.replace('a', "b"), &signers), Err("subject-mismatch"));
        assert_eq!(check(&material, SUBJECT, &signed(tests::ED25519, SUBJECT).1), Err("untrusted-signer"));
        assert_eq!(check(&material, SUBJECT, &[]), Err("untrusted-signer"));
        assert_eq!(check("nothing", SUBJECT, &signers), Err("unreadable"));
    }

    #[test]
    fn a_signed_statement_about_an_artifact_is_no_signature_of_it() {
        for (predicate, status) in [
            (SIGNATURE, SignatureStatus::Verified),
            ("https://example/test-failed/v1", SignatureStatus::Rejected),
        ] {
            let (material, signers) = stated(tests::ED25519, SUBJECT, predicate);
            let signature = serde_json::json!({"subject": SUBJECT, "bundle": material});
            let mut input = Input::default();
            input.evidence.signatures = Some(vec![serde_json::from_value(signature).unwrap()]);
            verify(&mut input, &signers);
            assert_eq!(input.evidence.signatures.unwrap()[0].status, Some(status));
        }
    }

    #[test]
    fn an_altered_payload_is_rejected() {
        let (material, signers) = signed(tests::ED25519, SUBJECT);
        let mut envelope: Value = serde_json::from_str(&material).unwrap();
        let payload =
            String::from_utf8(STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()).unwrap();
        envelope["payload"] = STANDARD.encode(payload.replace("aaaa", "bbbb")).into();
        assert_eq!(check(&envelope.to_string(), SUBJECT, &signers), Err("untrusted-signer"));
    }
}
