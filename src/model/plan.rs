//! A plan: typed steps in order, bound to the decision that they follow from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::Digest;
use super::json::Json;
use super::time::Time;

/// A plan. `steps` is in an order that respects every `after`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a plan")]
pub struct Plan {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Plan`.
    pub kind: String,
    /// Digest of the rest.
    pub id: Digest,
    /// Id of the decision that it follows from.
    pub decision: Digest,
    /// Whether the decision allows it as it stands; a held decision's plan is what it would be.
    pub executable: bool,
    /// Until when.
    pub expires: Time,
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a step")]
pub struct Step {
    /// Id, unique within the plan.
    pub id: String,
    /// Kind: a driver's.
    pub kind: String,
    /// Parameters. A value `{"from": "step.output"}` takes an earlier step's output.
    #[serde(default)]
    pub with: BTreeMap<String, Json>,
    /// What the world must look like for the step to be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<BTreeMap<String, Json>>,
    /// How to take it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Ids of steps that go before.
    #[serde(default)]
    pub after: Vec<String>,
    /// What it discharges, as in `canary.trafficPercent`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fulfils: Vec<String>,
    /// Idempotency key: digest of the decision, the id and the parameters.
    pub key: Digest,
    /// The rule that asked for it.
    pub rule: String,
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `kind` and `with`")]
pub struct Undo {
    /// Kind: a driver's.
    pub kind: String,
    /// Parameters.
    #[serde(default)]
    pub with: BTreeMap<String, Json>,
}
