//! Words that are never met: values that a place cannot have, roles that nobody has, environments that
//! are named nowhere else.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Found, Lint, Subject};
use crate::diag::{Code, Level, Source, nearest, tree};

/// A word that a place of the review never holds.
pub(super) const LINT: Lint = Lint {
    code: Code { id: "value.unknown", title: "A policy compares a member with a word that it never is." },
    level: Level::Error,
    find: values,
};

/// A role that nobody has.
pub(super) const ROLE: Lint = Lint {
    code: Code { id: "role.unknown", title: "An approval is asked of a role that nobody has." },
    level: Level::Error,
    find: roles,
};

/// An environment that neither settings nor operators name.
pub(super) const ENVIRONMENT: Lint = Lint {
    code: Code {
        id: "environment.unknown",
        title: "A policy is for an environment that is named nowhere else.",
    },
    level: Level::Warning,
    find: environments,
};

fn values(subject: &Subject<'_>, found: &mut Found) {
    for (place, word) in subject.reading.parts.iter().flat_map(|part| &part.notes.compared) {
        let Some(known) = place.words() else { continue };
        if known.contains(&word.text.as_str()) {
            continue;
        }
        let hint = match nearest(&word.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if place.path == "input.asset.kind" && word.text.starts_with(char::is_uppercase) => {
                "the kind of the object is `input.asset.object.kind`".to_owned()
            }
            None => format!("it is one of {}", quoted(known.iter().copied())),
        };
        let message = format!("`{}` is never `{}`", place.path, word.text);
        found.add(&LINT, message, hint, &word.source, word.span.clone());
    }
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn roles(subject: &Subject<'_>, found: &mut Found) {
    let Some(roles) = &subject.operator.roles else { return };
    let known: BTreeSet<&str> = roles.values().flatten().map(String::as_str).collect();
    let mut told = |word: &str, source: &Arc<Source>, span: std::ops::Range<usize>| {
        if known.contains(word) {
            return;
        }
        let hint = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("people have {}", quoted(known.iter().copied())),
        };
        found.add(&ROLE, format!("nobody has the role `{word}`"), hint, source, span);
    };
    for word in subject.reading.parts.iter().flat_map(|part| &part.notes.roles) {
        told(&word.text, &word.source, word.span.clone());
    }
    for (source, node) in subject.trees.values() {
        each(node, &mut |key, value| {
            let role = (key == "approval").then(|| value.get("role")).flatten();
            let role = role.or_else(|| Some(value).filter(|_| key == "overrideRole"));
            if let Some((role, word)) = role.and_then(|role| Some((role, role.text()?))) {
                told(word, source, role.span.clone());
            }
        });
    }
}

/// Goes through every member of every mapping.
pub(super) fn each(node: &tree::Node, see: &mut impl FnMut(&str, &tree::Node)) {
    match &node.value {
        tree::Value::Map(members) => {
            for (key, value) in members {
                see(&key.name, value);
                each(value, see);
            }
        }
        tree::Value::List(items) => items.iter().for_each(|item| each(item, see)),
        tree::Value::Scalar { .. } => {}
    }
}

/// The environments that settings and the operator's file name.
pub(super) fn named(subject: &Subject<'_>) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for source in [&subject.operator.file, &subject.operator.settings].into_iter().flatten() {
        let Some(node) = subject.tree(Some(source)) else { continue };
        each(node, &mut |key, value| {
            let list = matches!(key, "environments" | "protected" | "pinned");
            match &value.value {
                tree::Value::List(items) if list => {
                    known.extend(items.iter().filter_map(tree::Node::text).map(str::to_owned));
                }
                // The ways of promotions.
                tree::Value::List(items) if key == "paths" => {
                    let ends = items.iter().flat_map(|item| [item.get("from"), item.get("to")]);
                    known.extend(ends.flatten().filter_map(tree::Node::text).map(str::to_owned));
                }
                _ => {}
            }
        });
    }
    known
}

/// The environments that settings in force name.
fn shipped(settings: Option<&Json>, known: &mut BTreeSet<String>) {
    let mut open: Vec<&Json> = settings.into_iter().collect();
    while let Some(value) = open.pop() {
        let members = value.as_object().into_iter().flatten();
        open.extend(value.as_array().into_iter().flatten());
        for (key, value) in members {
            let items = || value.as_array().into_iter().flatten();
            match key.as_str() {
                "environments" | "protected" | "pinned" => {
                    known.extend(items().filter_map(Json::as_str).map(str::to_owned));
                }
                "paths" => {
                    let ends = items().flat_map(|item| [item.get("from"), item.get("to")]);
                    known.extend(ends.flatten().filter_map(Json::as_str).map(str::to_owned));
                }
                _ => {}
            }
            open.push(value);
        }
    }
}

fn environments(subject: &Subject<'_>, found: &mut Found) {
    let mut known = named(subject);
    if known.is_empty() {
        return;
    }
    // What settings leave out stays as it is shipped.
    shipped(subject.bundle.data.get("settings"), &mut known);
    let hint = |word: &str| match nearest(word, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("settings and the operator's file name {}", quoted(known.iter().map(String::as_str))),
    };
    let message = |word: &str| format!("no setting names an environment `{word}`");
    for rule in &subject.bundle.rules {
        let Some(file) = subject.bundle.files.get(rule.file) else { continue };
        for word in rule.metadata.applies.environments.iter().flatten().filter(|word| !known.contains(*word))
        {
            let span = Subject::said(&file.source, "environments", word).unwrap_or_default();
            found.add(&ENVIRONMENT, message(word), hint(word), &file.source, span);
        }
    }
    const PLACES: [&str; 5] = [
        "input.context.environment",
        "input.asset.environment",
        "input.change.promotion.from",
        "input.change.promotion.to",
        "input.evidence.gates[].environment",
    ];
    for (place, word) in subject.reading.parts.iter().flat_map(|part| &part.notes.compared) {
        if PLACES.contains(&place.path.as_str()) && !word.text.is_empty() && !known.contains(&word.text) {
            found.add(&ENVIRONMENT, message(&word.text), hint(&word.text), &word.source, word.span.clone());
        }
    }
}
