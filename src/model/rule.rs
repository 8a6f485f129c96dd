//! What a rule says of itself, whatever language it is written in.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Severity;
use super::input::{AssetKind, ChangeKind};
use super::json::Json;
use super::trust::Threshold;

/// Which changes a rule speaks about; an absent list matches all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `kinds`, `assets`, `objects`, `environments` and `configured`"
)]
pub struct Applies {
    /// Change kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<ChangeKind>>,
    /// Asset kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assets: Option<Vec<AssetKind>>,
    /// Kinds of Kubernetes objects, such as `Namespace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<String>>,
    /// Environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// The member of the settings that the rule goes by, as in `updates.freezes`: where that is absent,
    /// `false` or empty, or is a list of entries of which none covers the environment, it speaks about
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<String>,
}

/// What a rule sees as `input`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum View {
    /// The review.
    #[default]
    Review,
    /// The document that the review is about: a Kubernetes object, or whatever `--raw` took.
    Document,
}

/// Metadata of a rule or of all rules of a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A paragraph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How bad a finding is, where it does not say itself.
    #[serde(default)]
    pub severity: Severity,
    /// What it sees as `input`.
    #[serde(default)]
    pub view: View,
    /// What it speaks about.
    #[serde(default)]
    pub applies: Applies,
    /// Facts that it needs; by name, each with the least trust and greatest age where they matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requires: BTreeMap<String, Threshold>,
    /// Whether a waiver may set its findings aside.
    #[serde(default)]
    pub waivable: bool,
    /// Whether it only says when or how a change goes out. Where nothing else speaks about a change,
    /// nothing has judged it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incidental: bool,
    /// What to do about a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// Standards, papers and pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// What else the author wrote under `custom`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, Json>,
}
