//! Twelve rules over one review of about four kilobytes.

use std::hint::black_box;

use regorus::Value;
use weighlock::decide::Judge;
use weighlock::engine::rego::Rego;
use weighlock::engine::{Compiled, Engine as _, Limits};
use weighlock::model::decision::Decision;
use weighlock::model::review::Review;
use weighlock::model::rule::View;

use crate::measure::{TURNS, compare};
use crate::table::{Promise, Table};
use crate::{Options, material, peers};

/// The plain interpreter with the twelve rules and nothing else.
pub(crate) fn interpreter() -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    engine.set_strict_builtin_errors(true);
    for (name, _, text) in material::RULES {
        engine.add_policy((*name).to_owned(), (*text).to_owned()).unwrap();
    }
    // What is prepared at the first evaluation shall not count.
    interpret(&mut engine, Value::from_json_str(&text(&material::review())).unwrap());
    engine
}

/// Asks the interpreter for the twelve rules.
pub(crate) fn interpret(engine: &mut regorus::Engine, input: Value) -> Vec<Value> {
    engine.set_input(input);
    material::RULES.iter().map(|(_, entry, _)| engine.eval_rule((*entry).to_owned()).unwrap()).collect()
}

fn text(review: &Review) -> String {
    serde_json::to_string(review).unwrap()
}

fn compiled() -> Box<dyn Compiled> {
    Rego.compile(&material::rego(), Limits::default()).unwrap()
}

/// From the bytes of a review to those of its decision.
fn decide(judge: &Judge, options: &weighlock::decide::Options, bytes: &[u8]) -> Vec<u8> {
    let review: Review = serde_json::from_slice(bytes).unwrap();
    let decision: Decision = judge.decide_one(&review, options, &[]);
    serde_json::to_vec(&decision).unwrap()
}

fn members(value: &Value) -> usize {
    value.as_set().unwrap().len()
}

pub(crate) fn run(options: &Options, table: &mut Table) {
    const PART: &str = "twelve rules over one review";
    let review = material::review();
    let text = text(&review);
    let value = Value::from_json_str(&text).unwrap();
    let mut engine = interpreter();
    let compiled = compiled();
    let mut session = compiled.session();
    let judge = material::judge();
    let decision_options = material::options();

    // Both must say the same, or nothing is compared.
    let wanted: usize = interpret(&mut engine, value.clone()).iter().map(members).sum();
    session.load(&review, View::Review).unwrap();
    let said: usize = (0..material::RULES.len())
        .map(|rule| session.judge(rule).unwrap().map_or(0, |said| said.len()))
        .sum();
    assert_eq!(said, wanted, "the two evaluations differ");
    let decision = judge.decide_one(&review, &decision_options, &[]);
    assert_eq!(decision.findings.len(), wanted, "{:?}", decision.findings);

    let mut engine_2 = engine.clone();
    let mut session_2 = compiled.session();
    session_2.load(&review, View::Review).unwrap();
    let rules = material::RULES.len();
    let costs = compare(
        TURNS,
        options.seconds * 6.0,
        &mut [
            &mut || drop(black_box(interpret(&mut engine, value.clone()))),
            &mut || {
                session.load(black_box(&review), View::Review).unwrap();
                (0..rules).for_each(|rule| drop(black_box(session.judge(rule).unwrap())));
            },
            &mut || (0..rules).for_each(|rule| drop(black_box(session_2.judge(rule).unwrap()))),
            &mut || {
                let input = Value::from_json_str(black_box(&text)).unwrap();
                let results = interpret(&mut engine_2, input);
                results.iter().for_each(|result| drop(black_box(result.to_json_str().unwrap())));
            },
            &mut || drop(black_box(decide(&judge, &decision_options, black_box(text.as_bytes())))),
            &mut || drop(black_box(serde_json::from_slice::<Review>(black_box(text.as_bytes())).unwrap())),
        ],
    );
    let [plain, ours, judged, plain_bytes, ours_bytes, parsed] = costs.as_slice() else { unreachable!() };
    table.figure(PART, "size of the review", text.len() as f64, "bytes");
    table.figure(PART, "findings", wanted as f64, "");
    table.figure(PART, "interpreter: set_input, eval_rule", plain.micros(), "µs");
    table.figure(PART, "ours: load, judge", ours.micros(), "µs");
    table.figure(PART, "  of which judge", judged.micros(), "µs");
    let note = "of the interpreter";
    table.promise(PART, "ours / interpreter", ours.ratio(plain), "", Promise::AtMost(0.5), note);
    table.figure(PART, "interpreter: bytes to JSON", plain_bytes.micros(), "µs");
    table.figure(PART, "ours: bytes to decision, with digests", ours_bytes.micros(), "µs");
    table.figure(PART, "  of which reading the review", parsed.micros(), "µs");
    let ratio = ours_bytes.ratio(plain_bytes);
    table.promise(PART, "ours / interpreter, bytes to bytes", ratio, "", Promise::AtMost(1.0), note);
    match peers::opa(&text, options.seconds) {
        Ok(opa) => {
            assert_eq!(opa["findings"].as_u64().unwrap() as usize, wanted, "OPA says something else");
            table.figure(PART, "OPA in process: evaluation", opa["evaluation"].as_f64().unwrap() / 1e3, "µs");
            table.figure(PART, "OPA in process: bytes to JSON", opa["whole"].as_f64().unwrap() / 1e3, "µs");
        }
        Err(why) => table.skip(format!("OPA in process: {why}")),
    }
}

/// One of the small jobs, many times: what a profiler is pointed at.
pub(crate) fn repeat(job: &str, times: usize) {
    let review = material::review();
    let text = text(&review);
    let rules = material::RULES.len();
    let compiled = compiled();
    let mut session = compiled.session();
    match job {
        "load-and-judge" => (0..times).for_each(|_| {
            session.load(&review, View::Review).unwrap();
            (0..rules).for_each(|rule| drop(black_box(session.judge(rule).unwrap())));
        }),
        "judge" => {
            session.load(&review, View::Review).unwrap();
            (0..times)
                .for_each(|_| (0..rules).for_each(|rule| drop(black_box(session.judge(rule).unwrap()))));
        }
        "decide" => {
            let judge = material::judge();
            let options = material::options();
            (0..times).for_each(|_| drop(black_box(decide(&judge, &options, text.as_bytes()))));
        }
        "interpret" => {
            let mut engine = interpreter();
            let value = Value::from_json_str(&text).unwrap();
            (0..times).for_each(|_| drop(black_box(interpret(&mut engine, value.clone()))));
        }
        _ => (0..times).for_each(|_| drop(black_box(weighlock::model::canonical::digest(&review).unwrap()))),
    }
}
