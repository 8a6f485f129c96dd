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

/// Whether a signature is by a key of a person; `None` where there is none.
fn holds(person: &str, signature: Option<&String>, bytes: Option<Vec<u8>>, keys: &Keys) -> Option<bool> {
    let (Ok(signature), Some(bytes)) = (STANDARD.decode(signature?), bytes) else { return Some(false) };
    let keys = keys.get(person).into_iter().flatten();
    Some(keys.filter_map(|pem| PublicKey::parse(pem).ok()).any(|key| key.verifies(&bytes, &signature)))
}

/// An approval as it is signed: without signature and without where it was read.
fn bare_approval(approval: &Approval) -> Approval {
    Approval { signature: None, source: None, api_version: None, kind: None, ..approval.clone() }
}

/// Whether the signature of an approval is by a key of the person who gives it; `None` without one.
pub fn approval_holds(approval: &Approval, keys: &Keys) -> Option<bool> {
    let bytes = bytes("approval", &bare_approval(approval));
    holds(&approval.by.id, approval.signature.as_ref(), bytes, keys)
}

/// Whether the signature of a waiver is by a key of the person who approved it; `None` without one.
pub fn waiver_holds(waiver: &Waiver, keys: &Keys) -> Option<bool> {
    let bytes = bytes("waiver", &Waiver { signature: None, ..waiver.clone() });
    holds(&waiver.approved_by, waiver.signature.as_ref(), bytes, keys)
}

/// Whether the signature of an override is by a key of the person who answers for it; `None` without one.
pub fn override_holds(record: &Override, keys: &Keys) -> Option<bool> {
    let bytes = bytes("override", &Override { signature: None, ..record.clone() });
    holds(&record.by, record.signature.as_ref(), bytes, keys)
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
