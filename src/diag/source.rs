//! A text and its places: bytes, lines and columns.

use std::sync::{Arc, OnceLock};

/// How many bytes are counted at a time; a place is found by counting at most so many.
const STRIDE: usize = 4096;

/// A text that was read, under the name that people know it by.
#[derive(Debug)]
pub struct Source {
    /// Path as it was given, or `<stdin>`.
    pub name: String,
    /// The text.
    pub text: String,
    places: OnceLock<Places>,
}

/// Counted once, when the first place is asked for, so that every further one costs the same
/// wherever it is and however long its line.
#[derive(Debug)]
struct Places {
    /// The byte at which each line begins.
    lines: Vec<usize>,
    /// How many characters begin before each stride.
    characters: Vec<usize>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), places: OnceLock::new() })
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset = offset.saturating_sub(1);
        }
        let lines = &self.places().lines;
        let line = lines.partition_point(|start| *start <= offset);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.characters(offset).saturating_sub(self.characters(start)).saturating_add(1);
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The byte at which a line and column (both from 1; columns count characters) stand.
    pub fn offset(&self, line: u32, column: u32) -> usize {
        let Some(start) = self.start(line) else { return self.text.len() };
        let rest = self.text.get(start..).unwrap_or_default();
        let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
        rest.char_indices().nth(skip).map_or(self.text.len(), |(at, _)| start.saturating_add(at))
    }

    /// A line, by its number from 1, without its end; empty where there is none.
    pub fn line(&self, line: u32) -> &str {
        let start = self.start(line).unwrap_or(self.text.len());
        let end = self.start(line.saturating_add(1)).map_or(self.text.len(), |next| next.saturating_sub(1));
        let text = self.text.get(start..end).unwrap_or_default();
        text.strip_suffix('\r').unwrap_or(text)
    }

    /// The byte at which a line begins.
    fn start(&self, line: u32) -> Option<usize> {
        let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        self.places().lines.get(at).copied()
    }

    /// How many characters begin before a byte.
    fn characters(&self, offset: usize) -> usize {
        let stride = offset.div_euclid(STRIDE);
        let known = self.places().characters.get(stride).copied().unwrap_or(0);
        let rest = self.text.as_bytes().get(stride.saturating_mul(STRIDE)..offset);
        known.saturating_add(count(rest.unwrap_or_default()))
    }

    fn places(&self) -> &Places {
        self.places.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            let mut characters = vec![0];
            let mut all = 0_usize;
            for stride in bytes.chunks(STRIDE) {
                all = all.saturating_add(count(stride));
                characters.push(all);
            }
            Places {
                lines: std::iter::once(0).chain(ends.map(|(at, _)| at.saturating_add(1))).collect(),
                characters,
            }
        })
    }
}

/// How many characters begin in some bytes of UTF-8.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_counting_finds() {
        let text = "ab\né\u{1d11e}c\r\n\n".to_owned() + &"€x".repeat(5000) + "\nlast";
        let source = Source::new("t", text.as_str());
        for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let before = &text[..offset];
            let line = u32::try_from(before.matches('\n').count() + 1).unwrap();
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            let found = source.line_column(offset);
            assert_eq!(found, (line, u32::try_from(column).unwrap()), "{offset}");
            if offset.is_multiple_of(97) {
                assert_eq!(source.offset(found.0, found.1), offset);
            }
        }
        for (number, line) in (1..).zip(text.lines()) {
            assert_eq!(source.line(number), line);
        }
        assert_eq!((source.line(0), source.line(99), source.offset(99, 1)), ("", "", text.len()));
        // Within a character is at it; beyond the end is at the end.
        assert_eq!((source.line_column(4), source.line_column(usize::MAX)), ((2, 1), (5, 5)));
    }
}
