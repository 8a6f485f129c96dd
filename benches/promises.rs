//! Measures what Weighlock promises about speed and memory, against baselines of the same run.
//!
//! `cargo bench --bench promises` prints every figure and whether the promise holds; with
//! `-- --check` it fails where one does not. `-- --only fleet` measures one part, `-- --seconds 3`
//! takes longer over each figure. Peers that this machine cannot build are skipped, said and counted.
//!
//! Times are CPU time (user and system, all threads) unless a figure is called wall: the baselines are
//! measured turn by turn with what they are compared with, and a ratio is the median of the ratios of
//! all turns, so that whatever else runs on the machine weighs on both alike.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a benchmark that cannot go on shall say so and stop"
)]

#[path = "promises/canonical.rs"]
mod canonical;
#[path = "promises/cases.rs"]
mod cases;
#[path = "promises/cel.rs"]
mod cel;
#[path = "promises/fleet.rs"]
mod fleet;
#[path = "promises/large.rs"]
mod large;
#[path = "promises/material.rs"]
mod material;
#[path = "promises/measure.rs"]
mod measure;
#[path = "promises/peers.rs"]
mod peers;
#[path = "promises/review.rs"]
mod review;
#[path = "promises/startup.rs"]
mod startup;
#[path = "promises/table.rs"]
mod table;

use std::process::ExitCode;

use table::Table;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A part of the measurements: its name, and what it does.
type Part = (&'static str, fn(&Options, &mut Table));

const PARTS: &[Part] = &[
    ("review", review::run),
    ("canonical", canonical::run),
    ("cel", cel::run),
    ("fleet", fleet::run),
    ("startup", startup::run),
    ("large", large::run),
    ("cases", cases::run),
];

/// How the measurements are taken.
struct Options {
    /// Seconds that each figure may take.
    seconds: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    if let Some(job) = value("--child") {
        measure::child(job, value("--workloads").map_or(5_000, |n| n.parse().expect("a number")));
        return ExitCode::SUCCESS;
    }
    if !has("--bench") {
        println!("nothing is measured here but by `cargo bench`");
        return ExitCode::SUCCESS;
    }
    let options = Options { seconds: value("--seconds").map_or(1.0, |n| n.parse().expect("a number")) };
    let only = value("--only");
    if only.is_some_and(|only| !PARTS.iter().any(|(name, _)| *name == only)) {
        eprintln!("there is no part `{}`", only.unwrap_or_default());
        return ExitCode::from(2);
    }
    let mut table = Table::default();
    for (name, part) in PARTS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        eprintln!("measuring {name} …");
        part(&options, &mut table);
    }
    println!("{table}");
    if has("--check") && table.broken() > 0 { ExitCode::from(10) } else { ExitCode::SUCCESS }
}
