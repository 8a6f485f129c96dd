//! Terms and references, from syntax trees to what has one value.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::{ArithOp, BinOp, Expr, Query, Ref, Span};

use super::body::{Compiler, Done, Wait};
use super::compile::Root;
use super::meter;
use super::program::{Call, Collect, Function, Kind, Pattern, Step, Term};
use crate::policy::rego::uses::path;

impl Compiler<'_> {
    /// A term that has one value; what it goes through are steps before.
    pub(super) fn term(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<Term> {
        if let Some(value) = literal(expr) {
            return Ok(Term::Value(value.clone()));
        }
        if let Some((_, slot)) = self.found.iter().find(|(found, _)| found == expr) {
            return Ok(Term::Slot(*slot));
        }
        match expr.as_ref() {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr, steps),
            Expr::Array { items, .. } => {
                let items = self.terms(items, steps)?;
                Ok(match constants(&items) {
                    Some(values) => Term::Value(Value::from(values)),
                    None => Term::Array(items),
                })
            }
            Expr::Set { items, .. } => {
                let items = self.terms(items, steps)?;
                Ok(match constants(&items) {
                    Some(values) => Term::Value(Value::from(values.into_iter().collect::<BTreeSet<_>>())),
                    None => Term::Set(items),
                })
            }
            Expr::Object { fields, .. } => {
                let mut members = Vec::new();
                for (_, key, value) in fields {
                    members.push((self.term(key, steps)?, self.term(value, steps)?));
                }
                let constant: Option<BTreeMap<Value, Value>> = members
                    .iter()
                    .map(|(key, value)| Some((key.constant()?.clone(), value.constant()?.clone())))
                    .collect();
                Ok(match constant {
                    Some(all) => Term::Value(Value::from(all)),
                    None => Term::Object(members),
                })
            }
            Expr::ArrayCompr { term, query, span, .. } => self.collect(Kind::Array, None, term, query, span),
            Expr::SetCompr { term, query, span, .. } => self.collect(Kind::Set, None, term, query, span),
            Expr::ObjectCompr { key, value, query, span, .. } => {
                self.collect(Kind::Object, Some(key), value, query, span)
            }
            Expr::Call { fcn, params, span, .. } => self.call(fcn, params, span, steps),
            Expr::UnaryExpr { expr: inner, span, .. } => {
                let term = self.term(inner, steps)?;
                let arguments = vec![Term::Value(Value::from(0_u64)), term];
                Ok(builtin("-", arguments, vec![inner.clone(), inner.clone()], span))
            }
            Expr::BinExpr { op, lhs, rhs, span, .. } => {
                let name = match op {
                    BinOp::Union => "__builtin_sets.union",
                    BinOp::Intersection => "__builtin_sets.intersection",
                };
                self.infix(name, lhs, rhs, span, steps)
            }
            Expr::ArithExpr { op, lhs, rhs, span, .. } => {
                let name = match op {
                    ArithOp::Add => "+",
                    ArithOp::Sub => "-",
                    ArithOp::Mul => "*",
                    ArithOp::Div => "/",
                    ArithOp::Mod => "%",
                };
                self.infix(name, lhs, rhs, span, steps)
            }
            Expr::BoolExpr { op, lhs, rhs, .. } => {
                let sides = (self.term(lhs, steps)?, self.term(rhs, steps)?);
                Ok(Term::Compare(op.clone(), Box::new(sides)))
            }
            Expr::Membership { key, value, collection, .. } => {
                let key = match key {
                    Some(key) => Some(self.term(key, steps)?),
                    None => None,
                };
                let parts = (key, self.term(value, steps)?, self.term(collection, steps)?);
                Ok(Term::In(Box::new(parts)))
            }
            Expr::AssignExpr { span, .. } => {
                self.wrong(span, "an assignment is no value", "make it a statement of its own")
            }
            // Literals are handled above.
            _ => self.wrong(expr.span(), "this is no term", "see the place above"),
        }
    }

    fn terms(&mut self, exprs: &[Ref<Expr>], steps: &mut Vec<Step>) -> Done<Vec<Term>> {
        exprs.iter().map(|expr| self.term(expr, steps)).collect()
    }

    fn infix(
        &mut self,
        name: &'static str,
        lhs: &Ref<Expr>,
        rhs: &Ref<Expr>,
        span: &Span,
        steps: &mut Vec<Step>,
    ) -> Done<Term> {
        let arguments = vec![self.term(lhs, steps)?, self.term(rhs, steps)?];
        Ok(builtin(name, arguments, vec![lhs.clone(), rhs.clone()], span))
    }

    fn collect(
        &mut self,
        kind: Kind,
        key: Option<&Ref<Expr>>,
        value: &Ref<Expr>,
        query: &Ref<Query>,
        span: &Span,
    ) -> Done<Term> {
        let outputs: Vec<&Ref<Expr>> = key.into_iter().chain([value]).collect();
        let (body, terms) = self.query(Some(query), |compiler, steps| compiler.outputs(&outputs, steps))?;
        let mut terms = terms.into_iter();
        let key = key.and_then(|_| terms.next());
        let Some(value) = terms.next() else { return Err(Wait::For(span.clone())) };
        Ok(Term::Collect(Box::new(Collect { kind, body, key, value, span: span.clone() })))
    }

    fn call(
        &mut self,
        callee: &Ref<Expr>,
        params: &[Ref<Expr>],
        span: &Span,
        steps: &mut Vec<Step>,
    ) -> Done<Term> {
        let name = path(callee).filter(|(_, whole)| *whole).map(|(parts, _)| parts);
        let function = name.as_ref().and_then(|parts| self.names.function(self.unit, parts));
        let Some(function) = function else {
            let name = name.map_or_else(|| "this".to_owned(), |parts| format!("`{}`", parts.join(".")));
            return self.wrong(callee.span(), format!("{name} is not a function"), "define it, or import it");
        };
        if let Function::Builtin(name @ ("print" | "trace")) = function {
            if self.names.prints && name == "print" {
                self.print(params, steps)?;
            }
            return Ok(Term::Value(Value::Bool(true)));
        }
        let arity = self.names.arity(function);
        let (given, answer) = match params.split_last() {
            Some((last, given)) if given.len() == arity => (given, Some(last)),
            _ if params.len() == arity => (params, None),
            _ => {
                let message = format!("it takes {arity} arguments, not {}", params.len());
                return self.wrong(span, message, "count them");
            }
        };
        if function == Function::Builtin("walk") {
            let Some(of) = given.first() else { return Ok(Term::Value(Value::Bool(false))) };
            let of = self.term(of, steps)?;
            return Ok(match answer {
                Some(answer) => {
                    self.step(steps, |compiler, steps| {
                        Ok(Step::Walk { of, pattern: compiler.pattern(answer, steps)? })
                    })?;
                    Term::Value(Value::Bool(true))
                }
                None => {
                    let slot = self.fresh();
                    steps.push(Step::Walk { of, pattern: Pattern::Slot(slot) });
                    Term::Slot(slot)
                }
            });
        }
        let arguments = self.terms(given, steps)?;
        let pointer = match function {
            Function::Builtin(name) => meter::pointer(name),
            Function::Rule(_) => None,
        };
        let call =
            Call { function, pointer, arguments, written: given.to_vec(), span: callee.span().clone() };
        let call = Term::Call(Box::new(call));
        let Some(answer) = answer else { return Ok(call) };
        self.step(steps, |compiler, steps| Ok(Step::Bind(compiler.pattern(answer, steps)?, call)))?;
        Ok(Term::Value(Value::Bool(true)))
    }

    fn reference(&mut self, expr: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<Term> {
        // References nest to the left; a chain is followed without recursion.
        let mut keys: Vec<Key<'_>> = Vec::new();
        let mut root = expr;
        loop {
            match root.as_ref() {
                Expr::RefDot { refr, field, .. } => {
                    keys.push(Key::Name(Value::from(field.0.text())));
                    root = refr;
                }
                Expr::RefBrack { refr, index, .. } => {
                    keys.push(match literal(index) {
                        Some(value) => Key::Name(value.clone()),
                        None => Key::Index(index),
                    });
                    root = refr;
                }
                _ => break,
            }
        }
        keys.reverse();
        let mut keys = keys.into_iter().peekable();
        let mut of = match root.as_ref() {
            Expr::Var { span, .. } => {
                match (self.variable(span.text()), self.names.root(self.unit, span.text())) {
                    (Some((slot, _, true)), _) => Term::Slot(slot),
                    (Some(_), _) | (None, None) => return Err(Wait::For(span.clone())),
                    (None, Some(Root::Input(path))) => {
                        let path = path.into_iter().map(Term::Value).collect();
                        follow(Term::Input, path)
                    }
                    (None, Some(Root::Data(mut path))) => {
                        while let Some(Key::Name(_)) = keys.peek() {
                            if let Some(Key::Name(value)) = keys.next() {
                                path.push(value);
                            }
                        }
                        match self.names.data(path, span) {
                            Some(term) => term,
                            None => return self.wrong(expr.span(), "this is a function", "call it"),
                        }
                    }
                }
            }
            _ => self.term(root, steps)?,
        };
        let mut path = Vec::new();
        for key in keys {
            match key {
                Key::Name(value) => path.push(Term::Value(value)),
                Key::Index(index) if self.is_open(index) => {
                    let slot = self.fresh();
                    let scanned = follow(of, std::mem::take(&mut path));
                    self.step(steps, |compiler, steps| {
                        let key = compiler.pattern(index, steps)?;
                        Ok(Step::Scan { of: scanned, key, value: Pattern::Slot(slot) })
                    })?;
                    of = Term::Slot(slot);
                }
                Key::Index(index) => path.push(self.term(index, steps)?),
            }
        }
        Ok(follow(of, path))
    }
}

/// A part of a reference.
enum Key<'e> {
    Name(Value),
    Index(&'e Ref<Expr>),
}

fn follow(of: Term, mut path: Vec<Term>) -> Term {
    match of {
        of if path.is_empty() => of,
        Term::Path(mut inner) => {
            inner.1.append(&mut path);
            Term::Path(inner)
        }
        of => Term::Path(Box::new((of, path))),
    }
}

fn builtin(name: &'static str, arguments: Vec<Term>, written: Vec<Ref<Expr>>, span: &Span) -> Term {
    let pointer = meter::pointer(name);
    let function = Function::Builtin(name);
    Term::Call(Box::new(Call { function, pointer, arguments, written, span: span.clone() }))
}

/// The values of terms that are all constant.
fn constants(terms: &[Term]) -> Option<Vec<Value>> {
    terms.iter().map(|term| term.constant().cloned()).collect()
}

/// The value of a literal.
pub(super) fn literal(expr: &Expr) -> Option<&Value> {
    match expr {
        Expr::String { value, .. }
        | Expr::RawString { value, .. }
        | Expr::Number { value, .. }
        | Expr::Bool { value, .. }
        | Expr::Null { value, .. } => Some(value),
        _ => None,
    }
}
