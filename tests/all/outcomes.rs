//! The table of outcomes: every row, whatever fails and whatever is accepted, and through the command.

use weighlock::decide::outcome::{FailOn, Outcome, exit, of};
use weighlock::model::decision::{Decision, Verdict};
use weighlock::model::finding::Effect;

use super::support::Folder;

/// A decision as it might be written, as the smallest text that reads as one.
fn decision(verdict: &str, indeterminate: bool, warns: bool, obliged: bool) -> Decision {
    let digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let finding = serde_json::json!({"rule": "r", "effect": "warn", "severity": "low", "message": "m"});
    let obligation = serde_json::json!({"kind": "canary", "with": {}, "rules": ["r"]});
    serde_json::from_value(serde_json::json!({
        "id": digest,
        "change": {"id": "c", "kind": "config", "digest": digest},
        "verdict": verdict, "indeterminate": indeterminate, "asserted": false, "simulated": false,
        "replayable": true,
        "findings": if warns { vec![finding] } else { Vec::new() },
        "obligations": if obliged { vec![obligation] } else { Vec::new() },
        "actions": [], "missing": [], "unknown": [],
        "governance": {"approvals": [], "waivers": [], "overrides": [], "rejected": [], "digest": digest},
        "digests": {"review": digest, "bundle": digest, "data": digest, "engine": "e"},
    }))
    .unwrap()
}

#[test]
fn every_row_for_every_flag() {
    use FailOn::{Deny, Hold, Warn};
    use Outcome as O;
    // Verdict, indeterminate, warns, obliged, planned: the row, then the exit code for
    // warn, hold and deny, each without and with accepted obligations.
    type Row = (&'static str, bool, bool, bool, bool, Outcome, [u8; 6]);
    let rows: &[Row] = &[
        ("allow", false, false, false, true, O::Allow, [0, 0, 0, 0, 0, 0]),
        ("allow", false, true, false, true, O::Allow, [11, 11, 0, 0, 0, 0]),
        ("allow", false, false, true, true, O::AllowWithObligations, [11, 0, 11, 0, 0, 0]),
        ("allow", false, true, true, true, O::AllowWithObligations, [11, 11, 11, 0, 0, 0]),
        ("allow", false, false, true, false, O::Indeterminate, [13; 6]),
        ("hold", false, false, false, true, O::Hold, [11, 11, 11, 11, 0, 0]),
        ("hold", false, true, true, false, O::Hold, [11, 11, 11, 11, 11, 11]),
        ("deny", false, false, false, true, O::Deny, [10; 6]),
        ("deny", false, true, true, false, O::Deny, [10; 6]),
        ("deny", true, false, false, true, O::Indeterminate, [13; 6]),
    ];
    for (verdict, indeterminate, warns, obliged, planned, row, codes) in rows {
        let decision = decision(verdict, *indeterminate, *warns, *obliged);
        assert_eq!(of(&decision, *planned), *row);
        let flags = [(Warn, false), (Warn, true), (Hold, false), (Hold, true), (Deny, false), (Deny, true)];
        for ((fail_on, accept), code) in flags.into_iter().zip(codes) {
            // `--fail-on deny` is about holds too.
            let code = if *row == O::Hold && fail_on == Deny { 0 } else { *code };
            let found = exit([(&decision, *planned)], fail_on, accept);
            assert_eq!(
                found, code,
                "{verdict} {indeterminate} {warns} {obliged} {planned} {fail_on:?} {accept}"
            );
        }
    }
}

#[test]
fn of_several_changes_the_worst_counts_in_any_order() {
    let allow = decision("allow", false, false, false);
    let obliged = decision("allow", false, false, true);
    let hold = decision("hold", false, false, false);
    let unjudged = decision("deny", true, false, false);
    let deny = decision("deny", false, false, false);
    let ladder = [&allow, &obliged, &hold, &unjudged, &deny];
    for (i, worst) in ladder.iter().enumerate() {
        let expected = of(worst, true).row().exit;
        let forth: Vec<_> = ladder[..=i].iter().map(|d| (*d, true)).collect();
        let back: Vec<_> = forth.iter().rev().copied().collect();
        assert_eq!(exit(forth, FailOn::Hold, false), expected);
        assert_eq!(exit(back, FailOn::Hold, false), expected);
    }
    assert_eq!(exit([], FailOn::Warn, false), 0);
    assert_eq!(Verdict::Hold.max(Verdict::Deny), Verdict::Deny);
    assert_eq!(Effect::Indeterminate.as_str(), "indeterminate");
}

const POLICY: &str = r#"package p

deny contains "no" if input.change.id == "deny"

hold contains "wait" if input.change.id == "hold"

warn contains "mind" if input.change.id == "warn"

oblige contains {"kind": "canary", "with": {"trafficPercent": 5}} if input.change.id == "oblige"

deny contains "broken" if {
	input.change.id == "fail"
	to_number("x") > 1
}
"#;

fn input(ids: &[&str]) -> String {
    let changes: Vec<String> =
        ids.iter().map(|id| format!("{{id: {id}, kind: config, asset: a, author: {{id: dev}}}}")).collect();
    format!(
        "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{{id: a, kind: workload}}]\nchanges: [{}]\n",
        changes.join(", ")
    )
}

#[test]
fn the_command_exits_by_the_table() {
    let folder = Folder::with(&[("p.rego", POLICY)]);
    for (ids, flags, code) in [
        (&["allow"][..], "", 0),
        (&["warn"], "", 0),
        (&["warn"], "--fail-on warn", 11),
        (&["hold"], "", 11),
        (&["hold"], "--fail-on deny", 0),
        (&["deny"], "", 10),
        (&["deny"], "--fail-on deny --accept-obligations", 10),
        (&["fail"], "", 13),
        (&["fail"], "--fail-on deny --accept-obligations", 13),
        // Nothing in the plan discharges it, and so it cannot be carried out as it must be.
        (&["oblige"], "", 13),
        (&["allow", "hold", "deny", "fail"], "", 10),
        (&["allow", "hold", "fail"], "", 13),
        (&["allow", "hold"], "", 11),
        (&["nothing-of-the-kind"], "--nonsense", 2),
    ] {
        folder.write("in.yaml", input(ids));
        let ran = folder.run(&format!("evaluate in.yaml -p p.rego {flags}"));
        assert_eq!(ran.code, code, "{ids:?} {flags}: {ran:?}");
    }
    assert_eq!(folder.run("evaluate missing.yaml -p p.rego").code, 2);
    assert_eq!(folder.run("").code, 2);
    assert_eq!(folder.run("--help").code, 0);
    assert_eq!(folder.run("evaluate --help").code, 0);
}

/// What a rule about other objects leaves unsaid is not said by it, and what only adds to a plan judges
/// nothing.
#[test]
fn a_rule_about_something_else_has_not_judged() {
    let cel = |of: &str| {
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: house, title: t}}\nspec:\n  {of}\n  rules:\n    - {{id: team, effect: deny, expression: \"has(input.asset.object.metadata.labels)\", message: no team}}\n"
        )
    };
    let rego = "# METADATA\n# custom:\n#   applies: {objects: [Namespace]}\npackage house\n\ndeny contains \"no team\" if not input.asset.object.metadata.labels\n";
    let adds = "package adds\n\naction contains {\"id\": \"tell\", \"kind\": \"notify.webhook/v1\", \"with\": {\"to\": {\"env\": \"HOOK\"}}}\n";
    let folder = Folder::with(&[
        ("match.yaml", &cel("match: input.asset.object.kind == 'Namespace'")),
        ("applies.yaml", &cel("applies: {objects: [Namespace]}")),
        ("applies.rego", rego),
        ("adds.rego", adds),
    ]);
    let object = |kind: &str, labels: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: shop{labels}}}\n")
    };
    folder.write("role.yaml", object("ClusterRoleBinding", ""));
    folder.write("space.yaml", object("Namespace", ""));
    folder.write("labelled.yaml", object("Namespace", ", labels: {team: web}"));
    for policy in ["match.yaml", "applies.yaml", "applies.rego"] {
        for (object, code) in [("role.yaml", 13), ("space.yaml", 10), ("labelled.yaml", 0)] {
            let report = folder.report(&format!("{object} -p {policy}"));
            assert_eq!(report.code, code, "{policy} {object}: {report:?}");
        }
    }
    assert_eq!(folder.report("labelled.yaml -p adds.rego").code, 13);
    assert_eq!(folder.report("labelled.yaml -p adds.rego -p match.yaml").code, 0);
}

#[test]
fn a_connection_is_not_about_a_pod() {
    let folder = Folder::with(&[(
        "in.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: pod}]\nchanges: [{id: c, kind: admission, asset: a, operation: CONNECT}]\n",
    )]);
    let ran = folder.run("evaluate in.yaml -p builtin:hardening");
    assert!(ran.code == 2 && ran.err.contains("the operation `CONNECT` does not fit `a`"), "{}", ran.err);
}
