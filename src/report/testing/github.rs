//! A run of tests as workflow commands: an annotation where something did not pass.

use super::super::Style;
use super::super::github::annotation;
use super::mutation::HINT;
use super::{Mutation, Status, TestReport};

pub(super) fn render(report: &TestReport, _: &Style) -> String {
    let mut out = String::new();
    for case in &report.cases {
        let level = match case.status {
            Status::Passed => continue,
            Status::Skipped => "notice",
            Status::Failed | Status::Error => "error",
        };
        let place = case.at.as_ref().map(|at| (at.file.as_str(), at.line, at.column.unwrap_or(1)));
        let place = place.unwrap_or((case.file.as_str(), case.line.unwrap_or(1), 1));
        let said = case.said();
        let (title, text) = match case.status {
            Status::Skipped => (format!("skipped {}", case.name), "it is skipped"),
            Status::Error => (format!("could not be run: {}", case.name), said.as_str()),
            _ => (format!("failed: {}", case.name), said.as_str()),
        };
        annotation(&mut out, level, &title, text, Some(place));
    }
    if let Some(coverage) = report.coverage.as_ref().filter(|coverage| !coverage.enough) {
        let title = format!("coverage {:.1} % is too little", coverage.percent);
        annotation(&mut out, "error", &title, &coverage.missing().join("\n"), None);
    }
    for lost in report.mutation.iter().flat_map(Mutation::lost) {
        let text = format!("`{}`: {}\n{HINT}", lost.taken, lost.tried());
        let place = Some((lost.file.as_str(), lost.line, lost.column));
        annotation(&mut out, "error", "nothing notices when this is taken out", &text, place);
    }
    if let Some(mutation) = &report.mutation {
        annotation(&mut out, "notice", "weighlock test --mutate", &mutation.counts(), None);
    }
    let TestReport { passed, failed, skipped, .. } = report;
    let summary = format!("{passed} passed, {failed} failed, {skipped} skipped");
    annotation(&mut out, "notice", "weighlock test", &summary, None);
    out
}
