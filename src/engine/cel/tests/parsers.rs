//! Both parsers of the crate read the same: an expression gives one tree, or the quick one leaves it to
//! the other.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

use crate::engine::cel::{functions, lexer, syntax};
use crate::policy;

/// The tree without the numbers of its parts.
fn plain(mut expr: IdedExpr) -> IdedExpr {
    expr.id = 0;
    let each = |inner: &mut IdedExpr| *inner = plain(std::mem::take(inner));
    match &mut expr.expr {
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| each(target));
            call.args.iter_mut().for_each(each);
        }
        Expr::Comprehension(c) => {
            [&mut c.iter_range, &mut c.accu_init, &mut c.loop_cond, &mut c.loop_step, &mut c.result]
                .into_iter()
                .for_each(each);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(each),
        Expr::Map(cel::common::ast::MapExpr { entries })
        | Expr::Struct(cel::common::ast::StructExpr { entries, .. }) => {
            for entry in entries {
                entry.id = 0;
                match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        each(&mut entry.key);
                        each(&mut entry.value);
                    }
                    EntryExpr::StructField(field) => each(&mut field.value),
                }
            }
        }
        Expr::Select(select) => each(&mut select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
    expr
}

/// Whether both read it and say the same; an error where they differ.
pub(in crate::engine::cel) fn same(env: &cel::Env, text: &str) -> Result<Option<bool>, String> {
    if lexer::bounded(text).is_err() {
        return Ok(None);
    }
    let first = env.compile(text).ok().map(|program| plain(program.expression().clone()));
    match (syntax::quick(text).map(plain), first) {
        (Some(quick), Some(first)) if quick == first => Ok(Some(true)),
        (Some(quick), Some(first)) => Err(format!("{text}\n{quick:?}\n{first:?}")),
        (Some(quick), None) => Err(format!("{text}\n{quick:?}\nis refused by the other")),
        (None, Some(_)) => Ok(Some(false)),
        (None, None) => Ok(None),
    }
}

#[test]
fn both_parsers_read_what_is_shipped() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut files = Vec::new();
    for area in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(area).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let name = file.display().to_string();
            if name.ends_with(".yaml") && !name.ends_with(".case.yaml") {
                files.push((name, std::fs::read_to_string(file).unwrap()));
            }
        }
    }
    let bundle = policy::load(files, serde_json::json!({}), policy::LoadOptions::default()).unwrap();
    let env = functions::environment().unwrap();
    let (mut quick, mut all) = (0, 0);
    for policy in &bundle.cel {
        let conditions = policy.rules.iter().map(|rule| &rule.condition);
        let lists = policy.rules.iter().filter_map(|rule| Some(&rule.for_each.as_ref()?.list));
        let messages = policy.rules.iter().filter_map(|rule| rule.message_expression.as_ref());
        let variables = policy.variables.iter().map(|variable| &variable.expression);
        for expression in conditions.chain(lists).chain(messages).chain(variables).chain(&policy.matches) {
            all += 1;
            quick += i32::from(same(&env, &expression.text).unwrap() == Some(true));
        }
    }
    println!("{quick} of {all} expressions are read quickly");
    assert!(all > 200 && quick * 20 > all * 19, "{quick} of {all}");
}
