use super::*;
use crate::model::evidence::Severity;
use crate::model::time::Age;
use crate::model::trust::Trust;
use serde_json::json;

fn load_with(files: &[(&str, &str)], data: serde_json::Value) -> Result<Bundle, Vec<Diagnostic>> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    load(files, data, LoadOptions::default())
}

/// The one diagnostic that a text gives: code, place, message and hint.
fn refused(text: &str) -> String {
    refusal(&[("p.rego", text)], json!({}))
}

fn refusal(files: &[(&str, &str)], data: serde_json::Value) -> String {
    let problems = load_with(files, data).expect_err("must be refused");
    let lines: Vec<String> =
        problems.iter().map(|p| format!("{p}\n  {}", p.hint.as_deref().unwrap_or("(no hint)"))).collect();
    lines.join("\n")
}

#[test]
fn a_function_that_is_not_offered_is_refused_with_the_reason() {
    let mut seen = 0;
    for (name, why) in rego_functions() {
        let Some(why) = why else { continue };
        seen += 1;
        let said = refused(&format!("package a.b\n\ndeny contains \"x\" if {name}(input.x)\n"));
        let wanted = format!("p.rego:3:22: `{name}` is not offered to policies");
        assert!(said.starts_with(&wanted) && said.ends_with(why), "{said}");
    }
    assert!(seen >= 5, "{seen}");
}

const DENY: &str = "package a.b\n\ndeny contains \"x\" if input.x\n";

#[test]
fn a_rule_is_a_package_with_effects() {
    let bundle = load_with(
        &[
            ("lib/u.rego", "package lib.u\n\nf(x) := x\n"),
            ("p.rego", "# METADATA\n# title: A title\n# description: |\n#   Two\n#   lines.\n# related_resources: [{ref: https://a.example}, https://b.example]\n# custom:\n#   severity: high\n#   applies: {kinds: [promotion, base_image], environments: [production]}\n#   requires: [evidence.gates, {fact: evidence.scans, trust: operator, maxAge: 24h}]\n#   waivable: true\n#   remediation: Do this.\n#   owner_team: platform\npackage promotion.path\n\nimport data.lib.u\n\nwarn contains \"x\" if u.f(1)\n\ndeny contains \"x\"\n"),
            ("p_test.rego", "package promotion.path_test\n\ntest_x if true\n"),
            ("p.case.yaml", "apiVersion: weighlock.dev/v1\nkind: Case\nname: n\n"),
            ("settings.yaml", "promotion: {}\n"),
            ("README.md", "# Not a policy"),
        ],
        json!({}),
    )
    .unwrap();
    assert_eq!(bundle.files.len(), 2);
    let [rule] = bundle.rules.as_slice() else { panic!("{:?}", bundle.rules) };
    assert_eq!((rule.id.as_str(), rule.file, rule.line), ("promotion.path", 1, 18));
    assert_eq!(rule.effects, [Effect::Deny, Effect::Warn]);
    let said = &rule.metadata;
    assert_eq!(said.title.as_deref(), Some("A title"));
    assert_eq!(said.description.as_deref(), Some("Two\nlines."));
    assert_eq!(said.related, ["https://a.example", "https://b.example"]);
    assert_eq!(said.severity, Severity::High);
    assert_eq!(said.applies.kinds.as_ref().unwrap().len(), 2);
    assert_eq!(said.requires["evidence.gates"].trust, None);
    assert_eq!(said.requires["evidence.scans"].trust, Some(Trust::Operator));
    assert_eq!(said.requires["evidence.scans"].max_age, Age::parse("24h"));
    assert!(said.waivable);
    assert_eq!(said.custom["owner_team"].0, json!("platform"));
}

#[test]
fn a_set_that_was_to_be_an_effect_is_refused_and_one_that_is_used_is_not() {
    for (name, effect) in [
        ("dny", "deny"),
        ("dney", "deny"),
        ("Deny", "deny"),
        ("violations", "violation"),
        ("wran_x", "warn_x"),
        ("deny__x", "deny"),
        ("hold_x", "hold"),
        ("actions", "action"),
    ] {
        let wanted = format!(
            "p.rego:5:1: `{name}` is not an effect [policy.invalid]\n  did you mean `{effect}`? nothing uses `{name}`"
        );
        let slip = format!("{name} contains \"y\" if true\n\n{name} contains \"z\" if true\n");
        assert_eq!(refused(&format!("{DENY}\n{slip}")), wanted);
        // Beside other rules, in a package that has none of its own.
        let files = [("o.rego", DENY), ("p.rego", &format!("package a.c\n\n# A comment.\n\n{slip}"))];
        assert_eq!(refusal(&files, json!({})), wanted);
    }
    let used = "package lib.u\n\nheld contains 1\n\nactions contains 2 if held[1]\n\nwarns contains 3\n";
    let user = "package a.b\n\nimport data.lib.u\n\nold_digests contains 1\n\nolder contains 1\n\ndeny contains \"x\" if u.actions[2]\n\nwarn contains w if some w in data.lib.u.warns\n";
    assert!(load_with(&[("u.rego", used), ("p.rego", user)], json!({})).is_ok());
}

#[test]
fn tests_are_kept_apart_from_the_digest() {
    let files = |with: bool| {
        let mut files = vec![("p.rego".to_owned(), DENY.to_owned())];
        if with {
            files
                .push(("p_test.rego".to_owned(), "package a.b_test\n\ntest_x if data.a.b.deny\n".to_owned()));
        }
        files
    };
    let plain = load(files(false), json!({}), LoadOptions::default()).unwrap();
    let tested = load(files(true), json!({}), LoadOptions { tests: true, rego_v0: false }).unwrap();
    assert_eq!(plain.digest, tested.digest);
    assert_eq!((plain.tests.len(), tested.tests.len()), (0, 1));
    let other =
        load_with(&[("p.rego", "package a.b\n\ndeny contains \"y\" if input.x\n")], json!({})).unwrap();
    assert_ne!(plain.digest, other.digest);
    assert_ne!(plain.data_digest, load_with(&[("p.rego", DENY)], json!({"z": 1})).unwrap().data_digest);
}

#[test]
fn scopes_widen_and_narrow() {
    let bundle = load_with(
        &[
            ("a.rego", "# METADATA\n# scope: subpackages\n# title: wide\n# custom: {severity: low, requires: [evidence.gates]}\npackage a\n"),
            ("b.rego", "# METADATA\n# custom: {severity: critical, requires: [evidence.scans]}\npackage a.b\n\n# METADATA\n# title: narrow\n# custom: {waivable: true}\ndeny contains \"x\"\n"),
        ],
        json!({}),
    )
    .unwrap();
    let said = &bundle.rules[0].metadata;
    assert_eq!(
        (said.title.as_deref(), said.severity, said.waivable),
        (Some("wide"), Severity::Critical, true)
    );
    assert_eq!(said.requires.keys().collect::<Vec<_>>(), ["evidence.gates", "evidence.scans"]);
}

#[test]
fn metadata_that_cannot_be_meant_is_refused() {
    let with = |block: &str| refused(&format!("{block}\npackage a\n\ndeny contains \"x\"\n"));
    insta::assert_snapshot!(with("# METADATA\n# titel: x"));
    insta::assert_snapshot!(with("# METADATA\n# custom: {applies: {kind: [image]}}"));
    insta::assert_snapshot!(with("# METADATA\n# custom:\n#   applies: {kinds: [promtion]}"));
    insta::assert_snapshot!(with("# METADATA\n# custom: {severity: severe}"));
    insta::assert_snapshot!(with("# METADATA\n# custom: {requires: [{fact: evidence.scans, maxage: 24h}]}"));
    insta::assert_snapshot!(with("# METADATA\n# custom: {requires: [{fact: evidence.scans, maxAge: soon}]}"));
    insta::assert_snapshot!(with("# METADATA\n# custom: {requried: [evidence.scans]}"));
    insta::assert_snapshot!(with("# METADATA\n# waivable: true"));
    insta::assert_snapshot!(with("# METADATA\n# title: [x"));
    insta::assert_snapshot!(with("# METADATA\n# title: x\n"));
    insta::assert_snapshot!(refused(
        "# METADATA\n# custom: {applies: {kinds: [image]}}\npackage a\n\ndeyn contains \"x\"\n"
    ));
}

#[test]
fn everything_that_is_wrong_in_a_block_is_told() {
    let text = "# METADATA\n# titel: x\n# custom:\n#   severity: severe\n#   waivable: perhaps\n#   applies: {kind: [image]}\npackage a\n\ndeny contains \"x\"\n";
    let problems = load_with(&[("a.rego", text)], json!({})).unwrap_err();
    let mut told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "`applies` member `kind` is not known",
            "`waivable` is neither `true` nor `false`",
            "metadata `titel` is not known",
            "severity `severe` is not known",
        ]
    );
}

#[test]
fn what_would_change_meaning_in_silence_is_refused() {
    insta::assert_snapshot!(refused("package a\n\ndeny if input.x\n"));
    insta::assert_snapshot!(refused("package a\n\ndeny := true\n"));
    insta::assert_snapshot!(refused("package a\n\ndeny[x] if x := input.x\n"));
    insta::assert_snapshot!(refused("package a\n\ndefault deny := false\n"));
    insta::assert_snapshot!(refused("package a\n\nwarn(x) := x\n"));
    insta::assert_snapshot!(refused(
        "package a\n\ndefault x := 1\n\ndefault x := 2\n\ndeny contains \"x\" if x == 1\n"
    ));
    insta::assert_snapshot!(refusal(&[("p.rego", DENY)], json!({"a": {"b": {"deny": []}}})));
    insta::assert_snapshot!(refusal(&[("p.rego", DENY)], json!({"a": {"b": 1}})));
    insta::assert_snapshot!(refusal(&[("p.rego", DENY), ("q.rego", DENY)], json!({})));
    insta::assert_snapshot!(refusal(&[("p.rego", DENY), ("q.rego", "package a\n\nb := 1\n")], json!({})));
    insta::assert_snapshot!(refused("package a\n\nx := 1\n\nx(y) := y\n\ndeny contains \"x\"\n"));
}

#[test]
fn syntax_errors_have_their_place() {
    insta::assert_snapshot!(refused("package a\n\ndeny contains x if {\n\tx := \n}\n"));
    insta::assert_snapshot!(refused("package a\n\ndeny[x] { x := 1 }\n"));
    insta::assert_snapshot!(refused("pakage a\n"));
    insta::assert_snapshot!(refused(""));
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    insta::assert_snapshot!(refused("package a\n\ndeny contains \"\u{1b}[2J\"\n"));
    insta::assert_snapshot!(refusal(&[("\u{1b}.rego", DENY)], json!({})));
}

#[test]
fn names_of_nothing_are_refused() {
    insta::assert_snapshot!(refused(
        "package a\n\nimport data.lib.versoins\n\ndeny contains \"x\" if versoins.x\n"
    ));
    insta::assert_snapshot!(refusal(
        &[
            ("p.rego", "package a\n\nimport data.lib.versoins\n\ndeny contains \"x\" if versoins.x\n"),
            ("l.rego", "package lib.versions\n\nx := 1\n"),
        ],
        json!({})
    ));
    insta::assert_snapshot!(refused("package a\n\ndeny contains sprintff(\"x\", [])\n"));
    insta::assert_snapshot!(refused("package a\n\ndeny contains \"x\" if f(1)\n\ng(x) := x\n"));
    // On a line of its own a bracket still makes a call of the name before it.
    insta::assert_snapshot!(refused(
        "package a\n\nk := 1\n\ndeny contains \"x\" if {\n\ty := k\n\t(y == 1)\n}\n"
    ));
    insta::assert_snapshot!(refused("package a\n\ndeny contains \"x\" if g(1, 2, 3)\n\ng(x) := x\n"));
    // Settings are the operator's and may be absent; data may be there.
    assert!(
        load_with(
            &[("p.rego", "package a\n\nimport data.settings.x\n\ndeny contains \"x\" if x\n")],
            json!({})
        )
        .is_ok()
    );
    assert!(
        load_with(
            &[("p.rego", "package a\n\nimport data.t.x\n\ndeny contains \"x\" if x\n")],
            json!({"t": {"x": 1}})
        )
        .is_ok()
    );
}

#[test]
fn nothing_reaches_out_or_is_left_to_chance() {
    for call in [
        "http.send({})",
        "opa.runtime()",
        "net.lookup_ip_addr(\"x\")",
        "rand.intn(\"x\", 2)",
        "uuid.rfc4122(\"x\")",
    ] {
        let said = refused(&format!("package a\n\ndeny contains \"x\" if {call}\n"));
        assert!(said.contains("is not offered to policies [policy.invalid]"), "{said}");
        assert!(said.starts_with("p.rego:3:22:"), "{said}");
    }
    assert!(
        load_with(
            &[("p.rego", "package a\n\ndeny contains \"x\" if {\n\tprint(1, 2)\n\ttime.now_ns() > 1\n}\n")],
            json!({})
        )
        .is_ok()
    );
}

#[test]
fn a_body_without_end_is_refused() {
    let text = |count: usize| {
        let lines: String = (0..count).map(|i| format!("\tv{i} := {i}\n")).collect();
        format!("package a.b\n\ndeny contains \"x\" if {{\n{lines}}}\n")
    };
    assert!(load_with(&[("p.rego", &text(1_000))], json!({})).is_ok());
    let said = refused(&text(1_001));
    assert!(said.starts_with("p.rego:3:1: a body has 1001 statements; it may have 1000"), "{said}");
}

#[test]
fn recursion_is_refused() {
    insta::assert_snapshot!(refused(
        "package a\n\nf(x) := g(x)\n\ng(x) := f(x)\n\ndeny contains \"x\" if f(1)\n"
    ));
}

#[test]
fn files_that_are_not_policies() {
    insta::assert_snapshot!(refusal(&[("p.rego", "package a\n\nx := 1\n")], json!({})));
    insta::assert_snapshot!(refusal(&[("d.yaml", "kind: ConfigMap\napiVersion: v1\n")], json!({})));
    insta::assert_snapshot!(refusal(&[("d.yaml", "a: [\n")], json!({})));
    insta::assert_snapshot!(refusal(
        &[("p.rego", &format!("package a\n#{}", "x".repeat(1 << 20)))],
        json!({})
    ));
}

#[test]
fn a_package_that_only_allows_is_refused() {
    let deny = ("d.rego", "package d\n\ndeny contains \"x\" if false\n");
    for (text, column) in [
        ("package authz\n\ndefault allow := false\n\nallow if input.change.id == \"x\"\n", 9),
        ("package authz # mine\n\nallow := true\n", 1),
        ("package authz\n\nallow contains \"x\" if true\n", 1),
        ("package authz\n\nallow(_) if true\n", 1),
    ] {
        let problems = load_with(&[("p.rego", text), deny], json!({})).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].to_string().starts_with(&format!("p.rego:3:{column}: `authz` says what it allows")),
            "{problems:?}"
        );
        assert!(problems[0].hint.as_deref().unwrap().contains("deny contains"), "{problems:?}");
    }
    // Asked by another, or by itself, it is a library.
    for (text, more) in [
        ("package authz\n\nallow if true\n", "package d\n\ndeny contains \"x\" if not data.authz.allow\n"),
        ("package authz\n\nallowed(_) if true\n", deny.1),
        ("package authz\n\nallow if true\n\ndeny contains \"x\" if not allow\n", deny.1),
    ] {
        assert!(load_with(&[("p.rego", text), ("d.rego", more)], json!({})).is_ok(), "{text}");
    }
}

#[test]
fn a_package_without_an_effect_that_nothing_uses_is_refused() {
    let deny = ("d.rego", "package d\n\ndeny contains \"x\" if false\n");
    for rule in [
        "denies contains \"x\" if true",
        "block contains \"x\" if true",
        "errors contains \"x\"",
        "reject if input.change",
        "default forbid := false\n\nforbid if input.change",
        "denied := true if input.change",
        "helper contains 1\n\nrefused contains x if some x in helper",
    ] {
        let text = format!("package house\n\n{rule}\n");
        let name = if rule.starts_with("helper") { "refused" } else { rule.trim_start_matches("default ") };
        let name = name.split(' ').next().unwrap_or_default();
        let problems = load_with(&[("p.rego", &text), deny], json!({})).unwrap_err();
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!(problem.message, "`house` has no effect, and nothing uses it", "{rule}");
        let hint = problem.hint.as_deref().unwrap();
        assert!(hint.contains(&format!("`{name}`")) && hint.contains("`deny`"), "{rule}: {hint}");
    }
    for files in [
        // A library, used in any way, or called one.
        vec![
            ("p.rego", "package house\n\nbad contains 1\n"),
            ("d.rego", "package d\n\ndeny contains \"x\" if data.house.bad[2]\n"),
        ],
        vec![
            ("p.rego", "package house\n\nbad contains 1\n\nworse contains 2\n"),
            ("d.rego", "package d\n\nimport data.house\n\ndeny contains \"x\" if house.bad[2]\n"),
        ],
        vec![
            ("p.rego", "package house.parts\n\nbad contains 1\n"),
            ("d.rego", "package d\n\ndeny contains \"x\" if data.house[_].bad[2]\n"),
        ],
        vec![("p.rego", "package house.lib.names\n\nbad contains 1\n"), deny],
        // What only helps.
        vec![
            (
                "p.rego",
                "package house\n\nlimit := 3\n\nsmall(x) if x < limit\n\nof[x] := 1 if some x in [2]\n",
            ),
            deny,
        ],
        vec![("p.rego", "package house\n\nbad contains 1\n\nis_bad(x) if x in bad\n"), deny],
        vec![("p.rego", "package house\n\nbad contains 1\n\ntest_bad if 1 in bad\n"), deny],
        // One package in two files.
        vec![("p.rego", "package d\n\nbad contains 1\n"), deny],
    ] {
        assert!(load_with(&files, json!({})).is_ok(), "{files:?}");
    }
}

#[test]
fn every_fault_of_a_block_of_metadata_is_told() {
    let said = refused(
        "# METADATA\n# custom:\n#   severity: hihg\n#   applies: {assets: [podd], kinds: [imge], environments: [3]}\n#   requires: [{fact: evidence.scans, trust: ful}, {fact: evidence.sboms, maxAge: old}]\npackage a\n\ndeny contains \"x\"\n",
    );
    for word in ["`hihg`", "`podd`", "`imge`", "`environments`", "`ful`", "`maxAge`"] {
        assert_eq!(said.matches(word).count(), 1, "{word}: {said}");
    }
}

#[test]
fn texts_are_read_as_what_they_are() {
    let rego = "\u{feff}package a\n\ndeny contains \"x\"\n";
    let bundle = load_with(&[("p.rego", rego)], json!({})).unwrap();
    assert_eq!(
        bundle.digest,
        load_with(&[("q.rego", rego.trim_start_matches('\u{feff}'))], json!({})).unwrap().digest
    );
    let said = refusal(&[("p.json", "{\"kind\": \"Policy\",}")], json!({}));
    assert!(said.contains("not valid JSON"), "{said}");
    let said = refusal(&[("p.json", "kind: Policy\n")], json!({}));
    assert!(said.contains("not valid JSON"), "{said}");
    let said = refused("package a\n\nimport rego.v1\nimport future.keywords.in\n\ndeny contains \"x\"\n");
    assert!(said.contains("previous import of 'in' [") && said.contains("keep one of the two"), "{said}");
}

#[test]
fn a_kind_of_object_is_written_as_in_objects() {
    let policy = |kind: &str| {
        format!(
            "# METADATA\n# custom:\n#   applies: {{objects: [{kind}]}}\npackage p\n\ndeny contains \"x\" if input.asset.id == \"x\"\n"
        )
    };
    let said = |kind: &str| {
        load(vec![("p.rego".to_owned(), policy(kind))], serde_json::json!({}), LoadOptions::default())
    };
    assert!(said("Deployment").is_ok());
    for kind in ["deployment", "apps/Deployment", "''"] {
        assert_eq!(said(kind).unwrap_err()[0].code, codes::POLICY_METADATA, "{kind}");
    }
}

#[test]
fn old_syntax_keeps_to_its_keywords() {
    let said = |body: &str| {
        let files = vec![("p.rego".to_owned(), format!("package a\n\n{body}\n"))];
        let options = LoadOptions { tests: false, rego_v0: true };
        load(files, json!({}), options).err().map(|all| all[0].message.clone())
    };
    let deny = "deny[\"x\"] { not ok }\n\n";
    for (body, wanted) in [
        ("ok if { false }", "`if` is no keyword in this file"),
        ("default ok = false\n\nok if { false }", "`if` is no keyword in this file"),
        ("import future.keywords.in\n\nok if { false }", "`if` is no keyword in this file"),
        ("bad contains \"x\"\n\nok { bad[\"x\"] }", "`contains` is no keyword in this file"),
        ("ok { some x in [1] }", "`in` is no keyword in this file"),
        ("ok { every x in [1] { x > 0 } }", "`every` is no keyword in this file"),
        ("ok", "`ok` has neither a body nor a value"),
        ("ok { f(1) }\n\nf(x)", "`f` has neither a body nor a value"),
    ] {
        assert_eq!(said(&format!("{deny}{body}")).as_deref(), Some(wanted), "{body}");
    }
    for body in [
        "ok { contains(\"ab\", \"a\") }",
        "ok { input.asset.object[\"if\"] == \"in\" } # if every x in y",
        "import future.keywords.if\n\nok if { false }",
        "import future.keywords.every\n\nok { every x in [1] { x > 0 } }",
        "import future.keywords\n\nbad contains \"x\" if { false }\n\nok { bad[\"x\"] }",
        "import rego.v1\n\nok if { some x in [1]; x > 0 }",
        "ok = true",
        "ok[\"x\"]",
    ] {
        // Imports come first.
        let (imports, rest): (Vec<_>, Vec<_>) = body.lines().partition(|line| line.starts_with("import"));
        let head =
            if imports.join("").contains("rego.v1") { "deny contains \"x\" if { not ok }" } else { deny };
        assert_eq!(said(&format!("{}\n\n{head}\n{}", imports.join("\n"), rest.join("\n"))), None, "{body}");
    }
}
