//! What several rules oblige a plan to, taken together.

use std::collections::BTreeMap;

use super::{Obligation, find};

/// Two rules oblige a plan to things that cannot both be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Conflict {
    /// A lowercase fragment; words of the policies in backticks.
    pub message: String,
    /// The rules, sorted.
    pub rules: Vec<String>,
}

/// Unites obligations of one kind. Parameters that only one rule names are taken over; what two
/// rules name must be the same. Of a kind that repeats, different ones stay apart. The result is
/// sorted and does not depend on the order in which rules spoke.
///
/// # Errors
/// Two rules name different values for one parameter, or kinds that exclude each other.
pub fn merge(obligations: Vec<Obligation>) -> Result<Vec<Obligation>, Conflict> {
    let mut obligations = obligations;
    // By text, because JSON values have no order of their own.
    obligations.sort_by_cached_key(|o| (o.kind.clone(), with_text(o), o.rules.clone()));
    let mut merged: BTreeMap<(String, String), Obligation> = BTreeMap::new();
    for obligation in obligations {
        let repeats = find(&obligation.kind).is_some_and(|spec| spec.repeats);
        let own = if repeats { with_text(&obligation) } else { String::new() };
        match merged.entry((obligation.kind.clone(), own)) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(obligation);
            }
            std::collections::btree_map::Entry::Occupied(mut there) => unite(there.get_mut(), obligation)?,
        }
    }
    let mut merged: Vec<Obligation> = merged.into_values().collect();
    for obligation in &mut merged {
        obligation.rules.sort();
        obligation.rules.dedup();
    }
    for a in &merged {
        let excluded = find(&a.kind).map_or(&[][..], |spec| spec.excludes);
        if let Some(b) = merged.iter().find(|b| excluded.contains(&b.kind.as_str())) {
            return Err(conflict(format!("`{}` and `{}` cannot both be done", a.kind, b.kind), a, b));
        }
    }
    Ok(merged)
}

fn unite(there: &mut Obligation, other: Obligation) -> Result<(), Conflict> {
    let differs = other.with.iter().find(|(name, value)| there.with.get(*name).is_some_and(|v| v != *value));
    if let Some((name, value)) = differs {
        let before = there.with.get(name).map(|v| v.0.to_string()).unwrap_or_default();
        let message = format!("`{}.{name}` is asked to be both `{before}` and `{}`", other.kind, value.0);
        return Err(conflict(message, there, &other));
    }
    there.with.extend(other.with);
    there.rules.extend(other.rules);
    Ok(())
}

fn with_text(obligation: &Obligation) -> String {
    crate::model::canonical::to_vec(&obligation.with)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| format!("{:?}", obligation.with))
}

fn conflict(message: String, a: &Obligation, b: &Obligation) -> Conflict {
    let mut rules: Vec<String> = a.rules.iter().chain(&b.rules).cloned().collect();
    rules.sort();
    rules.dedup();
    Conflict { message, rules }
}
