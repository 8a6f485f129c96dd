//! What is refused when a policy is loaded, and how it is said.

use super::refusal;

#[test]
fn names_that_are_not_there() {
    for expression in [
        "inptu.change.id == 'a'",
        "variables.two == 1",
        "variables.onee == 1",
        "one == 1",
        "variables == 1",
        "variables.?one.orValue(1) == 1",
        "[1].all(x, y > 1)",
        "[1].all(input, input > 1)",
        "[1].al(x, x > 1)",
        "[1].all(x)",
        "sizes([1]) == 1",
        "'a'.starsWith('a')",
        "'a'.startsWith('a', 'b')",
        "contains('a', 'b')",
        "'a'.matches('(')",
        "math.great(1, 2) == 2",
        "Foo{a: 1} == 1",
    ] {
        let text = refusal(expression);
        insta::allow_duplicates! { assert!(text.contains("[policy.invalid]"), "{expression}: {text}"); }
        println!("{expression}\n  {text}");
    }
}

#[test]
fn syntax_errors() {
    for expression in
        ["1 +", "(1", "1 1", "a ==", "'a", "input.change.id = 'a'", "input..a", "[1,,2]", "#", "a ? b", ""]
    {
        println!("{expression}\n  {}", refusal(expression));
    }
}
