//! Traces rules: policies compiled with marks, judged within larger limits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::record::Recorder;
use super::run::Machine;
use super::session::{failure, prepare};
use super::value::Keys;
use super::{Rules, meter};
use crate::engine::trace::{Clause, Trace, Tracer};
use crate::engine::{Cause, Failure, Limits};
use crate::model::review::Review;
use crate::model::rule::View;

/// How much more a trace may cost than what it traces: the parts of each condition are looked at too.
const MORE: u64 = 8;

/// Policies that were compiled with marks.
pub(super) struct Traced(pub(super) Rules);

impl Tracer for Traced {
    fn trace(&self, rule: usize, review: &Review, view: View) -> Result<Trace, Failure> {
        let missing =
            || Failure { cause: Cause::Error, message: "there is no such rule".to_owned(), location: None };
        let rules = &self.0;
        let judge = rules.judges.get(&rule).ok_or_else(missing)?;
        let (input, now) = prepare(review, view, &mut Keys::default())?;
        let limits = Limits {
            steps: rules.limits.steps.saturating_mul(MORE),
            memory: rules.limits.memory.saturating_mul(2),
            millis: rules.limits.millis.saturating_mul(MORE),
        };
        let mut trace = Trace::default();
        for head in &judge.heads {
            meter::begin(limits.memory, limits.steps.saturating_mul(64), limits.millis);
            let mut machine = Machine::new(&rules.program, input.clone(), now, limits);
            machine.recorder = Some(Box::new(Recorder::new(&input, view == View::Review)));
            let result = catch_unwind(AssertUnwindSafe(|| machine.outputs(head.place)));
            let stop = meter::end();
            let clauses = machine.recorder.take().map(|recorder| recorder.clauses(&rules.program));
            let own = |clause: Clause| Clause { location: head.location.clone(), ..clause };
            trace.clauses.extend(clauses.unwrap_or_default().into_iter().map(own));
            let stopped = match (result, stop) {
                (_, Some(stop)) => Some(limits.exceeded(&format!("`{}`", stop.function), stop.cause)),
                (Ok(Err(stopped)), None) => {
                    let failed = failure(&rules.sources, rules.limits, "the rule", None, *stopped);
                    Some(failed.message)
                }
                (Err(_), None) => Some("the evaluation broke off".to_owned()),
                (Ok(Ok(_)), None) => None,
            };
            trace.stopped = trace.stopped.or(stopped);
        }
        Ok(trace)
    }
}
