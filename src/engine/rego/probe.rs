//! Compiles statements with marks around them, and the parts of each that are worth showing.

use std::sync::Arc;

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Ref};

use super::body::{Compiler, Done};
use super::program::{Change, Collect, Kind, Part, Probe, Step, Term};
use super::record::text;
use crate::engine::trace::written;

/// How many parts of a statement are shown.
const MAX_PARTS: usize = 12;

impl Compiler<'_> {
    /// Compiles a statement, with marks where it is to be traced.
    pub(super) fn probed(&mut self, statement: &LiteralStmt, steps: &mut Vec<Step>) -> Done<()> {
        let Some(probes) = &self.names.probes else { return self.statement(statement, steps) };
        if self.quiet || matches!(statement.literal, Literal::SomeVars { .. }) {
            return self.statement(statement, steps);
        }
        let id = probes.borrow().len();
        let span = statement.span.clone();
        probes.borrow_mut().push(Probe {
            span,
            gives: false,
            within: self.within,
            before: Vec::new(),
            after: Vec::new(),
        });
        let before = self.parts(statement, &[]);
        steps.push(Step::Enter(id));
        let outer = self.within.replace(id);
        let done = self.statement(statement, steps);
        self.within = outer;
        done?;
        steps.push(Step::Leave(id));
        let after = self.parts(statement, &before);
        if let Some(probe) = probes.borrow_mut().get_mut(id) {
            (probe.before, probe.after) = (before, after);
        }
        Ok(())
    }

    /// Marks what a definition gives, where that is worked out; what stands in it is within the mark.
    pub(super) fn open(&mut self, outputs: &[&Ref<Expr>], steps: &mut Vec<Step>) -> Option<usize> {
        let probes = self.names.probes.as_ref()?;
        let mut exprs = Vec::new();
        outputs.iter().for_each(|output| gather(output, &mut exprs));
        let plain = exprs.iter().all(|expr| matches!(expr.as_ref(), Expr::Var { .. }));
        let span = outputs.last().filter(|_| !plain)?.span().clone();
        let id = probes.borrow().len();
        probes.borrow_mut().push(Probe {
            span,
            gives: true,
            within: None,
            before: Vec::new(),
            after: Vec::new(),
        });
        steps.push(Step::Enter(id));
        self.within = Some(id);
        Some(id)
    }

    /// Its values are there.
    pub(super) fn close(&mut self, probe: Option<usize>, outputs: &[&Ref<Expr>], steps: &mut Vec<Step>) {
        let (Some(id), Some(probes)) = (probe, &self.names.probes) else { return };
        self.within = None;
        let mut exprs = Vec::new();
        outputs.iter().for_each(|output| gather(output, &mut exprs));
        let after = self.parts_of(exprs, &[]);
        if let Some(probe) = probes.borrow_mut().get_mut(id) {
            probe.after = after;
        }
        steps.push(Step::Leave(id));
    }

    /// The parts of a statement that have a value by now, but for those that are known already.
    fn parts(&mut self, statement: &LiteralStmt, known: &[Part]) -> Vec<Part> {
        let mut exprs = Vec::new();
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                key.iter().chain([value, collection]).for_each(|expr| gather(expr, &mut exprs));
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => gather(expr, &mut exprs),
            Literal::Every { domain, .. } => gather(domain, &mut exprs),
        }
        let mut parts = self.parts_of(exprs, known);
        // What `with` changes is another world, and these are the values of that one.
        if !statement.with_mods.is_empty() {
            let changes = self.changes(statement);
            parts.retain(|_| changes.is_some());
            parts.iter_mut().for_each(|part| part.changes.clone_from(&changes));
            let given = statement.with_mods.iter().map(|change| &change.r#as);
            let mut exprs = Vec::new();
            given.for_each(|expr| gather(expr, &mut exprs));
            parts.extend(self.parts_of(exprs, known));
            parts.truncate(MAX_PARTS);
        }
        parts
    }

    /// What `with` changes for a statement, where all of it has one value.
    fn changes(&mut self, statement: &LiteralStmt) -> Option<Arc<Vec<(Change, Term)>>> {
        let changes = self.shown(|compiler, steps| {
            let changes = statement.with_mods.iter();
            changes.map(|change| compiler.change(&change.refr, &change.r#as, steps)).collect()
        });
        changes.filter(|(_, steps)| steps.is_empty()).map(|(changes, _)| Arc::new(changes))
    }

    fn parts_of(&mut self, exprs: Vec<&Ref<Expr>>, known: &[Part]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for expr in exprs {
            let text = written(text(expr.span()));
            if parts.len() < MAX_PARTS && !known.iter().chain(&parts).any(|part| part.text == text) {
                parts.extend(self.part(expr, text));
            }
        }
        parts
    }

    /// A part, as a list of all its values where it goes through several.
    pub(super) fn part(&mut self, expr: &Ref<Expr>, text: String) -> Option<Part> {
        let (value, body) = self.shown(|compiler, steps| compiler.term(expr, steps))?;
        if body.is_empty() {
            return Some(Part { text, term: value, several: false, changes: None });
        }
        let span = expr.span().clone();
        let all = Collect { kind: Kind::Array, body, key: None, value, span };
        Some(Part { text, term: Term::Collect(Box::new(all)), several: true, changes: None })
    }

    /// Compiles what is only shown, with the steps before it: nothing that it meets stays.
    fn shown<T>(
        &mut self,
        part: impl FnOnce(&mut Self, &mut Vec<Step>) -> Done<T>,
    ) -> Option<(T, Vec<Step>)> {
        let bound = self.bound();
        let (pending, found) = (self.pending.len(), self.found.len());
        let quiet = std::mem::replace(&mut self.quiet, true);
        let mut steps = Vec::new();
        let done = self.attempt(&mut steps, part);
        self.quiet = quiet;
        self.unbind(bound);
        self.pending.truncate(pending);
        self.found.truncate(found);
        done.ok().map(|done| (done, steps))
    }
}

/// The parts of an expression whose values say why it holds or does not: what it refers to, calls and
/// calculates; those within others first.
fn gather<'e>(expr: &'e Ref<Expr>, found: &mut Vec<&'e Ref<Expr>>) {
    match expr.as_ref() {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => {}
        Expr::Var { span, .. } if span.text() == "_" => {}
        Expr::Var { .. } | Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => {
            found.push(expr);
        }
        Expr::RefDot { .. } | Expr::RefBrack { .. } => {
            let mut at = expr;
            loop {
                match at.as_ref() {
                    Expr::RefDot { refr, .. } => at = refr,
                    Expr::RefBrack { refr, index, .. } => {
                        gather(index, found);
                        at = refr;
                    }
                    Expr::Var { .. } => break,
                    _ => {
                        gather(at, found);
                        break;
                    }
                }
            }
            found.push(expr);
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| gather(item, found));
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                gather(key, found);
                gather(value, found);
            }
        }
        Expr::Call { params, .. } => {
            params.iter().for_each(|param| gather(param, found));
            found.push(expr);
        }
        Expr::UnaryExpr { expr: inner, .. } => gather(inner, found),
        Expr::BinExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } => {
            gather(lhs, found);
            gather(rhs, found);
            found.push(expr);
        }
        Expr::BoolExpr { lhs, rhs, .. } => {
            gather(lhs, found);
            gather(rhs, found);
        }
        Expr::AssignExpr { op, lhs, rhs, .. } => {
            if *op == AssignOp::Eq {
                gather(lhs, found);
                gather(rhs, found);
            } else {
                gather(rhs, found);
                gather(lhs, found);
            }
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).for_each(|expr| gather(expr, found));
        }
    }
}
