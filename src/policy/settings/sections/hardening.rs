//! What the hardening of workloads is told.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;

over! {
    Hardening: pinned, service_account_tokens, resources, registries, secrets, companions, gpus, dockerfiles;
}

/// Hardening of workloads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Hardening {
    /// Environments in which every image is pinned by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Vec<String>>,
    /// Service accounts that need their token, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_tokens: Option<Vec<String>>,
    /// What every main container says that it needs and may take, as in `limits.memory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<BTreeSet<Resource>>,
    /// Where images may come from. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registries: Option<Vec<Registries>>,
    /// What a secret looks like that stands where it should be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Secrets>,
    /// What must stand beside a workload. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Vec<Companions>>,
    /// What only some nodes have. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Vec<Gpus>>,
    /// What Dockerfiles are held to. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfiles: Option<Vec<Dockerfiles>>,
}

/// Something that a container asks for, or may take at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Resource {
    /// What it gets of the processor at least.
    #[serde(rename = "requests.cpu")]
    RequestsCpu,
    /// What it gets of the memory at least.
    #[serde(rename = "requests.memory")]
    RequestsMemory,
    /// What it gets of the processor at the most.
    #[serde(rename = "limits.cpu")]
    LimitsCpu,
    /// What it gets of the memory at the most.
    #[serde(rename = "limits.memory")]
    LimitsMemory,
}

/// Where images may come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `allow`")]
pub struct Registries {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Registries, or repositories and all below them, as in `registry.example/team`. What names no
    /// registry is of `docker.io`.
    pub allow: Vec<String>,
}

/// What a secret looks like: regular expressions (RE2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `names`, `harmless` and `values`"
)]
pub struct Secrets {
    /// Names of variables that hold one.
    pub names: Vec<String>,
    /// Names that look like it and hold none.
    pub harmless: Vec<String>,
    /// Values that are one, whatever they are called.
    pub values: Vec<String>,
}

/// What must stand beside a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `kinds` and `minReplicas`"
)]
pub struct Companions {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Which objects.
    pub demand: BTreeSet<Companion>,
    /// How many replicas there are at least.
    pub min_replicas: u32,
}

/// An object that stands beside a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Companion {
    /// It scales the workload.
    HorizontalPodAutoscaler,
    /// It says who may reach its pods, and whom they may reach.
    NetworkPolicy,
    /// It says how many of its pods may be away.
    PodDisruptionBudget,
}

/// What only some nodes have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `resources`")]
pub struct Gpus {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Names of extended resources, as in `nvidia.com/gpu`.
    pub resources: Vec<String>,
}

/// What Dockerfiles are held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `demand`")]
pub struct Dockerfiles {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Which demands.
    pub demand: BTreeSet<Demand>,
}

/// Something that Dockerfiles are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Demand {
    /// Every base image is pinned by digest.
    Base,
    /// There is a `HEALTHCHECK`.
    Healthcheck,
    /// There is a `USER`, and it is not root.
    User,
}
