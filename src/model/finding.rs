//! What a rule said about a change.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Severity;
use super::json::Json;
use super::time::Time;

/// What a finding means for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Never, as it stands.
    Deny,
    /// It could not be judged: blocks like a deny, and no waiver sets it aside.
    Indeterminate,
    /// Not yet.
    Hold,
    /// Allowed only if the plan does this.
    Oblige,
    /// Allowed, and said.
    Warn,
    /// A step of the plan.
    Action,
}

impl Effect {
    /// The word that documents and policies use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Indeterminate => "indeterminate",
            Self::Hold => "hold",
            Self::Oblige => "oblige",
            Self::Warn => "warn",
            Self::Action => "action",
        }
    }
}

/// What ends a hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "one of `approval`, `evidence`, `time`, `all`, `any`")]
pub enum Need {
    /// So many people of a role.
    Approval(ApprovalNeed),
    /// A fact, by name.
    Evidence(String),
    /// A time.
    Time(Time),
    /// All of these. Never empty.
    All(Vec<Need>),
    /// One of these. Never empty.
    Any(Vec<Need>),
}

/// So many people of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `role` and `count`")]
pub struct ApprovalNeed {
    /// Role.
    pub role: String,
    /// How many; one person fills one place.
    #[serde(default = "one")]
    pub count: u32,
}

const fn one() -> u32 {
    1
}

/// Where something stands in a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `file` and `line`")]
pub struct Location {
    /// File, relative to the bundle's or the input's root.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// What a rule said, as governance and enforcement left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a finding")]
pub struct Finding {
    /// Id of the rule; `weighlock.…` for the engine's own.
    pub rule: String,
    /// What it means, after enforcement.
    pub effect: Effect,
    /// How bad.
    pub severity: Severity,
    /// What is the matter.
    pub message: String,
    /// JSON Pointer (RFC 6901) into the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The head of the rule that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// For a hold: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// For a hold: what ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
    /// For a hold: whether what it asks for is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<bool>,
    /// The waiver that sets it aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<SetAside>,
    /// The override that sets it aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<SetAside>,
    /// The effect that the policy gave, where enforcement made it a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced_from: Option<Effect>,
    /// What else the policy said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Json>,
}

impl Finding {
    /// A finding of which no more is said than this.
    pub fn new(
        rule: impl Into<String>,
        effect: Effect,
        severity: Severity,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            effect,
            severity,
            message: message.into(),
            path: None,
            location: None,
            remediation: None,
            until: None,
            needs: None,
            satisfied: None,
            waived: None,
            overridden: None,
            enforced_from: None,
            details: BTreeMap::new(),
        }
    }
}

/// The record that sets a finding aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `by` and `expires`")]
pub struct SetAside {
    /// Id of the waiver or override.
    pub by: String,
    /// Until when.
    pub expires: Time,
}
