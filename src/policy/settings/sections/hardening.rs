//! What the hardening of workloads is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;

over! {
    Hardening: pinned;
}

/// Hardening of workloads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Hardening {
    /// Environments in which every image is pinned by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Vec<String>>,
}
