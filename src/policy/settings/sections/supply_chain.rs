//! What is told of who makes artifacts, and of what they are made.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::never_null;
use crate::model::Age;
use crate::model::evidence::Severity;

over! {
    Signatures: signers, elsewhere;
    Provenance: trusted, elsewhere;
    Scans: severities, max_age, npm;
    BaseImages: allowed;
    Licenses: lists;
    Registers: required;
    Sboms: formats;
}

/// Signatures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Signatures {
    /// Which of the signers that the operator trusts may sign what runs; any where empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<Vec<Signer>>,
    /// Where else artifacts are signed: at admission, in new configuration, charts and base images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Vec<Elsewhere>>,
}

/// Where a rule about new images and promotions speaks as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `kinds`")]
pub struct Elsewhere {
    /// Environments; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Kinds of change.
    pub kinds: BTreeSet<ElsewhereKind>,
}

/// A kind of change that brings artifacts in another way than an image or a promotion does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ElsewhereKind {
    /// An object at a cluster's door.
    Admission,
    /// Another base image.
    BaseImage,
    /// Another version of a chart.
    Chart,
    /// Other configuration.
    Config,
}

/// Someone who signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `identity`")]
pub struct Signer {
    /// The certificate's subject, or the name of a key; compared as a whole.
    pub identity: String,
    /// The OIDC issuer; absent for a plain key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// Vulnerability scans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Scans {
    /// Severities that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severities: Option<BTreeSet<Severity>>,
    /// How old the newest scan may be. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Vec<ScanAge>>,
    /// What an artifact with npm packages has passed. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npm: Option<Vec<NpmAudit>>,
}

/// How old a scan may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct ScanAge {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// How long.
    pub age: Age,
}

/// What an artifact with npm packages has passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct NpmAudit {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Scanners whose result counts, as in `npm-audit`.
    #[serde(default)]
    pub scanners: Vec<String>,
    /// Gates that count as well, once passed, as in `npm-audit`.
    #[serde(default)]
    pub gates: Vec<String>,
    /// Severities that must not be found.
    pub severities: BTreeSet<Severity>,
}

/// Provenance: who built an artifact, and from what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Provenance {
    /// Whose builds are trusted. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted: Option<Vec<TrustedBuild>>,
    /// Where else artifacts have provenance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Vec<Elsewhere>>,
}

/// Builds that are trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct TrustedBuild {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Builders, by the `builder.id` of SLSA provenance.
    pub builders: Vec<Builder>,
    /// Where the sources come from.
    pub sources: Vec<BuildSource>,
}

/// A builder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Builder {
    /// Its `builder.id`; compared as a whole.
    pub id: String,
    /// Who signs for it; any signer that the operator trusts where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// A source repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct BuildSource {
    /// Its URI, as in `git+https://git.example/geo/drone-app`; compared as a whole.
    pub repository: String,
    /// References, as in `refs/heads/main`, compared as a whole; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refs: Option<Vec<String>>,
}

/// Base images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct BaseImages {
    /// What images are built upon. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<AllowedBases>>,
}

/// Base images that are supported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct AllowedBases {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Repositories, or all below a path: `registry.example/blocks/*`.
    pub repositories: Vec<String>,
}

/// Licences.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Licenses {
    /// What is allowed. The first entry that covers the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<Vec<LicenseList>>,
}

/// Licences that are allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct LicenseList {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// SPDX ids that are allowed; all that are not denied where empty.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// SPDX ids that are not.
    #[serde(default)]
    pub denied: Vec<String>,
    /// What becomes of a component of which no licence is known.
    pub unknown: Unlicensed,
}

/// What becomes of a component of which no licence is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unlicensed {
    /// It is allowed.
    Allow,
    /// It is allowed, and said.
    Warn,
    /// It is denied.
    Deny,
}

/// AI registers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Registers {
    /// Which applications need an entry. The first entry that covers the environment and concerns the
    /// application counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<RegisterRule>>,
}

/// Applications that need an entry in an AI register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct RegisterRule {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Names, or all that begin so: `ai-*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applications: Option<Vec<String>>,
    /// A label: objects that have it, or whose pods do, need one too, and so does what has no object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What the entry may say of its status.
    pub statuses: Vec<String>,
}

/// Bills of materials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Sboms {
    /// Formats that are read, by the word before the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formats: Option<Vec<String>>,
}
