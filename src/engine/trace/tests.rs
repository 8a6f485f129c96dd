//! Traces in both languages, written as lines.

#![expect(clippy::arithmetic_side_effects, reason = "an overflow panics, which is how a test fails")]

use serde_json::json;

use super::*;
use crate::engine::{ENGINES, Limits};
use crate::policy::{Bundle, LoadOptions, load};

fn review() -> Review {
    serde_json::from_value(json!({
        "apiVersion": "weighlock.dev/v1",
        "kind": "Review",
        "context": {"now": "2026-11-23T10:15:00Z", "environment": "production"},
        "change": {
            "id": "a", "kind": "image", "updateType": "minor",
            "digest": crate::model::Digest::of(b"change").as_str(),
        },
        "asset": {
            "id": "eu-1/production/drone-app", "kind": "workload",
            "podSpec": {"containers": [
                {"name": "app", "image": "registry.example/app:1", "securityContext": {"runAsNonRoot": true}},
                {"name": "proxy", "image": "other.example/proxy:1"},
            ]},
        },
        "artifacts": [],
        "evidence": {},
        "unknown": [],
    }))
    .unwrap()
}

fn bundle(name: &str, text: &str) -> Bundle {
    let data = json!({"limit": 3, "kinds": ["config"]});
    load(vec![(name.to_owned(), text.to_owned())], data, LoadOptions::default())
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn trace(bundle: &Bundle) -> Trace {
    let rule = bundle.rules.first().unwrap();
    let engine = ENGINES.iter().find(|engine| engine.language() == rule.language).unwrap();
    let tracer = engine.tracer(bundle, Limits::default()).unwrap();
    let trace = tracer.trace(0, &review(), rule.metadata.view).unwrap();
    // What is traced comes to the same as what is judged.
    let compiled = engine.compile(bundle, Limits::default()).unwrap();
    let mut session = compiled.session();
    session.load(&review(), rule.metadata.view).unwrap();
    match session.judge(0) {
        Ok(outputs) => {
            assert_eq!(trace.stopped, None);
            let held = trace.clauses.iter().any(|clause| clause.held > 0);
            assert_eq!(held, outputs.is_some_and(|outputs| !outputs.is_empty()));
        }
        Err(_) => assert!(trace.stopped.is_some(), "{trace:?}"),
    }
    trace
}

fn lines(clause: &Clause, depth: usize, out: &mut String) {
    fn condition(one: &Condition, depth: usize, out: &mut String) {
        let (asked, held, missed) = (one.asked, one.held, one.missed);
        let (line, text) = (one.location.line, &one.text);
        out.push_str(&format!("{:depth$}{line}: {text} [{asked} {held} {missed}]\n", ""));
        for sample in &one.samples {
            let mark = if sample.held { '+' } else { '-' };
            for reading in &sample.values {
                let value =
                    reading.value.as_ref().map_or_else(|| "?".to_owned(), |value| value.0.to_string());
                let paths = reading.paths.join(" ");
                let text = &reading.text;
                out.push_str(format!("{:depth$}  {mark} {text} = {value} {paths}", "").trim_end());
                out.push('\n');
                reading.within.iter().for_each(|clause| lines(clause, depth + 4, out));
            }
        }
        one.inner.iter().for_each(|inner| condition(inner, depth + 2, out));
    }
    out.push_str(&format!("{:depth$}{} ({})\n", "", clause.head, clause.held));
    for (at, body) in clause.bodies.iter().enumerate() {
        if at > 0 {
            out.push_str(&format!("{:depth$}else\n", ""));
        }
        body.conditions.iter().for_each(|one| condition(one, depth + 2, out));
    }
}

fn shown(name: &str, text: &str) -> String {
    let trace = trace(&bundle(name, text));
    let mut out = String::new();
    trace.clauses.iter().for_each(|clause| lines(clause, 0, &mut out));
    out.extend(trace.stopped.map(|why| format!("stopped: {why}\n")));
    out
}

fn rego(body: &str) -> String {
    shown("p.rego", &format!("package a\n\n{body}\n"))
}

fn cel(body: &str) -> String {
    let head = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: a}\nspec:\n";
    let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
    shown("p.yaml", &format!("{head}{body}"))
}

#[test]
fn what_held_and_what_did_not() {
    insta::assert_snapshot!(rego(
        "deny contains \"no\" if {\n\tinput.change.kind == \"image\"\n\tinput.change.updateType == \"major\"\n\tinput.change.ticket\n}"
    ), @r##"
    deny contains "no" if (0)
      4: input.change.kind == "image" [1 1 0]
        + input.change.kind = "image" /change/kind
      5: input.change.updateType == "major" [1 0 1]
        - input.change.updateType = "minor" /change/updateType
      6: input.change.ticket [0 0 0]
    "##);
}

#[test]
fn of_what_goes_through_a_list_the_nearest_misses_are_kept() {
    insta::assert_snapshot!(rego(
        "deny contains container.name if {\n\tsome container in input.asset.podSpec.containers\n\tnot container.securityContext.runAsNonRoot\n\tstartswith(container.image, \"registry.example/\")\n}"
    ), @r##"
    deny contains container.name if (0)
      4: some container in input.asset.podSpec.containers [1 2 0]
        + input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
        + container = {"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}} /asset/podSpec/containers/0
      5: not container.securityContext.runAsNonRoot [2 1 1]
        - container.securityContext.runAsNonRoot = true /asset/podSpec/containers/0/securityContext/runAsNonRoot
        + container.securityContext.runAsNonRoot = ? /asset/podSpec/containers/1/securityContext/runAsNonRoot
      6: startswith(container.image, "registry.example/") [1 0 1]
        - container.image = "other.example/proxy:1" /asset/podSpec/containers/1/image
        - startswith(container.image, "registry.example/") = false
      3: gives container.name [0 0 0]
    "##);
    insta::assert_snapshot!(rego(
        "deny contains \"no\" if input.asset.podSpec.containers[_].image == \"x\""
    ), @r##"
    deny contains "no" if input.asset.podSpec.containers[_].image == "x" (0)
      3: input.asset.podSpec.containers[_].image == "x" [1 0 1]
        - input.asset.podSpec.containers[_].image = ["registry.example/app:1","other.example/proxy:1"] /asset/podSpec/containers/0/image /asset/podSpec/containers/1/image
    "##);
}

#[test]
fn not_every_and_comprehensions_say_what_is_within() {
    insta::assert_snapshot!(rego(
        "deny contains \"no\" if {\n\tevery c in input.asset.podSpec.containers {\n\t\tc.securityContext.runAsNonRoot == true\n\t}\n}\n\nwarn contains \"w\" if not input.change.kind == \"image\"\n\nwarn contains \"x\" if {\n\tnames := {c.name | some c in input.asset.podSpec.containers; c.securityContext}\n\tcount(names) > data.limit\n}"
    ), @r##"
    deny contains "no" if (0)
      4: every c in input.asset.podSpec.containers { c.securityContext.runAsNonRoot == true } [1 0 1]
        - input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
        5: c.securityContext.runAsNonRoot == true [2 1 1]
          - c.securityContext.runAsNonRoot = ? /asset/podSpec/containers/1/securityContext/runAsNonRoot
          + c.securityContext.runAsNonRoot = true /asset/podSpec/containers/0/securityContext/runAsNonRoot
    warn contains "w" if not input.change.kind == "image" (0)
      9: not input.change.kind == "image" [1 0 1]
        - input.change.kind = "image" /change/kind
    warn contains "x" if (0)
      12: names := {c.name | some c in input.asset.podSpec.containers; c.securityContext} [1 1 0]
        + {c.name | some c in input.asset.podSpec.containers; c.securityContext} = ["app"]
        + names = ["app"]
        12: some c in input.asset.podSpec.containers [1 2 0]
          + input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
          + c = {"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}} /asset/podSpec/containers/0
        12: c.securityContext [2 1 1]
          - c.securityContext = ? /asset/podSpec/containers/1/securityContext
          + c.securityContext = {"runAsNonRoot":true} /asset/podSpec/containers/0/securityContext
      13: count(names) > data.limit [1 0 1]
        - names = ["app"]
        - count(names) = 1
        - data.limit = 3
    "##);
}

#[test]
fn functions_rules_else_and_default_are_gone_into() {
    insta::assert_snapshot!(rego(
        "deny contains \"no\" if {\n\tnot allowed\n\tgrade(input.change.updateType) > 2\n}\n\ndefault allowed := false\n\nallowed if input.change.kind in data.kinds\n\ngrade(x) := 3 if {\n\tx == \"major\"\n} else := 2 if {\n\tx == \"minor\"\n} else := 1"
    ), @r##"
    deny contains "no" if (0)
      4: not allowed [1 1 0]
        + allowed = false
          allowed if input.change.kind in data.kinds (0)
            10: input.change.kind in data.kinds [1 0 1]
              - input.change.kind = "image" /change/kind
              - data.kinds = ["config"]
          default allowed := false (1)
      5: grade(input.change.updateType) > 2 [1 0 1]
        - input.change.updateType = "minor" /change/updateType
        - grade(input.change.updateType) = 2
          grade(x) := 3 if (1)
            13: x == "major" [1 0 1]
              - x = "minor"
          else
            15: x == "minor" [1 1 0]
              + x = "minor"
          else
    "##);
}

#[test]
fn what_a_rule_of_its_own_puts_together_is_read_where_it_stands() {
    insta::assert_snapshot!(rego(
        "deny contains \"no\" if {\n\tsome one in found\n\tone.of.image == \"other.example/proxy:1\"\n}\n\nfound contains {\"of\": c} if {\n\tsome c in input.asset.podSpec.containers\n\tnot c.securityContext\n}"
    ), @r##"
    deny contains "no" if (1)
      4: some one in found [1 1 0]
        + found = [{"of":{"image":"other.example/proxy:1","name":"proxy"}}]
          found contains {"of": c} if (1)
            9: some c in input.asset.podSpec.containers [1 2 0]
              + input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
              + c = {"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}} /asset/podSpec/containers/0
            10: not c.securityContext [2 1 1]
              - c.securityContext = {"runAsNonRoot":true} /asset/podSpec/containers/0/securityContext
              + c.securityContext = ? /asset/podSpec/containers/1/securityContext
        + one = {"of":{"image":"other.example/proxy:1","name":"proxy"}}
      5: one.of.image == "other.example/proxy:1" [1 1 0]
        + one.of.image = "other.example/proxy:1" /asset/podSpec/containers/1/image
    "##);
}

#[test]
fn what_with_changes_is_shown_as_it_is_then() {
    insta::assert_snapshot!(rego(
        "deny contains \"no\" if {\n\tlarge with input.change.kind as \"config\" with data.limit as count(data.kinds)\n\tinput.change.kind == \"config\"\n}\n\nlarge if {\n\tinput.change.kind in data.kinds\n\tcount(input.asset.podSpec.containers) > data.limit\n}\n\nwarn contains x if {\n\tx := input.change.kind with input as {\"change\": {\"kind\": \"other\"}}\n\tx == \"image\"\n}"
    ), @r##"
    deny contains "no" if (0)
      4: large with input.change.kind as "config" with data.limit as count(data.kinds) [1 1 0]
        + large = true
          large if (1)
            9: input.change.kind in data.kinds [1 1 0]
              + input.change.kind = "config"
              + data.kinds = ["config"]
            10: count(input.asset.podSpec.containers) > data.limit [1 1 0]
              + input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
              + count(input.asset.podSpec.containers) = 2
              + data.limit = 1
        + data.kinds = ["config"]
        + count(data.kinds) = 1
      5: input.change.kind == "config" [1 0 1]
        - input.change.kind = "image" /change/kind
    warn contains x if (0)
      14: x := input.change.kind with input as {"change": {"kind": "other"}} [1 1 0]
        + input.change.kind = "other"
        + x = "other"
      15: x == "image" [1 0 1]
        - x = "other"
    "##);
}

#[test]
fn a_rule_that_is_stopped_says_so() {
    let text = rego(
        "deny contains \"no\" if {\n\tinput.change.kind == \"image\"\n\tx := to_number(input.change.id)\n\tx > 1\n}",
    );
    assert!(text.contains("input.change.kind == \"image\" [1 1 0]"), "{text}");
    assert!(text.contains("stopped: "), "{text}");
    let text = rego(
        "deny contains \"no\" if {\n\tsome x in numbers.range(1, 100000)\n\tsome y in numbers.range(1, 100000)\n\tx + y == 1\n}",
    );
    assert!(text.contains("stopped: "), "{text}");
}

#[test]
fn in_cel_what_must_hold_together_is_shown_part_by_part() {
    insta::assert_snapshot!(cel(
        "match: input.change.kind == 'image'\nvariables:\n  - {name: containers, expression: input.asset.podSpec.containers}\n  - {name: minor, expression: \"input.change.updateType == 'minor' || input.change.updateType == 'patch'\"}\nrules:\n  - id: r\n    effect: deny\n    expression: >-\n      variables.minor &&\n      variables.containers.all(c, has(c.securityContext) && c.securityContext.runAsNonRoot)\n      && size(variables.containers) < data.limit\n    message: no"
    ), @r##"
    deny a.r (1)
      5: match: input.change.kind == 'image' [1 1 0]
        + input.change.kind = "image" /change/kind
      13: variables.minor [1 1 0]
        + variables.minor = true
          variables.minor (1)
            8: input.change.updateType == 'minor' || input.change.updateType == 'patch' [1 1 0]
              + input.change.updateType = "minor" /change/updateType
              8: input.change.updateType == 'minor' [1 1 0]
                + input.change.updateType = "minor" /change/updateType
              8: input.change.updateType == 'patch' [1 0 1]
                - input.change.updateType = "minor" /change/updateType
      14: variables.containers.all(c, has(c.securityContext) && c.securityContext.runAsNonRoot) [1 0 1]
        - variables.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
          variables.containers (1)
            7: input.asset.podSpec.containers [1 1 0]
              + input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
        14: has(c.securityContext) [2 1 1]
          + c.securityContext = {"runAsNonRoot":true} /asset/podSpec/containers/0/securityContext
          - c.securityContext = ? /asset/podSpec/containers/1/securityContext
        14: c.securityContext.runAsNonRoot [1 1 0]
          + c.securityContext.runAsNonRoot = true /asset/podSpec/containers/0/securityContext/runAsNonRoot
      15: size(variables.containers) < data.limit [0 0 0]
    "##);
}

#[test]
fn in_cel_each_element_is_gone_through() {
    insta::assert_snapshot!(cel(
        "rules:\n  - id: r\n    effect: deny\n    forEach: {in: input.asset.podSpec.containers, as: c}\n    expression: c.image.startsWith('registry.example/') || c.name == 'sidecar'\n    message: no"
    ), @r##"
    deny a.r (1)
      8: forEach c in input.asset.podSpec.containers [1 2 0]
        + input.asset.podSpec.containers = [{"image":"registry.example/app:1","name":"app","securityContext":{"runAsNonRoot":true}},{"image":"other.example/proxy:1","name":"proxy"}] /asset/podSpec/containers
      9: c.image.startsWith('registry.example/') || c.name == 'sidecar' [2 1 1]
        + c.image = "registry.example/app:1" /asset/podSpec/containers/0/image
        + c.name = "app" /asset/podSpec/containers/0/name
        - c.image = "other.example/proxy:1" /asset/podSpec/containers/1/image
        - c.name = "proxy" /asset/podSpec/containers/1/name
        9: c.image.startsWith('registry.example/') [1 0 1]
          - c.image = "other.example/proxy:1" /asset/podSpec/containers/1/image
        9: c.name == 'sidecar' [1 0 1]
          - c.name = "proxy" /asset/podSpec/containers/1/name
    "##);
}

#[test]
fn in_cel_what_fails_has_no_value() {
    let text = cel(
        "rules:\n  - id: r\n    effect: deny\n    expression: input.change.ticket == 'CHG-1'\n    message: no",
    );
    assert!(text.contains("- input.change.ticket = ? /change/ticket"), "{text}");
    assert!(text.contains("stopped: "), "{text}");
}

/// Values are cut: what is secret need not be spread.
#[test]
fn what_is_long_is_shortened() {
    let long =
        json!({"a": "x".repeat(500), "b": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "c": {"d": {"e": {"f": 1}}}});
    let short = shortened(&long, 0).to_string();
    assert!(short.len() < 300, "{short}");
    assert!(short.contains("… 2 more") && short.contains("{…}"), "{short}");
}
