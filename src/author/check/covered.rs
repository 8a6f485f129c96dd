//! Kinds of change, and environments, that no rule judges: such a change could not be judged at all.

use std::collections::BTreeSet;

use super::{Found, Lint, Subject, word};
use crate::diag::{Code, Level, tree};
use crate::model::input::ChangeKind;

/// Changes about which nothing speaks.
pub(super) const LINT: Lint = Lint {
    code: Code { id: "coverage.missing", title: "No rule judges a kind of change, or an environment." },
    level: Level::Warning,
    find: uncovered,
};

fn uncovered(subject: &Subject<'_>, found: &mut Found) {
    if !subject.whole {
        return;
    }
    // What only says when or how a change goes out has not judged it.
    let rules = || subject.bundle.rules.iter().filter(|rule| !rule.metadata.incidental);
    let covers = |kind: &ChangeKind| {
        rules().any(|rule| rule.metadata.applies.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)))
    };
    let kinds: Vec<&str> =
        ChangeKind::ALL.iter().filter(|kind| !covers(kind)).map(|kind| kind.as_str()).collect();
    let mut environments = word::named(subject);
    environments.extend(
        subject.bundle.rules.iter().filter_map(|rule| rule.metadata.applies.environments.clone()).flatten(),
    );
    let judged = |name: &String| {
        rules().any(|rule| rule.metadata.applies.environments.as_ref().is_none_or(|all| all.contains(name)))
    };
    let environments: BTreeSet<&str> =
        environments.iter().filter(|name| !judged(name)).map(String::as_str).collect();
    let Some(file) = subject.bundle.files.first() else { return };
    // Where the file begins to speak: its package, or the first member of its document.
    let line = file.unit.as_ref().map(|unit| file.source.offset(unit.package_line, 1));
    let member = || match &subject.tree(Some(&file.source))?.value {
        tree::Value::Map(members) => members.first().map(|(key, _)| key.span.start),
        _ => None,
    };
    let start = line.or_else(member).unwrap_or_default();
    let end = file.source.text.get(start..).and_then(|rest| rest.find(['\r', '\n']));
    let span = start..end.map_or(file.source.text.len(), |end| start.saturating_add(end));
    let quoted = |names: &mut dyn Iterator<Item = &&str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    for (names, what) in [
        (quoted(&mut kinds.iter()), "changes of the kind"),
        (quoted(&mut environments.iter()), "changes to the environment"),
    ] {
        if !names.is_empty() {
            let message = format!("no rule of the policies judges {what} {names}");
            let hint = "such a change is denied as one that could not be judged: add a rule for it, or the policies that have one";
            found.add(&LINT, message, hint, &file.source, span.clone());
        }
    }
}
