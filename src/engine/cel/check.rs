//! Compiles an expression, or says exactly where and why not.
//!
//! The grammar is the crate's; the bounds and the names are ours: an expression that is too long or
//! too deep is refused before it is parsed, and one that uses a name or function that is not there
//! is refused before it is ever asked about a change.

use std::ops::Range;
use std::sync::Arc;

use cel::Env;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};

use super::{functions, lexer, regexes, rewrite, syntax};
use crate::diag::{Diagnostic, Source, codes, nearest};
use crate::policy::cel::{Expression, ROOTS};

/// How deep an expression may be, with the variables that it uses.
pub(super) const MAX_DEPTH: usize = 96;

/// The operators, by the names that the parser gives them.
const OPERATORS: &[&str] = &[
    "_[_]",
    "_[?_]",
    "_?._",
    "_?_:_",
    "_&&_",
    "_||_",
    "!_",
    "-_",
    "_-_",
    "_+_",
    "_*_",
    "_/_",
    "_%_",
    "_==_",
    "_!=_",
    "_>=_",
    "_<=_",
    "_>_",
    "_<_",
    "@in",
    "@not_strictly_false",
];

/// An expression, ready to be evaluated.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) expr: IdedExpr,
    /// How many parts it has: the steps that it takes where nothing loops.
    pub(super) weight: u64,
    /// How deep it is, with the variables that it uses.
    pub(super) depth: usize,
    /// Whether it looks at `data.settings`, or at a member of `data` that is not written out.
    pub(super) reads_settings: bool,
    /// Whether it makes optional values, or may use some.
    pub(super) optionals: bool,
}

/// What an expression may use.
pub(super) struct Scope<'a> {
    /// The names of all variables of the policy.
    pub(super) variables: &'a [&'a str],
    /// The depths of those that are defined already.
    pub(super) depths: &'a [usize],
    /// The names of elements that are gone through: of `forEach`, of macros around a part.
    pub(super) elements: &'a [&'a str],
    /// Whether a variable or the element may be or hold an optional value.
    pub(super) optionals: bool,
}

/// Compiles.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub(super) fn compile(
    env: &Env,
    source: &Arc<Source>,
    expression: &Expression,
    scope: &Scope<'_>,
) -> Result<Program, Vec<Diagnostic>> {
    let refuse = |part: Range<usize>, message: &str, hint: &str| {
        let span = expression.locate(source, part);
        vec![Diagnostic::error(codes::POLICY_INVALID, message).at(source, span, "here").hint(hint)]
    };
    if let Err((part, message, hint)) = lexer::bounded(&expression.text) {
        return Err(refuse(part, message, hint));
    }
    let context = Given { env, source, expression, scope };
    let made = |expr: IdedExpr, check: &Check<'_>| {
        let expr = rewrite::rewrite(expr, check.optionals);
        Program {
            weight: rewrite::weight(&expr),
            expr,
            depth: check.deepest,
            reads_settings: check.reads_settings,
            optionals: check.optionals,
        }
    };
    // What is wrong is told by the parser that knows places.
    if let Some(expr) = syntax::quick(&expression.text) {
        let check = Check::of(&expr, context, None);
        if check.errors.is_empty() {
            return Ok(made(expr, &check));
        }
    }
    let program = env.compile(&expression.text).map_err(|errors| {
        // One fault makes the parser stumble more than once; the first in the text is the fault.
        let fault = errors
            .errors
            .iter()
            .filter(|error| !error.msg.starts_with("Incomplete"))
            .min_by_key(|error| error.pos)
            .or(errors.errors.first());
        match fault {
            Some(error) => {
                let at = lexer::offset(&expression.text, error.pos);
                let (message, hint) = lexer::words(&error.msg);
                refuse(at..at.saturating_add(1), &message, hint)
            }
            None => refuse(0..1, "the expression cannot be read", lexer::LANGUAGE),
        }
    })?;
    let check = Check::of(program.expression(), context, Some(program.source_info()));
    if check.errors.is_empty() { Ok(made(program.expression().clone(), &check)) } else { Err(check.errors) }
}

/// What an expression is held against, and where it stands.
#[derive(Clone, Copy)]
struct Given<'a> {
    env: &'a Env,
    source: &'a Arc<Source>,
    expression: &'a Expression,
    scope: &'a Scope<'a>,
}

struct Check<'a> {
    given: Given<'a>,
    /// Where parts stand, if that is known.
    info: Option<&'a SourceInfo>,
    /// Names that macros and `forEach` have given, innermost last.
    names: Vec<String>,
    errors: Vec<Diagnostic>,
    deepest: usize,
    reads_settings: bool,
    optionals: bool,
    too_deep: Option<u64>,
}

impl<'a> Check<'a> {
    /// Looks at a whole expression.
    fn of(expr: &IdedExpr, given: Given<'a>, info: Option<&'a SourceInfo>) -> Self {
        let mut check = Check {
            given,
            info,
            names: given.scope.elements.iter().map(|name| (*name).to_owned()).collect(),
            errors: Vec::new(),
            deepest: 0,
            reads_settings: false,
            optionals: given.scope.optionals,
            too_deep: None,
        };
        check.walk(expr, 1);
        if let Some(id) = check.too_deep {
            check.error(id, "", "the expression is too deep", Some(lexer::SPLIT.to_owned()));
        }
        check
    }

    /// Adds an error where a word stands, near the place that the parser noted.
    fn error(&mut self, id: u64, word: &str, message: impl Into<String>, hint: Option<String>) {
        let text = &self.given.expression.text;
        let near = self.info.and_then(|info| info.offset_for(id)).map_or(0, |(start, _)| {
            let start = usize::try_from(start).unwrap_or(0);
            text.char_indices().nth(start).map_or(text.len(), |(at, _)| at)
        });
        let found = if word.is_empty() {
            None
        } else {
            text.match_indices(word).map(|(at, _)| at).min_by_key(|at| at.abs_diff(near))
        };
        let at = found.unwrap_or(near);
        let span = self.given.expression.locate(self.given.source, at..at.saturating_add(word.len().max(1)));
        let mut error = Diagnostic::error(codes::POLICY_INVALID, message).at(self.given.source, span, "here");
        error.hint = hint;
        self.errors.push(error);
    }

    fn walk(&mut self, expr: &IdedExpr, depth: usize) {
        self.deepest = self.deepest.max(depth);
        if depth > MAX_DEPTH {
            self.too_deep.get_or_insert(expr.id);
            return;
        }
        let next = depth.saturating_add(1);
        match &expr.expr {
            Expr::Literal(_) | Expr::Unspecified => {}
            Expr::Ident(name) => self.ident(expr.id, name),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(root) if root.trim_start_matches('.') == "variables" => {
                    self.variable(expr.id, &select.field, depth);
                }
                Expr::Ident(root) if root.trim_start_matches('.') == "data" => {
                    let known = self.reads_settings;
                    self.walk(&select.operand, next);
                    self.reads_settings = known || select.field == "settings";
                }
                _ => self.walk(&select.operand, next),
            },
            Expr::List(list) => list.elements.iter().for_each(|element| self.walk(element, next)),
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.walk(&entry.key, next);
                        self.walk(&entry.value, next);
                    }
                }
            }
            Expr::Struct(message) => {
                let words = format!("`{}` cannot be built", message.type_name);
                self.error(
                    expr.id,
                    &message.type_name,
                    words,
                    Some("write a mapping: `{'key': value}`".to_owned()),
                );
            }
            Expr::Comprehension(node) => {
                self.walk(&node.accu_init, next);
                self.walk(&node.iter_range, next);
                let variable = node.iter_var.trim_start_matches('.');
                if ROOTS.contains(&variable) || ROOTS.contains(&node.accu_var.as_str()) {
                    let name = if ROOTS.contains(&variable) { variable } else { node.accu_var.as_str() };
                    let message = format!("`{name}` is taken and cannot name an element");
                    self.error(expr.id, name, message, Some("choose another name".to_owned()));
                }
                self.names.push(node.accu_var.clone());
                self.walk(&node.result, next);
                self.names.push(node.iter_var.clone());
                self.walk(&node.loop_cond, next);
                self.walk(&node.loop_step, next);
                self.names.truncate(self.names.len().saturating_sub(2));
            }
            Expr::Call(call) => {
                if !self.function(expr.id, call) {
                    return;
                }
                let name_only = rewrite::called(call).is_some_and(|found| !found.member);
                if let Some(target) = call.target.as_ref().filter(|_| !name_only) {
                    self.walk(target, next);
                }
                call.args.iter().for_each(|arg| self.walk(arg, next));
            }
        }
    }

    fn ident(&mut self, id: u64, name: &str) {
        let plain = name.trim_start_matches('.');
        if plain == "variables" {
            let hint = Some("write `variables.` and the name of one".to_owned());
            self.error(id, plain, "`variables` is not a value by itself", hint);
            return;
        }
        self.reads_settings |= plain == "data";
        let known = name.starts_with('@')
            || ROOTS.contains(&plain)
            || self.names.iter().any(|known| known == plain)
            || self.given.env.types().find_type(plain).is_some();
        if known {
            return;
        }
        let candidates = ROOTS.iter().copied().chain(self.names.iter().map(String::as_str));
        let hint = match nearest(plain, candidates) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.given.scope.variables.contains(&plain) => {
                format!("did you mean `variables.{plain}`?")
            }
            None => "known: `input`, `data`, `variables` and `now`".to_owned(),
        };
        self.error(id, plain, format!("`{plain}` is not known"), Some(hint));
    }

    fn variable(&mut self, id: u64, name: &str, depth: usize) {
        match self.given.scope.variables.iter().position(|known| *known == name) {
            Some(index) => match self.given.scope.depths.get(index) {
                Some(inner) => {
                    let depth = depth.saturating_add(*inner);
                    self.deepest = self.deepest.max(depth);
                    if depth > MAX_DEPTH {
                        self.too_deep.get_or_insert(id);
                    }
                }
                None => {
                    let message = format!("the variable `{name}` is not defined yet");
                    let hint = "a variable can use those that stand before it".to_owned();
                    self.error(id, name, message, Some(hint));
                }
            },
            None => {
                let hint = nearest(name, self.given.scope.variables.iter().copied())
                    .map(|near| format!("did you mean `{near}`?"))
                    .or_else(|| Some("define it under `variables`".to_owned()));
                self.error(id, name, format!("there is no variable `{name}`"), hint);
            }
        }
    }

    /// Whether a call is of an operator or function that there is.
    fn function(&mut self, id: u64, call: &cel::common::ast::CallExpr) -> bool {
        let name = call.func_name.trim_start_matches('.');
        let operator = call.target.is_none() && OPERATORS.contains(&name);
        if operator {
            self.optionals |= matches!(name, "_[?_]" | "_?._");
            return true;
        }
        let given = call.args.len();
        let Some(found) = rewrite::called(call) else {
            let member = call.target.is_some();
            if functions::MACROS.contains(&name) {
                let message = format!("`{name}` cannot be called like this");
                self.error(id, name, message, Some(functions::macro_form(name)));
                return false;
            }
            let namespace = call.target.as_ref().and_then(|target| rewrite::qualified(&target.expr));
            let inside = functions::FUNCTIONS.iter().filter_map(|f| {
                f.name
                    .strip_prefix(namespace.as_deref()?)?
                    .strip_prefix('.')
                    .filter(|name| !name.contains('@'))
            });
            let same_way = functions::FUNCTIONS.iter().filter(|f| f.member == member).map(|f| f.name);
            let macros = functions::MACROS.iter().copied();
            let hint = if functions::find(name, !member).is_some() {
                Some(if member {
                    format!("write `{name}(…)`")
                } else {
                    format!("write `value.{name}(…)`")
                })
            } else {
                nearest(name, same_way.filter(|n| !n.contains(['@', '.'])).chain(macros))
                    .or_else(|| nearest(name, inside))
                    .map(|near| format!("did you mean `{near}`?"))
            };
            self.error(id, name, format!("there is no function `{name}`"), hint);
            return false;
        };
        if !found.arity.contains(&given) {
            let (least, most) = (found.arity.start(), found.arity.end());
            let wanted = if least == most { least.to_string() } else { format!("{least} or {most}") };
            let plural = if wanted == "1" { "" } else { "s" };
            let message = format!("`{name}` takes {wanted} argument{plural}, not {given}");
            self.error(id, name, message, None);
            return false;
        }
        self.optionals |= found.name.starts_with("optional.");
        if found.bound == functions::Bound::Ours("@matches")
            && let Some(Expr::Literal(LiteralValue::String(pattern))) = call.args.last().map(|arg| &arg.expr)
            && let Err(message) = regexes::pattern(pattern.inner())
        {
            let hint = "see the syntax of RE2, and keep repetitions small".to_owned();
            self.error(id, name, format!("`{name}`: {message}"), Some(hint));
        }
        true
    }
}
