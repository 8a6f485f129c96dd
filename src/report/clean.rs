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

/// Whether a build server would carry out a line of this text: GitHub's runner skips leading blanks.
pub(crate) fn is_command(line: &str) -> bool {
    line.trim_start().starts_with("::")
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

/// Text on several lines: line breaks stay (`\r\n` as one), tabs become two spaces, the rest is spelt out.
pub(crate) fn lines(text: &str) -> Vec<Cow<'_, str>> {
    let text = text.trim_end_matches(['\n', '\r']);
    text.split('\n')
        .map(|part| {
            let part = part.strip_suffix('\r').unwrap_or(part);
            if part.contains('\t') {
                Cow::Owned(line(&part.replace('\t', "  ")).into_owned())
            } else {
                line(part)
            }
        })
        .collect()
}

/// A path that names nothing outside the project and nothing of this machine: relative, forward
/// slashes, no `.` and `..`. `None` for what is not a file, such as `<stdin>`.
pub(crate) fn path(file: &str) -> Option<String> {
    if file.is_empty() || file.starts_with('<') || file == "-" {
        return None;
    }
    let file = file.replace('\\', "/");
    let drive = matches!(file.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let parts: Vec<&str> = file.split('/').filter(|p| !matches!(*p, "" | "." | "..")).collect();
    if file.starts_with('/') || drive || file.contains("://") {
        // Nobody knows here which of its directories is the project's.
        return parts.last().map(|p| (*p).to_owned());
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// A file's name where others read it: within the project, or as it is where it is no file.
pub(crate) fn shown(file: &str) -> String {
    path(file).unwrap_or_else(|| file.to_owned())
}

/// Text as an element's or attribute's content in HTML or XML. What acts is spelt out, so the result
/// is also within what XML 1.0 can carry.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(16));
    for (i, text) in lines(text).into_iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let command = is_command(&text);
        let mut first = true;
        for c in text.chars() {
            match c {
                ':' if command && std::mem::take(&mut first) => out.push_str("&#58;"),
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
    }
    out
}

/// How many columns a character takes on a terminal, roughly: none for marks that combine, two for
/// the wide ones of East Asia and for pictures.
pub(crate) const fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}'
        | '\u{200c}'
        | '\u{200d}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_spelt_out() {
        assert_eq!(line("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(line("x\u{202e}y\u{9b}z\n\u{2066}"), "x\\u{202e}y\\u{9b}z\\n\\u{2066}");
        assert_eq!(lines("a\r\nb\rc\td"), ["a", "b\\rc  d"]);
        assert_eq!(line("a ##[stop-commands]x ## b"), "a \\u{23}#[stop-commands]x ## b");
        assert!(matches!(line("plain é 日本 👩\u{200d}🚀"), Cow::Borrowed(_)));
    }

    #[test]
    fn paths_stay_within_the_project() {
        assert_eq!(path("./a/../b.yaml").as_deref(), Some("a/b.yaml"));
        assert_eq!(path("/home/me/input.yaml").as_deref(), Some("input.yaml"));
        assert_eq!(path("C:\\work\\input.yaml").as_deref(), Some("input.yaml"));
        assert_eq!(path("<stdin>"), None);
        assert_eq!(path("/"), None);
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(markup("a::b\n  ::c::d"), "a::b\n  &#58;:c::d");
        assert_eq!(markup("<script>'\"&\u{0}\u{ffff}"), "&lt;script&gt;&#39;&quot;&amp;\\u{0}\\u{ffff}");
    }
}
