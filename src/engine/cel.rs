//! Cel.

use super::{Compiled, Engine, Limits};
use crate::diag::Diagnostic;
use crate::policy::{Bundle, Language};

/// Cel.
#[derive(Debug)]
pub struct Cel;

impl Engine for Cel {
    fn language(&self) -> Language {
        Language::Cel
    }
    fn version(&self) -> &'static str {
        ""
    }
    fn compile(&self, _: &Bundle, _: Limits) -> Result<Box<dyn Compiled>, Vec<Diagnostic>> {
        Err(Vec::new())
    }
}
