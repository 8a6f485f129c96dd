//! What came of taking conditions out of rules.

use schemars::JsonSchema;
use serde::Serialize;

/// What came of taking conditions out of rules, one at a time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mutation {
    /// How many were taken out.
    pub mutants: usize,
    /// How many of them a case or a test noticed.
    pub caught: usize,
    /// How many nothing noticed.
    pub survived: usize,
    /// How many nothing noticed, and a comment keeps them with a reason.
    pub kept: usize,
    /// How many more cannot be taken out: without them the rule does not compile.
    pub invalid: usize,
    /// How long all took.
    pub milliseconds: f64,
    /// Those that nothing noticed, the kept ones among them.
    pub survivors: Vec<SurvivorLine>,
}

/// A condition that was taken out, and nothing noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurvivorLine {
    /// The file that it stands in.
    pub file: String,
    /// The line that it begins on, from 1.
    pub line: u32,
    /// The column that it begins at, from 1.
    pub column: u32,
    /// That line.
    pub text: String,
    /// What was taken out.
    pub taken: String,
    /// What stood in its place.
    pub becomes: String,
    /// The rules that it is a condition of.
    pub rules: Vec<String>,
    /// The cases and tests that were tried.
    pub tried: Vec<String>,
    /// Why it stays nevertheless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// What to do about one.
pub(super) const HINT: &str =
    "add a case that only this condition decides, or take the condition away if it decides nothing";

impl SurvivorLine {
    /// What was tried, in words.
    pub(super) fn tried(&self) -> String {
        match self.tried.as_slice() {
            [] => "no case and no test asks it".to_owned(),
            [one] => format!("`{one}` passes without it"),
            all => format!("all {} cases and tests that concern it pass without it", all.len()),
        }
    }
}

impl Mutation {
    /// Those that no comment keeps.
    pub(super) fn lost(&self) -> impl Iterator<Item = &SurvivorLine> {
        self.survivors.iter().filter(|survivor| survivor.kept.is_none())
    }

    /// How many there are of each, in words.
    pub(super) fn counts(&self) -> String {
        let kept = if self.kept > 0 { format!(", {} kept", self.kept) } else { String::new() };
        format!("{} caught, {} survived{kept}", self.caught, self.survived)
    }
}
