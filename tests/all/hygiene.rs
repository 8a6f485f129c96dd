//! What must not be in a tracked file: marks of one machine, foreign line ends, stray whitespace.

use std::process::Command;

use super::repository;

/// Words that say where and how a file was made, in halves so that this file does not hold them.
const BANNED: &[(&str, &str, &str)] = &[
    ("/wor", "k/main", "a path of one machine"),
    ("/wor", "k/shared", "a path of one machine"),
    ("/tmp", "/wt", "a path of one machine"),
    ("/tmp", "/target", "a path of one machine"),
    ("/ro", "ot/", "a path of one machine"),
    ("/.car", "go/registry", "a path of one machine"),
    ("index.crat", "es.io", "the host of a registry"),
    ("static.crat", "es.io", "the host of a registry"),
    ("proxy.gol", "ang.org", "the host of a registry"),
    ("registry.npm", "js.org", "the host of a registry"),
    ("py", "pi.org", "the host of a registry"),
    ("deb.deb", "ian.org", "the host of a registry"),
    ("language mo", "del", "how it was written"),
    ("AI ag", "ent", "how it was written"),
    ("this ses", "sion", "how it was written"),
    ("Co-Autho", "red-By", "how it was written"),
];

/// Endings of files that people write by hand. Rust is not among them: `cargo fmt` sees to it, and
/// leaves alone what texts must hold.
const WRITTEN: &[&str] = &[".md", ".yaml", ".yml", ".toml", ".rego", ".ci/run"];

/// Faults of one file.
fn faults(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let written = WRITTEN.iter().any(|ending| name.ends_with(ending));
    for (at, line) in text.split('\n').enumerate() {
        let place = format!("{name}:{}", at + 1);
        for (head, tail, why) in BANNED {
            if line.contains(&format!("{head}{tail}")) {
                found.push(format!("{place}: holds `{head}{tail}`, {why}"));
            }
        }
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            found.push(format!("{place}: a merge was left half done"));
        }
        if line.ends_with('\r') {
            found.push(format!("{place}: ends with a carriage return"));
        } else if written && line.ends_with([' ', '\t']) {
            found.push(format!("{place}: ends with whitespace"));
        }
    }
    if written && !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        found.push(format!("{name}: ends with one line break"));
    }
    found
}

/// Tracked files, and those that are not tracked yet but not ignored either.
fn tracked() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository::root())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8(output.stdout).unwrap();
            names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        // An archive without its history: everything but what a build writes.
        _ => ["src", "tests", "policies", "schemas", "testdata", "examples", "docs", "benches", ".ci"]
            .iter()
            .flat_map(|folder| repository::below(folder))
            .collect(),
    }
}

#[test]
fn files_are_clean() {
    let mut found = Vec::new();
    let names = tracked();
    assert!(names.len() > 100, "only {} files", names.len());
    for name in names {
        if name.ends_with(".pending-snap") || name.ends_with(".snap.new") {
            found.push(format!("{name}: is a snapshot that nobody looked at"));
        }
        // Deleted and not yet committed, or not text.
        let Ok(bytes) = std::fs::read(repository::root().join(&name)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        // What tests feed in may be as dirty as it likes.
        if !name.starts_with("testdata/") {
            found.extend(faults(&name, &text));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_unclean_is_seen() {
    assert_eq!(faults("a.md", "one\n"), Vec::<String>::new());
    assert_eq!(faults("a.rs", "let a = \"\n \";\n"), Vec::<String>::new());
    for text in ["a \n", "a\r\n", "a", "a\n\n", "<<<<<<< HEAD\n", &format!("see {}{}\n", "/wor", "k/main")] {
        assert_eq!(faults("a.md", text).len(), 1, "{text:?}");
    }
}
