//! What is kept of an evaluation that is traced: for each definition that is gone through, what became
//! of its statements.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use regorus::Value;
use regorus::unstable::Span;
use serde_json::Value as Json;

use super::program::{Definition, Part, Program, Term, member};
use super::run::{Machine, Outcome};
use crate::engine::trace::{
    self, Body, CLAUSES, Clause, Condition, DEEP, HITS, LOOKS, MISSES, Reading, SEVERAL, Sample,
};
use crate::model::finding::Location;
use crate::model::json::Json as Shown;
use crate::policy::rego::uses::bytes;

/// What is kept.
pub(super) struct Recorder<'p> {
    /// Where in the review the collections stand, by where they are in memory.
    places: HashMap<usize, String>,
    /// The definitions that are being gone through; none for those that are not kept.
    open: Vec<Option<Frame<'p>>>,
    /// Whether the next definition is kept.
    armed: bool,
    /// Where those are kept that have been gone through, innermost last.
    kept: Vec<Vec<Frame<'p>>>,
    count: usize,
}

/// A definition that was gone through.
struct Frame<'p> {
    definition: &'p Definition,
    tallies: BTreeMap<usize, Tally<'p>>,
    /// How often each branch gave something.
    gave: BTreeMap<usize, u64>,
}

/// What became of a statement.
#[derive(Default)]
struct Tally<'p> {
    asked: u64,
    held: u64,
    missed: u64,
    looks: u32,
    /// Whether it was begun and has not held since.
    begun: bool,
    pending: Option<Look<'p>>,
    misses: Vec<Look<'p>>,
    hits: Vec<Look<'p>>,
}

/// What a statement read.
type Look<'p> = Vec<Read<'p>>;

struct Read<'p> {
    part: &'p Part,
    value: Value,
    paths: Vec<String>,
    within: Vec<Frame<'p>>,
}

impl Tally<'_> {
    /// What was begun and has not held will not any more.
    fn settle(&mut self) {
        let pending = self.pending.take();
        if std::mem::take(&mut self.begun) {
            self.missed = self.missed.saturating_add(1);
            if self.misses.len() < MISSES {
                self.misses.extend(pending);
            }
        }
    }

    fn wants_more(&self) -> bool {
        self.looks < LOOKS && (self.misses.len() < MISSES || self.hits.len() < HITS)
    }
}

impl<'p> Recorder<'p> {
    /// Keeps what becomes of the next definition; says where in the review what it reads stands,
    /// where that is what it sees.
    pub(super) fn new(input: &Value, review: bool) -> Self {
        let mut places = HashMap::new();
        if review {
            place(input, &mut String::new(), &mut places);
        }
        Self { places, open: Vec::new(), armed: true, kept: vec![Vec::new()], count: 0 }
    }

    /// What became of the definitions that were asked for, as people read it; those that were broken
    /// off too.
    pub(super) fn clauses(mut self, program: &Program) -> Vec<Clause> {
        // Of those that are open, the outermost is what was asked for.
        let outer = self.open.drain(..).flatten().next();
        let mut roots: Vec<Frame<'p>> = self.kept.drain(..).next().unwrap_or_default();
        roots.extend(outer);
        roots.into_iter().map(|frame| clause(program, frame)).collect()
    }

    fn frame(&mut self) -> Option<&mut Frame<'p>> {
        self.open.last_mut()?.as_mut()
    }
}

/// The places of all collections within a value.
fn place(value: &Value, path: &mut String, places: &mut HashMap<usize, String>) {
    let Some(address) = address(value) else { return };
    places.entry(address).or_insert_with(|| path.clone());
    let length = path.len();
    let mut below = |part: &str, value: &Value| {
        path.push('/');
        path.push_str(&trace::escaped(part));
        place(value, path, places);
        path.truncate(length);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| below(&at.to_string(), item)),
        Value::Object(members) => members.iter().for_each(|(key, item)| {
            if let Value::String(key) = key {
                below(key, item);
            }
        }),
        _ => {}
    }
}

/// Where a collection is in memory: it is shared, never copied.
fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(std::ptr::from_ref(items.as_ref()).addr()),
        Value::Object(members) => Some(std::ptr::from_ref(members.as_ref()).addr()),
        _ => None,
    }
}

impl<'p> Machine<'p> {
    /// Whether what is gone through next is kept: then it is gone through, though its value is known.
    pub(super) fn records(&self) -> bool {
        self.recorder.as_ref().is_some_and(|recorder| recorder.armed)
    }

    /// Begins a definition.
    #[cold]
    pub(super) fn begin(&mut self, definition: &'p Definition) {
        let Some(recorder) = &mut self.recorder else { return };
        let kept = recorder.armed && recorder.count < CLAUSES;
        recorder.count = recorder.count.saturating_add(usize::from(kept));
        recorder.armed = false;
        let frame = Frame { definition, tallies: BTreeMap::new(), gave: BTreeMap::new() };
        recorder.open.push(kept.then_some(frame));
    }

    /// Ends it.
    #[cold]
    pub(super) fn end(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        if let Some(Some(mut frame)) = recorder.open.pop() {
            frame.tallies.values_mut().for_each(Tally::settle);
            if let Some(kept) = recorder.kept.last_mut() {
                kept.push(frame);
            }
            // What follows it in the same part is kept as well.
            recorder.armed = true;
        }
    }

    /// A branch of the definition gave something.
    #[cold]
    pub(super) fn gave(&mut self, branch: usize) {
        if let Some(frame) = self.recorder.as_mut().and_then(|recorder| recorder.frame()) {
            let count = frame.gave.entry(branch).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// A statement begins.
    #[cold]
    pub(super) fn enter(&mut self, id: usize) -> Outcome<()> {
        let Some(probe) = self.program.probes.get(id) else { return Ok(()) };
        let Some(tally) = self.tally(id) else { return Ok(()) };
        tally.settle();
        tally.asked = tally.asked.saturating_add(1);
        tally.begun = true;
        if !tally.wants_more() {
            return Ok(());
        }
        tally.looks = tally.looks.saturating_add(1);
        let look = self.look(&probe.before)?;
        if let Some(tally) = self.tally(id) {
            tally.pending = Some(look);
        }
        Ok(())
    }

    /// A statement holds.
    #[cold]
    pub(super) fn leave(&mut self, id: usize) -> Outcome<()> {
        let Some(probe) = self.program.probes.get(id) else { return Ok(()) };
        let Some(tally) = self.tally(id) else { return Ok(()) };
        tally.held = tally.held.saturating_add(1);
        tally.begun = false;
        let Some(mut look) = tally.pending.take().filter(|_| tally.hits.len() < HITS) else { return Ok(()) };
        look.extend(self.look(&probe.after)?);
        if let Some(tally) = self.tally(id) {
            tally.hits.push(look);
        }
        Ok(())
    }

    fn tally(&mut self, id: usize) -> Option<&mut Tally<'p>> {
        Some(self.recorder.as_mut()?.frame()?.tallies.entry(id).or_default())
    }

    /// The values of parts, and what was gone through for each.
    fn look(&mut self, parts: &'p [Part]) -> Outcome<Look<'p>> {
        let mut look = Vec::with_capacity(parts.len());
        for part in parts {
            let Some(recorder) = &mut self.recorder else { return Ok(look) };
            recorder.armed = recorder.open.iter().flatten().count() <= DEEP;
            recorder.kept.push(Vec::new());
            let read = self.read(part);
            let Some(recorder) = &mut self.recorder else { return Ok(look) };
            recorder.armed = false;
            let within = recorder.kept.pop().unwrap_or_default();
            let (value, paths) = read?;
            look.push(Read { part, value, paths, within });
        }
        Ok(look)
    }

    /// Reads a part, in the world that its statement makes.
    fn read(&mut self, part: &'p Part) -> Outcome<(Value, Vec<String>)> {
        let Some(changes) = part.changes.as_deref() else { return self.read_here(part) };
        let Some(inner) = self.changed(changes)? else { return Ok((Value::Undefined, Vec::new())) };
        let outer = std::mem::replace(&mut self.world, inner);
        let read = self.read_here(part);
        self.world = outer;
        read
    }

    fn read_here(&mut self, part: &'p Part) -> Outcome<(Value, Vec<String>)> {
        if part.several
            && let Term::Collect(all) = &part.term
        {
            let (mut values, mut paths) = (Vec::new(), Vec::new());
            self.run(&all.body, &mut |machine| {
                let value = machine.value(&all.value)?;
                if value != Value::Undefined {
                    values.push(value);
                }
                paths.extend(machine.pointer(&all.value)?);
                Ok(values.len() >= SEVERAL || paths.len() >= SEVERAL)
            })?;
            return Ok((Value::from(values), paths));
        }
        let paths = self.pointer(&part.term)?.into_iter().collect();
        Ok((self.value(&part.term)?, paths))
    }

    fn stands(&self, value: &Value) -> Option<String> {
        self.recorder.as_ref()?.places.get(&address(value)?).cloned()
    }

    /// Where in the review a term stands.
    fn pointer(&mut self, term: &'p Term) -> Outcome<Option<String>> {
        match term {
            Term::Input => Ok(self.stands(&self.world.input)),
            Term::Slot(slot) => Ok(self.stands(self.slot(*slot))),
            Term::Path(path) => {
                let mut pointer = self.pointer(&path.0)?;
                let mut of = Some(self.value(&path.0)?);
                for key in &path.1 {
                    let key = self.value(key)?;
                    if let Some(pointer) = &mut pointer {
                        pointer.push('/');
                        match &key {
                            Value::String(text) => pointer.push_str(&trace::escaped(text)),
                            Value::Number(number) if number.as_u64().is_some() => {
                                pointer.push_str(&key.to_string());
                            }
                            _ => return Ok(None),
                        }
                    }
                    of = of.and_then(|of| member(&of, &key).cloned());
                    // What a policy put together from parts of the review has these parts in it.
                    if let Some(stands) = of.as_ref().and_then(|of| self.stands(of)) {
                        pointer = Some(stands);
                    }
                }
                Ok(pointer)
            }
            _ => Ok(None),
        }
    }
}

/// Where something stands.
pub(super) fn location(span: &Span) -> Location {
    Location { file: span.source.get_path().clone(), line: span.line, column: Some(span.col) }
}

/// What was written: to the parser, the quotes around a text are no part of it.
pub(super) fn text(span: &Span) -> &str {
    let contents = span.source.get_contents();
    let Range { mut start, mut end } = bytes(span);
    let quote = |at: Option<usize>| {
        at.and_then(|at| contents.as_bytes().get(at)).is_some_and(|b| matches!(b, b'"' | b'`'))
    };
    if quote(start.checked_sub(1)) {
        start = start.saturating_sub(1);
    }
    if quote(Some(end)) {
        end = end.saturating_add(1);
    }
    contents.get(start..end).unwrap_or_else(|| span.text())
}

fn clause(program: &Program, mut frame: Frame<'_>) -> Clause {
    frame.tallies.values_mut().for_each(Tally::settle);
    let definition = frame.definition;
    let mut bodies = Vec::new();
    for (at, branch) in definition.branches.iter().enumerate() {
        let conditions = conditions(program, branch.probes.clone(), None, &mut frame.tallies);
        bodies.push(Body { held: frame.gave.get(&at).copied().unwrap_or_default(), conditions });
    }
    let held = frame.gave.values().copied().fold(0, u64::saturating_add);
    // The line as it stands: a default's span is its name alone.
    let line = usize::try_from(definition.span.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let head = definition.span.source.get_contents().lines().nth(line).unwrap_or_default();
    let head = trace::written(head.trim_end().trim_end_matches('{'));
    Clause { head, location: location(&definition.span), held, demands: false, bodies }
}

/// The statements within another, or of a body, in the order of the text.
fn conditions(
    program: &Program,
    range: Range<usize>,
    within: Option<usize>,
    tallies: &mut BTreeMap<usize, Tally<'_>>,
) -> Vec<Condition> {
    let mut found = Vec::new();
    for id in range.clone() {
        let Some(probe) = program.probes.get(id).filter(|probe| probe.within == within) else { continue };
        let tally = tallies.remove(&id).unwrap_or_default();
        let inner = conditions(program, range.clone(), Some(id), tallies);
        let misses = tally.misses.into_iter().map(|look| (false, look));
        let looks = misses.chain(tally.hits.into_iter().map(|look| (true, look)));
        let condition = Condition {
            text: trace::written(&format!(
                "{}{}",
                if probe.gives { "gives " } else { "" },
                text(&probe.span)
            )),
            location: location(&probe.span),
            asked: tally.asked,
            held: tally.held,
            missed: tally.missed,
            samples: looks.map(|(held, look)| sample(program, held, look)).collect(),
            inner,
        };
        // What is given comes last, though its text stands in the head.
        found.push(((probe.gives, probe.span.start), condition));
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, condition)| condition).collect()
}

fn sample(program: &Program, held: bool, look: Look<'_>) -> Sample {
    let values = look.into_iter().map(|read| Reading {
        text: read.part.text.clone(),
        value: json(&read.value, 0).map(|value| Shown(trace::shortened(&value, 0))),
        paths: read.paths,
        within: read.within.into_iter().map(|frame| clause(program, frame)).collect(),
    });
    Sample { held, values: values.collect() }
}

/// How much of a value is turned into JSON, before it is shortened.
const DEPTH: usize = 5;
/// Elements of each collection.
const ITEMS: usize = 10;

/// A value as JSON, as far as it is shown.
fn json(value: &Value, depth: usize) -> Option<Json> {
    if depth >= DEPTH {
        return Some(Json::String("…".to_owned()));
    }
    let below = depth.saturating_add(1);
    Some(match value {
        Value::Undefined => return None,
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::String(text) => Json::String(text.to_string()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Json::from(whole),
            None => number.as_f64().map(Json::from)?,
        },
        Value::Array(items) => {
            let items = items.iter().map(|item| json(item, below));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Set(items) => {
            let items = items.iter().map(|item| json(item, below));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Object(members) => {
            let mut object = serde_json::Map::new();
            for (key, member) in members.iter().take(ITEMS) {
                let key = match key {
                    Value::String(key) => key.to_string(),
                    key => json(key, below)?.to_string(),
                };
                object.insert(key, json(member, below)?);
            }
            Json::Object(object)
        }
    })
}
