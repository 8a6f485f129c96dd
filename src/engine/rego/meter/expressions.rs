//! Functions of regular expressions, which are Go's.
//!
//! How far a search looks ahead of what it finds is not told: between any two the clock is looked at.

use regex::{Captures, Match, Regex};
use regorus::Value;

use super::own::{Wrong, string, text, texts, whole};
use super::patterns::{regex, valid};
use super::syntax::NAME;
use super::{allowance, shallow};

/// `regex.match`.
pub(super) fn matches(args: &[Value]) -> Result<Value, Wrong> {
    let [pattern, subject] = texts(args)?;
    regex(pattern, |regex| Value::Bool(regex.is_match(subject)))
}

/// `regex.is_valid`: what is no text is no expression.
pub(super) fn is_valid(args: &[Value]) -> Result<Value, Wrong> {
    match args {
        [Value::String(pattern)] => valid(pattern).map(Value::Bool),
        _ => Ok(Value::Bool(false)),
    }
}

/// `regex.split`.
pub(super) fn split(args: &[Value]) -> Result<Value, Wrong> {
    let [pattern, subject] = texts(args)?;
    regex(pattern, |regex| {
        if !pattern.is_empty() && subject.is_empty() {
            return Ok(Value::from(vec![string("")]));
        }
        let mut parts = Vec::new();
        let (mut begin, mut end) = (0, 0);
        for found in regex.find_iter(subject) {
            allowance::clock()?;
            end = found.start();
            if found.end() != 0 {
                parts.push(string(subject.get(begin..end).unwrap_or_default()));
            }
            begin = found.end();
        }
        if end != subject.len() {
            parts.push(string(subject.get(begin..).unwrap_or_default()));
        }
        Ok(Value::from(parts))
    })?
}

fn at_most(arg: &Value) -> Result<usize, Wrong> {
    let count = whole(arg)?;
    // Fewer than none are all.
    Ok(if count < 0 { usize::MAX } else { usize::try_from(count).unwrap_or(usize::MAX) })
}

/// `regex.find_n`.
pub(super) fn find(args: &[Value]) -> Result<Value, Wrong> {
    let [pattern, subject, count] = args else { return Err("3 arguments are expected".into()) };
    let (subject, count) = (text(subject)?, at_most(count)?);
    regex(text(pattern)?, |regex| {
        let one = |found: Match<'_>| allowance::clock().map(|()| string(found.as_str()));
        let found: Result<Vec<_>, Wrong> = regex.find_iter(subject).take(count).map(one).collect();
        found.map(Value::from)
    })?
}

/// `regex.find_all_string_submatch_n`.
pub(super) fn groups(args: &[Value]) -> Result<Value, Wrong> {
    let [pattern, subject, count] = args else { return Err("3 arguments are expected".into()) };
    let (subject, count) = (text(subject)?, at_most(count)?);
    regex(text(pattern)?, |regex| {
        let mut made = 0_u64;
        let one = |found: Captures<'_>| {
            allowance::clock()?;
            let parts = found.iter().map(|part| string(part.map_or("", |part| part.as_str())));
            let parts: Vec<_> = parts.collect();
            made = parts.iter().map(|part| shallow(part).saturating_add(48)).fold(made, u64::saturating_add);
            allowance::room(made)?;
            Ok(Value::from(parts))
        };
        let found: Result<Vec<_>, Wrong> = regex.captures_iter(subject).take(count).map(one).collect();
        found.map(Value::from)
    })?
}

/// `regex.replace`.
pub(super) fn replace(args: &[Value]) -> Result<Value, Wrong> {
    let [subject, pattern, with] = texts(args)?;
    regex(pattern, |regex| {
        let mut to = String::new();
        let mut end = 0;
        for found in regex.captures_iter(subject) {
            allowance::clock()?;
            let Some(all) = found.get(0) else { continue };
            to.push_str(subject.get(end..all.start()).unwrap_or_default());
            expand(&mut to, regex, &found, with);
            end = all.end();
        }
        to.push_str(subject.get(end..).unwrap_or_default());
        Ok(string(to))
    })?
}

/// Puts what was found where a text asks for it: `$1`, `${name}`; `$$` is a dollar.
fn expand(to: &mut String, regex: &Regex, found: &Captures<'_>, mut with: &str) {
    while let Some((before, after)) = with.split_once('$') {
        to.push_str(before);
        with = after;
        if let Some(rest) = with.strip_prefix('$') {
            to.push('$');
            with = rest;
            continue;
        }
        let inner = with.strip_prefix('{');
        let text = inner.unwrap_or(with);
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end).unwrap_or_default();
        let rest = if inner.is_some() { rest.strip_prefix('}') } else { Some(rest) };
        let Some(rest) = rest.filter(|_| !name.is_empty()) else {
            to.push('$');
            continue;
        };
        with = rest;
        let number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        let part = match name.parse::<usize>() {
            Ok(number_of) if number && number_of < 1_000_000_000 => found.get(number_of),
            _ => regex
                .capture_names()
                .position(|known| known.and_then(|known| known.strip_prefix(NAME)) == Some(name))
                .and_then(|at| found.get(at)),
        };
        to.push_str(part.map_or("", |part| part.as_str()));
    }
    to.push_str(with);
}

/// `regex.template_match`.
pub(super) fn template(args: &[Value]) -> Result<Value, Wrong> {
    const UNBALANCED: Wrong = Wrong::Borrowed("delimiters of a template are not balanced");
    let [template, subject, open, close] = texts(args)?;
    let (&[open], &[close]) = (open.as_bytes(), close.as_bytes()) else {
        return Err("a delimiter of a template is one character".into());
    };
    let mut pattern = "^".to_owned();
    let quoted = |to: &mut String, text: &str| {
        for c in text.chars() {
            if r"\.+*?()|[]{}^$".contains(c) {
                to.push('\\');
            }
            to.push(c);
        }
    };
    let (mut level, mut end, mut begin) = (0_u64, 0, 0);
    for (at, byte) in template.bytes().enumerate() {
        if byte == open {
            level = level.saturating_add(1);
            if level == 1 {
                begin = at;
            }
        } else if byte == close {
            level = level.checked_sub(1).ok_or(UNBALANCED)?;
            if level == 0 {
                quoted(&mut pattern, template.get(end..begin).unwrap_or_default());
                end = at.saturating_add(1);
                let part = template.get(begin.saturating_add(1)..at).unwrap_or_default();
                allowance::clock()?;
                if !valid(&format!("^{part}$"))? {
                    return Err("a part of a template is no regular expression".into());
                }
                pattern.push_str(&format!("({part})"));
            }
        }
    }
    if level != 0 {
        return Err(UNBALANCED);
    }
    quoted(&mut pattern, template.get(end..).unwrap_or_default());
    pattern.push('$');
    regex(&pattern, |regex| Value::Bool(regex.is_match(subject)))
}
