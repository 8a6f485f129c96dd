//! The variables of a policy: evaluated when they are first asked for, once a review, and shared by
//! its rules.
//!
//! A rule pays for every variable that it reaches, whether another rule has had it evaluated before
//! or not: so what a rule costs does not depend on the order in which rules are judged.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cel::common::traits::Indexer;
use cel::common::types::Type;
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Context, Env, ExecutionError, Value};

use super::check::Program;
use super::compile::Policy;
use super::map::KeyRef;
use super::meter::{self, Cost};
use super::regexes;
use super::value;
use super::words;

static VARIABLES: Type = Type::new_unspecified_type("variables");

/// `variables`, for one policy and one review.
#[derive(Clone)]
pub(super) struct Variables(Arc<Inner>);

struct Inner {
    env: Arc<Env>,
    policy: Arc<Policy>,
    input: Box<dyn Val>,
    data: Box<dyn Val>,
    now: Box<dyn Val>,
    /// One for each variable, and one for `match`.
    slots: Vec<OnceLock<Slot>>,
    state: Mutex<State>,
}

struct Slot {
    value: Result<Box<dyn Val>, ExecutionError>,
    /// What it took, without the variables that it reached.
    cost: Cost,
    reached: Vec<usize>,
}

#[derive(Default)]
struct State {
    /// What the present rule has paid for.
    paid: Vec<usize>,
    /// What the variables that are being evaluated have reached, innermost last.
    reaching: Vec<Vec<usize>>,
}

impl Variables {
    pub(super) fn new(
        env: &Arc<Env>,
        policy: &Arc<Policy>,
        input: Box<dyn Val>,
        data: Box<dyn Val>,
        now: Box<dyn Val>,
    ) -> Self {
        let count = policy.variables.len().saturating_add(1);
        Self(Arc::new(Inner {
            env: Arc::clone(env),
            policy: Arc::clone(policy),
            input,
            data,
            now,
            slots: (0..count).map(|_| OnceLock::new()).collect(),
            state: Mutex::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic has left is set right by `begin`.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a rule: nothing is paid for.
    pub(super) fn begin(&self) {
        *self.state() = State::default();
    }

    /// The context in which expressions of the policy are evaluated.
    pub(super) fn context(&self) -> Context<'static, 'static> {
        let mut context = Context::with_env(Arc::clone(&self.0.env));
        context.add_variable_as_val("input", self.0.input.clone_as_boxed());
        context.add_variable_as_val("data", self.0.data.clone_as_boxed());
        context.add_variable_as_val("now", self.0.now.clone_as_boxed());
        context.add_variable_as_val("variables", Box::new(self.clone()));
        context
    }

    /// What `match` gave; `None` where there is none.
    pub(super) fn matches(&self) -> Option<Result<&(dyn Val + 'static), ExecutionError>> {
        let program = self.0.policy.matches.as_ref()?;
        Some(self.at(self.0.policy.variables.len(), program))
    }

    fn at(&self, index: usize, program: &Program) -> Result<&(dyn Val + 'static), ExecutionError> {
        if let Some(frame) = self.state().reaching.last_mut()
            && !frame.contains(&index)
        {
            frame.push(index);
        }
        let slot = self.0.slots.get(index).ok_or(ExecutionError::MissingArgumentOrTarget)?;
        let before = meter::spent();
        match slot.get() {
            Some(_) => {
                let paid = self.pay(index);
                let nested = meter::swap_nested(Cost::default());
                meter::swap_nested(nested.plus(meter::spent().minus(before)));
                paid?;
            }
            None => self.evaluate(index, program, slot)?,
        }
        match slot.get().map(|slot| &slot.value) {
            Some(Ok(value)) => Ok(&**value),
            Some(Err(error)) => Err(error.clone()),
            None => Err(ExecutionError::MissingArgumentOrTarget),
        }
    }

    fn evaluate(&self, index: usize, program: &Program, slot: &OnceLock<Slot>) -> Result<(), ExecutionError> {
        let before = meter::spent();
        let outer = meter::swap_nested(Cost::default());
        let patterns = regexes::swap_patterns(BTreeSet::new());
        self.state().reaching.push(Vec::new());
        let context = self.context();
        let value = meter::steps(usize::try_from(program.weight).unwrap_or(usize::MAX))
            .and_then(|()| Value::resolve_val(&program.expr, &context))
            .and_then(|value| value::copy(value.as_ref()));
        regexes::swap_patterns(patterns);
        let reached = self.state().reaching.pop().unwrap_or_default();
        let total = meter::spent().minus(before);
        let nested = meter::swap_nested(outer.plus(total));
        if meter::stopped().is_some() {
            // Another rule may have more left to spend.
            return Err(ExecutionError::function_error("@limit", "a limit was passed"));
        }
        let value = value.map_err(|error| match self.0.policy.variables.get(index) {
            Some((name, _)) => {
                ExecutionError::function_error(&format!("@variable:{name}"), words::words(&error))
            }
            None => error,
        });
        self.state().paid.push(index);
        // Nobody else can have set it: a session belongs to one thread.
        drop(slot.set(Slot { value, cost: total.minus(nested), reached }));
        Ok(())
    }

    /// Pays for a variable that was evaluated before, and for those that it reached.
    fn pay(&self, index: usize) -> Result<(), ExecutionError> {
        if self.state().paid.contains(&index) {
            return Ok(());
        }
        self.state().paid.push(index);
        let Some(slot) = self.0.slots.get(index).and_then(OnceLock::get) else { return Ok(()) };
        meter::spend(slot.cost)?;
        slot.reached.iter().try_for_each(|reached| self.pay(*reached))
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("variables")
    }
}

impl Val for Variables {
    fn get_type(&self) -> &Type {
        &VARIABLES
    }

    fn cel_type() -> &'static Type {
        &VARIABLES
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Variables {}

impl Indexer for Variables {
    fn get<'b, 'v>(&'b self, name: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(KeyRef::Text(name)) = KeyRef::of(name) else {
            return Err(ExecutionError::MissingArgumentOrTarget);
        };
        let found = self.0.policy.variables.iter().enumerate().find(|(_, (known, _))| known == name);
        match found {
            Some((index, (_, program))) => self.at(index, program).map(CowVal::Borrowed),
            None => Err(ExecutionError::no_such_key(name)),
        }
    }

    fn steal<'v>(self: Box<Self>, name: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(name).map(CowVal::into_owned)
    }
}
