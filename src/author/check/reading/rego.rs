//! Reads policies in Rego: definitions, again and again until no more is known of the values that pass
//! between them. It begins with nothing being known, so that what is known is true at every turn.

mod calls;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use super::{Part, Reading, Subject, Value};
use crate::diag::nearest;
use crate::model::rule::View;
use crate::policy::Language;
use crate::policy::rego::unit::{Definition, Form, Unit};

/// How often definitions are read at most: what is passed on further than that stays unknown.
const MAX_ROUNDS: usize = 6;

/// A definition: unit and position in it.
type At = (usize, usize);

/// Reads every definition in Rego.
pub(super) fn read(subject: &Subject<'_>, reading: &mut Reading) {
    let mut program = Program::of(subject);
    let mut notes = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let mut results: BTreeMap<Vec<String>, Value> = BTreeMap::new();
        let mut arguments: BTreeMap<At, Vec<Value>> = BTreeMap::new();
        notes.clear();
        for (u, unit) in subject.units.iter().enumerate() {
            for (d, definition) in unit.rules.iter().enumerate() {
                let mut walk = walk::Walk::new(&program, (u, d), unit, definition);
                let value = walk.definition();
                for (at, values) in walk.arguments {
                    match arguments.get_mut(&at) {
                        None => drop(arguments.insert(at, values)),
                        Some(known) => {
                            for (known, value) in known.iter_mut().zip(values) {
                                *known = std::mem::replace(known, Value::Nothing).join(value);
                            }
                        }
                    }
                }
                let before = results.remove(&program.path((u, d))).unwrap_or(Value::Nothing);
                results.insert(program.path((u, d)), before.join(value));
                notes.push(((u, d), walk.notes));
            }
        }
        let same = results == program.results && arguments == program.arguments;
        (program.results, program.arguments) = (results, arguments);
        if same {
            break;
        }
    }
    let mut places = BTreeMap::new();
    for (at, notes) in notes {
        let Some((unit, definition)) = program.definition(at) else { continue };
        places.insert(at, reading.parts.len());
        reading.parts.push(Part {
            source: unit.source.clone(),
            head: definition.head.clone(),
            language: Language::Rego,
            notes,
        });
    }
    // Definitions are noted by their number among all; from here on parts are.
    for part in places.values() {
        let Some(part) = reading.parts.get_mut(*part) else { continue };
        let uses = std::mem::take(&mut part.notes.uses);
        part.notes.uses =
            uses.iter().filter_map(|number| places.get(program.all.get(*number)?)).copied().collect();
    }
    for (index, rule) in subject.bundle.rules.iter().enumerate() {
        for (u, unit) in subject.units.iter().enumerate() {
            if rule.language != Language::Rego || subject.files.get(u) != Some(&rule.file) {
                continue;
            }
            let heads = (0..unit.rules.len()).filter(|d| {
                unit.rules.get(*d).is_some_and(|one| one.effect().is_some() && one.form == Form::Set)
            });
            let begins = heads.filter_map(|d| places.get(&(u, d))).copied();
            reading.rules.get_mut(index).into_iter().for_each(|all| all.extend(begins.clone()));
        }
    }
}

/// What to say of a member of `data` that nobody gives.
pub(super) fn nobody(name: &str, known: Vec<&str>) -> (String, String) {
    let hint = match nearest(name, known) {
        Some(near) => format!("did you mean `data.{near}`?"),
        None => "give it with `--data`, or under `data` in the configuration".to_owned(),
    };
    (format!("nobody gives `data.{name}`"), hint)
}

/// All definitions, and what is known of them so far.
struct Program<'a> {
    subject: &'a Subject<'a>,
    /// Definitions by their paths below `data`.
    index: BTreeMap<Vec<String>, Vec<At>>,
    packages: BTreeSet<&'a [String]>,
    all: Vec<At>,
    numbers: BTreeMap<At, usize>,
    /// What rules and functions give.
    results: BTreeMap<Vec<String>, Value>,
    /// What functions are given, by all who call them.
    arguments: BTreeMap<At, Vec<Value>>,
    /// Units that see something else than a review, or say that they do.
    exempt: BTreeSet<usize>,
}

impl<'a> Program<'a> {
    fn of(subject: &'a Subject<'a>) -> Self {
        let mut index: BTreeMap<Vec<String>, Vec<At>> = BTreeMap::new();
        let mut all = Vec::new();
        for (u, unit) in subject.units.iter().enumerate() {
            for (d, definition) in unit.rules.iter().enumerate() {
                let path: Vec<String> = unit.package.iter().chain(&definition.path).cloned().collect();
                index.entry(path).or_default().push((u, d));
                all.push((u, d));
            }
        }
        let rules = || subject.bundle.rules.iter().filter(|rule| rule.language == Language::Rego);
        let documents: BTreeSet<usize> =
            rules().filter(|rule| rule.metadata.view == View::Document).map(|rule| rule.file).collect();
        let judging: BTreeSet<usize> = rules().map(|rule| rule.file).collect();
        let exempt = subject.units.iter().zip(&subject.files).enumerate().filter(|(_, (unit, file))| {
            let replaces =
                |path: &[String]| path.first().is_some_and(|root| matches!(root.as_str(), "input" | "data"));
            documents.contains(file)
                // A library sees what those see that use it.
                || (!judging.contains(file) && !documents.is_empty())
                || unit.rules.iter().flat_map(|one| &one.uses.with).any(|with| replaces(&with.path))
        });
        Self {
            subject,
            packages: subject.units.iter().map(|unit| unit.package.as_slice()).collect(),
            numbers: all.iter().enumerate().map(|(number, at)| (*at, number)).collect(),
            exempt: exempt.map(|(u, _)| u).collect(),
            index,
            all,
            results: BTreeMap::new(),
            arguments: BTreeMap::new(),
        }
    }

    fn definition(&self, (u, d): At) -> Option<(&'a Unit, &'a Definition)> {
        let unit = self.subject.units.get(u)?;
        Some((unit, unit.rules.get(d)?))
    }

    fn path(&self, at: At) -> Vec<String> {
        self.definition(at)
            .map(|(unit, definition)| unit.package.iter().chain(&definition.path).cloned().collect())
            .unwrap_or_default()
    }

    /// Whether anything lies below a path.
    fn leads_on(&self, path: &[String]) -> bool {
        let below = |(rule, _): (&Vec<String>, &Vec<At>)| rule.len() > path.len() && rule.starts_with(path);
        self.packages.iter().any(|package| package.starts_with(path))
            || self.index.range(path.to_vec()..).next().is_some_and(below)
            || self.index.range(path.to_vec()..).nth(1).is_some_and(below)
    }

    /// Names that are there directly below a path.
    fn names(&self, path: &[String]) -> Vec<&str> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for rule in self.index.keys() {
            if let Some(name) = rule.strip_prefix(path).and_then(|rest| rest.first()) {
                found.insert(name);
            }
        }
        for package in &self.packages {
            if let Some(name) = package.strip_prefix(path).and_then(|rest| rest.first()) {
                found.insert(name);
            }
        }
        found.into_iter().collect()
    }
}
