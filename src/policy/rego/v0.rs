//! Files in the syntax of v0: words that are keywords only where they are imported, and rules that are
//! none.
//!
//! Where `if` is not imported, `ok if { … }` reads as the rule `ok`, which always holds, and another
//! one that is called `if`.

use std::ops::Range;
use std::sync::Arc;

use regorus::unstable::{Rule, RuleHead};

use super::text;
use super::unit::Unit;
use crate::diag::{Diagnostic, Source, codes};

const KEYWORDS: [&str; 4] = ["if", "contains", "in", "every"];
const HINT: &str = "add `import rego.v1`, or write the file in the syntax of v0 throughout";

/// Refuses keywords that the file does not import.
pub(super) fn keywords(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let words: Vec<(Range<usize>, &str)> = text::words(&source.text).collect();
    let part = |at: usize| words.get(at).map_or("", |(_, word)| *word);
    let mut imported = Vec::new();
    for at in (0..words.len()).filter(|at| part(*at) == "import") {
        match [1, 2, 3, 4, 5].map(|n| part(at.saturating_add(n))) {
            ["rego", ".", "v1", ..] => return Ok(()),
            ["future", ".", "keywords", ".", "every"] => imported.extend(["every", "in"]),
            ["future", ".", "keywords", ".", word] => imported.push(word),
            ["future", ".", "keywords", ..] => return Ok(()),
            _ => {}
        }
    }
    for (at, (span, word)) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", part);
        let called = *word == "contains" && part(at.saturating_add(1)) == "(";
        if KEYWORDS.contains(word) && !imported.contains(word) && before != "." && !called {
            let message = format!("`{word}` is no keyword in this file");
            return Err(Diagnostic::error(codes::POLICY_INVALID, message).hint(HINT).at(
                source,
                span.clone(),
                "would be read as a name",
            ));
        }
    }
    Ok(())
}

/// Refuses rules that say nothing: a name by itself always holds.
pub(super) fn rules(unit: &Unit) -> Result<(), Diagnostic> {
    for definition in &unit.rules {
        let empty = match definition.rule.as_ref() {
            Rule::Spec {
                head: RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. },
                bodies,
                ..
            } => assign.is_none() && bodies.is_empty(),
            Rule::Spec { .. } | Rule::Default { .. } => false,
        };
        if empty {
            let message = format!("`{}` has neither a body nor a value", definition.path.join("."));
            return Err(Diagnostic::error(codes::POLICY_INVALID, message).hint(HINT).at(
                &unit.source,
                definition.head.clone(),
                "always holds",
            ));
        }
    }
    Ok(())
}
