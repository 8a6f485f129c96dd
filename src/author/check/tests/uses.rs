//! What is used by a name that is worked out, and what is the same but for white space.

use super::*;

#[test]
fn a_table_is_used_by_whoever_looks_something_up_in_it() {
    let table = "rank.high := 1\n\nrank.low := 2";
    for body in [
        "deny contains \"x\" if rank[input.change.author.id] > 1",
        "deny contains \"x\" if { r := rank; r.high > 1 }",
        "deny contains \"x\" if object.get(rank, \"high\", 0) > 1",
        "deny contains \"x\" if rank == {\"high\": 1}",
    ] {
        assert_eq!(in_rego(&format!("{body}\n\n{table}")), Vec::<String>::new(), "{body}");
    }
    // The one that is named is the one that is used.
    one(
        &in_rego(&format!("deny contains \"x\" if rank.high > 1\n\n{table}")),
        "function.unused `rank.low`",
        "",
    );
}

#[test]
fn white_space_in_a_text_is_part_of_it() {
    for body in [
        "deny contains \"a b\" if input.change.ticket\n\ndeny contains \"a  b\" if input.change.ticket",
        "deny contains \"x\" if input.change.ticket == \"a b\"\n\ndeny contains \"x\" if input.change.ticket == \"a  b\"",
        "deny contains \"x\" if \"a b\" == input.change.ticket\n\ndeny contains \"x\" if \"a  b\" == input.change.ticket",
    ] {
        assert_eq!(in_rego(body), Vec::<String>::new(), "{body}");
    }
    // Elsewhere it is none, nor are comments.
    let body = "deny contains \"x\" if input.change.ticket == \"a\"\n\ndeny contains \"x\" if {\n\tinput.change.ticket   == # a \"b\n\t\t\"a\"\n}";
    one(&in_rego(body), "rule.repeated", "is the same as that of");
}
