//! `weighlock review`: writes what policies would see of one change.

use std::path::PathBuf;

use super::Stop;
use super::evaluate::meant;
use super::output::{self, Terminal, say};
use super::request::RequestArgs;
use crate::diag::{Diagnostic, codes};
use crate::files;
use crate::model::input::Change;
use crate::model::time::Clock;
use crate::pipeline;

/// Write what policies would see of one change: the review that a case begins from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock review change.yaml --change web-2.4.1 -o house/web.review.json
  weighlock review --trust-input examples/quickstart --change flights-0042

It is `input` as policies in Rego and CEL have it, with what is unknown and why. A case names it under
`review`, changes it under `patch`, and says what the rules must find.

Exit codes: 0 written, 2 input or policies cannot be read, or there is no such change.")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// Id of the change; may be left out where the input has one.
    #[arg(long, value_name = "ID")]
    change: Option<String>,
    /// File to write to; standard output where absent.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write in the place of a file that is there.
    #[arg(long, requires = "out")]
    force: bool,
}

pub(crate) fn run(args: Args, terminal: &Terminal, clock: &dyn Clock) -> Result<u8, Stop> {
    if let Some(out) = args.out.as_ref().filter(|out| out.is_file() && !args.force) {
        return Err(Diagnostic::error(codes::USAGE, format!("`{}` is there already", out.display()))
            .hint("name another file, or say `--force` to write in its place")
            .into());
    }
    let request = args.request.read(terminal, clock)?;
    let choose = |changes: &[Change]| chosen(args.change.as_deref(), changes);
    let (review, made_from) = pipeline::review(&request, &choose)?;
    let Some(review) = review else { return Ok(1) };
    let text = serde_json::to_value(&review).and_then(|review| serde_json::to_string_pretty(&review));
    let text = text.map_err(|error| {
        Diagnostic::error(codes::INPUT_NUMBER, format!("the review cannot be written: {error}"))
    })?;
    let Some(out) = args.out else {
        output::print(&format!("{text}\n"))?;
        return Ok(0);
    };
    if made_from.contains(&files::real(&out)) {
        let message = format!("the review cannot go to `{}`, which it is made from", out.display());
        return Err(Diagnostic::error(codes::USAGE, message).hint("give it a file of its own").into());
    }
    output::write(&out, &format!("{text}\n"))?;
    say(&format!("wrote {}", out.display()));
    Ok(0)
}

/// The place of the change that is meant.
fn chosen(id: Option<&str>, changes: &[Change]) -> Result<usize, Diagnostic> {
    let known: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
    match id {
        Some(id) => known.iter().position(|known| *known == id).ok_or_else(|| {
            let problem = Diagnostic::error(codes::USAGE, format!("the input has no change `{id}`"));
            Diagnostic { hint: meant(id, &known), ..problem }
        }),
        None if known.len() == 1 => Ok(0),
        None => {
            let message = format!("the input has {} changes, and a review is of one", known.len());
            let problem = Diagnostic::error(codes::USAGE, message);
            let names = meant("", &known).map(|names| format!("name it with `--change`: {names}"));
            Err(Diagnostic { hint: names, ..problem })
        }
    }
}
