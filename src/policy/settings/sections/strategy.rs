//! What is told of how changes are rolled out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;
use crate::model::{Age, Json};

over! {
    Strategy: canary, blitz, blue_green, rolling, compose, helm, cascade, rebuild;
}

/// How changes are rolled out. Where tables of several strategies cover an environment, it is blue and
/// green for changes that bring migrations, else a canary, else all at once, else a few at a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Strategy {
    /// The canary of each environment that has one. The first entry that covers it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Vec<Canary>>,
    /// Environments in which everything is replaced at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blitz: Option<Vec<Blitz>>,
    /// Two slots, for changes that bring migrations: where an entry covers, it must be known whether they
    /// do. The first one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<Vec<BlueGreen>>,
    /// Environments in which a few are replaced at a time. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<Vec<Rolling>>,
    /// How containers on a Docker host are updated. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose: Option<Vec<Compose>>,
    /// How Helm releases are updated. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<Vec<Helm>>,
    /// What a patched base image or package sets off: patch, rebuild, weigh, publish, deploy, and a pull
    /// request for the next environment. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<Vec<Cascade>>,
    /// What a new digest of a base image sets off where there is no cascade: a rebuild, which is weighed.
    /// The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Vec<Rebuild>>,
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
    /// Address that must answer with success; `{application}`, `{namespace}` and `{environment}` in it
    /// are those of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// The parts of the traffic that come after the first, each watched as that was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Share>,
    /// Where the figures come from: `provider`, and what it needs.
    pub metrics: BTreeMap<String, Json>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// A later part of the traffic of a canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `trafficPercent`")]
pub struct Share {
    /// Part of the traffic, in percent.
    pub traffic_percent: u8,
    /// How long it is watched; as long as the first where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#for: Option<Age>,
}

/// Everything at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Blitz {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// A few at a time, until all are ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `within`")]
pub struct Rolling {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// How long it may take.
    pub within: Age,
    /// Whether a change is allowed only if its plan does this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oblige: bool,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// How containers on a Docker host are updated: by Compose, or where `watchtower` stands by Watchtower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Compose {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Name of the project; `{application}` in it and in the other texts is that of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Compose file on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How long it may take to become healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Age>,
    /// Watchtower of the host, in the place of Compose. It takes nothing back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watchtower: Option<Watchtower>,
    /// What is asked afterwards whether it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthWatch>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// Watchtower on a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `server` and `token`")]
pub struct Watchtower {
    /// Address of its HTTP API; `{host}` in it is the host of the container.
    pub server: String,
    /// Name of the variable that holds its token.
    pub token: String,
}

/// How Helm releases are updated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `within`")]
pub struct Helm {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Name of the release, where it is not the last part of the asset's id; `{application}` in it is that
    /// of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// How long it may take to become ready.
    pub within: Age,
    /// What is asked afterwards whether it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthWatch>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// An address that is asked for a while whether something works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `address`, `every` and `for`"
)]
pub struct HealthWatch {
    /// Address that must answer with success; `{application}`, `{namespace}`, `{environment}` and `{host}` in
    /// it are those of the change.
    pub address: String,
    /// How often it is asked.
    pub every: Age,
    /// How long.
    pub r#for: Age,
}

/// Two slots, of which one has the traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `slots`, `connection`, `health`, `every`, `for` and `within`"
)]
pub struct BlueGreen {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Names of the two slots.
    pub slots: Vec<String>,
    /// Name of the variable that holds the connection string of the database on which migrations are tried.
    pub connection: String,
    /// Address at which the idle slot is tested; `{application}`, `{namespace}` and `{environment}` in it
    /// are those of the change.
    pub health: String,
    /// Name of the smoke test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// How often it is asked.
    pub every: Age,
    /// How long.
    pub r#for: Age,
    /// How long the idle slot may take to become ready.
    pub within: Age,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// What a patched base image or package sets off in the environment in which it is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `types`, `branch`, `server`, `token` and `pullRequest`"
)]
pub struct Cascade {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Types of conventional commits that set it off.
    pub types: Vec<String>,
    /// Beginning of the branch of the patch; the application's name follows.
    pub branch: String,
    /// Address of the server that the sources are on, up to the repository.
    pub server: String,
    /// Name of the variable that holds the token for it.
    pub token: String,
    /// For packages: the file that pins them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// For Tekton: the namespace of its runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The pull request that offers what was built to the next environment.
    pub pull_request: Offer,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}

/// A pull request that offers what was built to the next environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `provider`, `repository`, `base`, `file` and `environment`"
)]
pub struct Offer {
    /// Forge: `gitea`, `github`, `gitlab`.
    pub provider: String,
    /// Repository that says what runs there, as the forge names it.
    pub repository: String,
    /// Branch that it goes to.
    pub base: String,
    /// File that names the image; `{application}` in it is that of the change.
    pub file: String,
    /// Environment that it is for.
    pub environment: String,
    /// Labels that say how it is to be rolled out, and what it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// What a new digest of a base image sets off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `versionBump`, `triggeredBy` and `token`"
)]
pub struct Rebuild {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Which part of the version the rebuild raises: `patch`, `minor`, `major`.
    pub version_bump: String,
    /// What the build is told of who set it off.
    pub triggered_by: String,
    /// Name of the variable that holds the token that may start it.
    pub token: String,
    /// For Tekton: the namespace of its runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What else the build is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Json>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}
