//! Shows what is wrong: file, line, caret, cause, hint, code.

use std::fmt;
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};

use super::output::{Terminal, say};
use crate::diag::{Diagnostic, Level, Source};
use crate::report::clean;

/// How many problems are shown; the rest are counted.
const SHOWN: usize = 20;

/// Prints problems on standard error: `error[code]: message` to begin with, in one line, so that it
/// can be searched for.
pub(crate) fn print(problems: &[Diagnostic], terminal: &Terminal) {
    for problem in problems.iter().take(SHOWN) {
        let mut theme = match terminal.error_color {
            true => GraphicalTheme::unicode(),
            false => GraphicalTheme::unicode_nocolor(),
        };
        theme.characters.error = format!("error[{}]:", problem.code.id);
        theme.characters.warning = format!("warning[{}]:", problem.code.id);
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(terminal.width)
            .with_links(false)
            .with_wrap_lines(false);
        let mut text = String::new();
        if handler.render_report(&mut text, &Shown::new(problem)).is_err() {
            text = problem.to_string();
        }
        say(text.trim());
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
        let source = problem.label.as_ref().map(|label| Excerpt::new(&label.source, &label.span));
        Self { problem, source }
    }
}

/// How many bytes of a neighbouring line are shown.
const AROUND: usize = 160;
/// How many bytes a line may have and be shown whole.
const WHOLE: usize = 200;
/// How many bytes of a longer line are shown before what it is about, and from there on.
const BEFORE: usize = 30;
const AFTER: usize = 50;

/// A source of which a part is shown: a line or two, and of a long line only what is near.
struct Excerpt {
    name: String,
    text: String,
    /// What it is about, in `text`.
    span: Range<usize>,
    /// Line and column of that in the source, both from 0, where `text` is a part of a long line.
    part: Option<(usize, usize)>,
}

/// The nearest boundary of characters at or before a byte.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl Excerpt {
    fn new(source: &Source, span: &Range<usize>) -> Self {
        let (name, text) = (clean(&source.name), source.text.as_str());
        let start = boundary(text, span.start);
        let end = boundary(text, span.end.max(start));
        let begin =
            text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at.saturating_add(1));
        let stop = text
            .get(start..)
            .and_then(|rest| rest.find('\n'))
            .map_or(text.len(), |at| start.saturating_add(at));
        if stop.saturating_sub(begin) <= WHOLE {
            let span = start..end.min(start.saturating_add(AROUND));
            return Self { name, text: clean_text(text), span, part: None };
        }
        let first = boundary(text, start.saturating_sub(BEFORE).max(begin));
        let last = boundary(text, start.saturating_add(AFTER).min(stop));
        let before = if first > begin { "…" } else { "" };
        let after = if last < stop { "…" } else { "" };
        let near = clean_text(text.get(first..last).unwrap_or_default());
        let at = before.len().saturating_add(start.saturating_sub(first));
        let length = end.min(last).saturating_sub(start);
        let (line, column) = source.line_column(start);
        let place = |n: u32| usize::try_from(n).unwrap_or(1).saturating_sub(1);
        Self {
            name,
            text: format!("{before}{near}{after}"),
            span: at..at.saturating_add(length),
            part: Some((place(line), place(column))),
        }
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if let Some((line, column)) = self.part {
            // With lines around it, the part is shown; without, its place is asked for.
            let first = if before == 0 && after == 0 { boundary(&self.text, span.offset()) } else { 0 };
            let shown = self.text.get(first..).unwrap_or_default();
            let place = (first, shown.len()).into();
            let name = self.name.clone();
            let contents = MietteSpanContents::new_named(name, shown.as_bytes(), place, line, column, 1);
            return Ok(Box::new(contents));
        }
        let inner = self.text.read_span(span, before, after)?;
        let (start, end) = (inner.span().offset(), inner.span().offset().saturating_add(inner.span().len()));
        let first = boundary(&self.text, start.max(span.offset().saturating_sub(AROUND)));
        let last = boundary(&self.text, end.min(span.offset().saturating_add(AROUND)).max(first));
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

/// What a document says steers neither a terminal nor a build server, and forges no line.
fn clean(text: &str) -> String {
    clean::line(text).into_owned()
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
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => out.push(' '),
            c if clean::acts(c) => out.extend(std::iter::repeat_n('?', c.len_utf8())),
            c => out.push(c),
        }
    }
    out
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
    fn severity(&self) -> Option<Severity> {
        Some(match self.problem.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem
            .hint
            .as_ref()
            .map(|hint| Box::new(short(clean::lines(hint).join("\n"))) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.problem.label.as_ref()?;
        let span = &self.source.as_ref()?.span;
        let length = span.end.saturating_sub(span.start);
        Some(Box::new(std::iter::once(LabeledSpan::new(Some(short(clean(&label.text))), span.start, length))))
    }
}
