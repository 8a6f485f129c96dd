//! The values of rules, and what `with` makes of them.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::Span;

use super::program::{Base, Branch, Call, Change, Definition, Form, Function, Step, Term, at};
use super::run::{Machine, Outcome, error};

/// What evaluation sees: the input, what stands in the place of data and functions, and the values
/// that rules have here.
pub(super) struct World<'p> {
    pub(super) input: Value,
    /// What `with` puts into the data, in order.
    data: Vec<(&'p [Value], Value)>,
    /// What `with` puts in the place of functions; the last counts.
    pub(super) mocks: Vec<(Function, Mock)>,
    values: BTreeMap<usize, Value>,
}

/// What stands in the place of a function.
#[derive(Clone)]
pub(super) enum Mock {
    Answer(Value),
    Function(Function),
}

impl World<'_> {
    pub(super) const fn new(input: Value) -> Self {
        Self { input, data: Vec::new(), mocks: Vec::new(), values: BTreeMap::new() }
    }

    /// The same, for what is to leave no trace in this one.
    pub(super) fn copy(&self) -> Self {
        let Self { input, data, mocks, values } = self;
        let (input, data, mocks, values) = (input.clone(), data.clone(), mocks.clone(), values.clone());
        Self { input, data, mocks, values }
    }
}

/// The value of a rule while its definitions are gone through.
enum Draft {
    Value(Value),
    Set(BTreeSet<Value>),
    Object(BTreeMap<Value, Draft>),
}

impl Draft {
    fn finish(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Set(values) => Value::from(values),
            Self::Object(members) => Value::from(
                members.into_iter().map(|(key, value)| (key, value.finish())).collect::<BTreeMap<_, _>>(),
            ),
        }
    }

    /// Adds a value or an element at a path: whether it agrees with what is there.
    fn add(&mut self, keys: &[Value], value: Value, contains: bool) -> bool {
        match (keys.split_first(), self) {
            (Some((key, rest)), Self::Object(members)) => match members.get_mut(key) {
                Some(there) => there.add(rest, value, contains),
                None => {
                    let mut new = match (rest.is_empty(), contains) {
                        (false, _) => Self::Object(BTreeMap::new()),
                        (true, true) => Self::Set(BTreeSet::new()),
                        (true, false) => Self::Value(value.clone()),
                    };
                    let fits = new.add(rest, value, contains);
                    members.insert(key.clone(), new);
                    fits
                }
            },
            (None, Self::Set(values)) if contains => {
                values.insert(value);
                true
            }
            (None, Self::Value(there)) if !contains => *there == value,
            _ => false,
        }
    }
}

impl<'p> Machine<'p> {
    /// The value of a rule that is no function.
    pub(super) fn rule(&mut self, number: usize) -> Outcome<Value> {
        if let Some(value) = self.world.values.get(&number).filter(|_| !self.records()) {
            return Ok(value.clone());
        }
        let Some(rule) = self.program.rules.get(number) else { return Ok(Value::Undefined) };
        // The last of what `with` put above it.
        let replaced = self.world.data.iter().rev().find_map(|(path, value)| {
            let below = rule.path.strip_prefix(*path)?;
            Some(at(value, below).cloned().unwrap_or(Value::Undefined))
        });
        let value = match replaced {
            Some(value) => value,
            None if self.open.contains(&number) => {
                return Err(error("a rule uses itself".to_owned()));
            }
            None => {
                self.open.push(number);
                let value = match rule.form {
                    Form::Value => self.one(number, &[], None)?,
                    _ => self.many(number)?,
                };
                self.open.pop();
                value
            }
        };
        self.world.values.insert(number, value.clone());
        Ok(value)
    }

    /// The value of a function for arguments.
    pub(super) fn function(&mut self, number: usize, arguments: &[Value], span: &Span) -> Outcome<Value> {
        self.one(number, arguments, Some(span))
    }

    /// The one value that the definitions of a rule agree on.
    fn one(&mut self, number: usize, arguments: &[Value], call: Option<&Span>) -> Outcome<Value> {
        let Some(rule) = self.program.rules.get(number) else { return Ok(Value::Undefined) };
        let mut found = Value::Undefined;
        for definition in &rule.definitions {
            self.definition(definition, arguments, &mut |machine, branch| {
                let value = machine.value(&branch.value)?;
                if value == Value::Undefined {
                    return Ok(None);
                }
                if found == Value::Undefined {
                    found = value;
                } else if machine.differ(&found, &value)? {
                    let span = call.unwrap_or(&definition.span);
                    return Err(error(span.error("two values where there must be one").to_string()));
                }
                Ok(Some(branch.value.constant().is_some()))
            })?;
            if rule.constant && found != Value::Undefined {
                break;
            }
        }
        if let Some(default) = &rule.default
            && found == Value::Undefined
        {
            self.definition(default, &[], &mut |machine, branch| {
                found = machine.value(&branch.value)?;
                Ok(Some(true))
            })?;
        }
        Ok(found)
    }

    /// The set or object that the definitions of a rule make together.
    fn many(&mut self, number: usize) -> Outcome<Value> {
        let Some(rule) = self.program.rules.get(number) else { return Ok(Value::Undefined) };
        let mut draft = match rule.form {
            Form::Set => Draft::Set(BTreeSet::new()),
            _ => Draft::Object(BTreeMap::new()),
        };
        for (place, definition) in rule.definitions.iter().enumerate() {
            let mut gave = false;
            self.definition(definition, &[], &mut |machine, branch| {
                let mut keys = Vec::with_capacity(branch.keys.len());
                for key in &branch.keys {
                    match machine.value(key)? {
                        Value::Undefined => return Ok(None),
                        key => {
                            machine.handle(&key)?;
                            keys.push(key);
                        }
                    }
                }
                let value = machine.value(&branch.value)?;
                if value == Value::Undefined {
                    return Ok(None);
                }
                machine.handle(&value)?;
                machine.made(64)?;
                if !draft.add(&keys, value, definition.contains) {
                    let text = definition.span.error("two values where there must be one").to_string();
                    return Err(error(text));
                }
                gave = true;
                Ok(Some(false))
            })?;
            if let Some(heard) = &mut self.heard {
                heard.insert((number, place, gave));
            }
        }
        Ok(draft.finish())
    }

    /// What one definition of an effect gives.
    pub(super) fn outputs(&mut self, (rule, definition): (usize, usize)) -> Outcome<BTreeSet<Value>> {
        let mut found = BTreeSet::new();
        let Some(definition) = self.program.rules.get(rule).and_then(|rule| rule.definitions.get(definition))
        else {
            return Ok(found);
        };
        self.definition(definition, &[], &mut |machine, branch| {
            let value = machine.value(&branch.value)?;
            if value == Value::Undefined {
                return Ok(None);
            }
            machine.handle(&value)?;
            machine.made(32)?;
            found.insert(value);
            Ok(Some(branch.value.constant().is_some()))
        })?;
        Ok(found)
    }

    /// Calls `then` whenever a definition holds; it says whether there was a value, and whether that
    /// was enough.
    pub(super) fn definition(
        &mut self,
        definition: &'p Definition,
        arguments: &[Value],
        then: &mut dyn FnMut(&mut Self, &'p Branch) -> Outcome<Option<bool>>,
    ) -> Outcome<()> {
        if self.recorder.is_some() {
            self.begin(definition);
        }
        let base = std::mem::replace(&mut self.base, self.slots.len());
        self.slots.resize(self.base.saturating_add(definition.slots), Value::Undefined);
        let mut fits = true;
        for (pattern, argument) in definition.arguments.iter().zip(arguments) {
            fits = fits && self.fits(pattern, argument)?;
        }
        for (at, branch) in definition.branches.iter().enumerate().filter(|_| fits) {
            let mut held = false;
            self.run(&branch.body, &mut |machine| {
                let said = then(machine, branch)?;
                held |= said.is_some();
                if said.is_some() && machine.recorder.is_some() {
                    machine.gave(at);
                }
                Ok(said == Some(true))
            })?;
            if held {
                break;
            }
        }
        self.slots.truncate(self.base);
        self.base = base;
        if self.recorder.is_some() {
            self.end();
        }
        Ok(())
    }

    /// What the data has where no rule is.
    pub(super) fn base(&mut self, base: &Base) -> Outcome<Value> {
        let value = match self.world.data.is_empty() {
            true => base.value.clone(),
            false => self.patched(base.value.clone(), &base.path)?,
        };
        if value == Value::Undefined {
            self.given(base)?;
        }
        Ok(value)
    }

    /// Whether there is anything where a value is looked for: a file that was forgotten is not a member
    /// that is absent. Settings always are there, with the shipped ones.
    fn given(&mut self, base: &Base) -> Outcome<()> {
        let Some(first) = base.path.get(..1) else { return Ok(()) };
        let name = match first {
            [Value::String(name)] => name.as_ref(),
            _ => "",
        };
        let packages = self.program.nodes.first().map(|data| &data.below);
        if name == "settings" || packages.is_some_and(|packages| packages.contains_key(name)) {
            return Ok(());
        }
        let there = at(&self.program.data, first).cloned().unwrap_or(Value::Undefined);
        if self.patched(there, first)? != Value::Undefined {
            return Ok(());
        }
        let message = format!("there is no `data.{name}`: give it with `--data`, or `data` in a case");
        Err(error(base.span.error(&message).to_string()))
    }

    /// A value at a path in the data, with what `with` puts there.
    fn patched(&mut self, mut value: Value, path: &[Value]) -> Outcome<Value> {
        for (changed, new) in self.world.data.clone() {
            if let Some(below) = path.strip_prefix(changed) {
                value = at(&new, below).cloned().unwrap_or(Value::Undefined);
            } else if let Some(below) = changed.strip_prefix(path) {
                value = self.put(&value, below, new)?;
            }
        }
        Ok(value)
    }

    /// Data and rules below a node.
    pub(super) fn tree(&mut self, number: usize) -> Outcome<Value> {
        let Some(node) = self.program.nodes.get(number) else { return Ok(Value::Undefined) };
        if let Some(rule) = node.rule {
            let function = self.program.rules.get(rule).is_none_or(|rule| rule.form == Form::Function);
            return if function { Ok(Value::Undefined) } else { self.rule(rule) };
        }
        let base = at(&self.program.data, &node.path).cloned();
        let mut members = BTreeMap::new();
        if let Some(Value::Object(there)) = &base {
            members.extend(there.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        for (name, below) in &node.below {
            match self.tree(*below)? {
                Value::Undefined => {}
                value => {
                    members.insert(Value::from(name.as_str()), value);
                }
            }
        }
        self.made(members.len().saturating_mul(64))?;
        let value = Value::from(members);
        self.patched(value, &node.path)
    }

    /// Evaluates steps with changes, and what follows them without.
    pub(super) fn with(
        &mut self,
        changes: &'p [(Change, Term)],
        body: &'p [Step],
        rest: &'p [Step],
        then: &mut dyn FnMut(&mut Self) -> Outcome<bool>,
    ) -> Outcome<bool> {
        let Some(mut inner) = self.changed(changes)? else { return Ok(false) };
        std::mem::swap(&mut self.world, &mut inner);
        let mut other = inner;
        let enough = self.nested(|machine| {
            machine.run(body, &mut |machine| {
                std::mem::swap(&mut machine.world, &mut other);
                let enough = machine.run(rest, then);
                std::mem::swap(&mut machine.world, &mut other);
                enough
            })
        })?;
        self.world = other;
        Ok(enough)
    }

    /// The world with changes; none where one of them has no value.
    pub(super) fn changed(&mut self, changes: &'p [(Change, Term)]) -> Outcome<Option<World<'p>>> {
        let World { input, data, mocks, .. } = &self.world;
        let (input, data, mocks) = (input.clone(), data.clone(), mocks.clone());
        let mut inner = World { input, data, mocks, values: BTreeMap::new() };
        for (change, term) in changes {
            let value = self.value(term)?;
            if value == Value::Undefined {
                return Ok(None);
            }
            match change {
                Change::Input(path) => inner.input = self.put(&inner.input, path, value)?,
                Change::Data(path) => inner.data.push((path, value)),
                Change::Answer(function) => inner.mocks.push((*function, Mock::Answer(value))),
                Change::Function(function, by) => inner.mocks.push((*function, Mock::Function(*by))),
            }
        }
        Ok(Some(inner))
    }

    /// Calls what stands in the place of a function; there, functions are what they were.
    pub(super) fn mocked(&mut self, call: &'p Call, arguments: Vec<Value>) -> Outcome<Value> {
        let mock = self.world.mocks.iter().rev().find(|(function, _)| *function == call.function);
        match mock.map(|(_, mock)| mock.clone()) {
            None => self.called(call, call.function, arguments),
            Some(Mock::Answer(value)) => Ok(value),
            Some(Mock::Function(by)) => {
                let mocks = std::mem::take(&mut self.world.mocks);
                let values = std::mem::take(&mut self.world.values);
                let value = self.called(call, by, arguments)?;
                self.world.mocks = mocks;
                self.world.values = values;
                Ok(value)
            }
        }
    }

    /// A value with another at a path in it.
    fn put(&mut self, value: &Value, path: &[Value], new: Value) -> Outcome<Value> {
        let Some((key, rest)) = path.split_first() else { return Ok(new) };
        let mut members: BTreeMap<Value, Value> = BTreeMap::new();
        if let Value::Object(there) = value {
            self.made(there.len().saturating_mul(64))?;
            self.work(u64::try_from(there.len()).unwrap_or(u64::MAX))?;
            members.extend(there.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        let below = members.remove(key).unwrap_or(Value::Undefined);
        members.insert(key.clone(), self.put(&below, rest, new)?);
        Ok(Value::from(members))
    }
}
