//! Evidence that is read without being required, and the other way round.

use std::collections::BTreeMap;

use super::reading::Part;
use super::{Found, Lint, Subject};
use crate::decide::fact;
use crate::diag::{Code, Level};
use crate::model::rule::View;

/// Read, and not required: an empty list is taken for one that somebody looked at.
pub(super) const UNREQUIRED: Lint = Lint {
    code: Code { id: "evidence.unrequired", title: "A rule reads evidence that it does not require." },
    level: Level::Error,
    find: unrequired,
};

/// Required, and not read.
pub(super) const UNREAD: Lint = Lint {
    code: Code { id: "evidence.unread", title: "A rule requires evidence that it does not read." },
    level: Level::Warning,
    find: unread,
};

/// The fact that a path of the review belongs to.
fn fact_of(path: &str) -> Option<&'static str> {
    let name = match path.strip_prefix("input.evidence.") {
        Some(rest) => format!("evidence.{}", rest.split(['.', '[']).next().unwrap_or_default()),
        None => match path.strip_prefix("input.artifacts[].")?.split(['.', '[']).next()? {
            "sbom" => "sboms".to_owned(),
            rest => format!("evidence.{rest}"),
        },
    };
    fact::find(&name).map(|spec| spec.name)
}

/// The members by which a fact is read.
fn member(fact: &str) -> &str {
    if fact == "sboms" { "sbom" } else { fact.strip_prefix("evidence.").unwrap_or(fact) }
}

fn unrequired(subject: &Subject<'_>, found: &mut Found) {
    for (index, rule) in subject.bundle.rules.iter().enumerate() {
        if rule.metadata.view == View::Document {
            continue;
        }
        let Some((source, head)) = subject.place(index) else { continue };
        let mut first: BTreeMap<&str, (&Part, std::ops::Range<usize>)> = BTreeMap::new();
        for part in subject.reading.reach(index) {
            for (path, span) in &part.notes.reads {
                if let Some(fact) = fact_of(path) {
                    let own = part.source.name == source.name;
                    let known = first.get(fact).is_some_and(|(known, _)| known.source.name == source.name);
                    if !first.contains_key(fact) || (own && !known) {
                        first.insert(fact, (part, span.clone()));
                    }
                }
            }
        }
        for (fact, (part, span)) in first {
            if rule.metadata.requires.contains_key(fact) {
                continue;
            }
            let id = &rule.id;
            let hint = format!(
                "write `requires: [{fact}]` in its metadata: where nobody looked, the list is empty too"
            );
            let message = format!("`{id}` reads `{fact}` and does not require it");
            if part.source.name == source.name {
                found.add(&UNREQUIRED, message, hint, source, span);
            } else {
                // Through a library: the rule is where it is to be mended.
                let library = &part.source.name;
                found.add(
                    &UNREQUIRED,
                    format!("{message} (it is read in `{library}`)"),
                    hint,
                    source,
                    head.clone(),
                );
            }
        }
    }
}

fn unread(subject: &Subject<'_>, found: &mut Found) {
    // Of what rules of one file require alike, one of them must read it.
    let mut asked: BTreeMap<(usize, &str), (usize, bool)> = BTreeMap::new();
    for (index, rule) in subject.bundle.rules.iter().enumerate() {
        if rule.metadata.view == View::Document {
            continue;
        }
        let parts = subject.reading.reach(index);
        for fact in rule.metadata.requires.keys() {
            if !fact.starts_with("evidence.") && fact != "sboms" {
                continue;
            }
            let name = member(fact);
            let reads =
                parts.iter().any(|part| {
                    part.notes.loose.contains(name)
                        || part.notes.reads.iter().any(|(path, _)| {
                            fact_of(path) == Some(fact.as_str()) || path == "input.evidence[*]"
                        })
                });
            let entry = asked.entry((rule.file, fact)).or_insert((index, false));
            entry.1 |= reads;
        }
    }
    for ((_, fact), (index, reads)) in asked {
        let (Some(rule), Some((source, head))) = (subject.bundle.rules.get(index), subject.place(index))
        else {
            continue;
        };
        if !reads {
            let span = Subject::said(source, "requires", fact).unwrap_or(head);
            let message = format!("`{}` requires `{fact}` and does not read it", rule.id);
            found.add(&UNREAD, message, "take it out of `requires`, or read it", source, span);
        }
    }
}
