//! The text that is compiled: an author's policy, with names for what the engine asks for.
//!
//! Where a package has several definitions of an effect, each head gets a name of its own, so that
//! an output can be traced to the definition that gave it; the effect itself becomes their union,
//! for policies that refer to it. A list of all of them is appended, which is the one thing that is
//! evaluated.
//!
//! What a head gives is calculated at the end of its body, under a name: `contains x.y if some x in z`
//! becomes `contains o if { some x in z; o := x.y }`. The interpreter forgets what a definition has given
//! so far, where one of its heads is undefined; a statement that is undefined only does not hold.
//!
//! And what `with` puts in the place of something is calculated in a statement before: `k with input.x as
//! y` becomes `w := y; k with input.x as w`. The interpreter calculates it as if it were in place
//! already, and then takes the rules that it used for calculated. Every place in the new text can be
//! traced to the author's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use regorus::unstable::{Expr, Literal, Query, Rule, RuleAssign, RuleHead, Span};

use crate::diag::Source;
use crate::model::finding::{Effect, Location};
use crate::policy::rego::RESERVED;
use crate::policy::rego::unit::{Definition, Form, Unit};
use crate::policy::rego::uses::{Uses, bytes, gives_each, path, plain};

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
#[derive(Clone)]
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
    /// In order; those that stand within others are made where a part with them is copied.
    edits: Vec<Edit>,
    /// Calls that are left out, wherever they come to stand.
    silent: Vec<Range<usize>>,
    text: String,
    parts: Vec<Origin>,
}

impl Writer<'_> {
    /// Writes a part of the text, edited. What stands within an edit is edited with it.
    fn write(&mut self, part: &Range<usize>) {
        let mut at = part.start;
        let first = self.edits.partition_point(|(range, _)| range.start < part.start);
        let edits = self.edits.iter().skip(first).take_while(|(range, _)| range.start < part.end);
        let edits: Vec<Edit> = edits.filter(|(range, _)| range != part).cloned().collect();
        for (range, pieces) in edits {
            let silent = |call: &Range<usize>| call.start < range.start && range.end < call.end;
            if range.start < at || self.silent.iter().any(silent) {
                continue;
            }
            self.copy(at..range.start);
            for piece in pieces {
                match piece {
                    Piece::Own(text) => {
                        // What goes wrong in it is told of where it stands.
                        let here = self.text.len();
                        self.parts.push(Origin { here, there: range.start, length: 0 });
                        self.text.push_str(&text);
                    }
                    Piece::Part(part) => self.write(&part),
                }
            }
            at = range.end;
        }
        self.copy(at..part.end.min(self.source.len()));
    }

    fn copy(&mut self, range: Range<usize>) {
        let start = self.text.len();
        self.parts.push(Origin { here: start, there: range.start, length: range.len() });
        self.text.push_str(self.source.get(range.clone()).unwrap_or_default());
        let first = self.silent.partition_point(|call| call.start < range.start);
        let calls = self.silent.iter().skip(first).take_while(|call| call.start < range.end);
        for call in calls.filter(|call| call.end <= range.end) {
            let at = start.saturating_add(call.start.saturating_sub(range.start));
            let there = at..at.saturating_add(call.len());
            // A print within a print's arguments has gone with it.
            if self.text.get(there.clone()).is_some_and(|there| !there.starts_with("true ")) {
                let with = silence(self.source.get(call.clone()).unwrap_or_default());
                self.text.replace_range(there, &with);
            }
        }
    }
}

/// Prepares a unit.
pub(super) fn prepare(unit: &Unit) -> Prepared {
    let prints = unit.rules.iter().flat_map(|d| &d.uses.prints);
    let own =
        unit.rules.iter().any(|d| d.path.first().is_some_and(|name| name == "print" || name == "trace"));
    let mut silent: Vec<_> = prints.filter(|_| !own).cloned().collect();
    silent.sort_by_key(|call| (call.start, std::cmp::Reverse(call.end)));

    let functions = unit.rules.iter().filter(|d| d.form == Form::Function);
    let functions = functions.filter_map(|d| d.path.first()).map(String::as_str).collect();
    let mut namer = Namer { text: &unit.source.text, v1: unit.v1, functions, edits: Vec::new(), withs: 0 };
    unit.rules.iter().for_each(|definition| namer.rule(definition));
    let mut edits = namer.edits;
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
    // What says what is so anyway; the parser would take `v1` for a name that is taken.
    for import in unit.imports.iter().filter(|import| unit.v1 && !unit.v0 && import.path == ["rego", "v1"]) {
        edits.push((import.span.clone(), Vec::new()));
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let source = &unit.source.text;
    let mut writer = Writer { source, edits, silent, text: String::new(), parts: Vec::new() };
    // One more, for what is added at the very end.
    writer.write(&(0..source.len().saturating_add(1)));
    let Writer { mut text, parts, .. } = writer;
    if !heads.is_empty() {
        let _ = write!(text, "\n{} := [{}]\n{appended}", outputs(), list.join(",\n"));
    }
    let text = Source::new(unit.source.name.clone(), text);
    Prepared { text, original: Arc::clone(&unit.source), parts, heads }
}

/// What is given a name: the name, and where it stands.
type Named = (String, Range<usize>);

/// Gives names to what heads give, and to what `with` puts in the place of something.
struct Namer<'u> {
    text: &'u str,
    v1: bool,
    /// The functions of the package: `with` may put one in the place of another.
    functions: BTreeSet<&'u str>,
    edits: Vec<Edit>,
    /// How many names there are for what `with` puts somewhere.
    withs: usize,
}

/// Whether a term is defined wherever its body holds: it has no names but variables.
fn certain(term: &Expr, uses: &Uses) -> bool {
    plain(term, &|name| uses.locals.contains(name) || uses.bound.contains(name))
}

impl Namer<'_> {
    /// Where something stands: the parser's own spans leave out the quotes of strings at their ends.
    fn whole(&self, span: &Span) -> Range<usize> {
        let span = bytes(span);
        let quote = |at: Option<usize>| {
            at.and_then(|at| self.text.as_bytes().get(at)).is_some_and(|byte| matches!(byte, b'"' | b'`'))
        };
        let start = if quote(span.start.checked_sub(1)) { span.start.saturating_sub(1) } else { span.start };
        start..span.end.saturating_add(usize::from(quote(Some(span.end))))
    }

    /// Puts a name in the place of a term that comes after a place.
    fn name(&mut self, name: String, term: &Expr, after: usize) -> Named {
        // Of an object the parser's own span has the end.
        let start = matches!(term, Expr::Object { .. }).then(|| opening(self.text, after));
        let whole = self.whole(term.span());
        let range = start.unwrap_or(whole.start)..whole.end;
        self.edits.push((range.clone(), vec![Piece::Own(name.clone())]));
        self.expr(term);
        (name, range)
    }

    /// Moves what the heads of a rule give to the end of its bodies.
    fn rule(&mut self, definition: &Definition) {
        let Rule::Spec { head, bodies, span } = definition.rule.as_ref() else { return };
        let uses = &definition.uses;
        let mut terms: Vec<(&Expr, usize)> = Vec::new();
        let value = match head {
            RuleHead::Compr { refr, assign, .. } => {
                let mut refr = refr;
                loop {
                    match refr.as_ref() {
                        Expr::RefBrack { refr: inner, index, .. } => {
                            terms.push((index, bytes(inner.span()).end));
                            refr = inner;
                        }
                        Expr::RefDot { refr: inner, .. } => refr = inner,
                        _ => break,
                    }
                }
                assign.as_ref()
            }
            RuleHead::Set { refr, key, .. } => {
                terms.extend(key.iter().map(|key| (key.as_ref(), bytes(refr.span()).end)));
                None
            }
            RuleHead::Func { assign, .. } => assign.as_ref(),
        };
        terms.extend(value.map(|RuleAssign { span, value, .. }| (value.as_ref(), bytes(span).start)));
        let mut given: Vec<Named> = Vec::new();
        for (term, after) in terms {
            if certain(term, uses) || (bodies.is_empty() && !gives_each(term)) {
                self.expr(term);
                continue;
            }
            let name = match given.len() {
                0 => format!("{RESERVED}output"),
                n => format!("{RESERVED}output_{n}"),
            };
            given.push(self.name(name, term, after));
        }
        for body in bodies {
            match &body.assign {
                None if !body.is_else => self.body(&body.query, &given),
                Some(RuleAssign { span, value, .. }) if !certain(value, uses) => {
                    let alone = body.query.stmts.is_empty();
                    if alone && !gives_each(value) {
                        self.expr(value);
                        continue;
                    }
                    let own = self.name(format!("{RESERVED}output"), value, bytes(span).start);
                    match alone {
                        true => self.append(own.1.end, &[own]),
                        false => self.body(&body.query, &[own]),
                    }
                }
                _ => self.body(&body.query, &[]),
            }
        }
        if bodies.is_empty() && !given.is_empty() {
            self.append(bytes(span).end, &given);
        }
    }

    /// Gives a head a body that only makes assignments.
    fn append(&mut self, at: usize, given: &[Named]) {
        let mut pieces = vec![Piece::Own(if self.v1 { " if {" } else { " {" }.to_owned())];
        pieces.extend(assignments(given));
        pieces.push(Piece::Own(" }".to_owned()));
        self.edits.push((at..at, pieces));
    }

    /// Puts assignments to the end of a body.
    fn body(&mut self, query: &Query, given: &[Named]) {
        let (Some(first), Some(last)) = (query.stmts.first(), query.stmts.last()) else { return };
        let bare = bytes(&query.span).start == bytes(&first.span).start;
        let (start, end) = (self.whole(&first.span).start, self.whole(&last.span).end);
        let before = self.edits.len();
        self.query(query);
        if !given.is_empty() {
            let mut pieces = vec![Piece::Own(";".to_owned())];
            pieces.extend(assignments(given));
            self.edits.push((end..end, pieces));
        }
        // What is a statement without braces becomes several.
        if bare
            && self
                .edits
                .iter()
                .skip(before)
                .any(|(range, _)| *range == (start..start) || *range == (end..end))
        {
            match self.edits.iter_mut().skip(before).find(|(range, _)| *range == (start..start)) {
                Some((_, pieces)) => pieces.insert(0, Piece::Own("{ ".to_owned())),
                None => self.edits.push((start..start, vec![Piece::Own("{ ".to_owned())])),
            }
            match self.edits.iter_mut().skip(before).find(|(range, _)| *range == (end..end)) {
                Some((_, pieces)) => pieces.push(Piece::Own(" }".to_owned())),
                None => self.edits.push((end..end, vec![Piece::Own(" }".to_owned())])),
            }
        }
    }

    /// Gives names to what `with` puts in the place of something, before the statement.
    fn query(&mut self, query: &Query) {
        for statement in &query.stmts {
            let mut given: Vec<Named> = Vec::new();
            for change in &statement.with_mods {
                let term = change.r#as.as_ref();
                if plain(term, &|_| false) || self.is_function(&change.refr, term) {
                    continue;
                }
                self.withs = self.withs.saturating_add(1);
                let name = format!("{RESERVED}with_{}", self.withs);
                given.push(self.name(name, term, bytes(change.refr.span()).end));
            }
            if !given.is_empty() {
                let start = self.whole(&statement.span).start;
                let mut pieces: Vec<Piece> = assignments(&given);
                pieces.push(Piece::Own("; ".to_owned()));
                self.edits.push((start..start, pieces));
            }
            match &statement.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { collection, .. } => self.expr(collection),
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
                Literal::Every { domain, query, .. } => {
                    self.expr(domain);
                    self.query(query);
                }
            }
        }
    }

    /// Whether `with` may put a function there: only values have names.
    fn is_function(&self, target: &Expr, term: &Expr) -> bool {
        match (path(target), path(term)) {
            (Some((target, _)), _) if target.first().is_some_and(|root| root == "input") => false,
            (Some((target, _)), Some((term, _))) if target.first().is_some_and(|root| root == "data") => {
                term.first().is_none_or(|name| term.len() > 1 || self.functions.contains(name.as_str()))
            }
            (Some((target, _)), None) => target.first().is_none_or(|root| root != "data"),
            _ => true,
        }
    }

    /// Goes through the bodies within a term.
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
            | Expr::Var { .. } => {}
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.expr(item));
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expr(key);
                    self.expr(value);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.query(query);
                self.expr(term);
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.query(query);
                self.expr(key);
                self.expr(value);
            }
            Expr::Call { params, .. } => params.iter().for_each(|param| self.expr(param)),
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::RefDot { refr, .. } => self.expr(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.expr(refr);
                self.expr(index);
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::Membership { key, value, collection, .. } => {
                key.iter().for_each(|key| self.expr(key));
                self.expr(value);
                self.expr(collection);
            }
        }
    }
}

fn assignments(given: &[Named]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, (name, range)) in given.iter().enumerate() {
        let between = if index == 0 { "" } else { ";" };
        pieces.push(Piece::Own(format!("{between} {name} := ")));
        pieces.push(Piece::Part(range.clone()));
    }
    pieces
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
            for definition in &unit.rules {
                let functions = BTreeSet::new();
                let mut namer = Namer { text: &text, v1: true, functions, edits: Vec::new(), withs: 0 };
                namer.rule(definition);
                let moved = namer.edits.iter().flat_map(|(_, pieces)| pieces).find_map(|piece| match piece {
                    Piece::Part(range) => text.get(range.clone()),
                    Piece::Own(_) => None,
                });
                assert_eq!(moved, Some(term));
            }
        }
    }
}
