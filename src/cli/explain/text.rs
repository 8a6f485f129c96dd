//! An explanation as text for people at a terminal.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::author::explain::{self, Account, Explanation, Hold, Outcome, Place};
use crate::cli::output::Terminal;
use crate::diag::clean::line as clean;
use crate::engine::trace::{Clause, Condition, Reading, short};
use crate::model::decision::Verdict;
use crate::model::finding::Location;
use crate::model::id::API_VERSION;
use crate::report::Entry;
use crate::report::clean::{is_command, width};

/// Characters of a value that are shown.
const VALUE: usize = 110;
/// Those that are shown though there is no room for them.
const LEAST: usize = 40;
/// Values of a condition that held.
const HELD: usize = 3;
/// How deep definitions are shown within one another.
const DEEP: usize = 3;
/// How many of them are shown in all.
const WITHIN: usize = 60;
/// How much deeper what follows the first line of something is indented.
const HANG: usize = 4;

const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";
const BOLD: &str = "1";

/// What has been written. INVARIANT: foreign text gets in by `put` alone, which is given it cleaned.
struct Page {
    out: String,
    color: bool,
    width: usize,
    /// The definitions that were gone into, as they were shown: none is shown twice.
    shown: BTreeSet<String>,
    /// How many more may be.
    room: usize,
}

impl Page {
    const fn new(terminal: &Terminal) -> Self {
        let (color, width) = (terminal.color, terminal.width);
        Self { out: String::new(), color, width, shown: BTreeSet::new(), room: WITHIN }
    }

    fn put(&mut self, ink: &str, text: &str) {
        if self.color && !ink.is_empty() && !text.is_empty() {
            self.out.push_str(&format!("\x1b[{ink}m{text}\x1b[0m"));
        } else {
            self.out.push_str(text);
        }
    }

    fn end(&mut self) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        self.out.push('\n');
    }

    /// A line as it stands, however long: of a file.
    fn exact(&mut self, indent: usize, pieces: &[(&str, &str)]) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        pieces.iter().for_each(|(ink, text)| self.put(ink, &clean(text)));
        self.end();
    }

    /// A line, wrapped; what follows its first is indented deeper.
    fn line(&mut self, indent: usize, pieces: &[(&str, &str)]) {
        let deeper = indent.saturating_add(HANG);
        let limit = self.width.max(deeper.saturating_add(30));
        self.out.extend(std::iter::repeat_n(' ', indent));
        let (mut at, mut fresh) = (indent, true);
        for (ink, text) in pieces {
            let text = clean(text);
            let mut run = String::new();
            for word in text.split_inclusive(' ') {
                let wide = width(word.trim_end_matches(' '));
                if !fresh && at.saturating_add(wide) > limit {
                    self.put(ink, run.trim_end_matches(' '));
                    run.clear();
                    self.end();
                    self.out.extend(std::iter::repeat_n(' ', deeper));
                    (at, fresh) = (deeper, true);
                    // A build server takes nothing that was within a line for a command.
                    if is_command(word) {
                        run.push('\\');
                    }
                }
                // Blanks between what is said and what follows are not carried over.
                if wide > 0 || !fresh || at < deeper {
                    run.push_str(word);
                    at = at.saturating_add(width(word));
                }
                fresh &= wide == 0;
            }
            self.put(ink, &run);
        }
        self.end();
    }

    fn head(&mut self, title: &str) {
        self.out.push('\n');
        self.line(0, &[(BOLD, title)]);
    }
}

const fn ink(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => GREEN,
        Verdict::Hold => YELLOW,
        Verdict::Deny => RED,
    }
}

const fn word(verdict: Verdict, indeterminate: bool) -> &'static str {
    if indeterminate { "indeterminate" } else { verdict.as_str() }
}

/// A change in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed<'a> {
    id: &'a str,
    verdict: Verdict,
    indeterminate: bool,
}

/// The changes that may be explained.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing<'a> {
    api_version: &'static str,
    kind: &'static str,
    changes: Vec<Listed<'a>>,
}

pub(super) fn listing(entries: &[Entry]) -> Listing<'_> {
    let changes = entries
        .iter()
        .map(|entry| Listed {
            id: &entry.decision.change.id,
            verdict: entry.decision.verdict,
            indeterminate: entry.decision.indeterminate,
        })
        .collect();
    Listing { api_version: API_VERSION, kind: "Changes", changes }
}

/// The changes that may be explained, with their verdicts.
pub(super) fn list(entries: &[Entry], terminal: &Terminal) -> String {
    let mut page = Page::new(terminal);
    let count = entries.len();
    page.line(0, &[("", &format!("{count} changes; choose one with `--change ID`:"))]);
    for entry in entries {
        let decision = &entry.decision;
        let said = word(decision.verdict, decision.indeterminate);
        page.line(2, &[(ink(decision.verdict), &format!("{said:<13} ")), ("", &decision.change.id)]);
    }
    page.out
}

/// An explanation.
pub(super) fn page(explanation: &Explanation, terminal: &Terminal) -> String {
    let mut page = Page::new(terminal);
    let verdict = explanation.verdict;
    let said = word(verdict, explanation.indeterminate).to_uppercase();
    let about = &explanation.change;
    let mut subject = about.kind.as_str().replace('_', " ");
    if let Some(of) = about.application.as_ref().or(about.asset.as_ref()) {
        subject.push_str(&format!(" of {of}"));
    }
    if let Some(environment) = &about.environment {
        subject.push_str(&format!(" → {environment}"));
    }
    page.line(0, &[(ink(verdict), &said), ("", "  "), (BOLD, &about.id), ("", "  "), ("", &subject)]);
    page.line(2, &[("", &explanation.because), (DIM, &format!(", as of {}", explanation.now))]);
    for note in &explanation.notes {
        page.line(2, &[(DIM, &format!("note: {note}"))]);
    }
    findings(&mut page, explanation);
    if let Some(hold) = &explanation.hold {
        people(&mut page, hold);
    }
    match explanation.rules.as_slice() {
        [one] => rule(&mut page, one),
        all => rules(&mut page, all),
    }
    search(&mut page, explanation);
    page.out
}

fn findings(page: &mut Page, explanation: &Explanation) {
    if explanation.findings.is_empty() {
        return;
    }
    page.head("What was said");
    for said in &explanation.findings {
        let finding = &said.finding;
        let ink = if !said.decides { DIM } else { ink(explanation.verdict) };
        let state = match (&finding.waived, &finding.overridden, finding.satisfied, finding.enforced_from) {
            (Some(by), ..) => format!(" (waived by {} until {})", by.by, by.expires),
            (_, Some(by), ..) => format!(" (overridden by {} until {})", by.by, by.expires),
            (_, _, Some(true), _) => " (satisfied)".to_owned(),
            (_, _, _, Some(effect)) => {
                format!(" (would be {}, but `enforcement` only warns)", effect.as_str())
            }
            _ => String::new(),
        };
        page.line(
            2,
            &[
                (ink, finding.effect.as_str()),
                ("", "  "),
                (BOLD, &finding.rule),
                ("", "  "),
                ("", &finding.message),
                ("", &state),
            ],
        );
        match (&said.policy, &finding.location) {
            (Some(place), _) => source(page, 4, "policy", place),
            (None, Some(location)) => page.line(4, &[(DIM, "policy "), ("", &at(location))]),
            (None, None) => {}
        }
        match (&said.input, &finding.path) {
            (Some(place), _) => source(page, 4, "input", place),
            (None, Some(path)) => page.line(4, &[(DIM, "in the review "), ("", path)]),
            (None, None) => {}
        }
        if let Some(remediation) = &finding.remediation {
            page.line(4, &[(DIM, "fix: "), ("", remediation.trim())]);
        }
    }
}

fn at(location: &Location) -> String {
    match location.column {
        Some(column) => format!("{}:{}:{column}", location.file, location.line),
        None => format!("{}:{}", location.file, location.line),
    }
}

fn source(page: &mut Page, indent: usize, what: &str, place: &Place) {
    let Place { file, line, column, text, within, width } = place;
    page.line(indent, &[(DIM, what), ("", &format!(" {file}:{line}:{column}"))]);
    let number = line.to_string();
    // What has no width of its own, such as a tab, is one column wide.
    let shown = text.replace('\t', " ");
    page.exact(indent, &[(DIM, &format!("  {number} | ")), ("", &shown)]);
    let left = usize::try_from(within.saturating_sub(1)).unwrap_or_default();
    let room = shown.chars().count().saturating_sub(left).max(1);
    let carets = usize::try_from(*width).unwrap_or(1).clamp(1, room);
    let margin = " ".repeat(number.len());
    page.exact(
        indent,
        &[(DIM, &format!("  {margin} | ")), ("", &" ".repeat(left)), (YELLOW, &"^".repeat(carets))],
    );
}

fn people(page: &mut Page, hold: &Hold) {
    page.head("Who and when");
    let listed = |people: &[String]| {
        let shown = people.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
        let more = people.len().saturating_sub(10);
        if more > 0 { format!("{shown} and {more} more") } else { shown }
    };
    if hold.alternatives {
        page.line(2, &[("", "one of these suffices:")]);
    }
    for people in &hold.people {
        let may = match people.may.is_empty() {
            true => "nobody in the directory of roles who may still give it".to_owned(),
            false => format!("may give it: {}", listed(&people.may)),
        };
        page.line(2, &[("", &format!("needs {} × {}; {may}", people.count, people.role))]);
        if !people.may_not.is_empty() {
            page.line(
                4,
                &[("", &format!("may not: {} (theirs, or counted already)", listed(&people.may_not)))],
            );
        }
    }
    for fact in &hold.evidence {
        page.line(2, &[("", &format!("needs the fact `{fact}`"))]);
    }
    for time in &hold.times {
        page.line(2, &[("", &format!("waits until {time}"))]);
    }
    if let Some(earliest) = hold.earliest {
        page.line(2, &[("", &format!("ends by itself at {earliest}"))]);
    }
    for given in &hold.given {
        page.line(2, &[("", &format!("given: {} as {}", given.by, given.role))]);
    }
    for rejected in &hold.rejected {
        page.line(2, &[("", &format!("does not count: {}: {}", rejected.record, rejected.reason))]);
    }
}

fn rules(page: &mut Page, all: &[Account]) {
    let apply = all.iter().filter(|account| account.outcome != Outcome::Elsewhere).count();
    page.head(&format!("Rules ({apply} of {} apply)", all.len()));
    let mut elsewhere: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for account in all {
        if account.outcome == Outcome::Elsewhere {
            elsewhere.entry(&account.words).or_default().push(&account.rule);
            continue;
        }
        let ink = match account.outcome {
            Outcome::Said => YELLOW,
            Outcome::Indeterminate => RED,
            Outcome::Passed => GREEN,
            Outcome::Off | Outcome::Elsewhere => DIM,
        };
        let outcome = format!("{:<13} ", account.outcome.as_str());
        let words = match account.outcome {
            Outcome::Passed => account.title.clone().unwrap_or_default(),
            _ => account.words.clone(),
        };
        page.line(2, &[(ink, &outcome), (BOLD, &account.rule), ("", "  "), ("", &words)]);
    }
    for (why, rules) in elsewhere {
        page.line(2, &[(DIM, "does not apply"), ("", &format!(": {why}"))]);
        page.line(4, &[(DIM, &rules.join(", "))]);
    }
}

fn rule(page: &mut Page, account: &Account) {
    page.head(&format!("Rule {}", account.rule));
    if let Some(title) = &account.title {
        page.line(2, &[("", title)]);
    }
    page.line(2, &[("", &format!("{}: {}", account.outcome.as_str(), account.words))]);
    page.line(2, &[(DIM, &at(&account.location))]);
    let Some(trace) = &account.trace else { return };
    if matches!(account.outcome, Outcome::Elsewhere | Outcome::Off) {
        page.line(2, &[(DIM, "it was not asked; asked, it would have come to this:")]);
    }
    for each in &trace.clauses {
        clause(page, 2, 0, each, account);
    }
    if let Some(why) = &trace.stopped {
        page.line(2, &[(RED, &format!("stopped: {why}"))]);
    }
}

fn clause(page: &mut Page, indent: usize, depth: usize, clause: &Clause, account: &Account) {
    let gist = explain::gist(clause);
    let wants = if clause.demands { " (passes if all of this holds)" } else { "" };
    let what = if depth == 0 { format!("  {gist}") } else { String::new() };
    page.line(
        indent,
        &[
            (BOLD, &short(&clause.head, 120)),
            (YELLOW, &what),
            (DIM, wants),
            (DIM, &format!("  {}", at(&clause.location))),
        ],
    );
    let miss = clause.miss();
    // Where it gave something, what held says why; where not, what did not.
    let gave = clause.held > 0 && !clause.demands;
    for (number, body) in clause.bodies.iter().enumerate() {
        if number > 0 {
            page.line(indent, &[(DIM, "else")]);
        }
        for one in &body.conditions {
            let is_miss = miss.is_some_and(|miss| std::ptr::eq(miss, one));
            let shown = Shown { depth, gave, miss: is_miss };
            condition(page, indent.saturating_add(2), one, shown, account);
        }
    }
}

/// How a condition is shown.
#[derive(Clone, Copy)]
struct Shown {
    depth: usize,
    /// Whether the definition that it stands in gave something.
    gave: bool,
    /// Whether it is what that fell at.
    miss: bool,
}

fn condition(page: &mut Page, indent: usize, one: &Condition, shown: Shown, account: &Account) {
    let (ink, mark) = match (one.asked, one.held, one.missed) {
        (0, ..) => (DIM, "·"),
        (_, 0, _) => (RED, "✗"),
        (_, _, 0) => (GREEN, "✓"),
        _ => (YELLOW, "~"),
    };
    let often = match (one.asked, one.held, one.missed) {
        (0, ..) => " (not looked at)".to_owned(),
        (1, 0 | 1, _) => String::new(),
        (_, held, missed) if missed > 0 => format!(" (held {held}, did not {missed})"),
        (_, held, _) => format!(" (held {held})"),
    };
    let here = if shown.miss { "  ← did not hold" } else { "" };
    page.line(
        indent,
        &[
            (ink, mark),
            ("", " "),
            ("", &short(&one.text, 160)),
            (DIM, &often),
            (RED, here),
            (DIM, &format!("  :{}", one.location.line)),
        ],
    );
    let deeper = indent.saturating_add(4);
    let broke = one.missed > 0 && !(shown.gave && one.held > 0);
    for (number, sample) in one.samples.iter().filter(|sample| sample.held != broke).enumerate() {
        if number > 0 {
            page.line(deeper, &[(DIM, "and")]);
        }
        // What is given was worked out; why it was is said by the conditions.
        let into = (shown.gave && !is_gift(one)) || !sample.held;
        let mut told: Vec<&Clause> = Vec::new();
        for (number, reading) in sample.values.iter().enumerate() {
            let of = |clause: &&Clause| into && (!sample.held || says_why(clause));
            let within: Vec<&Clause> = reading.within.iter().filter(of).collect();
            if !sample.held || number < HELD || !within.is_empty() {
                value(page, deeper, reading, account);
            }
            for each in within.into_iter().filter(|_| shown.depth < DEEP) {
                if !told.contains(&each) {
                    told.push(each);
                    into_clause(page, deeper.saturating_add(2), shown.depth.saturating_add(1), each, account);
                }
            }
        }
    }
    for inner in &one.inner {
        condition(page, indent.saturating_add(2), inner, Shown { miss: false, ..shown }, account);
    }
}

/// Whether it is no condition but what a definition gives.
fn is_gift(one: &Condition) -> bool {
    one.text.starts_with("gives ") && one.inner.is_empty()
}

/// Whether a definition has conditions, and does not only work something out.
fn says_why(clause: &Clause) -> bool {
    clause.bodies.iter().flat_map(|body| &body.conditions).any(|one| !is_gift(one))
}

/// A part and its value, as far as there is room for it.
fn value(page: &mut Page, indent: usize, reading: &Reading, account: &Account) {
    let place = reading.paths.iter().find_map(|path| account.inputs.get(path));
    let place = place.map(|place| format!("  {}:{}:{}", place.file, place.line, place.column));
    let place = place.unwrap_or_default();
    let text = short(&reading.text, 100);
    let taken =
        [&text, &place].map(|text| width(text)).iter().fold(indent, |all, one| all.saturating_add(*one));
    let room = page.width.saturating_sub(taken).saturating_sub(4);
    let value = match &reading.value {
        Some(value) => short(&value.0.to_string(), room.clamp(LEAST, VALUE)),
        None => "(nothing there)".to_owned(),
    };
    page.line(indent, &[("", &text), ("", " = "), (BOLD, &value), (DIM, &place)]);
}

/// A definition that was gone into, unless the very same has been shown, or much has.
fn into_clause(page: &mut Page, indent: usize, depth: usize, each: &Clause, account: &Account) {
    let said = |page: &mut Page, why: &str| {
        let head = short(&each.head, 120);
        page.line(indent, &[(BOLD, &head), (DIM, &format!("  {}  {why}", at(&each.location)))]);
    };
    let same = serde_json::to_string(each).unwrap_or_default();
    if page.shown.contains(&same) {
        return said(page, "as above");
    }
    if page.room == 0 {
        return said(page, "not shown: there is much already; `-o json` has it");
    }
    page.room = page.room.saturating_sub(1);
    clause(page, indent, depth, each, account);
    page.shown.insert(same);
}

fn search(page: &mut Page, explanation: &Explanation) {
    let search = &explanation.search;
    page.head("What single change of a fact would alter it");
    for edit in &search.edits {
        page.line(2, &[(ink(edit.verdict), "• "), ("", &edit.sentence)]);
    }
    let told = u64::try_from(search.edits.len()).unwrap_or(u64::MAX);
    if search.found > told {
        page.line(2, &[(DIM, &format!("and {} more", search.found.saturating_sub(told)))]);
    }
    let tried = match search.tried {
        1 => "1 single change was decided".to_owned(),
        tried => format!("{tried} single changes were decided"),
    };
    let words = match (search.edits.is_empty(), search.complete) {
        (true, true) => format!("none was found; {tried}"),
        (true, false) => format!("none was found before the search ended; {tried}"),
        (false, true) => tried,
        (false, false) => format!("{tried} before the search ended; there may be more"),
    };
    page.line(2, &[(DIM, &words)]);
}
