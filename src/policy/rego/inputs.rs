//! What policies look for in a review, held against what a review can have: a member that no review has
//! is never there, so a rule that asks for it finds nothing, and would let everything pass.

use std::ops::Range;
use std::sync::LazyLock;

use serde_json::Value;

use super::unit::Unit;
use super::uses::Reference;
use crate::diag::{Diagnostic, codes, nearest};
use crate::model::review::Review;

/// The shape of a review.
static SHAPE: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Review).to_value());

/// Refuses references below `input` to what no review has.
pub(super) fn check(unit: &Unit, problems: &mut Vec<Diagnostic>) {
    // What is asked about something else than a review may have any member.
    let replaced = |with: &Reference| with.path.first().is_some_and(|root| root == "input");
    if unit.rules.iter().flat_map(|definition| &definition.uses.with).any(replaced) {
        return;
    }
    let mut refuse = |path: &[String], span: &Range<usize>| {
        problems.extend(unknown(path).map(|(message, hint)| {
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

/// What a reference names that is not there, and what to write.
fn unknown(path: &[String]) -> Option<(String, String)> {
    let (root, members) = path.split_first()?;
    if root != "input" {
        return None;
    }
    // These are the review's own, and always the same.
    if let Some(own @ ("kind" | "apiVersion")) = members.first().map(String::as_str) {
        let message = format!("`input.{own}` is that of the review, and always the same");
        let hint = format!(
            "that of the object is `input.asset.object.{own}`; a policy about the document itself says `view: document` in its metadata"
        );
        return Some((message, hint));
    }
    let mut shape = resolved(&SHAPE);
    let mut path = root.clone();
    for member in members {
        let known = shape.get("properties").and_then(Value::as_object);
        if shape.get("type").is_some_and(|kind| holds(kind, "array")) {
            let message = format!("`{path}` is a list, which has no member `{member}`");
            return Some((message, format!("go through it, as in `some one in {path}`")));
        }
        let known = known?;
        let Some(next) = known.get(member) else {
            let message = format!("no review has `{path}.{member}`");
            let names = known.keys().map(String::as_str);
            let hint = match nearest(member, names.clone()) {
                Some(near) => format!("did you mean `{path}.{near}`?"),
                None if path == "input" => format!(
                    "a review has {}; a policy about the document itself says `view: document` in its metadata",
                    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                ),
                None => format!(
                    "there are {}",
                    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                ),
            };
            return Some((message, hint));
        };
        shape = resolved(next);
        path = format!("{path}.{member}");
    }
    None
}

/// Whether a type is one, or may be.
fn holds(kind: &Value, name: &str) -> bool {
    kind == name || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name))
}

/// A shape itself, where it is only named, or may be missing.
fn resolved(shape: &'static Value) -> &'static Value {
    let mut shape = shape;
    loop {
        let options = shape.get("anyOf").and_then(Value::as_array);
        let one =
            options.and_then(|all| all.iter().find(|one| one.get("type").is_none_or(|kind| kind != "null")));
        let named = shape.get("$ref").and_then(Value::as_str);
        let named = named.and_then(|name| SHAPE.pointer(name.trim_start_matches('#')));
        match one.or(named) {
            Some(next) => shape = next,
            None => return shape,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str) -> Option<String> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        unknown(&path).map(|(message, hint)| format!("{message}: {hint}"))
    }

    #[test]
    fn what_no_review_has_is_never_there() {
        for known in [
            "input",
            "input.artifacts",
            "input.asset.owner",
            "input.asset.podSpec.containers.anything",
            "input.asset.object.metadata.labels.team",
            "input.change.commit.subject",
            "input.context.actor.roles",
            "input.evidence.gates",
            "data.input.anything",
            "other.artefacts",
        ] {
            assert_eq!(said(known), None, "{known}");
        }
        for (unknown, words) in [
            ("input.artefacts", "no review has `input.artefacts`: did you mean `input.artifacts`?"),
            ("input.asset.onwer", "did you mean `input.asset.owner`?"),
            ("input.change.commit.subjct", "did you mean `input.change.commit.subject`?"),
            ("input.kind", "`input.asset.object.kind`"),
            ("input.review.object", "`view: document`"),
            ("input.spec.template", "`view: document`"),
            ("input.artifacts.ref", "`input.artifacts` is a list, which has no member `ref`"),
        ] {
            assert!(said(unknown).is_some_and(|said| said.contains(words)), "{unknown}: {:?}", said(unknown));
        }
    }
}
