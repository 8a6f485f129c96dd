//! The parts of an expression as the author wrote them: what must hold together, what is gone through,
//! what is read.
//!
//! Only what has compiled is taken apart here, and each part is compiled again before it is shown with
//! a value: a part that was cut wrong has none.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lexer;

/// The macros that go through a list with a name for each element.
const MACROS: &[&str] = &["all", "exists", "exists_one", "existsOne", "filter", "map"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Number,
    Text,
    Sign,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    span: Range<usize>,
    /// How many brackets are open around it.
    depth: usize,
}

/// How an expression is put together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// All of these.
    All(Vec<Range<usize>>),
    /// One of these.
    Any(Vec<Range<usize>>),
    /// The second where the first holds, else the third.
    Choice([Range<usize>; 3]),
    /// It is one.
    One(Range<usize>),
}

/// The conditions of an expression that has compiled.
pub(crate) fn conditions(text: &str) -> BTreeSet<Condition> {
    Parts::new(text).conditions()
}

/// A macro that goes through a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loop {
    pub(super) name: String,
    pub(super) list: Range<usize>,
    pub(super) element: String,
    pub(super) body: Range<usize>,
}

/// A condition, from one byte to another, and what it becomes.
pub(crate) type Condition = (usize, usize, &'static str);

/// A name, and the members below it.
type Members = (String, Vec<String>);

/// What is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) span: Range<usize>,
    /// The first name, and the members below it, where all are written out.
    pub(super) path: Option<Members>,
    /// Where the first name ends, and each of the members.
    pub(super) ends: Vec<usize>,
}

/// An expression, taken apart.
pub(super) struct Parts<'t> {
    text: &'t str,
    tokens: Vec<Token>,
}

impl<'t> Parts<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, tokens: tokens(text) }
    }

    fn of(&self, token: &Token) -> &'t str {
        self.text.get(token.span.clone()).unwrap_or_default()
    }

    fn is(&self, at: usize, sign: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind != Kind::Text && self.of(token) == sign)
    }

    /// Whether one of two signs follows the other at once.
    pub(super) fn mixes(&self, one: &str, other: &str) -> bool {
        (1..self.tokens.len()).any(|at| {
            let before = at.saturating_sub(1);
            (self.is(before, one) && self.is(at, other)) || (self.is(before, other) && self.is(at, one))
        })
    }

    /// The tokens of a part.
    fn within(&self, part: &Range<usize>) -> Range<usize> {
        let from = self.tokens.partition_point(|token| token.span.start < part.start);
        let to = self.tokens.partition_point(|token| token.span.end <= part.end);
        from..to.max(from)
    }

    fn span(&self, tokens: Range<usize>) -> Option<Range<usize>> {
        let last = tokens.end.checked_sub(1).filter(|last| *last >= tokens.start)?;
        Some(self.tokens.get(tokens.start)?.span.start..self.tokens.get(last)?.span.end)
    }

    /// The whole, without white space around it.
    pub(super) fn whole(&self) -> Range<usize> {
        self.span(0..self.tokens.len()).unwrap_or(0..self.text.len())
    }

    /// How a part is put together.
    pub(super) fn split(&self, part: &Range<usize>) -> Split {
        let mut tokens = self.within(part);
        // Brackets around all of it.
        while let (Some(first), Some(last)) = (self.tokens.get(tokens.start), tokens.end.checked_sub(1))
            && self.is(tokens.start, "(")
            && self.closes(tokens.start) == Some(last)
            && first.span.start < part.end
        {
            tokens = tokens.start.saturating_add(1)..last;
        }
        let Some(outer) = self.tokens.get(tokens.clone()).and_then(|all| all.iter().map(|t| t.depth).min())
        else {
            return Split::One(part.clone());
        };
        let whole = self.span(tokens.clone()).unwrap_or_else(|| part.clone());
        let find = |sign: &str| -> Vec<usize> {
            let here = |at: &usize| self.tokens.get(*at).is_some_and(|token| token.depth == outer);
            tokens.clone().filter(here).filter(|at| self.is(*at, sign)).collect()
        };
        let pieces = |signs: Vec<usize>| -> Vec<Range<usize>> {
            let mut from = tokens.start;
            let mut found = Vec::new();
            for sign in signs.into_iter().chain([tokens.end]) {
                found.extend(self.span(from..sign));
                from = sign.saturating_add(1);
            }
            found
        };
        if let (Some(ask), Some(or)) = (find("?").first().copied(), find(":").last().copied()) {
            let parts = [tokens.start..ask, ask.saturating_add(1)..or, or.saturating_add(1)..tokens.end];
            let spans = parts.map(|part| self.span(part));
            return match spans {
                [Some(ask), Some(then), Some(or)] => Split::Choice([ask, then, or]),
                _ => Split::One(whole),
            };
        }
        let any = find("||");
        if !any.is_empty() {
            return Split::Any(pieces(any));
        }
        let all = find("&&");
        match all.is_empty() {
            false => Split::All(pieces(all)),
            true => Split::One(whole),
        }
    }

    /// The token that closes the bracket that another opens.
    fn closes(&self, open: usize) -> Option<usize> {
        let depth = self.tokens.get(open)?.depth;
        let after = open.saturating_add(1);
        let rest = self.tokens.get(after..)?;
        rest.iter().position(|token| token.depth == depth).map(|at| at.saturating_add(after))
    }

    /// The first token of the value that a member is asked of: `a.b[c]` before `.d`.
    fn value_before(&self, dot: usize, least: usize) -> Option<usize> {
        let mut at = dot;
        loop {
            let last = at.checked_sub(1).filter(|last| *last >= least)?;
            let token = self.tokens.get(last)?;
            let start = if matches!(self.of(token), ")" | "]" | "}") && token.kind == Kind::Sign {
                let opens = |i: &usize| self.closes(*i) == Some(last);
                let open = (least..last).rev().find(opens)?;
                // What is called or looked into stands before the bracket.
                let before = open.checked_sub(1).filter(|before| *before >= least);
                let word = before.and_then(|at| self.tokens.get(at)).is_some_and(|t| {
                    t.kind == Kind::Word && !matches!(self.of(t), "in")
                        || t.kind == Kind::Sign && matches!(self.of(t), ")" | "]")
                });
                match (self.is(open, "{") || !word, before) {
                    (false, Some(before)) if self.tokens.get(before)?.kind == Kind::Word => before,
                    (false, Some(before)) => {
                        at = before.saturating_add(1);
                        continue;
                    }
                    _ => open,
                }
            } else if token.kind == Kind::Sign {
                return None;
            } else {
                last
            };
            match start.checked_sub(1).filter(|before| *before >= least && self.is(*before, ".")) {
                Some(before) => at = before,
                None => return Some(start),
            }
        }
    }

    /// The loops in a part that stand in no other.
    pub(super) fn loops(&self, part: &Range<usize>) -> Vec<Loop> {
        let tokens = self.within(part);
        let mut found = Vec::new();
        let mut at = tokens.start;
        while at < tokens.end {
            match self.loop_at(at, &tokens) {
                Some((end, one)) => {
                    found.push(one);
                    at = end;
                }
                None => at = at.saturating_add(1),
            }
        }
        found
    }

    /// The loop whose dot this is, and the token after it.
    fn loop_at(&self, dot: usize, within: &Range<usize>) -> Option<(usize, Loop)> {
        let [name, open, element, comma] = [1, 2, 3, 4].map(|n| dot.saturating_add(n));
        let word = self.tokens.get(name).filter(|token| token.kind == Kind::Word)?;
        if !self.is(dot, ".")
            || !MACROS.contains(&self.of(word))
            || !self.is(open, "(")
            || !self.is(comma, ",")
        {
            return None;
        }
        let variable = self.tokens.get(element).filter(|token| token.kind == Kind::Word)?;
        let close = self.closes(open).filter(|close| *close < within.end)?;
        let inner = comma.saturating_add(1)..close;
        // With two names, or with a filter before what is made, it is another loop.
        let depth = variable.depth;
        let comma = |at: &usize| self.is(*at, ",") && self.tokens.get(*at).is_some_and(|t| t.depth == depth);
        if inner.clone().any(|at| comma(&at)) {
            return None;
        }
        let start = self.value_before(dot, within.start)?;
        let one = Loop {
            name: self.of(word).to_owned(),
            list: self.span(start..dot)?,
            element: self.of(variable).to_owned(),
            body: self.span(inner)?,
        };
        Some((close.saturating_add(1), one))
    }

    /// The parts that are conditions, and what each becomes where it is taken out: what must hold with
    /// others and what an element must do holds, what may hold in the place of others does not, and a
    /// choice is made one way and the other.
    pub(super) fn conditions(&self) -> BTreeSet<Condition> {
        let all = 0..self.tokens.len();
        let mut found = BTreeSet::new();
        for at in all.clone() {
            let before = || self.span(self.begins(at)..at);
            let behind = || self.span(at.saturating_add(1)..self.ends(at));
            let mut add = |part: Option<Range<usize>>, becomes| {
                found.extend(part.map(|part| (part.start, part.end, becomes)));
            };
            if self.is(at, "&&") {
                [before(), behind()].into_iter().for_each(|part| add(part, "true"));
            } else if self.is(at, "||") {
                [before(), behind()].into_iter().for_each(|part| add(part, "false"));
            } else if self.chooses(at) {
                ["true", "false"].into_iter().for_each(|becomes| add(before(), becomes));
            } else if let Some((_, one)) = self.loop_at(at, &all)
                && one.name != "map"
            {
                add(Some(one.body), "true");
            }
        }
        found
    }

    /// Whether a token asks which of two it is to be; before a member, `?` does not.
    fn chooses(&self, at: usize) -> bool {
        let before = at.checked_sub(1);
        let optional =
            before.is_none_or(|before| [".", "[", "{", ","].iter().any(|sign| self.is(before, sign)));
        self.is(at, "?") && !optional
    }

    /// Whether what an operator joins does not reach beyond a token.
    fn bounds(&self, operator: usize, at: usize) -> bool {
        let depth = |at: usize| self.tokens.get(at).map_or(0, |token| token.depth);
        let weaker = self.is(at, "||") && !self.chooses(operator)
            || self.is(operator, "&&") && self.is(at, "&&")
            || self.is(at, ",")
            || self.is(at, ":")
            || self.chooses(at);
        depth(at) < depth(operator) || depth(at) == depth(operator) && weaker
    }

    /// The first token of what stands before an operator.
    fn begins(&self, operator: usize) -> usize {
        let bound = (0..operator).rev().find(|at| self.bounds(operator, *at));
        bound.map_or(0, |at| at.saturating_add(1))
    }

    /// The token behind what stands after an operator.
    fn ends(&self, operator: usize) -> usize {
        let last = self.tokens.len();
        (operator.saturating_add(1)..last).find(|at| self.bounds(operator, *at)).unwrap_or(last)
    }

    /// What a part reads, by names that are known; what stands within loops is theirs.
    pub(super) fn reads(&self, part: &Range<usize>, names: &[&str]) -> Vec<Read> {
        let bodies: Vec<Range<usize>> = self.loops(part).into_iter().map(|one| one.body).collect();
        let tokens = self.within(part);
        let mut found: Vec<Read> = Vec::new();
        let mut at = tokens.start;
        while at < tokens.end {
            let Some(token) = self.tokens.get(at) else { break };
            let hidden = bodies.iter().any(|body| body.contains(&token.span.start));
            let member = at > tokens.start && self.is(at.saturating_sub(1), ".");
            let next = at.saturating_add(1);
            if hidden || member || token.kind != Kind::Word {
                at = next;
                continue;
            }
            if self.is(next, "(") && self.of(token) != "has" {
                // A call as a whole, and then what it is given.
                if let Some(span) = self.closes(next).and_then(|end| self.span(at..end.saturating_add(1))) {
                    found.push(Read { span, path: None, ends: Vec::new() });
                }
                at = next.saturating_add(1);
                continue;
            }
            if !names.contains(&self.of(token)) {
                at = next;
                continue;
            }
            let (end, path, ends) = self.reference(at, tokens.end);
            found.extend(self.span(at..end).map(|span| Read { span, path, ends }));
            at = end.max(next);
        }
        found
    }

    /// The end of a reference, its path where all of it is written out, and the ends of what is in it.
    fn reference(&self, from: usize, most: usize) -> (usize, Option<Members>, Vec<usize>) {
        let root = self.tokens.get(from).map(|token| self.of(token).to_owned()).unwrap_or_default();
        let mut members = Some(Vec::new());
        let mut at = from.saturating_add(1);
        let mut ends: Vec<usize> = self.tokens.get(from).map(|token| token.span.end).into_iter().collect();
        while at < most {
            let next = at.saturating_add(1);
            if self.is(at, ".") {
                let optional = self.is(next, "?");
                let name = next.saturating_add(usize::from(optional));
                let after = name.saturating_add(1);
                let Some(word) = self.tokens.get(name).filter(|token| token.kind == Kind::Word) else {
                    break;
                };
                if self.is(after, "(") {
                    break;
                }
                if let Some(members) = &mut members {
                    members.push(self.of(word).to_owned());
                }
                ends.push(word.span.end);
                at = after;
            } else if self.is(at, "[") {
                let Some(close) = self.closes(at).filter(|close| *close < most) else { break };
                let index = self.tokens.get(next).filter(|_| next.saturating_add(1) == close);
                let part = index.and_then(|token| match token.kind {
                    Kind::Text => Some(self.of(token).trim_matches(['"', '\'']).to_owned()),
                    Kind::Number => Some(self.of(token).to_owned()),
                    _ => None,
                });
                match (part, &mut members) {
                    (Some(part), Some(members)) => members.push(part),
                    _ => members = None,
                }
                ends.extend(self.tokens.get(close).map(|token| token.span.end));
                at = close.saturating_add(1);
            } else {
                break;
            }
        }
        (at, members.map(|members| (root, members)), ends)
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut found: Vec<Token> = Vec::new();
    let (mut at, mut depth) = (0_usize, 0_usize);
    while at < bytes.len() {
        let from = at;
        let next = at.saturating_add(1);
        let mut kind = Kind::Sign;
        let mut level = depth;
        match byte(at) {
            b if b.is_ascii_whitespace() => {
                at = next;
                continue;
            }
            b'/' if byte(next) == b'/' => {
                let rest = text.get(at..).unwrap_or_default();
                at = rest.find('\n').map_or(bytes.len(), |n| at.saturating_add(n));
                continue;
            }
            quote @ (b'"' | b'\'') => {
                kind = Kind::Text;
                at = lexer::string(bytes, at, quote, false).unwrap_or(bytes.len());
            }
            b if b.is_ascii_digit() => {
                kind = Kind::Number;
                while is_word(byte(at)) || byte(at) == b'.' && byte(at.saturating_add(1)).is_ascii_digit() {
                    at = at.saturating_add(1);
                }
            }
            b if is_word(b) => {
                kind = Kind::Word;
                while is_word(byte(at)) {
                    at = at.saturating_add(1);
                }
                if let quote @ (b'"' | b'\'') = byte(at)
                    && at.saturating_sub(from) <= 2
                {
                    let raw =
                        bytes.get(from..at).unwrap_or_default().iter().any(|b| matches!(b, b'r' | b'R'));
                    kind = Kind::Text;
                    at = lexer::string(bytes, at, quote, raw).unwrap_or(bytes.len());
                }
            }
            b'(' | b'[' | b'{' => {
                depth = depth.saturating_add(1);
                at = next;
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                level = depth;
                at = next;
            }
            b'&' | b'|' | b'=' | b'!' | b'<' | b'>'
                if matches!((byte(at), byte(next)), (b'&', b'&') | (b'|', b'|') | (_, b'=')) =>
            {
                at = next.saturating_add(1);
            }
            _ => at = next,
        }
        // A character of several bytes stands in texts alone.
        while !text.is_char_boundary(at) {
            at = at.saturating_add(1);
        }
        found.push(Token { kind, span: from..at, depth: level });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, spans: &[Range<usize>]) -> Vec<String> {
        spans.iter().map(|span| text[span.clone()].to_owned()).collect()
    }

    #[test]
    fn what_must_hold_together_is_taken_apart() {
        let text = "(a.b == 'x && y' && (c || d)\n  && f(1, 2)[0] > 3)";
        let parts = Parts::new(text);
        let Split::All(all) = parts.split(&parts.whole()) else { panic!() };
        assert_eq!(words(text, &all), ["a.b == 'x && y'", "(c || d)", "f(1, 2)[0] > 3"]);
        let Split::Any(any) = parts.split(&all[1]) else { panic!() };
        assert_eq!(words(text, &any), ["c", "d"]);
        let text = "a ? b : c ? d : e";
        let parts = Parts::new(text);
        assert!(matches!(parts.split(&parts.whole()), Split::Choice(_)));
        let text = "(a) && (b)";
        let parts = Parts::new(text);
        let Split::All(all) = parts.split(&parts.whole()) else { panic!() };
        assert_eq!(words(text, &all), ["(a)", "(b)"]);
        let text = "!x";
        let parts = Parts::new(text);
        assert_eq!(parts.split(&parts.whole()), Split::One(0..2));
    }

    #[test]
    fn loops_and_what_is_read_are_found() {
        let text =
            "size(input.a[\"b\"].c) > 1 || input.list.filter(i, i.ok).all(x, x.y == data.s && has(input.z))";
        let parts = Parts::new(text);
        let loops = parts.loops(&parts.whole());
        let one: Vec<_> =
            loops.iter().map(|l| (l.name.as_str(), l.element.as_str(), &text[l.list.clone()])).collect();
        assert_eq!(one, [("filter", "i", "input.list"), ("all", "x", "input.list.filter(i, i.ok)")]);
        assert_eq!(&text[loops[1].body.clone()], "x.y == data.s && has(input.z)");
        let reads = parts.reads(&parts.whole(), &["input", "data"]);
        let spans: Vec<_> = reads.iter().map(|read| read.span.clone()).collect();
        assert_eq!(words(text, &spans), ["size(input.a[\"b\"].c)", "input.a[\"b\"].c", "input.list"]);
        assert_eq!(
            reads[1].path,
            Some(("input".to_owned(), vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]))
        );
        let body = parts.reads(&loops[1].body, &["input", "data", "x"]);
        let spans: Vec<_> = body.iter().map(|read| read.span.clone()).collect();
        assert_eq!(words(text, &spans), ["x.y", "data.s", "input.z"]);
    }

    #[test]
    fn conditions_become_what_leaves_them_out() {
        let said = |text: &str| -> Vec<String> {
            let found = conditions(text);
            found.into_iter().map(|(from, to, becomes)| format!("{} → {becomes}", &text[from..to])).collect()
        };
        assert_eq!(said("a == 'x && y'"), Vec::<String>::new());
        assert_eq!(
            said("a && (b || c.?d.orValue(1) == 2)"),
            ["a → true", "(b || c.?d.orValue(1) == 2) → true", "b → false", "c.?d.orValue(1) == 2 → false"]
        );
        assert_eq!(
            said("l.all(x, x > 1 && f(x, 2)) ? a : b && c"),
            [
                "l.all(x, x > 1 && f(x, 2)) → false",
                "l.all(x, x > 1 && f(x, 2)) → true",
                "x > 1 → true",
                "x > 1 && f(x, 2) → true",
                "f(x, 2) → true",
                "b → true",
                "c → true"
            ]
        );
        assert_eq!(said("a && b ? c : d"), ["a → true", "a && b → false", "a && b → true", "b → true"]);
        assert_eq!(said("a || b && c"), ["a → false", "b → true", "b && c → false", "c → true"]);
        assert_eq!(said("[?a.b].map(i, i.?c)"), Vec::<String>::new());
        assert_eq!(said("a.filter(x, x.b.exists(y, y))[0]"), ["x.b.exists(y, y) → true", "y → true"]);
    }

    #[test]
    fn nothing_panics() {
        let odd = ["", "(", ")", "'", "a.", ".all(", "é", "a[", "x.all(y,", "))((", "? :", "\"é"];
        for text in odd.into_iter().chain(["a &&", "|| (", "?&&", ")&&("]) {
            let parts = Parts::new(text);
            let whole = parts.whole();
            parts.split(&whole);
            parts.conditions();
            parts.loops(&whole);
            parts.reads(&whole, &["a", "x"]);
        }
    }
}
