//! What people consented to: approvals counted against needs, waivers, overrides.
//!
//! Never part of a review and never seen by a policy. A person's roles come from the operator's
//! directory; an approval binds to the digest of one change, and its author cannot give it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fact;
use crate::model::decision::{CountedApproval, Missing, RejectedRecord};
use crate::model::evidence::Approval;
use crate::model::finding::{ApprovalNeed, Finding, Need};
use crate::model::governance::{Override, Roles, Waiver};
use crate::model::input::{ChangeKind, same_person};
use crate::model::review::{Review, UnknownReason};
use crate::model::rule::Metadata;
use crate::model::time::{Age, Time};

/// A record, and whether whoever read it could tell that it is genuine: signed by a key of the
/// person who gives it, or read from where only operators write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `record` and `genuine`")]
pub struct Offered<T> {
    /// The record.
    pub record: T,
    /// Whether it is genuine.
    pub genuine: bool,
    /// Whether it bears a signature that does not verify: then it is not genuine, wherever it was
    /// read, for somebody altered it or signed for another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forged: bool,
}

impl<T> Offered<T> {
    /// Takes a record, whether whoever reads it believes it without a signature, and whether its
    /// signature holds, where it bears one.
    pub fn new(record: T, believed: bool, holds: Option<bool>) -> Self {
        Self { record, genuine: holds.unwrap_or(believed), forged: holds == Some(false) }
    }
}

/// Every record that was offered, and the rules that they are held to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Governance {
    /// Approvals.
    pub approvals: Vec<Offered<Approval>>,
    /// Waivers.
    pub waivers: Vec<Offered<Waiver>>,
    /// Overrides.
    pub overrides: Vec<Offered<Override>>,
    /// Who holds which roles.
    pub roles: Roles,
    /// The rules.
    pub terms: Terms,
}

/// What records are held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Terms {
    /// How far ahead a waiver may expire.
    pub waiver_max: Age,
    /// How far ahead an override may expire.
    pub override_max: Age,
    /// Role that may override; nobody may where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_role: Option<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { waiver_max: Age(90 * 86_400), override_max: Age(86_400), override_role: None }
    }
}

/// The most alternatives that a need may unfold into.
const MAX_ALTERNATIVES: usize = 64;
/// The most places that one alternative may have.
const MAX_PLACES: usize = 64;

/// The approvals that count for one change.
#[derive(Debug, Default)]
pub struct Quorum<'a> {
    people: BTreeMap<&'a str, (&'a [String], Time)>,
    excluded: BTreeSet<&'a str>,
    /// Those that were offered and do not count.
    pub rejected: Vec<RejectedRecord>,
}

/// What came of a hold.
#[derive(Debug, Default)]
pub struct Settled {
    /// Whether everything it asks for is there.
    pub satisfied: bool,
    /// What is missing where it is not.
    pub missing: Vec<Missing>,
    /// Who filled which place.
    pub counted: Vec<CountedApproval>,
    /// The earliest expiry among them.
    pub expires: Option<Time>,
}

/// A need that makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadNeed {
    /// An empty list reads as "nothing" to one and "everything" to another.
    #[error("`{0}` has an empty list")]
    Empty(&'static str),
    /// Zero people.
    #[error("an approval by `{0}` asks for no one: `count` is 0")]
    Nobody(String),
    /// Too many combinations.
    #[error("the needs unfold into more than {MAX_ALTERNATIVES} alternatives or {MAX_PLACES} places")]
    TooMany,
    /// A fact that does not exist.
    #[error("`{0}` is not a kind of fact")]
    Fact(String),
}

impl<'a> Quorum<'a> {
    /// Sorts the approvals for one change into those that count and those that do not.
    pub fn new(approvals: &[&'a Offered<Approval>], roles: &'a Roles, review: &'a Review, now: Time) -> Self {
        let change = &review.change;
        let author = change.author.as_ref().map(|person| person.id.as_str());
        let excluded: BTreeSet<&str> =
            author.into_iter().chain(change.requested_by.as_ref().map(|person| person.id.as_str())).collect();
        let mut quorum = Self { people: BTreeMap::new(), excluded, rejected: Vec::new() };
        for offered in approvals {
            let approval = &offered.record;
            if approval.change != change.digest {
                continue;
            }
            let by = approval.by.id.as_str();
            let reason = if offered.forged {
                "its signature does not verify with any key that `trust.keys` lists for that person"
            } else if !offered.genuine {
                "not signed by a key of that person, nor read from where only operators write"
            } else if author.is_none() {
                anonymity(review)
            } else if quorum.excluded.iter().any(|id| same_person(id, by)) {
                "nobody approves their own change"
            } else if approval.expires <= now {
                "expired"
            } else if approval.at > Age::MINUTE.after(now) {
                "given later than now"
            } else if approval.at >= approval.expires {
                "expires before it was given"
            } else if approval.plan.is_some() {
                "given for the steps of a plan, not for the change"
            } else if let Some(held) = roles.get(by).filter(|held| !held.is_empty()) {
                let place = quorum.people.entry(by).or_insert((held, approval.expires));
                place.1 = place.1.max(approval.expires);
                continue;
            } else {
                "has no role in the operator's directory"
            };
            quorum.rejected.push(RejectedRecord { record: by.to_owned(), reason: reason.to_owned() });
        }
        quorum.rejected.sort();
        quorum.rejected.dedup();
        quorum
    }

    /// Why those who may approve were not counted, where holds ask for approvals: `needs` is what
    /// the holds ask for, `counted` who fills a place.
    pub fn left_over(&self, needs: &[&Need], counted: &[CountedApproval]) -> Vec<RejectedRecord> {
        let mut asked = BTreeSet::new();
        needs.iter().for_each(|need| roles_of(need, &mut asked));
        if asked.is_empty() {
            return Vec::new();
        }
        let unused = self.people.iter().filter(|(by, _)| !counted.iter().any(|counted| counted.by == **by));
        let reason = |held: &[String]| match held.iter().any(|role| asked.contains(role.as_str())) {
            true => {
                "other approvals fill the places for it, or another way to end the hold is nearer".to_owned()
            }
            false => format!("holds {}, and asked for is {}", quoted(held), quoted(&asked)),
        };
        unused
            .map(|(by, (held, _))| RejectedRecord { record: (*by).to_owned(), reason: reason(held) })
            .collect()
    }

    /// Settles what a hold asks for: `until` and `needs` both count, and a hold that asks for
    /// nothing is ended by nothing.
    ///
    /// # Errors
    /// The need makes no sense; nothing can be said about whether it is met.
    pub fn settle(&self, finding: &Finding, review: &Review) -> Result<Settled, BadNeed> {
        let now = review.context.now;
        let mut settled = match &finding.needs {
            Some(need) => self.best(need, review)?,
            None => Settled { satisfied: finding.until.is_some(), ..Settled::default() },
        };
        if let Some(until) = finding.until.filter(|until| *until > now) {
            settled.satisfied = false;
            settled.missing.push(missing_time(until));
        }
        Ok(settled)
    }

    /// The alternative of a need that is met, or of those that are not, the one nearest to it.
    fn best(&self, need: &Need, review: &Review) -> Result<Settled, BadNeed> {
        let alternatives = unfold(need)?;
        let mut best: Option<Settled> = None;
        let mut others: Vec<Vec<Missing>> = Vec::new();
        for alternative in &alternatives {
            let settled = self.fill(alternative, review)?;
            if settled.satisfied {
                return Ok(settled);
            }
            others.push(settled.missing.clone());
            if best.as_ref().is_none_or(|best| settled.missing.len() < best.missing.len()) {
                best = Some(settled);
            }
        }
        let mut best = best.unwrap_or_default();
        if others.len() > 1 {
            best.missing = vec![Missing { any: others, ..empty() }];
        }
        Ok(best)
    }

    fn fill(&self, alternative: &[Place<'_>], review: &Review) -> Result<Settled, BadNeed> {
        let mut settled = Settled { satisfied: true, ..Settled::default() };
        let mut places: Vec<&str> = Vec::new();
        for place in alternative {
            match place {
                Place::Role(role) => places.push(role),
                Place::Time(time) if *time > review.context.now => {
                    settled.satisfied = false;
                    settled.missing.push(missing_time(*time));
                }
                Place::Time(_) => {}
                Place::Evidence(name) => {
                    if fact::find(name).is_none() {
                        return Err(BadNeed::Fact((*name).to_owned()));
                    }
                    // The rule saw the facts of this very review, and holds for what they do not
                    // say. Other facts make another review, about which it has no more to hold.
                    settled.satisfied = false;
                    settled.missing.push(missing_evidence(name));
                }
            }
        }
        let people: Vec<(&str, &[String], Time)> =
            self.people.iter().map(|(id, (r, e))| (*id, *r, *e)).collect();
        let filled = matching(&places, &people);
        let mut short: BTreeMap<&str, u32> = BTreeMap::new();
        for (place, person) in places.iter().zip(&filled) {
            match person.and_then(|at| people.get(at)) {
                Some((id, _, expires)) => {
                    settled.counted.push(CountedApproval { by: (*id).to_owned(), role: (*place).to_owned() });
                    settled.expires = Some(settled.expires.map_or(*expires, |first| first.min(*expires)));
                }
                None => {
                    let count = short.entry(place).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        let mut not_by: Vec<String> = self.excluded.iter().map(|id| (*id).to_owned()).collect();
        not_by.extend(settled.counted.iter().map(|counted| counted.by.clone()));
        not_by.sort();
        not_by.dedup();
        // Whoever approves cannot be told apart from an author that nobody names.
        if !short.is_empty() && review.change.author.is_none() {
            settled.missing.push(Missing { evidence: Some("change.author".to_owned()), ..empty() });
        }
        for (role, count) in short {
            settled.satisfied = false;
            let need = ApprovalNeed { role: role.to_owned(), count };
            settled.missing.push(Missing { approval: Some(need), not_by: not_by.clone(), ..empty() });
        }
        Ok(settled)
    }
}

/// Whether the operator wants the change's people named by somebody more trusted than whoever did.
pub(super) fn distrusted(review: &Review) -> bool {
    let said =
        |u: &crate::model::review::Unknown| u.fact == fact::AUTHOR && u.reason == UnknownReason::Distrusted;
    review.change.author.is_none() && review.unknown.iter().any(said)
}

/// Why nobody can be told apart from those who propose a change that has no author.
fn anonymity(review: &Review) -> &'static str {
    if distrusted(review) {
        "who made the change is not known: `trust.facts` asks more trust of `change.author` than its document has, which is none of `trust.inputs`"
    } else if review.change.kind == ChangeKind::Admission {
        "the change names no author, so nobody can be told apart from them: a manifest or an AdmissionReview cannot, but an input document with the object and the change can"
    } else {
        "the change names no author, so nobody can be told apart from them"
    }
}

const fn empty() -> Missing {
    Missing { approval: None, evidence: None, time: None, any: Vec::new(), not_by: Vec::new() }
}

pub(super) fn missing_evidence(name: &str) -> Missing {
    Missing { evidence: Some(name.to_owned()), ..empty() }
}

fn missing_time(time: Time) -> Missing {
    Missing { time: Some(time), ..empty() }
}

#[derive(Clone, Debug)]
enum Place<'a> {
    Role(&'a str),
    Evidence(&'a str),
    Time(Time),
}

/// The roles that a need names anywhere.
pub fn roles_of<'a>(need: &'a Need, roles: &mut BTreeSet<&'a str>) {
    match need {
        Need::Approval(ApprovalNeed { role, .. }) => drop(roles.insert(role)),
        Need::All(list) | Need::Any(list) => list.iter().for_each(|need| roles_of(need, roles)),
        Need::Evidence(_) | Need::Time(_) => {}
    }
}

fn quoted<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A need as alternatives, each a list of places to fill.
fn unfold(need: &Need) -> Result<Vec<Vec<Place<'_>>>, BadNeed> {
    let alternatives = match need {
        Need::Approval(ApprovalNeed { role, count: 0 }) => return Err(BadNeed::Nobody(role.clone())),
        Need::Approval(ApprovalNeed { role, count }) => {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            if count > MAX_PLACES {
                return Err(BadNeed::TooMany);
            }
            vec![vec![Place::Role(role.as_str()); count]]
        }
        Need::Evidence(name) => vec![vec![Place::Evidence(name.as_str())]],
        Need::Time(time) => vec![vec![Place::Time(*time)]],
        Need::Any(list) if list.is_empty() => return Err(BadNeed::Empty("any")),
        Need::All(list) if list.is_empty() => return Err(BadNeed::Empty("all")),
        Need::Any(list) => {
            let mut all = Vec::new();
            for need in list {
                all.extend(unfold(need)?);
            }
            all
        }
        Need::All(list) => {
            let mut all: Vec<Vec<Place<'_>>> = vec![Vec::new()];
            for need in list {
                let next = unfold(need)?;
                if all.len().saturating_mul(next.len()) > MAX_ALTERNATIVES {
                    return Err(BadNeed::TooMany);
                }
                all = all.iter().flat_map(|a| next.iter().map(move |b| [a.as_slice(), b].concat())).collect();
            }
            all
        }
    };
    let too_many = alternatives.len() > MAX_ALTERNATIVES || alternatives.iter().any(|a| a.len() > MAX_PLACES);
    if too_many { Err(BadNeed::TooMany) } else { Ok(alternatives) }
}

/// Fills as many places as can be filled, one person each: a maximum bipartite matching by
/// augmenting paths (Kuhn). Returns for each place the index of its person.
fn matching(places: &[&str], people: &[(&str, &[String], Time)]) -> Vec<Option<usize>> {
    fn augment(
        place: usize,
        places: &[&str],
        people: &[(&str, &[String], Time)],
        holds: &mut [Option<usize>],
        seen: &mut [bool],
    ) -> bool {
        let Some(role) = places.get(place) else { return false };
        for (i, (_, roles, _)) in people.iter().enumerate() {
            if !roles.iter().any(|r| r == role) || seen.get(i).copied().unwrap_or(true) {
                continue;
            }
            if let Some(mark) = seen.get_mut(i) {
                *mark = true;
            }
            let free = match holds.get(i).copied().flatten() {
                None => true,
                Some(other) => augment(other, places, people, holds, seen),
            };
            if free {
                if let Some(slot) = holds.get_mut(i) {
                    *slot = Some(place);
                }
                return true;
            }
        }
        false
    }
    let mut holds: Vec<Option<usize>> = vec![None; people.len()];
    for place in 0..places.len() {
        augment(place, places, people, &mut holds, &mut vec![false; people.len()]);
    }
    (0..places.len()).map(|place| holds.iter().position(|held| *held == Some(place))).collect()
}

/// Why a record is not counted that bears a signature which is not its person's.
pub fn unverified(person: &str) -> String {
    format!("its signature does not verify with any key that `trust.keys` lists for `{person}`")
}

/// Why a waiver cannot be used, whatever rules there are; `None` where it can.
pub fn waiver_terms(offered: &Offered<Waiver>, governance: &Governance, now: Time) -> Option<String> {
    let waiver = &offered.record;
    let text = |value: &str| value.trim().is_empty();
    if waiver.expires <= now {
        return Some("it has expired".to_owned());
    }
    if offered.forged {
        return Some(unverified(&waiver.approved_by));
    }
    if !offered.genuine {
        return Some(
            "it is not signed by a key of `approvedBy`, who holds a role, nor read from where only operators write"
                .to_owned(),
        );
    }
    if waiver.expires > governance.terms.waiver_max.after(now) {
        return Some(format!(
            "it expires later than {} from now, the most that is allowed",
            governance.terms.waiver_max
        ));
    }
    if same_person(&waiver.owner, &waiver.approved_by) {
        return Some(format!("`{}` is both owner and approver", waiver.owner));
    }
    if text(&waiver.owner) || text(&waiver.approved_by) || text(&waiver.reason) || text(&waiver.ticket) {
        return Some("owner, approver, reason and ticket must all be said".to_owned());
    }
    if waiver.scope.is_empty() || waiver.rules.is_empty() {
        return Some("it names no rule or no scope".to_owned());
    }
    if waiver.scope.contains_key("change") && !waiver.scope.contains_key("changeDigest") {
        return Some(
            "its scope names a change by id alone, which another change can take: name its digest under `changeDigest` too"
                .to_owned(),
        );
    }
    None
}

/// Why a waiver cannot be used at all; `None` where it can.
pub fn waiver_fault(
    offered: &Offered<Waiver>,
    governance: &Governance,
    rules: &BTreeMap<&str, &Metadata>,
    now: Time,
) -> Option<String> {
    if let Some(fault) = waiver_terms(offered, governance, now) {
        return Some(fault);
    }
    for rule in &offered.record.rules {
        match rules.get(rule.as_str()) {
            None => {
                let near = crate::diag::nearest(rule, rules.keys().copied());
                let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Some(format!("there is no rule `{rule}`{hint}"));
            }
            Some(metadata) if !metadata.waivable => {
                return Some(format!("the rule `{rule}` cannot be waived"));
            }
            Some(_) => {}
        }
    }
    None
}

/// Why a waiver cannot be used for a change that it covers; `None` where it can.
pub fn waiver_misuse(waiver: &Waiver, review: &Review) -> Option<&'static str> {
    let change = &review.change;
    let mut people = change.author.iter().chain(&change.requested_by).peekable();
    if people.peek().is_none() {
        // Whoever approved it cannot be told apart from those who propose the change.
        return Some(anonymity(review));
    }
    people.any(|person| person.is(&waiver.approved_by)).then_some("nobody waives for their own change")
}

/// Whether a waiver covers a finding: its rule, and every key of its scope.
pub fn covers(waiver: &Waiver, finding: &Finding, review: &Review) -> bool {
    let change = &review.change;
    if !waiver.rules.contains(&finding.rule) {
        return false;
    }
    let asset = review.asset.as_ref();
    waiver.scope.iter().all(|(key, wanted)| {
        let known = match key.as_str() {
            "application" => change.application.as_deref(),
            "asset" => asset.map(|asset| asset.id.as_str()),
            "change" => Some(change.id.as_str()),
            "changeDigest" => Some(change.digest.as_str()),
            "cluster" => review.context.cluster.as_deref(),
            "environment" => review.context.environment.as_deref(),
            "kind" => Some(change.kind.as_str()),
            "namespace" => asset.and_then(|asset| asset.namespace.as_deref()),
            "owner" => asset.and_then(|asset| asset.owner.as_deref()),
            "path" => finding.path.as_deref(),
            other => finding.details.get(other).and_then(|value| value.0.as_str()),
        };
        known == Some(wanted.as_str())
    })
}

/// When an override ceases to count: when it expires, or when its review is due, for whoever has not
/// reviewed by then has not kept the word that it was let pass on.
pub fn override_ends(record: &Override) -> Time {
    record.expires.min(record.review_due)
}

/// Why an override cannot be used, whatever the change is; `None` where it can.
pub fn override_terms(offered: &Offered<Override>, governance: &Governance, now: Time) -> Option<String> {
    let record = &offered.record;
    let roles = governance.roles.get(&record.by);
    if offered.forged {
        return Some(unverified(&record.by));
    }
    if !offered.genuine {
        return Some(
            "it is not signed by a key of `by`, nor read from where only operators write".to_owned(),
        );
    }
    if record.expires <= now {
        return Some("it has expired".to_owned());
    }
    if record.expires > governance.terms.override_max.after(now) {
        return Some(format!(
            "it expires later than {} from now, the most that is allowed",
            governance.terms.override_max
        ));
    }
    if record.review_due <= now {
        return Some(format!("its review was due {}", record.review_due));
    }
    if record.reason.trim().is_empty() || record.ticket.trim().is_empty() {
        return Some("reason and ticket must be said".to_owned());
    }
    match &governance.terms.override_role {
        None => return Some("the configuration names no role that may override".to_owned()),
        Some(role) if !roles.is_some_and(|roles| roles.contains(role)) => {
            return Some(format!("`{}` does not hold the role `{role}`", record.by));
        }
        Some(_) => {}
    }
    None
}

/// Why an override cannot be used for a change; `None` where it can.
pub fn override_fault(
    offered: &Offered<Override>,
    governance: &Governance,
    review: &Review,
    now: Time,
) -> Option<String> {
    let (record, change) = (&offered.record, &review.change);
    if let Some(fault) = override_terms(offered, governance, now) {
        return Some(fault);
    }
    let Some(author) = &change.author else { return Some(anonymity(review).to_owned()) };
    let own =
        author.is(&record.by) || change.requested_by.as_ref().is_some_and(|person| person.is(&record.by));
    own.then(|| "nobody overrides for their own change".to_owned())
}

#[cfg(test)]
#[path = "governance/tests.rs"]
mod tests;
