//! Why a change was decided as it was: what every rule made of it, condition by condition, who and
//! when for a hold, and which single change of a fact would come to another verdict.
//!
//! A review, what judged it and what was decided in, an [`Explanation`] out. INVARIANT: what is said
//! to alter the verdict was decided, by the same judge and with the same records of people.

mod edits;
mod hold;
mod schema;
mod search;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub use hold::{Hold, People};
pub use search::{Edit, Search};

use crate::decide::evaluate::Dependency;
use crate::decide::stand::{Stand, seen};
use crate::decide::{Judge, Options};
use crate::engine::trace::{Clause, Trace, Tracer};
use crate::engine::{ENGINES, Limits};
use crate::model::decision::{ChangeSummary, Decision, Verdict};
use crate::model::finding::{Effect, Finding, Location};
use crate::model::id::API_VERSION;
use crate::model::review::{Review, Unknown};
use crate::model::time::Time;
use crate::policy::{Language, Rule};

/// A decision, explained.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Explanation`.
    pub kind: String,
    /// The change.
    pub change: ChangeSummary,
    /// May it go out?
    pub verdict: Verdict,
    /// Whether something could not be judged and nothing was found that denies it anyway.
    pub indeterminate: bool,
    /// The time of the decision.
    pub now: Time,
    /// What made the verdict, in one sentence.
    pub because: String,
    /// What is to be known about how it was explained: policies that differ, records without places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was said, what stands in the way first.
    pub findings: Vec<Said>,
    /// For a hold: who and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What each rule made of the change; where one was asked for, that one alone.
    pub rules: Vec<Account>,
    /// Which single change of a fact would alter the verdict.
    pub search: Search,
}

/// A finding, with its places.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The finding.
    pub finding: Finding,
    /// Whether it makes the verdict what it is.
    pub decides: bool,
    /// The line of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Place>,
    /// The line of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Place>,
}

/// A place in a file, with its line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// The line; of a long one what is near.
    pub text: String,
    /// Column of what is meant in `text`.
    pub within: u32,
    /// How many characters are meant.
    pub width: u32,
}

/// What a rule made of a change.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub rule: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it stands.
    pub location: Location,
    /// What became of it.
    pub outcome: Outcome,
    /// The same in words.
    pub words: String,
    /// Facts that it requires and nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unknown>,
    /// What became of its conditions, where the rule was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Where in the input that stands which its conditions read, by JSON Pointer into the review.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Place>,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It said something.
    Said,
    /// It could not be judged.
    Indeterminate,
    /// It was asked and found nothing.
    Passed,
    /// Enforcement has it switched off.
    Off,
    /// It does not speak about such a change.
    Elsewhere,
}

impl Outcome {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Indeterminate => "indeterminate",
            Self::Passed => "passed",
            Self::Off => "off",
            Self::Elsewhere => "does not apply",
        }
    }
}

/// What is to be explained, and by whom it was decided.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What judged.
    pub judge: &'a Judge,
    /// What it was told.
    pub options: &'a Options,
    /// What was judged.
    pub review: &'a Review,
    /// What was decided about the changes that go first.
    pub first: &'a [Dependency],
    /// What was decided.
    pub decision: &'a Decision,
}

/// Explains a decision; with `rule`, by its index in the bundle, how that rule came to what it said.
/// `go_on` is asked before each trial whether there is time for more.
pub fn explain(subject: Subject<'_>, rule: Option<usize>, go_on: &mut dyn FnMut() -> bool) -> Explanation {
    let Subject { judge, decision, options, review, .. } = subject;
    let bundle = judge.bundle();
    let mut said: Vec<Said> = decision
        .findings
        .iter()
        .map(|finding| Said {
            finding: finding.clone(),
            decides: decides(decision, finding),
            policy: None,
            input: None,
        })
        .collect();
    let mut tracers = Tracers::new(judge);
    let asked = |index: &usize| rule.is_none_or(|rule| rule == *index);
    let mut accounts: Vec<Account> = bundle
        .rules
        .iter()
        .enumerate()
        .filter(|(index, _)| asked(index))
        .map(|(_, rule)| account(subject, rule))
        .collect();
    let mut notes = Vec::new();
    if let Some(index) = rule {
        let id = bundle.rules.get(index).map(|rule| rule.id.as_str()).unwrap_or_default();
        said.retain(|said| said.finding.rule == id);
        if let Some(account) = accounts.first_mut() {
            match tracers.trace(index, review) {
                Some(Ok(trace)) => account.trace = Some(trace),
                Some(Err(why)) => notes.push(why),
                None => {}
            }
        }
    }
    said.sort_by_key(|said| !said.decides);
    accounts.sort_by_key(|account| account.outcome);
    let found = search::search(subject, rule, &mut tracers, go_on);
    Explanation {
        api_version: API_VERSION.to_owned(),
        kind: "Explanation".to_owned(),
        change: decision.change.clone(),
        verdict: decision.verdict,
        indeterminate: decision.indeterminate,
        now: options.now,
        because: because(decision),
        notes,
        findings: said,
        hold: (decision.verdict == Verdict::Hold).then(|| Hold::of(decision, options)),
        rules: accounts,
        search: found,
    }
}

/// Whether a finding makes the verdict what it is.
pub fn decides(decision: &Decision, finding: &Finding) -> bool {
    let open = finding.waived.is_none() && finding.overridden.is_none() && finding.satisfied != Some(true);
    open && match decision.verdict {
        Verdict::Deny => matches!(finding.effect, Effect::Deny | Effect::Indeterminate),
        Verdict::Hold => finding.effect == Effect::Hold,
        Verdict::Allow => false,
    }
}

fn because(decision: &Decision) -> String {
    let mut deciding: Vec<&str> = decision
        .findings
        .iter()
        .filter(|finding| decides(decision, finding))
        .map(|finding| finding.rule.as_str())
        .collect();
    let count = deciding.len();
    deciding.dedup();
    let names = |list: &[&str]| {
        let shown: Vec<String> = list.iter().take(5).map(|name| format!("`{name}`")).collect();
        let more = if list.len() > 5 {
            format!(" and {} more", list.len().saturating_sub(5))
        } else {
            String::new()
        };
        format!("{}{more}", shown.join(", "))
    };
    let findings = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
    let verb = |one: &'static str, many: &'static str| if count == 1 { one } else { many };
    match (decision.verdict, decision.indeterminate) {
        (_, true) => {
            format!("{findings} of {} could not be judged, and nothing else denies it", names(&deciding))
        }
        (Verdict::Deny, _) => {
            format!("{findings} of {} {} in the way", names(&deciding), verb("stands", "stand"))
        }
        (Verdict::Hold, _) => {
            format!(
                "{findings} of {} {} it waiting, and none denies it",
                names(&deciding),
                verb("keeps", "keep")
            )
        }
        (Verdict::Allow, _) => {
            let aside = decision.findings.iter().filter(|finding| {
                finding.waived.is_some() || finding.overridden.is_some() || finding.satisfied == Some(true)
            });
            match aside.count() {
                0 => "no rule denies it or keeps it waiting".to_owned(),
                n => format!("nothing stands in its way any more; what people or time settled: {n}"),
            }
        }
    }
}

fn account(subject: Subject<'_>, rule: &Rule) -> Account {
    let Subject { judge, options, review, decision, .. } = subject;
    let own: Vec<&Finding> = decision.findings.iter().filter(|finding| finding.rule == rule.id).collect();
    let mut unknown = Vec::new();
    let (outcome, words) = match judge.stand(rule, review, options) {
        Stand::Off => (Outcome::Off, "switched off by `enforcement`".to_owned()),
        Stand::Elsewhere(why) => (Outcome::Elsewhere, why),
        Stand::Unclear(why) => (Outcome::Indeterminate, format!("whether it applies cannot be told: {why}")),
        Stand::Lacks(missing) => {
            let facts = missing.iter().map(|unknown| {
                format!("`{}` of `{}` ({})", unknown.fact, unknown.subject, unknown.reason.words())
            });
            let mut facts: Vec<String> = facts.collect();
            facts.dedup();
            let more = facts.len().saturating_sub(3);
            facts.truncate(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            unknown = missing;
            (Outcome::Indeterminate, format!("not asked: it requires {}{more}", facts.join(", ")))
        }
        Stand::Asked => {
            let indeterminate = own.iter().any(|finding| finding.effect == Effect::Indeterminate);
            let asks = decision.obligations.iter().filter(|one| one.rules.contains(&rule.id)).count();
            let acts = decision.actions.iter().filter(|one| one.rule == rule.id).count();
            match own.first() {
                Some(first) => {
                    let more = own.len().saturating_sub(1);
                    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
                    let outcome = if indeterminate { Outcome::Indeterminate } else { Outcome::Said };
                    (outcome, format!("{}: {}{more}", first.effect.as_str(), first.message))
                }
                None if asks > 0 => (Outcome::Said, format!("obliges: {asks}")),
                None if acts > 0 => (Outcome::Said, format!("adds steps to the plan: {acts}")),
                None => (Outcome::Passed, "found nothing".to_owned()),
            }
        }
    };
    let file = judge.bundle().files.get(rule.file).map_or("", |file| file.source.name.as_str());
    Account {
        rule: rule.id.clone(),
        title: rule.metadata.title.clone(),
        location: Location { file: file.to_owned(), line: rule.line, column: None },
        outcome,
        words,
        unknown,
        trace: None,
        inputs: BTreeMap::new(),
    }
}

/// The tracers of each language, made when they are first needed.
struct Tracers<'a> {
    judge: &'a Judge,
    made: Vec<(Language, Option<Box<dyn Tracer + 'a>>)>,
}

impl<'a> Tracers<'a> {
    const fn new(judge: &'a Judge) -> Self {
        Self { judge, made: Vec::new() }
    }

    /// Traces a rule over what it sees of a review; `None` where there is no such rule.
    fn trace(&mut self, index: usize, review: &Review) -> Option<Result<Trace, String>> {
        let bundle = self.judge.bundle();
        let rule = bundle.rules.get(index)?;
        if !self.made.iter().any(|(language, _)| *language == rule.language) {
            let engine = ENGINES.iter().find(|engine| engine.language() == rule.language)?;
            self.made.push((rule.language, engine.tracer(bundle, Limits::default()).ok()));
        }
        let (_, tracer) = self.made.iter().find(|(language, _)| *language == rule.language)?;
        let tracer = tracer.as_ref()?;
        let seen = seen(rule, review);
        let traced = tracer.trace(index, seen.as_ref().unwrap_or(review), rule.metadata.view);
        Some(traced.map_err(|failure| format!("`{}` cannot be traced: {}", rule.id, failure.message)))
    }
}

/// Every JSON Pointer into the review that a trace names.
pub fn paths(trace: &Trace) -> Vec<String> {
    let mut found: Vec<String> =
        trace.readings().into_iter().flat_map(|reading| reading.paths.iter().cloned()).collect();
    found.sort();
    found.dedup();
    found
}

/// What stands for a clause in one line: whether it gave something, or what it wanted.
pub fn gist(clause: &Clause) -> String {
    match (clause.held, clause.demands) {
        (0, false) => "gave nothing".to_owned(),
        (0, true) => "is met".to_owned(),
        (1, _) => "gave 1 finding".to_owned(),
        (n, _) => format!("gave {n} findings"),
    }
}
