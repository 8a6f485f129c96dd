//! What findings in Rego say.

use super::*;

#[test]
fn a_finding_says_what_findings_can_say() {
    for (head, begins, says) in [
        ("deny contains {\"mesage\": \"b\"}", "finding.invalid `{", "has no `msg`"),
        (
            "deny contains {\"msg\": \"c\", \"severity\": \"Critical\"}",
            "finding.invalid `Critical`",
            "did you mean `critical`?",
        ),
        (
            "deny contains {\"msg\": \"c\", \"path\": \"/chnge/ticket\"}",
            "finding.invalid `/chnge/ticket`",
            "did you mean `input.change`?",
        ),
        ("deny contains {\"msg\": \"c\", \"until\": \"x\"}", "finding.invalid `{", "only a hold has `until`"),
        (
            "hold contains {\"msg\": \"c\", \"needs\": {\"approval\": {\"rol\": \"dba\"}}}",
            "finding.invalid `{",
            "an approval has no `rol`: did you mean `role`?",
        ),
        (
            "hold contains {\"msg\": \"c\", \"needs\": {\"any\": [{\"aproval\": {\"role\": \"dba\"}}]}}",
            "finding.invalid `{",
            "did you mean `approval`?",
        ),
        ("oblige contains {\"kind\": \"canry\", \"with\": {}}", "finding.invalid `canry`", "`canary`?"),
        (
            "hold contains {\"msg\": \"a\", \"need\": {\"approval\": {\"role\": \"dba\"}}}",
            "hold.endless `{",
            "did you mean `needs`, not `need`?",
        ),
    ] {
        one(&in_rego(&format!("{head} if input.change.ticket == \"x\"")), begins, says);
    }
    for body in [
        "hold contains f if { input.change.ticket; f := {\"msg\": \"a\", \"untl\": \"x\"} }",
        "deny contains f if { input.change.ticket; f := {\"message\": \"a\"} }",
    ] {
        assert_eq!(in_rego(body).len(), 1, "{body}: {:?}", in_rego(body));
    }
}

#[test]
fn of_what_is_not_whole_nothing_is_missed() {
    for body in [
        "hold contains f if some f in all\nall contains {\"msg\": \"a\", \"until\": \"2026-01-01T00:00:00Z\"} if input.change.ticket\nall contains {\"msg\": \"b\", \"needs\": {\"evidence\": \"scans\"}} if input.change.author",
        "hold contains object.union({\"msg\": \"a\"}, {\"until\": \"2026-01-01T00:00:00Z\"}) if input.change.ticket",
        "deny contains {\"msg\": \"a\", \"own\": 1, \"path\": \"/artifacts/0/digest\"} if input.change.ticket",
        "deny contains {\"msg\": \"a\", \"path\": sprintf(\"/artifacts/%d\", [1])} if input.change.ticket",
        "deny contains {\"msg\": \"a\", \"path\": \"/asset/object/spec/any/0\"} if input.change.ticket",
        "hold contains {\"msg\": \"a\", \"needs\": {\"all\": [{\"evidence\": \"scans\"}, {\"approval\": {\"role\": \"dba\"}}]}} if input.change.ticket",
        "deny contains \"x\" if input.change.ticket",
        // It may wait for another state of things.
        "hold contains {\"msg\": \"a\"} if input.context.inFlight > 3",
    ] {
        assert_eq!(in_rego(body), Vec::<String>::new(), "{body}");
    }
}
