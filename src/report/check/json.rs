//! For programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::{Format, Style};
use super::{Problems, Span, level};
use crate::diag::{Diagnostic, Level};
use crate::model::id::API_VERSION;
use crate::report::clean;

/// For programs.
pub const FORMAT: Format<Problems> = Format { name: "json", about: "for programs", render };

/// What is wrong, or probably wrong, with policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// `weighlock.dev/v1`.
    api_version: &'static str,
    /// `CheckReport`.
    kind: &'static str,
    /// How many rules were looked at.
    rules: usize,
    /// How many of the problems are errors.
    errors: usize,
    /// How many of them are warnings.
    warnings: usize,
    /// What was found, in the order of files and places.
    problems: Vec<Problem>,
    /// What comments silence, each with its reason.
    silenced: Vec<Problem>,
}

/// A problem.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Problem {
    /// The lint or the error code.
    id: &'static str,
    /// `error` or `warning`.
    level: &'static str,
    /// What is wrong.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Where, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
    /// Its page, from the folder of the documentation's project.
    page: String,
    /// Why it is silenced.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A place: lines and columns from 1, columns in characters; the end is behind the last one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Place {
    /// File.
    file: String,
    /// Line in which it begins.
    line: u32,
    /// Column in which it begins.
    column: u32,
    /// Line in which it ends.
    end_line: u32,
    /// Column behind its last character.
    end_column: u32,
}

fn problem(checked: &Problems, problem: &Diagnostic, reason: Option<&str>) -> Problem {
    let text = |text: &str| clean::lines(text).join("\n");
    Problem {
        id: problem.code.id,
        level: level(problem.level),
        message: text(&problem.message),
        hint: problem.hint.as_deref().map(text),
        at: Span::of(problem).map(|span| Place {
            file: clean::line(span.file).into_owned(),
            line: span.from.0,
            column: span.from.1,
            end_line: span.to.0,
            end_column: span.to.1,
        }),
        page: checked.page(problem.code),
        reason: reason.map(text),
    }
}

fn render(checked: &Problems, _: &Style) -> String {
    let report = CheckReport {
        api_version: API_VERSION,
        kind: "CheckReport",
        rules: checked.rules,
        errors: checked.count(Level::Error),
        warnings: checked.count(Level::Warning),
        problems: checked.problems.iter().map(|one| problem(checked, one, None)).collect(),
        silenced: checked.silenced.iter().map(|(one, why)| problem(checked, one, Some(why))).collect(),
    };
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
