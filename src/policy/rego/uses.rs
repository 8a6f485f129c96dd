//! What one rule uses: names, functions, `with`; found by walking its syntax tree.

use std::collections::BTreeSet;
use std::ops::Range;

use regorus::unstable::{
    ArithOp, BUILTINS, Expr, Literal, Query, Rule, RuleAssign, RuleBody, RuleHead, Span,
};

/// A reference such as `data.lib.u[x].y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The root and every part that is written out, up to the first that is computed.
    pub(crate) path: Vec<String>,
    /// Whether it is called.
    pub(crate) call: bool,
    /// How many arguments it is called with.
    pub(crate) arguments: usize,
    /// Bytes.
    pub(crate) span: Range<usize>,
}

/// What a rule uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    /// References, in order.
    pub(crate) references: Vec<Reference>,
    /// Names that are variables somewhere in the rule.
    pub(crate) locals: BTreeSet<String>,
    /// Names that something in the rule may give a value.
    pub(crate) bound: BTreeSet<String>,
    /// What `with` puts something in the place of.
    pub(crate) with: Vec<Reference>,
    /// How deep the syntax tree is.
    pub(crate) depth: u32,
    /// How many statements its longest body has.
    pub(crate) longest: usize,
    /// Bytes of every statement of every body.
    pub(crate) statements: Vec<Range<usize>>,
    at: u32,
}

/// Bytes of a span.
pub(crate) fn bytes(span: &Span) -> Range<usize> {
    let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    at(span.start)..at(span.end)
}

/// The written-out path of a reference, up to the first part that is computed; and whether that is all.
pub(crate) fn path(expr: &Expr) -> Option<(Vec<String>, bool)> {
    // References nest to the left; a chain is followed without recursion.
    let mut parts = Vec::new();
    let mut expr = expr;
    loop {
        match expr {
            Expr::Var { span, .. } => {
                parts.push(Some(span.text().to_owned()));
                break;
            }
            Expr::RefDot { refr, field, .. } => {
                parts.push(Some(field.0.text().to_owned()));
                expr = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                parts.push(match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => {
                        value.as_string().ok().map(|text| text.to_string())
                    }
                    _ => None,
                });
                expr = refr;
            }
            _ => return None,
        }
    }
    parts.reverse();
    let total = parts.len();
    let known: Vec<String> = parts.into_iter().map_while(|part| part).collect();
    let whole = known.len() == total;
    Some((known, whole))
}

impl Uses {
    /// Walks a rule.
    pub(crate) fn of(rule: &Rule) -> Self {
        let mut uses = Self::default();
        match rule {
            Rule::Default { args, value, .. } => {
                args.iter().for_each(|arg| uses.pattern(arg));
                uses.expr(value);
            }
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        uses.head(refr);
                        uses.assign(assign.as_ref());
                    }
                    RuleHead::Set { refr, key, .. } => {
                        uses.head(refr);
                        key.iter().for_each(|key| uses.expr(key));
                    }
                    RuleHead::Func { args, assign, .. } => {
                        args.iter().for_each(|arg| uses.pattern(arg));
                        uses.assign(assign.as_ref());
                    }
                }
                for RuleBody { assign, query, .. } in bodies {
                    uses.assign(assign.as_ref());
                    uses.query(query);
                }
            }
        }
        uses
    }

    fn assign(&mut self, assign: Option<&RuleAssign>) {
        if let Some(assign) = assign {
            self.expr(&assign.value);
        }
    }

    /// What a head computes: `deny[x]`, `allowed[a][b]`.
    fn head(&mut self, mut refr: &Expr) {
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

    fn query(&mut self, query: &Query) {
        self.at = self.at.saturating_add(1);
        self.longest = self.longest.max(query.stmts.len());
        for statement in &query.stmts {
            self.statements.push(bytes(&statement.span));
            match &statement.literal {
                Literal::SomeVars { vars, .. } => {
                    self.locals.extend(vars.iter().map(|var| var.text().to_owned()));
                }
                Literal::SomeIn { key, value, collection, .. } => {
                    key.iter().for_each(|key| self.pattern(key));
                    self.pattern(value);
                    self.expr(collection);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
                Literal::Every { key, value, domain, query, .. } => {
                    self.locals.extend(key.iter().map(|key| key.text().to_owned()));
                    self.locals.insert(value.text().to_owned());
                    self.expr(domain);
                    self.query(query);
                }
            }
            for change in &statement.with_mods {
                if let Some((path, _)) = path(&change.refr) {
                    let span = bytes(change.refr.span());
                    self.with.push(Reference { path, call: true, arguments: 0, span });
                }
                self.expr(&change.refr);
                self.expr(&change.r#as);
            }
        }
        self.at = self.at.saturating_sub(1);
    }

    /// Something that binds variables: an argument, the left of `:=`, what follows `some`.
    fn pattern(&mut self, expr: &Expr) {
        match expr {
            // Every `_` is another one.
            Expr::Var { span, .. } if span.text() == "_" => {}
            Expr::Var { span, .. } => {
                self.locals.insert(span.text().to_owned());
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.pattern(item));
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expr(key);
                    self.pattern(value);
                }
            }
            other => self.expr(other),
        }
    }

    /// Variables that unification or iteration may give a value.
    fn may_bind(&mut self, expr: &Expr) {
        match expr {
            Expr::Var { span, .. } => {
                self.bound.insert(span.text().to_owned());
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.may_bind(item));
            }
            Expr::Object { fields, .. } => {
                fields.iter().for_each(|(_, _, value)| self.may_bind(value));
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.at = self.at.saturating_add(1);
        self.depth = self.depth.max(self.at);
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr, None),
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
            Expr::Call { fcn, params, .. } => {
                self.reference(fcn, Some(params.len()));
                // One argument more than the function has takes its answer.
                let name = path(fcn).map(|(path, _)| path.join("."));
                let arity = name.and_then(|name| BUILTINS.get(name.as_str())).map(|f| usize::from(f.1));
                if let Some((last, given)) = params.split_last()
                    && arity.is_none_or(|arity| arity == given.len())
                {
                    self.may_bind(last);
                }
                params.iter().for_each(|param| self.expr(param));
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr {
                lhs,
                rhs,
                op: ArithOp::Add | ArithOp::Sub | ArithOp::Mul | ArithOp::Div | ArithOp::Mod,
                ..
            } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::AssignExpr { op, lhs, rhs, .. } => {
                if *op == regorus::unstable::AssignOp::ColEq {
                    self.pattern(lhs);
                } else {
                    self.may_bind(lhs);
                    self.may_bind(rhs);
                    self.expr(lhs);
                }
                self.expr(rhs);
            }
            Expr::Membership { key, value, collection, .. } => {
                key.iter().for_each(|key| self.expr(key));
                self.expr(value);
                self.expr(collection);
            }
        }
        self.at = self.at.saturating_sub(1);
    }

    fn reference(&mut self, expr: &Expr, called: Option<usize>) {
        if let Some((path, _)) = path(expr) {
            let (call, arguments) = (called.is_some(), called.unwrap_or_default());
            self.references.push(Reference { path, call, arguments, span: bytes(expr.span()) });
        }
        // What is computed inside: indexes, and roots that are not names.
        let mut expr = expr;
        loop {
            match expr {
                Expr::RefDot { refr, .. } => expr = refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.may_bind(index);
                    self.expr(index);
                    expr = refr;
                }
                Expr::Var { .. } => return,
                root => return self.expr(root),
            }
        }
    }
}
