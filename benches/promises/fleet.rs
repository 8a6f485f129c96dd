//! The main job over a whole fleet: the bytes of one input document in, decisions out.

use std::hint::black_box;

use regorus::Value;
use weighlock::decide::{Judge, assemble};
use weighlock::model::decision::Decision;
use weighlock::model::review::Review;

use crate::measure::{again, compare, quantile};
use crate::table::{Promise, Table};
use crate::{Options, material, review};

/// How many turns a comparison takes here, where a job takes a second.
const TURNS: u32 = 7;

/// The main job.
pub(crate) fn job(judge: &Judge, text: String) -> Vec<Decision> {
    let options = material::options();
    let merged = material::merged(text);
    let roles = &options.governance.roles;
    let assembly = assemble::Assembly::new(&merged, options.now, &options.thresholds, roles);
    judge.decide(&assembly, &options, &|| {})
}

pub(crate) fn run(options: &Options, table: &mut Table) {
    const PART: &str = "a fleet of 5,000 workloads";
    let text = material::fleet(5_000);
    let judge = material::judge();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (one, two) = (pool(1), pool(2));

    let (_, reviews) = material::reviews(text.clone());
    let texts: Vec<String> = reviews.iter().map(|review| serde_json::to_string(review).unwrap()).collect();
    let mut engine = review::interpreter();
    let mut interpreted = || {
        let mut size = 0;
        for text in &texts {
            let input = Value::from_json_str(text).unwrap();
            let results = review::interpret(&mut engine, input);
            size += results.iter().map(|result| result.to_json_str().unwrap().len()).sum::<usize>();
        }
        size
    };

    table.figure(PART, "size of the document", text.len() as f64 / 1e6, "MB");
    let total: usize = texts.iter().map(String::len).sum();
    table.figure(PART, "size of its reviews", total as f64 / 1e6, "MB");
    let costs = compare(
        TURNS,
        options.seconds * 8.0,
        &mut [
            &mut || {
                black_box(interpreted());
            },
            &mut || one.install(|| drop(black_box(job(&judge, text.clone())))),
        ],
    );
    let [plain, ours] = costs.as_slice() else { unreachable!() };
    table.figure(PART, "interpreter: reviews to JSON", plain.millis(), "ms");
    table.figure(PART, "ours: bytes to decisions, one thread", ours.millis(), "ms");
    table.promise(PART, "ours / interpreter", ours.ratio(plain), "", Promise::AtMost(0.7), "one thread each");
    steps(options, table, PART, &judge, &text, &reviews);

    // Of two threads only the wall can tell, and of the wall only its best turn: whatever else runs on
    // the machine takes from the second thread first.
    let (mut walls, turns) = ((Vec::new(), Vec::new()), 9);
    for _ in 0..turns {
        for (pool, walls) in [(&one, &mut walls.0), (&two, &mut walls.1)] {
            let text = text.clone();
            let started = std::time::Instant::now();
            pool.install(|| drop(black_box(job(&judge, text))));
            walls.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    let (wall_1, wall_2) = (quantile(&walls.0, 0.0), quantile(&walls.1, 0.0));
    table.figure(PART, "one thread, wall", wall_1, "ms");
    table.figure(PART, "two threads, wall", wall_2, "ms");
    table.promise(
        PART,
        "one thread / two threads, wall",
        wall_1 / wall_2,
        "",
        Promise::AtLeast(1.6),
        "best of 9 turns",
    );

    let mut each = Vec::new();
    for workloads in [5_000, 20_000, 50_000] {
        let text = material::fleet(workloads);
        let costs = compare(
            3,
            options.seconds,
            &mut [&mut || one.install(|| drop(black_box(job(&judge, text.clone()))))],
        );
        let nanos = costs[0].nanos() / workloads as f64;
        table.figure(PART, format!("each of {workloads} workloads"), nanos / 1e3, "µs");
        each.push(nanos);
    }
    let growth = each[2] / each[0];
    table.promise(PART, "each of 50,000 / each of 5,000", growth, "", Promise::AtMost(1.25), "linear");

    for (workloads, promise) in [(5_000, Promise::AtMost(150.0)), (50_000, Promise::Nothing)] {
        let said = again("memory", workloads);
        let peak: f64 = said.split_whitespace().nth(1).unwrap().parse().unwrap();
        table.promise(
            PART,
            format!("peak memory, {workloads} workloads"),
            peak,
            "MB",
            promise,
            "two threads",
        );
    }
}

/// Where the time goes.
fn steps(
    options: &Options,
    table: &mut Table,
    part: &'static str,
    judge: &Judge,
    text: &str,
    reviews: &[Review],
) {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let decision_options = material::options();
    let merged = material::merged(text.to_owned());
    let roles = &decision_options.governance.roles;
    let costs = compare(
        TURNS,
        options.seconds * 4.0,
        &mut [
            &mut || drop(black_box(material::merged(text.to_owned()))),
            &mut || {
                one.install(|| {
                    let thresholds = &decision_options.thresholds;
                    drop(black_box(assemble::assemble(&merged, decision_options.now, thresholds, roles)));
                });
            },
            &mut || one.install(|| drop(black_box(judge.decide(reviews, &decision_options, &|| {})))),
        ],
    );
    for (name, cost) in
        ["  reading and merging", "  assembling reviews", "  judging and deciding"].iter().zip(&costs)
    {
        table.figure(part, *name, cost.millis(), "ms");
    }
}
