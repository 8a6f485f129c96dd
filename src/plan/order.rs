//! The order of steps: each after those that it waits for, ties by id.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::plan::Step;

use super::Problem;
use super::draft::Drafts;

/// Puts steps in order. What is not there is not waited for; the checks tell of it.
///
/// # Errors
/// Steps that wait for each other in a circle, named.
pub(crate) fn order(drafts: &Drafts) -> Result<Vec<Step>, Problem> {
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut followers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, step) in drafts {
        let before = step.after.iter().map(String::as_str).filter(|before| drafts.contains_key(*before));
        for before in before.clone() {
            followers.entry(before).or_default().push(id);
        }
        waits.insert(id, before.collect());
    }
    let free =
        |waits: &BTreeMap<&str, BTreeSet<&str>>, id: &str| waits.get(id).is_some_and(BTreeSet::is_empty);
    let mut ready: BTreeSet<&str> = drafts.keys().map(String::as_str).filter(|id| free(&waits, id)).collect();
    let mut ordered = Vec::with_capacity(drafts.len());
    while let Some(id) = ready.pop_first() {
        waits.remove(id);
        ordered.extend(drafts.get(id).cloned());
        for follower in followers.get(id).into_iter().flatten() {
            if let Some(before) = waits.get_mut(follower) {
                before.remove(id);
                if before.is_empty() {
                    ready.insert(follower);
                }
            }
        }
    }
    if waits.is_empty() { Ok(ordered) } else { Err(cycle(drafts, &waits)) }
}

/// Names a circle. Every step that is left waits for one that is left, so walking back must come to
/// a step for the second time.
fn cycle(drafts: &Drafts, left: &BTreeMap<&str, BTreeSet<&str>>) -> Problem {
    let mut path: Vec<&str> = Vec::new();
    let mut at = left.keys().next().copied();
    while let Some(id) = at.filter(|id| !path.contains(id)) {
        path.push(id);
        at = left.get(id).and_then(|before| before.first().copied());
    }
    let start = path.iter().position(|id| Some(*id) == at).unwrap_or(0);
    let mut circle = path.split_off(start);
    let least = circle.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(i, _)| i);
    circle.rotate_left(least);
    let first = circle.first().copied().unwrap_or_default();
    let message = if circle.len() == 1 {
        format!("step `{first}` waits for itself")
    } else {
        let names: Vec<String> = circle.iter().chain([&first]).map(|id| format!("`{id}`")).collect();
        format!("steps wait for each other in a circle: {}", names.join(" after "))
    };
    let problem =
        Problem::new("cycle", message).hint("take one of them out of `after`, or take no output of it");
    Problem { rule: drafts.get(first).map(|step| step.rule.clone()), step: Some(first.to_owned()), ..problem }
}

/// Which steps go before which, directly or not, by their place in an order.
pub(crate) struct Lineage {
    before: Vec<BTreeSet<usize>>,
}

impl Lineage {
    /// Reads it from steps that are in order.
    pub(crate) fn of(steps: &[Step]) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut before: Vec<BTreeSet<usize>> = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            let mut own = BTreeSet::new();
            for other in step.after.iter().filter_map(|id| places.get(id.as_str()).copied()) {
                own.insert(other);
                own.extend(before.get(other).into_iter().flatten().copied());
            }
            before.push(own);
            places.insert(&step.id, place);
        }
        Self { before }
    }

    /// Every step that goes before one.
    pub(crate) fn before(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        self.before.get(place).into_iter().flatten().copied()
    }

    /// Whether one step goes before another.
    pub(crate) fn is_before(&self, first: usize, then: usize) -> bool {
        self.before.get(then).is_some_and(|before| before.contains(&first))
    }
}
