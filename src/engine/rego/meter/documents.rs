//! Functions that look into documents.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;

use super::own::{Wrong, string};
use super::strings;

/// What is asked for below a value: all of it, or some of its members.
enum Asked {
    All,
    Members(BTreeMap<Value, Asked>),
}

/// What paths ask for together.
fn asked(paths: &Value) -> Result<Asked, Wrong> {
    let paths: Vec<&Value> = match paths {
        Value::Array(paths) => paths.iter().collect(),
        Value::Set(paths) => paths.iter_sorted().collect(),
        _ => return Err("an array or a set of paths is expected".into()),
    };
    let mut root = BTreeMap::new();
    for path in paths {
        let parts = parts(path)?;
        let Some((last, before)) = parts.split_last() else { continue };
        let mut node = Some(&mut root);
        for part in before {
            let Some(members) = node else { break };
            let below = members.entry(part.clone()).or_insert_with(|| Asked::Members(BTreeMap::new()));
            node = match below {
                Asked::All => None,
                Asked::Members(members) => Some(members),
            };
        }
        if let Some(members) = node {
            members.insert(last.clone(), Asked::All);
        }
    }
    Ok(Asked::Members(root))
}

/// The most parts that a path may have, and how deep a value may be put: what goes through them does so
/// on the stack.
pub(super) const MAX_PARTS: usize = 256;

/// The parts of a path: a JSON Pointer, or an array.
pub(super) fn parts(path: &Value) -> Result<Vec<Value>, Wrong> {
    let beyond = MAX_PARTS.saturating_add(1);
    let parts: Vec<Value> = match path {
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => {
            let parts = text.trim_start_matches('/').split('/').take(beyond);
            parts.map(|part| string(part.replace("~1", "/").replace("~0", "~"))).collect()
        }
        Value::Array(parts) => parts.iter().take(beyond).cloned().collect(),
        _ => return Err("a path is a string or an array".into()),
    };
    match parts.len() > MAX_PARTS {
        true => Err("a path has more than 256 parts".into()),
        false => Ok(parts),
    }
}

/// `json.filter`.
pub(super) fn filter(args: &[Value]) -> Result<Value, Wrong> {
    let [document @ Value::Object(_), paths] = args else { return Err("an object is expected".into()) };
    Ok(filtered(document, &asked(paths)?))
}

fn filtered(value: &Value, asked: &Asked) -> Value {
    let Asked::Members(members) = asked else { return value.clone() };
    match value {
        Value::Array(items) => {
            let items = items.iter().enumerate().filter_map(|(at, item)| {
                members.get(&string(at.to_string())).map(|asked| filtered(item, asked))
            });
            Value::from(items.collect::<Vec<_>>())
        }
        Value::Set(items) => {
            let items = items.iter().filter_map(|item| members.get(item).map(|asked| filtered(item, asked)));
            Value::from(items.collect::<BTreeSet<_>>())
        }
        Value::Object(all) => {
            let all = all.iter().filter_map(|(key, value)| {
                members.get(key).map(|asked| (key.clone(), filtered(value, asked)))
            });
            Value::from(all.collect::<BTreeMap<_, _>>())
        }
        other => other.clone(),
    }
}

/// `json.remove`.
pub(super) fn remove(args: &[Value]) -> Result<Value, Wrong> {
    let [document @ Value::Object(_), paths] = args else { return Err("an object is expected".into()) };
    removed(document, Some(&asked(paths)?)).ok_or("nothing is left of a document".into())
}

fn removed(value: &Value, asked: Option<&Asked>) -> Option<Value> {
    let members = match asked {
        None => return Some(value.clone()),
        Some(Asked::All) => return None,
        Some(Asked::Members(members)) => members,
    };
    Some(match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let left = items.filter_map(|(at, item)| removed(item, members.get(&string(at.to_string()))));
            Value::from(left.collect::<Vec<_>>())
        }
        Value::Set(items) => {
            let left = items.iter().filter_map(|item| removed(item, members.get(item)));
            Value::from(left.collect::<BTreeSet<_>>())
        }
        Value::Object(all) => {
            let left = all.iter().filter_map(|(key, value)| {
                removed(value, members.get(key)).map(|value| (key.clone(), value))
            });
            Value::from(left.collect::<BTreeMap<_, _>>())
        }
        other => other.clone(),
    })
}

/// `object.subset`.
pub(super) fn subset(args: &[Value]) -> Result<Value, Wrong> {
    let [whole, part] = args else { return Err("2 arguments are expected".into()) };
    let is = match (whole, part) {
        (Value::Array(whole), Value::Set(part)) => {
            // As OPA counts: what is there twice counts twice.
            let mut missing = part.len();
            whole.iter().any(|item| {
                missing = missing.saturating_sub(usize::from(part.contains(item)));
                missing == 0
            })
        }
        _ => within(whole, part).ok_or("what is compared is of two kinds")?,
    };
    Ok(Value::Bool(is))
}

/// Whether a collection has all of another of its kind.
fn within(whole: &Value, part: &Value) -> Option<bool> {
    Some(match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part.iter().all(|(key, part)| {
            whole.get(key).is_some_and(|whole| whole == part || within(whole, part).unwrap_or(false))
        }),
        (Value::Set(whole), Value::Set(part)) => part.iter().all(|item| whole.contains(item)),
        (Value::Array(whole), Value::Array(part)) => {
            part.is_empty() || strings::occurrences(whole.as_slice(), part.as_slice()).next().is_some()
        }
        _ => return None,
    })
}
