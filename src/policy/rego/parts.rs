//! What of a file in Rego is text, what is comment: by the quotes and signs alone, so that places that no
//! syntax tree keeps are known too.

use std::ops::Range;

/// What a part of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Neither of the others.
    Code,
    /// A text, with its quotes.
    Text,
    /// A comment, up to the end of its line.
    Comment,
}

/// The parts of a file, one after another.
pub(crate) fn parts(text: &str) -> Vec<(Range<usize>, Part)> {
    let mut parts = Vec::new();
    let mut start = 0_usize;
    let mut kind = Part::Code;
    let mut quote = '"';
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let after = at.saturating_add(c.len_utf8());
        let (next, from) = match kind {
            Part::Code if matches!(c, '"' | '`') => {
                (quote, escaped) = (c, false);
                (Part::Text, at)
            }
            Part::Code if c == '#' => (Part::Comment, at),
            Part::Comment if c == '\n' => (Part::Code, at),
            Part::Text if escaped => {
                escaped = false;
                continue;
            }
            Part::Text if c == '\\' && quote == '"' => {
                escaped = true;
                continue;
            }
            // A text in plain quotes ends with its line, however it is written.
            Part::Text if c == quote || (c == '\n' && quote == '"') => (Part::Code, after),
            _ => continue,
        };
        parts.push((start..from, kind));
        (start, kind) = (from, next);
    }
    parts.push((start..text.len(), kind));
    parts.retain(|(range, _)| !range.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_comments_are_told_apart() {
        let text = "a := \"x # \\\" y\" # no \" text\nb := `one\n# two` # three";
        let found: Vec<(&str, Part)> =
            parts(text).into_iter().map(|(range, kind)| (&text[range], kind)).collect();
        assert_eq!(
            found,
            [
                ("a := ", Part::Code),
                ("\"x # \\\" y\"", Part::Text),
                (" ", Part::Code),
                ("# no \" text", Part::Comment),
                ("\nb := ", Part::Code),
                ("`one\n# two`", Part::Text),
                (" ", Part::Code),
                ("# three", Part::Comment),
            ]
        );
    }
}
