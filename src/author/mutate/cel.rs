//! Conditions of rules in CEL.

use std::collections::BTreeSet;

use super::{Mutant, flat, source};
use crate::engine::cel::conditions;
use crate::policy::cel::{Expression, Given, Policy, Rule};
use crate::policy::{Bundle, Language};

/// An expression of a policy, by the id of its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Matches,
    Variable(usize),
    Condition(String),
    List(String),
    Value(String),
    Until(String),
    Needs(String),
}

impl Place {
    /// The expression in a policy, or in a part of it.
    pub(super) fn of<'p>(&self, policy: &'p mut Policy) -> Option<&'p mut Expression> {
        match self {
            Self::Matches => policy.matches.as_mut(),
            Self::Variable(at) => policy.variables.get_mut(*at).map(|variable| &mut variable.expression),
            Self::Condition(id) => rule(policy, id).map(|rule| &mut rule.condition),
            Self::List(id) => rule(policy, id)?.for_each.as_mut().map(|each| &mut each.list),
            Self::Value(id) => worked(rule(policy, id)?.value.as_mut()),
            Self::Until(id) => worked(rule(policy, id)?.until.as_mut()),
            Self::Needs(id) => worked(rule(policy, id)?.needs.as_mut()),
        }
    }

    /// The rule that has it; none where all have.
    fn rule(&self) -> Option<&String> {
        match self {
            Self::Matches | Self::Variable(_) => None,
            Self::Condition(id) | Self::List(id) | Self::Value(id) | Self::Until(id) | Self::Needs(id) => {
                Some(id)
            }
        }
    }
}

fn rule<'p>(policy: &'p mut Policy, id: &str) -> Option<&'p mut Rule> {
    policy.rules.iter_mut().find(|rule| rule.id == id)
}

fn worked<T>(given: Option<&mut Given<T>>) -> Option<&mut Expression> {
    match given? {
        Given::Expression(expression) => Some(expression),
        Given::Plain(_) => None,
    }
}

/// Every expression of a policy.
fn places(policy: &Policy) -> Vec<Place> {
    let mut places = vec![Place::Matches];
    places.extend((0..policy.variables.len()).map(Place::Variable));
    for rule in &policy.rules {
        let kinds = [Place::Condition, Place::List, Place::Value, Place::Until, Place::Needs];
        places.extend(kinds.into_iter().map(|kind| kind(rule.id.clone())));
    }
    places
}

/// The conditions of all policies, taken out.
pub(super) fn mutants(bundle: &Bundle) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (number, policy) in bundle.cel.iter().enumerate() {
        let Some(source) = source(bundle, policy.file) else { continue };
        let mut copy = policy.clone();
        for place in places(policy) {
            let Some(expression) = place.of(&mut copy) else { continue };
            let text = expression.text.as_str();
            let mut parts = conditions(text);
            if matches!(place, Place::Matches | Place::Condition(_)) {
                let trimmed = text.trim();
                let start = text.len().saturating_sub(text.trim_start().len());
                parts.insert((start, start.saturating_add(trimmed.len()), "true"));
            }
            let own = |id: &str| {
                let rest = id.strip_prefix(policy.id.as_str()).and_then(|rest| rest.strip_prefix('.'));
                rest.is_some_and(|rest| place.rule().is_none_or(|rule| rule == rest))
            };
            let rules: BTreeSet<usize> = (bundle.rules.iter().enumerate())
                .filter(|(_, rule)| {
                    rule.language == Language::Cel && rule.file == policy.file && own(&rule.id)
                })
                .map(|(at, _)| at)
                .collect();
            for (start, end, becomes) in parts {
                let was = flat(text.get(start..end).unwrap_or_default());
                if was == becomes {
                    continue;
                }
                mutants.push(Mutant {
                    file: policy.file,
                    place: super::Place::Cel(number, place.clone()),
                    part: start..end,
                    becomes,
                    at: expression.locate(source, start..end).start,
                    was,
                    rules: rules.clone(),
                });
            }
        }
    }
    mutants
}
