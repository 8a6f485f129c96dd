//! Reads a plan again that comes from elsewhere: nothing of it is believed that can be computed.

use std::collections::BTreeSet;

use crate::model::id::API_VERSION;
use crate::model::plan::Plan;

use super::draft::{Drafts, key};
use super::{MAX_STEPS, Problem, check, order, safety, seal};

/// Checks that a plan is whole: its digest and keys, its steps against their specs, every reference,
/// and the order. It says nothing of whether the decision is right: for that, the decision is made
/// again and [`build`](super::build)'s plan compared.
///
/// # Errors
/// Everything that is wrong, sorted by step.
pub fn check_plan(plan: &Plan) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    if plan.api_version != API_VERSION || plan.kind != "Plan" {
        let message = format!("`{}` of `{}` is not a plan that is known", plan.kind, plan.api_version);
        problems.push(Problem::new("version", message));
    }
    if plan.steps.len() > MAX_STEPS {
        let message = format!("the plan has {} steps, and may have {MAX_STEPS} at most", plan.steps.len());
        return Err(vec![Problem::new("too-large", message)]);
    }
    let sealed = seal(plan.decision.clone(), plan.executable, plan.expires, plan.steps.clone());
    if sealed.map(|sealed| sealed.id).ok().as_ref() != Some(&plan.id) {
        problems.push(Problem::new("altered", "the plan is not what its id is the digest of"));
    }
    let mut steps = Drafts::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for step in &plan.steps {
        let own = key(&plan.decision, &step.id, &step.kind, &step.with);
        if own.ok().as_ref() != Some(&step.key) {
            let message = format!("the key of step `{}` is not the digest of what it does", step.id);
            problems.push(Problem::of("altered", step, message));
        }
        if steps.insert(step.id.clone(), step.clone()).is_some() {
            let message = format!("there are two steps by the id `{}`", step.id);
            problems.push(Problem::of("conflict", step, message));
        }
        if let Some(before) = step.after.iter().find(|before| !seen.contains(before.as_str())) {
            let message = format!("step `{}` stands before `{before}`, which it waits for", step.id);
            problems.push(Problem::of("order", step, message));
        }
        seen.insert(&step.id);
    }
    for step in &plan.steps {
        problems.extend(check::step(step, &steps));
        for taken in super::draft::taken(step)
            .filter(|id| steps.contains_key(*id) && !step.after.iter().any(|a| a == id))
        {
            let message =
                format!("step `{}` takes an output of `{taken}`, but does not go after it", step.id);
            problems.push(Problem::of("order", step, message));
        }
    }
    if let Err(cycle) = order::order(&steps) {
        problems.push(cycle);
    } else {
        problems.extend(safety::weighed(&plan.steps));
    }
    problems.sort();
    problems.dedup();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
