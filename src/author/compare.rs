//! What a case expects against what came of it, and the difference in words.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use super::case::{Expect, Partial};
use crate::model::decision::{Decision, Verdict};
use crate::model::finding::Finding;

/// How many findings are told that are not what is compared.
const MOST: usize = 10;

/// The difference, a line or more: what was expected begins with `-`, what was found with `+`; empty where everything is as expected.
pub(super) fn difference(expect: &Expect, decision: &Decision) -> String {
    let mut out = String::new();
    let mut either = |what: &str, expected: &str, found: &str| {
        if expected != found {
            line(&mut out, &format!("- {what}: {expected}"));
            line(&mut out, &format!("+ {what}: {found}"));
        }
        expected != found
    };
    let judged = expect.verdict.map(Verdict::as_str).unwrap_or(decision.verdict.as_str());
    let other = either("verdict", judged, decision.verdict.as_str());
    let indeterminate = expect.indeterminate.unwrap_or_default();
    let word = |is: bool| if is { "true" } else { "false" };
    either("indeterminate", word(indeterminate), word(decision.indeterminate));
    if other && expect.findings.is_none() {
        // What made it so.
        for finding in decision.findings.iter().take(MOST) {
            line(&mut out, &format!("  {} {}: {}", finding.effect.as_str(), finding.rule, finding.message));
        }
    }
    let findings: Vec<Value> = decision.findings.iter().map(flat).collect();
    if let Some(expected) = &expect.findings {
        exactly(&mut out, "finding", expected, &findings);
    }
    if let Some(expected) = &expect.contains {
        let (missing, spare) = unmatched(expected, &findings);
        report(&mut out, "finding", missing, &spare, false);
    }
    for partial in expect.none.iter().flatten() {
        for found in findings.iter().filter(|found| matches(partial, found)) {
            line(&mut out, &format!("+ unexpected finding {}", text(found)));
        }
    }
    if let Some(expected) = &expect.obligations {
        exactly(&mut out, "obligation", expected, &values(&decision.obligations));
    }
    if let Some(expected) = &expect.actions {
        exactly(&mut out, "action", expected, &values(&decision.actions));
    }
    // What the case does not speak of may still be the reason.
    if decision.indeterminate && !indeterminate {
        for unknown in &decision.unknown {
            let (fact, subject, reason) = (&unknown.fact, &unknown.subject, unknown.reason.words());
            line(&mut out, &format!("  `{fact}` of `{subject}` is unknown: {reason}"));
        }
        if expect.findings.is_none() && !other {
            let own = decision.findings.iter().filter(|f| f.effect.as_str() == "indeterminate");
            for finding in own {
                line(&mut out, &format!("  {}: {}", finding.rule, finding.message));
            }
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A finding with its details beside its own members, as reports show it.
fn flat(finding: &Finding) -> Value {
    let mut members: Map<String, Value> =
        finding.details.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect();
    if let Ok(Value::Object(own)) = serde_json::to_value(finding) {
        members.extend(own.into_iter().filter(|(key, _)| key != "details"));
    }
    Value::Object(members)
}

fn values<T: Serialize>(items: &[T]) -> Vec<Value> {
    items.iter().filter_map(|item| serde_json::to_value(item).ok()).collect()
}

fn matches(partial: &Partial, found: &Value) -> bool {
    partial.iter().all(|(key, wanted)| found.get(key).is_some_and(|value| same(&wanted.0, value)))
}

/// Equality in which `1` and `1.0` are one number, as they are in JSON.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}

fn exactly(out: &mut String, what: &str, expected: &[Partial], found: &[Value]) {
    let (missing, spare) = unmatched(expected, found);
    report(out, what, missing, &spare, true);
}

/// What is left over on both sides of the largest one-to-one pairing.
fn unmatched<'a>(expected: &'a [Partial], found: &'a [Value]) -> (Vec<&'a Partial>, Vec<&'a Value>) {
    let mut owner: Vec<Option<usize>> = vec![None; found.len()];
    let mut missing = Vec::new();
    for (i, partial) in expected.iter().enumerate() {
        if !pair(i, expected, found, &mut owner, &mut vec![false; found.len()]) {
            missing.push(partial);
        }
    }
    let spare =
        found.iter().zip(&owner).filter(|(_, owner)| owner.is_none()).map(|(value, _)| value).collect();
    (missing, spare)
}

/// Finds a place for an expected item, moving others if need be (augmenting paths).
fn pair(
    i: usize,
    expected: &[Partial],
    found: &[Value],
    owner: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for (j, value) in found.iter().enumerate() {
        let free = seen.get(j).is_some_and(|seen| !seen);
        if !free || !expected.get(i).is_some_and(|partial| matches(partial, value)) {
            continue;
        }
        if let Some(seen) = seen.get_mut(j) {
            *seen = true;
        }
        let taken = owner.get(j).copied().flatten();
        if taken.is_none_or(|other| pair(other, expected, found, owner, seen)) {
            if let Some(owner) = owner.get_mut(j) {
                *owner = Some(i);
            }
            return true;
        }
    }
    false
}

fn report(out: &mut String, what: &str, missing: Vec<&Partial>, spare: &[&Value], all: bool) {
    let mut spare: Vec<&Value> = spare.to_vec();
    for partial in missing {
        let near = spare.iter().position(|found| nearly(partial, found));
        let Some(at) = near else {
            line(out, &format!("- missing {what} {}", text(&Value::Object(members(partial)))));
            continue;
        };
        let found = spare.remove(at);
        line(out, &format!("~ {what} {} is different:", name(found)));
        for (key, wanted) in partial {
            let value = found.get(key);
            differs(out, key, Some(&wanted.0), value);
        }
    }
    if all {
        for found in spare {
            line(out, &format!("+ unexpected {what} {}", text(found)));
        }
    }
}

/// The places at which two values differ, with both.
fn differs(out: &mut String, path: &str, expected: Option<&Value>, found: Option<&Value>) {
    match (expected, found) {
        (Some(expected), Some(found)) if same(expected, found) => {}
        (Some(Value::Object(wanted)), Some(Value::Object(there))) => {
            let keys: BTreeSet<&String> = wanted.keys().chain(there.keys()).collect();
            for key in keys {
                differs(out, &format!("{path}/{key}"), wanted.get(key), there.get(key));
            }
        }
        (Some(Value::Array(wanted)), Some(Value::Array(there))) => {
            for index in 0..wanted.len().max(there.len()) {
                differs(out, &format!("{path}/{index}"), wanted.get(index), there.get(index));
            }
        }
        (expected, found) => {
            for (sign, value) in [('-', expected), ('+', found)] {
                if let Some(value) = value {
                    let _ = writeln!(out, "    {sign} {path}: {value}");
                }
            }
        }
    }
}

/// Whether something that is there may be what was meant: by rule, or by id or kind.
fn nearly(partial: &Partial, found: &Value) -> bool {
    ["id", "rule", "kind"]
        .iter()
        .find_map(|key| Some(same(&partial.get(*key)?.0, found.get(*key)?)))
        .unwrap_or(false)
}

fn name(found: &Value) -> String {
    let word = ["id", "rule", "kind"].iter().find_map(|key| found.get(*key)?.as_str());
    format!("`{}`", word.unwrap_or("?"))
}

fn members(partial: &Partial) -> Map<String, Value> {
    partial.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect()
}

/// The members that tell one thing from another, on one line.
fn text(found: &Value) -> String {
    let short: Vec<String> = ["id", "rule", "effect", "kind", "message", "path", "until", "needs", "with"]
        .iter()
        .filter_map(|key| Some(format!("{key}: {}", found.get(*key)?)))
        .collect();
    if short.is_empty() { found.to_string() } else { format!("{{{}}}", short.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn partials(value: Value) -> Vec<Partial> {
        serde_json::from_value(value).unwrap()
    }

    fn compared(expected: Value, found: &[Value]) -> String {
        let mut out = String::new();
        exactly(&mut out, "finding", &partials(expected), found);
        out
    }

    #[test]
    fn a_general_expectation_leaves_the_special_one_its_place() {
        let found = [json!({"rule": "a", "message": "x"}), json!({"rule": "a", "message": "y"})];
        assert_eq!(compared(json!([{"rule": "a"}, {"rule": "a", "message": "x"}]), &found), "");
        assert_eq!(compared(json!([{"rule": "a", "message": "y"}, {"rule": "a"}]), &found), "");
    }

    #[test]
    fn one_finding_does_not_count_twice() {
        let found = [json!({"rule": "a"})];
        assert_eq!(
            compared(json!([{"rule": "a"}, {"rule": "a"}]), &found),
            "- missing finding {rule: \"a\"}\n"
        );
    }

    #[test]
    fn a_difference_names_the_member_that_differs() {
        let found = [json!({"rule": "a", "effect": "deny", "message": "found"})];
        insta::assert_snapshot!(compared(json!([{"rule": "a", "effect": "deny", "message": "wanted"}]), &found), @r#"
        ~ finding `a` is different:
            - message: "wanted"
            + message: "found"
        "#);
        insta::assert_snapshot!(compared(json!([{"rule": "b"}]), &found), @r#"
        - missing finding {rule: "b"}
        + unexpected finding {rule: "a", effect: "deny", message: "found"}
        "#);
    }

    #[test]
    fn of_what_is_deep_only_what_differs_is_told() {
        let found = [json!({"rule": "a", "needs": {"approval": {"role": "dba", "count": 1}}, "on": [1]})];
        let expected =
            json!([{"rule": "a", "needs": {"approval": {"role": "dba", "count": 2}}, "on": [1, 2]}]);
        insta::assert_snapshot!(compared(expected, &found), @r"
        ~ finding `a` is different:
            - needs/approval/count: 2
            + needs/approval/count: 1
            - on/1: 2
        ");
    }

    #[test]
    fn numbers_compare_by_value() {
        assert!(same(&json!({"x": [1]}), &json!({"x": [1.0]})));
        assert!(!same(&json!({"x": [1]}), &json!({"x": [1, 2]})));
    }
}
