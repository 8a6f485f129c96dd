//! `weighlock test`: runs the cases and the tests in Rego beside policies.

mod execute;
mod mutate;
mod sources;
mod watch;

pub(super) use sources::root;

use std::path::PathBuf;

use super::completions::Names;
use super::output::{self, Terminal};
use super::{Stop, request};
use crate::model::time::Clock;
use crate::report::testing::FORMATS;

/// Run the cases and tests that say what policies must find.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock test
  weighlock test policies/updates --filter minor
  weighlock test cases/ -p policies/ -o json
  weighlock test -o text -o junit=tests.xml --threshold 90
  weighlock test --mutate
  weighlock test --watch

Cases are the documents of `kind: Case` in files that end in `.case.yaml` or `.case.json`, for rules
in either language. A rule is told the settings in `settings.yaml` beside the policies, those of the
operator's file or the shipped ones, or the case's own; other data by that file, by `--data`, or under
`data` in the case.

Tests are the rules in Rego whose names begin with `test_`, in files that end in `_test.rego` or
beside the policies themselves, as `opa test` runs them: `test_x[note]` is a test of which every note
is a case, and `todo_test_x` is skipped. They see as `input` what `with input as …` says.

A condition that can be taken out of a rule, and nothing notices, is one that nobody may rely on:
`--mutate` finds each. Where none can notice, because the rule says the same without it, a comment on
the line before keeps it: `# weighlock: keep because <reason>`.

Exit codes: 0 everything passed, 10 something did not, there is nothing to run, too little is covered
or a condition can be taken out, 2 something cannot be read.")]
pub(crate) struct Args {
    /// Files and folders of cases and tests [default: `policies`, or the current directory].
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
    /// The operator's file: policies are told its data, and its settings where none stand beside them
    /// [default: `weighlock.yaml` in the current directory].
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run only what has this text in its name, its file or the rules that it names.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Show everything that was run, not only what did not pass.
    #[arg(short, long)]
    verbose: bool,
    /// Run again whenever a file that was read changes, or one is added; ends with Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// Show by rule, and in Rego by effect, whether something that passed shows it speaking, and
    /// whether something shows it judging and saying nothing.
    #[arg(long)]
    coverage: bool,
    /// Fail, and name what is missing, where less than so many per cent of that are shown.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    threshold: Option<f64>,
    /// Once everything has passed, take out the conditions of rules one at a time, and fail where nothing
    /// notices; with `--filter`, those of rules that have its text in their ids or the names of their files.
    #[arg(long)]
    mutate: bool,
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
    /// What `time.now_ns` tells tests in Rego (RFC 3339) instead of the time; cases have their own.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Read Rego as version 0, which has no `if` and `contains`.
    #[arg(long)]
    rego_v0: bool,
}

const NAMES: Names = Names(|| FORMATS.iter().map(|format| format.name).collect());

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse::<f64>().ok();
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "expected a number from 0 to 100".to_owned())
}

pub(crate) fn run(args: Args, terminal: &Terminal, clock: &dyn Clock) -> Result<u8, Stop> {
    let outputs = output::outputs(&args.output, FORMATS)?;
    let given = args.now.as_deref().map(request::read_time).transpose()?;
    let once = |read: &sources::Read| -> Result<u8, Stop> {
        let now = given.unwrap_or_else(|| clock.now());
        let done = execute::execute(&args, now, read, terminal)?;
        output::write_all(&outputs, &done.report, terminal)?;
        match done.comments.is_empty() {
            true => Ok(done.code),
            false => Err(Stop::Problems(done.comments, done.code)),
        }
    };
    match args.watch {
        true => watch::watch(&once, terminal),
        false => once(&sources::Read::default()),
    }
}
