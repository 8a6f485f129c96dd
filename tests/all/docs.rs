//! The pages: one a code of an error, one a lint, and indexes that name them all. The examples on them are
//! run, so that they say what Weighlock says.

use std::path::Path;
use std::process::Command;

use weighlock::author::check::LINTS;
use weighlock::diag::Code;
use weighlock::diag::codes::CODES;

use super::repository;

/// The sections of a page, in order.
const SECTIONS: &[&str] = &["## What it means", "## Example", "## What to do"];

/// The sections of the page of a lint, in order.
const OF_LINTS: &[&str] = &["## What it finds", "## Why", "## Example", "## What to do", "## To silence it"];

/// The folders of pages: the codes that have one, and the sections of each.
fn folders() -> [(&'static str, Vec<Code>, &'static [&'static str]); 2] {
    let lints = LINTS.iter().map(|lint| lint.code).collect();
    [("docs/errors", CODES.to_vec(), SECTIONS), ("docs/lints", lints, OF_LINTS)]
}

/// Faults of the page of a code.
fn faults(id: &str, title: &str, page: &str, sections: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let head = format!("# {id}\n\n{title}\n");
    if !page.starts_with(&head) {
        found.push(format!("begins with {head:?}"));
    }
    let mut rest = page;
    for section in sections {
        match rest.split_once(&format!("\n{section}\n")) {
            None => found.push(format!("has `{section}`, after the sections before it")),
            Some((_, after)) => {
                let body = after.split("\n## ").next().unwrap_or_default();
                if body.split_whitespace().count() < 12 {
                    found.push(format!("says something under `{section}`"));
                }
                if *section == "## Example" && !body.contains(id) {
                    found.push(format!("shows `{id}` under `{section}`"));
                }
                rest = after;
            }
        }
    }
    found
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let mut found = Vec::new();
    for (folder, codes, sections) in folders() {
        let mut wanted = vec![format!("{folder}/README.md")];
        for code in codes {
            let name = format!("{folder}/{}.md", code.id);
            match std::fs::read_to_string(repository::root().join(&name)) {
                Err(error) => found.push(format!("{name}: {error}")),
                Ok(page) => {
                    let faults = faults(code.id, code.title, &page, sections);
                    found.extend(faults.iter().map(|fault| format!("{name}: {fault}")));
                }
            }
            wanted.push(name);
        }
        wanted.sort();
        assert_eq!(repository::below(folder), wanted, "a page is of no code");
    }
    assert!(found.is_empty(), "a page …\n{}", found.join("\n"));
}

/// A page with its commands run again: files that it shows are written, and each `$ weighlock …` is
/// followed by what was said.
fn run(id: &str, page: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages").join(id);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    let mut file = None;
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if let Some(name) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) {
            file = Some(name.to_owned());
        } else if line.starts_with("```") {
            let mut block = String::new();
            for line in lines.by_ref().take_while(|line| *line != "```") {
                block.push_str(line);
                block.push('\n');
            }
            if let Some(name) = file.take() {
                let path = folder.join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &block).unwrap();
            }
            if line == "```console" {
                block = commands(&folder, &block);
            }
            out.push_str(&block);
            out.push_str("```\n");
        }
    }
    out
}

/// The commands of a block, each followed by what it says.
fn commands(folder: &Path, block: &str) -> String {
    let mut out = String::new();
    for command in block.lines().filter_map(|line| line.strip_prefix("$ weighlock ")) {
        let output = Command::new(env!("CARGO_BIN_EXE_weighlock"))
            .args(command.split_whitespace())
            .current_dir(folder)
            .env("COLUMNS", "96")
            .env_remove("NO_COLOR")
            .output()
            .unwrap();
        assert!(
            output.status.code().is_some_and(|code| code != 1),
            "`{command}` ended with {}",
            output.status
        );
        let said = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        out.push_str(&format!("$ weighlock {command}\n"));
        // Digests hang on the time and on the version.
        for line in said.trim().lines().filter(|line| !line.starts_with("  decision ")) {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_examples_say_what_is_said() {
    let mut found = Vec::new();
    for (folder, code) in
        folders().into_iter().flat_map(|(folder, codes, _)| codes.into_iter().map(move |c| (folder, c)))
    {
        let name = format!("{folder}/{}.md", code.id);
        let page = repository::read(&name);
        assert!(page.contains("\n$ weighlock "), "{name}: runs no command");
        let said = run(code.id, &page);
        assert!(said.contains(&format!("[{}]", code.id)), "{name}: does not show what it is about\n{said}");
        found.extend(repository::generated(&name, &said).err());
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_example_of_a_lint_shows_that_lint_alone() {
    // A comment that is wrong leaves what it was to silence.
    for lint in LINTS.iter().filter(|lint| !lint.code.id.starts_with("silence.")) {
        let page = repository::read(&format!("docs/lints/{}.md", lint.code.id));
        for line in page.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")) {
            let shown = line.split(['[', ']']).nth(1);
            assert_eq!(shown, Some(lint.code.id), "{line}");
        }
    }
}

#[test]
fn codes_are_unique_and_in_order() {
    for pair in CODES.windows(2) {
        assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0].id, pair[1].id);
    }
}

#[test]
fn the_index_names_them_all() {
    let mut index = String::from(
        "# Errors\n\nEvery problem that Weighlock reports has a stable code. Each code has a page that says what it \
         means, shows an example, and says what to do.\n\n| code | meaning |\n|---|---|\n",
    );
    let mut codes: Vec<_> = CODES.iter().collect();
    codes.sort_by_key(|code| code.id);
    for code in codes {
        index.push_str(&format!("| [`{0}`]({0}.md) | {1} |\n", code.id, code.title));
    }
    repository::generated("docs/errors/README.md", &index).unwrap();
    let mut index = String::from(
        "# Lints\n\nWhat `weighlock check` looks for in policies, beside all that [loading](../errors/README.md) \
         refuses. Each lint has a page that says what it finds and why, shows an example, and says what to do and \
         how to silence it.\n\n| lint | level | what it finds |\n|---|---|---|\n",
    );
    for lint in LINTS {
        let level = format!("{:?}", lint.level).to_lowercase();
        index.push_str(&format!("| [`{0}`]({0}.md) | {level} | {1} |\n", lint.code.id, lint.code.title));
    }
    index.push_str(
        "\nJSON has no comments, so a policy in CEL that is to silence a lint is written in YAML. JSON is YAML: \
         give the file the ending `.yaml`, and put the comment before the line.\n",
    );
    repository::generated("docs/lints/README.md", &index).unwrap();
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut found = Vec::new();
    for page in repository::below("docs").into_iter().filter(|name| name.ends_with(".md")) {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = repository::read(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            if !repository::root().join(folder).join(file).exists() {
                found.push(format!("{page}: `{link}` leads nowhere"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_stub_is_seen() {
    assert_eq!(faults("a.b", "It is.", "# a.b\n\nIt is.\n", SECTIONS).len(), SECTIONS.len());
    assert!(!faults("a.b", "It is.", "# a.c\n", SECTIONS).is_empty());
}
