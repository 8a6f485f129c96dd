//! Both parsers of the crate read the same: an expression, and whatever becomes of it by slips of the
//! hand, gives one tree, or the quick one leaves it to the other.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::writer::written;
use crate::engine::cel::functions;
use crate::engine::cel::tests::parsers::same;
use crate::random::config;

/// What slips in.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "\\",
    "'''",
    "\"\"\"",
    "r'",
    "b'",
    "//",
    "\n",
    " ",
    ".",
    ".?",
    "[?",
    "?",
    ":",
    ",",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "!",
    "!!",
    "-",
    "--",
    "+",
    "*",
    "/",
    "%",
    "==",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    "&&",
    "&",
    "||",
    "|",
    "in",
    " in ",
    "true",
    "false",
    "null",
    "0",
    "1",
    "0x",
    "0xF",
    "1u",
    "1.5",
    ".5",
    "1.",
    "1e3",
    "1e",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616u",
    "a",
    "_",
    "ü",
    "`a-b`",
    "has(",
    "has(a.b)",
    "has(a)",
    "x.all(x, ",
    "x.all(1, x)",
    ".map(q, q)",
    ".exists_one(q, q)",
    ".filter(a.b, a)",
    "as",
    "if",
    "for",
    "package",
    "namespace",
    "const",
    "T{",
    "a.B{f: 1}",
    "{?'k': 1}",
    "[?1]",
    "\\u0041",
    "\\x4",
    "\\101",
    "\\400",
    "\u{c}",
    "\r\n",
    "\t",
    "\0",
    "\u{a0}",
    ".a",
    "..",
    "...",
    "#",
    "@",
    "$",
    "~",
    "^",
    ";",
];

/// More with `WEIGHLOCK_RANDOM_EXPRESSIONS`.
#[test]
fn both_parsers_read_the_same() {
    let env = functions::environment().unwrap();
    let cases = std::env::var("WEIGHLOCK_RANDOM_EXPRESSIONS").map_or(200, |n| n.parse().unwrap());
    let [quick, first, refused] = [Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32)];
    let tapes = proptest::collection::vec(any::<u16>(), 0..120);
    let slips = proptest::collection::vec((any::<u16>(), any::<u16>(), 0_usize..6), 0..4);
    let run = TestRunner::new(config(cases)).run(&(tapes, slips), |(tape, slips)| {
        let (_, mut text) = written(&tape);
        for (at, what, long) in slips {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = places[usize::from(at) % places.len()];
            let to = places[(usize::from(at) % places.len() + long).min(places.len() - 1)];
            text.replace_range(from..to, PIECES[usize::from(what) % PIECES.len()]);
        }
        let found = same(&env, &text).map_err(TestCaseError::fail)?;
        let count = match found {
            Some(true) => &quick,
            Some(false) => &first,
            None => &refused,
        };
        count.set(count.get() + 1);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    println!("{} quickly, {} by the first alone, {} by none", quick.get(), first.get(), refused.get());
    assert!(quick.get() > cases / 4 && refused.get() > cases / 20);
}
