//! What is shown of an evaluation, in every format that people and programs read.
//!
//! In goes an [`Evaluation`]: decisions with their plans, the lines of input and policy that they
//! speak about, and the outcome. Out comes text. A format is one file with a `FORMAT` and one line in
//! [`FORMATS`]. Whatever format: text that documents and policies wrote cannot steer a terminal, a
//! web page or a build server; nothing here changes a verdict; the same evaluation gives the same
//! bytes; and the work grows in proportion to the number of findings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::decision::{Decision, Verdict};
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding, Location};
use crate::model::plan::Plan;
use crate::model::{Digest, Time};

pub mod check;
pub(crate) mod clean;
mod github;
mod gitlab;
mod graph;
mod html;
mod json;
mod junit;
mod markdown;
mod output;
mod sarif;
mod select;
mod svg;
pub mod testing;
mod text;
pub mod wire;
mod words;
mod yaml;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use output::Output;
pub use select::{baseline, narrow};
pub use wire::Report;

/// Everything that a report can say.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The decisions, in the order of the input.
    pub entries: Vec<Entry>,
    /// What belongs to no change: unused or expired waivers, and the like.
    pub findings: Vec<Finding>,
    /// The operator's file.
    pub config: Option<ConfigRef>,
    /// What is known about each rule, by its id.
    pub rules: BTreeMap<String, RuleInfo>,
    /// What it comes to.
    pub outcome: Outcome,
    /// Why the exit status is not that of the outcome's row, where it is not.
    pub because: Option<&'static str>,
    /// The time of the decision.
    pub now: Time,
    /// What is left out of the report, so that every format can say so.
    pub left_out: LeftOut,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The decision.
    pub decision: Decision,
    /// The plan that it has, or would have.
    pub plan: Option<Plan>,
    /// Why no plan could be made.
    pub refused: Vec<String>,
    /// The input's lines that each finding speaks about, beside `decision.findings`.
    pub at: Vec<Option<Excerpt>>,
    /// Where the change itself stands in the input.
    pub change_at: Option<Excerpt>,
    /// The policy's lines that gave each finding, beside `decision.findings`.
    pub policy_at: Vec<Option<Excerpt>>,
    /// The plan, drawn.
    pub graph: Option<Graphs>,
    /// How many of its findings are left out, being known already.
    pub known: usize,
}

/// A plan, drawn in the languages that graphs are written in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graphs {
    /// For a terminal.
    pub text: String,
    /// For Graphviz.
    pub dot: String,
    /// For Markdown that draws Mermaid.
    pub mermaid: String,
}

/// Some lines of a source, and the place in them that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// File, as people know it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// Lines by number.
    pub lines: Vec<(u32, String)>,
    /// How many characters are meant.
    pub width: u32,
    /// Column of what is meant in the line as it is kept: of a long line only what is near is.
    pub within: u32,
}

/// The operator's file, by name and content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping with `path` and `digest`")]
pub struct ConfigRef {
    /// Path, as it was given.
    pub path: String,
    /// Digest of its bytes.
    pub digest: Digest,
}

/// What a rule says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleInfo {
    /// One line.
    pub title: Option<String>,
    /// A paragraph.
    pub description: Option<String>,
    /// How bad a finding is, where it does not say itself.
    pub severity: Severity,
    /// What to do about a finding.
    pub remediation: Option<String>,
    /// Standards, papers and pages.
    pub related: Vec<String>,
    /// Where it stands in the bundle.
    pub location: Option<Location>,
}

/// What an evaluation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping with `exit` and `word`")]
pub struct Outcome {
    /// The exit status of the command.
    pub exit: u8,
    /// Which row of the table of outcomes it is.
    pub word: Word,
}

/// A row of the table of outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Word {
    /// Allowed, and nothing is outstanding.
    Allow,
    /// Allowed, if a plan does what it must.
    Obliged,
    /// Not yet.
    Hold,
    /// No.
    Deny,
    /// It could not be judged.
    Indeterminate,
}

impl Word {
    /// What it means for whoever waits for it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Allow => "allowed, nothing outstanding",
            Self::Obliged => "allowed, with obligations that only a plan can discharge",
            Self::Hold => "on hold, until what is missing is there",
            Self::Deny => "denied, as it stands",
            Self::Indeterminate => "could not be judged, and so does not pass",
        }
    }
}

/// What is left out of a report at somebody's request. It changes no verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Findings that an older report has already.
    pub known: usize,
    /// The one change that was asked for, and how many there are.
    pub narrowed: Option<(String, usize)>,
}

/// How a change stands, worst last; what reports count and sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Standing {
    /// Allowed.
    Allow,
    /// On hold.
    Hold,
    /// Could not be judged.
    Indeterminate,
    /// Denied.
    Deny,
}

impl Standing {
    /// From worst to best.
    pub(crate) const ALL: [Self; 4] = [Self::Deny, Self::Indeterminate, Self::Hold, Self::Allow];

    pub(crate) const fn of(decision: &Decision) -> Self {
        match (decision.indeterminate, decision.verdict) {
            (true, _) => Self::Indeterminate,
            (false, Verdict::Deny) => Self::Deny,
            (false, Verdict::Hold) => Self::Hold,
            (false, Verdict::Allow) => Self::Allow,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Indeterminate => "indeterminate",
            Self::Deny => "deny",
        }
    }
}

/// What became of a finding: the word that decides how loudly a report says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// It blocks the change.
    Blocks,
    /// It is only said.
    Said,
    /// It was a hold, and what it asks for is there.
    Satisfied,
    /// A waiver or override sets it aside.
    SetAside,
}

impl Weight {
    pub(crate) const fn of(finding: &Finding) -> Self {
        if finding.waived.is_some() || finding.overridden.is_some() {
            return Self::SetAside;
        }
        match (finding.effect, finding.satisfied) {
            (Effect::Hold, Some(true)) => Self::Satisfied,
            (Effect::Deny | Effect::Indeterminate | Effect::Hold, _) => Self::Blocks,
            (Effect::Oblige | Effect::Warn | Effect::Action, _) => Self::Said,
        }
    }
}

impl Entry {
    /// How the change stands: one that is allowed and cannot be carried out as its policies ask does not
    /// pass either.
    pub(crate) fn standing(&self) -> Standing {
        match (Standing::of(&self.decision), self.refused.is_empty()) {
            (Standing::Allow | Standing::Hold, false) => Standing::Indeterminate,
            (standing, _) => standing,
        }
    }

    /// Why there is no plan, as findings for formats that know nothing else.
    pub(crate) fn unplanned(&self) -> Vec<Finding> {
        let said = |why: &String| {
            Finding::new("weighlock.plan", Effect::Indeterminate, Severity::High, format!("no plan: {why}"))
        };
        self.refused.iter().map(said).collect()
    }

    /// Findings with their excerpts of input and policy, worst first.
    pub(crate) fn findings(&self) -> Vec<Told<'_>> {
        let mut told: Vec<Told<'_>> = self
            .decision
            .findings
            .iter()
            .enumerate()
            .map(|(i, finding)| Told {
                finding,
                at: self.at.get(i).and_then(Option::as_ref),
                policy_at: self.policy_at.get(i).and_then(Option::as_ref),
            })
            .collect();
        told.sort_by_key(|t| {
            (Weight::of(t.finding), t.finding.effect, std::cmp::Reverse(t.finding.severity))
        });
        told
    }

    /// The findings, but for those that ask for what is told with the obligations and the plan.
    pub(crate) fn said(&self) -> impl Iterator<Item = Told<'_>> {
        self.findings().into_iter().filter(|told| match told.finding.effect {
            Effect::Action => false,
            Effect::Oblige => self.decision.obligations.is_empty(),
            _ => true,
        })
    }

    /// Whether there is nothing to say but that it is allowed.
    pub(crate) fn is_plain(&self) -> bool {
        let decision = &self.decision;
        self.standing() == Standing::Allow
            && decision.findings.iter().all(|f| f.effect == Effect::Action)
            && decision.obligations.is_empty()
            && decision.governance.overrides.is_empty()
            && decision.unknown.is_empty()
            && self.refused.is_empty()
            && self.known == 0
    }
}

/// A finding with the lines that it speaks about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) at: Option<&'a Excerpt>,
    pub(crate) policy_at: Option<&'a Excerpt>,
}

impl Evaluation {
    /// Entries, worst first; those that stand alike keep the order of the input.
    pub(crate) fn by_standing(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by_key(|e| std::cmp::Reverse(e.standing()));
        entries
    }

    /// What to do about a finding: its own word, or its rule's. What a rule says is about what it
    /// finds, not about what it could not judge.
    pub(crate) fn remediation<'a>(&'a self, finding: &'a Finding) -> Option<&'a str> {
        let own = finding.remediation.as_deref();
        if finding.enforced_from.unwrap_or(finding.effect) == Effect::Indeterminate {
            return own;
        }
        own.or_else(|| self.rules.get(&finding.rule).and_then(|r| r.remediation.as_deref()))
    }

    /// What the exit status means.
    pub(crate) fn meaning(&self) -> &'static str {
        self.because.unwrap_or_else(|| self.outcome.word.meaning())
    }

    /// Whether facts of any change were taken on trust.
    pub(crate) fn asserted(&self) -> bool {
        self.entries.iter().any(|e| e.decision.asserted)
    }

    /// Whether the time of any decision was given, not read from the clock.
    pub(crate) fn simulated(&self) -> bool {
        self.entries.iter().any(|e| e.decision.simulated)
    }
}

/// How text for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour, by ANSI sequences.
    pub color: bool,
    /// Columns to wrap at.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 100 }
    }
}

/// A format of something that is reported: an evaluation, where nothing else is said.
#[derive(Debug)]
pub struct Format<T = Evaluation> {
    /// The name that `-o` takes.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Writes it; what it gives ends with a line break.
    pub render: fn(&T, &Style) -> String,
}

impl<T> Format<T> {
    /// Writes what is reported.
    pub fn render(&self, reported: &T, style: &Style) -> String {
        (self.render)(reported, style)
    }
}

/// Every format there is; the first is the default.
pub const FORMATS: &[Format] = &[
    text::FORMAT,
    json::FORMAT,
    yaml::FORMAT,
    sarif::FORMAT,
    junit::FORMAT,
    github::FORMAT,
    gitlab::FORMAT,
    markdown::FORMAT,
    html::FORMAT,
    graph::DOT,
    graph::MERMAID,
];
