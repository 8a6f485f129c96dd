//! What functions may cost: a bound before each call, a bill after it.
//!
//! Functions are called through here. What a call may produce is estimated from
//! what it is given; what it does produce is taken off the evaluation's allowance. The counts are the
//! same in every run. A few functions count while they are at work; what their steps do not tell is
//! stopped by the clock.

mod allowance;
mod documents;
mod encodings;
mod expressions;
mod glob;
mod layout;
mod own;
mod patch;
mod patterns;
mod sprintf;
mod strings;
mod syntax;
mod time;
mod unions;
mod units;
mod versions;
mod yaml;

use regorus::Value;
use regorus::unstable::{ArithOp, BUILTINS, BuiltinFcn, numbers, sets};

use crate::engine::Cause;
use crate::policy::rego::text::number_is_small;

use allowance::{Cost, Stop, bytes, charge, stop};

pub(super) use allowance::{aside, begin, end, late, take};

/// A function as it is called, with its number of arguments.
pub(super) fn pointer(name: &str) -> Option<BuiltinFcn> {
    let all = TABLE.iter().chain(FREE).chain(OPERATORS);
    all.into_iter().find(|(known, _)| *known == name).map(|(_, make)| make())
}

type Make = fn() -> BuiltinFcn;

macro_rules! metered {
    ($table:ident: $($name:literal)*) => {
        const $table: &[(&str, Make)] = &[$(($name, || -> BuiltinFcn {
            let arity = BUILTINS.get($name).map_or(0, |function| function.1);
            (|span, params, args, _| {
                before($name, args)?;
                let value = match own::find($name) {
                    Some(own) => own(args).map_err(|why| span.error(&why)),
                    None => {
                        // The function is there: a test holds the table against what the engine has.
                        let function = BUILTINS.get($name).ok_or_else(|| stop($name, Cause::Error))?;
                        (function.0)(span, params, args, true)
                            .and_then(|value| own::checked($name, args, value).map_err(|why| span.error(&why)))
                    }
                };
                let value = value?;
                after($name, &value)?;
                Ok(value)
            }, arity)
        })),*];
    };
}

macro_rules! operators {
    ($($name:literal $op:ident)*) => {
        /// Calculations.
        const OPERATORS: &[(&str, Make)] = &[$(($name, || -> BuiltinFcn {
            (|span, params, args, _| {
                let (Some(left), Some(right), Some(first), Some(second)) =
                    (args.first(), args.get(1), params.first(), params.get(1))
                else {
                    return Err(stop($name, Cause::Error).into());
                };
                charge($name, calculation(left, right))?;
                let (left, right) = (left.clone(), right.clone());
                if matches!((&left, &right), (Value::Set(_), Value::Set(_))) && $name == "-" {
                    let value = sets::difference(first, second, left, right)?;
                    after($name, &value)?;
                    return Ok(value);
                }
                let value = numbers::arithmetic_operation(span, &ArithOp::$op, first, second, left, right, true)?;
                after($name, &value)?;
                Ok(value)
            }, 2)
        })),*];
    };
}

operators! { "+" Add "-" Sub "*" Mul "/" Div "%" Mod }

metered! { FREE:
    "abs" "ceil" "count" "endswith" "floor" "is_array" "is_boolean" "is_null" "is_number" "is_object"
    "is_set" "is_string" "object.get" "round" "startswith" "type_name"
}

metered! { TABLE:
    "__builtin_sets.intersection" "__builtin_sets.union" "array.concat" "array.reverse" "array.slice"
    "base64.decode" "base64.encode" "base64.is_valid" "base64url.decode" "base64url.encode"
    "base64url.encode_no_pad" "bits.and" "bits.lsh" "bits.negate" "bits.or" "bits.rsh" "bits.xor" "concat"
    "contains" "format_int" "glob.match" "glob.quote_meta" "graph.reachable" "hex.decode" "hex.encode"
    "indexof" "indexof_n" "intersection" "json.filter" "json.is_valid" "json.marshal"
    "json.marshal_with_options" "json.patch" "json.remove" "json.unmarshal" "lower" "max" "min"
    "net.cidr_contains" "net.cidr_expand" "net.cidr_is_valid" "numbers.range" "numbers.range_step"
    "object.filter" "object.keys" "object.remove" "object.subset" "object.union" "object.union_n" "product"
    "regex.find_all_string_submatch_n" "regex.find_n" "regex.is_valid" "regex.match" "regex.replace"
    "regex.split" "regex.template_match" "replace" "semver.compare" "semver.is_valid" "sort" "split"
    "sprintf" "strings.any_prefix_match" "strings.any_suffix_match" "strings.count" "strings.replace_n"
    "strings.reverse" "substring" "sum" "time.add_date" "time.clock" "time.date" "time.diff" "time.format"
    "time.parse_duration_ns" "time.parse_ns" "time.parse_rfc3339_ns" "time.weekday" "to_number" "trim"
    "trim_left" "trim_prefix" "trim_right" "trim_space" "trim_suffix" "union" "units.parse"
    "units.parse_bytes" "upper" "urlquery.decode" "urlquery.decode_object" "urlquery.encode"
    "urlquery.encode_object" "walk" "yaml.is_valid" "yaml.marshal" "yaml.unmarshal"
}

/// Refuses a call that could cost more than is left, and takes its steps off.
fn before(name: &'static str, args: &[Value]) -> Result<(), Stop> {
    charge(name, estimate(name, args, bytes()))
}

/// What a calculation costs: numbers may have many digits, and sets are gone through.
fn calculation(left: &Value, right: &Value) -> Cost {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => {
            let (left, right) = (shallow(left), shallow(right));
            Cost { bytes: left.saturating_add(right), work: left.saturating_mul(right) / 64 }
        }
        _ => {
            let limit = bytes();
            let both = weigh(left, limit).saturating_add(weigh(right, limit));
            Cost { bytes: both, work: both }
        }
    }
}

/// How many bytes a whole number may have: to print it takes their square.
const MAX_NUMBER: u64 = 8192;

/// Takes what a call produced off the allowance.
fn after(name: &'static str, value: &Value) -> Result<(), Stop> {
    if name == "object.get" {
        // What it gives was there before.
        return Ok(());
    }
    if matches!(value, Value::Number(_)) && shallow(value) > MAX_NUMBER {
        return Err(stop(name, Cause::Memory));
    }
    let size = if deep(name) { weigh(value, bytes()) } else { shallow(value) };
    if take(size) { Ok(()) } else { Err(stop(name, Cause::Memory)) }
}

/// Whether a function goes through its arguments to the bottom.
fn deep(name: &str) -> bool {
    matches!(
        name,
        "json.filter"
            | "json.marshal"
            | "json.marshal_with_options"
            | "json.patch"
            | "json.remove"
            | "json.unmarshal"
            | "max"
            | "min"
            | "object.remove"
            | "object.subset"
            | "object.union"
            | "object.union_n"
            | "sort"
            | "sprintf"
            | "walk"
            | "yaml.marshal"
            | "yaml.unmarshal"
            | "intersection"
            | "union"
            | "__builtin_sets.intersection"
            | "__builtin_sets.union"
            | "urlquery.encode_object"
            | "graph.reachable"
            | "object.filter"
    )
}

const fn size_of(length: usize) -> u64 {
    length as u64
}

/// The size of a value without its parts.
fn shallow(value: &Value) -> u64 {
    match value {
        Value::String(text) => size_of(text.len()),
        Value::Array(items) => size_of(items.len()).saturating_mul(24),
        Value::Set(items) => size_of(items.len()).saturating_mul(32),
        Value::Object(members) => size_of(members.len()).saturating_mul(64),
        // A whole number beyond 64 bits has a size of its own.
        Value::Number(number)
            if number.is_integer() && number.as_i64().is_none() && number.as_u64().is_none() =>
        {
            number.as_big().map_or(8, |big| big.bits() / 8)
        }
        Value::Number(_) => 8,
        _ => 0,
    }
}

/// The size of a value with all its parts, each as often as it stands there; stops above `limit`.
fn weigh(value: &Value, limit: u64) -> u64 {
    total(value, limit, |value| shallow(value).saturating_add(16))
}

/// How many values there are in one, each as often as it stands there; stops above `limit`.
pub(super) fn parts(value: &Value, limit: u64) -> u64 {
    total(value, limit, |_| 1)
}

/// What a value and all in it come to.
fn total(value: &Value, limit: u64, each: impl Fn(&Value) -> u64) -> u64 {
    let mut total = 0_u64;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        total = total.saturating_add(each(value));
        if total > limit {
            return total;
        }
        match value {
            Value::Array(items) => open.extend(items.iter()),
            Value::Set(items) => open.extend(items.iter()),
            Value::Object(members) => {
                for (key, member) in members.iter() {
                    open.push(key);
                    open.push(member);
                }
            }
            _ => {}
        }
    }
    total
}

/// The deepest nesting of a value that was weighed.
fn levels(value: &Value) -> u64 {
    let mut deepest = 0;
    let mut open = vec![(value, 1_u64)];
    while let Some((value, depth)) = open.pop() {
        deepest = deepest.max(depth);
        let below = depth.saturating_add(1);
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, below))),
            Value::Set(items) => open.extend(items.iter().map(|item| (item, below))),
            Value::Object(members) => open.extend(members.iter().map(|(_, member)| (member, below))),
            _ => {}
        }
    }
    deepest
}

fn text(args: &[Value], at: usize) -> &str {
    match args.get(at) {
        Some(Value::String(text)) => text,
        _ => "",
    }
}

fn length(args: &[Value], at: usize) -> u64 {
    args.get(at).map_or(0, shallow)
}

/// What a call could produce and how many steps it could take, from above.
fn estimate(name: &str, args: &[Value], limit: u64) -> Cost {
    const NEVER: u64 = u64::MAX;
    let given = if deep(name) {
        args.iter().fold(0_u64, |sum, arg| sum.saturating_add(weigh(arg, limit)))
    } else {
        args.iter().fold(0_u64, |sum, arg| sum.saturating_add(shallow(arg)))
    };
    let linear = |factor: u64| Cost { bytes: given.saturating_mul(factor), work: given };
    match name {
        "numbers.range" | "numbers.range_step" => {
            let end = |at: usize| match args.get(at) {
                Some(Value::Number(number)) => {
                    number.as_i64().map(i128::from).or(number.as_u64().map(i128::from))
                }
                _ => Some(0),
            };
            let step = end(2).unwrap_or(1).unsigned_abs().max(1);
            match (end(0), end(1)) {
                (Some(from), Some(to)) => {
                    let count = from.abs_diff(to).checked_div(step).unwrap_or(u128::MAX).saturating_add(1);
                    let count = u64::try_from(count).unwrap_or(NEVER);
                    Cost { bytes: count.saturating_mul(24), work: count.saturating_mul(4) }
                }
                _ => Cost { bytes: NEVER, work: 0 },
            }
        }
        "sprintf" => {
            // Widths and precisions: every run of digits behind a `%`.
            let runs = text(args, 0).split('%').skip(1).flat_map(|part| {
                part.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty())
            });
            let widths = runs.fold(0_u64, |sum, run| sum.saturating_add(run.parse().unwrap_or(1 << 20)));
            Cost {
                bytes: given.saturating_mul(12).saturating_add(widths),
                work: given.saturating_add(widths),
            }
        }
        "concat" => {
            let (items, total) = match args.get(1) {
                Some(Value::Array(items)) => {
                    (items.len(), items.iter().map(shallow).fold(0, u64::saturating_add))
                }
                Some(Value::Set(items)) => {
                    (items.len(), items.iter().map(shallow).fold(0, u64::saturating_add))
                }
                _ => (0, 0),
            };
            let bytes = length(args, 0).saturating_mul(size_of(items)).saturating_add(total);
            Cost { bytes, work: bytes }
        }
        "replace" => {
            let bytes = replaced(length(args, 0), length(args, 1), length(args, 2));
            Cost { bytes, work: bytes.saturating_add(given) }
        }
        "strings.replace_n" => {
            let (mut count, mut longest, mut shortest) = (1_u64, 0, u64::MAX);
            if let Some(Value::Object(pairs)) = args.first() {
                count = count.max(size_of(pairs.len()));
                for (old, new) in pairs.iter() {
                    longest = longest.max(shallow(new));
                    shortest = shortest.min(shallow(old));
                }
            }
            let bytes = replaced(length(args, 1), shortest, longest);
            Cost {
                bytes,
                work: length(args, 1).saturating_mul(count).saturating_add(bytes).saturating_add(given),
            }
        }
        "net.cidr_expand" => {
            let cidr = text(args, 0);
            let whole = if cidr.contains(':') { 128_u32 } else { 32 };
            let prefix = cidr.rsplit_once('/').and_then(|(_, bits)| bits.parse().ok()).unwrap_or(whole);
            let count = 1_u64.checked_shl(whole.saturating_sub(prefix)).unwrap_or(NEVER);
            let count = if whole.saturating_sub(prefix) > 40 { NEVER } else { count };
            Cost { bytes: count.saturating_mul(64), work: count.saturating_mul(8) }
        }
        "bits.lsh" => {
            let by = match args.get(1) {
                Some(Value::Number(number)) => number.as_u64().unwrap_or(NEVER),
                _ => 0,
            };
            Cost { bytes: if by > 4096 { NEVER } else { 1024 }, work: given }
        }
        "product" => {
            // The digits of a product add up; each factor is multiplied into all of them.
            let digits = args.first().map_or(0, |factors| weigh(factors, limit));
            Cost { bytes: digits, work: digits.saturating_mul(digits) / 256 }
        }
        "to_number" | "units.parse" | "units.parse_bytes" => {
            let text = text(args, 0);
            let small = !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
                || number_is_small(text.as_bytes());
            Cost { bytes: if small { 1024 } else { NEVER }, work: given }
        }
        "json.unmarshal" | "json.is_valid" | "yaml.unmarshal" | "yaml.is_valid" => {
            let text = text(args, 0);
            // Aliases multiply what they stand for.
            let yaml = name.starts_with("yaml");
            let factor = if yaml && text.contains('*') { 4000 } else { 40 };
            let bytes = if numbers_are_small(text) && !(yaml && is_deep(text)) {
                given.saturating_mul(factor)
            } else {
                NEVER
            };
            Cost { bytes, work: bytes }
        }
        "walk" => {
            let each = if given > limit { NEVER } else { args.first().map_or(0, levels) };
            let bytes = given.saturating_mul(each.saturating_add(4));
            Cost { bytes, work: bytes }
        }
        // Each line begins with a prefix and as many indents as it is deep.
        "json.marshal_with_options" | "yaml.marshal" => {
            let options = match args.get(1) {
                Some(Value::Object(options)) => options.values().map(shallow).fold(2, u64::saturating_add),
                _ => 2,
            };
            let lines = if given > limit { NEVER } else { args.first().map_or(0, |of| parts(of, limit)) };
            let deep = if given > limit { 0 } else { args.first().map_or(0, levels) };
            let bytes =
                lines.saturating_mul(2).saturating_mul(options.saturating_mul(deep.saturating_add(1)));
            Cost { bytes: given.saturating_mul(2).saturating_add(bytes), work: given.saturating_add(bytes) }
        }
        // A key stands before each of its values.
        "urlquery.encode_object" => {
            let keys = match args.first() {
                Some(Value::Object(members)) => members.iter().fold(0_u64, |sum, (key, value)| {
                    let times = match value {
                        Value::Array(items) => items.len(),
                        Value::Set(items) => items.len(),
                        _ => 1,
                    };
                    sum.saturating_add(shallow(key).saturating_mul(size_of(times)))
                }),
                _ => 0,
            };
            let bytes = given.saturating_add(keys).saturating_mul(3);
            Cost { bytes, work: bytes }
        }
        "strings.any_prefix_match" | "strings.any_suffix_match" => {
            let work =
                args.iter().fold(1_u64, |product, arg| product.saturating_mul(weigh(arg, limit).max(1)));
            Cost { bytes: 0, work: work / 256 }
        }
        "indexof_n" => linear(24),
        _ if name.starts_with("regex.") || name == "glob.match" => {
            let pattern = text(args, usize::from(name == "regex.replace"));
            // A repetition multiplies the states of the automaton, up to the engine's own limit.
            let states = size_of(pattern.len()).max(if pattern.contains('{') { 4096 } else { 8 });
            let subject = given.saturating_sub(size_of(pattern.len())).max(1);
            // Reading a long pattern takes longer than matching it, and is not kept.
            let long = pattern.len() > patterns::MAX_LENGTH;
            let read = if long { size_of(pattern.len()).saturating_mul(64) } else { states };
            let steps = subject.saturating_mul(states).saturating_add(read.saturating_mul(16));
            let bytes = match name {
                "regex.replace" => {
                    let with = text(args, 2);
                    let groups = size_of(with.matches('$').count());
                    let each = size_of(with.len()).saturating_add(groups.saturating_mul(length(args, 0)));
                    length(args, 0).saturating_add(1).saturating_mul(each.saturating_add(1))
                }
                "regex.split" | "regex.find_n" | "regex.find_all_string_submatch_n" => {
                    subject.saturating_mul(64)
                }
                _ => subject,
            };
            Cost { bytes, work: steps }
        }
        "split" => linear(40),
        "format_int" => Cost { bytes: given.saturating_mul(9), work: given.saturating_mul(given) },
        "hex.encode" | "base64.encode" | "urlquery.encode" | "upper" | "lower" => linear(4),
        _ if FREE.iter().any(|(free, _)| *free == name) => Cost::default(),
        _ => linear(2),
    }
}

/// The length of a text in which every `old` became a `new`.
fn replaced(length: u64, old: u64, new: u64) -> u64 {
    let times = length.checked_div(old).unwrap_or(length).saturating_add(1);
    length.saturating_add(times.saturating_mul(new))
}

/// Whether every number in a JSON or YAML text can be read at no great cost.
fn numbers_are_small(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')))
        .all(|word| word.len() > 400 || number_is_small(word.as_bytes()))
}

/// Whether brackets nest deeper than any reader of JSON would follow.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_u32;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => depth = depth.saturating_add(1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 128
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rego::builtins::{Care, FUNCTIONS};

    #[test]
    fn every_function_that_needs_a_meter_has_one() {
        let wanted: Vec<_> =
            FUNCTIONS.iter().filter(|(_, care)| *care == Care::Metered).map(|(name, _)| *name).collect();
        let has: Vec<_> = TABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(wanted, has);
        let free: Vec<_> =
            FUNCTIONS.iter().filter(|(_, care)| *care == Care::Free).map(|(name, _)| *name).collect();
        assert_eq!(free, FREE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert!(has.iter().all(|name| BUILTINS.contains_key(name)));
    }
}
