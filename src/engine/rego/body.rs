//! Bodies and terms, from syntax trees to steps.
//!
//! A statement is compiled once every variable that it needs has a value; those that wait are tried
//! again after others (the order in which OPA puts them). What stands within `not`, a comprehension or
//! `every` gives no value to variables outside.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Span};

use super::compile::{Names, Root};
use super::patterns::{indexed, names, pattern_names};
use super::program::{Change, Outline, Pattern, Slot, Statement, Step, Term};
use crate::diag::{Diagnostic, codes};
use crate::policy::rego::unit::Unit;
use crate::policy::rego::uses::{bytes, path};

/// How often parts of bodies may be tried, in all policies together, until each variable has a value.
const MAX_ATTEMPTS: u64 = 1_000_000;

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
    /// The same, in the order in which they were given it.
    given: Vec<Slot>,
}

/// Compiles the bodies of one definition.
pub(super) struct Compiler<'n> {
    pub(super) names: &'n Names<'n>,
    pub(super) unit: &'n Unit,
    scopes: Vec<Scope>,
    /// Whether what is compiled stands within `not`, and from which scope on.
    negated: Option<usize>,
    /// Parts of a pattern that can only be looked up when the rest of it has values, and where these are.
    pub(super) pending: Vec<(Slot, Ref<Expr>)>,
    /// References that have a value already, and where: they were looked up before the term they stand in.
    pub(super) found: Vec<(Ref<Expr>, Slot)>,
    pub(super) slots: usize,
    /// What is to be kept of where the next body's statements stand, and what names a case of a test.
    pub(super) outline: Option<(Box<Outline>, Vec<Ref<Expr>>)>,
    /// The traced statement that what is compiled stands in.
    pub(super) within: Option<usize>,
    /// Whether what is compiled is only shown.
    pub(super) quiet: bool,
    /// Whether nothing more gets a value in this body: what is printed without one is undefined.
    pub(super) resigned: bool,
}

fn wrong(unit: &Unit, span: &Span, message: String, hint: &str) -> Wait {
    let at = bytes(span);
    let problem = Diagnostic::error(codes::POLICY_INVALID, message).hint(hint).at(&unit.source, at, "here");
    Wait::Wrong(Box::new(problem))
}

impl Statement {
    fn of(statement: &LiteralStmt, step: usize) -> Self {
        let sides = match &statement.literal {
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => match expr.as_ref() {
                Expr::BoolExpr { lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
                    Some((lhs.span().clone(), rhs.span().clone()))
                }
                _ => None,
            },
            _ => None,
        };
        Self { step, span: statement.span.clone(), sides }
    }
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
        Self {
            names,
            unit,
            scopes: Vec::new(),
            negated: None,
            pending: Vec::new(),
            found: Vec::new(),
            slots: 0,
            outline: None,
            within: None,
            quiet: false,
            resigned: false,
        }
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
    pub(super) fn may_bind(&self, depth: usize) -> bool {
        depth.saturating_add(1) == self.scopes.len() && self.negated != Some(depth)
    }

    pub(super) fn bind(&mut self, depth: usize, slot: Slot) {
        if let Some(scope) = self.scopes.get_mut(depth)
            && scope.bound.insert(slot)
        {
            scope.given.push(slot);
        }
    }

    /// Compiles something whole or not at all: what waits has given no variable a value.
    pub(super) fn attempt<T>(
        &mut self,
        steps: &mut Vec<Step>,
        part: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<T>,
    ) -> Done<T> {
        let bound = self.bound();
        let (pending, found, probes) = (self.pending.len(), self.found.len(), self.names.probed());
        self.names.attempts.set(self.names.attempts.get().saturating_add(1));
        let mut own = Vec::new();
        let result = part(self, &mut own);
        match &result {
            Ok(_) => steps.append(&mut own),
            Err(_) => {
                self.unbind(bound);
                self.pending.truncate(pending);
                self.found.truncate(found);
                self.names.forget(probes);
            }
        }
        result
    }

    /// How many variables of the innermost scope were given a value.
    pub(super) fn bound(&self) -> usize {
        self.scopes.last().map_or(0, |scope| scope.given.len())
    }

    /// Takes the values from those that were given one later.
    pub(super) fn unbind(&mut self, bound: usize) {
        if let Some(scope) = self.scopes.last_mut() {
            for slot in scope.given.drain(bound.min(scope.given.len())..) {
                scope.bound.remove(&slot);
            }
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
        self.settle(pending, steps)
    }

    /// Looks up what patterns left for later, from a place in the list on.
    fn settle(&mut self, pending: usize, steps: &mut Vec<Step>) -> Done<()> {
        for (slot, expr) in self.pending.split_off(pending) {
            if let Expr::Object { fields, .. } = expr.as_ref()
                && self.is_open(&expr)
            {
                for (_, key, _) in fields {
                    let (slot, term) = (self.fresh(), self.term(key, steps)?);
                    steps.push(Step::Bind(Pattern::Slot(slot), term));
                    self.found.push((key.clone(), slot));
                }
                let pending = self.pending.len();
                let pattern = self.pattern(&expr, steps)?;
                steps.push(Step::Bind(pattern, Term::Slot(slot)));
                self.settle(pending, steps)?;
                continue;
            }
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
        let found = std::mem::take(&mut self.found);
        let mut outline = self.outline.take();
        let resigned = std::mem::take(&mut self.resigned);
        let result = self.query_here(query, &mut outline, then);
        self.resigned = resigned;
        self.scopes.truncate(scopes);
        (self.negated, self.found, self.outline) = (negated, found, outline);
        result
    }

    fn query_here<T>(
        &mut self,
        query: Option<&Query>,
        outline: &mut Option<(Box<Outline>, Vec<Ref<Expr>>)>,
        then: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<T>,
    ) -> Done<(Vec<Step>, T)> {
        let statements = query.map_or(&[][..], |query| &query.stmts);
        self.declare_all(statements)?;
        let mut steps = Vec::new();
        let mut left: Vec<&LiteralStmt> = statements.iter().collect();
        while !left.is_empty() {
            let mut waits = None;
            let mut waiting = Vec::new();
            for statement in &left {
                if self.names.attempts.get() > MAX_ATTEMPTS {
                    let message = "it takes too long to find an order for these statements";
                    let hint = "write what gives a variable its value before what uses it";
                    return self.wrong(&statement.span, message, hint);
                }
                let step = steps.len();
                match self.attempt(&mut steps, |compiler, steps| compiler.probed(statement, steps)) {
                    Ok(()) => {
                        if let Some((outline, names)) = outline {
                            outline.statements.push(Statement::of(statement, step));
                            self.case(outline, names, steps.len());
                        }
                    }
                    Err(Wait::For(span)) => {
                        waits.get_or_insert(span);
                        waiting.push(*statement);
                    }
                    Err(wrong) => return Err(wrong),
                }
            }
            if let Some(span) = waits
                && waiting.len() == left.len()
                && (!self.names.prints || std::mem::replace(&mut self.resigned, true))
            {
                return Err(Wait::For(span));
            }
            left = waiting;
        }
        let result = then(self, &mut steps)?;
        Ok((steps, result))
    }

    /// Notes from where on the names of a test's case have values, which nothing has to be looked up for.
    fn case(&mut self, outline: &mut Outline, names: &[Ref<Expr>], at: usize) {
        if outline.case.is_some() || names.is_empty() {
            return;
        }
        let bound = self.bound();
        let mut steps = Vec::new();
        let mut name =
            |compiler: &mut Self, name| compiler.attempt(&mut steps, |c, steps| c.term(name, steps));
        let terms: Done<Vec<Term>> = names.iter().map(|expr| name(self, expr)).collect();
        match terms {
            Ok(terms) if steps.is_empty() => outline.case = Some((at, terms)),
            _ => self.unbind(bound),
        }
    }

    /// Opens the scope of a body.
    fn declare_all(&mut self, statements: &[LiteralStmt]) -> Done<()> {
        let mut declared = Vec::new();
        let (mut some, mut used) = (Vec::new(), Vec::new());
        for statement in statements {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => some.extend(vars.iter()),
                Literal::SomeIn { key, value, collection, .. } => {
                    for pattern in key.iter().chain([value]) {
                        pattern_names(pattern, &mut declared);
                        names(pattern, &mut used);
                    }
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
        // What only bodies within this one use is theirs.
        declared.extend(some.into_iter().filter(|span| {
            let name = span.text();
            used.iter().any(|used| used.text() == name)
                || self.variable(name).is_some()
                || self.names.root(self.unit, name).is_some()
        }));
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

    pub(super) fn statement(&mut self, statement: &LiteralStmt, steps: &mut Vec<Step>) -> Done<()> {
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
    pub(super) fn change(
        &mut self,
        target: &Ref<Expr>,
        by: &Ref<Expr>,
        steps: &mut Vec<Step>,
    ) -> Done<(Change, Term)> {
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

    /// A statement that is no more than an expression. Where a variable in it has a value only from another
    /// part, as in `f(i, x[i])`, that part comes first.
    fn positive(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<()> {
        loop {
            match self.attempt(steps, |compiler, steps| compiler.expression(expr, steps)) {
                Err(Wait::For(span)) => {
                    if !self.find(expr, steps)? {
                        return Err(Wait::For(span));
                    }
                }
                other => return other,
            }
        }
    }

    /// Looks up the references in an expression that give variables values; says whether there was one.
    pub(super) fn find(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<bool> {
        let mut references = Vec::new();
        indexed(expr, &mut references);
        for reference in references {
            if self.found.iter().any(|(found, _)| found == reference) {
                continue;
            }
            let bound = self.bound();
            let slot = self.fresh();
            let looked = self.attempt(steps, |compiler, steps| {
                let term = compiler.term(reference, steps)?;
                if compiler.bound() == bound {
                    return Err(Wait::For(reference.span().clone()));
                }
                steps.push(Step::Bind(Pattern::Slot(slot), term));
                Ok(())
            });
            match looked {
                Ok(()) => {
                    self.found.push((reference.clone(), slot));
                    return Ok(true);
                }
                Err(Wait::For(_)) => {}
                Err(wrong) => return Err(wrong),
            }
        }
        Ok(false)
    }

    fn expression(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<()> {
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
