use super::*;
use crate::engine::{Cause, Failure, Output};
use crate::model::finding::{Effect, Location};
use crate::model::review::Review;
use crate::policy::{LoadOptions, load};
use serde_json::json;

#[path = "lost.rs"]
mod lost;

fn review() -> Review {
    serde_json::from_str(include_str!("../../../testdata/review.json")).unwrap()
}

fn bundle(files: &[(&str, &str)], data: serde_json::Value) -> Bundle {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    load(files, data, LoadOptions::default()).unwrap()
}

fn rules(bundle: &Bundle) -> Rules {
    on_deep_stack(|| compile(bundle, Limits::default()))
        .unwrap()
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Judges every rule of a bundle.
fn judge(bundle: &Bundle, review: &Review) -> Vec<Result<Vec<Output>, Failure>> {
    let rules = rules(bundle);
    let mut session = rules.session();
    session.load(review, crate::model::rule::View::Review).unwrap();
    (0..bundle.rules.len()).map(|rule| session.judge(rule).map(Option::unwrap_or_default)).collect()
}

fn one(text: &str) -> Result<Vec<Output>, Failure> {
    judge(&bundle(&[("p.rego", text)], json!({})), &review()).remove(0)
}

fn said(text: &str) -> Vec<(Effect, String, u32)> {
    let outputs = one(text).unwrap();
    outputs
        .into_iter()
        .map(|o| (o.effect, o.value.as_str().map_or(o.value.to_string(), str::to_owned), o.location.line))
        .collect()
}

#[test]
fn every_output_has_the_place_of_its_definition() {
    let found = said(
        "package a\n\ndeny contains \"one\" if input.kind == \"Review\"\n\nwarn contains \"w\" if count(deny) == 2\n\ndeny contains {\"msg\": \"two\", \"path\": \"/change\"} if {\n\tprint(\"hello\", input)\n\tinput.change.kind == \"promotion\"\n}\n\ndeny contains \"three\" if input.change.kind == \"image\"\n\noblige contains {\"kind\": \"canary\"}\n",
    );
    assert_eq!(
        found,
        [
            (Effect::Deny, "one".to_owned(), 3),
            (Effect::Deny, r#"{"msg":"two","path":"/change"}"#.to_owned(), 7),
            (Effect::Oblige, r#"{"kind":"canary"}"#.to_owned(), 14),
            (Effect::Warn, "w".to_owned(), 5),
        ]
    );
}

#[test]
fn conftest_names_are_effects() {
    let found = said(
        "package a\n\nviolation_x contains {\"msg\": \"v\"}\n\nwarn_y contains \"w\"\n\nhold contains \"h\" if false\n",
    );
    assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [Effect::Deny, Effect::Warn]);
}

#[test]
fn a_function_is_called_through_an_import() {
    let library = bundle(
        &[
            ("l.rego", "package lib.u\n\nf(x) := x + 1\n"),
            ("p.rego", "package a\n\nimport data.lib.u\n\ndeny contains \"x\" if u.f(1) == 2\n"),
        ],
        json!({}),
    );
    assert_eq!(judge(&library, &review())[0].as_ref().unwrap().len(), 1);
}

#[test]
fn the_clock_is_the_reviews() {
    let found = said("package a\n\ndeny contains sprintf(\"%d\", [time.now_ns()])\n");
    assert_eq!(found[0].1, review().context.now.as_nanosecond().to_string());
}

#[test]
fn reviews_do_not_see_each_other() {
    let text = "package a\n\nkind := input.change.kind\n\nslow := kind if true with input.x as 1\n\ndeny contains kind\n\nwarn contains sprintf(\"%v %d\", [slow, time.now_ns()])\n";
    let bundle = bundle(
        &[("p.rego", text), ("q.rego", "package b\n\nkind := input.change.kind\n\ndeny contains kind\n")],
        json!({}),
    );
    let mut other = review();
    other.change.kind = crate::model::input::ChangeKind::Chart;
    other.context.now = "2027-01-01T00:00:00Z".parse().unwrap();
    let rules = rules(&bundle);
    let mut session = rules.session();
    for review in [review(), other.clone(), review()] {
        session.load(&review, crate::model::rule::View::Review).unwrap();
        for rule in 0..2 {
            let fresh = judge(&bundle, &review).remove(rule).unwrap();
            assert_eq!(session.judge(rule).map(Option::unwrap_or_default).unwrap(), fresh);
            assert_eq!(fresh[0].value, json!(review.change.kind.as_str()));
        }
    }
}

#[test]
fn an_error_is_a_failure_wherever_it_stands() {
    let at = |line, column| Some(Location { file: "p.rego".to_owned(), line, column: Some(column) });
    for body in [
        "to_number(\"x\") == 1",
        "not to_number(\"x\") == 1",
        "count([1 | to_number(\"x\") == 1]) == 0",
        "f(1)",
        "1 / 0 == 1",
        "not 1 / 0 == 1",
    ] {
        let text = format!(
            "package a\n\ndeny contains \"one\" if {{\n\t{body}\n}}\n\nf(x) if to_number(\"x\") == x\n"
        );
        let failure = one(&text).expect_err(body);
        assert_eq!(failure.cause, Cause::Error, "{body}");
        assert_ne!(failure.location, at(3, 1), "{body}: {failure:?}");
        assert!(!failure.message.is_empty(), "{body}");
    }
    let conflict =
        one("package a\n\nx := 1 if input.kind\n\nx := 2 if input.change\n\ndeny contains \"x\" if x == 1\n");
    assert_eq!(conflict.unwrap_err().cause, Cause::Error);
}

#[test]
fn what_is_not_a_finding_is_a_failure() {
    for value in [
        "1",
        "{\"message\": \"x\"}",
        "{\"msg\": 1}",
        "[\"x\"]",
        "{\"msg\": \"x\", \"n\": 18014398509481984}",
        "{\"msg\": \"x\", \"o\": {1: 2}}",
    ] {
        let failure = one(&format!("package a\n\ndeny contains {value}\n")).expect_err(value);
        assert_eq!((failure.cause, failure.location.unwrap().line), (Cause::Error, 3), "{value}");
    }
    assert!(one("package a\n\naction contains \"x\"\n").is_err());
}

#[test]
fn data_and_settings_are_seen() {
    let bundle = bundle(
        &[(
            "p.rego",
            "package a\n\nimport data.settings.promotion\n\ndeny contains x if some x in promotion.paths\n",
        )],
        json!({"settings": {"promotion": {"paths": ["a", "b"]}}}),
    );
    assert_eq!(judge(&bundle, &review())[0].as_ref().unwrap().len(), 2);
}

/// A file that was forgotten is not a member that is absent: what nobody gives cannot be judged.
#[test]
fn data_that_nobody_gives_is_a_failure() {
    let found = |body: &str, data: serde_json::Value| {
        let lib = "package lib.words\n\ngone if false\n";
        let text = format!("package a\n\ndeny contains \"yes\" if {{\n\t{body}\n}}\n");
        judge(&bundle(&[("p.rego", &text), ("w.rego", lib)], data), &review()).remove(0)
    };
    for body in [
        "data.corp.registry == 1",
        "not data.corp.registry",
        "not data[\"corp\"]",
        "count([x | some x in data.corp.list]) == 0",
        "data.corp[_] == 1",
        "object.get(data.corp, \"registry\", 1) == 1",
        "data.corp.registry == 1 with data.firm as 1",
    ] {
        let failure = found(body, json!({"other": {}})).unwrap_err();
        let message = "there is no `data.corp`: give it with `--data`, or `data` in a case";
        assert_eq!((failure.cause, failure.message.as_str()), (Cause::Error, message), "{body}");
        assert_eq!(failure.location.map(|at| (at.file, at.line)), Some(("p.rego".to_owned(), 4)), "{body}");
    }
    for (body, data, holds) in [
        ("not data.corp.registry", json!({"corp": {}}), true),
        ("data.corp.registry == 1", json!({"corp": {"registry": 1}}), true),
        ("not data.corp.gone.deeper", json!({"corp": 1}), true),
        ("data.corp.registry == 1 with data.corp as {\"registry\": 1}", json!({}), true),
        ("data.corp.a == 1 with data.corp.a as 1", json!({}), true),
        ("not data.corp.b with data.corp.a as 1", json!({}), true),
        ("not data.settings.corp", json!({}), true),
        ("not data.lib.words.none", json!({}), true),
        ("not data.lib.none", json!({}), true),
    ] {
        assert_eq!(found(body, data).map(|found| !found.is_empty()), Ok(holds), "{body}");
    }
}

#[test]
fn errors_in_heads_have_their_place() {
    let text = "package a\n\ndeny contains {\n\t\"msg\": \"x\",\n\t\"n\": to_number(x),\n} if some x in [\"1\", \"y\"]\n";
    let at = one(text).unwrap_err().location.unwrap();
    assert_eq!((at.line, at.column), (5, Some(7)));
}

#[test]
fn limits_are_told_apart() {
    let endless = "package a\n\nn := numbers.range(1, 300)\n\ndeny contains \"x\" if count([1 | some a in n; some b in n; some c in n]) == 0\n";
    let bundle = bundle(&[("p.rego", endless)], json!({}));
    let stopped = |limits| {
        let rules = on_deep_stack(|| compile(&bundle, limits)).unwrap().unwrap();
        let mut session = rules.session();
        session.load(&review(), crate::model::rule::View::Review).unwrap();
        session.judge(0).map(Option::unwrap_or_default).unwrap_err()
    };
    // However slow or fast the machine, these run out first.
    let patient = Limits { millis: 600_000, ..Limits::default() };
    let endless = Limits { steps: u64::MAX, ..Limits::default() };
    let (steps, time) = (stopped(patient), stopped(endless));
    assert_eq!(steps.cause, Cause::Steps);
    assert_eq!(steps.message, "the rule takes more than 2000000 steps, the limit");
    assert_eq!(time.cause, Cause::Time);
    assert_eq!(time.message, "the rule takes longer than 500 ms, the limit");
    let large =
        one("package a\n\ndeny contains \"x\" if count(numbers.range(1, 100000000)) > 1\n").unwrap_err();
    assert_eq!(
        (large.cause, large.message.as_str()),
        (Cause::Memory, "`numbers.range` makes values of more than 64 MiB, the limit")
    );
}

/// Every policy of the corpus ends soon and in a refusal or a failure. In a process of its own: what it
/// takes at its peak is not to be that of other tests.
#[test]
fn hostile_policies_do_no_harm() {
    const ALONE: &str = "WEIGHLOCK_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        alone.args(["engine::rego::tests::hostile_policies_do_no_harm", "--exact", "--nocapture"]);
        let ran = alone.env(ALONE, "1").output().unwrap();
        let out = String::from_utf8_lossy(&ran.stdout);
        assert!(
            ran.status.success() && out.contains("1 passed"),
            "{out}{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        return;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/hostile/rego");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        seen += 1;
        // Of a few turns the shortest: a machine that is busy with other tests is no endless policy.
        let mut turns = (0..4).map(|_| {
            let started = std::time::Instant::now();
            (hostile(&name, &text), started.elapsed())
        });
        let soon = |took: &std::time::Duration| took.as_millis() < 1500;
        let (outcome, took) = turns.find(|(_, took)| soon(took)).unwrap_or_else(|| panic!("{name}"));
        println!("{name}: {outcome} in {took:?}; peak {} kB", peak());
        assert_ne!(outcome, "judged", "{name}");
        assert!(!outcome.contains("broke off"), "{name}: {outcome}");
    }
    assert!(seen >= 20);
    assert!(peak() < 500_000, "{} kB", peak());
}

/// What is long or many is gone through once, not once for each of its parts.
#[test]
fn functions_go_through_what_they_are_given_once() {
    // A machine that is busy with other tests is no long way.
    let patient = Limits { millis: 3_000, ..Limits::default() };
    for body in [
        "count(object.union_n([{sprintf(\"%d\", [i]): {\"a\": i}} | some i in numbers.range(1, 20000)])) == 20000",
        "count(union({{i} | some i in numbers.range(1, 20000)})) == 20000",
        "trim(zeros, concat(\"\", [spaces, \"0\"])) == \"\"",
        "trim_left(zeros, concat(\"\", [spaces, \"0\"])) == \"\"",
        "trim_right(zeros, concat(\"\", [spaces, \"0\"])) == \"\"",
        "indexof(zeros, concat(\"\", [half, \"1\"])) == -1",
        "count(indexof_n(zeros, half)) == 450001",
        "replace(zeros, concat(\"\", [half, \"1\"]), \"\") == zeros",
        "not object.subset([0 | some i in numbers.range(1, 8000)], array.concat([0 | some i in numbers.range(1, 4000)], [1]))",
    ] {
        let text = format!(
            "package a\n\nzeros := sprintf(\"%0900000d\", [0])\n\nhalf := sprintf(\"%0450000d\", [0])\n\n\
             spaces := sprintf(\"%450000s\", [\"\"])\n\ndeny contains \"x\" if {{\n\t{body}\n}}\n"
        );
        let bundle = bundle(&[("p.rego", &text)], json!({}));
        let rules = on_deep_stack(|| compile(&bundle, patient)).unwrap().unwrap();
        let mut session = rules.session();
        session.load(&review(), crate::model::rule::View::Review).unwrap();
        assert_eq!(session.judge(0).map(|found| found.map(|said| said.len())), Ok(Some(1)), "{body}");
    }
}

fn hostile(name: &str, text: &str) -> String {
    let loaded = load(vec![(name.to_owned(), text.to_owned())], json!({}), LoadOptions::default());
    let bundle = match loaded {
        Ok(bundle) => bundle,
        Err(problems) => return format!("refused: {}", problems[0]),
    };
    let rules = match on_deep_stack(|| compile(&bundle, Limits::default())).unwrap() {
        Ok(rules) => rules,
        Err(problems) => return format!("refused by the compiler: {}", problems[0]),
    };
    let mut session = rules.session();
    session.load(&review(), crate::model::rule::View::Review).unwrap();
    match session.judge(0).map(Option::unwrap_or_default) {
        Ok(_) => "judged".to_owned(),
        Err(failure) => format!("{:?}: {}", failure.cause, failure.message),
    }
}

/// The most memory that this process has had, in kilobytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

#[test]
fn a_name_without_a_value_is_refused() {
    let load =
        |text: &str| load(vec![("p.rego".to_owned(), text.to_owned())], json!({}), LoadOptions::default());
    for body in ["count(findngs) > 0", "x := missing", "not y"] {
        let problems =
            load(&format!("package a\n\nfindings := []\n\ndeny contains \"x\" if {body}\n")).unwrap_err();
        assert!(problems[0].message.ends_with("has no value"), "{}", problems[0]);
    }
    assert!(load("package a\n\ndeny contains x if input.kind\n").is_err());
    for body in [
        "input.list[i] == i",
        "[x, y] = input.pair\n\tx == y",
        "walk(input, [p, v])\n\tp == v",
        "some i\n\tinput.l[i]",
        "every k, v in input { k == v }",
    ] {
        assert!(load(&format!("package a\n\ndeny contains \"x\" if {{\n\t{body}\n}}\n")).is_ok(), "{body}");
    }
}

/// What is allowed to nest fits the smallest stack that an evaluation may have.
#[test]
fn the_deepest_chains_fit_the_stack() {
    type Shape = fn(usize) -> String;
    let shapes: [Shape; 4] = [
        |i| format!("r{i} := r{}\n\n", i + 1),
        |i| {
            format!(
                "r{i} := x if {{\n\tnot input.absent\n\tx := [y | some z in [1]; y := count({{r{} | z == 1}})][0]\n}}\n\n",
                i + 1
            )
        },
        |i| format!("r{i} := {{\"a\": [[[[[[r{}]]]]]]}}\n\n", i + 1),
        |i| {
            format!(
                "r{i} if {{\n\tevery x in [1] {{\n\t\tevery y in [x] {{\n\t\t\tr{}\n\t\t}}\n\t}}\n}}\n\n",
                i + 1
            )
        },
    ];
    for (number, shape) in shapes.into_iter().enumerate() {
        let text = |length: usize| {
            let chain: String = (0..length).map(shape).collect();
            format!("package a\n\n{chain}r{length} := 1\n\ndeny contains \"x\" if r0\n")
        };
        let load =
            |length| load(vec![("p.rego".to_owned(), text(length))], json!({}), LoadOptions::default());
        let (mut longest, mut refused) = (1, 200);
        while refused - longest > 1 {
            let middle = (longest + refused) / 2;
            *if load(middle).is_ok() { &mut longest } else { &mut refused } = middle;
        }
        assert!((10..190).contains(&longest), "shape {number}: {longest}");
        let bundle = load(longest).unwrap();
        {
            let rules = rules(&bundle);
            let outcome = std::thread::scope(|scope| {
                let run = || {
                    let mut session = rules.session();
                    session.load(&review(), crate::model::rule::View::Review).unwrap();
                    session.judge(0).map(Option::unwrap_or_default).map(|found| found.len())
                };
                std::thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(scope, run)
                    .unwrap()
                    .join()
                    .unwrap()
            });
            println!("shape {number}: {longest} rules: {outcome:?}");
            assert_eq!(outcome, Ok(1), "shape {number}");
        }
    }
}

/// The deepest value that a patch makes fits the smallest stack, whatever is done with it.
#[test]
fn the_deepest_values_fit_the_stack() {
    for body in [
        "count(json.marshal(deep)) > 0",
        "count(json.unmarshal(json.marshal(deep))) > 0",
        "count(json.marshal_with_options(deep, {\"pretty\": true})) > 0",
        "count(yaml.marshal(deep)) > 0",
        "count(sprintf(\"%v\", [deep])) > 0",
        "count({deep, other}) == 2",
        "deep != other",
        "{deep: 1}[deep] == 1",
        "deep in [other, deep]",
        "count(sort([other, deep])) == 2",
        "max([other, deep]) != min([other, deep])",
        "not object.subset(deep, other)",
        "count(object.union(deep, other)) == 1",
        "count(object.union_n([deep, other, deep])) == 1",
        "count(union({{deep}, {other}})) == 2",
        "count(json.filter(deep, [path])) == 1",
        "count(json.remove(deep, [path])) == 1",
        "count(json.patch(deep, [{\"op\": \"add\", \"path\": path, \"value\": 2}])) == 1",
        "count([p | walk(deep, [p, _])]) > 250",
        "count(object.get(deep, path, {})) >= 0",
        "count(graph.reachable({deep: [other]}, [deep])) == 1",
    ] {
        let text = format!(
            "package a\n\nmove := [\n\t{{\"op\": \"add\", \"path\": \"/b\", \"value\": {{}}}},\n\t\
             {{\"op\": \"move\", \"from\": \"/a\", \"path\": \"/b/a\"}},\n\t\
             {{\"op\": \"move\", \"from\": \"/b\", \"path\": \"/a\"}},\n]\n\n\
             path := [\"a\" | some i in numbers.range(1, 250)]\n\n\
             ops := [op | some i in numbers.range(1, 250); some op in move]\n\n\
             deep := json.patch({{\"a\": {{}}}}, ops)\n\nother := json.patch({{\"a\": {{\"x\": 1}}}}, ops)\n\n\
             deny contains \"x\" if {{\n\t{body}\n}}\n"
        );
        let bundle = bundle(&[("p.rego", &text)], json!({}));
        let said = std::thread::scope(|scope| {
            let run = || judge(&bundle, &review()).remove(0).map(|found| found.len());
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).unwrap().join().unwrap()
        });
        // What nests as deep is no JSON to the reader.
        let fits = match &said {
            Ok(found) => *found == 1,
            Err(failure) => failure.message == "a text is not JSON that is understood",
        };
        assert!(fits, "{body}: {said:?}");
    }
}

/// Loops within one another end before the stack does.
#[test]
fn loops_within_loops_are_bounded() {
    let text = |loops: usize| {
        let lines: String = (0..loops).map(|i| format!("\tsome x{i} in [1]\n")).collect();
        format!("package a\n\ndeny contains \"x\" if {{\n{lines}}}\n")
    };
    let withs: String = (0..900).map(|i| format!("\tinput.x == {i} with input.x as {i}\n")).collect();
    let withs = format!("package a\n\ndeny contains \"x\" if {{\n{withs}}}\n");
    let loops: String = (0..8).map(|i| format!("\tsome x{i} in [1]\n")).collect();
    let deep: String = (0..40).map(|i| format!("r{i} if {{\n{loops}\tr{}\n}}\n\n", i + 1)).collect();
    let deep = format!("package a\n\n{deep}r40 if true\n\ndeny contains \"x\" if r0\n");
    for (text, holds) in [(text(200), true), (text(1000), false), (withs, false), (deep, false)] {
        let bundle = bundle(&[("p.rego", &text)], json!({}));
        let said = std::thread::scope(|scope| {
            let run = || judge(&bundle, &review()).remove(0);
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).unwrap().join().unwrap()
        });
        match said {
            Ok(found) => assert!(holds && found.len() == 1),
            Err(failure) => {
                assert!(!holds && failure.message.contains("256 loops within one another"), "{failure:?}");
            }
        }
    }
}

/// As much as a thread has by default.
const STACK: usize = 2 << 20;
