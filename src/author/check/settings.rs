//! Settings that no policy of the bundle reads.

use std::collections::BTreeSet;

use super::{Found, Lint, Subject};
use crate::diag::{Code, Level, tree};

/// A member of the settings that changes nothing.
pub(super) const LINT: Lint = Lint {
    code: Code { id: "setting.unused", title: "No policy reads a setting." },
    level: Level::Warning,
    find: unused,
};

fn unused(subject: &Subject<'_>, found: &mut Found) {
    let Some((source, node)) =
        subject.operator.settings.as_ref().zip(subject.tree(subject.operator.settings.as_ref()))
    else {
        return;
    };
    if !subject.whole {
        return;
    }
    let notes = || subject.reading.parts.iter().map(|part| &part.notes);
    // What a rule goes by is read before the rule is asked.
    let tables = subject.bundle.rules.iter().filter_map(|rule| rule.metadata.applies.configured.as_ref());
    let tables: BTreeSet<String> = tables.map(|path| format!("data.settings.{path}")).collect();
    let goes_by =
        |path: &str| tables.iter().any(|table| table == path || table.starts_with(&format!("{path}.")));
    let reads =
        |path: &str| goes_by(path) || notes().any(|notes| notes.reads.iter().any(|(read, _)| read == path));
    let loose = |name: &str| notes().any(|notes| notes.loose.contains(name));
    if reads("data.settings[*]") {
        return;
    }
    let tree::Value::Map(sections) = &node.value else { return };
    for (section, inner) in sections {
        let path = format!("data.settings.{}", section.name);
        if !reads(&path) && !loose(&section.name) {
            let message = format!("no policy reads `{}`", section.name);
            found.add(
                &LINT,
                message,
                "take it away, or add the policies that read it",
                source,
                section.span.clone(),
            );
            continue;
        }
        let tree::Value::Map(members) = &inner.value else { continue };
        if reads(&format!("{path}[*]")) {
            continue;
        }
        for (member, _) in members {
            if !reads(&format!("{path}.{}", member.name)) && !loose(&member.name) {
                let message = format!("no policy reads `{}.{}`", section.name, member.name);
                let hint = "take it away, or add the policies that read it";
                found.add(&LINT, message, hint, source, member.span.clone());
            }
        }
    }
}
