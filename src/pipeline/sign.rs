//! Signing records, and telling whether a record's signature is its person's.
//!
//! A record is signed over its canonical form without the signature, in DSSE's pre-authentication
//! encoding, so that a signature over one kind of record is none over another.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::facts::key::{PrivateKey, PublicKey};
use crate::facts::signature::pae;
use crate::model::canonical;
use crate::model::evidence::Approval;
use crate::model::governance::{Override, Waiver};

/// Keys of people, PEM.
pub type Keys = BTreeMap<String, Vec<String>>;

fn bytes<T: Serialize>(kind: &str, record: &T) -> Option<Vec<u8>> {
    let payload = canonical::to_vec(record).ok()?;
    Some(pae(&format!("application/vnd.weighlock.{kind}+json"), &payload))
}

fn genuine(person: &str, signature: Option<&String>, bytes: Option<Vec<u8>>, keys: &Keys) -> bool {
    let (Some(signature), Some(bytes)) = (signature.and_then(|text| STANDARD.decode(text).ok()), bytes)
    else {
        return false;
    };
    keys.get(person)
        .into_iter()
        .flatten()
        .filter_map(|pem| PublicKey::parse(pem).ok())
        .any(|key| key.verifies(&bytes, &signature))
}

/// An approval as it is signed: without signature and without where it was read.
fn bare_approval(approval: &Approval) -> Approval {
    Approval { signature: None, source: None, api_version: None, kind: None, ..approval.clone() }
}

/// Whether an approval is signed by a key of the person who gives it.
pub fn approval_is_genuine(approval: &Approval, keys: &Keys) -> bool {
    let bytes = bytes("approval", &bare_approval(approval));
    genuine(&approval.by.id, approval.signature.as_ref(), bytes, keys)
}

/// Whether a waiver is signed by a key of the person who approved it.
pub fn waiver_is_genuine(waiver: &Waiver, keys: &Keys) -> bool {
    let bytes = bytes("waiver", &Waiver { signature: None, ..waiver.clone() });
    genuine(&waiver.approved_by, waiver.signature.as_ref(), bytes, keys)
}

/// Whether an override is signed by a key of the person who answers for it.
pub fn override_is_genuine(record: &Override, keys: &Keys) -> bool {
    let bytes = bytes("override", &Override { signature: None, ..record.clone() });
    genuine(&record.by, record.signature.as_ref(), bytes, keys)
}

/// Signs an approval.
pub fn sign_approval(approval: &mut Approval, key: &PrivateKey) {
    approval.signature =
        bytes("approval", &bare_approval(approval)).map(|bytes| STANDARD.encode(key.sign(&bytes)));
}

/// Signs a waiver.
pub fn sign_waiver(waiver: &mut Waiver, key: &PrivateKey) {
    waiver.signature = None;
    waiver.signature = bytes("waiver", waiver).map(|bytes| STANDARD.encode(key.sign(&bytes)));
}

/// Signs an override.
pub fn sign_override(record: &mut Override, key: &PrivateKey) {
    record.signature = None;
    record.signature = bytes("override", record).map(|bytes| STANDARD.encode(key.sign(&bytes)));
}
