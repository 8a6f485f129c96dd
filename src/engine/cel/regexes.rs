//! Regular expressions within bounds: of their length, their compiled size and the text they are
//! matched against. The matching itself takes time linear in the text.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use cel::common::types::CelBool;
use cel::common::value::CowVal;
use regex::{Regex, RegexBuilder};

use super::meter;
use super::ours::{Args, Out, failed, text};

/// The longest regular expression.
const MAX_PATTERN: usize = 1_000;
/// Bytes that a regular expression may take once compiled.
const MAX_PROGRAM: usize = 256 << 10;
/// The longest text that a regular expression is matched against.
const MAX_MATCHED: usize = 64 << 10;
/// Steps for each regular expression that an evaluation uses.
const COMPILING: usize = 20_000;
/// Compiled regular expressions that a thread keeps.
const KEPT: usize = 128;

thread_local! {
    /// A memory of what was compiled, and nothing else: the same pattern gives the same answer.
    static PATTERNS: RefCell<HashMap<String, Result<Regex, &'static str>>> = RefCell::new(HashMap::new());
    /// The patterns that the present evaluation has paid for, compiled before or not.
    static PAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Sets which patterns are paid for, and gives what it was: each variable pays for its own.
pub(super) fn swap_patterns(patterns: BTreeSet<String>) -> BTreeSet<String> {
    PAID.replace(patterns)
}

/// Compiles a regular expression within its bounds.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn pattern(pattern: &str) -> Result<Regex, &'static str> {
    if pattern.len() > MAX_PATTERN {
        return Err("the pattern is too long");
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_PROGRAM)
        .dfa_size_limit(MAX_PROGRAM)
        .nest_limit(50)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large",
            _ => "the pattern is not a regular expression",
        })
}

/// `text.matches(pattern)`.
pub(super) fn matches<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, source) = (text(&args, 0), text(&args, 1));
    meter::steps(source.len().saturating_add(whole.len() >> 4))?;
    if PAID.with_borrow(|paid| !paid.contains(source)) {
        meter::steps(COMPILING)?;
        PAID.with_borrow_mut(|paid| paid.insert(source.to_owned()));
    }
    if whole.len() > MAX_MATCHED {
        return Err(failed("matches", "the text is too long"));
    }
    let regex = PATTERNS.with_borrow_mut(|patterns| {
        if let Some(known) = patterns.get(source) {
            return known.clone();
        }
        if patterns.len() >= KEPT {
            patterns.clear();
        }
        let compiled = pattern(source);
        if source.len() <= MAX_PATTERN {
            patterns.insert(source.to_owned(), compiled.clone());
        }
        compiled
    });
    let found = regex.map_err(|message| failed("matches", message))?.is_match(whole);
    Ok(CowVal::owned(CelBool::from(found)))
}
