//! What is run: the cases and tests below some paths, and the policies that they are about.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::Args;
use crate::author::bench::Bench;
use crate::author::suite::{self, Found};
use crate::config::{self, Config};
use crate::diag::{Diagnostic, Source, codes};
use crate::engine::Limits;
use crate::files::{self, Walk};
use crate::model::json::Json;
use crate::pipeline::load;
use crate::policy::{LoadOptions, settings};

/// How deep folders may nest.
const MAX_DEPTH: usize = 64;

/// The files and folders that a run has looked at, so that changes of them are seen.
#[derive(Debug, Default)]
pub(super) struct Read(Mutex<BTreeSet<PathBuf>>);

impl Read {
    pub(super) fn note(&self, path: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf());
    }

    pub(super) fn paths(&self) -> BTreeSet<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What stands below some paths.
#[derive(Debug, Default)]
pub(super) struct Below {
    pub(super) cases: Vec<Found>,
    /// Files of Rego.
    pub(super) rego: Vec<PathBuf>,
}

/// The paths: those that are named, or the folder of policies, or the current one.
pub(super) fn paths(named: &[PathBuf]) -> Vec<PathBuf> {
    match (named.is_empty(), Path::new("policies").is_dir()) {
        (false, _) => named.to_vec(),
        (true, true) => vec![PathBuf::from("policies")],
        (true, false) => vec![PathBuf::from(".")],
    }
}

/// Finds the cases and the files of Rego below some paths.
pub(super) fn below(paths: &[PathBuf], read: &Read) -> Result<Below, Vec<Diagnostic>> {
    let mut all = Vec::new();
    for path in paths {
        read.note(path);
        walk(&mut Walk::from(path), path, 0, &mut all).map_err(|problem| vec![problem])?;
    }
    // However often a file is named, what it holds runs once.
    let mut seen = HashSet::new();
    all.retain(|path| seen.insert(files::real(path)));
    let is_case = |path: &Path| path.file_name().is_some_and(|name| suite::is_case(&name.to_string_lossy()));
    // A file that is named is read, whatever it is called.
    let named = |path: &PathBuf| paths.contains(path) && !files::ends_in(path, &["rego"]);
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in all.iter().filter(|path| is_case(path) || named(path)) {
        match files::read(path, files::INPUT) {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    let cases = suite::collect(&sources).unwrap_or_else(|found| {
        problems.extend(found);
        Vec::new()
    });
    all.retain(|path| files::ends_in(path, &["rego"]));
    if problems.is_empty() { Ok(Below { cases, rego: all }) } else { Err(problems) }
}

/// The rules with their tests: those that are named, or those that the cases stand beside.
pub(super) fn bench(
    args: &Args,
    paths: &[PathBuf],
    below: &Below,
    read: &Read,
) -> Result<Bench, super::Stop> {
    let mut roots: Vec<String> = args.policy.clone();
    if roots.is_empty() {
        roots.extend(paths.iter().map(|path| root(path).display().to_string()));
        roots.sort();
        roots.dedup();
    }
    roots
        .iter()
        .map(Path::new)
        .chain(args.data.iter().map(PathBuf::as_path))
        .for_each(|path| read.note(path));
    let file = config::named(args.config.as_deref())?;
    let mut config = file.as_deref().map_or_else(|| Ok(Config::default()), config::read)?;
    config.files.iter().for_each(|path| read.note(path));
    let told = roots.iter().map(|root| Path::new(root).join("settings.yaml")).find(|path| path.is_file());
    if let Some(path) = told {
        let settings = settings::read(&files::read(&path, files::CONFIG)?)?;
        let value = serde_json::to_value(settings)
            .map_err(|error| Diagnostic::error(codes::CONFIG_INVALID, error.to_string()))?;
        config.settings = Some(Json(value));
    }
    // What some cases alone are told must be there for the policies to be read.
    let mut lent: BTreeMap<&str, &Json> = below.cases.iter().flat_map(|found| found.case.told()).collect();
    let data = load::data(&config, &roots, &args.data).map(|mut data| {
        lent.retain(|name, _| !data.contains_key(*name));
        data.extend(lent.iter().map(|(name, value)| ((*name).to_owned(), value.0.clone())));
        Value::Object(data)
    });
    let tests: Vec<PathBuf> = below.rego.iter().filter(|path| is_test(path)).cloned().collect();
    let options = LoadOptions { tests: true, rego_v0: args.rego_v0 };
    let bundle = load::policies_told(&config, &roots, &tests, data, options)?;
    Ok(Bench::new(bundle, Limits::default()).without(lent.into_keys()))
}

/// Whether a file holds tests in Rego, by its name.
pub(super) fn is_test(path: &Path) -> bool {
    path.to_string_lossy().to_lowercase().ends_with("_test.rego")
}

/// The folder of policies that a path lies in: the nearest that is called so, or its own.
pub(in crate::cli) fn root(path: &Path) -> PathBuf {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    let named = folder.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "policies"));
    let found = named.unwrap_or(folder);
    if found.as_os_str().is_empty() { PathBuf::from(".") } else { found.to_path_buf() }
}

/// What a case names: a file, or every document of a folder.
pub(super) fn fixture(path: &str, read: &Read) -> Result<Vec<Arc<Source>>, Diagnostic> {
    let path = Path::new(path);
    read.note(path);
    let mut all = Vec::new();
    walk(&mut Walk::from(path), path, 0, &mut all)?;
    let whole = all.as_slice() == [path];
    let is_case = |path: &Path| suite::is_case(&path.to_string_lossy());
    let document =
        |path: &&PathBuf| whole || files::ends_in(path, &["json", "yaml", "yml"]) && !is_case(path);
    all.iter().filter(document).map(|path| files::read(path, files::INPUT)).collect()
}

/// Every file below a path that could be meant, in the order of their names.
fn walk(from: &mut Walk, path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Diagnostic> {
    let fail = |error: &std::io::Error| {
        Diagnostic::error(codes::INPUT_UNREADABLE, format!("`{}` cannot be read: {error}", path.display()))
    };
    if !std::fs::metadata(path).map_err(|error| fail(&error))?.is_dir() {
        found.push(path.to_path_buf());
        return Ok(());
    }
    if depth > MAX_DEPTH {
        let message = format!("`{}` nests deeper than {MAX_DEPTH} folders", path.display());
        return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, message));
    }
    if !from.enters(path) {
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| fail(&error))?;
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|error| fail(&error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let whole = if path == Path::new(".") { PathBuf::from(&name) } else { entry.path() };
        if name.starts_with('.') {
            continue;
        }
        if whole.is_dir() {
            walk(from, &whole, depth.saturating_add(1), found)?;
        } else if files::ends_in(&whole, &["json", "yaml", "yml", "rego"]) {
            found.push(whole);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_looked_for_in_the_folder_that_is_called_policies() {
        assert_eq!(root(Path::new("policies/updates")), Path::new("policies"));
        assert_eq!(root(Path::new("a/policies/b/c")), Path::new("a/policies"));
        assert_eq!(root(Path::new("elsewhere")), Path::new("elsewhere"));
        assert_eq!(root(Path::new("Cargo.toml")), Path::new("."));
    }
}
