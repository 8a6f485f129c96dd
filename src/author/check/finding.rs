//! Findings that cannot be judged, and holds that nothing ends.

use std::collections::BTreeMap;

use super::reading::{Part, Value, Word, Yield};
use super::{Found, Lint, Subject};
use crate::diag::{Code, Level, nearest};
use crate::model::finding::Effect;
use crate::model::obligation;
use crate::policy::shape::Place;

/// A finding that is none.
pub(super) const INVALID: Lint = Lint {
    code: Code { id: "finding.invalid", title: "A finding says what no finding can say." },
    level: Level::Error,
    find: |subject, found| each(subject, |part, one| invalid(part, one, found)),
};

/// A hold without `needs` and `until`, and with what is nearly called so.
pub(super) const ENDLESS: Lint = Lint {
    code: Code { id: "hold.endless", title: "A hold does not say what ends it." },
    level: Level::Warning,
    find: |subject, found| each(subject, |part, one| endless(part, one, found)),
};

/// What can be needed.
const NEEDS: [&str; 5] = ["approval", "evidence", "time", "all", "any"];
const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

type Members = BTreeMap<String, Value>;

fn each(subject: &Subject<'_>, mut look: impl FnMut(&Part, &Yield)) {
    for part in &subject.reading.parts {
        part.notes.yields.iter().for_each(|one| look(part, one));
    }
}

fn members(one: &Yield) -> Option<&Members> {
    match &one.value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// The texts that a member can be, where these are known.
fn words<'a>(members: &'a Members, name: &str) -> &'a [Word] {
    match members.get(name) {
        Some(Value::Text(words)) => words,
        _ => &[],
    }
}

fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            format!("there are {}", known.join(", "))
        }
    }
}

fn invalid(part: &Part, one: &Yield, found: &mut Found) {
    let Some(members) = members(one) else { return };
    let effect = one.effect.as_str();
    let mut at = |message: String, hint: String| {
        found.add(&INVALID, message, hint, &part.source, one.span.clone());
    };
    if let Effect::Oblige | Effect::Action = one.effect {
        let kinds = obligation::OBLIGATIONS.iter().map(|spec| spec.kind);
        for word in words(members, "kind").iter().filter(|_| one.effect == Effect::Oblige) {
            if obligation::find(&word.text).is_none() {
                let message = format!("there is no obligation `{}`", word.text);
                found.add(
                    &INVALID,
                    message,
                    meant(&word.text, kinds.clone()),
                    &word.source,
                    word.span.clone(),
                );
            }
        }
        return;
    }
    if one.whole && !members.contains_key("msg") {
        at(format!("a finding of `{effect}` has no `msg`"), "say in `msg` what is wrong".to_owned());
    }
    if one.effect != Effect::Hold {
        for name in ["until", "needs"].into_iter().filter(|name| members.contains_key(*name)) {
            at(
                format!("only a hold has `{name}`, not `{effect}`"),
                format!("take it away, or write `hold` instead of `{effect}`"),
            );
        }
    }
    if let Some(need) = members.get("needs") {
        needs(need, &mut at);
    }
    for word in words(members, "severity").iter().filter(|word| !SEVERITIES.contains(&word.text.as_str())) {
        let message = format!("`{}` is no severity", word.text);
        let hint = meant(&word.text, SEVERITIES.into_iter());
        found.add(&INVALID, message, hint, &word.source, word.span.clone());
    }
    for word in words(members, "path").iter().filter(|_| one.review) {
        if let Some((message, hint)) = nowhere(&word.text) {
            found.add(&INVALID, message, hint, &word.source, word.span.clone());
        }
    }
}

/// Tells members that no need has.
fn needs(need: &Value, at: &mut impl FnMut(String, String)) {
    let mut open = vec![need];
    while let Some(need) = open.pop() {
        let Value::Object(members) = need else { continue };
        for (name, inner) in members {
            match (name.as_str(), inner) {
                ("all" | "any", Value::List(element)) => open.push(element),
                ("approval", Value::Object(members)) => {
                    let known = ["role", "count"];
                    for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
                        at(format!("an approval has no `{name}`"), meant(name, known.into_iter()));
                    }
                }
                (name, _) if !NEEDS.contains(&name) => {
                    at(format!("nothing is needed by the name of `{name}`"), meant(name, NEEDS.into_iter()));
                }
                _ => {}
            }
        }
    }
}

/// What is wrong with a pointer into a review that leads nowhere.
fn nowhere(pointer: &str) -> Option<(String, String)> {
    let mut place = Place::input();
    for name in pointer.strip_prefix('/')?.split('/') {
        let name = name.replace("~1", "/").replace("~0", "~");
        let index = name.bytes().all(|b| b.is_ascii_digit());
        place = match place.element().filter(|_| index) {
            Some(element) => element,
            None => match place.member(&name) {
                Ok(next) => next.filter(|next| !next.is_foreign())?,
                Err((message, hint)) => return Some((message, hint)),
            },
        };
    }
    None
}

fn endless(part: &Part, one: &Yield, found: &mut Found) {
    let Some(members) = members(one).filter(|_| one.whole && one.effect == Effect::Hold) else { return };
    let ends = ["needs", "until"];
    if ends.iter().any(|name| members.contains_key(*name)) {
        return;
    }
    // Without any such member it may wait for another state of things, which ends by itself.
    let near = members.keys().find_map(|name| Some((name, nearest(name, ends)?)));
    let Some((name, near)) = near else { return };
    let hint = format!("did you mean `{near}`, not `{name}`?");
    found.add(&ENDLESS, "nothing that is named ends this hold", hint, &part.source, one.span.clone());
}
