//! What updates are told beside how far and when: by commit, version, tag, risk, and what else is going on.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::finding::Need;
use crate::model::input::ChangeKind;
use crate::model::review::UpdateType;

/// What becomes of a change by its commit, read as a Conventional Commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `alone`, `approval`, `ignored`, `breaking` and `other`"
)]
pub struct CommitRule {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Types that go by themselves.
    #[serde(default)]
    pub alone: BTreeSet<String>,
    /// What each of the types needs that wait for people.
    #[serde(default)]
    pub approval: BTreeMap<String, Need>,
    /// Types that roll nothing out: a change of one is denied.
    #[serde(default)]
    pub ignored: BTreeSet<String>,
    /// What a breaking change needs, whatever its type.
    pub breaking: Need,
    /// What a type needs that is not named here, and a commit that is not a conventional one.
    pub other: Need,
    /// What a change without a commit needs; nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Need>,
}

/// The versions of something that are allowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `range` or `pattern`")]
pub struct VersionRule {
    /// Environments; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Images, charts and packages, as in `registry.example/blocks/*` or `pkg:pypi/**`, without their
    /// version; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<Vec<String>>,
    /// A range of semantic versions, as in `>=3.11 <3.13 || >=4.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// A regular expression that the whole version matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// Tags that move.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `tags`")]
pub struct FloatingTags {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Regular expressions, each of which matches a whole tag.
    pub tags: Vec<String>,
}

/// Who looks at a digest that was replaced and comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Flapping {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// What it needs; nothing where absent, and then nobody need have seen the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
}

/// When a change is risky.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `threshold`, `needs` and `weights`"
)]
pub struct RiskRule {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// The highest sum of weights that goes by itself.
    pub threshold: i32,
    /// What a change above it needs.
    pub needs: Need,
    /// What each fact weighs.
    pub weights: RiskWeights,
}

/// What facts about a change add to its risk; what is not named adds nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct RiskWeights {
    /// By kind of change.
    #[serde(default)]
    pub kind: BTreeMap<ChangeKind, i32>,
    /// By how far the version moves; where that is not known, the most of them.
    #[serde(default)]
    pub update_type: BTreeMap<UpdateType, i32>,
    /// A breaking commit, or none that says.
    #[serde(default)]
    pub breaking: i32,
    /// Migrations, or that nobody looked for any.
    #[serde(default)]
    pub migrations: i32,
    /// Fixes of critical vulnerabilities that are known to be exploited; commonly less than nothing.
    #[serde(default)]
    pub exploited: i32,
}

/// How many changes may be in flight at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `most`")]
pub struct InFlight {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// How many, this one counted.
    pub most: u32,
}

/// Where only what is healthy is updated by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `needs`")]
pub struct Healthy {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Who may say that an update is the cure of what is not well.
    pub needs: Need,
}
