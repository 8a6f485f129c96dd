//! Definitions that can do nothing, and names that hide others.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use regorus::unstable::{Expr, Literal, LiteralStmt, Rule};

use super::{Found, Lint, Subject};
use crate::diag::{Code, Level};
use crate::policy::rego::parts::{Part, parts};
use crate::policy::rego::unit::{Definition, Unit};
use crate::policy::rego::uses::bytes;

/// A condition that holds always, or never.
pub(super) const CONSTANT: Lint = Lint {
    code: Code { id: "condition.constant", title: "A condition is always true, or always false." },
    level: Level::Warning,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (always, span) in &part.notes.constant {
                let message = format!("this is always {always}");
                let hint = "compare with what is to be judged, or take it away";
                found.add(&CONSTANT, message, hint, &part.source, span.clone());
            }
        }
    },
};

/// A variable or rule that is called as something else is.
pub(super) const HIDDEN: Lint = Lint {
    code: Code { id: "name.hidden", title: "A name hides an import, a rule or a function of the language." },
    level: Level::Warning,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (name, what, span) in &part.notes.hiding {
                let message = format!("{name} hides {what}");
                found.add(&HIDDEN, message, "give it a name of its own", &part.source, span.clone());
            }
        }
    },
};

/// A definition that adds nothing.
pub(super) const REPEATED: Lint = Lint {
    code: Code { id: "rule.repeated", title: "A definition of a rule adds nothing to another." },
    level: Level::Warning,
    find: repeated,
};

/// What a definition says, where it is one body under a head.
struct Said<'a> {
    /// Its package and head, what it gives with it.
    head: (String, String),
    conditions: Vec<String>,
    /// Names that it gives values.
    own: &'a BTreeSet<String>,
    /// Names that it speaks of.
    names: BTreeSet<&'a str>,
    unit: &'a Unit,
    definition: &'a Definition,
}

impl<'a> Said<'a> {
    fn of(unit: &'a Unit, definition: &'a Definition) -> Option<Self> {
        let Rule::Spec { bodies, span, .. } = definition.rule.as_ref() else { return None };
        let text = |span: Range<usize>| words(&unit.source.text, span);
        let whole = bytes(span);
        let (end, conditions) = match bodies.as_slice() {
            [] => (whole.end, Vec::new()),
            [only] => {
                let statements = only.query.stmts.iter();
                // `true` asks for nothing.
                let asks = |statement: &&LiteralStmt| !holds(statement);
                let conditions = statements.filter(asks).map(|one| text(bytes(&one.span))).collect();
                (bytes(&only.query.span).start.min(bytes(&only.span).start), conditions)
            }
            _ => return None,
        };
        let head = text(whole.start..end);
        let head = head.trim_end_matches(['{', ' ']).trim_end_matches(" if").trim_end();
        // To the parser, the quotes around a text are no part of it.
        let head = head.trim_end_matches(['"', '`']).to_owned();
        let references = definition.uses.references.iter();
        let names = references.filter_map(|reference| reference.path.first()).map(String::as_str);
        let own = &definition.uses.locals;
        let names = names.chain(own.iter().map(String::as_str)).collect();
        Some(Self { head: (unit.package.join("."), head), conditions, own, names, unit, definition })
    }

    /// Whether it gives all that another does: under the same head it asks for nothing more, and its
    /// names mean the same there.
    fn covers(&self, other: &Self) -> bool {
        let meant = |name: &&String| !self.own.contains(*name) && self.names.contains(name.as_str());
        self.head == other.head
            && self.conditions.iter().all(|condition| other.conditions.contains(condition))
            && !other.own.iter().any(|name| meant(&name))
    }

    fn place(&self) -> (&'a str, u32) {
        (&self.unit.source.name, self.definition.line)
    }
}

/// What stands somewhere, with one space for white space and comments outside of texts.
fn words(text: &str, span: Range<usize>) -> String {
    // To the parser, the quotes around a text are no part of it.
    let before = span.start.saturating_sub(1);
    let quoted = text.as_bytes().get(before).is_some_and(|quote| matches!(quote, b'"' | b'`'));
    let start = if quoted && before < span.start { before } else { span.start };
    let mut words = String::new();
    for (range, kind) in parts(text.get(start..span.end).unwrap_or_default()) {
        let part = text.get(start.saturating_add(range.start)..start.saturating_add(range.end));
        match kind {
            Part::Text => words.push_str(part.unwrap_or_default()),
            Part::Code => {
                for c in part.unwrap_or_default().chars() {
                    if !c.is_whitespace() {
                        words.push(c);
                    } else if !words.ends_with(' ') {
                        words.push(' ');
                    }
                }
            }
            Part::Comment => {}
        }
    }
    words.trim().to_owned()
}

/// Whether a statement is `true`.
fn holds(statement: &LiteralStmt) -> bool {
    statement.with_mods.is_empty()
        && matches!(&statement.literal, Literal::Expr { expr, .. }
            if matches!(expr.as_ref(), Expr::Bool { span, .. } if span.text() == "true"))
}

fn repeated(subject: &Subject<'_>, found: &mut Found) {
    let definitions = subject.units.iter().flat_map(|unit| unit.rules.iter().map(move |one| (unit, one)));
    let mut heads: BTreeMap<(String, String), Vec<Said<'_>>> = BTreeMap::new();
    for said in definitions.clone().filter_map(|(unit, one)| Said::of(unit, one)) {
        heads.entry(said.head.clone()).or_default().push(said);
    }
    for said in heads.values() {
        for (number, one) in said.iter().enumerate() {
            // Of two that cover each other, the later adds nothing.
            let covers = |(at, other): &(usize, &Said<'_>)| {
                *at != number && other.covers(one) && (*at < number || !one.covers(other))
            };
            let Some((_, other)) = said.iter().enumerate().find(covers) else { continue };
            let name = one.definition.path.join(".");
            let (file, line) = other.place();
            let (message, hint) = match one.conditions.len() == other.conditions.len() {
                true => (
                    format!("this definition of `{name}` is the same as that of `{file}:{line}`"),
                    "take one of them away",
                ),
                false => (
                    format!(
                        "this definition of `{name}` gives nothing that the one of `{file}:{line}` does not: it only asks for more"
                    ),
                    "take it away, or let the other ask for more too",
                ),
            };
            found.add(&REPEATED, message, hint, &one.unit.source, one.definition.head.clone());
        }
    }
    for (unit, definition) in definitions {
        let Rule::Spec { bodies, .. } = definition.rule.as_ref() else { continue };
        for (before, body) in bodies.iter().zip(bodies.iter().skip(1)).filter(|(_, body)| body.is_else) {
            if before.query.stmts.iter().all(holds) {
                let message = "this `else` is never come to: what stands before it always holds";
                let hint = "take it away, or give what stands before it a condition";
                let at = bytes(&body.span);
                let end = at.start.saturating_add("else".len()).min(at.end);
                found.add(&REPEATED, message, hint, &unit.source, at.start..end);
            }
        }
    }
}
