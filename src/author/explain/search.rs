//! Looks for single changes of facts that come to another verdict. Each is decided, none is guessed.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::edits::{self, Leaf, Size, Trial};
use super::schema::Shape;
use super::{Subject, Tracers, decides};
use crate::decide::Options;
use crate::decide::governance::Offered;
use crate::decide::stand::Stand;
use crate::engine::trace::Trace;
use crate::model::decision::{Decision, Missing, Verdict};
use crate::model::evidence::Approval;
use crate::model::finding::Effect;
use crate::model::input::same_person;
use crate::model::json::Json;
use crate::model::review::Review;
use crate::model::time::Age;

/// How many reviews are decided at most.
const MOST: u32 = 1_500;
/// How many times a place is halved until it is found where the verdict turns.
const HALVINGS: usize = 40;
/// How many rules of a change that is allowed are looked at.
const RULES: usize = 60;
/// How many people of a role are tried.
const PEOPLE: usize = 8;
/// How many changes are told.
const TOLD: usize = 12;

/// What came of looking for single changes that alter the verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// Those that do, the best first and among them the smallest.
    pub edits: Vec<Edit>,
    /// How many were found, where not all are told.
    pub found: u64,
    /// How many were decided.
    pub tried: u64,
    /// Whether all that were to be tried were; otherwise there may be more.
    pub complete: bool,
}

/// A single change of a fact, and the verdict that it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// What changes: a JSON Pointer into the review, or the role that somebody approves in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Json>,
    /// What would have to be there instead; any one of these. Nothing: it would have to go away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Json>,
    /// For an approval: in which role, and whose would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Consent>,
    /// The verdict that it comes to.
    pub verdict: Verdict,
    /// Whether that could not be judged.
    pub indeterminate: bool,
    /// What the rule that was asked about comes to, where that alters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The whole in a sentence.
    pub sentence: String,
    #[serde(skip)]
    order: (u8, Size, u64),
}

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// The role.
    pub role: String,
    /// Any one of these people.
    pub by: Vec<String>,
}

/// What a decision comes to, as far as a search looks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Result {
    verdict: Verdict,
    indeterminate: bool,
    /// How many open findings of each effect the rule has that was asked about.
    rule: Option<(usize, usize, usize)>,
}

struct Looking<'a, 'g> {
    subject: Subject<'a>,
    review: Value,
    /// The rule that was asked about.
    id: Option<&'a str>,
    now: Result,
    tried: u32,
    stopped: bool,
    go_on: &'g mut dyn FnMut() -> bool,
}

pub(super) fn search(
    subject: Subject<'_>,
    rule: Option<usize>,
    tracers: &mut Tracers<'_>,
    go_on: &mut dyn FnMut() -> bool,
) -> Search {
    let Subject { judge, review, decision, options, .. } = subject;
    let bundle = judge.bundle();
    let id = rule.and_then(|rule| bundle.rules.get(rule)).map(|rule| rule.id.as_str());
    let Ok(json) = serde_json::to_value(review) else { return Search::default() };
    let now = result(decision, id);
    let mut looking = Looking { subject, review: json, id, now, tried: 0, stopped: false, go_on };
    let mut found = Vec::new();
    let shape = Shape::new();
    looking.people(&mut found);
    looking.time(&mut found);
    // What nobody knows stands before any condition.
    let lacking = deciding(subject, rule).into_iter().flat_map(|index| {
        let rule = bundle.rules.get(index);
        match rule.map(|rule| judge.stand(rule, review, options)) {
            Some(Stand::Lacks(missing)) => missing,
            _ => Vec::new(),
        }
    });
    let mut lacking: Vec<_> = lacking.collect();
    lacking.sort();
    lacking.dedup();
    for leaf in edits::provided(review, &looking.review, &lacking, &shape) {
        looking.leaf(&leaf, &mut found);
    }
    let mut traces: Vec<Trace> = Vec::new();
    for index in deciding(subject, rule) {
        let asked = bundle.rules.get(index).map(|rule| judge.stand(rule, review, options));
        if asked == Some(Stand::Asked) && (looking.go_on)() {
            traces.extend(tracers.trace(index, review).and_then(std::result::Result::ok));
        }
    }
    for leaf in edits::leaves(&looking.review, &traces, &shape, options.now) {
        looking.leaf(&leaf, &mut found);
    }
    let found = joined(found);
    Search {
        found: u64::try_from(found.len()).unwrap_or(u64::MAX),
        edits: found.into_iter().take(TOLD).collect(),
        tried: u64::from(looking.tried),
        complete: !looking.stopped,
    }
}

/// The rules whose conditions decide: those that stand in the way, or all that could.
fn deciding(subject: Subject<'_>, rule: Option<usize>) -> Vec<usize> {
    if let Some(rule) = rule {
        return vec![rule];
    }
    let decision = subject.decision;
    let rules = subject.judge.bundle().rules.iter().enumerate();
    let mut found: Vec<usize> = rules
        .filter(|(_, rule)| {
            decision.verdict == Verdict::Allow
                || decision.findings.iter().any(|f| f.rule == rule.id && decides(decision, f))
        })
        .map(|(index, _)| index)
        .collect();
    found.truncate(RULES);
    found
}

fn result(decision: &Decision, id: Option<&str>) -> Result {
    let rule = id.map(|id| {
        let count = |effect: Effect| {
            let own = |f: &&crate::model::finding::Finding| f.rule == id && f.effect == effect;
            decision.findings.iter().filter(own).filter(|f| f.satisfied != Some(true)).count()
        };
        (count(Effect::Deny), count(Effect::Hold), count(Effect::Indeterminate))
    });
    Result { verdict: decision.verdict, indeterminate: decision.indeterminate, rule }
}

impl Looking<'_, '_> {
    /// Decides about an edited review; `None` where the search is at its end.
    fn decide(&mut self, review: &Review, options: &Options) -> Option<Result> {
        if self.stopped || self.tried >= MOST || !(self.go_on)() {
            self.stopped = true;
            return None;
        }
        self.tried = self.tried.saturating_add(1);
        let decision = self.subject.judge.decide_one(review, options, self.subject.first);
        Some(result(&decision, self.id))
    }

    /// Decides with something at a place; `None` where that alters nothing, or is no review.
    fn with(&mut self, path: &str, to: Option<&Value>) -> Option<Result> {
        let edited = edits::put(&self.review, path, to)?;
        let review = Review::deserialize(edited).ok()?;
        let options = self.subject.options;
        self.decide(&review, options).filter(|result| self.alters(result))
    }

    /// Whether it is another verdict, or the rule that was asked about comes to another.
    fn alters(&self, result: &Result) -> bool {
        let kinds = |rule: Option<(usize, usize, usize)>| rule.map(|(d, h, i)| (d > 0, h > 0, i > 0));
        (result.verdict, result.indeterminate) != (self.now.verdict, self.now.indeterminate)
            || kinds(result.rule) != kinds(self.now.rule)
    }

    fn leaf(&mut self, leaf: &Leaf, found: &mut Vec<Edit>) {
        let mut turned: Vec<Result> = Vec::new();
        // What it comes to that something is there at all.
        let mut there: Option<Result> = None;
        for trial in &leaf.trials {
            let Some(result) = self.with(&trial.path, trial.to.as_ref()) else { continue };
            match trial.to {
                Some(Value::Bool(true)) if leaf.now.is_none() => there = Some(result.clone()),
                Some(Value::Bool(_)) => {}
                _ if there.as_ref() == Some(&result) => continue,
                _ => {}
            }
            // That it goes away is told where no other value does.
            if trial.size == Size::Removed && turned.iter().any(|known| known.verdict == result.verdict) {
                continue;
            }
            if !leaf.ordered || trial.to.is_none() {
                turned.push(result.clone());
                found.push(self.edit(leaf, trial, &result));
                continue;
            }
            // Of what has an order, only where the verdict turns is told.
            if turned.contains(&result) {
                continue;
            }
            let (nearest, result) = self.close_in(leaf, trial, result);
            if !turned.contains(&result) {
                turned.push(result.clone());
                let trial = Trial { to: Some(nearest), ..trial.clone() };
                found.push(self.edit(leaf, &trial, &result));
            }
        }
    }

    /// The value nearest to what is there that still alters the verdict.
    fn close_in(&mut self, leaf: &Leaf, trial: &Trial, mut result: Result) -> (Value, Result) {
        let (Some(mut near), Some(mut far)) = (leaf.now.clone(), trial.to.clone()) else {
            return (trial.to.clone().unwrap_or_default(), result);
        };
        for _ in 0..HALVINGS {
            let Some(middle) = edits::between(&near, &far) else { break };
            match self.with(&trial.path, Some(&middle)) {
                Some(other) => (far, result) = (middle, other),
                None => near = middle,
            }
        }
        (far, result)
    }

    fn edit(&self, leaf: &Leaf, trial: &Trial, result: &Result) -> Edit {
        // Of an element that goes away, what is there is the element.
        let from = match trial.size {
            Size::Element => self.review.pointer(&trial.path).cloned(),
            _ => leaf.now.clone(),
        };
        let far = edits::distance(from.as_ref(), trial.to.as_ref());
        Edit {
            path: Some(if trial.size == Size::Element { trial.path.clone() } else { leaf.path.clone() }),
            from: from.map(|value| Json(crate::engine::trace::shortened(&value, 0))),
            to: trial.to.iter().map(|value| Json(crate::engine::trace::shortened(value, 0))).collect(),
            approval: None,
            verdict: result.verdict,
            indeterminate: result.indeterminate,
            rule: self.of_rule(result),
            sentence: String::new(),
            order: (rank(result), trial.size, far),
        }
    }

    fn of_rule(&self, result: &Result) -> Option<String> {
        let kinds = |(d, h, i): (usize, usize, usize)| (d > 0, h > 0, i > 0);
        let (Some(before), Some(after)) = (self.now.rule, result.rule) else { return None };
        if kinds(before) == kinds(after) {
            return None;
        }
        Some(
            match kinds(after) {
                (_, _, true) => "could not be judged",
                (true, _, _) => "denies",
                (_, true, _) => "holds",
                _ => "passes",
            }
            .to_owned(),
        )
    }

    /// One more approval.
    fn people(&mut self, found: &mut Vec<Edit>) {
        fn roles<'m>(missing: &'m [Missing], found: &mut Vec<(&'m str, &'m [String])>) {
            for one in missing {
                found.extend(one.approval.as_ref().map(|need| (need.role.as_str(), one.not_by.as_slice())));
                one.any.iter().for_each(|list| roles(list, found));
            }
        }
        let mut asked = Vec::new();
        roles(&self.subject.decision.missing, &mut asked);
        asked.sort_unstable();
        asked.dedup();
        let options = self.subject.options;
        for (role, not_by) in asked {
            let holds = |roles: &Vec<String>| roles.iter().any(|held| held == role);
            let may = |person: &&String| !not_by.iter().any(|other| same_person(other, person));
            let people = options.governance.roles.iter().filter(|(_, roles)| holds(roles));
            let people: Vec<String> =
                people.map(|(person, _)| person).filter(may).take(PEOPLE).cloned().collect();
            for person in people {
                let approval = Approval {
                    api_version: None,
                    kind: None,
                    by: crate::model::input::Person { id: person.clone() },
                    change: self.subject.review.change.digest.clone(),
                    plan: None,
                    at: options.now,
                    expires: Age(86_400).after(options.now),
                    comment: None,
                    signature: None,
                    source: None,
                };
                let mut options = options.clone();
                options.governance.approvals.push(Offered::new(approval, true, None));
                let Some(result) = self.decide(self.subject.review, &options) else { return };
                if !self.alters(&result) {
                    continue;
                }
                found.push(Edit {
                    path: None,
                    from: None,
                    to: Vec::new(),
                    approval: Some(Consent { role: role.to_owned(), by: vec![person] }),
                    verdict: result.verdict,
                    indeterminate: result.indeterminate,
                    rule: self.of_rule(&result),
                    sentence: String::new(),
                    order: (rank(&result), Size::Waits, 0),
                });
            }
        }
    }

    /// Time passes: until what is waited for.
    fn time(&mut self, found: &mut Vec<Edit>) {
        let Subject { decision, options, review, .. } = self.subject;
        let mut times: Vec<_> = decision.findings.iter().filter_map(|finding| finding.until).collect();
        times.extend(decision.earliest);
        times.retain(|time| *time > options.now);
        times.sort();
        times.dedup();
        for time in times.into_iter().take(8) {
            let mut later: Cow<'_, Review> = Cow::Borrowed(review);
            later.to_mut().context.now = time;
            let options = Options { now: time, ..options.clone() };
            let Some(result) = self.decide(&later, &options) else { return };
            if self.alters(&result) {
                let text = |time: crate::model::time::Time| Json(Value::String(time.to_string()));
                found.push(Edit {
                    path: Some("/context/now".to_owned()),
                    from: Some(text(self.subject.options.now)),
                    to: vec![text(time)],
                    approval: None,
                    verdict: result.verdict,
                    indeterminate: result.indeterminate,
                    rule: self.of_rule(&result),
                    sentence: String::new(),
                    order: (rank(&result), Size::Waits, 1),
                });
            }
        }
    }
}

/// Better verdicts first.
const fn rank(result: &Result) -> u8 {
    match (result.verdict, result.indeterminate) {
        (Verdict::Allow, _) => 0,
        (Verdict::Hold, _) => 1,
        (Verdict::Deny, false) => 2,
        (Verdict::Deny, true) => 3,
    }
}

/// Those that differ in the value alone told as one, in order, each with its sentence.
fn joined(mut found: Vec<Edit>) -> Vec<Edit> {
    found.sort_by(|a, b| (a.order, &a.path).cmp(&(b.order, &b.path)));
    let mut all: Vec<Edit> = Vec::new();
    for edit in found {
        let same = |other: &&mut Edit| {
            let place = (&other.path, other.verdict, other.indeterminate, &other.rule)
                == (&edit.path, edit.verdict, edit.indeterminate, &edit.rule);
            let role = |edit: &Edit| edit.approval.as_ref().map(|consent| consent.role.clone());
            place && other.to.is_empty() == edit.to.is_empty() && role(other) == role(&edit)
        };
        match all.iter_mut().find(same) {
            Some(known) => {
                known.to.extend(
                    edit.to.into_iter().filter(|value| !known.to.contains(value)).collect::<Vec<_>>(),
                );
                if let (Some(known), Some(more)) = (&mut known.approval, edit.approval) {
                    known.by.extend(more.by);
                }
            }
            None => all.push(edit),
        }
    }
    for edit in &mut all {
        edit.sentence = sentence(edit);
    }
    all
}

fn sentence(edit: &Edit) -> String {
    const SHOWN: usize = 4;
    let or = |words: Vec<String>| {
        let more = words.len().saturating_sub(SHOWN);
        let more = match more {
            0 => String::new(),
            1 => " or 1 other".to_owned(),
            more => format!(" or {more} others"),
        };
        format!("{}{more}", words.into_iter().take(SHOWN).collect::<Vec<_>>().join(" or "))
    };
    let shown = |value: &Json| format!("`{}`", crate::engine::trace::short(&plain(&value.0), 80));
    let verdict = match (edit.verdict, edit.indeterminate) {
        (_, true) => "indeterminate",
        (Verdict::Allow, _) => "allow",
        (Verdict::Hold, _) => "hold",
        (Verdict::Deny, _) => "deny",
    };
    let then = match &edit.rule {
        Some(rule) => format!("the rule {rule}; verdict {verdict}"),
        None => format!("verdict {verdict}"),
    };
    if let Some(consent) = &edit.approval {
        let by = or(consent.by.iter().map(|by| format!("`{by}`")).collect());
        return format!("if {by} approved as `{}`: {then}", consent.role);
    }
    let path = edit.path.as_deref().unwrap_or_default();
    if path == "/context/now" {
        let at = edit.to.first().map(shown).unwrap_or_default();
        return format!("at {at}, with nothing else changed: {then}");
    }
    let name = format!("`{}`", path.trim_start_matches('/').replace('/', "."));
    let of = |value: &Option<Json>| value.as_ref().map(shown);
    match (of(&edit.from), edit.to.is_empty()) {
        (Some(from), true) => format!("if {name} were not there ({from}): {then}"),
        (None, true) => format!("if {name} were not there: {then}"),
        (Some(from), false) => {
            format!("if {name} were {} and not {from}: {then}", or(edit.to.iter().map(shown).collect()))
        }
        (None, false) => {
            let first = edit.to.first().map(|value| &value.0);
            let to = match first {
                Some(Value::Array(items)) if items.is_empty() => "looked at and empty".to_owned(),
                Some(Value::Object(members)) if !members.contains_key("id") => {
                    "with nothing in it".to_owned()
                }
                Some(Value::String(_)) if path.ends_with("/digest") => "any digest".to_owned(),
                _ => or(edit.to.iter().map(shown).collect()),
            };
            format!("if {name} were there: {to}: {then}")
        }
    }
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
