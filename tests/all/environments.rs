//! Environments that policies and operators name, and changes to one that is spelt otherwise.

use serde_json::json;

use super::messages::{ALLOW, change};
use super::support::{Folder, INPUT};

const OWN: &str = "apiVersion: weighlock.dev/v1\nkind: Config\nplan: {protected: [LIVE]}\nenforcement: [{rules: [hardening], environments: [DEV], mode: warn}]\n";

#[test]
fn an_environment_that_nothing_names_is_told() {
    let named = "# METADATA\n# custom:\n#   applies: {environments: [production, dev]}\npackage named\n\nwarn contains \"x\" if false\n";
    let folder = Folder::with(&[("p/named.rego", named), ("p/allow.rego", ALLOW), ("allow.rego", ALLOW)]);
    folder.write("own.yaml", "apiVersion: weighlock.dev/v1\nkind: Config\nplan: {protected: [live]}\n");
    let rows = [
        ("prodution", "-p p", Some("did you mean `production`?")),
        ("prod", "-p p", Some("did you mean `production`?")),
        ("production", "-p p", None),
        ("dev", "-p p", None),
        // Like nothing, and operators have not said what there is.
        ("staging", "-p p", None),
        ("demo", "-p p", None),
        ("staging", "-p p -c own.yaml", Some("name it in the settings")),
        ("live", "-p p -c own.yaml", None),
        // Nothing is said of any environment.
        ("Production", "-p allow.rego", None),
    ];
    for (environment, flags, expected) in rows {
        folder.write("in.yaml", change(environment, ""));
        let report = folder.report(&format!("in.yaml --trust-input {flags}"));
        let found = report.report["findings"].as_array().unwrap();
        match expected {
            None => assert!(found.is_empty(), "{environment} {flags}: {found:?}"),
            Some(said) => {
                assert_eq!(found.len(), 1, "{environment} {flags}: {found:?}");
                assert_eq!(
                    (&found[0]["rule"], &found[0]["effect"]),
                    (&json!("weighlock.environments"), &json!("warn"))
                );
                assert!(found[0]["message"].as_str().unwrap().contains(&format!("`{environment}`")));
                assert!(found[0]["remediation"].as_str().unwrap().contains(said), "{found:?}");
            }
        }
        assert_eq!(report.code, 0);
    }
}

#[test]
fn an_environment_that_is_spelt_otherwise_is_refused() {
    let folder = Folder::with(&[("p.rego", ALLOW), ("own.yaml", OWN)]);
    let builtin = "-p builtin:hardening";
    let rows = [
        ("Production", builtin, Some("production")),
        ("'production '", builtin, Some("production")),
        ("TEST", builtin, Some("test")),
        ("test", builtin, None),
        ("staging", builtin, None),
        // Whoever names it so means it so; where nothing is named, nothing is another.
        ("LIVE", "-p builtin:hardening -c own.yaml", None),
        ("Live", "-p builtin:hardening -c own.yaml", Some("LIVE")),
        ("DEV", "-p builtin:hardening -c own.yaml", None),
        ("Production", "-p p.rego", None),
    ];
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    folder.write("object.yaml", object);
    for (environment, flags, near) in rows {
        folder.write("in.yaml", change(environment, ""));
        let promotion = format!(
            "{INPUT}inventory: [{{id: a, kind: workload}}]\nchanges: [{{id: c, kind: promotion, asset: a, to: {{version: '1'}}, promotion: {{from: dev, to: {environment}}}}}]\n"
        );
        folder.write("promotion.yaml", promotion);
        for line in [
            format!("evaluate in.yaml --trust-input {flags}"),
            format!("evaluate promotion.yaml --trust-input {flags}"),
            format!("evaluate object.yaml --environment {environment} {flags}"),
        ] {
            let ran = folder.run(&format!("{line} --decision-out out"));
            match near {
                Some(near) => {
                    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}: {ran:?}");
                    assert!(ran.err.contains(&format!("did you mean `{near}`?")), "{line}: {ran:?}");
                    assert!(!folder.path("out").exists(), "{line}");
                }
                None => assert_ne!(ran.code, 2, "{line}: {ran:?}"),
            }
        }
        let _ = std::fs::remove_dir_all(folder.path("out"));
    }
}

#[test]
fn an_environment_that_only_a_rule_or_an_operator_names_is_told() {
    let named = |environment: &str| {
        format!(
            "# METADATA\n# custom:\n#   applies: {{environments: [{environment}]}}\npackage named\n\nwarn contains \"x\" if false\n"
        )
    };
    let folder = Folder::with(&[("p/allow.rego", ALLOW)]);
    folder.write("in.yaml", change("production", ""));
    let told = |rule: &str, more: &str| {
        folder.write("p/named.rego", named(rule));
        let config = format!("apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p]\n{more}");
        folder.write("weighlock.yaml", config);
        let report = folder.report("in.yaml --trust-input");
        assert_eq!(report.code, 0);
        let found = report.report["findings"].as_array().unwrap().clone();
        let said = |f: &serde_json::Value| {
            format!("{}; {}", f["message"].as_str().unwrap(), f["remediation"].as_str().unwrap())
        };
        found.iter().map(said).collect::<Vec<_>>()
    };
    let wanted = |who: &str, name: &str| {
        vec![format!("{who} the environment `{name}`, in which nothing is here; did you mean `production`?")]
    };
    let nobody: Vec<String> = Vec::new();
    assert_eq!(told("production", ""), nobody);
    assert_eq!(told("staging", ""), nobody);
    assert_eq!(told("Production", ""), wanted("a policy's `applies` names", "Production"));
    assert_eq!(told("prodution", ""), wanted("a policy's `applies` names", "prodution"));
    let protected = "plan: {protected: [production, prodcution]}\n";
    assert_eq!(told("production", protected), wanted("`plan.protected` names", "prodcution"));
    let enforced = "enforcement: [{rules: [named], environments: [PRODUCTION], mode: warn}]\n";
    assert_eq!(told("production", enforced), wanted("the enforcement names", "PRODUCTION"));
    // Cut short, it binds as little; with an addition, it is another.
    assert_eq!(told("prod", ""), wanted("a policy's `applies` names", "prod"));
    assert_eq!(told("PROD", ""), wanted("a policy's `applies` names", "PROD"));
    assert_eq!(told("productionlike", ""), wanted("a policy's `applies` names", "productionlike"));
    assert_eq!(told("'production-eu', 'pr', 'product1'", ""), nobody);
    // Siblings, and what an asset is in, are other environments.
    assert_eq!(told("'production2', 'productioN2', 'productiox'", ""), nobody);
    let both = "inventory: [{id: a, kind: workload, environment: production}, {id: b, kind: workload, environment: prodution}]\nchanges: [{id: c, kind: config, asset: a}]\n";
    folder.write("in.yaml", format!("{INPUT}{both}"));
    assert_eq!(told("prodution", ""), nobody);
}

#[test]
fn a_freeze_for_what_an_environment_is_called_elsewhere_is_told() {
    let folder = Folder::new();
    folder.write(
        "weighlock.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: ['builtin:updates']\nsettings: s.yaml\n",
    );
    let settings = |name: &str| {
        format!(
            "updates:\n  types: [{{alone: [none]}}]\n  freezes: [{{name: f, environments: [{name}], from: 2020-01-01T00:00:00Z, until: 2099-01-01T00:00:00Z}}]\n"
        )
    };
    let two = "inventory: [{id: a, kind: workload, environment: ENV}, {id: b, kind: workload, environment: lab}]\nchanges: [{id: c, kind: config, asset: a}, {id: d, kind: config, asset: b}]\n";
    let told = |named: &str, environment: &str| {
        folder.write("s.yaml", settings(named));
        folder.write("in.yaml", format!("{INPUT}{}", two.replace("ENV", environment)));
        let report = folder.report("in.yaml --trust-input");
        let found = report.report["findings"].as_array().unwrap().clone();
        let said = |f: &serde_json::Value| format!("{} {}", f["message"], f["remediation"]);
        found.iter().map(said).filter(|said| said.contains("did you mean")).collect::<Vec<_>>()
    };
    // That another environment here is named nowhere hides nothing.
    for (named, environment) in
        [("prod", "production"), ("prodution", "production"), ("prod", "prd-production")]
    {
        let found = told(named, environment);
        let expected = usize::from(environment == "production");
        assert_eq!(found.len(), expected, "{named} {environment}: {found:?}");
        if let [found] = found.as_slice() {
            assert!(found.contains(&format!("the settings name the environment `{named}`")), "{found}");
            assert!(found.contains("did you mean `production`?"), "{found}");
        }
    }
    // And the other way round: what the input calls it, nothing else does.
    let found = told("test", "prod");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("a change to `prod`") && found[0].contains("did you mean `production`?"));
}
