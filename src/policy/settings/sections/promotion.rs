//! What promotions are told: the ways there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InFlight, never_null};
use crate::model::Age;
use crate::model::finding::Need;

over! {
    Promotion: paths, only, dry_run, in_flight, freight;
}

/// Promotion between environments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Promotion {
    /// The ways there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<Step>>,
    /// What nothing but promotions brings something new to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<Only>>,
    /// Gates of a promotion that brings migrations. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<Vec<DryRun>>,
    /// How many promotions of one application may be in flight. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<Vec<InFlight>>,
    /// Applications that are promoted together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freight: Option<Vec<Freight>>,
}

/// One step of a promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `from` and `to`")]
pub struct Step {
    /// Environment that it leaves.
    pub from: String,
    /// Environment that it enters.
    pub to: String,
    /// Roles that may ask for it; anybody where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Vec<String>>,
    /// Whether it must run where it comes from, verified; a build does not.
    #[serde(default = "yes")]
    pub deployed: bool,
    /// Whether it may run there in another cluster than the one that it enters.
    #[serde(default)]
    pub any_cluster: bool,
    /// Gates that must have passed where it comes from.
    #[serde(default)]
    pub gates: Vec<String>,
    /// How long it must have run there, verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Age>,
    /// The people that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
    /// Lets a fix of a critical vulnerability that is known to be exploited go without them, and be
    /// looked at afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<Afterwards>,
}

fn yes() -> bool {
    true
}

/// Applications that nothing but promotions brings something new to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Only {
    /// Environments; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Applications by name, as in `shop` or `shop-*`; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applications: Option<Vec<String>>,
}

/// Who looks at a change once it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `by` and `within`")]
pub struct Afterwards {
    /// Their role.
    pub by: String,
    /// How soon.
    pub within: Age,
}

/// Gates of a promotion that brings migrations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `gates`")]
pub struct DryRun {
    /// Environments that it enters; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// The gates, which must have passed where it comes from.
    pub gates: Vec<String>,
}

/// Applications that are promoted together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `applications`")]
pub struct Freight {
    /// Environments that they enter; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// The applications.
    pub applications: Vec<String>,
}
