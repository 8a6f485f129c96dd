//! Reads policies in CEL.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{How, Names, Notes, Part, Reading, Subject, Value, Word};
use crate::diag::Source;
use crate::engine::cel::Parser;
use crate::model::rule::View;
use crate::policy::Language;
use crate::policy::cel::{Expression, Given, Policy, Rule};
use crate::policy::shape::Place;

/// Reads every policy in CEL.
pub(super) fn read(subject: &Subject<'_>, reading: &mut Reading) {
    if subject.bundle.cel.is_empty() {
        return;
    }
    let Some(parser) = Parser::new() else { return };
    for policy in &subject.bundle.cel {
        let Some(file) = subject.bundle.files.get(policy.file) else { continue };
        let reader = Reader {
            subject,
            parser: &parser,
            source: &file.source,
            document: policy.metadata.view == View::Document,
            variables: BTreeMap::new(),
        };
        reader.policy(policy, reading);
    }
}

struct Reader<'a> {
    subject: &'a Subject<'a>,
    parser: &'a Parser,
    source: &'a Arc<Source>,
    document: bool,
    /// Variables of the policy: their parts, and what is known of them.
    variables: BTreeMap<String, (usize, Value)>,
}

impl Reader<'_> {
    fn policy(mut self, policy: &Policy, reading: &mut Reading) {
        for variable in &policy.variables {
            let mut notes = Notes::default();
            let value = self.expression(&variable.expression, &Names::new(), &mut notes);
            let at = self.part(reading, variable.expression.span.clone(), notes);
            self.variables.insert(variable.name.clone(), (at, value));
        }
        let matches = policy.matches.as_ref().map(|matches| {
            let mut notes = Notes::default();
            self.expression(matches, &Names::new(), &mut notes);
            self.condition(matches, &mut notes);
            self.part(reading, matches.span.clone(), notes)
        });
        for rule in &policy.rules {
            let mut notes = Notes::default();
            self.rule(rule, &mut notes);
            let line = self.source.offset(rule.line, 1);
            let at = self.part(reading, line..line, notes);
            let id = format!("{}.{}", policy.id, rule.id);
            let found =
                self.subject.bundle.rules.iter().position(|one| one.id == id && one.file == policy.file);
            if let Some(begins) = found.and_then(|found| reading.rules.get_mut(found)) {
                begins.extend([at].into_iter().chain(matches));
            }
        }
        let used: std::collections::BTreeSet<usize> =
            reading.parts.iter().flat_map(|part| &part.notes.uses).copied().collect();
        for variable in &policy.variables {
            let Some((at, _)) = self.variables.get(&variable.name) else { continue };
            if let Some(part) = reading.parts.get_mut(*at).filter(|_| !used.contains(at)) {
                part.notes.unused.push((variable.name.clone(), part.head.clone()));
            }
        }
    }

    fn part(&self, reading: &mut Reading, head: Range<usize>, notes: Notes) -> usize {
        reading.parts.push(Part { source: Arc::clone(self.source), head, language: Language::Cel, notes });
        reading.parts.len().saturating_sub(1)
    }

    fn rule(&self, rule: &Rule, notes: &mut Notes) {
        let mut names = Names::new();
        if let Some(each) = &rule.for_each {
            let list = self.expression(&each.list, &names, notes);
            let element = notes.element(&list, &each.list.span);
            names.insert(each.name.clone(), element);
        }
        self.expression(&rule.condition, &names, notes);
        self.condition(&rule.condition, notes);
        fn worked<T>(given: &Option<Given<T>>) -> Option<&Expression> {
            match given {
                Some(Given::Expression(expression)) => Some(expression),
                _ => None,
            }
        }
        let more = [
            rule.message_expression.as_ref(),
            worked(&rule.path),
            worked(&rule.value),
            worked(&rule.until),
            worked(&rule.needs),
        ];
        for expression in more.into_iter().flatten() {
            self.expression(expression, &names, notes);
        }
    }

    /// Notes a condition that is a literal.
    fn condition(&self, expression: &Expression, notes: &mut Notes) {
        let always = match expression.text.trim() {
            "true" => true,
            "false" => false,
            _ => return,
        };
        notes.constant.push((always, expression.locate(self.source, 0..expression.text.len())));
    }

    fn expression(&self, expression: &Expression, names: &Names, notes: &mut Notes) -> Value {
        // What cannot be parsed is told elsewhere.
        let Some(parsed) = self.parser.parse(&expression.text) else { return Value::Any };
        let walk = Walk { reader: self, expression, parsed: &parsed };
        walk.value(parsed.expr(), names, notes)
    }
}

/// One expression.
struct Walk<'a> {
    reader: &'a Reader<'a>,
    expression: &'a Expression,
    parsed: &'a crate::engine::cel::Parsed<'a>,
}

impl Walk<'_> {
    /// Where a word of an expression stands, nearest to where the parser noted it.
    fn span(&self, id: u64, word: &str) -> Range<usize> {
        let near = self.parsed.offset(id);
        let text = &self.expression.text;
        let (before, after) = text.split_at_checked(near).unwrap_or((text, ""));
        let ahead = after.find(word).map(|at| near.saturating_add(at));
        let behind = before.rfind(word);
        let found = ahead.into_iter().chain(behind).filter(|_| !word.is_empty());
        let at = found.min_by_key(|at| at.abs_diff(near)).unwrap_or(near);
        self.expression.locate(self.reader.source, at..at.saturating_add(word.len().max(1)))
    }

    fn value(&self, expr: &IdedExpr, names: &Names, notes: &mut Notes) -> Value {
        match &expr.expr {
            Expr::Literal(LiteralValue::String(text)) => {
                let text = text.inner().to_owned();
                let span = self.span(expr.id, &text);
                Value::Text(vec![Word { text, source: Arc::clone(self.reader.source), span }])
            }
            Expr::Literal(_) | Expr::Unspecified => Value::Any,
            Expr::Ident(name) => {
                let name = name.trim_start_matches('.');
                match (names.get(name), name) {
                    (Some(known), _) => known.clone(),
                    (None, "input") if !self.reader.document => Value::Place(Place::input()),
                    (None, "data") => Value::Data(Vec::new()),
                    _ => Value::Any,
                }
            }
            Expr::Select(select) => {
                if let Expr::Ident(root) = &select.operand.expr
                    && root.trim_start_matches('.') == "variables"
                {
                    return self.variable(&select.field, notes);
                }
                let of = self.value(&select.operand, names, notes);
                self.member(&of, &select.field, expr.id, notes)
            }
            Expr::List(list) => {
                let elements: Vec<Value> =
                    list.elements.iter().map(|element| self.value(element, names, notes)).collect();
                Value::list(elements.into_iter().reduce(Value::join).unwrap_or(Value::Nothing))
            }
            Expr::Map(map) => {
                let mut members = BTreeMap::new();
                let mut plain = true;
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    self.value(&entry.key, names, notes);
                    let value = self.value(&entry.value, names, notes);
                    match text(&entry.key) {
                        Some(key) => {
                            notes.approval(key, &value);
                            members.insert(key.to_owned(), value);
                        }
                        None => plain = false,
                    }
                }
                if plain { Value::object(members) } else { Value::Any }
            }
            Expr::Struct(_) => Value::Any,
            Expr::Comprehension(node) => self.comprehension(node, names, notes),
            Expr::Call(call) => self.call(expr.id, call, names, notes),
        }
    }

    fn variable(&self, name: &str, notes: &mut Notes) -> Value {
        match self.reader.variables.get(name) {
            Some((at, value)) => {
                notes.uses.insert(*at);
                value.clone()
            }
            None => Value::Any,
        }
    }

    fn member(&self, of: &Value, name: &str, id: u64, notes: &mut Notes) -> Value {
        let span = self.span(id, name);
        let Value::Data(path) = of else { return notes.member(of, name, &span) };
        let given = self.reader.subject.bundle.data.get(name).is_some();
        match path.as_slice() {
            [] if name == "settings" => Value::Place(Place::settings()),
            [] if !given => {
                let known = self.reader.subject.given();
                let (message, hint) = super::rego::nobody(name, known);
                notes.absent.push((message, hint, span));
                Value::Any
            }
            _ => Value::Any,
        }
    }

    fn comprehension(&self, node: &ComprehensionExpr, names: &Names, notes: &mut Notes) -> Value {
        let range = self.value(&node.iter_range, names, notes);
        let mut inner = names.clone();
        let element = match &range {
            // A macro goes through the names of a mapping.
            Value::Place(place) | Value::Either(place, _) if place.is_mapping() => Value::Any,
            Value::Object(_) => Value::Any,
            range => notes.element(range, &self.expression.span),
        };
        inner.insert(node.iter_var.trim_start_matches('.').to_owned(), element);
        inner.extend(node.iter_var2.iter().map(|name| (name.clone(), Value::Any)));
        let before = self.value(&node.accu_init, names, notes);
        inner.insert(node.accu_var.clone(), before.clone());
        self.value(&node.loop_cond, &inner, notes);
        let after = self.value(&node.loop_step, &inner, notes);
        let mut outer = names.clone();
        outer.insert(node.accu_var.clone(), before.join(after));
        self.value(&node.result, &outer, notes)
    }

    fn call(&self, id: u64, call: &CallExpr, names: &Names, notes: &mut Notes) -> Value {
        let name = call.func_name.trim_start_matches('.');
        let target = call.target.as_ref();
        let of = target.map(|target| self.value(target, names, notes));
        let values: Vec<Value> = call.args.iter().map(|arg| self.value(arg, names, notes)).collect();
        let span = || self.span(id, "");
        if target.is_none() {
            match (name, call.args.as_slice(), values.as_slice()) {
                (operators::OPT_SELECT | operators::OPT_INDEX | operators::INDEX, [_, key], [from, _]) => {
                    return match text(key) {
                        Some(name) => self.member(from, name, key.id, notes),
                        None => notes.element(from, &span()),
                    };
                }
                (operators::EQUALS | operators::NOT_EQUALS, [left, right], [a, b]) => {
                    notes.compare(a, b);
                    notes.ask(a, last(left), How::Equal, b, &span());
                    notes.ask(b, last(right), How::Equal, a, &span());
                    if let (Some(a), Some(b)) = (text(left), text(right)) {
                        notes.constant.push(((a == b) == (name == operators::EQUALS), span()));
                    }
                    return Value::Any;
                }
                (operators::IN, [left, right], [a, b]) => {
                    if let Some((place, _)) = b.place()
                        && place.is_mapping()
                        && let Some(key) = text(left)
                    {
                        // `'x' in object` asks whether there is such a member.
                        self.member(b, key, left.id, notes);
                        return Value::Any;
                    }
                    let element = b.element();
                    if !matches!(b, Value::Object(_)) {
                        notes.compare(a, &element);
                    }
                    notes.ask(a, last(left), How::Equal, &element, &span());
                    notes.ask(b, last(right), How::Equal, a, &span());
                    return Value::Any;
                }
                (operators::CONDITIONAL, _, [_, a, b]) => return a.clone().join(b.clone()),
                (operators::ADD, _, [a @ Value::List(_), b]) => return a.clone().join(b.clone()),
                ("matches", [subject, _], [of, pattern]) => {
                    notes.ask(of, last(subject), How::Matches, pattern, &span());
                    return Value::Any;
                }
                ("optional.of" | "optional.ofNonZeroValue" | "dyn", _, [value]) => return value.clone(),
                _ => return Value::Any,
            }
        }
        let (Some(target), Some(of)) = (target, of) else { return Value::Any };
        let how = match name {
            "matches" => Some(How::Matches),
            "startsWith" => Some(How::Begins),
            "endsWith" => Some(How::Ends),
            "contains" => Some(How::Contains),
            _ => None,
        };
        if let (Some(how), [word]) = (how, values.as_slice()) {
            notes.ask(&of, last(target), how, word, &span());
            return Value::Any;
        }
        match (name, values.as_slice()) {
            ("value", []) => of,
            ("orValue", [other]) => of.or_empty(other),
            ("or", [other]) => of.join(other.clone()),
            ("first" | "last", []) => of.element(),
            ("distinct" | "reverse" | "sort" | "slice", _) => of,
            ("flatten", []) => match of.element() {
                Value::List(inner) => Value::list(*inner),
                Value::Place(place) => {
                    place.element().map_or(Value::Any, |one| Value::list(Value::Place(one)))
                }
                Value::Nothing => Value::list(Value::Nothing),
                _ => Value::Any,
            },
            _ => Value::Any,
        }
    }
}

/// The text of a literal.
fn text(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The name of the member that an expression ends with, behind `orValue` and the like.
fn last(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Select(select) => Some(select.field.clone()),
        Expr::Ident(name) => Some(name.clone()),
        Expr::Call(call) => match (call.func_name.as_str(), call.target.as_ref(), call.args.as_slice()) {
            ("orValue" | "value", Some(target), _) => last(target),
            (operators::OPT_SELECT | operators::OPT_INDEX | operators::INDEX, None, [of, key]) => {
                text(key).map_or_else(|| last(of), |key| Some(key.to_owned()))
            }
            _ => None,
        },
        _ => None,
    }
}
