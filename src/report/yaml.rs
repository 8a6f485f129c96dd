//! YAML: the wire report, for people who like to read it and programs that read YAML.

use std::fmt::Write as _;

use super::clean::{acts, commands};
use super::{Evaluation, Format, Report, Style};

/// The wire report as YAML.
pub(super) const FORMAT: Format =
    Format { name: "yaml", about: "everything, as a `Report` document in YAML", render };

/// A character that the serializer always writes as this escape, within double quotes.
const MARK: char = '\u{fffe}';
const MARK_WRITTEN: &str = "\\uFFFE";

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let report = Report::of(evaluation);
    write(marked(&report).as_ref().unwrap_or(&report))
}

fn write<T: serde::Serialize>(value: &T) -> String {
    // A block scalar has lines of its own, which a build server could take for commands.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    unmark(serde_saphyr::to_string_with_options(value, options).unwrap_or_default())
}

/// Whether the serializer would let a character stand that acts on what shows it.
fn stands(rest: &str) -> bool {
    let Some(c) = rest.chars().next() else { return false };
    (c == '#' && commands(rest))
        || acts(c)
            && !c.is_ascii()
            && !matches!(
                c,
                '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            )
}

fn any_stands(text: &str) -> bool {
    text.char_indices().any(|(at, _)| stands(text.get(at..).unwrap_or_default()))
}

/// The report with a mark before each such character, so that its text is double-quoted and the
/// character can be escaped in place. `None` where there is none, which is nearly always.
fn marked(report: &Report) -> Option<Report> {
    let text = serde_json::to_string(report).ok()?;
    if !any_stands(&text) {
        return None;
    }
    let mut out = String::with_capacity(text.len().saturating_add(64));
    for (at, c) in text.char_indices() {
        if stands(text.get(at..).unwrap_or_default()) {
            out.push(MARK);
        }
        out.push(c);
    }
    serde_json::from_str(&out).ok()
}

fn unmark(text: String) -> String {
    if !any_stands(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if !stands(text.get(at..).unwrap_or_default()) {
            out.push(c);
            continue;
        }
        // INVARIANT: `marked` put its mark right before each of these.
        if out.ends_with(MARK_WRITTEN) {
            out.truncate(out.len().saturating_sub(MARK_WRITTEN.len()));
        }
        let _ = write!(out, "\\U{:08X}", u32::from(c));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    /// Reads YAML with a reader that is not the writer's.
    fn read(text: &str) -> serde_json::Value {
        let value = regorus::Value::from_yaml_str(text).unwrap();
        serde_json::from_str(&value.to_json_str().unwrap()).unwrap()
    }

    #[test]
    fn it_reads_back_and_carries_nothing_that_acts() {
        let evaluation = fixture::evaluation();
        let text = FORMAT.render(&evaluation, &Style::default());
        assert!(!text.contains(|c| acts(c) && c != '\n'), "{text}");
        assert_eq!(read(&text), serde_json::to_value(Report::of(&evaluation)).unwrap());
        insta::assert_snapshot!(text);
    }

    #[test]
    fn text_that_looks_like_something_else_stays_text() {
        let mut evaluation = fixture::evaluation();
        for hostile in [
            "yes",
            "no",
            "on",
            "y",
            "null",
            "~",
            "",
            " ",
            "1.10",
            "0x1f",
            "0o17",
            "1e3",
            "1_000",
            "12:30:45",
            "2026-01-01",
            "- a",
            "a: b",
            "a #b",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "---",
            "...",
            "a\nb\n",
            "a\n  b\n\n",
            "  a\nb",
            "\n",
            "\ttab",
            "it's \"quoted\" \\ back",
            "true",
            ".inf",
            ".nan",
            "a\u{202e}b",
            "\\uFFFE\u{202e}",
            "\u{fffe}\u{200f}",
            "a\nb\u{2066}\nc",
            "<<",
            "=",
            "? a",
            "[a",
            "{a",
            "x\u{e0041}",
            "##[error]x",
            "a ##vso[task]x ##",
            "trailing ",
            "line\r\nline",
        ] {
            evaluation.entries[1].decision.findings[0].message = hostile.to_owned();
            let report = Report::of(&evaluation);
            let text = FORMAT.render(&evaluation, &Style::default());
            assert_eq!(read(&text), serde_json::to_value(&report).unwrap(), "for {hostile:?}");
            assert!(!any_stands(&text), "for {hostile:?}");
            assert!(!text.lines().any(super::super::clean::is_command), "for {hostile:?}");
        }
    }
}
