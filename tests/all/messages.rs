//! What a user reads: what is the matter, in their own words, and what to do about it.

use serde_json::json;

use super::support::{Folder, INPUT, NOW, repository};

const HOLD: &str =
    "package hold\n\nhold contains {\"msg\": \"wait\", \"needs\": {\"approval\": {\"role\": \"lead\"}}}\n";
pub(super) const ALLOW: &str = "package allow\n\ndeny contains \"no\" if input.change.id == \"\"\n";

/// One change to an asset in an environment.
pub(super) fn change(environment: &str, more: &str) -> String {
    format!(
        "{INPUT}inventory: [{{id: a, kind: workload, environment: {environment}}}]\nchanges: [{{id: c, kind: config, asset: a{more}}}]\n"
    )
}

/// A folder in which `ann` holds the role that the hold asks for, and `bob` and `cat` others.
fn roles() -> Folder {
    let folder = Folder::with(&[
        ("p.rego", HOLD),
        ("roles.yaml", "ann: [lead]\nbob: [tester, writer]\ncat: [lead]\n"),
        (
            "weighlock.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p.rego]\ntrust: {roles: roles.yaml, approvals: approvals}\n",
        ),
        ("in.yaml", &change("test", ", author: {id: dev}")),
    ]);
    std::fs::create_dir(folder.path("approvals")).unwrap();
    folder
}

#[test]
fn an_approval_that_fills_no_place_is_told() {
    let folder = roles();
    let digest = folder.report("in.yaml").digest("c");
    let approve = |by: &str| {
        let ran = folder.run(&format!("approve {digest} --by {by} --out approvals/{by}.yaml"));
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    // Whoever reads the comment on a pull request can approve with what it says.
    let ran = folder.run("evaluate in.yaml -o markdown");
    let command = format!("weighlock approve {digest} --by PERSON --key KEY --out FILE");
    assert!(ran.out.replace('\\', "").contains(&format!("<code>{command}</code>")), "{}", ran.out);
    approve("bob");
    let ran = folder.run("evaluate in.yaml");
    assert_eq!(ran.code, 11);
    assert!(
        ran.out.contains("not counted: bob (holds `tester`, `writer`, and asked for is `lead`)"),
        "{}",
        ran.out
    );
    approve("ann");
    approve("cat");
    let report = folder.report("in.yaml");
    let governance = &report.one()["governance"];
    assert_eq!((report.code, &governance["approvals"]), (0, &json!([{"by": "ann", "role": "lead"}])));
    let rejected: Vec<&str> =
        governance["rejected"].as_array().unwrap().iter().map(|r| r["record"].as_str().unwrap()).collect();
    assert_eq!(rejected, ["bob", "cat"], "{governance}");
    // Where no hold asks for anybody, nothing is to be said of those who approved.
    folder.write("p.rego", ALLOW);
    assert_eq!(folder.report("in.yaml").one()["governance"]["rejected"], json!([]));
}

#[test]
fn approvals_and_overrides_for_another_change_are_told() {
    let folder = roles();
    let digest = folder.report("in.yaml").digest("c");
    let told = || {
        let report = folder.report("in.yaml over.yaml more.yaml");
        let found = report.report["findings"].as_array().unwrap().clone();
        let said = |f: &serde_json::Value| {
            format!("{} {}", f["rule"].as_str().unwrap(), f["message"].as_str().unwrap())
        };
        (report.code, found.iter().map(said).collect::<Vec<_>>())
    };
    let over = |change: &str| {
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Override\nid: O-1\nchange: {change}\nby: ann\nreason: fire\nticket: T-1\nexpires: 2999-01-01T00:00:00Z\nreviewDue: 2999-01-02T00:00:00Z\n"
        )
    };
    let approval = |n: usize, expires: u32| {
        format!(
            "{{by: {{id: ann}}, change: \"sha256:{n:02}{:062}\", at: 2025-01-01T00:00:00Z, expires: {expires}-01-01T00:00:00Z}}",
            0
        )
    };
    folder.run(&format!("approve {digest} --by ann --out approvals/ann.yaml"));
    folder.write("over.yaml", over(&digest));
    // One that has expired helps no change anyway.
    folder.write("more.yaml", format!("{INPUT}evidence: {{approvals: [{}]}}\n", approval(1, 2026)));
    assert_eq!(told(), (0, Vec::new()));
    // The change is another one now.
    folder.write("in.yaml", change("test", ", author: {id: dev}, ticket: T-2"));
    let short = &digest[..19];
    let since = "which no change here has: did it change since?";
    let expected = vec![
        format!("weighlock.approvals the approval by `ann` is for {short}…, {since}"),
        format!("weighlock.overrides the override `O-1` by `ann` is for {short}…, {since}"),
    ];
    assert_eq!(told(), (11, expected));
    let many: Vec<String> = (1..=25).map(|n| approval(n, 2999)).collect();
    folder.write("more.yaml", format!("{INPUT}evidence: {{approvals: [{}]}}\n", many.join(", ")));
    let (_, found) = told();
    assert_eq!(found.len(), 22, "{found:?}");
    assert!(found[20].ends_with("are 6 more than these"), "{found:?}");
}

#[test]
fn a_role_that_nobody_holds_is_told() {
    let folder = roles();
    let told = || {
        let report = folder.report("in.yaml");
        let found = report.report["findings"].as_array().unwrap().clone();
        let of = |f: &serde_json::Value| format!("{} {}", f["message"], f["remediation"]);
        found.iter().filter(|f| f["rule"] == "weighlock.roles").map(of).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(told(), "");
    folder.write("p.rego", HOLD.replace("lead", "laed"));
    let said = told();
    assert!(said.contains("a hold asks for the role `laed`, which nobody holds"), "{said}");
    assert!(said.contains("did you mean `lead`?"), "{said}");
    folder.write("p.rego", HOLD.replace("lead", "surveyor"));
    let said = told();
    assert!(said.contains("`surveyor`") && said.contains("in the file of `trust.roles`"), "{said}");
    // Of the settings, shipped or not, only what was probably misspelt.
    folder.write("p.rego", HOLD);
    folder.write("s.yaml", "updates: {windows: []}\nmigrations: {unparsed: {any: [{approval: {role: leed, count: 1}}, {approval: {role: surveyor, count: 1}}]}}\n");
    let config = folder.read("weighlock.yaml");
    folder
        .write("weighlock.yaml", format!("{config}settings: s.yaml\ngovernance: {{overrideRole: testr}}\n"));
    let said = told();
    assert!(said.contains("the settings ask for the role `leed`") && !said.contains("surveyor"), "{said}");
    assert!(said.contains("`governance.overrideRole` names the role `testr`"), "{said}");
    // Where no roles are listed, nobody is meant to hold any.
    folder.write("roles.yaml", "{}\n");
    assert_eq!(told(), "");
}

#[test]
fn a_manifest_names_no_author_and_says_what_can() {
    let folder = roles();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: \"registry.example/web:1\"}]}\n";
    folder.write("in.yaml", pod);
    folder.run("evaluate in.yaml -o json=report.json");
    let ran = folder.run("approve Pod/web --report report.json --by ann");
    assert!(ran.code == 2 && ran.err.contains("a manifest or an AdmissionReview names none"), "{ran:?}");
    let digest = folder.report("in.yaml").digest("Pod/web");
    folder.run(&format!("approve {digest} --by ann --out approvals/ann.yaml"));
    let ran = folder.run("evaluate in.yaml");
    let out = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("an input document with the object and the change can"), "{}", ran.out);
    // As the guide has it.
    let object = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: \"registry.example/web:1\"}]}}";
    folder.write("in.yaml", format!("{INPUT}inventory: [{{id: web, kind: pod, object: {object}}}]\nchanges: [{{id: c, kind: admission, asset: web, operation: CREATE, author: {{id: dev}}}}]\n"));
    folder.run("evaluate in.yaml -o json=report.json");
    assert_eq!(folder.run("approve c --report report.json --by ann --out approvals/ann.yaml").code, 0);
    assert_eq!(folder.report("in.yaml").code, 0);
}

#[test]
fn what_has_no_author_cannot_be_approved_and_says_so() {
    let folder = roles();
    folder.write("in.yaml", change("test", ""));
    let ran = folder.run("evaluate in.yaml -o text -o json=report.json");
    assert_eq!(ran.code, 11);
    assert!(ran.out.contains("needs: evidence `change.author`"), "{}", ran.out);
    assert!(!ran.out.contains("to approve:"), "{}", ran.out);
    let ran = folder.run("approve c --report report.json --by ann");
    assert!(ran.code == 2 && ran.err.contains("`c` names no author"), "{ran:?}");
    // An approval all the same is told, and counts for nothing.
    let digest = folder.report("in.yaml").digest("c");
    folder.run(&format!("approve {digest} --by ann --out approvals/ann.yaml"));
    let ran = folder.run("evaluate in.yaml");
    assert!(ran.code == 11 && ran.out.contains("not counted: ann (the change names no author"), "{ran:?}");
    folder.write("in.yaml", change("test", ", author: {id: dev}"));
    assert!(!folder.run("evaluate in.yaml").out.contains("change.author"));
}

#[test]
fn what_would_make_a_fact_known_is_told() {
    let policy = "# METADATA\n# custom:\n#   remediation: rebuild it\n#   requires: [{fact: evidence.gates, maxAge: 7d}]\npackage gates\n\ndeny contains \"no\" if count(input.evidence.gates) == 0\n";
    let gate = |more: &str| {
        format!(
            "{}evidence: {{gates: [{{name: unit, environment: test, subject: \"sha256:{}\", status: passed{more}}}]}}\n",
            INPUT,
            "a".repeat(64)
        )
    };
    let image = format!(
        "{INPUT}inventory: [{{id: a, kind: workload, images: [{{ref: app, digest: \"sha256:{}\"}}]}}]\nchanges: [{{id: c, kind: config, asset: a}}]\n",
        "a".repeat(64)
    );
    let folder = Folder::with(&[("gates.rego", policy), ("in.yaml", &image)]);
    let config = |more: &str| {
        folder.write(
            "weighlock.yaml",
            format!(
                "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [gates.rego]\ntrust: {{{more}}}\n"
            ),
        );
    };
    folder.write("gates/gates.yaml", gate(", observedAt: 2026-11-10T12:00:00Z"));
    let fix = |inputs: &str| {
        let report = folder.report(&format!("{inputs} --now {NOW} --decision-out out"));
        assert_eq!(report.code, 13, "{report:?}");
        // It is part of the decision, and so of what a replay makes again.
        for file in std::fs::read_dir(folder.path("out")).unwrap() {
            let ran = folder.run(&format!("replay out/{}", file.unwrap().file_name().to_str().unwrap()));
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        report.one()["findings"][0]["remediation"].as_str().unwrap().to_owned()
    };
    config("");
    assert_eq!(
        fix("in.yaml"),
        "add `evidence.gates` about it to the input, in a file that the configuration lists under `trust.inputs`; it may be at most 1w old"
    );
    assert_eq!(
        fix("in.yaml gates"),
        "it must have the trust `operator`: give it in a file that the configuration lists under `trust.inputs`; it may be at most 1w old"
    );
    config("inputs: [gates]");
    assert_eq!(fix("in.yaml gates"), "look again; it may be at most 1w old");
    config("inputs: [gates], facts: {evidence.gates: {maxAge: 2d}}");
    assert_eq!(fix("in.yaml gates"), "look again; it may be at most 2d old");
    folder.write("gates/gates.yaml", gate(""));
    assert_eq!(fix("in.yaml gates"), "say with `observedAt` when somebody looked; it may be at most 2d old");
    let ran = folder.run("evaluate in.yaml gates");
    assert!(ran.out.contains("fix: say with `observedAt`") && !ran.out.contains("rebuild"), "{}", ran.out);
}

#[test]
fn what_no_rule_speaks_about_says_what_to_do() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
    let folder = Folder::with(&[("in.yaml", &change("test", ""))]);
    for (flags, input, about) in [
        ("-", service, "a `Service`; add one that does, or leave the document out"),
        (
            "- --environment test",
            service,
            "a `Service` in `test`; add one that does, or leave the document out",
        ),
        ("in.yaml", "", "a change of kind `config` in `test`; add one that does, or leave the change out"),
    ] {
        let ran = folder.pipe(&format!("evaluate -p builtin:migrations {flags}"), input);
        assert_eq!(ran.code, 13, "{ran:?}");
        let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("fix: no policy speaks about {about}")), "{}", ran.out);
    }
}

#[test]
fn what_is_not_what_was_asked_for_says_what_is() {
    let folder = roles();
    let two = "changes: [{id: web-1, kind: config, asset: a}, {id: web-2, kind: config, asset: a}, {id: api, kind: config, asset: a}]\n";
    folder
        .write("in.yaml", format!("{INPUT}inventory: [{{id: a, kind: workload, environment: test}}]\n{two}"));
    folder.run("evaluate in.yaml -o json=report.json");
    let digest = folder.report("in.yaml").digest("api");
    let (_, public) = super::support::key(5);
    folder.write("key.pub", public);
    folder.write("claim.yaml", format!("apiVersion: weighlock.dev/v1\nkind: Approval\nby: {{id: ann}}\nroles: [lead]\nchange: {digest}\nat: {NOW}\nexpires: 2099-01-01T00:00:00Z\n"));
    let approve = format!("approve {digest} --by ann");
    for (line, said) in [
        ("evaluate in.yaml --change ap --decision-out out", "help: did you mean `api`?"),
        ("evaluate in.yaml --change web", "help: there are `web-1`, `web-2`"),
        ("evaluate in.yaml --change elsewhere", "help: there are `web-1`, `web-2`, `api`"),
        ("approve web --report report.json --by ann", "help: there are `web-1`, `web-2`"),
        ("replay report.json", "`report.json` is a `Report`, not a decision record"),
        ("evaluate in.yaml --decision-out in.yaml", "`in.yaml` is not a folder"),
        (&format!("{approve} --expires yesterday"), "or an age, as in `24h`"),
        (&format!("{approve} --key key.pub"), "this is a public key"),
        ("evaluate in.yaml claim.yaml", "help: roles come from `trust.roles`"),
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        assert!(!folder.path("out").exists(), "{line}");
    }
}

#[test]
fn shells_complete_the_names_that_there_are() {
    let folder = Folder::new();
    let ran = folder.run("completions bash");
    assert!(ran.out.contains("text json yaml sarif") && ran.out.contains("input "), "{}", ran.out);
    // A name that there is not is still answered with the one that was meant.
    assert!(folder.run("schema imput").err.contains("did you mean `input`?"));
    assert!(!folder.run("schema --help").out.contains("possible values"));
}

#[test]
fn what_was_looked_at_is_not_said_to_be_missing() {
    let policy = "# METADATA\n# custom:\n#   requires: [asset.podSpec]\npackage pod\n\ndeny contains \"no\" if false\n";
    let folder = Folder::with(&[("p.rego", policy)]);
    let asset = |more: &str| {
        folder.write(
            "in.yaml",
            format!("{INPUT}inventory: [{{id: a, kind: workload{more}}}]\nchanges: [{{id: c, kind: config, asset: a}}]\n"),
        );
        let report = folder.report(&format!("in.yaml -p p.rego --trust-input --now {NOW}"));
        let found = report.one()["findings"].as_array().unwrap().clone();
        let said = |f: &serde_json::Value| {
            format!("{}; {}", f["message"].as_str().unwrap(), f["remediation"].as_str().unwrap())
        };
        found.iter().map(said).collect::<Vec<_>>()
    };
    assert_eq!(
        asset(""),
        ["`asset.podSpec` is unknown for `a`: nobody looked; give the asset its Kubernetes `object`"]
    );
    let object =
        ", object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {tempate: {}}}";
    assert_eq!(
        asset(object),
        [
            "`asset.podSpec` is unknown for `a`: cannot be derived; the object has no pod template that can be read: correct it, as in `spec.template.spec` (of a CronJob `spec.jobTemplate.spec.template.spec`)"
        ]
    );
    let found = asset(", observedAt: 2026-11-21T12:00:00Z");
    let future = "the asset that changes is not known (observed later than now), so nothing that is said of it counts; correct `observedAt`, or the clock by which it was written, or give a later `--now`: it lies ahead of now";
    assert!(found.iter().any(|said| said == future), "{found:?}");
}

#[test]
fn replay_goes_on_after_what_cannot_be_read() {
    let folder = roles();
    folder.run("evaluate in.yaml --decision-out out");
    let file = std::fs::read_dir(folder.path("out")).unwrap().next().unwrap().unwrap().path();
    let record = std::fs::read_to_string(&file).unwrap();
    folder.write("good.json", &record);
    folder.write("bad.json", record.replacen("\"hold\"", "\"allow\"", 1));
    folder.write("none.json", "{}");
    let ran = folder.run("replay missing.json none.json good.json other.json");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.starts_with("good.json: identical:"), "{ran:?}");
    for name in ["`missing.json`", "none.json", "`other.json`"] {
        assert!(ran.err.contains(name), "{name}: {}", ran.err);
    }
    // What differs is worse than what cannot be read, in whatever order.
    assert_eq!(folder.run("replay bad.json missing.json").code, 10);
    assert_eq!(folder.run("replay missing.json bad.json good.json").code, 10);
    assert_eq!(folder.run("replay good.json good.json").code, 0);
}

#[test]
fn a_waiver_is_for_rules_that_are_there_and_may_be_waived() {
    let folder = Folder::new();
    let waive = |more: &str| {
        folder.run(&format!(
            "waive --owner ann --approved-by bob --reason r --ticket T-1 --expires 3d --scope application=app {more}"
        ))
    };
    let ran = waive("--rule scans.fixabel");
    assert!(ran.code == 2 && ran.err.contains("there is no rule `scans.fixabel`"), "{ran:?}");
    assert!(ran.err.contains("did you mean `scans.fixable`?") && ran.out.is_empty(), "{ran:?}");
    assert_eq!(waive("--rule scans.fixable").code, 0);
    let ran = waive("--rule promotion.path");
    assert!(ran.code == 2 && ran.err.contains("`promotion.path` cannot be waived"), "{ran:?}");
    folder
        .write("p/own.rego", "# METADATA\n# custom: {waivable: true}\npackage own\n\ndeny contains \"x\"\n");
    let ran = waive("--rule own");
    assert!(ran.code == 2 && ran.err.contains("`--policy` or `--config`"), "{ran:?}");
    assert_eq!(waive("--rule own -p p").code, 0);
    folder.write("ops.yaml", "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p]\n");
    assert_eq!(waive("--rule own --config ops.yaml").code, 0);
    // Where no policy can be loaded, it is written all the same, and that is said.
    folder.write("p/broken.rego", "package");
    let ran = waive("--rule own -p p");
    assert!(ran.code == 0 && ran.err.contains("the rules are not looked up"), "{ran:?}");
    folder.write("weighlock.yaml", "nonsense");
    let ran = waive("--rule own");
    assert!(ran.code == 0 && ran.err.contains("is not held against the configuration"), "{ran:?}");
    assert_eq!(waive("--rule own --config weighlock.yaml").code, 2);
    let ran = waive("--rule own --scope aplication=x");
    assert!(ran.err.contains("did you mean `application`?"), "{ran:?}");
}

#[test]
fn text_that_cannot_be_meant_is_quoted_with_an_example_of_what_can() {
    let folder = Folder::with(&[("allow.rego", ALLOW)]);
    for time in [
        "now",
        "30d",
        "12:00",
        "2026-11-23",
        "2026-13-01T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T10:00:00",
        "Z",
        "-",
        "20261123",
    ] {
        folder.write(
            "in.yaml",
            format!("{INPUT}inventory: [{{id: a, kind: workload, observedAt: '{time}'}}]\n"),
        );
        folder.write("in.json", format!("{{\"apiVersion\": \"weighlock.dev/v1\", \"kind\": \"Input\", \"inventory\": [{{\"id\": \"a\", \"kind\": \"workload\", \"observedAt\": \"{time}\"}}]}}"));
        for name in ["in.yaml", "in.json"] {
            let ran = folder.run(&format!("evaluate {name} -p allow.rego"));
            assert!(
                ran.err.contains(&format!("error[input.invalid]: `{time}` is not a time\n")),
                "{}",
                ran.err
            );
            assert!(ran.err.contains("as in `2026-11-23T10:00:00Z`"), "{}", ran.err);
        }
    }
    folder.write("in.yaml", change("test", ""));
    folder.write(
        "p.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n  rules:\n    - id: r\n      effect: deny\n      expression: input.a ? input.b : input.c\n",
    );
    let ran = folder.run("evaluate in.yaml -p p.yaml");
    assert!(ran.err.contains("not valid YAML: a second `: ` in a line"), "{}", ran.err);
    assert!(ran.err.contains("`expression: 'a: b'`") && ran.err.contains("p.yaml:8:"), "{}", ran.err);
}

#[test]
fn of_a_long_line_what_is_near_is_shown() {
    let folder = Folder::with(&[(
        "p.rego",
        "package p\n\ndeny contains {\"msg\": \"no\", \"path\": \"/change/ticket\"} if input.change.ticket\n",
    )]);
    let inventory: Vec<_> = (0..20_000).map(|i| json!({"id": format!("é{i}"), "kind": "workload"})).collect();
    let change = json!({"id": "c", "kind": "config", "asset": "é7", "ticket": "T-1"});
    let mut input = json!({"apiVersion": "weighlock.dev/v1", "kind": "Input", "inventory": inventory});
    input["changes"] = json!([change]);
    folder.write("in.json", input.to_string());
    let under = |text: &str, meant: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| line.contains(meant) && line.contains('…')).unwrap();
        assert!(lines[at].chars().count() < 110, "{text}");
        let start = lines[at].split(meant).next().unwrap().chars().count();
        let mark = lines[at + 1].chars().position(|c| matches!(c, '^' | '─' | '┬')).unwrap();
        assert_eq!(start, mark, "{text}");
    };
    let ran = folder.run("evaluate in.json -p p.rego");
    assert_eq!(ran.code, 10, "{ran:?}");
    under(&ran.out, "\"T-1\"");
    let column = input.to_string().split("\"T-1\"").next().unwrap().chars().count() + 1;
    assert!(ran.out.contains(&format!("in.json:1:{column}\n")), "{}", ran.out);
    input["changes"][0]["tickett"] = json!(1);
    folder.write("in.json", input.to_string());
    let ran = folder.run("evaluate in.json -p p.rego");
    under(&ran.err, "\"tickett\"");
    let column = input.to_string().split("\"tickett\"").next().unwrap().chars().count() + 1;
    assert!(ran.code == 2 && ran.err.contains(&format!("[in.json:1:{column}]")), "{}", ran.err);
}

#[test]
fn the_last_line_says_why_the_exit_code_is_what_it_is() {
    let folder = Folder::with(&[
        ("warn.rego", "package w\n\nwarn contains \"mind\"\n"),
        ("hold.rego", HOLD),
        ("in.yaml", &change("test", "")),
    ]);
    for (flags, said) in [
        ("-p warn.rego", "exit 0: allowed, nothing outstanding"),
        ("-p warn.rego --fail-on warn", "exit 11: allowed, with warnings, on which `--fail-on warn` fails"),
        ("-p hold.rego", "exit 11: on hold, until what is missing is there"),
        ("-p hold.rego --fail-on deny", "exit 0: on hold, which `--fail-on deny` lets pass"),
    ] {
        let ran = folder.run(&format!("evaluate in.yaml {flags}"));
        assert!(ran.out.ends_with(&format!("{said}\n")), "{flags}: {}", ran.out);
        let html = folder.run(&format!("evaluate in.yaml -o html {flags}"));
        assert!(html.out.contains(said), "{flags}");
    }
}

#[test]
fn a_configuration_in_the_input_is_passed_over_and_that_is_said_once() {
    let config = "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [allow.rego]\n";
    let folder = Folder::with(&[
        ("allow.rego", ALLOW),
        ("in/a/weighlock.yaml", config),
        ("in/b/weighlock.yaml", config),
        ("in/in.yaml", &change("test", "")),
    ]);
    let ran = folder.run("evaluate in -p allow.rego");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.err.matches("was not read as configuration").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("`--config in/a/weighlock.yaml`"), "{}", ran.err);
    // The one that is named was read, and the one of the current directory is spoken of already.
    std::fs::remove_dir_all(folder.path("in/b")).unwrap();
    let ran = folder.run("evaluate in -p allow.rego --config in/a/weighlock.yaml");
    assert!(ran.code == 0 && !ran.err.contains("was not read"), "{ran:?}");
    folder.write("in/weighlock.yaml", config);
    std::fs::remove_dir_all(folder.path("in/a")).unwrap();
    std::fs::copy(folder.path("allow.rego"), folder.path("in/allow.rego")).unwrap();
    let mut here = folder.command(&["evaluate", ".", "-p", "allow.rego"]);
    let output = here.current_dir(folder.path("in")).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("is not believed") && !err.contains("was not read"), "{err}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let digest = format!("sha256:{}", "a".repeat(64));
    let ran = folder.run(&format!("approve {digest} --by ann --out none/ann.yaml"));
    assert!(ran.code == 2 && ran.err.contains("there is no folder `none`; make it first"), "{ran:?}");
}

#[test]
fn a_case_that_names_an_unknown_rule_is_an_error_and_counts_no_rule() {
    let folder = Folder::with(&[("p/allow.rego", ALLOW)]);
    folder.write("p/a.case.yaml", format!(
        "apiVersion: weighlock.dev/v1\nkind: Case\nname: a\npolicies: [allow, alow]\nreview: {}\nexpect: {{verdict: allow}}\n",
        repository("testdata/review.json")
    ));
    let ran = folder.run("test p");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out.contains("`alow`, which is not there") && ran.out.contains("did you mean `allow`?"),
        "{ran:?}"
    );
    assert!(ran.out.contains("1 case of 1 rule in"), "{}", ran.out);
}

#[test]
fn an_error_begins_with_its_code() {
    let folder = Folder::new();
    let ran = folder.run("evaluate missing.yaml");
    let line = ran.err.lines().find(|line| line.starts_with("error")).unwrap();
    assert!(line.starts_with("error[input.unreadable]: `missing.yaml` cannot be read"), "{}", ran.err);
    let mut command = folder.command(&["--color", "always", "evaluate", "missing.yaml"]);
    let output = command.env_remove("NO_COLOR").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("error[input.unreadable]:") && err.contains("\x1b["), "{err}");
}

#[test]
fn an_example_that_is_not_trusted_says_what_to_do_before_it_says_it_often() {
    let ran = Folder::new().run(&format!("evaluate {}", repository("examples/quickstart")));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.matches("error[input.forged]").count() <= 6, "{}", ran.err);
    assert!(ran.err.contains("--trust-input") && ran.err.contains(" more like this in "), "{}", ran.err);
}

/// A rule that asks for what no review has would find nothing, and let everything pass.
#[test]
fn what_no_review_has_is_refused_where_it_is_asked_for() {
    let folder = Folder::with(&[
        (
            "misspelt.rego",
            "package p\n\nimport rego.v1\n\ndeny contains \"no owner\" if not input.asset.onwer\n",
        ),
        (
            "foreign.rego",
            "package p\n\nimport rego.v1\n\ndeny contains \"root\" if input.spec.template.spec.hostPID\n",
        ),
        (
            "document.rego",
            "# METADATA\n# custom:\n#   view: document\npackage p\n\nimport rego.v1\n\ndeny contains \"root\" if input.spec.template.spec.hostPID\n",
        ),
        ("in.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"),
    ]);
    let refused = |policy: &str| {
        let ran = folder.run(&format!("evaluate in.yaml -p {policy}"));
        assert_eq!(ran.code, 2, "{ran:?}");
        ran.err
    };
    insta::assert_snapshot!(refused("misspelt.rego"), @r#"
    note: no configuration; nothing is trusted but what Weighlock verifies itself (see `--config`)
    error[policy.invalid]: no review has `input.asset.onwer`
       ╭─[misspelt.rego:5:33]
     4 │ 
     5 │ deny contains "no owner" if not input.asset.onwer
       ·                                 ────────┬────────
       ·                                         ╰── never there
       ╰────
      help: did you mean `input.asset.owner`?
    "#);
    assert!(refused("foreign.rego").contains("`view: document`"));
    // What is asked about something else may have any member.
    folder.write(
        "with.rego",
        "package p\n\nimport rego.v1\n\nbad if input.request.bad\n\ndeny contains \"a\" if bad with input as {\"request\": {\"bad\": true}}\n",
    );
    assert_eq!(folder.run("evaluate in.yaml -p with.rego").code, 10);
    for imported in [
        "import input.artefacts\n\ndeny contains \"a\" if artefacts",
        "import input.asset as a\n\ndeny contains \"a\" if a.onwer",
    ] {
        folder.write("imported.rego", format!("package p\n\n{imported}\n"));
        assert!(refused("imported.rego").contains("did you mean"), "{imported}");
    }
    assert_eq!(folder.run("evaluate in.yaml -p document.rego").code, 0);
}
