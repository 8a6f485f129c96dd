//! The examples that tell a story: every folder below `examples` that has an `expected`.
//!
//! The commands of its README are run in a copy of the folder, as those of the documentation are, and
//! say what the README shows. What they write to `expected` is what lies there, byte for byte. With
//! `UPDATE=1` both are written anew. So a new example is a new folder, and no line here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{docs_examples, repository};

#[path = "examples/fleet.rs"]
mod fleet;
#[path = "examples/signed.rs"]
mod signed;

/// Where what comes out is kept.
const EXPECTED: &str = "expected/";

/// The files of each example, by its name: names within its folder.
fn all() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in repository::below("examples") {
        let mut parts = name.splitn(3, '/').skip(1);
        if let (Some(example), Some(file)) = (parts.next(), parts.next()) {
            found.entry(example.to_owned()).or_default().push(file.to_owned());
        }
    }
    found.retain(|_, files| files.iter().any(|file| file.starts_with(EXPECTED)));
    found
}

/// A copy of an example, without what is expected of it.
fn copy(example: &str, files: &[String]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stories").join(example);
    let _ = std::fs::remove_dir_all(&folder);
    for file in files.iter().filter(|file| !file.starts_with(EXPECTED)) {
        docs_examples::write(&folder.join(file), &repository::read(&format!("examples/{example}/{file}")));
    }
    std::fs::create_dir_all(folder.join(EXPECTED)).unwrap();
    folder
}

/// What is wrong with an example.
fn faults(example: &str, files: &[String]) -> Vec<String> {
    let folder = copy(example, files);
    let page = format!("examples/{example}/README.md");
    let (right, mut found) = docs_examples::checked(&page, &repository::read(&page), &folder);
    found.extend(repository::generated(&page, &right).err());
    let mut written = Vec::new();
    for entry in std::fs::read_dir(folder.join(EXPECTED)).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{EXPECTED}{}", path.file_name().unwrap().to_str().unwrap());
        let text = std::fs::read_to_string(path).unwrap();
        found.extend(repository::generated(&format!("examples/{example}/{name}"), &text).err());
        written.push(name);
    }
    for name in files.iter().filter(|name| name.starts_with(EXPECTED) && !written.contains(name)) {
        found.push(format!("examples/{example}/{name}: no command of the README writes it"));
    }
    found
}

#[test]
fn every_story_ends_as_it_is_told() {
    let mut found = fleet::faults();
    found.extend(signed::faults());
    let all = all();
    found.extend(all.iter().flat_map(|(example, files)| faults(example, files)));
    assert!(found.is_empty(), "{}", found.join("\n"));
    for example in ["auto-updater", "foundry", "image-factory", "promotion", "rebuild"] {
        let files = all.get(example).unwrap_or_else(|| panic!("no `{example}`"));
        for name in ["README.md", "weighlock.yaml", "expected/report.txt", "expected/report.json"] {
            assert!(files.iter().any(|file| file == name), "{example} has no {name}");
        }
    }
}
