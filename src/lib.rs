//! Weighlock weighs proposed changes to running software against policies.
//!
//! Data flows one way: input → reviews → decisions → plans. See `docs/architecture.md`.

pub mod author;
pub mod cli;
pub mod config;
pub mod decide;
pub mod diag;
pub mod drivers;
pub mod engine;
pub mod facts;
pub mod files;
pub mod model;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod report;

#[cfg(test)]
mod random;
