//! Every integration test, in one binary: one module a concern, one line a module.

#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "an overflow panics, which is how a test fails")]

#[path = "all/architecture.rs"]
mod architecture;
#[path = "all/author_tests.rs"]
mod author_tests;
#[path = "all/bounds.rs"]
mod bounds;
#[path = "all/check.rs"]
mod check;
#[path = "all/decide.rs"]
mod decide;
#[path = "all/docs.rs"]
mod docs;
#[path = "all/docs_examples.rs"]
mod docs_examples;
#[path = "all/enforcement.rs"]
mod enforcement;
#[path = "all/environments.rs"]
mod environments;
#[path = "all/examples.rs"]
mod examples;
#[path = "all/explain.rs"]
mod explain;
#[path = "all/forged.rs"]
mod forged;
#[path = "all/formats.rs"]
mod formats;
#[path = "all/governance.rs"]
mod governance;
#[path = "all/hygiene.rs"]
mod hygiene;
#[path = "all/init.rs"]
mod init;
#[path = "all/input.rs"]
mod input;
#[path = "all/licences.rs"]
mod licences;
#[path = "all/messages.rs"]
mod messages;
#[path = "all/outcomes.rs"]
mod outcomes;
#[path = "all/policies.rs"]
mod policies;
#[path = "../src/random.rs"]
mod random;
#[path = "all/records.rs"]
mod records;
#[path = "all/reference.rs"]
mod reference;
#[path = "all/repository.rs"]
mod repository;
#[path = "all/schemas.rs"]
mod schemas;
#[path = "all/strategies.rs"]
mod strategies;
#[path = "all/support.rs"]
mod support;
#[path = "all/together.rs"]
mod together;
#[path = "all/trust.rs"]
mod trust;
#[path = "all/waivers.rs"]
mod waivers;
