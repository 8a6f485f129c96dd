//! The policy author's bench: cases that say what rules must find, and the runner that compares.
//!
//! Texts and compiled rules go in, outcomes come out; reading files is the caller's. A run without
//! a case, a rule that is not there, and a review that cannot be judged are never a pass.

pub mod bench;
pub mod case;
pub mod check;
mod compare;
pub mod coverage;
pub mod explain;
pub mod init;
pub mod mutate;
#[cfg(test)]
mod parity;
pub mod patch;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod shipped;
pub mod suite;
