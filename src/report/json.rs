//! JSON: the wire report, for programs.

use std::fmt::Write as _;

use super::clean::{acts, commands};
use super::{Evaluation, Format, Report, Style};

/// The wire report as JSON.
pub(super) const FORMAT: Format =
    Format { name: "json", about: "everything, as a `Report` document in JSON", render };

fn render(evaluation: &Evaluation, _: &Style) -> String {
    pretty(&Report::of(evaluation))
}

/// Indented JSON with a line break at the end. Characters that act on a terminal are escaped, also
/// those that JSON would let stand; what a program reads is the same.
pub(super) fn pretty<T: serde::Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    escape(text)
}

fn escape(text: String) -> String {
    // Line breaks are the only control characters that stand outside of strings here.
    let must = |c: char| acts(c) && c != '\n';
    if !text.contains(must) && !text.contains("##") {
        return text;
    }
    let mut out = String::with_capacity(text.len().saturating_add(64));
    for (at, c) in text.char_indices() {
        if must(c) || (c == '#' && commands(text.get(at..).unwrap_or_default())) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn it_reads_back_and_carries_nothing_that_acts() {
        let evaluation = fixture::evaluation();
        let text = FORMAT.render(&evaluation, &Style::default());
        assert!(!text.contains(|c| acts(c) && c != '\n'));
        let back: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(back, Report::of(&evaluation));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn beyond_the_first_plane_two_escapes_are_written() {
        assert_eq!(pretty(&"##[x]"), "\"\\u0023#[x]\"\n");
        let text = pretty(&"a\u{e0041}\u{202e}😀");
        assert_eq!(text, "\"a\\udb40\\udc41\\u202e😀\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "a\u{e0041}\u{202e}😀");
    }
}
