//! Reads Rust far enough to know which paths a file names outside its tests.
//!
//! Comments and texts are left out, and so is whatever stands under `#[cfg(test)]`. Trees of `use`
//! are spread out: `use a::{b, c::d}` names `a::b` and `a::c::d`.

/// A piece of Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or keyword.
    Name(String),
    /// A text, without its quotes.
    Text(String),
    /// Anything else; `::` is two of them.
    Sign(char),
}

/// A token, and the line on which it stands.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) token: Token,
    pub(crate) line: usize,
}

impl Piece {
    fn is(&self, sign: char) -> bool {
        self.token == Token::Sign(sign)
    }

    fn name(&self) -> Option<&str> {
        match &self.token {
            Token::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// Splits a file into tokens, without its comments.
pub(crate) fn tokens(text: &str) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut found = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let start = i;
        let begin = line;
        let mut push = |token| found.push(Piece { token, line: begin });
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            '"' => {
                i = quoted(&chars, i);
                push(Token::Text(chars.get(start + 1..i - 1).unwrap_or_default().iter().collect()));
            }
            '\'' => {
                // A lifetime is a quote and a name without a second quote.
                let name = at(i + 1).is_alphanumeric() || at(i + 1) == '_';
                if name && at(i + 2) != '\'' {
                    i += 1;
                } else {
                    i += if at(i + 1) == '\\' { 3 } else { 2 };
                    while i < chars.len() && at(i) != '\'' {
                        i += 1;
                    }
                    i += 1;
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                while at(i).is_alphanumeric() || at(i) == '_' {
                    i += 1;
                }
                let name: String = chars.get(start..i).unwrap_or_default().iter().collect();
                let mut hashes = i;
                while at(hashes) == '#' {
                    hashes += 1;
                }
                match name.as_str() {
                    "r" | "br" | "cr" if at(hashes) == '"' => {
                        i = raw(&chars, hashes, hashes - i);
                        push(Token::Text(chars.get(start..i).unwrap_or_default().iter().collect()));
                    }
                    "b" | "c" if at(i) == '"' => i = quoted(&chars, i),
                    "r" if at(i) == '#' => i += 1,
                    "b" if at(i) == '\'' => {}
                    _ => push(Token::Name(name)),
                }
            }
            c if c.is_numeric() => {
                while at(i).is_alphanumeric() || at(i) == '_' {
                    i += 1;
                }
            }
            c => {
                if !c.is_whitespace() {
                    push(Token::Sign(c));
                }
                i += 1;
            }
        }
        line +=
            chars.get(start..i.min(chars.len())).unwrap_or_default().iter().filter(|c| **c == '\n').count();
    }
    found
}

/// The place after a text that begins at a quote.
fn quoted(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// The place after a raw text whose quote stands at `start`, with so many `#`.
fn raw(chars: &[char], start: usize, hashes: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    chars.len()
}

/// What a file says outside its tests, and which of its modules are tests.
#[derive(Debug, Default)]
pub(crate) struct Shipped {
    /// The tokens that are not under `#[cfg(test)]`.
    pub(crate) pieces: Vec<Piece>,
    /// Modules in files of their own that stand under `#[cfg(test)]`: name, and path if it is said.
    pub(crate) tests: Vec<(String, Option<String>)>,
}

/// Leaves out what stands under `#[cfg(test)]`.
pub(crate) fn shipped(pieces: &[Piece]) -> Shipped {
    let mut shipped = Shipped::default();
    let mut i = 0;
    while let Some(piece) = pieces.get(i) {
        if !is_cfg_test(pieces, i) {
            shipped.pieces.push(piece.clone());
            i += 1;
            continue;
        }
        let mut path = None;
        // This and any further attributes.
        while pieces.get(i).is_some_and(|p| p.is('#')) {
            let end = balanced(pieces, i + 1);
            let inside = &pieces[i..end];
            if inside.get(2).and_then(Piece::name) == Some("path") {
                path = inside.iter().find_map(|p| match &p.token {
                    Token::Text(text) => Some(text.clone()),
                    _ => None,
                });
            }
            i = end;
        }
        // The item: to a `;` or the end of a block outside of brackets.
        let start = i;
        while let Some(piece) = pieces.get(i) {
            match &piece.token {
                Token::Sign('{') => {
                    i = balanced(pieces, i);
                    // A `use` of several names goes on to its `;`.
                    if pieces[start..i].iter().find_map(Piece::name) != Some("use") {
                        break;
                    }
                }
                Token::Sign('(' | '[') => i = balanced(pieces, i),
                Token::Sign(';' | ',') => {
                    i += 1;
                    break;
                }
                _ => i += 1,
            }
        }
        let names: Vec<&str> = pieces[start..i].iter().filter_map(Piece::name).collect();
        if let (Some(at), Some(last)) = (names.iter().position(|n| *n == "mod"), pieces.get(i - 1))
            && last.is(';')
            && let Some(name) = names.get(at + 1)
        {
            shipped.tests.push(((*name).to_owned(), path));
        }
    }
    shipped
}

/// Whether `#[cfg(test)]`, or `#[cfg(all(test, …))]`, stands here.
fn is_cfg_test(pieces: &[Piece], i: usize) -> bool {
    if !pieces.get(i).is_some_and(|p| p.is('#')) || !pieces.get(i + 1).is_some_and(|p| p.is('[')) {
        return false;
    }
    let inside: Vec<&str> = pieces[i..balanced(pieces, i + 1)].iter().filter_map(Piece::name).collect();
    matches!(inside.as_slice(), ["cfg", "test"] | ["cfg", "all", "test", ..])
}

/// The place after the bracket that closes the one that stands here.
fn balanced(pieces: &[Piece], start: usize) -> usize {
    let mut depth = 0_usize;
    for (i, piece) in pieces.iter().enumerate().skip(start) {
        match piece.token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    pieces.len()
}

/// A path that a file names: `std::fs::read`, `crate::model::Digest`, or a single name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its segments.
    pub(crate) segments: Vec<String>,
    /// How many inline modules it stands in.
    pub(crate) depth: usize,
    /// Where.
    pub(crate) line: usize,
    /// The sign after it: `!` for a macro.
    pub(crate) next: Option<char>,
    /// Whether it is the name of a method or field.
    pub(crate) member: bool,
}

/// Every path, with trees of `use` spread out.
pub(crate) fn paths(pieces: &[Piece]) -> Vec<Named> {
    let mut found = Vec::new();
    // For each open brace, whether it is that of a module.
    let mut open: Vec<bool> = Vec::new();
    let mut i = 0;
    while let Some(piece) = pieces.get(i) {
        let depth = open.iter().filter(|is_mod| **is_mod).count();
        match &piece.token {
            Token::Name(_) => {
                let member = i > 0 && pieces[i - 1].is('.');
                i = path(pieces, i, &[], depth, member, &mut found);
            }
            Token::Sign('{') => {
                let named = i > 1 && pieces[i - 2].name() == Some("mod");
                open.push(named);
                i += 1;
            }
            Token::Sign('}') => {
                open.pop();
                i += 1;
            }
            _ => i += 1,
        }
    }
    found
}

/// Reads one path, or a tree of them, that begins here.
fn path(
    pieces: &[Piece],
    start: usize,
    prefix: &[String],
    depth: usize,
    member: bool,
    found: &mut Vec<Named>,
) -> usize {
    let mut segments = prefix.to_vec();
    let mut i = start;
    loop {
        match pieces.get(i).map(|p| &p.token) {
            Some(Token::Name(name)) => {
                segments.push(name.clone());
                i += 1;
            }
            Some(Token::Sign('*')) => {
                segments.push("*".to_owned());
                i += 1;
                break;
            }
            Some(Token::Sign('{')) if i > start || !prefix.is_empty() => {
                let end = balanced(pieces, i);
                i += 1;
                while i + 1 < end {
                    if pieces[i].name().is_some() || pieces[i].is('*') || pieces[i].is('{') {
                        i = path(pieces, i, &segments, depth, false, found);
                    } else {
                        i += 1;
                    }
                }
                return end;
            }
            _ => break,
        }
        let colons = pieces.get(i).is_some_and(|p| p.is(':')) && pieces.get(i + 1).is_some_and(|p| p.is(':'));
        let goes_on =
            colons && pieces.get(i + 2).is_some_and(|p| p.name().is_some() || p.is('{') || p.is('*'));
        if !goes_on {
            break;
        }
        i += 2;
    }
    let next = match pieces.get(i).map(|p| &p.token) {
        Some(Token::Sign(sign)) => Some(*sign),
        _ => None,
    };
    found.push(Named { segments, depth, line: pieces[start].line, next, member });
    i.max(start + 1)
}
