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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::check;
    use super::*;

    fn obligation(kind: &str, with: Value, rule: &str) -> Obligation {
        serde_json::from_value(json!({"kind": kind, "with": with, "rules": [rule]})).unwrap()
    }

    #[test]
    fn the_same_unites_and_what_only_one_says_is_taken_over() {
        let a = obligation("canary", json!({"trafficPercent": 5, "for": "5m"}), "b");
        let b = obligation("canary", json!({"trafficPercent": 5, "p99MsMax": 2000}), "a");
        let merged = merge(vec![a.clone(), b.clone(), a.clone()]).unwrap();
        assert_eq!(merged, merge(vec![b, a]).unwrap());
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].rules, ["a", "b"]);
        assert_eq!(merged[0].with.keys().collect::<Vec<_>>(), ["for", "p99MsMax", "trafficPercent"]);
    }

    #[test]
    fn two_values_for_one_thing_are_a_conflict() {
        let a = obligation("canary", json!({"trafficPercent": 5}), "b");
        let b = obligation("canary", json!({"trafficPercent": 10}), "a");
        let conflict = merge(vec![a.clone(), b.clone()]).unwrap_err();
        assert_eq!(Err(conflict.clone()), merge(vec![b, a]));
        assert_eq!(conflict.message, "`canary.trafficPercent` is asked to be both `10` and `5`");
        assert_eq!(conflict.rules, ["a", "b"]);
    }

    #[test]
    fn strategies_that_exclude_each_other_are_a_conflict() {
        let a = obligation("canary", json!({}), "a");
        let b = obligation("blitz", json!({}), "b");
        assert_eq!(merge(vec![a, b]).unwrap_err().message, "`blitz` and `canary` cannot both be done");
    }

    #[test]
    fn two_people_to_tell_are_two_obligations() {
        let to = |name: &str, rule: &str| obligation("notify", json!({"to": name}), rule);
        let merged = merge(vec![to("b", "r2"), to("a", "r1"), to("b", "r1")]).unwrap();
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[1].rules, ["r1", "r2"]);
    }

    #[test]
    fn a_misspelled_obligation_is_told() {
        let fault = |kind: &str, with: Value| check(&obligation(kind, with, "r")).unwrap_err();
        assert!(
            fault("canray", json!({}))
                .starts_with("`canray` is not an obligation: expected one of `blitz`, ")
        );
        assert!(fault("notify", json!({"too": "x"})).ends_with("expected one of `to`"));
        assert!(fault("blitz", json!({"x": 1})).ends_with("it takes none"));
        assert_eq!(
            fault("canary", json!({"for": 5})),
            "`for` of the obligation `canary` is `5`, expected a duration such as `5m`"
        );
        assert_eq!(check(&obligation("canary", json!({"for": "5m"}), "r")), Ok(()));
    }
}
