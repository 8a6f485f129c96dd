//! What people consent to for longer or against the verdict: waivers and overrides.

use serde_json::json;

use super::support::{Folder, findings, key, verdict};

const WAIVABLE: &str = "# METADATA\n# custom: {waivable: true}\npackage may\n\ndeny contains {\"msg\": \"no\", \"vulnerability\": \"CVE-2026-1\"}\n";
const FIRM: &str = "package firm\n\ndeny contains \"never\" if input.change.id == \"firm\"\n";
const INPUT: &str = "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: workload, application: app, environment: test, cluster: x}]\nchanges:\n  - {id: soft, kind: config, asset: a, author: {id: dev}}\n";

fn waivers() -> Folder {
    let folder = Folder::with(&[("p/may.rego", WAIVABLE), ("p/firm.rego", FIRM), ("in.yaml", INPUT)]);
    let (private, public) = key(9);
    folder.write("boss.pem", private);
    folder.write("boss.pub", public);
    folder.write("keys.yaml", "boss: [boss.pub]\n");
    folder.write("roles.yaml", "boss: [security]\n");
    std::fs::create_dir(folder.path("waivers")).unwrap();
    folder.write(
        "weighlock.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p]\ntrust: {keys: keys.yaml, roles: roles.yaml, waivers: waivers}\ngovernance: {waiverMaxAge: 30d}\n",
    );
    folder
}

const WAIVE: &str = "waive --id W-1 --owner ann --reason because --ticket T-1";

#[test]
fn waivers_set_aside_what_they_name_and_nothing_else() {
    let folder = waivers();
    assert_eq!(folder.report("in.yaml").code, 10);
    let rows = [
        // Scope, rule, expiry: whether it counts, and what is said where not.
        ("application=app", "may", "20d", Ok(())),
        ("application=app --scope vulnerability=CVE-2026-1 --scope cluster=x", "may", "20d", Ok(())),
        ("application=app --scope vulnerability=CVE-2026-2", "may", "20d", Err("sets nothing aside")),
        ("application=other", "may", "20d", Err("sets nothing aside")),
        ("team=other", "may", "20d", Err("sets nothing aside")),
        ("application=app", "firm", "20d", Err("cannot be waived")),
        ("application=app", "my", "20d", Err("did you mean `may`?")),
        ("application=app", "may", "31d", Err("later than 30d from now")),
    ];
    for (scope, rule, expires, expected) in rows {
        let ran = folder.run(&format!(
            "{WAIVE} --approved-by boss --rule may --scope {scope} --expires {expires} --out waivers/w.yaml"
        ));
        let too_long = expected.is_err_and(|said| said.starts_with("later than"));
        assert_eq!(ran.code, if too_long { 10 } else { 0 }, "{ran:?}");
        // Of another rule the command would not write it.
        folder.write("waivers/w.yaml", folder.read("waivers/w.yaml").replace("- may", &format!("- {rule}")));
        let report = folder.report("in.yaml");
        assert_eq!(report.code, if expected.is_ok() { 0 } else { 10 }, "{scope} {rule}: {report:?}");
        match expected {
            Ok(()) => {
                assert_eq!(report.one()["findings"][0]["waived"]["by"], "W-1");
                assert_eq!(report.one()["governance"]["waivers"], json!(["W-1"]));
                assert_eq!(report.report["findings"], json!([]));
            }
            Err(said) => {
                let message = report.report["findings"][0]["message"].as_str().unwrap();
                assert!(message.contains(said) && message.contains("W-1"), "{message}");
            }
        }
    }
    // Expired, and said so.
    folder.run(&format!(
        "{WAIVE} --approved-by boss --rule may --scope application=app --expires 1d --out waivers/w.yaml"
    ));
    let later = folder.report("in.yaml --now 2036-01-01T00:00:00Z");
    assert_eq!(later.code, 10);
    assert!(later.report["findings"][0]["message"].as_str().unwrap().contains("expired"));
}

#[test]
fn an_idle_waiver_is_named_by_where_it_stands() {
    let folder = waivers();
    let scope = "--scope application=other --expires 20d";
    folder.run(&format!("{WAIVE} --approved-by boss --rule may {scope} --out waivers/w.yaml"));
    let first = folder.read("waivers/w.yaml");
    let next = first.lines().count() + 2;
    folder.write("waivers/w.yaml", format!("{first}---\n{}", first.replace("W-1", "W-2")));
    folder.write("more.yaml", format!("# A comment.\n{}", first.replace("W-1", "W-3")));
    let report = folder.report("in.yaml more.yaml");
    let said: Vec<&str> =
        report.report["findings"].as_array().unwrap().iter().filter_map(|f| f["message"].as_str()).collect();
    let expected = [
        "the waiver `W-1` of `waivers/w.yaml:1` sets nothing aside".to_owned(),
        format!("the waiver `W-2` of `waivers/w.yaml:{next}` sets nothing aside"),
        "the waiver `W-3` of `more.yaml:2` is not counted: it is not signed".to_owned(),
    ];
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (said, expected) in said.iter().zip(&expected) {
        assert!(said.starts_with(expected.as_str()), "{said}");
    }
}

#[test]
fn a_scope_that_names_what_is_called_otherwise_here_says_so() {
    let folder = waivers();
    folder.write("in.yaml", INPUT.replace("environment: test", "environment: production"));
    for (scope, remedy) in [
        ("environment=prod", "nothing here has the environment `prod`; did you mean `production`?"),
        ("application=ap", "nothing here has the application `ap`; did you mean `app`?"),
        ("environment=staging", "remove the waiver, or correct it"),
        ("vulnerability=CVE-2026-2", "remove the waiver, or correct it"),
    ] {
        let out = "--expires 10d --approved-by boss --out waivers/w.yaml";
        assert_eq!(folder.run(&format!("{WAIVE} --rule may --scope {scope} {out}")).code, 0);
        let report = folder.report("in.yaml");
        let found = &report.report["findings"][0];
        assert!(found["message"].as_str().unwrap().ends_with("sets nothing aside"), "{found}");
        assert_eq!(found["remediation"], remedy, "{scope}");
    }
}

#[test]
fn a_waiver_for_one_change_is_for_what_it_is_now() {
    let folder = waivers();
    assert_eq!(folder.run("evaluate in.yaml -o json=report.json").code, 10);
    let waive = |scope: &str| {
        folder
            .run(&format!("{WAIVE} --approved-by boss --rule may {scope} --expires 10d --out waivers/w.yaml"))
    };
    for (scope, said) in [
        ("--scope change=soft", "names a change by its id alone"),
        ("--change soft", "is not the digest of a change"),
        ("--change sofd --report report.json", "did you mean `soft`?"),
        ("--report report.json --scope application=app", "--change"),
        ("", "--scope"),
    ] {
        let ran = waive(scope);
        assert!(ran.code == 2 && ran.err.contains(said), "{scope}: {ran:?}");
    }
    let digest = folder.report("in.yaml").digest("soft");
    for scope in ["--change soft --report report.json".to_owned(), format!("--change {digest}")] {
        assert_eq!(waive(&scope).code, 0);
        let report = folder.report("in.yaml");
        assert_eq!((report.code, &report.one()["governance"]["waivers"]), (0, &json!(["W-1"])), "{scope}");
        // The same id with another content is another change.
        for (from, to) in
            [("cluster: x", "cluster: y"), ("{id: dev}", "{id: other}"), ("}}\n", "}, ticket: T-2}\n")]
        {
            let swapped = INPUT.replace(from, to);
            assert_ne!(swapped, INPUT);
            folder.write("in.yaml", swapped);
            let report = folder.report("in.yaml");
            assert_eq!(report.code, 10, "{scope} {to}");
            assert!(report.report["findings"].to_string().contains("sets nothing aside"));
        }
        folder.write("in.yaml", INPUT);
    }
    // By its id alone it would be for whatever takes that id.
    let by_id = folder.read("waivers/w.yaml").replace("changeDigest:", "change: soft #");
    folder.write("waivers/w.yaml", by_id);
    let report = folder.report("in.yaml");
    assert_eq!(report.code, 10);
    assert!(report.report["findings"].to_string().contains("by id alone"), "{report:?}");
}

/// Spelt in another way, a person is the same.
#[test]
fn a_person_is_one_however_they_are_spelt() {
    let folder = waivers();
    std::fs::create_dir(folder.path("approvals")).unwrap();
    folder.write("p/wait.rego", "package wait\n\nhold contains {\"msg\": \"wait\", \"needs\": {\"approval\": {\"role\": \"security\", \"count\": 1}}}\n");
    let config = |more: &str| {
        folder.write(
            "weighlock.yaml",
            format!("apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p/wait.rego, p/may.rego]\ntrust: {{keys: keys.yaml, roles: roles.yaml, waivers: waivers, approvals: approvals}}\n{more}"),
        );
    };
    config("governance: {overrideRole: security}\n");
    for author in ["Boss", " boss ", "BOSS", "b\u{a0}oss"] {
        folder.write("in.yaml", INPUT.replace("{id: dev}", &format!("{{id: \"{author}\"}}")));
        let digest = folder.report("in.yaml").digest("soft");
        folder.run(&format!("approve {digest} --by boss --key boss.pem --out approvals/a.yaml"));
        folder.run(&format!("{WAIVE} --rule may --scope application=app --approved-by boss --key boss.pem --expires 10d --out waivers/w.yaml"));
        folder.run(&format!(
            "override {digest} --by boss --reason down --ticket T --key boss.pem --out o.yaml"
        ));
        let report = folder.report("in.yaml o.yaml");
        let rejected = report.one()["governance"]["rejected"].to_string();
        assert_eq!(report.code, 10, "{author}");
        for said in
            ["approves their own change", "waives for their own change", "overrides for their own change"]
        {
            assert!(rejected.contains(said), "{author}: {rejected}");
        }
    }
    // Nor do two spellings fill two places, or hold what the other holds.
    for (roles, keys) in [
        ("boss: [security]\nBoss: [security]\n", "boss: [boss.pub]\n"),
        ("boss: [security]\n\"boss \": [security]\n", "boss: [boss.pub]\n"),
        ("boss: [security]\n", "Boss: [boss.pub]\n"),
    ] {
        folder.write("roles.yaml", roles);
        folder.write("keys.yaml", keys);
        let ran = folder.run("evaluate in.yaml");
        assert!(ran.code == 2 && ran.err.contains("differ in case or white space alone"), "{ran:?}");
    }
}

/// Whoever holds a key that stands under two names could sign as both.
#[test]
fn a_key_is_one_persons() {
    let folder = waivers();
    folder.write("copy.pub", folder.read("boss.pub"));
    let inline = folder.read("boss.pub").replace('\n', "\n    ");
    for (keys, said) in [
        (
            "boss: [boss.pub]\nlead: [copy.pub]\n".to_owned(),
            "one key under two people: `boss` (keys.yaml:1:8) and `lead`",
        ),
        // Neither as a text of its own nor after another one.
        (
            format!("boss:\n  - other.pub\n  - |\n    {inline}\nlead: [copy.pub]\n"),
            "one key under two people: `boss` (keys.yaml:4:5) and `lead`",
        ),
    ] {
        folder.write("other.pub", super::support::key(77).1);
        folder.write("keys.yaml", keys);
        let ran = folder.run("evaluate in.yaml");
        assert!(ran.code == 2 && ran.err.contains(said), "{ran:?}");
        assert!(ran.err.contains("[keys.yaml:") && ran.err.contains("would count as both"), "{ran:?}");
    }
    // What is no key in PEM is told where it stands.
    folder.write("ssh.pub", "ssh-ed25519 AAAAC3Nz boss@example\n");
    for keys in ["boss: [boss.pub, ssh.pub]\n", "boss: [boss.pub, ssh-ed25519 AAAAC3Nz boss@example]\n"] {
        folder.write("keys.yaml", keys);
        let ran = folder.run("evaluate in.yaml");
        assert!(
            ran.code == 2 && ran.err.contains("a key of `boss` cannot be used: it is a key of SSH"),
            "{ran:?}"
        );
        assert!(ran.err.contains("[keys.yaml:1:18]") && ran.err.contains("openssl pkey -pubout"), "{ran:?}");
    }
    // The same person may have it twice, and two keys.
    folder.write("keys.yaml", "boss: [boss.pub, copy.pub, other.pub]\n");
    assert_ne!(folder.run("evaluate in.yaml").code, 2);
}

#[test]
fn a_waiver_that_comes_with_the_input_needs_a_signature() {
    let folder = waivers();
    let waive = |more: &str| {
        folder.run(&format!("{WAIVE} --rule may --scope application=app --expires 10d --out w.yaml {more}"))
    };
    assert_eq!(waive("--approved-by boss").code, 0);
    let unsigned = folder.report("in.yaml w.yaml");
    assert_eq!(unsigned.code, 10);
    assert!(unsigned.report["findings"][0]["message"].as_str().unwrap().contains("not signed"));
    waive("--approved-by boss --key boss.pem");
    assert_eq!(folder.report("in.yaml w.yaml").code, 0);
    let signed = folder.read("w.yaml");
    for (from, to) in [
        ("application: app", "environment: test"),
        ("- may", "- firm"),
        ("because", "Because"),
        ("approvedBy: boss", "approvedBy: bass"),
    ] {
        let altered = signed.replace(from, to);
        assert_ne!(altered, signed);
        folder.write("altered.yaml", altered);
        assert_eq!(folder.report("in.yaml altered.yaml").code, 10, "{from}");
    }
    // Not without a role, nor for a change of which nobody says whose it is.
    folder.write("roles.yaml", "ann: [security]\n");
    assert_eq!(folder.report("in.yaml w.yaml").code, 10);
    folder.write("roles.yaml", "boss: [security]\n");
    folder.write("in.yaml", INPUT.replace(", author: {id: dev}", ""));
    assert_eq!(folder.report("in.yaml w.yaml").code, 10);
    folder.write("in.yaml", INPUT);
    // Owner and approver must be two, on the command line and in the file.
    let ran = waive("--approved-by ann");
    assert!(ran.code == 2 && ran.err.contains("the same person"), "{}", ran.err);
    let unsigned = &signed[..signed.find("signature:").unwrap()];
    folder.write("waivers/w.yaml", unsigned.replace("owner: ann", "owner: boss"));
    let report = folder.report("in.yaml");
    assert_eq!(report.code, 10);
    assert!(report.report["findings"][0]["message"].as_str().unwrap().contains("both owner and approver"));
}

#[test]
fn an_override_is_for_a_role_a_reason_and_a_while() {
    let folder = waivers();
    folder.write("roles.yaml", "boss: [incident]\ndev: [incident]\n");
    std::fs::create_dir(folder.path("overrides")).unwrap();
    let config = |governance: &str| {
        folder.write(
            "weighlock.yaml",
            format!("apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p]\ntrust: {{keys: keys.yaml, roles: roles.yaml, overrides: overrides}}\ngovernance: {{{governance}}}\n"),
        );
    };
    config("overrideRole: incident");
    let input = INPUT.replace("id: soft", "id: firm");
    folder.write("in.yaml", &input);
    let digest = folder.report("in.yaml").digest("firm");
    let write = |by: &str, expires: &str, more: &str| {
        folder.run(&format!("override {digest} --by {by} --reason down --ticket INC-1 --expires {expires} --review-due 3d --out o.yaml {more}"))
    };
    write("boss", "4h", "--key boss.pem");
    let report = folder.report("in.yaml o.yaml");
    assert_eq!((report.code, findings(report.one()).len()), (0, 2), "{report:?}");
    assert!(report.one()["findings"][0]["overridden"]["by"].as_str().unwrap().starts_with("O-"));
    // Not signed, altered, not of the role, too long, for another change.
    let signed = folder.read("o.yaml");
    // What it owes stands wherever it is shown.
    let owes = report.one()["governance"]["overrides"][0].clone();
    for (member, value) in [("by", "boss"), ("reason", "down"), ("ticket", "INC-1")] {
        assert_eq!(owes[member], value, "{owes}");
    }
    let due = owes["reviewDue"].as_str().unwrap();
    for format in ["text", "markdown", "html", "sarif", "junit", "github", "gitlab-codequality"] {
        let ran = folder.run(&format!("evaluate in.yaml o.yaml -o {format}"));
        let out = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let out = out.replace("<br>", " ");
        assert!(out.contains(&format!("down; ticket INC-1, review due {due}")), "{format}: {}", ran.out);
    }
    // Whoever has not reviewed by then has not kept their word.
    let overriding = |more: &str| {
        folder.run(&format!(
            "override {digest} --by boss --reason down --ticket T --expires 4h --out o.yaml {more}"
        ))
    };
    let ran = overriding("--review-due 2020-01-01T00:00:00Z");
    assert!(
        ran.code == 2 && ran.err.contains("`2020-01-01T00:00:00Z` for `--review-due` is not ahead of now"),
        "{ran:?}"
    );
    overriding("--review-due 1h");
    let soon = folder.read("o.yaml");
    let line = soon.lines().find(|line| line.starts_with("reviewDue")).unwrap();
    folder.write("overrides/o.yaml", soon.replace(line, "reviewDue: 2026-01-01T00:00:00Z"));
    let report = folder.report("in.yaml");
    let why = report.one()["governance"]["rejected"].to_string();
    assert!(report.code == 10 && why.contains("its review was due 2026-01-01T00:00:00Z"), "{why}");
    // And what it lets pass, it lets pass no longer than that.
    folder.write("overrides/o.yaml", &soon);
    let report = folder.report("in.yaml");
    let (ends, due) =
        (&report.one()["governance"]["expires"], &report.one()["governance"]["overrides"][0]["reviewDue"]);
    assert!(report.code == 0 && ends == due && due.is_string(), "{report:?}");
    assert_eq!(&report.one()["findings"][0]["overridden"]["expires"], due);
    std::fs::remove_file(folder.path("overrides/o.yaml")).unwrap();
    folder.write("o.yaml", &signed);
    folder.write("o.yaml", signed.replace("down", "Down"));
    assert_eq!(folder.report("in.yaml o.yaml").code, 10);
    folder.write("o.yaml", &signed);
    folder.write("in.yaml", input.replace("cluster: x", "cluster: y"));
    assert_eq!(folder.report("in.yaml o.yaml").code, 10);
    folder.write("in.yaml", &input);
    config("overrideRole: chief");
    assert_eq!(folder.report("in.yaml o.yaml").code, 10);
    config("");
    let report = folder.report("in.yaml o.yaml");
    assert!(
        report.code == 10 && report.one()["governance"]["rejected"].to_string().contains("names no role")
    );
    config("overrideRole: incident, overrideMaxAge: 1h");
    assert_eq!(folder.report("in.yaml o.yaml").code, 10);
    config("overrideRole: incident");
    write("dev", "4h", "");
    std::fs::rename(folder.path("o.yaml"), folder.path("overrides/o.yaml")).unwrap();
    let report = folder.report("in.yaml");
    assert!(
        report.code == 10 && report.one()["governance"]["rejected"].to_string().contains("their own change")
    );
    // Without a reason there is none.
    let ran = folder.run(&format!("override {digest} --by boss --reason ' ' --ticket INC-1"));
    assert!(ran.code == 2 && ran.err.contains("`--reason` must say something"), "{}", ran.err);
    // And never of what could not be judged.
    folder.write("overrides/o.yaml", signed);
    folder
        .write("p/broken.rego", "package broken\n\ndeny contains \"x\" if to_number(input.change.id) > 1\n");
    let report = folder.report("in.yaml");
    assert_eq!((report.code, verdict(report.one())), (13, "indeterminate"));
}

#[test]
fn what_a_rule_has_seen_ends_no_hold_of_its_own() {
    let folder = Folder::with(&[
        (
            "in.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: database, environment: test}]\nchanges: [{id: c, kind: config, asset: a}]\nevidence: {migrations: []}\n",
        ),
        (
            "p/read.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: read, title: Read}\nspec:\n  requires: [evidence.migrations]\n  rules:\n    - {id: all, effect: hold, expression: 'false', message: not yet, needs: {evidence: evidence.migrations}}\n",
        ),
    ]);
    let held = folder.report("in.yaml --trust-input -p p");
    assert_eq!(held.code, 11);
    assert_eq!(held.decision("c")["missing"], json!([{"evidence": "evidence.migrations"}]));
}

#[test]
fn a_waiver_or_an_override_that_was_altered_counts_for_nothing_even_on_trust() {
    let folder = waivers();
    folder.write(
        "weighlock.yaml",
        folder.read("weighlock.yaml").replace("waiverMaxAge: 30d", "overrideRole: security"),
    );
    let line = "in.yaml r.yaml --trust-input";
    let digest = folder.report("in.yaml").digest("soft");
    for (command, from, to) in [
        (
            format!("{WAIVE} --rule may --scope application=app --expires 10d --approved-by boss"),
            "because",
            "because of",
        ),
        (
            format!("override {digest} --by boss --reason because --ticket T-1 --expires 4h"),
            "because",
            "because of",
        ),
    ] {
        let ran = folder.run(&format!("{command} --key boss.pem --out r.yaml"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(folder.report(line).code, 0, "{command}");
        folder.write("r.yaml", folder.read("r.yaml").replace(from, to));
        let report = folder.report(line);
        assert_eq!(report.code, 10, "{command}");
        let said = format!("{} {}", report.report["findings"], report.one()["governance"]["rejected"]);
        assert!(said.contains("its signature does not verify") && said.contains("`boss`"), "{said}");
    }
}
