//! Evaluation: steps and terms, over one review.
//!
//! A body is gone through step by step; where a step can be taken in several ways, what follows is
//! tried with each of them. What follows a body is a function that is called whenever it holds; it says
//! whether that was enough.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::BoolOp;

use super::meter;
use super::program::{Call, Collect, Function, Kind, Pattern, Program, Slot, Step, Term, at, member};
use super::record::Recorder;
use super::world::World;
use crate::engine::{Cause, Limits};

/// What stopped an evaluation, before it is told to people.
pub(super) struct Stopped {
    pub(super) cause: Cause,
    /// With the place in it, as the engine writes it.
    pub(super) text: String,
}

pub(super) type Outcome<T> = Result<T, Box<Stopped>>;

/// How many loops may be gone through within one another, in all rules together: each takes some of
/// the stack.
const MAX_NESTING: u32 = 256;
/// How long a text may be that functions go through in no time.
const LONG: usize = 4096;
/// How often the clock is looked at, in steps.
const INTERVAL: u64 = 512;

/// An evaluation of one rule over one review.
pub(super) struct Machine<'p> {
    pub(super) program: &'p Program,
    pub(super) world: World<'p>,
    /// The variables of all definitions that are being evaluated.
    pub(super) slots: Vec<Value>,
    /// Where those of the innermost begin.
    pub(super) base: usize,
    /// Rules that are being evaluated.
    pub(super) open: Vec<usize>,
    pub(super) now: i64,
    /// Where that is wanted: which definitions of sets gave something and which did not.
    pub(super) heard: Option<BTreeSet<(usize, usize, bool)>>,
    /// Where that is wanted: what `print` wrote.
    pub(super) printed: Option<Vec<String>>,
    pub(super) limits: Limits,
    steps: u64,
    /// Loops that are being gone through.
    nesting: u32,
    /// What is kept of it, where it is traced.
    pub(super) recorder: Option<Box<Recorder<'p>>>,
}

const fn is_collection(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Set(_) | Value::Object(_))
}

/// How many elements a value has.
pub(super) fn length(of: &Value) -> usize {
    match of {
        Value::Array(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

pub(super) fn error(text: String) -> Box<Stopped> {
    Box::new(Stopped { cause: Cause::Error, text })
}

impl<'p> Machine<'p> {
    pub(super) fn new(program: &'p Program, input: Value, now: i64, limits: Limits) -> Self {
        let world = World::new(input);
        Self {
            program,
            world,
            slots: Vec::new(),
            base: 0,
            open: Vec::new(),
            now,
            heard: None,
            printed: None,
            limits,
            steps: 0,
            nesting: 0,
            recorder: None,
        }
    }

    /// Counts a step.
    pub(super) fn step(&mut self) -> Outcome<()> {
        self.steps = self.steps.saturating_add(1);
        let stop = |cause| Err(Box::new(Stopped { cause, text: String::new() }));
        if self.steps > self.limits.steps {
            return stop(Cause::Steps);
        }
        if self.steps.is_multiple_of(INTERVAL) {
            return self.clock();
        }
        Ok(())
    }

    fn clock(&self) -> Outcome<()> {
        match meter::late() {
            true => Err(Box::new(Stopped { cause: Cause::Time, text: String::new() })),
            false => Ok(()),
        }
    }

    /// Counts what is done at once with so many elements.
    pub(super) fn work(&mut self, elements: u64) -> Outcome<()> {
        self.steps = self.steps.saturating_add(elements / 8);
        self.step()?;
        self.clock()
    }

    /// Counts what is done with a value as a whole, at once: comparing it, looking for it. What stands in
    /// it many times is gone through as often.
    pub(super) fn handle(&mut self, value: &Value) -> Outcome<()> {
        if !is_collection(value) {
            return Ok(());
        }
        let left = self.limits.steps.saturating_sub(self.steps).saturating_mul(8).saturating_add(8);
        self.work(meter::parts(value, left))
    }

    /// Takes what is made off the allowance.
    pub(super) fn made(&self, bytes: usize) -> Outcome<()> {
        match meter::take(u64::try_from(bytes).unwrap_or(u64::MAX)) {
            true => Ok(()),
            false => Err(Box::new(Stopped { cause: Cause::Memory, text: String::new() })),
        }
    }

    pub(super) fn slot(&self, slot: Slot) -> &Value {
        self.slots.get(self.base.saturating_add(slot)).unwrap_or(&Value::Undefined)
    }

    fn set(&mut self, slot: Slot, value: Value) {
        if let Some(place) = self.slots.get_mut(self.base.saturating_add(slot)) {
            *place = value;
        }
    }

    /// Calls `then` whenever the steps hold, until it says that it is enough; says whether it did.
    pub(super) fn run(
        &mut self,
        mut steps: &'p [Step],
        then: &mut dyn FnMut(&mut Self) -> Outcome<bool>,
    ) -> Outcome<bool> {
        while let Some((step, rest)) = steps.split_first() {
            self.step()?;
            match step {
                Step::Test(term) => {
                    if matches!(self.value(term)?, Value::Undefined | Value::Bool(false)) {
                        return Ok(false);
                    }
                }
                Step::Bind(pattern, term) => {
                    let value = self.value(term)?;
                    if value == Value::Undefined || !self.fits(pattern, &value)? {
                        return Ok(false);
                    }
                }
                Step::Not(body) => {
                    if self.holds(body)? {
                        return Ok(false);
                    }
                }
                Step::Every { of, key, value, body } => {
                    let of = self.value(of)?;
                    if !self.every(&of, *key, *value, body)? {
                        return Ok(false);
                    }
                }
                Step::Scan { of, key, value } => {
                    let of = self.value(of)?;
                    return self.scan(&of, &mut |machine, k, v| {
                        let fits = machine.fits(key, k)? && machine.fits(value, v)?;
                        Ok(fits && machine.run(rest, then)?)
                    });
                }
                Step::Walk { of, pattern } => {
                    let of = self.value(of)?;
                    return self.walk(&of, &mut Vec::new(), &mut |machine, pair| {
                        Ok(machine.fits(pattern, pair)? && machine.run(rest, then)?)
                    });
                }
                Step::With(changes, body) => return self.with(changes, body, rest, then),
                Step::Print(parts) => self.print(parts),
                Step::Enter(probe) => self.enter(*probe)?,
                Step::Leave(probe) => self.leave(*probe)?,
            }
            steps = rest;
        }
        then(self)
    }

    /// Whether steps hold.
    pub(super) fn holds(&mut self, steps: &'p [Step]) -> Outcome<bool> {
        self.run(steps, &mut |_| Ok(true))
    }

    /// Does what takes some of the stack.
    pub(super) fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.nesting >= MAX_NESTING {
            let text = format!("it goes through more than {MAX_NESTING} loops within one another");
            return Err(error(text));
        }
        self.nesting = self.nesting.saturating_add(1);
        let result = part(self)?;
        self.nesting = self.nesting.saturating_sub(1);
        Ok(result)
    }

    /// Goes through the elements of a collection with their keys; of what is none there are none.
    pub(super) fn scan(
        &mut self,
        of: &Value,
        each: &mut dyn FnMut(&mut Self, &Value, &Value) -> Outcome<bool>,
    ) -> Outcome<bool> {
        self.nested(|machine| machine.each(of, each))
    }

    fn each(
        &mut self,
        of: &Value,
        each: &mut dyn FnMut(&mut Self, &Value, &Value) -> Outcome<bool>,
    ) -> Outcome<bool> {
        match of {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.step()?;
                    if each(self, &Value::from(index), item)? {
                        return Ok(true);
                    }
                }
            }
            Value::Set(items) => {
                for item in items.iter() {
                    self.step()?;
                    if each(self, item, item)? {
                        return Ok(true);
                    }
                }
            }
            Value::Object(members) => {
                for (key, item) in members.iter() {
                    self.step()?;
                    if each(self, key, item)? {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        Ok(false)
    }

    pub(super) fn every(
        &mut self,
        of: &Value,
        key: Option<Slot>,
        value: Slot,
        body: &'p [Step],
    ) -> Outcome<bool> {
        if !matches!(of, Value::Array(_) | Value::Set(_) | Value::Object(_)) {
            return Ok(false);
        }
        let broken = self.scan(of, &mut |machine, k, v| {
            if let Some(key) = key {
                machine.set(key, k.clone());
            }
            machine.set(value, v.clone());
            Ok(!machine.holds(body)?)
        })?;
        Ok(!broken)
    }

    /// Goes through a value and all that is in it, as lists of a path and what is there.
    pub(super) fn walk(
        &mut self,
        of: &Value,
        path: &mut Vec<Value>,
        each: &mut dyn FnMut(&mut Self, &Value) -> Outcome<bool>,
    ) -> Outcome<bool> {
        if *of == Value::Undefined {
            return Ok(false);
        }
        self.step()?;
        self.made(path.len().saturating_mul(24))?;
        let pair = Value::from(vec![Value::from(path.clone()), of.clone()]);
        if each(self, &pair)? {
            return Ok(true);
        }
        self.scan(of, &mut |machine, key, value| {
            path.push(key.clone());
            let enough = machine.walk(value, path, each)?;
            path.pop();
            Ok(enough)
        })
    }

    /// Whether a value fits; gives variables their values.
    pub(super) fn fits(&mut self, pattern: &'p Pattern, value: &Value) -> Outcome<bool> {
        Ok(match pattern {
            Pattern::Any => true,
            Pattern::Slot(slot) => {
                self.set(*slot, value.clone());
                true
            }
            Pattern::Equal(Term::Slot(slot)) => {
                self.handle(value)?;
                self.slot(*slot) == value
            }
            Pattern::Equal(Term::Value(constant)) => constant == value,
            Pattern::Equal(term) => {
                self.handle(value)?;
                self.value(term)? == *value
            }
            Pattern::Array(patterns) => match value {
                Value::Array(items) if items.len() == patterns.len() => {
                    for (pattern, item) in patterns.iter().zip(items.iter()) {
                        if !self.fits(pattern, item)? {
                            return Ok(false);
                        }
                    }
                    true
                }
                _ => false,
            },
            Pattern::Object(patterns) => match value {
                Value::Object(members) if members.len() == patterns.len() => {
                    for (key, pattern) in patterns {
                        let key = self.value(key)?;
                        let Some(item) = members.get(&key) else { return Ok(false) };
                        if !self.fits(pattern, item)? {
                            return Ok(false);
                        }
                    }
                    true
                }
                _ => false,
            },
        })
    }

    /// The value of a term, which may be undefined.
    pub(super) fn value(&mut self, term: &'p Term) -> Outcome<Value> {
        match term {
            Term::Value(value) => Ok(value.clone()),
            Term::Slot(slot) => Ok(self.slot(*slot).clone()),
            Term::Input => Ok(self.world.input.clone()),
            Term::Rule(rule) => self.rule(*rule),
            Term::Base(base) => self.base(base),
            Term::Tree(node) => self.tree(*node),
            Term::Path(path) => self.path(&path.0, &path.1),
            Term::Array(items) => {
                self.made(items.len().saturating_mul(24))?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    match self.value(item)? {
                        Value::Undefined => return Ok(Value::Undefined),
                        value => values.push(value),
                    }
                }
                Ok(Value::from(values))
            }
            Term::Set(items) => {
                self.made(items.len().saturating_mul(32))?;
                let mut values = BTreeSet::new();
                for item in items {
                    match self.value(item)? {
                        Value::Undefined => return Ok(Value::Undefined),
                        value => {
                            self.handle(&value)?;
                            values.insert(value);
                        }
                    }
                }
                Ok(Value::from(values))
            }
            Term::Object(members) => self.object(members),
            Term::Collect(collect) => self.collect(collect),
            Term::Call(call) => self.call(call),
            Term::Compare(op, sides) => {
                let (left, right) = (self.value(&sides.0)?, self.value(&sides.1)?);
                if left == Value::Undefined || right == Value::Undefined {
                    return Ok(Value::Undefined);
                }
                if is_collection(&right) {
                    self.handle(&left)?;
                }
                Ok(Value::Bool(match op {
                    BoolOp::Eq => left == right,
                    BoolOp::Ne => left != right,
                    BoolOp::Lt => left < right,
                    BoolOp::Le => left <= right,
                    BoolOp::Gt => left > right,
                    BoolOp::Ge => left >= right,
                }))
            }
            Term::In(parts) => {
                let (key, value, of) = parts.as_ref();
                let key = match key {
                    Some(key) => Some(self.value(key)?),
                    None => None,
                };
                let (value, of) = (self.value(value)?, self.value(of)?);
                if [Some(&value), Some(&of), key.as_ref()]
                    .into_iter()
                    .flatten()
                    .any(|it| *it == Value::Undefined)
                {
                    return Ok(Value::Undefined);
                }
                self.contains(key.as_ref(), &value, &of).map(Value::Bool)
            }
        }
    }

    fn object(&mut self, members: &'p [(Term, Term)]) -> Outcome<Value> {
        self.made(members.len().saturating_mul(64))?;
        let mut values = BTreeMap::new();
        for (key, value) in members {
            let (key, value) = (self.value(key)?, self.value(value)?);
            if key == Value::Undefined || value == Value::Undefined {
                return Ok(Value::Undefined);
            }
            self.handle(&key)?;
            if let Some(old) = values.insert(key, value.clone())
                && self.differ(&old, &value)?
            {
                return Err(error("an object has two values for one key".to_owned()));
            }
        }
        Ok(Value::from(values))
    }

    fn contains(&mut self, key: Option<&Value>, value: &Value, of: &Value) -> Outcome<bool> {
        self.handle(value)?;
        if let Some(key) = key {
            self.handle(key)?;
            return Ok(member(of, key) == Some(value));
        }
        if !is_collection(value) {
            self.work(u64::try_from(length(of)).unwrap_or(u64::MAX))?;
        } else if !matches!(of, Value::Set(_)) {
            self.handle(of)?;
        }
        Ok(match of {
            Value::Set(items) => items.contains(value),
            Value::Array(items) => items.iter().any(|item| item == value),
            Value::Object(members) => members.iter().any(|(_, item)| item == value),
            _ => false,
        })
    }

    fn path(&mut self, root: &'p Term, keys: &'p [Term]) -> Outcome<Value> {
        // Most are members by name, of what is there already.
        let constant = keys.iter().all(|key| matches!(key, Term::Value(_)));
        if constant
            && let Some(of) = match root {
                Term::Slot(slot) => Some(self.slot(*slot)),
                Term::Input => Some(&self.world.input),
                _ => None,
            }
        {
            return Ok(at(of, keys.iter().filter_map(Term::constant)).cloned().unwrap_or(Value::Undefined));
        }
        let mut of = self.value(root)?;
        for key in keys {
            let found = match key {
                Term::Value(key) => member(&of, key),
                Term::Slot(slot) if !is_collection(self.slot(*slot)) => member(&of, self.slot(*slot)),
                key => {
                    let key = self.value(key)?;
                    self.handle(&key)?;
                    member(&of, &key)
                }
            };
            match found.cloned() {
                Some(value) => of = value,
                None => return Ok(Value::Undefined),
            }
        }
        Ok(of)
    }

    /// Whether two values are not the same.
    pub(super) fn differ(&mut self, one: &Value, other: &Value) -> Outcome<bool> {
        self.handle(one)?;
        Ok(one != other)
    }

    fn collect(&mut self, collect: &'p Collect) -> Outcome<Value> {
        match collect.kind {
            Kind::Array => {
                let mut found = Vec::new();
                self.run(&collect.body, &mut |machine| {
                    let value = machine.value(&collect.value)?;
                    if value != Value::Undefined {
                        machine.made(24)?;
                        found.push(value);
                    }
                    Ok(false)
                })?;
                Ok(Value::from(found))
            }
            Kind::Set => {
                let mut found = BTreeSet::new();
                self.run(&collect.body, &mut |machine| {
                    let value = machine.value(&collect.value)?;
                    if value != Value::Undefined {
                        machine.handle(&value)?;
                        machine.made(32)?;
                        found.insert(value);
                    }
                    Ok(false)
                })?;
                Ok(Value::from(found))
            }
            Kind::Object => {
                let mut found = BTreeMap::new();
                self.run(&collect.body, &mut |machine| {
                    let Some(key) = &collect.key else { return Ok(true) };
                    let (key, value) = (machine.value(key)?, machine.value(&collect.value)?);
                    if key == Value::Undefined || value == Value::Undefined {
                        return Ok(false);
                    }
                    machine.handle(&key)?;
                    machine.made(64)?;
                    match found.get(&key) {
                        Some(old) if machine.differ(old, &value)? => {
                            let text = collect.span.error("one key has two values here").to_string();
                            return Err(error(text));
                        }
                        Some(_) => {}
                        None => {
                            found.insert(key, value);
                        }
                    }
                    Ok(false)
                })?;
                Ok(Value::from(found))
            }
        }
    }

    fn call(&mut self, call: &'p Call) -> Outcome<Value> {
        self.step()?;
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            match self.value(argument)? {
                Value::Undefined => return Ok(Value::Undefined),
                value => arguments.push(value),
            }
        }
        if !self.world.mocks.is_empty() {
            return self.mocked(call, arguments);
        }
        self.called(call, call.function, arguments)
    }

    /// Calls a function as it is.
    pub(super) fn called(
        &mut self,
        call: &'p Call,
        function: Function,
        arguments: Vec<Value>,
    ) -> Outcome<Value> {
        match (function, call.pointer) {
            (Function::Rule(rule), _) => self.function(rule, &arguments, &call.span),
            (Function::Builtin("time.now_ns"), _) => Ok(Value::from(self.now)),
            (Function::Builtin(name), pointer) => {
                let large = |value: &Value| match value {
                    Value::String(text) => text.len() > LONG,
                    value => is_collection(value),
                };
                if arguments.iter().any(large) {
                    self.clock()?;
                }
                let pointer = match pointer {
                    Some(pointer) if call.function == function => Some(pointer),
                    _ => meter::pointer(name),
                };
                let Some(pointer) = pointer else {
                    return Err(error(call.span.error("there is no such function").to_string()));
                };
                (pointer.0)(&call.span, &call.written, &arguments, true)
                    .map_err(|problem| error(problem.to_string()))
            }
        }
    }
}
