//! Every integration test, in one binary: one module a concern, one line a module.

#[path = "all/architecture.rs"]
mod architecture;
#[path = "all/docs.rs"]
mod docs;
#[path = "all/docs_examples.rs"]
mod docs_examples;
#[path = "all/hygiene.rs"]
mod hygiene;
#[path = "all/licences.rs"]
mod licences;
#[path = "all/reference.rs"]
mod reference;
#[path = "all/repository.rs"]
mod repository;
#[path = "all/schemas.rs"]
mod schemas;
