//! Shows what is wrong: file, line, caret, cause, hint, code.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};

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
    source: Option<Excerpt>,
}

impl<'a> Shown<'a> {
    fn new(problem: &'a Diagnostic) -> Self {
        let source = problem
            .label
            .as_ref()
            .map(|label| Excerpt { name: clean(&label.source.name), text: clean_text(&label.source.text) });
        Self { problem, source }
    }
}

/// How many bytes of a line are shown before and after what it is about.
const AROUND: usize = 160;

/// A source of which a part is shown: a line or two, and of a long line only what is near.
struct Excerpt {
    name: String,
    text: String,
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.read_span(span, before, after)?;
        let boundary = |mut at: usize| {
            while !self.text.is_char_boundary(at) {
                at = at.saturating_sub(1);
            }
            at
        };
        let (start, end) = (inner.span().offset(), inner.span().offset().saturating_add(inner.span().len()));
        let first = boundary(start.max(span.offset().saturating_sub(AROUND)));
        let last = boundary(end.min(span.offset().saturating_add(AROUND)).max(first));
        let skipped = self.text.get(start..first).unwrap_or_default();
        let line = inner.line().saturating_add(skipped.matches('\n').count());
        let column = match skipped.rfind('\n') {
            Some(at) => skipped.len().saturating_sub(at).saturating_sub(1),
            None => inner.column().saturating_add(skipped.len()),
        };
        let shown = self.text.get(first..last).unwrap_or_default();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            shown.as_bytes(),
            (first, shown.len()).into(),
            line,
            column,
            inner.line_count(),
        )))
    }
}

/// What a document says cannot steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// A message that quotes a whole document says no more than one that quotes its beginning.
fn short(text: String) -> String {
    match text.char_indices().nth(600) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
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
        f.write_str(&short(clean(&self.problem.message)))
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
        self.problem.hint.as_ref().map(|hint| Box::new(short(clean(hint))) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.problem.label.as_ref()?;
        let size = label.source.text.len();
        let start = label.span.start.min(size);
        let end = label.span.end.clamp(start, size).min(start.saturating_add(AROUND));
        let length = end.saturating_sub(start);
        Some(Box::new(std::iter::once(LabeledSpan::new(Some(label.text.clone()), start, length))))
    }
}
