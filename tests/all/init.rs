//! `weighlock init`: what it writes works as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use super::support::{Folder, Ran};

/// Every command in the jobs for a server.
fn commands(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim_start);
    lines
        .filter_map(|line| line.strip_prefix("- run: ").or_else(|| line.strip_prefix("- ")))
        .filter(|line| line.starts_with("weighlock "))
        .collect()
}

fn run(folder: &Folder, line: &str) -> Ran {
    folder.run(line.strip_prefix("weighlock ").unwrap())
}

fn listing(folder: &Folder) -> Vec<String> {
    fn walk(at: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(at).unwrap().map(Result::unwrap) {
            let path = entry.path();
            match path.is_dir() {
                true => walk(&path, root, found),
                false => found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&folder.path(""), &folder.path(""), &mut found);
    found.sort();
    found
}

#[test]
fn what_is_written_passes_as_it_is_written() {
    for (language, policy) in [("rego", "policies/ticket.rego"), ("cel", "policies/ticket.yaml")] {
        let folder = Folder::new();
        let ran = folder.run(&format!("init . --language {language}"));
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
        let files = listing(&folder);
        let mut expected = vec![
            ".github/workflows/weighlock.yaml",
            ".gitlab-ci.yml",
            "changes/shop.yaml",
            "policies/ticket.case.yaml",
            policy,
            "weighlock.yaml",
        ];
        expected.sort_unstable();
        assert_eq!(files, expected);
        for file in &files {
            assert!(ran.err.contains(file.as_str()), "{file} in {}", ran.err);
        }
        let mut seen = BTreeMap::new();
        for jobs in [".github/workflows/weighlock.yaml", ".gitlab-ci.yml"] {
            let text = folder.read(jobs);
            for command in commands(&text) {
                let ran = run(&folder, command);
                assert_eq!(ran.code, 0, "{command}: {ran:?}");
                *seen.entry(command.split_whitespace().nth(1).unwrap().to_owned()).or_insert(0) += 1;
            }
        }
        let seen: Vec<(&str, i32)> = seen.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(seen, [("check", 2), ("evaluate", 2), ("test", 2)]);
    }
}

#[test]
fn the_cases_fail_when_the_policy_is_changed() {
    let folder = Folder::new();
    assert_eq!(folder.run("init house").code, 0);
    let policy = folder.read("house/policies/ticket.rego");
    folder.write("house/policies/ticket.rego", policy.replace("OPS-", "NOC-"));
    let ran = folder.run("test house/policies");
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.out.contains("FAIL") && ran.out.contains("deny"), "{ran:?}");
}

#[test]
fn what_is_there_is_never_written_over() {
    let folder = Folder::with(&[("weighlock.yaml", "mine"), ("policies", "a file")]);
    let ran = folder.run("init .");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("`./weighlock.yaml` is there already"), "{}", ran.err);
    assert!(ran.err.contains("`./policies` is there already"), "{}", ran.err);
    assert_eq!(listing(&folder), ["policies", "weighlock.yaml"]);
    assert_eq!(folder.read("weighlock.yaml"), "mine");
    assert_eq!(folder.run("init weighlock.yaml").code, 2);
    assert_eq!(listing(&folder), ["policies", "weighlock.yaml"]);
    // One that exists and holds other things is no obstacle.
    let folder = Folder::with(&[("README.md", "mine")]);
    assert_eq!(folder.run("init . --ci none --dry-run").code, 0);
    assert_eq!(listing(&folder), ["README.md"]);
    assert_eq!(folder.run("init . --ci gitlab").code, 0);
    assert!(folder.path(".gitlab-ci.yml").exists() && !folder.path(".github").exists());
    assert_eq!(folder.run("init other --ci none,github").code, 2);
    assert!(!folder.path("other").exists());
}

#[test]
fn what_comes_next_can_be_pasted() {
    let folder = Folder::new();
    for (name, said) in [
        ("house", "cd house &&"),
        ("-x", "cd -- '-x' &&"),
        ("my rules", "cd -- 'my rules' &&"),
        ("it's", "cd -- 'it'\\''s' &&"),
    ] {
        let path = folder.path(name);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weighlock"));
        let ran = command.args(["init", "--", name]).current_dir(path.parent().unwrap()).output().unwrap();
        let err = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.success() && err.contains(said), "{name}: {err}");
    }
}
