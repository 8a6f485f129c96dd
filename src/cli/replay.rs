//! `weighlock replay`: judge again from a decision's record, and compare byte for byte.

use std::path::{Path, PathBuf};

use super::output::{self, Terminal};
use super::{Stop, problems};
use crate::diag::clean::line as clean;
use crate::diag::{Diagnostic, codes};
use crate::facts::key::PublicKey;
use crate::files;
use crate::pipeline::record;

/// Judge again from a decision's record alone, and show that it comes out the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock replay decisions/tile-server-2-4-1.3f2a9c01d4e5.json
  weighlock replay decisions/*.json --key weighlock.pub

Without `--key` only this is shown: that the record agrees with itself. Whoever can write an
unsigned record can rewrite all of it, so that it agrees with itself again. A gate gives `--key`.

Exit codes, by the worst of all files: 0 identical, 2 not a record, 10 different, altered, or not
signed by `--key`.")]
pub(crate) struct Args {
    /// Records that `evaluate --decision-out` wrote.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Public key (PEM) by which every record must be signed; one that is not is refused.
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
}

pub(crate) fn run(args: Args, terminal: &Terminal) -> Result<u8, Stop> {
    let key = args.key.as_deref().map(read_public).transpose()?;
    let mut code = 0;
    for file in &args.files {
        let done = match one(file, key.as_ref()) {
            Ok(code) => code,
            // That one cannot be read says nothing about the others.
            Err(Stop::Problems(problems, code)) => {
                problems::print(&problems, terminal);
                code
            }
            Err(Stop::Gone) => return Err(Stop::Gone),
        };
        code = code.max(done);
    }
    Ok(code)
}

/// Replays one record, and says what came of it.
fn one(file: &Path, key: Option<&PublicKey>) -> Result<u8, Stop> {
    let source = files::read(file, files::WRITTEN)?;
    let replayed = record::replay(&source, key).map_err(|problems| {
        let exit = if problems.iter().any(|problem| problem.code == codes::RECORD_ALTERED) { 10 } else { 2 };
        Stop::Problems(problems, exit)
    })?;
    let decision = &replayed.decision;
    let same = replayed.differences.is_empty();
    let signature = match (&replayed.signed_by, replayed.signed) {
        (Some(key), _) => format!("signed by {}", key.as_str()),
        (None, true) => "signature NOT CHECKED (give `--key`)".to_owned(),
        (None, false) if same => {
            "NOT SIGNED: agrees with itself, and says nothing of who wrote it".to_owned()
        }
        (None, false) => "NOT SIGNED".to_owned(),
    };
    let mut text = format!(
        "{}: {} {} ({}), {signature}\n",
        clean(&file.display().to_string()),
        if same { "identical:" } else { "DIFFERENT:" },
        clean(&decision.change.id),
        decision.verdict.as_str()
    );
    for (pointer, recorded, again) in &replayed.differences {
        text.push_str(&format!(
            "  {}\n    recorded {}\n    again    {}\n",
            clean(pointer),
            shown(recorded),
            shown(again)
        ));
    }
    if !decision.replayable && !same {
        text.push_str("  the recorded evaluation was stopped by time, and may end otherwise each time\n");
    }
    match output::print(&text) {
        // Whoever stopped reading still gets the exit code.
        Err(Stop::Gone) => {}
        other => other?,
    }
    Ok(if same { 0 } else { 10 })
}

fn shown(text: &str) -> String {
    let plain = clean(text);
    match plain.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", plain.get(..at).unwrap_or_default()),
        None => plain.into_owned(),
    }
}

fn read_public(path: &std::path::Path) -> Result<PublicKey, Stop> {
    let name = path.display();
    PublicKey::parse(&files::read(path, files::KEY)?.text).map_err(|message| {
        Diagnostic::error(codes::KEY_INVALID, format!("`{name}` cannot be used: {message}")).into()
    })
}
