//! Shows what is wrong: file, line, caret, cause, hint, code.

use std::collections::{HashMap, HashSet};
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
/// How many of those that are alike are shown; of the rest the lines are named.
const ALIKE: usize = 3;
/// How many of those lines are named.
const LINES: usize = 10;

/// What problems have in common that are alike: the code, the file, and what is to be done.
type Kind<'a> = (&'static str, Option<&'a str>, &'a str);

fn kind(problem: &Diagnostic) -> Kind<'_> {
    let file = problem.label.as_ref().map(|label| label.source.name.as_str());
    (problem.code.id, file, problem.hint.as_deref().unwrap_or(&problem.message))
}

/// The problems that are shown, in their order, each with a word about those that are like it and
/// are not; and how many are left that are like none of them.
fn chosen(problems: &[Diagnostic]) -> (Vec<(&Diagnostic, Option<String>)>, usize) {
    let mut kinds: HashMap<Kind<'_>, Vec<&Diagnostic>> = HashMap::new();
    for problem in problems {
        kinds.entry(kind(problem)).or_default().push(problem);
    }
    let mut seen: HashMap<Kind<'_>, usize> = HashMap::new();
    let mut chosen = Vec::new();
    // Kinds of which all is said.
    let mut told: HashSet<Kind<'_>> = HashSet::new();
    let mut left = 0_usize;
    for problem in problems {
        let alike = kinds.get(&kind(problem)).map(Vec::as_slice).unwrap_or_default();
        let at = seen.entry(kind(problem)).or_default();
        *at = at.saturating_add(1);
        // One more takes no more lines than the word about it.
        let whole = alike.len() <= ALIKE.saturating_add(1);
        if chosen.len() >= SHOWN {
            left = left.saturating_add(usize::from(!told.contains(&kind(problem))));
        } else if whole || *at <= ALIKE {
            let rest = alike.get(ALIKE..).filter(|_| !whole && *at == ALIKE);
            told.extend(rest.map(|_| kind(problem)));
            chosen.push((problem, rest.map(more)));
        }
    }
    (chosen, left)
}

/// A word about problems that are like one that was shown.
fn more(rest: &[&Diagnostic]) -> String {
    let mut word = format!("… and {} more like this", rest.len());
    if let Some((file, _, _)) = rest.first().and_then(|problem| problem.place()) {
        let places = rest.iter().take(LINES.saturating_add(1)).filter_map(|problem| problem.place());
        let mut lines: Vec<String> = places.map(|(_, line, _)| line.to_string()).collect();
        let end = if lines.len() > LINES { ", …" } else { "" };
        lines.truncate(LINES);
        lines.dedup();
        let lines = format!("{} {}", if lines.len() == 1 { "line" } else { "lines" }, lines.join(", "));
        word.push_str(&format!(" in {}, {lines}{end}", clean(file)));
    }
    word
}

/// Prints problems on standard error: `error[code]: message` to begin with, in one line, so that it
/// can be searched for.
pub(crate) fn print(problems: &[Diagnostic], terminal: &Terminal) {
    let (chosen, left) = chosen(problems);
    for (problem, alike) in chosen {
        let text = render(problem, terminal.error_color, terminal.width);
        say(text.trim());
        if let Some(word) = alike {
            say(&word);
        }
    }
    if left > 0 {
        say(&format!("… and {left} more"));
    }
}

/// A problem as people see it: file, line, caret, hint.
pub(super) fn render(problem: &Diagnostic, color: bool, width: usize) -> String {
    let mut theme = match color {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    theme.characters.error = format!("error[{}]:", problem.code.id);
    theme.characters.warning = format!("warning[{}]:", problem.code.id);
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false).with_wrap_lines(false);
    let mut text = String::new();
    match handler.render_report(&mut text, &Shown::new(problem)) {
        Ok(()) => text,
        Err(_) => problem.to_string(),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::codes;

    fn problems(file: &Arc<Source>, hint: &str, count: usize) -> Vec<Diagnostic> {
        let at = |(i, byte): (usize, usize)| {
            let message = format!("`m{i}` of {hint}");
            Diagnostic::error(codes::INPUT_FORGED, message).hint(hint).at(file, byte..byte, "here")
        };
        (0..count).zip((0..).step_by(2)).map(at).collect()
    }

    fn shown(problems: &[Diagnostic]) -> (Vec<String>, usize) {
        let (chosen, left) = chosen(problems);
        let word = |(problem, word): &(&Diagnostic, Option<String>)| {
            format!(
                "{}{}",
                problem.message,
                word.as_ref().map_or_else(String::new, |word| format!(" {word}"))
            )
        };
        (chosen.iter().map(word).collect(), left)
    }

    #[test]
    fn of_many_that_are_alike_a_few_are_shown_and_the_others_counted() {
        let file = Source::new("in.yaml", "x\n".repeat(40));
        let (all, left) = shown(&problems(&file, "h", 4));
        assert_eq!((all.len(), left), (4, 0));
        let (all, left) = shown(&problems(&file, "h", 5));
        assert_eq!(left, 0);
        assert_eq!(
            all,
            ["`m0` of h", "`m1` of h", "`m2` of h … and 2 more like this in in.yaml, lines 4, 5"]
        );
        let (all, _) = shown(&problems(&file, "h", 30));
        assert!(
            all[2].ends_with("and 27 more like this in in.yaml, lines 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, …")
        );
        // Another thing to do, another file: others.
        let other = Source::new("two.yaml", "x\n".repeat(40));
        let mixed = [problems(&file, "h", 5), problems(&file, "g", 1), problems(&other, "h", 5)].concat();
        let (all, left) = shown(&mixed);
        assert_eq!((all.len(), left), (7, 0), "{all:?}");
        assert_eq!(all[3], "`m0` of g");
        assert!(all[6].ends_with("2 more like this in two.yaml, lines 4, 5"));
    }

    #[test]
    fn what_is_neither_shown_nor_like_what_is_shown_is_counted() {
        let file = Source::new("in.yaml", "x\n".repeat(40));
        let each: Vec<_> = (0..25).flat_map(|i| problems(&file, &format!("h{i}"), 1)).collect();
        let (all, left) = shown(&each);
        assert_eq!((all.len(), left), (20, 5));
        // Of a kind that is cut off before its word is said, none is lost.
        let late = [&each[..19], &problems(&file, "late", 9)].concat();
        let (all, left) = shown(&late);
        assert_eq!((all.len(), left), (20, 8));
    }
}
