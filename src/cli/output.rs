//! Writing: to the terminal as it is, to files so that they are there whole or not at all.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{Color, Stop};
use crate::diag::{Diagnostic, codes};
use crate::files;
use crate::report::{Format, Output, Style};

/// What is known about where output goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Whether standard output takes colour.
    pub(crate) color: bool,
    /// Whether standard error takes colour.
    pub(crate) error_color: bool,
    /// Whether standard error is a terminal, so that progress may be shown there.
    pub(crate) progress: bool,
    /// Columns.
    pub(crate) width: usize,
}

impl Terminal {
    pub(crate) fn new(color: Color) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let want = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse::<usize>().ok());
        Self {
            color: want(std::io::stdout().is_terminal()),
            error_color: want(std::io::stderr().is_terminal()),
            progress: std::io::stderr().is_terminal(),
            width: columns.filter(|width| (40..=300).contains(width)).unwrap_or(100),
        }
    }

    pub(crate) const fn style(&self) -> Style {
        Style { color: self.color, width: self.width }
    }
}

/// What the help says about formats.
pub(crate) fn formats<T>(formats: &[Format<T>]) -> String {
    let list: Vec<String> =
        formats.iter().map(|format| format!("  {:<20} {}", format.name, format.about)).collect();
    format!("Format of the report, and the file it goes to; may be repeated:\n{}", list.join("\n"))
}

/// Reads which formats go where: the first of all, to standard output, where none is given.
pub(crate) fn outputs<T>(texts: &[String], formats: &'static [Format<T>]) -> Result<Vec<Output<T>>, Stop> {
    let mut outputs: Vec<Output<T>> = Vec::new();
    for text in texts {
        let output = Output::parse(text, formats).map_err(|problem| Stop::from(*problem))?;
        if output.file.is_none() && outputs.iter().any(|other| other.file.is_none()) {
            return Err(Diagnostic::error(codes::USAGE, "two reports cannot both go to standard output")
                .hint(format!("give one a file, as in `-o {}=FILE`", output.format.name))
                .into());
        }
        let same = |other: &Output<T>| place(other).is_some() && place(other) == place(&output);
        if let (Some(file), Some(_)) = (&output.file, outputs.iter().find(|other| same(other))) {
            return Err(Diagnostic::error(codes::USAGE, format!("two reports cannot both go to `{file}`"))
                .hint("give each a file of its own")
                .into());
        }
        outputs.push(output);
    }
    if outputs.is_empty() {
        outputs.extend(formats.first().map(|format| Output { format, file: None }));
    }
    Ok(outputs)
}

/// The one path of the file that a report goes to; devices and pipes take as many as there are.
pub(crate) fn place<T>(output: &Output<T>) -> Option<PathBuf> {
    let file = Path::new(output.file.as_ref()?);
    let file_or_none = std::fs::metadata(file).map_or(true, |metadata| metadata.is_file());
    file_or_none.then(|| files::real(file))
}

/// Writes what is reported in every format that was asked for.
pub(crate) fn write_all<T>(outputs: &[Output<T>], reported: &T, terminal: &Terminal) -> Result<(), Stop> {
    for output in outputs {
        match &output.file {
            Some(file) => {
                let style = Style { color: false, ..terminal.style() };
                write(Path::new(file), &output.format.render(reported, &style))?;
            }
            // That nobody reads on changes neither what else is written nor what the exit code says.
            None => match print(&output.format.render(reported, &terminal.style())) {
                Err(Stop::Gone) => {}
                other => other?,
            },
        }
    }
    Ok(())
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Stop::Gone),
        Err(error) => Err(unwritable("standard output", &error)),
    }
}

/// Says something on standard error; that nobody listens is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a file whole: beside its place first, then into it. A device or pipe is written to as it
/// is: in the place of `/dev/null` no file belongs.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let name = path.display().to_string();
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let written = std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        return match written {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(unwritable(&name, &error)),
            _ => Ok(()),
        };
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = std::path::PathBuf::from(beside);
    let written = std::fs::File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        unwritable(&name, &error)
    })
}

pub(crate) fn unwritable(name: &str, error: &std::io::Error) -> Stop {
    let mut problem =
        Diagnostic::error(codes::OUTPUT_UNWRITABLE, format!("`{name}` cannot be written: {error}"));
    let folder = Path::new(name).parent().filter(|folder| {
        error.kind() == std::io::ErrorKind::NotFound && !folder.as_os_str().is_empty() && !folder.exists()
    });
    if let Some(folder) = folder {
        problem = problem.hint(format!("there is no folder `{}`; make it first", folder.display()));
    }
    Stop::Problems(vec![problem], 2)
}
