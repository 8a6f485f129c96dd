//! What policies look for, held against what is there: a member that no review has, or that settings do
//! not have, is never there, so a rule that asks for it finds nothing, and would let everything pass.

use std::sync::LazyLock;

use serde_json::Value;

use super::settings::Settings;
use crate::diag::nearest;
use crate::model::review::Review;

static REVIEW: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Review).to_value());
static SETTINGS: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Settings).to_value());

/// What a reference names that is not there, and what to write.
pub(crate) fn unknown<T: AsRef<str>>(path: &[T]) -> Option<(String, String)> {
    let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    let (root, whole, members): (_, &'static Value, _) = match names.as_slice() {
        ["input", members @ ..] => ("input", &REVIEW, members),
        ["data", "settings", members @ ..] => ("data.settings", &SETTINGS, members),
        _ => return None,
    };
    // These are the review's own, and always the same.
    if let (true, Some(own @ ("kind" | "apiVersion"))) = (root == "input", members.first().copied()) {
        let message = format!("`input.{own}` is that of the review, and always the same");
        let hint = format!(
            "that of the object is `input.asset.object.{own}`; a policy about the document itself says `view: document` in its metadata"
        );
        return Some((message, hint));
    }
    let mut shape = resolved(whole, whole);
    let mut path = root.to_owned();
    for member in members {
        let known = shape.get("properties").and_then(Value::as_object);
        if shape.get("type").is_some_and(|kind| holds(kind, "array")) {
            let message = format!("`{path}` is a list, which has no member `{member}`");
            return Some((message, format!("go through it, as in `some one in {path}`")));
        }
        let known = known?;
        let Some(next) = known.get(*member) else {
            let who = if root == "input" { "no review has" } else { "settings have no" };
            let message = format!("{who} `{path}.{member}`");
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
        shape = resolved(whole, next);
        path = format!("{path}.{member}");
    }
    None
}

/// Whether a type is one, or may be.
fn holds(kind: &Value, name: &str) -> bool {
    kind == name || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name))
}

/// A shape itself, where it is only named, or may be missing.
fn resolved(whole: &'static Value, shape: &'static Value) -> &'static Value {
    let mut shape = shape;
    loop {
        let options = shape.get("anyOf").and_then(Value::as_array);
        let one =
            options.and_then(|all| all.iter().find(|one| one.get("type").is_none_or(|kind| kind != "null")));
        let named = shape.get("$ref").and_then(Value::as_str);
        let named = named.and_then(|name| whole.pointer(name.trim_start_matches('#')));
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
            "data.settings",
            "data.settings.updates.types",
            "other.artefacts",
        ] {
            assert_eq!(said(known), None, "{known}");
        }
        for (unknown, words) in [
            ("input.artefacts", "no review has `input.artefacts`: did you mean `input.artifacts`?"),
            ("input.asset.onwer", "did you mean `input.asset.owner`?"),
            ("input.change.commit.subjct", "did you mean `input.change.commit.subject`?"),
            ("data.settings.updates.typs", "settings have no `data.settings.updates.typs`: did you mean"),
            ("input.kind", "`input.asset.object.kind`"),
            ("input.review.object", "`view: document`"),
            ("input.spec.template", "`view: document`"),
            ("input.artifacts.ref", "`input.artifacts` is a list, which has no member `ref`"),
        ] {
            assert!(said(unknown).is_some_and(|said| said.contains(words)), "{unknown}: {:?}", said(unknown));
        }
    }
}
