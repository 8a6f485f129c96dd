//! `weighlock approve`: write down one person's consent to one change.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::evaluate::{meant, read_key};
use super::output::{self, Terminal, say};
use super::{Stop, counts};
use crate::diag::{Diagnostic, codes};
use crate::files;
use crate::model::decision::Missing;
use crate::model::evidence::Approval;
use crate::model::id::{API_VERSION, Digest};
use crate::model::input::Person;
use crate::model::time::{Age, Clock, Time};
use crate::pipeline::sign;
use crate::report::Report;

/// Write an approval: one person's consent to one change, by the digest of that change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock evaluate input/ -o text -o json=report.json
  weighlock approve drone-app-1.2.1-to-production --report report.json \\
    --by lead@example --out approvals/lead.yaml
  weighlock approve sha256:c0ff… --by lead@example --key lead.pem --out lead.yaml

An approval counts if it is signed by a key that the operator lists for that person, or lies in the
folder that `trust.approvals` names; and never for one's own change.

Exit codes: 0 written, 10 written and would not count under the operator's file, 2 usage.")]
pub(crate) struct Args {
    /// Digest of the change, or its id with `--report`.
    #[arg(value_name = "CHANGE")]
    change: String,
    /// Report (`-o json`) in which the change is looked up.
    #[arg(long, value_name = "REPORT")]
    report: Option<PathBuf>,
    /// Who approves.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// How long it counts, as in `24h`, or until when.
    #[arg(long, value_name = "AGE|TIME", default_value = "24h")]
    expires: String,
    /// Why, or a link to where it was said.
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Private key of that person (PKCS#8 PEM) to sign with.
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
    let subject = change(&args.change, args.report.as_deref(), Consent::Approval, &args.by)?;
    let mut approval = Approval {
        api_version: Some(API_VERSION.to_owned()),
        kind: Some("Approval".to_owned()),
        by: Person { id: said("--by", &args.by)? },
        change: subject.digest,
        plan: None,
        at: now,
        expires: expires("--expires", &args.expires, now)?,
        comment: args.comment,
        signature: None,
        source: None,
    };
    match &args.key {
        Some(path) => sign::sign_approval(&mut approval, &read_key(path)?),
        None => say("note: not signed; it counts only where operators put it (`trust.approvals`)"),
    }
    write(&approval, args.out.as_deref(), &[args.key.as_ref(), args.report.as_ref()])?;
    Ok(counts::approval(&approval, &subject.missing, config.as_ref(), terminal))
}

/// A text that must say something.
pub(super) fn said(option: &str, text: &str) -> Result<String, Stop> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(
            Diagnostic::error(codes::USAGE, format!("`{option}` must say something, in one line")).into()
        );
    }
    Ok(text.to_owned())
}

/// An age from now, or a time ahead.
pub(super) fn expires(option: &str, text: &str, now: Time) -> Result<Time, Stop> {
    let time = match Age::parse(text) {
        Some(age) => age.after(now),
        None => text.parse().map_err(|_| {
            Diagnostic::error(codes::USAGE, format!("`{text}` is not a time"))
                .hint("write times as RFC 3339 in UTC, as in `2026-11-23T10:00:00Z`, or an age, as in `24h`")
        })?,
    };
    if time <= now {
        return Err(
            Diagnostic::error(codes::USAGE, format!("`{text}` for `{option}` is not ahead of now")).into()
        );
    }
    Ok(time)
}

/// What somebody consents to a change with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Consent {
    Approval,
    Waiver,
    Override,
}

impl Consent {
    /// What is wrong where it is the author's, and whom to ask instead.
    const fn own(self) -> (&'static str, &'static str) {
        match self {
            Self::Approval => (
                "nobody approves their own change",
                "ask someone who holds a role that the report names under `needs`",
            ),
            Self::Waiver => {
                ("nobody waives for their own change", "ask someone else who holds a role in `trust.roles`")
            }
            Self::Override => (
                "nobody overrides for their own change",
                "ask someone who holds the role that the configuration names under `governance.overrideRole`",
            ),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Waiver => "waiver",
            Self::Override => "override",
        }
    }
}

/// A change to which somebody consents.
pub(super) struct Subject {
    /// Its digest.
    pub(super) digest: Digest,
    /// What it still needs, where a report says so.
    pub(super) missing: Vec<Missing>,
}

/// A change, given by its digest or looked up, to which somebody consents.
pub(super) fn change(text: &str, report: Option<&Path>, consent: Consent, by: &str) -> Result<Subject, Stop> {
    let Some(report) = report else {
        let digest = Digest::parse(text);
        return digest.map(|digest| Subject { digest, missing: Vec::new() }).ok_or_else(|| {
            Diagnostic::error(codes::USAGE, format!("`{text}` is not the digest of a change"))
                .hint("give the digest that the report shows, or the id together with `--report`")
                .into()
        });
    };
    let source = files::read(report, files::WRITTEN)?;
    let report = Report::read(&source).map_err(|problem| Stop::from(*problem))?;
    let found = report.decisions.iter().find(|d| d.change.id == text || d.change.digest.as_str() == text);
    let Some(found) = found else {
        let problem = Diagnostic::error(codes::USAGE, format!("the report has no change `{text}`"));
        let known: Vec<&str> = report.decisions.iter().map(|d| d.change.id.as_str()).collect();
        return Err(Diagnostic { hint: meant(text, &known), ..problem }.into());
    };
    let Some(author) = &found.change.author else {
        let message = format!("the change `{text}` names no author, so no {} of it counts", consent.name());
        return Err(Diagnostic::error(codes::USAGE, message)
            .hint("write an input document whose change names its `author`, with the object in its inventory where there is one (a manifest or an AdmissionReview names none), and consent to what it is then")
            .into());
    };
    if author.is(by) {
        let (message, hint) = consent.own();
        return Err(Diagnostic::error(codes::USAGE, message).hint(hint).into());
    }
    Ok(Subject { digest: found.change.digest.clone(), missing: found.missing.clone() })
}

/// Writes a record as YAML, never in the place of what it is made from.
pub(super) fn write<T: Serialize>(
    record: &T,
    out: Option<&Path>,
    made_from: &[Option<&PathBuf>],
) -> Result<(), Stop> {
    let same = |out: &&Path| made_from.iter().flatten().any(|file| files::real(file) == files::real(out));
    if let Some(out) = out.filter(same) {
        let message = format!("the record cannot go to `{}`, which it is made from", out.display());
        return Err(Diagnostic::error(codes::USAGE, message).hint("give `--out` a file of its own").into());
    }
    let text = serde_saphyr::to_string(record).map_err(|error| {
        Diagnostic::error(codes::OUTPUT_UNWRITABLE, format!("the record cannot be written: {error}"))
    })?;
    match out {
        Some(path) => {
            output::write(path, &text)?;
            say(&format!("wrote {}", path.display()));
        }
        None => output::print(&text)?,
    }
    Ok(())
}
