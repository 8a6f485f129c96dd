//! `weighlock override`: the emergency exit, written down.

use std::path::PathBuf;

use super::approve::{Consent, change, expires, said, write};
use super::evaluate::read_key;
use super::output::{Terminal, say};
use super::{Stop, counts};
use crate::model::canonical;
use crate::model::governance::Override;
use crate::model::id::{API_VERSION, Digest};
use crate::model::time::Clock;
use crate::pipeline::sign;

/// Write an override: an emergency exit for one change, with a reason, a ticket and a review due.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  weighlock override sha256:c0ff… --by incident-lead@example \\
    --reason 'production down, INC-7' --ticket INC-7 \\
    --expires 4h --review-due 3d --key lead.pem --out override.yaml

It sets denials and holds aside, never what could not be judged. It counts only for people who hold
the role that `governance.overrideRole` names, never for their own change, and until it expires or its
review is due.

Exit codes: 0 written, 10 written and would not count under the operator's file, 2 usage.")]
pub(crate) struct Args {
    /// Digest of the change, or its id with `--report`.
    #[arg(value_name = "CHANGE")]
    change: String,
    /// Report (`-o json`) in which the change is looked up.
    #[arg(long, value_name = "REPORT")]
    report: Option<PathBuf>,
    /// Who answers for it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Ticket.
    #[arg(long, value_name = "ID")]
    ticket: String,
    /// How long it counts, as in `4h`, or until when.
    #[arg(long, value_name = "AGE|TIME", default_value = "4h")]
    expires: String,
    /// When it must have been reviewed, as in `3d`, or a time.
    #[arg(long, value_name = "AGE|TIME", default_value = "3d")]
    review_due: String,
    /// Private key of `--by` (PKCS#8 PEM) to sign with.
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    /// The operator's file, under which it is to count [default: `weighlock.yaml` in the current
    /// directory].
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// File to write to; standard output where absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: Args, terminal: &Terminal, clock: &dyn Clock) -> Result<u8, Stop> {
    let now = clock.now();
    let config = counts::operator(args.config.as_deref(), terminal)?;
    let mut record = Override {
        api_version: API_VERSION.to_owned(),
        kind: "Override".to_owned(),
        id: String::new(),
        change: change(&args.change, args.report.as_deref(), Consent::Override, &args.by)?.digest,
        by: said("--by", &args.by)?,
        reason: said("--reason", &args.reason)?,
        ticket: said("--ticket", &args.ticket)?,
        expires: expires("--expires", &args.expires, now)?,
        review_due: expires("--review-due", &args.review_due, now)?,
        signature: None,
    };
    record.id = format!("O-{}", canonical::digest(&record).unwrap_or_else(|_| Digest::of(b"")).short());
    match &args.key {
        Some(path) => sign::sign_override(&mut record, &read_key(path)?),
        None => say("note: not signed; it counts only where operators put it (`trust.overrides`)"),
    }
    write(&record, args.out.as_deref(), &[args.key.as_ref(), args.report.as_ref()])?;
    Ok(counts::overriding(&record, now, config.as_ref(), terminal))
}
