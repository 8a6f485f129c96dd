//! What an evaluation has spent, and where it ends.
//!
//! The evaluator of the `cel` crate has no cost limit and cannot be stopped. Expressions are
//! therefore rewritten before they run (see [`super::rewrite`]) so that each loop turn, and each
//! operation that makes something large, comes by here. Its functions are plain function pointers
//! that carry no state, so the count of the one evaluation that a thread runs lives in that thread.
//!
//! INVARIANT: once a limit is passed the meter stays stopped until [`start`], and the engine asks
//! [`stopped`] after every evaluation: an operator that swallows errors (`||`, `?.`) cannot
//! swallow a limit.

use std::cell::Cell;
use std::time::{Duration, Instant};

use cel::ExecutionError;

use crate::engine::{Cause, Limits};

/// Steps between two looks at the clock.
const CLOCK_EVERY: u64 = 256;

/// Steps and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) steps: u64,
    pub(super) bytes: u64,
}

impl Cost {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { steps: self.steps.saturating_add(other.steps), bytes: self.bytes.saturating_add(other.bytes) }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { steps: self.steps.saturating_sub(other.steps), bytes: self.bytes.saturating_sub(other.bytes) }
    }
}

#[derive(Clone, Copy)]
struct Meter {
    limits: Limits,
    spent: Cost,
    /// What variables that were evaluated inside the present one have spent.
    nested: Cost,
    looked: u64,
    deadline: Option<Instant>,
    stopped: Option<Cause>,
}

thread_local! {
    static METER: Cell<Meter> = const {
        Cell::new(Meter {
            limits: Limits { steps: 0, memory: 0, millis: 0 },
            spent: Cost { steps: 0, bytes: 0 },
            nested: Cost { steps: 0, bytes: 0 },
            looked: 0,
            deadline: None,
            stopped: None,
        })
    };
}

/// Begins an evaluation.
pub(super) fn start(limits: Limits) {
    METER.set(Meter {
        limits,
        spent: Cost::default(),
        nested: Cost::default(),
        looked: 0,
        deadline: Instant::now().checked_add(Duration::from_millis(limits.millis)),
        stopped: None,
    });
}

/// The limit that has been passed, if one has.
pub(super) fn stopped() -> Option<Cause> {
    METER.get().stopped
}

/// What has been spent so far.
pub(super) fn spent() -> Cost {
    METER.get().spent
}

/// Sets what nested variables have spent, and gives what it was.
pub(super) fn swap_nested(cost: Cost) -> Cost {
    let mut meter = METER.get();
    let before = std::mem::replace(&mut meter.nested, cost);
    METER.set(meter);
    before
}

/// Spends steps and bytes.
pub(super) fn spend(cost: Cost) -> Result<(), ExecutionError> {
    let mut meter = METER.get();
    if meter.stopped.is_none() {
        meter.spent = meter.spent.plus(cost);
        if meter.spent.steps > meter.limits.steps {
            meter.stopped = Some(Cause::Steps);
        } else if meter.spent.bytes > meter.limits.memory {
            meter.stopped = Some(Cause::Memory);
        } else if meter.spent.steps.saturating_sub(meter.looked) >= CLOCK_EVERY {
            meter.looked = meter.spent.steps;
            if meter.deadline.is_none_or(|deadline| Instant::now() > deadline) {
                meter.stopped = Some(Cause::Time);
            }
        }
        METER.set(meter);
    }
    match meter.stopped {
        None => Ok(()),
        Some(_) => Err(ExecutionError::function_error("@limit", "a limit was passed")),
    }
}

/// Spends steps.
pub(super) fn steps(steps: usize) -> Result<(), ExecutionError> {
    spend(Cost { steps: u64::try_from(steps).unwrap_or(u64::MAX), bytes: 0 })
}

/// Spends bytes, and a step for every sixteen of them: what is made must also be written.
pub(super) fn bytes(bytes: usize) -> Result<(), ExecutionError> {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    spend(Cost { steps: bytes >> 4, bytes })
}

/// The longest text that may be made.
pub(super) fn longest_text() -> usize {
    usize::try_from(METER.get().limits.memory >> 6).unwrap_or(usize::MAX)
}

/// Stops: something is larger than it may be.
pub(super) fn too_large() -> ExecutionError {
    let mut meter = METER.get();
    meter.stopped.get_or_insert(Cause::Memory);
    METER.set(meter);
    ExecutionError::function_error("@limit", "a limit was passed")
}
