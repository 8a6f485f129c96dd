//! One thread's evaluations: one review after the other, one rule at a time.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use regorus::Value;
use regorus::rvm::RegoVM;
use regorus::rvm::vm::VmError;
use regorus::utils::limits::ExecutionTimerConfig;

use super::source::outputs;
use super::value::{self, Keys, NotJson};
use super::{Judge, Rules, meter};
use crate::engine::{Cause, Failure, Limits, Output, Session, document};
use crate::model::finding::{Effect, Location};
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::rego::{RESERVED, errors};

/// How often the clock is looked at, in steps.
const INTERVAL: u32 = 128;
/// How many bytes the outputs of one rule may have.
const MAX_OUTPUT: usize = 4 << 20;
/// Elementary steps of functions for each step of an evaluation.
const WORK: u64 = 64;

/// The limit by time, as the engine takes it.
pub(super) fn timer(limits: Limits) -> ExecutionTimerConfig {
    ExecutionTimerConfig {
        limit: Duration::from_millis(limits.millis),
        check_interval: NonZeroU32::new(INTERVAL).unwrap_or(NonZeroU32::MIN),
    }
}

/// What costs more to set up than to use: it outlives the session that needed it first.
#[derive(Default)]
pub(super) struct Kept {
    keys: Keys,
    machines: BTreeMap<usize, RegoVM>,
    interpreter: Option<regorus::Engine>,
}

/// How many sessions leave something behind for later ones.
const MAX_KEPT: usize = 64;

/// One thread's evaluations.
pub(super) struct Evaluation<'r> {
    rules: &'r Rules,
    input: Option<(Value, i64)>,
    kept: Kept,
}

impl Drop for Evaluation<'_> {
    fn drop(&mut self) {
        // What broke off in the middle has been thrown away by then; see `within`.
        if let Ok(mut idle) = self.rules.idle.lock()
            && idle.len() < MAX_KEPT
        {
            idle.push(std::mem::take(&mut self.kept));
        }
    }
}

/// What stopped an evaluation, before it is told to people.
struct Stopped {
    cause: Cause,
    text: String,
}

impl<'r> Evaluation<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        let kept = rules.idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default();
        Self { rules, input: None, kept }
    }

    /// Runs something of the engine's within the limits; a panic inside it is a failure.
    /// A function that failed is a failure, whatever the evaluation made of it.
    fn within<T>(
        &mut self,
        now: i64,
        run: impl FnOnce(&mut Self) -> Result<T, Stopped>,
    ) -> Result<T, Stopped> {
        let limits = self.rules.limits;
        meter::begin(limits.memory, limits.steps.saturating_mul(WORK), now);
        let result = catch_unwind(AssertUnwindSafe(|| run(self)));
        let bill = meter::end();
        let Ok(result) = result else {
            // Whatever state they are in, nobody shall see it.
            self.kept = Kept::default();
            return Err(Stopped { cause: Cause::Error, text: "the evaluation broke off".to_owned() });
        };
        match bill.stopped {
            // Even where the policy went on as if nothing had happened.
            Some(stop) => {
                // The work of functions is counted in smaller steps.
                let allowed = Limits { steps: limits.steps.saturating_mul(WORK), ..limits };
                let function = format!("`{}`", stop.function);
                Err(Stopped { cause: stop.cause, text: allowed.exceeded(&function, stop.cause) })
            }
            None if bill.failed && result.is_ok() => {
                Err(Stopped { cause: Cause::Error, text: "a function failed".to_owned() })
            }
            None => result,
        }
    }

    fn compiled(
        &mut self,
        rule: usize,
        program: &std::sync::Arc<regorus::rvm::Program>,
        input: &Value,
    ) -> Result<Value, Stopped> {
        let rules = self.rules;
        let machine = match self.kept.machines.entry(rule) {
            std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                let mut machine = RegoVM::new();
                machine.load_program(std::sync::Arc::clone(program));
                // Its own strictness hides errors in undefined rules; see the invariant of this module's parent.
                machine.set_strict_builtin_errors(false);
                machine.set_max_instructions(usize::try_from(rules.limits.steps).unwrap_or(usize::MAX));
                machine.set_execution_timer_config(Some(timer(rules.limits)));
                machine.set_data(rules.data.clone()).map_err(|error| stopped(&error))?;
                free.insert(machine)
            }
        };
        machine.set_input(input.clone());
        let result = machine.execute_entry_point_by_index(0).map_err(|error| stopped(&error));
        // What an evaluation left behind is not kept while the session waits.
        machine.set_input(Value::Null);
        result
    }

    fn interpreted(&mut self, judge: &Judge, input: &Value) -> Result<Value, Stopped> {
        let engine = self.kept.interpreter.get_or_insert_with(|| self.rules.engine.clone());
        engine.set_input(input.clone());
        let result = engine.eval_rule(judge.entry.clone());
        engine.set_input(Value::Null);
        let _ = engine.take_prints();
        result.map_err(|error| {
            let text = error.to_string();
            let cause = if text.contains("exceeded time limit") { Cause::Time } else { Cause::Error };
            Stopped { cause, text }
        })
    }

    fn evaluate(&mut self, rule: usize, judge: &Judge, input: &Value, now: i64) -> Result<Value, Stopped> {
        let Some(program) = &judge.program else {
            return self.within(now, |it| it.interpreted(judge, input));
        };
        match self.within(now, |it| it.compiled(rule, program, input)) {
            // The interpreter knows whether it mattered, and where it happened.
            Err(stopped) if stopped.cause == Cause::Error => {
                self.within(now, |it| it.interpreted(judge, input))
            }
            other => other,
        }
    }
}

impl Session for Evaluation<'_> {
    fn load(&mut self, review: &Review, view: View) -> Result<(), Failure> {
        self.input = None;
        let built = match view {
            View::Review => value::build(review, &mut self.kept.keys),
            View::Document => value::build(&document(review)?, &mut self.kept.keys),
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
        self.input = Some((input, now));
        Ok(())
    }

    fn judge(&mut self, rule: usize) -> Result<Vec<Output>, Failure> {
        let missing =
            |message: &str| Failure { cause: Cause::Error, message: message.to_owned(), location: None };
        let rules = self.rules;
        let judge = rules.judges.get(&rule).ok_or_else(|| missing("there is no such rule"))?;
        let (input, now) = self.input.clone().ok_or_else(|| missing("there is no review to judge"))?;
        let result =
            self.evaluate(rule, judge, &input, now).map_err(|stopped| failure(rules, judge, stopped))?;
        read(judge, &result)
    }
}

/// An error of the compiled form.
fn stopped(error: &VmError) -> Stopped {
    let cause = match error {
        VmError::InstructionLimitExceeded { .. } => Cause::Steps,
        VmError::TimeLimitExceeded { .. } => Cause::Time,
        _ => Cause::Error,
    };
    Stopped { cause, text: error.to_string() }
}

/// A failure in words, at its place in the author's text.
fn failure(rules: &Rules, judge: &Judge, stopped: Stopped) -> Failure {
    let said = errors::take_apart(&stopped.text);
    let message = match stopped.cause {
        Cause::Error => without_own_names(&said.message),
        // What a function was stopped by is said with its name.
        Cause::Steps | Cause::Memory if stopped.text.starts_with('`') => stopped.text,
        cause => rules.limits.exceeded("the rule", cause),
    };
    let location = said.place.and_then(|(file, line, column)| {
        let (line, column) = rules.texts.iter().find(|it| it.text.name == file)?.place(line, column);
        Some(Location { file, line, column: Some(column) })
    });
    let location = location.or_else(|| judge.heads.first().map(|head| head.location.clone()));
    Failure { cause: stopped.cause, message, location }
}

/// Takes the engine's own names for things out of a message.
pub(super) fn without_own_names(message: &str) -> String {
    let mut text = message.replace(&outputs(), "outputs");
    while let Some(at) = text.find(RESERVED) {
        let rest = text.get(at.saturating_add(RESERVED.len())..).unwrap_or_default();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let plain = name.rsplit_once('_').map_or(name, |(plain, _)| plain).to_owned();
        text.replace_range(at..at.saturating_add(RESERVED.len()).saturating_add(end), &plain);
    }
    text
}

/// Takes the outputs out of the list of sets, in the order of heads and then of values.
fn read(judge: &Judge, result: &Value) -> Result<Vec<Output>, Failure> {
    let broken = |message: &str, location: Option<Location>| Failure {
        cause: Cause::Error,
        message: message.to_owned(),
        location,
    };
    let Value::Array(sets) = result else {
        return Err(broken("it has no outputs", judge.heads.first().map(|head| head.location.clone())));
    };
    if sets.len() != judge.heads.len() {
        return Err(broken("its outputs are not complete", None));
    }
    let mut room = MAX_OUTPUT;
    let mut found = Vec::new();
    for (head, set) in judge.heads.iter().zip(sets.iter()) {
        let here = || Some(head.location.clone());
        let Value::Set(items) = set else {
            return Err(broken("an effect is not a set", here()));
        };
        for item in items.iter() {
            let value = value::to_json(item, &mut room, 0).map_err(|why| match why {
                NotJson::Large => Failure {
                    cause: Cause::Memory,
                    message: "its outputs are too large".to_owned(),
                    location: here(),
                },
                NotJson::Number => broken("an output has a number beyond 2^53", here()),
                NotJson::Key => broken("an output is not JSON: a key is not text", here()),
            })?;
            if let Some(message) = unfit(head.effect, &value) {
                return Err(broken(message, here()));
            }
            found.push(Output { effect: head.effect, value, location: head.location.clone() });
        }
    }
    Ok(found)
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
