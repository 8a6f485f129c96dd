//! A document of 200 MB: read within bounds, or refused with the limit named.

use std::path::Path;
use std::process::Command;

use crate::measure::{Watched, watch};
use crate::table::{Promise, Table};
use crate::{Options, material};

const SIZE: usize = 200_000_000;

pub(crate) fn run(_: &Options, table: &mut Table) {
    const PART: &str = "a document of 200 MB, wall";
    let directory = std::env::temp_dir().join(format!("weighlock-large-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    // One change and much that is known: what has to be read whatever becomes of it.
    facts(&directory.join("facts.json"));
    one(PART, "evidence", &directory.join("facts.json"), table);
    // As many workloads and changes as fit.
    let each = material::fleet(10_000).len() / 10_000;
    std::fs::write(directory.join("fleet.json"), material::fleet(SIZE / each)).unwrap();
    one(PART, "workloads", &directory.join("fleet.json"), table);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn one(part: &'static str, what: &str, file: &Path, table: &mut Table) {
    let size = std::fs::metadata(file).unwrap().len();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weighlock"));
    command
        .args(["evaluate", "--trust-input", "-o", "json"])
        .arg(file)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let Watched { code, seconds, megabytes, errors } = watch(&mut command, &file.with_extension("log"));
    let note = match code {
        Some(2) => errors.lines().find(|line| !line.trim().is_empty()).unwrap_or("refused").trim().to_owned(),
        Some(code) => format!("read; exit code {code}"),
        None => "ended by a signal".to_owned(),
    };
    assert!(
        code != Some(2) || errors.contains("at most") || errors.contains("more than"),
        "refused for another reason: {errors}"
    );
    table.figure(part, format!("{what}: size"), size as f64 / 1e6, "MB");
    table.promise(part, format!("{what}: time"), seconds, "s", Promise::AtMost(10.0), note);
    table.promise(part, format!("{what}: peak memory"), megabytes, "MB", Promise::AtMost(2_000.0), "");
}

/// One change among 200 MB of scans.
fn facts(file: &Path) {
    use std::io::Write as _;
    let small = material::fleet(40);
    let at = small.find(r#""scans":["#).unwrap() + r#""scans":["#.len();
    let (before, after) = small.split_at(at);
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    out.write_all(before.as_bytes()).unwrap();
    let mut size = small.len();
    let mut number = 0_usize;
    while size < SIZE {
        let subject = weighlock::model::id::Digest::of(&number.to_le_bytes());
        let scan = format!(
            r#"{{"subject":"{subject}","scanner":"trivy","vulnerabilities":[{{"id":"CVE-2026-{number}","package":"openssl","severity":"medium","fixedVersion":"3.0.17"}},{{"id":"CVE-2026-1","package":"zlib","severity":"high","vex":"not_affected"}}],"observedAt":"{}"}},"#,
            material::NOW
        );
        out.write_all(scan.as_bytes()).unwrap();
        size += scan.len();
        number += 1;
    }
    out.write_all(after.as_bytes()).unwrap();
}
