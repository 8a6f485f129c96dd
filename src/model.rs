//! The nouns: plain data with public fields, no effects.
//!
//! Every other room may import this one; it imports nothing. What is written to or read from a
//! document derives `serde` and `schemars`, so `schemas/` is generated from here.

pub mod artifact;
pub mod canonical;
pub mod decision;
pub mod driver;
pub mod evidence;
pub mod finding;
pub mod governance;
pub mod id;
pub mod input;
pub mod json;
pub mod obligation;
pub mod plan;
pub mod review;
pub mod rule;
pub mod time;
pub mod trust;

pub use id::Digest;
pub use json::Json;
pub use time::{Age, Time};
