//! What values are held against, and the names in it.

use regorus::unstable::{Expr, Ref, Span};

use super::body::{Compiler, Done, Wait};
use super::program::{Pattern, Step, Term};
use super::terms::literal;

impl Compiler<'_> {
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

    pub(super) fn unify(&mut self, lhs: &Ref<Expr>, rhs: &Ref<Expr>, steps: &mut Vec<Step>) -> Done<()> {
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
                let (bound, pending) = (self.bound(), self.pending.len());
                let mut patterns = Vec::new();
                for (_, key, value) in fields {
                    let Some(key) = self.at_once(key)? else {
                        // Which key it is shows only when the rest of the pattern has values.
                        self.pending.truncate(pending);
                        return Ok(self.later(bound, expr));
                    };
                    patterns.push((key, self.pattern(value, steps)?));
                }
                Ok(Pattern::Object(patterns))
            }
            _ => match self.at_once(expr)? {
                Some(term) => Ok(Pattern::Equal(term)),
                // It goes through several values, or waits for another part of the pattern.
                None => Ok(self.later(self.bound(), expr)),
            },
        }
    }

    /// A term of a pattern, where it needs no steps of its own and waits for nothing.
    fn at_once(&mut self, expr: &Ref<Expr>) -> Done<Option<Term>> {
        let (bound, pending, found) = (self.bound(), self.pending.len(), self.found.len());
        let mut own = Vec::new();
        match self.term(expr, &mut own) {
            Ok(term) if own.is_empty() => return Ok(Some(term)),
            Err(wrong @ Wait::Wrong(_)) => return Err(wrong),
            Ok(_) | Err(Wait::For(_)) => {}
        }
        self.unbind(bound);
        self.pending.truncate(pending);
        self.found.truncate(found);
        Ok(None)
    }

    /// Leaves a part of a pattern for after the step that the pattern is a part of.
    fn later(&mut self, bound: usize, expr: &Ref<Expr>) -> Pattern {
        self.unbind(bound);
        let slot = self.fresh();
        self.pending.push((slot, expr.clone()));
        Pattern::Slot(slot)
    }
}

/// The variables that a pattern declares.
pub(super) fn pattern_names<'e>(expr: &'e Expr, found: &mut Vec<&'e Span>) {
    match expr {
        Expr::Var { span, .. } if span.text() != "_" => found.push(span),
        Expr::Array { items, .. } => items.iter().for_each(|item| pattern_names(item, found)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| pattern_names(value, found)),
        _ => {}
    }
}

/// The references with an index in an expression, outside of the bodies within it; the outer ones first.
pub(super) fn indexed<'e>(expr: &'e Ref<Expr>, found: &mut Vec<&'e Ref<Expr>>) {
    match expr.as_ref() {
        Expr::Array { items, .. } | Expr::Set { items, .. } | Expr::Call { params: items, .. } => {
            items.iter().for_each(|item| indexed(item, found));
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                indexed(key, found);
                indexed(value, found);
            }
        }
        Expr::UnaryExpr { expr, .. } => indexed(expr, found),
        Expr::RefDot { .. } | Expr::RefBrack { .. } => {
            found.push(expr);
            if let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = expr.as_ref()
                && !matches!(refr.as_ref(), Expr::RefDot { .. } | Expr::RefBrack { .. })
            {
                indexed(refr, found);
            }
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            indexed(lhs, found);
            indexed(rhs, found);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().for_each(|key| indexed(key, found));
            indexed(value, found);
            indexed(collection, found);
        }
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
