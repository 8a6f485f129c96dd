//! Two rules that hold for every plan: what changes a protected environment can be taken back, and
//! what a step makes is weighed before anything is built on it.

use serde_json::Value;

use crate::drivers;
use crate::model::decision::Decision;
use crate::model::driver::Shape;
use crate::model::finding::{Effect, Need};
use crate::model::plan::Step;

use super::order::Lineage;
use super::{Options, Problem, reference};

const WEIGH: &str = "weigh/v1";

/// Changes of a protected environment that cannot be taken back. Where it is not known which
/// environment a change enters, and any is protected, it counts as protected.
pub(crate) fn undo(decision: &Decision, options: &Options, steps: &[Step], executable: bool) -> Vec<Problem> {
    let name = decision.change.environment.as_deref();
    let protected = match name {
        Some(name) => options.protected.contains(name),
        None => !options.protected.is_empty(),
    };
    if !protected {
        return Vec::new();
    }
    let lineage = Lineage::of(steps);
    let changes = |step: &Step| drivers::find(&step.kind).is_some_and(|spec| spec.changes);
    let place =
        name.map_or_else(|| "an environment that is not known".to_owned(), |name| format!("`{name}`"));
    steps
        .iter()
        .enumerate()
        .filter(|(at, step)| {
            changes(step)
                && step.undo.is_none()
                && !restores(*at, step, steps, &lineage)
                && !approved(decision, &step.id, executable)
        })
        .map(|(_, step)| {
            let message = format!("step `{}` changes {place}, which is protected, and has no undo", step.id);
            Problem::of("no-undo", step, message).hint(format!(
                "give it an `undo`, or have a rule hold with `irreversible: {}` until somebody has approved that",
                step.id
            ))
        })
        .collect()
}

/// Whether a step does what the undo of an earlier one would do, and so leaves nothing to undo.
fn restores(at: usize, step: &Step, steps: &[Step], lineage: &Lineage) -> bool {
    lineage
        .before(at)
        .filter_map(|before| steps.get(before)?.undo.as_ref())
        .any(|undo| undo.kind == step.kind && undo.with == step.with)
}

/// Whether a rule asked people to approve that a step cannot be taken back. A plan that is not
/// executable is one that may still be waiting for them.
fn approved(decision: &Decision, id: &str, executable: bool) -> bool {
    decision.findings.iter().any(|finding| {
        finding.effect == Effect::Hold
            && finding.details.get("irreversible").is_some_and(|named| names(&named.0, id))
            && finding.needs.as_ref().is_some_and(takes_approval)
            && (!executable || finding.satisfied == Some(true))
    })
}

fn names(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Array(items) => items.iter().any(|item| item.as_str() == Some(id)),
        _ => false,
    }
}

/// Whether a need cannot be satisfied without an approval.
fn takes_approval(need: &Need) -> bool {
    match need {
        Need::Approval(approval) => approval.count > 0,
        Need::Evidence(_) | Need::Time(_) => false,
        Need::All(needs) => needs.iter().any(takes_approval),
        Need::Any(needs) => !needs.is_empty() && needs.iter().all(takes_approval),
    }
}

/// Steps that build on what an earlier step made, before it has been weighed. A change that comes
/// after counts even where it takes no output: it may name what was made by its tag.
pub(crate) fn weighed(steps: &[Step]) -> Vec<Problem> {
    let lineage = Lineage::of(steps);
    let mut problems = Vec::new();
    let spec = |step: &Step| drivers::find(&step.kind);
    let makers = steps.iter().enumerate().filter(|(_, step)| spec(step).is_some_and(|spec| spec.creates));
    for (maker, made) in makers {
        for (at, step) in steps.iter().enumerate() {
            let builds_on_it = takes(step, &made.id) || spec(step).is_some_and(|spec| spec.changes);
            if step.kind == WEIGH || !builds_on_it || !lineage.is_before(maker, at) {
                continue;
            }
            let weighed = lineage.before(at).filter_map(|before| steps.get(before)).any(|s| weighs(s, made));
            if !weighed {
                let message = format!(
                    "step `{}` goes on with what step `{}` makes before that has been weighed",
                    step.id, made.id
                );
                problems.push(Problem::of("not-weighed", step, message).hint(format!(
                    "put a step of kind `{WEIGH}` between them, with `digest: {{from: {}.digest}}`",
                    made.id
                )));
            }
        }
    }
    problems
}

fn takes(step: &Step, id: &str) -> bool {
    step.with.values().flat_map(|value| reference::find(&value.0)).any(|found| found.step == id)
}

fn weighs(step: &Step, made: &Step) -> bool {
    let outputs = drivers::find(&made.kind).map_or(&[][..], |spec| spec.outputs);
    step.kind == WEIGH
        && step.with.get("digest").and_then(|value| reference::parse(&value.0)).is_some_and(|found| {
            found.step == made.id
                && outputs.iter().any(|field| field.name == found.output && field.shape == Shape::Digest)
        })
}
