//! The façade that commands share: files in, evaluation out.
//!
//! Here meet the pure rooms and the file system: inputs are read and stamped, policies gathered,
//! decisions made, plans built, and the lines found that a report shows. Time is told to it.

pub mod builtin;
mod environments;
mod evaluation;
mod excerpt;
pub mod explain;
pub mod load;
pub mod record;
mod remarks;
mod review;
pub mod schema;
pub mod sign;

pub use evaluation::{Evaluated, Request, evaluate};
pub use review::review;
