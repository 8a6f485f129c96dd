//! Kinds of facts: their names, when they count, and whether a review knows them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::evidence::{Evidence, Fact};
use crate::model::input::ChangeKind;
use crate::model::review::{Review, Unknown, UnknownReason};
use crate::model::time::{Age, Time};
use crate::model::trust::{Threshold, Trust};

/// Least trust and greatest age by name of fact.
pub type Thresholds = BTreeMap<String, Threshold>;

/// A kind of fact that a rule can require.
#[derive(Clone, Copy, Debug)]
pub struct FactSpec {
    /// Name, as in `requires` and in `trust.facts`.
    pub name: &'static str,
    /// What it is, and where a policy finds it.
    pub about: &'static str,
    /// Least trust where nobody says otherwise; `None` for what is derived or part of the change.
    pub trust: Option<Trust>,
    /// The subjects for which a review does not know it, and why.
    missing: fn(&Review) -> Vec<(String, UnknownReason)>,
}

macro_rules! change_fact {
    ($name:literal, $about:literal, $($path:ident).+) => {
        FactSpec { name: $name, about: $about, trust: None, missing: |review| {
            if review.change.$($path).+.is_some() {
                Vec::new()
            } else {
                vec![(review.change.id.clone(), UnknownReason::Absent)]
            }
        } }
    };
}

macro_rules! asset_fact {
    ($name:literal, $about:literal, $member:ident) => {
        FactSpec {
            name: $name,
            about: $about,
            trust: None,
            missing: |review| {
                if review.asset.as_ref().is_some_and(|asset| asset.$member.is_some()) {
                    Vec::new()
                } else {
                    vec![(subject(review), UnknownReason::Absent)]
                }
            },
        }
    };
}

macro_rules! artifact_fact {
    ($name:literal, $about:literal, $trust:expr, $member:ident) => {
        FactSpec {
            name: $name,
            about: $about,
            trust: $trust,
            missing: |review| {
                // A change that brings artifacts is judged by those; any other by all that run.
                let changed = review.artifacts.iter().any(|artifact| artifact.changed);
                // What is taken away runs no more.
                let taken = review.change.operation.as_deref() == Some("DELETE");
                if taken && review.change.kind == ChangeKind::Admission {
                    return Vec::new();
                }
                let brings = matches!(
                    review.change.kind,
                    ChangeKind::Image | ChangeKind::BaseImage | ChangeKind::Promotion
                );
                if brings && !changed {
                    return vec![(review.change.id.clone(), UnknownReason::Absent)];
                }
                let missing: Vec<_> = review
                    .artifacts
                    .iter()
                    .filter(|artifact| artifact.changed || !changed)
                    .filter(|artifact| artifact.$member.is_none())
                    .map(|artifact| {
                        let subject =
                            artifact.digest.as_ref().map_or(artifact.r#ref.as_str(), |d| d.as_str());
                        (subject.to_owned(), UnknownReason::Absent)
                    })
                    .collect();
                // No artifact at all is nothing that could have been looked at.
                if review.artifacts.is_empty() {
                    vec![(subject(review), UnknownReason::Absent)]
                } else {
                    missing
                }
            },
        }
    };
}

macro_rules! evidence_fact {
    ($name:literal, $about:literal, $member:ident) => {
        FactSpec {
            name: $name,
            about: $about,
            trust: Some(Trust::Operator),
            missing: |review| {
                if review.evidence.$member.is_some() {
                    Vec::new()
                } else {
                    vec![(subject(review), UnknownReason::Absent)]
                }
            },
        }
    };
}

fn subject(review: &Review) -> String {
    review.asset.as_ref().map_or_else(|| review.change.id.clone(), |asset| asset.id.clone())
}

/// Every kind of fact there is.
pub const FACTS: &[FactSpec] = &[
    artifact_fact!("artifacts.digest", "digest of each artifact: `input.artifacts[].digest`", None, digest),
    asset_fact!("asset.build", "how the asset is built: `input.asset.build`", build),
    asset_fact!("asset.environment", "environment of the asset: `input.asset.environment`", environment),
    asset_fact!("asset.object", "the Kubernetes object: `input.asset.object`", object),
    asset_fact!("asset.owner", "owning team: `input.asset.owner`", owner),
    FactSpec {
        name: "asset.podSpec",
        about: "normalised pod spec: `input.asset.podSpec`",
        trust: None,
        missing: |review| match &review.asset {
            Some(asset) if asset.pod_spec.is_some() => Vec::new(),
            // Somebody looked: the object is there, and has none.
            Some(asset) if asset.object.is_some() => vec![(subject(review), UnknownReason::Underivable)],
            _ => vec![(subject(review), UnknownReason::Absent)],
        },
    },
    change_fact!(
        "change.author",
        "who made the change, and who asks for it: `input.change.author`, `input.change.requestedBy`",
        author
    ),
    change_fact!("change.commit", "commit of the change: `input.change.commit`", commit),
    change_fact!("change.fixes", "advisories that the change gets rid of: `input.change.fixes`", fixes),
    change_fact!("change.promotion", "environments of a promotion: `input.change.promotion`", promotion),
    change_fact!("change.ticket", "ticket: `input.change.ticket`", ticket),
    change_fact!("change.updateType", "how far the version moves: `input.change.updateType`", update_type),
    FactSpec {
        name: "context.environment",
        about: "environment that the change enters: `input.context.environment`",
        trust: None,
        missing: |review| match &review.context.environment {
            Some(_) => Vec::new(),
            None => vec![(subject(review), UnknownReason::Absent)],
        },
    },
    FactSpec {
        name: "context.inFlight",
        about: "how many changes are in flight in the environment, beside this one: `input.context.inFlight`",
        trust: None,
        missing: |review| match review.context.in_flight {
            Some(_) => Vec::new(),
            None => vec![(subject(review), UnknownReason::Absent)],
        },
    },
    evidence_fact!("evidence.advisories", "advisories: `input.evidence.advisories`", advisories),
    artifact_fact!(
        "evidence.attestations",
        "signed statements about each artifact: `input.artifacts[].attestations`",
        Some(Trust::Verified),
        attestations
    ),
    evidence_fact!("evidence.deployments", "what runs where: `input.evidence.deployments`", deployments),
    evidence_fact!(
        "evidence.dockerfiles",
        "Dockerfiles that the asset is built from: `input.evidence.dockerfiles`",
        dockerfiles
    ),
    evidence_fact!(
        "evidence.dryRuns",
        "what migrations did to a scratch database: `input.evidence.dryRuns`",
        dry_runs
    ),
    evidence_fact!("evidence.gates", "results of named checks: `input.evidence.gates`", gates),
    evidence_fact!("evidence.health", "health of the asset: `input.evidence.health`", health),
    evidence_fact!(
        "evidence.migrations",
        "operations of migrations: `input.evidence.migrations`",
        migrations
    ),
    evidence_fact!("evidence.observations", "history of tags: `input.evidence.observations`", observations),
    evidence_fact!(
        "evidence.quarantine",
        "digests that must not return: `input.evidence.quarantine`",
        quarantine
    ),
    evidence_fact!("evidence.registers", "AI register entries: `input.evidence.registers`", registers),
    evidence_fact!("evidence.runs", "changes of the application in flight: `input.evidence.runs`", runs),
    artifact_fact!(
        "evidence.scans",
        "vulnerability scans of each artifact: `input.artifacts[].scans`",
        Some(Trust::Operator),
        scans
    ),
    artifact_fact!(
        "evidence.signatures",
        "signatures of each artifact, DSSE envelopes over in-toto statements whose `predicateType` is `https://sigstore.dev/cosign/sign/v1`; one that is rejected says why under `reason`: `input.artifacts[].signatures`",
        Some(Trust::Verified),
        signatures
    ),
    evidence_fact!("evidence.usages", "who still reads tables and columns: `input.evidence.usages`", usages),
    FactSpec {
        name: "inventory",
        about: "the asset itself: `input.asset`",
        trust: Some(Trust::Claimed),
        missing: |review| match &review.asset {
            Some(_) => Vec::new(),
            None => vec![(review.change.id.clone(), UnknownReason::Absent)],
        },
    },
    FactSpec {
        name: "related",
        about: "objects that belong to the asset: `input.related`",
        trust: Some(Trust::Claimed),
        missing: |review| match &review.related {
            Some(_) => Vec::new(),
            None => vec![(subject(review), UnknownReason::Absent)],
        },
    },
    artifact_fact!(
        "sboms",
        "bill of materials of each artifact: `input.artifacts[].sbom`",
        Some(Trust::Operator),
        sbom
    ),
];

/// Facts of the document as a whole: settings hold them to a threshold, a rule cannot.
const OF_DOCUMENT: &[&str] = &[AUTHOR, "inventory", "related"];
/// The people of a change.
pub(super) const AUTHOR: &str = "change.author";
/// Facts that only together say everything about their subject: one of several operations in
/// flight, one of several migrations. The others are views of one thing, of which one suffices.
const SUMS: &[&str] = &[
    "evidence.dockerfiles",
    "evidence.migrations",
    "evidence.quarantine",
    "evidence.registers",
    "evidence.runs",
];

/// Whether facts of a kind only together say everything about their subject.
pub fn is_sum(name: &str) -> bool {
    SUMS.contains(&name)
}

/// Whether a rule can hold a kind of fact to a least trust or a greatest age.
pub fn rule_can_demand(name: &str) -> bool {
    find(name).is_some() && (name.starts_with("evidence.") || name == "sboms")
}

/// Whether settings can.
pub fn settings_can_demand(name: &str) -> bool {
    rule_can_demand(name) || OF_DOCUMENT.contains(&name)
}

/// Whether a kind of fact has a time of observation, so that settings can demand an age of it.
pub fn is_dated(name: &str) -> bool {
    name != AUTHOR
}

/// The kind of fact with a name.
pub fn find(name: &str) -> Option<&'static FactSpec> {
    FACTS.iter().find(|spec| spec.name == name)
}

/// The threshold in force for a kind of fact, before any rule's own.
pub fn threshold(thresholds: &Thresholds, name: &str) -> Threshold {
    let given = thresholds.get(name).copied().unwrap_or_default();
    Threshold {
        trust: given.trust.or_else(|| find(name).and_then(|spec| spec.trust)),
        max_age: given.max_age,
    }
}

/// Whether a fact counts at a time; the reason where it does not.
///
/// # Errors
/// It lies in the future, is trusted too little, is too old, or does not say how old it is.
pub fn counts<F: Fact>(fact: &F, threshold: Threshold, now: Time) -> Result<(), UnknownReason> {
    let seen = fact.observed_at();
    if seen.is_some_and(|at| at > Age::MINUTE.after(now)) {
        return Err(UnknownReason::Future);
    }
    if threshold.trust.is_some_and(|least| fact.trust().unwrap_or_default() < least) {
        return Err(UnknownReason::Distrusted);
    }
    match (threshold.max_age, seen) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(UnknownReason::Undated),
        (Some(age), Some(at)) if at < age.before(now) => Err(UnknownReason::Stale),
        (Some(_), Some(_)) => Ok(()),
    }
}

/// What a review does not know of a kind of fact. Where the review says why, that is the reason.
pub fn unknown(review: &Review, name: &str) -> Vec<Unknown> {
    let Some(spec) = find(name) else {
        return vec![Unknown {
            fact: name.to_owned(),
            subject: review.change.id.clone(),
            reason: UnknownReason::Underivable,
            required_by: Vec::new(),
        }];
    };
    let missing = (spec.missing)(review);
    if missing.is_empty() {
        return Vec::new();
    }
    // Of several reasons the first counts.
    let said: HashMap<&str, UnknownReason> = review
        .unknown
        .iter()
        .rev()
        .filter(|unknown| unknown.fact == name)
        .map(|unknown| (unknown.subject.as_str(), unknown.reason))
        .collect();
    // What an asset says of itself was looked at, where the asset was: a clock is why it is not known.
    let of_asset = name.starts_with("asset.") || name == "context.environment";
    let by_clock = review.unknown.iter().find(|unknown| {
        unknown.fact == "inventory" && matches!(unknown.reason, UnknownReason::Future | UnknownReason::Stale)
    });
    let clock = by_clock.filter(|_| of_asset && review.asset.is_none()).map(|unknown| unknown.reason);
    missing
        .into_iter()
        .map(|(subject, reason)| Unknown {
            fact: name.to_owned(),
            reason: said.get(subject.as_str()).copied().or(clock).unwrap_or(reason),
            subject,
            required_by: Vec::new(),
        })
        .collect()
}

/// The review as a rule may see it that demands more of some facts than the settings do: what
/// falls below is taken out, and said to be unknown. `None` where nothing falls below.
pub fn restrict(review: &Review, requires: &BTreeMap<String, Threshold>) -> Option<Review> {
    // Most rules demand no more than the settings: nothing is copied for them.
    if requires.values().all(|threshold| *threshold == Threshold::default()) {
        return None;
    }
    let now = review.context.now;
    let mut view: Option<Review> = None;
    macro_rules! filter {
        ($name:literal, $of:ident => $list:expr, $key:expr) => {
            if let Some(threshold) = requires.get($name).filter(|t| **t != Threshold::default()) {
                let fails = |$of: &Review| {
                    let found: Vec<_> =
                        $list.iter().flatten().filter_map(|f| counts(f, *threshold, now).err()).collect();
                    found
                };
                let nothing = |$of: &Review| {
                    let empty = $list.as_ref().is_some_and(Vec::is_empty);
                    nothing($name, *threshold).filter(|_| empty)
                };
                let seen = view.as_ref().unwrap_or(review);
                if let Some(reason) = fails(seen).first().copied().or_else(|| nothing(seen)) {
                    let copy = view.get_or_insert_with(|| review.clone());
                    let subject: String = subject(copy);
                    let $of = &mut *copy;
                    if let Some(list) = &mut $list {
                        let before: BTreeSet<String> = list.iter().map($key).collect();
                        list.retain(|f| counts(f, *threshold, now).is_ok());
                        let after: BTreeSet<String> = list.iter().map($key).collect();
                        // Of something nothing is left, and the rest of the list would hide that.
                        if before != after || list.is_empty() || is_sum($name) {
                            $list = None;
                        }
                    }
                    copy.unknown.push(Unknown {
                        fact: $name.to_owned(),
                        subject,
                        reason,
                        required_by: Vec::new(),
                    });
                }
            }
        };
    }
    filter!("evidence.advisories", r => r.evidence.advisories, |f| f.id.clone());
    filter!("evidence.deployments", r => r.evidence.deployments, |f| f.application.clone());
    filter!("evidence.dockerfiles", r => r.evidence.dockerfiles, |f| f.file.clone());
    filter!("evidence.dryRuns", r => r.evidence.dry_runs, |f| f.subject.as_str().to_owned());
    filter!("evidence.gates", r => r.evidence.gates, |f| f.subject.as_str().to_owned());
    filter!("evidence.health", r => r.evidence.health, |f| f.asset.clone());
    filter!("evidence.migrations", r => r.evidence.migrations, |f| format!("{:?}", f.change));
    filter!("evidence.observations", r => r.evidence.observations, |f| f.r#ref.clone());
    filter!("evidence.quarantine", r => r.evidence.quarantine, |f| f.digest.as_str().to_owned());
    filter!("evidence.registers", r => r.evidence.registers, |f| f.application.clone());
    filter!("evidence.runs", r => r.evidence.runs, |f| f.application.clone());
    filter!("evidence.usages", r => r.evidence.usages, |f| f.asset.clone());
    for index in 0..review.artifacts.len() {
        let name = |r: &Review| {
            let artifact = r.artifacts.get(index);
            artifact.map_or_else(String::new, |a| {
                a.digest.as_ref().map_or_else(|| a.r#ref.clone(), |d| d.as_str().to_owned())
            })
        };
        restrict_artifact(review, &mut view, index, requires, now, &name);
    }
    view
}

/// What is wrong with an empty list: that nothing was found carries neither a date nor a trust of its own.
fn nothing(name: &str, threshold: Threshold) -> Option<UnknownReason> {
    let more = threshold.trust > find(name).and_then(|spec| spec.trust);
    let undated = threshold.max_age.map(|_| UnknownReason::Undated);
    undated.or_else(|| more.then_some(UnknownReason::Distrusted))
}

fn restrict_artifact(
    review: &Review,
    view: &mut Option<Review>,
    index: usize,
    requires: &BTreeMap<String, Threshold>,
    now: Time,
    name: &dyn Fn(&Review) -> String,
) {
    let Some(original) = review.artifacts.get(index) else { return };
    let mut artifact = original.clone();
    let mut reasons = Vec::new();
    macro_rules! filter {
        ($fact:literal, $member:ident) => {
            if let Some(threshold) = requires.get($fact).filter(|t| **t != Threshold::default())
                && let Some(list) = &mut artifact.$member
            {
                let mut reason = None;
                list.retain(|f| counts(f, *threshold, now).map_err(|r| reason = Some(r)).is_ok());
                reason = reason.or_else(|| nothing($fact, *threshold).filter(|_| list.is_empty()));
                if let Some(reason) = reason {
                    if list.is_empty() {
                        artifact.$member = None;
                    }
                    reasons.push(($fact, reason));
                }
            }
        };
    }
    filter!("evidence.attestations", attestations);
    filter!("evidence.scans", scans);
    filter!("evidence.signatures", signatures);
    if let Some(threshold) = requires.get("sboms")
        && let Some(Err(reason)) = artifact.sbom.as_ref().map(|sbom| counts(sbom, *threshold, now))
    {
        artifact.sbom = None;
        reasons.push(("sboms", reason));
    }
    if reasons.is_empty() {
        return;
    }
    let copy = view.get_or_insert_with(|| review.clone());
    let subject = name(copy);
    if let Some(place) = copy.artifacts.get_mut(index) {
        *place = artifact;
    }
    for (fact, reason) in reasons {
        copy.unknown.push(Unknown {
            fact: fact.to_owned(),
            subject: subject.clone(),
            reason,
            required_by: Vec::new(),
        });
    }
}

/// Whether a document has any evidence at all.
pub fn is_empty(evidence: &Evidence) -> bool {
    *evidence == Evidence::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_order() {
        assert!(FACTS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
