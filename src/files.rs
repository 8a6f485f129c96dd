//! Reads the files that are named: whole, within a bound, and never waiting for what nobody writes.
//!
//! INVARIANT: every file that the program reads is read here. What is no regular file (a pipe, a
//! device, a socket, a folder) is refused, wherever a link to it leads, but for those that the process
//! was given open: standard input, and what a shell puts under `/dev/fd` for `<(…)`. Those are read
//! up to the same bound.

use std::collections::HashSet;
use std::fs::{File, FileType, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Source, codes};

/// What a file is read as.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// With its article.
    name: &'static str,
    /// How many bytes it may have.
    most: u64,
    /// The code of what cannot be read.
    unreadable: Code,
    /// Whether a part of it may be shown.
    shown: bool,
    /// What to do where it is too large.
    smaller: &'static str,
}

/// An input, or data for policies.
pub const INPUT: Kind = Kind {
    name: "an input file",
    most: 512 << 20,
    unreadable: codes::INPUT_UNREADABLE,
    shown: true,
    smaller: "split it into several files; parts merge",
};

/// A report or record that Weighlock wrote.
pub const WRITTEN: Kind =
    Kind { name: "a report or record", smaller: "give a file that Weighlock wrote", ..INPUT };

/// The operator's file, and what it names.
pub const CONFIG: Kind = Kind {
    name: "a file of the configuration",
    most: 64 << 20,
    unreadable: codes::CONFIG_UNREADABLE,
    shown: false,
    smaller: "what is looked up belongs into the evidence of an input",
};

/// A policy.
pub const POLICY: Kind = Kind {
    name: "a policy",
    most: 16 << 20,
    unreadable: codes::POLICY_UNREADABLE,
    shown: false,
    smaller: "give what a policy looks up as data (`--data`)",
};

/// A key; what it holds is never shown.
pub const KEY: Kind = Kind {
    name: "a key",
    most: 1 << 20,
    unreadable: codes::KEY_INVALID,
    shown: false,
    smaller: "give one key in PEM",
};

/// Reads a file as text.
///
/// # Errors
/// It cannot be read, is not a file, is too large, or is not UTF-8.
pub fn read(path: &Path, kind: Kind) -> Result<Arc<Source>, Diagnostic> {
    let name = path.display().to_string();
    let given = is_given(path);
    let regular = |metadata: &Metadata| match metadata.is_file() || given && !metadata.is_dir() {
        true => Ok(()),
        false => Err(irregular(&name, metadata.file_type(), kind)),
    };
    // Before it is opened: a pipe that nobody writes to would be waited for.
    std::fs::metadata(path)
        .map_err(|error| unreadable(&name, &error, kind))
        .and_then(|metadata| regular(&metadata))?;
    let file = File::open(path).map_err(|error| unreadable(&name, &error, kind))?;
    let metadata = file.metadata().map_err(|error| unreadable(&name, &error, kind))?;
    regular(&metadata)?;
    if metadata.len() > kind.most {
        return Err(too_large(&name, &metadata.len().to_string(), kind));
    }
    whole(file, &name, metadata.len(), kind)
}

/// Reads standard input as text.
///
/// # Errors
/// As [`read`].
pub fn standard_input(kind: Kind) -> Result<Arc<Source>, Diagnostic> {
    whole(std::io::stdin().lock(), "<stdin>", 0, kind)
}

fn whole(from: impl Read, name: &str, size: u64, kind: Kind) -> Result<Arc<Source>, Diagnostic> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    from.take(kind.most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, &error, kind))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > kind.most {
        return Err(too_large(name, "more", kind));
    }
    // Errors show lines of what they are about.
    if kind.unreadable != KEY.unreadable && is_private_key(&bytes) {
        let message = format!("`{name}` is a private key, and read as nothing else");
        return Err(Diagnostic::error(kind.unreadable, message).hint("name it where a key is asked for"));
    }
    String::from_utf8(bytes).map(|text| Source::new(name, text)).map_err(|error| {
        let message = format!("`{name}` is not text in UTF-8");
        if !kind.shown {
            return Diagnostic::error(kind.unreadable, message);
        }
        let at = error.utf8_error().valid_up_to();
        // What follows is of no use; what stands before it says where it is.
        let line = error.as_bytes().get(..at).unwrap_or_default();
        let source = Source::new(name, format!("{}\u{fffd}\n", String::from_utf8_lossy(line)));
        let span = at..at.saturating_add('\u{fffd}'.len_utf8());
        Diagnostic::error(codes::INPUT_SYNTAX, message).at(&source, span, "this byte is not")
    })
}

/// Whether bytes are a private key in PEM (RFC 7468) or in the format of OpenSSH.
fn is_private_key(bytes: &[u8]) -> bool {
    let head = bytes.trim_ascii_start();
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    line.starts_with(b"-----BEGIN ") && line.ends_with(b"PRIVATE KEY-----")
}

/// The one path of a file, however it is named; also of one that is not there yet.
pub fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}

/// Whether the name of a file ends in one of these, in capitals or not.
pub fn ends_in(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The folders that are gone through from one on. Links are followed; each folder comes once, however
/// often links lead to it, and those that hold the first one never, so that circles end.
#[derive(Debug)]
pub struct Walk {
    root: PathBuf,
    been: HashSet<PathBuf>,
}

impl Walk {
    /// Begins at a folder.
    pub fn from(root: &Path) -> Self {
        Self { root: real(root), been: HashSet::new() }
    }

    /// Whether a folder is to be gone through.
    pub fn enters(&mut self, folder: &Path) -> bool {
        !self.surrounded_by(folder) && self.been.insert(real(folder))
    }

    /// Whether a folder holds the first one.
    pub fn surrounded_by(&self, folder: &Path) -> bool {
        let folder = real(folder);
        folder != self.root && self.root.starts_with(&folder)
    }

    /// Whether a path leads to something in the first folder.
    pub fn holds(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|real| real.starts_with(&self.root))
    }
}

/// Whether a path names what the process was given open, so that somebody writes there, or what
/// holds nothing.
fn is_given(path: &Path) -> bool {
    path == Path::new("/dev/stdin")
        || path == Path::new("/dev/null")
        || path
            .parent()
            .is_some_and(|folder| folder == Path::new("/dev/fd") || folder == Path::new("/proc/self/fd"))
}

/// The problem with what is no file.
fn irregular(name: &str, found: FileType, kind: Kind) -> Diagnostic {
    if found.is_dir() {
        return Diagnostic::error(kind.unreadable, format!("`{name}` is not a file, but a folder"))
            .hint("name the file in it that is meant");
    }
    Diagnostic::error(kind.unreadable, format!("`{name}` is not a file, but {}", special(found)))
}

#[cfg(unix)]
fn special(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a device"
}

/// The problem with what cannot be read.
pub fn unreadable(name: &str, error: &std::io::Error, kind: Kind) -> Diagnostic {
    let problem = Diagnostic::error(kind.unreadable, format!("`{name}` cannot be read: {error}"));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            problem.hint("give whoever runs this the right to read it, or leave it out")
        }
        _ => problem,
    }
}

fn too_large(name: &str, size: &str, kind: Kind) -> Diagnostic {
    let Kind { name: what, most, smaller, .. } = kind;
    Diagnostic::error(codes::INPUT_TOO_LARGE, format!("`{name}` has {size} bytes; {what} has at most {most}"))
        .hint(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_read_says_what_to_do() {
        let denied = unreadable("in", &std::io::ErrorKind::PermissionDenied.into(), INPUT);
        assert!(denied.hint.is_some_and(|hint| hint.contains("the right to read it")));
        assert_eq!(unreadable("in", &std::io::ErrorKind::NotFound.into(), INPUT).hint, None);
    }

    #[test]
    fn what_does_not_end_is_read_no_further_than_its_bound() {
        let endless = whole(std::io::repeat(b'a'), "/dev/fd/3", 0, KEY).unwrap_err();
        assert_eq!(endless.code, codes::INPUT_TOO_LARGE);
        assert_eq!(endless.message, "`/dev/fd/3` has more bytes; a key has at most 1048576");
    }

    #[test]
    fn of_what_is_no_text_a_key_shows_nothing() {
        let secret = whole(&b"secret\xff"[..], "k", 7, KEY).unwrap_err();
        assert_eq!((secret.code, secret.label), (codes::KEY_INVALID, None));
        assert!(whole(&b"secret\xff"[..], "k", 7, INPUT).unwrap_err().label.is_some());
    }
}
