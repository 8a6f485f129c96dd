//! Bad input, as it comes: each says file, line, column, what, and what to do; none panics, hangs
//! or eats memory. The snapshots are what a user sees, and what the documentation shows.

use std::time::{Duration, Instant};

use super::support::{Folder, INPUT, Ran, findings};

const POLICY: &str = "package p\n\ndeny contains \"no\" if input.change.id == \"no\"\n";

fn folder() -> Folder {
    Folder::with(&[("p.rego", POLICY)])
}

/// What is said about an input that is refused.
fn refused(text: &str) -> String {
    let folder = folder();
    folder.write("in.yaml", text);
    let ran = folder.run("evaluate in.yaml -p p.rego");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {ran:?}");
    said(&ran)
}

/// What was said, without the note that there is no configuration.
fn said(ran: &Ran) -> String {
    let lines = ran.err.lines().filter(|line| !line.starts_with("note: no configuration"));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

const ASSET: &str = "inventory:\n  - {id: a, kind: workload, environment: test}\n";

macro_rules! refused {
    ($name:ident, $text:expr, @$snapshot:literal) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(refused(&$text), @$snapshot);
        }
    };
}

refused!(an_unknown_field, format!("{INPUT}inventory:\n  - id: a\n    kind: workload\n    enviroment: test\n"), @r"
error[input.unknown-field]: unknown field `enviroment`
   ╭─[in.yaml:6:5]
 5 │     kind: workload
 6 │     enviroment: test
   ·     ─────┬────
   ·          ╰── not known here
   ╰────
  help: did you mean `environment`?
");
refused!(an_unknown_field_in_json, "{\n  \"apiVersion\": \"weighlock.dev/v1\",\n  \"kind\": \"Input\",\n  \"chnages\": []\n}\n", @r#"
error[input.unknown-field]: unknown field `chnages`
   ╭─[in.yaml:4:3]
 3 │   "kind": "Input",
 4 │   "chnages": []
   ·   ────┬────
   ·       ╰── not known here
 5 │ }
   ╰────
  help: did you mean `changes`?
"#);
refused!(a_wrong_type, format!("{INPUT}{ASSET}changes:\n  - id: c\n    kind: config\n    asset: [a]\n"), @r"
error[input.invalid]: expected text, found a list
   ╭─[in.yaml:8:12]
 7 │     kind: config
 8 │     asset: [a]
   ·            ─┬─
   ·             ╰── here
   ╰────
");
refused!(a_wrong_word, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: imgae, asset: a}}\n"), @r"
error[input.invalid]: `imgae` is not one of `image`, `base_image`, `dependency`, `chart`, `config`, `migration`, `promotion`, `admission`
   ╭─[in.yaml:6:19]
 5 │ changes:
 6 │   - {id: c, kind: imgae, asset: a}
   ·                   ──┬──
   ·                     ╰── here
   ╰────
  help: did you mean `image`?
");
refused!(a_missing_field, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: image}}\n"), @r"
error[input.invalid]: the field `asset` is missing
   ╭─[in.yaml:6:5]
 5 │ changes:
 6 │   - {id: c, kind: image}
   ·     ──────────┬─────────
   ·               ╰── in this mapping
   ╰────
");
refused!(a_time_that_is_none, format!("{INPUT}inventory:\n  - {{id: a, kind: workload, observedAt: yesterday}}\n"), @r"
error[input.invalid]: `yesterday` is not a time
   ╭─[in.yaml:4:41]
 3 │ inventory:
 4 │   - {id: a, kind: workload, observedAt: yesterday}
   ·                                         ────┬────
   ·                                             ╰── here
   ╰────
  help: write times as RFC 3339 in UTC, as in `2026-11-23T10:00:00Z`
");
refused!(a_digest_that_is_none, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: image, asset: a, to: {{digest: \"sha256:beef\"}}}}\n"), @r#"
error[input.invalid]: `sha256:beef` is not a digest: expected `sha256:` and 64 lower-case hex digits
   ╭─[in.yaml:6:49]
 5 │ changes:
 6 │   - {id: c, kind: image, asset: a, to: {digest: "sha256:beef"}}
   ·                                                 ──────┬──────
   ·                                                       ╰── here
   ╰────
"#);
refused!(an_id_twice, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: config, asset: a}}\n  - {{id: c, kind: image, asset: a}}\n"), @r"
error[input.duplicate]: two changes have the id `c`
   ╭─[in.yaml:7:10]
 6 │   - {id: c, kind: config, asset: a}
 7 │   - {id: c, kind: image, asset: a}
   ·          ┬
   ·          ╰── the second
   ╰────
  help: the first is in in.yaml line 6
");
refused!(a_key_twice, format!("{INPUT}inventory:\n  - id: a\n    kind: workload\n    id: b\n"), @r"
error[input.duplicate]: duplicate key `id`
   ╭─[in.yaml:6:5]
 5 │     kind: workload
 6 │     id: b
   ·     ─┬
   ·      ╰── a second time
   ╰────
  help: it stands first in line 4
");
refused!(a_reference_to_nothing, format!("{INPUT}{ASSET}  - {{id: web-1, kind: workload}}\nchanges:\n  - {{id: c, kind: config, asset: web-2}}\n"), @r"
error[input.dangling]: there is no inventory item `web-2`
   ╭─[in.yaml:7:34]
 6 │ changes:
 7 │   - {id: c, kind: config, asset: web-2}
   ·                                  ──┬──
   ·                                    ╰── refers to nothing
   ╰────
  help: did you mean `web-1`?
");
refused!(a_dependency_on_nothing, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: config, asset: a, dependsOn: [b]}}\n"), @r"
error[input.dangling]: there is no change `b`
   ╭─[in.yaml:6:49]
 5 │ changes:
 6 │   - {id: c, kind: config, asset: a, dependsOn: [b]}
   ·                                                 ┬
   ·                                                 ╰── refers to nothing
   ╰────
  help: add the change, or name the file that has it as well
");
refused!(a_circle, format!("{INPUT}{ASSET}changes:\n  - {{id: b, kind: config, asset: a, dependsOn: [c]}}\n  - {{id: c, kind: config, asset: a, dependsOn: [b]}}\n"), @r"
error[input.conflict]: changes wait for each other: `b` → `c` → `b`
   ╭─[in.yaml:6:48]
 5 │ changes:
 6 │   - {id: b, kind: config, asset: a, dependsOn: [c]}
   ·                                                ─┬─
   ·                                                 ╰── in this circle
 7 │   - {id: c, kind: config, asset: a, dependsOn: [b]}
   ╰────
  help: remove one `dependsOn`
");
refused!(a_number_too_large, format!("{INPUT}inventory:\n  - {{id: a, kind: object, object: {{spec: {{bytes: 9007199254740993}}}}}}\n"), @r"
error[input.number]: the number `9007199254740993` cannot be carried exactly by canonical JSON: beyond 2^53, write it as a string
   ╭─[in.yaml:4:50]
 3 │ inventory:
 4 │   - {id: a, kind: object, object: {spec: {bytes: 9007199254740993}}}
   ·                                                  ────────┬───────
   ·                                                          ╰── this number
   ╰────
");
refused!(a_promotion_elsewhere, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: promotion, asset: a, promotion: {{from: test, to: production}}, to: {{version: v2}}}}\n"), @r"
error[input.conflict]: the change promotes to `production`, but `a` is in `test`
   ╭─[in.yaml:6:68]
 5 │ changes:
 6 │   - {id: c, kind: promotion, asset: a, promotion: {from: test, to: production}, to: {version: v2}}
   ·                                                                    ─────┬────
   ·                                                                         ╰── here
   ╰────
  help: name the asset of the environment that the change enters
");
refused!(a_kind_that_does_not_fit, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: chart, asset: a, to: {{version: v2}}}}\n"), @r"
error[input.conflict]: a change of kind `chart` does not fit `a`, which is a `workload`
   ╭─[in.yaml:6:19]
 5 │ changes:
 6 │   - {id: c, kind: chart, asset: a, to: {version: v2}}
   ·                   ──┬──
   ·                     ╰── here
   ╰────
  help: `chart` fits `release`, `repository`, `object`; another version of an image that runs is `image`
");
refused!(an_image_that_is_none, format!("{INPUT}{ASSET}changes:\n  - {{id: c, kind: image, asset: a}}\n"), @r"
error[input.invalid]: a change of kind `image` must say under `to` what it brings
   ╭─[in.yaml:6:19]
 5 │ changes:
 6 │   - {id: c, kind: image, asset: a}
   ·                   ──┬──
   ·                     ╰── here
   ╰────
  help: give `to` a `version`, a `digest` or a `ref`
");
refused!(another_version, "apiVersion: weighlock.dev/v2\nkind: Input\n", @r"
error[input.version]: the version `weighlock.dev/v2` is not known
   ╭─[in.yaml:1:13]
 1 │ apiVersion: weighlock.dev/v2
   ·             ────────┬───────
   ·                     ╰── in this document
 2 │ kind: Input
   ╰────
  help: this release reads `weighlock.dev/v1`
");
refused!(another_kind, "apiVersion: weighlock.dev/v1\nkind: Inputs\n", @r"
error[input.version]: the kind `Inputs` is not an input
   ╭─[in.yaml:2:7]
 1 │ apiVersion: weighlock.dev/v1
 2 │ kind: Inputs
   ·       ───┬──
   ·          ╰── in this document
   ╰────
  help: did you mean `Input`?
");
refused!(a_policy_as_input, "apiVersion: weighlock.dev/v1\nkind: Policy\n", @r"
error[input.version]: the kind `Policy` is not an input
   ╭─[in.yaml:2:7]
 1 │ apiVersion: weighlock.dev/v1
 2 │ kind: Policy
   ·       ───┬──
   ·          ╰── in this document
   ╰────
  help: policies are named with `--policy`
");
refused!(no_kind_at_all, "hello: world\n", @r"
error[input.version]: neither an input nor a Kubernetes object
   ╭─[in.yaml:1:1]
 1 │ hello: world
   · ──────┬──────
   ·       ╰── this document
   ╰────
  help: an input begins with `apiVersion: weighlock.dev/v1` and `kind: Input`; with `--raw` any document is taken
");
refused!(no_change, format!("{INPUT}{ASSET}"), @r"
error[input.empty]: the input proposes no change
  help: add `changes` to the input; a change names an asset of the inventory and what becomes of it
");
refused!(nothing, "", @r"
error[input.empty]: `in.yaml` is empty
");
refused!(not_yaml, format!("{INPUT}inventory: [\n"), @r"
error[input.syntax]: not valid YAML: unclosed bracket '['
   ╭─[in.yaml:3:12]
 2 │ kind: Input
 3 │ inventory: [
   ·            ┬
   ·            ╰── here
   ╰────
");
refused!(not_json, "{\"apiVersion\": \"weighlock.dev/v1\",\n \"kind\": }\n", @r#"
error[input.syntax]: not valid JSON: expected value
   ╭─[in.yaml:2:10]
 1 │ {"apiVersion": "weighlock.dev/v1",
 2 │  "kind": }
   ·          ┬
   ·          ╰── here
   ╰────
"#);
refused!(a_tab, "apiVersion: weighlock.dev/v1\nkind: Input\ninventory:\n\t- id: a\n", @r"
error[input.syntax]: not valid YAML: a tab does not indent
   ╭─[in.yaml:4:2]
 3 │ inventory:
 4 │     - id: a
   ·     ┬
   ·     ╰── here
   ╰────
  help: indent with spaces, as in `  - id: web`
");
refused!(a_merge_key, format!("{INPUT}inventory:\n  - &a {{id: a, kind: workload}}\n  - {{<<: *a, id: b}}\n"), @r"
error[input.invalid]: merge keys (`<<`) are not part of YAML 1.2
   ╭─[in.yaml:5:6]
 4 │   - &a {id: a, kind: workload}
 5 │   - {<<: *a, id: b}
   ·      ─┬
   ·       ╰── here
   ╰────
  help: write the members out
");
refused!(something_forged, format!("{INPUT}evidence:\n  signatures:\n    - subject: \"sha256:{}\"\n      status: verified\n", "a".repeat(64)), @r#"
error[input.forged]: `status` is for Weighlock to say, not for a document
   ╭─[in.yaml:6:15]
 5 │     - subject: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
 6 │       status: verified
   ·               ────┬───
   ·                   ╰── claimed here
   ╰────
  help: remove it, and give the material that proves it under `bundle`: a Sigstore bundle or DSSE envelope; for fixtures and trying out there is `--trust-input`
"#);

#[test]
fn parts_that_disagree() {
    let folder = folder();
    folder.write("in/a.yaml", format!("{INPUT}{ASSET}"));
    folder.write(
        "in/b.yaml",
        format!("{INPUT}inventory:\n  - {{id: a, kind: workload, environment: production}}\n"),
    );
    let ran = folder.run("evaluate in -p p.rego");
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(said(&ran), @r"
error[input.conflict]: two parts of the input describe the inventory item `a` differently
   ╭─[in/b.yaml:4:10]
 3 │ inventory:
 4 │   - {id: a, kind: workload, environment: production}
   ·          ┬
   ·          ╰── the second
   ╰────
  help: the first is in in/a.yaml line 4
");
    folder.write("in/a.yaml", format!("{INPUT}context: {{actor: {{id: me}}}}\n"));
    folder.write("in/b.yaml", format!("{INPUT}context: {{actor: {{id: you}}}}\n"));
    let ran = folder.run("evaluate in -p p.rego");
    assert!(
        ran.code == 2 && ran.err.contains("input.conflict") && ran.err.contains("in/b.yaml:3:"),
        "{}",
        ran.err
    );
}

#[test]
fn files_that_cannot_be_read() {
    let folder = folder();
    std::fs::create_dir_all(folder.path("empty/.hidden")).unwrap();
    folder.write("empty/readme.txt", "nothing here");
    folder.write("latin.yaml", b"apiVersion: weighlock.dev/v1\nkind: Input # \xe9\xff\n");
    std::fs::create_dir_all(folder.path("dangling")).unwrap();
    std::os::unix::fs::symlink("nowhere.yaml", folder.path("dangling/a.yaml")).unwrap();
    std::fs::create_dir_all(folder.path("out")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path("out/a.yaml")).unwrap();
    std::fs::create_dir_all(folder.path("away")).unwrap();
    std::os::unix::fs::symlink("../dangling", folder.path("away/folder")).unwrap();
    let mut all = String::new();
    for name in ["missing.yaml", "empty", "latin.yaml", "dangling", "out", "away"] {
        let ran = folder.run(&format!("evaluate {name} -p p.rego"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {ran:?}");
        all.push_str(&said(&ran));
    }
    assert!(!all.contains("root:"));
    insta::assert_snapshot!(all, @r"
error[input.unreadable]: `missing.yaml` cannot be read: No such file or directory (os error 2)
error[input.empty]: there is no document in `empty`
  help: an input is JSON or YAML, in files that end in `.json`, `.yaml` or `.yml`
error[input.syntax]: `latin.yaml` is not text in UTF-8
   ╭─[latin.yaml:2:15]
 1 │ apiVersion: weighlock.dev/v1
 2 │ kind: Input # �
   ·               ┬
   ·               ╰── this byte is not
   ╰────
error[input.unreadable]: `dangling/a.yaml` cannot be read: No such file or directory (os error 2)
error[input.unreadable]: `out/a.yaml` is a link that leads out of the input
  help: name what it leads to as an input of its own
error[input.unreadable]: `away/folder` is a link that leads out of the input
  help: name what it leads to as an input of its own
");
}

#[test]
fn folders_that_go_in_circles_end() {
    let folder = folder();
    folder.write("in/in.yaml", format!("{INPUT}{ASSET}changes: [{{id: c, kind: config, asset: a}}]\n"));
    std::os::unix::fs::symlink(".", folder.path("in/again")).unwrap();
    std::os::unix::fs::symlink("..", folder.path("in/up")).unwrap();
    std::os::unix::fs::symlink("loop.yaml", folder.path("in/loop.yaml")).unwrap();
    assert_eq!(folder.run("evaluate in -p p.rego").code, 2);
    std::fs::remove_file(folder.path("in/loop.yaml")).unwrap();
    assert_eq!(folder.run("evaluate in -p p.rego").code, 0);
    // A link within the folder is a file, or a folder, like any other.
    folder.write("in/.store/deep/b.JSON", format!("{INPUT}changes: [{{id: d, kind: config, asset: a}}]\n"));
    folder.write("in/C.YAML", format!("{INPUT}changes: [{{id: e, kind: config, asset: a}}]\n"));
    std::os::unix::fs::symlink(".store/deep", folder.path("in/deep")).unwrap();
    std::os::unix::fs::symlink(".store/deep", folder.path("in/deep-again")).unwrap();
    let decided = folder.report("in -p p.rego").report["decisions"].as_array().unwrap().len();
    assert_eq!(decided, 3);
    folder.write("in/.store/more.yaml", format!("{INPUT}evidence: {{}}\n"));
    std::os::unix::fs::symlink(".store/more.yaml", folder.path("in/more.yaml")).unwrap();
    assert_eq!(folder.run("evaluate in -p p.rego").code, 0);
}

/// Runs within a time in which nothing that hangs would end.
pub(crate) fn soon(folder: &Folder, line: &str) -> Ran {
    let start = Instant::now();
    let words: Vec<&str> = line.split(' ').collect();
    let mut child = folder
        .command(&words)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("`{line}` does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ran::of(&child.wait_with_output().unwrap())
}

#[test]
fn a_pipe_in_a_folder_is_not_waited_for() {
    let folder = folder();
    folder.write("in/in.yaml", format!("{INPUT}{ASSET}changes: [{{id: c, kind: config, asset: a}}]\n"));
    let made = std::process::Command::new("mkfifo").arg(folder.path("in/pipe.yaml")).status().unwrap();
    assert!(made.success());
    let ran = soon(&folder, "evaluate in -p p.rego");
    assert!(ran.code == 2 && ran.err.contains("is not a file"), "{ran:?}");
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let folder = folder();
    let file = std::fs::File::create(folder.path("huge.json")).unwrap();
    file.set_len(1 << 30).unwrap();
    let ran = soon(&folder, "evaluate huge.json -p p.rego");
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(said(&ran), @r"
error[input.too-large]: `huge.json` has 1073741824 bytes; an input file has at most 536870912
  help: split it into several files; parts merge
");
    let ran = soon(&folder, "evaluate /dev/null -p p.rego");
    assert!(ran.code == 2 && ran.err.contains("is empty"), "{ran:?}");
}

/// Memory goes by values: a text that holds nothing else is refused before it is understood.
#[test]
fn more_values_than_a_machine_holds_are_refused() {
    let folder = folder();
    folder.write("in.json", format!("{{\"a\": [{}0]}}", "0,".repeat(4_000_001)));
    let ran = soon(&folder, "evaluate in.json -p p.rego --raw");
    assert!(
        ran.code == 2 && ran.err.contains("with `in.json` the input has more than 4000000 values"),
        "{ran:?}"
    );
}

#[test]
fn bombs_do_not_go_off() {
    let folder = folder();
    let mut aliases = format!("{INPUT}x0: &x0 [a, a, a, a, a, a, a, a, a]\n");
    for i in 1..40 {
        aliases.push_str(&format!("x{i}: &x{i} [{}]\n", vec![format!("*x{}", i - 1); 9].join(", ")));
    }
    let json = |open: &str, close: &str, depth: usize| {
        format!(
            "{{\"apiVersion\": \"weighlock.dev/v1\", \"kind\": \"Input\", \"inventory\": [{{\"id\": \"a\", \"kind\": \"object\", \"object\": {}1{}}}]}}",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    let bombs = [
        ("aliases", aliases),
        ("deep yaml", format!("{INPUT}inventory: {}{}\n", "[".repeat(10_000), "]".repeat(10_000))),
        (
            "deep yaml mappings",
            format!("{INPUT}inventory: {}1{}\n", "{a: ".repeat(10_000), "}".repeat(10_000)),
        ),
        ("deep block", {
            let mut text = INPUT.to_owned();
            for depth in 0..3_000 {
                text.push_str(&format!("{}a:\n", " ".repeat(depth)));
            }
            text
        }),
        ("deep json", json("[", "]", 10_000)),
        ("deep json objects", json("{\"a\":", "}", 10_000)),
        ("deep json, not closed", "[".repeat(100_000)),
        (
            "a deep list of lists",
            format!(
                "{}{}",
                "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [".repeat(5_000),
                "]}".repeat(5_000)
            ),
        ),
        ("a number with a large exponent", json("", "e400000000", 1)),
        ("a long word", format!("{INPUT}{}: 1\n", "a".repeat(1 << 20))),
    ];
    for (what, text) in bombs {
        folder.write("in.yaml", text);
        let ran = soon(&folder, "evaluate in.yaml -p p.rego");
        assert_eq!(ran.code, 2, "{what}: {}", &ran.err[..ran.err.len().min(2_000)]);
        assert!(
            ran.err.contains("in.yaml:") && ran.err.contains("input."),
            "{what}: {}",
            &ran.err[..ran.err.len().min(2_000)]
        );
        assert!(ran.err.len() < 20_000, "{what}: {} bytes of error", ran.err.len());
    }
}

#[test]
fn kubernetes_comes_as_it_is() {
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"name": "c", "image": "r.example/a:1"}]}}"#;
    let review = |operation: &str, object: &str, old: &str| {
        format!(
            r#"{{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {{"uid": "u-{operation}", "operation": "{operation}", "userInfo": {{"username": "me"}}, "object": {object}, "oldObject": {old}}}}}"#
        )
    };
    let folder = Folder::with(&[(
        "p.rego",
        "package p\n\nwarn contains sprintf(\"%s %s %d\", [input.change.operation, input.asset.kind, count(input.artifacts)])\n",
    )]);
    let rows = [
        ("an object", pod.to_owned(), vec!["n/Pod/p: CREATE pod 1"]),
        (
            "a list",
            format!(
                r#"{{"apiVersion": "v1", "kind": "PodList", "items": [{pod}, {}]}}"#,
                pod.replace("\"p\"", "\"q\"")
            ),
            vec!["n/Pod/p: CREATE pod 1", "n/Pod/q: CREATE pod 1"],
        ),
        ("a creation", review("CREATE", pod, "null"), vec!["u-CREATE: CREATE pod 1"]),
        ("an update", review("UPDATE", pod, pod), vec!["u-UPDATE: UPDATE pod 1"]),
        ("a deletion", review("DELETE", "null", pod), vec!["u-DELETE: DELETE pod 1"]),
    ];
    for (what, text, expected) in rows {
        folder.write("in.json", &text);
        for (line, stdin) in [("in.json", ""), ("-", text.as_str())] {
            let ran = folder.pipe(&format!("evaluate {line} -p p.rego -o json"), stdin);
            assert_eq!(ran.code, 0, "{what}: {ran:?}");
            let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
            let found: Vec<String> = report["decisions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| {
                    format!(
                        "{}: {}",
                        d["change"]["id"].as_str().unwrap(),
                        d["findings"][0]["message"].as_str().unwrap()
                    )
                })
                .collect();
            assert_eq!(found, expected, "{what}");
        }
    }
    for (text, said) in [
        (review("EAT", pod, "null"), "`EAT` is not an operation"),
        (review("CREATE", "null", "null"), "`request.object` is not an object"),
        (review("CREATE", "null", pod), "`request.object` is not an object"),
        (review("UPDATE", &format!("[{pod}]"), pod), "`request.object` is not an object"),
        (review("CREATE", pod, "null").replace("\"uid\": \"u-CREATE\", ", ""), "request.uid"),
        (
            review("CREATE", pod, "null").replace("k8s.io/v1\"", "k8s.io/v1beta1\""),
            "this version of `AdmissionReview`",
        ),
        (pod.replace("\"name\": \"c\"", "\"name\": \"c\", \"name\": \"d\""), "duplicate key `name`"),
    ] {
        folder.write("in.json", text);
        let ran = folder.run("evaluate in.json -p p.rego");
        assert!(
            ran.code == 2 && ran.err.contains(said) && ran.err.contains("in.json:"),
            "{said}: {}",
            ran.err
        );
    }
}

#[test]
fn documents_come_in_every_way() {
    let folder = folder();
    let asset = format!("{INPUT}{ASSET}");
    let change = format!("{INPUT}changes: [{{id: c, kind: config, asset: a}}]\n");
    folder.write("many.yaml", format!("---\n{asset}---\n---\n{change}...\n"));
    folder.write("asset.yaml", &asset);
    folder.write("change.yaml", &change);
    folder.write("bom.yaml", format!("\u{feff}{asset}---\n{change}"));
    folder.write("crlf.yaml", format!("{asset}---\n{change}").replace('\n', "\r\n"));
    for line in ["many.yaml", "asset.yaml change.yaml", "change.yaml asset.yaml", "bom.yaml", "crlf.yaml"] {
        let ran = folder.run(&format!("evaluate {line} -p p.rego"));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    let ran = folder.pipe("evaluate change.yaml - -p p.rego", &asset);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Anything at all, where that is asked for.
    folder.write("any.yaml", "hello: world\n");
    assert_eq!(folder.run("evaluate any.yaml -p p.rego").code, 2);
    folder.write(
        "any.rego",
        "package any\n\ndeny contains \"world\" if input.asset.object.hello == \"world\"\n",
    );
    let report = folder.report("any.yaml --raw -p any.rego");
    assert_eq!((report.code, findings(report.one())), (10, vec!["deny any".to_owned()]));
    // Environment and cluster of what names none.
    folder.write(
        "env.rego",
        "package env\n\ndeny contains input.context.environment\n\ndeny contains input.context.cluster\n",
    );
    let report = folder.report("any.yaml --raw -p env.rego --environment staging --cluster east");
    assert_eq!(report.one()["change"]["environment"], "staging");
    assert_eq!(findings(report.one()).len(), 2);
}

#[test]
fn more_changes_than_are_weighed_at_once_are_refused() {
    let mut text = String::from(
        r#"{"apiVersion":"weighlock.dev/v1","kind":"Input","inventory":[{"id":"a","kind":"pod"}],"changes":["#,
    );
    for i in 0..60_001 {
        let comma = if i == 0 { "" } else { "," };
        text.push_str(&format!(r#"{comma}{{"id":"{i}","kind":"config","asset":"a"}}"#));
    }
    text.push_str("]}");
    let folder = Folder::with(&[("in.json", &text)]);
    let ran = folder.run("evaluate in.json");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("input.too-large") && ran.err.contains("at most 60000"), "{}", ran.err);
}

/// Errors show lines of what they are about, and nobody wants to see these.
#[test]
fn a_private_key_is_read_as_nothing_else() {
    let folder = Folder::with(&[
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n-----END PRIVATE KEY-----\n"),
        ("in.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"),
        ("keys.yaml", "apiVersion: weighlock.dev/v1\nkind: Config\ntrust: {keys: key.pem}\n"),
    ]);
    std::fs::copy(folder.path("key.pem"), folder.path("key.yaml")).unwrap();
    for line in [
        "evaluate key.yaml",
        "evaluate in.yaml -c key.pem",
        "evaluate in.yaml -c keys.yaml",
        "evaluate in.yaml -d key.yaml",
        "evaluate in.yaml -p key.yaml",
        "evaluate in.yaml --baseline key.pem",
        "replay key.pem",
        "test key.yaml",
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.code, 2, "{line}: {}{}", ran.out, ran.err);
        assert!(!ran.err.contains("SECRET") && !ran.out.contains("SECRET"), "{line}: {}", ran.err);
    }
}
