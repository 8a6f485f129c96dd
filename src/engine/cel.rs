//! Policies in CEL.
//!
//! A `kind: Policy` document goes in, findings come out. Expressions see `input` (the review),
//! `data`, `variables` and `now`, and nothing else. They are compiled and their names checked when
//! the bundle is; then they are rewritten so that every evaluation ends within its limits. What is
//! not `true` or `false` where it must be, what fails and what runs into a limit is a [`Failure`]:
//! nothing but a `true` passes.

mod check;
mod compile;
mod functions;
mod lexer;
mod list;
mod map;
mod meter;
mod optional;
mod ours;
mod parts;
#[cfg(test)]
mod random;
mod regexes;
mod rewrite;
mod size;
mod syntax;
#[cfg(test)]
mod tests;
mod tracer;
mod value;
mod variables;
mod words;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::types::{CelBool, CelString, Kind};
use cel::common::value::{CowVal, Val};
use cel::{Context, Env, ExecutionError, Value};
use serde::Deserialize;
use serde_json::Value as Json;

use self::check::Program;
use self::compile::{Compilation, Given, Rule};
pub(crate) use self::parts::conditions;
pub(crate) use self::syntax::{Parsed, Parser};
use self::variables::Variables;
use super::trace::Tracer;
use super::{Cause, Compiled, Engine, Failure, Limits, Output, Session};
use crate::diag::{Diagnostic, codes};
use crate::model::finding::{Effect, Need};
use crate::model::review::Review;
use crate::model::rule::View;
use crate::model::time::Time;
use crate::policy::{Bundle, Language};

/// What an output costs, beside the texts in it.
const OUTPUT: usize = 1 << 10;

/// Depth up to which a rule is judged on the caller's stack, at 32 KiB a level: half of what a thread
/// has.
const SHALLOW: usize = 32;
/// Stack for a rule that is deeper, up to `check::MAX_DEPTH`.
const STACK: usize = 16 << 20;

/// The engine for CEL.
#[derive(Debug)]
pub struct Cel;

impl Engine for Cel {
    fn language(&self) -> Language {
        Language::Cel
    }

    fn version(&self) -> &'static str {
        // The number behind the plus is ours: it changes with the rewriting and the functions.
        "cel 0.15.0+2"
    }

    fn compile(&self, bundle: &Bundle, limits: Limits) -> Result<Box<dyn Compiled>, Vec<Diagnostic>> {
        let env = functions::environment().map_err(|_| {
            vec![Diagnostic::error(codes::POLICY_INVALID, "the functions of CEL cannot be set up")]
        })?;
        let compilation = compile::compile(&env, bundle)?;
        let data = value::from_json(&bundle.data);
        Ok(Box::new(Policies { env: Arc::new(env), compilation, data, limits }))
    }

    fn tracer<'b>(
        &self,
        bundle: &'b Bundle,
        limits: Limits,
    ) -> Result<Box<dyn Tracer + 'b>, Vec<Diagnostic>> {
        Ok(Box::new(tracer::Traced::new(bundle, limits)?))
    }
}

struct Policies {
    env: Arc<Env>,
    compilation: Compilation,
    data: Box<dyn Val>,
    limits: Limits,
}

impl Compiled for Policies {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(Thread { policies: self, review: None })
    }

    fn reads_settings(&self) -> bool {
        self.compilation.policies.iter().any(|policy| policy.reads_settings)
    }
}

/// A session of one thread.
struct Thread<'a> {
    policies: &'a Policies,
    review: Option<Loaded>,
}

/// A review, as expressions see it.
struct Loaded {
    input: Box<dyn Val>,
    now: Box<dyn Val>,
    /// By policy, from the first of its rules that was asked for.
    contexts: Vec<Option<(Variables, Context<'static, 'static>)>>,
}

impl Session for Thread<'_> {
    fn load(&mut self, review: &Review, view: View) -> Result<(), Failure> {
        self.review = None;
        if self.policies.compilation.rules.is_empty() {
            return Ok(());
        }
        let failed =
            |message: &str| Failure { cause: Cause::Error, message: message.to_owned(), location: None };
        let json = match view {
            View::Review => {
                serde_json::to_value(review).map_err(|_| failed("the review cannot be given to CEL"))?
            }
            View::Document => super::document(review)?,
        };
        let now = moment(&self.policies.env, review.context.now)
            .ok_or_else(|| failed("the time of the review lies outside of what CEL can hold"))?;
        let contexts = self.policies.compilation.policies.iter().map(|_| None).collect();
        self.review = Some(Loaded { input: value::from_json(&json), now, contexts });
        Ok(())
    }

    fn judge(&mut self, rule: usize) -> Result<Option<Vec<Output>>, Failure> {
        let failed =
            |message: &str| Failure { cause: Cause::Error, message: message.to_owned(), location: None };
        let Self { policies, review } = self;
        let Some((policy_at, rule_at)) = policies.compilation.rules.get(&rule).copied() else {
            return Err(failed("there is no such rule in CEL"));
        };
        let found = policies.compilation.policies.get(policy_at);
        let Some((policy, rule)) = found.and_then(|policy| Some((policy, policy.rules.get(rule_at)?))) else {
            return Err(failed("there is no such rule in CEL"));
        };
        let Some(loaded) = review else { return Err(failed("no review has been loaded")) };
        let Some(slot) = loaded.contexts.get_mut(policy_at) else {
            return Err(failed("no review has been loaded"));
        };
        let (variables, context) = slot.get_or_insert_with(|| {
            let (input, now) = (loaded.input.clone_as_boxed(), loaded.now.clone_as_boxed());
            let data = policies.data.clone_as_boxed();
            let variables = Variables::new(&policies.env, policy, input, data, now);
            let context = variables.context();
            (variables, context)
        });
        variables.begin();
        let limits = policies.limits;
        if rule.depth <= SHALLOW {
            return measured(rule, variables, context, limits);
        }
        // The evaluator calls itself with large frames: what is deep gets a stack of its own.
        let (variables, context): (&Variables, &Context<'static, 'static>) = (variables, context);
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || measured(rule, variables, context, limits))
                .map_err(|_| failed("there is no memory to evaluate the rule"))?
                .join()
                .unwrap_or_else(|_| Err(failed("the expression cannot be evaluated")))
        })
    }
}

/// A time as expressions see it.
fn moment(env: &Env, time: Time) -> Option<Box<dyn Val>> {
    let time = vec![CowVal::owned(CelString::from(time.to_string()))];
    env.find_overload("timestamp", &time).and_then(|timestamp| timestamp(time).ok()).map(CowVal::into_owned)
}

/// Judges a rule within its limits.
fn measured(
    rule: &Rule,
    variables: &Variables,
    context: &Scope<'_>,
    limits: Limits,
) -> Result<Option<Vec<Output>>, Failure> {
    meter::start(limits);
    regexes::swap_patterns(BTreeSet::new());
    // Nothing here is known to panic; should the evaluator, the rule has failed and no more.
    let result = catch_unwind(AssertUnwindSafe(|| judge(rule, variables, context)));
    let result = result.unwrap_or_else(|_| Err(Stop::Words("the expression cannot be evaluated".to_owned())));
    let location = Some(rule.location.clone());
    // A limit counts however the evaluation ended: `||` may have swallowed the error.
    if let Some(cause) = meter::stopped() {
        return Err(Failure { cause, message: limits.exceeded("the rule", cause), location });
    }
    result.map_err(|stop| Failure { cause: Cause::Error, message: stop.words(), location })
}

/// Why a rule could not be judged.
enum Stop {
    Error(ExecutionError),
    Words(String),
}

impl Stop {
    fn words(self) -> String {
        match self {
            Self::Error(error) => words::words(&error),
            Self::Words(words) => words,
        }
    }
}

impl From<ExecutionError> for Stop {
    fn from(error: ExecutionError) -> Self {
        Self::Error(error)
    }
}

type Scope<'a> = Context<'a, 'static>;

fn judge(rule: &Rule, variables: &Variables, context: &Scope<'_>) -> Result<Option<Vec<Output>>, Stop> {
    if let Some(matches) = variables.matches() {
        let in_match = |words: String| Stop::Words(format!("`match`: {words}"));
        let matches = matches.map_err(|error| in_match(words::words(&error)))?;
        if !truth(matches).map_err(|stop| in_match(stop.words()))? {
            return Ok(None);
        }
    }
    let Some((list, name)) = &rule.for_each else {
        return Ok(Some(judge_one(rule, context)?.into_iter().collect()));
    };
    let elements = run(list, context)?;
    let Some(elements) = elements.downcast_ref::<list::List>() else {
        let found = words::type_words(elements.get_type().name());
        return Err(Stop::Words(format!("`forEach` goes through a list, found {found}")));
    };
    let mut outputs = Vec::new();
    for element in elements.0.iter() {
        let mut inner = context.new_inner_scope();
        inner.add_variable_as_val(name.as_str(), value::copy(&**element)?);
        if let Some(output) = judge_one(rule, &inner)? {
            meter::bytes(OUTPUT)?;
            outputs.push(output);
        }
    }
    Ok(Some(outputs))
}

fn judge_one(rule: &Rule, context: &Scope<'_>) -> Result<Option<Output>, Stop> {
    let holds = truth(run(&rule.condition, context)?.as_ref())?;
    let value = match rule.effect {
        Effect::Oblige | Effect::Action if !holds => return Ok(None),
        Effect::Oblige | Effect::Action => match json(rule.value.as_ref(), context)? {
            Some(value @ Json::Object(_)) => value,
            _ => return Err(Stop::Words("`value` is not an object".to_owned())),
        },
        _ if holds => return Ok(None),
        _ => finding(rule, context)?,
    };
    Ok(Some(Output { effect: rule.effect, value, location: rule.location.clone() }))
}

fn finding(rule: &Rule, context: &Scope<'_>) -> Result<Json, Stop> {
    let mut finding = serde_json::Map::new();
    let worked_out = rule.message_expression.as_ref().and_then(|program| {
        let value = run(program, context).ok()?;
        let text = value.downcast_ref::<CelString<'_>>()?.inner().trim();
        (!text.is_empty()).then(|| text.to_owned())
    });
    finding.insert("msg".to_owned(), Json::String(worked_out.unwrap_or_else(|| rule.message.clone())));
    let path = match &rule.path {
        Some(Given::Plain(path)) => Some(path.clone()),
        Some(Given::Worked(program)) => {
            let value = run(program, context)?;
            let Some(path) = value.downcast_ref::<CelString<'_>>() else {
                return Err(Stop::Words("`pathExpression` does not give text".to_owned()));
            };
            Some(path.inner().to_owned())
        }
        None => None,
    };
    finding.extend(path.map(|path| ("path".to_owned(), Json::String(path))));
    let until = match &rule.until {
        Some(Given::Plain(until)) => Some(*until),
        Some(Given::Worked(program)) => {
            let value = value::to_json(run(program, context)?.as_ref())?;
            let time = value.as_str().and_then(|text| text.parse::<Time>().ok());
            Some(time.ok_or_else(|| Stop::Words("`untilExpression` does not give a time".to_owned()))?)
        }
        None => None,
    };
    finding.extend(until.map(|until| ("until".to_owned(), Json::String(until.to_string()))));
    if let Some(needs) = json(rule.needs.as_ref(), context)? {
        if Need::deserialize(&needs).is_err() {
            return Err(Stop::Words("`needsExpression` does not give what can end a hold".to_owned()));
        }
        finding.insert("needs".to_owned(), needs);
    }
    Ok(Json::Object(finding))
}

fn json(given: Option<&Given<Json>>, context: &Scope<'_>) -> Result<Option<Json>, Stop> {
    match given {
        None => Ok(None),
        Some(Given::Plain(value)) => Ok(Some(value.clone())),
        Some(Given::Worked(program)) => {
            let value = value::to_json(run(program, context)?.as_ref())?;
            // What a policy writes is held to the same as any document.
            match crate::model::json::Json::deserialize(value) {
                Ok(value) => Ok(Some(value.0)),
                Err(error) => Err(Stop::Words(error.to_string())),
            }
        }
    }
}

fn run<'e>(program: &'e Program, context: &'e Scope<'_>) -> Result<CowVal<'e, 'static>, ExecutionError> {
    meter::steps(usize::try_from(program.weight).unwrap_or(usize::MAX))?;
    Value::resolve_val(&program.expr, context)
}

/// INVARIANT: the one place where an outcome is read; only a `true` is true.
fn truth(value: &dyn Val) -> Result<bool, Stop> {
    match value.get_type().kind() {
        Kind::Boolean => value.downcast_ref::<CelBool>().map(|value| *value.inner()),
        _ => None,
    }
    .ok_or_else(|| {
        let found = words::type_words(value.get_type().name());
        Stop::Words(format!("the expression gives {found}, not true or false"))
    })
}
