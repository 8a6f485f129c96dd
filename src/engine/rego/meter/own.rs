//! Functions of our own: those whose answers in the engine are not what OPA says.
//!
//! Each gives OPA's answer or fails; a failure means that the rule cannot be judged. What such a
//! function may cost is estimated before it is called, as for all others.

use std::borrow::Cow;

use regorus::Value;

use super::yaml::is_unsure;
use super::{
    documents, encodings, expressions, glob, patch, sprintf, strings, time, unions, units, versions,
};

/// Why a function gave no answer.
pub(super) type Wrong = Cow<'static, str>;

/// A function of its arguments alone.
pub(super) type Own = fn(&[Value]) -> Result<Value, Wrong>;

/// The function of this name, where it is one of ours.
pub(super) fn find(name: &str) -> Option<Own> {
    Some(match name {
        "base64.decode" => encodings::base64_decode,
        "base64.is_valid" => encodings::base64_is_valid,
        "base64url.decode" => encodings::base64url_decode,
        "ceil" => strings::ceil,
        "count" => strings::size,
        "floor" => strings::floor,
        "format_int" => strings::format_int,
        "glob.match" => glob::matches,
        "glob.quote_meta" => glob::quote,
        "indexof" => strings::index,
        "indexof_n" => strings::indexes,
        "json.filter" => documents::filter,
        "json.is_valid" => encodings::json_is_valid,
        "json.patch" => patch::patch,
        "json.remove" => documents::remove,
        "json.unmarshal" => encodings::json_unmarshal,
        "lower" => strings::lower,
        "net.cidr_contains" => versions::contains,
        "net.cidr_expand" => versions::expand,
        "net.cidr_is_valid" => versions::is_network,
        "object.subset" => documents::subset,
        "object.union_n" => unions::of_objects,
        "regex.find_all_string_submatch_n" => expressions::groups,
        "regex.find_n" => expressions::find,
        "regex.is_valid" => expressions::is_valid,
        "regex.match" => expressions::matches,
        "regex.replace" => expressions::replace,
        "regex.split" => expressions::split,
        "regex.template_match" => expressions::template,
        "replace" => strings::replace,
        "semver.compare" => versions::compare,
        "semver.is_valid" => versions::is_valid,
        "sprintf" => sprintf::sprintf,
        "strings.count" => strings::count,
        "strings.replace_n" => strings::replace_all,
        "substring" => strings::substring,
        "time.add_date" => time::add_date,
        "time.clock" => time::clock,
        "time.date" => time::date,
        "time.diff" => time::diff,
        "time.format" => time::format,
        "time.parse_duration_ns" => time::parse_duration,
        "time.parse_ns" => time::parse,
        "time.parse_rfc3339_ns" => time::parse_rfc3339,
        "time.weekday" => time::weekday,
        "to_number" => strings::to_number,
        "trim" => strings::trim,
        "trim_left" => strings::trim_left,
        "trim_right" => strings::trim_right,
        "union" => unions::of_sets,
        "units.parse" => units::parse,
        "units.parse_bytes" => units::parse_bytes,
        "upper" => strings::upper,
        "urlquery.decode" => encodings::url_decode,
        "urlquery.decode_object" => encodings::url_decode_object,
        "urlquery.encode" => encodings::url_encode,
        "urlquery.encode_object" => encodings::url_encode_object,
        _ => return None,
    })
}

/// What the engine's own function of this name gave, as OPA gives it.
pub(super) fn checked(name: &str, args: &[Value], value: Value) -> Result<Value, Wrong> {
    const ESCAPED: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if let (true, Some(Value::Object(options))) = (name == "json.marshal_with_options", args.get(1))
        && options.iter().any(|(_, option)| text(option).is_ok_and(|text| text.contains(ESCAPED)))
    {
        return Err("what lines begin with has characters that are escaped".into());
    }
    if name.starts_with("yaml.")
        && name != "yaml.marshal"
        && args.first().and_then(|it| text(it).ok()).is_some_and(is_unsure)
    {
        return Err("a text is YAML that is not read alike everywhere: quote what is a text".into());
    }
    match value {
        // Of nothing there is no greatest and no least; elsewhere it is an error that was not said.
        Value::Undefined if !matches!(name, "max" | "min") => Err("the arguments do not fit".into()),
        Value::String(text) if name.starts_with("json.marshal") => {
            let mut to = String::with_capacity(text.len());
            for c in text.chars() {
                if ESCAPED.contains(&c) {
                    to.push_str(&format!("\\u{:04x}", u32::from(c)));
                } else {
                    to.push(c);
                }
            }
            Ok(string(to))
        }
        value => Ok(value),
    }
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
