//! Writing a review canonically and hashing it.
//!
//! What was promised in microseconds was promised on the machine of the first probe, where the plain
//! interpreter took [`PROBE`] for the twelve rules. Turn by turn it is measured here too, so that
//! the promise is the same on a machine of another speed.

use std::hint::black_box;

use sha2::{Digest as _, Sha256};
use weighlock::model::canonical;

use regorus::Value;

use crate::measure::{TURNS, compare};
use crate::table::{Promise, Table};
use crate::{Options, material, review};

/// What the interpreter took for the twelve rules in the first probe, in microseconds.
const PROBE: f64 = 103.0;

pub(crate) fn run(options: &Options, table: &mut Table) {
    const PART: &str = "canonical JSON and SHA-256";
    let review = material::review();
    let bytes = canonical::to_vec(&review).unwrap();
    assert_eq!(bytes, serde_json_canonicalizer::to_vec(&review).unwrap(), "the two canonical forms differ");
    let mut engine = review::interpreter();
    let value = Value::from_json_str(std::str::from_utf8(&bytes).unwrap()).unwrap();
    let costs = compare(
        TURNS,
        options.seconds * 5.0,
        &mut [
            &mut || drop(black_box(canonical::to_vec(black_box(&review)).unwrap())),
            &mut || {
                black_box(Sha256::digest(black_box(&bytes)));
            },
            &mut || drop(black_box(serde_json_canonicalizer::to_vec(black_box(&review)).unwrap())),
            &mut || drop(black_box(serde_json::to_vec(black_box(&review)).unwrap())),
            &mut || drop(black_box(bytes.clone())),
            &mut || drop(black_box(review::interpret(&mut engine, value.clone()))),
        ],
    );
    let [ours, hash, other, plain, copy, interpreter] = costs.as_slice() else { unreachable!() };
    table.figure(PART, "size of the canonical form", bytes.len() as f64, "bytes");
    table.figure(PART, "the interpreter, with twelve rules", interpreter.micros(), "µs");
    table.figure(PART, "ours", ours.micros(), "µs");
    table.figure(PART, "SHA-256", hash.micros(), "µs");
    let both = (ours.ratio(interpreter) + hash.ratio(interpreter)) * PROBE;
    let note = "where the interpreter takes 103 µs";
    table.promise(
        PART,
        "ours and SHA-256, in the units of the probe",
        both,
        "µs",
        Promise::AtMost(10.0),
        note,
    );
    table.figure(PART, "SHA-256, throughput", bytes.len() as f64 / hash.nanos() * 1e3, "MB/s");
    table.figure(PART, "crate serde_json_canonicalizer", other.micros(), "µs");
    table.figure(PART, "serde_json, in the order it comes", plain.micros(), "µs");
    table.figure(PART, "the floor: copying the bytes", copy.micros(), "µs");
}
