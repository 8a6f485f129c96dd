//! Bodies of tests, followed statement by statement: how far each case came, and what it fell at.
//!
//! What a body uses is evaluated as in every other evaluation; only the body itself is gone through
//! here, and what does not hold in it is kept.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{BoolOp, Span};

use super::program::{Branch, Definition, Outline, Pattern, Step, Term, member};
use super::run::{Machine, Outcome, length};
use super::shown::{differences, shown};

/// The name of a case: what stands behind the name of its test.
pub(super) type Name = Vec<Value>;

/// How far a case came.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// Whether its value is true.
    pub(super) holds: bool,
    /// The statement that did not hold, in the order in which they are gone through, and why.
    pub(super) fell: Option<(usize, Fall)>,
}

/// Why a statement did not hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Fall {
    pub(super) span: Option<Span>,
    pub(super) why: String,
    /// What was to be, and what was.
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
    /// Where the two differ.
    pub(super) differences: Vec<String>,
    /// Values of what is in it: text and value.
    pub(super) values: Vec<(String, String)>,
}

/// What was found on the way through a body.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) ways: BTreeMap<Name, Way>,
    case: Name,
}

impl Trail {
    fn way(&mut self) -> &mut Way {
        self.ways.entry(self.case.clone()).or_default()
    }

    /// Whether nothing further is known of this case: what it fell at first tells most.
    fn wants(&mut self, outline: &Outline, at: usize) -> bool {
        let place = statement(outline, at);
        self.way().fell.as_ref().is_none_or(|(furthest, _)| place > *furthest)
    }

    fn fell(&mut self, outline: &Outline, at: usize, mut fall: Fall) {
        let place = statement(outline, at);
        fall.span = outline.statements.get(place).map(|statement| statement.span.clone());
        self.way().fell = Some((place, fall));
    }
}

/// The statement that a step belongs to; past the last, that the body holds.
fn statement(outline: &Outline, at: usize) -> usize {
    outline.statements.partition_point(|statement| statement.step <= at).saturating_sub(1)
}

type Then<'t, 'p> = &'t mut dyn FnMut(&mut Machine<'p>, &mut Trail) -> Outcome<bool>;

/// A part of a body, and where in it that is.
#[derive(Clone, Copy)]
struct Part<'p> {
    outline: &'p Outline,
    steps: &'p [Step],
    at: usize,
    /// Whether it stands within `with`, and so is one step of the body.
    within: bool,
}

impl<'p> Part<'p> {
    fn after(self, rest: &'p [Step]) -> Self {
        let at = if self.within { self.at } else { self.at.saturating_add(1) };
        Self { steps: rest, at, ..self }
    }
}

impl<'p> Machine<'p> {
    /// Follows a definition of a test: the first of its branches that holds.
    pub(super) fn follow(&mut self, definition: &'p Definition, trail: &mut Trail) -> Outcome<()> {
        let base = std::mem::replace(&mut self.base, self.slots.len());
        self.slots.resize(self.base.saturating_add(definition.slots), Value::Undefined);
        for branch in &definition.branches {
            self.branch(branch, trail)?;
            let held = |way: &Way| way.holds || way.fell.as_ref().is_some_and(|(at, _)| *at == usize::MAX);
            if trail.ways.values().any(held) {
                break;
            }
        }
        self.slots.truncate(self.base);
        self.base = base;
        Ok(())
    }

    /// Follows a branch in each way in which it can be taken.
    fn branch(&mut self, branch: &'p Branch, trail: &mut Trail) -> Outcome<()> {
        let Some(outline) = branch.outline.as_deref() else { return Ok(()) };
        trail.case = Vec::new();
        let part = Part { outline, steps: &branch.body, at: 0, within: false };
        let held = self.part(part, trail, &mut |machine, trail| {
            let mut name = Vec::with_capacity(branch.keys.len());
            for key in &branch.keys {
                name.push(machine.value(key)?);
            }
            let value = machine.value(&branch.value)?;
            trail.case = name;
            if value == Value::Bool(true) {
                *trail.way() = Way { holds: true, fell: None };
                return Ok(branch.keys.is_empty());
            }
            if !trail.way().holds {
                let why = match value {
                    Value::Undefined => "it holds, and its value is undefined".to_owned(),
                    value => format!("it holds, and its value is {}, not true", shown(&value)),
                };
                trail.way().fell = Some((usize::MAX, Fall { why, ..Fall::default() }));
            }
            Ok(false)
        });
        held.map(drop)
    }

    fn part(&mut self, mut part: Part<'p>, trail: &mut Trail, then: Then<'_, 'p>) -> Outcome<bool> {
        let outline = part.outline;
        while let Some((step, rest)) = part.steps.split_first() {
            self.step()?;
            let at = part.at;
            self.name(part, trail)?;
            match step {
                // Marks are for traces, which tests are compiled without.
                Step::Enter(_) | Step::Leave(_) => {}
                Step::Print(parts) => self.print(parts),
                Step::Test(term) => {
                    let value = self.value(term)?;
                    if matches!(value, Value::Undefined | Value::Bool(false)) {
                        if trail.wants(outline, at) {
                            let fall = self.untrue(outline, at, term, &value)?;
                            trail.fell(outline, at, fall);
                        }
                        return Ok(false);
                    }
                }
                Step::Bind(pattern, term) => {
                    let value = self.value(term)?;
                    if value == Value::Undefined || !self.fits(pattern, &value)? {
                        if trail.wants(outline, at) {
                            let fall = self.unfit(outline, at, pattern, term, &value)?;
                            trail.fell(outline, at, fall);
                        }
                        return Ok(false);
                    }
                }
                Step::Not(body) => {
                    if self.holds(body)? {
                        if trail.wants(outline, at) {
                            let mut fall =
                                Fall { why: "it holds, and must not".to_owned(), ..Fall::default() };
                            if let [Step::Test(term)] = body.as_slice() {
                                fall.values = self.parts(outline, at, term)?;
                            }
                            trail.fell(outline, at, fall);
                        }
                        return Ok(false);
                    }
                }
                Step::Every { of, key, value, body } => {
                    let of = self.value(of)?;
                    if !self.every(&of, *key, *value, body)? {
                        if trail.wants(outline, at) {
                            let element = shown(self.slot(*value));
                            let (why, values) = match length(&of) {
                                0 => ("what it goes through is no collection", Vec::new()),
                                _ => (
                                    "it does not hold for every element",
                                    vec![("the first for which it does not".to_owned(), element)],
                                ),
                            };
                            trail.fell(outline, at, Fall { why: why.to_owned(), values, ..Fall::default() });
                        }
                        return Ok(false);
                    }
                }
                Step::Scan { of, key, value } => {
                    let of = self.value(of)?;
                    let mut any = false;
                    let next = part.after(rest);
                    let enough = self.scan(&of, &mut |machine, k, v| {
                        let fits = machine.fits(key, k)? && machine.fits(value, v)?;
                        any |= fits;
                        Ok(fits && machine.part(next, trail, then)?)
                    })?;
                    self.nothing(any, outline, at, &of, trail);
                    return Ok(enough);
                }
                Step::Walk { of, pattern } => {
                    let of = self.value(of)?;
                    let mut any = false;
                    let next = part.after(rest);
                    let enough = self.walk(&of, &mut Vec::new(), &mut |machine, pair| {
                        let fits = machine.fits(pattern, pair)?;
                        any |= fits;
                        Ok(fits && machine.part(next, trail, then)?)
                    })?;
                    self.nothing(any, outline, at, &of, trail);
                    return Ok(enough);
                }
                Step::With(changes, body) => {
                    let Some(inner) = self.changed(changes)? else {
                        if trail.wants(outline, at) {
                            let why = "what `with` puts in the place of something is undefined".to_owned();
                            trail.fell(outline, at, Fall { why, ..Fall::default() });
                        }
                        return Ok(false);
                    };
                    let mut other = std::mem::replace(&mut self.world, inner);
                    let inner = Part { outline, steps: body, at, within: true };
                    let next = part.after(rest);
                    let enough = self.nested(|machine| {
                        machine.part(inner, trail, &mut |machine, trail| {
                            std::mem::swap(&mut machine.world, &mut other);
                            let enough = machine.part(next, trail, then);
                            std::mem::swap(&mut machine.world, &mut other);
                            enough
                        })
                    })?;
                    self.world = other;
                    return Ok(enough);
                }
            }
            part = part.after(rest);
        }
        self.name(part, trail)?;
        then(self, trail)
    }

    /// Notes which case this is, once that is known.
    fn name(&mut self, part: Part<'p>, trail: &mut Trail) -> Outcome<()> {
        let Some((step, terms)) = part.outline.case.as_ref().filter(|_| !part.within) else { return Ok(()) };
        if part.at < *step {
            trail.case = Vec::new();
        }
        if part.at == *step {
            let mut name = Vec::with_capacity(terms.len());
            for term in terms {
                name.push(self.value(term)?);
            }
            trail.case = if name.contains(&Value::Undefined) { Vec::new() } else { name };
            trail.way();
        }
        Ok(())
    }

    /// Notes that there was nothing to go through.
    fn nothing(&self, any: bool, outline: &Outline, at: usize, of: &Value, trail: &mut Trail) {
        if !any && trail.wants(outline, at) {
            let why = match of {
                Value::Undefined => "what it looks through is undefined".to_owned(),
                _ if length(of) == 0 => "there is nothing in what it looks through".to_owned(),
                _ => "nothing in what it looks through fits".to_owned(),
            };
            let values = match of {
                Value::Undefined => Vec::new(),
                of => vec![("looked through".to_owned(), shown(of))],
            };
            trail.fell(outline, at, Fall { why, values, ..Fall::default() });
        }
    }

    /// Why a term is not true.
    fn untrue(&mut self, outline: &Outline, at: usize, term: &'p Term, value: &Value) -> Outcome<Fall> {
        let undefined = *value == Value::Undefined;
        let mut fall = Fall { why: "it is false".to_owned(), ..Fall::default() };
        if undefined {
            fall.why = "it is undefined".to_owned();
        }
        match term {
            Term::Compare(op, sides) => {
                let (left, right) = (self.value(&sides.0)?, self.value(&sides.1)?);
                let constant = is_constant(&sides.0);
                self.compared(&mut fall, outline, at, matches!(op, BoolOp::Eq), (left, right), constant);
                for side in [&sides.0, &sides.1] {
                    fall.values.extend(self.parts(outline, at, side)?);
                }
            }
            Term::In(parts) => {
                let (value, of) = (self.value(&parts.1)?, self.value(&parts.2)?);
                if !undefined {
                    fall.why = "it is not among them".to_owned();
                    fall.expected = Some(shown(&value));
                    fall.found = Some(shown(&of));
                }
            }
            term => fall.values = self.parts(outline, at, term)?,
        }
        Ok(fall)
    }

    /// Why a value did not fit.
    fn unfit(
        &mut self,
        outline: &Outline,
        at: usize,
        pattern: &'p Pattern,
        term: &'p Term,
        value: &Value,
    ) -> Outcome<Fall> {
        let mut fall = Fall { why: "it is undefined".to_owned(), ..Fall::default() };
        if *value == Value::Undefined {
            fall.values = self.parts(outline, at, term)?;
        } else if let Pattern::Equal(wanted) = pattern {
            let wanted_value = self.value(wanted)?;
            let constant = is_constant(wanted) || !is_constant(term);
            self.compared(&mut fall, outline, at, true, (wanted_value, value.clone()), constant);
        } else {
            fall.why = "the value does not fit".to_owned();
            fall.found = Some(shown(value));
        }
        Ok(fall)
    }

    /// The two sides of a comparison that does not hold; the one that is written out was expected.
    fn compared(
        &self,
        fall: &mut Fall,
        outline: &Outline,
        at: usize,
        equal: bool,
        (left, right): (Value, Value),
        left_is_expected: bool,
    ) {
        let sides = outline.statements.get(statement(outline, at)).and_then(|s| s.sides.as_ref());
        let named = sides.map(|(l, r)| (l.text(), r.text())).unwrap_or(("left", "right"));
        let unknown = match (&left, &right) {
            (Value::Undefined, _) => Some(named.0),
            (_, Value::Undefined) => Some(named.1),
            _ => None,
        };
        if let Some(side) = unknown {
            fall.why = format!("`{side}` is undefined");
        }
        if equal {
            let (wanted, found) = if left_is_expected { (&left, &right) } else { (&right, &left) };
            if unknown.is_none() {
                fall.why = "they are not equal".to_owned();
                fall.differences = differences(wanted, found);
            }
            fall.expected = Some(shown(wanted));
            fall.found = Some(shown(found));
        } else if unknown.is_none() {
            fall.values = vec![(named.0.to_owned(), shown(&left)), (named.1.to_owned(), shown(&right))];
        }
    }

    /// What the parts of a term come to, where that tells more than the whole.
    fn parts(&mut self, outline: &Outline, at: usize, term: &'p Term) -> Outcome<Vec<(String, String)>> {
        let mut values = Vec::new();
        match term {
            Term::Call(call) => {
                for (argument, written) in call.arguments.iter().zip(&call.written) {
                    if !is_constant(argument) {
                        values.push((written.span().text().to_owned(), shown(&self.value(argument)?)));
                    }
                }
            }
            Term::Path(path) => {
                // As far as there is something.
                let mut of = self.value(&path.0)?;
                let mut missing = None;
                for key in &path.1 {
                    let key = self.value(key)?;
                    match member(&of, &key).cloned() {
                        Some(value) => of = value,
                        None => {
                            missing = Some(key);
                            break;
                        }
                    }
                }
                if let Some(key) = missing
                    && of != Value::Undefined
                {
                    values.push((format!("there is no {} in", shown(&key)), shown(&of)));
                }
            }
            Term::Compare(_, sides) => {
                if let Some((left, right)) =
                    outline.statements.get(statement(outline, at)).and_then(|s| s.sides.as_ref())
                {
                    for (span, side) in [(left, &sides.0), (right, &sides.1)] {
                        if !is_constant(side) {
                            values.push((span.text().to_owned(), shown(&self.value(side)?)));
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(values)
    }
}

/// Whether a term is written out, and so what somebody expects.
fn is_constant(term: &Term) -> bool {
    match term {
        Term::Value(_) => true,
        Term::Array(items) | Term::Set(items) => items.iter().all(is_constant),
        Term::Object(members) => members.iter().all(|(key, value)| is_constant(key) && is_constant(value)),
        _ => false,
    }
}
