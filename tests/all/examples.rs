//! The examples that tell a story: every folder below `examples` that has an `expected`.
//!
//! The commands of its README are run in a copy of the folder, as those of the documentation are, and
//! say what the README shows. What they write to `expected` is what lies there, byte for byte. With
//! `UPDATE=1` both are written anew. So a new example is a new folder, and no line here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use weighlock::diag::{Source, document};
use weighlock::model::input::{Image, Input};

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

/// What the story of the fleet claims: each fix reaches whatever has the old block in it, and nothing else.
#[test]
fn a_fix_reaches_exactly_those_that_use_the_block() {
    let read = |name: &str| -> Input {
        let text = repository::read(&format!("examples/rebuild/facts/{name}.yaml"));
        document::read(&Source::new(name, text)).unwrap()
    };
    let (inventory, sboms, changes) = (read("inventory"), read("sboms"), read("watchdog"));
    let made_of: BTreeMap<_, _> =
        sboms.sboms.iter().flatten().map(|sbom| (&sbom.subject, &sbom.components)).collect();
    for (block, from, to, count) in [
        ("python-base", "3.11.1", "3.11.2", 10),
        ("gis-base", "3.9.2", "3.10.0", 5),
        ("nginx-base", "1.27.2", "1.27.3", 0),
    ] {
        let component = format!("pkg:oci/{block}@{from}?");
        let uses = |image: &Image| {
            made_of[image.digest.as_ref().unwrap()].iter().any(|purl| purl.starts_with(&component))
        };
        let in_test = inventory.inventory.iter().filter(|asset| asset.environment.as_deref() == Some("test"));
        let users: BTreeSet<_> =
            in_test.filter(|asset| asset.images.iter().any(uses)).map(|asset| &asset.id).collect();
        let suffix = format!("-{block}-{to}");
        let asked = changes.changes.iter().filter(|change| change.id.ends_with(&suffix));
        assert_eq!(asked.map(|change| &change.asset).collect::<BTreeSet<_>>(), users);
        assert_eq!(users.len(), count, "{block}");
    }
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
