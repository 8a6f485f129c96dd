//! Other evaluators, built from pinned sources where the machine has their toolchain.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::material;

/// OPA in process over the same rules and review.
pub(crate) fn opa(review: &str, seconds: f64) -> Result<Value, String> {
    let program = build("opa")?;
    let entries: Vec<&str> = material::RULES.iter().map(|(_, entry, _)| *entry).collect();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/rules");
    run(Command::new(program)
        .arg(rules)
        .arg(written("review.json", review))
        .arg(seconds.to_string())
        .args(entries))
}

/// cel-go over the same expressions and review.
pub(crate) fn cel_go(review: &str, seconds: f64) -> Result<Value, String> {
    let program = build("cel-go")?;
    let expressions = serde_json::to_string(material::EXPRESSIONS).unwrap();
    let expressions = written("expressions.json", &expressions);
    run(Command::new(program).arg(expressions).arg(written("review.json", review)).arg(seconds.to_string()))
}

/// Where peers are built: beside what Cargo builds.
fn directory() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn written(name: &str, text: &str) -> PathBuf {
    let file = directory().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn build(name: &str) -> Result<PathBuf, String> {
    let program = directory().join(format!("{name}-peer"));
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name);
    let built = Command::new("go")
        .args(["build", "-trimpath", "-mod=readonly", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(sources)
        .output()
        .map_err(|_| "there is no Go here".to_owned())?;
    if built.status.success() {
        return Ok(program);
    }
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    Err(format!("it cannot be built: {}", said.lines().next().unwrap_or("no reason given")))
}

fn run(command: &mut Command) -> Result<Value, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
