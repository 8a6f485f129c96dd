//! JSON Patch (RFC 6902) with JSON Pointer (RFC 6901): how a case changes a shared fixture.
//!
//! INVARIANT: what a patch makes is counted before it is made, so that no patch takes more memory or
//! time than the largest document that is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Json;

/// How many values the document and all that a patch adds, moves and copies may have together; as many
/// as an input. A text counts once for every [`MEASURE`] bytes.
const MAX_VALUES: usize = 4_000_000;
/// How many bytes of a text count as one value.
const MEASURE: usize = 32;
/// How deep the document may nest, as one that is read.
const MAX_DEPTH: usize = 127;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Op {
    /// Adds a member or an element; `-` is the end of a list.
    Add,
    /// Takes away what is there.
    Remove,
    /// Puts another value in the place of what is there.
    Replace,
    /// Takes a value from `from` to `path`.
    Move,
    /// Copies a value from `from` to `path`.
    Copy,
    /// Demands a value.
    Test,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an operation with `op` and `path`")]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// JSON Pointer.
    pub path: String,
    /// For `move` and `copy`: JSON Pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For `add`, `replace` and `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

/// Carries out the operations in order.
///
/// # Errors
/// The first operation that cannot be carried out, and why; `document` is then half changed.
pub fn apply(document: &mut Value, operations: &[Operation]) -> Result<(), String> {
    within(MAX_VALUES, document, operations)
}

fn within(most: usize, document: &mut Value, operations: &[Operation]) -> Result<(), String> {
    let mut room = Room { most, left: most };
    room.take(document, 0)?;
    for (i, operation) in operations.iter().enumerate() {
        step(document, operation, &mut room).map_err(|why| format!("patch operation {i}: {why}"))?;
    }
    Ok(())
}

/// How many values may still be added, moved or copied.
struct Room {
    most: usize,
    left: usize,
}

impl Room {
    /// Takes the room for a value that is to stand so deep in the document.
    fn take(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        let size = |text: &str| text.len().checked_div(MEASURE).unwrap_or_default();
        let (more, nests) = match value {
            Value::String(text) => (size(text), false),
            Value::Object(members) => (members.keys().map(|key| size(key)).sum(), true),
            Value::Array(_) => (0, true),
            _ => (0, false),
        };
        if nests && depth >= MAX_DEPTH {
            return Err(format!("the document nests deeper than {MAX_DEPTH}"));
        }
        let left = self.left.checked_sub(more.saturating_add(1));
        self.left = left.ok_or_else(|| format!("the patch makes more than {} values", self.most))?;
        let depth = depth.saturating_add(1);
        match value {
            Value::Object(members) => members.values().try_for_each(|member| self.take(member, depth)),
            Value::Array(items) => items.iter().try_for_each(|item| self.take(item, depth)),
            _ => Ok(()),
        }
    }
}

fn step(document: &mut Value, operation: &Operation, room: &mut Room) -> Result<(), String> {
    let path = tokens(&operation.path)?;
    match operation.op {
        Op::Add => add(document, &path, value(operation, path.len(), room)?),
        Op::Remove => remove(document, &path).map(drop),
        Op::Replace => {
            let new = value(operation, path.len(), room)?;
            *find(document, &path)? = new;
            Ok(())
        }
        Op::Move => {
            let from = from(operation)?;
            if path.len() > from.len() && path.starts_with(&from) {
                return Err(format!("`{}` cannot be moved into itself", operation.path));
            }
            let taken = remove(document, &from)?;
            room.take(&taken, path.len())?;
            add(document, &path, taken)
        }
        Op::Copy => {
            let found = find(document, &from(operation)?)?;
            room.take(found, path.len())?;
            let taken = found.clone();
            add(document, &path, taken)
        }
        Op::Test => {
            let (wanted, found) = (value(operation, path.len(), room)?, find(document, &path)?);
            if *found == wanted {
                return Ok(());
            }
            Err(format!("`{}` is `{found}`, not `{wanted}`", operation.path))
        }
    }
}

/// The value of an operation, which is to stand so deep in the document.
fn value(operation: &Operation, depth: usize, room: &mut Room) -> Result<Value, String> {
    let missing = || format!("the operation on `{}` has no `value`", operation.path);
    let value = &operation.value.as_ref().ok_or_else(missing)?.0;
    room.take(value, depth)?;
    Ok(value.clone())
}

fn from(operation: &Operation) -> Result<Vec<String>, String> {
    let missing = || format!("the operation on `{}` has no `from`", operation.path);
    tokens(operation.from.as_deref().ok_or_else(missing)?)
}

/// The reference tokens of a pointer, unescaped.
fn tokens(pointer: &str) -> Result<Vec<String>, String> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let rest = pointer.strip_prefix('/').ok_or_else(|| format!("`{pointer}` does not begin with `/`"))?;
    Ok(rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

fn absent(token: &str) -> String {
    format!("there is no `{token}`")
}

/// Position in a list: digits without a leading zero.
fn index(token: &str, length: usize) -> Result<usize, String> {
    let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit()));
    let at: Option<usize> = plain.then(|| token.parse().ok()).flatten();
    at.filter(|at| *at < length).ok_or_else(|| absent(token))
}

fn find<'a>(document: &'a mut Value, path: &[String]) -> Result<&'a mut Value, String> {
    path.iter().try_fold(document, |node, token| match node {
        Value::Object(members) => members.get_mut(token).ok_or_else(|| absent(token)),
        Value::Array(items) => {
            let at = index(token, items.len())?;
            items.get_mut(at).ok_or_else(|| absent(token))
        }
        _ => Err(absent(token)),
    })
}

fn add(document: &mut Value, path: &[String], new: Value) -> Result<(), String> {
    let Some((last, parent)) = path.split_last() else {
        *document = new;
        return Ok(());
    };
    match find(document, parent)? {
        Value::Object(members) => {
            members.insert(last.clone(), new);
        }
        Value::Array(items) if last == "-" => items.push(new),
        Value::Array(items) => {
            let at = index(last, items.len().saturating_add(1))?;
            items.insert(at, new);
        }
        _ => return Err(absent(last)),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &[String]) -> Result<Value, String> {
    let Some((last, parent)) = path.split_last() else {
        return Ok(document.take());
    };
    match find(document, parent)? {
        Value::Object(members) => members.remove(last).ok_or_else(|| absent(last)),
        Value::Array(items) => {
            let at = index(last, items.len())?;
            Ok(items.remove(at))
        }
        _ => Err(absent(last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(mut document: Value, operations: Value) -> Result<Value, String> {
        let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
        apply(&mut document, &operations).map(|()| document)
    }

    /// The examples of RFC 6902, appendix A.
    #[test]
    fn the_examples_of_the_rfc_hold() {
        for (document, operation, expected) in [
            (
                json!({"foo": "bar"}),
                json!({"op": "add", "path": "/baz", "value": "qux"}),
                json!({"baz": "qux", "foo": "bar"}),
            ),
            (
                json!({"foo": ["bar", "baz"]}),
                json!({"op": "add", "path": "/foo/1", "value": "qux"}),
                json!({"foo": ["bar", "qux", "baz"]}),
            ),
            (
                json!({"baz": "qux", "foo": "bar"}),
                json!({"op": "remove", "path": "/baz"}),
                json!({"foo": "bar"}),
            ),
            (
                json!({"foo": ["bar", "qux", "baz"]}),
                json!({"op": "remove", "path": "/foo/1"}),
                json!({"foo": ["bar", "baz"]}),
            ),
            (
                json!({"baz": "qux", "foo": "bar"}),
                json!({"op": "replace", "path": "/baz", "value": "boo"}),
                json!({"baz": "boo", "foo": "bar"}),
            ),
            (
                json!({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}),
                json!({"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}),
                json!({"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
            ),
            (
                json!({"foo": ["all", "grass", "cows", "eat"]}),
                json!({"op": "move", "from": "/foo/1", "path": "/foo/3"}),
                json!({"foo": ["all", "cows", "eat", "grass"]}),
            ),
            (
                json!({"a/b": 9, "~1": 10}),
                json!({"op": "test", "path": "/~01", "value": 10}),
                json!({"a/b": 9, "~1": 10}),
            ),
            (
                json!({"foo": ["bar"]}),
                json!({"op": "add", "path": "/foo/-", "value": ["abc", "def"]}),
                json!({"foo": ["bar", ["abc", "def"]]}),
            ),
            (
                json!({"a": {"b": 1}}),
                json!({"op": "copy", "from": "/a", "path": "/c"}),
                json!({"a": {"b": 1}, "c": {"b": 1}}),
            ),
        ] {
            assert_eq!(patched(document, json!([operation])).unwrap(), expected, "{operation}");
        }
    }

    #[test]
    fn what_is_not_there_is_an_error_and_nothing_is_made_up() {
        for operation in [
            json!({"op": "remove", "path": "/none"}),
            json!({"op": "replace", "path": "/none", "value": 1}),
            json!({"op": "add", "path": "/none/deep", "value": 1}),
            json!({"op": "add", "path": "/list/2", "value": 1}),
            json!({"op": "replace", "path": "/list/01", "value": 1}),
            json!({"op": "replace", "path": "/list/-", "value": 1}),
            json!({"op": "copy", "path": "/x", "from": "/none"}),
            json!({"op": "move", "path": "/map/in", "from": "/map"}),
            json!({"op": "test", "path": "/list", "value": []}),
            json!({"op": "add", "path": "/x"}),
            json!({"op": "copy", "path": "/x"}),
            json!({"op": "remove", "path": "list"}),
        ] {
            let document = json!({"list": [1], "map": {}});
            assert!(patched(document, json!([operation])).is_err(), "{operation}");
        }
        let error = patched(json!({"a": 1}), json!([{"op": "test", "path": "/a", "value": 2}])).unwrap_err();
        assert_eq!(error, "patch operation 0: `/a` is `1`, not `2`");
    }

    #[test]
    fn what_a_patch_makes_is_bounded_before_it_is_made() {
        let bounded = |mut document: Value, operations: Value| {
            let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
            within(4_000, &mut document, &operations)
        };
        let copy = |i: usize| json!({"op": "copy", "from": "", "path": format!("/a{i}")});
        let copies = |n: usize| Value::Array((0..n).map(copy).collect());
        assert!(patched(json!({"a": 1}), copies(10)).is_ok());
        let error = bounded(json!({"a": 1}), copies(40)).unwrap_err();
        assert_eq!(error, "patch operation 10: the patch makes more than 4000 values");
        // A long text is as much as many short ones.
        let error = bounded(json!({"a": "x".repeat(1 << 12)}), copies(40)).unwrap_err();
        assert_eq!(error, "patch operation 4: the patch makes more than 4000 values");
        let wrap = [
            json!({"op": "add", "path": "/b", "value": {}}),
            json!({"op": "move", "from": "/a", "path": "/b/a"}),
            json!({"op": "move", "from": "/b", "path": "/a"}),
        ];
        let wraps = |n: usize| Value::Array(wrap.iter().cycle().take(3 * n).cloned().collect());
        assert!(patched(json!({"a": {}}), wraps(125)).is_ok());
        let error = patched(json!({"a": {}}), wraps(126)).unwrap_err();
        assert_eq!(error, "patch operation 376: the document nests deeper than 127");
        assert!(patched(json!({"a": {}}), wraps(10_000)).is_err());
    }
}
