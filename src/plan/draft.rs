//! From actions to steps, not yet in order: duplicates coalesce, references imply an order, and an
//! undo is completed from its step.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::drivers;
use crate::model::decision::Decision;
use crate::model::obligation::{self, Action, Order};
use crate::model::plan::{Step, Undo};
use crate::model::{Digest, Json, canonical};

use super::{MAX_STEPS, Problem, reference};

/// Where something is: what an undo takes over from its step even where it could be left out.
const PLACE: &[&str] = &["cluster", "host", "namespace", "server", "target", "token"];

/// Steps by id.
pub(crate) type Drafts = BTreeMap<String, Step>;

pub(crate) fn drafts(decision: &Decision, problems: &mut Vec<Problem>) -> Drafts {
    let mut drafts = Drafts::new();
    if decision.actions.len() > MAX_STEPS {
        let message =
            format!("{} steps are asked for, and a plan has {MAX_STEPS} at most", decision.actions.len());
        problems.push(Problem::new("too-large", message));
    }
    // Sorted by rule, so that of two that contradict each other it is always the same one that stays.
    let mut actions: Vec<&Action> = decision.actions.iter().take(MAX_STEPS).collect();
    actions.sort_by_cached_key(|action| (action.rule.clone(), text(action)));
    for action in actions {
        let step = match draft(&decision.id, action) {
            Ok(step) => step,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        match drafts.get_mut(&step.id) {
            None => {
                drafts.insert(step.id.clone(), step);
            }
            Some(there) if same(there, &step) => {
                // One rule may say it twice.
                if !there.rule.split(", ").any(|rule| rule == step.rule) {
                    there.rule = format!("{}, {}", there.rule, step.rule);
                }
            }
            Some(there) => {
                let message = format!(
                    "`{}` and `{}` ask for different steps by the id `{}`",
                    there.rule, step.rule, step.id
                );
                problems.push(
                    Problem::of("conflict", &step, message)
                        .hint("give them different ids, or have both ask for the same"),
                );
            }
        }
    }
    imply_order(&mut drafts);
    put_last(&mut drafts);
    drafts
}

fn draft(decision: &Digest, action: &Action) -> Result<Step, Problem> {
    let bad_id = action.id.is_empty()
        || action.id.chars().count() > 128
        || action.id.chars().any(|c| c.is_control() || c == '`');
    if bad_id {
        let message =
            "the id of a step must be 1 to 128 characters, without control characters and backticks";
        return Err(Problem::new("bad-id", message).rule(&action.rule));
    }
    let key = key(decision, &action.id, &action.kind, &action.with).map_err(|error| Problem {
        step: Some(action.id.clone()),
        ..Problem::new("number", format!("a parameter of step `{}` cannot be written: {error}", action.id))
            .rule(&action.rule)
    })?;
    Ok(Step {
        id: action.id.clone(),
        kind: action.kind.clone(),
        with: action.with.clone(),
        expect: action.expect.clone(),
        undo: action.undo.as_ref().map(|undo| complete(undo, &action.with)),
        after: sorted(&action.after),
        fulfils: sorted(&action.fulfils),
        key,
        rule: action.rule.clone(),
    })
}

/// The idempotency key of a step.
pub(crate) fn key(
    decision: &Digest,
    id: &str,
    kind: &str,
    with: &BTreeMap<String, Json>,
) -> Result<Digest, canonical::Error> {
    #[derive(Serialize)]
    struct Key<'a> {
        decision: &'a Digest,
        id: &'a str,
        kind: &'a str,
        with: &'a BTreeMap<String, Json>,
    }
    canonical::digest(&Key { decision, id, kind, with })
}

fn complete(undo: &Undo, with: &BTreeMap<String, Json>) -> Undo {
    let mut undo = undo.clone();
    for field in drivers::find(&undo.kind).map_or(&[][..], |spec| spec.params) {
        let taken_over = field.required || PLACE.contains(&field.name);
        if let Some(value) =
            with.get(field.name).filter(|_| taken_over && !undo.with.contains_key(field.name))
        {
            undo.with.insert(field.name.to_owned(), value.clone());
        }
    }
    undo
}

/// Whoever takes an output goes after the step that gives it. A reference that leads nowhere implies
/// nothing; the checks tell of it.
fn imply_order(drafts: &mut Drafts) {
    let ids: Vec<String> = drafts.keys().cloned().collect();
    for step in drafts.values_mut() {
        let implied: Vec<String> = taken(step)
            .filter(|id| ids.binary_search_by(|known| known.as_str().cmp(id)).is_ok())
            .map(str::to_owned)
            .collect();
        step.after.extend(implied);
        step.after.sort();
        step.after.dedup();
    }
}

/// What is to come after all that changes something does, where it does not say itself what it waits
/// for: which steps those are, the rule that asks for it cannot know.
fn put_last(drafts: &mut Drafts) {
    let changes = |step: &&Step| drivers::find(&step.kind).is_some_and(|spec| spec.changes);
    let changing: Vec<String> = drafts.values().filter(changes).map(|step| step.id.clone()).collect();
    for step in drafts.values_mut().filter(|step| step.after.is_empty()) {
        let mut claims = step.fulfils.iter().filter_map(|claim| claim.split('.').next());
        if claims.any(|kind| obligation::find(kind).is_some_and(|spec| spec.order == Order::AfterAll)) {
            step.after = changing.iter().filter(|id| **id != step.id).cloned().collect();
        }
    }
}

/// Ids of the steps that a step takes outputs of. An undo may take what its own step gave; everything
/// else may not wait for itself.
pub(crate) fn taken(step: &Step) -> impl Iterator<Item = &str> {
    let values = step.with.values().chain(step.expect.iter().flat_map(BTreeMap::values));
    let undo = step.undo.iter().flat_map(|undo| undo.with.values());
    let undo = undo.flat_map(|value| reference::find(&value.0)).filter(|found| found.step != step.id);
    values.flat_map(|value| reference::find(&value.0)).chain(undo).map(|found| found.step)
}

/// Whether two rules ask for the very same.
fn same(a: &Step, b: &Step) -> bool {
    Step { rule: String::new(), ..a.clone() } == Step { rule: String::new(), ..b.clone() }
}

fn sorted(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    words.sort();
    words.dedup();
    words
}

fn text(action: &Action) -> String {
    canonical::to_vec(action)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| format!("{action:?}"))
}
