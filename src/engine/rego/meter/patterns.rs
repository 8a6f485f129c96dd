//! Regular expressions, compiled once rather than at every match.
//!
//! Compiling one takes ten times as long as matching it, and a policy asks for the same few over and
//! over. What cannot be answered here (an argument that is not text, an expression that is wrong or
//! too large) is left to the function itself, which knows what to say about it.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};
use regorus::Value;

use super::own::Wrong;

/// How many expressions a thread keeps; when there are more, it begins anew.
const MAX_KEPT: usize = 256;
/// How long an expression may be that is kept.
pub(super) const MAX_LENGTH: usize = 1 << 10;
/// How large one may become, in bytes: the limit of the function itself.
const MAX_SIZE: usize = 100 << 10;
/// How large a pattern of `glob.match` may become; it has no repetitions but of single characters.
const MAX_GLOB: usize = 1 << 20;

thread_local! {
    static KEPT: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
    static GLOBS: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

/// The value of `regex.match`, where it can be told from an expression that is kept.
pub(super) fn quick(function: &str, args: &[Value]) -> Option<Value> {
    if function != "regex.match" {
        return None;
    }
    let [Value::String(pattern), Value::String(text)] = args else { return None };
    if pattern.len() > MAX_LENGTH {
        return None;
    }
    KEPT.with(|kept| {
        let mut kept = kept.try_borrow_mut().ok()?;
        if !kept.contains_key(&**pattern) {
            let regex = RegexBuilder::new(pattern).size_limit(MAX_SIZE).build().ok()?;
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(pattern.to_string(), regex);
        }
        kept.get(&**pattern).map(|regex| Value::Bool(regex.is_match(text)))
    })
}

/// What a pattern of `glob.match` says.
pub(super) fn glob<T>(pattern: &str, delimiters: &str, ask: impl FnOnce(&Regex) -> T) -> Result<T, Wrong> {
    let key = format!("{delimiters}\0{pattern}");
    GLOBS.with(|kept| {
        let mut kept = kept.try_borrow_mut().map_err(|_| "a pattern is being read")?;
        if let Some(regex) = kept.get(&key) {
            return Ok(ask(regex));
        }
        let text = super::glob::translate(pattern, delimiters)?;
        let regex =
            RegexBuilder::new(&text).size_limit(MAX_GLOB).build().map_err(|_| "a pattern is too large")?;
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let said = ask(&regex);
        kept.insert(key, regex);
        Ok(said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::String(text.into())
    }

    #[test]
    fn kept_expressions_say_what_the_function_says() {
        let function = regorus::unstable::BUILTINS.get("regex.match").unwrap().0;
        let nothing = regorus::unstable::Source::from_contents(String::new(), " ".to_owned()).unwrap();
        let span = regorus::unstable::Span { source: nothing, line: 1, col: 1, start: 0, end: 0 };
        let null = || regorus::unstable::Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 };
        let params = [regorus::unstable::Ref::new(null()), regorus::unstable::Ref::new(null())];
        for pattern in ["^a+$", "a", "", "(", "[0-9]{3}", "(?i)A", "a{1000}{1000}", "\\pL"] {
            for subject in ["aaa", "", "b", "x123", "é"] {
                let args = [text(pattern), text(subject)];
                let said = function(&span, &params, &args, true).ok();
                // Twice: when it is compiled, and when it is kept.
                for _ in 0..2 {
                    assert_eq!(quick("regex.match", &args), said, "{pattern} {subject}");
                }
            }
        }
        assert_eq!(quick("regex.match", &[Value::Null, text("a")]), None);
        assert_eq!(quick("startswith", &[text("a"), text("a")]), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for i in 0..2_000 {
            assert_eq!(
                quick("regex.match", &[text(&format!("^{i}$")), text("7")]),
                Some(Value::Bool(i == 7))
            );
            assert!(KEPT.with_borrow(HashMap::len) <= MAX_KEPT);
        }
    }
}
