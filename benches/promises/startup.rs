//! The first command of the README, as a process of its own, with every policy that is built in.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Options;
use crate::measure::quantile;
use crate::table::{Promise, Table};

const RUNS: usize = 60;

fn times(arguments: &[&str], code: &[i32]) -> Vec<f64> {
    let mut times = Vec::new();
    for run in 0..RUNS + 5 {
        let started = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_weighlock"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let spent = started.elapsed().as_secs_f64() * 1e3;
        assert!(
            status.code().is_some_and(|found| code.contains(&found)),
            "{arguments:?} ended with {status}"
        );
        // The first few bring the file into memory.
        if run >= 5 {
            times.push(spent);
        }
    }
    times
}

pub(crate) fn run(_: &Options, table: &mut Table) {
    const PART: &str = "the first command, a process each time, wall";
    let nothing = times(&["--version"], &[0]);
    let first = times(&["evaluate", "--trust-input", "examples/quickstart"], &[0, 10, 11, 13]);
    table.figure(PART, "the floor: weighlock --version, median", quantile(&nothing, 0.5), "ms");
    let median = quantile(&first, 0.5);
    table.promise(PART, "evaluate examples/quickstart, median", median, "ms", Promise::AtMost(50.0), "");
    table.figure(PART, "evaluate examples/quickstart, 95 %", quantile(&first, 0.95), "ms");
    let check = times(&["check"], &[0]);
    let median = quantile(&check, 0.5);
    table.promise(PART, "check of the shipped policies, median", median, "ms", Promise::AtMost(200.0), "");
}
