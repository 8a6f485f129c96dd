//! How far a fact is believed. Stamped by the loader, never read from a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Age;

/// Who vouches for a fact; ordered from least to most.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// Whoever wrote the document says so.
    #[default]
    Claimed,
    /// From what operators control: settings, role directory, waivers, their collectors.
    Operator,
    /// Weighlock checked it: a signature, a resolved digest, SQL that it parsed.
    Verified,
}

impl Trust {
    /// The word that documents and reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Operator => "operator",
            Self::Verified => "verified",
        }
    }
}

/// The least trust and greatest age at which a kind of fact counts; below it the fact is unknown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `trust` and `maxAge`")]
pub struct Threshold {
    /// Least trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// Greatest age since `observedAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Age>,
}
