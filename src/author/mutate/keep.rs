//! Comments that keep a condition that nothing depends on, with a reason:
//! `# weighlock: keep because <reason>`, in an expression in CEL `// weighlock: …`. It speaks for the
//! line that follows and for all that is indented deeper below it.

use std::ops::Range;

use super::super::check::silence::covers;
use super::source;
use crate::diag::{Diagnostic, codes};
use crate::policy::Bundle;

/// What such a comment begins with.
const MARK: &str = "weighlock: keep";
const FORM: &str = "write `# weighlock: keep because <reason>`";

/// A comment.
pub(super) struct Keep {
    pub(super) file: usize,
    at: Range<usize>,
    pub(super) covers: Range<usize>,
    pub(super) reason: String,
    pub(super) used: bool,
}

/// The comments of all files; those that do not say why are told.
pub(super) fn read(bundle: &Bundle, problems: &mut Vec<Diagnostic>) -> Vec<Keep> {
    let mut keeps = Vec::new();
    let marked = bundle.files.iter().enumerate().filter(|(_, file)| file.source.text.contains(MARK));
    for (number, file) in marked {
        let mut offset = 0_usize;
        for line in file.source.text.split_inclusive('\n') {
            let start = offset;
            offset = offset.saturating_add(line.len());
            let text = line.trim();
            let comment = text.strip_prefix('#').or_else(|| text.strip_prefix("//"));
            let Some(said) = comment.and_then(|rest| rest.trim_start().strip_prefix(MARK)) else { continue };
            let start = start.saturating_add(line.len().saturating_sub(line.trim_start().len()));
            let at = start..start.saturating_add(text.len());
            let reason = said.trim().strip_prefix("because ").unwrap_or_default().trim();
            if reason.is_empty() {
                let problem =
                    Diagnostic::error(codes::TEST_KEEP, "this does not say why a condition is kept");
                problems.push(problem.hint(FORM).at(&file.source, at, "here"));
                continue;
            }
            let covers = covers(&file.source.text, offset);
            keeps.push(Keep { file: number, at, covers, reason: reason.to_owned(), used: false });
        }
    }
    keeps
}

/// What is said of a comment where nothing has to be kept.
pub(super) fn unused(keep: &Keep, bundle: &Bundle) -> Option<Diagnostic> {
    let problem =
        Diagnostic::error(codes::TEST_KEEP, "a case or a test notices each condition here, or there is none");
    Some(problem.hint("take the comment away").at(source(bundle, keep.file)?, keep.at.clone(), "here"))
}
