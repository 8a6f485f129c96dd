//! Policies that cannot be used, and policies that would never end.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::repository;
use super::support::{Folder, INPUT, Ran};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write(
        "in.yaml",
        format!(
            "{INPUT}inventory: [{{id: a, kind: workload}}]\nchanges: [{{id: c, kind: config, asset: a}}]\n"
        ),
    );
    folder
}

fn said(ran: &Ran) -> String {
    let lines = ran.err.lines().filter(|line| !line.starts_with("note: no configuration"));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn policies_that_are_not_there() {
    let folder = folder();
    std::fs::create_dir(folder.path("none")).unwrap();
    folder.write("tests/p_test.rego", "package p_test\n\ntest_x if true\n");
    folder.write("library/lib.rego", "package lib\n\nx := 1\n");
    folder.write("empty.rego", "");
    let mut all = String::new();
    for name in [
        "none",
        "missing",
        "tests",
        "library",
        "empty.rego",
        "builtin:hardning",
        "builtin:nothing",
        "builtinx",
        "in.yaml",
    ] {
        let ran = folder.run(&format!("evaluate in.yaml -p {name}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {ran:?}");
        all.push_str(&format!("$ weighlock evaluate in.yaml -p {name}\n{}", said(&ran)));
    }
    insta::assert_snapshot!(all, @r"
$ weighlock evaluate in.yaml -p none
error[policy.empty]: there are no policies in `none`
  help: policies end in `.rego`, or are YAML with `kind: Policy`
$ weighlock evaluate in.yaml -p missing
error[policy.unreadable]: `missing` cannot be read: No such file or directory (os error 2)
$ weighlock evaluate in.yaml -p tests
error[policy.empty]: there is no rule to judge by
  help: name a folder with `.rego` files that say `deny contains …`, or with `kind: Policy` documents
$ weighlock evaluate in.yaml -p library
error[policy.empty]: there is no rule to judge by
  help: name a folder with `.rego` files that say `deny contains …`, or with `kind: Policy` documents
$ weighlock evaluate in.yaml -p empty.rego
error[policy.invalid]: this is not Rego: expecting 'package' Missing package declaration.
   ╭─[empty.rego:1:1]
   ╰────
  help: see the place above; Rego v1 writes `name if { … }` and `name contains value if { … }`
$ weighlock evaluate in.yaml -p builtin:hardning
error[policy.unreadable]: there is no profile `hardning`
  help: did you mean `builtin:hardening`?
$ weighlock evaluate in.yaml -p builtin:nothing
error[policy.unreadable]: there is no profile `nothing`
  help: the profiles are hardening, migrations, promotion, strategy, supply-chain, updates
$ weighlock evaluate in.yaml -p builtinx
error[policy.unreadable]: `builtinx` cannot be read: No such file or directory (os error 2)
$ weighlock evaluate in.yaml -p in.yaml
error[policy.empty]: there is no rule to judge by
  help: name a folder with `.rego` files that say `deny contains …`, or with `kind: Policy` documents
");
}

#[test]
fn a_broken_policy_shows_where() {
    let folder = folder();
    let mut all = String::new();
    for (name, text) in [
        ("syntax.rego", "package p\n\ndeny contains \"no\" if {\n\tinput.change.kind ==\n}\n"),
        ("unknown.rego", "package p\n\ndeny contains \"no\" if nosuchfunction(1)\n"),
        ("unsafe.rego", "package p\n\ndeny contains x if x > 1\n"),
        (
            "reach.rego",
            "package p\n\ndeny contains \"no\" if http.send({\"url\": \"http://x\", \"method\": \"get\"}).status_code == 200\n",
        ),
        (
            "requires.rego",
            "# METADATA\n# custom:\n#   requires: [evidence.scan]\npackage p\n\ndeny contains \"no\"\n",
        ),
        (
            "effect.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n  rules:\n    - {id: r, effect: dney, message: no, expression: 'true'}\n",
        ),
        (
            "cel.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n  rules:\n    - {id: r, effect: deny, message: no, expression: 'input.change.kind =='}\n",
        ),
    ] {
        folder.write(name, text);
        let ran = folder.run(&format!("evaluate in.yaml -p {name}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {ran:?}");
        assert!(ran.err.contains(&format!("{name}:")), "{name}: {}", ran.err);
        all.push_str(&said(&ran));
    }
    insta::assert_snapshot!(all, @r#"
error[policy.invalid]: this is not Rego: expecting expression
   ╭─[syntax.rego:5:1]
 4 │     input.change.kind ==
 5 │ }
   · ┬
   · ╰── reading stopped here
   ╰────
  help: see the place above; Rego v1 writes `name if { … }` and `name contains value if { … }`
error[policy.invalid]: there is no function `nosuchfunction`
   ╭─[unknown.rego:3:23]
 2 │
 3 │ deny contains "no" if nosuchfunction(1)
   ·                       ───────┬──────
   ·                              ╰── called here
   ╰────
  help: define it, or import the package that does
error[policy.invalid]: `x` has no value
   ╭─[unsafe.rego:3:15]
 2 │
 3 │ deny contains x if x > 1
   ·               ┬
   ·               ╰── used here
   ╰────
  help: give it a value: `x := …`, or `some x in …`
error[policy.invalid]: `http.send` is not offered to policies
   ╭─[reach.rego:3:23]
 2 │
 3 │ deny contains "no" if http.send({"url": "http://x", "method": "get"}).status_code == 200
   ·                       ────┬────
   ·                           ╰── called here
   ╰────
  help: a policy sees only its input and data; let a collector fetch what it needs
error[policy.metadata]: `p` requires `evidence.scan`, which is not a kind of fact
   ╭─[requires.rego:3:16]
 2 │ # custom:
 3 │ #   requires: [evidence.scan]
   ·                ──────┬──────
   ·                      ╰── required here
 4 │ package p
   ╰────
  help: did you mean `evidence.scans`?
error[policy.invalid]: the effect `dney` is not known
   ╭─[effect.yaml:6:23]
 5 │   rules:
 6 │     - {id: r, effect: dney, message: no, expression: 'true'}
   ·                       ──┬─
   ·                         ╰── here
   ╰────
  help: did you mean `deny`?
error[policy.invalid]: the expression ends too early
   ╭─[cel.yaml:6:75]
 5 │   rules:
 6 │     - {id: r, effect: deny, message: no, expression: 'input.change.kind =='}
   ·                                                                           ┬
   ·                                                                           ╰── here
   ╰────
  help: is something missing at its end?
"#);
}

#[test]
fn settings_and_data_that_do_not_fit() {
    let folder = folder();
    folder.write("p.rego", "package p\n\ndeny contains data.extra.x\n");
    folder.write(
        "weighlock.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [p.rego]\nsettings: settings.yaml\n",
    );
    let mut all = String::new();
    for settings in [
        "scans:\n  severites: [high]\n",
        "scans: {severities: [hihg]}\n",
        "promotion: [\n",
        "updates: {minimumAge: [{age: soon}]}\n",
    ] {
        folder.write("settings.yaml", settings);
        let ran = folder.run("evaluate in.yaml");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{settings}: {ran:?}");
        assert!(ran.err.contains("settings.yaml:"), "{}", ran.err);
        all.push_str(&said(&ran));
    }
    folder.write("settings.yaml", "scans: {severities: [critical, high]}\n");
    folder.write("one.yaml", "extra: {x: one}\n");
    folder.write("two.json", "{\"extra\": {\"x\": \"two\"}}");
    folder.write("settings2.yaml", "settings: {scans: {severities: []}}\n");
    folder.write("list.yaml", "[1]\n");
    assert_eq!(folder.run("evaluate in.yaml -d one.yaml").code, 10);
    for data in ["-d one.yaml -d two.json", "-d settings2.yaml", "-d list.yaml", "-d missing.yaml"] {
        let ran = folder.run(&format!("evaluate in.yaml {data}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{data}: {ran:?}");
        all.push_str(&said(&ran));
    }
    // A package and data of one name would hide one another.
    folder.write("p.yaml", "p: {deny: [x]}\n");
    let ran = folder.run("evaluate in.yaml -d p.yaml");
    assert_eq!(ran.code, 2, "{ran:?}");
    all.push_str(&said(&ran));
    insta::assert_snapshot!(all, @r"
error[config.invalid]: unknown field `severites`
   ╭─[settings.yaml:2:3]
 1 │ scans:
 2 │   severites: [high]
   ·   ────┬────
   ·       ╰── not known here
   ╰────
  help: did you mean `severities`?
error[config.invalid]: `hihg` is not one of `info`, `low`, `medium`, `high`, `critical`
   ╭─[settings.yaml:1:22]
 1 │ scans: {severities: [hihg]}
   ·                      ──┬─
   ·                        ╰── here
   ╰────
  help: did you mean `high`?
error[config.invalid]: not valid YAML: unclosed bracket '['
   ╭─[settings.yaml:1:12]
 1 │ promotion: [
   ·            ┬
   ·            ╰── here
   ╰────
error[config.invalid]: `soon` is not a duration: expected a whole number and s, m, h, d or w, as in `24h`
   ╭─[settings.yaml:1:30]
 1 │ updates: {minimumAge: [{age: soon}]}
   ·                              ──┬─
   ·                                ╰── here
   ╰────
error[policy.conflict]: `two.json` gives `data.extra`, which is there already, from `one.yaml`
  help: rename one of them
error[policy.conflict]: `settings2.yaml` gives `data.settings`, which is there already
  help: settings are named with `settings:` in the configuration
error[input.invalid]: `list.yaml` is not a mapping
error[input.unreadable]: `missing.yaml` cannot be read: No such file or directory (os error 2)
error[policy.conflict]: the data has a value at `data.p.deny`, which would hide this rule
   ╭─[p.rego:3:1]
 2 │
 3 │ deny contains data.extra.x
   · ──┬─
   ·   ╰── this rule
   ╰────
  help: rename the rule or the member of the data
");
}

/// The most memory that a process has had, in bytes, as far as the system says.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

#[test]
fn a_policy_that_never_ends_is_stopped() {
    let folder = folder();
    let nested = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(a, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(b, ".repeat(6);
    let policies = [
        ("loop.rego", "package p\n\ndeny contains \"no\" if count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i * j < 0]) > 0\n".to_owned()),
        ("grow.rego", "package p\n\ndeny contains \"no\" if {\n\ta := numbers.range(1, 10000)\n\tb := [concat(\"\", [sprintf(\"%d\", [x]) | some x in a]) | some y in a]\n\tcount(concat(\"\", b)) < 0\n}\n".to_owned()),
        ("loop.yaml", format!("apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: p}}\nspec:\n  rules:\n    - {{id: r, effect: deny, message: no, expression: '{nested}1{} == []'}}\n", "))".repeat(6))),
    ];
    for (name, text) in policies {
        folder.write(name, text);
        let ran = bounded(&folder, name);
        assert_eq!(ran.code, 13, "{name}: {ran:?}");
    }
}

/// Evaluates by a hostile policy, and holds the command to its bounds of time and memory.
fn bounded(folder: &Folder, name: &str) -> Ran {
    let start = Instant::now();
    let mut child = folder
        .command(&["evaluate", "in.yaml", "-p", name])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(child.id()).unwrap_or(0).max(most);
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{name} does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = start.elapsed();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    println!("{name}: exit {}, {took:?}, {} MB", ran.code, most >> 20);
    assert!(most < 500 << 20, "{name}: {most} bytes");
    // The limit is half a second; the rest is for a machine that is busy with other tests.
    assert!(took < Duration::from_secs(5), "{name}: {took:?}");
    ran
}

/// The policies of the corpus, each in a process of its own: what its evaluation leaves behind, and
/// what its stack holds, is part of the bound.
#[test]
fn hostile_policies_end_soon_and_allow_nothing() {
    let folder = folder();
    let mut stopped = 0;
    let names = repository::below("testdata/hostile");
    for name in &names {
        let file = name.rsplit('/').next().unwrap();
        folder.write(file, repository::read(name));
        let ran = bounded(&folder, file);
        match ran.code {
            13 => stopped += 1,
            // Several rules in one file, and one of them ended in time to say something.
            10 => assert!(ran.out.contains("could not be judged"), "{name}: {ran:?}"),
            2 => assert!(said(&ran).starts_with("error[policy."), "{name}: {ran:?}"),
            _ => panic!("{name}: {ran:?}"),
        }
    }
    assert!(names.len() > 60 && stopped > 30, "{stopped} of {} ended in a limit", names.len());
}

/// The name of the only file in a folder.
fn only(folder: &Folder, name: &str) -> String {
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path(name)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    names.remove(0).into_string().unwrap()
}

#[test]
fn a_policy_of_version_0_is_read_where_that_is_asked_for() {
    let folder = folder();
    folder.write(
        "old.rego",
        "package p\n\nchanged[x] { x := input.change.kind }\n\ndeny[msg] {\n\tchanged[k]\n\tmsg := sprintf(\"no %s\", [k])\n}\n\ndeny[{\"msg\": \"nor this\"}] { input.asset.kind == \"workload\" }\n",
    );
    folder.write(
        "new.rego",
        "package p\n\nchanged contains x if x := input.change.kind\n\ndeny contains msg if {\n\tchanged[k]\n\tmsg := sprintf(\"no %s\", [k])\n}\n\ndeny contains {\"msg\": \"nor this\"} if input.asset.kind == \"workload\"\n",
    );
    // Without the switch it says what is wrong, and which switch there is.
    let ran = folder.run("evaluate in.yaml -p old.rego");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("this is not Rego") && ran.err.contains("`--rego-v0`"), "{}", ran.err);

    let said = |line: &str| {
        let report = folder.report(line);
        assert_eq!(report.code, 10, "{line}");
        let finding = |f: &Value| (f["effect"].clone(), f["rule"].clone(), f["message"].clone());
        report.one()["findings"].as_array().unwrap().iter().map(finding).collect::<Vec<_>>()
    };
    let old = said("in.yaml -p old.rego --rego-v0 --decision-out out");
    assert_eq!(old.len(), 2, "{old:?}");
    assert_eq!(old, said("in.yaml -p new.rego"));
    // A file that says of itself that it is of version 1 may stand beside it.
    folder.write("one.rego", "package q\n\nimport rego.v1\n\nwarn contains \"w\" if input.change\n");
    assert_eq!(said("in.yaml -p old.rego -p one.rego --rego-v0").len(), 3);

    let record = only(&folder, "out");
    let ran = folder.run(&format!("replay out/{record}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    // The record says by itself how it is to be read.
    let text = folder.read(&format!("out/{record}"));
    folder.write(
        "out/altered.json",
        text.replace("\"regoV0\":true", "\"regoV0\":false").replace("\"regoV0\": true", "\"regoV0\": false"),
    );
    assert_ne!(folder.run("replay out/altered.json").code, 0);
}

#[test]
fn cases_give_the_data_that_policies_use() {
    let teams = "package teams\n\nimport data.teams.known\n\ndeny contains \"no\" if not input.change.ticket in known\n";
    let rego = "package queue\n\ndeny contains data.queue.word\n";
    let cel = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: cel}\nspec:\n  rules:\n    - {id: most, effect: deny, expression: data.most > 3, message: too many}\n";
    let folder = Folder::with(&[("p/teams.rego", teams), ("p/queue.rego", rego), ("p/cel.yaml", cel)]);
    let case = |name: &str, rule: &str, data: &str, verdict: &str| {
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Case\nname: {name}\npolicies: [{rule}]\n{data}review: {}\npatch: [{{op: add, path: /change/ticket, value: OPS-1}}]\nexpect: {{verdict: {verdict}}}\n",
            super::support::repository("testdata/review.json")
        )
    };
    let cases = |all: &[String]| folder.write("p/a.case.yaml", all.join("---\n"));
    let listed = "data: {teams: {known: [OPS-1]}, most: 4}\n";
    let mut all = vec![
        case("known", "teams", listed, "allow"),
        case("of others", "teams", "data: {teams: {known: [X]}}\n", "deny"),
        case("said", "queue", "data: {teams: {known: []}, queue: {word: no}}\n", "deny"),
        case("enough", "cel.most", listed, "allow"),
        case("too many", "cel.most", "data: {teams: {known: []}, most: 3}\n", "deny"),
    ];
    cases(&all);
    let ran = folder.run("test p");
    assert!(ran.code == 0 && ran.out.contains("5 passed"), "{ran:?}");
    // What one case is told, no other is; and a policy without what it imports is not read.
    all.push(case("told nothing", "teams", "", "deny"));
    cases(&all);
    let ran = folder.run("test p");
    assert!(ran.code == 2 && ran.out.contains("5 passed, 1 failed"), "{ran:?}");
    assert!(ran.out.contains("data.teams.known"), "{ran:?}");
    // As `evaluate` takes them; what a case says is in the place of the same member.
    folder.write("teams.yaml", "teams: {known: [OPS-1]}\n");
    all.pop();
    all.push(case("told by the run", "teams", "", "allow"));
    cases(&all);
    let ran = folder.run("test p -d teams.yaml");
    assert!(ran.code == 0 && ran.out.contains("6 passed"), "{ran:?}");
    let ran = folder.run("test p --data missing.yaml");
    assert!(ran.code == 2 && ran.err.contains("`missing.yaml` cannot be read"), "{ran:?}");
}

#[test]
fn a_document_in_a_folder_of_policies_is_a_policy_or_refused() {
    let folder = folder();
    folder.write("p/a.rego", "package a\n\ndeny contains \"no\" if false\n");
    let policy = r#"{"apiVersion": "weighlock.dev/v1", "kind": "Policy", "metadata": {"id": "j"}, "spec": {"rules": [{"id": "r", "effect": "deny", "expression": "false", "message": "no"}]}}"#;
    folder.write("p/j.json", policy);
    folder
        .write("p/fixture.json", std::fs::read(super::support::repository("testdata/review.json")).unwrap());
    let report = folder.report("in.yaml -p p");
    assert_eq!(report.one()["findings"][0]["rule"], "j.r", "{report:?}");
    folder.write("p/limits.json", "{\"most\": 3}");
    let ran = folder.run("evaluate in.yaml -p p");
    assert!(ran.code == 2 && ran.err.contains("`p/limits.json` does not say what it is"), "{ran:?}");
    assert!(ran.err.contains("`--data`"), "{ran:?}");
}

#[test]
fn links_are_followed_and_capitals_are_no_matter() {
    let folder = folder();
    let rule = |name: &str| format!("package {name}\n\ndeny contains \"no\" if input.change\n");
    let cel = |id: &str| {
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: {id}}}\nspec: {{rules: [{{id: r, effect: deny, expression: 'false', message: m}}]}}\n"
        )
    };
    folder.write("p/a.Rego", rule("a"));
    folder.write("p/b.YAML", cel("b"));
    folder.write("p/sub/c.yml", cel("c"));
    folder.write("shared/d.rego", rule("d"));
    folder.write("shared/one/e.REGO", rule("e"));
    folder.write("p/readme.txt", "nothing");
    for (to, link) in [
        ("../shared", "p/team"),
        ("../shared", "p/team-again"),
        ("..", "p/up"),
        (".", "p/again"),
        ("../p", "shared/back"),
    ] {
        std::os::unix::fs::symlink(to, folder.path(link)).unwrap();
    }
    let report = folder.report("in.yaml -p p");
    let found = report.one()["findings"].as_array().unwrap();
    let rules: Vec<&str> = found.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["a", "b.r", "c.r", "d", "e"], "{report:?}");
    assert_eq!(found[3]["location"]["file"], "p/team/d.rego", "{report:?}");
    // Cases, and what they are about, as well.
    folder.write(
        "shared/x.case.YAML",
        "apiVersion: weighlock.dev/v1\nkind: Case\nname: n\npolicies: [a]\ninput: ../../in\nnow: 2026-11-20T12:00:00Z\nexpect: {verdict: deny}\n",
    );
    folder.write("documents/In.Json", folder.read("in.yaml"));
    std::os::unix::fs::symlink("documents", folder.path("in")).unwrap();
    let ran = folder.run("test p");
    assert!(ran.code == 0 && ran.out.contains("1 passed"), "{ran:?}");
}

/// Whoever forgets `--data` is told, and nothing passes.
#[test]
fn data_that_were_forgotten_let_nothing_pass() {
    let folder = folder();
    folder.write(
        "p.rego",
        "package house.registry\n\ndeny contains \"another registry\" if {\n\tnot input.change.id in data.corp.registries\n\tinput.change.id != data.corp.registry\n}\n",
    );
    let ran = folder.run("evaluate in.yaml -p p.rego");
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.code, 13, "{ran:?}");
    assert!(text.contains("could not be judged: there is no `data.corp`: give it with `--data`"), "{ran:?}");
    assert!(text.contains("p.rego:4"), "{ran:?}");
    folder.write("corp.yaml", "corp: {registry: c}\n");
    assert_eq!(folder.run("evaluate in.yaml -p p.rego -d corp.yaml").code, 0);
    let case = |data: &str| {
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Case\nname: n\npolicies: [house.registry]\ninput: in.yaml\nnow: 2026-11-20T12:00:00Z\n{data}expect: {{verdict: deny, indeterminate: false}}\n"
        )
    };
    folder.write("a.case.yaml", case("data: {corp: {}}\n"));
    folder.write("b.case.yaml", case(""));
    assert_eq!(folder.run("test a.case.yaml -p p.rego").code, 10);
    folder.write("a.case.yaml", case("data: {corp: {registry: x}}\n"));
    assert_eq!(folder.run("test a.case.yaml -p p.rego").code, 0);
    let ran = folder.run("test b.case.yaml -p p.rego");
    assert!(ran.code == 10 && ran.out.contains("`data` in a case"), "{ran:?}");
}
