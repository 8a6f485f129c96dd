//! Random policies mean the same in both forms.
//!
//! A policy is written from a tape of random numbers, so that a tape cut short is a smaller policy.
//! Most of what is drawn is a trap: members that are missing, false or null, collections that are
//! none, patterns that do not fit.

use std::cell::Cell;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::*;
use crate::engine::{Failure, Output};
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::{LoadOptions, load};

/// What a rule is.
#[derive(Clone, Copy)]
enum Kind {
    Value,
    Set,
    Object,
    Function,
    Patterns,
    Else,
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

const PATHS: [&str; 12] = [
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
                1 => PATHS[self.pick(12)].to_owned(),
                _ => self.var().unwrap_or_else(|| "input.a".to_owned()),
            };
        }
        let deep = deep - 1;
        match self.pick(24) {
            0 if self.pick(3) == 0 => self.literal().to_owned(),
            0..=2 => PATHS[self.pick(12)].to_owned(),
            3 | 4 => self.var().unwrap_or_else(|| "input.map".to_owned()),
            5 => match self.var() {
                Some(var) => format!("{var}.{}", self.key()),
                None => format!("input.{}", self.key()),
            },
            6 => {
                let (path, index) = (PATHS[4 + self.pick(4)], self.term(0));
                format!("{path}[{index}]")
            }
            7 if self.pick(2) == 1 => format!("{}[_]", PATHS[self.pick(12)]),
            7 => format!("{}[0]", PATHS[self.pick(12)]),
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
        let all: Vec<_> = (0..statements).map(|_| self.statement(deep)).collect();
        all.join(between)
    }

    fn statement(&mut self, deep: usize) -> String {
        let term = self.term(deep);
        match self.pick(20) {
            0 if term.starts_with('(') => format!("true == {term}"),
            0 => term,
            // OPA takes what is undefined in a list or call out of `not`; so only plain terms are negated.
            1 => format!("not {}", self.term(0)),
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
                let body = self.body(2, deep.min(1), "; ");
                self.scope = before;
                format!("every {name} in {term} {{ {body} }}")
            }
            10 => self.named("[{}, _] := ", &term),
            11 => self.named("{\"c\": {}} := ", &term),
            12 => self.named("[1, {}] = ", &term),
            13 => self.named("{} = ", &term),
            14 => {
                let name = self.fresh();
                self.scope.push(name.clone());
                format!("{}[{name}]", PATHS[self.pick(8)])
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
            let kind = [Kind::Value, Kind::Set, Kind::Object, Kind::Function, Kind::Patterns, Kind::Else]
                [self.pick(6)];
            let _ = match kind {
                Kind::Value => {
                    let (body, term) = self.rule_of(&[], 3);
                    writeln!(
                        text,
                        "\nv{n} := {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": v{n}}}"
                    )
                }
                Kind::Set => {
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
                Kind::Function => {
                    let (body, term) = self.rule_of(&["p"], 2);
                    writeln!(
                        text,
                        "\nf{n}(p) := {term} if {{\n\t{body}\n}}\n\nwarn contains {{\"msg\": \"{n}\", \"is\": f{n}(input.map)}}"
                    )
                }
                Kind::Patterns => {
                    let pattern = ["[p, _]", "{\"c\": p}", "p", "[p, 1]", "input.a"][self.pick(5)];
                    let named: &[&str] = if pattern != "input.a" { &["p"] } else { &[] };
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
    session.judge(0)
}

#[test]
fn probe() {
    let review = thereview();
    // Enough for any of these.
    let limits = Limits { steps: 20_000, millis: 20_000, ..Limits::default() };
    for file in std::env::var("PROBE").unwrap().split(' ') {
        let text = std::fs::read_to_string(file).unwrap();
        for text in text.split("----\n") {
            println!("{text}");
            let bundle =
                load(vec![("p.rego".to_owned(), text.to_owned())], json!({}), LoadOptions::default())
                    .unwrap();
            for path in [Path::Auto, Path::Interpreter] {
                let rules = on_deep_stack(|| compile(&bundle, limits, path)).unwrap().unwrap();
                if let (true, Some(p)) = (std::env::var("LIST").is_ok(), &rules.judges[&0].program) {
                    for (i, x) in p.instructions.iter().enumerate() {
                        println!("{i:4} {x:?}");
                    }
                }
                let said = judged(&rules, &review)
                    .map(|o| o.iter().map(|o| format!("{:?} {}", o.effect, o.value)).collect::<Vec<_>>());
                println!("{path:?} {} {said:?}", rules.judges[&0].program.is_some());
            }
        }
    }
}

fn thereview() -> Review {
    let mut review: Review = serde_json::from_str(include_str!("../../../testdata/review.json")).unwrap();
    let asset = review.asset.as_mut().unwrap();
    asset.pod_spec = None;
    asset.object = Some(crate::model::json::Json(json!({
        "a": 1, "no": false, "none": null, "list": [1, 2, {"d": false}], "empty": [], "text": "a",
        "map": {"a": 1, "b": {"c": 2}},
    })));
    review
}

#[test]
fn random_policies_mean_the_same() {
    let review = thereview();
    // Enough for any of these.
    let limits = Limits { steps: 20_000, millis: 20_000, ..Limits::default() };
    let (refused, slow, compared, spoke, failed) =
        (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let cases = std::env::var("WEIGHLOCK_RANDOM_POLICIES").map_or(512, |n| n.parse().unwrap());
    let folder = std::env::var_os("WEIGHLOCK_RANDOM_OUT");
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
    let run = TestRunner::new(config).run(&proptest::collection::vec(any::<u16>(), 0..400), |tape| {
        let text = written(&tape);
        let loaded = load(vec![("p.rego".to_owned(), text.clone())], json!({}), LoadOptions::default());
        let bundle = match loaded {
            Ok(bundle) => bundle,
            Err(problems) => {
                println!("REF {}", problems[0]);
                count(&refused);
                return Ok(());
            }
        };
        let both = [Path::Auto, Path::Interpreter]
            .map(|path| on_deep_stack(|| compile(&bundle, limits, path)).unwrap());
        let [Ok(fast), Ok(interpreted)] = both else {
            for b in both {
                if let Err(p) = b {
                    println!("REF {}", p[0]);
                }
            }
            count(&refused);
            return Ok(());
        };
        let wanted = judged(&interpreted, &review);
        if let Some(folder) = &folder {
            let name = std::path::Path::new(folder).join(format!("{}", compared.get() + slow.get()));
            std::fs::write(name.with_extension("rego"), &text).unwrap();
            let told = wanted.as_ref().map(|found| found.iter().map(|o| json!([format!("{:?}", o.effect).to_lowercase(), o.value])).collect::<Vec<_>>()).unwrap_or(vec![json!("error")]);
            std::fs::write(name.with_extension("json"), serde_json::to_string(&told).unwrap()).unwrap();
        }
        if fast.judges[&0].program.is_none() {
            count(&slow);
            return Ok(());
        }
        count(&compared);
        let said = judged(&fast, &review);
        count(if wanted.is_ok() { &spoke } else { &failed });
        prop_assert_eq!(said, wanted, "{}", text);
        Ok(())
    });
    println!(
        "refused {}, interpreted only {}, compared {}: {} judged, {} failed",
        refused.get(),
        slow.get(),
        compared.get(),
        spoke.get(),
        failed.get()
    );
    run.unwrap_or_else(|error| panic!("{error}"));
}
