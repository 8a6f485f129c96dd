//! Runs cases and tests, side by side, and makes the report of them.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde_json::Value;

use super::mutate::{self, Target};
use super::sources::{self, Below, Read};
use super::{Args, Stop};
use crate::author::bench::{Bench, Outcome};
use crate::author::coverage::{self, Shown};
use crate::author::suite::Found;
use crate::cli::output::{Terminal, say};
use crate::diag::{Diagnostic, Source, codes};
use crate::engine::Limits;
use crate::engine::rego::trial::{Broken, Heard, Test, Trials, Tried, Verdict};
use crate::files;
use crate::model::id::API_VERSION;
use crate::model::time::Time;
use crate::policy::Bundle;
use crate::report::testing::{
    CaseKind, Coverage, EffectCoverage, Mutation, RuleCoverage, Status, TestCase, TestReport,
};

/// Stack of the threads that run: what tests go through nests as deep as rules do.
const STACK: usize = 16 << 20;

/// Something to run.
enum Job<'a> {
    Case(&'a Found),
    Test(&'a Test),
}

/// What came of it.
struct Done {
    lines: Vec<TestCase>,
    outcome: Option<Outcome>,
    heard: Option<Heard>,
}

/// What came of a run.
pub(super) struct Run {
    pub(super) report: TestReport,
    pub(super) code: u8,
    /// What is wrong with comments that keep conditions.
    pub(super) comments: Vec<Diagnostic>,
}

/// Runs everything that is asked for.
pub(super) fn execute(args: &Args, now: Time, read: &Read, terminal: &Terminal) -> Result<Run, Stop> {
    let paths = sources::paths(&args.paths);
    let Below { mut cases, rego } = sources::below(&paths, read)?;
    if cases.is_empty() && rego.is_empty() {
        return Err(Stop::Problems(vec![nothing(&paths, args.filter.as_deref(), 0)], 10));
    }
    let below = Below { cases: std::mem::take(&mut cases), rego };
    let bench = sources::bench(args, &paths, &below, read)?;
    let trials = trials(&bench, &below)?;
    let own: HashSet<PathBuf> = below.rego.iter().map(|path| files::real(path)).collect();
    let all_tests: Vec<&Test> = trials
        .iter()
        .flat_map(|trials| trials.tests())
        .filter(|test| own.contains(&files::real(Path::new(&test.location.file))))
        .collect();
    let mut jobs: Vec<Job<'_>> = below.cases.iter().map(Job::Case).collect();
    jobs.extend(all_tests.iter().map(|test| Job::Test(test)));
    let all = jobs.len();
    match &args.filter {
        // With conditions taken out, it says of which rules.
        Some(text) if !args.mutate => jobs.retain(|job| job.has(text)),
        _ => untold(&below, &all_tests),
    }
    if jobs.is_empty() {
        return Err(Stop::Problems(vec![nothing(&paths, args.filter.as_deref(), all)], 10));
    }
    jobs.sort_by_cached_key(Job::place);
    if jobs.iter().any(|job| matches!(job, Job::Case(_))) {
        bench.compile()?;
    }
    let begun = Instant::now();
    let done = run(&jobs, &bench, trials.as_ref(), now, read);
    let took = begun.elapsed();
    let named: BTreeSet<&String> = jobs.iter().flat_map(Job::rules).collect();
    let rules = bench.rules().filter(|rule| named.iter().any(|id| id == rule)).count();
    let coverage = (args.coverage || args.threshold.is_some())
        .then(|| covered(&bench, trials.as_ref(), &done, &paths, args.threshold));
    let cases: Vec<TestCase> = done.into_iter().flat_map(|done| done.lines).collect();
    let of = |status: Status| cases.iter().filter(|case| case.status == status).count();
    let unreadable = cases.iter().any(|case| case.error && case.kind == CaseKind::Case);
    let lacking = coverage.as_ref().is_some_and(|coverage: &Coverage| !coverage.enough);
    let failed = of(Status::Failed).saturating_add(of(Status::Error));
    // What is skipped is not tested.
    let fails = failed > 0 || of(Status::Passed) == 0;
    let mut mutation = None;
    let mut comments = Vec::new();
    match args.mutate {
        true if fails => say("note: conditions are taken out of rules once every case and test passes"),
        true => {
            let below = Target { bench: &bench, cases: &below.cases, tests: &all_tests, paths: &paths };
            let (found, wrong) = mutate::mutate(args, &below, now, read, terminal)?;
            (mutation, comments) = (Some(found), wrong);
        }
        false => {}
    }
    let survived = mutation.as_ref().is_some_and(|mutation: &Mutation| mutation.survived > 0);
    let code = match (unreadable, fails || lacking || survived || !comments.is_empty()) {
        (true, _) => 2,
        (false, true) => 10,
        (false, false) => 0,
    };
    let report = TestReport {
        api_version: API_VERSION.to_owned(),
        kind: "TestReport".to_owned(),
        passed: of(Status::Passed),
        failed,
        errors: of(Status::Error),
        skipped: of(Status::Skipped),
        rules,
        milliseconds: millis(took),
        cases,
        coverage,
        mutation,
        verbose: args.verbose,
    };
    Ok(Run { report, code, comments })
}

/// The tests in Rego, compiled with the policies; none where there is no Rego.
fn trials(bench: &Bench, below: &Below) -> Result<Option<Trials>, Stop> {
    let bundle = bench.bundle();
    let rego = |file: &crate::policy::File| file.source.name.to_lowercase().ends_with(".rego");
    if below.rego.is_empty() && !bundle.files.iter().any(rego) {
        return Ok(None);
    }
    let told = Bundle { data: Value::Object(bench.base().clone()), ..bundle.clone() };
    Ok(Some(Trials::compile(&told, Limits::default())?))
}

impl Job<'_> {
    fn has(&self, text: &str) -> bool {
        let rules = || self.rules().any(|rule| rule.contains(text));
        let (name, file) = match self {
            Self::Case(found) => (found.case.name.as_str(), found.file.as_str()),
            Self::Test(test) => (test.name.as_str(), test.location.file.as_str()),
        };
        name.contains(text) || file.contains(text) || rules()
    }

    fn rules(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::Case(found) => found.case.policies.as_slice(),
            Self::Test(_) => &[],
        }
        .iter()
    }

    /// Files in order; within one, what stands first.
    fn place(&self) -> (String, u32) {
        match self {
            Self::Case(found) => (shown(&found.file).to_owned(), 0),
            Self::Test(test) => (shown(&test.location.file).to_owned(), test.location.line),
        }
    }
}

/// A file as people name it.
pub(super) fn shown(file: &str) -> &str {
    file.strip_prefix("./").unwrap_or(file)
}

pub(super) fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Says which files of tests have none.
fn untold(below: &Below, tests: &[&Test]) {
    let with: HashSet<PathBuf> =
        tests.iter().map(|test| files::real(Path::new(&test.location.file))).collect();
    for path in below.rego.iter().filter(|path| sources::is_test(path)) {
        if !with.contains(&files::real(path)) {
            say(&format!(
                "note: `{}` has no test: none of its rules has a name that begins with `test_`",
                path.display()
            ));
        }
    }
}

fn nothing(paths: &[PathBuf], filter: Option<&str>, all: usize) -> Diagnostic {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    match filter {
        Some(filter) if all > 0 => Diagnostic::error(
            codes::TEST_EMPTY,
            format!("none of the {all} cases and tests matches `{filter}`"),
        )
        .hint("the filter is a part of a name, a file or a rule's id"),
        _ => Diagnostic::error(
            codes::TEST_EMPTY,
            format!("there is no case and no test in {}", names.join(", ")),
        )
        .hint("cases are documents of `kind: Case` in files that end in `.case.yaml`, tests are rules `test_…` in files that end in `_test.rego`"),
    }
}

/// Runs all of them; what came of each, in their order.
fn run(jobs: &[Job<'_>], bench: &Bench, trials: Option<&Trials>, now: Time, read: &Read) -> Vec<Done> {
    let one = |job: &Job<'_>| match (job, trials) {
        (Job::Case(found), _) => case(bench, found, read),
        (Job::Test(test), Some(trials)) => tried(trials, test, now),
        (Job::Test(_), None) => Done { lines: Vec::new(), outcome: None, heard: None },
    };
    pooled(|| jobs.par_iter().map(one).collect())
}

/// Runs something on threads with stacks that are deep enough.
pub(super) fn pooled<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

fn case(bench: &Bench, found: &Found, read: &Read) -> Done {
    let begun = Instant::now();
    let outcome = bench.run(&found.case, &found.file, &|path| sources::fixture(path, read));
    let took = begun.elapsed();
    let (status, difference, outcome) = match outcome {
        Ok(outcome) if outcome.passed => (Status::Passed, String::new(), Some(outcome)),
        Ok(outcome) => (Status::Failed, outcome.difference.clone(), Some(outcome)),
        Err(problems) => (Status::Error, problems.iter().map(told).collect(), None),
    };
    let line = TestCase {
        file: shown(&found.file).to_owned(),
        line: None,
        name: found.case.name.clone(),
        kind: CaseKind::Case,
        rules: found.case.policies.clone(),
        status,
        passed: status == Status::Passed,
        error: status == Status::Error,
        difference,
        printed: Vec::new(),
        at: None,
        milliseconds: millis(took),
    };
    Done { lines: vec![line], outcome, heard: None }
}

fn told(problem: &Diagnostic) -> String {
    let hint = problem.hint.as_ref().map(|hint| format!("help: {hint}\n"));
    format!("error: {problem}\n{}", hint.unwrap_or_default())
}

fn tried(trials: &Trials, test: &Test, now: Time) -> Done {
    let line = |name: String, status: Status, difference: String, at, took: Duration| TestCase {
        file: shown(&test.location.file).to_owned(),
        line: Some(test.location.line),
        name,
        kind: CaseKind::Test,
        rules: Vec::new(),
        status,
        passed: status == Status::Passed,
        error: status == Status::Error,
        difference,
        printed: Vec::new(),
        at,
        milliseconds: millis(took),
    };
    if test.skipped {
        let line = line(test.name.clone(), Status::Skipped, String::new(), None, Duration::ZERO);
        return Done { lines: vec![line], outcome: None, heard: None };
    }
    let begun = Instant::now();
    let (cases, heard) = trials.run(test, now);
    let took = begun.elapsed();
    // All cases of a test are gone through together.
    let each = took.checked_div(u32::try_from(cases.len()).unwrap_or(u32::MAX)).unwrap_or(took);
    let passed = cases.iter().all(|case| case.verdict == Verdict::Passed);
    let lines = cases.into_iter().map(|Tried { note, verdict, printed }| {
        let name = match note {
            Some(note) => format!("{}[{note}]", test.name),
            None => test.name.clone(),
        };
        let line = match verdict {
            Verdict::Passed => line(name, Status::Passed, String::new(), None, each),
            Verdict::Failed(broken) => {
                let text = explained(trials, &broken);
                line(name, Status::Failed, text, broken.location, each)
            }
            Verdict::Error(failure) => {
                let text = at(trials, failure.location.as_ref()) + &format!("{}\n", failure.message);
                line(name, Status::Error, text, failure.location, each)
            }
        };
        TestCase { printed, ..line }
    });
    Done { lines: lines.collect(), outcome: None, heard: passed.then_some(heard) }
}

/// The line of a source at a place, with its number.
fn at(trials: &Trials, place: Option<&crate::model::finding::Location>) -> String {
    let Some(place) = place else { return String::new() };
    let source: Option<&Source> = trials.source(&place.file);
    let text = source.map(|source| source.line(place.line)).unwrap_or_default();
    format!("{} │ {}\n", place.line, text.trim())
}

/// Why a test failed: the expression, what was expected and what was found.
fn explained(trials: &Trials, broken: &Broken) -> String {
    let mut out = String::new();
    match (&broken.location, broken.text.lines().count()) {
        // What stands on several lines is shown whole.
        (Some(place), 2..) => {
            for (number, text) in (place.line..).zip(broken.text.lines().take(12)) {
                out.push_str(&format!("{number} │ {text}\n"));
            }
        }
        (place, _) => out.push_str(&at(trials, place.as_ref())),
    }
    out.push_str(&format!("{}\n", broken.why));
    out.extend(broken.expected.iter().map(|value| format!("- expected  {value}\n")));
    out.extend(broken.found.iter().map(|value| format!("+ found     {value}\n")));
    out.extend(broken.differences.iter().map(|line| format!("  {line}\n")));
    out.extend(broken.values.iter().map(|(text, value)| {
        let text: Vec<&str> = text.split_whitespace().collect();
        format!("  {}: {value}\n", text.join(" "))
    }));
    out
}

/// The rules below the paths; all, where none is.
fn below(bench: &Bench, paths: &[PathBuf]) -> BTreeSet<String> {
    let bundle = bench.bundle();
    let named = |index: usize| bundle.files.get(index).map(|file| file.source.name.as_str());
    let here = |rule: &&crate::policy::Rule| named(rule.file).is_some_and(|name| stands_below(name, paths));
    let found: BTreeSet<String> = bundle.rules.iter().filter(here).map(|rule| rule.id.clone()).collect();
    if found.is_empty() { bench.rules().map(str::to_owned).collect() } else { found }
}

/// Whether a file stands below one of some paths.
pub(super) fn stands_below(file: &str, paths: &[PathBuf]) -> bool {
    let file = files::real(Path::new(file));
    paths.iter().any(|path| file.starts_with(files::real(path)))
}

/// What those that passed show of the rules below the paths; of all, where none is.
fn covered(
    bench: &Bench,
    trials: Option<&Trials>,
    done: &[Done],
    paths: &[PathBuf],
    threshold: Option<f64>,
) -> Coverage {
    let bundle = bench.bundle();
    let outcomes: Vec<&Outcome> = done.iter().filter_map(|done| done.outcome.as_ref()).collect();
    let heard: Vec<&Heard> = done.iter().filter_map(|done| done.heard.as_ref()).collect();
    let effects = trials.map(Trials::effects).unwrap_or_default();
    let mut shown = coverage::of(&bundle.rules, effects, &outcomes, &heard);
    let below = below(bench, paths);
    shown.retain(|rule| below.contains(&rule.rule));
    let (there, of) = shown
        .iter()
        .map(Shown::count)
        .fold((0_usize, 0_usize), |(there, of), (a, b)| (there.saturating_add(a), of.saturating_add(b)));
    let ratio = |part: usize, whole: usize| {
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        if whole == 0 { 0.0 } else { count(part) * 100.0 / count(whole) }
    };
    let percent = ratio(there, of);
    let rules = shown.into_iter().map(|Shown { rule, speaks, silent, effects }| RuleCoverage {
        rule,
        speaks,
        silent,
        effects: effects
            .into_iter()
            .map(|effect| EffectCoverage {
                effect: effect.effect,
                location: effect.location,
                speaks: effect.speaks,
                silent: effect.silent,
            })
            .collect(),
    });
    Coverage {
        shown: there,
        of,
        percent: (percent * 10.0).round() / 10.0,
        threshold,
        enough: threshold.is_none_or(|threshold| percent >= threshold),
        rules: rules.collect(),
    }
}
