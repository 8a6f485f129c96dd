//! Writing a review canonically and hashing it.

use std::hint::black_box;

use sha2::{Digest as _, Sha256};
use weighlock::model::canonical;

use crate::measure::{TURNS, compare};
use crate::table::{Promise, Table};
use crate::{Options, material};

pub(crate) fn run(options: &Options, table: &mut Table) {
    const PART: &str = "canonical JSON and SHA-256";
    let review = material::review();
    let bytes = canonical::to_vec(&review).unwrap();
    assert_eq!(bytes, serde_json_canonicalizer::to_vec(&review).unwrap(), "the two canonical forms differ");
    let costs = compare(
        TURNS,
        options.seconds * 4.0,
        &mut [
            &mut || drop(black_box(canonical::to_vec(black_box(&review)).unwrap())),
            &mut || {
                black_box(Sha256::digest(black_box(&bytes)));
            },
            &mut || drop(black_box(serde_json_canonicalizer::to_vec(black_box(&review)).unwrap())),
            &mut || drop(black_box(serde_json::to_vec(black_box(&review)).unwrap())),
            &mut || drop(black_box(bytes.clone())),
        ],
    );
    let [ours, hash, other, plain, copy] = costs.as_slice() else { unreachable!() };
    table.figure(PART, "size of the canonical form", bytes.len() as f64, "bytes");
    table.promise(PART, "ours", ours.micros(), "µs", Promise::AtMost(10.0), "");
    table.promise(PART, "SHA-256", hash.micros(), "µs", Promise::AtMost(10.0), "");
    table.figure(PART, "SHA-256, throughput", bytes.len() as f64 / hash.nanos() * 1e3, "MB/s");
    table.figure(PART, "crate serde_json_canonicalizer", other.micros(), "µs");
    table.figure(PART, "serde_json, in the order it comes", plain.micros(), "µs");
    table.figure(PART, "the floor: copying the bytes", copy.micros(), "µs");
}
