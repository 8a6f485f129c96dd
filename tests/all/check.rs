//! `weighlock check` as people run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::repository;

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weighlock"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

fn ids(report: &Value) -> Vec<&str> {
    report["problems"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn in_the_shipped_policies_there_is_nothing_to_find() {
    for arguments in [
        &["--fail-on", "warning", "-o", "json"][..],
        &["-p", "builtin", "--fail-on", "warning", "-o", "json"],
    ] {
        let output = check(repository::root(), arguments);
        let report = json(&output);
        assert_eq!(report["problems"], serde_json::json!([]), "{report:#}");
        assert_eq!(output.status.code(), Some(0));
        assert!(report["rules"].as_u64().unwrap() > 40);
    }
}

const RULE: &str = "# METADATA
# title: A
# description: B
# custom:
#   severity: high
#   applies: {}
#   remediation: C
package house.rule

";

#[test]
fn slips_of_a_path_an_effect_and_a_role_are_found() {
    let needs = "hold contains {\"msg\": \"x\", \"needs\": {\"approval\": {\"role\": \"tech-laed\", \"count\": 1}}} if input.change.ticket\n";
    for (name, body, id, hint) in [
        (
            "path",
            "deny contains \"x\" if input.change.tikcet\n",
            "path.unknown",
            "did you mean `input.change.ticket`?",
        ),
        (
            "effect",
            "dney contains \"x\" if input.change.ticket\n",
            "policy.metadata",
            "did you mean `deny contains …`",
        ),
        ("role", needs, "role.unknown", "did you mean `tech-lead`?"),
    ] {
        let folder = folder(
            name,
            &[
                ("policies/rule.rego", &format!("{RULE}{body}")),
                ("roles.yaml", "ann: [tech-lead]\n"),
                (
                    "weighlock.yaml",
                    "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [policies]\ntrust: {roles: roles.yaml}\n",
                ),
            ],
        );
        let output = check(&folder, &["--config", "weighlock.yaml", "-o", "json"]);
        let report = json(&output);
        assert_eq!(output.status.code(), Some(10), "{report:#}");
        let found = &report["problems"][0];
        assert_eq!((found["id"].as_str(), ids(&report).contains(&id)), (Some(id), true), "{report:#}");
        assert!(found["hint"].as_str().unwrap().contains(hint), "{report:#}");
        // What has no effect is told where it says that it judges.
        assert_eq!(found["at"]["line"], if name == "effect" { 8 } else { 10 }, "{report:#}");
        assert!(repository::root().join(found["page"].as_str().unwrap()).is_file());
    }
}

#[test]
fn a_policy_of_a_tutorial_comes_out_with_what_is_true_of_it() {
    // After the first policy of the OPA documentation: servers that must not be reachable.
    let text = "package example

import rego.v1

deny contains server.id if {
\tsome server in public_servers
\t\"http\" in server.protocols
}

deny contains server.id if {
\tsome server in input.servers
\t\"telnet\" in server.protocols
}

public_servers contains server if {
\tsome server in input.servers
\tsome port in server.ports
\tsome input_port in input.ports
\tport == input_port.id
}
";
    let folder = folder("tutorial", &[("policies/example.rego", text)]);
    let report = json(&check(&folder, &["-o", "json"]));
    let found: Vec<&str> = ids(&report);
    // A review has no servers, and whose rule it is says nothing of itself.
    assert!(found.iter().all(|id| ["path.unknown", "metadata.missing"].contains(id)), "{report:#}");
    let view = text.replace("package example", "# METADATA\n# custom:\n#   view: document\npackage example");
    std::fs::write(folder.join("policies/example.rego"), view).unwrap();
    let report = json(&check(&folder, &["-o", "json"]));
    assert_eq!(ids(&report), ["metadata.missing"], "{report:#}");
}

#[test]
fn exit_codes_outputs_and_paths() {
    let warns = format!("{RULE}deny contains \"x\" if 1 == 2\n");
    let fails =
        format!("{}deny contains \"x\" if input.nothing\n", RULE.replace("house.rule", "house.other"));
    let folder = folder("exit", &[("policies/a/warns.rego", &warns), ("policies/b/fails.rego", &fails)]);
    let code = |arguments: &[&str]| check(&folder, arguments).status.code();
    assert_eq!(code(&["policies/a"]), Some(0));
    assert_eq!(code(&["policies/a", "--fail-on", "warning"]), Some(10));
    assert_eq!(code(&["policies/b"]), Some(10));
    assert_eq!(code(&[]), Some(10));
    assert_eq!(code(&["nowhere"]), Some(2));
    assert_eq!(code(&["-o", "text", "-o", "json"]), Some(2));
    let output = check(&folder, &["-o", "github", "-o", "sarif=check.sarif", "-o", "json=check.json"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("::error file=policies/b/fails.rego,line=10,col="), "{said}");
    assert!(said.contains("::warning file=policies/a/warns.rego,line=10,col="), "{said}");
    let sarif: Value = serde_json::from_slice(&std::fs::read(folder.join("check.sarif")).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{sarif:#}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    // For people, without colour where it is no terminal.
    let said = String::from_utf8(check(&folder, &[]).stdout).unwrap();
    assert!(
        said.contains("error[path.unknown]: no review has `input.nothing`") && !said.contains('\u{1b}'),
        "{said}"
    );
    assert!(said.ends_with("1 error, 1 warning in 2 rules\n"), "{said}");
}

#[test]
fn the_operators_file_in_the_current_directory_is_found() {
    let rule = "# METADATA
# title: A
# description: B
# custom:
#   severity: high
#   remediation: C
#   applies: {kinds: [image]}
package corp.friday

deny contains \"no\" if input.change.ticket in data.corp.tickets

hold contains {\"msg\": \"nor\", \"needs\": {\"approval\": {\"role\": \"tech-laed\", \"count\": 1}}} if input.change.ticket
";
    let test = "package corp.friday_test

import data.corp.friday

test_ticket if count(friday.deny) == 1 with input as {\"change\": {\"ticket\": \"OPS-1\"}, \"context\": {\"actor\": {\"roles\": []}}}
";
    let files = [
        (
            "weighlock.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [rules]\ndata: [data.yaml]\ntrust: {roles: roles.yaml}\n",
        ),
        ("roles.yaml", "a: [tech-lead]\n"),
        ("data.yaml", "corp: {tickets: [OPS-1]}\n"),
        ("rules/friday.rego", rule),
        ("rules/friday_test.rego", test),
    ];
    let folder = folder("found", &files);
    let output = check(&folder, &["-o", "json"]);
    let found = json(&output);
    assert!(ids(&found).contains(&"role.unknown"), "{found:#}");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weighlock"));
        command.arg("test").args(arguments).current_dir(&folder).output().unwrap()
    };
    for arguments in [&["rules"][..], &["rules", "-d", "data.yaml"], &["rules", "--config", "weighlock.yaml"]]
    {
        let ran = run(arguments);
        assert_eq!(ran.status.code(), Some(0), "{arguments:?} {ran:?}");
    }
    // What the file names as something else can be data too.
    std::fs::write(
        folder.join("rules/a_test.rego"),
        "package a_test\n\ntest_a if data.a == [\"tech-lead\"]\n",
    )
    .unwrap();
    assert_eq!(run(&["rules", "-d", "roles.yaml"]).status.code(), Some(0));
    std::fs::remove_file(folder.join("rules/a_test.rego")).unwrap();
    // Without the file there is no such data.
    std::fs::remove_file(folder.join("weighlock.yaml")).unwrap();
    assert_eq!(run(&["rules"]).status.code(), Some(10));
}

#[test]
fn the_report_for_programs_is_what_its_schema_says() {
    let text = format!(
        "{RULE}deny contains \"x\" if 1 == 2\n\n# weighlock: allow condition.constant because it is tried\nwarn contains \"y\" if 1 == 3\n\ndeny contains \"z\" if input.nothing\n"
    );
    let folder = folder("schema", &[("policies/rule.rego", &text)]);
    let output = check(&folder, &["-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["silenced"][0]["reason"], "it is tried", "{report:#}");
    assert_eq!((&report["errors"], &report["warnings"]), (&1.into(), &1.into()), "{report:#}");
    let schema =
        weighlock::pipeline::schema::SCHEMAS.iter().find(|one| one.name == "check-report").unwrap().text();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(validator.is_valid(&report), "{:?}", validator.iter_errors(&report).next());
    let mut other = report;
    other["problems"][0].as_object_mut().unwrap().remove("message");
    assert!(!validator.is_valid(&other));
}
