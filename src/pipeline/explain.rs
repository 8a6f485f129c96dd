//! Explains what was evaluated, or what a record says was decided, with the places of what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evaluation::Evaluated;
use super::excerpt::{self, Excerpts};
use super::record::{self, Record};
use crate::author::explain::{self, Explanation, Place, Subject};
use crate::decide::{Judge, Options};
use crate::diag::{Diagnostic, Source, codes};
use crate::engine::Limits;
use crate::model::decision::{Decision, Verdict};
use crate::policy::{self, Bundle, LoadOptions};
use crate::report::{Entry, Excerpt};

/// How many places of the input are looked up for one trace.
const PLACES: usize = 400;
/// How many policies that differ are named.
const NAMED: usize = 10;

/// Explains one of the changes that were evaluated, by its place among them; with `rule`, by its index
/// in the bundle, that rule alone. `go_on` is asked whether there is time for another trial.
///
/// # Errors
/// The change has no review.
pub fn explain(
    evaluated: &Evaluated,
    entries: &[Entry],
    at: usize,
    rule: Option<usize>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Explanation, Vec<Diagnostic>> {
    let assembly = evaluated.assembly();
    let missing = || vec![Diagnostic::error(codes::USAGE, "the change has no review")];
    let (entry, review) = entries.get(at).zip(assembly.review(at)).ok_or_else(missing)?;
    let verdicts: BTreeMap<&str, Verdict> =
        entries.iter().map(|entry| (entry.decision.change.id.as_str(), entry.decision.verdict)).collect();
    let first: Vec<_> = review
        .change
        .depends_on
        .iter()
        .map(|id| (id.clone(), verdicts.get(id.as_str()).copied().unwrap_or(Verdict::Hold)))
        .collect();
    let (judge, options, decision) = (&evaluated.judge, &evaluated.options, &entry.decision);
    let subject = Subject { judge, options, review: &review, first: &first, decision };
    let mut explanation = explain::explain(subject, rule, go_on);
    for said in &mut explanation.findings {
        let same = decision.findings.iter().position(|finding| *finding == said.finding);
        let place = |all: &[Option<Excerpt>]| all.get(same?)?.as_ref().map(placed);
        (said.policy, said.input) = (place(&entry.policy_at), place(&entry.at));
    }
    let mut excerpts = Excerpts::new(&evaluated.merged);
    for account in &mut explanation.rules {
        let paths = account.trace.as_ref().map(explain::paths).unwrap_or_default();
        for path in paths.into_iter().take(PLACES) {
            if let Some(excerpt) = excerpts.input(&review, &path) {
                account.inputs.insert(path, placed(&excerpt));
            }
        }
    }
    if !entry.refused.is_empty() {
        explanation.notes.push(format!("its plan is refused: {}", entry.refused.join("; ")));
    }
    Ok(explanation)
}

fn placed(excerpt: &Excerpt) -> Place {
    Place {
        file: excerpt.file.clone(),
        line: excerpt.line,
        column: excerpt.column,
        text: excerpt.lines.first().map(|(_, text)| text.clone()).unwrap_or_default(),
        within: excerpt.within,
        width: excerpt.width,
    }
}

/// A record of a decision, opened, with what judged it and what it was told.
#[derive(Debug)]
pub struct Recorded {
    record: Record,
    judge: Judge,
    options: Options,
    decision: Decision,
    notes: Vec<String>,
}

impl Recorded {
    /// Opens a record; with a bundle, what that decides about its review takes the place of what was
    /// decided, and where the policies differ is said.
    ///
    /// # Errors
    /// It is not a record, it does not agree with itself, or its policies do not load.
    pub fn open(source: &Arc<Source>, bundle: Option<Bundle>) -> Result<Self, Vec<Diagnostic>> {
        let (record, signed, _) = record::open(source, None).map_err(|problem| vec![problem])?;
        let replayed = record::replay(source, None)?;
        let judged_by = &record.decision.digests.engine;
        let mut notes = Vec::new();
        let files = record.policies.clone().into_iter().collect();
        let options = LoadOptions { tests: false, rego_v0: record.rego_v0 };
        let own = policy::load(files, record.data.0.clone(), options)?;
        let (differences, given) = match bundle {
            Some(bundle) => (differing(&own, &bundle), Some(bundle)),
            None => (Vec::new(), None),
        };
        let same = given
            .as_ref()
            .is_none_or(|given| given.digest == own.digest && given.data_digest == own.data_digest);
        let judge = Judge::new(given.unwrap_or(own), Limits::default())?;
        if let Some((at, recorded, again)) = replayed.differences.first()
            && record.decision.replayable
        {
            if *judged_by == judge.version() {
                let message = format!(
                    "`{}` does not agree with itself: it says `{}` at `{at}`, and comes to `{}`",
                    source.name,
                    crate::engine::trace::short(recorded, 60),
                    crate::engine::trace::short(again, 60)
                );
                return Err(vec![
                    Diagnostic::error(codes::RECORD_ALTERED, message)
                        .hint("`weighlock replay` shows every difference"),
                ]);
            }
            notes.push(format!("it was decided by {judged_by}, and is explained by {}", judge.version()));
        }
        notes.push(match signed {
            true => "the signature of the record was not checked: `weighlock replay --key` does".to_owned(),
            false => {
                "the record is not signed: it agrees with itself, and says nothing of who wrote it".to_owned()
            }
        });
        notes.push("a record has the review and not the files it came from: places in the input are those in the review".to_owned());
        notes.extend(differences);
        let options = Options {
            now: record.review.context.now,
            asserted: record.decision.asserted,
            simulated: record.decision.simulated,
            enforcement: record.enforcement.clone(),
            governance: record.governance.clone(),
            thresholds: record.thresholds.clone(),
        };
        let first: Vec<_> = record.first.iter().map(|first| (first.change.clone(), first.verdict)).collect();
        let again = judge.decide_one(&record.review, &options, &first);
        if !same {
            let (then, now) = (record.decision.verdict.as_str(), again.verdict.as_str());
            notes.push(match then == now {
                true => format!("the policies given come to the same verdict: {now}"),
                false => format!("the policies that decided came to {then}; those given come to {now}"),
            });
        }
        Ok(Self { record, judge, options, decision: again, notes })
    }

    /// What explains it.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Id of the change.
    pub fn change(&self) -> &str {
        &self.record.review.change.id
    }

    /// Explains it; with `rule`, by its index in the bundle, that rule alone.
    pub fn explain(&self, rule: Option<usize>, go_on: &mut dyn FnMut() -> bool) -> Explanation {
        let first: Vec<_> =
            self.record.first.iter().map(|first| (first.change.clone(), first.verdict)).collect();
        let subject = Subject {
            judge: &self.judge,
            options: &self.options,
            review: &self.record.review,
            first: &first,
            decision: &self.decision,
        };
        let mut explanation = explain::explain(subject, rule, go_on);
        for said in &mut explanation.findings {
            let location = said.finding.location.as_ref();
            let found = location.and_then(|location| excerpt::policy(self.judge.bundle(), location));
            said.policy = found.as_ref().map(placed);
        }
        let mut notes = self.notes.clone();
        notes.append(&mut explanation.notes);
        explanation.notes = notes;
        explanation
    }
}

/// Where the policies given differ from those that decided. Files are held against one another by
/// their texts: what they are called depends on where somebody stood.
fn differing(own: &Bundle, given: &Bundle) -> Vec<String> {
    let mut notes = Vec::new();
    let texts = |bundle: &Bundle| -> BTreeMap<String, String> {
        bundle.files.iter().map(|file| (file.source.text.clone(), file.source.name.clone())).collect()
    };
    let (before, after) = (texts(own), texts(given));
    let gone: BTreeSet<&String> =
        before.iter().filter(|(text, _)| !after.contains_key(*text)).map(|(_, name)| name).collect();
    let new: BTreeSet<&String> =
        after.iter().filter(|(text, _)| !before.contains_key(*text)).map(|(_, name)| name).collect();
    let listed = |names: &BTreeSet<&String>| {
        let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = names.len().saturating_sub(NAMED);
        if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
    };
    if !gone.is_empty() {
        notes.push(format!("policies that decided and are not among those given: {}", listed(&gone)));
    }
    if !new.is_empty() {
        notes.push(format!("policies given that did not decide: {}", listed(&new)));
    }
    if own.data_digest != given.data_digest {
        notes.push(
            "the settings and data given are not those that the policies had when they decided".to_owned(),
        );
    }
    if notes.is_empty() {
        notes.push("the policies given are those that decided".to_owned());
    }
    notes
}
