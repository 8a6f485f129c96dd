//! Coverage: what cases and tests that passed show of rules.
//!
//! A rule is shown speaking where it said something, and silent where it judged a change and said
//! nothing. In Rego each of its effects is shown by itself: a case shows those that did not speak
//! silent where the rule judged.

use std::collections::BTreeSet;

use super::bench::Outcome;
use crate::engine::rego::trial::{Effects, Heard};
use crate::model::finding::{Effect, Location};
use crate::policy::Rule;

/// What is shown of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub rule: String,
    /// Whether it was shown saying something.
    pub speaks: bool,
    /// Whether it was shown judging and saying nothing.
    pub silent: bool,
    /// Its effects in Rego.
    pub effects: Vec<ShownEffect>,
}

/// What is shown of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEffect {
    /// What it means.
    pub effect: Effect,
    /// Its head.
    pub location: Location,
    /// Whether it was shown giving something.
    pub speaks: bool,
    /// Whether it was shown giving nothing.
    pub silent: bool,
}

impl Shown {
    /// How much of it is shown, of how much.
    pub fn count(&self) -> (usize, usize) {
        let own = [self.speaks, self.silent].into_iter();
        // One effect alone is the rule.
        let effects = self.effects.iter().filter(|_| self.effects.len() > 1);
        let all = own.chain(effects.flat_map(|effect| [effect.speaks, effect.silent]));
        all.fold((0, 0), |(shown, of), is: bool| {
            (usize::from(is).saturating_add(shown), of.saturating_add(1))
        })
    }
}

/// What cases that passed, and tests that did, show of rules.
pub fn of(rules: &[Rule], effects: &[Effects], outcomes: &[&Outcome], heard: &[&Heard]) -> Vec<Shown> {
    let passed = || outcomes.iter().filter(|outcome| outcome.passed);
    let places: BTreeSet<(&str, u32)> =
        passed().flat_map(|outcome| &outcome.places).map(|(file, line)| (file.as_str(), *line)).collect();
    let shown = |(index, rule): (usize, &Rule)| {
        let own: Vec<(usize, &Effects)> =
            effects.iter().enumerate().filter(|(_, effect)| effect.rule == index).collect();
        // A test shows a rule silent where all of it that was asked gave nothing.
        let silent_test = |heard: &&&Heard| {
            let is = |set: &BTreeSet<usize>| own.iter().any(|(at, _)| set.contains(at));
            is(&heard.silent) && !is(&heard.spoke)
        };
        let effects = own.iter().map(|(at, effect)| {
            let place = (effect.location.file.as_str(), effect.location.line);
            let judged = passed().filter(|o| o.spoke.contains(&rule.id) || o.silent.contains(&rule.id));
            let quiet = |outcome: &&Outcome| {
                !outcome.places.iter().any(|(file, line)| (file.as_str(), *line) == place)
            };
            ShownEffect {
                effect: effect.effect,
                location: effect.location.clone(),
                speaks: places.contains(&place) || heard.iter().any(|heard| heard.spoke.contains(at)),
                silent: judged.copied().any(|outcome| quiet(&outcome))
                    || heard.iter().any(|heard| heard.silent.contains(at)),
            }
        });
        let effects: Vec<ShownEffect> = effects.collect();
        Shown {
            rule: rule.id.clone(),
            speaks: passed().any(|outcome| outcome.spoke.contains(&rule.id))
                || heard.iter().any(|heard| own.iter().any(|(at, _)| heard.spoke.contains(at))),
            silent: passed().any(|outcome| outcome.silent.contains(&rule.id))
                || heard.iter().filter(silent_test).count() > 0,
            effects,
        }
    };
    rules.iter().enumerate().map(shown).collect()
}
