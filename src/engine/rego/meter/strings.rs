//! Functions of texts, which Go has of characters and one at a time.

use regorus::Value;

use super::own::{Wrong, string, text, texts, whole};
use super::{allowance, size_of};

const THREE: Wrong = Wrong::Borrowed("3 arguments are expected");
const EMPTY: Wrong = Wrong::Borrowed("what is looked for is empty");
const TWO: Wrong = Wrong::Borrowed("2 arguments are expected");

fn number(n: usize) -> Value {
    Value::from(n)
}

/// `count`: of a text its characters.
pub(super) fn size(args: &[Value]) -> Result<Value, Wrong> {
    match args {
        [Value::String(text)] => Ok(number(text.chars().count())),
        [Value::Array(items)] => Ok(number(items.len())),
        [Value::Set(items)] => Ok(number(items.len())),
        [Value::Object(members)] => Ok(number(members.len())),
        _ => Err("a collection or a string is expected".into()),
    }
}

/// `strings.count`: what does not overlap.
pub(super) fn count(args: &[Value]) -> Result<Value, Wrong> {
    let [text, part] = texts(args)?;
    Ok(number(text.matches(part).count()))
}

/// `indexof`.
pub(super) fn index(args: &[Value]) -> Result<Value, Wrong> {
    let [text, part] = texts(args)?;
    if part.is_empty() {
        return Err(EMPTY);
    }
    let before = text.find(part).and_then(|at| text.get(..at));
    Ok(before.map_or_else(|| Value::from(-1_i64), |before| number(before.chars().count())))
}

/// `indexof_n`: in characters; what overlaps too.
pub(super) fn indexes(args: &[Value]) -> Result<Value, Wrong> {
    let [text, part] = texts(args)?;
    if part.is_empty() {
        return Err(EMPTY);
    }
    let (mut chars, mut end) = (0_usize, 0);
    let found = occurrences(text.as_bytes(), part.as_bytes()).map(|at| {
        chars = chars.saturating_add(text.get(end..at).unwrap_or_default().chars().count());
        end = at;
        number(chars)
    });
    Ok(Value::from(found.collect::<Vec<_>>()))
}

/// Where a part begins in a whole, what overlaps too; both are gone through once, however they repeat
/// themselves (Knuth, Morris and Pratt, 1977).
pub(super) fn occurrences<'t, T: PartialEq>(
    whole: &'t [T],
    part: &'t [T],
) -> impl Iterator<Item = usize> + 't {
    // How much of the beginning stands at the end too, for each beginning.
    let mut borders = Vec::with_capacity(part.len());
    let mut length = 0;
    for (at, item) in part.iter().enumerate() {
        length = if at > 0 { longer(part, &borders, length, item) } else { 0 };
        borders.push(length);
    }
    let mut length = 0;
    whole.iter().enumerate().filter_map(move |(at, item)| {
        length = longer(part, &borders, length, item);
        (length == part.len()).then(|| at.saturating_add(1).saturating_sub(length))
    })
}

/// How much of a part is there with one more item.
fn longer<T: PartialEq>(part: &[T], borders: &[usize], mut length: usize, item: &T) -> usize {
    loop {
        if part.get(length) == Some(item) {
            return length.saturating_add(1);
        }
        let Some(before) = length.checked_sub(1) else { return 0 };
        length = borders.get(before).copied().unwrap_or(0);
    }
}

/// The characters of a text, to ask for any of them.
fn characters(text: &str) -> impl Fn(char) -> bool + '_ {
    let mut sorted: Vec<char> = text.chars().collect();
    sorted.sort_unstable();
    sorted.dedup();
    move |c| sorted.binary_search(&c).is_ok()
}

/// `trim`.
pub(super) fn trim(args: &[Value]) -> Result<Value, Wrong> {
    let [text, of] = texts(args)?;
    Ok(string(text.trim_matches(characters(of))))
}

/// `trim_left`.
pub(super) fn trim_left(args: &[Value]) -> Result<Value, Wrong> {
    let [text, of] = texts(args)?;
    Ok(string(text.trim_start_matches(characters(of))))
}

/// `trim_right`.
pub(super) fn trim_right(args: &[Value]) -> Result<Value, Wrong> {
    let [text, of] = texts(args)?;
    Ok(string(text.trim_end_matches(characters(of))))
}

/// `substring`.
pub(super) fn substring(args: &[Value]) -> Result<Value, Wrong> {
    let [base, from, length] = args else { return Err(THREE) };
    let (base, from, length) = (text(base)?, whole(from)?, whole(length)?);
    let from = usize::try_from(from).map_err(|_| "an offset is negative")?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(string(base.chars().skip(from).take(length).collect::<String>()))
}

/// `lower`.
pub(super) fn lower(args: &[Value]) -> Result<Value, Wrong> {
    let one = |c: char| match c {
        // The one capital whose small letter is two characters.
        '\u{130}' => 'i',
        c => c.to_lowercase().next().unwrap_or(c),
    };
    let [text] = texts(args)?;
    Ok(string(text.chars().map(one).collect::<String>()))
}

/// `upper`: each character becomes one.
pub(super) fn upper(args: &[Value]) -> Result<Value, Wrong> {
    let one = |c: char| {
        let mut capital = c.to_uppercase();
        match (c, capital.next(), capital.next()) {
            (_, Some(one), None) => one,
            // Those of Greek that go with an iota have one capital too.
            ('\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}', ..) => {
                u32::from(c).checked_add(8).and_then(char::from_u32).unwrap_or(c)
            }
            ('\u{1fb3}', ..) => '\u{1fbc}',
            ('\u{1fc3}', ..) => '\u{1fcc}',
            ('\u{1ff3}', ..) => '\u{1ffc}',
            _ => c,
        }
    };
    let [text] = texts(args)?;
    Ok(string(text.chars().map(one).collect::<String>()))
}

/// `replace`.
pub(super) fn replace(args: &[Value]) -> Result<Value, Wrong> {
    let [text, old, new] = texts(args)?;
    replaced(text, &[(old, new)])
}

/// `strings.replace_n`.
pub(super) fn replace_all(args: &[Value]) -> Result<Value, Wrong> {
    let [Value::Object(pairs), base] = args else { return Err(TWO) };
    let mut sorted = Vec::new();
    for (old, new) in pairs.iter_sorted() {
        sorted.push((text(old)?, text(new)?));
    }
    replaced(text(base)?, &sorted)
}

/// Replaces everything in one go; of those that begin at one place, the first.
fn replaced(text: &str, pairs: &[(&str, &str)]) -> Result<Value, Wrong> {
    let empty = pairs.iter().find(|(old, _)| old.is_empty());
    if empty.is_some() && !text.is_ascii() {
        return Err("nothing stands between the bytes of a character".into());
    }
    if let ([(old, new)], None) = (pairs, empty) {
        return Ok(string(text.replace(old, new)));
    }
    let mut to = String::new();
    let mut left = text;
    let mut put = false;
    loop {
        if let Some((_, new)) = empty.filter(|_| !put) {
            to.push_str(new);
            put = true;
            continue;
        }
        put = false;
        // That each is looked for at each place was counted before, and how long they are was not.
        let mut compared = 0;
        let found = pairs.iter().find(|(old, _)| {
            let begins = left.as_bytes().first() == old.as_bytes().first();
            compared = if begins { size_of(old.len()) / 16 } else { 0 }.saturating_add(compared);
            begins && !old.is_empty() && left.starts_with(old)
        });
        if compared > 0 {
            allowance::work(compared)?;
        }
        if let Some((old, new)) = found {
            to.push_str(new);
            left = left.get(old.len()..).unwrap_or_default();
            continue;
        }
        let mut chars = left.chars();
        let Some(c) = chars.next() else { return Ok(string(to)) };
        to.push(c);
        left = chars.as_str();
    }
}

/// `format_int`: what is not whole loses its fraction.
pub(super) fn format_int(args: &[Value]) -> Result<Value, Wrong> {
    let [Value::Number(value), base] = args else { return Err(TWO) };
    let value = if value.is_integer() {
        value.clone()
    } else {
        let nearer = if value.is_positive() { value.floor() } else { value.ceil() };
        if nearer.is_integer() { nearer } else { return Err("a number is too large".into()) }
    };
    let text = match whole(base)? {
        2 => value.format_bin(),
        8 => value.format_octal(),
        10 => value.format_decimal(),
        16 => value.format_hex(),
        _ => return Err("a base is 2, 8, 10 or 16".into()),
    };
    Ok(string(if text == "-0" { "0".to_owned() } else { text }))
}

/// `to_number`: of texts those that are numbers in JSON.
pub(super) fn to_number(args: &[Value]) -> Result<Value, Wrong> {
    const BAD: Wrong = Wrong::Borrowed("what is given is no number");
    match args {
        [Value::Null | Value::Bool(false)] => Ok(Value::from(0_u64)),
        [Value::Bool(true)] => Ok(Value::from(1_u64)),
        [number @ Value::Number(_)] => Ok(number.clone()),
        [Value::String(text)] => {
            let fits = super::encodings::number(text.as_bytes()).is_some_and(<[u8]>::is_empty);
            let value = Value::from_numeric_string(text).ok().filter(|_| fits).ok_or(BAD)?;
            let whole = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            if whole || super::encodings::fits(text.as_bytes()) { Ok(value) } else { Err(BAD) }
        }
        _ => Err(BAD),
    }
}

/// A number that is not between zero and minus one: OPA's `floor` and `ceil` go the wrong way there.
fn rounded(args: &[Value]) -> Result<(&Value, bool), Wrong> {
    match args {
        [value @ Value::Number(number)] => {
            let between = !number.is_integer() && number.as_f64().is_some_and(|it| it > -1.0 && it < 0.0);
            Ok((value, between))
        }
        _ => Err("a number is expected".into()),
    }
}

/// `ceil`.
pub(super) fn ceil(args: &[Value]) -> Result<Value, Wrong> {
    match rounded(args)? {
        (Value::Number(number), false) => Ok(Value::Number(number.ceil())),
        _ => Err("a number between zero and minus one is not rounded".into()),
    }
}

/// `floor`.
pub(super) fn floor(args: &[Value]) -> Result<Value, Wrong> {
    match rounded(args)? {
        (Value::Number(number), false) => Ok(Value::Number(number.floor())),
        _ => Err("a number between zero and minus one is not rounded".into()),
    }
}
