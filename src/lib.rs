//! Weighlock weighs proposed changes to running software against policies.
//!
//! Data flows one way: input → reviews → decisions → plans. See `docs/architecture.md`.

pub mod author;
pub mod diag;
pub mod engine;
pub mod model;
pub mod policy;
