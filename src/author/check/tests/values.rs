//! What stands in where a member is not there.

use super::*;

#[test]
fn a_default_is_a_word_that_may_be_met() {
    for body in [
        "deny contains \"x\" if object.get(input.change, \"updateType\", \"\") == \"\"",
        "deny contains \"x\" if kind in {\"none\", \"major\"}\nkind := object.get(input.change, \"updateType\", \"none\")",
        "deny contains \"x\" if kind == \"none\"\ndefault kind := \"none\"\nkind := input.change.updateType",
    ] {
        assert_eq!(in_rego(body), Vec::<String>::new(), "{body}");
    }
    for expression in [
        "input.change.?updateType.orValue('') != ''",
        "input.change.?updateType.orValue('') in ['', 'major']",
        "input.change.to.?digest.orValue('none') != 'none'",
        "(has(input.change.updateType) ? input.change.updateType : 'none') != 'none'",
    ] {
        assert_eq!(in_cel(expression), Vec::<String>::new(), "{expression}");
    }
    // And the words of the member are still those that it can be.
    one(
        &in_rego("deny contains \"x\" if object.get(input.change, \"updateType\", \"unknown\") == \"majr\""),
        "value.unknown `majr`",
        "`major`",
    );
    one(&in_cel("input.change.?updateType.orValue('unknown') == 'majr'"), "value.unknown `majr`", "`major`");
    one(&in_cel("input.change.to.?digest.orValue('none') != '1.2'"), "image.tag `1.2`", "is not a digest");
}
