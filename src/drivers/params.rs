//! Parameters that several kinds of step take, and mean the same by.

use crate::model::driver::{Field, Needs, Shape};

/// Where an object is.
pub(super) const CLUSTER: Field =
    Field::optional("cluster", Shape::Text, "Cluster, where the asset's id does not name it.");
/// Which of two workloads it is, where each slot of a route has its own.
pub(super) const SLOT: Field = Field::optional(
    "slot",
    Shape::Text,
    "For blue and green: slot of the workload, whose name is the asset's with `-` and the slot after it.",
);
/// Of everything that is done at a forge.
pub(super) const FORGE_PROVIDER: Field =
    Field::required("provider", Shape::OneOf(&["gitea", "github", "gitlab"]), "Which forge it is.");
pub(super) const FORGE_SERVER: Field = Field::optional(
    "server",
    Shape::Text,
    "Address of the forge, where it is not the provider's public one.",
);
pub(super) const FORGE_REPOSITORY: Field =
    Field::required("repository", Shape::Text, "Repository: `owner/name`, or the project's path on GitLab.");
pub(super) const FORGE_TOKEN: Field =
    Field::required("token", Shape::Reference, "Token that the forge accepts.");
/// Of everything that changes a cluster, by itself or through what a reconciler reads.
pub(super) const WRITE_TO: Field = Field::required(
    "writeTo",
    Shape::OneOf(&["git", "live"]),
    "`live` changes the cluster; `git` commits, where a reconciler would revert a live change.",
);
pub(super) const GIT_REPOSITORY: Field =
    Field::optional("repository", Shape::Text, "For `git`: address of the repository.");
pub(super) const GIT_BRANCH: Field =
    Field::optional("branch", Shape::Text, "For `git`: branch that the commit goes to.");
pub(super) const GIT_FILE: Field = Field::optional("file", Shape::Text, "For `git`: file that is edited.");
pub(super) const GIT_TOKEN: Field =
    Field::optional("token", Shape::Reference, "For `git`: token or deploy key for the repository.");
/// What `WRITE_TO` demands of the others.
pub(super) const GIT_NEEDS: Needs =
    Needs { param: "writeTo", is: Some("git"), also: &["repository", "branch", "file"] };
