//! Workflow commands of GitHub Actions: an annotation for each problem.

use super::super::github::annotation;
use super::super::{Format, Style};
use super::{Problems, Span, level};

/// For GitHub Actions.
pub const FORMAT: Format<Problems> =
    Format { name: "github", about: "workflow commands, for annotations in GitHub Actions", render };

fn render(checked: &Problems, _: &Style) -> String {
    let mut out = String::new();
    for problem in &checked.problems {
        let mut text = problem.message.clone();
        if let Some(hint) = &problem.hint {
            text.push_str(&format!("\nhelp: {hint}"));
        }
        let place = Span::of(problem).map(|span| (span.file, span.from.0, span.from.1));
        annotation(&mut out, level(problem.level), problem.code.id, &text, place);
    }
    annotation(&mut out, "notice", "weighlock check", &checked.summary(), None);
    out
}
