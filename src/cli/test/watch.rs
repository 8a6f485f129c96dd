//! Runs again whenever something changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::sources::Read;
use crate::cli::output::{Terminal, say};
use crate::cli::{Stop, problems};
use crate::files::Walk;

/// How long nothing is looked at.
const PAUSE: Duration = Duration::from_millis(400);
/// How many files are looked at.
const MOST: usize = 20_000;

/// What there is to see of a file from without.
type Marks = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Runs, and again after each change of what was read, or of what stands in its folders. Ends where
/// nobody reads what is written, or with the process.
pub(super) fn watch(once: &dyn Fn(&Read) -> Result<u8, Stop>, terminal: &Terminal) -> Result<u8, Stop> {
    loop {
        let read = Read::default();
        match once(&read) {
            Ok(_) => {}
            Err(Stop::Problems(problems, _)) => problems::print(&problems, terminal),
            Err(Stop::Gone) => return Err(Stop::Gone),
        }
        let before = marks(&read);
        say(&format!("watching {} files; Ctrl-C ends it", before.len()));
        let changed = loop {
            std::thread::sleep(PAUSE);
            let after = marks(&read);
            if after != before {
                break difference(&before, &after);
            }
        };
        say(&format!("\n`{changed}` changed"));
    }
}

fn difference(before: &Marks, after: &Marks) -> String {
    let new = after.iter().find(|(path, mark)| before.get(*path) != Some(mark));
    let gone = || before.iter().find(|(path, _)| !after.contains_key(*path));
    new.or_else(gone).map_or_else(String::new, |(path, _)| path.display().to_string())
}

fn marks(read: &Read) -> Marks {
    let mut marks = Marks::new();
    read.paths().iter().for_each(|path| mark(&mut Walk::from(path), path, 0, &mut marks));
    marks
}

fn mark(from: &mut Walk, path: &Path, depth: usize, marks: &mut Marks) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if depth > 32 || marks.len() >= MOST || marks.contains_key(path) {
        return;
    }
    if !metadata.is_dir() {
        marks.insert(path.to_path_buf(), (metadata.modified().ok(), metadata.len()));
        return;
    }
    if !from.enters(path) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with('.') {
            mark(from, &entry.path(), depth.saturating_add(1), marks);
        }
    }
}
