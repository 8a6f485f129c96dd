//! The review of one change, as policies would see it.

use std::collections::HashSet;
use std::path::PathBuf;

use super::evaluation::{self, Request};
use crate::diag::Diagnostic;
use crate::model::input::Change;
use crate::model::review::Review;

/// Reads what an evaluation would, and assembles the review of one change: of the one at the place
/// that `choose` names among all. Gives the files that it was made from as well.
///
/// # Errors
/// Everything that is wrong with input, policies or settings, and what `choose` says.
pub fn review(
    request: &Request,
    choose: &dyn Fn(&[Change]) -> Result<usize, Diagnostic>,
) -> Result<(Option<Review>, HashSet<PathBuf>), Vec<Diagnostic>> {
    let evaluated = evaluation::read(request)?;
    let at = choose(&evaluated.merged.input.changes).map_err(|problem| vec![problem])?;
    let review = evaluated.assembly().review(at);
    Ok((review, evaluated.files))
}
