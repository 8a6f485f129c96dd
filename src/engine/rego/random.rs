//! Random policies, for comparison with OPA.
//!
//! A policy is written from a tape of random numbers, so that a tape cut short is a smaller policy.
//! Most of what is drawn is a trap: members that are missing, false or null, collections that are
//! none, patterns that do not fit.

#![expect(clippy::arithmetic_side_effects, reason = "a test that counts to a few hundred")]

use std::cell::Cell;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::*;
use crate::engine::{Failure, Output};
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::{LoadOptions, load};
use crate::random::config;

/// What a rule is.
#[derive(Clone, Copy)]
enum Kind {
    Value,
    Set,
    Object,
    Function,
    Patterns,
    Else,
    Parts,
}

/// Writes a policy.
struct Writer<'t> {
    tape: std::slice::Iter<'t, u16>,
    /// Variables that have a value here.
    scope: Vec<String>,
    /// How many variables there are at all.
    named: usize,
    /// The rules that may be used here, by their kind and number: those that stand before it.
    known: Vec<(Kind, usize)>,
}

const PATHS: [&str; 14] = [
    "input.gone",
    "input.a",
    "input.no",
    "input.none",
    "input.list",
    "input.empty",
    "input.text",
    "input.map",
    "input.map.b.c",
    "input.list[2].d",
    "input.list[9]",
    "input.map.gone.c",
    "data.known",
    "data.known.gone.d",
];

impl Writer<'_> {
    /// A number below `n`; 0 once the tape has ended.
    fn pick(&mut self, n: usize) -> usize {
        self.tape.next().map_or(0, |drawn| usize::from(*drawn) % n)
    }

    fn fresh(&mut self) -> String {
        self.named += 1;
        format!("x{}", self.named)
    }

    fn var(&mut self) -> Option<String> {
        let n = self.scope.len();
        (n > 0).then(|| self.pick(n)).map(|at| self.scope[at].clone())
    }

    fn rule(&mut self) -> Option<(Kind, usize)> {
        let n = self.known.len();
        (n > 0).then(|| self.pick(n)).map(|at| self.known[at])
    }

    fn key(&mut self) -> &'static str {
        ["gone", "a", "b", "c", "d"][self.pick(5)]
    }

    fn literal(&mut self) -> &'static str {
        ["1", "2", "0", "\"a\"", "\"b\"", "true", "false", "null", "[]", "{}", "set()", "[1, 2]"]
            [self.pick(12)]
    }

    fn term(&mut self, deep: usize) -> String {
        if deep == 0 {
            return match self.pick(4) {
                0 => self.literal().to_owned(),
                1 => PATHS[self.pick(14)].to_owned(),
                _ => self.var().unwrap_or_else(|| "input.a".to_owned()),
            };
        }
        let deep = deep - 1;
        match self.pick(24) {
            0 if self.pick(3) == 0 => self.literal().to_owned(),
            0..=2 => PATHS[self.pick(14)].to_owned(),
            3 | 4 => self.var().unwrap_or_else(|| "input.map".to_owned()),
            5 => match self.var() {
                Some(var) => format!("{var}.{}", self.key()),
                None => format!("input.{}", self.key()),
            },
            6 => {
                let (path, index) = (PATHS[4 + self.pick(4)], self.term(0));
                format!("{path}[{index}]")
            }
            7 if self.pick(2) == 1 => format!("{}[_]", PATHS[self.pick(14)]),
            7 => format!("{}[0]", PATHS[self.pick(14)]),
            8 => format!("[{}, {}]", self.term(deep), self.term(deep)),
            9 => format!("{{{}}}", self.term(deep)),
            10 => format!("{{\"{}\": {}}}", self.key(), self.term(deep)),
            11 => format!("{{{}: {}}}", self.term(0), self.term(deep)),
            12 => self.within('[', ']', deep, false),
            13 => self.within('{', '}', deep, false),
            14 if self.pick(8) == 1 => self.within('{', '}', deep, true),
            14 => self.within('[', ']', deep, false),
            15 => {
                let name = ["is_string", "is_null", "type_name", "is_array"][self.pick(4)];
                format!("{name}({})", self.term(deep))
            }
            16 => format!("object.get({}, {}, {})", self.term(deep), self.term(0), self.term(deep)),
            17 => {
                let inner = self.within('[', ']', deep, false);
                format!("count({inner})")
            }
            18 => {
                let sign = ["==", "!=", "<"][self.pick(3)];
                format!("({} {sign} {})", self.term(deep), self.term(0))
            }
            // With a collection that is undefined this is false here, and undefined in OPA.
            19 => format!("({} in [{}])", self.literal(), self.literal()),
            _ => match self.rule() {
                None => self.term(deep),
                Some((Kind::Value, n)) => format!("v{n}"),
                Some((Kind::Set, n)) => format!("s{n}"),
                Some((Kind::Object, n)) => format!("o{n}[{}]", self.term(0)),
                Some((Kind::Function, n)) => format!("f{n}({})", self.term(deep)),
                Some((Kind::Patterns, n)) => format!("g{n}({}, {})", self.term(deep), self.term(0)),
                Some((Kind::Else, n)) => format!("d{n}"),
                Some((Kind::Parts, n)) => format!("r{n}{}", ["", ".a", ".b", ".c", ".gone"][self.pick(5)]),
            },
        }
    }

    /// A comprehension.
    fn within(&mut self, open: char, close: char, deep: usize, pairs: bool) -> String {
        let before = self.scope.clone();
        let body = self.body(1 + deep.min(1), deep, "; ");
        let value = self.term(deep.min(1));
        let pair = if pairs { format!("{}: {value}", self.term(0)) } else { value };
        self.scope = before;
        format!("{open}{pair} | {body}{close}")
    }

    fn body(&mut self, most: usize, deep: usize, between: &str) -> String {
        let statements = 1 + self.pick(most);
        let mut all: Vec<_> = (0..statements).map(|_| self.statement(deep)).collect();
        // Rego has no order of statements.
        if all.len() > 1 && self.pick(8) == 1 {
            all.reverse();
        }
        all.join(between)
    }

    fn statement(&mut self, deep: usize) -> String {
        let term = self.term(deep);
        match self.pick(30) {
            0 if term.starts_with('(') => format!("true == {term}"),
            0 => term,
            // OPA takes what is undefined in a list or call out of `not`; so only plain terms are negated.
            1 => format!("not {}", self.term(0)),
            20 | 21 => match self.var() {
                Some(var) => format!("not {}[{var}]", PATHS[4 + self.pick(4)]),
                None => format!("not {}", self.term(0)),
            },
            22..=25 => self.handed_on(),
            26 => {
                let names = [self.fresh(), self.fresh()];
                let [path, value] = &names;
                let pattern = [
                    format!("[{path}, {value}]"),
                    format!("[{path}, {}]", self.literal()),
                    format!("[[{path}, _], {value}]"),
                ];
                let pattern = pattern[self.pick(3)].clone();
                let text = format!("walk({term}, {pattern})");
                self.scope.extend(
                    names.into_iter().filter(|name| {
                        text.contains(&format!("{name},")) || text.contains(&format!("{name}]"))
                    }),
                );
                text
            }
            27 => {
                let name = self.fresh();
                self.scope.push(name.clone());
                format!("type_name({term}, {name})")
            }
            2 => format!("not {} == {}", self.term(0), self.term(0)),
            3 => format!("{term} == {}", self.term(deep)),
            4 => format!("{term} != {}", self.term(deep)),
            5 => format!("{term} in {}", self.term(deep)),
            6 | 7 => self.named("some {} in ", &term),
            8 => {
                let key = self.fresh();
                let value = self.fresh();
                self.scope.extend([key.clone(), value.clone()]);
                format!("some {key}, {value} in {term}")
            }
            9 => {
                let before = self.scope.clone();
                let name = self.fresh();
                self.scope.push(name.clone());
                let key = if self.pick(2) == 0 { String::new() } else { format!("{}, ", self.fresh()) };
                let body = self.body(2, deep.min(1), "; ");
                self.scope = before;
                format!("every {key}{name} in {term} {{ {body} }}")
            }
            10 => self.named("[{}, _] := ", &term),
            // OPA wants no constants there.
            11 if self.pick(4) == 1 => self.named("[{}, 2] := ", &term),
            11 => self.named("[{}, [_, _]] := ", &term),
            12 => self.named("[1, {}] = ", &term),
            13 => self.named("{} = ", &term),
            14 => {
                let name = self.fresh();
                self.scope.push(name.clone());
                format!("{}[{name}]", PATHS[self.pick(8)])
            }
            15 if self.pick(4) == 1 => {
                let place = ["input", "input.a", "input.map", "data.known"][self.pick(4)];
                let term = if term.starts_with('(') { format!("true == {term}") } else { term };
                format!("{term} with {place} as {}", self.term(1))
            }
            15 => format!("_ = {term}"),
            16 => {
                let name = self.fresh();
                let other = self.term(0);
                self.scope.push(name.clone());
                format!("[{name}, {other}] = {term}")
            }
            17 => self.named("some [{}, _] in ", &term),
            _ => self.named("{} := ", &term),
        }
    }

    /// What gives a variable the value of another, in either direction, or of an index.
    fn handed_on(&mut self) -> String {
        let Some(var) = self.var() else { return self.named("{} = ", "1") };
        let (name, other) = (self.fresh(), self.term(0));
        let path = PATHS[4 + self.pick(4)];
        self.scope.push(name.clone());
        match self.pick(16) {
            0 | 1 => format!("{name} := {var}"),
            2 | 3 => format!("{name} = {var}"),
            4 => format!("{var} = {name}"),
            5 => format!("[{name}, _] = {var}"),
            6 => format!("{var} = [{name}, {other}]"),
            7 => format!("[{name}, _] := [{var}, {other}]"),
            8 => format!("{name} := {{\"a\": {var}, \"b\": {other}}}"),
            9 => format!("[{name}, 1] = [[{var}, {other}], 1]"),
            10 => {
                let second = self.fresh();
                let text = format!("[{name}, {var}] = [{other}, {second}]");
                self.scope.push(second);
                text
            }
            11 => format!("{path}[{name}] = {var}"),
            12 => format!("{var} = {path}[{name}]"),
            13 => {
                let second = self.fresh();
                let text = format!("{second} = {path}[{name}]");
                self.scope.push(second);
                text
            }
            14 => format!("{name} = [{var}, {path}[_]]"),
            _ => {
                // Without its value, until something gives it one.
                format!("some {name}; {path}[{name}] == {other}")
            }
        }
    }

    fn named(&mut self, pattern: &str, term: &str) -> String {
        let name = self.fresh();
        self.scope.push(name.clone());
        format!("{}{term}", pattern.replacen("{}", &name, 1))
    }

    /// A body and a term that follows from it.
    fn rule_of(&mut self, parameters: &[&str], most: usize) -> (String, String) {
        self.scope = parameters.iter().map(|name| (*name).to_owned()).collect();
        let body = self.body(most, 2, "\n\t");
        // What is not constant could be two values at once, which is not compiled.
        let term = if self.pick(3) == 0 { self.term(1) } else { self.literal().to_owned() };
        (body, term)
    }

    fn policy(&mut self) -> String {
        let mut text = "package a\n".to_owned();
        for n in 0..1 + self.pick(4) {
            let kind = [
                Kind::Value,
                Kind::Set,
                Kind::Object,
                Kind::Function,
                Kind::Patterns,
                Kind::Else,
                Kind::Parts,
            ][self.pick(7)];
            let _ = match kind {
                Kind::Value => {
                    let (body, term) = self.rule_of(&[], 3);
                    writeln!(
                        text,
                        "\nv{n} := {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": v{n}}}"
                    )
                }
                Kind::Set => {
                    if self.pick(3) == 1 {
                        let (body, term) = self.rule_of(&[], 2);
                        let _ = writeln!(text, "\ns{n} contains {term} if {{\n\t{body}\n}}");
                    }
                    let (body, term) = self.rule_of(&[], 3);
                    writeln!(
                        text,
                        "\ns{n} contains {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": s{n}}}"
                    )
                }
                Kind::Object => {
                    let (body, term) = self.rule_of(&[], 2);
                    let key = self.term(0);
                    writeln!(
                        text,
                        "\no{n}[{key}] := {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": o{n}}}"
                    )
                }
                Kind::Parts => {
                    let (body, term) = self.rule_of(&[], 2);
                    let _ = writeln!(text, "\nr{n}.a := {term} if {{\n\t{body}\n}}");
                    let (body, term) = self.rule_of(&[], 2);
                    let _ = writeln!(text, "\nr{n}.b contains {term} if {{\n\t{body}\n}}");
                    let (body, term) = self.rule_of(&[], 2);
                    writeln!(text, "\nr{n}.c[\"d\"] := {term} if {{\n\t{body}\n}}")
                }
                Kind::Function => {
                    if self.pick(3) == 1 {
                        let _ = writeln!(text, "\ndefault f{n}(_) := 7");
                    }
                    let (body, term) = self.rule_of(&["p"], 2);
                    writeln!(
                        text,
                        "\nf{n}(p) := {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": f{n}(input.map)}}"
                    )
                }
                Kind::Patterns => {
                    let pattern = ["[p, _]", "[_, p]", "p", "[p, 1]", "input.a", "_"][self.pick(6)];
                    let named: &[&str] =
                        if pattern.contains('p') && pattern != "input.a" { &["p"] } else { &[] };
                    let (body, term) = self.rule_of(named, 2);
                    let _ = writeln!(text, "\ng{n}({pattern}, 1) := {term} if {{\n\t{body}\n}}");
                    let (body, term) = self.rule_of(&[], 2);
                    writeln!(text, "\ng{n}(_, 2) := {term} if {{\n\t{body}\n}}")
                }
                Kind::Else => {
                    if self.pick(2) == 1 {
                        let _ = writeln!(text, "\ndefault d{n} := 3");
                    }
                    let (body, term) = self.rule_of(&[], 2);
                    let _ = write!(text, "\nd{n} := {term} if {{\n\t{body}\n}}");
                    let (body, term) = self.rule_of(&[], 2);
                    writeln!(
                        text,
                        " else := {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": d{n}}}"
                    )
                }
            };
            self.known.push((kind, n));
        }
        let (body, term) = self.rule_of(&[], 4);
        let _ = writeln!(text, "\ndeny contains {{\"msg\": \"x\", \"is\": {term}}} if {{\n\t{body}\n}}");
        text
    }
}

fn written(tape: &[u16]) -> String {
    Writer { tape: tape.iter(), scope: Vec::new(), named: 0, known: Vec::new() }.policy()
}

fn judged(rules: &Rules, review: &Review) -> Result<Vec<Output>, Failure> {
    let mut session = rules.session();
    session.load(review, View::Document).unwrap();
    session.judge(0).map(Option::unwrap_or_default)
}

/// What the policies look at.
fn input() -> serde_json::Value {
    json!({
        "a": 1, "no": false, "none": null, "list": [1, 2, {"d": false}], "empty": [], "text": "a",
        "map": {"a": 1, "b": {"c": 2}},
    })
}

/// The data of the policies.
fn data() -> serde_json::Value {
    json!({"known": {"a": [1, {"c": 2}]}})
}

fn review_of_traps() -> Review {
    let mut review: Review = serde_json::from_str(include_str!("../../../testdata/review.json")).unwrap();
    let asset = review.asset.as_mut().unwrap();
    asset.pod_spec = None;
    asset.object = Some(crate::model::json::Json(input()));
    review
}

/// How many policies are written.
const POLICIES: u32 = 768;

/// Writes down a policy and what it said, for a comparison with OPA.
fn keep(folder: &std::path::Path, number: u32, text: &str, said: &Result<Vec<Output>, String>) {
    let told = match said {
        Ok(found) => found.iter().map(|output| json!([output.effect.as_str(), output.value])).collect(),
        Err(why) => json!(why),
    };
    let file = folder.join(number.to_string());
    std::fs::write(file.with_extension("rego"), text).unwrap();
    std::fs::write(file.with_extension("json"), told.to_string()).unwrap();
}

/// Every policy ends, and most can be judged. More of them with `WEIGHLOCK_RANDOM_POLICIES`; into a
/// folder, with what was said, with `WEIGHLOCK_RANDOM_FOLDER`: the program in `benches/peers/opa/compare`
/// holds that against OPA.
#[test]
fn random_policies_are_judged() {
    let review = review_of_traps();
    // Enough for any of these.
    let limits = Limits { steps: 200_000, millis: 20_000, ..Limits::default() };
    let policies = std::env::var("WEIGHLOCK_RANDOM_POLICIES").map_or(POLICIES, |n| n.parse().unwrap());
    let folder = std::env::var_os("WEIGHLOCK_RANDOM_FOLDER").map(std::path::PathBuf::from);
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("input"), input().to_string()).unwrap();
        std::fs::write(folder.join("data"), data().to_string()).unwrap();
    }
    let [written_at_all, judged_at_all] = [Cell::new(0_u32), Cell::new(0_u32)];
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let run =
        TestRunner::new(config(policies)).run(&proptest::collection::vec(any::<u16>(), 0..400), |tape| {
            let text = written(&tape);
            let files = vec![("p.rego".to_owned(), text.clone())];
            let loaded = load(files, data(), LoadOptions::default())
                .and_then(|bundle| on_deep_stack(|| compile(&bundle, limits)).unwrap());
            let said = match loaded {
                Ok(rules) => judged(&rules, &review).map_err(|failure| failure.message),
                Err(problems) => Err(format!("refused: {}", problems[0])),
            };
            if let Some(folder) = &folder {
                keep(folder, written_at_all.get(), &text, &said);
            }
            count(&written_at_all);
            if said.is_ok() {
                count(&judged_at_all);
            }
            Ok(())
        });
    run.unwrap_or_else(|error| panic!("{error}"));
    let judged = judged_at_all.get();
    println!("{policies} policies: {judged} judged");
    assert!(judged > policies / 10, "{judged}");
}
