use super::super::fixture::HOSTILE;
use super::super::junit::tests::well_formed;
use super::*;

fn case(name: &str, status: Status, difference: &str) -> TestCase {
    TestCase {
        file: "house/a_test.rego".to_owned(),
        line: Some(3),
        name: name.to_owned(),
        kind: if difference.is_empty() { CaseKind::Case } else { CaseKind::Test },
        rules: Vec::new(),
        status,
        passed: status == Status::Passed,
        error: status == Status::Error,
        difference: difference.to_owned(),
        at: (!difference.is_empty()).then(|| Location {
            file: "house/a_test.rego".to_owned(),
            line: 4,
            column: Some(2),
        }),
        printed: Vec::new(),
        milliseconds: 1.5,
    }
}

fn report() -> TestReport {
    TestReport {
        api_version: "weighlock.dev/v1".to_owned(),
        kind: "TestReport".to_owned(),
        passed: 1,
        failed: 3,
        errors: 1,
        skipped: 1,
        rules: 1,
        milliseconds: 12.0,
        cases: vec![
            case("passes", Status::Passed, ""),
            case("data.a.test_x", Status::Failed, "they are not equal\n- expected 1\n+ found    2\n"),
            case("# todo", Status::Skipped, ""),
            case("data.a.test_y", Status::Error, "it takes too long\n"),
            case(HOSTILE, Status::Failed, HOSTILE),
        ],
        coverage: Some(Coverage {
            shown: 2,
            of: 4,
            percent: 50.0,
            threshold: Some(90.0),
            enough: false,
            rules: vec![RuleCoverage {
                rule: "house.a".to_owned(),
                speaks: true,
                silent: true,
                effects: vec![EffectCoverage {
                    effect: Effect::Deny,
                    location: Location { file: HOSTILE.to_owned(), line: 7, column: None },
                    speaks: false,
                    silent: false,
                }],
            }],
        }),
        mutation: Some(Mutation {
            mutants: 2,
            caught: 1,
            survived: 1,
            kept: 0,
            invalid: 3,
            milliseconds: 4.0,
            survivors: vec![SurvivorLine {
                file: HOSTILE.to_owned(),
                line: 3,
                column: 9,
                text: format!("\tx && {HOSTILE}"),
                taken: HOSTILE.to_owned(),
                becomes: "true".to_owned(),
                rules: vec![HOSTILE.to_owned()],
                tried: vec![HOSTILE.to_owned()],
                kept: None,
            }],
        }),
        verbose: true,
    }
}

#[test]
fn no_format_holds_what_acts_and_each_ends_its_last_line() {
    for format in FORMATS {
        let text = format.render(&report(), &Style::default());
        assert!(text.ends_with('\n'), "{}", format.name);
        assert!(!text.contains(|c| super::super::clean::acts(c) && c != '\n'), "{}: {text}", format.name);
    }
}

#[test]
fn junit_is_well_formed_and_counts_what_it_holds() {
    let text = junit::render(&report(), &Style::default());
    well_formed(&text).unwrap();
    let head = text.lines().nth(1).unwrap();
    assert!(head.contains("tests=\"7\" failures=\"4\" errors=\"1\" skipped=\"1\""), "{head}");
    assert_eq!(text.matches("<testcase ").count(), 7);
    assert_eq!(text.matches("<failure ").count(), 4);
}

#[test]
fn tap_says_ok_of_nothing_that_failed() {
    let text = tap::render(&report(), &Style::default());
    insta::assert_snapshot!(text.lines().take(15).collect::<Vec<_>>().join("\n"), @r#"
    TAP version 14
    1..5
    ok 1 - house/a_test.rego: passes
    not ok 2 - house/a_test.rego: data.a.test_x
      ---
      severity: fail
      at: "house/a_test.rego:4:2"
      difference: |2
        they are not equal
        - expected 1
        + found    2
      ...
    ok 3 - house/a_test.rego: \# todo # SKIP
    not ok 4 - house/a_test.rego: data.a.test_y
      ---
    "#);
}

#[test]
fn annotations_stand_where_something_did_not_hold() {
    let text = github::render(&report(), &Style::default());
    assert!(text.contains("::error file=house/a_test.rego,line=4,col=2,title=failed%3A data.a.test_x::they are not equal%0A- expected 1"), "{text}");
    assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
    assert!(text.contains("title=coverage 50.0 %25 is too little"), "{text}");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let coloured = text::render(&report(), &Style { color: true, width: 100 });
    assert!(coloured.contains("\u{1b}[1;31m- expected 1\u{1b}[0m"), "{coloured}");
    assert!(!text::render(&report(), &Style::default()).contains('\u{1b}'));
}
