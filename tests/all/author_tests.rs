//! What a policy author does: tests in Rego and cases, run, covered and watched; reviews to begin from.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{Folder, Ran};

const MAIN: &str = r#"package main

deny contains msg if {
	input.kind == "Deployment"
	not input.spec.template.spec.securityContext.runAsNonRoot
	msg := "containers must not run as root"
}

deny contains msg if {
	input.kind == "Deployment"
	not input.spec.selector.matchLabels.app
	msg := "pods need the label app"
}

warn contains msg if {
	input.kind == "Service"
	msg := sprintf("found service %s", [input.metadata.name])
}
"#;

const TICKET: &str = r#"# METADATA
# title: A change has a ticket
# custom:
#   applies: {kinds: [config]}
package house.ticket

deny contains "there is no ticket" if not input.change.ticket

warn contains "the ticket is old" if startswith(input.change.ticket, "OLD-")
"#;

const INPUT: &str = "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: workload}]\nchanges:\n  - {id: c-1, kind: config, asset: a, ticket: OPS-1}\n  - {id: c-2, kind: config, asset: a}\n";

fn case(name: &str, change: &str, expect: &str) -> String {
    format!(
        "apiVersion: weighlock.dev/v1\nkind: Case\nname: {name}\npolicies: [house.ticket]\ninput: in.yaml\nchange: {change}\nnow: 2026-11-20T12:00:00Z\nexpect: {expect}\n"
    )
}

/// A folder with a rule in Rego, an input, and cases: names with their texts.
fn house(more: &[(&str, &str)]) -> Folder {
    let folder = Folder::with(&[("house/ticket.rego", TICKET), ("house/in.yaml", INPUT)]);
    more.iter().for_each(|(name, text)| folder.write(name, text));
    folder
}

/// What was said, without how long it took.
fn said(ran: &Ran) -> String {
    let timeless = |line: &str| match line.rsplit_once(" in ") {
        Some((head, tail)) if tail.ends_with(" s") => format!("{head} in … s"),
        _ => line.trim_end().to_owned(),
    };
    ran.out.lines().map(|line| timeless(line) + "\n").collect()
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The name and status of each case of a report.
fn statuses(ran: &Ran) -> Vec<(String, String)> {
    let text = |case: &Value, name: &str| case[name].as_str().unwrap().to_owned();
    let report = report(ran);
    report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| (text(case, "name"), text(case, "status")))
        .collect()
}

#[test]
fn conftest_tests_pass_and_say_what_did_not_hold() {
    let folder = Folder::with(&[("policy/main.rego", MAIN)]);
    folder.write(
        "policy/main_test.rego",
        r#"package main

import rego.v1

test_root_is_denied if {
	deny["containers must not run as root"] with input as {"kind": "Deployment"}
}

test_one if {
	count(deny) == 1 with input as {"kind": "Deployment"}
}

test_message if deny["nope"] with input as {"kind": "Deployment"}

test_set if {
	deny == {"pods need the label app", "b"} with input as {"kind": "Deployment"}
}

test_not if {
	not deny["pods need the label app"] with input as {"kind": "Deployment"}
}

test_every if {
	every n in [1, 2, 3] {
		n < 3
	}
}

test_cases[tc.note] if {
	some tc in [
		{"note": "a service", "in": {"kind": "Service", "metadata": {"name": "x"}}, "n": 1},
		{"note": "no service", "in": {"kind": "Other"}, "n": 1},
	]
	found := warn with input as tc.in
	count(found) == tc.n
}

todo_test_later if false

test_fails if to_number("x") == 1
"#,
    );
    let ran = folder.run("test policy");
    assert_eq!(ran.code, 10, "{ran:?}");
    insta::assert_snapshot!(said(&ran), @r#"
    policy/main_test.rego
      FAIL   data.main.test_one
             10 │ count(deny) == 1 with input as {"kind": "Deployment"}
             they are not equal
             - expected  1
             + found     2
               deny: {"containers must not run as root", "pods need the label app"}
      FAIL   data.main.test_message
             13 │ test_message if deny["nope"] with input as {"kind": "Deployment"}
             it is undefined
               there is no "nope" in: {"containers must not run as root", "pods need the label app"}
      FAIL   data.main.test_set
             16 │ deny == {"pods need the label app", "b"} with input as {"kind": "Deployment"}
             they are not equal
             - expected  {"b", "pods need the label app"}
             + found     {"containers must not run as root", "pods need the label app"}
               missing: "b"
               unexpected: "containers must not run as root"
      FAIL   data.main.test_not
             20 │ not deny["pods need the label app"] with input as {"kind": "Deployment"}
             it holds, and must not
      FAIL   data.main.test_every
             24 │ every n in [1, 2, 3] {
             25 │     n < 3
             26 │   }
             it does not hold for every element
               the first for which it does not: 3
      FAIL   data.main.test_cases[no service]
             35 │ count(found) == tc.n
             they are not equal
             - expected  1
             + found     0
               found: set()
      skip   data.main.todo_test_later
      ERROR  data.main.test_fails
             40 │ test_fails if to_number("x") == 1
             what is given is no number

    10 tests in … s
    2 passed, 7 failed (1 could not be run), 1 skipped
    "#);
}

#[test]
fn a_plain_policy_of_a_tutorial_is_tested_with_data_and_functions_of_its_own() {
    let folder = Folder::with(&[
        (
            "rbac.rego",
            "package app.rbac\n\ndefault allow := false\n\nallow if \"admin\" in data.user_roles[input.user]\n\nallow if {\n\tsome role in data.user_roles[input.user]\n\tinput.action == data.grants[role]\n\tlate(1)\n}\n\nlate(x) if time.now_ns() > x\n",
        ),
        (
            "rbac_test.rego",
            "package app.rbac_test\n\nimport data.app.rbac\n\nroles := {\"alice\": [\"admin\"], \"bob\": [\"employee\"]}\n\nnever(_) := false\n\ntest_admin if rbac.allow with input as {\"user\": \"alice\"} with data.user_roles as roles\n\ntest_bob if {\n\trbac.allow with input.user as \"bob\" with input.action as \"read\"\n\t\twith data.user_roles as roles with data.grants as {\"employee\": \"read\"}\n}\n\ntest_replaced_function if {\n\tnot rbac.allow with input as {\"user\": \"bob\", \"action\": \"read\"} with data.user_roles as roles\n\t\twith data.grants as {\"employee\": \"read\"} with rbac.late as never\n}\n\ntest_replaced_builtin if {\n\tnot rbac.allow with input as {\"user\": \"bob\", \"action\": \"read\"} with data.user_roles as roles\n\t\twith data.grants as {\"employee\": \"read\"} with time.now_ns as 0\n}\n\ntest_replaced_rule if rbac.allow with data.app.rbac.allow as true\n",
        ),
    ]);
    let ran = folder.run("test -v");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(said(&ran).ends_with("5 tests in … s\n5 passed, 0 failed\n"), "{ran:?}");
}

#[test]
fn tests_of_one_name_are_tests_each_and_what_is_no_test_fails() {
    let folder = Folder::with(&[(
        "a_test.rego",
        "package a_test\n\ntest_x if 1 == 1\n\ntest_x if 1 == 2\n\ntest_set contains 1\n\ntest_f(x) := x\n\ntest_five := 5\n\ntest_false := false\n\ntest_else := false if {\n\t1 == 2\n} else := true\n\ntest_none[x] if some x in []\n\ntest_deep.a.b if true\n\ntodo_soon if false\n",
    )]);
    let ran = folder.run("test -o json");
    assert_eq!(ran.code, 10, "{ran:?}");
    let expected = [
        ("data.a_test.test_x", "passed"),
        ("data.a_test.test_x#01", "failed"),
        ("data.a_test.test_set", "failed"),
        ("data.a_test.test_f", "failed"),
        ("data.a_test.test_five", "failed"),
        ("data.a_test.test_false", "failed"),
        ("data.a_test.test_else", "passed"),
        ("data.a_test.test_none", "failed"),
        ("data.a_test.test_deep.a.b", "failed"),
        ("data.a_test.todo_soon", "skipped"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect();
    assert_eq!(statuses(&ran), expected);
    let report = report(&ran);
    assert_eq!((&report["passed"], &report["failed"], &report["skipped"]), (&2.into(), &7.into(), &1.into()));
}

#[test]
fn a_run_in_which_all_is_skipped_is_no_pass() {
    let folder = Folder::with(&[("a_test.rego", "package a_test\n\ntodo_test_x if false\n")]);
    let ran = folder.run("test");
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.out.ends_with("0 passed, 0 failed, 1 skipped\n"), "{ran:?}");
}

#[test]
fn a_test_keeps_to_the_limits_of_rules() {
    let folder = Folder::with(&[(
        "a_test.rego",
        "package a_test\n\ntest_loop if {\n\tn := numbers.range(1, 3000)\n\tsome a in n\n\tsome b in n\n\ta + b < 0\n}\n\ntest_y if true\n",
    )]);
    let begun = Instant::now();
    let ran = folder.run("test");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.out.contains("ERROR  data.a_test.test_loop"), "{ran:?}");
    assert!(ran.out.contains("the test takes "), "{ran:?}");
    let body: String = (0..1_200).map(|n| format!("\t{n} == {n}\n")).collect();
    folder.write("a_test.rego", format!("package a_test\n\ntest_x if {{\n{body}}}\n"));
    let ran = folder.run("test");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("a body has 1200 statements; it may have 1000"), "{ran:?}");
}

#[test]
fn what_is_wrong_with_a_file_of_tests_is_shown_at_its_place() {
    for (text, said) in [
        ("package a_test\n\ntest_x if {\n\t1 ==\n}\n", "a_test.rego:5:1"),
        ("package a_test\n\ntest_x if http.send({}).body\n", "`http.send` is not offered to policies"),
        ("package a_test\n\ntest_x if count([1], 2, 3) == 1\n", "a_test.rego:3:"),
        ("package a_test\n\ntest_x if startwith(\"a\", \"b\")\n", "did you mean `startswith`?"),
        ("package a_test\n\nimport data.nowhere\n\ntest_x if nowhere.y\n", "`data.nowhere` is imported"),
        ("package a_test\n\ntest_x if test_y\n\ntest_y if test_x\n", "uses itself"),
    ] {
        let folder = Folder::with(&[("main.rego", MAIN), ("a_test.rego", text)]);
        let ran = folder.run("test");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {ran:?}");
        assert!(ran.err.contains(said), "{text}: {ran:?}");
    }
}

#[test]
fn nothing_to_run_is_no_pass() {
    let folder = house(&[("house/ticket.case.yaml", &case("a ticket passes", "c-1", "{findings: []}"))]);
    std::fs::create_dir(folder.path("none")).unwrap();
    folder.write("rego/lib_test.rego", "package lib_test\n\nx := 1\n");
    for (line, message) in [
        ("test none", "there is no case and no test in `none`"),
        ("test rego", "there is no case and no test in `rego`"),
        ("test house --filter nothing", "none of the 1 cases and tests matches `nothing`"),
    ] {
        let ran = folder.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (10, ""), "{line}: {ran:?}");
        assert!(ran.err.contains(message), "{line}: {ran:?}");
    }
    let ran = folder.run("test house rego");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("note: `rego/lib_test.rego` has no test"), "{ran:?}");
    assert_eq!(folder.run("test missing").code, 2);
    let whole = folder.command(&["test", "house", "--filter", ""]).output().unwrap();
    assert_eq!(Ran::of(&whole).code, 0);
}

#[test]
fn cases_and_tests_are_told_in_the_order_of_their_files_whatever_the_threads() {
    let folder = house(&[]);
    for n in 0..20 {
        folder.write(&format!("house/{n:02}.case.yaml"), case(&format!("case {n}"), "c-1", "{findings: []}"));
        folder.write(
            &format!("house/{n:02}_test.rego"),
            format!("package house.ticket_{n}_test\n\ntest_b if true\n\ntest_a if true\n"),
        );
    }
    let run = |threads: &str| {
        let out = folder.command(&["test", "house", "-o", "json"]).env("RAYON_NUM_THREADS", threads).output();
        statuses(&Ran::of(&out.unwrap()))
    };
    let (one, four) = (run("1"), run("4"));
    assert_eq!(one, four);
    assert_eq!(one.len(), 60);
    assert_eq!(one[0].0, "case 0");
    assert_eq!(one[1].0, "data.house.ticket_0_test.test_b");
    let some = folder.run("test house -o json --filter ticket_7_test");
    assert_eq!(statuses(&some).len(), 2);
}

#[test]
fn a_failing_case_says_what_was_expected_and_what_was_found() {
    let folder = house(&[(
        "house/ticket.case.yaml",
        &case("no ticket passes", "c-2", "{verdict: allow, contains: [{rule: house.ticket, effect: warn}]}"),
    )]);
    let ran = folder.run("test house");
    assert_eq!(ran.code, 10, "{ran:?}");
    insta::assert_snapshot!(said(&ran), @r#"
    house/ticket.case.yaml
      FAIL   no ticket passes
             - verdict: allow
             + verdict: deny
               deny house.ticket: there is no ticket
             ~ finding `house.ticket` is different:
                 - effect: "warn"
                 + effect: "deny"

    1 case of 1 rule in … s
    0 passed, 1 failed
    "#);
    assert!(!ran.out.contains('\u{1b}'));
    let coloured = folder.run("test house --color always");
    assert!(coloured.out.contains("\u{1b}[1;31m- verdict: allow\u{1b}[0m"), "{coloured:?}");
}

#[test]
fn every_format_goes_where_it_is_sent() {
    let folder = house(&[
        ("house/ticket.case.yaml", &case("a ticket passes", "c-1", "{findings: []}")),
        ("house/a_test.rego", "package a_test\n\ntest_x if 1 == 2\n"),
    ]);
    let ran = folder.run("test house -o text -o json=t.json -o junit=t.xml -o tap=t.tap -o github=t.txt");
    assert_eq!(ran.code, 10, "{ran:?}");
    let report: Value = serde_json::from_str(&folder.read("t.json")).unwrap();
    assert_eq!((&report["kind"], &report["apiVersion"]), (&"TestReport".into(), &"weighlock.dev/v1".into()));
    let failed = &report["cases"][0];
    assert_eq!(
        (&failed["kind"], &failed["line"], &failed["at"]["line"]),
        (&"test".into(), &3.into(), &3.into())
    );
    assert!(failed["milliseconds"].as_f64().unwrap() >= 0.0);
    let schema: Value = serde_json::from_str(&folder.run("schema test-report").out).unwrap();
    assert!(jsonschema::is_valid(&schema, &report));
    assert!(folder.read("t.xml").contains("<failure type=\"failure\" message=\"3 │ test_x if 1 == 2\">"));
    assert!(
        folder
            .read("t.tap")
            .starts_with("TAP version 14\n1..2\nnot ok 1 - house/a_test.rego: data.a_test.test_x\n")
    );
    assert!(
        folder.read("t.txt").starts_with("::error file=house/a_test.rego,line=3,col=11,"),
        "{}",
        folder.read("t.txt")
    );
    assert_eq!(folder.run("test house -o sarif").code, 2);
    assert_eq!(folder.run("test house -o tap -o json").code, 2);
}

#[test]
fn coverage_names_what_nothing_shows() {
    let cel = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: house.cel, title: T}\nspec:\n  applies: {kinds: [config]}\n  rules:\n    - {id: author, title: T, effect: deny, severity: low, expression: has(input.change.author), message: nobody}\n";
    let folder = house(&[("house/ticket.case.yaml", &case("a ticket passes", "c-1", "{findings: []}"))]);
    folder.write("house/author.yaml", cel);
    let shown = |line: &str| {
        let ran = folder.run(&format!("test house -o json {line}"));
        let report = report(&ran);
        (ran.code, report["coverage"]["shown"].as_u64(), report["coverage"]["of"].as_u64())
    };
    assert_eq!(shown(""), (0, None, None));
    // Two of each rule, and two of each of the two effects.
    assert_eq!(shown("--coverage"), (0, Some(3), Some(8)));
    let ran = folder.run("test house --threshold 100");
    assert_eq!(ran.code, 10, "{ran:?}");
    insta::assert_snapshot!(said(&ran), @r"
    rule                        speaks  silent
    house.cel.author            no      no
    house.ticket                no      yes
      deny house/ticket.rego:7  no      yes
      warn house/ticket.rego:9  no      yes

    coverage 37.5 % (3 of 8), too little: at least 100 %
      house.cel.author: nothing shows it at all
      house.ticket: nothing shows it speaking
      house.ticket `deny` at house/ticket.rego:7: nothing shows it speaking
      house.ticket `warn` at house/ticket.rego:9: nothing shows it speaking

    1 case of 1 rule in … s
    1 passed, 0 failed
    ");
    // Tests in Rego show effects too, and only those that pass.
    let test = |count: u32| {
        format!(
            "package house.ticket_test\n\nimport data.house.ticket\n\ntest_old if count(ticket.warn) == {count} with input.change.ticket as \"OLD-1\"\n\ntest_none if count(ticket.deny) == 1 with input.change as {{}}\n"
        )
    };
    folder.write("house/ticket_test.rego", test(2));
    assert_eq!(shown("--coverage"), (10, Some(5), Some(8)));
    folder.write("house/ticket_test.rego", test(1));
    assert_eq!(shown("--coverage"), (0, Some(6), Some(8)));
    assert_eq!(shown("--threshold 75").0, 0);
    assert_eq!(shown("--threshold 76").0, 10);
    for (change, expect) in
        [("c-1", "{contains: [{rule: house.cel.author}]}"), ("c-2", "{contains: [{rule: house.cel.author}]}")]
    {
        let text = case(change, change, expect).replace("[house.ticket]", "[house.cel.author]");
        folder.write(&format!("house/{change}.case.yaml"), text);
    }
    assert_eq!(shown("--coverage"), (0, Some(7), Some(8)));
    assert_eq!(folder.run("test house --threshold 101").code, 2);
}

#[test]
fn a_condition_that_nothing_misses_is_told() {
    let passes = case("a ticket passes", "c-1", "{verdict: allow}");
    let folder = house(&[("house/ticket.case.yaml", &passes)]);
    let ran = folder.run("test house --mutate");
    assert_eq!(ran.code, 10, "{ran:?}");
    insta::assert_snapshot!(said(&ran), @r#"
    1 case of 1 rule in … s
    1 passed, 0 failed

    house/ticket.rego
      LOST   9:38  house.ticket
             9 │ warn contains "the ticket is old" if startswith(input.change.ticket, "OLD-")
                                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             with `true` in its place: `house/ticket.case.yaml: a ticket passes` passes without it

    2 conditions taken out in … s
    1 caught, 1 survived
    help: add a case that only this condition decides, or take the condition away if it decides nothing
    "#);
    let ran = folder.run("test house --mutate -o json=t.json -o github -o junit=t.xml -o tap=t.tap");
    assert!(ran.out.contains("::error file=house/ticket.rego,line=9,col=38,title="), "{ran:?}");
    let report: Value = serde_json::from_str(&folder.read("t.json")).unwrap();
    let schema: Value = serde_json::from_str(&folder.run("schema test-report").out).unwrap();
    assert!(jsonschema::is_valid(&schema, &report));
    let mutation = &report["mutation"];
    assert_eq!((&mutation["caught"], &mutation["survived"]), (&1.into(), &1.into()));
    assert_eq!(mutation["survivors"][0]["tried"][0], "house/ticket.case.yaml: a ticket passes");
    assert!(folder.read("t.xml").contains("<testsuite name=\"mutation\" tests=\"1\" failures=\"1\""));
    assert!(folder.read("t.tap").contains("# nothing notices when `startswith("));
    // With a case for it, nothing is lost; `--filter` leaves what it does not name.
    folder.write("house/quiet.case.yaml", case("nothing is said", "c-1", "{findings: []}"));
    assert_eq!(folder.run("test house --mutate").code, 0);
    assert_eq!(folder.run("test house --mutate --filter house.ticket").code, 0);
    let ran = folder.run("test house --mutate --filter quiet");
    assert!(ran.code == 10 && ran.err.contains("no rule has a condition that can be taken out"), "{ran:?}");
    // Nothing is taken out of what does not pass.
    folder.write("house/wrong.case.yaml", case("wrong", "c-2", "{findings: []}"));
    let ran = folder.run("test house --mutate");
    assert!(ran.code == 10 && ran.err.contains("once every case and test passes"), "{ran:?}");
}

#[test]
fn a_condition_is_kept_with_a_reason_alone() {
    let folder = house(&[("house/ticket.case.yaml", &case("a ticket passes", "c-1", "{verdict: allow}"))]);
    let keep = |comment: &str| {
        folder.write(
            "house/ticket.rego",
            TICKET.replace("warn contains", &format!("{comment}\nwarn contains")),
        );
        folder.run("test house --mutate")
    };
    let ran = keep("# weighlock: keep because it is for the eye");
    assert!(ran.code == 0 && ran.out.ends_with("1 caught, 0 survived, 1 kept\n"), "{ran:?}");
    assert!(folder.run("test house --mutate -v").out.contains("kept because it is for the eye"));
    let ran = keep("# weighlock: keep");
    assert!(ran.code == 10 && ran.err.contains("[test.keep]: this does not say why"), "{ran:?}");
    folder.write(
        "house/ticket.rego",
        TICKET.replace("deny contains", "# weighlock: keep because x\ndeny contains"),
    );
    let ran = folder.run("test house --mutate");
    assert!(ran.code == 10 && ran.err.contains("[test.keep]: a case or a test notices"), "{ran:?}");
}

#[test]
fn without_cases_nothing_is_taken_out() {
    let folder = house(&[]);
    let ran = folder.run("test house --mutate");
    assert!(ran.code == 10 && ran.err.contains("there is no case and no test"), "{ran:?}");
    let folder = house(&[
        ("house/ticket.rego", "package house.ticket\n\ndeny contains \"never\"\n"),
        ("house/ticket.case.yaml", &case("it is denied", "c-1", "{verdict: deny}")),
    ]);
    let ran = folder.run("test house --mutate");
    assert!(ran.code == 10 && ran.err.contains("no rule has a condition"), "{ran:?}");
    assert_eq!(folder.run("test nowhere --mutate").code, 2);
}

#[test]
fn a_review_is_what_a_case_begins_from() {
    let folder = house(&[]);
    let now = "--now 2026-11-20T12:00:00Z";
    let ran =
        folder.run(&format!("review house/in.yaml --trust-input {now} --change c-1 -o house/c.review.json"));
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let printed = folder.run(&format!("review house/in.yaml --trust-input {now} --change c-1"));
    assert_eq!(printed.out, folder.read("house/c.review.json"));
    let text = case("the same", "c-1", "{findings: []}");
    let text =
        text.replace("input: in.yaml\nchange: c-1\nnow: 2026-11-20T12:00:00Z\n", "review: c.review.json\n");
    folder.write("house/same.case.yaml", &text);
    folder.write(
        "house/other.case.yaml",
        text.replace("findings: []", "verdict: deny")
            .replace("expect:", "patch: [{op: remove, path: /change/ticket}]\nexpect:"),
    );
    let ran = folder.run("test house");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    // It takes the place of nothing unless that is asked for.
    let again = format!("review house/in.yaml --trust-input {now} --change c-2 -o house/c.review.json");
    let ran = folder.run(&again);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`house/c.review.json` is there already"), "{ran:?}");
    assert_eq!(folder.run(&format!("{again} --force")).code, 0);
    assert!(folder.read("house/c.review.json").contains("\"id\": \"c-2\""));
    let ran = folder.run("review house/in.yaml --trust-input --change c-1 -o house/in.yaml --force");
    assert!(ran.code == 2 && ran.err.contains("which it is made from"), "{ran:?}");
}

#[test]
fn a_review_is_of_a_change_that_is_there() {
    let folder = house(&[]);
    let ran = folder.run("review house/in.yaml --trust-input --change c-11");
    assert!(ran.code == 2 && ran.err.contains("did you mean `c-1`?"), "{ran:?}");
    let ran = folder.run("review house/in.yaml --trust-input");
    assert!(ran.code == 2 && ran.err.contains("name it with `--change`: there are `c-1`, `c-2`"), "{ran:?}");
    folder.write("house/in.yaml", INPUT.replace("  - {id: c-2, kind: config, asset: a}\n", ""));
    let ran = folder.run("review house/in.yaml --trust-input");
    let review: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&review["kind"], &review["change"]["id"]), (&"Review".into(), &"c-1".into()));
}

#[test]
fn watching_runs_again_when_a_file_changes_or_comes() {
    let folder = house(&[("house/a_test.rego", "package a_test\n\ntest_x if 1 == 2\n")]);
    let mut child = folder
        .command(&["test", "house", "--watch"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut waiting = || {
        let watching =
            |line: &Result<String, _>| line.as_ref().is_ok_and(|line| line.starts_with("watching "));
        talk.by_ref().find(watching).unwrap().unwrap();
    };
    waiting();
    folder.write("house/a_test.rego", "package a_test\n\ntest_x if 1 == 1 # now\n");
    waiting();
    folder.write("house/b_test.rego", "package b_test\n\ntest_y if\n");
    waiting();
    folder.write("house/b_test.rego", "package b_test\n\ntest_y if 1 == 1\n");
    waiting();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let counts: Vec<&str> = out.lines().filter(|line| line.contains(" passed, ")).collect();
    assert_eq!(counts, ["0 passed, 1 failed", "1 passed, 0 failed", "2 passed, 0 failed"]);
}

#[test]
fn what_is_printed_is_shown_with_the_test_that_fails_and_changes_nothing() {
    let test = "package a_test\n\nimport data.a\n\ntest_big if {\n\tprint(\"before\", input.x)\n\ta.big with input as {\"n\": 3}\n}\n\ntest_small if {\n\tprint(to_number(\"no number\"), never, {\"k\": [1, \"t\"]})\n\ta.big with input as {\"n\": 30}\n}\n\nnever if false\n\ntest_all[n] if {\n\tsome n in [1, 2]\n\tprint(\"all\", n, [\"p\", \"q\"][_])\n\tn == 1\n}\n\ntest_fast if {\n\tprint([x | some x in numbers.range(1, 90000); some y in numbers.range(1, 90000); x * y == 7])\n\ttrue\n}\n";
    let folder = Folder::with(&[
        (
            "a.rego",
            "package a\n\nbig if {\n\tlater := input.n + 1\n\tprint(\"big\", input.n, later)\n\tlater > 10\n\tprint(\"last\", last)\n\tlast := later + 1\n}\n",
        ),
        ("a_test.rego", test),
    ]);
    let ran = folder.run("test . -o json");
    assert_eq!(ran.code, 10, "{ran:?}");
    let printed = |name: &str| {
        let report = report(&ran);
        let cases = report["cases"].as_array().unwrap().clone();
        let case = cases
            .into_iter()
            .find(|case| case["name"] == name)
            .unwrap_or_else(|| panic!("{name}: {report:#}"));
        (case["status"].clone(), case["printed"].clone())
    };
    assert_eq!(
        printed("data.a_test.test_big"),
        ("failed".into(), serde_json::json!(["before <undefined>", "big 3 4"]))
    );
    assert_eq!(
        printed("data.a_test.test_small"),
        (
            "passed".into(),
            serde_json::json!(["<undefined> <undefined> {\"k\": [1, \"t\"]}", "big 30 31", "last 32"])
        )
    );
    assert_eq!(
        printed("data.a_test.test_all[2]"),
        ("failed".into(), serde_json::json!(["all 1 p", "all 1 q", "all 2 p", "all 2 q"]))
    );
    assert_eq!(printed("data.a_test.test_all[1]").0, "passed");
    // What costs too much to print is not worked out.
    assert_eq!(printed("data.a_test.test_fast"), ("passed".into(), serde_json::json!(["<undefined>"])));
    let shown = folder.run("test .").out;
    assert!(shown.contains("printed:\n           before <undefined>\n           big 3 4\n"), "{shown}");
    assert!(!shown.contains("big 30 31"), "{shown}");
    let all = folder.run("test . --verbose").out;
    assert!(all.contains("big 30 31"), "{all}");
    for format in ["junit", "tap", "github"] {
        let out = folder.run(&format!("test . -o {format}")).out;
        assert!(out.contains("big 3 4") && !out.contains("big 30 31"), "{format}: {out}");
    }
    // Where nothing prints, nothing is shown.
    folder.write("a_test.rego", "package a_test\n\ntest_x if 1 == 2\n");
    assert!(!folder.run("test .").out.contains("printed"));
}

/// As in OPA 1.22, where only `t.test_u` and the cases for which `test_v` holds pass.
#[test]
fn a_test_whose_head_goes_on_behind_its_name_is_an_object_and_fails() {
    let folder = Folder::with(&[(
        "a_test.rego",
        "package a_test\n\ntest_x.a.b if true\n\ntest_z[\"n\"] if true\n\nt.test_u if true\n\ntest_v[x].k if {\n\tsome x in [\"p\", \"q\"]\n\tx == \"p\"\n}\n",
    )]);
    let ran = folder.run("test . -o json");
    let statuses = statuses(&ran);
    let expected = [
        ("data.a_test.test_x.a.b", "failed"),
        ("data.a_test.test_z.n", "failed"),
        ("data.a_test.t.test_u", "passed"),
        ("data.a_test.test_v[p / k]", "passed"),
        ("data.a_test.test_v[q / k]", "failed"),
    ];
    let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(statuses, expected, "{ran:?}");
    assert!(ran.out.contains("its head goes on behind the name"), "{ran:?}");
}

/// As for `opa test`: data beside policies are under the names of the folders between.
#[test]
fn data_beside_policies_are_read_under_their_folder() {
    let folder = Folder::with(&[
        ("pol/data.json", "{\"most\": 3, \"lib\": {\"x\": 1}}"),
        ("pol/lib/data.yaml", "kinds: [config]\n"),
        (
            "pol/a.rego",
            "package a\n\ndeny contains \"too many\" if {\n\tinput.change.kind in data.lib.kinds\n\tdata.lib.x == 1\n\tdata.most == 3\n}\n",
        ),
        (
            "pol/a_test.rego",
            "package a_test\n\ntest_deny if count(data.a.deny) == 1 with input as {\"change\": {\"kind\": \"config\"}}\n",
        ),
        ("in.yaml", INPUT),
    ]);
    let ran = folder.run("test pol");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = folder.run("evaluate in.yaml --trust-input -p pol");
    assert!(ran.code == 10 && ran.out.contains("too many"), "{ran:?}");
    let ran = folder.run("check -p pol");
    assert!(!ran.out.contains("data.unknown") && !ran.out.contains("data.json"), "{ran:?}");
    // What is there twice is refused, and so is what would stand for settings.
    let refuses = |name: &str, text: &str, said: &str| {
        folder.write(name, text);
        let ran = folder.run("evaluate in.yaml --trust-input -p pol");
        assert!(ran.code == 2 && ran.err.contains(said), "{said}: {ran:?}");
        std::fs::remove_file(folder.path(name)).unwrap();
    };
    refuses("pol/lib/data.json", "{\"x\": 2}", "gives `data.lib.x`, which is there already");
    refuses("pol/more/data.yml", "[1]", "is not a mapping");
    refuses("pol/settings/data.json", "{\"updates\": 1}", "settings are named with `settings:`");
}
