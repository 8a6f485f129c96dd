//! What expressions can say, and what comes of it.

use serde_json::json;

use super::{bundle, holds, judge, refusal, review, show};
use crate::engine::cel::{Cel, functions};
use crate::engine::{Engine as _, Limits};
use crate::model::finding::Effect;

#[test]
fn expressions_that_hold() {
    for expression in [
        "input.asset.podSpec.containers.all(c, c.name != '')",
        "input.asset.podSpec.containers.exists(c, c.name == 'app')",
        "input.asset.podSpec.containers.exists_one(c, c.name == 'app')",
        "input.asset.podSpec.containers.map(c, c.name) == ['app', 'proxy']",
        "['app', 'proxy'] == input.asset.podSpec.containers.map(c, c.name)",
        "input.asset.podSpec.containers.filter(c, has(c.ports))[0].ports == [80, 443]",
        "input.asset.podSpec.containers.map(c, has(c.ports), size(c.ports)) == [2]",
        "!has(input.asset.object) && !has(input.change.ticket)",
        "input.?change.?ticket.orValue('none') == 'none'",
        "input.asset.podSpec.?securityContext.runAsNonRoot.orValue(true)",
        "input.asset.podSpec.containers[0].ports[1] / 2 == 221",
        "type(input.asset.podSpec.containers[0].ports[0]) == int",
        "now == timestamp('2026-11-23T10:15:00Z') && now.getDayOfWeek() == 1",
        "now - timestamp(input.context.now) == duration('0s')",
        "data.settings.limit == 3 && 'b' in data.settings.names",
        "variables.one + 1 == 2",
        "'a-b-c'.split('-') == ['a', 'b', 'c'] && 'a-b-c'.split('-', 2) == ['a', 'b-c']",
        "'abc'.split('') == ['a', 'b', 'c'] && 'a,b'.split(',', 0) == []",
        "['a', 'b'].join('+') == 'a+b' && [].join() == ''",
        "'aXbX'.replace('X', 'y') == 'ayby' && 'aXbX'.replace('X', 'y', 1) == 'aybX'",
        "'häuser'.indexOf('u') == 2 && 'häuser'.lastIndexOf('e') == 4 && 'abc'.indexOf('z') == -1",
        "'abcabc'.indexOf('a', 1) == 3 && 'abcabc'.lastIndexOf('a', 2) == 0",
        "lists.range(3) == [0, 1, 2] && [3, 1, 2].sort() == [1, 2, 3] && [[1], [2]].flatten() == [1, 2]",
        "[1, 2, 1].distinct() == [1, 2] && [1, 2, 3].slice(1, 3) == [2, 3] && [1, 2].reverse() == [2, 1]",
        "[{'n': 2}, {'n': 1}].sortBy(e, e.n).map(e, e.n) == [1, 2]",
        "math.greatest(1, 2, 3) == 3 && math.least([4, 2]) == 2 && math.abs(-1) == 1",
        "'%s has %d'.format(['a', 2]) == 'a has 2' && 'ab'.matches('^a+b$') && matches('ab', 'b')",
        "base64.encode(b'a') == 'YQ==' && string(base64.decode('YQ==')) == 'a'",
        "optional.of(2).optMap(x, x * 2).value() == 4 && optional.none().orValue(1) == 1",
        "{'b': 1, 'a': 2}.map(k, k) == ['a', 'b'] && {1: 'a'}[1u] == 'a' && {'a': 1}.size() == 1",
        "[1, 2] + [3] == [1, 2, 3] && 'a' + 'b' == 'ab' && 1 + 2 == 3 && b'a' + b'b' == b'ab'",
        "[1.5] + [2.5] == [1.5, 2.5] && 1.5 + 1.5 == 3.0",
        "duration('1h') + duration('1h') == duration('2h') && now + duration('1s') > now",
        "[?optional.none(), ?optional.of(1)] == [1] && {?'a': optional.none()} == {}",
        "{'a': {'b': 1}} == {'a': {'b': 1}} && {'a': 1} != {'a': 2} && 'a' in {'a': 1}",
        "input.asset.podSpec.containers.all(c, input.asset.podSpec.containers.exists(d, d.name == c.name))",
        "(1 / 0 == 1) || true",
        "[1, 2, 3].all(i, i > 0 || i / 0 == 1)",
    ] {
        assert_eq!(holds(expression), Ok(true), "{expression}");
    }
}

#[test]
fn what_fails_is_a_failure_in_words() {
    for (expression, message) in [
        ("input.nothing == 1", "no such key `nothing`"),
        ("input.asset.podSpec.containers[5].name == 'a'", "index 5 is outside of the list"),
        ("size(1) == 1", "`size` cannot take a number"),
        ("'a' + 1 == 'a1'", "`+` cannot take text and a number"),
        ("1 / 0 == 1", "division by zero"),
        ("9223372036854775807 + 1 > 0", "`+` gives a number that is too large"),
        ("input.change.id", "the expression gives text, not true or false"),
        ("null", "the expression gives nothing, not true or false"),
        ("optional.none()", "the expression gives an optional value, not true or false"),
        ("input.change.id.foo == 1", "text has no members"),
        ("[1]['a'] == 1", "a list cannot be indexed with text"),
        ("1 < 'a'", "`<` cannot take a number and text"),
        ("duration('99999999999999h') > duration('1h')", ""),
        ("timestamp('99999-01-01T00:00:00Z') > now", ""),
        ("'abc'.charAt(9) == 'a'", ""),
        (
            "input.change.id.matches(input.change.id + '(')",
            "`matches` failed: the pattern is not a regular expression",
        ),
        ("[1].all(i, i)", ""),
        ("data.settings.names.?a.orValue(true)", "a list cannot be indexed with text"),
        ("data.?settings.names.a.orValue(true)", "a list cannot be indexed with text"),
        ("optional.of([1])['a'].orValue(true)", "a list cannot be indexed with text"),
        ("!has(data.?settings.names.a)", "a list cannot be indexed with text"),
        ("[input.?gone, optional.of([1])].all(o, o.a.orValue(true))", "a list cannot be indexed with text"),
        ("input.change[?[1]].orValue(true)", "a mapping cannot be indexed with a list"),
        ("input.change.id[?null].orValue(true)", "text cannot be indexed with nothing"),
        ("[1][?0.5].orValue(true)", "a list cannot be indexed with a number"),
        ("int.?a.orValue(true)", "a type has no members"),
        ("[?true].all(b, b)", "`?` stands before true or false, which is not an optional value"),
        ("{?'a': 1} == {'a': 1}", "`?` stands before a number, which is not an optional value"),
        ("lists.range(-1).all(i, false)", "`lists.range` failed: the number is negative"),
    ] {
        let found = holds(expression).expect_err(expression);
        if message.is_empty() {
            assert!(
                !found.is_empty() && !found.contains("Error") && !found.contains("Cel"),
                "{expression}: {found}"
            );
        } else {
            assert_eq!(found, message, "{expression}");
        }
    }
}

#[test]
fn the_policy_of_the_contract_denies_what_runs_as_root() {
    let text = r#"
apiVersion: weighlock.dev/v1
kind: Policy
metadata:
  id: hardening.pod
  title: Pods run without privileges
spec:
  applies: {assets: [workload, pod]}
  match: has(input.asset.podSpec)
  variables:
    - {name: pod, expression: input.asset.podSpec}
    - {name: containers, expression: "variables.pod.containers + variables.pod.?initContainers.orValue([])"}
    - {name: podNonRoot, expression: "variables.pod.?securityContext.runAsNonRoot.orValue(false)"}
  rules:
    - id: non_root
      effect: deny
      severity: high
      waivable: true
      expression: variables.containers.all(c, c.?securityContext.runAsNonRoot.orValue(variables.podNonRoot))
      messageExpression: "'may run as root: ' + variables.containers.filter(c, !c.?securityContext.runAsNonRoot.orValue(variables.podNonRoot))[0].name"
      path: /asset/podSpec
      remediation: set securityContext.runAsNonRoot to true
"#;
    let bad = review(json!({"containers": [
        {"name": "app", "securityContext": {"runAsNonRoot": true}}, {"name": "proxy"},
    ]}));
    let outputs = judge(text, json!({}), &bad).remove(0).unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].effect, Effect::Deny);
    assert_eq!(outputs[0].value, json!({"msg": "may run as root: proxy", "path": "/asset/podSpec"}));
    assert_eq!((outputs[0].location.file.as_str(), outputs[0].location.line), ("policy.yaml", 15));
    let good = review(json!({"containers": [{"name": "app"}], "securityContext": {"runAsNonRoot": true}}));
    assert_eq!(judge(text, json!({}), &good).remove(0).unwrap(), []);
    let policy = &bundle(text, json!({})).unwrap().cel[0];
    assert!(policy.rules[0].metadata.waivable);
    assert_eq!(policy.rules[0].metadata.title.as_deref(), Some("Pods run without privileges"));
    assert_eq!(policy.rules[0].metadata.applies, policy.metadata.applies);
}

fn policy(spec: &str) -> String {
    format!("apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: a}}\nspec:\n{spec}")
}

#[test]
fn a_match_that_is_false_says_nothing_and_one_that_fails_fails_each_rule() {
    let rules = "\n  rules:\n    - {id: b, effect: deny, message: no, expression: 'false'}\n    - {id: c, effect: warn, message: no, expression: 'false'}\n";
    let review = review(json!({}));
    for result in judge(&policy(&format!("  match: 'false'{rules}")), json!({}), &review) {
        assert_eq!(result.unwrap(), []);
    }
    for result in judge(&policy(&format!("  match: input.nothing{rules}")), json!({}), &review) {
        assert_eq!(result.unwrap_err().message, "`match`: no such key `nothing`");
    }
    for result in judge(&policy(&format!("  match: '1'{rules}")), json!({}), &review) {
        assert_eq!(result.unwrap_err().message, "`match`: the expression gives a number, not true or false");
    }
    for result in judge(&policy(&format!("  match: 'true'{rules}")), json!({}), &review) {
        assert_eq!(result.unwrap().len(), 1);
    }
}

#[test]
fn a_message_that_cannot_be_worked_out_never_hides_the_finding() {
    let text = policy(concat!(
        "  rules:\n",
        "    - {id: b, effect: deny, message: plain, messageExpression: input.nothing, expression: 'false'}\n",
        "    - {id: c, effect: deny, title: The title, messageExpression: '1', expression: 'false'}\n",
        "    - {id: d, effect: deny, messageExpression: \"''\", expression: 'false'}\n",
    ));
    let messages: Vec<_> = judge(&text, json!({}), &review(json!({})))
        .into_iter()
        .map(|result| result.unwrap().remove(0).value["msg"].clone())
        .collect();
    assert_eq!(messages, ["plain", "The title", "`a.d` does not hold"]);
}

#[test]
fn obligations_actions_and_holds_give_their_values() {
    let text = policy(concat!(
        "  rules:\n",
        "    - {id: b, effect: oblige, when: 'true', value: {kind: canary, minutes: 10}}\n",
        "    - {id: c, effect: action, when: 'true', valueExpression: \"{'kind': 'registry.tag/v1', 'with': {'at': now, 'n': size(data.settings.names)}}\"}\n",
        "    - {id: d, effect: oblige, when: 'false', value: {kind: canary}}\n",
        "    - {id: e, effect: hold, message: wait, expression: 'false', untilExpression: \"now + duration('1h')\", needs: {approval: {role: lead, count: 2}}}\n",
        "    - {id: f, effect: hold, message: wait, expression: 'false', until: 2026-12-01T00:00:00Z, needsExpression: \"{'evidence': 'scans'}\"}\n",
        "    - {id: g, effect: oblige, when: 'true', valueExpression: '[1]'}\n",
        "    - {id: h, effect: hold, message: wait, expression: 'false', needsExpression: \"{'a': 1}\"}\n",
        "    - {id: i, effect: oblige, when: 'input', value: {kind: canary}}\n",
        "    - {id: j, effect: action, when: 'true', valueExpression: \"{'n': 9007199254740993}\"}\n",
    ));
    let data = json!({"settings": {"names": ["a", "b"]}});
    let results = judge(&text, data, &review(json!({})));
    let value = |at: usize| results[at].as_ref().unwrap()[0].value.clone();
    assert_eq!(value(0), json!({"kind": "canary", "minutes": 10}));
    assert_eq!(value(1), json!({"kind": "registry.tag/v1", "with": {"at": "2026-11-23T10:15:00Z", "n": 2}}));
    assert_eq!(results[2].as_ref().unwrap(), &[]);
    assert_eq!(
        value(3),
        json!({"msg": "wait", "until": "2026-11-23T11:15:00Z", "needs": {"approval": {"role": "lead", "count": 2}}})
    );
    assert_eq!(
        value(4),
        json!({"msg": "wait", "until": "2026-12-01T00:00:00Z", "needs": {"evidence": "scans"}})
    );
    let message = |at: usize| results[at].as_ref().unwrap_err().message.clone();
    assert_eq!(message(5), "`value` is not an object");
    assert_eq!(message(6), "`needsExpression` does not give what can end a hold");
    assert_eq!(message(7), "the expression gives a mapping, not true or false");
    assert!(message(8).contains("2^53"), "{}", message(8));
}

#[test]
fn for_each_judges_each_element_by_itself() {
    let text = policy(concat!(
        "  variables:\n    - {name: bad, expression: \"'proxy'\"}\n",
        "  rules:\n",
        "    - id: b\n",
        "      effect: deny\n",
        "      forEach: {in: input.asset.podSpec.containers, as: c}\n",
        "      expression: c.name != variables.bad\n",
        "      messageExpression: \"'no ' + c.name\"\n",
        "      pathExpression: \"'/asset/podSpec/' + c.name\"\n",
    ));
    let review = review(json!({"containers": [{"name": "proxy"}, {"name": "app"}, {"name": "proxy"}]}));
    let outputs = judge(&text, json!({}), &review).remove(0).unwrap();
    assert_eq!(outputs.len(), 2);
    assert_eq!(outputs[0].value, json!({"msg": "no proxy", "path": "/asset/podSpec/proxy"}));
}

#[test]
fn variables_are_lazy_shared_and_their_errors_are_named() {
    let text = policy(concat!(
        "  variables:\n",
        "    - {name: broken, expression: input.nothing}\n",
        "    - {name: next, expression: variables.broken + 1}\n",
        "  rules:\n",
        "    - {id: b, effect: deny, message: no, expression: 'true || variables.broken == 1'}\n",
        "    - {id: c, effect: deny, message: no, expression: variables.next == 1}\n",
    ));
    let results = judge(&text, json!({}), &review(json!({})));
    assert_eq!(results[0].as_ref().unwrap(), &[]);
    let message = &results[1].as_ref().unwrap_err().message;
    assert_eq!(message, "variable `next`: variable `broken`: no such key `nothing`");
}

#[test]
fn a_rule_pays_for_its_variables_in_whatever_order_rules_are_judged() {
    let text = policy(concat!(
        "  variables:\n",
        "    - {name: list, expression: lists.range(2000)}\n",
        "    - {name: sum, expression: 'variables.list.map(i, i + 1)'}\n",
        "  rules:\n",
        "    - {id: b, effect: deny, message: no, expression: size(variables.sum) == 2000}\n",
        "    - {id: c, effect: deny, message: no, expression: size(variables.list) + size(variables.sum) == 4000}\n",
    ));
    let bundle = bundle(&text, json!({})).unwrap_or_else(|errors| panic!("{}", show(&errors)));
    let mut outcomes = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let mut least = [0_u64; 2];
        for (rule, least) in least.iter_mut().enumerate() {
            // The smallest limit under which the rule can be judged.
            let passes = |steps: u64| {
                let limits = Limits { steps, millis: 60_000, ..Limits::default() };
                let compiled = Cel.compile(&bundle, limits).unwrap();
                let mut session = compiled.session();
                session.load(&review(json!({})), crate::model::rule::View::Review).unwrap();
                order
                    .map(|at| (at, session.judge(at).map(Option::unwrap_or_default)))
                    .into_iter()
                    .any(|(at, result)| at == rule && result.is_ok())
            };
            let (mut low, mut high) = (0_u64, 2_000_000_u64);
            while low < high {
                let middle = (low + high) / 2;
                if passes(middle) { high = middle } else { low = middle + 1 }
            }
            *least = low;
        }
        outcomes.push(least);
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert!(outcomes[0][0] > 2_000, "{outcomes:?}");
}

/// What a variable or the element of `forEach` holds may be optional, which their names do not show.
#[test]
fn optional_values_of_variables_and_elements_are_asked_in_the_same_way() {
    let text = policy(concat!(
        "  variables:\n",
        "    - {name: pod, expression: 'input.asset.?podSpec'}\n",
        "    - {name: pods, expression: '[variables.pod]'}\n",
        "  rules:\n",
        "    - {id: b, effect: deny, message: no, expression: variables.pod.containers.name.orValue(true)}\n",
        "    - {id: c, effect: deny, message: no, expression: variables.pod.gone.orValue(true)}\n",
        "    - {id: d, effect: deny, message: no, expression: 'variables.pods.all(p, p.containers.name.orValue(true))'}\n",
        "    - {id: e, effect: deny, message: no, forEach: {in: variables.pods, as: p}, expression: p.containers.name.orValue(true)}\n",
        "    - {id: f, effect: deny, message: no, forEach: {in: '[input.asset.?podSpec]', as: p}, expression: p.containers.name.orValue(true)}\n",
    ));
    let results = judge(&text, json!({}), &review(json!({"containers": [{"name": "app"}]})));
    for (at, result) in results.into_iter().enumerate() {
        match at {
            1 => assert_eq!(result, Ok(vec![])),
            _ => assert_eq!(result.unwrap_err().message, "a list cannot be indexed with text", "{at}"),
        }
    }
}

/// The page lists every function, and what it says of each difference from cel-go is so.
#[test]
fn the_page_says_what_expressions_do() {
    let page = include_str!("../../../../docs/reference/cel.md");
    for function in functions::FUNCTIONS {
        let name = match function.name {
            "math.@max" => "math.greatest",
            "math.@min" => "math.least",
            "@sortByAssociatedKeys" => "sortBy",
            name => name,
        };
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/reference/cel.md");
    }
    for name in functions::MACROS {
        assert!(page.contains(&format!("{name}`")), "{name} is not in docs/reference/cel.md");
    }
    let mut rows = 0;
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (expression, rest) = row.split_once("` | ").unwrap();
        match rest.split(" | ").next().unwrap() {
            "an error" => assert!(holds(expression).is_err(), "{expression}"),
            "true" => assert_eq!(holds(expression), Ok(true), "{expression}"),
            "does not load" => assert_ne!(refusal(expression), "", "{expression}"),
            other => panic!("{other}"),
        }
        rows += 1;
    }
    assert!(rows > 8, "{rows}");
}
