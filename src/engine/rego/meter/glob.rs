//! Patterns of paths and names, as OPA reads them: those of gobwas/glob.
//!
//! A pattern becomes a regular expression, which matches in time linear in the text.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regorus::Value;

use super::own::{Wrong, string, text, texts};
use super::patterns;

/// `glob.match`.
pub(super) fn matches(args: &[Value]) -> Result<Value, Wrong> {
    let [pattern, delimiters, subject] = args else { return Err("3 arguments are expected".into()) };
    let (pattern, subject) = (text(pattern)?, text(subject)?);
    let delimiters = match delimiters {
        Value::Null => String::new(),
        Value::Array(items) if items.is_empty() => ".".to_owned(),
        Value::Array(items) => {
            let mut all = String::new();
            for item in items.iter() {
                let mut chars = text(item)?.chars();
                let (Some(one), None) = (chars.next(), chars.next()) else {
                    return Err("a delimiter is one character".into());
                };
                all.push(one);
            }
            all
        }
        _ => return Err("delimiters are an array or null".into()),
    };
    patterns::glob(pattern, &delimiters, |regex| Value::Bool(regex.is_match(subject)))
}

/// `glob.quote_meta`.
pub(super) fn quote(args: &[Value]) -> Result<Value, Wrong> {
    let [pattern] = texts(args)?;
    let mut quoted = String::new();
    for c in pattern.chars() {
        if "*?\\[]{}".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    Ok(string(quoted))
}

/// A pattern as a regular expression.
pub(super) fn translate(pattern: &str, delimiters: &str) -> Result<String, Wrong> {
    let mut one = "(?s:.)".to_owned();
    if !delimiters.is_empty() {
        one = "[^".to_owned();
        delimiters.chars().for_each(|c| literal(&mut one, c));
        one.push(']');
    }
    let mut to = r"\A(?:".to_owned();
    let mut chars = pattern.chars().peekable();
    let mut open = 0_u32;
    while let Some(c) = chars.next() {
        match c {
            '*' => {
                let any = chars.next_if_eq(&'*').is_some();
                to.push_str(if any { "(?s:.)" } else { &one });
                to.push('*');
            }
            '?' => to.push_str(&one),
            '{' => {
                open = open.saturating_add(1);
                to.push_str("(?:");
            }
            ',' if open > 0 => to.push('|'),
            '}' if open > 0 => {
                open = open.saturating_sub(1);
                to.push(')');
            }
            '[' => class(&mut to, &mut chars)?,
            '\\' => literal(&mut to, chars.next().ok_or("a pattern ends in a backslash")?),
            c => literal(&mut to, c),
        }
    }
    if open > 0 {
        return Err("a brace of a pattern is not closed".into());
    }
    to.push_str(r")\z");
    Ok(to)
}

fn literal(to: &mut String, c: char) {
    let _ = write!(to, "\\x{{{:x}}}", u32::from(c));
}

/// What stands in brackets: one range, or characters.
fn class(to: &mut String, chars: &mut Peekable<Chars<'_>>) -> Result<(), Wrong> {
    const OPEN: &str = "a bracket of a pattern is not closed";
    to.push_str(if chars.next_if_eq(&'!').is_some() { "[^" } else { "[" });
    let mut ahead = chars.clone();
    let first = ahead.next().ok_or(OPEN)?;
    if ahead.next_if_eq(&'-').is_some() {
        let last = ahead.next().ok_or(OPEN)?;
        if last < first {
            return Err("a range of a pattern ends before it begins".into());
        }
        if ahead.next() != Some(']') {
            return Err("a range of a pattern stands alone in its brackets".into());
        }
        *chars = ahead;
        literal(to, first);
        to.push('-');
        literal(to, last);
    } else {
        let mut empty = true;
        loop {
            match chars.next().ok_or(OPEN)? {
                ']' if empty => return Err("brackets of a pattern are empty".into()),
                ']' => break,
                '\\' => literal(to, chars.next().ok_or(OPEN)?),
                c => literal(to, c),
            }
            empty = false;
        }
    }
    to.push(']');
    Ok(())
}
