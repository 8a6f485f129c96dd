//! Random expressions mean the same however they are written and evaluated.
//!
//! An expression is written from a tape of random numbers, so that a tape cut short is a smaller
//! expression. Most of what is drawn is a trap: members that are missing, false or null, empty
//! collections, texts in the place of numbers, operands that do not fit.

#![expect(clippy::arithmetic_side_effects, reason = "a test that counts to a few hundred")]

mod parsers;
mod writer;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use self::writer::written;
use super::*;
use crate::engine::cel::tests::{bundle, review};
use crate::random::config;

/// What the expressions look at.
fn input() -> Json {
    json!({
        "a": 1, "zero": 0, "neg": -7, "big": 9_007_199_254_740_991_i64, "half": 0.5, "whole": 2.0, "no": false,
        "yes": true, "none": null, "list": [1, 2, {"d": false}], "ints": [3, 1, 2], "mixed": [1, "1", 1.0, null, true],
        "empty": [], "emptyMap": {}, "text": "a", "blank": "", "number": "12", "word": "häuser a.b", "häuser": "ü",
        "pattern": "[a-c]+$", "time": "2026-01-02T03:04:05Z", "dur": "90m", "map": {"a": 1, "b": {"c": 2}, "n": null},
        "nested": [[1], [2, [3]], []], "maps": [{"name": "x", "on": true}, {"a": "y"}, {"name": null}],
        "words": ["b", "a", "ab", "a"],
    })
}

fn known() -> Json {
    json!({"known": {"a": [1, {"c": 2}], "text": "a"}})
}

/// A value with its type, so that `1`, `1u` and `1.0` are told apart.
fn shown(value: &dyn Val) -> String {
    use cel::common::types::{
        CelBytes, CelDouble, CelDuration, CelInt, CelOptional, CelTimestamp, CelType, CelUInt,
    };
    match value.get_type().kind() {
        Kind::NullType => "null".to_owned(),
        Kind::Boolean => value.downcast_ref::<CelBool>().unwrap().inner().to_string(),
        Kind::Int => format!("i{}", value.downcast_ref::<CelInt>().unwrap().inner()),
        Kind::UInt => format!("u{}", value.downcast_ref::<CelUInt>().unwrap().inner()),
        Kind::Double => {
            let number = *value.downcast_ref::<CelDouble>().unwrap().inner();
            if number.is_nan() { "dNaN".to_owned() } else { format!("d{:016x}", number.to_bits()) }
        }
        Kind::String => format!("s{}", Json::from(value.downcast_ref::<CelString<'_>>().unwrap().inner())),
        Kind::Bytes => {
            format!("b{:?}", value.downcast_ref::<CelBytes<'_>>().unwrap().inner()).replace(", ", " ")
        }
        Kind::Timestamp => {
            let time = value.downcast_ref::<CelTimestamp>().unwrap().inner();
            format!("t{}.{}", time.timestamp(), time.timestamp_subsec_nanos())
        }
        Kind::Duration => {
            let duration = value.downcast_ref::<CelDuration>().unwrap().inner();
            format!("D{}.{}", duration.num_seconds(), duration.subsec_nanos())
        }
        Kind::Type => format!("T{}", value.downcast_ref::<CelType>().unwrap().name()),
        Kind::List => {
            let items = &value.downcast_ref::<list::List>().expect("a list is ours").0;
            format!("[{}]", items.iter().map(|item| shown(&**item)).collect::<Vec<_>>().join(","))
        }
        Kind::Map => {
            let entries = &value.downcast_ref::<map::Map>().expect("a mapping is ours").0;
            let mut all: Vec<_> =
                entries.iter().map(|(key, value)| format!("{}:{}", shown(&**key), shown(&**value))).collect();
            all.sort();
            format!("{{{}}}", all.join(","))
        }
        Kind::Opaque => match value.downcast_ref::<CelOptional<'_>>().unwrap().option() {
            Some(inner) => format!("some({})", shown(inner)),
            None => "none".to_owned(),
        },
        other => panic!("{other:?}"),
    }
}

/// A policy of rules whose expressions are these.
fn policy(variables: &[String], expressions: &[String]) -> String {
    let variables: Vec<_> =
        (0..).zip(variables).map(|(n, text)| json!({"name": format!("v{n}"), "expression": text})).collect();
    let rules: Vec<_> = (0..)
        .zip(expressions)
        .map(
            |(n, text)| json!({"id": format!("r{n}"), "effect": "deny", "message": "no", "expression": text}),
        )
        .collect();
    json!({
        "apiVersion": "weighlock.dev/v1", "kind": "Policy", "metadata": {"id": "a"},
        "spec": {"variables": variables, "rules": rules},
    })
    .to_string()
}

/// What is said of an expression that ran into a limit.
const STOPPED: &str = "stopped";
/// Enough for any of these.
const ENOUGH: u64 = 10_000_000;

/// What each of the expressions gives; `None` where they do not compile.
fn evaluated(
    env: &Arc<Env>,
    variables: &[String],
    expressions: &[String],
    steps: u64,
) -> Option<Vec<Result<String, String>>> {
    let bundle = bundle(&policy(variables, expressions), known()).ok()?;
    let compilation = compile::compile(env, &bundle).ok()?;
    let policy = &compilation.policies[0];
    let now = moment(env, review(json!({})).context.now)?;
    let given = Variables::new(env, policy, value::from_json(&input()), value::from_json(&known()), now);
    let context = given.context();
    let limits = Limits { steps, millis: 60_000, ..Limits::default() };
    let each = policy.rules.iter().map(|rule| {
        meter::start(limits);
        given.begin();
        regexes::swap_patterns(BTreeSet::new());
        let found = run(&rule.condition, &context).and_then(|found| value::copy(found.as_ref()));
        // As the engine asks: a limit counts, whatever came of the rest.
        if meter::stopped().is_some() {
            return Err(STOPPED.to_owned());
        }
        found.map(|found| shown(&*found)).map_err(|error| words::words(&error))
    });
    Some(each.collect())
}

/// How many expressions are written.
const EXPRESSIONS: u32 = 96;

/// Puts an expression in the place of a name.
fn replaced(text: &str, name: &str, with: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '\'');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let whole = !out.ends_with(word) || !before.is_empty();
        let whole = whole && !before.ends_with(word);
        let whole = whole && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        out += before;
        out += if whole { with } else { name };
        rest = after;
    }
    out + rest
}

fn inlined(variables: &[String], expression: &str) -> String {
    (0..variables.len()).rev().fold(expression.to_owned(), |text, n| {
        replaced(&text, &format!("variables.v{n}"), &format!("({})", variables[n]))
    })
}

type Said = Result<String, String>;

/// What only truth and falsehood give; anything else is an error there.
fn truth_of(said: &Said) -> Option<bool> {
    said.as_ref().ok().and_then(|said| said.parse().ok())
}

/// Other ways to say an expression, with what they must give.
fn twins(variables: &[String], expression: &str, said: &Said) -> Vec<(String, Option<String>)> {
    let value = said.as_ref().ok().cloned();
    let truth = truth_of(said).map(|truth| truth.to_string());
    let plain = inlined(variables, expression);
    let spelled = replaced(&plain, "input", &format!("({})", input()));
    let mut all = vec![(plain, value.clone()), (spelled, value.clone())];
    for form in [
        "[E][0]",
        "{'k': E}.k",
        "(true ? E : 1 / 0)",
        "dyn(E)",
        "[E].map(q, q)[0]",
        "[0].map(q, E)[0]",
        "optional.of(E).value()",
    ] {
        all.push((form.replace('E', expression), value.clone()));
    }
    for form in [
        "!(!E)",
        "E && true",
        "true && E",
        "E || false",
        "false || E",
        "(E ? true : false)",
        "!(E ? false : true)",
        "[0].all(q, E)",
        "[0, 1].exists(q, E)",
        "[0].exists_one(q, E)",
        "[0].filter(q, E).size() == 1",
        "![0].exists(q, !E)",
        "![0, 1].all(q, !E)",
        "[E].all(q, q)",
        "[E, E].exists(q, q)",
        "E && E",
        "E || E",
        "[false, true].exists(q, q && E)",
        "[true, false].all(q, q || E)",
        "[0].map(q, E, 1) == [1]",
    ] {
        all.push((form.replace('E', expression), truth.clone()));
    }
    for (form, fixed) in [
        ("E && false", "false"),
        ("false && E", "false"),
        ("E || true", "true"),
        ("true || E", "true"),
        ("[0, 1].all(q, q == 0 ? E : false)", "false"),
        ("[0, 1].exists(q, q == 0 ? E : true)", "true"),
        ("[1, 0].all(q, q == 0 ? E : false)", "false"),
        ("[1, 0].exists(q, q == 0 ? E : true)", "true"),
    ] {
        all.push((form.replace('E', expression), Some(fixed.to_owned())));
    }
    all
}

/// Pairs of which both must give the same.
const PAIRS: [(&str, &str); 12] = [
    ("L && R", "R && L"),
    ("L || R", "R || L"),
    ("!(L && R)", "!L || !R"),
    ("!(L || R)", "!L && !R"),
    ("L == R", "R == L"),
    ("L == R", "!(L != R)"),
    ("L < R", "R > L"),
    ("L <= R", "R >= L"),
    ("L == R", "[L] == [R]"),
    ("L == R", "{'k': L} == {'k': R}"),
    ("L == R", "R in [L]"),
    ("L == R", "[L].exists(q, q == R)"),
];

/// More of them with `WEIGHLOCK_RANDOM_EXPRESSIONS`; into a file, with what they gave, with
/// `WEIGHLOCK_RANDOM_FILE`: the program in `benches/peers/cel-go/compare` holds that against cel-go.
#[test]
fn random_expressions_mean_the_same() {
    use std::io::Write as _;

    let env = Arc::new(functions::environment().unwrap());
    let expressions =
        std::env::var("WEIGHLOCK_RANDOM_EXPRESSIONS").map_or(EXPRESSIONS, |n| n.parse().unwrap());
    let file = std::env::var_os("WEIGHLOCK_RANDOM_FILE")
        .map(|path| std::cell::RefCell::new(std::io::BufWriter::new(std::fs::File::create(path).unwrap())));
    let write = |line: Json| {
        if let Some(file) = &file {
            writeln!(file.borrow_mut(), "{line}").unwrap();
        }
    };
    write(json!({"input": input(), "data": known(), "now": review(json!({})).context.now.to_string()}));
    let [compiled, gave] = [Cell::new(0_u32), Cell::new(0_u32)];
    let run =
        TestRunner::new(config(expressions)).run(&proptest::collection::vec(any::<u16>(), 0..120), |tape| {
            let (variables, expression) = written(&tape);
            let Some(said) = evaluated(&env, &variables, std::slice::from_ref(&expression), ENOUGH) else {
                return Ok(());
            };
            let said = &said[0];
            compiled.set(compiled.get() + 1);
            gave.set(gave.get() + u32::from(said.is_ok()));
            let told = match said {
                Ok(value) => value.clone(),
                Err(words) => format!("error: {words}"),
            };
            write(json!({"expression": inlined(&variables, &expression), "said": told}));
            if file.is_some() {
                return Ok(());
            }
            for steps in [4, 16, 64] {
                let found = evaluated(&env, &variables, std::slice::from_ref(&expression), steps).unwrap();
                let stopped = found[0].as_ref().is_err_and(|words| words == STOPPED);
                prop_assert!(stopped || found[0] == *said, "{:?}\n{}\n{:?}", variables, expression, found);
            }
            let twins = twins(&variables, &expression, said);
            let forms: Vec<_> = twins.iter().map(|(form, _)| form.clone()).collect();
            for (at, found) in (0..).zip(evaluated(&env, &variables, &forms, ENOUGH).unwrap_or_default()) {
                let (form, wanted) = &twins[at];
                prop_assert_eq!(
                    found.ok(),
                    wanted.clone(),
                    "{:?}\n{}\n{}\n{:?}",
                    variables,
                    expression,
                    form,
                    said
                );
            }
            let Some(left) = variables.first() else { return Ok(()) };
            let forms: Vec<_> = PAIRS
                .iter()
                .flat_map(|(one, other)| [one, other])
                .map(|form| form.replace('L', "variables.v0").replace('R', &expression))
                .collect();
            for (at, pair) in
                (0..).zip(evaluated(&env, &variables, &forms, ENOUGH).unwrap_or_default().chunks(2))
            {
                let (one, other) = (pair[0].as_ref().ok(), pair[1].as_ref().ok());
                prop_assert_eq!(one, other, "{:?}\nL: {}\nR: {}\n{:?}", PAIRS[at], left, expression, pair);
            }
            Ok(())
        });
    run.unwrap_or_else(|error| panic!("{error}"));
    println!("{expressions} expressions: {} compiled, {} gave a value", compiled.get(), gave.get());
    assert!(gave.get() > expressions / 4, "{}", gave.get());
}
