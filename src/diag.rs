//! What is told to people: stable codes, where in which source, why, and what to do.
//!
//! Every room builds a [`Diagnostic`]; `cli` renders it. Each code has a page in `docs/errors/`,
//! held by a test. This room also reads documents into types in a way that can say where they
//! went wrong ([`document`]).

pub(crate) mod clean;
pub mod codes;
pub mod document;
pub mod pointer;
pub(crate) mod scalar;
mod source;
pub mod tree;

use std::ops::Range;
use std::sync::Arc;

pub use codes::Code;
pub use source::Source;

/// A place in a source, with a word about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The source.
    pub source: Arc<Source>,
    /// Bytes.
    pub span: Range<usize>,
    /// What is there.
    pub text: String,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something that people may want to know.
    Warning,
    /// It cannot go on like this.
    Error,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code; its page explains it.
    pub code: Code,
    /// How much it matters.
    pub level: Level,
    /// A lowercase fragment; the user's own words in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it is.
    pub label: Option<Box<Label>>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self { code, level: Level::Error, message: message.into(), hint: None, label: None }
    }

    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds where it is.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.label = Some(Box::new(Label { source: Arc::clone(source), span, text: text.into() }));
        self
    }

    /// File, line and column, where it has a place.
    pub fn place(&self) -> Option<(&str, u32, u32)> {
        let label = self.label.as_ref()?;
        let (line, column) = label.source.line_column(label.span.start);
        Some((&label.source.name, line, column))
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((file, line, column)) = self.place() {
            write!(f, "{file}:{line}:{column}: ")?;
        }
        write!(f, "{} [{}]", self.message, self.code.id)
    }
}

/// The known word nearest to one that is not known, where one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    within(word, known, length.div_ceil(3).max(1))
}

/// The known word that another is a slip of: letters swapped, one too many, one too few, another
/// case.
pub fn misspelt<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(word, known, 1)
}

/// How many characters a word may have of which another is looked for: nobody mistypes more.
const MAX_WORD: usize = 128;
/// How many known words are compared letter by letter. Where there are more, those that begin and
/// end most like the word are: a slip is in one place.
const MAX_COMPARED: usize = 500;

fn within<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, limit: usize) -> Option<&'a str> {
    // No character takes more than four bytes.
    let longest = MAX_WORD.saturating_add(limit).saturating_mul(4);
    let length = word.chars().take(MAX_WORD.saturating_add(1)).count();
    if length > MAX_WORD {
        return None;
    }
    let mut candidates: Vec<&str> = known
        .into_iter()
        .filter(|candidate| candidate.len() <= longest && candidate.chars().count().abs_diff(length) <= limit)
        .collect();
    if candidates.len() > MAX_COMPARED {
        let mut ranked: Vec<(usize, &str)> =
            candidates.into_iter().map(|candidate| (apart(word, candidate), candidate)).collect();
        ranked.select_nth_unstable(MAX_COMPARED);
        candidates = ranked.into_iter().take(MAX_COMPARED).map(|(_, candidate)| candidate).collect();
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        // Of a word of which nothing is left, nothing was meant.
        .filter(|(d, _)| *d <= limit && *d < length)
        // The first of those that are equally near is the same whatever order they came in.
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters stand between what two words begin and end with alike.
fn apart(a: &str, b: &str) -> usize {
    let alike = |pairs: &mut dyn Iterator<Item = (char, char)>| {
        pairs.take_while(|(x, y)| x.eq_ignore_ascii_case(y)).count()
    };
    let longer = a.chars().count().max(b.chars().count());
    longer
        .saturating_sub(alike(&mut a.chars().zip(b.chars())))
        .saturating_sub(alike(&mut a.chars().rev().zip(b.chars().rev())))
}

/// Edit distance with transpositions counted as one (optimal string alignment), case ignored.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut best = at(&last, j)
                .saturating_add(usize::from(x != y))
                .min(at(&last, j.saturating_add(1)).saturating_add(1))
                .min(at(&row, j).saturating_add(1));
            let swapped = i > 0
                && j > 0
                && a.get(i.saturating_sub(1)) == Some(y)
                && b.get(j.saturating_sub(1)) == Some(x);
            if swapped {
                best = best.min(at(&before, j.saturating_sub(1)).saturating_add(1));
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("enviroment", ["environment", "evidence"]), Some("environment"));
        assert_eq!(nearest("dney", ["deny", "hold"]), Some("deny"));
        assert_eq!(nearest("zebra", ["deny", "hold"]), None);
        assert_eq!(misspelt("Prodution", ["dev", "production"]), Some("production"));
        assert_eq!(misspelt("demo", ["dev", "production"]), None);
    }

    #[test]
    fn among_many_words_the_one_that_was_meant_is_found_in_any_order() {
        let mut many: Vec<String> = (0..100_000).map(|i| format!("team-{i:06}-production")).collect();
        let meant =
            |many: &[String], word: &str| nearest(word, many.iter().map(String::as_str)).map(str::to_owned);
        for (word, near) in [
            ("team-042x42-production", "team-042042-production"),
            ("taem-099999-production", "team-099999-production"),
            ("team-00500-production", "team-000500-production"),
        ] {
            assert_eq!(meant(&many, word).as_deref(), Some(near));
            many.reverse();
            assert_eq!(meant(&many, word).as_deref(), Some(near));
        }
        // What is longer than any name is no slip of one, however much is allowed for its length.
        assert_eq!(meant(&many, &"z".repeat(2000)), None);
        assert_eq!(nearest(&"z".repeat(129), ["z".repeat(128).as_str()]), None);
        assert_eq!(nearest("zz", ["z".repeat(2000).as_str()]), None);
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::new("a", "é: 1\nb: 2\n");
        assert_eq!(source.line_column(3), (1, 3));
        assert_eq!(source.line_column(6), (2, 1));
        assert_eq!(source.offset(2, 4), 9);
        assert_eq!(source.offset(9, 9), source.text.len());
    }
}
