//! The house rules that a compiler does not hold: which room imports which, and which are pure.
//!
//! Every file of `src/` is read, without its tests. `architecture/rooms.rs` is the table.

#[path = "architecture/rooms.rs"]
mod rooms;
#[path = "architecture/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};

use rooms::{EFFECTS, EXCEPTIONS, LINES, LONG, LOUD, ROOMS, Room};
use source::{Named, Shipped, paths, shipped, tokens};

use super::repository;

/// A file of `src/`, read.
struct File {
    /// Its path from the root of the repository.
    name: String,
    text: String,
    shipped: Shipped,
}

/// The module path of a file: `src/engine/cel/meter.rs` is `engine`, `cel`, `meter`.
fn module(name: &str) -> Vec<&str> {
    let inner = name.strip_prefix("src/").unwrap_or(name).trim_end_matches(".rs");
    inner.split('/').filter(|part| *part != "lib").collect()
}

/// Every file that is part of the shipped crate: what is only there for tests is left out.
fn files() -> Vec<File> {
    let mut all: BTreeMap<String, File> = BTreeMap::new();
    for name in repository::below("src").into_iter().filter(|name| name.ends_with(".rs")) {
        let text = repository::read(&name);
        let shipped = shipped(&tokens(&text));
        all.insert(name.clone(), File { name, text, shipped });
    }
    let mut tests: BTreeSet<String> = BTreeSet::new();
    for file in all.values() {
        let folder = file.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (name, path) in &file.shipped.tests {
            let inner = if ["src/lib.rs", "src/main.rs"].contains(&file.name.as_str()) {
                folder.to_owned()
            } else {
                file.name.trim_end_matches(".rs").to_owned()
            };
            let test =
                path.as_ref().map_or_else(|| format!("{inner}/{name}.rs"), |path| format!("{folder}/{path}"));
            assert!(all.contains_key(&test), "{}: its test module `{name}` is not at {test}", file.name);
            tests.insert(test);
        }
    }
    let of_a_test = |name: &str| {
        tests
            .iter()
            .any(|test| name == test || name.starts_with(&format!("{}/", test.trim_end_matches(".rs"))))
    };
    all.into_values().filter(|file| !of_a_test(&file.name)).collect()
}

/// The room that a path leads to, where it leaves the module that names it.
fn target<'a>(path: &'a Named, module: &[&str]) -> Option<&'a str> {
    let first = path.segments.first()?;
    match first.as_str() {
        "crate" | "weighlock" => path.segments.get(1).map(String::as_str),
        "super" => {
            let climbs = path.segments.iter().take_while(|segment| *segment == "super").count();
            (climbs >= module.len() + path.depth)
                .then(|| path.segments.get(climbs).map(String::as_str))
                .flatten()
        }
        _ => None,
    }
}

/// Which rooms a file imports, with the line of the first time.
fn imports(name: &str, shipped: &Shipped) -> BTreeMap<String, usize> {
    let module = module(name);
    let mut found = BTreeMap::new();
    for path in paths(&shipped.pieces).iter().filter(|path| !path.member) {
        if let Some(room) = target(path, &module).filter(|room| Some(room) != module.first()) {
            found.entry(room.to_owned()).or_insert(path.line);
        }
    }
    found
}

/// What a file does that its room must not.
fn complaints(name: &str, shipped: &Shipped, rooms: &[Room]) -> Vec<String> {
    let module = module(name);
    let Some(room) = module.first().and_then(|first| rooms.iter().find(|room| room.name == *first)) else {
        return vec![format!("{name}: is in no room")];
    };
    let mut found: Vec<String> = imports(name, shipped)
        .iter()
        .filter(|(import, _)| !room.imports.contains(&import.as_str()))
        .map(|(import, line)| format!("{name}:{line}: `{}` may not import `{import}`", room.name))
        .collect();
    if !room.pure {
        return found;
    }
    for path in paths(&shipped.pieces) {
        let at = format!("{name}:{}: `{}` is pure, and this names", path.line, room.name);
        let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        if let Some(effect) = effect(&segments) {
            found.push(format!("{at} `{}`", effect.join("::")));
        }
        if segments.last().is_some_and(|last| LOUD.contains(last)) && path.next == Some('!') {
            found.push(format!("{at} `{}!`", segments.join("::")));
        }
        // A whole module, or everything of it, would hide what is used of it.
        if matches!(
            segments.as_slice(),
            ["std" | "core", "*" | "self"] | ["std", "io" | "thread" | "time", "*"]
        ) {
            found.push(format!("{at} `{}`, which hides what is used", segments.join("::")));
        }
        if path.member && segments == ["spawn"] {
            found.push(format!("{at} `.spawn()`"));
        }
    }
    // `use std::env::{self, var}` says one thing twice.
    found.dedup();
    found
}

/// The effect that a path names.
fn effect(segments: &[&str]) -> Option<&'static [&'static str]> {
    EFFECTS.iter().copied().find(|effect| segments.windows(effect.len()).any(|window| window == *effect))
}

#[test]
fn rooms_import_what_their_line_says_and_pure_ones_have_no_effects() {
    let files = files();
    assert!(files.len() > 100, "only {} files were found", files.len());
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !["src/lib.rs", "src/main.rs"].contains(&file.name.as_str())) {
        found.extend(complaints(&file.name, &file.shipped, ROOMS));
    }
    // Exceptions: each takes away what it names in its file, and must be needed.
    for exception in EXCEPTIONS {
        assert!(!exception.why.is_empty());
        let before = found.len();
        let named = format!("names `{}`", exception.effect.join("::"));
        found.retain(|text| !(text.starts_with(&format!("{}:", exception.file)) && text.ends_with(&named)));
        assert!(found.len() < before, "the exception for {} is not needed any more", exception.file);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_table_is_as_narrow_as_the_code() {
    let mut real: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files() {
        let room = module(&file.name).first().map(|room| (*room).to_owned());
        let imports = imports(&file.name, &file.shipped).into_keys();
        real.entry(room.unwrap_or_default()).or_default().extend(imports);
    }
    let mut before: Vec<&str> = Vec::new();
    for room in ROOMS {
        let used = real.get(room.name).cloned().unwrap_or_default();
        let unused: Vec<_> = room.imports.iter().filter(|import| !used.contains(**import)).collect();
        assert!(unused.is_empty(), "`{}` does not import {unused:?}: narrow its line", room.name);
        for import in room.imports {
            assert!(before.contains(import), "`{}` stands before `{import}`, which it imports", room.name);
        }
        assert!(!room.why.is_empty());
        before.push(room.name);
    }
    let library: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    let text = repository::read("src/lib.rs");
    let modules: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(modules, library, "`src/lib.rs` and the table name different rooms");
    assert_eq!(
        real.get("main").into_iter().flatten().collect::<Vec<_>>(),
        ["cli"],
        "the binary is `cli` alone"
    );
}

#[test]
fn files_are_where_and_as_long_as_they_should_be() {
    let mut found = Vec::new();
    for file in files() {
        if file.name.ends_with("/mod.rs") {
            found.push(format!("{}: modules are `foo.rs` beside `foo/`", file.name));
        }
        if !file.text.starts_with("//! ") {
            found.push(format!("{}: a module begins with what it is for (`//!`)", file.name));
        }
        for path in paths(&file.shipped.pieces) {
            if path.segments == ["allow"] && path.next == Some('(') && !path.member {
                found.push(format!("{}:{}: `#[expect(…, reason = …)]`, never `allow`", file.name, path.line));
            }
            if ["unwrap_used", "expect_used", "panic"]
                .iter()
                .any(|lint| path.segments.ends_with(&[(*lint).to_owned()]))
                && path.segments.len() > 1
                && path.segments.first().is_some_and(|first| first == "clippy")
            {
                found.push(format!("{}:{}: what may panic is not excused", file.name, path.line));
            }
        }
        let lines = file.text.split("\n#[cfg(test)]\n").next().unwrap_or_default().lines().count();
        let excused = LONG.iter().find(|(name, _, why)| *name == file.name && !why.is_empty());
        let most = excused.map_or(LINES, |(_, most, _)| *most);
        if lines > most {
            found.push(format!("{}: {lines} lines without its tests; {most} is the limit", file.name));
        }
        // A file that goes to and fro about the limit stays on the list.
        if lines + 50 < LINES && excused.is_some() {
            found.push(format!("{}: is short enough now; take it from the list", file.name));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_page_shows_the_table() {
    let mut table = String::from(
        "| room | pure | imports | what it guarantees, or why it imports what it does |\n|---|---|---|---|\n",
    );
    for room in ROOMS {
        let imports: Vec<String> = room.imports.iter().map(|import| format!("`{import}`")).collect();
        let imports = if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") };
        let pure = if room.pure { "yes" } else { "no" };
        table.push_str(&format!("| `{}` | {pure} | {imports} | {} |\n", room.name, room.why));
    }
    let page = repository::read("docs/architecture.md");
    assert!(page.contains(&table), "docs/architecture.md must hold this table:\n{table}");
}

/// What a bad file in a room is told.
fn told(name: &str, text: &str) -> Vec<String> {
    complaints(name, &shipped(&tokens(text)), ROOMS)
}

#[test]
fn bad_files_are_seen() {
    for (name, text, word) in [
        ("src/model/x.rs", "use crate::diag::Code;", "may not import `diag`"),
        ("src/model/x.rs", "use crate::{diag, model::id};", "may not import `diag`"),
        ("src/model/x.rs", "fn f() { crate::decide::x::y() }", "may not import `decide`"),
        ("src/model/x.rs", "use super::super::engine::Engine;", "may not import `engine`"),
        ("src/model/x/y.rs", "use super::super::super::engine;", "may not import `engine`"),
        ("src/model/x.rs", "mod inner { use super::super::super::engine; }", "may not import `engine`"),
        ("src/report.rs", "use super::{decide::{self, fact}, model};", "may not import `decide`"),
        ("src/model.rs", "fn f(a: weighlock::cli::A) {}", "may not import `cli`"),
        ("src/policy/x.rs", "use std::fs;", "`std::fs`"),
        ("src/policy/x.rs", "use std::{collections::BTreeMap, env::{self, var}};", "`std::env`"),
        ("src/policy/x.rs", "use std::time::{Duration, SystemTime as S};", "`SystemTime`"),
        ("src/policy/x.rs", "fn f() { let a = ::std::process::id(); }", "`std::process`"),
        ("src/policy/x.rs", "fn f() { crate::model::Time::now(); }", "`Time::now`"),
        ("src/policy/x.rs", "fn f() { println!(\"a\") }", "`println!`"),
        ("src/policy/x.rs", "fn f(s: &Scope) { s.spawn(|| ()) }", "`.spawn()`"),
        ("src/policy/x.rs", "use std::io::*;", "hides what is used"),
        ("src/policy/x.rs", "const A: &str = \"//\"; use std::net::IpAddr;", "`std::net`"),
        ("src/policy/x.rs", "const A: char = '\"'; use std::net::IpAddr; // \"", "`std::net`"),
        ("src/policy/x.rs", "fn a<'a>(_: &'a str) { std::net::x() }", "`std::net`"),
        ("src/policy/x.rs", "const A: &str = r#\"\"\"#; use std::net::IpAddr;", "`std::net`"),
        ("src/policy/x.rs", "#[cfg(test)] use a::{b, c}; use std::net::IpAddr;", "`std::net`"),
        ("src/policy/x.rs", "#[cfg(test)] mod tests { } use std::net::IpAddr;", "`std::net`"),
        ("src/policy/x.rs", "#[cfg(not(test))] use std::net::IpAddr;", "`std::net`"),
        ("src/attic/x.rs", "", "is in no room"),
    ] {
        let found = told(name, text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(word), "{text}: {found:?}");
    }
}

#[test]
fn good_files_are_left_alone() {
    for text in [
        "use crate::model::Digest; use crate::{diag::{Code, codes}, policy::rego};",
        "use super::{rego, cel}; pub(crate) fn f() {}",
        "// use std::fs;\n/* std::env /* nested */ std::net */ /// std::process\nfn f() {}",
        "const A: &str = \"use std::fs; println!(1)\"; const B: &str = r##\"std::env \"# std::net\"##;",
        "const A: u8 = b'\"'; const B: char = '\\''; const C: &str = env!(\"CARGO_MANIFEST_DIR\");",
        "#[cfg(test)]\nmod tests {\n    use std::fs;\n    fn f() { println!(\"}\"); }\n}",
        "#[cfg(test)]\nuse std::{fs, env};\nfn f() {}",
        "fn f(error: &std::io::Error) -> std::time::Duration { std::thread::scope(|s| s.x()) }",
    ] {
        assert_eq!(told("src/policy/x.rs", text), Vec::<String>::new(), "{text}");
    }
    let text = "#[cfg(test)]\n#[path = \"policy/tests.rs\"]\nmod tests;\n#[cfg(test)]\nmod other;\nmod kept;";
    let tests = [("tests".to_owned(), Some("policy/tests.rs".to_owned())), ("other".to_owned(), None)];
    assert_eq!(shipped(&tokens(text)).tests, tests);
}
