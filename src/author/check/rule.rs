//! Definitions that can do nothing, and names that hide others.

use std::collections::BTreeMap;

use super::{Found, Lint, Subject};
use crate::diag::{Code, Level};
use crate::policy::rego::uses::bytes;

/// A condition that holds always, or never.
pub(super) const CONSTANT: Lint = Lint {
    code: Code { id: "condition.constant", title: "A condition is always true, or always false." },
    level: Level::Warning,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (always, span) in &part.notes.constant {
                let message = format!("this is always {always}");
                let hint = "compare with what is to be judged, or take it away";
                found.add(&CONSTANT, message, hint, &part.source, span.clone());
            }
        }
    },
};

/// A variable that is called as an import or a rule is.
pub(super) const HIDDEN: Lint = Lint {
    code: Code { id: "name.hidden", title: "A variable hides an import or a rule of the same name." },
    level: Level::Warning,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (name, what, span) in &part.notes.hiding {
                let message = format!("the variable `{name}` hides {what}");
                found.add(&HIDDEN, message, "give it a name of its own", &part.source, span.clone());
            }
        }
    },
};

/// A definition that stands twice.
pub(super) const REPEATED: Lint = Lint {
    code: Code { id: "rule.repeated", title: "A definition of a rule adds nothing to another." },
    level: Level::Warning,
    find: repeated,
};

fn repeated(subject: &Subject<'_>, found: &mut Found) {
    let mut seen: BTreeMap<(String, String), (&str, u32)> = BTreeMap::new();
    for unit in &subject.units {
        for definition in &unit.rules {
            let span = bytes(definition.rule.span());
            let text = unit.source.text.get(span).unwrap_or_default();
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let first =
                seen.entry((unit.package.join("."), words)).or_insert((&unit.source.name, definition.line));
            if *first == (unit.source.name.as_str(), definition.line) {
                continue;
            }
            let name = definition.path.join(".");
            let message =
                format!("this definition of `{name}` is the same as that of `{}:{}`", first.0, first.1);
            found.add(&REPEATED, message, "take one of them away", &unit.source, definition.head.clone());
        }
    }
}
