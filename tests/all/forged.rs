//! What a change says of itself and cannot choose: what it takes the place of, what ran there before it, and
//! who asks for it.

use serde_json::json;

use super::support::{Folder, INPUT, Report};

const RUNS: &str = "sha256:3ca510ef8d1370adbae90be8624ceb4d06b9572e69ea4edc05300b8484df61c7";
const NEW: &str = "sha256:fdafed9b0e7b82bc71d9c074475616b8bcaec2c1cbd2b442f4393583d3f68d87";
const OLD: &str = "sha256:2b0578a27fafd145ede47e71273cd723494a9ece40b2ebe40fd19e75d590d7be";

/// Says what a review holds of one change, and nothing against it.
const TELL: &str = "package tell

warn contains \"fixes unknown\" if not input.change.fixes

warn contains sprintf(\"fixes %d\", [count(input.change.fixes)])

warn contains sprintf(\"type %s\", [input.change.updateType])

warn contains sprintf(\"new %s\", [artifact.ref]) if {
\tsome artifact in input.artifacts
\tartifact.unobserved
}

warn contains sprintf(\"roles %v\", [input.change.requestedByRoles])

warn contains sprintf(\"ahead %d\", [input.change.ahead])
";

fn told(report: &Report, id: &str) -> Vec<String> {
    let decision = report.decision(id);
    let findings = decision["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
}

/// What is told of one change of an asset that runs an image, where what is known of both its digests and of an
/// older one is said by the operator.
fn of(asset: &str, change: &str) -> Vec<String> {
    let folder = Folder::with(&[
        ("tell.rego", TELL),
        (
            "weighlock.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [tell.rego]\ntrust: {inputs: [facts.yaml]}\n",
        ),
    ]);
    let exploited = "{id: CVE-2026-1, package: openssl, severity: critical, fixedVersion: '3'}";
    folder.write(
        "facts.yaml",
        format!(
            "{INPUT}inventory:
  - {{id: a, application: shop, environment: production, {asset}}}
evidence:
  scans:
    - {{subject: \"{RUNS}\", scanner: s, vulnerabilities: []}}
    - {{subject: \"{NEW}\", scanner: s, vulnerabilities: []}}
    - {{subject: \"{OLD}\", scanner: s, vulnerabilities: [{exploited}]}}
"
        ),
    );
    folder.write("in.yaml", format!("{INPUT}changes:\n  - {{id: c, asset: a, {change}}}\n"));
    told(&folder.report("in.yaml facts.yaml"), "c")
}

#[test]
fn what_is_fixed_was_in_what_runs() {
    let runs = |digest: &str| {
        format!("kind: workload, images: [{{container: c, ref: r.example/c, tag: 1.0.0{digest}}}]")
    };
    let change = |kind: &str, from: &str| {
        format!(
            "kind: {kind}, from: {{version: 1.0.0, digest: \"{from}\"}}, to: {{version: 1.0.1, digest: \"{NEW}\"}}"
        )
    };
    let promotion = "promotion, promotion: {from: canary, to: production}";
    let has = |told: &[String], what: &str| told.iter().any(|told| told == what);
    for kind in ["image", promotion] {
        let vulnerable = of(&runs(&format!(", digest: \"{OLD}\"")), &change(kind, OLD));
        assert!(has(&vulnerable, "fixes 1"), "{vulnerable:?}");
        let honest = of(&runs(&format!(", digest: \"{RUNS}\"")), &change(kind, RUNS));
        assert!(has(&honest, "fixes 0"), "{honest:?}");
        // An old digest that does not run, and one of which nobody knows whether it does.
        for asset in [runs(&format!(", digest: \"{RUNS}\"")), runs("")] {
            let forged = of(&asset, &change(kind, OLD));
            assert!(has(&forged, "fixes unknown"), "{forged:?}");
        }
    }
    // Of what an image is built upon, nobody who is trusted says what it was.
    let base = format!(
        "kind: base_image, from: {{ref: r.example/b, version: 1.0.0, digest: \"{OLD}\"}}, to: {{ref: r.example/b, version: 1.0.1, digest: \"{NEW}\"}}"
    );
    let forged = of(&runs(""), &base);
    assert!(has(&forged, "fixes unknown"), "{forged:?}");
}

#[test]
fn a_promotion_that_leaves_out_what_runs_goes_from_it_all_the_same() {
    let asset = |tag: &str| {
        format!(
            "kind: workload, images: [{{container: c, ref: r.example/c, tag: {tag}, digest: \"{RUNS}\"}}]"
        )
    };
    let change = format!(
        "kind: promotion, promotion: {{from: canary, to: production}}, to: {{version: 1.0.0, digest: \"{NEW}\"}}"
    );
    for (tag, expected) in [("2.0.0", "type downgrade"), ("0.9.0", "type major"), ("1.0.0", "type digest")] {
        let told = of(&asset(tag), &change);
        assert!(told.iter().any(|told| told == expected), "{told:?}");
    }
    // Where nothing runs, there is no way to go.
    let first = of("kind: workload", &change);
    assert!(!first.iter().any(|told| told.starts_with("type ")), "{first:?}");
}

#[test]
fn an_image_that_an_object_names_is_new_where_nobody_observed_it() {
    let object = |image: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}})
        .to_string()
    };
    let runs = format!("images: [{{container: c, ref: r.example/c, tag: 1.0.0, digest: \"{RUNS}\"}}]");
    let new = |asset: &str, change: &str| {
        of(asset, change)
            .into_iter()
            .filter_map(|told| told.strip_prefix("new ").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let config =
        |image: &str| new(&format!("kind: workload, {runs}, object: {}", object(image)), "kind: config");
    assert!(config(&format!("r.example/c@{RUNS}")).is_empty());
    assert!(config("r.example/c:1.0.0").is_empty());
    for image in [&format!("r.example/c@{NEW}"), "r.example/c:2.0.0", "evil.example/c:1.0.0"] {
        assert_eq!(config(image).len(), 1, "{image}");
    }
    // Whoever asks for it does not say what was there before it.
    let nothing = format!("kind: workload, object: {}", object("r.example/c:1.0.0"));
    let before = format!("kind: admission, operation: UPDATE, oldObject: {}", object("r.example/c:1.0.0"));
    assert_eq!(new(&nothing, &before), ["r.example/c"]);
}

#[test]
fn who_asks_has_the_roles_of_the_directory() {
    let folder = Folder::with(&[
        ("tell.rego", TELL),
        (
            "weighlock.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [tell.rego]\ntrust: {roles: roles.yaml}\n",
        ),
        ("roles.yaml", "dev: [developer]\n"),
        (
            "in.yaml",
            &format!(
                "{INPUT}inventory: [{{id: a, kind: workload}}]\nchanges:\n  - {{id: one, kind: config, asset: a, requestedBy: {{id: dev}}}}\n  - {{id: two, kind: config, asset: a, requestedBy: {{id: other}}}}\n"
            ),
        ),
    ]);
    let report = folder.report("in.yaml");
    let roles = |id: &str| told(&report, id).into_iter().find(|told| told.starts_with("roles"));
    assert_eq!(roles("one").as_deref(), Some("roles [\"developer\"]"));
    assert_eq!(roles("two"), None);
}

#[test]
fn of_several_changes_at_once_the_later_know_of_the_earlier() {
    let promotion = |id: &str, asset: &str, to: &str, freight: &str| {
        format!(
            "  - {{id: {id}, kind: promotion, asset: {asset}, promotion: {{from: canary, to: {to}{freight}}}, to: {{version: 1.0.1, digest: \"{NEW}\"}}}}\n"
        )
    };
    let mut text = format!(
        "{INPUT}inventory:
  - {{id: a, kind: workload, application: shop, environment: production}}
  - {{id: b, kind: workload, application: shop, environment: staging}}
  - {{id: d, kind: workload, application: other, environment: production}}
evidence: {{runs: [{{id: r, application: shop, environment: production, change: p2}}]}}
changes:
"
    );
    text.push_str(&promotion("p1", "a", "production", ""));
    // It is in flight already, and counts there.
    text.push_str(&promotion("p2", "a", "production", ""));
    text.push_str(&promotion("p3", "b", "staging", ""));
    text.push_str(&promotion("p4", "d", "production", ", freight: f"));
    text.push_str(&promotion("p5", "a", "production", ", freight: f"));
    text.push_str("  - {id: p6, kind: config, asset: d}\n");
    let folder = Folder::with(&[
        ("tell.rego", &format!("{TELL}\nwarn contains sprintf(\"flight %d\", [input.context.inFlight])\n")),
        ("in.yaml", &text),
    ]);
    let report = folder.report("in.yaml -p tell.rego --trust-input");
    let said = |id: &str, what: &str| {
        let told = told(&report, id)
            .into_iter()
            .find_map(|told| told.strip_prefix(what).and_then(|count| count.trim().parse::<u32>().ok()));
        told.unwrap_or(0)
    };
    let all = |what: &str| ["p1", "p2", "p3", "p4", "p5", "p6"].map(|id| said(id, what));
    assert_eq!(all("ahead"), [0, 1, 1, 0, 2, 0]);
    // The run of the second, the first, and then those that come before each but for its own freight.
    assert_eq!(all("flight"), [1, 1, 0, 2, 2, 4]);
}
