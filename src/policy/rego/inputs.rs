//! What policies in Rego look for, held against what is there: a member that is not
//! is asked for in vain, and the rule would let everything pass.

use std::ops::Range;

use super::unit::Unit;
use super::uses::Reference;
use crate::diag::{Diagnostic, codes};
use crate::model::rule::View;
use crate::policy::shape::{unknown, unwrapped};

/// Refuses references to what no review has, and no settings.
pub(super) fn check(unit: &Unit, view: View, problems: &mut Vec<Diagnostic>) {
    // What is asked about something else than a review may have any member.
    let replaced =
        |with: &Reference| with.path.first().is_some_and(|root| matches!(root.as_str(), "input" | "data"));
    if unit.rules.iter().flat_map(|definition| &definition.uses.with).any(replaced) {
        return;
    }
    let mut refuse = |path: &[String], span: &Range<usize>| {
        let said = match view {
            View::Review => unknown(path),
            View::Document => unwrapped(path),
        };
        problems.extend(said.map(|(message, hint)| {
            let problem = Diagnostic::error(codes::POLICY_INVALID, message).hint(hint);
            problem.at(&unit.source, span.clone(), "never there")
        }));
    };
    unit.imports.iter().for_each(|import| refuse(&import.path, &import.span));
    for definition in &unit.rules {
        for reference in &definition.uses.references {
            let named = reference.path.split_first().and_then(|(root, rest)| {
                let hidden = definition.uses.locals.contains(root);
                let import = unit.imports.iter().find(|import| import.alias == *root && !hidden)?;
                Some([import.path.as_slice(), rest].concat())
            });
            refuse(named.as_deref().unwrap_or(&reference.path), &reference.span);
        }
    }
}
