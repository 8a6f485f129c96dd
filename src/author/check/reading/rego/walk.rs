//! Reads one definition in Rego. A body has no order, so it is read twice: first for what its variables
//! are, then for what it asks.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use regorus::unstable::{ArithOp, AssignOp, BoolOp, Expr, Literal, Query, Rule, RuleAssign, RuleHead};

use super::{At, Program};
use crate::author::check::reading::{How, Notes, Value, Word, Yield};
use crate::diag::nearest;
use crate::policy::rego::builtins;
use crate::policy::rego::unit::{Definition, Unit};
use crate::policy::rego::uses::bytes;
use crate::policy::shape::Place;

/// Reads one definition.
pub(super) struct Walk<'p, 'a> {
    pub(super) program: &'p Program<'a>,
    pub(super) at: At,
    pub(super) unit: &'a Unit,
    pub(super) definition: &'a Definition,
    pub(super) notes: Notes,
    /// What functions are given here.
    pub(super) arguments: BTreeMap<At, Vec<Value>>,
    /// Variables by the scope that gives them: where its body begins.
    pub(super) names: BTreeMap<(usize, String), Value>,
    /// The scopes that are open, innermost last.
    scopes: Vec<usize>,
}

impl<'p, 'a> Walk<'p, 'a> {
    pub(super) fn new(program: &'p Program<'a>, at: At, unit: &'a Unit, definition: &'a Definition) -> Self {
        Self {
            program,
            at,
            unit,
            definition,
            notes: Notes::default(),
            arguments: BTreeMap::new(),
            names: BTreeMap::new(),
            scopes: vec![usize::MAX],
        }
    }

    /// Reads it; what it gives.
    pub(super) fn definition(&mut self) -> Value {
        self.rule();
        self.notes = Notes::default();
        self.arguments.clear();
        let value = self.rule();
        self.unused();
        self.hiding();
        value
    }

    fn rule(&mut self) -> Value {
        let (head, bodies) = match self.definition.rule.as_ref() {
            Rule::Default { value, .. } => return self.expr(value),
            Rule::Spec { head, bodies, .. } => (head, bodies),
        };
        if let RuleHead::Func { args, .. } = head {
            let known = self.program.arguments.get(&self.at).cloned().unwrap_or_default();
            for (i, arg) in args.iter().enumerate() {
                self.bind(arg, known.get(i).cloned().unwrap_or(Value::Any));
            }
        }
        let mut value = Value::Nothing;
        if bodies.is_empty() {
            value = self.head(head, true, None);
        }
        for body in bodies {
            let mut found = Value::Any;
            self.open(&body.query, &mut |walk| found = walk.head(head, !body.is_else, body.assign.as_ref()));
            value = value.join(found);
        }
        value
    }

    /// What a head gives, within the scope of its body.
    fn head(&mut self, head: &RuleHead, own: bool, instead: Option<&RuleAssign>) -> Value {
        let assign = match head {
            RuleHead::Set { key: Some(key), .. } => {
                let value = self.expr(key);
                self.finding(key, &value);
                return Value::list(value);
            }
            RuleHead::Set { refr, .. } => {
                self.computed(refr);
                return Value::Any;
            }
            RuleHead::Compr { refr, assign, .. } => {
                self.computed(refr);
                assign
            }
            RuleHead::Func { assign, .. } => assign,
        };
        let value = match instead.or(assign.as_ref().filter(|_| own)) {
            Some(assign) => self.expr(&assign.value),
            None => Value::Any,
        };
        if self.definition.plain { value } else { Value::Any }
    }

    /// Notes a finding.
    fn finding(&mut self, key: &Expr, value: &Value) {
        let Some(effect) = self.definition.effect() else { return };
        // What a variable is assigned in the same body is as well known as what stands here.
        let assigned = |name: &str| {
            let Rule::Spec { bodies, .. } = self.definition.rule.as_ref() else { return false };
            bodies.iter().flat_map(|body| &body.query.stmts).any(|statement| {
                matches!(&statement.literal, Literal::Expr { expr, .. }
                    if matches!(expr.as_ref(), Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. }
                        if matches!(lhs.as_ref(), Expr::Var { span, .. } if span.text() == name)
                            && matches!(rhs.as_ref(), Expr::Object { .. })))
            })
        };
        let whole = match key {
            Expr::Object { .. } => true,
            Expr::Var { span, .. } => assigned(span.text()),
            _ => false,
        };
        let review = !self.program.exempt.contains(&self.at.0);
        let mut span = bytes(key.span());
        if let Expr::Object { .. } = key {
            // To the parser, an object of several members begins with the last.
            let head = self.definition.head.start;
            let before = self.unit.source.text.get(head..span.end).and_then(|text| text.find('{'));
            span.start = before.map_or(span.start, |at| head.saturating_add(at));
        }
        self.notes.yields.push(Yield { effect, value: value.clone(), whole, review, span });
    }

    /// What a head computes: `a[x] := …`.
    fn computed(&mut self, mut refr: &Expr) {
        loop {
            match refr {
                Expr::RefBrack { refr: inner, index, .. } => {
                    self.expr(index);
                    refr = inner;
                }
                Expr::RefDot { refr: inner, .. } => refr = inner,
                _ => return,
            }
        }
    }

    /// Reads a body, and then something in its scope.
    fn open(&mut self, query: &Query, then: &mut dyn FnMut(&mut Self)) {
        self.scopes.push(bytes(&query.span).start);
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => {
                    for var in vars {
                        // What it is bound to is known from the first time.
                        let known = self.local(var.text()).cloned().unwrap_or(Value::Any);
                        self.give(var.text(), known);
                    }
                }
                Literal::SomeIn { key, value, collection, .. } => {
                    let of = self.expr(collection);
                    let element = self.notes.element(&of, &bytes(collection.span()));
                    self.bind(value, element);
                    key.iter().for_each(|key| self.bind(key, Value::Any));
                }
                Literal::Expr { expr, .. } => {
                    if let Expr::Bool { span, .. } = expr.as_ref() {
                        self.notes.constant.push((span.text() == "true", bytes(span)));
                    }
                    self.expr(expr);
                }
                Literal::NotExpr { expr, .. } => drop(self.expr(expr)),
                Literal::Every { key, value, domain, query, .. } => {
                    let of = self.expr(domain);
                    let element = self.notes.element(&of, &bytes(domain.span()));
                    self.scopes.push(bytes(&statement.span).start);
                    self.give(value.text(), element);
                    key.iter().for_each(|key| self.give(key.text(), Value::Any));
                    self.open(query, &mut |_| ());
                    self.scopes.pop();
                }
            }
            for change in &statement.with_mods {
                self.expr(&change.r#as);
            }
        }
        then(self);
        self.scopes.pop();
    }

    fn give(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.last().filter(|_| name != "_") {
            self.names.insert((*scope, name.to_owned()), value);
        }
    }

    /// Gives the variables of a pattern their values.
    fn bind(&mut self, pattern: &Expr, value: Value) {
        match pattern {
            Expr::Var { span, .. } => self.give(span.text(), value),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                let element = value.element();
                items.iter().for_each(|item| self.bind(item, element.clone()));
            }
            Expr::Object { fields, .. } => {
                for (_, key, field) in fields {
                    let inner = match literal(key) {
                        Some(name) => self.member(&value, &name, &bytes(key.span())),
                        None => Value::Any,
                    };
                    self.bind(field, inner);
                }
            }
            other => {
                let found = self.expr(other);
                self.notes.compare(&found, &value);
            }
        }
    }

    fn local(&self, name: &str) -> Option<&Value> {
        self.scopes.iter().rev().find_map(|scope| self.names.get(&(*scope, name.to_owned())))
    }

    fn own(&self, name: &str) -> Vec<String> {
        self.unit.package.iter().cloned().chain([name.to_owned()]).collect()
    }

    fn var(&mut self, name: &str, span: &Range<usize>) -> Value {
        if let Some(value) = self.local(name) {
            return value.clone();
        }
        let exempt = self.program.exempt.contains(&self.at.0);
        let root = |name: &str| match name {
            "input" if !exempt => Value::Place(Place::input()),
            "data" => Value::Data(Vec::new()),
            _ => Value::Any,
        };
        if matches!(name, "input" | "data" | "_") {
            return root(name);
        }
        let own = self.own(name);
        if self.program.index.contains_key(&own) {
            return self.rules(&own);
        }
        let import = self.unit.imports.iter().find(|import| import.alias == name);
        let Some((start, rest)) = import.and_then(|import| import.path.split_first()) else {
            // `a` of `a.b := 1`, or a variable that is bound as it is used.
            return if self.program.leads_on(&own) { Value::Data(own) } else { Value::Any };
        };
        let mut value = root(start);
        for member in rest {
            value = self.member(&value, member, span);
        }
        value
    }

    /// The value of some rules, whose use is noted.
    pub(super) fn rules(&mut self, path: &[String]) -> Value {
        for at in self.program.index.get(path).into_iter().flatten() {
            self.notes.uses.extend(self.program.numbers.get(at));
        }
        self.program.results.get(path).cloned().unwrap_or(Value::Any)
    }

    /// The value of a member, noted.
    pub(super) fn member(&mut self, of: &Value, name: &str, span: &Range<usize>) -> Value {
        let Value::Data(path) = of else { return self.notes.member(of, name, span) };
        let mut next = path.clone();
        next.push(name.to_owned());
        if next == ["settings"] {
            return Value::Place(Place::settings());
        }
        if self.program.index.contains_key(&next) {
            return self.rules(&next);
        }
        if self.program.leads_on(&next) {
            return Value::Data(next);
        }
        let given = |first: &String| self.program.subject.bundle.data.get(first).is_some();
        if next.first().is_some_and(given) {
            let known = self.program.subject.below(path).and_then(|value| value.as_object());
            let Some(known) = known.filter(|_| !self.program.exempt.contains(&self.at.0)) else {
                return Value::Any;
            };
            if known.get(name).is_some_and(|value| value.is_object()) {
                return Value::Data(next);
            }
            // What is merely not there may be left out on purpose.
            let near = nearest(name, known.keys().map(String::as_str)).filter(|_| !known.contains_key(name));
            if let Some(near) = near {
                let path = path.join(".");
                let message = format!("`data.{path}` has no `{name}`");
                self.notes.absent.push((
                    message,
                    format!("did you mean `data.{path}.{near}`?"),
                    span.clone(),
                ));
            }
            return Value::Any;
        }
        let known = self.program.names(path);
        let (message, hint) = if path.is_empty() {
            super::nobody(name, self.program.subject.given().into_iter().chain(known).collect())
        } else {
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                    format!("it has {}", known.join(", "))
                }
            };
            (format!("`{}` has no `{name}`", path.join(".")), hint)
        };
        self.notes.absent.push((message, hint, span.clone()));
        Value::Any
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::String { span, .. } | Expr::RawString { span, .. } => match literal(expr) {
                Some(text) => {
                    let source = Arc::clone(&self.unit.source);
                    Value::Text(vec![Word { text, source, span: bytes(span) }])
                }
                None => Value::Any,
            },
            Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => Value::Any,
            Expr::Var { span, .. } => self.var(span.text(), &bytes(span)),
            Expr::RefDot { refr, field, .. } => {
                let of = self.expr(refr);
                self.member(&of, field.0.text(), &bytes(&field.0))
            }
            Expr::RefBrack { refr, index, .. } => self.index(refr, index),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                let values: Vec<Value> = items.iter().map(|item| self.expr(item)).collect();
                Value::list(values.into_iter().reduce(Value::join).unwrap_or(Value::Nothing))
            }
            Expr::Object { fields, .. } => {
                let mut members = BTreeMap::new();
                let mut plain = true;
                for (_, key, value) in fields {
                    let value = self.expr(value);
                    if let Some(name) = literal(key) {
                        self.notes.approval(&name, &value);
                        members.insert(name, value);
                    } else {
                        self.expr(key);
                        plain = false;
                    }
                }
                if plain { Value::object(members) } else { Value::Any }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                let mut element = Value::Any;
                self.open(query, &mut |walk| element = walk.expr(term));
                Value::list(element)
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                let mut element = Value::Any;
                self.open(query, &mut |walk| {
                    walk.expr(key);
                    element = walk.expr(value);
                });
                Value::list(element)
            }
            Expr::Call { fcn, params, .. } => self.call(expr, fcn, params),
            Expr::UnaryExpr { expr, .. } => {
                self.expr(expr);
                Value::Any
            }
            Expr::BinExpr { lhs, rhs, .. } => {
                let (a, b) = (self.expr(lhs), self.expr(rhs));
                a.join(b)
            }
            Expr::ArithExpr { lhs, rhs, op, .. } => {
                let (a, _) = (self.expr(lhs), self.expr(rhs));
                if matches!((op, &a), (ArithOp::Sub, Value::List(_))) { a } else { Value::Any }
            }
            Expr::BoolExpr { span, op, lhs, rhs, .. } => {
                self.compare(op, lhs, rhs, &bytes(span));
                Value::Any
            }
            Expr::AssignExpr { op, lhs, rhs, .. } => {
                if *op == AssignOp::ColEq {
                    let right = self.expr(rhs);
                    self.bind(lhs, right);
                } else {
                    self.unify(lhs, rhs);
                }
                Value::Any
            }
            Expr::Membership { span, key, value, collection, .. } => {
                key.iter().for_each(|key| drop(self.expr(key)));
                let (one, of) = (self.expr(value), self.expr(collection));
                let element = of.element();
                self.notes.compare(&one, &element);
                let span = bytes(span);
                self.notes.ask(&one, last(value), How::Equal, &element, &span);
                self.notes.ask(&of, last(collection), How::Equal, &one, &span);
                Value::Any
            }
        }
    }

    /// `a[b]`.
    fn index(&mut self, refr: &Expr, index: &Expr) -> Value {
        let of = self.expr(refr);
        if let Some(name) = literal(index).filter(|_| !matches!(of, Value::List(_) | Value::Text(_))) {
            return self.member(&of, &name, &bytes(index.span()));
        }
        let by = self.expr(index);
        match (&of, refr) {
            // What is looked up in a table is one of its keys.
            (Value::Object(_), Expr::Object { fields, .. }) => {
                let keys = fields.iter().map(|(_, key, _)| self.expr(key)).reduce(Value::join);
                self.notes.compare(&by, &keys.unwrap_or(Value::Any));
            }
            // Nor is anything else in a set than what is in it.
            (Value::List(element), Expr::Set { .. }) => self.notes.compare(&by, element),
            // Any rule below may be meant.
            (Value::Data(path), _) => {
                let below = self.program.index.range(path.clone()..);
                let below = below.take_while(|(rule, _)| rule.starts_with(path));
                for at in below.flat_map(|(_, all)| all) {
                    self.notes.uses.extend(self.program.numbers.get(at));
                }
                return Value::Any;
            }
            _ => {}
        }
        self.notes.element(&of, &bytes(refr.span()))
    }

    /// `=`: gives a variable that has no value yet one; else both sides are held against each other.
    fn unify(&mut self, lhs: &Expr, rhs: &Expr) {
        let (left, right) = (self.expr(lhs), self.expr(rhs));
        for (side, own, other) in [(lhs, &left, &right), (rhs, &right, &left)] {
            if let Expr::Var { span, .. } = side
                && *own == Value::Any
                && !self.is_global(span.text())
            {
                self.give(span.text(), other.clone());
            }
        }
        self.notes.compare(&left, &right);
        let span = bytes(lhs.span()).start..bytes(rhs.span()).end;
        self.notes.ask(&left, last(lhs), How::Equal, &right, &span);
        self.notes.ask(&right, last(rhs), How::Equal, &left, &span);
    }

    /// Whether a name means the same in the whole file.
    fn is_global(&self, name: &str) -> bool {
        matches!(name, "input" | "data")
            || self.program.index.contains_key(&self.own(name))
            || self.unit.imports.iter().any(|import| import.alias == name)
    }

    fn compare(&mut self, op: &BoolOp, lhs: &Expr, rhs: &Expr, span: &Range<usize>) {
        let (a, b) = (self.expr(lhs), self.expr(rhs));
        if !matches!(op, BoolOp::Eq | BoolOp::Ne) {
            return;
        }
        self.notes.compare(&a, &b);
        self.notes.ask(&a, last(lhs), How::Equal, &b, span);
        self.notes.ask(&b, last(rhs), How::Equal, &a, span);
        if let (Some(a), Some(b)) = (constant(lhs), constant(rhs)) {
            self.notes.constant.push(((a == b) == (*op == BoolOp::Eq), span.clone()));
        }
    }

    /// Notes variables that are assigned and nothing uses.
    fn unused(&mut self) {
        let Rule::Spec { bodies, .. } = self.definition.rule.as_ref() else { return };
        let references = &self.definition.uses.references;
        let used =
            |name: &str| references.iter().any(|one| one.path.first().is_some_and(|root| root == name));
        for statement in bodies.iter().flat_map(|body| &body.query.stmts) {
            if let Literal::Expr { expr, .. } = &statement.literal
                && let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref()
                && let Expr::Var { span, .. } = lhs.as_ref()
                && span.text() != "_"
                && !used(span.text())
            {
                self.notes.unused.push((span.text().to_owned(), bytes(span)));
            }
        }
    }

    /// Notes variables that are called as something else is.
    fn hiding(&mut self) {
        let function =
            |name: &str| builtins::FUNCTIONS.binary_search_by(|(known, _)| (*known).cmp(name)).is_ok();
        if let Some(name) = self.definition.path.first().filter(|name| function(name)) {
            let start = self.definition.head.start;
            let span = start..start.saturating_add(name.len());
            self.notes.hiding.push((format!("the rule `{name}`"), "a function of the language", span));
        }
        for (scope, name) in self.names.keys() {
            let what = if self.unit.imports.iter().any(|import| import.alias == *name) {
                "an import"
            } else if self.program.index.contains_key(&self.own(name)) {
                "a rule of the package"
            } else if function(name) {
                "a function of the language"
            } else {
                continue;
            };
            let from = if *scope == usize::MAX { self.definition.head.end } else { *scope };
            let span = word(&self.unit.source.text, name, from);
            self.notes.hiding.push((format!("the variable `{name}`"), what, span));
        }
    }
}

/// Where a name stands as a word, from some byte on.
fn word(text: &str, name: &str, from: usize) -> Range<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let rest = text.get(from..).unwrap_or_default();
    let found = rest.match_indices(name).find(|(at, _)| {
        let before = rest.get(..*at).and_then(|before| before.chars().next_back());
        let after = rest.get(at.saturating_add(name.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(|c| part(c) || c == '.') && !after.is_some_and(part)
    });
    let start = from.saturating_add(found.map_or(0, |(at, _)| at));
    start..start.saturating_add(name.len())
}

/// The text of a literal.
pub(super) fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::String { value, .. } | Expr::RawString { value, .. } => {
            value.as_string().ok().map(|text| text.to_string())
        }
        _ => None,
    }
}

/// A literal, as it is written.
fn constant(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::String { span, .. } | Expr::Number { span, .. } | Expr::Bool { span, .. } => Some(span.text()),
        _ => None,
    }
}

/// The name of the member that a reference ends with.
pub(super) fn last(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        Expr::RefDot { field, .. } => Some(field.0.text().to_owned()),
        Expr::RefBrack { refr, index, .. } => literal(index).or_else(|| last(refr)),
        _ => None,
    }
}
