//! Records and their replay: the same bytes again, and whatever was altered is found out.

use std::path::PathBuf;

use serde_json::{Value, json};
use weighlock::config::Config;
use weighlock::decide::outcome::FailOn;
use weighlock::pipeline::{self, Evaluated, Request, record};

use super::support::{Folder, NOW, Ran, base64, key, repository};

/// A folder with the records of the examples, signed or not.
fn recorded(more: &str) -> (Folder, Vec<PathBuf>) {
    let folder = Folder::new();
    let (private, public) = key(3);
    let (_, stranger) = key(4);
    folder.write("key.pem", private);
    folder.write("key.pub", public);
    folder.write("stranger.pub", stranger);
    let ran = folder.run(&format!(
        "evaluate --trust-input {} -c {} --now {NOW} --decision-out out {more}",
        repository("examples/quickstart"),
        repository("examples/operator/weighlock.yaml")
    ));
    assert_eq!(ran.code, 10, "{ran:?}");
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path("out")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 5);
    (folder, files)
}

fn name(path: &std::path::Path) -> String {
    format!("out/{}", path.file_name().unwrap().to_str().unwrap())
}

#[test]
fn every_record_of_the_example_replays_to_the_byte() {
    let (folder, files) = recorded("");
    let names: Vec<String> = files.iter().map(|file| name(file)).collect();
    let ran = folder.run(&format!("replay {}", names.join(" ")));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.matches("identical:").count(), 5);
    assert_eq!(ran.out.matches("NOT SIGNED: agrees with itself").count(), 5);
    // A key was asked for, and none of them is signed.
    let ran = folder.run(&format!("replay {} --key key.pub", names[0]));
    assert!(ran.code == 10 && ran.err.contains("carries no signature"), "{ran:?}");
}

/// A decision that cannot be written with what it was made from is an error, never one file fewer.
#[test]
fn a_decision_without_its_review_is_not_passed_over() {
    let folder = Folder::new();
    let request = Request {
        inputs: vec![repository("examples/quickstart").into()],
        trust_input: true,
        raw: false,
        environment: None,
        cluster: None,
        policies: vec!["builtin".to_owned()],
        data: Vec::new(),
        rego_v0: false,
        now: NOW.parse().unwrap(),
        simulated: true,
        config: Config::default(),
        fail_on: FailOn::Hold,
        accept_obligations: false,
    };
    let (mut evaluated, evaluation) = pipeline::evaluate(&request, &|_| Ok(()), &|| {}).unwrap();
    let entries = &evaluation.entries;
    let write =
        |evaluated: &Evaluated| record::write_all(&folder.path("out"), evaluated, entries, &request, None);
    assert_eq!(write(&evaluated).unwrap().len(), 5);
    let gone = evaluated.merged.input.changes.pop().unwrap();
    let problems = write(&evaluated).unwrap_err();
    let expected = format!("a decision cannot be written down exactly: there is no review of `{}`", gone.id);
    assert_eq!(problems[0].message, expected);
}

#[test]
fn what_is_altered_in_a_record_is_found_out() {
    let (folder, files) = recorded("");
    let file = files.iter().find(|file| name(file).contains("flights")).unwrap();
    let record: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    type Alter = fn(&mut Value);
    let alterations: &[(&str, Alter)] = &[
        ("verdict", |r| r["decision"]["verdict"] = json!("allow")),
        ("indeterminate", |r| r["decision"]["indeterminate"] = json!(true)),
        ("findings", |r| r["decision"]["findings"] = json!([])),
        ("id", |r| r["decision"]["id"] = json!(format!("sha256:{}", "a".repeat(64)))),
        ("asserted", |r| r["decision"]["asserted"] = json!(false)),
        ("simulated", |r| r["decision"]["simulated"] = json!(false)),
        ("review", |r| r["review"]["evidence"]["migrations"] = json!([])),
        ("time", |r| r["review"]["context"]["now"] = json!("2026-11-20T12:00:01Z")),
        ("policies", |r| {
            let all = r["policies"].as_object_mut().unwrap();
            all.retain(|name, _| !name.contains("migrations"));
        }),
        ("data", |r| r["data"]["settings"]["scans"]["severities"] = json!([])),
        ("enforcement", |r| r["enforcement"] = json!([{"rules": ["*"], "mode": "warn"}])),
        ("roles", |r| r["governance"]["roles"]["dev-a@example"] = json!(["dba"])),
        ("engine", |r| r["decision"]["digests"]["engine"] = json!("another")),
    ];
    for (what, alter) in alterations {
        let mut altered = record.clone();
        alter(&mut altered);
        assert_ne!(altered, record, "{what}");
        folder.write("altered.json", altered.to_string());
        let ran = folder.run("replay altered.json");
        assert_eq!(ran.code, 10, "{what}: {ran:?}");
        assert!(ran.out.contains("DIFFERENT:") && ran.out.contains("/decision/"), "{what}: {}", ran.out);
        assert!(ran.out.lines().next().unwrap().ends_with(", NOT SIGNED"), "{what}: {}", ran.out);
    }
    for (what, text) in [
        ("nothing", String::new()),
        ("a half", record.to_string()[..4000].to_owned()),
        ("another document", "{\"apiVersion\": \"weighlock.dev/v1\", \"kind\": \"Report\"}".to_owned()),
        ("one with more", {
            let mut more = record.clone();
            more["signedBy"] = json!("me");
            more.to_string()
        }),
    ] {
        folder.write("altered.json", text);
        let ran = folder.run("replay altered.json");
        assert_eq!(ran.code, 2, "{what}: {ran:?}");
        assert!(ran.err.contains("altered.json"), "{what}: {}", ran.err);
    }
}

#[test]
fn what_a_record_calls_itself_acts_on_nobody() {
    let (folder, files) = recorded("");
    let mut record: Value = serde_json::from_str(&folder.read(&name(&files[0]))).unwrap();
    let hostile = "a\u{1b}[2J\u{202e}\u{fffe}\u{e0041}\n::error::b";
    record["decision"]["change"]["id"] = json!(hostile);
    folder.write("hostile.json", record.to_string());
    let ran = folder.run("replay hostile.json");
    assert_eq!(ran.code, 10, "{ran:?}");
    let shown = "a\\u{1b}[2J\\u{202e}\\u{fffe}\\u{e0041}\\n::error::b";
    assert!(ran.out.contains(&format!("DIFFERENT: {shown} (")), "{ran:?}");
    let acts = |c: char| matches!(c, '\u{1b}' | '\u{202e}' | '\u{fffe}' | '\u{e0041}');
    assert!(!ran.out.contains(acts) && !ran.out.contains("\n::"), "{ran:?}");
}

#[test]
fn a_signed_record_holds_for_its_key_alone() {
    let (folder, files) = recorded("--sign-key key.pem");
    let all: Vec<String> = files.iter().map(|file| name(file)).collect();
    let ran = folder.run(&format!("replay {} --key key.pub", all.join(" ")));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.matches("signed by sha256:").count(), 5);
    let ran = folder.run(&format!("replay {}", all[0]));
    assert!(ran.code == 0 && ran.out.contains("signature NOT CHECKED"), "{ran:?}");
    let ran = folder.run(&format!("replay {} --key stranger.pub", all[0]));
    assert!(ran.code == 10 && ran.err.contains("record.altered"), "{ran:?}");
    let denied = all.iter().find(|name| name.contains("flights")).unwrap();
    let envelope: Value = serde_json::from_str(&folder.read(denied)).unwrap();
    let payload = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()
    };
    let altered =
        String::from_utf8(payload.clone()).unwrap().replace("\"verdict\":\"deny\"", "\"verdict\":\"allow\"");
    assert_ne!(altered.as_bytes(), payload);
    for (what, alter) in [
        (
            "payload",
            Box::new(|e: &mut Value| e["payload"] = json!(base64(altered.as_bytes())))
                as Box<dyn Fn(&mut Value)>,
        ),
        ("type", Box::new(|e: &mut Value| e["payloadType"] = json!("application/vnd.in-toto+json"))),
        ("signature", Box::new(|e: &mut Value| e["signatures"] = json!([]))),
        ("base64", Box::new(|e: &mut Value| e["payload"] = json!("!"))),
    ] {
        let mut copy = envelope.clone();
        alter(&mut copy);
        folder.write("altered.json", copy.to_string());
        let ran = folder.run("replay altered.json --key key.pub");
        assert_eq!(ran.code, 10, "{what}: {ran:?}");
        assert!(ran.err.contains("record.altered") && ran.out.is_empty(), "{what}: {ran:?}");
    }
    // What an envelope does not have, another reader might take for something.
    for pointer in ["", "/signatures/0"] {
        let mut more = envelope.clone();
        more.pointer_mut(pointer).unwrap()["cert"] = json!("x");
        folder.write("more.json", more.to_string());
        let ran = folder.run("replay more.json --key key.pub");
        assert!(ran.code == 2 && ran.err.contains("`cert`"), "{pointer}: {ran:?}");
    }
    // Which key signed need not be said, and another signature beside it says nothing against it.
    let mut unnamed = envelope.clone();
    unnamed["signatures"][0].as_object_mut().unwrap().remove("keyid").unwrap();
    let stranger = json!({"sig": base64(b"another")});
    unnamed["signatures"].as_array_mut().unwrap().insert(0, stranger);
    folder.write("unnamed.json", unnamed.to_string());
    let ran = folder.run("replay unnamed.json --key key.pub");
    assert!(ran.code == 0 && ran.out.contains("signed by sha256:"), "{ran:?}");
    assert_eq!(folder.run("replay unnamed.json --key stranger.pub").code, 10);
    // The signature taken off, it is no signed record any more.
    folder.write("altered.json", payload);
    assert_eq!(folder.run("replay altered.json --key key.pub").code, 10);
    assert_eq!(folder.run("replay altered.json").code, 0);
}

#[test]
fn the_same_question_has_the_same_bytes_for_an_answer() {
    let folder = Folder::new();
    let quickstart = repository("examples/quickstart");
    let config = repository("examples/operator/weighlock.yaml");
    let line = format!("evaluate --trust-input -c {config} --now {NOW} -o json");
    let first = folder.run(&format!("{line} {quickstart}"));
    assert_eq!(first, folder.run(&format!("{line} {quickstart}")));
    for threads in ["1", "2", "7"] {
        let words: Vec<String> = format!("{line} {quickstart}").split(' ').map(str::to_owned).collect();
        let output = folder.command(&words).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), first.out, "{threads} threads");
    }
    // The files by name, in whatever order, and one of them twice.
    let names = ["changes.yaml", "evidence.yaml", "inventory.yaml", "sboms.json", "scans.json"];
    let mut paths: Vec<String> = names.iter().map(|name| format!("{quickstart}/{name}")).collect();
    let decisions = |out: &str| serde_json::from_str::<Value>(out).unwrap()["decisions"].clone();
    for _ in 0..names.len() {
        paths.rotate_left(1);
        let again = folder.run(&format!("{line} {} {}", paths.join(" "), paths[0]));
        assert_eq!(decisions(&again.out), decisions(&first.out));
    }
}

/// Two files that speak about one thing: which is read first must not matter.
#[test]
fn the_order_in_which_files_are_named_never_matters() {
    let head = "apiVersion: weighlock.dev/v1\nkind: Input\n";
    let asset = "inventory: [{id: a, kind: workload, application: app}]\n";
    let folder = Folder::with(&[(
        "p.rego",
        "package p\n\ndeny contains d.environment if some d in input.evidence.deployments\n",
    )]);
    folder.write(
        "b.yaml",
        format!("{head}{asset}changes: [{{id: c, kind: config, asset: a, author: {{id: d}}}}]\n"),
    );
    folder.write("a.yaml", format!("{head}{asset}evidence: {{deployments: [{{application: app, environment: one, digest: \"sha256:{}\", since: 2026-11-01T00:00:00Z}}]}}\n", "1".repeat(64)));
    folder.write("c.yaml", format!("{head}evidence: {{deployments: [{{application: app, environment: two, digest: \"sha256:{}\", since: 2026-11-01T00:00:00Z}}]}}\n", "2".repeat(64)));
    folder.write("weighlock.yaml", "apiVersion: weighlock.dev/v1\nkind: Config\ntrust: {inputs: [a.yaml, c.yaml], facts: {inventory: {trust: operator}}}\n");
    let all =
        ["a.yaml b.yaml c.yaml", "c.yaml b.yaml a.yaml", "b.yaml c.yaml a.yaml", "b.yaml a.yaml c.yaml"]
            .map(|files| folder.report(&format!("{files} -p p.rego --now {NOW}")).report);
    assert_eq!(all[0]["decisions"][0]["findings"].as_array().unwrap().len(), 2);
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Memory is counted by what a policy makes, and not by what the process has: what it stops, it stops
/// again.
#[test]
fn what_a_count_stopped_replays() {
    let doubled: String = (1..20)
        .map(|i| format!("    - {{name: v{i}, expression: variables.v{0} + variables.v{0}}}\n", i - 1))
        .collect();
    let text = format!(
        "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: text}}\nspec:\n  variables:\n    - {{name: v0, expression: \"'0123456789abcdef'\"}}\n{doubled}  rules:\n    - {{id: r, effect: deny, message: m, expression: variables.v19 == ''}}\n"
    );
    let range = "package range\n\ndeny contains \"x\" if count(numbers.range(1, 100000000)) > 1\n";
    // The same by the interpreter.
    let lent = "package lent\n\nallowed if input.change.id == \"c\"\n\ndeny contains \"x\" if {\n\tallowed with input.change.id as \"c\"\n\tcount(numbers.range(1, 100000000)) > 1\n}\n";
    let said = "makes values of more than 64 MiB";
    for (name, policy) in [("text.yaml", text.as_str()), ("range.rego", range), ("lent.rego", lent)] {
        let folder = Folder::with(&[
            (name, policy),
            (
                "in.yaml",
                "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: workload}]\nchanges: [{id: c, kind: config, asset: a}]\n",
            ),
        ]);
        let ran = folder.run(&format!("evaluate in.yaml -p {name} --decision-out out"));
        assert!(ran.code == 13 && ran.out.replace("\n      ", " ").contains(said), "{name}: {ran:?}");
        assert!(!ran.out.contains("not replayable"), "{name}: {}", ran.out);
        let record = std::fs::read_dir(folder.path("out")).unwrap().next().unwrap().unwrap().path();
        let ran = folder.run(&format!("replay {}", self::name(&record)));
        assert!(ran.code == 0 && ran.out.contains("identical:"), "{name}: {ran:?}");
    }
}

/// Where somebody stands, and how policies are named from there, is no part of what was decided.
#[test]
fn decisions_do_not_depend_on_where_they_are_made() {
    let rego = "package house.a\n\ndeny contains data.corp.word if input.change\n\nwarn contains \"w\" if input.change\n";
    let cel = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: b}\nspec: {rules: [{id: r, effect: hold, expression: 'false', message: m}]}\n";
    let folder = Folder::with(&[
        ("pol/p/a.rego", rego),
        ("pol/p/sub/b.yaml", cel),
        ("pol/corp.yaml", "corp: {word: no}\n"),
        (
            "pol/weighlock.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p]\ndata: [corp.yaml]\n",
        ),
        (
            "in.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: workload}]\nchanges: [{id: c, kind: config, asset: a}]\n",
        ),
    ]);
    let root = folder.path("").display().to_string();
    let mut made = Vec::new();
    for (at, line) in [
        ("", "in.yaml -c pol/weighlock.yaml".to_owned()),
        ("", "./in.yaml -c ./pol/../pol/weighlock.yaml".to_owned()),
        ("", format!("{root}/in.yaml -c {root}/pol/weighlock.yaml")),
        ("pol", "../in.yaml -c weighlock.yaml".to_owned()),
        ("pol", "../in.yaml".to_owned()),
        ("pol/p", format!("../../in.yaml -c {root}/pol/weighlock.yaml")),
        ("", "in.yaml -p pol/p -d pol/corp.yaml".to_owned()),
        ("pol/p", "../../in.yaml -p . -d ../corp.yaml".to_owned()),
        ("", format!("in.yaml -p {root}/pol/p -d {root}/pol/corp.yaml")),
    ] {
        let out = format!("out{}", made.len());
        let line = format!("evaluate {line} -o json --now {NOW} --decision-out {root}/{out}");
        let words: Vec<&str> = line.split(' ').collect();
        let ran = Ran::of(&folder.command(&words).current_dir(folder.path(at)).output().unwrap());
        assert_eq!(ran.code, 10, "{line}: {ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let decision = &report["decisions"][0];
        assert!(decision["findings"][0]["location"]["file"].is_string(), "{ran:?}");
        made.push((line, json!([decision["id"], decision["digests"]])));
        let record = std::fs::read_dir(folder.path(&out)).unwrap().next().unwrap().unwrap().path();
        let ran = folder.run(&format!("replay {}", record.display()));
        assert!(ran.code == 0 && ran.out.contains("identical:"), "{ran:?}");
    }
    let (first, rest) = made.split_first().unwrap();
    assert!(first.1[1]["bundle"].is_string(), "{first:?}");
    for other in rest {
        assert_eq!(other.1, first.1, "{} is not as {}", other.0, first.0);
    }
    // What policies say is.
    folder.write("pol/p/a.rego", format!("{rego}\n# more\n"));
    let report = folder.report(&format!("in.yaml -c pol/weighlock.yaml --now {NOW}"));
    assert_ne!(json!([report.one()["id"], report.one()["digests"]]), first.1);
}
