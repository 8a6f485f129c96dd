//! Enforcement as an operator sets it: by rule, cluster, environment and time.

use super::support::{Folder, findings, verdict};

const POLICY: &str = "package p.a\n\ndeny contains \"no\"\n";
const OTHER: &str = "package p.b\n\nhold contains \"wait\"\n";
const INPUT: &str = "apiVersion: weighlock.dev/v1\nkind: Input
inventory: [{id: one, kind: workload, cluster: east-1, environment: production}, {id: two, kind: workload, cluster: west-1, environment: dev}, {id: none, kind: workload}]
changes:
  - {id: one, kind: config, asset: one, author: {id: dev}}
  - {id: two, kind: config, asset: two, author: {id: dev}}
  - {id: none, kind: config, asset: none, author: {id: dev}}\n";

fn folder(enforcement: &str) -> Folder {
    let config = format!(
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [policies]\nenforcement:\n{enforcement}"
    );
    Folder::with(&[
        ("policies/a.rego", POLICY),
        ("policies/b.rego", OTHER),
        ("in/in.yaml", INPUT),
        ("weighlock.yaml", &config),
    ])
}

/// The verdicts about the change in the east, the west, and nowhere.
fn verdicts(enforcement: &str) -> [String; 3] {
    let folder = folder(enforcement);
    let report = folder.report("in --now 2026-11-20T12:00:00Z");
    ["one", "two", "none"].map(|id| verdict(report.decision(id)).to_owned())
}

#[test]
fn modes_count_where_and_when_they_are_meant_to() {
    let rows = [
        ("  []", ["deny", "deny", "deny"]),
        ("  - {rules: [p.a], mode: off}", ["hold", "hold", "hold"]),
        ("  - {rules: ['p.*'], mode: warn}", ["allow", "allow", "allow"]),
        // A place that nobody named is no place for which something was relaxed.
        ("  - {rules: ['*'], clusters: ['west-*'], mode: warn}", ["deny", "allow", "deny"]),
        ("  - {rules: ['*'], clusters: ['*'], mode: warn}", ["allow", "allow", "allow"]),
        ("  - {rules: ['*'], environments: [dev], mode: warn}", ["deny", "allow", "deny"]),
        (
            "  - {rules: ['*'], environments: [dev], clusters: ['east-*'], mode: warn}",
            ["deny", "deny", "deny"],
        ),
        // The last entry that matches decides.
        (
            "  - {rules: ['*'], mode: warn}\n  - {rules: [p.a], environments: [production], mode: enforce}",
            ["deny", "allow", "allow"],
        ),
        // Since when, and until when: the start counts, the end does not.
        ("  - {rules: ['*'], mode: warn, until: 2026-11-20T12:00:00Z}", ["deny", "deny", "deny"]),
        ("  - {rules: ['*'], mode: warn, until: 2026-11-20T12:00:01Z}", ["allow", "allow", "allow"]),
        ("  - {rules: ['*'], mode: warn, from: 2026-11-20T12:00:00Z}", ["allow", "allow", "allow"]),
        ("  - {rules: ['*'], mode: warn, from: 2026-11-20T12:00:01Z}", ["deny", "deny", "deny"]),
        // With every rule off nobody has looked.
        ("  - {rules: ['*'], mode: off}", ["indeterminate", "indeterminate", "indeterminate"]),
        ("  - {rules: ['*'], environments: [dev], mode: off}", ["deny", "indeterminate", "deny"]),
        ("  - {rules: ['p'], mode: off}", ["deny", "deny", "deny"]),
    ];
    for (enforcement, expected) in rows {
        assert_eq!(verdicts(&format!("{enforcement}\n")), expected, "{enforcement}");
    }
}

#[test]
fn a_warning_says_what_it_was() {
    let folder = folder("  - {rules: ['*'], mode: warn}\n");
    let report = folder.report("in --change one");
    assert_eq!(report.code, 0);
    let decision = report.one();
    assert_eq!(findings(decision), ["warn p.a", "warn p.b"]);
    assert_eq!(decision["findings"][0]["enforcedFrom"], "deny");
    assert_eq!(decision["findings"][1]["enforcedFrom"], "hold");
    assert_eq!(folder.run("evaluate in --fail-on warn").code, 11);
    let text = folder.run("evaluate in --change one").out;
    assert!(text.contains("p.a") && text.contains("deny"), "{text}");
}

#[test]
fn rules_that_are_off_are_told_once_and_change_nothing() {
    let told = |enforcement: &str| {
        let report = folder(enforcement).report("in --now 2026-11-20T12:00:00Z");
        let found = report.report["findings"].as_array().unwrap().clone();
        found.iter().map(|f| f["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let by = "by the operator's enforcement of";
    let rows = [
        ("  - {rules: ['p.*'], mode: warn}\n", Vec::new()),
        ("  - {rules: ['p.*'], mode: off, until: 2026-11-20T12:00:00Z}\n", Vec::new()),
        ("  - {rules: ['p.*'], mode: off}\n  - {rules: ['*'], mode: enforce}\n", Vec::new()),
        (
            "  - {rules: [p.a], environments: [dev], mode: off}\n",
            vec![format!("1 rule is off for the change `two` {by} `p.a`")],
        ),
        (
            "  - {rules: ['p.*', p.b], mode: off}\n",
            vec![format!("2 rules are off for the changes `one`, `two`, `none` {by} `p.*`, `p.b`")],
        ),
    ];
    for (enforcement, expected) in rows {
        assert_eq!(told(enforcement), expected, "{enforcement}");
    }
    // A rule that does not speak about a change anyway is not missed there.
    let folder = folder("  - {rules: [p.a], mode: off}\n");
    let only = "# METADATA\n# custom:\n#   applies: {environments: [dev]}\n";
    folder.write("policies/a.rego", format!("{only}{POLICY}"));
    let report = folder.report("in");
    let found = &report.report["findings"];
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!((&found[0]["effect"], &found[0]["severity"]), (&"warn".into(), &"low".into()));
    // Where it cannot be told whether it does, it is.
    assert_eq!(found[0]["message"], format!("1 rule is off for the changes `two`, `none` {by} `p.a`"));
    let text = folder.run("evaluate in").out;
    assert_eq!(text.matches("1 rule is off for").count(), 1, "{text}");
}

#[test]
fn what_is_misspelled_is_an_error() {
    for (enforcement, said) in [
        ("  - {rules: ['*'], mode: wran}", "did you mean `warn`?"),
        ("  - {rules: ['*'], mod: warn}", "did you mean `mode`?"),
        ("  - {rules: ['*'], mode: warn, cluster: [a]}", "did you mean `clusters`?"),
        ("  - {rules: ['[']  , mode: warn}", "is not a pattern"),
        ("  - {rules: ['*'], mode: warn, from: tomorrow}", "not a time"),
    ] {
        let ran = folder(&format!("{enforcement}\n")).run("evaluate in");
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains("weighlock.yaml:"), "{}", ran.err);
    }
}
