//! Mutation: conditions taken out of rules, one at a time, and whether a case or a test notices.
//!
//! A bundle, its cases and its tests go in; which conditions nothing depends on comes out. In Rego each
//! statement of each body holds. In CEL each part of a conjunction holds, each of a disjunction does
//! not, a choice is made one way and the other, and each whole condition, `match` and condition of
//! `filter`, `all` and `exists` holds. What does not compile so is no mutant.
//!
//! Nothing is compiled but the rules that a case names, with what they use: a mutant concerns few.
//! INVARIANT: only what passes before anything is changed can notice that it was.

mod cel;
mod keep;
mod rego;
mod slice;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};

use self::keep::Keep;
use self::slice::{Slice, Slices};
use super::bench::{self, Bench, Files};
use super::suite::Found;
use crate::decide::Judge;
use crate::diag::{Diagnostic, Source};
use crate::engine::rego::trial::{Test, Trials, Verdict};
use crate::model::finding::Location;
use crate::model::review::Review;
use crate::model::time::Time;
use crate::policy::Bundle;

/// What mutants are held against.
pub struct Asked<'a> {
    /// The rules.
    pub bench: &'a Bench,
    /// The cases.
    pub cases: &'a [Found],
    /// The tests in Rego; every one passes.
    pub tests: &'a [&'a Test],
    /// What `time.now_ns` tells tests.
    pub now: Time,
    /// Reads what cases name.
    pub files: Files<'a>,
    /// Whether conditions are taken out of a file, that concerns rules with these ids.
    pub only: &'a (dyn Fn(&str, &[&str]) -> bool + Sync),
    /// Is told of each mutant that is done with, and how many there are.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("cases", &self.cases.len()).finish_non_exhaustive()
    }
}

/// What came of all mutants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mutated {
    /// How many compiled.
    pub mutants: usize,
    /// How many something noticed.
    pub caught: usize,
    /// How many did not compile.
    pub invalid: usize,
    /// Those that nothing noticed, in the order of files and places.
    pub survivors: Vec<Survivor>,
    /// What is said of comments that keep nothing.
    pub comments: Vec<Diagnostic>,
}

/// A condition that can be taken out, and nothing notices.
#[derive(Clone, Debug, PartialEq)]
pub struct Survivor {
    /// Where it begins.
    pub location: Location,
    /// The line that it begins on.
    pub line: String,
    /// What was taken out.
    pub was: String,
    /// What stood in its place.
    pub becomes: &'static str,
    /// The rules that it is a condition of.
    pub rules: Vec<String>,
    /// The cases and tests that were tried.
    pub tried: Vec<String>,
    /// Why it stays nevertheless, as a comment says.
    pub kept: Option<String>,
}

/// A condition that is taken out.
struct Mutant {
    /// Among the files of the bundle.
    file: usize,
    place: Place,
    /// Bytes of the text that has it: the file, or the expression in CEL.
    part: Range<usize>,
    becomes: &'static str,
    /// Where it begins in the file.
    at: usize,
    was: String,
    /// Among those of the bundle.
    rules: BTreeSet<usize>,
}

/// What has a condition.
enum Place {
    /// The file.
    Text,
    /// A policy of the bundle, and an expression of it.
    Cel(usize, cel::Place),
}

/// What becomes of a mutant.
enum Fate {
    Caught,
    Invalid,
    Survived(Vec<String>),
}

/// A case with what it names.
struct Ready<'a> {
    found: &'a Found,
    review: Review,
    rules: BTreeSet<usize>,
    slice: usize,
    /// Among what cases tell.
    told: usize,
}

/// Everything that mutants are held against, made ready.
struct Room<'a> {
    asked: &'a Asked<'a>,
    slices: Slices<'a>,
    /// By the rules that cases name.
    sliced: Vec<Slice>,
    told: Vec<Value>,
    /// Those of one slice that are told the same stand together.
    cases: Vec<Ready<'a>>,
    /// Files with tests, and the names of these.
    tests: BTreeMap<usize, (Slice, BTreeSet<&'a str>)>,
    base: Value,
}

/// Takes out one condition after the other; `None` where there is none to be taken out.
///
/// # Errors
/// Everything that is wrong with the policies, or with comments that keep conditions.
pub fn run(asked: &Asked<'_>) -> Result<Option<Mutated>, Vec<Diagnostic>> {
    let bundle = asked.bench.bundle();
    let read = rego::read(bundle)?;
    let mut comments = Vec::new();
    let mut keeps = keep::read(bundle, &mut comments);
    if !comments.is_empty() {
        return Err(comments);
    }
    let mut mutants = rego::mutants(bundle, &read);
    mutants.extend(cel::mutants(bundle));
    mutants.sort_by_key(|mutant| (mutant.file, mutant.at, mutant.part.end));
    let named = |file: usize| bundle.files.get(file).map_or("", |file| file.source.name.as_str());
    let id = |rule: &usize| bundle.rules.get(*rule).map(|rule| rule.id.as_str());
    let wanted = |mutant: &Mutant| {
        let ids: Vec<&str> = mutant.rules.iter().filter_map(id).collect();
        (asked.only)(named(mutant.file), &ids)
    };
    let (mutants, others): (Vec<Mutant>, Vec<Mutant>) = mutants.into_iter().partition(wanted);
    if mutants.is_empty() {
        return Ok(None);
    }
    let room = Room::new(asked, read.uses);
    let fates: Vec<Fate> = mutants
        .par_iter()
        .map(|mutant| {
            let fate = room.fate(mutant);
            (asked.progress)(mutants.len());
            fate
        })
        .collect();
    let mut all = Mutated::default();
    for (mutant, fate) in mutants.iter().zip(fates) {
        let here = |keep: &&mut Keep| keep.file == mutant.file && keep.covers.contains(&mutant.at);
        let keep = keeps.iter_mut().find(here);
        match fate {
            Fate::Invalid => {
                all.invalid = all.invalid.saturating_add(1);
                continue;
            }
            Fate::Caught => all.caught = all.caught.saturating_add(1),
            Fate::Survived(tried) => {
                let Some(file) = bundle.files.get(mutant.file) else { continue };
                let (line, column) = file.source.line_column(mutant.at);
                all.survivors.push(Survivor {
                    location: Location { file: file.source.name.clone(), line, column: Some(column) },
                    line: file.source.line(line).to_owned(),
                    was: mutant.was.clone(),
                    becomes: mutant.becomes,
                    rules: mutant.rules.iter().filter_map(id).map(str::to_owned).collect(),
                    tried,
                    kept: keep.as_ref().map(|keep| keep.reason.clone()),
                });
                keep.into_iter().for_each(|keep| keep.used = true);
            }
        }
        all.mutants = all.mutants.saturating_add(1);
    }
    // What was not tried may need to be kept.
    let untried = |keep: &Keep| {
        others.iter().any(|mutant| keep.file == mutant.file && keep.covers.contains(&mutant.at))
    };
    keeps.retain(|keep| !keep.used && !untried(keep));
    all.comments = keeps.iter().filter_map(|keep| keep::unused(keep, bundle)).collect();
    Ok(Some(all))
}

impl Mutant {
    /// What becomes of a text; its lines stay where they are.
    fn changed(&self, text: &str) -> String {
        let lines = text.get(self.part.clone()).unwrap_or_default().matches('\n').count();
        let [before, after] = [0..self.part.start, self.part.end..text.len()];
        let [before, after] = [before, after].map(|part| text.get(part).unwrap_or_default());
        let becomes = self.becomes;
        format!("{before} {becomes} {}{after}", "\n".repeat(lines))
    }

    /// A bundle with it, that is told some data.
    fn bundle(&self, slice: &Slice, data: &Value) -> Bundle {
        let mut bundle = Bundle { data: data.clone(), ..slice.bundle.clone() };
        match &self.place {
            Place::Text => {
                if let Some(file) = slice.file(&mut bundle, self.file) {
                    let text = self.changed(&file.source.text);
                    file.source = Source::new(file.source.name.clone(), text);
                }
            }
            Place::Cel(policy, place) => {
                let policy = slice.cel.get(policy).and_then(|at| bundle.cel.get_mut(*at));
                if let Some(expression) = policy.and_then(|policy| place.of(policy)) {
                    expression.text = self.changed(&expression.text);
                }
            }
        }
        bundle
    }
}

impl<'a> Room<'a> {
    fn new(asked: &'a Asked<'a>, uses: Vec<BTreeSet<usize>>) -> Self {
        let bundle = asked.bench.bundle();
        let slices = Slices { bundle, uses };
        let mut sliced: Vec<Slice> = Vec::new();
        let mut by_rules: BTreeMap<BTreeSet<usize>, usize> = BTreeMap::new();
        let mut told: Vec<Value> = Vec::new();
        let mut by_text: HashMap<String, usize> = HashMap::new();
        let read: Vec<Option<(Review, Map<String, Value>)>> = asked
            .cases
            .par_iter()
            .map(|found| asked.bench.ready(&found.case, &found.file, asked.files).ok())
            .collect();
        let mut cases: Vec<Ready<'a>> = Vec::new();
        for (found, read) in asked.cases.iter().zip(read) {
            let Some((review, data)) = read else { continue };
            let named = |id: &String| bundle.rules.iter().position(|rule| rule.id == *id);
            let rules: BTreeSet<usize> = found.case.policies.iter().filter_map(named).collect();
            let slice = *by_rules.entry(rules.clone()).or_insert_with(|| {
                sliced.push(slices.of(&rules, None));
                sliced.len().saturating_sub(1)
            });
            let data = Value::Object(data);
            let told = *by_text.entry(data.to_string()).or_insert_with(|| {
                told.push(data);
                told.len().saturating_sub(1)
            });
            cases.push(Ready { found, review, rules, slice, told });
        }
        cases.sort_by_key(|case| (case.slice, case.told));
        let mut files: BTreeMap<usize, BTreeSet<&'a str>> = BTreeMap::new();
        for test in asked.tests.iter().filter(|test| !test.skipped) {
            let file = bundle
                .files
                .iter()
                .chain(&bundle.tests)
                .position(|file| file.source.name == test.location.file);
            files.entry(file.unwrap_or(usize::MAX)).or_default().insert(&test.name);
        }
        let tests =
            files.into_iter().map(|(file, names)| (file, (slices.of(&BTreeSet::new(), Some(file)), names)));
        let tests = tests.collect();
        let base = Value::Object(asked.bench.base().clone());
        let mut room = Self { asked, slices, sliced, told, cases: Vec::new(), tests, base };
        // A case that fails as it is notices nothing.
        let groups: Vec<&[Ready<'a>]> =
            cases.chunk_by(|a, b| (a.slice, a.told) == (b.slice, b.told)).collect();
        let pass: Vec<bool> = groups.par_iter().flat_map_iter(|group| room.pass(group)).collect();
        let mut pass = pass.into_iter();
        cases.retain(|_| pass.next().unwrap_or_default());
        room.cases = cases;
        room
    }

    /// Which cases of one slice that are told the same pass as it is.
    fn pass(&self, group: &[Ready<'_>]) -> Vec<bool> {
        let first =
            group.first().and_then(|case| Some((self.sliced.get(case.slice)?, self.told.get(case.told)?)));
        let judge = first.and_then(|(slice, told)| {
            let bundle = Bundle { data: told.clone(), ..slice.bundle.clone() };
            Judge::new(bundle, self.asked.bench.limits()).ok()
        });
        let pass = |case: &Ready<'_>| {
            judge.as_ref().is_some_and(|judge| bench::holds(judge, &case.found.case, &case.review))
        };
        group.iter().map(pass).collect()
    }

    fn fate(&self, mutant: &Mutant) -> Fate {
        let limits = self.asked.bench.limits();
        let mut tried = Vec::new();
        let concerned = |case: &&Ready<'_>| !case.rules.is_disjoint(&mutant.rules);
        let cases: Vec<&Ready<'_>> = self.cases.iter().filter(concerned).collect();
        for group in cases.chunk_by(|a, b| (a.slice, a.told) == (b.slice, b.told)) {
            let Some(first) = group.first() else { continue };
            let (Some(slice), Some(told)) = (self.sliced.get(first.slice), self.told.get(first.told)) else {
                continue;
            };
            let Ok(judge) = Judge::new(mutant.bundle(slice, told), limits) else { return Fate::Invalid };
            for case in group {
                if !bench::holds(&judge, &case.found.case, &case.review) {
                    return Fate::Caught;
                }
                tried.push(format!("{}: {}", case.found.file, case.found.case.name));
            }
        }
        for (file, (slice, names)) in &self.tests {
            if !self.slices.uses(*file, mutant.file) || !matches!(mutant.place, Place::Text) {
                continue;
            }
            let Ok(trials) = Trials::compile(&mutant.bundle(slice, &self.base), limits) else {
                return Fate::Invalid;
            };
            for test in trials.tests().iter().filter(|test| names.contains(test.name.as_str())) {
                let (tries, _) = trials.run(test, self.asked.now);
                if tries.iter().any(|tried| tried.verdict != Verdict::Passed) {
                    return Fate::Caught;
                }
                tried.push(format!("{}: {}", test.location.file, test.name));
            }
        }
        if tried.is_empty() {
            // Whether it is a mutant at all is not known yet.
            let slice = self.slices.of(&mutant.rules, None);
            if !mutant.rules.is_empty() && Judge::new(mutant.bundle(&slice, &self.base), limits).is_err() {
                return Fate::Invalid;
            }
        }
        Fate::Survived(tried)
    }
}

/// A text on one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A source, by its number among the files of policies.
fn source(bundle: &Bundle, file: usize) -> Option<&Arc<Source>> {
    bundle.files.get(file).map(|file| &file.source)
}

#[cfg(test)]
mod tests;
