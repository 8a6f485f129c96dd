//! The policies that come with Weighlock.

use include_dir::{Dir, include_dir};

static POLICIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// Where embedded files say they are.
const ROOT: &str = "builtin/";

/// The profiles: a folder of policies each.
pub fn profiles() -> Vec<&'static str> {
    let mut names: Vec<&str> = POLICIES
        .dirs()
        .filter_map(|dir| dir.path().to_str())
        .filter(|name| !["lib", "fixtures"].contains(name))
        .collect();
    names.sort_unstable();
    names
}

/// The policies of a profile, or all, as names and texts; libraries come along. `None` where there
/// is no such profile.
pub fn files(profile: Option<&str>) -> Option<Vec<(String, String)>> {
    if profile.is_some_and(|name| !profiles().contains(&name)) {
        return None;
    }
    let mut found = Vec::new();
    collect(&POLICIES, &mut found);
    found.retain(|(name, _)| {
        let folder = name.trim_start_matches(ROOT).split('/').next().unwrap_or_default();
        folder != "fixtures" && profile.is_none_or(|profile| folder == profile || folder == "lib")
    });
    found.sort();
    Some(found)
}

fn collect(dir: &'static Dir<'static>, found: &mut Vec<(String, String)>) {
    for file in dir.files() {
        let Some(path) = file.path().to_str() else { continue };
        let name = path.rsplit('/').next().unwrap_or(path);
        let policy = name.ends_with(".rego") || name.ends_with(".yaml");
        let other = name.ends_with(".case.yaml")
            || name.ends_with("_test.rego")
            || (name.starts_with("settings") && name.ends_with(".yaml"));
        if policy
            && !other
            && let Some(text) = file.contents_utf8()
        {
            found.push((format!("{ROOT}{path}"), text.to_owned()));
        }
    }
    for dir in dir.dirs() {
        collect(dir, found);
    }
}
