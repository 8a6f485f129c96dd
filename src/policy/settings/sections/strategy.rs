//! What is told of how changes are rolled out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;
use crate::model::{Age, Json};

over! {
    Strategy: canary;
}

/// How changes are rolled out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Strategy {
    /// The canary of each environment that has one. The first entry that covers it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Vec<Canary>>,
}

/// A canary: a part of the traffic, watched for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Canary {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Part of the traffic, in percent.
    pub traffic_percent: u8,
    /// Greatest part of requests that may fail, from 0 to 1.
    pub error_rate_max: f64,
    /// Greatest 99th percentile of the response time, in milliseconds.
    pub p99_ms_max: u32,
    /// How often it is looked at.
    pub every: Age,
    /// How long.
    pub r#for: Age,
    /// How many looks in a row may find it unhealthy before it is taken back.
    pub max_consecutive_failures: u32,
    /// Where the figures come from: `provider`, and what it needs.
    pub metrics: BTreeMap<String, Json>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}
