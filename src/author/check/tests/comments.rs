//! Where comments speak, and where what looks like one is none.

use super::*;

const ALLOW: &str = "# weighlock: allow coverage.missing because others judge the rest\n";

#[test]
fn what_no_rule_judges_is_silenced_at_the_head_of_a_file() {
    let few = |text: String| text.replace("applies: {}", "applies: {kinds: [image]}");
    let text = few(rego("")).replace("description: B", "description: a package for this");
    for text in [
        format!("{ALLOW}{text}"),
        text.replace("package p\n", &format!("{ALLOW}package p\n")),
        format!("{ALLOW}{}", few(cel("1 < size(input.artifacts)"))),
    ] {
        let name = if text.contains("apiVersion") { "p.yaml" } else { "p.rego" };
        let checked = look(&[(name, &text)], &Operator::default());
        assert!(checked.problems.is_empty() && checked.silenced.len() == 1, "{text}\n{checked:#?}");
    }
}

#[test]
fn what_stands_in_a_text_silences_nothing() {
    let body = "deny contains text if input.change.tickt == \"a\"\n\ntext := `\n# weighlock: allow path.unknown because it is a text\npackage x\n`";
    one(&in_rego(body), "path.unknown `tickt`", "");
    let text = cel("input.change.tickt != 'a'").replace(
        "metadata: {id: c, title: A, description: B}",
        "metadata:\n  id: c\n  title: A\n  description: |\n    Write\n    # weighlock: allow path.unknown because it is a text\n    apiVersion: this is text too",
    );
    one(&found(&[("c.yaml", &text)], &Operator::default()), "path.unknown `tickt`", "");
    // Behind a text over lines, a comment is one.
    let text = text.replace("spec:\n", "# weighlock: allow path.unknown because it is an example\nspec:\n");
    let checked = look(&[("c.yaml", &text)], &Operator::default());
    assert!(checked.problems.is_empty() && checked.silenced.len() == 1, "{checked:#?}");
}

#[test]
fn a_comment_to_the_tool_says_what_can_be_said() {
    one(
        &in_rego("# weighlock: alow path.unknown because it is fine"),
        "silence.invalid `# weighlock: alow",
        "did you mean `allow`?",
    );
    // That one is for the cases.
    assert_eq!(in_rego("# weighlock: keep because of a reason"), Vec::<String>::new());
}
