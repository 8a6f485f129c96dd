//! What promotions are told: the ways there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;
use crate::model::Age;
use crate::model::finding::Need;

over! {
    Promotion: paths;
}

/// Promotion between environments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Promotion {
    /// The ways there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<Step>>,
}

/// One step of a promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `from` and `to`")]
pub struct Step {
    /// Environment that it leaves.
    pub from: String,
    /// Environment that it enters.
    pub to: String,
    /// Gates that must have passed where it comes from.
    #[serde(default)]
    pub gates: Vec<String>,
    /// How long it must have run there, verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Age>,
    /// The people that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
}
