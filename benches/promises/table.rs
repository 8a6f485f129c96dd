//! What was measured, as a table that people read.

use std::fmt;

/// A limit that was promised.
#[derive(Clone, Copy)]
pub(crate) enum Promise {
    /// The figure is at most this.
    AtMost(f64),
    /// The figure is at least this.
    AtLeast(f64),
    /// Nothing was promised; the figure is there to be compared with.
    Nothing,
}

struct Row {
    part: &'static str,
    what: String,
    figure: f64,
    unit: &'static str,
    promise: Promise,
    note: String,
}

impl Row {
    fn holds(&self) -> bool {
        match self.promise {
            Promise::AtMost(limit) => self.figure <= limit,
            Promise::AtLeast(limit) => self.figure >= limit,
            Promise::Nothing => true,
        }
    }
}

/// All figures of a run.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    skipped: Vec<String>,
}

impl Table {
    /// Adds a figure that nothing was promised about.
    pub(crate) fn figure(
        &mut self,
        part: &'static str,
        what: impl Into<String>,
        figure: f64,
        unit: &'static str,
    ) {
        self.promise(part, what, figure, unit, Promise::Nothing, "");
    }

    /// Adds a figure with a promise.
    pub(crate) fn promise(
        &mut self,
        part: &'static str,
        what: impl Into<String>,
        figure: f64,
        unit: &'static str,
        promise: Promise,
        note: impl Into<String>,
    ) {
        self.rows.push(Row { part, what: what.into(), figure, unit, promise, note: note.into() });
    }

    /// Says that something could not be measured here, and why.
    pub(crate) fn skip(&mut self, what: impl Into<String>) {
        self.skipped.push(what.into());
    }

    /// How many promises do not hold.
    pub(crate) fn broken(&self) -> usize {
        self.rows.iter().filter(|row| !row.holds()).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        let mut part = "";
        for row in &self.rows {
            if row.part != part {
                part = row.part;
                writeln!(f, "\n{part}")?;
            }
            let promise = match row.promise {
                Promise::AtMost(limit) => format!("at most {limit}"),
                Promise::AtLeast(limit) => format!("at least {limit}"),
                Promise::Nothing => String::new(),
            };
            let mark = match (row.promise, row.holds()) {
                (Promise::Nothing, _) => "",
                (_, true) => "holds",
                (_, false) => "BROKEN",
            };
            let line = format!(
                "  {:width$}  {:>10.2} {:<6} {:<14} {:<7} {}",
                row.what, row.figure, row.unit, promise, mark, row.note
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        let promised = self.rows.iter().filter(|row| !matches!(row.promise, Promise::Nothing)).count();
        writeln!(f, "\n{promised} promises, {} broken; {} skipped", self.broken(), self.skipped.len())?;
        for what in &self.skipped {
            writeln!(f, "  SKIPPED: {what}")?;
        }
        Ok(())
    }
}
