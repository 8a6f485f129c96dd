//! What whole-program tests share: folders of their own, and the command as a user starts it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// The time at which the examples were written.
pub(crate) const NOW: &str = "2026-11-20T12:00:00Z";

/// The first line of every document of ours.
pub(crate) const INPUT: &str = "apiVersion: weighlock.dev/v1\nkind: Input\n";

/// A folder of a test's own, gone when the test is.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trial-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    /// A folder with files: names and texts.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Starts the command in this folder.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.pipe(line, "")
    }

    /// The same, with something on standard input.
    pub(crate) fn pipe(&self, line: &str, input: &str) -> Ran {
        let mut child = self
            .command(&words(line))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(&child.wait_with_output().unwrap())
    }

    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weighlock"));
        command.args(args).current_dir(&self.0).env("NO_COLOR", "1").env("COLUMNS", "100");
        command.env_remove("RAYON_NUM_THREADS");
        command
    }

    /// The report of an evaluation, whatever its exit code.
    pub(crate) fn report(&self, line: &str) -> Report {
        let ran = self.run(&format!("evaluate -o json {line}"));
        let report = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        Report { code: ran.code, report }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The words of a line as a shell would part them, as far as tests need it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' | '\n' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// What came of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: &std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

/// A report, with the exit code that went with it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) report: Value,
}

impl Report {
    /// The decision about a change.
    pub(crate) fn decision(&self, id: &str) -> &Value {
        let all = self.report["decisions"].as_array().unwrap();
        all.iter()
            .find(|decision| decision["change"]["id"] == id)
            .unwrap_or_else(|| panic!("no `{id}`: {self:?}"))
    }

    /// The only decision there is.
    pub(crate) fn one(&self) -> &Value {
        let all = self.report["decisions"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{self:?}");
        &all[0]
    }

    pub(crate) fn digest(&self, id: &str) -> String {
        self.decision(id)["change"]["digest"].as_str().unwrap().to_owned()
    }
}

/// Effect and rule of every finding of a decision.
pub(crate) fn findings(decision: &Value) -> Vec<String> {
    let all = decision["findings"].as_array().unwrap();
    all.iter().map(|f| format!("{} {}", f["effect"].as_str().unwrap(), f["rule"].as_str().unwrap())).collect()
}

/// The verdict, `indeterminate` where that is what it is.
pub(crate) fn verdict(decision: &Value) -> &str {
    if decision["indeterminate"] == true { "indeterminate" } else { decision["verdict"].as_str().unwrap() }
}

/// The root of the repository.
pub(crate) fn repository(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).display().to_string()
}

/// A key for tests, by its number; it guards nothing.
pub(crate) fn key(number: u8) -> (String, String) {
    // The PKCS#8 frame of an Ed25519 key (RFC 8410) around thirty-two equal bytes.
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([number; 32]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64(&der));
    let public = weighlock::facts::key::PrivateKey::parse(&pem).unwrap().public().pem();
    (pem, public)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
