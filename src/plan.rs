//! From a decision to a plan: steps in order, checked before anything is touched.
//!
//! In go a decision and what the operator says of time and environments; out comes a plan, or
//! everything that stands in its way. A plan that comes out is complete: every kind and parameter is
//! known, every reference leads to an earlier step, every change of a protected environment can be
//! taken back or was approved without, what is built is weighed before it is used, and every
//! obligation is discharged. The same actions in another order give the same bytes.
//!
//! A step that restores what an earlier step's undo would restore (such as sending all traffic back
//! to where it was at the end of a canary) needs no undo of its own. Any other change that cannot be
//! taken back needs an approval for just that: a `hold` finding that names the step under
//! `irreversible`, and whose needs cannot be satisfied without an approval.

mod check;
mod draft;
pub mod graph;
pub mod obligation;
mod order;
mod problem;
pub mod reference;
mod safety;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::decision::{Decision, Verdict};
use crate::model::id::API_VERSION;
use crate::model::plan::{Plan, Step};
use crate::model::{Age, Digest, Time, canonical};

pub use problem::Problem;
pub use verify::check_plan;

/// More steps than this make no plan that a person could read.
pub const MAX_STEPS: usize = 256;

/// What the operator says of time and environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a plan holds, at the most.
    pub ttl: Age,
    /// When the next freeze begins.
    pub next_freeze: Option<Time>,
    /// The present instant.
    pub now: Time,
    /// Environments in which a change needs an undo, or an approval for having none.
    pub protected: BTreeSet<String>,
}

impl Options {
    /// Two hours, no freeze, nothing protected.
    pub const fn new(now: Time) -> Self {
        Self { ttl: Age(7_200), next_freeze: None, now, protected: BTreeSet::new() }
    }
}

/// Makes the plan of a decision; `None` where it asks for no step and obliges to nothing.
///
/// A held decision has the plan that it would have, so that people see what they approve. A denied
/// one has it too: whoever reads the denial sees what was stopped, and a policy whose steps make no
/// plan is found before the day on which it matters. Neither is executable, nor is the plan of a
/// decision that is indeterminate, asserted or simulated, or a plan that has already expired.
///
/// # Errors
/// Everything that is wrong with the steps, sorted by step.
pub fn build(decision: &Decision, options: &Options) -> Result<Option<Plan>, Vec<Problem>> {
    if decision.actions.is_empty() && decision.obligations.is_empty() {
        return Ok(None);
    }
    let mut problems = Vec::new();
    let drafts = draft::drafts(decision, &mut problems);
    problems.extend(drafts.values().flat_map(|step| check::step(step, &drafts)));
    match order::order(&drafts) {
        Err(cycle) => problems.push(cycle),
        Ok(steps) => {
            let executable = decision.verdict == Verdict::Allow
                && !decision.indeterminate
                && !decision.asserted
                && !decision.simulated;
            problems.extend(safety::undo(decision, options, &steps, executable));
            problems.extend(safety::weighed(&steps));
            for obligation in &decision.obligations {
                problems.extend(obligation::open(obligation, &steps).into_iter().map(|open| {
                    Problem::new("undischarged", open.message)
                        .hint(open.hint)
                        .rule(obligation.rules.join(", "))
                }));
            }
            if problems.is_empty() {
                let expires = expires(decision, options);
                match seal(decision.id.clone(), executable && expires > options.now, expires, steps) {
                    Ok(plan) => return Ok(Some(plan)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    problems.sort();
    problems.dedup();
    Err(problems)
}

/// The earliest of everything after which the plan would no longer be what was decided.
fn expires(decision: &Decision, options: &Options) -> Time {
    let aside =
        decision.findings.iter().flat_map(|f| [&f.waived, &f.overridden]).flatten().map(|s| s.expires);
    aside
        .chain(decision.governance.expires)
        .chain(options.next_freeze)
        .fold(options.ttl.after(options.now), Time::min)
}

/// Everything of a plan but its id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    api_version: &'a str,
    kind: &'a str,
    decision: &'a Digest,
    executable: bool,
    expires: Time,
    steps: &'a [Step],
}

fn seal(decision: Digest, executable: bool, expires: Time, steps: Vec<Step>) -> Result<Plan, Problem> {
    let (api_version, kind) = (API_VERSION.to_owned(), "Plan".to_owned());
    let body = Body {
        api_version: &api_version,
        kind: &kind,
        decision: &decision,
        executable,
        expires,
        steps: &steps,
    };
    let id = canonical::digest(&body).map_err(|error| Problem::new("number", error.to_string()))?;
    Ok(Plan { api_version, kind, id, decision, executable, expires, steps })
}
