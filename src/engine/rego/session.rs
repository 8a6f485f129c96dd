//! One thread's evaluations: one review after the other, one rule at a time.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use regorus::Value;

use super::run::{Machine, Outcome, Stopped, error};
use super::value::{self, Keys, NotJson};
use super::{Head, Judge, Rules, meter};
use crate::diag::Source;
use crate::engine::{Cause, Failure, Limits, Output, Session, document};
use crate::model::finding::{Effect, Location};
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::rego::errors;

/// How many bytes the outputs of one rule may have.
const MAX_OUTPUT: usize = 4 << 20;
/// Elementary steps of functions for each step of an evaluation.
const WORK: u64 = 64;

/// How many sessions leave their names behind for later ones.
const MAX_KEPT: usize = 64;

/// One thread's evaluations.
pub(super) struct Evaluation<'r> {
    rules: &'r Rules,
    input: Option<(Value, i64)>,
    /// What costs more to set up than to use: it outlives the session that needed it first.
    keys: Keys,
}

impl Drop for Evaluation<'_> {
    fn drop(&mut self) {
        if let Ok(mut idle) = self.rules.idle.lock()
            && idle.len() < MAX_KEPT
        {
            idle.push(std::mem::take(&mut self.keys));
        }
    }
}

impl<'r> Evaluation<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        let keys = rules.idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default();
        Self { rules, input: None, keys }
    }

    /// What each of a rule's heads gives.
    fn evaluate(&self, judge: &Judge, input: &Value, now: i64) -> Outcome<Vec<BTreeSet<Value>>> {
        let limits = self.rules.limits;
        let mut machine = Machine::new(&self.rules.program, input.clone(), now, limits);
        within(limits, || {
            judge.heads.iter().map(|head| machine.outputs(head.place)).collect::<Outcome<Vec<_>>>()
        })
    }
}

/// Evaluates within the limits; a panic is a failure.
pub(super) fn within<T>(limits: Limits, evaluation: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    meter::begin(limits.memory, limits.steps.saturating_mul(WORK), limits.millis);
    let result = catch_unwind(AssertUnwindSafe(evaluation));
    let stop = meter::end();
    let Ok(result) = result else { return Err(error("the evaluation broke off".to_owned())) };
    match stop {
        Some(stop) => {
            // The work of functions is counted in smaller steps.
            let allowed = Limits { steps: limits.steps.saturating_mul(WORK), ..limits };
            let function = format!("`{}`", stop.function);
            Err(Box::new(Stopped { cause: stop.cause, text: allowed.exceeded(&function, stop.cause) }))
        }
        None => result,
    }
}

/// What policies see of a review, and the time in nanoseconds.
pub(super) fn prepare(review: &Review, view: View, keys: &mut Keys) -> Result<(Value, i64), Failure> {
    let built = match view {
        View::Review => value::build(review, keys),
        View::Document => value::build(&document(review)?, keys),
    };
    let input = built.map_err(|error| Failure {
        cause: Cause::Error,
        message: format!("the review cannot be given to policies: {error}"),
        location: None,
    })?;
    let now = i64::try_from(review.context.now.as_nanosecond()).map_err(|_| Failure {
        cause: Cause::Error,
        message: "the time of the review is too far away to count its nanoseconds".to_owned(),
        location: None,
    })?;
    Ok((input, now))
}

impl Session for Evaluation<'_> {
    fn load(&mut self, review: &Review, view: View) -> Result<(), Failure> {
        self.input = None;
        self.input = Some(prepare(review, view, &mut self.keys)?);
        Ok(())
    }

    fn judge(&mut self, rule: usize) -> Result<Option<Vec<Output>>, Failure> {
        let missing =
            |message: &str| Failure { cause: Cause::Error, message: message.to_owned(), location: None };
        let judge = self.rules.judges.get(&rule).ok_or_else(|| missing("there is no such rule"))?;
        let (input, now) = self.input.as_ref().ok_or_else(|| missing("there is no review to judge"))?;
        let found = self.evaluate(judge, input, *now).map_err(|stopped| {
            let head = judge.heads.first().map(|head| &head.location);
            failure(&self.rules.sources, self.rules.limits, "the rule", head, *stopped)
        })?;
        read(judge, &found).map(Some)
    }
}

/// A failure in words, at its place in the author's text; where none is known, at the head.
pub(super) fn failure(
    sources: &[Arc<Source>],
    limits: Limits,
    subject: &str,
    head: Option<&Location>,
    stopped: Stopped,
) -> Failure {
    let said = errors::take_apart(&stopped.text);
    let message = match stopped.cause {
        Cause::Error => said.message,
        // What a function was stopped by is said with its name.
        Cause::Steps | Cause::Memory if stopped.text.starts_with('`') => stopped.text,
        cause => limits.exceeded(subject, cause),
    };
    let location = said.place.and_then(|(file, line, column)| {
        let source = sources.iter().find(|source| source.name == file)?;
        let (line, column) = source.line_column(errors::offset(source, line, column));
        Some(Location { file, line, column: Some(column) })
    });
    Failure { cause: stopped.cause, message, location: location.or_else(|| head.cloned()) }
}

/// Makes outputs of what was found, in the order of heads and then of values.
fn read(judge: &Judge, found: &[BTreeSet<Value>]) -> Result<Vec<Output>, Failure> {
    let mut room = MAX_OUTPUT;
    let mut outputs = Vec::new();
    for (head, items) in judge.heads.iter().zip(found) {
        for item in items {
            outputs.push(output(head, item, &mut room)?);
        }
    }
    Ok(outputs)
}

fn output(head: &Head, item: &Value, room: &mut usize) -> Result<Output, Failure> {
    let broken = |cause: Cause, message: &str| Failure {
        cause,
        message: message.to_owned(),
        location: Some(head.location.clone()),
    };
    let value = value::to_json(item, room, 0).map_err(|why| match why {
        NotJson::Large => broken(Cause::Memory, "its outputs are too large"),
        NotJson::Number => broken(Cause::Error, "an output has a number beyond 2^53"),
        NotJson::Key => broken(Cause::Error, "an output is not JSON: a key is not text"),
    })?;
    match unfit(head.effect, &value) {
        Some(message) => Err(broken(Cause::Error, message)),
        None => Ok(Output { effect: head.effect, value, location: head.location.clone() }),
    }
}

/// What is wrong with a value as an output of an effect.
fn unfit(effect: Effect, value: &serde_json::Value) -> Option<&'static str> {
    match effect {
        Effect::Oblige | Effect::Action => {
            (!value.is_object()).then_some("what it asks for is not an object")
        }
        _ => {
            let fits = value.is_string() || value.get("msg").is_some_and(serde_json::Value::is_string);
            (!fits).then_some("a finding is neither a string nor an object with a `msg` that is one")
        }
    }
}
