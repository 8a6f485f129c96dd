//! Bodies and terms, from syntax trees to steps.
//!
//! A statement is compiled once every variable that it needs has a value; those that wait are tried
//! again after others (the order in which OPA puts them). What stands within `not`, a comprehension or
//! `every` gives no value to variables outside.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Span};

use super::compile::{Names, Root};
use super::program::{Change, Pattern, Slot, Step, Term};
use super::terms::literal;
use crate::diag::{Diagnostic, codes};
use crate::policy::rego::unit::Unit;
use crate::policy::rego::uses::{bytes, path};

/// Why something is not compiled.
pub(super) enum Wait {
    /// A variable has no value yet.
    For(Span),
    /// It is wrong.
    Wrong(Box<Diagnostic>),
}

pub(super) type Done<T> = Result<T, Wait>;

/// The variables of a body, or of arguments.
#[derive(Default)]
struct Scope {
    names: BTreeMap<String, Slot>,
    /// Those that have a value.
    bound: BTreeSet<Slot>,
}

/// Compiles the bodies of one definition.
pub(super) struct Compiler<'n> {
    pub(super) names: &'n Names<'n>,
    pub(super) unit: &'n Unit,
    scopes: Vec<Scope>,
    /// Whether what is compiled stands within `not`, and from which scope on.
    negated: Option<usize>,
    /// Parts of a pattern that can only be looked up when the rest of it has values, and where these are.
    pending: Vec<(Slot, Ref<Expr>)>,
    pub(super) slots: usize,
}

fn wrong(unit: &Unit, span: &Span, message: String, hint: &str) -> Wait {
    let at = bytes(span);
    let problem = Diagnostic::error(codes::POLICY_INVALID, message).hint(hint).at(&unit.source, at, "here");
    Wait::Wrong(Box::new(problem))
}

/// What has no value, as an error.
pub(super) fn unbound(unit: &Unit, span: &Span) -> Diagnostic {
    let name = span.text();
    let message = format!("`{name}` has no value here");
    Diagnostic::error(codes::POLICY_INVALID, message)
        .hint("give it one in the same body, outside of `not`: `x := …` or `some x in …`")
        .at(&unit.source, bytes(span), "used here")
}

impl<'n> Compiler<'n> {
    pub(super) const fn new(names: &'n Names<'n>, unit: &'n Unit) -> Self {
        Self { names, unit, scopes: Vec::new(), negated: None, pending: Vec::new(), slots: 0 }
    }

    pub(super) fn wrong<T>(&self, span: &Span, message: impl Into<String>, hint: &str) -> Done<T> {
        Err(wrong(self.unit, span, message.into(), hint))
    }

    pub(super) fn fresh(&mut self) -> Slot {
        let slot = self.slots;
        self.slots = slot.saturating_add(1);
        slot
    }

    /// A variable that is seen here: its place, the scope it belongs to, and whether it has a value.
    pub(super) fn variable(&self, name: &str) -> Option<(Slot, usize, bool)> {
        self.scopes.iter().enumerate().rev().find_map(|(depth, scope)| {
            let slot = *scope.names.get(name)?;
            Some((slot, depth, scope.bound.contains(&slot)))
        })
    }

    /// Whether a variable of a scope may be given a value here.
    fn may_bind(&self, depth: usize) -> bool {
        depth.saturating_add(1) == self.scopes.len() && self.negated != Some(depth)
    }

    fn bind(&mut self, depth: usize, slot: Slot) {
        if let Some(scope) = self.scopes.get_mut(depth) {
            scope.bound.insert(slot);
        }
    }

    /// Compiles something whole or not at all: what waits has given no variable a value.
    pub(super) fn attempt<T>(
        &mut self,
        steps: &mut Vec<Step>,
        part: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<T>,
    ) -> Done<T> {
        let bound = self.bound();
        let pending = self.pending.len();
        let mut own = Vec::new();
        let result = part(self, &mut own);
        match &result {
            Ok(_) => steps.append(&mut own),
            Err(_) => {
                self.unbind(bound);
                self.pending.truncate(pending);
            }
        }
        result
    }

    /// The variables of the innermost scope that have a value.
    fn bound(&self) -> BTreeSet<Slot> {
        self.scopes.last().map(|scope| scope.bound.clone()).unwrap_or_default()
    }

    fn unbind(&mut self, bound: BTreeSet<Slot>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.bound = bound;
        }
    }

    /// Compiles a step with patterns, and what these can only look up after it.
    pub(super) fn step(
        &mut self,
        steps: &mut Vec<Step>,
        step: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<Step>,
    ) -> Done<()> {
        let pending = self.pending.len();
        let step = step(self, steps)?;
        steps.push(step);
        for (slot, expr) in self.pending.split_off(pending) {
            let value = self.term(&expr, steps)?;
            steps.push(Step::Bind(Pattern::Equal(Term::Slot(slot)), value));
        }
        Ok(())
    }

    /// Opens a scope for arguments, which are patterns.
    pub(super) fn arguments(&mut self, arguments: &[Ref<Expr>]) -> Done<Vec<Pattern>> {
        let mut declared = Vec::new();
        arguments.iter().for_each(|argument| pattern_names(argument, &mut declared));
        let mut scope = Scope::default();
        for span in declared {
            let slot = self.fresh();
            scope.names.entry(span.text().to_owned()).or_insert(slot);
        }
        self.scopes.push(scope);
        let mut steps = Vec::new();
        let patterns =
            arguments.iter().map(|argument| self.pattern(argument, &mut steps)).collect::<Done<_>>()?;
        match (steps.is_empty() && self.pending.is_empty(), arguments.first()) {
            (false, Some(first)) => self.wrong(
                first.span(),
                "an argument goes through several values",
                "bind it in the body instead",
            ),
            _ => Ok(patterns),
        }
    }

    /// Opens a scope for the variables of `every`.
    fn every_scope(&mut self, names: &[&Span]) -> Vec<Slot> {
        let mut scope = Scope::default();
        let slots: Vec<Slot> = names
            .iter()
            .map(|name| {
                let slot = self.fresh();
                scope.names.insert(name.text().to_owned(), slot);
                scope.bound.insert(slot);
                slot
            })
            .collect();
        self.scopes.push(scope);
        slots
    }

    /// Compiles a body, and what is asked of it when it holds.
    pub(super) fn query<T>(
        &mut self,
        query: Option<&Query>,
        then: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<T>,
    ) -> Done<(Vec<Step>, T)> {
        let scopes = self.scopes.len();
        let negated = self.negated.take();
        let result = self.query_here(query, then);
        self.scopes.truncate(scopes);
        self.negated = negated;
        result
    }

    fn query_here<T>(
        &mut self,
        query: Option<&Query>,
        then: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<T>,
    ) -> Done<(Vec<Step>, T)> {
        let statements = query.map_or(&[][..], |query| &query.stmts);
        self.open(statements)?;
        let mut steps = Vec::new();
        let mut left: Vec<&LiteralStmt> = statements.iter().collect();
        while !left.is_empty() {
            let mut waits = None;
            let mut waiting = Vec::new();
            for statement in &left {
                match self.attempt(&mut steps, |compiler, steps| compiler.statement(statement, steps)) {
                    Ok(()) => {}
                    Err(Wait::For(span)) => {
                        waits.get_or_insert(span);
                        waiting.push(*statement);
                    }
                    Err(wrong) => return Err(wrong),
                }
            }
            if let Some(span) = waits
                && waiting.len() == left.len()
            {
                return Err(Wait::For(span));
            }
            left = waiting;
        }
        let result = then(self, &mut steps)?;
        Ok((steps, result))
    }

    /// Opens the scope of a body.
    fn open(&mut self, statements: &[LiteralStmt]) -> Done<()> {
        let mut declared = Vec::new();
        let mut used = Vec::new();
        for statement in statements {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => declared.extend(vars.iter()),
                Literal::SomeIn { key, value, collection, .. } => {
                    key.iter().for_each(|key| pattern_names(key, &mut declared));
                    pattern_names(value, &mut declared);
                    names(collection, &mut used);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => match expr.as_ref() {
                    Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                        pattern_names(lhs, &mut declared);
                        names(lhs, &mut used);
                        names(rhs, &mut used);
                    }
                    expr => names(expr, &mut used),
                },
                Literal::Every { domain, .. } => names(domain, &mut used),
            }
            for change in &statement.with_mods {
                // What may be a function that stands in the place of another.
                let function = path(&change.r#as)
                    .is_some_and(|(parts, whole)| whole && self.names.function(self.unit, &parts).is_some());
                if !function {
                    names(&change.r#as, &mut used);
                }
            }
        }
        let mut scope = Scope::default();
        for span in declared {
            let slot = self.fresh();
            if scope.names.insert(span.text().to_owned(), slot).is_some() {
                let message = format!("`{}` is declared twice in one body", span.text());
                return self.wrong(span, message, "give one of them another name");
            }
        }
        for span in used {
            let name = span.text();
            let known = scope.names.contains_key(name)
                || self.variable(name).is_some()
                || self.names.root(self.unit, name).is_some();
            if !known && name != "_" {
                let slot = self.fresh();
                scope.names.insert(name.to_owned(), slot);
            }
        }
        self.scopes.push(scope);
        Ok(())
    }

    fn statement(&mut self, statement: &LiteralStmt, steps: &mut Vec<Step>) -> Done<()> {
        if statement.with_mods.is_empty() {
            return self.literal(&statement.literal, steps);
        }
        let mut changes = Vec::new();
        for change in &statement.with_mods {
            changes.push(self.change(&change.refr, &change.r#as, steps)?);
        }
        let mut inner = Vec::new();
        self.literal(&statement.literal, &mut inner)?;
        steps.push(Step::With(changes, inner));
        Ok(())
    }

    /// What `with` changes.
    fn change(&mut self, target: &Ref<Expr>, by: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<(Change, Term)> {
        let hint = "`with` replaces the input, data, or a function";
        let Some((parts, true)) = path(target) else {
            return self.wrong(target.span(), "this cannot be replaced", hint);
        };
        if let Some(function) = self.names.function(self.unit, &parts) {
            let replacement = match path(by) {
                Some((parts, true)) if parts.first().is_some_and(|name| self.variable(name).is_none()) => {
                    self.names.function(self.unit, &parts)
                }
                _ => None,
            };
            return Ok(match replacement {
                Some(other) if self.names.arity(other) != self.names.arity(function) => {
                    let message = "this takes another number of arguments than what it is to replace";
                    return self.wrong(by.span(), message, "write one that takes as many");
                }
                Some(other) => (Change::Function(function, other), Term::Value(Value::Null)),
                None => (Change::Answer(function), self.term(by, steps)?),
            });
        }
        let below = |from: usize| -> Vec<Value> {
            parts.iter().skip(from).map(|part| Value::from(part.as_str())).collect()
        };
        let change = match parts.first().map(String::as_str) {
            Some("input") => Change::Input(below(1)),
            Some("data") => {
                let path = below(1);
                if path.is_empty() || self.names.splits_a_rule(&path) {
                    let message = "this replaces a part of what a rule gives";
                    return self.wrong(target.span(), message, "replace the rule as a whole");
                }
                Change::Data(path)
            }
            Some(name) => match self.names.root(self.unit, name) {
                Some(Root::Data(mut path)) => {
                    path.extend(below(1));
                    if self.names.splits_a_rule(&path) {
                        let message = "this replaces a part of what a rule gives";
                        return self.wrong(target.span(), message, "replace the rule as a whole");
                    }
                    Change::Data(path)
                }
                Some(Root::Input(mut path)) => {
                    path.extend(below(1));
                    Change::Input(path)
                }
                None => return self.wrong(target.span(), "this cannot be replaced", hint),
            },
            None => return self.wrong(target.span(), "this cannot be replaced", hint),
        };
        Ok((change, self.term(by, steps)?))
    }

    fn literal(&mut self, literal: &Literal, steps: &mut Vec<Step>) -> Done<()> {
        match literal {
            Literal::SomeVars { .. } => Ok(()),
            Literal::SomeIn { key, value, collection, .. } => {
                let of = self.term(collection, steps)?;
                self.step(steps, |compiler, steps| {
                    let key = match key {
                        Some(key) => compiler.pattern(key, steps)?,
                        None => Pattern::Any,
                    };
                    Ok(Step::Scan { of, key, value: compiler.pattern(value, steps)? })
                })
            }
            Literal::Expr { expr, .. } => self.positive(expr, steps),
            Literal::NotExpr { expr, .. } => {
                let depth = self.scopes.len().saturating_sub(1);
                let before = self.negated.replace(depth);
                let mut body = Vec::new();
                let result = self.positive(expr, &mut body);
                self.negated = before;
                result?;
                steps.push(Step::Not(body));
                Ok(())
            }
            Literal::Every { key, value, domain, query, .. } => {
                let of = self.term(domain, steps)?;
                let names: Vec<&Span> = key.iter().chain([value]).collect();
                let scopes = self.scopes.len();
                let slots = self.every_scope(&names);
                let body = self.query(Some(query), |_, _| Ok(()));
                self.scopes.truncate(scopes);
                let (body, ()) = body?;
                let (Some(value), key) = (slots.last().copied(), key.as_ref().and(slots.first().copied()))
                else {
                    return Ok(());
                };
                steps.push(Step::Every { of, key, value, body });
                Ok(())
            }
        }
    }

    fn positive(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<()> {
        match expr.as_ref() {
            Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                let value = self.term(rhs, steps)?;
                self.step(steps, |compiler, steps| Ok(Step::Bind(compiler.pattern(lhs, steps)?, value)))
            }
            Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => self.unify(lhs, rhs, steps),
            _ => {
                let term = self.term(expr, steps)?;
                if !matches!(term, Term::Value(Value::Bool(true))) {
                    steps.push(Step::Test(term));
                }
                Ok(())
            }
        }
    }

    /// Whether something has variables without a value where a pattern can give them one.
    pub(super) fn is_open(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Var { span, .. } => {
                span.text() == "_" || self.variable(span.text()).is_some_and(|(_, _, bound)| !bound)
            }
            Expr::Array { items, .. } => items.iter().any(|item| self.is_open(item)),
            Expr::Object { fields, .. } => fields.iter().any(|(_, _, value)| self.is_open(value)),
            _ => false,
        }
    }

    fn unify(&mut self, lhs: &Ref<Expr>, rhs: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<()> {
        match (self.is_open(lhs), self.is_open(rhs)) {
            (true, true) => self.unify_parts(lhs, rhs, steps),
            (true, false) => {
                let value = self.term(rhs, steps)?;
                self.step(steps, |compiler, steps| Ok(Step::Bind(compiler.pattern(lhs, steps)?, value)))
            }
            (false, _) => {
                let value = self.term(lhs, steps)?;
                self.step(steps, |compiler, steps| Ok(Step::Bind(compiler.pattern(rhs, steps)?, value)))
            }
        }
    }

    /// Lists and objects that have variables on both sides, part by part.
    fn unify_parts(&mut self, lhs: &Ref<Expr>, rhs: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<()> {
        let mut left: Vec<(&Ref<Expr>, &Ref<Expr>)> = match (lhs.as_ref(), rhs.as_ref()) {
            (Expr::Array { items: these, .. }, Expr::Array { items: those, .. })
                if these.len() == those.len() =>
            {
                these.iter().zip(those).collect()
            }
            (Expr::Object { fields: these, .. }, Expr::Object { fields: those, .. })
                if these.len() == those.len() =>
            {
                let same = |key: &Ref<Expr>| {
                    those.iter().find(|(_, other, _)| {
                        let keys = [key.as_ref(), other.as_ref()].map(literal);
                        matches!(keys, [Some(one), Some(other)] if one == other)
                    })
                };
                let pairs: Option<Vec<_>> =
                    these.iter().map(|(_, key, value)| Some((value, &same(key)?.2))).collect();
                let Some(pairs) = pairs else {
                    return self.wrong(
                        lhs.span(),
                        "these objects have different keys",
                        "they are never equal",
                    );
                };
                pairs
            }
            (Expr::Array { .. } | Expr::Object { .. }, Expr::Array { .. } | Expr::Object { .. }) => {
                return self.wrong(lhs.span(), "the two sides have different shapes", "they are never equal");
            }
            (Expr::Var { span, .. }, _) | (_, Expr::Var { span, .. }) => return Err(Wait::For(span.clone())),
            _ => return Err(Wait::For(lhs.span().clone())),
        };
        while !left.is_empty() {
            let before = left.len();
            let mut waits = None;
            let mut waiting = Vec::new();
            for (one, other) in left {
                match self.attempt(steps, |compiler, steps| compiler.unify(one, other, steps)) {
                    Ok(()) => {}
                    Err(Wait::For(span)) => {
                        waits.get_or_insert(span);
                        waiting.push((one, other));
                    }
                    Err(wrong) => return Err(wrong),
                }
            }
            if let Some(span) = waits
                && waiting.len() == before
            {
                return Err(Wait::For(span));
            }
            left = waiting;
        }
        Ok(())
    }

    /// What a value is held against.
    pub(super) fn pattern(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<Pattern> {
        match expr.as_ref() {
            Expr::Var { span, .. } if span.text() == "_" => Ok(Pattern::Any),
            Expr::Var { span, .. } => match self.variable(span.text()) {
                Some((slot, depth, false)) => {
                    if !self.may_bind(depth) {
                        return Err(Wait::For(span.clone()));
                    }
                    self.bind(depth, slot);
                    Ok(Pattern::Slot(slot))
                }
                _ => Ok(Pattern::Equal(self.term(expr, steps)?)),
            },
            Expr::Array { items, .. } if !items.is_empty() => {
                Ok(Pattern::Array(items.iter().map(|item| self.pattern(item, steps)).collect::<Done<_>>()?))
            }
            Expr::Object { fields, .. } if self.is_open(expr) => {
                let mut patterns = Vec::new();
                for (_, key, value) in fields {
                    patterns.push((self.term(key, steps)?, self.pattern(value, steps)?));
                }
                Ok(Pattern::Object(patterns))
            }
            _ => {
                let bound = self.bound();
                let mut own = Vec::new();
                match self.term(expr, &mut own) {
                    Ok(term) if own.is_empty() => return Ok(Pattern::Equal(term)),
                    // It goes through several values, or waits for another part of the pattern.
                    Ok(_) | Err(Wait::For(_)) => {}
                    Err(wrong) => return Err(wrong),
                }
                self.unbind(bound);
                let slot = self.fresh();
                self.pending.push((slot, expr.clone()));
                Ok(Pattern::Slot(slot))
            }
        }
    }

    /// Variables that occur in an output alone, as in `[x[i] | true]`.
    pub(super) fn declare(&mut self, outputs: &[&Span]) {
        for span in outputs {
            let name = span.text();
            let known = self.variable(name).is_some() || self.names.root(self.unit, name).is_some();
            if !known && name != "_" {
                let slot = self.fresh();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.names.insert(name.to_owned(), slot);
                }
            }
        }
    }
}

/// The variables that a pattern declares.
fn pattern_names<'e>(expr: &'e Expr, found: &mut Vec<&'e Span>) {
    match expr {
        Expr::Var { span, .. } if span.text() != "_" => found.push(span),
        Expr::Array { items, .. } => items.iter().for_each(|item| pattern_names(item, found)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| pattern_names(value, found)),
        _ => {}
    }
}

/// The names that an expression uses, outside of the bodies within it.
pub(super) fn names<'e>(expr: &'e Expr, found: &mut Vec<&'e Span>) {
    match expr {
        Expr::Var { span, .. } => found.push(span),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| names(item, found))
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                names(key, found);
                names(value, found);
            }
        }
        Expr::Call { params, .. } => params.iter().for_each(|param| names(param, found)),
        Expr::UnaryExpr { expr, .. } => names(expr, found),
        Expr::RefDot { refr, .. } => names(refr, found),
        Expr::RefBrack { refr, index, .. } => {
            names(refr, found);
            names(index, found);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            names(lhs, found);
            names(rhs, found);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().for_each(|key| names(key, found));
            names(value, found);
            names(collection, found);
        }
        _ => {}
    }
}
