//! The text that is compiled: an author's policy, with names for what the engine asks for.
//!
//! Where a package has several definitions of an effect, each head gets a name of its own, so that
//! an output can be traced to the definition that gave it; the effect itself becomes their union,
//! for policies that refer to it. A list of all of them is appended, which is the one thing that is
//! evaluated.
//!
//! What a head gives is calculated at the end of its body, under a name: `contains x.y if some x in z`
//! becomes `contains o if { some x in z; o := x.y }`. The interpreter forgets what a definition has given
//! so far, where one of its heads is undefined; a statement that is undefined only does not hold. Every
//! place in the new text can be traced to the author's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use regorus::unstable::{Expr, Query, Rule, RuleAssign, RuleHead};

use crate::diag::Source;
use crate::model::finding::{Effect, Location};
use crate::policy::rego::RESERVED;
use crate::policy::rego::unit::{Form, Unit};
use crate::policy::rego::uses::{bytes, gives_each};

/// A definition of an effect.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    /// What its elements mean.
    pub(super) effect: Effect,
    /// Where it stands.
    pub(super) location: Location,
}

/// A text to compile.
pub(super) struct Prepared {
    /// The text.
    pub(super) text: Arc<Source>,
    /// The author's.
    original: Arc<Source>,
    /// Where its parts come from, in order.
    parts: Vec<Origin>,
    /// The heads, in the order of the list of outputs.
    pub(super) heads: Vec<Head>,
}

impl Prepared {
    /// The place in the author's text of a place in this one: its line and column.
    pub(super) fn place(&self, line: u32, column: u32) -> (u32, u32) {
        let at = self.text.offset(line, column);
        let after = self.parts.partition_point(|part| part.here <= at);
        let part = after.checked_sub(1).and_then(|last| self.parts.get(last)).copied().unwrap_or_default();
        let within = at.saturating_sub(part.here).min(part.length);
        self.original.line_column(part.there.saturating_add(within))
    }
}

/// The rule that lists the outputs.
pub(super) fn outputs() -> String {
    format!("{RESERVED}outputs")
}

/// Where a part of a text comes from.
#[derive(Clone, Copy, Default)]
struct Origin {
    /// Where it starts in the text.
    here: usize,
    /// Where it starts in the author's.
    there: usize,
    /// How long it is in the author's: nothing, where it is not of the author.
    length: usize,
}

/// What a part of the text is replaced by.
enum Piece {
    /// Words of our own.
    Own(String),
    /// A part of the text itself.
    Part(Range<usize>),
}

type Edit = (Range<usize>, Vec<Piece>);

/// Puts a text together.
struct Writer<'s> {
    source: &'s str,
    /// Calls that are left out, wherever they come to stand.
    silent: Vec<Range<usize>>,
    text: String,
    parts: Vec<Origin>,
}

impl Writer<'_> {
    fn copy(&mut self, range: Range<usize>) {
        let start = self.text.len();
        self.parts.push(Origin { here: start, there: range.start, length: range.len() });
        self.text.push_str(self.source.get(range.clone()).unwrap_or_default());
        for call in self.silent.iter().filter(|call| call.start >= range.start && call.end <= range.end) {
            let at = start.saturating_add(call.start.saturating_sub(range.start));
            let there = at..at.saturating_add(call.len());
            // A print within a print's arguments has gone with it.
            if self.text.get(there.clone()).is_some_and(|there| !there.starts_with("true ")) {
                let with = silence(self.source.get(call.clone()).unwrap_or_default());
                self.text.replace_range(there, &with);
            }
        }
    }

    fn edit(&mut self, mut edits: Vec<Edit>) {
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut at = 0;
        for (range, pieces) in edits {
            self.copy(at..range.start);
            for piece in pieces {
                match piece {
                    Piece::Own(text) => {
                        // What goes wrong in it is told of where it stands.
                        let here = self.text.len();
                        self.parts.push(Origin { here, there: range.start, length: 0 });
                        self.text.push_str(&text);
                    }
                    Piece::Part(part) => self.copy(part),
                }
            }
            at = range.end;
        }
        self.copy(at..self.source.len());
    }
}

/// Prepares a unit.
pub(super) fn prepare(unit: &Unit) -> Prepared {
    let prints = unit.rules.iter().flat_map(|d| &d.uses.prints);
    let own =
        unit.rules.iter().any(|d| d.path.first().is_some_and(|name| name == "print" || name == "trace"));
    let mut silent: Vec<_> = prints.filter(|_| !own).cloned().collect();
    silent.sort_by_key(|call| (call.start, std::cmp::Reverse(call.end)));

    let mut edits: Vec<Edit> =
        unit.rules.iter().flat_map(|d| named(&unit.source.text, &d.rule, unit.v1)).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, definition) in unit.rules.iter().enumerate() {
        if let Some(name) = definition.path.first()
            && definition.effect().is_some()
            && definition.form == Form::Set
        {
            by_name.entry(name).or_default().push(index);
        }
    }
    let mut heads = Vec::new();
    let mut list = Vec::new();
    let mut appended = String::new();
    for (name, indexes) in by_name {
        for (number, index) in indexes.iter().enumerate() {
            let Some(definition) = unit.rules.get(*index) else { continue };
            let Some(effect) = definition.effect() else { continue };
            if indexes.len() == 1 {
                list.push(name.to_owned());
            } else {
                let own = format!("{RESERVED}{name}_{number}");
                let start = definition.head.start;
                edits.push((start..start.saturating_add(name.len()), vec![Piece::Own(own.clone())]));
                let _ = if unit.v1 {
                    writeln!(appended, "{name} contains {RESERVED}x if some {RESERVED}x in {own}")
                } else {
                    writeln!(appended, "{name}[{RESERVED}x] {{ {RESERVED}x := {own}[_] }}")
                };
                list.push(own);
            }
            let location = Location {
                file: unit.source.name.clone(),
                line: definition.line,
                column: Some(definition.column),
            };
            heads.push(Head { effect, location });
        }
    }
    let mut writer = Writer { source: &unit.source.text, silent, text: String::new(), parts: Vec::new() };
    writer.edit(edits);
    let Writer { mut text, parts, .. } = writer;
    if !heads.is_empty() {
        let _ = write!(text, "\n{} := [{}]\n{appended}", outputs(), list.join(", "));
    }
    let text = Source::new(unit.source.name.clone(), text);
    Prepared { text, original: Arc::clone(&unit.source), parts, heads }
}

/// Moves what a rule's heads give to the end of its bodies.
fn named(text: &str, rule: &Rule, v1: bool) -> Vec<Edit> {
    let Rule::Spec { head, bodies, span } = rule else { return Vec::new() };
    let mut edits = Vec::new();
    // What the head itself gives: keys, and a value.
    let mut given: Vec<(String, Range<usize>)> = Vec::new();
    let mut give = |term: &Expr, after: usize, edits: &mut Vec<Edit>| {
        if plain(term) || (bodies.is_empty() && !gives_each(term)) {
            return;
        }
        let name = match given.len() {
            0 => format!("{RESERVED}output"),
            n => format!("{RESERVED}output_{n}"),
        };
        let range = range(text, term, after);
        edits.push((range.clone(), vec![Piece::Own(name.clone())]));
        given.push((name, range));
    };
    let value = match head {
        RuleHead::Compr { refr, assign, .. } => {
            let mut refr = refr;
            loop {
                match refr.as_ref() {
                    Expr::RefBrack { refr: inner, index, .. } => {
                        give(index, bytes(inner.span()).end, &mut edits);
                        refr = inner;
                    }
                    Expr::RefDot { refr: inner, .. } => refr = inner,
                    _ => break,
                }
            }
            assign.as_ref()
        }
        RuleHead::Set { refr, key, .. } => {
            if let Some(key) = key {
                give(key, bytes(refr.span()).end, &mut edits);
            }
            None
        }
        RuleHead::Func { assign, .. } => assign.as_ref(),
    };
    if let Some(RuleAssign { span, value, .. }) = value {
        give(value, bytes(span).start, &mut edits);
    }
    for body in bodies {
        match &body.assign {
            None if !body.is_else => edits.extend(statements(&body.query, &given)),
            Some(RuleAssign { span, value, .. }) if !plain(value) => {
                let range = range(text, value, bytes(span).start);
                let given = [(format!("{RESERVED}output"), range.clone())];
                let mut own = vec![Piece::Own(format!("{RESERVED}output"))];
                match body.query.stmts.is_empty() {
                    true if !gives_each(value) => continue,
                    true => own.extend(body_of(&given, v1)),
                    false => edits.extend(statements(&body.query, &given)),
                }
                edits.push((range, own));
            }
            _ => {}
        }
    }
    if bodies.is_empty() && !given.is_empty() {
        let end = bytes(span).end;
        edits.push((end..end, body_of(&given, v1)));
    }
    edits
}

/// Where a term stands that comes after a place. The parser's own spans leave out the quotes of strings, and
/// where an object begins.
fn range(text: &str, term: &Expr, after: usize) -> Range<usize> {
    let span = bytes(term.span());
    let quote = |at: Option<usize>| {
        at.and_then(|at| text.as_bytes().get(at)).is_some_and(|byte| matches!(byte, b'"' | b'`'))
    };
    let start = match term {
        Expr::Object { .. } => opening(text, after),
        _ if quote(span.start.checked_sub(1)) => span.start.saturating_sub(1),
        _ => span.start,
    };
    start..span.end.saturating_add(usize::from(quote(Some(span.end))))
}

/// The first opening brace after a place, but for those in comments.
fn opening(text: &str, after: usize) -> usize {
    let mut comment = false;
    let mut rest = text.bytes().enumerate().skip(after);
    let found = rest.find(|(_, byte)| {
        comment = match byte {
            b'#' => true,
            b'\n' => false,
            _ => comment,
        };
        *byte == b'{' && !comment
    });
    found.map_or(after, |(at, _)| at)
}

/// Puts assignments to the end of a body.
fn statements(query: &Query, given: &[(String, Range<usize>)]) -> Vec<Edit> {
    let (Some(first), Some(last)) = (query.stmts.first(), query.stmts.last()) else { return Vec::new() };
    if given.is_empty() {
        return Vec::new();
    }
    let (start, end) = (bytes(&first.span).start, bytes(&last.span).end);
    let braces = bytes(&query.span).start < start;
    let mut pieces = vec![Piece::Own(";".to_owned())];
    pieces.extend(assignments(given));
    if braces {
        return vec![(end..end, pieces)];
    }
    pieces.push(Piece::Own(" }".to_owned()));
    vec![(start..start, vec![Piece::Own("{ ".to_owned())]), (end..end, pieces)]
}

/// A body that only makes assignments.
fn body_of(given: &[(String, Range<usize>)], v1: bool) -> Vec<Piece> {
    let mut pieces = vec![Piece::Own(if v1 { " if {" } else { " {" }.to_owned())];
    pieces.extend(assignments(given));
    pieces.push(Piece::Own(" }".to_owned()));
    pieces
}

fn assignments(given: &[(String, Range<usize>)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, (name, range)) in given.iter().enumerate() {
        let between = if index == 0 { "" } else { ";" };
        pieces.push(Piece::Own(format!("{between} {name} := ")));
        pieces.push(Piece::Part(range.clone()));
    }
    pieces
}

/// Whether a term is made of names and constants alone, and so is defined where they are.
fn plain(term: &Expr) -> bool {
    match term {
        Expr::Var { .. }
        | Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => true,
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().all(|item| plain(item)),
        Expr::Object { fields, .. } => fields.iter().all(|(_, key, value)| plain(key) && plain(value)),
        Expr::UnaryExpr { expr, .. } => plain(expr),
        _ => false,
    }
}

/// `true`, on as many lines and columns as what it stands for.
fn silence(call: &str) -> String {
    let rest = call.chars().skip("true".len());
    "true".chars().chain(rest.map(|c| if c == '\n' { '\n' } else { ' ' })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::policy::rego::unit;

    #[test]
    fn heads_get_names_and_places_stay() {
        let text = "package a\n\ndeny contains \"x\" if {\n\tprint(\"é\",\n\t\tinput.x)\n\tinput.x\n}\n\nwarn contains \"w\"\n\ndeny contains {\"m\": \"é\", # {\n\t\"n\": input.y[x]} if some x in input.z # why\n\nf(x) := x.y if {\n\tx.z\n} else := sprintf(\"%v\", [x.q]) if x\n\nelse := x.r[_]\n\no[x.k] := `a` in x.v if some x in input.z\n\nhold contains input.all[_]\n";
        let unit = unit::parse(&Source::new("a.rego", text), false).unwrap();
        let prepared = prepare(&unit);
        insta::assert_snapshot!(prepared.text.text);
        let places: Vec<_> = prepared.heads.iter().map(|h| (h.effect, h.location.line)).collect();
        assert_eq!(places, [(Effect::Deny, 3), (Effect::Deny, 11), (Effect::Hold, 22), (Effect::Warn, 9)]);
        unit::parse(&prepared.text, false).unwrap();
        for word in ["input.y", "input.z", "x.z", "sprintf", "x.k", "`a`", "input.all", "# why", "x.r"] {
            let (line, column) = prepared.text.line_column(prepared.text.text.find(word).unwrap());
            let there = unit.source.line_column(text.find(word).unwrap());
            assert_eq!(prepared.place(line, column), there, "{word}");
        }
    }

    #[test]
    fn terms_are_found_whole() {
        for term in [
            "{\"msg\": \"x\", \"is\": input.list[x4]}",
            "{ # {\n  \"a\": \"b\", \"c\": x.y }",
            "{\"a\": \"b\", \"c\": 2} | x.y",
            "{f(x)}",
            "sprintf(\"a\", [x])",
            "x.y[\"z\"]",
            "(x.a + x.b) * 2",
            "2 * (x.a + x.b)",
            "[y | some y in x]",
            "{y: 1 | some y in x}",
            "x.a == \"b\"",
            "`raw` in x.y",
            "-x.y",
            "x[_].y[[1, 2]]",
        ] {
            let text = format!(
                "package a\n\ndeny contains {term} if some x in input\n\nf(x) := {term} if {{ x }}\n\np[{term}] := 1 if {{ some x in input }}\n"
            );
            let unit = unit::parse(&Source::new("a.rego", text.as_str()), false).unwrap();
            for edits in unit.rules.iter().map(|d| named(&text, &d.rule, true)) {
                let moved = edits.iter().flat_map(|(_, pieces)| pieces).find_map(|piece| match piece {
                    Piece::Part(range) => text.get(range.clone()),
                    Piece::Own(_) => None,
                });
                assert_eq!(moved, Some(term));
            }
        }
    }
}
