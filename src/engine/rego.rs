//! Rego: parsed by `regorus`, compiled to steps and evaluated here, with its functions metered.
//!
//! A policy's syntax trees become a [`program::Program`]: rules by their paths, bodies as steps in an
//! order in which every variable has a value before it is used ([`body`]). A [`run::Machine`] goes
//! through it for one rule of the bundle at a time. The language is that of OPA 1; where the two
//! differ stands in `docs/reference/rego.md`.
//!
//! INVARIANT: a function or a calculation that fails is a [`super::Failure`], never undefined.

mod body;
mod compile;
mod follow;
mod meter;
mod patterns;
mod print;
mod probe;
mod program;
mod record;
mod run;
mod session;
mod shown;
mod terms;
mod tracer;
pub mod trial;
mod value;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::trace::Tracer;
use super::{Compiled, Engine, Limits, Session};
use crate::diag::{Diagnostic, Source};
use crate::model::finding::{Effect, Location};
use crate::policy::rego::on_deep_stack;
use crate::policy::rego::unit::{self, Form, Unit};
use crate::policy::{Bundle, Language};
use compile::Marks;
use program::Program;

/// Rego.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rego;

impl Engine for Rego {
    fn language(&self) -> Language {
        Language::Rego
    }

    fn version(&self) -> &'static str {
        "weighlock 1, regorus 0.14.1"
    }

    fn compile(&self, bundle: &Bundle, limits: Limits) -> Result<Box<dyn Compiled>, Vec<Diagnostic>> {
        let compiled = on_deep_stack(|| compile(bundle, limits)).map_err(|problem| vec![problem])??;
        Ok(Box::new(compiled))
    }

    fn tracer<'b>(
        &self,
        bundle: &'b Bundle,
        limits: Limits,
    ) -> Result<Box<dyn Tracer + 'b>, Vec<Diagnostic>> {
        let traced =
            on_deep_stack(|| compile_as(bundle, limits, true)).map_err(|problem| vec![problem])??;
        Ok(Box::new(tracer::Traced(traced)))
    }
}

/// A definition of an effect.
struct Head {
    /// What its elements mean.
    effect: Effect,
    /// Where it stands.
    location: Location,
    /// Its rule, and which of its definitions it is.
    place: (usize, usize),
}

/// A rule of the bundle: its package's effects.
struct Judge {
    heads: Vec<Head>,
}

/// All rules, compiled.
struct Rules {
    judges: BTreeMap<usize, Judge>,
    program: Program,
    /// What was compiled.
    sources: Vec<Arc<Source>>,
    limits: Limits,
    reads_settings: bool,
    /// Names, which sessions that have ended leave to those that begin.
    idle: Mutex<Vec<value::Keys>>,
}

impl Compiled for Rules {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(session::Evaluation::new(self))
    }

    fn reads_settings(&self) -> bool {
        self.reads_settings
    }
}

/// Files, parsed, and which unit each file of a bundle is.
type Units = (Vec<Arc<Unit>>, BTreeMap<usize, usize>);

/// The units of a bundle: those of its policies; then those of its tests, where they are wanted.
fn units(bundle: &Bundle, tests: bool) -> Result<Units, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut units = Vec::new();
    let mut unit_of: BTreeMap<usize, usize> = BTreeMap::new();
    let policies = bundle.files.iter().enumerate().filter(|(_, file)| file.language == Language::Rego);
    let policies = policies.map(|(index, file)| (Some(index), file));
    let tests = bundle.tests.iter().filter(|_| tests).map(|file| (None, file));
    for (index, file) in policies.chain(tests) {
        // What was parsed of another text does not count.
        let parsed = file.unit.clone().filter(|unit| Arc::ptr_eq(&unit.source, &file.source));
        match parsed.map_or_else(|| unit::parse(&file.source, bundle.rego_v0).map(Arc::new), Ok) {
            Ok(unit) => {
                unit_of.extend(index.map(|index| (index, units.len())));
                units.push(unit);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok((units, unit_of)) } else { Err(problems) }
}

fn compile(bundle: &Bundle, limits: Limits) -> Result<Rules, Vec<Diagnostic>> {
    compile_as(bundle, limits, false)
}

fn compile_as(bundle: &Bundle, limits: Limits, traced: bool) -> Result<Rules, Vec<Diagnostic>> {
    let (units, unit_of) = units(bundle, false)?;
    let data = value::build(&bundle.data, &mut value::Keys::default())
        .map_err(|error| vec![compile::invalid(&format!("the data cannot be given to policies: {error}"))])?;
    let marks = if traced { Marks::Traces } else { Marks::None };
    let compile::Compiled { program, places } = compile::compile(&units, data, marks)?;
    let mut judges = BTreeMap::new();
    for (index, rule) in bundle.rules.iter().enumerate().filter(|(_, rule)| rule.language == Language::Rego) {
        let Some(at) = unit_of.get(&rule.file).copied() else { continue };
        let Some(unit) = units.get(at) else { continue };
        judges.insert(index, Judge { heads: heads(unit, at, &places) });
    }
    let reads_settings = units.iter().any(|unit| reads_settings(unit));
    let sources = units.iter().map(|unit| Arc::clone(&unit.source)).collect();
    Ok(Rules { judges, program, sources, limits, reads_settings, idle: Mutex::default() })
}

/// The definitions of a unit's effects, in the order of their names and then of the text.
fn heads(unit: &Unit, at: usize, places: &BTreeMap<compile::At, (usize, usize)>) -> Vec<Head> {
    let mut found: Vec<(&str, Head)> = Vec::new();
    for (index, definition) in unit.rules.iter().enumerate() {
        let (Some(name), Some(effect)) = (definition.path.first(), definition.effect()) else { continue };
        let Some(place) = places.get(&(at, index)).filter(|_| definition.form == Form::Set) else { continue };
        let location = Location {
            file: unit.source.name.clone(),
            line: definition.line,
            column: Some(definition.column),
        };
        found.push((name, Head { effect, location, place: *place }));
    }
    found.sort_by_key(|(name, _)| *name);
    found.into_iter().map(|(_, head)| head).collect()
}

fn reads_settings(unit: &Unit) -> bool {
    let used = unit.rules.iter().flat_map(|definition| &definition.uses.references);
    let imported = unit.imports.iter().map(|import| &import.path);
    imported.chain(used.map(|reference| &reference.path)).any(|path| {
        path.split_first().is_some_and(|(root, rest)| {
            root == "data" && rest.first().is_none_or(|member| member == "settings")
        })
    })
}

#[cfg(test)]
mod calls;
#[cfg(test)]
mod conformance;
#[cfg(test)]
pub(crate) mod oracle;
#[cfg(test)]
mod random;
#[cfg(test)]
#[path = "rego/tests.rs"]
mod tests;
