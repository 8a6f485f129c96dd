//! Tests in Rego: which there are among some files, and what comes of each.
//!
//! A test is a definition of a rule whose name begins with `test_`, in whatever file it stands, as for
//! `opa test`: it passes where its value is true. `test_x[note]` is a test of which each `note` is a
//! case; `todo_test_x` is skipped. Definitions of one name are tests of their own, numbered. Tests have
//! no `input` but what `with` gives them, and keep to the limits of rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::Value;

use super::follow::{Fall, Trail, Way};
use super::program::{Form, Program};
use super::run::{Machine, Outcome};
use super::session::{failure, within};
use super::shown::shown;
use super::{Head, compile, heads, units, value};
use crate::diag::{Diagnostic, Source};
use crate::engine::{Failure, Limits};
use crate::model::finding::{Effect, Location};
use crate::model::time::Time;
use crate::policy::rego::unit::{Form as Written, Unit, is_test};
use crate::policy::rego::{on_deep_stack, uses};
use crate::policy::{Bundle, Language};

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its package and name, as in `data.house.ticket_test.test_absent`.
    pub name: String,
    /// Its head.
    pub location: Location,
    /// Whether it is skipped: its name begins with `todo_`.
    pub skipped: bool,
    /// Why it can never pass.
    unfit: Option<&'static str>,
    /// Its rule and definitions.
    place: (usize, std::ops::Range<usize>),
}

/// What came of a test, or of one of its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The note of the case.
    pub note: Option<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// What `print` wrote, a line each: with the first of the cases of a test that did not pass.
    pub printed: Vec<String>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its value is true.
    Passed,
    /// It is not.
    Failed(Box<Broken>),
    /// It could not be evaluated.
    Error(Failure),
}

/// Why a test failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// The statement that did not hold.
    pub location: Option<Location>,
    /// Its text.
    pub text: String,
    /// Why it did not.
    pub why: String,
    /// What was expected, in Rego.
    pub expected: Option<String>,
    /// What was found, in Rego.
    pub found: Option<String>,
    /// Where the two differ, a line each.
    pub differences: Vec<String>,
    /// What parts of the statement come to.
    pub values: Vec<(String, String)>,
}

/// An effect of a rule: one definition, as in `deny contains msg if …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// Index into the rules of the bundle.
    pub rule: usize,
    /// What it means.
    pub effect: Effect,
    /// Where it stands.
    pub location: Location,
}

/// What tests showed of effects, by their index: those that gave something, and those that did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Gave something.
    pub spoke: BTreeSet<usize>,
    /// Were asked and gave nothing.
    pub silent: BTreeSet<usize>,
}

/// The tests of a bundle, compiled with its policies.
pub struct Trials {
    program: Program,
    sources: Vec<Arc<Source>>,
    tests: Vec<Test>,
    effects: Vec<Effects>,
    /// By rule and definition.
    effect_at: BTreeMap<(usize, usize), usize>,
    limits: Limits,
}

impl std::fmt::Debug for Trials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trials").field("tests", &self.tests.len()).finish_non_exhaustive()
    }
}

impl Trials {
    /// Compiles the Rego of a bundle with its tests.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(bundle: &Bundle, limits: Limits) -> Result<Self, Vec<Diagnostic>> {
        on_deep_stack(|| Self::compile_here(bundle, limits)).map_err(|problem| vec![problem])?
    }

    fn compile_here(bundle: &Bundle, limits: Limits) -> Result<Self, Vec<Diagnostic>> {
        let (units, unit_of) = units(bundle, true)?;
        let data = value::build(&bundle.data, &mut value::Keys::default()).map_err(|error| {
            vec![compile::invalid(&format!("the data cannot be given to policies: {error}"))]
        })?;
        let compile::Compiled { program, places } = compile::compile(&units, data, compile::Marks::Prints)?;
        let mut effects = Vec::new();
        let mut effect_at = BTreeMap::new();
        let rego = |rule: &&(usize, &crate::policy::Rule)| rule.1.language == Language::Rego;
        for (index, rule) in bundle.rules.iter().enumerate().collect::<Vec<_>>().iter().filter(rego) {
            let Some(at) = unit_of.get(&rule.file).copied() else { continue };
            let Some(unit) = units.get(at) else { continue };
            for Head { effect, location, place } in heads(unit, at, &places) {
                effect_at.insert(place, effects.len());
                effects.push(Effects { rule: *index, effect, location });
            }
        }
        let tests = tests(&units, &places, &program);
        let sources = units.iter().map(|unit| Arc::clone(&unit.source)).collect();
        Ok(Self { program, sources, tests, effects, effect_at, limits })
    }

    /// The tests, in the order of their files and then of the text.
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// The file of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name).map(Arc::as_ref)
    }

    /// The effects of the rules.
    pub fn effects(&self) -> &[Effects] {
        &self.effects
    }

    /// Runs a test: what came of it, or of each of its cases, and what it showed of effects.
    pub fn run(&self, test: &Test, now: Time) -> (Vec<Tried>, Heard) {
        let mut heard = Heard::default();
        if let Some(why) = test.unfit {
            let broken =
                Broken { why: why.to_owned(), location: Some(test.location.clone()), ..Broken::default() };
            let verdict = Verdict::Failed(Box::new(broken));
            return (vec![Tried { note: None, verdict, printed: Vec::new() }], heard);
        }
        let now = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
        let mut trail = Trail::default();
        let mut machine = Machine::new(&self.program, Value::Undefined, now, self.limits);
        machine.heard = Some(BTreeSet::new());
        machine.printed = Some(Vec::new());
        let done = within(self.limits, || self.follow(&mut machine, test, &mut trail));
        for (rule, definition, gave) in machine.heard.take().into_iter().flatten() {
            if let Some(effect) = self.effect_at.get(&(rule, definition)) {
                if gave { &mut heard.spoke } else { &mut heard.silent }.insert(*effect);
            }
        }
        let printed = machine.printed.take().unwrap_or_default();
        if let Err(stopped) = done {
            let why = failure(&self.sources, self.limits, "the test", Some(&test.location), *stopped);
            return (vec![Tried { note: None, verdict: Verdict::Error(why), printed }], heard);
        }
        let mut tried = self.tried(test, trail);
        let broken = tried.iter().position(|case| case.verdict != Verdict::Passed).unwrap_or_default();
        if let Some(case) = tried.get_mut(broken) {
            case.printed = printed;
        }
        (tried, heard)
    }

    fn follow<'p>(&'p self, machine: &mut Machine<'p>, test: &Test, trail: &mut Trail) -> Outcome<()> {
        let rule = self.program.rules.get(test.place.0);
        let definitions = rule.and_then(|rule| rule.definitions.get(test.place.1.clone()));
        for definition in definitions.into_iter().flatten() {
            machine.follow(definition, trail)?;
        }
        Ok(())
    }

    fn tried(&self, test: &Test, mut trail: Trail) -> Vec<Tried> {
        // What fell before it was known which case it is counts where there is no case.
        if trail.ways.len() > 1 {
            trail.ways.remove(&Vec::new());
        }
        if trail.ways.is_empty() {
            let why = "there is no case in it".to_owned();
            trail.ways.insert(
                Vec::new(),
                Way { fell: Some((0, Fall { why, ..Fall::default() })), ..Way::default() },
            );
        }
        let note = |name: &[Value]| {
            let parts: Vec<String> = name
                .iter()
                .map(|part| match part {
                    Value::String(text) => text.to_string(),
                    other => shown(other),
                })
                .collect();
            (!parts.is_empty()).then(|| parts.join(" / "))
        };
        let tried = |(name, way): (Vec<Value>, Way)| Tried {
            note: note(&name),
            printed: Vec::new(),
            verdict: match way.fell {
                Some((_, fall)) if !way.holds => Verdict::Failed(Box::new(self.broken(test, fall))),
                None if !way.holds => Verdict::Failed(Box::default()),
                _ => Verdict::Passed,
            },
        };
        trail.ways.into_iter().map(tried).collect()
    }

    /// Why a test failed, with the place of the statement.
    fn broken(&self, test: &Test, fall: Fall) -> Broken {
        let Fall { span, why, expected, found, differences, values } = fall;
        let place = span.and_then(|span| {
            let name = span.source.file();
            let source = self.sources.iter().find(|source| source.name == *name)?;
            let bytes = uses::bytes(&span);
            let (line, column) = source.line_column(bytes.start);
            let text = source.text.get(bytes).unwrap_or_default().to_owned();
            Some((Location { file: source.name.clone(), line, column: Some(column) }, text))
        });
        let (location, text) = match place {
            Some((location, text)) => (location, text),
            None => (test.location.clone(), String::new()),
        };
        Broken { location: Some(location), text, why, expected, found, differences, values }
    }
}

/// The tests among some units.
fn tests(
    units: &[Arc<Unit>],
    places: &BTreeMap<compile::At, (usize, usize)>,
    program: &Program,
) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let starts: BTreeSet<(usize, usize)> = places.values().copied().collect();
    for (u, unit) in units.iter().enumerate() {
        let own = unit.source.name.to_lowercase().ends_with("_test.rego");
        for (d, definition) in unit.rules.iter().enumerate() {
            let end = definition.path.iter().position(|name| is_test(name));
            // In a file of tests nothing else is called so.
            let end = end.or_else(|| (own && definition.path.first()?.starts_with("todo_")).then_some(0));
            let Some(end) = end else { continue };
            let named = |other: &crate::policy::rego::unit::Definition| {
                other.path == definition.path && other.form != Written::Default
            };
            if definition.form == Written::Default && unit.rules.iter().any(named) {
                continue;
            }
            let Some((rule, first)) = places.get(&(u, d)).copied() else { continue };
            let next = starts.range((rule, first.saturating_add(1))..(rule.saturating_add(1), 0)).next();
            let total = program.rules.get(rule).map_or(0, |rule| rule.definitions.len());
            let last = next.map_or(total, |(_, next)| *next);
            let form = program.rules.get(rule).map(|rule| rule.form);
            let unfit = match (definition.form, form) {
                (Written::Default, _) => Some("it is a default alone, and no test"),
                (Written::Function, _) | (_, Some(Form::Function)) => {
                    Some("it is a function: a test takes no arguments, and is true where it passes")
                }
                (Written::Set, _) => Some("it is a set: a test is true where it passes"),
                // As for OPA, where such a head makes an object, which is not true.
                _ if definition.path.len() > end.saturating_add(1) => Some(
                    "its head goes on behind the name, so it is an object: a test is true where it passes",
                ),
                _ => None,
            };
            let path: Vec<&str> = unit.package.iter().chain(&definition.path).map(String::as_str).collect();
            let mut name = format!("data.{}", path.join("."));
            let seen = count.entry(name.clone()).or_default();
            if *seen > 0 {
                name = format!("{name}#{seen:02}");
            }
            *seen = seen.saturating_add(1);
            tests.push(Test {
                name,
                location: Location {
                    file: unit.source.name.clone(),
                    line: definition.line,
                    column: Some(definition.column),
                },
                skipped: definition.path.get(end).is_some_and(|name| name.starts_with("todo_")),
                unfit,
                place: (rule, first..last),
            });
        }
    }
    tests.sort_by(|a, b| {
        let key = |test: &Test| (test.location.file.clone(), test.location.line, test.location.column);
        key(a).cmp(&key(b))
    });
    tests
}
