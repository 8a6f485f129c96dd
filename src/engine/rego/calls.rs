//! Calls of functions answer what OPA answers, or fail.
//!
//! `testdata/calls.tsv` has what OPA answers: a function, its arguments, and the answer; `error` where
//! it has none, and `~` before an answer that is a failure here. It is made by
//! `benches/peers/opa/calls`, which also compares what random calls say here.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use regorus::Value;
use regorus::unstable::{Expr, Ref, Source, Span};
use serde_json::json;

use super::*;
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::{LoadOptions, load};

const CALLS: &str = include_str!("../../../testdata/calls.tsv");

fn lines() -> Vec<(&'static str, &'static str, &'static str)> {
    let line = |line: &'static str| {
        let mut parts = line.split('\t');
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
    };
    CALLS.lines().map(line).collect()
}

/// What a function says, as JSON.
fn answer(name: &str, args: &str) -> Option<String> {
    let source = Source::from_contents(String::new(), " ".to_owned()).unwrap();
    let span = Span { source, line: 1, col: 1, start: 0, end: 0 };
    let Value::Array(args) = Value::from_json_str(args).unwrap() else { panic!("{args}") };
    let null = || Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 };
    let params: Vec<_> = args.iter().map(|_| Ref::new(null())).collect();
    meter::begin(64 << 20, 1 << 28, u64::MAX);
    let said = (meter::pointer(name).unwrap().0)(&span, &params, &args.to_vec(), true);
    let stop = meter::end();
    assert!(said.is_err() || stop.is_none(), "{name} {args:?}");
    said.ok().filter(|value| *value != Value::Undefined).map(|value| value.to_json_str().unwrap())
}

fn same(said: &str, wanted: &str) -> bool {
    Value::from_json_str(said).unwrap() == Value::from_json_str(wanted).unwrap()
}

#[test]
fn functions_answer_what_opa_answers() {
    for (name, args, wanted) in lines() {
        let said = answer(name, args);
        let fits = match (&said, wanted) {
            (said, "error") => said.is_none(),
            (said, wanted) if wanted.starts_with('~') => said.is_none(),
            (said, wanted) => said.as_ref().is_some_and(|said| same(said, wanted)),
        };
        assert!(fits, "{name}\t{args}\n{said:?}\n{wanted}");
    }
}

/// Both forms call them, whatever form a rule takes.
#[test]
fn both_forms_call_the_same_functions() {
    // A policy has no control characters.
    let plain = |(_, args, _): &(&str, &str, &str)| !args.contains(char::is_control);
    let calls: Vec<_> = lines().into_iter().filter(plain).step_by(7).collect();
    let review: Review = serde_json::from_str(include_str!("../../../testdata/review.json")).unwrap();
    for calls in calls.chunks(64) {
        let policy = |(name, args, _): &(&str, &str, &str)| {
            let args = args.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
            format!("package a\n\ndeny contains {{\"msg\": json.marshal([x])}} if x := {name}({args})\n")
        };
        let files = calls.iter().enumerate().map(|(at, call)| {
            let text = policy(call).replacen("package a", &format!("package p{at:02}"), 1);
            (format!("p{at:02}.rego"), text)
        });
        let bundle = load(files.collect(), json!({}), LoadOptions::default()).unwrap();
        let rules = on_deep_stack(|| compile(&bundle, Limits::default())).unwrap().unwrap();
        let mut session = rules.session();
        session.load(&review, View::Review).unwrap();
        for (at, (name, args, wanted)) in calls.iter().enumerate() {
            let said = session
                .judge(at)
                .map(Option::unwrap_or_default)
                .ok()
                .and_then(|found| found.into_iter().next());
            let said = said.and_then(|found| found.value["msg"].as_str().map(str::to_owned));
            let fits = match &said {
                None => *wanted == "error" || wanted.starts_with('~'),
                Some(said) => same(said, &format!("[{wanted}]")),
            };
            assert!(fits, "{name}\t{args}\n{said:?}\n{wanted}");
        }
    }
}

/// Functions with the kinds of their arguments; each kind is a list of traps.
const SHAPES: &[(&str, &str)] = &[
    ("glob.match", "gds"),
    ("glob.quote_meta", "g"),
    ("indexof", "ss"),
    ("indexof_n", "ss"),
    ("json.filter", "op"),
    ("json.is_valid", "j"),
    ("json.remove", "op"),
    ("json.unmarshal", "j"),
    ("lower", "s"),
    ("net.cidr_contains", "cc"),
    ("net.cidr_is_valid", "c"),
    ("object.subset", "oo"),
    ("regex.find_all_string_submatch_n", "rsn"),
    ("regex.find_n", "rsn"),
    ("regex.is_valid", "r"),
    ("regex.match", "rs"),
    ("regex.replace", "srs"),
    ("regex.split", "rs"),
    ("replace", "sss"),
    ("semver.compare", "vv"),
    ("semver.is_valid", "v"),
    ("split", "ss"),
    ("sprintf", "fa"),
    ("strings.count", "ss"),
    ("substring", "snn"),
    ("time.add_date", "tnnn"),
    ("time.date", "t"),
    ("time.diff", "tt"),
    ("time.format", "t"),
    ("time.parse_duration_ns", "D"),
    ("time.parse_ns", "LS"),
    ("time.parse_rfc3339_ns", "S"),
    ("trim", "ss"),
    ("units.parse", "u"),
    ("units.parse_bytes", "u"),
    ("upper", "s"),
    ("urlquery.decode", "q"),
    ("urlquery.decode_object", "q"),
];

/// Values of a kind, or parts of texts of a kind.
fn traps(kind: char) -> &'static [&'static str] {
    match kind {
        'g' => &[
            "*", "**", "?", "{", ",", "}", "[", "]", "[!a]", "[^a]", "[a-c]", r"\\", "a", "ab", ".", "/", "é",
        ],
        's' => &[
            "a", "b", "ab", ".", "/", ":", "é", r"\n", "*", "-", "^", " ", "A", "ß", "_", "1", ",", "İ", "$1",
        ],
        'r' => &[
            "a",
            "b",
            "é",
            ".",
            "^",
            "$",
            r"\\d",
            r"\\W",
            r"\\b",
            r"\\s",
            "[a-c]",
            "[^a&&b]",
            "(",
            ")",
            "(?i)",
            "|",
            "*",
            "+",
            "?",
            "{2}",
            "{,2}",
            "{1,63}",
            r"\\Qa.\\E",
            r"\\pL",
            "[[:alpha:]]",
            "(?P<n>",
            r"\\<",
            "]",
        ],
        'j' => &[
            "1", "-", "0", ".5", "e9", "e999", "[", "]", "{", "}", r#"\"a\""#, ":", ",", "true", " ", "nul",
            "12345678",
        ],
        'c' => &["10.0.0.", "0", "1", "/8", "/32", "::", "ffff:", "/96", "fe80", "%eth0", ".0", "01"],
        'v' => &["1.2.3", "1.0", ".0", "v", "-", "rc", ".1", "+b", "01", "-alpha", "99999999999999999999"],
        'f' => &[
            "%", "s", "d", "v", "x", "q", "%v", "%s", "5", "-", "+", "0", ".2", "f", "e", " ", "é", "%%",
            "t", "o",
        ],
        'u' => &["1", "0", ".5", "K", "i", "m", "M", "B", "e3", "E", "-", "G", "+"],
        'q' => &["a", "=", "&", "%41", "%", "+", "~", "é", ";", "%zz", " "],
        'S' => {
            &["2020", "-", "02", "29", "T", "23", ":", "59", ".123", "Z", "+02:00", "UTC", "Feb", " ", "060"]
        }
        'L' => &[
            "2006", "-", "01", "02", "15", ":", "04", "05", ".000", "Z07:00", "MST", "Jan", " ", "_2", "002",
        ],
        'D' => &["1", ".5", "12", "h", "m", "s", "ms", "d", "w", "y", "-", "µs"],
        'd' => &["null", "[]", r#"["."]"#, r#"["/"]"#, r#"[":", "/"]"#, r#"["ab"]"#, r#"["é"]"#],
        'n' => &["0", "1", "-1", "2", "12", "31", "100", "-400", "1.5", "99999999999"],
        'a' => &[
            "[]",
            "[1]",
            "[-42, 1.5]",
            r#"["x"]"#,
            r#"[[1, "a"], "é"]"#,
            "[1234567.5, true]",
            r#"[{"a": null}]"#,
        ],
        'o' => &[
            "{}",
            r#"{"a": {"b": [1, 2, 3]}, "a/b": 1}"#,
            r#"{"a": []}"#,
            r#"{"a": {"b": [2]}}"#,
            "[]",
            "[1, 2]",
            "[2]",
            "1",
        ],
        'p' => &[
            "[]",
            r#"["/a/b"]"#,
            r#"["a/b/1", "a~1b"]"#,
            r#"[["a", "b"]]"#,
            r#"["/a", "/a/b"]"#,
            r#"["", "/"]"#,
            r#""a""#,
        ],
        _ => &[
            "0",
            "1706745599100000000",
            r#"[1710054000000000000, "America/New_York"]"#,
            r#"[1582934400000000000, "Asia/Kolkata", "RFC1123"]"#,
            r#"[1729990800000000000, "Europe/Berlin", "Mon _2 Jan 06 3:04PM -07 .000"]"#,
            r#"[1, "UTC", ""]"#,
            r#"[-1, ""]"#,
            "[]",
        ],
    }
}

/// Calls with whatever may go wrong in them never harm, and give what they gave before.
///
/// What they gave is written to `WEIGHLOCK_RANDOM_FOLDER` for `benches/peers/opa/calls`.
#[test]
fn random_calls_end() {
    let folder = std::env::var_os("WEIGHLOCK_RANDOM_FOLDER");
    let cases = if folder.is_some() { 50_000 } else { 2_000 };
    let mut runner = TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let said = std::cell::RefCell::new(String::new());
    runner
        .run(&proptest::collection::vec(any::<u16>(), 48), |tape| {
            let mut tape = tape.into_iter().map(usize::from);
            let mut pick = |n: usize| tape.next().map_or(0, |drawn| drawn % n);
            let (name, shape) = SHAPES[pick(SHAPES.len())];
            let args = shape.chars().map(|kind| {
                let traps = traps(kind);
                if "dnaopt".contains(kind) {
                    return traps[pick(traps.len())].to_owned();
                }
                let parts: String = (0..pick(9)).map(|_| traps[pick(traps.len())]).collect();
                format!("\"{parts}\"")
            });
            let args = format!("[{}]", args.collect::<Vec<_>>().join(", "));
            let first = answer(name, &args);
            prop_assert_eq!(&first, &answer(name, &args));
            let first = first.unwrap_or_else(|| "error".to_owned()).replace('\n', "");
            said.borrow_mut().push_str(&format!("{name}\t{args}\t{first}\n"));
            Ok(())
        })
        .unwrap();
    if let Some(folder) = folder {
        std::fs::write(std::path::Path::new(&folder).join("calls.tsv"), said.into_inner()).unwrap();
    }
}
