//! Both parsers of the crate read the same: an expression, and whatever becomes of it by slips of the
//! hand, gives one tree, or the quick one leaves it to the other.

use std::cell::Cell;

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::{functions, lexer, syntax};
use super::writer::written;
use crate::policy;
use crate::random::config;

/// What slips in.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "\\",
    "'''",
    "\"\"\"",
    "r'",
    "b'",
    "//",
    "\n",
    " ",
    ".",
    ".?",
    "[?",
    "?",
    ":",
    ",",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "!",
    "!!",
    "-",
    "--",
    "+",
    "*",
    "/",
    "%",
    "==",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    "&&",
    "&",
    "||",
    "|",
    "in",
    " in ",
    "true",
    "false",
    "null",
    "0",
    "1",
    "0x",
    "0xF",
    "1u",
    "1.5",
    ".5",
    "1.",
    "1e3",
    "1e",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616u",
    "a",
    "_",
    "ü",
    "`a-b`",
    "has(",
    "has(a.b)",
    "has(a)",
    "x.all(x, ",
    "x.all(1, x)",
    ".map(q, q)",
    ".exists_one(q, q)",
    ".filter(a.b, a)",
    "as",
    "if",
    "for",
    "package",
    "namespace",
    "const",
    "T{",
    "a.B{f: 1}",
    "{?'k': 1}",
    "[?1]",
    "\\u0041",
    "\\x4",
    "\\101",
    "\\400",
    "\u{c}",
    "\r\n",
    "\t",
    "\0",
    "\u{a0}",
    ".a",
    "..",
    "...",
    "#",
    "@",
    "$",
    "~",
    "^",
    ";",
];

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
fn same(env: &cel::Env, text: &str) -> Result<Option<bool>, String> {
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

/// More with `WEIGHLOCK_RANDOM_EXPRESSIONS`.
#[test]
fn both_parsers_read_the_same() {
    let env = functions::environment().unwrap();
    let cases = std::env::var("WEIGHLOCK_RANDOM_EXPRESSIONS").map_or(200, |n| n.parse().unwrap());
    let [quick, first, refused] = [Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32)];
    let tapes = proptest::collection::vec(any::<u16>(), 0..120);
    let slips = proptest::collection::vec((any::<u16>(), any::<u16>(), 0_usize..6), 0..4);
    let run = TestRunner::new(config(cases)).run(&(tapes, slips), |(tape, slips)| {
        let (_, mut text) = written(&tape);
        for (at, what, long) in slips {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = places[usize::from(at) % places.len()];
            let to = places[(usize::from(at) % places.len() + long).min(places.len() - 1)];
            text.replace_range(from..to, PIECES[usize::from(what) % PIECES.len()]);
        }
        let found = same(&env, &text).map_err(TestCaseError::fail)?;
        let count = match found {
            Some(true) => &quick,
            Some(false) => &first,
            None => &refused,
        };
        count.set(count.get() + 1);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    println!("{} quickly, {} by the first alone, {} by none", quick.get(), first.get(), refused.get());
    assert!(quick.get() > cases / 4 && refused.get() > cases / 20);
}
