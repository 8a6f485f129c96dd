//! Makes text that documents and policies wrote harmless, whatever it is shown on.
//!
//! A message can hold terminal escape sequences, characters that turn the direction of writing
//! (CVE-2021-42574, "Trojan Source"), line breaks that forge a line of the report, or a line that a
//! build server takes for a command (`::error`, `##[…]`). Such characters are shown as what they are:
//! `\u{1b}`, never carried out.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character acts on what shows it rather than being seen.
pub(crate) const fn acts(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text begins as a command to a build server that reads its commands anywhere in a line.
pub(crate) fn commands(text: &str) -> bool {
    text.starts_with("##[") || text.starts_with("##vso[")
}

/// Text on one line: every acting character is spelt out.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(16));
    for (at, c) in text.char_indices() {
        match c {
            '#' if commands(text.get(at..).unwrap_or_default()) => out.push_str("\\u{23}"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if acts(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_spelt_out() {
        assert_eq!(line("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(line("x\u{202e}y\u{9b}z\n\u{2066}"), "x\\u{202e}y\\u{9b}z\\n\\u{2066}");
        assert_eq!(line("a ##[stop-commands]x ## b"), "a \\u{23}#[stop-commands]x ## b");
        assert!(matches!(line("plain é 日本 👩\u{200d}🚀"), Cow::Borrowed(_)));
    }
}
