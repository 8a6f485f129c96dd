//! The operator's file, `weighlock.yaml`: raw as it was written, then validated with everything it
//! names read.
//!
//! Whoever proposes a change must not bring the rules along: the file is named by `--config` or
//! found in the current directory, never looked for in an input.

mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decide::enforce::Enforcement;
use crate::decide::governance::Terms;
use crate::facts::signature::Signer;
use crate::model::evidence::Approval;
use crate::model::finding::Location;
use crate::model::governance::{Override, Roles, Waiver};
use crate::model::time::Age;
use crate::model::trust::Threshold;
use crate::model::{Digest, Json};

pub use read::{NAME, find, named, read};

/// The file as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a configuration")]
pub struct Raw {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Config`.
    pub kind: String,
    /// Folders and files with policies; `builtin` and `builtin:<profile>` for those that come with
    /// Weighlock. `builtin` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<String>>,
    /// File with settings, validated; policies see them as `data.settings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<PathBuf>,
    /// Files with other data; their members become members of `data`.
    #[serde(default)]
    pub data: Vec<PathBuf>,
    /// What is believed, and from whom.
    #[serde(default)]
    pub trust: RawTrust,
    /// What records are held to.
    #[serde(default)]
    pub governance: RawGovernance,
    /// Which rules block, warn or are off, where and since when.
    #[serde(default)]
    pub enforcement: Vec<Enforcement>,
    /// What plans are held to.
    #[serde(default)]
    pub plan: RawPlan,
}

/// What is believed, and from whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(rename = "TrustConfig")]
pub struct RawTrust {
    /// Where the time comes from; `system` is the only clock there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockName>,
    /// File with the roles of people: `{person: [role, …]}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<PathBuf>,
    /// File with the public keys of people: `{person: [PEM or path, …]}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<PathBuf>,
    /// Folder with approvals, where only operators write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<PathBuf>,
    /// Folder with waivers, where only operators write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<PathBuf>,
    /// Folder with overrides, where only operators write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrides: Option<PathBuf>,
    /// Files and folders whose facts operators vouch for, such as the output of their scanners.
    #[serde(default)]
    pub inputs: Vec<PathBuf>,
    /// Least trust and greatest age by kind of fact; a rule may ask for more.
    #[serde(default)]
    pub facts: BTreeMap<String, Threshold>,
    /// Who may sign artifacts.
    #[serde(default)]
    pub signers: Vec<RawSigner>,
}

/// A clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClockName {
    /// The machine's.
    System,
}

/// Who may sign: a certificate's identity with its issuer, or a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a signer with `identity` and `issuer`, or `key`"
)]
#[schemars(rename = "SignerConfig")]
pub struct RawSigner {
    /// Subject of the certificate, or the name under which a key's signatures are known.
    pub identity: String,
    /// OIDC issuer of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// File with a public key (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// What records are held to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(rename = "GovernanceConfig")]
pub struct RawGovernance {
    /// How far ahead a waiver may expire; 90 days where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver_max_age: Option<Age>,
    /// How far ahead an override may expire; a day where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_max_age: Option<Age>,
    /// Role that may override; nobody may where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_role: Option<String>,
}

/// What plans are held to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(rename = "PlanConfig")]
pub struct RawPlan {
    /// How long a plan may be carried out; two hours where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Age>,
    /// Environments in which every step needs an undo; `production` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Vec<String>>,
}

/// The configuration, validated, with everything it names read.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file, where there is one.
    pub file: Option<(PathBuf, Digest)>,
    /// Policies by name; empty for those that come with Weighlock.
    pub policies: Vec<String>,
    /// Settings, with the defaults filled in.
    pub settings: Option<Json>,
    /// Other data.
    pub data: Vec<(String, Json)>,
    /// Roles.
    pub roles: Roles,
    /// Public keys of people, PEM.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Approvals from where only operators write.
    pub approvals: Vec<Approval>,
    /// Waivers from there, and where each stands.
    pub waivers: Vec<(Waiver, Location)>,
    /// Overrides from there.
    pub overrides: Vec<Override>,
    /// Files and folders whose facts operators vouch for, absolute.
    pub inputs: Vec<PathBuf>,
    /// Thresholds.
    pub thresholds: BTreeMap<String, Threshold>,
    /// Who may sign.
    pub signers: Vec<Signer>,
    /// What records are held to.
    pub terms: Terms,
    /// Modes of rules.
    pub enforcement: Vec<Enforcement>,
    /// What plans are held to.
    pub plan: RawPlan,
    /// Everything that was read for it.
    pub files: Vec<PathBuf>,
}
