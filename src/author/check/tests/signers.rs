//! Patterns of identities: which are anchored, and which others fit too.

use super::*;

#[test]
fn every_way_through_a_pattern_is_anchored() {
    let rule = |condition: &str| {
        in_rego(&format!(
            "deny contains \"x\" if {{\n\tsome s in input.artifacts[_].signatures\n\ts.issuer == \"https://i\"\n\tid := s.identity\n\tid != \"\"\n\t{condition}\n}}"
        ))
    };
    for condition in [
        r"regex.match(`\Ahttps://github\.com/corp/.*\z`, s.identity)",
        "regex.match(`^(?:a|b)@example\\.com$`, id)",
        "regex.match(`(^a@b$)|(^c@d$)`, id)",
        "glob.match(\"https://github.com/corp/*\", [], id)",
        "glob.match(\"https://github.com/corp/app-*\", [\"/\"], id)",
        "glob.match(\"*@example.com\", [], id)",
        "strings.any_prefix_match(id, {\"https://github.com/corp/\"})",
    ] {
        assert_eq!(rule(condition), Vec::<String>::new(), "{condition}");
    }
    for (condition, text) in [
        (
            "regex.match(`^https://github.com/corp/|corp.com$`, s.identity)",
            "^https://github.com/corp/|corp.com$",
        ),
        ("regex.match(`(?m)^a@b$`, id)", "(?m)^a@b$"),
        ("glob.match(\"https://github.com/corp*\", [], s.identity)", "https://github.com/corp*"),
        ("glob.match(\"*example.com\", [], id)", "*example.com"),
        ("strings.any_prefix_match(s.identity, {\"https://github.com/corp\"})", "https://github.com/corp"),
        ("strings.any_suffix_match(id, [\"example.com\"])", "example.com"),
        ("startswith(id, \"https://github.com/corp\")", "https://github.com/corp"),
    ] {
        one(&rule(condition), &format!("identity.unanchored `{text}`"), "");
    }
}
