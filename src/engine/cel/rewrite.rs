//! Rewrites an expression so that everything it does is counted.
//!
//! The crate's evaluator recognises the loops of `map`, `filter`, `all` and `exists` by their shape
//! and runs them in a better way than others; the rewriting keeps these shapes. What it adds:
//!
//! - every loop turn passes `@tick`, which spends as many steps as the loop's body has parts;
//! - every value that a loop keeps passes `@keep`, which spends what it takes;
//! - every literal list or mapping, every loop and every function that makes something passes
//!   `@own`, which spends what was made and shares it from then on;
//! - members and elements that may be missing are asked for in our way, and so are those of values
//!   that may be optional (see [`super::optional`]);
//! - functions without a bound are replaced by ours (see [`super::functions`]).

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::functions::{self, Bound};

/// Rewrites; guarded, where a value may be optional.
pub(super) fn rewrite(expr: IdedExpr, guarded: bool) -> IdedExpr {
    let id = expr.id;
    let expr = match expr.expr {
        Expr::Call(call) => return rewrite_call(id, call, guarded),
        Expr::Comprehension(comprehension) => {
            let inner =
                IdedExpr { id, expr: Expr::Comprehension(Box::new(rewrite_loop(*comprehension, guarded))) };
            return wrap("@own", None, inner);
        }
        Expr::List(mut list) => {
            for (at, element) in list.elements.iter_mut().enumerate() {
                *element = rewrite(std::mem::take(element), guarded);
                if list.optional_indices.contains(&at) {
                    *element = wrap("@optional", None, std::mem::take(element));
                }
            }
            return wrap("@own", None, IdedExpr { id, expr: Expr::List(list) });
        }
        Expr::Map(mut map) => {
            for entry in &mut map.entries {
                if let cel::common::ast::EntryExpr::MapEntry(entry) = &mut entry.expr {
                    entry.key = rewrite(std::mem::take(&mut entry.key), guarded);
                    entry.value = rewrite(std::mem::take(&mut entry.value), guarded);
                    if entry.optional {
                        entry.value = wrap("@optional", None, std::mem::take(&mut entry.value));
                    }
                }
            }
            return wrap("@own", None, IdedExpr { id, expr: Expr::Map(map) });
        }
        Expr::Select(mut select) => {
            let guard = guarded && !plain(&select.operand.expr);
            select.operand = Box::new(rewrite(*select.operand, guarded));
            if guard {
                let field = IdedExpr { id, expr: Expr::Literal(LiteralValue::String(select.field.into())) };
                return call(id, if select.test { "@has" } else { "@at" }, vec![*select.operand, field]);
            }
            Expr::Select(select)
        }
        other => other,
    };
    IdedExpr { id, expr }
}

/// `function(x)`, or `function(weight, x)`.
fn wrap(function: &str, weight: Option<u64>, inner: IdedExpr) -> IdedExpr {
    let id = inner.id;
    let mut args = Vec::with_capacity(2);
    if let Some(weight) = weight {
        let weight = i64::try_from(weight).unwrap_or(i64::MAX);
        args.push(IdedExpr { id, expr: Expr::Literal(LiteralValue::Int(weight.into())) });
    }
    args.push(inner);
    call(id, function, args)
}

fn call(id: u64, function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    IdedExpr { id, expr: Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }) }
}

fn rewrite_call(id: u64, mut node: CallExpr, guarded: bool) -> IdedExpr {
    if node.target.is_none() && node.func_name == operators::ADD {
        return call(id, "@add", node.args.into_iter().map(|part| rewrite(part, guarded)).collect());
    }
    let access = match node.func_name.as_str() {
        operators::OPT_INDEX | operators::OPT_SELECT => Some("@optionalAt"),
        operators::INDEX if guarded && !node.args.first().is_some_and(|value| plain(&value.expr)) => {
            Some("@at")
        }
        _ => None,
    };
    if let Some(access) = access.filter(|_| node.target.is_none()) {
        return call(id, access, node.args.into_iter().map(|part| rewrite(part, guarded)).collect());
    }
    let Some(found) = called(&node) else {
        // An operator. Two texts may be long; one that stands in the policy is not.
        let compares = matches!(
            node.func_name.as_str(),
            operators::EQUALS
                | operators::NOT_EQUALS
                | operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS
        ) && !node.args.iter().any(|arg| matches!(arg.expr, Expr::Literal(_)));
        node.args = node.args.into_iter().map(|part| rewrite(part, guarded)).collect();
        if compares && let Some(left) = node.args.first_mut() {
            *left = wrap("@pass", None, std::mem::take(left));
        }
        node.target = node.target.map(|target| Box::new(rewrite(*target, guarded)));
        return IdedExpr { id, expr: Expr::Call(node) };
    };
    let mut args: Vec<IdedExpr> = node.args.into_iter().map(|part| rewrite(part, guarded)).collect();
    // The target of a qualified name is a part of the name.
    let target = node.target.filter(|_| found.member).map(|target| rewrite(*target, guarded));
    if let Bound::Ours(name) = found.bound {
        args.splice(0..0, target);
        return call(id, name, args);
    }
    let first = match found.bound {
        Bound::Constant | Bound::Prints | Bound::Ours(_) => None,
        Bound::Pass | Bound::Makes => Some("@pass"),
        Bound::Sorts => Some("@sorted"),
    };
    let mut target = target;
    if let Some(function) = first {
        match (target.take(), args.first_mut()) {
            (Some(value), _) => target = Some(wrap(function, None, value)),
            (None, Some(arg)) => *arg = wrap(function, None, std::mem::take(arg)),
            (None, None) => {}
        }
    }
    if found.bound == Bound::Prints {
        args = args.into_iter().map(|arg| wrap("@printed", None, arg)).collect();
    }
    let plain = CallExpr {
        func_name: if found.member { node.func_name } else { found.name.to_owned() },
        target: target.map(Box::new),
        args,
    };
    let plain = IdedExpr { id, expr: Expr::Call(plain) };
    match found.bound {
        Bound::Makes | Bound::Prints | Bound::Sorts => wrap("@own", None, plain),
        _ => plain,
    }
}

/// Whether this stands in a document, which holds no optional values, or is `variables`.
fn plain(expr: &Expr) -> bool {
    let name = |expr: &Expr| matches!(expr, Expr::Ident(name) if name.trim_start_matches('.') == "variables");
    let mut inner = expr;
    loop {
        inner = match inner {
            Expr::Select(select) => &select.operand.expr,
            Expr::Call(call) if call.func_name == operators::INDEX => match call.args.first() {
                Some(value) => &value.expr,
                None => return false,
            },
            Expr::Ident(root) => {
                return matches!(root.trim_start_matches('.'), "input" | "data" | "now") || name(expr);
            }
            _ => return false,
        };
    }
}

/// The function that a call names, but for operators.
pub(super) fn called(call: &CallExpr) -> Option<&'static functions::Function> {
    match &call.target {
        None => functions::find(call.func_name.trim_start_matches('.'), false),
        Some(target) => qualified(&target.expr)
            .and_then(|namespace| functions::find(&format!("{namespace}.{}", call.func_name), false))
            .or_else(|| functions::find(&call.func_name, true)),
    }
}

/// The name that an expression spells: `a.b.c`.
pub(super) fn qualified(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Ident(name) => Some(name.trim_start_matches('.').to_owned()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand.expr)?, select.field))
        }
        _ => None,
    }
}

/// How many parts an expression has.
pub(super) fn weight(expr: &IdedExpr) -> u64 {
    let sum = |parts: &mut dyn Iterator<Item = &IdedExpr>| {
        parts.map(weight).fold(1_u64, |sum, part| sum.saturating_add(part))
    };
    match &expr.expr {
        Expr::Call(call) => sum(&mut call.target.iter().map(|target| &**target).chain(&call.args)),
        Expr::Comprehension(c) => {
            sum(&mut [&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result].into_iter())
        }
        Expr::List(list) => sum(&mut list.elements.iter()),
        Expr::Map(map) => sum(&mut map.entries.iter().flat_map(|entry| match &entry.expr {
            cel::common::ast::EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
            cel::common::ast::EntryExpr::StructField(field) => vec![&field.value],
        })),
        Expr::Select(select) => sum(&mut std::iter::once(&*select.operand)),
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => 1,
    }
}

fn rewrite_loop(mut node: ComprehensionExpr, guarded: bool) -> ComprehensionExpr {
    let turn = weight(&node.loop_step).saturating_add(weight(&node.loop_cond));
    if is_binding(&node) {
        // Not a loop but a name for a value.
        node.accu_init = rewrite(node.accu_init, guarded);
        node.result = rewrite(node.result, guarded);
        return node;
    }
    node.iter_range = rewrite(node.iter_range, guarded);
    if appends(&node) {
        node.loop_step = append(node.loop_step, turn, guarded);
        return node;
    }
    node.loop_cond = wrap("@tick", Some(turn), node.loop_cond);
    // `@result && x`, `@result || x`, `x ? @result + 1 : @result`: operators over `@result` and
    // what the author wrote; their own `+` counts and never grows.
    if let Expr::Call(step) = &mut node.loop_step.expr {
        step.args = std::mem::take(&mut step.args)
            .into_iter()
            .map(|arg| if mentions(&arg, &node.accu_var) { arg } else { rewrite(arg, guarded) })
            .collect();
    } else {
        node.loop_step = rewrite(node.loop_step, guarded);
    }
    node
}

/// Whether this is `@result` or `@result + 1`.
fn mentions(expr: &IdedExpr, accumulator: &str) -> bool {
    match &expr.expr {
        Expr::Ident(name) => name == accumulator,
        Expr::Call(call) if call.func_name == operators::ADD => {
            matches!(call.args.first().map(|arg| &arg.expr), Some(Expr::Ident(name)) if name == accumulator)
        }
        _ => false,
    }
}

fn is_binding(node: &ComprehensionExpr) -> bool {
    matches!(&node.iter_range.expr, Expr::List(list) if list.elements.is_empty())
        && matches!(&node.loop_cond.expr, Expr::Literal(LiteralValue::Boolean(go)) if !go.inner())
}

/// Whether the loop only ever adds to a list, as `map` and `filter` do.
fn appends(node: &ComprehensionExpr) -> bool {
    matches!(&node.accu_init.expr, Expr::List(list) if list.elements.is_empty())
        && matches!(node.loop_cond.expr, Expr::Literal(_))
}

/// `@result + [x]`, or `guard ? @result + [x] : @result`.
fn append(mut step: IdedExpr, turn: u64, guarded: bool) -> IdedExpr {
    if let Expr::Call(call) = &mut step.expr {
        if call.func_name == operators::CONDITIONAL {
            if let [guard, then, _] = call.args.as_mut_slice() {
                *guard = wrap("@tick", Some(turn), rewrite(std::mem::take(guard), guarded));
                *then = append(std::mem::take(then), 1, guarded);
            }
        } else if let [_, items] = call.args.as_mut_slice()
            && let Expr::List(list) = &mut items.expr
        {
            list.elements = std::mem::take(&mut list.elements)
                .into_iter()
                .map(|item| wrap("@keep", Some(turn), rewrite(item, guarded)))
                .collect();
        }
    }
    step
}
