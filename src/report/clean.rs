//! Makes text harmless in the formats of reports: what acts is spelt out by [`diag::clean`], and what
//! means something to a format is escaped.
//!
//! [`diag::clean`]: crate::diag::clean

use std::borrow::Cow;

pub(crate) use crate::diag::clean::{acts, commands, line};

/// Whether a build server would carry out a line of this text: GitHub's runner skips leading blanks.
pub(crate) fn is_command(line: &str) -> bool {
    line.trim_start().starts_with("::")
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
    let mut parts: Vec<&str> = Vec::new();
    let mut outside = file.starts_with('/') || drive || file.contains("://");
    for part in file.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => outside |= parts.pop().is_none(),
            part => parts.push(part),
        }
    }
    if outside {
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
    fn lines_stay_lines() {
        assert_eq!(lines("a\r\nb\rc\td"), ["a", "b\\rc  d"]);
    }

    #[test]
    fn paths_stay_within_the_project() {
        assert_eq!(path("./a/../b.yaml").as_deref(), Some("b.yaml"));
        assert_eq!(path("./a/./c/../b.yaml").as_deref(), Some("a/b.yaml"));
        assert_eq!(path("../facts/scans.yaml").as_deref(), Some("scans.yaml"));
        assert_eq!(path("a/../../facts/scans.yaml").as_deref(), Some("scans.yaml"));
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
