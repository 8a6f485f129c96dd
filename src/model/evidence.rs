//! Facts about artifacts and environments: what was seen, by whom, when.
//!
//! Each kind is one struct with three members in common: `source`, `observedAt` and `trust`. The
//! loader stamps `trust`; a document that brings its own is refused unless its reader asked to
//! believe it (fixtures, `--trust-input`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::Digest;
use super::input::Person;
use super::json::Json;
use super::time::Time;
use super::trust::Trust;

/// Where a fact comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `collector` and `location`"
)]
pub struct Source {
    /// Name of the collector that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// Digest of what was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Where it was read: a path with line, or a URL without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What every kind of fact can tell about itself.
pub trait Fact {
    /// When it was observed.
    fn observed_at(&self) -> Option<Time>;
    /// How far it is believed; `None` before the loader has stamped it.
    fn trust(&self) -> Option<Trust>;
    /// Stamps the trust.
    fn stamp(&mut self, trust: Trust);
    /// The members with which the document claims a result that only Weighlock may state.
    fn forged(&self) -> Vec<&'static str> {
        self.trust().map(|_| "trust").into_iter().collect()
    }
}

/// The names of those members that are there.
fn claimed(members: &[(&'static str, bool)]) -> Vec<&'static str> {
    members.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect()
}

macro_rules! fact {
    ($(#[$meta:meta])* $name:ident { $($body:tt)* } $($forged:tt)*) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
        pub struct $name {
            $($body)*
            /// Where it comes from.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub source: Option<Source>,
            /// When it was observed (RFC 3339).
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub observed_at: Option<Time>,
            /// Stamped by the loader; an error in a submitted document.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub trust: Option<Trust>,
        }

        impl Fact for $name {
            fn observed_at(&self) -> Option<Time> {
                self.observed_at
            }
            fn trust(&self) -> Option<Trust> {
                self.trust
            }
            fn stamp(&mut self, trust: Trust) {
                self.trust = Some(trust);
            }
            $($forged)*
        }
    };
}

mod dockerfile;
mod migration;

pub use dockerfile::{Dockerfile, Stage};
pub use migration::*;

/// The outcome of checking a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SignatureStatus {
    /// The signature holds for the subject and its signer is one that the operator names.
    Verified,
    /// It does not; `reason` says why.
    Rejected,
}

fact! {
    /// A signature over an artifact: material to verify, and what came of it.
    Signature {
        /// Digest of the manifest that was signed.
        pub subject: Digest,
        /// The material: a Sigstore bundle or DSSE envelope as JSON text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub bundle: Option<String>,
        /// What Weighlock found; an error in a submitted document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<SignatureStatus>,
        /// Why it was rejected: a stable code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// Who signed: the certificate's subject, or the name of the key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub identity: Option<String>,
        /// Who vouched for the signer: the OIDC issuer; absent for a plain key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub issuer: Option<String>,
    }
    fn forged(&self) -> Vec<&'static str> {
        claimed(&[
            ("status", self.status.is_some()),
            ("reason", self.reason.is_some()),
            ("identity", self.identity.is_some()),
            ("issuer", self.issuer.is_some()),
            ("trust", self.trust.is_some()),
        ])
    }
}

fact! {
    /// A signed statement about an artifact (in-toto Statement v1 in a DSSE envelope).
    Attestation {
        /// Digest of the artifact that it is about.
        pub subject: Digest,
        /// The DSSE envelope as JSON text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub envelope: Option<String>,
        /// What Weighlock found; an error in a submitted document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<SignatureStatus>,
        /// Why it was rejected: a stable code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// Who signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub identity: Option<String>,
        /// Who vouched for the signer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub issuer: Option<String>,
        /// The statement's `predicateType`, read from a verified envelope.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub predicate_type: Option<String>,
        /// The statement's `predicate`, read from a verified envelope.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub predicate: Option<Json>,
    }
    fn forged(&self) -> Vec<&'static str> {
        claimed(&[
            ("status", self.status.is_some()),
            ("reason", self.reason.is_some()),
            ("identity", self.identity.is_some()),
            ("issuer", self.issuer.is_some()),
            ("predicateType", self.predicate_type.is_some()),
            ("predicate", self.predicate.is_some()),
            ("trust", self.trust.is_some()),
        ])
    }
}

/// Severity of an advisory or a finding, from least to most.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Informational.
    Info,
    /// Low.
    Low,
    /// Medium; also where a rule does not say.
    #[default]
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// The word that documents and reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One vulnerability that a scanner found in an artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Vulnerability {
    /// First version without it; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_version: Option<String>,
    /// Advisory id, such as `CVE-2026-1111`.
    pub id: String,
    /// The package it is in, as a package URL.
    pub package: String,
    /// How bad.
    pub severity: Severity,
    /// VEX status, where an exploitability statement applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vex: Option<VexStatus>,
}

/// Status of an OpenVEX 0.2 statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
    /// The product is not affected.
    NotAffected,
    /// The product is affected.
    Affected,
    /// The product has a fix.
    Fixed,
    /// Being looked at.
    UnderInvestigation,
}

fact! {
    /// A vulnerability scan of one artifact. An empty list is a scan that found nothing.
    Scan {
        /// Digest of the artifact that was scanned.
        pub subject: Digest,
        /// The scanner.
        pub scanner: String,
        /// What it found.
        pub vulnerabilities: Vec<Vulnerability>,
    }
}

fact! {
    /// What is known of a vulnerability, whoever has it.
    Advisory {
        /// Advisory id.
        pub id: String,
        /// How bad.
        pub severity: Severity,
        /// Whether it is known to be exploited.
        #[serde(default)]
        pub exploited: bool,
    }
}

/// How a gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GateStatus {
    /// It ran and passed.
    Passed,
    /// It ran and failed.
    Failed,
    /// It has not ended.
    Running,
    /// It was not run.
    Skipped,
}

fact! {
    /// The result of a named check of an artifact in an environment.
    Gate {
        /// Digest of the artifact.
        pub subject: Digest,
        /// Environment in which it was checked.
        pub environment: String,
        /// Name of the gate: `smoke`, `contract`, `migration-dry-run`, …
        pub name: String,
        /// How it ended.
        pub status: GateStatus,
    }
}

fact! {
    /// What runs where, and since when.
    Deployment {
        /// Application.
        pub application: String,
        /// Environment.
        pub environment: String,
        /// Cluster, where it matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cluster: Option<String>,
        /// Digest that runs there.
        pub digest: Digest,
        /// Since when.
        pub since: Time,
        /// Whether the verification of that environment has passed.
        #[serde(default)]
        pub verified: bool,
    }
}

fact! {
    /// The history of a tag on one platform, as observed here.
    Observation {
        /// Image reference with its tag.
        pub r#ref: String,
        /// Platform, as in `linux/amd64`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub platform: Option<String>,
        /// Digest that the tag points to.
        pub digest: Digest,
        /// When this digest was first seen here.
        pub first_seen: Time,
        /// Digests that the tag pointed to before, newest first.
        #[serde(default)]
        pub previous: Vec<Digest>,
    }
}

fact! {
    /// Health of an asset.
    Health {
        /// Id of the asset.
        pub asset: String,
        /// `healthy`, `degraded`, `unhealthy`.
        pub status: String,
    }
}

fact! {
    /// An entry of an AI register (Algoritmeregister 1.0, reduced to what is judged).
    RegisterEntry {
        /// Application.
        pub application: String,
        /// The register's own id.
        pub id: String,
        /// Status: `in use`, `in development`, `out of use`.
        pub status: String,
        /// Whether it is a high-risk system; absent where the register does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub high_risk: Option<bool>,
        /// Impact assessments.
        #[serde(default)]
        pub impact_assessments: Vec<String>,
    }
}

fact! {
    /// A change that is being carried out.
    ActiveRun {
        /// Id of the run.
        pub id: String,
        /// Application.
        pub application: String,
        /// Environment.
        pub environment: String,
        /// Id of the change that it carries out, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub change: Option<String>,
        /// Digest that it brings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub digest: Option<Digest>,
    }
}

fact! {
    /// A digest that was rolled back and must not return.
    Quarantine {
        /// The digest.
        pub digest: Digest,
        /// Why.
        pub reason: String,
    }
}

fact! {
    /// What an artifact is made of.
    Sbom {
        /// Digest of the artifact.
        pub subject: Digest,
        /// Format, as in `cyclonedx-1.6`.
        pub format: String,
        /// Package URLs.
        pub components: Vec<String>,
        /// SPDX licence expression by package URL; a component that is not named has none that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub licenses: Option<BTreeMap<String, String>>,
    }
}

/// Everything that was collected about the changes and their artifacts. A list that is absent was
/// not looked for; a list that is empty was looked for and is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping of evidence lists")]
pub struct Evidence {
    /// Advisories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<Vec<Advisory>>,
    /// Approvals. Counted by governance, never shown to a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Vec<Approval>>,
    /// Attestations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestations: Option<Vec<Attestation>>,
    /// Deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployments: Option<Vec<Deployment>>,
    /// Dockerfiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfiles: Option<Vec<Dockerfile>>,
    /// Dry runs of migrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_runs: Option<Vec<DryRun>>,
    /// Gate results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<Vec<Gate>>,
    /// Health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Vec<Health>>,
    /// Migrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Vec<Migration>>,
    /// Tag observations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observations: Option<Vec<Observation>>,
    /// Digests that must not return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Vec<Quarantine>>,
    /// AI register entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registers: Option<Vec<RegisterEntry>>,
    /// Changes in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<ActiveRun>>,
    /// Vulnerability scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<Vec<Scan>>,
    /// Signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<Signature>>,
    /// Who still reads tables and columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usages: Option<Vec<Usage>>,
}

/// One person's consent to one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Approval {
    /// `weighlock.dev/v1`, where the approval is a document of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// `Approval`, where the approval is a document of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who approves. The role is looked up, never read from here.
    pub by: Person,
    /// Digest of the change that is approved.
    pub change: Digest,
    /// Digest of the plan, where only these steps are approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
    /// Since when.
    pub at: Time,
    /// Until when.
    pub expires: Time,
    /// Why, or a link to where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Signature by a key of that person, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}
