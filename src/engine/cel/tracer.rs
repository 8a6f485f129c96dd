//! Traces rules in CEL: every part of an expression is compiled and evaluated by itself, in the order
//! in which it stands.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use cel::common::types::{CelBool, CelOptional};
use cel::common::value::Val;
use cel::{Context, Env, Value};

use super::check::{self, Program};
use super::compile::{self, Compilation};
use super::map::{KeyRef, Map};
use super::parts::{Loop, Parts, Split};
use super::variables::Variables;
use super::{functions, list, measured, meter, moment, regexes, value};
use crate::diag::{Diagnostic, Source, codes};
use crate::engine::trace::{
    self, Body, Clause, Condition, DEEP, HITS, LOOKS, MISSES, Reading, Sample, Trace, Tracer,
};
use crate::engine::{Cause, Failure, Limits};
use crate::model::finding::Location;
use crate::model::json::Json;
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::Bundle;
use crate::policy::cel::{self as document, Expression, ROOTS};

/// Stack of the thread that takes expressions apart: the parser calls itself.
const STACK: usize = 256 << 20;
/// How many elements of a list are gone through.
const ELEMENTS: usize = 64;
/// How many parts of one rule are evaluated.
const EVALUATIONS: u32 = 20_000;

/// Policies, ready to be traced.
pub(super) struct Traced<'b> {
    env: Arc<Env>,
    bundle: &'b Bundle,
    compilation: Compilation,
    data: Box<dyn Val>,
    limits: Limits,
}

impl<'b> Traced<'b> {
    pub(super) fn new(bundle: &'b Bundle, limits: Limits) -> Result<Self, Vec<Diagnostic>> {
        let env = functions::environment().map_err(|_| {
            vec![Diagnostic::error(codes::POLICY_INVALID, "the functions of CEL cannot be set up")]
        })?;
        let compilation = compile::compile(&env, bundle)?;
        let data = value::from_json(&bundle.data);
        Ok(Self { env: Arc::new(env), bundle, compilation, data, limits })
    }
}

fn failed(message: &str) -> Failure {
    Failure { cause: Cause::Error, message: message.to_owned(), location: None }
}

impl Tracer for Traced<'_> {
    fn trace(&self, rule: usize, review: &Review, view: View) -> Result<Trace, Failure> {
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("cel".to_owned())
                .stack_size(STACK)
                .spawn_scoped(scope, || self.rule(rule, review, view))
                .map_err(|_| failed("there is no memory to trace the rule"))?
                .join()
                .unwrap_or_else(|_| Err(failed("the rule cannot be traced")))
        })
    }
}

impl Traced<'_> {
    fn rule(&self, rule: usize, review: &Review, view: View) -> Result<Trace, Failure> {
        let missing = || failed("there is no such rule in CEL");
        let (policy_at, rule_at) = self.compilation.rules.get(&rule).copied().ok_or_else(missing)?;
        let compiled = self.compilation.policies.get(policy_at).ok_or_else(missing)?;
        let policy = self.bundle.cel.get(policy_at).ok_or_else(missing)?;
        let written = policy.rules.get(rule_at).ok_or_else(missing)?;
        let file = self.bundle.files.get(policy.file).ok_or_else(missing)?;
        let json = match view {
            View::Review => {
                serde_json::to_value(review).map_err(|_| failed("the review cannot be given to CEL"))?
            }
            View::Document => crate::engine::document(review)?,
        };
        let now = moment(&self.env, review.context.now)
            .ok_or_else(|| failed("the time of the review lies outside of what CEL can hold"))?;
        let input = value::from_json(&json);
        let mut places = HashMap::new();
        if view == View::Review {
            place(input.as_ref(), &mut String::new(), &mut places);
        }
        let data = self.data.clone_as_boxed();
        let variables = Variables::new(&self.env, compiled, input, data, now);
        let context = variables.context();
        let mut stopped = None;
        let mut held = 0;
        if let Some(rule) = compiled.rules.get(rule_at) {
            variables.begin();
            match measured(rule, &variables, &context, self.limits) {
                Ok(outputs) => held = outputs.map_or(0, |outputs| outputs.len()),
                Err(failure) => stopped = Some(failure.message),
            }
        }
        let work = Work {
            env: &self.env,
            policy,
            source: &file.source,
            variables: &variables,
            names: policy.variables.iter().map(|variable| variable.name.as_str()).collect(),
            depths: compiled.variables.iter().map(|(_, program)| program.depth).collect(),
            limits: self.limits,
            places,
            programs: RefCell::default(),
            evaluations: Cell::new(0),
        };
        let demands = !matches!(
            written.effect,
            crate::model::finding::Effect::Oblige | crate::model::finding::Effect::Action
        );
        let conditions = catch_unwind(AssertUnwindSafe(|| work.rule(written, &context))).unwrap_or_default();
        let clause = Clause {
            head: format!("{} {}.{}", written.effect.as_str(), policy.id, written.id),
            location: Location { file: file.source.name.clone(), line: written.line, column: None },
            held: u64::try_from(held).unwrap_or(u64::MAX),
            demands,
            bodies: vec![Body { held: u64::try_from(held).unwrap_or(u64::MAX), conditions }],
        };
        Ok(Trace { clauses: vec![clause], stopped })
    }
}

/// A name for an element that is gone through, and where in the review that stands.
#[derive(Clone)]
struct Element {
    name: String,
    path: Option<String>,
}

/// One rule that is taken apart.
struct Work<'a> {
    env: &'a Arc<Env>,
    policy: &'a document::Policy,
    source: &'a Arc<Source>,
    variables: &'a Variables,
    names: Vec<&'a str>,
    depths: Vec<usize>,
    limits: Limits,
    /// Where in the review the collections stand, by where they are in memory.
    places: HashMap<usize, String>,
    programs: RefCell<HashMap<String, Option<Rc<Program>>>>,
    evaluations: Cell<u32>,
}

type Scope<'c> = Context<'c, 'static>;

/// Where a part is evaluated.
#[derive(Clone, Copy)]
struct Place<'p> {
    parts: &'p Parts<'p>,
    expression: &'p Expression,
    context: &'p Scope<'p>,
    elements: &'p [Element],
    /// How many variables were gone into.
    depth: usize,
}

/// What came of a part: how often it was asked, held and did not.
struct Tally {
    condition: Condition,
    looks: u32,
}

impl Tally {
    fn new(text: &str, location: Location) -> Self {
        let text = trace::written(text);
        let (samples, inner) = (Vec::new(), Vec::new());
        let condition = Condition { text, location, asked: 0, held: 0, missed: 0, samples, inner };
        Self { condition, looks: 0 }
    }

    /// Counts, and says whether what was read is worth keeping.
    fn count(&mut self, held: bool) -> bool {
        let condition = &mut self.condition;
        let count = if held { &mut condition.held } else { &mut condition.missed };
        *count = count.saturating_add(1);
        condition.asked = condition.asked.saturating_add(1);
        self.looks = self.looks.saturating_add(1);
        let kept = condition.samples.iter().filter(|sample| sample.held == held).count();
        self.looks <= LOOKS && kept < if held { HITS } else { MISSES }
    }
}

impl Work<'_> {
    fn rule(&self, rule: &document::Rule, context: &Scope<'_>) -> Vec<Condition> {
        let mut found = Vec::new();
        if let Some(expression) = &self.policy.matches {
            let parts = Parts::new(&expression.text);
            let place = Place { parts: &parts, expression, context, elements: &[], depth: 0 };
            let mut all = self.tallies(&place, &parts.whole());
            let holds = self.all(&place, &mut all);
            found.extend(all.into_iter().map(|(_, tally)| {
                let text = format!("match: {}", tally.condition.text);
                Condition { text, ..tally.condition }
            }));
            if !holds {
                return found;
            }
        }
        let parts = Parts::new(&rule.condition.text);
        let expression = &rule.condition;
        let Some(each) = &rule.for_each else {
            let place = Place { parts: &parts, expression, context, elements: &[], depth: 0 };
            let mut all = self.tallies(&place, &parts.whole());
            self.all(&place, &mut all);
            found.extend(all.into_iter().map(|(_, tally)| tally.condition));
            return found;
        };
        let list_parts = Parts::new(&each.list.text);
        let listing = Place { parts: &list_parts, expression: &each.list, context, elements: &[], depth: 0 };
        let whole = list_parts.whole();
        let mut tally = Tally::new(
            &format!("forEach {} in {}", each.name, each.list.text),
            self.location(&each.list, whole.start),
        );
        let items = self.list(&listing, &whole);
        tally.condition.asked = 1;
        tally.condition.held =
            items.as_ref().map_or(0, |items| u64::try_from(items.0.len()).unwrap_or(u64::MAX));
        tally.condition.samples = vec![Sample { held: true, values: self.readings(&listing, &whole) }];
        found.push(tally.condition);
        let base = self.pointer(&listing, &whole);
        let place = Place { parts: &parts, expression, context, elements: &[], depth: 0 };
        let mut all = self.tallies(&place, &parts.whole());
        for (at, item) in items.iter().flat_map(|items| items.0.iter()).take(ELEMENTS).enumerate() {
            let Ok(item) = value::copy(&**item) else { continue };
            let mut inner = context.new_inner_scope();
            inner.add_variable_as_val(each.name.as_str(), item);
            let path = base.as_ref().map(|base| format!("{base}/{at}"));
            let elements = [Element { name: each.name.clone(), path }];
            let place = Place { context: &inner, elements: &elements, ..place };
            self.all(&place, &mut all);
        }
        found.extend(all.into_iter().map(|(_, tally)| tally.condition));
        found
    }

    fn location(&self, expression: &Expression, at: usize) -> Location {
        let span = expression.locate(self.source, at..at.saturating_add(1));
        let (line, column) = self.source.line_column(span.start);
        Location { file: self.source.name.clone(), line, column: Some(column) }
    }

    /// The parts of a part that must hold together.
    fn tallies(&self, place: &Place<'_>, part: &Range<usize>) -> Vec<(Range<usize>, Tally)> {
        let parts = match place.parts.split(part) {
            Split::All(parts) => parts,
            _ => vec![part.clone()],
        };
        let tally = |part: Range<usize>| {
            let text = place.expression.text.get(part.clone()).unwrap_or_default();
            let tally = Tally::new(text, self.location(place.expression, part.start));
            (part, tally)
        };
        parts.into_iter().map(tally).collect()
    }

    /// Evaluates parts in their order up to the first that does not hold; whether all do.
    fn all(&self, place: &Place<'_>, all: &mut [(Range<usize>, Tally)]) -> bool {
        for (part, tally) in all {
            let held = self.truth(place, part) == Some(true);
            let kept = tally.count(held);
            if kept {
                let values = self.readings(place, part);
                tally.condition.samples.push(Sample { held, values });
                let inner = self.inner(place, part);
                // What is within is that of the first occasion on which it did not hold.
                if tally.condition.inner.is_empty() || !held && tally.condition.missed == 1 {
                    tally.condition.inner = inner;
                }
            }
            if !held {
                return false;
            }
        }
        true
    }

    /// What stands within a part: its alternatives, and the conditions of its loops.
    fn inner(&self, place: &Place<'_>, part: &Range<usize>) -> Vec<Condition> {
        let mut found = Vec::new();
        let alternatives = match place.parts.split(part) {
            Split::Any(parts) => parts,
            Split::All(_) => vec![part.clone()],
            Split::Choice([ask, then, or]) => {
                let taken = if self.truth(place, &ask) == Some(true) { then } else { or };
                vec![ask, taken]
            }
            Split::One(one) => {
                for each in place.parts.loops(&one) {
                    found.extend(self.each(place, &each));
                }
                return found;
            }
        };
        for part in alternatives {
            let mut all = self.tallies(place, &part);
            self.all(place, &mut all);
            found.extend(all.into_iter().map(|(_, tally)| tally.condition));
        }
        found
    }

    /// The conditions of a loop, over its elements.
    fn each(&self, place: &Place<'_>, each: &Loop) -> Vec<Condition> {
        if each.name == "map" {
            return Vec::new();
        }
        let Some(items) = self.list(place, &each.list) else { return Vec::new() };
        let base = self.pointer(place, &each.list);
        let mut all = self.tallies(place, &each.body);
        for (at, item) in items.0.iter().take(ELEMENTS).enumerate() {
            let Ok(item) = value::copy(&**item) else { continue };
            let mut inner = place.context.new_inner_scope();
            inner.add_variable_as_val(each.element.as_str(), item);
            let mut elements = place.elements.to_vec();
            let path = base.as_ref().map(|base| format!("{base}/{at}"));
            elements.push(Element { name: each.element.clone(), path });
            let place = Place { context: &inner, elements: &elements, ..*place };
            self.all(&place, &mut all);
        }
        all.into_iter().map(|(_, tally)| tally.condition).collect()
    }

    fn program(&self, place: &Place<'_>, part: &Range<usize>) -> Option<Rc<Program>> {
        let text = place.expression.text.get(part.clone())?.to_owned();
        let elements: Vec<&str> = place.elements.iter().map(|element| element.name.as_str()).collect();
        let key = format!("{}\0{text}", elements.join(" "));
        if let Some(known) = self.programs.borrow().get(&key) {
            return known.clone();
        }
        let expression = Expression { text, span: place.expression.span.clone() };
        // A value may be optional: members are asked for in the way that suits both.
        let scope = check::Scope {
            variables: &self.names,
            depths: &self.depths,
            elements: &elements,
            optionals: true,
        };
        let program = check::compile(self.env, self.source, &expression, &scope).ok().map(Rc::new);
        self.programs.borrow_mut().insert(key, program.clone());
        program
    }

    fn value(&self, place: &Place<'_>, part: &Range<usize>) -> Option<Box<dyn Val>> {
        let spent = self.evaluations.get();
        if spent >= EVALUATIONS {
            return None;
        }
        self.evaluations.set(spent.saturating_add(1));
        let program = self.program(place, part)?;
        self.variables.begin();
        meter::start(self.limits);
        regexes::swap_patterns(BTreeSet::new());
        let value = Value::resolve_val(&program.expr, place.context).ok()?;
        let value = value::copy(value.as_ref()).ok()?;
        meter::stopped().is_none().then_some(value)
    }

    fn truth(&self, place: &Place<'_>, part: &Range<usize>) -> Option<bool> {
        self.value(place, part)?.downcast_ref::<CelBool>().map(|value| *value.inner())
    }

    fn list(&self, place: &Place<'_>, part: &Range<usize>) -> Option<list::List> {
        self.value(place, part)?.downcast_ref::<list::List>().cloned()
    }

    fn readings(&self, place: &Place<'_>, part: &Range<usize>) -> Vec<Reading> {
        let mut names: Vec<&str> = ROOTS.to_vec();
        names.extend(place.elements.iter().map(|element| element.name.as_str()));
        let mut found: Vec<Reading> = Vec::new();
        for read in place.parts.reads(part, &names) {
            let Some(text) = place.expression.text.get(read.span.clone()).map(trace::written) else {
                continue;
            };
            if found.iter().any(|known| known.text == text) || self.program(place, &read.span).is_none() {
                continue;
            }
            let value = self.value(place, &read.span).and_then(|value| json(value.as_ref()));
            let variable = match &read.path {
                Some((root, members)) if root == "variables" => members.first(),
                _ => None,
            };
            found.push(Reading {
                text,
                value: value.map(|value| Json(trace::shortened(&value, 0))),
                paths: self.pointer(place, &read.span).into_iter().collect(),
                within: variable.and_then(|name| self.variable(place, name)).into_iter().collect(),
            });
        }
        found
    }

    /// What a variable came from.
    fn variable(&self, place: &Place<'_>, name: &str) -> Option<Clause> {
        if place.depth >= DEEP {
            return None;
        }
        let variable = self.policy.variables.iter().find(|variable| variable.name == name)?;
        let (expression, depth) = (&variable.expression, place.depth.saturating_add(1));
        let parts = Parts::new(&expression.text);
        let context = self.variables.context();
        let place = Place { parts: &parts, expression, context: &context, elements: &[], depth };
        let mut all = self.tallies(&place, &parts.whole());
        let value = self.value(&place, &parts.whole());
        let truth =
            value.as_ref().and_then(|value| value.downcast_ref::<CelBool>().map(|value| *value.inner()));
        match truth {
            Some(_) => drop(self.all(&place, &mut all)),
            // It is no condition: what it reads is all there is to say.
            None => {
                for (part, tally) in &mut all {
                    let held = value.is_some();
                    if tally.count(held) {
                        let values = self.readings(&place, part);
                        tally.condition.samples.push(Sample { held, values });
                        tally.condition.inner = self.inner(&place, part);
                    }
                }
            }
        }
        let held = u64::from(value.is_some() && truth != Some(false));
        let conditions = all.into_iter().map(|(_, tally)| tally.condition).collect();
        Some(Clause {
            head: format!("variables.{name}"),
            location: self.location(expression, parts.whole().start),
            held,
            demands: false,
            bodies: vec![Body { held, conditions }],
        })
    }

    /// Where in the review a part stands, where it is no more than a path: below an element whose
    /// place is known, or below a collection that is the review's own.
    fn pointer(&self, place: &Place<'_>, part: &Range<usize>) -> Option<String> {
        let mut names: Vec<&str> = ROOTS.to_vec();
        names.extend(place.elements.iter().map(|element| element.name.as_str()));
        let reads = place.parts.reads(part, &names);
        let [read] = reads.as_slice() else { return None };
        let (root, members) = read.path.as_ref().filter(|_| read.span == *part)?;
        let below = |base: &str, members: &[String]| {
            members.iter().fold(base.to_owned(), |all, part| format!("{all}/{}", trace::escaped(part)))
        };
        if let Some(element) = place.elements.iter().rev().find(|element| element.name == *root)
            && let Some(base) = &element.path
        {
            return Some(below(base, members));
        }
        for (taken, end) in read.ends.iter().enumerate().rev() {
            let Some(value) = self.value(place, &(part.start..*end)) else { continue };
            if let Some(base) = address(value.as_ref()).and_then(|address| self.places.get(&address)) {
                return Some(below(base, members.get(taken..)?));
            }
        }
        None
    }
}

/// A value as JSON; of an optional one what is in it.
fn json(value: &dyn Val) -> Option<serde_json::Value> {
    match value.downcast_ref::<CelOptional<'_>>() {
        Some(optional) => json(optional.option()?),
        None => value::to_json(value).ok(),
    }
}

/// The places of all collections within a value.
fn place(value: &dyn Val, path: &mut String, places: &mut HashMap<usize, String>) {
    let Some(address) = address(value) else { return };
    places.entry(address).or_insert_with(|| path.clone());
    let length = path.len();
    let mut below = |part: &str, value: &dyn Val| {
        path.push('/');
        path.push_str(&trace::escaped(part));
        place(value, path, places);
        path.truncate(length);
    };
    if let Some(list) = value.downcast_ref::<list::List>() {
        list.0.iter().enumerate().for_each(|(at, item)| below(&at.to_string(), &**item));
    } else if let Some(map) = value.downcast_ref::<Map>() {
        for (key, item) in map.0.iter() {
            if let Some(KeyRef::Text(key)) = KeyRef::of(&**key) {
                below(key, &**item);
            }
        }
    }
}

/// Where a collection is in memory: it is shared, never copied.
fn address(value: &dyn Val) -> Option<usize> {
    if let Some(list) = value.downcast_ref::<list::List>() {
        return Some(std::ptr::from_ref(list.0.as_ref()).addr());
    }
    if let Some(map) = value.downcast_ref::<Map>() {
        return Some(std::ptr::from_ref(map.0.as_ref()).addr());
    }
    address(value.downcast_ref::<CelOptional<'_>>()?.option()?)
}
