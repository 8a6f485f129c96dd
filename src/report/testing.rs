//! What is shown of a run of cases and tests, in every format that people and programs read.
//!
//! The document is `apiVersion: weighlock.dev/v1`, `kind: TestReport`. A format is one line in
//! [`FORMATS`]. What holds for other reports holds here: text from policies and cases acts on nobody.

mod github;
mod junit;
mod mutation;
mod tap;
mod text;

pub use mutation::{Mutation, SurvivorLine};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Format, Style};
use crate::model::finding::{Effect, Location};

/// A run of cases and tests.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `TestReport`.
    pub kind: String,
    /// How many passed.
    pub passed: usize,
    /// How many did not, those among them that could not be run.
    pub failed: usize,
    /// How many could not be run.
    pub errors: usize,
    /// How many were skipped: none of them passed.
    pub skipped: usize,
    /// How many rules the cases name.
    pub rules: usize,
    /// How long all took.
    pub milliseconds: f64,
    /// Each of them.
    pub cases: Vec<TestCase>,
    /// What they show of the rules, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// What came of taking conditions out of rules, where that was asked for and everything passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutation: Option<Mutation>,
    /// Whether those that passed are shown to people.
    #[serde(skip)]
    pub verbose: bool,
}

/// A case, or a test, or a case of a test.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestCase {
    /// The file it stands in.
    pub file: String,
    /// Line of its head, of tests in Rego.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its name; behind that of a test in Rego the note of the case, in brackets.
    pub name: String,
    /// What it is.
    pub kind: CaseKind,
    /// The rules that it names.
    pub rules: Vec<String>,
    /// What came of it.
    pub status: Status,
    /// Whether it passed.
    pub passed: bool,
    /// Whether it could not be run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub error: bool,
    /// The difference between what it expects and what was found, in words, a line or more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub difference: String,
    /// What `print` wrote while it ran, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<String>,
    /// The expression that did not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// How long it took.
    pub milliseconds: f64,
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CaseKind {
    /// A document of `kind: Case`.
    Case,
    /// A rule in Rego whose name begins with `test_`.
    Test,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Everything is as it expects.
    Passed,
    /// Something is not.
    Failed,
    /// It could not be run.
    Error,
    /// It was not run, as it asks for.
    Skipped,
}

/// What cases and tests that passed show of rules: each is to be shown saying something, and judging and
/// saying nothing; in Rego each of its effects too.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// How much is shown.
    pub shown: usize,
    /// Of how much.
    pub of: usize,
    /// The same in per cent.
    pub percent: f64,
    /// How much of it there must be, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Whether that is so.
    pub enough: bool,
    /// The rules, by their ids.
    pub rules: Vec<RuleCoverage>,
}

/// What is shown of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleCoverage {
    /// Its id.
    pub rule: String,
    /// Whether something shows it saying something.
    pub speaks: bool,
    /// Whether something shows it judging and saying nothing.
    pub silent: bool,
    /// Its effects in Rego.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectCoverage>,
}

/// What is shown of one effect of a rule, as in `deny contains msg if …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectCoverage {
    /// What it means.
    pub effect: Effect,
    /// Its head.
    pub location: Location,
    /// Whether something shows it giving something.
    pub speaks: bool,
    /// Whether something shows it giving nothing.
    pub silent: bool,
}

impl Coverage {
    /// What is not shown, a line each.
    pub(super) fn missing(&self) -> Vec<String> {
        let said = |speaks: bool, silent: bool| match (speaks, silent) {
            (true, true) => None,
            (false, true) => Some("nothing shows it speaking"),
            (true, false) => Some("nothing shows it applying and saying nothing"),
            (false, false) => Some("nothing shows it at all"),
        };
        let mut lines = Vec::new();
        for rule in &self.rules {
            lines.extend(said(rule.speaks, rule.silent).map(|said| format!("{}: {said}", rule.rule)));
            if !rule.speaks && !rule.silent {
                continue;
            }
            for effect in &rule.effects {
                let place = format!("{}:{}", effect.location.file, effect.location.line);
                let said = said(effect.speaks, effect.silent);
                lines.extend(
                    said.map(|said| format!("{} `{}` at {place}: {said}", rule.rule, effect.effect.as_str())),
                );
            }
        }
        lines
    }
}

impl TestCase {
    /// What is different, and what was printed on the way.
    fn said(&self) -> String {
        let mut said = self.difference.clone();
        if !self.printed.is_empty() {
            said.push_str("printed:\n");
            said.extend(self.printed.iter().map(|line| format!("  {line}\n")));
        }
        said
    }

    /// What came of it, in one line.
    fn first(&self) -> String {
        self.difference.lines().next().unwrap_or_default().to_owned()
    }
}

fn json(report: &TestReport, _: &Style) -> String {
    super::json::pretty(report)
}

/// Every format of a run of tests; the first is the default.
pub const FORMATS: &[Format<TestReport>] = &[
    Format { name: "text", about: "for people at a terminal (the default)", render: text::render },
    Format { name: "json", about: "for programs: `kind: TestReport`", render: json },
    Format { name: "junit", about: "JUnit XML, for servers that show test results", render: junit::render },
    Format { name: "tap", about: "Test Anything Protocol, version 14", render: tap::render },
    Format {
        name: "github",
        about: "workflow commands, for annotations in GitHub Actions",
        render: github::render,
    },
];

#[cfg(test)]
#[path = "testing/tests.rs"]
mod tests;
