//! The decision: what came of a review, and everything it was made from, by digest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::{ApprovalNeed, Finding};
use super::id::Digest;
use super::input::{ChangeKind, Person};
use super::obligation::{Action, Obligation};
use super::review::Unknown;
use super::time::Time;

/// May it go out? Ordered: the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Yes.
    Allow,
    /// Not yet.
    Hold,
    /// No.
    Deny,
}

impl Verdict {
    /// The word that documents and reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Deny => "deny",
        }
    }
}

/// A decision about one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a decision")]
pub struct Decision {
    /// Digest of the rest, canonically written, but for the places of findings.
    pub id: Digest,
    /// The change.
    pub change: ChangeSummary,
    /// May it go out?
    pub verdict: Verdict,
    /// Whether something could not be judged and nothing was found that denies it anyway.
    pub indeterminate: bool,
    /// Facts were taken on trust (`--trust-input`): good for trying out, never executed.
    pub asserted: bool,
    /// The time was given, not read from the clock (`--now`): never executed.
    pub simulated: bool,
    /// Whether the same bytes come out again; false where a wall clock ended an evaluation.
    pub replayable: bool,
    /// Everything the rules said, in a fixed order.
    pub findings: Vec<Finding>,
    /// What the plan must do.
    pub obligations: Vec<Obligation>,
    /// The steps that policies ask for.
    pub actions: Vec<Action>,
    /// For a hold by time alone: the earliest instant at which it can end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Time>,
    /// For a hold: what is missing.
    pub missing: Vec<Missing>,
    /// The approvals, waivers and overrides that were counted.
    pub governance: GovernanceSummary,
    /// Required facts that are not known.
    pub unknown: Vec<Unknown>,
    /// What it was made from.
    pub digests: Digests,
}

/// The change of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct ChangeSummary {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: ChangeKind,
    /// Asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Person>,
    /// Digest of the change.
    pub digest: Digest,
}

/// One thing that would have to be there for a hold to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Missing {
    /// People.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalNeed>,
    /// A fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// A time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// One of these lists suffices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<Vec<Missing>>,
    /// People who cannot fill the place: author, requester, and who fills another.
    #[serde(default, rename = "not", skip_serializing_if = "Vec::is_empty")]
    pub not_by: Vec<String>,
}

/// The records that were counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct GovernanceSummary {
    /// Approvals, with the role that each was counted for.
    pub approvals: Vec<CountedApproval>,
    /// Ids of waivers used.
    pub waivers: Vec<String>,
    /// Overrides used, with what they owe.
    pub overrides: Vec<CountedOverride>,
    /// Approvals that were not counted, and why.
    pub rejected: Vec<RejectedRecord>,
    /// Digest of every record that was offered, and of roles and enforcement.
    pub digest: Digest,
    /// The earliest expiry among what was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// An approval that was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct CountedApproval {
    /// Who.
    pub by: String,
    /// In which role.
    pub role: String,
}

/// An override that was used, and what it owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct CountedOverride {
    /// Id.
    pub id: String,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Ticket.
    pub ticket: String,
    /// When it must have been reviewed.
    pub review_due: Time,
}

/// A record that was offered and not counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct RejectedRecord {
    /// Person, or id of the record.
    pub record: String,
    /// Why: `author`, `expired`, `unsigned`, `role`, …
    pub reason: String,
}

/// What a decision was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Digests {
    /// The review.
    pub review: Digest,
    /// The policies.
    pub bundle: Digest,
    /// Settings and data.
    pub data: Digest,
    /// The evaluator and its versions.
    pub engine: String,
}
