//! Records by which people let a change pass: waivers and overrides. Approvals are in `evidence`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::Digest;
use super::time::Time;

/// Sets the findings of waivable rules aside, within a scope, until it expires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a waiver")]
pub struct Waiver {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Waiver`.
    pub kind: String,
    /// Unique id.
    pub id: String,
    /// Ids of waivable rules.
    pub rules: Vec<String>,
    /// Each key must match the change, the asset or the finding. Never empty. A scope that names a
    /// `change` by id names its digest under `changeDigest` too.
    pub scope: BTreeMap<String, String>,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed: neither the owner nor the author of a change that uses it.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// Ticket.
    pub ticket: String,
    /// Until when, within the maximum that the settings allow.
    pub expires: Time,
    /// Signature by a key of `approvedBy`, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// An emergency exit: lets one change pass against its verdict, and owes a review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an override")]
pub struct Override {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Override`.
    pub kind: String,
    /// Unique id.
    pub id: String,
    /// Digest of the one change that it lets pass.
    pub change: Digest,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Ticket.
    pub ticket: String,
    /// Until when.
    pub expires: Time,
    /// When it must have been reviewed; from then on it counts no longer.
    pub review_due: Time,
    /// Signature by a key of `by`, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Who holds which roles: `{person: [role, …]}`.
pub type Roles = BTreeMap<String, Vec<String>>;
