//! What is looked at in a policy's text before a parser sees it.
//!
//! A parser recurses over what it reads, and so does everything after it. Here the length of the
//! chains that a text can form (`1 + 1 + …`, `a.b.c…`) and the size of its numbers are bounded, by a
//! scan without recursion that knows only strings, comments, brackets and operators.
//!
//! The parser takes a bracket for a comprehension first, and reads its first element a second time
//! where it is none: `[[[[…` takes twice as long with every bracket. That is counted and bounded too.

use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Diagnostic, Source, codes};

/// Largest policy file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Most words `import`.
const MAX_IMPORTS: usize = 500;
/// Longest chain of operators, dots or brackets in one expression.
const MAX_CHAIN: u32 = 120;
/// Deepest nesting of brackets.
const MAX_NESTING: usize = 120;
/// How often words may be read again, all in all.
const MAX_REREAD: u64 = 1 << 18;
/// Longest number, in characters; largest exponent, in digits.
const MAX_NUMBER: usize = 400;
const MAX_EXPONENT: usize = 3;

/// What is known of one level of brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    /// How many links the expression has so far.
    links: u32,
    /// How often the parser reads what stands here in the first element.
    first: u64,
    /// The same behind it.
    rest: u64,
}

impl Level {
    /// Another expression begins.
    const fn next(&mut self) {
        self.links = 0;
        self.first = self.rest;
    }
}

/// Checks a policy's text.
pub(crate) fn check(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let refuse = |span: Range<usize>, message: &str, hint: &str| {
        Err(Diagnostic::error(codes::POLICY_INVALID, message).hint(hint).at(source, span, "here"))
    };
    if source.text.len() > MAX_BYTES {
        return refuse(
            0..0,
            &format!("`{}` has {} bytes; a policy may have {MAX_BYTES}", source.name, source.text.len()),
            "keep tables in data, and split large policies into files",
        );
    }
    // The parser may print them as they are.
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if let Some((at, c)) = source.text.char_indices().find(|(_, c)| control(*c)) {
        return refuse(
            at..at.saturating_add(c.len_utf8()),
            "a policy may have no control characters",
            "in a string write `\\u001b`",
        );
    }
    let mut imports = source.text.match_indices("import").filter(|(at, word)| {
        let before = source.text.get(..*at).and_then(|text| text.chars().next_back());
        let after = source.text.get(at.saturating_add(word.len())..).and_then(|text| text.chars().next());
        before.is_none_or(char::is_whitespace) && after.is_some_and(char::is_whitespace)
    });
    // The parser holds each against all before it.
    if let Some((at, word)) = imports.nth(MAX_IMPORTS) {
        return refuse(
            at..at.saturating_add(word.len()),
            &format!("a policy imports more than {MAX_IMPORTS} times"),
            "split it into files, or use a package by its path below `data`",
        );
    }
    if source.name.contains(control) {
        return refuse(0..0, "the name of a policy has control characters", "rename the file");
    }
    let bytes = source.text.as_bytes();
    let mut at = 0_usize;
    let mut levels: Vec<Level> = vec![Level { links: 0, first: 1, rest: 1 }];
    let mut reread = 0_u64;
    // Whether the expression goes on: the last thing seen asks for another operand.
    let mut open = false;
    let mut fresh_line = false;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = at.saturating_add(piece(rest).0.max(1));
        let word = bytes.get(at..end).unwrap_or_default();
        match byte {
            b'\n' => fresh_line = true,
            b' ' | b'\t' | b'\r' | b'#' => {}
            b'(' | b'[' | b'{' => {
                match levels.last_mut() {
                    Some(last) if fresh_line && !open => last.next(),
                    _ => link(&mut levels, u32::from(!open)),
                }
                let times = levels.last().map_or(1, |level| level.first);
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                let index = before.is_some_and(|b| b.is_ascii_alphanumeric() || b"_])}\"`".contains(b));
                let twice = byte == b'{' || (byte == b'[' && !index);
                let first = if twice { times.saturating_mul(2) } else { times };
                levels.push(Level { links: 0, first, rest: times });
                open = true;
                fresh_line = false;
                if levels.len() > MAX_NESTING {
                    return refuse(
                        at..end,
                        "brackets are nested too deep",
                        "name parts of the expression with rules or variables",
                    );
                }
            }
            b')' | b']' | b'}' => {
                if levels.len() > 1 {
                    levels.pop();
                }
                open = false;
                fresh_line = false;
            }
            b',' | b';' => {
                if let Some(last) = levels.last_mut() {
                    last.next();
                }
                open = false;
                fresh_line = false;
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'<' | b'>' | b'=' | b'!' | b':' | b'.' => {
                link(&mut levels, 1);
                open = true;
                fresh_line = false;
            }
            _ => {
                let operator = matches!(word, b"in" | b"with" | b"as" | b"else" | b"not");
                if fresh_line
                    && !open
                    && !operator
                    && let Some(last) = levels.last_mut()
                {
                    last.next();
                }
                if operator {
                    link(&mut levels, 1);
                }
                if byte.is_ascii_digit() && !number_is_small(word) {
                    return refuse(at..end, "a number is too large", "write large numbers as strings");
                }
                open = operator;
                fresh_line = false;
            }
        }
        // Two characters a link, as in `:=` and `==`.
        if levels.last().is_some_and(|level| level.links > MAX_CHAIN.saturating_mul(2)) {
            return refuse(
                at..end,
                "an expression is too long",
                "use a list and a comprehension, or name parts of the expression with variables",
            );
        }
        if !byte.is_ascii_whitespace() && byte != b'#' {
            let times = levels.last().map_or(1, |level| level.first);
            reread = reread.saturating_add(times.saturating_sub(1));
        }
        if reread > MAX_REREAD {
            return refuse(
                at..end,
                "brackets are nested too deep at their beginnings",
                "name parts of the value with rules or variables, or keep tables in data",
            );
        }
        at = end;
    }
    Ok(())
}

/// The words and signs of a text, without comments and strings.
pub(super) fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
            let (length, kept) = piece(rest);
            let span = at..at.saturating_add(length.max(1));
            at = span.end;
            if let Some(word) = text.get(span.clone()).filter(|_| kept) {
                return Some((span, word));
            }
        }
    })
}

/// How long the first piece of a text is, and whether it is more than space, a comment or a string.
fn piece(rest: &[u8]) -> (usize, bool) {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    match rest.first() {
        Some(b'#') => (rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()), false),
        Some(b'"') => (quoted(rest), false),
        Some(b'`') => {
            let end = rest.iter().skip(1).position(|b| *b == b'`');
            (end.map_or(rest.len(), |end| end.saturating_add(2)), false)
        }
        Some(b'0'..=b'9') => (number(rest), true),
        Some(first) if word(first) => (rest.iter().position(|b| !word(b)).unwrap_or(rest.len()), true),
        first => (1, first.is_some_and(|first| !first.is_ascii_whitespace())),
    }
}

fn link(levels: &mut [Level], links: u32) {
    if let Some(last) = levels.last_mut() {
        last.links = last.links.saturating_add(links);
    }
}

/// Length of a quoted string, its quotes included.
fn quoted(rest: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.saturating_add(1),
            b'\n' => return at,
            _ => {}
        }
    }
    rest.len()
}

/// Length of a number: digits, a fraction, an exponent with its sign.
fn number(rest: &[u8]) -> usize {
    let mut before = b'0';
    for (at, byte) in rest.iter().enumerate() {
        let sign = matches!(byte, b'+' | b'-') && matches!(before, b'e' | b'E');
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || sign) {
            return at;
        }
        before = *byte;
    }
    rest.len()
}

/// Whether a number, or a text that is to be read as one, can be computed with at no great cost.
pub(crate) fn number_is_small(word: &[u8]) -> bool {
    let exponent =
        word.iter().position(|b| matches!(b, b'e' | b'E')).and_then(|at| word.get(at.saturating_add(1)..));
    let digits = |part: &[u8]| part.iter().filter(|b| b.is_ascii_digit()).count();
    // Leading zeros of an exponent would hide nothing; there is no reason to write them.
    word.len() <= MAX_NUMBER && exponent.is_none_or(|part| digits(part) <= MAX_EXPONENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        check(&Source::new("p.rego", text)).err().map(|d| d.message)
    }

    #[test]
    fn ordinary_policies_pass() {
        let lines = "allowed(path) if {\n\tsome step in promotion.paths\n\tstep.from == path.from # 1+1\n}\n"
            .repeat(500);
        assert_eq!(refused(&lines), None);
        let table = format!("table := [{}]", "{\"a\": 1, \"b\": [1.5e10, \"x + y\"]},\n".repeat(5000));
        assert_eq!(refused(&table), None);
        let imports = |count: usize| (0..count).map(|i| format!("import data.a{i}\n")).collect::<String>();
        assert_eq!(refused(&imports(MAX_IMPORTS)), None);
        assert_eq!(refused(&imports(MAX_IMPORTS + 1)).unwrap(), "a policy imports more than 500 times");
        assert_eq!(refused(&format!("x := \"{}\"", "important imports ".repeat(600))), None);
    }

    #[test]
    fn chains_nests_and_numbers_are_bounded() {
        assert_eq!(refused(&format!("x := 1{}", " + 1".repeat(5000))).unwrap(), "an expression is too long");
        assert_eq!(refused(&format!("x := 1{}", " +\n1".repeat(5000))).unwrap(), "an expression is too long");
        assert_eq!(refused(&format!("x := a{}", ".b".repeat(5000))).unwrap(), "an expression is too long");
        assert_eq!(refused(&format!("x := a{}", "[0]".repeat(5000))).unwrap(), "an expression is too long");
        assert_eq!(refused(&format!("x := {}1", "(".repeat(5000))).unwrap(), "brackets are nested too deep");
        let reread = "brackets are nested too deep at their beginnings";
        for (open, close) in
            [("[", "]"), ("{", "}"), ("{\"a\": ", "}"), ("[{\"a\": f([", "])}]"), ("[\n(", ")]")]
        {
            let nested = |depth| format!("x := {}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(refused(&nested(4)), None);
            assert_eq!(refused(&nested(24)).unwrap(), reread, "{open}");
        }
        // What is behind the first element is read once, and an index is no list.
        assert_eq!(refused(&format!("x := {}1{}", "[0, ".repeat(100), "]".repeat(100))), None);
        assert_eq!(refused(&format!("x := {}0{}", "a[".repeat(100), "]".repeat(100))), None);
        assert_eq!(refused("x := 1e999999999").unwrap(), "a number is too large");
        assert!(refused(&" ".repeat(MAX_BYTES + 1)).unwrap().ends_with("may have 1048576"));
    }
}
