//! Rego.

use super::{Compiled, Engine, Limits};
use crate::diag::Diagnostic;
use crate::policy::{Bundle, Language};

/// Rego.
#[derive(Debug)]
pub struct Rego;

impl Engine for Rego {
    fn language(&self) -> Language {
        Language::Rego
    }
    fn version(&self) -> &'static str {
        ""
    }
    fn compile(&self, _: &Bundle, _: Limits) -> Result<Box<dyn Compiled>, Vec<Diagnostic>> {
        Err(Vec::new())
    }
}
