//! What can be said of an expression before it is parsed, and of what the parser says.
//!
//! The parser calls itself for every bracket: how deep they nest is bounded here, over the text.

use std::ops::Range;

/// The longest expression, in bytes.
const MAX_TEXT: usize = 16 << 10;
/// How deep brackets may nest; each costs the parser a dozen calls.
const MAX_BRACKETS: usize = 40;
/// How many `a ? b : c` an expression may have, as each nests in the last.
const MAX_CHOICES: usize = 40;
/// Hint for what is too large.
pub(super) const SPLIT: &str = "split it with the help of `variables`";
/// Hint for what is not CEL.
pub(super) const LANGUAGE: &str = "see the language definition of CEL";

/// The byte of a line (from 1) and column (from 0).
pub(super) fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let column = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let mut start = 0_usize;
    for (index, content) in text.split_inclusive('\n').enumerate() {
        if index == line {
            let inside = content.char_indices().nth(column).map_or(content.trim_end().len(), |(at, _)| at);
            return start.saturating_add(inside);
        }
        start = start.saturating_add(content.len());
    }
    text.len()
}

/// A syntax error without the parser's own names for things.
pub(super) fn words(message: &str) -> (String, &'static str) {
    let message = message.trim().trim_start_matches("Syntax error: ");
    let quoted = |after: &str| {
        let rest = message.split_once(after)?.1;
        let (start, end) = (rest.find('\'')?, rest.rfind('\'')?);
        let inner = rest.get(start.saturating_add(1)..end)?;
        Some(inner.split('\'').next().unwrap_or(inner).to_owned())
    };
    let hint = LANGUAGE;
    if message.contains("<EOF>") && (message.contains("input '<EOF>'") || message.contains("at '<EOF>'")) {
        return ("the expression ends too early".to_owned(), "is something missing at its end?");
    }
    let unexpected = ["no viable alternative", "mismatched input", "extraneous input"];
    if unexpected.iter().any(|words| message.contains(words))
        && let Some(word) = quoted("input")
    {
        return (format!("unexpected `{word}`"), hint);
    }
    if message.starts_with("token recognition error")
        && let Some(word) = quoted("at")
    {
        let word = word.trim();
        if word == "=" {
            return ("`=` is not an operator".to_owned(), "compare with `==`");
        }
        return (format!("`{word}` cannot stand in an expression"), hint);
    }
    if let Some(rest) = message.strip_prefix("missing ")
        && let Some((wanted, _)) = rest.split_once(" at ")
    {
        return (format!("{} is missing", wanted.replace('\'', "`")), hint);
    }
    if message.contains("recursion") {
        return ("the expression is too deep".to_owned(), SPLIT);
    }
    if message.contains("has() macro") {
        return ("`has` asks for a member".to_owned(), "write `has(value.member)`");
    }
    if message.contains("must be a simple name") {
        return ("this must be a name for an element".to_owned(), "write `list.all(item, condition)`");
    }
    let plain: String = message.chars().take(160).collect();
    (format!("the expression cannot be read: {}", plain.to_lowercase()), hint)
}

/// Checks length and depth of a text before it is parsed: the parser calls itself.
pub(super) fn bounded(text: &str) -> Result<(), (Range<usize>, &'static str, &'static str)> {
    if text.len() > MAX_TEXT {
        return Err((0..1, "the expression is too long", SPLIT));
    }
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let (mut at, mut depth, mut choices, mut word) = (0_usize, 0_usize, 0_usize, 0_usize);
    while at < bytes.len() {
        match byte(at) {
            b'(' | b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > MAX_BRACKETS {
                    return Err((at..at.saturating_add(1), "brackets nest too deep", SPLIT));
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'?' if at == 0 || !matches!(byte(at.saturating_sub(1)), b'.' | b'[' | b'{' | b',') => {
                choices = choices.saturating_add(1);
                if choices > MAX_CHOICES {
                    return Err((at..at.saturating_add(1), "the expression has too many choices", SPLIT));
                }
            }
            b'/' if byte(at.saturating_add(1)) == b'/' => {
                at = text
                    .get(at..)
                    .and_then(|rest| rest.find('\n'))
                    .map_or(bytes.len(), |n| at.saturating_add(n));
                word = at;
                continue;
            }
            quote @ (b'\'' | b'"') => {
                let prefix = bytes.get(word..at).unwrap_or_default();
                let raw = prefix.len() <= 2
                    && prefix.iter().all(|b| matches!(b, b'r' | b'R' | b'b' | b'B'))
                    && prefix.iter().any(|b| matches!(b, b'r' | b'R'));
                let open = (at..at.saturating_add(1), "a text is not closed", "add the quote that closes it");
                at = string(bytes, at, quote, raw).ok_or(open)?;
                word = at;
                continue;
            }
            _ => {}
        }
        if !byte(at).is_ascii_alphanumeric() && byte(at) != b'_' {
            word = at.saturating_add(1);
        }
        at = at.saturating_add(1);
    }
    Ok(())
}

/// The byte behind a text that begins at `at`.
pub(super) fn string(bytes: &[u8], at: usize, quote: u8, raw: bool) -> Option<usize> {
    let triple = [quote; 3];
    let long = bytes.get(at..).is_some_and(|rest| rest.starts_with(&triple));
    let mut at = at.saturating_add(if long { 3 } else { 1 });
    loop {
        match *bytes.get(at)? {
            b'\\' if !raw => at = at.saturating_add(2),
            b'\n' | b'\r' if !long => return None,
            found if found == quote => {
                if !long {
                    return Some(at.saturating_add(1));
                }
                if bytes.get(at..).is_some_and(|rest| rest.starts_with(&triple)) {
                    return Some(at.saturating_add(3));
                }
                at = at.saturating_add(1);
            }
            _ => at = at.saturating_add(1),
        }
    }
}
