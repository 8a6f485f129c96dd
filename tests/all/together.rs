//! What goes on beside a change: the rest of its freight, and what is in flight where it goes.

use std::fmt::Write as _;

use serde_json::json;

use super::support::{Folder, INPUT, findings, verdict};

const RULES: &str = "package p

deny contains \"bad\" if input.change.ticket == \"bad\"

hold contains {\"msg\": \"people\", \"needs\": {\"approval\": {\"role\": \"lead\", \"count\": 1}}} if input.change.ticket == \"later\"
";

/// Promotions, each with its freight and whatever else is said of it.
fn promotions(all: &[(&str, &str, &str)]) -> String {
    let mut text = format!("{INPUT}inventory:\n");
    for (id, ..) in all {
        let asset = format!("id: {id}, kind: workload, application: app-{id}, environment: production");
        writeln!(text, "  - {{{asset}, images: [{{ref: r.example/{id}}}]}}").unwrap();
    }
    text.push_str("changes:\n");
    for (id, freight, more) in all {
        let freight = if freight.is_empty() { String::new() } else { format!(", freight: {freight}") };
        let promotion = format!("promotion: {{from: canary, to: production{freight}}}");
        let to = format!("to: {{version: v2, digest: \"sha256:{}\"}}", "a".repeat(64));
        writeln!(text, "  - {{id: {id}, kind: promotion, asset: {id}, {promotion}, {to}{more}}}").unwrap();
    }
    text
}

fn folder(all: &[(&str, &str, &str)]) -> Folder {
    Folder::with(&[("p.rego", RULES), ("in.yaml", &promotions(all))])
}

#[test]
fn what_is_promoted_together_goes_together() {
    let folder = folder(&[("a", "f", ""), ("b", "f", ""), ("c", "", ", dependsOn: [a]")]);
    let report = folder.report("in.yaml -p p.rego");
    assert_eq!(report.code, 0, "{report:?}");
}

#[test]
fn one_that_is_not_allowed_holds_the_others_and_what_waits_for_them() {
    let all = [
        ("a", "f", ""),
        ("b", "f", ""),
        ("c", "f", ", ticket: bad"),
        ("d", "g", ""),
        ("e", "h", ", dependsOn: [b]"),
        ("f", "h", ""),
        ("g", "", ", dependsOn: [f]"),
    ];
    let folder = folder(&all);
    let report = folder.report("in.yaml -p p.rego --decision-out out");
    let said = |id: &str| {
        let decision = report.decision(id);
        let messages =
            decision["findings"].as_array().unwrap().iter().map(|f| f["message"].as_str().unwrap());
        (verdict(decision).to_owned(), messages.collect::<Vec<_>>().join("; "))
    };
    let together = |id: &str| {
        let words =
            format!("waits for the change `{id}`, which is promoted together with it and is not allowed yet");
        ("hold".to_owned(), words)
    };
    // Of those that wait for each other none is named, only what stands in the way of itself.
    assert_eq!(said("a"), together("c"));
    assert_eq!(said("b"), together("c"));
    assert_eq!(said("c"), ("deny".to_owned(), "bad".to_owned()));
    assert_eq!(said("d"), ("allow".to_owned(), String::new()));
    let first = |id: &str| format!("waits for the change `{id}`, which goes first and is not allowed yet");
    assert_eq!(said("e"), ("hold".to_owned(), first("b")));
    assert_eq!(said("f"), together("e"));
    assert_eq!(said("g"), ("hold".to_owned(), first("f")));
    // Each decision is the same when it is made again from its record.
    let records: Vec<_> =
        std::fs::read_dir(folder.path("out")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(records.len(), all.len());
    for record in records {
        let ran = folder.run(&format!("replay out/{}", record.file_name().to_str().unwrap()));
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn freight_is_one_where_it_goes_to_one_environment() {
    let text = promotions(&[("a", "f", ""), ("b", "f", ", ticket: bad")]);
    let elsewhere = text
        .replace("application: app-b, environment: production", "application: app-b, environment: staging")
        .replace(
            "asset: b, promotion: {from: canary, to: production",
            "asset: b, promotion: {from: dev, to: staging",
        );
    let folder = Folder::with(&[("p.rego", RULES), ("in.yaml", &elsewhere)]);
    let report = folder.report("in.yaml -p p.rego");
    assert_eq!(verdict(report.decision("a")), "allow", "{report:?}");
}

#[test]
fn one_that_waits_for_people_holds_the_others_until_they_approve() {
    let folder = folder(&[("a", "f", ""), ("b", "f", ", ticket: later, author: {id: d@e}")]);
    let report = folder.report("in.yaml -p p.rego --trust-input");
    assert_eq!(findings(report.decision("a")), ["hold weighlock.freight"]);
    let approval = json!({
        "by": {"id": "l@e"}, "change": report.digest("b"),
        "at": "2026-11-20T11:00:00Z", "expires": "2026-11-21T11:00:00Z",
    });
    let evidence = json!({"approvals": [approval]});
    folder.write("more.yaml", format!("{INPUT}evidence: {evidence}\n"));
    folder.write("roles.yaml", "l@e: [lead]\n");
    folder.write(
        "weighlock.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p.rego]\ntrust: {roles: roles.yaml}\n",
    );
    let report = folder.report("in.yaml more.yaml --trust-input --now 2026-11-20T12:00:00Z");
    assert_eq!(verdict(report.decision("b")), "allow", "{report:?}");
    assert_eq!(verdict(report.decision("a")), "allow", "{report:?}");
}

#[test]
fn a_freight_of_too_many_is_refused_before_it_is_weighed() {
    let ids: Vec<String> = (0..1_500).map(|i| format!("c{i}")).collect();
    let all: Vec<(&str, &str, &str)> = ids.iter().map(|id| (id.as_str(), "f", "")).collect();
    let ran = folder(&all).run("evaluate in.yaml -p p.rego");
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("input.too-large"), "{}", ran.err);
}

#[test]
fn what_is_in_flight_is_counted_without_what_carries_out_the_change_itself() {
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let run = |id: &str, application: &str, environment: &str, more: serde_json::Value| {
        let mut run = json!({"id": id, "application": application, "environment": environment});
        run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        run
    };
    let runs = json!({"runs": [
        run("1", "app-a", "production", json!({"change": "a"})),
        run("2", "app-a", "production", json!({"digest": digest("a")})),
        run("3", "app-a", "production", json!({"digest": digest("b")})),
        run("4", "app-a", "production", json!({"digest": digest("a"), "change": "z"})),
        run("5", "other", "production", json!({"digest": digest("a")})),
        run("6", "other", "production", json!({})),
        run("7", "app-a", "staging", json!({"change": "z"})),
    ]});
    let folder = folder(&[("a", "", "")]);
    folder.write(
        "n.rego",
        "# METADATA\n# custom:\n#   requires: [context.inFlight]\npackage n\n\nwarn contains sprintf(\"%d\", [input.context.inFlight])\n",
    );
    let said = |evidence: &serde_json::Value, flags: &str| {
        folder.write("more.yaml", format!("{INPUT}evidence: {evidence}\n"));
        let report = folder.report(&format!("in.yaml more.yaml -p n.rego {flags}"));
        let decision = report.one();
        (verdict(decision).to_owned(), decision["findings"][0]["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(said(&runs, "--trust-input"), ("allow".to_owned(), "4".to_owned()));
    assert_eq!(said(&json!({"runs": []}), "--trust-input"), ("allow".to_owned(), "0".to_owned()));
    // Nobody looked, and nobody who is trusted did.
    for (evidence, flags) in [(json!({"gates": []}), "--trust-input"), (runs, ""), (json!({"runs": []}), "")]
    {
        assert_eq!(said(&evidence, flags).0, "indeterminate", "{evidence}");
    }
}
