//! Promotions that go together or not at all.
//!
//! Each is decided by itself first; then one that is not allowed by itself holds all others of its
//! freight. They wait for each other without a circle: what a companion waits for is not counted as its
//! own, only what stands in its own way.

use std::collections::{HashMap, VecDeque};

use super::Options;
use super::combine::combine;
use super::evaluate::{Dependency, Judge, Ledger, Waiting};
use crate::model::decision::{Decision, Verdict};
use crate::model::finding::Effect;
use crate::model::review::Review;

/// The rule by which a change waits for the others of its freight.
pub(super) const RULE: &str = "weighlock.freight";

/// What a decision would be if all others of its freight were allowed.
pub fn alone(decision: &Decision) -> Verdict {
    let open = |effect: Effect| {
        decision.findings.iter().filter(move |finding| {
            finding.effect == effect
                && finding.satisfied != Some(true)
                && finding.waived.is_none()
                && finding.overridden.is_none()
        })
    };
    match decision.verdict {
        Verdict::Hold if open(Effect::Hold).all(|finding| finding.rule == RULE) => Verdict::Allow,
        verdict => verdict,
    }
}

/// What a change waits for: those that go first, as they were decided, and those of its freight, as each
/// would be by itself. What nobody decides about has not been allowed.
pub fn first<'d>(review: &Review, decided: impl Fn(&str) -> Option<&'d Decision>) -> Vec<Dependency> {
    let change = &review.change;
    let before = change.depends_on.iter().map(|id| (id, decided(id).map(|decision| decision.verdict)));
    let together = change.together.iter().flatten().map(|other| &other.id);
    let together = together.filter(|id| !change.depends_on.contains(id));
    let together = together.map(|id| (id, decided(id).map(alone)));
    before.chain(together).map(|(id, verdict)| (id.clone(), verdict.unwrap_or(Verdict::Hold))).collect()
}

/// Decides again about everything that is promoted together with something, and about what waits for it,
/// until nothing changes: a verdict only ever goes from allowed to held.
pub(super) fn settle(
    judge: &Judge,
    waiting: &[(usize, Box<Waiting<'_>>)],
    decisions: &mut [Option<Box<Decision>>],
    ledger: &Ledger<'_>,
    options: &Options,
) {
    if waiting.iter().all(|(_, said)| said.0.change.together.is_none()) {
        return;
    }
    let ids: HashMap<String, usize> = decisions
        .iter()
        .enumerate()
        .filter_map(|(at, decision)| Some((decision.as_ref()?.change.id.clone(), at)))
        .collect();
    let places: HashMap<&str, usize> =
        waiting.iter().enumerate().map(|(i, (_, said))| (said.0.change.id.as_str(), i)).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); waiting.len()];
    for (i, (_, said)) in waiting.iter().enumerate() {
        for id in &said.0.change.depends_on {
            if let Some(followers) = places.get(id.as_str()).and_then(|place| after.get_mut(*place)) {
                followers.push(i);
            }
        }
    }
    let mut queued: Vec<bool> = waiting.iter().map(|(_, said)| said.0.change.together.is_some()).collect();
    let mut queue: VecDeque<usize> =
        queued.iter().enumerate().filter(|(_, queued)| **queued).map(|(i, _)| i).collect();
    while let Some(i) = queue.pop_front() {
        let Some((at, said)) = waiting.get(i) else { continue };
        if let Some(queued) = queued.get_mut(i) {
            *queued = false;
        }
        let (review, judged) = &**said;
        let decided = |id: &str| ids.get(id).and_then(|at| decisions.get(*at)).and_then(Option::as_deref);
        let decision = combine(judge, review, judged, ledger, options, &first(review, decided));
        let verdicts = |decision: &Decision| (decision.verdict, alone(decision));
        let now = verdicts(&decision);
        let Some(Some(slot)) = decisions.get_mut(*at) else { continue };
        let was = verdicts(slot);
        **slot = decision;
        let followers = after.get(i).into_iter().flatten().copied().filter(|_| was.0 != now.0);
        let companions = review.change.together.iter().flatten().filter(|_| was.1 != now.1);
        let companions = companions.filter_map(|other| places.get(other.id.as_str()).copied());
        for next in followers.chain(companions) {
            if let Some(queued @ false) = queued.get_mut(next) {
                *queued = true;
                queue.push_back(next);
            }
        }
    }
}
