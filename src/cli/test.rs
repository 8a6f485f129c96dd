//! `weighlock test`: runs the cases beside policies.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::Stop;
use super::output::{self, Terminal, say};
use crate::author::bench::{Bench, Outcome};
use crate::author::suite::{self, Found};
use crate::config::Config;
use crate::diag::{Diagnostic, Source, codes};
use crate::engine::Limits;
use crate::files::{self, Walk};
use crate::model::id::API_VERSION;
use crate::model::json::Json;
use crate::pipeline::load;
use crate::policy::settings;

/// How deep folders may nest.
const MAX_DEPTH: usize = 64;

/// Run the cases that say what policies must find.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock test
  weighlock test policies/updates --filter minor
  weighlock test cases/ -p policies/ -o json

Cases are the documents of `kind: Case` in files that end in `.case.yaml` or `.case.json`. A rule
is told the shipped settings, those in `settings.yaml` beside the policies, or the case's own; other
data by `--data`, or under `data` in the case.

Exit codes: 0 every case passed, 10 some did not or there is none, 2 something cannot be read.")]
pub(crate) struct Args {
    /// Files and folders of cases [default: `policies`, or the current directory].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Policies: a folder, a file, `builtin` or `builtin:<profile>`; may be repeated [default: the
    /// folder `policies` that the cases are in, or the paths themselves].
    #[arg(short, long, value_name = "PATH")]
    policy: Vec<String>,
    /// More data for policies: a JSON or YAML mapping; may be repeated. What a case says under `data`
    /// takes its place.
    #[arg(short, long, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Run only cases in whose name, file or rules this text stands.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Show every case, not only those that failed.
    #[arg(short, long)]
    verbose: bool,
    /// Format of the report.
    #[arg(short, long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    output: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What `-o json` writes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    api_version: &'static str,
    kind: &'static str,
    passed: usize,
    failed: usize,
    cases: Vec<Line<'a>>,
}

/// A case of the report.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    file: &'a str,
    name: &'a str,
    rules: &'a [String],
    passed: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    difference: &'a str,
    /// Whether it could not be run at all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    error: bool,
    milliseconds: f64,
}

/// A case that was run.
struct Ran<'a> {
    found: &'a Found,
    passed: bool,
    difference: String,
    error: bool,
    took: Duration,
}

pub(crate) fn run(args: Args, _: &Terminal) -> Result<u8, Stop> {
    let paths = match (args.paths.is_empty(), Path::new("policies").is_dir()) {
        (false, _) => args.paths.clone(),
        (true, true) => vec![PathBuf::from("policies")],
        (true, false) => vec![PathBuf::from(".")],
    };
    let mut sources = Vec::new();
    for path in &paths {
        walk(&mut Walk::from(path), path, 0, true, &mut sources)?;
    }
    // However often a file is named, its cases run once.
    let mut read = HashSet::new();
    sources.retain(|source| read.insert(files::real(Path::new(&source.name))));
    let mut cases = suite::collect(&sources)?;
    let all = cases.len();
    if let Some(text) = &args.filter {
        cases.retain(|found| {
            let case = &found.case;
            case.name.contains(text)
                || found.file.contains(text)
                || case.policies.iter().any(|r| r.contains(text))
        });
    }
    if cases.is_empty() {
        return Err(Stop::Problems(vec![nothing(&paths, args.filter.as_deref(), all)], 10));
    }
    let mut bench = bench(&paths, &args.policy, &args.data, &cases)?;
    bench.compile()?;
    let begun = Instant::now();
    let ran: Vec<Ran<'_>> = cases.iter().map(|found| one(&mut bench, found)).collect();
    let took = begun.elapsed();
    let failed = ran.iter().filter(|ran| !ran.passed).count();
    let passed = ran.len().saturating_sub(failed);
    match args.output {
        Format::Text => {
            let named =
                |rule: &&str| ran.iter().any(|ran| ran.found.case.policies.iter().any(|id| id == *rule));
            let rules = bench.rules().filter(named).count();
            output::print(&text(&ran, rules, args.verbose, took, passed, failed))?;
        }
        Format::Json => output::print(&json(&ran, passed, failed)?)?,
    }
    Ok(if ran.iter().any(|ran| ran.error) {
        2
    } else if failed > 0 {
        10
    } else {
        0
    })
}

fn nothing(paths: &[PathBuf], filter: Option<&str>, all: usize) -> Diagnostic {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    match filter {
        Some(filter) if all > 0 => {
            Diagnostic::error(codes::TEST_EMPTY, format!("none of the {all} cases matches `{filter}`"))
                .hint("the filter is a part of a case's name, its file or a rule's id")
        }
        _ => Diagnostic::error(codes::TEST_EMPTY, format!("there is no case in {}", names.join(", ")))
            .hint("cases are documents of `kind: Case` in files that end in `.case.yaml`"),
    }
}

/// The rules: those that are named, or those that the cases stand beside.
fn bench(paths: &[PathBuf], named: &[String], data: &[PathBuf], cases: &[Found]) -> Result<Bench, Stop> {
    let mut roots: Vec<String> = named.to_vec();
    if roots.is_empty() {
        roots.extend(paths.iter().map(|path| root(path).display().to_string()));
        roots.sort();
        roots.dedup();
    }
    let mut config = Config::default();
    let told = roots.iter().map(|root| Path::new(root).join("settings.yaml")).find(|path| path.is_file());
    if let Some(path) = told {
        let settings = settings::read(&files::read(&path, files::CONFIG)?)?;
        let value = serde_json::to_value(settings)
            .map_err(|error| Diagnostic::error(codes::CONFIG_INVALID, error.to_string()))?;
        config.settings = Some(Json(value));
    }
    // What some cases alone are told must be there for the policies to be read.
    let mut lent: BTreeMap<&str, &Json> = cases.iter().flat_map(|found| found.case.told()).collect();
    let data = load::data(&config, data).map(|mut data| {
        lent.retain(|name, _| !data.contains_key(*name));
        data.extend(lent.iter().map(|(name, value)| ((*name).to_owned(), value.0.clone())));
        Value::Object(data)
    });
    let bundle = load::policies_told(&config, &roots, data, false)?;
    Ok(Bench::new(bundle, Limits::default()).without(lent.into_keys()))
}

/// The folder of policies that a path lies in: the nearest that is called so, or its own.
pub(super) fn root(path: &Path) -> PathBuf {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    let named = folder.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "policies"));
    let found = named.unwrap_or(folder);
    if found.as_os_str().is_empty() { PathBuf::from(".") } else { found.to_path_buf() }
}

fn one<'a>(bench: &mut Bench, found: &'a Found) -> Ran<'a> {
    let begun = Instant::now();
    let outcome = bench.run(&found.case, &found.file, &files);
    let took = begun.elapsed();
    match outcome {
        Ok(Outcome { passed, difference, .. }) => Ran { found, passed, difference, error: false, took },
        Err(problems) => {
            let mut difference = String::new();
            for problem in &problems {
                difference.push_str(&format!("error: {problem}\n"));
                if let Some(hint) = &problem.hint {
                    difference.push_str(&format!("help: {hint}\n"));
                }
            }
            Ran { found, passed: false, difference, error: true, took }
        }
    }
}

/// What a case names: a file, or every document of a folder.
fn files(path: &str) -> Result<Vec<Arc<Source>>, Diagnostic> {
    let mut found = Vec::new();
    let path = Path::new(path);
    walk(&mut Walk::from(path), path, 0, false, &mut found)?;
    Ok(found)
}

fn walk(
    from: &mut Walk,
    path: &Path,
    depth: usize,
    cases: bool,
    found: &mut Vec<Arc<Source>>,
) -> Result<(), Diagnostic> {
    let fail = |error: &std::io::Error| {
        Diagnostic::error(codes::INPUT_UNREADABLE, format!("`{}` cannot be read: {error}", path.display()))
    };
    if !std::fs::metadata(path).map_err(|error| fail(&error))?.is_dir() {
        found.push(files::read(path, files::INPUT)?);
        return Ok(());
    }
    if depth > MAX_DEPTH {
        let message = format!("`{}` nests deeper than {MAX_DEPTH} folders", path.display());
        return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, message));
    }
    if !from.enters(path) {
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| fail(&error))?;
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|error| fail(&error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let whole = if path == Path::new(".") { PathBuf::from(&name) } else { entry.path() };
        if name.starts_with('.') {
            continue;
        }
        if whole.is_dir() {
            walk(from, &whole, depth.saturating_add(1), cases, found)?;
        } else if suite::is_case(&name) == cases && files::ends_in(&whole, &["json", "yaml", "yml"]) {
            found.push(files::read(&whole, files::INPUT)?);
        } else if cases && name.to_lowercase().ends_with("_test.rego") {
            say(&format!("note: `{}` is not run: only cases are, not yet tests in Rego", whole.display()));
        }
    }
    Ok(())
}

fn text(
    ran: &[Ran<'_>],
    rules: usize,
    verbose: bool,
    took: Duration,
    passed: usize,
    failed: usize,
) -> String {
    let mut out = String::new();
    for group in ran.chunk_by(|a, b| a.found.file == b.found.file) {
        let shown: Vec<&Ran<'_>> = group.iter().filter(|ran| verbose || !ran.passed).collect();
        if let Some(first) = shown.first() {
            out.push_str(&format!("{}\n", first.found.file));
        }
        for ran in shown {
            let word = match (ran.passed, ran.error) {
                (true, _) => "ok   ",
                (false, false) => "FAIL ",
                (false, true) => "ERROR",
            };
            out.push_str(&format!("  {word}  {}\n", ran.found.case.name));
            for line in ran.difference.lines() {
                out.push_str(&format!("         {line}\n"));
            }
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (cases, rules) = (count(ran.len(), "case"), count(rules, "rule"));
    out.push_str(&format!("{cases} of {rules} in {:.2} s\n", took.as_secs_f64()));
    out.push_str(&format!("{passed} passed, {failed} failed\n"));
    out
}

fn json(ran: &[Ran<'_>], passed: usize, failed: usize) -> Result<String, Diagnostic> {
    let cases = ran.iter().map(|ran| Line {
        file: &ran.found.file,
        name: &ran.found.case.name,
        rules: &ran.found.case.policies,
        passed: ran.passed,
        difference: &ran.difference,
        error: ran.error,
        milliseconds: (ran.took.as_secs_f64() * 1_000_000.0).round() / 1000.0,
    });
    let report =
        Report { api_version: API_VERSION, kind: "TestReport", passed, failed, cases: cases.collect() };
    serde_json::to_string_pretty(&report)
        .map(|text| text + "\n")
        .map_err(|error| Diagnostic::error(codes::OUTPUT_UNWRITABLE, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_looked_for_in_the_folder_that_is_called_policies() {
        assert_eq!(root(Path::new("policies/updates")), Path::new("policies"));
        assert_eq!(root(Path::new("a/policies/b/c")), Path::new("a/policies"));
        assert_eq!(root(Path::new("elsewhere")), Path::new("elsewhere"));
        assert_eq!(root(Path::new("Cargo.toml")), Path::new("."));
    }
}
