//! What a rule leaves unsaid, and people look for in reports and on its page.

use super::{Lint, Subject};
use crate::diag::{Code, Level};

/// A rule without a title, a description, a severity, `applies` or a remedy.
pub(super) const LINT: Lint = Lint {
    code: Code { id: "metadata.missing", title: "A rule does not say what people look for." },
    level: Level::Warning,
    find: |subject: &Subject<'_>, found| {
        for (index, rule) in
            subject.bundle.rules.iter().enumerate().filter(|(_, rule)| !rule.unsaid.is_empty())
        {
            let Some((source, span)) = subject.place(index) else { continue };
            let names: Vec<String> = rule.unsaid.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("`{}` says no {}", rule.id, names.join(", "));
            let hint = "say in its metadata what it is, how bad it is, what it applies to and what to do about a finding";
            found.add(&LINT, message, hint, source, span);
        }
    },
};
