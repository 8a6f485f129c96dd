//! Functions of our own: those whose answers in the engine are not what OPA says.
//!
//! Each gives OPA's answer or fails; a failure means that the rule cannot be judged. What such a
//! function may cost is estimated before it is called, as for all others.

use std::borrow::Cow;

use regorus::Value;

use super::{glob, time};

/// Why a function gave no answer.
pub(super) type Wrong = Cow<'static, str>;

/// A function of its arguments alone.
pub(super) type Own = fn(&[Value]) -> Result<Value, Wrong>;

/// The function of this name, where it is one of ours.
pub(super) fn find(name: &str) -> Option<Own> {
    Some(match name {
        "glob.match" => glob::matches,
        "glob.quote_meta" => glob::quote,
        "time.add_date" => time::add_date,
        "time.clock" => time::clock,
        "time.date" => time::date,
        "time.diff" => time::diff,
        "time.format" => time::format,
        "time.parse_duration_ns" => time::parse_duration,
        "time.parse_ns" => time::parse,
        "time.parse_rfc3339_ns" => time::parse_rfc3339,
        "time.weekday" => time::weekday,
        _ => return None,
    })
}

/// Arguments that are all texts.
pub(super) fn texts<const N: usize>(args: &[Value]) -> Result<[&str; N], Wrong> {
    let mut found = [""; N];
    if args.len() != N {
        return Err(format!("{N} arguments are expected, not {}", args.len()).into());
    }
    for (slot, arg) in found.iter_mut().zip(args) {
        *slot = text(arg)?;
    }
    Ok(found)
}

/// An argument that is a text.
pub(super) fn text(arg: &Value) -> Result<&str, Wrong> {
    match arg {
        Value::String(text) => Ok(text),
        _ => Err("a string is expected".into()),
    }
}

/// An argument that is a whole number.
pub(super) fn whole(arg: &Value) -> Result<i64, Wrong> {
    match arg {
        Value::Number(number) if number.is_integer() => number.as_i64(),
        _ => None,
    }
    .ok_or(Cow::Borrowed("a whole number is expected"))
}

/// A text as a value.
pub(super) fn string(text: impl Into<std::sync::Arc<str>>) -> Value {
    Value::String(text.into())
}
