//! `weighlock explain`: why a change was decided as it was, and what would alter that.

mod text;

use std::path::Path;
use std::time::Duration;

use super::Stop;
use super::evaluate::meant;
use super::output::{self, Terminal};
use super::request::RequestArgs;
use crate::author::explain::Explanation;
use crate::decide::Judge;
use crate::diag::{Diagnostic, codes};
use crate::files;
use crate::model::input::Change;
use crate::model::time::{Clock, Time};
use crate::pipeline::explain::{self, Recorded};
use crate::pipeline::{self, load};

/// How long changes of facts are tried at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Say why a change was decided as it was: condition by condition, who and when, and what would alter it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock explain --trust-input examples/quickstart
  weighlock explain --trust-input examples/quickstart --change flights-0042
  weighlock explain change.yaml --config ops/weighlock.yaml --rule promotion.approvals
  weighlock explain decisions/tile-server-2-4-1.3f2a9c01d4e5.json
  weighlock explain decisions/tile-server-2-4-1.3f2a9c01d4e5.json -p policies -o json

A record is explained by the policies in it, or by those that `--policy` or `--config` names: what
differs between the two is said. What is said to alter the verdict was decided, each on its own, with
the same policies and the same records of people.

Exit codes: 0 explained, 2 input, record or policies cannot be read, or no such change or rule.")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// The change to explain; one that is the only one need not be named.
    #[arg(long, value_name = "ID")]
    change: Option<String>,
    /// Show each condition of this rule, whether it held, and what it read.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Format: `text` for people, `json` for programs.
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

pub(crate) fn run(args: Args, terminal: &Terminal, clock: &dyn Clock) -> Result<u8, Stop> {
    let until = Patience::from(clock);
    if let [path] = args.request.inputs()
        && let Some(source) = record(path)
    {
        let policies = args.request.names_policies();
        let bundle = match policies {
            true => {
                let request = args.request.read(terminal, clock)?;
                Some(load::policies(&request.config, &request.policies, &request.data, request.rego_v0)?)
            }
            false => None,
        };
        let recorded = Recorded::open(&source, bundle)?;
        if let Some(id) = args.change.as_deref().filter(|id| *id != recorded.change()) {
            let problem = Diagnostic::error(codes::USAGE, format!("the record is not about `{id}`"));
            return Err(Diagnostic { hint: meant(id, &[recorded.change()]), ..problem }.into());
        }
        let rule = args.rule.as_deref().map(|id| rule(id, recorded.judge())).transpose()?;
        let explanation = recorded.explain(rule, &mut || until.goes_on(clock));
        return show(&explanation, args.output, terminal);
    }
    let request = args.request.read(terminal, clock)?;
    let start = |changes: &[Change]| {
        let known: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
        match args.change.as_deref().filter(|id| !known.contains(id)) {
            None => Ok(()),
            Some(id) => {
                let problem = Diagnostic::error(codes::USAGE, format!("the input has no change `{id}`"));
                Err(Diagnostic { hint: meant(id, &known), ..problem })
            }
        }
    };
    let (evaluated, evaluation) = pipeline::evaluate(&request, &start, &|| {})?;
    let rule = args.rule.as_deref().map(|id| rule(id, &evaluated.judge)).transpose()?;
    let chosen = match (&args.change, evaluation.entries.as_slice()) {
        (Some(id), entries) => entries.iter().position(|entry| entry.decision.change.id == *id),
        (None, [_]) => Some(0),
        (None, _) => None,
    };
    let Some(at) = chosen else {
        let listed = match args.output {
            Format::Text => text::list(&evaluation.entries, terminal),
            Format::Json => json(&text::listing(&evaluation.entries))?,
        };
        output::print(&listed)?;
        return Ok(0);
    };
    let explanation =
        explain::explain(&evaluated, &evaluation.entries, at, rule, &mut || until.goes_on(clock))?;
    show(&explanation, args.output, terminal)
}

fn show(explanation: &Explanation, format: Format, terminal: &Terminal) -> Result<u8, Stop> {
    let text = match format {
        Format::Text => text::page(explanation, terminal),
        Format::Json => json(explanation)?,
    };
    output::print(&text)?;
    Ok(0)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Stop> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Diagnostic::error(codes::OUTPUT_UNWRITABLE, format!("it cannot be written down: {error}"))
    })?;
    Ok(text + "\n")
}

/// The rule with an id, by its index; near ones where there is none.
fn rule(id: &str, judge: &Judge) -> Result<usize, Diagnostic> {
    let rules = &judge.bundle().rules;
    if let Some(at) = rules.iter().position(|rule| rule.id == id) {
        return Ok(at);
    }
    let problem = Diagnostic::error(codes::USAGE, format!("there is no rule `{id}`"));
    if id.starts_with("weighlock.") {
        return Err(problem.hint(
            "what `weighlock.…` says comes from Weighlock itself, not from a policy; leave `--rule` out",
        ));
    }
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    Err(Diagnostic { hint: meant(id, &ids), ..problem })
}

/// A file that is a record of a decision, as it says itself.
fn record(path: &Path) -> Option<std::sync::Arc<crate::diag::Source>> {
    if path == Path::new("-") || !path.is_file() || path.extension().is_none_or(|ending| ending != "json") {
        return None;
    }
    let source = files::read(path, files::WRITTEN).ok()?;
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        kind: Option<String>,
        payload_type: Option<String>,
    }
    let head: Head = serde_json::from_str(&source.text).ok()?;
    let is = head.kind.as_deref() == Some("DecisionRecord")
        || head.payload_type.as_deref() == Some(pipeline::record::PAYLOAD_TYPE);
    is.then_some(source)
}

/// Until when changes of facts are tried.
struct Patience(Time);

impl Patience {
    fn from(clock: &dyn Clock) -> Self {
        let now = clock.now();
        Self(now.checked_add(jiff::SignedDuration::try_from(PATIENCE).unwrap_or_default()).unwrap_or(now))
    }

    fn goes_on(&self, clock: &dyn Clock) -> bool {
        clock.now() < self.0
    }
}
