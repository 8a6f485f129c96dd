//! Patterns, compiled once rather than at every match.
//!
//! Compiling one takes ten times as long as matching it, and a policy asks for the same few over and
//! over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::thread::LocalKey;

use regex::{Regex, RegexBuilder};

use super::own::Wrong;
use super::{glob, syntax};

/// How many patterns of a kind a thread keeps; when there are more, it begins anew.
const MAX_KEPT: usize = 256;
/// How long a pattern may be that is kept.
pub(super) const MAX_LENGTH: usize = 1 << 10;
/// How large an expression may become, in bytes.
const MAX_SIZE: usize = 100 << 10;
/// How large a pattern of `glob.match` may become; it has no repetitions but of single characters.
const MAX_GLOB: usize = 1 << 20;

type Kept = RefCell<HashMap<String, Regex>>;

thread_local! {
    static REGEXES: Kept = RefCell::default();
    static GLOBS: Kept = RefCell::default();
}

/// What a regular expression says.
pub(super) fn regex<T>(pattern: &str, ask: impl FnOnce(&Regex) -> T) -> Result<T, Wrong> {
    kept(&REGEXES, pattern, ask, || Ok((syntax::translate(pattern)?, MAX_SIZE)))
}

/// What a pattern of `glob.match` says.
pub(super) fn glob<T>(pattern: &str, delimiters: &str, ask: impl FnOnce(&Regex) -> T) -> Result<T, Wrong> {
    let key = format!("{delimiters}\0{pattern}");
    kept(&GLOBS, &key, ask, || Ok((glob::translate(pattern, delimiters)?, MAX_GLOB)))
}

/// Whether a text is a regular expression.
///
/// # Errors
///
/// Where it may be one, but not here.
pub(super) fn valid(pattern: &str) -> Result<bool, Wrong> {
    if syntax::translate(pattern).is_err() {
        return Ok(false);
    }
    regex(pattern, |_| true)
}

fn kept<T>(
    kept: &'static LocalKey<Kept>,
    key: &str,
    ask: impl FnOnce(&Regex) -> T,
    translated: impl FnOnce() -> Result<(String, usize), Wrong>,
) -> Result<T, Wrong> {
    kept.with(|kept| {
        let mut kept = kept.try_borrow_mut().map_err(|_| "a pattern is being read")?;
        if let Some(regex) = kept.get(key) {
            return Ok(ask(regex));
        }
        let (text, size) = translated()?;
        let regex = RegexBuilder::new(&text).size_limit(size).build().map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "a pattern is too large",
            _ => "a pattern is not understood",
        })?;
        let said = ask(&regex);
        if key.len() <= MAX_LENGTH {
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(key.to_owned(), regex);
        }
        Ok(said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        for i in 0..2_000 {
            assert_eq!(regex(&format!("^{i}$"), |regex| regex.is_match("7")), Ok(i == 7));
            assert!(REGEXES.with_borrow(HashMap::len) <= MAX_KEPT);
        }
        assert_eq!(regex(&"a".repeat(MAX_LENGTH + 1), |regex| regex.is_match("a")), Ok(false));
        assert!(REGEXES.with_borrow(|kept| kept.keys().all(|key| key.len() <= MAX_LENGTH)));
    }
}
