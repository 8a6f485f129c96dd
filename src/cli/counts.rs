//! Whether a record that somebody writes down would count under the operator's file: what `evaluate`
//! would say days later is said now.

use std::path::Path;

use super::output::{Terminal, say};
use super::request::read_config;
use super::{Stop, problems};
use crate::config::Config;
use crate::decide::governance::{self, Governance, Offered};
use crate::diag::{Diagnostic, codes};
use crate::model::decision::Missing;
use crate::model::evidence::Approval;
use crate::model::finding::ApprovalNeed;
use crate::model::governance::{Override, Waiver};
use crate::model::time::Time;
use crate::pipeline::sign;

/// The exit code of a record that was written and would not count.
const NOT_COUNTED: u8 = 10;

/// The operator's file, as `evaluate` finds it. One that nobody named and that cannot be read is no
/// reason not to write a record.
pub(super) fn operator(named: Option<&Path>, terminal: &Terminal) -> Result<Option<Config>, Stop> {
    match read_config(named, &[], terminal) {
        Err(Stop::Problems(problems, _)) if named.is_none() => {
            let why = problems.first().map_or_else(String::new, |problem| format!(": {problem}"));
            say(&format!(
                "note: the record is not held against the configuration, which cannot be read{why}"
            ));
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// Says why a record would not count, where it would not; the exit code.
fn told(what: &str, why: Option<String>, config: &Config, terminal: &Terminal) -> u8 {
    let (Some((file, _)), Some(why)) = (&config.file, why) else { return 0 };
    let message = format!("`{}` does not let this {what} count: {why}", file.display());
    problems::print(&[Diagnostic::warning(codes::USAGE, message)], terminal);
    NOT_COUNTED
}

/// What records are held to.
fn terms(config: &Config) -> Governance {
    Governance { roles: config.roles.clone(), terms: config.terms.clone(), ..Governance::default() }
}

/// Whether an approval would count; `missing` is what a report says that the change still needs.
pub(super) fn approval(
    record: &Approval,
    missing: &[Missing],
    config: Option<&Config>,
    terminal: &Terminal,
) -> u8 {
    let Some(config) = config else { return 0 };
    let by = record.by.id.as_str();
    let held = config.roles.get(by).map(Vec::as_slice).unwrap_or_default();
    let mut asked = Vec::new();
    asked_for(missing, &mut asked);
    let fills = |(need, not_by): &(&ApprovalNeed, &[String])| {
        held.contains(&need.role) && !not_by.iter().any(|person| person == by)
    };
    let names = |roles: &mut dyn Iterator<Item = &String>| {
        roles.map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ")
    };
    let why = if sign::approval_holds(record, &config.keys) == Some(false) {
        Some(governance::unverified(by))
    } else if held.is_empty() {
        Some(format!("`{by}` has no role in the operator's directory"))
    } else if !asked.is_empty() && !asked.iter().any(fills) {
        let wanted = names(&mut asked.iter().map(|(need, _)| &need.role));
        Some(format!(
            "`{by}` holds {}, and fills none of the places that the report names: {wanted}",
            names(&mut held.iter())
        ))
    } else {
        None
    };
    told("approval", why, config, terminal)
}

/// The approvals that are asked for, in whatever way.
fn asked_for<'a>(missing: &'a [Missing], asked: &mut Vec<(&'a ApprovalNeed, &'a [String])>) {
    for one in missing {
        asked.extend(one.approval.iter().map(|need| (need, one.not_by.as_slice())));
        one.any.iter().for_each(|list| asked_for(list, asked));
    }
}

/// Whether a waiver would count; of its rules it is told elsewhere.
pub(super) fn waiver(record: &Waiver, now: Time, config: Option<&Config>, terminal: &Terminal) -> u8 {
    let Some(config) = config else { return 0 };
    let holds = sign::waiver_holds(record, &config.keys);
    let by = &record.approved_by;
    if holds == Some(true) && config.roles.get(by).is_none_or(Vec::is_empty) {
        say(&format!(
            "note: `{by}` has no role in the operator's directory; the waiver counts only where operators put it (`trust.waivers`)"
        ));
    }
    let offered = Offered::new(record.clone(), true, holds);
    told("waiver", governance::waiver_terms(&offered, &terms(config), now), config, terminal)
}

/// Whether an override would count.
pub(super) fn overriding(record: &Override, now: Time, config: Option<&Config>, terminal: &Terminal) -> u8 {
    let Some(config) = config else { return 0 };
    let offered = Offered::new(record.clone(), true, sign::override_holds(record, &config.keys));
    told("override", governance::override_terms(&offered, &terms(config), now), config, terminal)
}
