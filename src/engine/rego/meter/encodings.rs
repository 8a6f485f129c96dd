//! Encodings, as Go reads and writes them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regorus::Value;

use super::own::{Wrong, string, text, texts};

/// Bits behind the last byte are not looked at.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

fn decoded(engine: &GeneralPurpose, text: &str) -> Result<Vec<u8>, Wrong> {
    let plain = text.replace(['\r', '\n'], "");
    engine.decode(plain).map_err(|_| "a text is not base64".into())
}

fn utf8(bytes: Vec<u8>) -> Result<Value, Wrong> {
    String::from_utf8(bytes).map(string).map_err(|_| "what is decoded is no text".into())
}

/// `base64.decode`.
pub(super) fn base64_decode(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    utf8(decoded(&STANDARD, text)?)
}

/// `base64.is_valid`.
pub(super) fn base64_is_valid(args: &[Value]) -> Result<Value, Wrong> {
    Ok(Value::Bool(texts(args).is_ok_and(|[text]| decoded(&STANDARD, text).is_ok())))
}

/// `base64url.decode`: what it is filled up with may be left out.
pub(super) fn base64url_decode(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    let filled = match text.len() % 4 {
        _ if text.ends_with('=') => text.to_owned(),
        0 => text.to_owned(),
        2 => format!("{text}=="),
        3 => format!("{text}="),
        _ => return Err("a text is not base64".into()),
    };
    utf8(decoded(&URL, &filled)?)
}

fn escape(to: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => to.push('+'),
            b'-' | b'_' | b'.' | b'~' => to.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => to.push(char::from(byte)),
            byte => to.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn unescape(text: &str) -> Result<Value, Wrong> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(left.next()?).to_digit(16).and_then(|it| u8::try_from(it).ok());
                let both = digit().zip(digit()).map(|(high, low)| (high << 4) | low);
                both.ok_or("an escape of a query has two digits")?
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    utf8(bytes)
}

/// `urlquery.encode`.
pub(super) fn url_encode(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    let mut to = String::new();
    escape(&mut to, text);
    Ok(string(to))
}

/// `urlquery.decode`.
pub(super) fn url_decode(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    unescape(text)
}

/// `urlquery.encode_object`.
pub(super) fn url_encode_object(args: &[Value]) -> Result<Value, Wrong> {
    let [Value::Object(members)] = args else { return Err("an object is expected".into()) };
    let mut to = String::new();
    for (key, value) in members.iter_sorted() {
        let values: Vec<&Value> = match value {
            Value::Array(values) => values.iter().collect(),
            Value::Set(values) => values.iter_sorted().collect(),
            value => vec![value],
        };
        for value in values {
            if !to.is_empty() {
                to.push('&');
            }
            escape(&mut to, text(key)?);
            to.push('=');
            escape(&mut to, text(value)?);
        }
    }
    Ok(string(to))
}

/// `urlquery.decode_object`.
pub(super) fn url_decode_object(args: &[Value]) -> Result<Value, Wrong> {
    let [query] = texts(args)?;
    let mut found = std::collections::BTreeMap::<Value, Vec<Value>>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            return Err("a query has a semicolon".into());
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.entry(unescape(key)?).or_default().push(unescape(value)?);
    }
    let members: std::collections::BTreeMap<Value, Value> =
        found.into_iter().map(|(key, values)| (key, Value::from(values))).collect();
    Ok(Value::from(members))
}

/// `json.is_valid`.
pub(super) fn json_is_valid(args: &[Value]) -> Result<Value, Wrong> {
    let [Value::String(text)] = args else { return Ok(Value::Bool(false)) };
    Ok(Value::Bool(document(text.as_bytes()).is_some_and(|_| true)))
}

/// `json.unmarshal`, where no number loses digits.
pub(super) fn json_unmarshal(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    if !document(text.as_bytes()).ok_or("a text is not JSON")? {
        return Err("a number in a text has more digits than can be kept".into());
    }
    Value::from_json_str(text).map_err(|_| "a text is not JSON that is understood".into())
}

/// Whether a text is JSON; if so, whether its numbers can be kept.
fn document(mut text: &[u8]) -> Option<bool> {
    let mut kept = true;
    // What is open, and whether a key, a value, or what comes after one is next.
    let mut open: Vec<u8> = Vec::new();
    let mut first = false;
    loop {
        text = text.trim_ascii_start_json();
        // A value, or the end of what is empty.
        if let (true, Some(close)) = (first, open.last())
            && let Some(rest) = text.strip_prefix(&[*close])
        {
            open.pop();
            text = rest;
        } else {
            if open.last() == Some(&b'}') {
                text = quoted(text)?.trim_ascii_start_json().strip_prefix(b":")?.trim_ascii_start_json();
            }
            match text.first()? {
                b'{' | b'[' => {
                    let close = if text.first() == Some(&b'{') { b'}' } else { b']' };
                    open.push(close);
                    if open.len() > 10_000 {
                        return None;
                    }
                    first = true;
                    text = text.get(1..)?;
                    continue;
                }
                b'"' => text = quoted(text)?,
                b't' => text = text.strip_prefix(b"true")?,
                b'f' => text = text.strip_prefix(b"false")?,
                b'n' => text = text.strip_prefix(b"null")?,
                _ => {
                    let rest = number(text)?;
                    kept &= fits(text.get(..text.len().checked_sub(rest.len())?)?);
                    text = rest;
                }
            }
        }
        // What comes after a value.
        loop {
            text = text.trim_ascii_start_json();
            let Some(close) = open.last() else { return text.is_empty().then_some(kept) };
            if let Some(rest) = text.strip_prefix(b",") {
                text = rest;
                first = false;
                break;
            }
            text = text.strip_prefix(&[*close])?;
            open.pop();
        }
    }
}

trait Json {
    fn trim_ascii_start_json(&self) -> &Self;
}

impl Json for [u8] {
    /// Without the white space of JSON.
    fn trim_ascii_start_json(&self) -> &Self {
        let end = self.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.get(end..).unwrap_or_default()
    }
}

/// What is left behind a text in quotes.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    let mut left = text.strip_prefix(b"\"")?;
    loop {
        let (byte, rest) = left.split_first()?;
        left = rest;
        match byte {
            b'"' => return Some(left),
            b'\\' => {
                let (escape, rest) = left.split_first()?;
                left = rest;
                match escape {
                    b'u' => {
                        let (digits, rest) = left.split_at_checked(4)?;
                        digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                        left = rest;
                    }
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    _ => return None,
                }
            }
            0..=0x1f => return None,
            _ => {}
        }
    }
}

/// What is left behind a number of JSON.
pub(super) fn number(text: &[u8]) -> Option<&[u8]> {
    let digits = |text: &'_ [u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let left = text.strip_prefix(b"-").unwrap_or(text);
    let count = digits(left);
    if count == 0 || count > 1 && left.starts_with(b"0") {
        return None;
    }
    let mut left = left.get(count..)?;
    if let Some(rest) = left.strip_prefix(b".") {
        let count = Some(digits(rest)).filter(|count| *count > 0)?;
        left = rest.get(count..)?;
    }
    if let Some(rest) = left.strip_prefix(b"e").or_else(|| left.strip_prefix(b"E")) {
        let rest = rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-")).unwrap_or(rest);
        let count = Some(digits(rest)).filter(|count| *count > 0)?;
        left = rest.get(count..)?;
    }
    Some(left)
}

/// Whether a number keeps its digits.
pub(super) fn fits(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return false };
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return true;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let behind = mantissa.split_once('.').map_or(0, |(_, behind)| behind.len());
    let significant = mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let power = exponent.parse::<i64>().ok().zip(i64::try_from(behind).ok());
    // So many digits and such powers of ten are exact in a number of 64 bits, and so is what they make.
    let power = power.and_then(|(exponent, behind)| exponent.checked_sub(behind));
    significant <= 15 && power.is_some_and(|power| power.unsigned_abs() <= 22)
}
