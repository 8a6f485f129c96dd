//! Shows what is wrong: file, line, caret, cause, hint, code.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};

use super::output::{Terminal, say};
use crate::diag::{Diagnostic, Level};

/// How many problems are shown; the rest are counted.
const SHOWN: usize = 20;

/// Prints problems on standard error.
pub(crate) fn print(problems: &[Diagnostic], terminal: &Terminal) {
    let theme = match terminal.error_color {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(terminal.width).with_links(false);
    for problem in problems.iter().take(SHOWN) {
        let mut text = String::new();
        if handler.render_report(&mut text, &Shown::new(problem)).is_err() {
            text = problem.to_string();
        }
        say(text.trim_end());
    }
    if problems.len() > SHOWN {
        say(&format!("… and {} more", problems.len().saturating_sub(SHOWN)));
    }
}

struct Shown<'a> {
    problem: &'a Diagnostic,
    source: Option<NamedSource<String>>,
}

impl<'a> Shown<'a> {
    fn new(problem: &'a Diagnostic) -> Self {
        let source = problem
            .label
            .as_ref()
            .map(|label| NamedSource::new(clean(&label.source.name), clean_text(&label.source.text)));
        Self { problem, source }
    }
}

/// What a document says cannot steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// The same, byte for byte, so that spans stay true.
fn clean_text(text: &str) -> String {
    text.chars()
        .map(
            |c| if c.is_control() && !matches!(c, '\n' | '\t' | '\r') && c.len_utf8() == 1 { '?' } else { c },
        )
        .collect()
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.problem, f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clean(&self.problem.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.problem.code.id))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.problem.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.hint.as_ref().map(|hint| Box::new(clean(hint)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.problem.label.as_ref()?;
        let size = label.source.text.len();
        let start = label.span.start.min(size);
        let end = label.span.end.clamp(start, size);
        let length = end.saturating_sub(start);
        Some(Box::new(std::iter::once(LabeledSpan::new(Some(label.text.clone()), start, length))))
    }
}
