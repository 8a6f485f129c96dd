//! Values that grow exponentially with the length of a text.
//!
//! `b := [a, a]`, `c := [b, b]`, … takes a few words of memory, since parts are shared, and more time
//! than there is to compare or print; `b := a * a`, `c := b * b`, … doubles the digits each time. No
//! limit on steps sees either. Here each expression is given a weight, from above: how often what it
//! comes from stands in it. A definition beyond the limit is refused.

use std::collections::BTreeMap;

use regorus::unstable::{ArithOp, AssignOp, BUILTINS, Expr, Literal, Query, Ref, Rule, RuleHead};

use super::builtins;
use super::names::{At, Names, Target};
use super::unit::{Definition, Unit};
use super::uses::{Reference, bytes, path};
use crate::diag::{Diagnostic, codes};

/// How often a part may stand in a value. One comparison of two such values is one step, whatever it
/// takes: no limit of steps or time sees into it.
const MAX_PARTS: u64 = 1 << 10;
/// How deep a value may nest: whatever compares or drops it recurses.
const MAX_DEPTH: u64 = 1 << 10;
/// How often the digits of a number may be multiplied.
const MAX_DIGITS: u64 = 1 << 10;
/// How often a body is gone through until nothing changes: its statements may stand in any order.
const MAX_TURNS: u32 = 64;

/// How often what an expression comes from stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Weight {
    parts: u64,
    digits: u64,
    /// How many levels deeper it is nested.
    depth: u64,
}

const ONE: Weight = Weight { parts: 1, digits: 1, depth: 0 };

impl Weight {
    fn max(self, other: Self) -> Self {
        Self {
            parts: self.parts.max(other.parts),
            digits: self.digits.max(other.digits),
            depth: self.depth.max(other.depth),
        }
    }

    /// Side by side in one value.
    fn beside(self, other: Self) -> Self {
        Self { parts: self.parts.saturating_add(other.parts), ..self.max(other) }
    }

    fn times(self, other: Self) -> Self {
        Self { digits: self.digits.saturating_add(other.digits), ..self.max(other) }
    }

    /// Within a function that multiplies what it is given.
    fn through(self, function: Self) -> Self {
        Self {
            parts: self.parts.saturating_mul(function.parts),
            digits: self.digits.saturating_mul(function.digits),
            depth: self.depth.saturating_add(function.depth),
        }
    }

    /// Within a list, a set or an object.
    fn nested(self) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self }
    }

    const fn is_too_much(self) -> bool {
        self.parts > MAX_PARTS || self.digits > MAX_DIGITS || self.depth > MAX_DEPTH
    }
}

/// Refuses definitions whose values could grow without measure.
pub(super) fn check(names: &Names<'_>, problems: &mut Vec<Diagnostic>) {
    let mut scale = Scale { names, known: BTreeMap::new(), within: ONE };
    for at in names.all() {
        let Some((unit, definition)) = names.definition(at) else { continue };
        if scale.of(at).is_too_much() {
            problems.push(
                Diagnostic::error(codes::POLICY_INVALID, "a value doubles or nests again and again")
                    .hint("do not nest a value within itself, or multiply a number with itself, line after line")
                    .at(&unit.source, definition.head.clone(), "in this rule"),
            );
            return;
        }
    }
}

type Variables = BTreeMap<String, Weight>;

struct Scale<'n, 'u> {
    names: &'n Names<'u>,
    known: BTreeMap<At, Weight>,
    /// What stands for input and data in a statement with `with`.
    within: Weight,
}

/// A definition being weighed.
struct Place<'u> {
    unit: &'u Unit,
    definition: &'u Definition,
}

impl Scale<'_, '_> {
    /// The weight of a definition. INVARIANT: nothing uses itself; that has been refused before.
    fn of(&mut self, at: At) -> Weight {
        if let Some(weight) = self.known.get(&at) {
            return *weight;
        }
        let Some((unit, definition)) = self.names.definition(at) else { return ONE };
        let place = Place { unit, definition };
        let mut variables = Variables::new();
        let within = std::mem::replace(&mut self.within, ONE);
        let weight = match definition.rule.as_ref() {
            Rule::Default { value, .. } => self.expr(&place, &mut variables, value),
            Rule::Spec { head, bodies, .. } => {
                for body in bodies {
                    self.query(&place, &mut variables, &body.query);
                }
                let mut weight = ONE;
                for value in bodies.iter().filter_map(|body| body.assign.as_ref()) {
                    weight = weight.max(self.expr(&place, &mut variables, &value.value));
                }
                let (refr, value) = match head {
                    RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
                        (refr, assign.as_ref().map(|assign| &assign.value))
                    }
                    RuleHead::Set { refr, key, .. } => (refr, key.as_ref()),
                };
                if let Some(value) = value {
                    weight = weight.max(self.expr(&place, &mut variables, value));
                }
                if let Expr::RefBrack { index, .. } = refr.as_ref() {
                    weight = weight.max(self.expr(&place, &mut variables, index));
                }
                // What is compared or thrown away counts as well.
                variables.values().fold(weight, |sum, weight| sum.max(*weight))
            }
        };
        self.within = within;
        self.known.insert(at, weight);
        weight
    }

    fn query(&mut self, place: &Place<'_>, variables: &mut Variables, query: &Query) {
        for _ in 0..MAX_TURNS {
            let before = variables.clone();
            for statement in &query.stmts {
                let within = self.within;
                let changes = statement.with_mods.iter().map(|change| change.r#as.as_ref());
                self.within = self.sum(place, variables, changes).through(within);
                match &statement.literal {
                    Literal::SomeVars { .. } => {}
                    Literal::SomeIn { key, value, collection, .. } => {
                        let weight = self.expr(place, variables, collection);
                        key.iter().for_each(|key| bind(variables, key, weight));
                        bind(variables, value, weight);
                    }
                    Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                        let weight = self.expr(place, variables, expr);
                        raise(variables, "", weight);
                    }
                    Literal::Every { key, value, domain, query, .. } => {
                        let weight = self.expr(place, variables, domain);
                        key.iter().for_each(|key| raise(variables, key.text(), weight));
                        raise(variables, value.text(), weight);
                        self.query(place, variables, query);
                    }
                }
                self.within = within;
                if variables.values().any(|weight| weight.is_too_much()) {
                    return;
                }
            }
            if *variables == before {
                return;
            }
        }
    }

    fn expr(&mut self, place: &Place<'_>, variables: &mut Variables, expr: &Expr) -> Weight {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => ONE,
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.reference(place, variables, expr)
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                self.sum(place, variables, items.iter().map(AsRef::as_ref)).nested()
            }
            Expr::Object { fields, .. } => {
                let items = fields.iter().flat_map(|(_, key, value)| [key.as_ref(), value.as_ref()]);
                self.sum(place, variables, items).nested()
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                let mut inner = variables.clone();
                self.query(place, &mut inner, query);
                self.expr(place, &mut inner, term).nested()
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                let mut inner = variables.clone();
                self.query(place, &mut inner, query);
                self.expr(place, &mut inner, key).beside(self.expr(place, &mut inner, value)).nested()
            }
            Expr::Call { fcn, params, .. } => self.call(place, variables, fcn, params),
            Expr::UnaryExpr { expr, .. } => self.expr(place, variables, expr),
            Expr::ArithExpr { op, lhs, rhs, .. } => {
                let (left, right) = (self.expr(place, variables, lhs), self.expr(place, variables, rhs));
                if *op == ArithOp::Mul { left.times(right) } else { left.max(right) }
            }
            Expr::BinExpr { lhs, rhs, .. } | Expr::BoolExpr { lhs, rhs, .. } => {
                self.expr(place, variables, lhs).beside(self.expr(place, variables, rhs))
            }
            Expr::AssignExpr { op, lhs, rhs, .. } => {
                let (left, right) = (self.expr(place, variables, lhs), self.expr(place, variables, rhs));
                // `=` binds either side; a pattern is not bound by what it is made of.
                if *op == AssignOp::Eq && matches!(rhs.as_ref(), Expr::Var { .. }) {
                    bind(variables, rhs, left);
                }
                if *op == AssignOp::ColEq || !matches!(rhs.as_ref(), Expr::Var { .. }) {
                    bind(variables, lhs, right);
                }
                left.max(right)
            }
            Expr::Membership { key, value, collection, .. } => {
                let mut weight =
                    self.expr(place, variables, collection).max(self.expr(place, variables, value));
                if let Some(key) = key {
                    weight = weight.max(self.expr(place, variables, key));
                }
                weight
            }
        }
    }

    /// Side by side; constants are as many as the text is long, and weigh nothing.
    fn sum<'e>(
        &mut self,
        place: &Place<'_>,
        variables: &mut Variables,
        items: impl Iterator<Item = &'e Expr>,
    ) -> Weight {
        let mut total = Weight { parts: 0, ..ONE };
        for item in items {
            let constant = matches!(
                item,
                Expr::String { .. }
                    | Expr::RawString { .. }
                    | Expr::Number { .. }
                    | Expr::Bool { .. }
                    | Expr::Null { .. }
            );
            if !constant {
                total = total.beside(self.expr(place, variables, item));
            }
        }
        total.max(ONE)
    }

    fn reference(&mut self, place: &Place<'_>, variables: &mut Variables, expr: &Expr) -> Weight {
        let mut root = expr;
        while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = root {
            root = refr;
        }
        let Expr::Var { span, .. } = root else { return self.expr(place, variables, root) };
        if let Some(weight) = variables.get(span.text()) {
            return *weight;
        }
        let Some((path, _)) = path(expr) else { return ONE };
        let reference = Reference { path, call: false, arguments: 0, span: bytes(expr.span()) };
        let weight = match self.names.target(place.unit, &place.definition.uses.locals, &reference) {
            Target::Rules(rules) | Target::Below(rules) => {
                rules.into_iter().fold(ONE, |weight, at| weight.max(self.of(at)))
            }
            _ => ONE,
        };
        weight.through(self.within)
    }

    fn call(
        &mut self,
        place: &Place<'_>,
        variables: &mut Variables,
        function: &Expr,
        params: &[Ref<Expr>],
    ) -> Weight {
        let target = path(function).map(|(path, _)| {
            let reference =
                Reference { path, call: true, arguments: params.len(), span: bytes(function.span()) };
            self.names.target(place.unit, &place.definition.uses.locals, &reference)
        });
        let flat = matches!(&target, Some(Target::Builtin(name)) if builtins::is_flat(name));
        let (weight, arity) = match target {
            Some(Target::Rules(rules) | Target::Below(rules)) => {
                let arity =
                    rules.iter().find_map(|at| self.names.definition(*at)).and_then(|(_, d)| d.arity());
                let weight = rules.into_iter().fold(ONE, |weight, at| weight.max(self.of(at)));
                (weight.through(self.within), arity)
            }
            Some(Target::Builtin(name)) => {
                (ONE, BUILTINS.get(name.as_str()).map(|function| usize::from(function.1)))
            }
            _ => (ONE, None),
        };
        // An answer may be bound by one argument more than the function has.
        let (given, answer) = match params.split_last() {
            Some((last, given)) if arity == Some(given.len()) => (given, Some(last)),
            _ => (params, None),
        };
        let given = self.sum(place, variables, given.iter().map(AsRef::as_ref)).through(weight);
        let weight = if flat { Weight { parts: 1, depth: 0, ..given } } else { given };
        if let Some(answer) = answer {
            bind(variables, answer, weight);
        }
        weight
    }
}

fn raise(variables: &mut Variables, name: &str, weight: Weight) {
    let there = variables.entry(name.to_owned()).or_insert(ONE);
    *there = there.max(weight);
}

/// Gives the variables of a pattern a weight.
fn bind(variables: &mut Variables, pattern: &Expr, weight: Weight) {
    match pattern {
        Expr::Var { span, .. } => raise(variables, span.text(), weight),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| bind(variables, item, weight));
        }
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| bind(variables, value, weight)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;
    use crate::policy::rego::unit;

    fn refused(body: &str) -> bool {
        let text = format!(
            "package a\n\nf(x) := [x, x]\n\ng(x) := f(f(x))\n\nh(x) := g(g(g(g(x))))\n\ndeny contains \"x\" if {{\n{body}\n}}\n"
        );
        let units = [Arc::new(unit::parse(&Source::new("p.rego", text), false).unwrap())];
        let mut problems = Vec::new();
        check(&Names::of(&units), &mut problems);
        !problems.is_empty()
    }

    #[test]
    fn ordinary_bodies_are_light() {
        assert!(!refused(
            "a := input.a\nb := input.b\nsprintf(\"%s %s\", [a, b]) == \"x\"\nwalk(input, [p, v])\ncount(p) > v"
        ));
        assert!(!refused("x = [y, y]\ny = input.y\n{\"a\": x, \"b\": {\"c\": x}} == h(y)"));
        assert!(!refused("every x in [s | some s in input.list; s.a == [s, s]] { x * x * x > 1 }"));
    }

    #[test]
    fn doubling_is_found_through_input() {
        let chain = |length: u32| {
            let rules: String = (0..length)
                .map(|i| format!("r{} := x if {{\n\tx := r{i} with input as [input, input]\n}}\n\n", i + 1))
                .collect();
            let text = format!("package a\n\nr0 := input\n\n{rules}deny contains \"x\" if r{length} < []\n");
            let units = [Arc::new(unit::parse(&Source::new("p.rego", text), false).unwrap())];
            let mut problems = Vec::new();
            check(&Names::of(&units), &mut problems);
            problems.is_empty()
        };
        assert!(chain(9));
        assert!(!chain(11));
    }

    #[test]
    fn doubling_is_found_in_any_order_and_through_functions() {
        let lines = |form: &dyn Fn(u32) -> String| (0..30).map(form).collect::<Vec<_>>();
        let nested = lines(&|i| format!("x{} := [x{i}, x{i}]", i + 1));
        assert!(refused(&format!("x0 := input.x\n{}", nested.join("\n"))));
        let backwards: Vec<_> = nested.into_iter().rev().collect();
        assert!(refused(&format!("{}\nx0 := input.x", backwards.join("\n"))));
        assert!(refused(&format!(
            "x0 := input.x\n{}",
            lines(&|i| format!("[x{i}, x{i}] = x{}", i + 1)).join("\n")
        )));
        assert!(refused(&format!(
            "x0 := input.x\n{}",
            lines(&|i| format!("x{} := x{i} * x{i}", i + 1)).join("\n")
        )));
        assert!(refused("h(h(h(input.x))) == 1"));
        let deep = |length| {
            refused(&format!(
                "x0 := input.x\n{}",
                (0..length).map(|i| format!("x{} := [0, {{\"a\": x{i}}}]\n", i + 1)).collect::<String>()
            ))
        };
        assert!(!deep(500) && deep(520));
        // A text is as long as it is, whatever it was made of.
        assert!(!refused("h(sprintf(\"%s\", [h(h(input.x))])) == 1"));
    }
}
