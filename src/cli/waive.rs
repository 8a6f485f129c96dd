//! `weighlock waive`: write down that findings of a rule are set aside for a while, and why.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::approve::{Consent, change, expires, said, write};
use super::evaluate::read_key;
use super::output::{Terminal, say};
use super::{Stop, counts};
use crate::config::Config;
use crate::diag::{Diagnostic, codes, misspelt, nearest};
use crate::model::canonical;
use crate::model::governance::Waiver;
use crate::model::id::{API_VERSION, Digest};
use crate::model::input::same_person;
use crate::model::time::Clock;
use crate::pipeline::{load, sign};

/// Write a waiver: findings of waivable rules are set aside, within a scope, until it expires.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("covered").args(["scope", "change"]).required(true).multiple(true)))]
#[command(after_help = "Example:
  weighlock waive --rule scans.fixable \\
    --scope application=drone-app --scope vulnerability=CVE-2026-2222 \\
    --owner lead@example --approved-by security@example \\
    --reason 'only linked at build time' --ticket SEC-88 \\
    --expires 30d --out waivers/W-31.yaml

A waiver counts if it is signed by a key that the operator lists for `--approved-by`, or lies in the
folder that `trust.waivers` names.

Exit codes: 0 written, 10 written and would not count under the operator's file, 2 usage.")]
pub(crate) struct Args {
    /// Id of a waivable rule; may be repeated.
    #[arg(long, value_name = "RULE", required = true)]
    rule: Vec<String>,
    /// What it is for: `application`, `asset`, `changeDigest`, `cluster`, `environment`, `kind`,
    /// `namespace`, `owner`, `path`, or a member of the finding; may be repeated, and all must match.
    #[arg(long, value_name = "KEY=VALUE")]
    scope: Vec<String>,
    /// The one change that it is for, as it is now: its digest, or its id with `--report`.
    #[arg(long, value_name = "CHANGE")]
    change: Option<String>,
    /// Report (`-o json`) in which the change is looked up.
    #[arg(long, value_name = "REPORT", requires = "change")]
    report: Option<PathBuf>,
    /// Who answers for it.
    #[arg(long, value_name = "PERSON")]
    owner: String,
    /// Who agrees: somebody else.
    #[arg(long, value_name = "PERSON")]
    approved_by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Ticket.
    #[arg(long, value_name = "ID")]
    ticket: String,
    /// How long it counts, as in `30d`, or until when.
    #[arg(long, value_name = "AGE|TIME")]
    expires: String,
    /// Id; made from the content where absent.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Private key of `--approved-by` (PKCS#8 PEM) to sign with.
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    /// The operator's file, under which it is to count, and whose policies must have the rules
    /// [default: `weighlock.yaml` in the current directory].
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Policies that must have the rules: a folder, a file, `builtin` or `builtin:<profile>`; may be
    /// repeated [default: those that the operator's file names, or `builtin`].
    #[arg(short, long, value_name = "PATH")]
    policy: Vec<String>,
    /// File to write to; standard output where absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: Args, terminal: &Terminal, clock: &dyn Clock) -> Result<u8, Stop> {
    let now = clock.now();
    let mut scope = BTreeMap::new();
    for entry in &args.scope {
        let Some((key, value)) =
            entry.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty())
        else {
            let problem = Diagnostic::error(codes::USAGE, format!("`{entry}` is not `KEY=VALUE`"));
            return Err(problem.hint("as in `--scope application=drone-app`").into());
        };
        if scope.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Diagnostic::error(codes::USAGE, format!("the scope has `{key}` twice")).into());
        }
    }
    if let Some(change) = &args.change {
        let digest = self::change(change, args.report.as_deref(), Consent::Waiver, &args.approved_by)?.digest;
        if Digest::parse(change).is_none() {
            scope.insert("change".to_owned(), change.clone());
        }
        scope.insert("changeDigest".to_owned(), digest.as_str().to_owned());
    }
    if scope.contains_key("change") && !scope.contains_key("changeDigest") {
        return Err(Diagnostic::error(codes::USAGE, "the scope names a change by its id alone")
            .hint("another change can take the id: `--change ID --report report.json` binds it to what the change is")
            .into());
    }
    for key in scope.keys() {
        if let Some(near) = misspelt(key, SCOPE.iter().copied()).filter(|near| near != key) {
            say(&format!("note: `{key}` in the scope is a member of the finding; did you mean `{near}`?"));
        }
    }
    let config = counts::operator(args.config.as_deref(), terminal)?;
    waivable(&args, config.as_ref())?;
    if same_person(&args.owner, &args.approved_by) {
        return Err(Diagnostic::error(codes::USAGE, "owner and approver are the same person")
            .hint("somebody else has to agree to a waiver")
            .into());
    }
    let mut waiver = Waiver {
        api_version: API_VERSION.to_owned(),
        kind: "Waiver".to_owned(),
        id: args.id.unwrap_or_default(),
        rules: args.rule,
        scope,
        owner: said("--owner", &args.owner)?,
        approved_by: said("--approved-by", &args.approved_by)?,
        reason: said("--reason", &args.reason)?,
        ticket: said("--ticket", &args.ticket)?,
        expires: expires("--expires", &args.expires, now)?,
        signature: None,
    };
    if waiver.id.is_empty() {
        let digest = canonical::digest(&waiver).unwrap_or_else(|_| Digest::of(b""));
        waiver.id = format!("W-{}", digest.short());
    }
    match &args.key {
        Some(path) => sign::sign_waiver(&mut waiver, &read_key(path)?),
        None => say("note: not signed; it counts only where operators put it (`trust.waivers`)"),
    }
    write(&waiver, args.out.as_deref(), &[args.key.as_ref(), args.report.as_ref()])?;
    Ok(counts::waiver(&waiver, now, config.as_ref(), terminal))
}

/// Keys of a scope that are about the change and its asset; others are members of the finding.
const SCOPE: &[&str] =
    &["application", "asset", "change", "cluster", "environment", "kind", "namespace", "owner", "path"];

/// Whether the rules are there and may be waived, as far as that can be told.
fn waivable(args: &Args, config: Option<&Config>) -> Result<(), Stop> {
    let Some(config) = config else { return Ok(()) };
    let bundle = match load::policies(config, &args.policy, &[], false) {
        Ok(bundle) => bundle,
        Err(problems) => {
            let why = problems.first().map_or_else(String::new, |problem| format!(": {problem}"));
            say(&format!("note: the rules are not looked up, because the policies cannot be loaded{why}"));
            return Ok(());
        }
    };
    for id in &args.rule {
        let Some(rule) = bundle.rules.iter().find(|rule| rule.id == *id) else {
            let hint = match nearest(id, bundle.rules.iter().map(|rule| rule.id.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name the policies that have it with `--policy` or `--config`".to_owned(),
            };
            let problem = Diagnostic::error(codes::USAGE, format!("there is no rule `{id}`"));
            return Err(problem.hint(hint).into());
        };
        if !rule.metadata.waivable {
            let problem = Diagnostic::error(codes::USAGE, format!("the rule `{id}` cannot be waived"));
            return Err(problem.hint("whoever wrote it can say `waivable: true`").into());
        }
    }
    Ok(())
}
