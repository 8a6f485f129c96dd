//! Nothing that a policy writes can hang, crash or take more than it may.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{bundle, holds, judge, policy_of, review, show};
use crate::diag::{Diagnostic, Source};
use crate::engine::cel::{Cel, SHALLOW, compile, functions};
use crate::engine::{Cause, Engine as _, Failure, Limits, Output};
use crate::policy;

/// A part of the usual steps, and no clock: what ends here ends by count, on however slow a machine.
const COUNTED: Limits = Limits { steps: 500_000, memory: 64 << 20, millis: 60_000 };

/// Judges one rule of a policy as if it stood alone.
fn alone(source: &Arc<Source>, rule: usize) -> Result<Result<Vec<Output>, Failure>, Vec<Diagnostic>> {
    let mut bundle = bundle(&source.text, json!({}))?;
    bundle.rules = vec![bundle.rules.remove(rule)];
    let policy = bundle.cel.first_mut().unwrap();
    policy.rules = vec![policy.rules.remove(rule)];
    let compiled = Cel.compile(&bundle, COUNTED)?;
    let mut session = compiled.session();
    session.load(&review(json!({})), crate::model::rule::View::Review).unwrap();
    Ok(session.judge(0).map(Option::unwrap_or_default))
}

/// Every rule of `testdata/hostile/cel` is refused, fails or denies; none passes or takes long.
#[test]
fn hostile_policies_never_pass_and_never_hang() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hostile/cel");
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10);
    let mut failed = 0;
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let source = Source::new(name.as_str(), std::fs::read_to_string(&file).unwrap());
        let rules =
            policy::cel::read_text(&source).unwrap_or_else(|errors| panic!("{}", show(&errors))).rules.len();
        for rule in 0..rules {
            let started = Instant::now();
            let result = alone(&source, rule);
            let took = started.elapsed();
            match result {
                Ok(Ok(outputs)) => assert!(!outputs.is_empty(), "{name} {rule} passed"),
                Ok(Err(failure)) => {
                    failed += 1;
                    assert_ne!(failure.cause, Cause::Time, "{name} {rule}: by count, not by the clock");
                    assert!(failure.location.is_some(), "{name} {rule}: {failure:?}");
                }
                Err(errors) => assert!(errors.iter().all(|error| error.place().is_some()), "{name} {rule}"),
            }
            // A second at the most where dependencies are optimised and nothing else runs.
            assert!(took < Duration::from_secs(10), "{name} {rule}: {took:?}");
        }
    }
    assert!(failed > 60, "{failed}");
}

/// As deep as it may be, on half the stack that a thread has.
#[test]
fn the_deepest_expressions_need_no_large_stack() {
    let expressions = [16, 38].into_iter().flat_map(|n| {
        [
            format!("{}1{} == 2 || true", "[".repeat(n), "]".repeat(n)),
            format!("{}1{} == 2 || true", "{'a': ".repeat(n), "}".repeat(n)),
            format!("{}true{}", "[1].all(x, ".repeat(n / 2), ")".repeat(n / 2)),
            format!("{}1{} == [] || true", "[1].map(x, ".repeat(n / 2), ")".repeat(n / 2)),
            format!("{}true{} || true", "!(".repeat(n), ")".repeat(n)),
            format!("{}true{} || true", "true == (".repeat(n), ")".repeat(n)),
            format!("{}0{} == 0", "[0][".repeat(n), "]".repeat(n)),
            format!("{}true", "false ? false : ".repeat(n)),
            format!("1{} > 0", " + 1".repeat(n * 2)),
            format!("'a'{} == 'a'", ".trim()".repeat(n * 2)),
        ]
    });
    let expressions: Vec<String> = expressions.collect();
    let run = move || {
        expressions.iter().for_each(|expression| assert_eq!(holds(expression), Ok(true), "{expression}"))
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn variables_that_build_on_each_other_count_as_depth() {
    let chain = |length: usize| {
        let chain: String = (1..=length)
            .map(|at| {
                format!("    - {{name: v{at}, expression: \"[1].map(x, variables.v{} + x)[0]\"}}\n", at - 1)
            })
            .collect();
        let head = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: a}\nspec:\n  variables:\n    - {name: v0, expression: '1'}\n";
        let rule = format!(
            "{{id: b, effect: deny, message: no, expression: variables.v{length} == {}}}",
            length + 1
        );
        format!("{head}{chain}  rules:\n    - {rule}\n")
    };
    let run = move || {
        assert_eq!(judge(&chain(15), json!({}), &review(json!({}))), [Ok(vec![])]);
        let Err(errors) = Cel.compile(&bundle(&chain(40), json!({})).unwrap(), Limits::default()) else {
            panic!()
        };
        assert!(show(&errors).contains("the expression is too deep"), "{}", show(&errors));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn limits_are_told_apart() {
    let cause = |expression: &str, limits: Limits| {
        let bundle = bundle(&policy_of(expression), json!({})).unwrap();
        let compiled = Cel.compile(&bundle, limits).unwrap();
        let mut session = compiled.session();
        session.load(&review(json!({})), crate::model::rule::View::Review).unwrap();
        session.judge(0).map(Option::unwrap_or_default).map_err(|failure| (failure.cause, failure.message))
    };
    let few = Limits { steps: 1_000, ..COUNTED };
    let loops = "lists.range(100).all(i, lists.range(100).all(j, i + j >= 0))";
    assert_eq!(
        cause(loops, few),
        Err((Cause::Steps, "the rule takes more than 1000 steps, the limit".to_owned()))
    );
    assert_eq!(cause(loops, COUNTED), Ok(vec![]));
    let small = Limits { memory: 1 << 20, ..COUNTED };
    let list = "lists.range(30000).size() == 30000";
    assert_eq!(
        cause(list, small),
        Err((Cause::Memory, "the rule makes values of more than 1 MiB, the limit".to_owned()))
    );
    assert_eq!(cause(list, COUNTED), Ok(vec![]));
    let late = Limits { millis: 0, ..Limits::default() };
    assert_eq!(
        cause(loops, late),
        Err((Cause::Time, "the rule takes longer than 0 ms, the limit".to_owned()))
    );
}

#[test]
fn a_session_goes_on_after_a_failure() {
    let few = Limits { steps: 10_000, ..COUNTED };
    let text = concat!(
        "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: a}\nspec:\n  rules:\n",
        "    - {id: b, effect: deny, message: no, expression: 'lists.range(100000).all(i, lists.range(i).all(j, j >= 0))'}\n",
        "    - {id: c, effect: deny, message: no, expression: 'true'}\n",
    );
    let compiled = Cel.compile(&bundle(text, json!({})).unwrap(), few).unwrap();
    let mut session = compiled.session();
    session.load(&review(json!({})), crate::model::rule::View::Review).unwrap();
    assert_eq!(session.judge(0).map(Option::unwrap_or_default).unwrap_err().cause, Cause::Steps);
    assert_eq!(session.judge(1).map(Option::unwrap_or_default), Ok(vec![]));
    assert_eq!(session.judge(0).map(Option::unwrap_or_default).unwrap_err().cause, Cause::Steps);
}

/// What people write is judged where they ask for it: only the deepest needs a stack of its own.
#[test]
fn the_policies_that_come_with_weighlock_are_shallow() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut seen = 0;
    for room in std::fs::read_dir(policies).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(room).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if !text.contains("\nkind: Policy\n") {
                continue;
            }
            let bundle = bundle(&text, json!({})).unwrap_or_else(|errors| panic!("{}", show(&errors)));
            let env = functions::environment().unwrap();
            let compiled =
                compile::compile(&env, &bundle).unwrap_or_else(|errors| panic!("{}", show(&errors)));
            for rule in compiled.policies.iter().flat_map(|policy| &policy.rules) {
                seen += 1;
                assert!(
                    rule.depth <= SHALLOW,
                    "{}: {:?} is {} deep",
                    file.display(),
                    rule.location,
                    rule.depth
                );
            }
        }
    }
    assert!(seen > 0);
}
