//! The examples of the README and the guides are run, so that they say what Weighlock says.
//!
//! On a page, a line that is only a name in backticks and a colon names the file that the next
//! block holds. A block of `console` is run in a folder with those files, the examples and the
//! policies: what follows `$ ` is a command, what follows that is what it says. A line `…` stands
//! for lines that are left out. A command that fails is followed by `$ echo $?`. What differs from
//! run to run (digests, times, ids) may differ. Other blocks are not run: policies and documents
//! among them must load, and command lines be understood. With `UPDATE=1` pages are written anew
//! where they are wrong.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;
use weighlock::author::case;
use weighlock::diag::{Diagnostic, Source, document, tree};
use weighlock::model::json::Json;
use weighlock::pipeline::schema::SCHEMAS;
use weighlock::policy::{self, LoadOptions, settings};

use super::repository;

/// Programs that a block of `console` may call.
const PROGRAMS: &[&str] = &["weighlock", "cat", "cp", "mkdir", "ls"];
/// How the README calls Weighlock from the sources.
const FROM_SOURCE: &str = "cargo run --release -- ";
/// Folders of the repository that examples use.
const FOLDERS: &[&str] = &["examples", "policies"];

/// The pages that are run here; those of `docs/errors` and `docs/lints` are run by `docs`.
fn pages() -> Vec<String> {
    let mut names = vec!["README.md".to_owned()];
    names.extend(repository::below("docs").into_iter().filter(|name| name.ends_with(".md")));
    names.retain(|name| !name.starts_with("docs/errors/") && !name.starts_with("docs/lints/"));
    names
}

/// A folder of its own for a page.
fn folder(page: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(page.replace('/', "-"));
    let _ = std::fs::remove_dir_all(&folder);
    for name in FOLDERS.iter().flat_map(|folder| repository::below(folder)) {
        write(&folder.join(&name), &repository::read(&name));
    }
    folder
}

pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A page as it should be when its commands are run in a folder, and what is wrong with it that no
/// rewriting mends.
pub(crate) fn checked(page: &str, text: &str, folder: &Path) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut found = Vec::new();
    let mut name: Option<String> = None;
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(info) = line.strip_prefix("```") else {
            match line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) {
                Some(given) => name = Some(given.to_owned()),
                None if !line.trim().is_empty() => name = None,
                None => {}
            }
            continue;
        };
        let mut block = String::new();
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
            block.push_str(line);
            block.push('\n');
        }
        let named = name.take();
        let place = format!("{page}:{}", at + 1);
        if let Some(name) = &named {
            write(&folder.join(name), &block);
        }
        if info == "console" {
            block = run(folder, &block).unwrap_or_else(|fault| {
                found.push(format!("{place}: {fault}"));
                block
            });
        } else {
            found.extend(
                faults(info, named.as_deref(), &block).iter().map(|fault| format!("{place}: {fault}")),
            );
        }
        out.push_str(&block);
        out.push_str("```\n");
    }
    (out, found)
}

/// The commands of a block, each followed by what it says: as it stands where that is right.
fn run(folder: &Path, block: &str) -> Result<String, String> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, said))) => *said += &format!("{line}\n"),
            (None, None) => return Err(format!("`{line}` stands before every command")),
        }
    }
    let mut out = String::new();
    let mut status = 0;
    for (command, said) in &commands {
        if *command == "echo $?" {
            out.push_str(&format!("$ {command}\n{status}\n"));
            status = 0;
            continue;
        }
        if status != 0 {
            out.push_str(&format!("$ echo $?\n{status}\n"));
        }
        let real = match command.strip_prefix(FROM_SOURCE) {
            Some(rest) => format!("weighlock {rest}"),
            None => (*command).to_owned(),
        };
        let program = real.split_whitespace().next().unwrap_or_default();
        if !PROGRAMS.contains(&program) {
            return Err(format!("`{program}` is not run here: mark the block as `text`"));
        }
        let (code, actual) = shell(folder, &real);
        status = code;
        if code == 1 && program == "weighlock" {
            return Err(format!("`{command}` ended with an internal error: {actual}"));
        }
        let kept = if same(said, &actual) { said } else { &actual };
        out.push_str(&format!("$ {command}\n{kept}"));
    }
    if status != 0 {
        out.push_str(&format!("$ echo $?\n{status}\n"));
    }
    Ok(out)
}

/// Runs a command as a terminal of a hundred columns would show it.
fn shell(folder: &Path, command: &str) -> (i32, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_weighlock"));
    let mut path = binary.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .env("COLUMNS", "100")
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    let text = if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" };
    (output.status.code().unwrap(), text)
}

/// Whether what a page says is what was said: but for what varies, white space, and lines left out.
fn same(page: &str, actual: &str) -> bool {
    let actual = plain(actual);
    let mut parts = vec![String::new()];
    for line in page.lines() {
        match (line.trim(), parts.last_mut()) {
            ("…", _) => parts.push(String::new()),
            (_, Some(part)) => *part += &format!("{line}\n"),
            (_, None) => {}
        }
    }
    let parts: Vec<String> = parts.iter().map(|part| plain(part)).collect();
    let ([first, ..], [.., last]) = (parts.as_slice(), parts.as_slice()) else { return false };
    if parts.len() == 1 {
        return *first == actual;
    }
    let mut at = first.len();
    actual.starts_with(first.as_str())
        && actual.ends_with(last.as_str())
        && parts.iter().skip(1).all(|part| match actual.get(at..).and_then(|rest| rest.find(part.as_str())) {
            Some(offset) => {
                at += offset + part.len();
                true
            }
            None => false,
        })
}

static VARIES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"sha256:\s*[0-9a-f]{64}\b", "sha256:…"),
        (r"\b[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
        (r"\bin \d+[smhdw]( \d+[smhdw])?\b", "in <age>"),
        (r"\b\d+\.\d+ s\b", "<seconds>"),
        (r#""milliseconds": [0-9.]+"#, "<seconds>"),
        (r"\([0-9.]+ ms\)", "<seconds>"),
        (r"\s+", " "),
    ]
    .map(|(pattern, word)| (Regex::new(pattern).unwrap(), word))
    .into()
});

fn plain(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, word) in VARIES.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text.trim().to_owned()
}

/// What is wrong with a block that is not run.
fn faults(info: &str, name: Option<&str>, block: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !["text", "yaml", "rego", "json", "sh", "mermaid", ""].contains(&info) {
        found.push(format!(
            "`{info}` is not a kind of block: use `console`, `text`, `yaml`, `rego`, `json` or `sh`"
        ));
    }
    if block.lines().any(|line| line.starts_with("$ weighlock") || line.starts_with("$ cargo run")) {
        found.push(
            "is not run, though it looks as if it were: make it `console`, or take the `$` away".to_owned(),
        );
    }
    for line in block.replace("\\\n", " ").lines() {
        found.extend(misunderstood(line));
    }
    let source = Source::new(name.unwrap_or("example"), block);
    let problems = match info {
        // Tests are run by the commands of their page, beside what they are about.
        "rego" if source.name.ends_with("_test.rego") => Ok(()),
        "rego" => loads(&source, ".rego"),
        "yaml" => documents(&source),
        "json" => document::read::<Json>(&source).map(drop).map_err(|problem| vec![problem]),
        _ => Ok(()),
    };
    found.extend(problems.err().into_iter().flatten().map(|problem| problem.to_string()));
    found
}

/// Loads a policy with the shipped settings.
fn loads(source: &Source, ending: &str) -> Result<(), Vec<Diagnostic>> {
    let data = serde_json::json!({ "settings": settings::shipped()? });
    let file = (format!("{}{ending}", source.name.trim_end_matches(ending)), source.text.clone());
    policy::load(vec![file], data, LoadOptions::default()).map(drop)
}

/// Reads every document of a block as what it says it is.
fn documents(source: &std::sync::Arc<Source>) -> Result<(), Vec<Diagnostic>> {
    let nodes = tree::parse(source).map_err(|problem| vec![problem])?;
    if source.name.starts_with("settings") {
        return settings::read(source).map(drop);
    }
    for node in &nodes {
        let text = |key| node.get(key).and_then(tree::Node::text).unwrap_or_default();
        if text("apiVersion") != "weighlock.dev/v1" {
            continue;
        }
        match text("kind") {
            "Policy" => loads(source, ".yaml")?,
            "Case" => drop(case::read(source)?),
            kind => {
                let schema = SCHEMAS.iter().find(|schema| schema.name == kind.to_lowercase());
                let schema = schema.unwrap_or_else(|| panic!("{}: no schema for `{kind}`", source.name));
                let value = document::read_node::<Json>(source, node).map_err(|problem| vec![problem])?;
                let schema = serde_json::from_str(&schema.text()).unwrap();
                let schema = jsonschema::draft202012::new(&schema).unwrap();
                if let Err(error) = schema.validate(&value.0) {
                    let message = format!("{error} at {}", error.instance_path());
                    return Err(vec![Diagnostic::error(weighlock::diag::codes::INPUT_INVALID, message)]);
                }
            }
        }
    }
    Ok(())
}

/// What is wrong with a command line of ours in a script.
fn misunderstood(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("- ").unwrap_or(line);
    let line = line.strip_prefix("run: ").unwrap_or(line);
    let words = line.strip_prefix("weighlock ")?;
    let end = [" > ", " || ", " | ", " && ", " # ", "; "].iter().filter_map(|stop| words.find(stop)).min();
    let mut arguments = vec!["weighlock".to_owned()];
    let mut quote = None;
    let mut open = false;
    for c in words.get(..end.unwrap_or(words.len())).unwrap_or_default().chars() {
        match (quote, c) {
            (None, '\'' | '"') => (quote, open) = (Some(c), open),
            (Some(mark), _) if mark == c => quote = None,
            (None, ' ') => {
                open = false;
                continue;
            }
            _ => {
                if !open {
                    arguments.push(String::new());
                    open = true;
                }
                arguments.last_mut().unwrap().push(c);
            }
        }
    }
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    let error = weighlock::cli::command().try_get_matches_from(&arguments).err()?;
    (![DisplayHelp, DisplayVersion].contains(&error.kind())).then(|| format!("`{line}`: {error}"))
}

#[test]
fn every_example_says_what_weighlock_says() {
    let mut found = Vec::new();
    for page in pages() {
        let text = repository::read(&page);
        let (right, faults) = checked(&page, &text, &folder(&page));
        found.extend(faults);
        found.extend(repository::generated(&page, &right).err());
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_readme_has_examples() {
    let readme = repository::read("README.md");
    assert!(readme.contains(&format!("\n$ {FROM_SOURCE}evaluate --trust-input examples/quickstart\n")));
    assert!(readme.lines().count() <= 165, "the README is to be short");
}

/// The anchor that forges give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut found = Vec::new();
    let stories = repository::below("examples").into_iter().filter(|name| name.ends_with(".md"));
    for page in pages().into_iter().chain(stories) {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = repository::read(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => repository::root().join(&page),
                file => repository::root().join(folder).join(file),
            };
            let there = std::fs::read_to_string(&target).is_ok_and(|text| {
                heading.is_empty()
                    || text
                        .lines()
                        .filter(|line| line.starts_with('#'))
                        .any(|line| anchor(line.trim_start_matches('#').trim()) == heading)
            });
            if !there {
                found.push(format!("{page}: `{link}` leads nowhere"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_differs_is_seen_and_what_may_differ_is_not() {
    assert!(same(
        "id 0123456789ab at 2026-01-01T00:00:00Z\n",
        "id ba9876543210\n  at 2027-01-01T00:00:00.12Z\n"
    ));
    assert!(same("a\n…\nd\n", "a\nb\nc\nd\n"));
    assert!(!same("a\n…\nd\n", "a\nb\nc\n"));
    assert!(!same("a\n…\nc\n…\nb\nd\n", "a\nb\nc\nd\n"));
    assert!(!same("a\nb\n", "a\nb\nc\n"));
    assert!(!same("3 allow\n", "4 allow\n"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |info: &str, block: &str| !faults(info, None, block).is_empty();
    assert!(refused("text", "$ weighlock evaluate x\n"));
    assert!(refused("bash", "ls\n"));
    assert!(refused("yaml", "run: weighlock evaluate --no-such-flag x\n"));
    assert!(refused("yaml", "script:\n  - weighlock evaluat x\n"));
    assert!(refused("yaml", "apiVersion: weighlock.dev/v1\nkind: Config\ntrsut: {}\n"));
    assert!(refused("rego", "package a\n\ndeny contains \"x\" if inptu.change\n"));
    assert!(refused("yaml", "a: [\n"));
    assert!(!refused("yaml", "run: weighlock evaluate 'a b' -o json=x.json || true\n"));
    assert!(!refused("rego", "package a\n\ndeny contains \"x\" if input.change\n"));
}

#[test]
fn the_workflow_of_the_guide_weighs_what_the_guide_weighs() {
    let page = "docs/guides/ci.md";
    let text = repository::read(page);
    // The files of the guide, laid out as the job lays them out.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join("workflow");
    let _ = std::fs::remove_dir_all(&folder);
    let file = |name: &str| {
        let (_, rest) = text.split_once(&format!("`{name}`:\n\n```yaml\n")).unwrap();
        rest.split_once("```\n").unwrap().0.to_owned()
    };
    for name in ["facts/scans.yaml", "operations/weighlock.yaml", "operations/policies/scans.yaml"] {
        write(&folder.join(name), &file(name));
    }
    write(&folder.join("proposal/change.yaml"), &file("change.yaml"));
    let workflow: Json = document::read(&Source::new("w", file(".github/workflows/weigh.yml"))).unwrap();
    let steps = workflow.0["jobs"]["weigh"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == "Weigh").unwrap();
    let here = folder.join(step["working-directory"].as_str().unwrap());
    let (code, said) = shell(&here, step["run"].as_str().unwrap());
    assert_eq!(code, 0, "{said}");
    // What the later steps take.
    for step in steps {
        let with = |name: &str| step["with"][name].as_str();
        let body = step["run"].as_str().and_then(|run| run.split_once("--body-file ")).map(|(_, rest)| rest);
        let download = step["uses"].as_str().is_some_and(|uses| uses.contains("checkout"));
        for name in [with("sarif_file"), with("path").filter(|_| !download), body].into_iter().flatten() {
            assert!(folder.join(name.trim()).exists(), "{name}: {step}");
        }
    }
    let sarif = std::fs::read_to_string(folder.join("weighlock.sarif")).unwrap();
    assert!(!sarif.contains("proposal/"), "{sarif}");
}
