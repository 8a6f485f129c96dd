//! Shows less than there is: only what is new, only one change. Never changes what was decided.

use std::collections::BTreeSet;

use super::{Evaluation, Report};
use crate::model::finding::{Effect, Finding};

/// What makes a finding the same finding in two reports.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    change: &'a str,
    rule: &'a str,
    effect: Effect,
    path: Option<&'a str>,
    message: &'a str,
}

/// Leaves out the findings that an older report has already.
///
/// Verdicts, outcome and exit status stay what they are: a known deny denies. A finding that was
/// set aside in the older report and no longer is counts as new.
pub fn baseline(evaluation: &mut Evaluation, old: &Report) {
    let mut known: BTreeSet<(Key<'_>, bool)> = BTreeSet::new();
    for decision in &old.decisions {
        for f in &decision.findings {
            let key = Key {
                change: &decision.change.id,
                rule: &f.rule,
                effect: f.effect,
                path: f.path.as_deref(),
                message: &f.message,
            };
            known.insert((key, f.waived.is_some() || f.overridden.is_some()));
        }
    }
    for f in &old.findings {
        known.insert((key("", f), set_aside(f)));
    }

    let mut hidden = 0_usize;
    for entry in &mut evaluation.entries {
        let change = entry.decision.change.id.clone();
        let keep: Vec<bool> = entry.decision.findings.iter().map(|f| !is_known(&known, &change, f)).collect();
        let dropped = keep.iter().filter(|k| !**k).count();
        if dropped == 0 {
            continue;
        }
        entry.known = entry.known.saturating_add(dropped);
        hidden = hidden.saturating_add(dropped);
        retain(&mut entry.decision.findings, &keep);
        retain(&mut entry.at, &keep);
        retain(&mut entry.policy_at, &keep);
    }
    let before = evaluation.findings.len();
    evaluation.findings.retain(|f| !is_known(&known, "", f));
    hidden = hidden.saturating_add(before.saturating_sub(evaluation.findings.len()));
    evaluation.left_out.known = evaluation.left_out.known.saturating_add(hidden);
}

fn key<'a>(change: &'a str, f: &'a Finding) -> Key<'a> {
    Key { change, rule: &f.rule, effect: f.effect, path: f.path.as_deref(), message: &f.message }
}

const fn set_aside(f: &Finding) -> bool {
    f.waived.is_some() || f.overridden.is_some()
}

fn is_known(known: &BTreeSet<(Key<'_>, bool)>, change: &str, f: &Finding) -> bool {
    known.contains(&(key(change, f), set_aside(f)))
        // What blocked then and is set aside now is no news that anybody must act on.
        || (set_aside(f) && known.contains(&(key(change, f), false)))
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().copied().unwrap_or(true));
}

/// Leaves out every change but one; `false`, and nothing left out, where there is no such change.
///
/// The summary and verdict of the report are then that change's. The outcome is left as it is:
/// whoever wants the exit status of one change decides it from that change.
pub fn narrow(evaluation: &mut Evaluation, id: &str) -> bool {
    let all = evaluation.entries.len();
    if !evaluation.entries.iter().any(|e| e.decision.change.id == id) {
        return false;
    }
    evaluation.entries.retain(|e| e.decision.change.id == id);
    evaluation.left_out.known = evaluation.entries.iter().map(|e| e.known).sum();
    evaluation.left_out.narrowed = Some((id.to_owned(), all));
    true
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_baseline_hides_what_is_known_and_changes_nothing_else() {
        let whole = fixture::evaluation();
        let mut shown = whole.clone();
        baseline(&mut shown, &Report::of(&whole));
        assert!(shown.entries.iter().all(|e| e.decision.findings.is_empty() && e.at.is_empty()));
        assert_eq!(shown.outcome, whole.outcome);
        let total: usize = whole.entries.iter().map(|e| e.decision.findings.len()).sum();
        assert_eq!(shown.left_out.known, total + whole.findings.len());
        for (a, b) in shown.entries.iter().zip(&whole.entries) {
            assert_eq!(a.decision.verdict, b.decision.verdict);
        }
        let (a, b) = (Report::of(&shown), Report::of(&whole));
        assert_eq!((a.verdict, a.summary, a.outcome), (b.verdict, b.summary, b.outcome));
        for format in super::super::FORMATS.iter().filter(|f| ["text", "markdown", "html"].contains(&f.name))
        {
            let text = format.render(&shown, &Default::default());
            assert!(text.contains("baseline"), "{} does not say that findings are hidden", format.name);
        }
    }

    #[test]
    fn a_changed_message_is_new_and_its_excerpt_stays_with_it() {
        let old = fixture::evaluation();
        let mut new = old.clone();
        let entry = &mut new.entries[1];
        entry.decision.findings[1].message.push('!');
        let excerpt = entry.at[1].clone();
        baseline(&mut new, &Report::of(&old));
        assert_eq!(new.entries[1].decision.findings.len(), 1);
        assert_eq!(new.entries[1].at, [excerpt]);
    }

    #[test]
    fn a_waiver_that_went_away_is_new() {
        let old = fixture::evaluation();
        let mut new = old.clone();
        let entry = new.entries.iter_mut().find(|e| e.decision.findings.iter().any(|f| f.waived.is_some()));
        let finding = entry.unwrap().decision.findings.iter_mut().find(|f| f.waived.is_some()).unwrap();
        finding.waived = None;
        let message = finding.message.clone();
        baseline(&mut new, &Report::of(&old));
        let shown: Vec<_> = new.entries.iter().flat_map(|e| &e.decision.findings).collect();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].message, message);
    }

    #[test]
    fn narrowing_keeps_one_change_and_the_outcome() {
        let mut evaluation = fixture::evaluation();
        let outcome = evaluation.outcome;
        assert!(!narrow(&mut evaluation, "nothing"));
        assert!(evaluation.entries.len() > 1);
        assert!(narrow(&mut evaluation, "notes-allowed"));
        assert_eq!(evaluation.entries.len(), 1);
        assert_eq!(evaluation.outcome, outcome);
    }
}
