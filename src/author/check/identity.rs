//! Who signed: patterns that others fit as well, and names without whoever vouches for them.

use std::ops::Range;
use std::sync::Arc;

use regex_syntax::hir::Look;

use super::reading::How;
use super::{Found, Lint, Subject};
use crate::diag::{Code, Level, Source};

/// A pattern that more identities fit than are meant.
pub(super) const UNANCHORED: Lint = Lint {
    code: Code { id: "identity.unanchored", title: "More identities fit a pattern than are meant." },
    level: Level::Error,
    find: unanchored,
};

/// An identity that anybody could have been given by another issuer.
pub(super) const ISSUER: Lint = Lint {
    code: Code { id: "identity.issuer", title: "An identity is looked at without its issuer." },
    level: Level::Error,
    find: issuer,
};

/// The members that say who somebody is.
const NAMES: [&str; 2] = ["identity", "issuer"];

/// Whether all that a regular expression matches begins and ends with the text; one that cannot be read is
/// told elsewhere.
fn is_anchored(pattern: &str) -> bool {
    let Ok(pattern) = regex_syntax::parse(pattern) else { return true };
    let properties = pattern.properties();
    properties.look_set_prefix().contains(Look::Start) && properties.look_set_suffix().contains(Look::End)
}

/// Whether a glob goes on within the name of an organisation or a host.
fn is_wide(glob: &str) -> bool {
    let (before, after) = (glob.split('*').next(), glob.rsplit('*').next());
    let (Some(before), Some(after)) = (before, after.filter(|_| glob.contains('*'))) else { return false };
    if before.is_empty() {
        return !after.is_empty() && !separates(after.chars().next());
    }
    let name = before.split_once("://").map(|(_, name)| name);
    name.is_some_and(|name| name.matches('/').count() < 2 && !separates(name.chars().next_back()))
}

/// Whether a sign stands between the parts of an identity.
fn separates(c: Option<char>) -> bool {
    c.is_some_and(|c| "/@:#".contains(c))
}

/// What is wrong with how an identity is asked for, and what to write.
fn fault(how: How, text: &str) -> Option<(&'static str, &'static str)> {
    match how {
        How::Matches if !is_anchored(text) => Some((
            "matches anywhere in an identity, so others fit it too",
            "anchor it: `^…$`, and write `\\.` for a dot",
        )),
        How::Begins if !separates(text.chars().next_back()) => {
            Some(("begins other identities too", "end it with a separator, as in `https://github.com/corp/`"))
        }
        How::Ends if !separates(text.chars().next()) => {
            Some(("ends other identities too", "begin it with a separator, as in `@example.com`"))
        }
        How::Glob if is_wide(text) => Some((
            "fits other identities too",
            "put a separator beside the `*`, as in `https://github.com/corp/*`",
        )),
        How::Contains => Some((
            "can stand anywhere in an identity",
            "compare the whole identity, or its beginning up to a separator",
        )),
        _ => None,
    }
}

fn unanchored(subject: &Subject<'_>, found: &mut Found) {
    for part in &subject.reading.parts {
        for asked in part.notes.asked.iter().filter(|asked| NAMES.contains(&asked.member.as_str())) {
            let Some(word) = &asked.word else { continue };
            if let Some((message, hint)) = fault(asked.how, &word.text) {
                let message = format!("`{}` {message}", word.text);
                found.add(&UNANCHORED, message, hint, &word.source, word.span.clone());
            }
        }
    }
    // Operators name identities whole; a pattern is one that nobody has.
    for (source, _, identity, span) in signers(subject) {
        let pattern = identity.contains(['*', '^', '$', '(', '[', '\\']);
        if pattern {
            let message = format!("`{identity}` is not a pattern here: it is compared as it stands");
            found.add(&UNANCHORED, message, "name each identity whole", &source, span);
        }
    }
}

/// Signers that settings and the operator's file name: source, whether with an issuer or key, identity.
fn signers(subject: &Subject<'_>) -> Vec<(Arc<Source>, bool, String, Range<usize>)> {
    let places =
        [(&subject.operator.file, "/trust/signers"), (&subject.operator.settings, "/signatures/signers")];
    let mut all = Vec::new();
    for (source, pointer) in places {
        let (Some(source), Some(node)) = (source, subject.tree(source.as_ref())) else { continue };
        let crate::diag::tree::Value::List(items) = &node.locate(pointer).value else { continue };
        for item in items {
            let whole = item.get("issuer").is_some() || item.get("key").is_some();
            if let Some((identity, node)) = item.get("identity").and_then(|node| Some((node.text()?, node))) {
                all.push((Arc::clone(source), whole, identity.to_owned(), node.span.clone()));
            }
        }
    }
    all
}

fn issuer(subject: &Subject<'_>, found: &mut Found) {
    let mut told = Vec::new();
    for index in 0..subject.bundle.rules.len() {
        let parts = subject.reading.reach(index);
        let names_issuer = parts.iter().any(|part| {
            part.notes.loose.contains("issuer")
                || part.notes.reads.iter().any(|(path, _)| path.ends_with(".issuer"))
                || part.notes.asked.iter().any(|asked| asked.member == "issuer")
        });
        if names_issuer {
            continue;
        }
        for part in parts {
            for asked in
                part.notes.asked.iter().filter(|asked| asked.member == "identity" && asked.word.is_some())
            {
                told.push((Arc::clone(&part.source), asked.span.clone()));
            }
        }
    }
    for (source, span) in told {
        let hint = "compare `issuer` too: anybody can have this identity from another issuer";
        found.add(&ISSUER, "an identity is compared, and its issuer is not", hint, &source, span);
    }
    for (source, whole, identity, span) in signers(subject) {
        // Where settings narrow down signers by keys, the operator's file names these.
        let by_key = subject.operator.settings.as_ref().is_some_and(|settings| settings.name == source.name)
            && !identity.contains(['@', '/', ':']);
        if !whole && !by_key {
            let hint = "add its `issuer`: anybody can have this identity from another one";
            found.add(&ISSUER, format!("the signer `{identity}` has no issuer"), hint, &source, span);
        }
    }
}
