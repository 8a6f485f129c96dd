//! Data that stand beside policies, as OPA keeps them: `data.json` and `data.yaml` in a folder of policies
//! are what policies see under `data`, below the names of the folders between.

use std::path::Path;

use serde_json::{Map, Value};

use super::MAX_DEPTH;
use crate::diag::{Diagnostic, codes, document};
use crate::files::{self, Walk};
use crate::model::json::Json;

/// Data by the name of their file.
type Named = (String, Map<String, Value>);

/// The names of such files.
const NAMES: &[&str] = &["data.json", "data.yaml", "data.yml"];

/// Whether a file in a folder of policies holds data: it is called so, and does not say that it is
/// something else.
pub(super) fn is_data(path: &Path) -> bool {
    let named = path.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known));
    // What cannot be read is told where data are read.
    let says = |value: Value| ["apiVersion", "kind"].iter().any(|name| value.get(name).is_some());
    named && !read(path).is_ok_and(says)
}

fn read(path: &Path) -> Result<Value, Diagnostic> {
    files::read(path, files::INPUT).and_then(|source| document::read::<Json>(&source)).map(|value| value.0)
}

/// What the files of data in a folder say, each with its name.
///
/// # Errors
/// One cannot be read or is no mapping.
pub(super) fn below(folder: &Path) -> Result<Vec<Named>, Diagnostic> {
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(&mut Walk::from(folder), folder, &mut Vec::new(), &mut found)?;
    }
    Ok(found)
}

fn walk(
    from: &mut Walk,
    folder: &Path,
    names: &mut Vec<String>,
    found: &mut Vec<Named>,
) -> Result<(), Diagnostic> {
    // What nests deeper, or cannot be read, is told of the policies.
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    if names.len() > MAX_DEPTH || !from.enters(folder) {
        return Ok(());
    }
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            names.push(name);
            walk(from, &path, names, found)?;
            names.pop();
        } else if is_data(&path) {
            let name = path.display().to_string();
            let Value::Object(members) = read(&path)? else {
                return Err(Diagnostic::error(codes::INPUT_INVALID, format!("`{name}` is not a mapping")));
            };
            let under = |members: Map<String, Value>, name: &String| {
                Map::from_iter([(name.clone(), Value::Object(members))])
            };
            found.push((name, names.iter().rev().fold(members, under)));
        }
    }
    Ok(())
}

/// Adds members to others; mappings are joined. What is in both is returned, by its path.
pub(super) fn join(into: &mut Map<String, Value>, more: Map<String, Value>) -> Option<String> {
    for (key, value) in more {
        match (into.get_mut(&key), value) {
            (None, value) => drop(into.insert(key, value)),
            (Some(Value::Object(there)), Value::Object(more)) => {
                if let Some(path) = join(there, more) {
                    return Some(format!("{key}.{path}"));
                }
            }
            (Some(_), _) => return Some(key),
        }
    }
    None
}
