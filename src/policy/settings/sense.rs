//! What has the right shape and still makes no sense: a need that nobody can fill, a freeze that ends
//! before it begins.

use std::collections::{BTreeMap, BTreeSet};

use super::{Settings, Strategy};
use crate::model::Age;
use crate::model::finding::Need;

/// Everything that makes no sense: a JSON Pointer and a word about it.
pub(super) fn faults(settings: &Settings) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut say = |path: String, message: String| found.push((path, message));
    if let Some(updates) = &settings.updates {
        for (i, rule) in updates.types.iter().flatten().enumerate() {
            for (kind, need) in &rule.approval {
                let path = format!("/updates/types/{i}/approval/{}", kind.as_str());
                if rule.alone.contains(kind) {
                    let kind = kind.as_str();
                    say(path.clone(), format!("`{kind}` stands under both `alone` and `approval`"));
                }
                empty_needs(need, &path, &mut say);
            }
        }
        for (i, freeze) in updates.freezes.iter().flatten().enumerate() {
            if freeze.until <= freeze.from {
                let name = &freeze.name;
                say(format!("/updates/freezes/{i}"), format!("the freeze `{name}` ends before it begins"));
            }
        }
        for (i, window) in updates.windows.iter().flatten().enumerate() {
            let path = format!("/updates/windows/{i}");
            if window.until <= window.from {
                say(path.clone(), "a change window that closes before it opens".to_owned());
            }
            if window.days.is_empty() {
                say(path.clone(), "a change window without days never opens".to_owned());
            }
            if window.zone != "UTC" && !window.zone.contains('/') {
                let zone = &window.zone;
                say(path, format!("`{zone}` is not a time zone such as `Europe/Amsterdam` or `UTC`"));
            }
        }
    }
    if let Some(need) = settings.migrations.iter().find_map(|m| m.unparsed.as_ref()) {
        empty_needs(need, "/migrations/unparsed", &mut say);
    }
    if let Some(promotion) = &settings.promotion {
        let mut seen = BTreeSet::new();
        for (i, step) in promotion.paths.iter().flatten().enumerate() {
            let path = format!("/promotion/paths/{i}");
            if !seen.insert((&step.from, &step.to)) {
                say(path.clone(), format!("`{}` → `{}` stands twice", step.from, step.to));
            }
            if let Some(need) = &step.needs {
                empty_needs(need, &format!("{path}/needs"), &mut say);
            }
        }
    }
    if let Some(strategy) = &settings.strategy {
        strategies(strategy, &mut say);
    }
    found
}

/// Strategies that cannot be followed, or of which two are meant for one environment.
fn strategies(strategy: &Strategy, say: &mut impl FnMut(String, String)) {
    for (i, canary) in strategy.canary.iter().flatten().enumerate() {
        let path = format!("/strategy/canary/{i}");
        if !(1..=100).contains(&canary.traffic_percent) {
            say(format!("{path}/trafficPercent"), "`trafficPercent` lies between 1 and 100".to_owned());
        }
        if !(0.0..=1.0).contains(&canary.error_rate_max) {
            say(format!("{path}/errorRateMax"), "`errorRateMax` lies between 0 and 1".to_owned());
        }
        looks(canary.every, canary.r#for, &path, say);
        let mut before = canary.traffic_percent;
        for (k, share) in canary.then.iter().enumerate() {
            let path = format!("{path}/then/{k}");
            if share.traffic_percent <= before || share.traffic_percent > 100 {
                let message = "each `trafficPercent` is greater than the one before, and at most 100";
                say(format!("{path}/trafficPercent"), message.to_owned());
            }
            before = share.traffic_percent;
            looks(canary.every, share.r#for.unwrap_or(canary.r#for), &path, say);
        }
    }
    for (i, entry) in strategy.blue_green.iter().flatten().enumerate() {
        let path = format!("/strategy/blueGreen/{i}");
        if entry.slots.len() != 2 || entry.slots.first() == entry.slots.last() {
            say(format!("{path}/slots"), "there are two different `slots`".to_owned());
        }
        looks(entry.every, entry.r#for, &path, say);
    }
    // A change that brings migrations goes through two slots whatever else there is; of the others only
    // one can be followed.
    let mut seen = BTreeMap::new();
    let canary = strategy.canary.iter().flatten().map(|e| &e.environments).enumerate();
    let blitz = strategy.blitz.iter().flatten().map(|e| &e.environments).enumerate();
    let rolling = strategy.rolling.iter().flatten().map(|e| &e.environments).enumerate();
    let canary = canary.map(|entry| ("canary", entry));
    let others = blitz.map(|entry| ("blitz", entry)).chain(rolling.map(|entry| ("rolling", entry)));
    for (table, (i, names)) in canary.chain(others) {
        for (k, name) in names.iter().flatten().enumerate() {
            let first = *seen.entry(name).or_insert(table);
            if first != table {
                say(
                    format!("/strategy/{table}/{i}/environments/{k}"),
                    format!("`{name}` stands under both `{first}` and `{table}`"),
                );
            }
        }
    }
}

/// How often something is looked at, and for how long.
fn looks(every: Age, during: Age, path: &str, say: &mut impl FnMut(String, String)) {
    if every.0 == 0 || every > during {
        say(format!("{path}/every"), "`every` is longer than nothing and no longer than `for`".to_owned());
    }
}

/// A need that nothing and nobody could ever fill, or that is filled from the start.
fn empty_needs(need: &Need, path: &str, say: &mut impl FnMut(String, String)) {
    match need {
        Need::All(needs) | Need::Any(needs) if needs.is_empty() => {
            say(path.to_owned(), "an empty list of needs".to_owned());
        }
        Need::All(needs) | Need::Any(needs) => {
            for need in needs {
                empty_needs(need, path, say);
            }
        }
        Need::Approval(approval) if approval.count == 0 || approval.role.is_empty() => {
            say(path.to_owned(), "an approval needs a role and a count of at least 1".to_owned());
        }
        Need::Approval(_) | Need::Evidence(_) | Need::Time(_) => {}
    }
}
