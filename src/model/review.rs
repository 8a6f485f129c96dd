//! The review: one change joined with everything that policies may know about it.
//!
//! Policies see it as `input`. It is self-contained, a few kilobytes, canonical and digested; what
//! is evaluated, logged, replayed and used as a fixture is this. Absent members are left out.
//!
//! Members stand in the order of their names, as the canonical form has them, here and in the facts
//! that a review carries: what is written in another order has to be sorted each time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::artifact::RefKind;
use super::evidence::{
    ActiveRun, Advisory, Attestation, Deployment, Dockerfile, DryRun, Gate, Health, Migration, Observation,
    Quarantine, RegisterEntry, Sbom, Scan, Severity, Signature, Usage,
};
use super::id::Digest;
use super::input::{AssetKind, Build, ChangeKind, Person, Promotion, Target};
use super::json::Json;
use super::time::Time;

/// What a policy sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a review")]
pub struct Review {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// The artifacts that run afterwards, one per container.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// What it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<ReviewAsset>,
    /// What is to change.
    pub change: ReviewChange,
    /// Time, place and person.
    pub context: Context,
    /// What is known about the change and its environments.
    #[serde(default)]
    pub evidence: ReviewEvidence,
    /// `Review`.
    pub kind: String,
    /// Objects that belong to the asset: HPA, PDB, NetworkPolicy, nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<Vec<Related>>,
    /// Facts that are not known, and why.
    #[serde(default)]
    pub unknown: Vec<Unknown>,
}

/// Time, place and person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Context {
    /// Who asks, with roles from the operator's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Environment that the change enters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// How many changes are in flight in the environment, those that carry out this one not counted;
    /// and how many of the same input come before it there, its own freight not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// The time of the decision.
    pub now: Time,
}

/// An accountable person or service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Actor {
    /// Stable id.
    pub id: String,
    /// Roles, from the operator's directory alone.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// How far a version moves (derived, never claimed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateType {
    /// The same version and digest.
    None,
    /// The same version, now pinned by digest.
    Pin,
    /// The same version, another digest.
    Digest,
    /// The last part of the version.
    Patch,
    /// The middle part.
    Minor,
    /// The first part.
    Major,
    /// Backwards.
    Downgrade,
}

impl UpdateType {
    /// The word that documents and policies use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pin => "pin",
            Self::Digest => "digest",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Downgrade => "downgrade",
        }
    }
}

/// The change, with what is derived from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct ReviewChange {
    /// How many promotions of its application come before it in the same input, its own freight and those
    /// that are in flight not counted.
    #[serde(default, skip_serializing_if = "no_others")]
    pub ahead: u32,
    /// Application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Person>,
    /// The commit, read as a conventional commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<ReviewCommit>,
    /// Changes that go first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// Digest of the whole change, of what and where its asset is, of the images observed there, and of
    /// its migrations: what an approval binds to.
    pub digest: Digest,
    /// Advisories that the change gets rid of; absent without a scan of both sides, or where what it says it
    /// goes from is not what runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixes: Option<Vec<Fix>>,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: ChangeKind,
    /// For an admission: `CREATE`, `UPDATE`, `DELETE`, `CONNECT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The way of a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// Who asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Person>,
    /// Roles of who asks for it, from the operator's directory alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested_by_roles: Vec<String>,
    /// Ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What shall be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// The other promotions of its freight into the same environment; absent where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Vec<Companion>>,
    /// How far the version moves; absent where the two cannot be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_type: Option<UpdateType>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn no_others(count: &u32) -> bool {
    *count == 0
}

/// Another promotion of the same freight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Companion {
    /// Application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Id of its asset.
    pub asset: String,
    /// Digest that it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Id of the change.
    pub id: String,
}

/// An advisory that the change gets rid of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Fix {
    /// Whether it is known to be exploited; absent where no advisory says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<bool>,
    /// Advisory id.
    pub id: String,
    /// How bad.
    pub severity: Severity,
}

/// A commit, read by Conventional Commits 1.0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct ReviewCommit {
    /// `!` or a `BREAKING CHANGE` footer.
    pub breaking: bool,
    /// Hash.
    pub id: String,
    /// Scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// First line.
    pub subject: String,
    /// Type, in lower case; absent where the message is not a conventional one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

/// The asset, without what only collectors need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct ReviewAsset {
    /// Application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// How it is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// Cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: AssetKind,
    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The object without its pod spec, status and managed fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Json>,
    /// The object before an admission's update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_object: Option<Json>,
    /// Owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The pod spec, whatever the workload's kind keeps it in; always with `containers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_spec: Option<Json>,
}

/// An artifact, with everything that is known about its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Artifact {
    /// Attestations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestations: Option<Vec<Attestation>>,
    /// Whether this is the one that the change brings.
    pub changed: bool,
    /// Container that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Platforms in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platforms: Option<Vec<String>>,
    /// Registry and repository.
    pub r#ref: String,
    /// What the reference pins.
    pub ref_kind: RefKind,
    /// What it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sbom: Option<Sbom>,
    /// Scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<Vec<Scan>>,
    /// Signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<Signature>>,
    /// Tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Of an image that an object names (admission, configuration, chart): that nobody observed it there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unobserved: bool,
}

/// What is known about the change and its environments, narrowed to this change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct ReviewEvidence {
    /// Advisories about what the artifacts contain or the change fixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<Vec<Advisory>>,
    /// Deployments of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployments: Option<Vec<Deployment>>,
    /// Dockerfiles that the asset is built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfiles: Option<Vec<Dockerfile>>,
    /// Dry runs of the migrations that the change brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_runs: Option<Vec<DryRun>>,
    /// Gates of the artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<Vec<Gate>>,
    /// Health of the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Vec<Health>>,
    /// Migrations that the change brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Vec<Migration>>,
    /// Observations of the references involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observations: Option<Vec<Observation>>,
    /// Quarantined digests among the artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Vec<Quarantine>>,
    /// AI register entries of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registers: Option<Vec<RegisterEntry>>,
    /// Changes in flight in the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<ActiveRun>>,
    /// Who still reads what the database holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usages: Option<Vec<Usage>>,
}

/// An object that belongs to the asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Related {
    /// Id of the inventory item.
    pub id: String,
    /// Kubernetes kind.
    pub kind: String,
    /// The object without status and managed fields; for a node its labels, taints and
    /// what it has to give.
    pub object: Json,
}

/// Why a fact is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnknownReason {
    /// Nobody looked.
    Absent,
    /// It is older than the greatest age.
    Stale,
    /// It lies ahead of the clock.
    Future,
    /// Its trust is below the least trust.
    Distrusted,
    /// Whoever looked failed, or what was found cannot be read.
    Failed,
    /// It says when it was observed nowhere, and an age is demanded.
    Undated,
    /// It cannot be derived from what is there.
    Underivable,
}

impl UnknownReason {
    /// The reason in words, after "… is unknown: ".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Absent => "nobody looked",
            Self::Stale => "older than the greatest age allowed",
            Self::Future => "observed later than now",
            Self::Distrusted => "below the least trust required",
            Self::Failed => "whoever looked failed",
            Self::Undated => "without a time of observation",
            Self::Underivable => "cannot be derived",
        }
    }
}

/// A fact that is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Unknown {
    /// Name of the fact, as in `evidence.scans`.
    pub fact: String,
    /// Why.
    pub reason: UnknownReason,
    /// The rules that require it; empty in a review, filled in a decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<String>,
    /// What it is about: a digest, an asset, a change.
    pub subject: String,
}
