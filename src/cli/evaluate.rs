//! `weighlock evaluate`: the main job.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::Stop;
use super::completions::Names;
use super::output::{self, Terminal};
use super::request::RequestArgs;
use crate::config;
use crate::decide::outcome::FailOn;
use crate::diag::clean::line as clean;
use crate::diag::{Diagnostic, codes, nearest};
use crate::facts::key::PrivateKey;
use crate::files;
use crate::model::input::Change;
use crate::model::time::Clock;
use crate::pipeline::{self, record};
use crate::report::{self, FORMATS, Output, Report};

/// How many reviews there must be for their progress to be worth showing.
const WORTH_SHOWING: usize = 300;

/// Weigh proposed changes: allow, hold or deny, why, and what to do next.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock evaluate --trust-input examples/quickstart
  weighlock evaluate change.yaml facts/ --config ops/weighlock.yaml
  weighlock evaluate change.yaml -o text -o sarif=weighlock.sarif
  kubectl get deployment web -o yaml \\
    | weighlock evaluate - -p builtin:hardening --environment staging

Exit codes, by the worst of all changes: 0 allowed, 10 denied, 11 on hold or obligations
outstanding, 13 could not be judged, 2 input or policies cannot be read.")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
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
    /// From which outcome on the command fails.
    #[arg(long, value_enum, default_value_t = FailOnArg::Hold, value_name = "OUTCOME")]
    fail_on: FailOnArg,
    /// Exit with 0 where nothing is outstanding but obligations that a plan will discharge.
    #[arg(long)]
    accept_obligations: bool,
    /// Show only what an older report (`-o json`) does not have already. Changes no verdict.
    #[arg(long, value_name = "REPORT")]
    baseline: Option<PathBuf>,
    /// Show only this change. Changes no verdict.
    #[arg(long, value_name = "ID")]
    change: Option<String>,
    /// Write one file a decision, with everything it was made from, into this folder.
    #[arg(long, value_name = "DIR")]
    decision_out: Option<PathBuf>,
    /// Sign those files with this key (PKCS#8 PEM, Ed25519 or P-256).
    #[arg(long, value_name = "KEY", requires = "decision_out")]
    sign_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FailOnArg {
    /// Warnings too.
    Warn,
    /// Holds and worse.
    Hold,
    /// Denials, and what could not be judged.
    Deny,
}

const NAMES: Names = Names(|| FORMATS.iter().map(|format| format.name).collect());

/// Refuses to write a report in the place of what it was made from.
pub(super) fn spare<T>(
    outputs: &[Output<T>],
    made_from: &HashSet<PathBuf>,
    key: Option<&Path>,
) -> Result<(), Stop> {
    let key = key.map(files::real);
    for output in outputs {
        let (Some(file), Some(place)) = (&output.file, output::place(output)) else { continue };
        if made_from.contains(&place) || key.as_ref() == Some(&place) {
            let message = format!("the report cannot go to `{file}`, which it is made from");
            return Err(Diagnostic::error(codes::USAGE, message)
                .hint(format!("give it a file of its own, as in `-o {}=FILE`", output.format.name))
                .into());
        }
    }
    Ok(())
}

pub(crate) fn run(args: Args, terminal: &Terminal, clock: &dyn Clock) -> Result<u8, Stop> {
    let outputs = output::outputs(&args.output, FORMATS)?;
    let key = args.sign_key.as_deref().map(read_key).transpose()?;
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let mut request = args.request.read(terminal, clock)?;
    request.fail_on = match args.fail_on {
        FailOnArg::Warn => FailOn::Warn,
        FailOnArg::Hold => FailOn::Hold,
        FailOnArg::Deny => FailOn::Deny,
    };
    request.accept_obligations = args.accept_obligations;
    let bar = ProgressBar::hidden();
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} changes weighed") {
        bar.set_style(style);
    }
    let start = |changes: &[Change]| {
        if let Some(id) = &args.change {
            there(id, changes)?;
        }
        if terminal.progress && changes.len() >= WORTH_SHOWING {
            bar.set_length(u64::try_from(changes.len()).unwrap_or(u64::MAX));
            bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        Ok(())
    };
    let (evaluated, mut evaluation) = pipeline::evaluate(&request, &start, &|| bar.inc(1))?;
    bar.finish_and_clear();
    spare(&outputs, &evaluated.files, args.sign_key.as_deref())?;
    passed_over(&evaluated.passed_over, &request);
    unread(&evaluated.unread, &request);
    if let Some(folder) = &args.decision_out {
        record::write_all(folder, &evaluated, &evaluation.entries, &request, key.as_ref())?;
    }
    if let Some(old) = &baseline {
        report::baseline(&mut evaluation, old);
    }
    if let Some(id) = &args.change {
        report::narrow(&mut evaluation, id);
    }
    output::write_all(&outputs, &evaluation, terminal)?;
    Ok(evaluation.outcome.exit)
}

/// Refuses to show a change that is not there.
fn there(id: &str, changes: &[Change]) -> Result<(), Diagnostic> {
    if changes.iter().any(|change| change.id == id) {
        return Ok(());
    }
    let known: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
    let problem = Diagnostic::error(codes::USAGE, format!("the input has no change `{id}`"));
    Err(Diagnostic { hint: meant(id, &known), ..problem })
}

/// Which change was meant, or which ones there are.
pub(super) fn meant(id: &str, known: &[&str]) -> Option<String> {
    const LISTED: usize = 10;
    let begun: Vec<&str> = known.iter().copied().filter(|known| known.starts_with(id)).collect();
    let near = nearest(id, known.iter().copied());
    if let ([one], _) | ([], Some(one)) = (begun.as_slice(), near.as_ref()) {
        return Some(format!("did you mean `{one}`?"));
    }
    let among = if begun.is_empty() { known } else { &begun };
    let names: Vec<String> = among.iter().take(LISTED).map(|id| format!("`{id}`")).collect();
    let more = if among.len() > LISTED { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("there are {}{more}", names.join(", ")))
}

/// Says that a file in the input that is named like the operator's was not read as such.
fn passed_over(files: &[PathBuf], request: &pipeline::Request) {
    let real = |path: &Path| path.canonicalize().ok();
    // That of the current directory was read, or was spoken of before.
    let own = [request.config.file.as_ref().and_then(|(path, _)| real(path)), real(Path::new(config::NAME))];
    let Some(first) = files.iter().find(|file| !own.contains(&real(file))) else { return };
    let first = first.display().to_string();
    let first = clean(&first);
    output::say(&format!(
        "note: `{first}` is part of the input, and was not read as configuration; name it with `--config {first}` \
         if whoever writes the input may also write the rules"
    ));
}

/// Says which facts would be believed and were not read. On trust, whatever is read is believed.
fn unread(roots: &[PathBuf], request: &pipeline::Request) {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    for root in roots.iter().filter(|_| !request.trust_input) {
        let name = root.strip_prefix(&here).unwrap_or(root).display().to_string();
        let name = clean(if name.is_empty() { "." } else { &name });
        output::say(&format!(
            "note: nothing in `{name}` was read, which `trust.inputs` lists: name it as an input for its facts to count"
        ));
    }
}

/// Reads a private key; what it holds is never shown.
pub(crate) fn read_key(path: &std::path::Path) -> Result<PrivateKey, Stop> {
    let name = path.display();
    PrivateKey::parse(&files::read(path, files::KEY)?.text).map_err(|message| {
        Diagnostic::error(codes::KEY_INVALID, format!("`{name}` cannot be used: {message}")).into()
    })
}

fn read_baseline(path: &std::path::Path) -> Result<Report, Stop> {
    let source = files::read(path, files::WRITTEN)?;
    Report::read(&source).map_err(|problem| Stop::from(*problem))
}
