//! `weighlock check`: what is wrong with policies, before they judge anything.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::completions::Names;
use super::output::{self, Terminal};
use super::{Stop, evaluate, problems, test};
use crate::author::check::{self, LINTS, Operator};
use crate::config::{self, Config};
use crate::diag::{Diagnostic, Level, Source, codes, tree};
use crate::files;
use crate::model::json::Json;
use crate::pipeline::load;
use crate::policy::{LoadOptions, settings};
use crate::report::check::{GITHUB, JSON, Problems, SARIF};
use crate::report::{Format, Style};

const EXAMPLES: &str = "Examples:
  weighlock check
  weighlock check policies/updates --fail-on warning
  weighlock check -p builtin -p policies --config ops/weighlock.yaml -o text -o sarif=check.sarif

A comment silences a lint, with a reason, for the line that follows and all that is indented below it:
  # weighlock: allow evidence.unrequired because nobody keeps such a list yet

Exit codes: 0 nothing to say, or warnings alone, 10 errors (with `--fail-on warning` also
warnings), 2 something cannot be read.";

/// Find what is wrong with policies, before they judge anything.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = lints()
)]
pub(crate) struct Args {
    /// Policies: folders and files [default: those that the operator's file names, or the folder
    /// `policies`, or the current directory].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// More policies: a folder, a file, `builtin` or `builtin:<profile>`; may be repeated.
    #[arg(short, long, value_name = "PATH")]
    policy: Vec<String>,
    /// The operator's file: policies are held against its settings, roles and signers too [default:
    /// `weighlock.yaml` in the current directory].
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// More data for policies: a JSON or YAML mapping; may be repeated.
    #[arg(short, long, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Read Rego policies as version 0, which has no `if` and `contains`.
    #[arg(long)]
    rego_v0: bool,
    /// From which level on the command fails.
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "LEVEL")]
    fail_on: FailOn,
    /// Format of the report, and the file it goes to; may be repeated.
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        long_help = output::formats(FORMATS),
        value_parser = NAMES,
        hide_possible_values = true
    )]
    output: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Errors alone.
    Error,
    /// Warnings too.
    Warning,
}

/// Every format there is; the first is the default.
pub(crate) const FORMATS: &[Format<Problems>] =
    &[Format { name: "text", about: "for people", render: text }, JSON, SARIF, GITHUB];

const NAMES: Names = Names(|| FORMATS.iter().map(|format| format.name).collect());

/// What the long help says after the examples.
fn lints() -> String {
    let list = LINTS.iter().map(|lint| format!("  {:<22} {}", lint.code.id, lint.code.title));
    format!("{EXAMPLES}\n\nLints, each with a page in docs/lints:\n{}", list.collect::<Vec<_>>().join("\n"))
}

fn text(checked: &Problems, style: &Style) -> String {
    let mut out = String::new();
    for problem in &checked.problems {
        out.push_str(problems::render(problem, style.color, style.width).trim());
        out.push_str("\n\n");
    }
    out.push_str(&checked.summary());
    out.push('\n');
    out
}

pub(crate) fn run(args: Args, terminal: &Terminal) -> Result<u8, Stop> {
    let outputs = output::outputs(&args.output, FORMATS)?;
    let file = config::named(args.config.as_deref())?;
    let mut config = file.as_deref().map_or_else(|| Ok(Config::default()), config::read)?;
    let mut roots: Vec<String> =
        args.paths.iter().map(|path| test::root(path).display().to_string()).collect();
    roots.extend(args.policy.iter().cloned());
    if roots.is_empty() && config.policies.is_empty() {
        roots.push(if Path::new("policies").is_dir() { "policies" } else { "." }.to_owned());
    }
    roots.sort();
    roots.dedup();
    let operator = operator(file.as_deref(), &mut config, &roots)?;
    let data = load::data(&config, &roots, &args.data).map(Value::Object);
    let (bundle, wrong) =
        load::policies_read(&config, &roots, &[], data, LoadOptions { tests: false, rego_v0: args.rego_v0 })?;
    let made_from: HashSet<PathBuf> = bundle
        .files
        .iter()
        .map(|file| files::real(Path::new(&file.source.name)))
        .chain(config.files.iter().map(|file| files::real(file)))
        .collect();
    evaluate::spare(&outputs, &made_from, None)?;
    let checked = check::check(&bundle, wrong, &operator);
    let mut problems = Problems {
        problems: checked.problems,
        silenced: checked.silenced,
        lints: LINTS.iter().map(|lint| (lint.code, lint.level)).collect(),
        rules: bundle.rules.len(),
    };
    let named = |problem: &Diagnostic| match problem.place() {
        Some((file, ..)) => args.paths.iter().any(|path| lies_in(Path::new(file), path)),
        None => true,
    };
    if !args.paths.is_empty() && args.policy.is_empty() && args.config.is_none() {
        problems.problems.retain(named);
        problems.silenced.retain(|(problem, _)| named(problem));
    }
    output::write_all(&outputs, &problems, terminal)?;
    let (errors, warnings) = (problems.count(Level::Error), problems.count(Level::Warning));
    Ok(if errors > 0 || (warnings > 0 && args.fail_on == FailOn::Warning) { 10 } else { 0 })
}

/// Whether a file is one that is named, or lies in a folder that is.
fn lies_in(file: &Path, path: &Path) -> bool {
    path == Path::new(".") || file.starts_with(path) || files::real(file).starts_with(files::real(path))
}

/// What operators give: their file with what it names, or the settings beside the policies.
fn operator(file: Option<&Path>, config: &mut Config, roots: &[String]) -> Result<Operator, Stop> {
    let mut operator = Operator::default();
    if let Some(path) = file {
        let source = files::read(path, files::CONFIG)?;
        let node = tree::parse(&source).ok().and_then(|nodes| nodes.into_iter().next());
        let member = |pointer: &[&str]| {
            let node = pointer.iter().try_fold(node.as_ref()?, |node, name| node.get(name));
            node.and_then(tree::Node::text).map(|text| path.parent().unwrap_or(Path::new("")).join(text))
        };
        if let Some(settings) = member(&["settings"]) {
            operator.settings = Some(files::read(&settings, files::CONFIG)?);
        }
        operator.roles = member(&["trust", "roles"]).map(|_| config.roles.clone());
        operator.file = Some(source);
    }
    if operator.settings.is_none() {
        let beside =
            roots.iter().map(|root| Path::new(root).join("settings.yaml")).find(|path| path.is_file());
        if let Some(path) = beside {
            let source: Arc<Source> = files::read(&path, files::CONFIG)?;
            let value = serde_json::to_value(settings::read(&source)?)
                .map_err(|error| Diagnostic::error(codes::CONFIG_INVALID, error.to_string()))?;
            config.settings = Some(Json(value));
            operator.settings = Some(source);
        }
    }
    Ok(operator)
}
