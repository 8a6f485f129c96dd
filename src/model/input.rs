//! The input document: what is there, what is to change, and what is known about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Sbom, Source};
use super::id::Digest;
use super::json::Json;
use super::time::{Age, Time};

/// An input document, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an input document")]
pub struct Input {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Input`.
    pub kind: String,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<InputContext>,
    /// What there is.
    #[serde(default)]
    pub inventory: Vec<Asset>,
    /// What artifacts are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sboms: Option<Vec<Sbom>>,
    /// What is to change.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// What is known about it.
    #[serde(default)]
    pub evidence: Evidence,
}

/// Who asks for the evaluation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `actor`")]
pub struct InputContext {
    /// The actor. Roles are looked up in the operator's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Person>,
}

/// A person or service, by id alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `id`")]
pub struct Person {
    /// Stable id, such as an e-mail address or a service account.
    pub id: String,
}

impl Person {
    /// Whether an id is this person's. Case and white space make nobody another person.
    pub fn is(&self, id: &str) -> bool {
        same_person(&self.id, id)
    }
}

/// Whether two ids are one person's, however they are spelt.
pub fn same_person(a: &str, b: &str) -> bool {
    a == b || spelt(a) == spelt(b)
}

/// An id as it is compared with others: what can be told apart by eye, in lower case. White space and
/// characters that are not seen make nobody another person.
pub fn spelt(id: &str) -> String {
    let seen = |c: &char| c.is_alphanumeric() || c.is_ascii_punctuation();
    id.chars().filter(seen).flat_map(char::to_lowercase).collect()
}

/// What kind of thing an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A Kubernetes workload: Deployment, StatefulSet, DaemonSet, Job, CronJob, …
    Workload,
    /// A bare Kubernetes Pod.
    Pod,
    /// A container on a Docker host.
    Container,
    /// A Helm release.
    Release,
    /// An image in a registry.
    Image,
    /// A source repository.
    Repository,
    /// A database.
    Database,
    /// Any other Kubernetes object; joined to the workloads that it concerns.
    Object,
}

impl AssetKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Workload,
        Self::Pod,
        Self::Container,
        Self::Release,
        Self::Image,
        Self::Repository,
        Self::Database,
        Self::Object,
    ];

    /// The word that documents and policies use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Pod => "pod",
            Self::Container => "container",
            Self::Release => "release",
            Self::Image => "image",
            Self::Repository => "repository",
            Self::Database => "database",
            Self::Object => "object",
        }
    }
}

/// Something that runs, is stored or is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an inventory item")]
pub struct Asset {
    /// Unique id.
    pub id: String,
    /// What it is.
    pub kind: AssetKind,
    /// Application that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Cluster or host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Environment: `dev`, `staging`, `canary`, `production`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Owning team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Images, one per container; init containers and sidecars too.
    #[serde(default)]
    pub images: Vec<Image>,
    /// The Kubernetes object as it is desired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Json>,
    /// How it is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// When it was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Time>,
}

/// One container's image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an image with `ref`")]
pub struct Image {
    /// Name of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Platforms in use, as in `linux/amd64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platforms: Option<Vec<String>>,
    /// Registry and repository.
    pub r#ref: String,
    /// Tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// How an asset is built.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Build {
    /// Whether a new base image rebuilds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_rebuild: Option<bool>,
    /// Branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Dockerfile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    /// Registry and repository that the image is pushed to; that of its only image where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Pipeline or workflow file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Build system: `tekton`, `github`, `gitlab`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// How long to wait after a new base image was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuild_delay: Option<Age>,
    /// Source repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// What kind of change is asked for. It must fit the kind of the asset, and what `from` and `to`
/// name; see `docs/reference/facts.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Another version or digest of an image that runs.
    Image,
    /// Another base image: a rebuild.
    BaseImage,
    /// Another version of a package.
    Dependency,
    /// Another version of a chart.
    Chart,
    /// Other configuration.
    Config,
    /// A SQL migration.
    Migration,
    /// The same artifact in the next environment.
    Promotion,
    /// An object at a cluster's door.
    Admission,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Image,
        Self::BaseImage,
        Self::Dependency,
        Self::Chart,
        Self::Config,
        Self::Migration,
        Self::Promotion,
        Self::Admission,
    ];

    /// The word that documents and policies use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::BaseImage => "base_image",
            Self::Dependency => "dependency",
            Self::Chart => "chart",
            Self::Config => "config",
            Self::Migration => "migration",
            Self::Promotion => "promotion",
            Self::Admission => "admission",
        }
    }
}

/// A proposed change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a change")]
pub struct Change {
    /// Unique id.
    pub id: String,
    /// What kind.
    pub kind: ChangeKind,
    /// Id of the asset that changes.
    pub asset: String,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
    /// What shall be there. An image, a base image and a promotion say a version, a digest or a
    /// reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// For a promotion, the environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// Who made the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Person>,
    /// Who asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Person>,
    /// Ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The commit that brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// Ids of changes that go first.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// For an admission: `CREATE`, `UPDATE`, `DELETE`, `CONNECT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// For an admission: the object as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_object: Option<Json>,
}

/// One side of a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `version` and `digest`")]
pub struct Target {
    /// The container that changes, where the asset has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Image reference, package URL or chart, where it differs from the asset's. A base image and a
    /// dependency always have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#ref: Option<String>,
    /// Version or tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The way of a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `from` and `to`")]
pub struct Promotion {
    /// Freight that it belongs to: what is promoted together has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freight: Option<String>,
    /// Environment that it leaves.
    pub from: String,
    /// Environment that it enters.
    pub to: String,
}

/// A commit as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `id` and `message`")]
pub struct Commit {
    /// Hash.
    pub id: String,
    /// Whole message.
    pub message: String,
}
