//! Small documents that would take long, and files that never end: refused soon, by name.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::input::soon;
use super::support::{Folder, INPUT, Ran};

const POLICY: &str = "package p\n\ndeny contains \"no\" if input.change.id == \"no\"\n";

fn folder() -> Folder {
    Folder::with(&[("p.rego", POLICY)])
}

/// What was said, without the note that there is no configuration.
fn said(ran: &Ran) -> String {
    let lines = ran.err.lines().filter(|line| !line.starts_with("note: no configuration"));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

fn input(inventory: &[Value], changes: &[Value]) -> String {
    json!({
        "apiVersion": "weighlock.dev/v1", "kind": "Input", "inventory": inventory, "changes": changes,
    })
    .to_string()
}

#[test]
fn what_many_changes_share_is_weighed_before_it_is_judged() {
    let folder = folder();
    let annotations: Value = (0..20_000).map(|i| (format!("k{i}"), json!("v"))).collect();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": annotations}});
    let assets =
        [json!({"id": "large", "kind": "object", "object": object}), json!({"id": "b", "kind": "pod"})];
    let change = |i: usize, asset: &str| json!({"id": format!("c{i}"), "kind": "config", "asset": asset});
    let changes: Vec<Value> = (0..2000).map(|i| change(i, "large")).chain([change(2000, "b")]).collect();
    folder.write("in.json", input(&assets, &changes));
    let ran = folder.run("evaluate in.json -p p.rego --decision-out out");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(!folder.path("out").exists());
    insta::assert_snapshot!(said(&ran), @r"
error[input.too-large]: the reviews of all changes would hold at least 47836024 values together; at most 12500250 are weighed at once
  help: `large` has most of them, 47836000 in 2000 changes of it, and most of those are its object; evaluate fewer changes at a time
");
}

#[test]
fn images_of_one_name_are_not_compared_each_with_each() {
    let folder = folder();
    let (mut containers, mut images) = (Vec::new(), Vec::new());
    for i in 0..40_000 {
        containers.push(json!({"name": "c", "image": format!("r.example/a:{i}")}));
        images.push(json!({"container": "c", "ref": "r.example/a", "tag": format!("x{i}")}));
    }
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
        "spec": {"containers": containers}});
    let asset = json!({"id": "a", "kind": "pod", "object": object, "images": images});
    let change = json!({"id": "c", "kind": "config", "asset": "a"});
    folder.write("in.json", input(&[asset], &[change]));
    let start = Instant::now();
    let report = folder.report("in.json -p p.rego");
    // Each with each, they took minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!((report.code, report.decision("c")["verdict"].as_str()), (0, Some("allow")));
}

#[test]
fn many_findings_about_one_fact_look_for_it_once() {
    let folder = Folder::with(&[(
        "p.rego",
        "package p\n\nimport rego.v1\n\nwarn contains {\"msg\": \"found\", \"path\": sprintf(\"/artifacts/0/scans/%d/vulnerabilities/%d\", [s, v])} if {\n\tsome s, v\n\tinput.artifacts[0].scans[s].vulnerabilities[v]\n}\n",
    )]);
    let found: Vec<Value> = (0..4000)
        .map(|i| json!({"id": format!("CVE-2026-{i}"), "package": "p", "severity": "high"}))
        .collect();
    let digest = format!("sha256:{}", "a".repeat(64));
    let scan = |scanner| json!({"subject": digest, "scanner": scanner, "vulnerabilities": found});
    let asset = json!({"id": "a", "kind": "workload",
        "images": [{"container": "c", "ref": "r.example/a", "tag": "1", "digest": digest}]});
    let input = json!({
        "apiVersion": "weighlock.dev/v1", "kind": "Input", "inventory": [asset],
        "changes": [{"id": "c", "kind": "config", "asset": "a"}],
        "evidence": {"scans": [scan("s"), scan("t")]},
    });
    folder.write("in.json", serde_json::to_string_pretty(&input).unwrap());
    let start = Instant::now();
    let ran = folder.run("evaluate in.json --trust-input -p p.rego -o sarif");
    // With all of it written down for each, it took minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let line = |result: &Value| {
        result.pointer("/locations/0/physicalLocation/region/startLine").and_then(Value::as_u64).unwrap()
    };
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let lines: std::collections::BTreeSet<u64> = results.iter().map(line).collect();
    assert_eq!(lines.len(), 8000);
}

#[test]
fn containers_that_findings_name_are_looked_for_once() {
    let folder = Folder::with(&[(
        "p.rego",
        "package p\n\nimport rego.v1\n\nwarn contains {\"msg\": \"found\", \"path\": sprintf(\"/asset/podSpec/containers/%s/image\", [c.name])} if some c in input.asset.podSpec.containers\n",
    )]);
    let containers =
        |i: usize| (0..4000).map(move |n| json!({"name": format!("c{n}"), "image": format!("a:{i}")}));
    let asset = |i: usize| {
        let spec = json!({"containers": containers(i).collect::<Vec<_>>()});
        json!({"id": format!("a{i}"), "kind": "pod", "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}})
    };
    let change = |i: usize| json!({"id": format!("c{i}"), "kind": "config", "asset": format!("a{i}")});
    let assets: Vec<Value> = (0..20).map(asset).collect();
    let changes: Vec<Value> = (0..20).map(change).collect();
    folder.write("in.json", input(&assets, &changes));
    let start = Instant::now();
    let report = folder.report("in.json -p p.rego");
    // Found one by one, they took minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let findings = report.decision("c3")["findings"].as_array().unwrap();
    let paths: Vec<&str> = findings.iter().filter_map(|finding| finding["path"].as_str()).collect();
    assert!(
        paths.contains(&"/asset/podSpec/containers/3999/image") && paths.len() == 4000,
        "{}",
        paths.len()
    );
}

/// What is said of one container, such as a waiver by its path, must not fit another.
#[test]
fn a_name_that_could_be_two_places_is_no_place() {
    let folder = Folder::with(&[(
        "p.rego",
        "package p\n\nimport rego.v1\n\nwarn contains {\"msg\": c.image, \"path\": sprintf(\"/asset/podSpec/containers/%s/image\", [c.name])} if some c in input.asset.podSpec.containers\n",
    )]);
    let list = "/asset/podSpec/containers";
    for (names, expected) in [
        (["web", "side"], [format!("{list}/0/image"), format!("{list}/1/image")]),
        (["0", "1"], [format!("{list}/0/image"), format!("{list}/1/image")]),
        (["7", "8"], [format!("{list}/0/image"), format!("{list}/1/image")]),
        (["1", "web"], [list.to_owned(), format!("{list}/1/image")]),
        (["web", "web"], [list.to_owned(), list.to_owned()]),
    ] {
        let containers: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(i, name)| json!({"name": name, "image": format!("a:{i}")}))
            .collect();
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": containers}});
        let asset = json!({"id": "a", "kind": "pod", "object": pod});
        folder.write("in.json", input(&[asset], &[json!({"id": "c", "kind": "config", "asset": "a"})]));
        let report = folder.report("in.json -p p.rego");
        let mut found: Vec<(&str, &str)> = report.decision("c")["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| (finding["message"].as_str().unwrap(), finding["path"].as_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("a:0", expected[0].as_str()), ("a:1", expected[1].as_str())], "{names:?}");
    }
}

#[test]
fn what_was_meant_is_looked_for_no_longer_than_it_helps() {
    let folder = folder();
    let pad = "y".repeat(30);
    let assets: Vec<Value> =
        (0..20_000).map(|i| json!({"id": format!("a{i:06}{pad}"), "kind": "pod"})).collect();
    let change = |i: usize, asset: String| json!({"id": format!("c{i}"), "kind": "config", "asset": asset});
    let mut changes: Vec<Value> = (0..25).map(|i| change(i, format!("{i}{}", "z".repeat(2000)))).collect();
    changes.extend((25..50).map(|i| change(i, format!("b{i:06}{pad}"))));
    folder.write("in.json", input(&assets, &changes));
    let start = Instant::now();
    let ran = folder.run("evaluate in.json -p p.rego");
    // Letter by letter, each of them took a second and more.
    assert!(ran.code == 2 && start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    // Of what nothing was meant by, three are shown; the others have each a hint of their own.
    assert!(ran.err.contains("… and 22 more like this in in.json"), "{}", ran.err);
    assert!(ran.err.contains("… and 8 more\n"), "{}", ran.err);
    assert_eq!(ran.err.matches("did you mean").count(), 17, "{}", ran.err);
}

const CHANGE: &str = "inventory: [{id: a, kind: pod}]\nchanges: [{id: c, kind: config, asset: a}]\n";
const CONFIG: &str = "apiVersion: weighlock.dev/v1\nkind: Config\n";

/// A folder with a pipe that nobody writes to, a device that never ends, and a file that is larger
/// than anything that is read.
fn unread() -> Folder {
    let folder = folder();
    folder.write("in.yaml", format!("{INPUT}{CHANGE}"));
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap();
    assert!(made.success());
    std::os::unix::fs::symlink("/dev/zero", folder.path("zero")).unwrap();
    let huge = std::fs::File::create(folder.path("huge")).unwrap();
    huge.set_len(1 << 40).unwrap();
    folder
}

#[test]
fn what_is_no_file_or_too_large_is_refused_wherever_it_is_named() {
    let folder = unread();
    let digest = format!("sha256:{}", "a".repeat(64));
    for line in [
        "evaluate FILE -p p.rego".to_owned(),
        "evaluate in.yaml -p p.rego -c FILE".to_owned(),
        "evaluate in.yaml -p FILE".to_owned(),
        "evaluate in.yaml -p p.rego -d FILE".to_owned(),
        "evaluate in.yaml -p p.rego --baseline FILE".to_owned(),
        "evaluate in.yaml -p p.rego --decision-out out --sign-key FILE".to_owned(),
        "replay FILE".to_owned(),
        "replay in.yaml --key FILE".to_owned(),
        "test FILE".to_owned(),
        "test cases -p FILE".to_owned(),
        format!("approve {digest} --by me --key FILE"),
        "approve c --by me --report FILE".to_owned(),
    ] {
        folder.write(
            "cases/a.case.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Case\nname: n\npolicies: [p]\nreview: r.json\nexpect: {verdict: allow}\n",
        );
        for (file, word) in [("pipe", "a pipe"), ("zero", "a device"), ("huge", "at most")] {
            let ran = soon(&folder, &line.replace("FILE", file));
            assert!(
                ran.code == 2 && ran.err.contains(&format!("`{file}`")) && ran.err.contains(word),
                "{line}: {file}: {ran:?}"
            );
        }
    }
}

#[test]
fn nor_does_a_folder_or_the_configuration_bring_one_in() {
    let folder = unread();
    for name in ["approvals/a.yaml", "policies/a.rego", "cases/a.case.yaml"] {
        std::fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(folder.path("pipe"), folder.path(name)).unwrap();
    }
    std::fs::remove_file(folder.path("cases/a.case.yaml")).unwrap();
    std::fs::rename(folder.path("pipe"), folder.path("cases/a.case.yaml")).unwrap();
    std::os::unix::fs::symlink("cases/a.case.yaml", folder.path("pipe")).unwrap();
    folder.write("keys.yaml", "me@example: [pipe]\n");
    for (members, name) in [
        ("trust: {approvals: approvals}", "approvals/a.yaml"),
        ("trust: {roles: pipe}", "pipe"),
        ("trust: {keys: keys.yaml}", "pipe"),
        ("trust: {signers: [{identity: me, key: pipe}]}", "pipe"),
        ("settings: pipe", "pipe"),
        ("data: [pipe]", "pipe"),
    ] {
        folder.write("weighlock.yaml", format!("{CONFIG}{members}\n"));
        let ran = soon(&folder, "evaluate in.yaml -p p.rego");
        let said = format!("`{name}` is not a file, but a pipe");
        assert!(ran.code == 2 && ran.err.contains(&said), "{members}: {ran:?}");
    }
    std::fs::remove_file(folder.path("weighlock.yaml")).unwrap();
    for line in ["evaluate in.yaml -p policies", "test cases -p p.rego"] {
        let ran = soon(&folder, line);
        assert!(ran.code == 2 && ran.err.contains("is not a file, but a pipe"), "{line}: {ran:?}");
    }
}

#[test]
fn what_a_shell_hands_over_open_is_read() {
    let folder = unread();
    folder.write("weighlock.yaml", CONFIG);
    let script = "\"$0\" evaluate <(cat in.yaml) -c <(cat weighlock.yaml) -p p.rego -d <(echo '{\"a\": 1}') && \
        cat in.yaml | \"$0\" evaluate /dev/stdin -p p.rego";
    let mut command = std::process::Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_weighlock")]).current_dir(folder.path(""));
    let ran = Ran::of(&command.output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// What is read by any other way is not bounded.
#[test]
fn files_are_read_in_one_place() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tests") || path.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]").next().unwrap();
            for word in ["fs::read(", "read_to_string", "read_to_end", "File::open", "stdin()"] {
                let allowed = [root.join("files.rs"), root.join("author/shipped.rs")].contains(&path);
                assert!(allowed || !shipped.contains(word), "{}: `{word}`", path.display());
            }
        }
    }
}

#[test]
fn one_file_is_read_once_however_often_it_is_named() {
    let folder = folder();
    folder.write("in/a.yaml", "");
    std::os::unix::fs::symlink("a.yaml", folder.path("in/b.yaml")).unwrap();
    std::fs::create_dir_all(folder.path("p")).unwrap();
    std::fs::rename(folder.path("p.rego"), folder.path("p/p.rego")).unwrap();
    folder.write("d.json", "{\"d\": 1}");
    let gates = r#"{"subject": "sha256:"#.to_owned()
        + &"a".repeat(64)
        + r#"", "environment": "e", "name": "n", "status": "passed"}"#;
    folder.write("in/a.yaml", format!("{INPUT}{CHANGE}evidence: {{gates: [{gates}]}}\n"));
    let once = folder.report("in/a.yaml -p p -d d.json --now 2026-11-20T12:00:00Z");
    let often =
        folder.report("in ./in in/a.yaml ./in/../in/a.yaml -p p -p ./p -p p/p.rego -d d.json -d ./d.json --now 2026-11-20T12:00:00Z");
    assert_eq!(once.code, 0, "{:?}", once.report);
    assert_eq!(once.report, often.report);
}

#[test]
fn a_report_goes_nowhere_where_it_would_destroy_what_it_is_made_from() {
    let folder = folder();
    folder.write("in/in.yaml", format!("{INPUT}{CHANGE}"));
    folder.write("settings.yaml", "{}\n");
    folder.write("d.json", "{\"d\": 1}");
    folder.write("weighlock.yaml", format!("{CONFIG}settings: settings.yaml\n"));
    folder.write("key.pem", include_str!("../../testdata/keys/ed25519.pem"));
    std::os::unix::fs::symlink("in/in.yaml", folder.path("link.yaml")).unwrap();
    std::os::unix::fs::symlink("in", folder.path("elsewhere")).unwrap();
    let names = ["in/in.yaml", "settings.yaml", "d.json", "weighlock.yaml", "key.pem", "p.rego"];
    let before: Vec<String> = names.iter().map(|name| folder.read(name)).collect();
    let whole = folder.path("in/in.yaml").display().to_string();
    let more = ["./in/in.yaml", "link.yaml", "elsewhere/in.yaml", &whole];
    for name in names.iter().chain(&more) {
        let ran = folder.run(&format!(
            "evaluate in -p p.rego -d d.json --decision-out out --sign-key key.pem -o text -o json={name}"
        ));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {ran:?}");
        assert!(ran.err.contains(&format!("error[usage]: the report cannot go to `{name}`")), "{ran:?}");
        assert!(!folder.path("out").exists());
    }
    std::os::unix::fs::symlink("r.json", folder.path("r.link")).unwrap();
    folder.write("old.json", "");
    std::os::unix::fs::symlink("old.json", folder.path("old.link")).unwrap();
    for (a, b) in [("r.json", "r.json"), ("r.json", "./in/../r.json"), ("old.json", "old.link")] {
        let ran = folder.run(&format!("evaluate in -p p.rego -o json={a} -o yaml={b}"));
        assert!(ran.code == 2 && ran.err.contains("two reports cannot both go to"), "{a} {b}: {ran:?}");
        assert!(!folder.path("r.json").exists());
    }
    let digest = format!("sha256:{}", "a".repeat(64));
    let ran = folder.run(&format!("approve {digest} --by me@example --key key.pem --out ./key.pem"));
    assert!(ran.code == 2 && ran.err.contains("the record cannot go to `./key.pem`"), "{ran:?}");
    let after: Vec<String> = names.iter().map(|name| folder.read(name)).collect();
    assert_eq!(before, after);
    let ran = folder.run("evaluate in -p p.rego -o json=/dev/null -o yaml=/dev/null -o text=in/r.txt");
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn ids_and_records_are_bounded() {
    let folder = Folder::new();
    folder.write("in.json", input(&[json!({"id": "x".repeat(5000), "kind": "pod"})], &[]));
    let ran = folder.run("evaluate in.json");
    assert!(ran.code == 2 && ran.err.contains("5000 bytes; at most 4096"), "{}", ran.err);
    let approval = json!({"by": {"id": "a"}, "change": format!("sha256:{}", "a".repeat(64)), "at": "2026-11-20T00:00:00Z", "expires": "2026-11-30T00:00:00Z"});
    let many = json!({"apiVersion": "weighlock.dev/v1", "kind": "Input", "evidence": {"approvals": vec![approval; 10_001]}});
    folder.write("many.json", many.to_string());
    let ran = folder.run("evaluate many.json");
    assert!(ran.code == 2 && ran.err.contains("at most 10000 are read"), "{}", ran.err);
}
