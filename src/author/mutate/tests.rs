//! Conditions that something depends on are told from those that nothing does.

use serde_json::json;

use super::*;
use crate::author::suite;
use crate::engine::Limits;
use crate::policy::{self, LoadOptions};

const REGO: &str = "# METADATA\n# custom:\n#   applies: {kinds: [config]}\npackage house.ticket\n\nimport data.lib.asked\n\ndeny contains \"none\" if {\n\tnot input.change.ticket\n\tasked.any\n\tinput.asset.kind == \"workload\"\n}\n";
const LIBRARY: &str = "package lib.asked\n\nany if {\n\tinput.change.author\n\tinput.change.id\n}\n\nother if input.change.id\n";
const CEL: &str = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: house.cel, title: T}\nspec:\n  applies: {kinds: [config]}\n  match: has(input.asset)\n  variables:\n    - {name: free, expression: \"!has(input.change.ticket) || input.change.ticket == 'x'\"}\n  rules:\n    - {id: author, title: T, effect: deny, severity: low, expression: \"variables.free && has(input.change.author)\", message: m}\n    - {id: kind, title: T, effect: deny, severity: low, expression: \"input.asset.kind == 'workload'\", message: m}\n";
const INPUT: &str = "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: workload}]\nchanges:\n  - {id: c, kind: config, asset: a, author: {id: ann}}\n";

fn case(rule: &str, patch: &str, verdict: &str) -> String {
    format!(
        "---\napiVersion: weighlock.dev/v1\nkind: Case\nname: '{rule} {verdict} {patch}'\npolicies: [{rule}]\ninput: in.yaml\nnow: 2026-11-20T12:00:00Z\npatch: [{patch}]\nexpect: {{verdict: {verdict}}}\n"
    )
}

/// What came of all mutants of some files, with cases.
fn mutated(files: &[(&str, &str)], cases: &str, only: &str) -> Result<Option<Mutated>, Vec<Diagnostic>> {
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let bundle = policy::load(texts, json!({}), LoadOptions { tests: true, rego_v0: false }).unwrap();
    let bench = Bench::new(bundle, Limits::default());
    let told = Bundle { data: Value::Object(bench.base().clone()), ..bench.bundle().clone() };
    let trials = Trials::compile(&told, Limits::default()).unwrap();
    let tests: Vec<&Test> = trials.tests().iter().collect();
    let cases = match cases.strip_prefix("---\n") {
        Some(text) => suite::collect(&[Source::new("house.case.yaml", text)]).unwrap(),
        None => Vec::new(),
    };
    run(&Asked {
        bench: &bench,
        cases: &cases,
        tests: &tests,
        now: Time::UNIX_EPOCH,
        files: &|_| Ok(vec![Source::new("in.yaml", INPUT)]),
        only: &|file, rules| file.contains(only) || rules.contains(&only),
        progress: &|_| {},
    })
}

fn lost(mutated: &Mutated) -> Vec<String> {
    let one = |one: &Survivor| {
        let rules = one.rules.join(" ");
        format!(
            "{}:{} {} → {} ({rules}; {})",
            one.location.file,
            one.location.line,
            one.was,
            one.becomes,
            one.tried.len()
        )
    };
    mutated.survivors.iter().map(one).collect()
}

const TICKET: &str = "{op: add, path: /change/ticket, value: T-1}";
const NOBODY: &str = "{op: remove, path: /change/author}";

#[test]
fn what_no_case_depends_on_survives() {
    let files = [("lib/asked.rego", LIBRARY), ("ticket.rego", REGO)];
    let cases = case("house.ticket", "", "deny") + &case("house.ticket", TICKET, "allow");
    let found = mutated(&files, &cases, "").unwrap().unwrap();
    assert_eq!(
        lost(&found),
        [
            "lib/asked.rego:4 input.change.author → true (house.ticket; 2)",
            "lib/asked.rego:5 input.change.id → true (house.ticket; 2)",
            "lib/asked.rego:8 input.change.id → true (house.ticket; 2)",
            "ticket.rego:10 asked.any → true (house.ticket; 2)",
            "ticket.rego:11 input.asset.kind == \"workload\" → true (house.ticket; 2)"
        ]
    );
    assert_eq!((found.mutants, found.caught, found.invalid), (6, 1, 0));
    let cases = cases + &case("house.ticket", NOBODY, "allow");
    let found = mutated(&files, &cases, "").unwrap().unwrap();
    assert_eq!((found.mutants, found.caught, found.survivors.len()), (6, 3, 3));
    // A case that fails as it is notices nothing.
    let cases = case("house.ticket", TICKET, "deny");
    assert_eq!(mutated(&files, &cases, "").unwrap().unwrap().caught, 0);
    assert_eq!(mutated(&files, &cases, "house.ticket").unwrap().unwrap().mutants, 6);
    assert_eq!(mutated(&files, &cases, "ticket.rego").unwrap().unwrap().mutants, 3);
    assert_eq!(mutated(&files, &cases, "elsewhere").unwrap(), None);
}

#[test]
fn statements_are_whole_with_the_quotes_at_their_ends() {
    let text = "package a\n\ndeny contains 1 if {\n\t\"config\" == input.change.kind\n\t\"a\" in {\"a\"}\n\tinput.asset.id == \"\"\n\tinput.asset.kind == `x`\n\tinput.asset.owner == \"a\\\"\"\n}\n";
    let bundle =
        policy::load(vec![("a.rego".to_owned(), text.to_owned())], json!({}), LoadOptions::default());
    let bundle = bundle.unwrap();
    let found = rego::mutants(&bundle, &rego::read(&bundle).unwrap());
    let said: Vec<&str> = found.iter().map(|mutant| mutant.was.as_str()).collect();
    assert_eq!(
        said,
        [
            "\"config\" == input.change.kind",
            "\"a\" in {\"a\"}",
            "input.asset.id == \"\"",
            "input.asset.kind == `x`",
            "input.asset.owner == \"a\\\"\""
        ]
    );
}

#[test]
fn tests_in_rego_notice() {
    let test = "package house.ticket_test\n\nimport data.house.ticket\n\nasked(with_ticket) := {\"asset\": {\"kind\": \"workload\"}, \"change\": with_ticket}\n\ntest_none if count(ticket.deny) == 1 with input as asked({\"id\": \"c\", \"author\": \"a\"})\n\ntest_one if count(ticket.deny) == 0 with input as asked({\"id\": \"c\", \"author\": \"a\", \"ticket\": \"T\"})\n\ntest_nobody if count(ticket.deny) == 0 with input as asked({\"id\": \"c\"})\n\ntodo_test_x if false\n";
    let files = [("lib/asked.rego", LIBRARY), ("ticket.rego", REGO), ("ticket_test.rego", test)];
    let found = mutated(&files, "", "").unwrap().unwrap();
    assert_eq!(
        lost(&found),
        [
            "lib/asked.rego:5 input.change.id → true (house.ticket; 3)",
            "lib/asked.rego:8 input.change.id → true (house.ticket; 3)",
            "ticket.rego:11 input.asset.kind == \"workload\" → true (house.ticket; 3)"
        ]
    );
    assert!(found.survivors[0].tried[0].ends_with(": data.house.ticket_test.test_none"));
}

#[test]
fn conditions_in_cel_are_taken_out() {
    let cases = case("house.cel.author", "", "allow") + &case("house.cel.author", NOBODY, "deny");
    let found = mutated(&[("cel.yaml", CEL)], &cases, "").unwrap().unwrap();
    assert_eq!(
        lost(&found),
        [
            "cel.yaml:6 has(input.asset) → true (house.cel.author house.cel.kind; 2)",
            "cel.yaml:8 input.change.ticket == 'x' → false (house.cel.author house.cel.kind; 2)",
            "cel.yaml:10 variables.free → true (house.cel.author; 2)",
            "cel.yaml:11 input.asset.kind == 'workload' → true (house.cel.kind; 0)"
        ]
    );
    assert_eq!((found.mutants, found.caught), (7, 3));
}

#[test]
fn a_comment_keeps_a_condition_with_a_reason() {
    let kept = |comment: &str, before: &str| {
        let text = REGO.replace(before, &format!("{comment}\n{before}"));
        let cases = case("house.ticket", "", "deny") + &case("house.ticket", TICKET, "allow");
        mutated(&[("lib/asked.rego", LIBRARY), ("ticket.rego", &text)], &cases, "ticket.rego")
    };
    let found = kept("\t# weighlock: keep because it is shown", "\tinput.asset.kind").unwrap().unwrap();
    let reasons: Vec<_> = found.survivors.iter().map(|one| one.kept.as_deref()).collect();
    assert_eq!((reasons, found.comments.len()), (vec![None, Some("it is shown")], 0));
    let found = kept("\t# weighlock: keep because it is shown", "\tnot input").unwrap().unwrap();
    assert_eq!(found.comments[0].message, "a case or a test notices each condition here, or there is none");
    for comment in ["# weighlock: keep", "# weighlock: keep because", "# weighlock: keep it"] {
        let problems = kept(comment, "\tnot input").unwrap_err();
        assert_eq!(problems[0].message, "this does not say why a condition is kept");
    }
    // What is not tried may need it.
    let text = LIBRARY.replace("other", "# weighlock: keep because it is used elsewhere\nother");
    let files = [("lib/asked.rego", text.as_str()), ("ticket.rego", REGO)];
    let cases = case("house.ticket", "", "deny");
    assert_eq!(mutated(&files, &cases, "ticket.rego").unwrap().unwrap().comments, []);
    assert_eq!(
        mutated(&files, &cases, "")
            .unwrap()
            .unwrap()
            .survivors
            .iter()
            .filter(|one| one.kept.is_some())
            .count(),
        1
    );
}
