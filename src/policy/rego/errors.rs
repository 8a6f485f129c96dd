//! What the parser says, in the words and with the places that people know.

use std::sync::Arc;

use crate::diag::{Diagnostic, Source, codes};

/// A place and a message taken out of the text of an error.
pub(crate) struct Said {
    /// File, line and column, where the text names them.
    pub(crate) place: Option<(String, u32, u32)>,
    /// The message alone.
    pub(crate) message: String,
}

/// Takes an error's text apart: `--> file:line:column`, source lines, `error: message`.
pub(crate) fn take_apart(text: &str) -> Said {
    let mut place = None;
    let mut message = None;
    for line in text.lines() {
        if place.is_none()
            && let Some(rest) = line.trim_start().strip_prefix("--> ")
        {
            let mut parts = rest.rsplitn(3, ':');
            let column = parts.next().and_then(|p| p.trim().parse().ok());
            let row = parts.next().and_then(|p| p.trim().parse().ok());
            if let (Some(column), Some(row), Some(file)) = (column, row, parts.next())
                && !file.is_empty()
            {
                place = Some((file.to_owned(), row, column));
            }
        }
        // An error within an error: the innermost says what happened, the outermost where.
        if let Some(rest) = line.trim_start().strip_prefix("error: ")
            && !rest.trim().is_empty()
        {
            message = Some(rest.trim().to_owned());
        }
    }
    let message = message.unwrap_or_else(|| text.lines().next().unwrap_or_default().trim().to_owned());
    Said { place, message }
}

/// The byte of a place as the parser counts it: a tab is four columns.
pub(crate) fn offset(source: &Source, line: u32, column: u32) -> usize {
    let start = source.offset(line, 1);
    let mut at = 1_u32;
    let mut bytes = start;
    for c in source.line(line).chars() {
        if at >= column {
            break;
        }
        at = at.saturating_add(if c == '\t' { 4 } else { 1 });
        bytes = bytes.saturating_add(c.len_utf8());
    }
    bytes
}

/// A syntax error as a diagnostic.
pub(crate) fn syntax(source: &Arc<Source>, text: &str, v0: bool) -> Diagnostic {
    let said = take_apart(text);
    let span = said.place.map_or(0..0, |(_, line, column)| {
        let at = offset(source, line, column);
        at..at.saturating_add(1).min(source.text.len())
    });
    let line = source.text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let before = source.text.get(..span.start).and_then(|all| all.lines().next_back()).unwrap_or_default();
    let old = before.trim_start().starts_with("deny") && line.starts_with('{');
    let message = said.message.replace('`', "'");
    let keywords = ["'if'", "contains"].iter().any(|word| message.contains(word));
    // What follows is a place that was taken out.
    let shadowed = message.strip_suffix(" defined at:");
    let hint = if shadowed.is_some() {
        "`import rego.v1` brings all of these keywords along: keep one of the two imports"
    } else if !v0 && (old || keywords) {
        "this is Rego v1: write `deny contains finding if { … }`; a policy in the syntax of v0 is read with `--rego-v0`"
    } else {
        "see the place above; Rego v1 writes `name if { … }` and `name contains value if { … }`"
    };
    Diagnostic::error(codes::POLICY_INVALID, format!("this is not Rego: {}", shadowed.unwrap_or(&message)))
        .hint(hint)
        .at(source, span, "reading stopped here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_and_message_are_found() {
        let said = take_apart("\n--> a:b.rego:3:14\n  |\n3 | x := {\n  |      ^\nerror: expecting term");
        assert_eq!(said.place, Some(("a:b.rego".to_owned(), 3, 14)));
        assert_eq!(said.message, "expecting term");
        assert_eq!(take_apart("plain").message, "plain");
    }
}
