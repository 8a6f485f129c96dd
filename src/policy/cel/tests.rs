//! Tests of reading.

use super::read_text;
use crate::diag::Source;

fn errors(text: &str) -> String {
    let errors = read_text(&Source::new("policy.yaml", text)).err().unwrap();
    errors
        .iter()
        .map(|error| {
            let hint = error.hint.as_deref().unwrap_or("");
            format!("{error} | {hint}\n")
        })
        .collect()
}

const HEAD: &str = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: a}\n";

fn rule(rule: &str) -> String {
    errors(&format!("{HEAD}spec:\n  rules:\n    - {{{rule}}}\n"))
}

#[test]
fn shapes_that_are_refused() {
    let refused: String = [
        errors("kind: Policy"),
        errors(&format!("{HEAD}spec: {{rules: []}}")),
        errors("apiVersion: weighlock.dev/v2\nkind: Polic\nmetadata: {id: 'a b'}\nspec: {rules: []}"),
        errors(&format!("{HEAD}spec: {{ruls: []}}")),
        errors(&format!(
            "{HEAD}spec:\n  variables: [{{name: a-b, expression: '1'}}, {{name: a, expression: '1'}}, {{name: a, expression: '2'}}]\n  rules: [{{id: b, effect: deny, message: no, expression: 'true'}}, {{id: b, effect: deny, message: no, expression: 'true'}}]\n"
        )),
        rule("id: b, effect: dney, message: no, expression: 'true'"),
        rule("id: b, effect: deny, expression: 'true'"),
        rule("id: b, effect: deny, message: no, when: 'true'"),
        rule("id: b, effect: oblige, expression: 'true'"),
        rule("id: b, effect: oblige, when: 'true'"),
        rule("id: b, effect: deny, message: no, expression: 'true', value: {a: 1}"),
        rule("id: b, effect: deny, message: no, expression: 'true', until: 2026-01-01T00:00:00Z"),
        rule("id: b, effect: hold, message: no, expression: 'true', until: tomorrow"),
        rule("id: b, effect: hold, message: no, expression: 'true', needs: {approvals: {role: a}}"),
        rule("id: b, effect: hold, message: no, expression: 'true', needs: {time: 2026-01-01T00:00:00Z}, needsExpression: '1'"),
        rule("id: b, effect: deny, message: no, expression: 'true', forEach: {in: '[1]', as: input}"),
        rule("id: b, effect: deny, message: no, expression: 'true', requires: {evidence.scans: {trst: operator}}"),
    ]
    .concat();
    insta::assert_snapshot!(refused, @r#"
policy.yaml:1:1: the field `apiVersion` is missing [policy.invalid] | 
policy.yaml:4:7: the policy has no rules [policy.invalid] | give it at least one under `rules`
policy.yaml:1:13: the version `weighlock.dev/v2` is not known [policy.invalid] | write `weighlock.dev/v1`
policy.yaml:2:7: the kind `Polic` is not a policy [policy.invalid] | write `kind: Policy`
policy.yaml:3:16: `a b` is not an id [policy.invalid] | use letters, digits, `_` and `-`, with `.` between words
policy.yaml:4:7: the policy has no rules [policy.invalid] | give it at least one under `rules`
policy.yaml:4:8: unknown field `ruls` [policy.invalid] | did you mean `rules`?
policy.yaml:5:22: `a-b` is not a name [policy.invalid] | use letters, digits and `_`, and begin with a letter
policy.yaml:5:80: the variable `a` stands twice [policy.invalid] | give each variable its own name
policy.yaml:6:72: the rule `b` stands twice [policy.invalid] | give each rule of a policy its own id
policy.yaml:6:23: the effect `dney` is not known [policy.invalid] | did you mean `deny`?
policy.yaml:6:7: the rule says nothing to people [policy.invalid] | add `message` or `messageExpression`
policy.yaml:6:7: a `deny` rule has `expression`, which must be true to pass [policy.invalid] | write `expression`, and no `when`
policy.yaml:6:7: an `oblige` rule has `when`, which yields its `value` when true [policy.invalid] | write `when`, and no `expression`
policy.yaml:6:7: an `oblige` rule needs `value` or `valueExpression` [policy.invalid] | say what is to be done
policy.yaml:6:7: a `deny` rule has no `value` [policy.invalid] | only `oblige` and `action` have one
policy.yaml:6:7: `until` and `needs` mean nothing in `deny` [policy.invalid] | only `hold` has them
policy.yaml:6:69: `tomorrow` is not a time [policy.invalid] | write times as RFC 3339 in UTC, as in `2026-11-23T10:00:00Z`
policy.yaml:6:70: `approvals` is not one of `approval`, `evidence`, `time`, `all`, `any` [policy.invalid] | did you mean `approval`?
policy.yaml:6:7: `needs` and `needsExpression` say the same thing twice [policy.invalid] | keep one of them
policy.yaml:6:87: `input` cannot name an element [policy.invalid] | choose a name that is not taken
policy.yaml:6:90: unknown field `trst` [policy.invalid] | did you mean `trust`?
"#);
}

#[test]
fn rules_take_from_the_policy_what_they_leave_out() {
    let text = format!(
        "{HEAD}spec:\n  severity: high\n  waivable: true\n  requires: [evidence.scans]\n  remediation: fix it\n  rules:\n    - {{id: b, effect: deny, message: no, expression: 'true'}}\n    - {{id: c, effect: deny, message: no, expression: 'true', severity: low, waivable: false, requires: {{evidence.gates: {{maxAge: 1h}}}}, title: C}}\n"
    );
    let policy = read_text(&Source::new("policy.yaml", text)).unwrap();
    let [first, second] = policy.rules.as_slice() else { panic!() };
    assert_eq!(first.metadata, policy.metadata);
    assert!(first.metadata.requires.contains_key("evidence.scans"));
    assert!(second.metadata.requires.contains_key("evidence.gates") && second.metadata.requires.len() == 1);
    assert!(!second.metadata.waivable);
    assert_eq!(second.metadata.remediation.as_deref(), Some("fix it"));
    assert_eq!((first.line, second.line), (10, 11));
}

#[test]
fn json_is_read_as_well() {
    let text = r#"{"apiVersion": "weighlock.dev/v1", "kind": "Policy", "metadata": {"id": "a"},
        "spec": {"rules": [{"id": "b", "effect": "deny", "message": "no", "expression": "true"}]}}"#;
    let policy = read_text(&Source::new("policy.json", text)).unwrap();
    assert_eq!(policy.rules[0].line, 2);
}

#[test]
fn a_policy_that_is_too_large_is_not_read() {
    let text = format!("# {}\n{HEAD}", "a".repeat(300_000));
    assert_eq!(
        errors(&text),
        "policy.yaml:1:1: the policy is larger than 256 KiB [policy.invalid] | split it; data belongs in the settings\n"
    );
}

#[test]
fn what_stands_under_spec_is_looked_for_there() {
    let head = "apiVersion: weighlock.dev/v1\nkind: Policy\n";
    let rules = "spec: {rules: [{id: b, effect: deny, message: no, expression: 'true'}]}\n";
    insta::assert_snapshot!(
        [
            errors(&format!("{head}metadata: {{id: a, severity: high}}\n{rules}")),
            errors(&format!("{head}metadata:\n  id: a\n  custom: {{team: x, requires: [inventory]}}\n{rules}")),
            rule("id: b, effect: deny, message: no, expression: 'true', match: 'true'"),
        ]
        .concat(),
        @r"
    policy.yaml:3:19: unknown field `severity` [policy.invalid] | `severity` stands under `spec`
    policy.yaml:5:31: `requires` under `custom` says nothing [policy.invalid] | `requires` stands under `spec`
    policy.yaml:6:62: unknown field `match` [policy.invalid] | `match` stands under `spec`
    "
    );
}
