//! What is written and nothing uses.

use std::collections::BTreeSet;

use super::{Found, Lint, Subject};
use crate::diag::{Code, Level};
use crate::policy::Language;
use crate::policy::rego::names::Names;
use crate::policy::rego::unit::Unit;

/// A rule or function.
pub(super) const FUNCTION: Lint = Lint {
    code: Code { id: "function.unused", title: "Nothing uses a function or a rule without an effect." },
    level: Level::Warning,
    find: functions,
};

/// An import.
pub(super) const IMPORT: Lint = Lint {
    code: Code { id: "import.unused", title: "Nothing uses an import." },
    level: Level::Warning,
    find: imports,
};

/// A variable.
pub(super) const VARIABLE: Lint = Lint {
    code: Code { id: "variable.unused", title: "A variable has a value that nothing uses." },
    level: Level::Warning,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (name, span) in &part.notes.unused {
                let message = format!("nothing uses the variable `{name}`");
                let hint = match part.language {
                    Language::Rego => "take it away; that a value is there is said without a name for it",
                    Language::Cel => "take it away",
                };
                found.add(&VARIABLE, message, hint, &part.source, span.clone());
            }
        }
    },
};

fn imports(subject: &Subject<'_>, found: &mut Found) {
    for unit in &subject.units {
        for import in &unit.imports {
            let keyword = matches!(import.path.first().map(String::as_str), Some("rego" | "future"));
            let uses = unit.rules.iter().flat_map(|one| one.uses.references.iter().chain(&one.uses.with));
            let mut roots = uses.filter_map(|reference| reference.path.first());
            if keyword || roots.any(|root| *root == import.alias) {
                continue;
            }
            let message = format!("nothing uses `{}`", import.path.join("."));
            found.add(&IMPORT, message, "take the import away", &unit.source, import.span.clone());
        }
    }
}

fn functions(subject: &Subject<'_>, found: &mut Found) {
    if !subject.whole {
        return;
    }
    let names = Names::of(&subject.units);
    let used = names.used();
    // What is imported whole may be used by any name.
    let whole: BTreeSet<usize> = subject
        .units
        .iter()
        .flat_map(|unit| &unit.imports)
        .filter(|import| import.path == ["data"])
        .flat_map(|_| 0..subject.units.len())
        .collect();
    let asked = |unit: &Unit, name: &str| {
        name.starts_with("test_")
            || name.starts_with("todo_test_")
            || name == "exception"
            || unit.package.is_empty()
    };
    let mut said = BTreeSet::new();
    for (u, unit) in subject.units.iter().enumerate() {
        for definition in &unit.rules {
            let Some(name) = definition.path.first() else { continue };
            let same = |other: usize| unit.rules.get(other).is_some_and(|one| one.path == definition.path);
            let is_used = used.definitions.iter().any(|(of, at)| *of == u && same(*at));
            if is_used || whole.contains(&u) || definition.effect().is_some() || asked(unit, name) {
                continue;
            }
            if said.insert((u, &definition.path)) {
                let message =
                    format!("nothing uses `{}.{}`", unit.package.join("."), definition.path.join("."));
                found.add(&FUNCTION, message, "take it away", &unit.source, definition.head.clone());
            }
        }
    }
}
