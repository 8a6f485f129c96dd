//! Values as Rego writes them, and where two of them differ.

use std::fmt::Write as _;

use regorus::Value;

/// How many characters of a value are shown.
const LONGEST: usize = 2_000;
/// How many differences are told.
const MOST: usize = 20;

/// A value in Rego, cut off where it is long.
pub(super) fn shown(value: &Value) -> String {
    let mut out = String::new();
    if write(value, &mut out, 0).is_none() {
        let end = out.char_indices().nth(LONGEST).map_or(out.len(), |(at, _)| at);
        out.truncate(end);
        out.push('…');
    }
    out
}

/// Writes a value, as far as there is room.
fn write(value: &Value, out: &mut String, depth: usize) -> Option<()> {
    let listed = |open: &str, close: &str, out: &mut String, items: &mut dyn Iterator<Item = &Value>| {
        out.push_str(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write(item, out, depth.saturating_add(1))?;
        }
        out.push_str(close);
        Some(())
    };
    if depth > 64 || out.len() > LONGEST {
        return None;
    }
    match value {
        Value::Undefined => out.push_str("undefined"),
        Value::Array(items) => return listed("[", "]", out, &mut items.iter()),
        Value::Set(items) if items.is_empty() => out.push_str("set()"),
        Value::Set(items) => return listed("{", "}", out, &mut items.iter()),
        Value::Object(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(key, out, depth.saturating_add(1))?;
                out.push_str(": ");
                write(value, out, depth.saturating_add(1))?;
            }
            out.push('}');
        }
        Value::String(text) => {
            let _ = write!(out, "{}", serde_json::Value::from(text.as_ref()));
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
    (out.len() <= LONGEST).then_some(())
}

/// Where two collections differ, a line each; nothing where the two themselves say it best.
pub(super) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    collect(expected, found, "", &mut lines);
    // Of two that have nothing in common the whole is told already.
    if lines.first().is_some_and(|line| line.starts_with(": ")) {
        return Vec::new();
    }
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn collect(expected: &Value, found: &Value, path: &str, lines: &mut Vec<String>) {
    if expected == found || lines.len() > MOST.saturating_mul(10) {
        return;
    }
    let name = |key: &Value| match key {
        Value::String(text) => format!("{path}/{text}"),
        key => format!("{path}/{}", shown(key)),
    };
    let at = |path: &str| if path.is_empty() { String::new() } else { format!(" at {path}") };
    match (expected, found) {
        (Value::Set(wanted), Value::Set(there)) => {
            let only = |of: &Value| format!("{}: {}", at(path), shown(of));
            lines.extend(wanted.iter().filter(|v| !there.contains(v)).map(|v| format!("missing{}", only(v))));
            lines.extend(
                there.iter().filter(|v| !wanted.contains(v)).map(|v| format!("unexpected{}", only(v))),
            );
        }
        (Value::Array(wanted), Value::Array(there)) => {
            for (index, (wanted, there)) in wanted.iter().zip(there.iter()).enumerate() {
                collect(wanted, there, &format!("{path}/{index}"), lines);
            }
            for (index, value) in wanted.iter().enumerate().skip(there.len()) {
                lines.push(format!("missing at {path}/{index}: {}", shown(value)));
            }
            for (index, value) in there.iter().enumerate().skip(wanted.len()) {
                lines.push(format!("unexpected at {path}/{index}: {}", shown(value)));
            }
        }
        (Value::Object(wanted), Value::Object(there)) => {
            for (key, value) in wanted.iter() {
                match there.get(key) {
                    Some(there) => collect(value, there, &name(key), lines),
                    None => lines.push(format!("missing at {}: {}", name(key), shown(value))),
                }
            }
            for (key, value) in there.iter().filter(|(key, _)| !wanted.contains_key(key)) {
                lines.push(format!("unexpected at {}: {}", name(key), shown(value)));
            }
        }
        _ => lines.push(format!("{path}: expected {}, found {}", shown(expected), shown(found))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::from_json_str(json).unwrap()
    }

    #[test]
    fn values_are_written_as_in_rego() {
        let set = Value::from(std::collections::BTreeSet::from([value("1"), value("\"a\\\"b\"")]));
        assert_eq!(shown(&set), "{1, \"a\\\"b\"}");
        assert_eq!(shown(&Value::from(std::collections::BTreeSet::<Value>::new())), "set()");
        assert_eq!(shown(&value(r#"{"a": [true, null, 1.5]}"#)), r#"{"a": [true, null, 1.5]}"#);
        let long = shown(&value(&format!("[{}]", vec!["12345"; 5_000].join(","))));
        assert!(long.ends_with('…') && long.chars().count() <= LONGEST + 1);
    }

    #[test]
    fn differences_are_named_by_their_place() {
        let told = |a: &str, b: &str| differences(&value(a), &value(b));
        assert_eq!(
            told(r#"{"a": {"b": 1}, "c": 2}"#, r#"{"a": {"b": 2}, "d": 3}"#),
            ["/a/b: expected 1, found 2", "missing at /c: 2", "unexpected at /d: 3"]
        );
        assert_eq!(told("[1, 2]", "[1]"), ["missing at /1: 2"]);
        assert_eq!(told("1", "2"), [""; 0]);
    }
}
