//! What is refused when a policy is loaded, and how it is said.

use serde_json::json;

use super::{bundle, refusal, show};
use crate::engine::cel::Cel;
use crate::engine::{Engine as _, Limits};

#[test]
fn names_and_functions_that_are_not_there() {
    let refused: String = [
        "inptu.change.id == 'a'",
        "variables.two == 1",
        "variables.onee == 1",
        "one == 1",
        "variables == 1",
        "variables.?one.orValue(1) == 1",
        "variables['one'] == 1",
        "[1].all(x, y > 1)",
        "[1].all(x, x > 1) && x == 1",
        "[1].all(input, input > 1)",
        "optional.of(1).optMap(data, data).hasValue()",
        "[1].al(x, x > 1)",
        "[1].all(x)",
        "sizes([1]) == 1",
        "'a'.starsWith('a')",
        "'a'.startsWith('a', 'b')",
        "contains('a', 'b')",
        "'a'.matches('(')",
        "math.great(1, 2) == 2",
        "math.round(1.5, 2) == 2",
        "Foo{a: 1} == 1",
        "http.send({}) == 1",
    ]
    .into_iter()
    .map(refusal)
    .collect();
    insta::assert_snapshot!(refused, @r#"
policy.yaml:8:55: `inptu` is not known [policy.invalid] | inptu | did you mean `input`?
policy.yaml:8:65: there is no variable `two` [policy.invalid] | two | define it under `variables`
policy.yaml:8:65: there is no variable `onee` [policy.invalid] | onee | did you mean `one`?
policy.yaml:8:55: `one` is not known [policy.invalid] | one | did you mean `variables.one`?
policy.yaml:8:55: `variables` is not a value by itself [policy.invalid] | variables | write `variables.` and the name of one
policy.yaml:8:55: `variables` is not a value by itself [policy.invalid] | variables | write `variables.` and the name of one
policy.yaml:8:55: `variables` is not a value by itself [policy.invalid] | variables | write `variables.` and the name of one
policy.yaml:8:66: `y` is not known [policy.invalid] | y | known: `input`, `data`, `variables` and `now`
policy.yaml:8:76: `x` is not known [policy.invalid] | x | known: `input`, `data`, `variables` and `now`
policy.yaml:8:63: `input` is taken and cannot name an element [policy.invalid] | input | choose another name
policy.yaml:8:77: `data` is taken and cannot name an element [policy.invalid] | data | choose another name
policy.yaml:8:59: there is no function `al` [policy.invalid] | al | did you mean `all`?
policy.yaml:8:59: `all` cannot be called like this [policy.invalid] | all | write `list.all(item, condition)`
policy.yaml:8:55: there is no function `sizes` [policy.invalid] | sizes | did you mean `size`?
policy.yaml:8:59: there is no function `starsWith` [policy.invalid] | starsWith | did you mean `startsWith`?
policy.yaml:8:59: `startsWith` takes 1 argument, not 2 [policy.invalid] | startsWith | 
policy.yaml:8:55: there is no function `contains` [policy.invalid] | contains | write `value.contains(…)`
policy.yaml:8:59: `matches`: the pattern is not a regular expression [policy.invalid] | matches | see the syntax of RE2, and keep repetitions small
policy.yaml:8:60: there is no function `great` [policy.invalid] | great | 
policy.yaml:8:60: `round` takes 1 argument, not 2 [policy.invalid] | round | 
policy.yaml:8:55: `Foo` cannot be built [policy.invalid] | Foo | write a mapping: `{'key': value}`
policy.yaml:8:60: there is no function `send` [policy.invalid] | send |
"#);
}

#[test]
fn what_is_not_cel() {
    let refused: String = [
        "1 +",
        "(1",
        "1 1",
        "a ==",
        "'a",
        "input.change.id = 'a'",
        "input..a",
        "[1,,2]",
        "#",
        "a ? b",
        "",
        "has(1)",
        "[1].all(1, true)",
    ]
    .into_iter()
    .map(refusal)
    .collect();
    insta::assert_snapshot!(refused, @r#"
policy.yaml:8:58: the expression ends too early [policy.invalid] | " | is something missing at its end?
policy.yaml:8:57: the expression ends too early [policy.invalid] | " | is something missing at its end?
policy.yaml:8:57: unexpected `1` [policy.invalid] | 1 | see the language definition of CEL
policy.yaml:8:59: the expression ends too early [policy.invalid] | " | is something missing at its end?
policy.yaml:8:55: a text is not closed [policy.invalid] | ' | add the quote that closes it
policy.yaml:8:71: `=` is not an operator [policy.invalid] | = | compare with `==`
policy.yaml:8:61: unexpected `..` [policy.invalid] | . | see the language definition of CEL
policy.yaml:8:58: unexpected `,` [policy.invalid] | , | see the language definition of CEL
policy.yaml:8:55: `#` cannot stand in an expression [policy.invalid] | # | see the language definition of CEL
policy.yaml:8:60: the expression ends too early [policy.invalid] | " | is something missing at its end?
policy.yaml:8:55: the expression ends too early [policy.invalid] | " | is something missing at its end?
policy.yaml:8:59: `has` asks for a member [policy.invalid] | 1 | write `has(value.member)`
policy.yaml:8:63: this must be a name for an element [policy.invalid] | 1 | write `list.all(item, condition)`
"#);
}

/// The place is right however the expression is written.
#[test]
fn the_caret_stands_under_the_fault() {
    let text = r#"apiVersion: weighlock.dev/v1
kind: Policy
metadata: {id: a}
spec:
  match: has(inptu.asset)
  variables:
    - name: early
      expression: variables.late
    - {name: late, expression: "'ü' + oops"}
  rules:
    - id: block
      effect: deny
      message: no
      expression: |
        true &&
          input.change.id.foo(1)
    - id: folded
      effect: deny
      message: no
      expression: >
        true &&
        missing
    - id: quoted
      effect: deny
      messageExpression: 'nobody'
      expression: 'variables.lat == ''a'''
"#;
    let errors =
        bundle(text, json!({})).and_then(|bundle| Cel.compile(&bundle, Limits::default())).err().unwrap();
    insta::assert_snapshot!(show(&errors), @r#"
policy.yaml:8:29: the variable `late` is not defined yet [policy.invalid] | late | a variable can use those that stand before it
policy.yaml:9:39: `oops` is not known [policy.invalid] | oops | known: `input`, `data`, `variables` and `now`
policy.yaml:5:14: `inptu` is not known [policy.invalid] | inptu | did you mean `input`?
policy.yaml:16:27: there is no function `foo` [policy.invalid] | foo | 
policy.yaml:22:9: `missing` is not known [policy.invalid] | missing | known: `input`, `data`, `variables` and `now`
policy.yaml:26:30: there is no variable `lat` [policy.invalid] | lat | did you mean `late`?
policy.yaml:25:27: `nobody` is not known [policy.invalid] | nobody | known: `input`, `data`, `variables` and `now`
"#);
}
