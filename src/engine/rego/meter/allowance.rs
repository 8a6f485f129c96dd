//! What functions may still take of an evaluation: bytes, elementary steps, time.
//!
//! It is kept by thread: a function is a plain pointer, and an evaluation never leaves its thread. Bytes
//! and steps come to the same in every run; the clock stops what neither foresees.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::own::Wrong;
use crate::engine::Cause;

/// A call that would cost too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{function}` would exceed the limit of {}", match cause {
    Cause::Memory => "memory",
    Cause::Time => "time",
    _ => "steps",
})]
pub(in crate::engine::rego) struct Stop {
    /// The function.
    pub(in crate::engine::rego) function: &'static str,
    /// Which limit.
    pub(in crate::engine::rego) cause: Cause,
}

/// What a call is estimated to cost.
#[derive(Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) bytes: u64,
    pub(super) work: u64,
}

#[derive(Clone, Copy)]
struct Allowance {
    /// Bytes that functions may still produce.
    bytes: u64,
    /// Elementary steps that functions may still take.
    work: u64,
    /// When the evaluation must be over, if ever.
    until: Option<Instant>,
    /// The function that was called last.
    function: &'static str,
    stopped: Option<Stop>,
}

const NOTHING: Allowance = Allowance { bytes: 0, work: 0, until: None, function: "", stopped: None };

thread_local! {
    static LEFT: Cell<Allowance> = const { Cell::new(NOTHING) };
}

/// Begins an evaluation: so many bytes, steps and milliseconds.
pub(in crate::engine::rego) fn begin(bytes: u64, work: u64, millis: u64) {
    let until = Instant::now().checked_add(Duration::from_millis(millis));
    LEFT.set(Allowance { bytes, work, until, ..NOTHING });
}

/// Ends an evaluation: what stopped it, if a function did.
pub(in crate::engine::rego) fn end() -> Option<Stop> {
    LEFT.replace(NOTHING).stopped
}

/// Does something beside an evaluation, with at most so many bytes and steps of its own: it takes nothing
/// off what the evaluation may.
pub(in crate::engine::rego) fn aside<T>(bytes: u64, work: u64, part: impl FnOnce() -> T) -> T {
    let left = LEFT.get();
    LEFT.set(Allowance { bytes, work, ..left });
    let result = part();
    LEFT.set(left);
    result
}

/// Takes bytes off the allowance: whether there were as many.
pub(in crate::engine::rego) fn take(bytes: u64) -> bool {
    let left = LEFT.get();
    let enough = left.bytes.checked_sub(bytes);
    if let Some(bytes) = enough {
        LEFT.set(Allowance { bytes, ..left });
    }
    enough.is_some()
}

/// Bytes that functions may still produce.
pub(super) fn bytes() -> u64 {
    LEFT.get().bytes
}

/// Ends an evaluation for what a function would cost.
pub(super) fn stop(function: &'static str, cause: Cause) -> Stop {
    let stop = Stop { function, cause };
    if cause != Cause::Error {
        LEFT.set(Allowance { stopped: Some(stop), ..LEFT.get() });
    }
    stop
}

/// Refuses a call that could cost more than is left, and takes its steps off.
pub(super) fn charge(name: &'static str, cost: Cost) -> Result<(), Stop> {
    let left = LEFT.get();
    if cost.bytes > left.bytes {
        return Err(stop(name, Cause::Memory));
    }
    let work = left.work.checked_sub(cost.work.saturating_add(16)).ok_or_else(|| stop(name, Cause::Steps))?;
    LEFT.set(Allowance { work, function: name, ..left });
    Ok(())
}

fn stopped(cause: Cause) -> Wrong {
    stop(LEFT.get().function, cause).to_string().into()
}

/// Takes steps off that are found out only while a function is at work.
pub(super) fn work(steps: u64) -> Result<(), Wrong> {
    let left = LEFT.get();
    let work = left.work.checked_sub(steps).ok_or_else(|| stopped(Cause::Steps))?;
    LEFT.set(Allowance { work, ..left });
    Ok(())
}

/// Refuses to go on with what has come to so many bytes.
pub(super) fn room(bytes: u64) -> Result<(), Wrong> {
    if bytes > LEFT.get().bytes { Err(stopped(Cause::Memory)) } else { Ok(()) }
}

/// Refuses to go on when it is too late.
pub(super) fn clock() -> Result<(), Wrong> {
    if late() { Err(stopped(Cause::Time)) } else { Ok(()) }
}

/// Whether an evaluation must be over.
pub(in crate::engine::rego) fn late() -> bool {
    LEFT.get().until.is_some_and(|until| Instant::now() > until)
}
