//! The phrases that formats for people share. What comes out is not yet safe to show: each format
//! escapes it in its own way.

use crate::model::decision::{CountedOverride, Decision, Missing};
use crate::model::finding::{ApprovalNeed, Finding, Need};
use crate::model::obligation::Obligation;
use crate::model::review::Unknown;
use crate::model::{Json, Time};

use super::{Entry, Evaluation, Standing, wire::Summary};

/// `in 3d 4h`, `2h ago`, `now`: the two greatest units, downwards.
pub(super) fn relative(time: Time, now: Time) -> String {
    let seconds = time.as_second().saturating_sub(now.as_second());
    let mut rest = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (unit, name) in [(86_400_u64, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
        let n = rest.checked_div(unit).unwrap_or(0);
        rest = rest.checked_rem(unit).unwrap_or(0);
        if n > 0 {
            parts.push(format!("{n}{name}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    let span = parts.join(" ");
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {span}"),
        _ => format!("{span} ago"),
    }
}

/// An instant, and how far away it is.
pub(super) fn when(time: Time, now: Time) -> String {
    format!("{time} ({})", relative(time, now))
}

/// `2 changes`, `1 change`.
pub(super) fn many(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// `promotion of drone-app → production (eu-1)`.
pub(super) fn subject(decision: &Decision) -> String {
    let change = &decision.change;
    let mut text = change.kind.as_str().replace('_', " ");
    if let Some(what) = change.application.as_deref().or(change.asset.as_deref()) {
        text.push_str(" of ");
        text.push_str(what);
    }
    if let Some(environment) = &change.environment {
        text.push_str(" → ");
        text.push_str(environment);
    }
    if let Some(cluster) = &change.cluster {
        text.push_str(&format!(" ({cluster})"));
    }
    text
}

fn approval(need: &ApprovalNeed) -> String {
    format!("{} × {}", need.count, need.role)
}

/// What ends a hold: `1 × tech-lead and 1 × release-manager`.
pub(super) fn need(need: &Need, now: Time) -> String {
    match need {
        Need::Approval(a) => approval(a),
        Need::Evidence(name) => format!("evidence `{name}`"),
        Need::Time(time) => format!("time {}", when(*time, now)),
        Need::All(parts) => list(parts, " and ", now),
        Need::Any(parts) => format!("({})", list(parts, " or ", now)),
    }
}

fn list(parts: &[Need], word: &str, now: Time) -> String {
    parts.iter().map(|p| need(p, now)).collect::<Vec<_>>().join(word)
}

/// The command that approves a change, where people could end its hold. Of a change without an author
/// nobody can approve.
pub(super) fn to_approve(decision: &Decision) -> Option<String> {
    let change = &decision.change;
    let asked = asks_for_people(&decision.missing) && change.author.is_some();
    asked.then(|| format!("weighlock approve {} --by PERSON --key KEY --out FILE", change.digest))
}

/// Whether people could end the hold.
fn asks_for_people(missing: &[Missing]) -> bool {
    missing.iter().any(|m| m.approval.is_some() || m.any.iter().any(|way| asks_for_people(way)))
}

/// What the exit status says, and of how many changes where not all are shown.
pub(super) fn exit(evaluation: &Evaluation) -> String {
    let outcome = evaluation.outcome;
    let of = match &evaluation.left_out.narrowed {
        Some((_, all)) => format!(" (of all {})", many(u64::try_from(*all).unwrap_or(u64::MAX), "change")),
        None => String::new(),
    };
    format!("exit {}: {}{of}", outcome.exit, evaluation.meaning())
}

/// What is missing: `1 × release-manager (not dev-a@example)`.
pub(super) fn missing(m: &Missing, now: Time) -> String {
    let mut parts = Vec::new();
    if let Some(a) = &m.approval {
        parts.push(approval(a));
    }
    if let Some(name) = &m.evidence {
        parts.push(format!("evidence `{name}`"));
    }
    if let Some(time) = m.time {
        parts.push(format!("time: not before {}", when(time, now)));
    }
    if !m.any.is_empty() {
        let ways: Vec<String> = m
            .any
            .iter()
            .map(|way| way.iter().map(|m| missing(m, now)).collect::<Vec<_>>().join(" and "))
            .collect();
        parts.push(format!("one of: {}", ways.join("; or ")));
    }
    let mut text = parts.join(" and ");
    if !m.not_by.is_empty() {
        text.push_str(&format!(" (not {})", m.not_by.join(", ")));
    }
    text
}

/// A value in short: text without quotes, the rest as JSON.
pub(super) fn value(json: &Json) -> String {
    match &json.0 {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `canary: errorRateMax 0.05, trafficPercent 5 (strategy.canary)`.
pub(super) fn obligation(o: &Obligation) -> String {
    let with: Vec<String> = o.with.iter().map(|(k, v)| format!("{k} {}", value(v))).collect();
    let mut text = o.kind.clone();
    if !with.is_empty() {
        text.push_str(&format!(": {}", with.join(", ")));
    }
    if !o.rules.is_empty() {
        text.push_str(&format!(" ({})", o.rules.join(", ")));
    }
    text
}

/// What is unknown: `evidence.scans of sha256:…: nobody looked; required by scan.fixable`.
pub(super) fn unknown(u: &Unknown) -> String {
    let mut text = format!("{} of {}: {}", u.fact, u.subject, u.reason.words());
    if !u.required_by.is_empty() {
        text.push_str(&format!("; required by {}", u.required_by.join(", ")));
    }
    text
}

/// What set a finding aside: `waived by W-31 until 2026-… (in 24d)`.
pub(super) fn set_aside(f: &Finding, now: Time) -> Option<String> {
    let (word, by) = match (&f.waived, &f.overridden) {
        (Some(by), _) => ("waived", by),
        (None, Some(by)) => ("overridden", by),
        (None, None) => return None,
    };
    Some(format!("{word} by {} until {}", by.by, when(by.expires, now)))
}

/// The same, for formats that show a finding without its decision: with the word of an override.
pub(super) fn set_aside_why(f: &Finding, entry: Option<&Entry>, now: Time) -> Option<String> {
    let how = set_aside(f, now)?;
    let by = f.overridden.as_ref().filter(|_| f.waived.is_none()).map(|by| by.by.as_str());
    let mut overrides = entry.into_iter().flat_map(|e| &e.decision.governance.overrides);
    match overrides.find(|o| by == Some(o.id.as_str())) {
        Some(o) => Some(format!("{how}: {}", owed(o, now))),
        None => Some(how),
    }
}

/// Why there is an override, and what it owes.
fn owed(o: &CountedOverride, now: Time) -> String {
    format!("{}; ticket {}, review due {}", o.reason, o.ticket, when(o.review_due, now))
}

/// What the operator's settings made of the policy's word.
pub(super) fn softened(f: &Finding) -> Option<String> {
    let from = f.enforced_from?;
    Some(format!("the policy says {}; the operator's settings make it {}", from.as_str(), f.effect.as_str()))
}

/// What was counted, what overrides owe, and what was not counted: a label and a line each.
pub(super) fn governance(decision: &Decision, now: Time) -> Vec<(&'static str, String)> {
    let g = &decision.governance;
    let mut lines = Vec::new();
    let mut counted: Vec<String> =
        g.approvals.iter().map(|a| format!("approval by {} as {}", a.by, a.role)).collect();
    counted.extend(g.waivers.iter().map(|id| format!("waiver {id}")));
    counted.extend(g.overrides.iter().map(|o| format!("override {}", o.id)));
    if !counted.is_empty() {
        let until = g.expires.map(|t| format!("; the first of them expires {}", when(t, now)));
        lines.push(("counted", format!("{}{}", counted.join(", "), until.unwrap_or_default())));
    }
    for o in &g.overrides {
        lines.push(("override", format!("{} by {}: {}", o.id, o.by, owed(o, now))));
    }
    if !g.rejected.is_empty() {
        let not: Vec<String> = g.rejected.iter().map(|r| format!("{} ({})", r.record, r.reason)).collect();
        lines.push(("not counted", not.join(", ")));
    }
    lines
}

/// `3 changes: 1 deny, 1 hold, 1 allow`.
pub(super) fn summary(summary: &Summary) -> String {
    let counts: Vec<String> = Standing::ALL
        .iter()
        .rev()
        .filter(|s| summary.count(**s) > 0)
        .map(|s| format!("{} {}", summary.count(*s), s.as_str()))
        .collect();
    let mut text = many(summary.reviews, "change");
    if !counts.is_empty() {
        text.push_str(&format!(": {}", counts.join(", ")));
    }
    text
}

/// What a reader must know to read the rest rightly, a sentence each.
pub(super) fn notes(evaluation: &Evaluation) -> Vec<String> {
    let mut notes = Vec::new();
    if evaluation.asserted() {
        notes.push(
            "asserted: facts were taken on trust because the input was trusted as a whole; good for trying out, \
             and no such plan can be executed"
                .to_owned(),
        );
    }
    if evaluation.simulated() {
        notes.push(format!(
            "simulated: the time {} was given and not read from the clock; no such plan can be executed",
            evaluation.now
        ));
    }
    if evaluation.entries.iter().any(|e| !e.decision.replayable) {
        notes.push("not replayable: a wall clock ended an evaluation, so a replay may differ".to_owned());
    }
    let left_out = &evaluation.left_out;
    if let Some((id, all)) = &left_out.narrowed {
        notes.push(format!(
            "only `{id}` is shown, of {}",
            many(u64::try_from(*all).unwrap_or(u64::MAX), "change")
        ));
    }
    if left_out.known > 0 {
        notes.push(format!(
            "{} known from the baseline left out; verdicts and the exit status count them still",
            many(u64::try_from(left_out.known).unwrap_or(u64::MAX), "finding")
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units() {
        let now: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |text: &str| relative(text.parse().unwrap(), now);
        assert_eq!(at("2026-11-24T16:05:09Z"), "in 3d 4h");
        assert_eq!(at("2026-11-24T12:05:09Z"), "in 3d");
        assert_eq!(at("2026-11-21T12:00:00Z"), "now");
        assert_eq!(at("2026-11-21T10:59:59Z"), "1h ago");
        assert_eq!(at("2026-11-21T12:01:30Z"), "in 1m 30s");
    }

    #[test]
    fn needs_are_told_as_they_nest() {
        let now = Time::UNIX_EPOCH;
        let role = |role: &str| Need::Approval(ApprovalNeed { role: role.to_owned(), count: 1 });
        let any = Need::Any(vec![role("b"), Need::Evidence("load-test".to_owned())]);
        assert_eq!(need(&Need::All(vec![role("a"), any]), now), "1 × a and (1 × b or evidence `load-test`)");
    }
}
