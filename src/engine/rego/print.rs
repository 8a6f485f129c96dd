//! What `print` writes in policies and their tests, beside what is evaluated.
//!
//! INVARIANT: it alters no answer. What is printed is evaluated on its own, within limits of its own; what
//! has no value or cannot be evaluated there is `<undefined>`, and the statement holds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::Value;
use regorus::unstable::{Expr, Ref};

use super::body::{Compiler, Done, Wait};
use super::meter;
use super::program::{Part, Step};
use super::run::Machine;
use super::shown::shown;
use crate::engine::Limits;

/// How many lines are kept of a test.
const LINES: usize = 100;
/// How many one call may write, where an argument goes through several values.
const EACH: usize = 16;
/// What a call may take: steps, and bytes.
const STEPS: u64 = 100_000;
const BYTES: u64 = 4 << 20;

impl Compiler<'_> {
    /// Compiles what a call prints. What has no value yet is waited for, as long as anything gets one.
    pub(super) fn print(&mut self, arguments: &[Ref<Expr>], steps: &mut Vec<Step>) -> Done<()> {
        let mut parts = Vec::new();
        for argument in arguments {
            let part = self.part(argument, String::new());
            if part.is_none() && !self.resigned {
                return Err(Wait::For(argument.span().clone()));
            }
            parts.push(part);
        }
        steps.push(Step::Print(parts));
        Ok(())
    }
}

impl<'p> Machine<'p> {
    /// Writes the values of parts down, a line for each way to choose them.
    pub(super) fn print(&mut self, parts: &'p [Option<Part>]) {
        let Some(room) = self.printed.as_ref().map(|lines| LINES.saturating_sub(lines.len())) else { return };
        if room == 0 {
            return;
        }
        let limits = Limits { steps: STEPS.min(self.limits.steps), memory: BYTES, ..self.limits };
        let mut lines = vec![String::new()];
        for (number, part) in parts.iter().enumerate() {
            let values = match part {
                Some(part) => self.aside(part, limits),
                None => Vec::new(),
            };
            let values = if values.is_empty() { vec![Value::Undefined] } else { values };
            let space = if number > 0 { " " } else { "" };
            lines = lines
                .iter()
                .flat_map(|line| values.iter().map(move |value| format!("{line}{space}{}", plain(value))))
                .take(EACH)
                .collect();
        }
        if let Some(printed) = &mut self.printed {
            printed.extend(lines.into_iter().take(room));
            if printed.len() == LINES {
                printed.push("…".to_owned());
            }
        }
    }

    /// The values of a part, evaluated so that nothing of it stays here.
    fn aside(&self, part: &'p Part, limits: Limits) -> Vec<Value> {
        let mut own = Machine::new(self.program, self.world.input.clone(), self.now, limits);
        own.world = self.world.copy();
        own.slots = self.slots.get(self.base..).unwrap_or_default().to_vec();
        own.open.clone_from(&self.open);
        let value = meter::aside(BYTES, STEPS, || catch_unwind(AssertUnwindSafe(|| own.value(&part.term))));
        match value {
            Ok(Ok(Value::Array(values))) if part.several => values.iter().take(EACH).cloned().collect(),
            Ok(Ok(value)) => vec![value],
            _ => Vec::new(),
        }
    }
}

/// A value as `print` writes it: a text as it is.
fn plain(value: &Value) -> String {
    match value {
        Value::Undefined => "<undefined>".to_owned(),
        Value::String(text) => crate::engine::trace::short(text, 2_000),
        value => shown(value),
    }
}
