//! `json.patch`, within what it may cost.
//!
//! A patch may copy a document into itself: what it comes to is counted before each operation, as often
//! as it stands there, although copies are shared.

use std::sync::Arc;

use regorus::Value;

use super::documents::{MAX_PARTS, parts};
use super::own::{Wrong, string};
use super::{allowance, levels, shallow, size_of, weigh};

const ABSENT: Wrong = Wrong::Borrowed("a path of a patch leads nowhere");
const NO_INDEX: Wrong = Wrong::Borrowed("a path of a patch is no place in an array");
const EMPTY: Wrong = Wrong::Borrowed("a patch leaves nothing of a document");

/// A document that is being changed.
struct Patched {
    root: Option<Value>,
    /// How many bytes it comes to.
    size: u64,
}

/// `json.patch`.
pub(super) fn patch(args: &[Value]) -> Result<Value, Wrong> {
    let [document, Value::Array(operations)] = args else {
        return Err("a document and an array of operations are expected".into());
    };
    let size = weigh(document, allowance::bytes());
    let mut patched = Patched { root: Some(document.clone()), size };
    for operation in operations.iter() {
        patched.apply(operation)?;
    }
    patched.root.ok_or(EMPTY)
}

impl Patched {
    fn apply(&mut self, operation: &Value) -> Result<(), Wrong> {
        let field = |name: &str| match operation {
            Value::Object(fields) => fields
                .get(&string(name))
                .ok_or_else(|| format!("an operation of a patch has no `{name}`").into()),
            _ => Err(Wrong::Borrowed("an operation of a patch is an object")),
        };
        let Value::String(name) = field("op")? else {
            return Err("the name of an operation of a patch is a string".into());
        };
        let path = parts(field("path")?)?;
        match &**name {
            "add" => self.put(&path, field("value")?.clone()),
            "remove" => self.take(&path).map(drop),
            "replace" => {
                self.take(&path)?;
                self.put(&path, field("value")?.clone())
            }
            "move" => {
                let value = self.take(&parts(field("from")?)?)?;
                self.put(&path, value)
            }
            "copy" => {
                let value = self.at(&parts(field("from")?)?)?.clone();
                self.put(&path, value)
            }
            "test" => {
                let (found, wanted) = (self.at(&path)?, field("value")?);
                // They are compared up to the end of the smaller one.
                allowance::work(weigh(wanted, weigh(found, self.size)) / 16)?;
                if found == wanted { Ok(()) } else { Err("a test of a patch does not hold".into()) }
            }
            other => Err(format!("`{other}` is no operation of a patch").into()),
        }
    }

    fn at(&self, path: &[Value]) -> Result<&Value, Wrong> {
        let mut node = self.root.as_ref().ok_or(EMPTY)?;
        for part in path {
            node = match node {
                Value::Object(members) => members.get(part),
                Value::Array(items) => items.get(index(part, items.len())?),
                Value::Set(items) => items.get(part),
                _ => None,
            }
            .ok_or(ABSENT)?;
        }
        Ok(node)
    }

    /// Puts a value at a place that is there or is next to what is there.
    fn put(&mut self, path: &[Value], value: Value) -> Result<(), Wrong> {
        let size = weigh(&value, allowance::bytes());
        self.size = self.size.saturating_add(size);
        allowance::room(self.size)?;
        allowance::work(size / 16)?;
        allowance::clock()?;
        if levels(&value).saturating_add(size_of(path.len())) > size_of(MAX_PARTS) {
            return Err("what a patch makes nests deeper than 256 values".into());
        }
        match path.split_last() {
            None => self.root = Some(value),
            Some((last, above)) => {
                edit(self.root.as_mut().ok_or(EMPTY)?, above, |node| insert(node, last, value))?;
            }
        }
        Ok(())
    }

    /// Takes out what a path leads to.
    fn take(&mut self, path: &[Value]) -> Result<Value, Wrong> {
        let value = match path.split_last() {
            None => self.root.take().ok_or(EMPTY)?,
            Some((last, above)) => edit(self.root.as_mut().ok_or(EMPTY)?, above, |node| remove(node, last))?,
        };
        let size = weigh(&value, self.size);
        self.size = self.size.saturating_sub(size);
        allowance::work(size / 16)?;
        allowance::clock()?;
        Ok(value)
    }
}

/// Changes what a path leads to.
fn edit<T>(
    mut node: &mut Value,
    mut path: &[Value],
    change: impl FnOnce(&mut Value) -> Result<T, Wrong>,
) -> Result<T, Wrong> {
    while let Some((head, below)) = path.split_first() {
        alone(node)?;
        node = match node {
            Value::Object(members) => Arc::make_mut(members).get_mut(head).ok_or(ABSENT)?,
            Value::Array(items) => {
                let at = index(head, items.len())?;
                Arc::make_mut(items).get_mut(at).ok_or(ABSENT)?
            }
            // What is changed within a set is another element of it.
            Value::Set(items) => {
                let items = Arc::make_mut(items);
                let mut item = items.get(head).ok_or(ABSENT)?.clone();
                items.remove(head);
                let changed = edit(&mut item, below, change)?;
                allowance::work(weigh(&item, allowance::bytes()))?;
                items.insert(item);
                return Ok(changed);
            }
            _ => return Err(ABSENT),
        };
        path = below;
    }
    alone(node)?;
    change(node)
}

/// Counts that a value is copied before it is changed, where it stands elsewhere too.
fn alone(node: &Value) -> Result<(), Wrong> {
    let shared = match node {
        Value::Object(members) => Arc::strong_count(members) > 1,
        Value::Array(items) => Arc::strong_count(items) > 1,
        Value::Set(items) => Arc::strong_count(items) > 1,
        _ => false,
    };
    allowance::work(if shared { shallow(node) / 16 } else { 1 })
}

fn insert(node: &mut Value, at: &Value, value: Value) -> Result<(), Wrong> {
    match node {
        Value::Object(members) => {
            Arc::make_mut(members).insert(at.clone(), value);
        }
        Value::Array(items) => {
            let behind = items.len().saturating_add(1);
            let place = match at {
                Value::String(text) if &**text == "-" => items.len(),
                at => index(at, behind)?,
            };
            shift(items, |items| items.insert(place, value))?;
        }
        Value::Set(items) => {
            if *at != value {
                return Err("what a patch puts into a set is not what its path says".into());
            }
            Arc::make_mut(items).insert(value);
        }
        _ => return Err(ABSENT),
    }
    Ok(())
}

fn remove(node: &mut Value, at: &Value) -> Result<Value, Wrong> {
    match node {
        Value::Object(members) => Arc::make_mut(members).remove(at).ok_or(ABSENT),
        Value::Array(items) => {
            let place = index(at, items.len())?;
            shift(items, |items| items.remove(place))
        }
        Value::Set(items) => {
            let found = items.get(at).ok_or(ABSENT)?.clone();
            Arc::make_mut(items).remove(at);
            Ok(found)
        }
        _ => Err(ABSENT),
    }
}

/// Changes an array in which what lies behind moves along.
fn shift<T>(
    array: &mut Arc<regorus::value::Array>,
    change: impl FnOnce(&mut Vec<Value>) -> T,
) -> Result<T, Wrong> {
    allowance::work(size_of(array.len()) / 4)?;
    let array = Arc::make_mut(array);
    let mut items = std::mem::take(array).into_vec();
    let changed = change(&mut items);
    *array = items.into();
    Ok(changed)
}

/// A place in an array of so many: a whole number, or one in digits.
fn index(part: &Value, length: usize) -> Result<usize, Wrong> {
    let at = match part {
        Value::Number(number) if number.is_integer() => {
            number.as_u64().and_then(|at| usize::try_from(at).ok())
        }
        Value::String(text) if **text == *"0" || !text.starts_with('0') => text.parse().ok(),
        _ => None,
    };
    at.filter(|at| *at < length).ok_or(NO_INDEX)
}
