//! The same in CEL: our engine with its limits, the crate without, and cel-go.

use std::hint::black_box;
use std::sync::Arc;

use ::cel::{Context, Env, Program, Value};
use weighlock::engine::cel::Cel;
use weighlock::engine::{Engine as _, Limits};
use weighlock::model::rule::View;

use crate::measure::{TURNS, compare};
use crate::table::Table;
use crate::{Options, material, peers};

pub(crate) fn run(options: &Options, table: &mut Table) {
    const PART: &str = "twelve expressions in CEL over one review";
    let review = material::review();
    let text = serde_json::to_string(&review).unwrap();
    let bundle = material::cel();
    let compiled = Cel.compile(&bundle, Limits::default()).unwrap();
    let mut session = compiled.session();
    let rules = bundle.rules.len();

    let env = Arc::new(Env::stdlib());
    let programs: Vec<Program> =
        material::EXPRESSIONS.iter().map(|expression| env.compile(expression).unwrap()).collect();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let context = || {
        let mut context = Context::with_env(Arc::clone(&env));
        context.add_variable("input", &json).unwrap();
        context
    };
    let alone = |context: &Context<'_, '_>| {
        let held = |program: &&Program| program.execute(context).unwrap() == Value::Bool(true);
        programs.iter().filter(held).count()
    };

    // All must say the same, or nothing is compared.
    let held = alone(&context());
    session.load(&review, View::Review).unwrap();
    let ours =
        (0..rules).filter(|rule| session.judge(*rule).unwrap().is_some_and(|said| said.is_empty())).count();
    assert_eq!(ours, held, "our CEL says something else than the crate alone");

    let loaded = context();
    let mut session_2 = compiled.session();
    session_2.load(&review, View::Review).unwrap();
    let costs = compare(
        TURNS,
        options.seconds * 4.0,
        &mut [
            &mut || {
                session.load(black_box(&review), View::Review).unwrap();
                (0..rules).for_each(|rule| drop(black_box(session.judge(rule).unwrap())));
            },
            &mut || (0..rules).for_each(|rule| drop(black_box(session_2.judge(rule).unwrap()))),
            &mut || {
                black_box(alone(&context()));
            },
            &mut || {
                black_box(alone(&loaded));
            },
        ],
    );
    let [ours, judged, whole, evaluated] = costs.as_slice() else { unreachable!() };
    table.figure(PART, "ours: load, judge", ours.micros(), "µs");
    table.figure(PART, "  of which judge", judged.micros(), "µs");
    table.figure(PART, "crate cel: add_variable, execute", whole.micros(), "µs");
    table.figure(PART, "  of which execute", evaluated.micros(), "µs");
    table.figure(PART, "ours / crate cel", ours.ratio(whole), "");
    match peers::cel_go(&text, options.seconds) {
        Ok(peer) => {
            assert_eq!(peer["held"].as_u64().unwrap() as usize, held, "cel-go says something else");
            table.figure(PART, "cel-go: evaluation", peer["evaluation"].as_f64().unwrap() / 1e3, "µs");
            table.figure(PART, "cel-go: with decoding the JSON", peer["whole"].as_f64().unwrap() / 1e3, "µs");
        }
        Err(why) => table.skip(format!("cel-go: {why}")),
    }
}
