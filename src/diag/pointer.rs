//! Finds places in a JSON text by pointer (RFC 6901), without making anything of the rest.
//!
//! A report shows the lines of a few findings out of a document that may be large: a tree of all of
//! it would cost more than judging it. The text has been read before, so it is JSON; of any other
//! the place that is found is wrong, and nothing else.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// How long a list or an object must be for its members to be remembered.
const WORTH_REMEMBERING: usize = 4096;

/// A JSON text, and where the members of its long lists and objects begin.
#[derive(Debug)]
pub struct Pointers<'a> {
    text: &'a str,
    members: HashMap<usize, Rc<[Member]>>,
}

/// A value in a list or an object: its name there, with quotes, and its first byte.
#[derive(Clone, Debug)]
struct Member {
    name: Range<usize>,
    start: usize,
}

impl<'a> Pointers<'a> {
    /// Over a text; reads nothing yet.
    pub fn new(text: &'a str) -> Self {
        Self { text, members: HashMap::new() }
    }

    /// The bytes of the value at a pointer, or of the deepest one on the way that is there.
    pub fn locate(&mut self, pointer: &str) -> Range<usize> {
        let mut at = self.blank(0);
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            match self.member(at, &name) {
                Some(start) => at = start,
                None => break,
            }
        }
        at..self.end(at)
    }

    fn member(&mut self, at: usize, name: &str) -> Option<usize> {
        let members = self.members(at);
        match self.byte(at)? {
            b'[' => members.get(name.parse::<usize>().ok()?).map(|member| member.start),
            _ => members.iter().find(|member| self.name(member) == name).map(|member| member.start),
        }
    }

    fn name(&self, member: &Member) -> Cow<'a, str> {
        let quoted = self.text.get(member.name.clone()).unwrap_or_default();
        let plain = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        match plain.contains('\\') {
            true => serde_json::from_str(quoted).map_or(Cow::Borrowed(plain), Cow::Owned),
            false => Cow::Borrowed(plain),
        }
    }

    /// The members of the list or object that begins at a byte; of anything else there are none.
    fn members(&mut self, at: usize) -> Rc<[Member]> {
        if let Some(known) = self.members.get(&at) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        let object = self.byte(at) == Some(b'{');
        let mut next = at.saturating_add(1);
        while object || self.byte(at) == Some(b'[') {
            next = self.blank(next);
            let mut name = next..next;
            if matches!(self.byte(next), None | Some(b']' | b'}')) {
                break;
            }
            if object {
                name.end = self.end(next);
                // Past the colon.
                next = self.blank(self.blank(name.end).saturating_add(1));
            }
            found.push(Member { name, start: next });
            next = self.blank(self.end(next));
            if self.byte(next) != Some(b',') {
                break;
            }
            next = next.saturating_add(1);
        }
        let found: Rc<[Member]> = found.into();
        if next.saturating_sub(at) > WORTH_REMEMBERING {
            self.members.insert(at, Rc::clone(&found));
        }
        found
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The first byte from here on that is no white space (nor a byte order mark).
    fn blank(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{feff}');
        self.text.len().saturating_sub(rest.trim_start_matches(blank).len())
    }

    /// The byte after the value that begins at a byte.
    fn end(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut quoted = false;
        let mut escaped = false;
        for (i, byte) in bytes.iter().enumerate().skip(at) {
            let after = i.saturating_add(1);
            match (quoted, byte) {
                (true, _) if escaped => escaped = false,
                (true, b'\\') => escaped = true,
                (true, b'"') => {
                    quoted = false;
                    if depth == 0 {
                        return after;
                    }
                }
                (true, _) => {}
                (false, b'"') => quoted = true,
                (false, b'{' | b'[') => depth = depth.saturating_add(1),
                (false, b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n') if depth == 0 => return i,
                (false, b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return after;
                    }
                }
                (false, _) => {}
            }
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Source, tree};

    const TEXT: &str = "\u{feff} {\"a\": [1, {\"b\\u002fc\": \"x \\\" }\", \"~\": null}, []] ,\n \"é\":-1.5e3,\"a b\":{},\"list\":[[true],\"\"]}\n";

    #[test]
    fn values_are_found_where_a_tree_has_them() {
        let nodes = tree::parse(&Source::new("t", TEXT.trim_start_matches('\u{feff}'))).unwrap();
        let mut pointers = Pointers::new(TEXT);
        for pointer in [
            "",
            "/a",
            "/a/0",
            "/a/1",
            "/a/1/b~1c",
            "/a/1/~0",
            "/a/2",
            "/a/3",
            "/a/x",
            "/é",
            "/é/1",
            "/a b",
            "/nope",
            "/list/0/0",
            "/list/1",
            "/list/1/x",
        ] {
            let span = nodes[0].locate(pointer).span.clone();
            let expected = &TEXT.trim_start_matches('\u{feff}')[span];
            assert_eq!(&TEXT[pointers.locate(pointer)], expected, "{pointer}");
        }
    }

    #[test]
    fn of_what_is_no_json_some_place_is_found() {
        for text in ["", "{", "[1", "{\"a", "{\"a\"", "{\"a\":", "{a: 1}", "]", "[,]", "\"\\"] {
            let mut pointers = Pointers::new(text);
            for pointer in ["", "/a", "/0", "/a/0"] {
                let span = pointers.locate(pointer);
                assert!(span.start <= span.end && text.get(span).is_some(), "{text} {pointer}");
            }
        }
    }

    #[test]
    fn what_is_long_is_walked_once() {
        let text = format!("[{}]", vec!["{\"a\":[0,1]}"; 10_000].join(","));
        let mut pointers = Pointers::new(&text);
        for i in 0..10_000 {
            assert_eq!(&text[pointers.locate(&format!("/{i}/a/1"))], "1");
        }
        assert_eq!(pointers.members.len(), 1);
    }
}
