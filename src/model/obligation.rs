//! What a plan must do for a change to be allowed.
//!
//! The kinds of obligation live here, where decisions can check and merge them; whether a plan
//! discharges one is judged in the plan room.

mod kinds;
mod merge;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::Json;

pub use kinds::{Bound, Carrier, Duty, OBLIGATIONS, ObligationSpec, Order, check, find};
pub use merge::{Conflict, merge};

/// Something that the plan must do, of a kind that Weighlock knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an obligation")]
pub struct Obligation {
    /// Kind: `canary`, `notify`, `reviewAfterwards`, …
    pub kind: String,
    /// What exactly; checked against the kind's parameters.
    #[serde(default)]
    pub with: BTreeMap<String, Json>,
    /// The rules that ask for it.
    pub rules: Vec<String>,
}

/// An action that a policy asks for: a step before it is put in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an action")]
pub struct Action {
    /// Id of the step, unique within a decision.
    pub id: String,
    /// Kind: a driver's, as in `registry.tag/v1`.
    pub kind: String,
    /// Parameters, checked against the driver's spec.
    #[serde(default)]
    pub with: BTreeMap<String, Json>,
    /// What the world must look like for the step to be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<BTreeMap<String, Json>>,
    /// How to take it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<super::plan::Undo>,
    /// Ids of steps that go before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What it discharges, as in `canary.trafficPercent`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fulfils: Vec<String>,
    /// The rule that asks for it.
    pub rule: String,
}
