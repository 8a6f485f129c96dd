//! A thousand cases of a rule in Rego, a thousand of rules in CEL and a thousand tests in Rego, a file
//! each, run by `weighlock test` in a process of its own.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Options;
use crate::measure::quantile;
use crate::table::{Promise, Table};

const EACH: usize = 1_000;
const RUNS: usize = 7;

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn case(rule: &str, fixture: &str, number: usize, patch: &str, expect: &str) -> String {
    format!(
        "apiVersion: weighlock.dev/v1\nkind: Case\nname: case {number} of {rule}\npolicies: [{rule}]\nreview: ../fixtures/{fixture}.json\npatch:\n  - {patch}\nexpect:\n  {expect}\n"
    )
}

/// The shipped policies with many cases.
fn material(folder: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut open = vec![shipped.clone()];
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if [".rego", ".yaml", ".json"].iter().any(|ending| name.ends_with(ending))
                && !name.ends_with(".case.yaml")
            {
                write(
                    &folder.join("policies").join(path.strip_prefix(&shipped).unwrap()),
                    &std::fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    let cases = folder.join("policies/cases");
    let minor = "{op: replace, path: /change/updateType, value: minor}";
    let plain = "{op: replace, path: /asset/podSpec/hostNetwork, value: false}";
    let shared = "{op: add, path: /asset/podSpec/hostNetwork, value: true}";
    for i in 0..EACH {
        let text = match i % 2 {
            0 => case("updates.types", "image", i, minor, "contains: [{rule: updates.types, effect: hold}]"),
            _ => case("updates.types", "image", i, &minor.replace("minor", "patch"), "findings: []"),
        };
        write(&cases.join(format!("rego-{i}.case.yaml")), &text);
        let text = match i % 2 {
            0 => case("hardening.pod.host", "admission", i, shared, "contains: [{rule: hardening.pod.host}]"),
            _ => case("hardening.pod.host", "admission", i, &plain.replace("replace", "add"), "findings: []"),
        };
        write(&cases.join(format!("cel-{i}.case.yaml")), &text);
        let mut text = format!("package cases_{i}_test\n\nimport data.updates.types\n\n");
        let _ = writeln!(
            text,
            "test_major if count(types.hold) + count(types.deny) == 1 with input as {{\"change\": {{\"updateType\": \"major\"}}, \"context\": {{\"environment\": \"production\"}}}}"
        );
        write(&cases.join(format!("test-{i}_test.rego")), &text);
    }
}

fn wall(folder: &Path, ending: &str) -> f64 {
    let mut times = Vec::new();
    for run in 0..=RUNS {
        let started = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_weighlock"))
            .args(["test", "policies/cases", "-p", "policies", "--filter", ending])
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let spent = started.elapsed().as_secs_f64() * 1e3;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        // The first brings the files into memory.
        if run > 0 {
            times.push(spent);
        }
    }
    quantile(&times, 0.5)
}

pub(crate) fn run(_: &Options, table: &mut Table) {
    const PART: &str = "cases and tests, a file each, a process each time, wall";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("many-cases");
    let _ = std::fs::remove_dir_all(&folder);
    material(&folder);
    table.figure(PART, "1,000 tests in Rego", wall(&folder, "_test.rego"), "ms");
    table.figure(PART, "1,000 cases in CEL", wall(&folder, "cel-"), "ms");
    let all = wall(&folder, ".case.yaml");
    table.promise(PART, "1,000 cases in Rego and 1,000 in CEL", all, "ms", Promise::AtMost(2_000.0), "");
    let _ = std::fs::remove_dir_all(&folder);
}
