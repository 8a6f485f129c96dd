//! `sprintf`, as far as Go's formats go in policies; what is not known here fails.
//!
//! What a verb does not fit is said in the text, as Go says it: two findings never become one because
//! their numbers were left out.

use std::fmt::Write as _;

use regorus::Value;

use super::own::{Wrong, string, text};

/// The widest a field may be, and the most digits of a number.
const MAX_WIDTH: usize = 1_000_000;

/// The most digits of a number that is not whole.
const MAX_DIGITS: usize = 65_535;

/// What stands between `%` and a verb.
#[derive(Clone, Copy, Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// An argument, as OPA hands it to Go.
enum Argument {
    Text(String),
    /// A whole number, and whether it has more than 64 bits.
    Whole {
        value: Value,
        big: bool,
    },
    Float(f64),
}

impl Argument {
    fn of(value: &Value) -> Result<Self, Wrong> {
        Ok(match value {
            Value::String(text) => Self::Text(text.to_string()),
            Value::Number(number) if number.is_integer() => {
                Self::Whole { value: value.clone(), big: number.as_i64().is_none() }
            }
            Value::Number(number) => Self::Float(number.as_f64().ok_or("a number is too large")?),
            other => {
                let mut to = String::new();
                term(&mut to, other)?;
                Self::Text(to)
            }
        })
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Whole { big: false, .. } => "int64",
            Self::Whole { big: true, .. } => "*big.Int",
            Self::Float(_) => "float64",
        }
    }
}

/// `sprintf`.
pub(super) fn sprintf(args: &[Value]) -> Result<Value, Wrong> {
    let [format, Value::Array(values)] = args else {
        return Err("a string and an array are expected".into());
    };
    let mut values = values.iter();
    let mut left = text(format)?;
    let mut to = String::new();
    while let Some((before, after)) = left.split_once('%') {
        to.push_str(before);
        let (flags, rest) = flags(after)?;
        let mut chars = rest.chars();
        let Some(verb) = chars.next() else {
            to.push_str("%!(NOVERB)");
            left = "";
            break;
        };
        left = chars.as_str();
        match verb {
            '%' => to.push('%'),
            '*' | '[' => return Err("a format takes its widths and its order from arguments".into()),
            verb => match values.next() {
                None => {
                    let _ = write!(to, "%!{verb}(MISSING)");
                }
                Some(value) => {
                    // Of a value as it is a plus asks for the names of its parts.
                    let flags = Flags { plus: flags.plus && !matches!(verb, 'v' | 'w'), ..flags };
                    write(&mut to, &Argument::of(value)?, verb, flags)?;
                }
            },
        }
    }
    to.push_str(left);
    let extra: Vec<&Value> = values.collect();
    if !extra.is_empty() {
        to.push_str("%!(EXTRA ");
        for (at, value) in extra.into_iter().enumerate() {
            let argument = Argument::of(value)?;
            let _ = write!(to, "{}{}=", if at > 0 { ", " } else { "" }, argument.kind());
            write(&mut to, &argument, 'v', Flags::default())?;
        }
        to.push(')');
    }
    Ok(string(to))
}

fn flags(mut text: &str) -> Result<(Flags, &str), Wrong> {
    let mut flags = Flags::default();
    while let Some(c) = text.chars().next().filter(|c| "+-# 0".contains(*c)) {
        match c {
            '+' => flags.plus = true,
            '-' => flags.minus = true,
            '#' => flags.sharp = true,
            ' ' => flags.space = true,
            _ => flags.zero = true,
        }
        text = text.get(1..).unwrap_or_default();
    }
    flags.width = number(&mut text)?;
    if let Some(rest) = text.strip_prefix('.') {
        text = rest;
        flags.precision = Some(number(&mut text)?.unwrap_or(0));
    }
    Ok((flags, text))
}

fn number(text: &mut &str) -> Result<Option<usize>, Wrong> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or_default();
    *text = rest;
    if digits.is_empty() {
        return Ok(None);
    }
    let number = digits.parse().ok().filter(|number| *number <= MAX_WIDTH);
    number.map(Some).ok_or("a width of a format is too large".into())
}

fn write(to: &mut String, argument: &Argument, verb: char, flags: Flags) -> Result<(), Wrong> {
    if verb == 'T' {
        pad(to, cut(argument.kind(), flags), flags);
        return Ok(());
    }
    if matches!(verb, 'v' | 'w') && flags.sharp {
        return Err("a format asks for the syntax of Go".into());
    }
    match argument {
        Argument::Text(text) => match verb {
            's' | 'v' => pad(to, cut(text, flags), flags),
            'q' if !flags.sharp && !flags.plus => {
                let mut quoted = String::new();
                quote(&mut quoted, cut(text, flags));
                pad(to, &quoted, flags);
            }
            'x' | 'X' if !flags.sharp && !flags.space => {
                let bytes = text.as_bytes();
                let bytes = bytes.get(..flags.precision.unwrap_or(bytes.len())).unwrap_or(bytes);
                let mut digits = String::new();
                for byte in bytes {
                    let _ =
                        if verb == 'x' { write!(digits, "{byte:02x}") } else { write!(digits, "{byte:02X}") };
                }
                pad(to, &digits, flags);
            }
            'q' | 'x' | 'X' => return Err("a format has flags that are not known".into()),
            verb => bad(to, argument, verb, flags)?,
        },
        Argument::Whole { value: Value::Number(number), big } => {
            let (digits, prefix) = match verb {
                'd' | 'v' => (number.format_decimal(), ""),
                's' if *big => (number.format_decimal(), ""),
                'b' => (number.format_bin(), "0b"),
                'o' => (number.format_octal(), "0"),
                'O' if flags.sharp => return Err("a format has flags that are not known".into()),
                'O' => (number.format_octal(), "0o"),
                'x' => (number.format_hex(), "0x"),
                'X' => (number.format_big_hex(), "0X"),
                'c' if !big => {
                    let c =
                        number.as_u64().and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32);
                    pad(to, c.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]), flags);
                    return Ok(());
                }
                'q' | 'U' => return Err("a format asks for a number as a character".into()),
                // OPA has a fraction or an exponent where one was written or calculated with.
                'e' | 'E' | 'f' | 'F' | 'g' | 'G' if *big => {
                    return Err("a format asks for a whole number beyond 64 bits as one that is not".into());
                }
                verb => return bad(to, argument, verb, flags),
            };
            whole(to, &digits, if flags.sharp || verb == 'O' { prefix } else { "" }, flags);
        }
        Argument::Whole { .. } => return Err("a number is expected".into()),
        Argument::Float(_) if flags.precision > Some(MAX_DIGITS) => {
            return Err("a format asks for more than 65535 digits".into());
        }
        Argument::Float(value) => {
            let text = match verb {
                'v' | 'g' => shortest(*value, flags.precision),
                'G' => shortest(*value, flags.precision).replace('e', "E"),
                'e' => exponent(&format!("{:.*e}", flags.precision.unwrap_or(6), value)),
                'E' => exponent(&format!("{:.*e}", flags.precision.unwrap_or(6), value)).replace('e', "E"),
                'f' | 'F' => format!("{:.*}", flags.precision.unwrap_or(6), value),
                'b' | 'x' | 'X' => return Err("a format asks for the bits of a number".into()),
                verb => return bad(to, argument, verb, flags),
            };
            if flags.sharp {
                return Err("a format has flags that are not known".into());
            }
            signed(to, &text, flags);
        }
    }
    Ok(())
}

/// What Go says of a verb that does not fit.
fn bad(to: &mut String, argument: &Argument, verb: char, flags: Flags) -> Result<(), Wrong> {
    // One of many digits says so itself, and heeds no flags.
    let (kind, flags) = match argument {
        Argument::Whole { big: true, .. } => ("big.Int", Flags::default()),
        other => (other.kind(), flags),
    };
    let _ = write!(to, "%!{verb}({kind}=");
    write(to, argument, 'v', flags)?;
    to.push(')');
    Ok(())
}

/// The first characters of a text, where a precision asks for so many.
fn cut(text: &str, flags: Flags) -> &str {
    let end = flags.precision.and_then(|count| text.char_indices().nth(count));
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

fn fill(to: &mut String, with: char, width: Option<usize>, length: usize) {
    to.extend(std::iter::repeat_n(with, width.unwrap_or(0).saturating_sub(length)));
}

fn pad(to: &mut String, text: &str, flags: Flags) {
    let length = text.chars().count();
    if flags.minus {
        to.push_str(text);
        fill(to, ' ', flags.width, length);
    } else {
        fill(to, if flags.zero { '0' } else { ' ' }, flags.width, length);
        to.push_str(text);
    }
}

/// The sign of a number as flags ask for it, and the number without.
fn sign(text: &str, flags: Flags) -> (&'static str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None if flags.plus => ("+", text),
        None if flags.space => (" ", text),
        None => ("", text),
    }
}

fn whole(to: &mut String, text: &str, prefix: &str, flags: Flags) {
    let (sign, digits) = sign(text, flags);
    let least = match flags.precision {
        Some(0) if digits == "0" => {
            fill(to, ' ', flags.width, 0);
            return;
        }
        Some(least) => least,
        None if flags.zero && !flags.minus => flags.width.unwrap_or(0).saturating_sub(sign.len()),
        None => 0,
    };
    let mut number = String::new();
    fill(&mut number, '0', Some(least), digits.len());
    number.push_str(digits);
    // Eight has its prefix where there is no zero yet.
    let prefix = if prefix == "0" && number.starts_with('0') { "" } else { prefix };
    pad(to, &format!("{sign}{prefix}{number}"), Flags { zero: false, ..flags });
}

fn signed(to: &mut String, text: &str, flags: Flags) {
    let (sign, digits) = sign(text, flags);
    if flags.zero && !flags.minus {
        to.push_str(sign);
        fill(to, '0', flags.width, sign.len().saturating_add(digits.len()));
        to.push_str(digits);
    } else {
        pad(to, &format!("{sign}{digits}"), flags);
    }
}

/// An exponent as Go writes it: with its sign and two digits at least.
fn exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// A number in the shortest way, or with so many digits: with an exponent where it is large or small.
fn shortest(value: f64, precision: Option<usize>) -> String {
    let precision = precision.map(|precision| precision.max(1));
    let text = match precision {
        None => format!("{value:e}"),
        Some(precision) => format!("{:.*e}", precision.saturating_sub(1), value),
    };
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa =
        if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let power: i64 = power.parse().unwrap_or(0);
    let before = power.saturating_add(1);
    let length = i64::try_from(digits).unwrap_or(i64::MAX);
    let most = match precision.and_then(|it| i64::try_from(it).ok()) {
        None => 6,
        Some(precision) if precision > length && length >= before => length,
        Some(precision) => precision,
    };
    // As many digits as there are, whatever the form.
    if power < -4 || power >= most {
        return exponent(&format!("{mantissa}e{power}"));
    }
    let behind = usize::try_from(length.saturating_sub(before)).unwrap_or(0);
    match precision {
        None => format!("{value}"),
        // What was rounded to so many digits is read again and written out.
        Some(_) => format!("{mantissa}e{power}").parse::<f64>().map_or(text, |it| format!("{it:.behind$}")),
    }
}

/// A value as OPA writes it.
fn term(to: &mut String, value: &Value) -> Result<(), Wrong> {
    let list = |to: &mut String, items: &mut dyn Iterator<Item = &Value>| -> Result<(), Wrong> {
        for (at, item) in items.enumerate() {
            to.push_str(if at > 0 { ", " } else { "" });
            term(to, item)?;
        }
        Ok(())
    };
    match value {
        Value::Null => to.push_str("null"),
        Value::Bool(truth) => to.push_str(if *truth { "true" } else { "false" }),
        Value::String(text) => quote(to, text),
        Value::Number(number) => to.push_str(&number.format_decimal()),
        Value::Array(items) => {
            to.push('[');
            list(to, &mut items.iter())?;
            to.push(']');
        }
        Value::Set(items) if items.is_empty() => to.push_str("set()"),
        Value::Set(items) => {
            to.push('{');
            list(to, &mut items.iter_sorted())?;
            to.push('}');
        }
        Value::Object(members) => {
            to.push('{');
            for (at, (key, value)) in members.iter_sorted().enumerate() {
                to.push_str(if at > 0 { ", " } else { "" });
                term(to, key)?;
                to.push_str(": ");
                term(to, value)?;
            }
            to.push('}');
        }
        Value::Undefined => return Err("a value is undefined".into()),
    }
    Ok(())
}

/// A text in quotes, as Go writes it.
fn quote(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{7}' => to.push_str("\\a"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            '\u{b}' => to.push_str("\\v"),
            ' '..='~' => to.push(c),
            // Behind another character those that go with one are themselves.
            c if !c.is_ascii() && format!("a{c}").escape_debug().count() == 2 => to.push(c),
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0x7f => write!(to, "\\x{code:02x}"),
                    0x80..=0xffff => write!(to, "\\u{code:04x}"),
                    _ => write!(to, "\\U{code:08x}"),
                };
            }
        }
    }
    to.push('"');
}
