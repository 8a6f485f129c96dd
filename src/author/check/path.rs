//! Paths that lead nowhere: what is asked for there is never there.

use super::{Found, Lint, Subject};
use crate::diag::{Code, Level};

/// A member that no review has, or no settings.
pub(super) const LINT: Lint = Lint {
    code: Code { id: "path.unknown", title: "A policy asks for a member that is never there." },
    level: Level::Error,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (message, hint, span) in &part.notes.unknown {
                found.add(&LINT, message.as_str(), hint.as_str(), &part.source, span.clone());
            }
        }
    },
};

/// A field that no pod has.
pub(super) const FIELD: Lint = Lint {
    code: Code { id: "field.unknown", title: "A policy asks for a field that no pod spec is known to have." },
    level: Level::Warning,
    find: |subject, found| {
        for part in &subject.reading.parts {
            for (message, hint, span) in &part.notes.foreign {
                found.add(&FIELD, message.as_str(), hint.as_str(), &part.source, span.clone());
            }
        }
    },
};

/// Something below `data` that is neither given nor defined.
pub(super) const DATA: Lint = Lint {
    code: Code { id: "data.unknown", title: "A policy asks for data that nobody gives." },
    level: Level::Error,
    find: data,
};

fn data(subject: &Subject<'_>, found: &mut Found) {
    for part in subject.reading.parts.iter().filter(|_| subject.whole) {
        for (message, hint, span) in &part.notes.absent {
            found.add(&DATA, message.as_str(), hint.as_str(), &part.source, span.clone());
        }
    }
}
