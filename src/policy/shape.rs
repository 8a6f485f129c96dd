//! What policies look for, held against what is there: a member that no review has, or that settings do
//! not have, is never there, so a rule that asks for it finds nothing, and would let everything pass.

mod pod;

use std::sync::LazyLock;

use serde_json::Value;

use super::settings::Settings;
use crate::diag::nearest;
use crate::model::review::Review;

static REVIEW: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Review).to_value());
static SETTINGS: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Settings).to_value());

/// What admission controllers put around an object, as policies elsewhere name it.
const REQUESTS: [&str; 2] = ["request", "review"];
/// What a policy says of itself that is about a document.
const DOCUMENT: &str = "`view: document` below `custom:` in the `# METADATA` above its package";

/// What a policy about documents names that none of them has, and what to write.
pub(crate) fn unwrapped<T: AsRef<str>>(path: &[T]) -> Option<(String, String)> {
    let [root, member, ..] = path else { return None };
    let (root, member) = (root.as_ref(), member.as_ref());
    (root == "input" && REQUESTS.contains(&member)).then(|| {
        let message = format!("no document has `input.{member}`");
        (
            message,
            format!("`input` is the object itself: write `input.spec` for `input.{member}.object.spec`"),
        )
    })
}

/// Where a pod spec stands: a place and a member of it.
const POD_SPEC: (&str, &str) = ("input.asset", "podSpec");

/// A place in a review or in settings: what stands there, and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    whole: &'static Value,
    shape: &'static Value,
    /// As in `input.artifacts[].digest`.
    pub(crate) path: String,
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Place {
    /// The review.
    pub(crate) fn input() -> Self {
        Self { whole: &REVIEW, shape: resolved(&REVIEW, &REVIEW), path: "input".to_owned() }
    }

    /// The settings.
    pub(crate) fn settings() -> Self {
        Self { whole: &SETTINGS, shape: resolved(&SETTINGS, &SETTINGS), path: "data.settings".to_owned() }
    }

    /// Whether it is a place of Kubernetes' own, within the pod spec: of its fields newer ones than are known
    /// here may be there.
    pub(crate) fn is_foreign(&self) -> bool {
        std::ptr::eq(self.whole, &raw const *pod::POD)
    }

    fn of_review(&self) -> bool {
        self.path.starts_with("input")
    }

    /// A member; `None` where any may stand.
    ///
    /// # Errors
    /// There is no such member: what to say, and what to write.
    pub(crate) fn member(&self, member: &str) -> Result<Option<Self>, (String, String)> {
        let path = &self.path;
        // These are the review's own, and always the same.
        if path == "input" && matches!(member, "kind" | "apiVersion") {
            let message = format!("`input.{member}` is that of the review, and always the same");
            let hint = format!(
                "that of the object is `input.asset.object.{member}`; a policy about the document itself says {DOCUMENT}"
            );
            return Err((message, hint));
        }
        if self.shape.get("type").is_some_and(|kind| holds(kind, "array")) {
            let message = format!("`{path}` is a list, which has no member `{member}`");
            return Err((message, format!("go through it, as in `some one in {path}`")));
        }
        if let Some(what) = self.plain() {
            let message = format!("`{path}` is {what}, which has no member `{member}`");
            return Err((message, format!("write `{path}` by itself")));
        }
        let Some(known) = self.shape.get("properties").and_then(Value::as_object) else {
            return Ok(self.element().map(|element| Self { path: format!("{path}.{member}"), ..element }));
        };
        if path == POD_SPEC.0 && member == POD_SPEC.1 {
            let (whole, path) = (&*pod::POD, format!("{path}.{member}"));
            return Ok(Some(Self { whole, shape: resolved(whole, whole), path }));
        }
        if let Some(next) = known.get(member) {
            let shape = resolved(self.whole, next);
            return Ok(Some(Self { whole: self.whole, shape, path: format!("{path}.{member}") }));
        }
        let who = match (self.is_foreign(), self.of_review()) {
            (true, _) => "no pod has",
            (false, true) => "no review has",
            (false, false) => "settings have no",
        };
        let message = format!("{who} `{path}.{member}`");
        let names = known.keys().map(String::as_str);
        let hint = match nearest(member, names.clone()) {
            _ if path == "input" && REQUESTS.contains(&member) => {
                "the object that an admission is about is `input.asset.object`".to_owned()
            }
            Some(near) => format!("did you mean `{path}.{near}`?"),
            None if self.is_foreign() => "Kubernetes 1.34 publishes no such field".to_owned(),
            None if path == "input" => format!(
                "a review has {}; a policy about the document itself says {DOCUMENT}",
                names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
            None => {
                format!("there are {}", names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        Err((message, hint))
    }

    /// What it is, where it has no parts.
    fn plain(&self) -> Option<&'static str> {
        let kinds = match self.shape.get("type") {
            Some(Value::Array(kinds)) => kinds.as_slice(),
            Some(kind) => std::slice::from_ref(kind),
            None => return self.words().map(|_| "a text"),
        };
        let known = kinds.iter().map(|kind| match kind.as_str() {
            Some("string") => Some("a text"),
            Some("integer" | "number") => Some("a number"),
            Some("boolean") => Some("true or false"),
            Some("null") => Some(""),
            _ => None,
        });
        let known: Option<Vec<_>> = known.collect();
        known?.into_iter().find(|what| !what.is_empty())
    }

    /// What stands in it, where it is a list or a mapping from names to one kind of thing.
    pub(crate) fn element(&self) -> Option<Self> {
        let inner = self.shape.get("items").or_else(|| {
            let more = self.shape.get("additionalProperties").filter(|more| more.is_object());
            more.filter(|_| self.shape.get("properties").is_none())
        })?;
        let shape = resolved(self.whole, inner);
        Some(Self { whole: self.whole, shape, path: format!("{}[]", self.path) })
    }

    /// Whether it maps names that are not written down to one kind of thing, or is anything.
    pub(crate) fn is_mapping(&self) -> bool {
        self.shape.get("items").is_none()
    }

    /// The words that can stand here, where no others can.
    pub(crate) fn words(&self) -> Option<Vec<&'static str>> {
        let listed = self.shape.get("enum").and_then(Value::as_array);
        let listed = listed.map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        let told = || {
            let all = self.shape.get("oneOf").and_then(Value::as_array)?;
            let mut words = Vec::new();
            for one in all {
                match (one.get("const"), one.get("enum").and_then(Value::as_array)) {
                    (Some(word), _) => words.push(word.as_str()?),
                    (None, Some(some)) => words.extend(some.iter().filter_map(Value::as_str)),
                    (None, None) => return None,
                }
            }
            Some(words)
        };
        listed.or_else(told).filter(|words| !words.is_empty())
    }
}

/// What a reference names that is not there, and what to write.
pub(crate) fn unknown<T: AsRef<str>>(path: &[T]) -> Option<(String, String)> {
    let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    let (mut place, members) = match names.as_slice() {
        ["input", members @ ..] => (Place::input(), members),
        ["data", "settings", members @ ..] => (Place::settings(), members),
        _ => return None,
    };
    for member in members {
        match place.member(member) {
            Ok(Some(next)) if !next.is_foreign() => place = next,
            Ok(_) => return None,
            Err(said) => return Some(said),
        }
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
            ("input.review.object", "`input.asset.object`"),
            ("input.change.ticket.id", "`input.change.ticket` is a text, which has no member `id`"),
            ("input.change.commit.breaking.x", "is true or false"),
            ("input.change.updateType.x", "is a text"),
            ("input.spec.template", "`view: document`"),
            ("input.artifacts.ref", "`input.artifacts` is a list, which has no member `ref`"),
        ] {
            assert!(said(unknown).is_some_and(|said| said.contains(words)), "{unknown}: {:?}", said(unknown));
        }
    }
}
