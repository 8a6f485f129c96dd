//! Every integration test, in one binary: one module a concern, one line a module.

#[path = "all/decide.rs"]
mod decide;
#[path = "all/support.rs"]
mod support;
