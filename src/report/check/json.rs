//! For programs.

use serde::Serialize;

use super::super::{Format, Style};
use super::{Problems, Span, level};
use crate::diag::{Diagnostic, Level};
use crate::model::id::API_VERSION;
use crate::report::clean;

/// For programs.
pub const FORMAT: Format<Problems> = Format { name: "json", about: "for programs", render };

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    api_version: &'static str,
    kind: &'static str,
    rules: usize,
    errors: usize,
    warnings: usize,
    problems: Vec<Problem>,
    silenced: Vec<Problem>,
}

/// A problem of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    id: &'static str,
    level: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
    page: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A place: lines and columns from 1, columns in characters; the end is behind the last one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
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
    let report = Report {
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
