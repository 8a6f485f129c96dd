//! What has the right shape and still makes no sense: a need that nobody can fill, a freeze that ends
//! before it begins.

mod tables;

use std::collections::{BTreeMap, BTreeSet};

use super::{HealthWatch, Settings, Strategy, Updates};
use crate::model::Age;
use crate::model::evidence::Severity;
use crate::model::finding::Need;

/// Everything that makes no sense: a JSON Pointer and a word about it.
pub(super) fn faults(settings: &Settings) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut say = |path: String, message: String| found.push((path, message));
    tables::faults(settings, &mut say);
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
            if window.until == window.from {
                say(path.clone(), "a change window that closes when it opens".to_owned());
            }
            if window.days.is_empty() {
                say(path.clone(), "a change window without days never opens".to_owned());
            }
            zone(&window.zone, path, &mut say);
        }
        for (i, days) in updates.holidays.iter().flatten().enumerate() {
            let path = format!("/updates/holidays/{i}");
            if days.dates.is_empty() {
                say(path.clone(), format!("`{}` has no days", days.name));
            }
            zone(&days.zone, path, &mut say);
        }
        gating(updates, &mut say);
    }
    if let Some(need) = settings.migrations.iter().find_map(|m| m.unparsed.as_ref()) {
        empty_needs(need, "/migrations/unparsed", &mut say);
    }
    for (removal, need) in settings.migrations.iter().filter_map(|m| m.approval.as_ref()).flatten() {
        empty_needs(need, &format!("/migrations/approval/{}", removal.as_str()), &mut say);
    }
    for (i, audit) in settings.scans.iter().filter_map(|s| s.npm.as_ref()).flatten().enumerate() {
        if audit.scanners.is_empty() && audit.gates.is_empty() {
            say(
                format!("/scans/npm/{i}"),
                "neither a scanner nor a gate: nothing could ever pass".to_owned(),
            );
        }
    }
    for (i, trusted) in settings.provenance.iter().filter_map(|p| p.trusted.as_ref()).flatten().enumerate() {
        if trusted.builders.is_empty() || trusted.sources.is_empty() {
            let message = "without a builder or without a source nothing could ever pass".to_owned();
            say(format!("/provenance/trusted/{i}"), message);
        }
    }
    let bases = settings.base_images.iter().filter_map(|b| b.allowed.as_ref()).flatten();
    for (i, entry) in bases.enumerate() {
        for (k, name) in entry.repositories.iter().enumerate() {
            pattern(name, "/*", format!("/baseImages/allowed/{i}/repositories/{k}"), &mut say);
        }
    }
    let required = settings.registers.iter().filter_map(|r| r.required.as_ref()).flatten();
    for (i, entry) in required.enumerate() {
        for (k, name) in entry.applications.iter().flatten().enumerate() {
            pattern(name, "*", format!("/registers/required/{i}/applications/{k}"), &mut say);
        }
    }
    compared(settings, &mut say);
    if let Some(promotion) = &settings.promotion {
        let mut seen = BTreeSet::new();
        for (i, step) in promotion.paths.iter().flatten().enumerate() {
            let path = format!("/promotion/paths/{i}");
            if !seen.insert((&step.from, &step.to)) {
                say(path.clone(), format!("`{}` → `{}` stands twice", step.from, step.to));
            }
            if step.from == step.to {
                say(path.clone(), format!("a promotion from `{}` to itself", step.to));
            }
            if let Some(need) = &step.needs {
                empty_needs(need, &format!("{path}/needs"), &mut say);
            }
            if step.by.as_ref().is_some_and(Vec::is_empty) {
                say(format!("{path}/by"), "a promotion for which nobody may ask".to_owned());
            }
        }
        for (i, only) in promotion.only.iter().flatten().enumerate() {
            for (k, name) in only.applications.iter().flatten().enumerate() {
                pattern(name, "*", format!("/promotion/only/{i}/applications/{k}"), &mut say);
            }
        }
        for (i, flights) in promotion.in_flight.iter().flatten().enumerate() {
            in_flight(flights.most, format!("/promotion/inFlight/{i}/most"), &mut say);
        }
        for (i, freight) in promotion.freight.iter().flatten().enumerate() {
            if freight.applications.len() < 2 {
                let path = format!("/promotion/freight/{i}/applications");
                say(path, "what is promoted together is more than one application".to_owned());
            }
        }
    }
    if let Some(strategy) = &settings.strategy {
        strategies(strategy, &mut say);
    }
    found
}

pub(super) use tables::spellings;
/// What is compared with something that it could never equal, or leaves out the worse.
fn compared(settings: &Settings, say: &mut impl FnMut(String, String)) {
    const ENGINES: [&str; 3] = ["mariadb", "mysql", "postgresql"];
    let worse = |severities: &BTreeSet<Severity>, path: String, say: &mut dyn FnMut(String, String)| {
        let least = severities.first().copied();
        let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        for worse in all.iter().filter(|one| least.is_some_and(|least| least < **one)) {
            if !severities.contains(worse) {
                let (worse, least) = (worse.as_str(), least.unwrap_or_default().as_str());
                say(path.clone(), format!("`{least}` would count, and `{worse}` would not"));
            }
        }
    };
    if let Some(severities) = settings.scans.iter().find_map(|scans| scans.severities.as_ref()) {
        worse(severities, "/scans/severities".to_owned(), say);
    }
    for (i, audit) in settings.scans.iter().filter_map(|s| s.npm.as_ref()).flatten().enumerate() {
        worse(&audit.severities, format!("/scans/npm/{i}/severities"), say);
    }
    for engine in settings.migrations.iter().filter_map(|m| m.versions.as_ref()).flat_map(BTreeMap::keys) {
        if !ENGINES.contains(&engine.as_str()) {
            let known = ENGINES.join("`, `");
            say(format!("/migrations/versions/{engine}"), format!("`{engine}` is none of `{known}`"));
        }
    }
    for rule in settings.migrations.iter().filter_map(|m| m.suppressible.as_ref()).flatten() {
        if !rule.contains('.') {
            say(
                "/migrations/suppressible".to_owned(),
                format!("`{rule}` is no rule, as in `migrations.{rule}`"),
            );
        }
    }
    let place = |name: &str, path: String, say: &mut dyn FnMut(String, String)| {
        if name.contains("://") || name.ends_with('/') || name.is_empty() {
            say(
                path,
                format!(
                    "`{name}` is not the name of a registry or repository, as in `registry.example/team`"
                ),
            );
        }
    };
    let registries = settings.hardening.iter().filter_map(|h| h.registries.as_ref()).flatten();
    for (i, entry) in registries.enumerate() {
        for (k, name) in entry.allow.iter().enumerate() {
            place(name, format!("/hardening/registries/{i}/allow/{k}"), say);
        }
    }
    let bases = settings.base_images.iter().filter_map(|b| b.allowed.as_ref()).flatten();
    for (i, entry) in bases.enumerate() {
        for (k, name) in entry.repositories.iter().enumerate() {
            place(name, format!("/baseImages/allowed/{i}/repositories/{k}"), say);
        }
    }
}

/// Strategies that cannot be followed, or of which two are meant for one environment.
fn strategies(strategy: &Strategy, say: &mut impl FnMut(String, String)) {
    for (i, canary) in strategy.canary.iter().flatten().enumerate() {
        let path = format!("/strategy/canary/{i}");
        if !(1..=99).contains(&canary.traffic_percent) {
            let message = "`trafficPercent` lies between 1 and 99: a canary is a part";
            say(format!("{path}/trafficPercent"), message.to_owned());
        }
        if !(0.0..1.0).contains(&canary.error_rate_max) {
            let message = "`errorRateMax` is at least 0 and less than 1, at which nothing is too much";
            say(format!("{path}/errorRateMax"), message.to_owned());
        }
        if canary.p99_ms_max == 0 {
            say(format!("{path}/p99MsMax"), "`p99MsMax` is longer than nothing".to_owned());
        }
        let shortest = canary.then.iter().filter_map(|share| share.r#for).chain([canary.r#for]).min();
        let most = shortest.and_then(|time| time.0.checked_div(canary.every.0)).unwrap_or(0);
        if most > 0 && !(1..=most).contains(&canary.max_consecutive_failures.into()) {
            let message = format!(
                "`maxConsecutiveFailures` lies between 1 and {most}, which is how often it is looked at"
            );
            say(format!("{path}/maxConsecutiveFailures"), message);
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
    let watched = |health: &Option<HealthWatch>, path: String, say: &mut dyn FnMut(String, String)| {
        if let Some(health) = health {
            looks(health.every, health.r#for, &format!("{path}/health"), &mut |path, message| {
                say(path, message)
            });
        }
    };
    for (i, entry) in strategy.compose.iter().flatten().enumerate() {
        let path = format!("/strategy/compose/{i}");
        let by_compose = entry.project.is_some() && entry.file.is_some();
        let either = entry.project.is_some() || entry.file.is_some() || entry.within.is_some();
        if entry.watchtower.is_some() == either || either != by_compose {
            say(
                path.clone(),
                "either `project` and `file` say which it is, or `watchtower` does it".to_owned(),
            );
        }
        watched(&entry.health, path, say);
    }
    for (i, entry) in strategy.helm.iter().flatten().enumerate() {
        watched(&entry.health, format!("/strategy/helm/{i}"), say);
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

/// A `*` that stands anywhere but where it means something would be compared as it is written.
fn pattern(name: &str, end: &str, path: String, say: &mut impl FnMut(String, String)) {
    let stem = name.strip_suffix(end).unwrap_or(name);
    if stem.is_empty() || stem.contains('*') {
        say(path, format!("`{name}` has a `*` that is not at its end, as in `name{end}`"));
    }
}

/// Commits, versions, tags, risk, and what else is going on.
fn gating(updates: &Updates, say: &mut impl FnMut(String, String)) {
    for (i, rule) in updates.commits.iter().flatten().enumerate() {
        let path = format!("/updates/commits/{i}");
        for (kind, need) in &rule.approval {
            empty_needs(need, &format!("{path}/approval/{kind}"), say);
        }
        empty_needs(&rule.breaking, &format!("{path}/breaking"), say);
        empty_needs(&rule.other, &format!("{path}/other"), say);
        if let Some(need) = &rule.without {
            empty_needs(need, &format!("{path}/without"), say);
        }
        let named = |kind: &&String| {
            usize::from(rule.alone.contains(*kind))
                .saturating_add(usize::from(rule.approval.contains_key(*kind)))
                .saturating_add(usize::from(rule.ignored.contains(*kind)))
        };
        let all: BTreeSet<_> = rule.alone.iter().chain(rule.approval.keys()).chain(&rule.ignored).collect();
        for kind in all.into_iter().filter(|kind| named(kind) > 1) {
            say(path.clone(), format!("`{kind}` stands under several of `alone`, `approval` and `ignored`"));
        }
    }
    for (i, rule) in updates.versions.iter().flatten().enumerate() {
        let path = format!("/updates/versions/{i}");
        if rule.range.is_none() && rule.pattern.is_none() {
            say(path.clone(), "neither a `range` nor a `pattern` says which versions are allowed".to_owned());
        }
        for bound in rule.range.iter().flat_map(|range| range.split("||")).flat_map(bounds) {
            say(format!("{path}/range"), format!("`{bound}` is not a bound such as `>=3.11`"));
        }
        if let Some(pattern) = &rule.pattern {
            regular(pattern, format!("{path}/pattern"), say);
        }
    }
    for (i, rule) in updates.floating.iter().flatten().enumerate() {
        for (k, tag) in rule.tags.iter().enumerate() {
            regular(tag, format!("/updates/floating/{i}/tags/{k}"), say);
        }
    }
    for (i, rule) in updates.flapping.iter().flatten().enumerate() {
        if let Some(need) = &rule.needs {
            empty_needs(need, &format!("/updates/flapping/{i}/needs"), say);
        }
    }
    for (i, rule) in updates.risk.iter().flatten().enumerate() {
        empty_needs(&rule.needs, &format!("/updates/risk/{i}/needs"), say);
    }
    for (i, rule) in updates.healthy.iter().flatten().enumerate() {
        empty_needs(&rule.needs, &format!("/updates/healthy/{i}/needs"), say);
    }
    for (i, flights) in updates.in_flight.iter().flatten().enumerate() {
        in_flight(flights.most, format!("/updates/inFlight/{i}/most"), say);
    }
}

/// The bounds of a range that are none; a range without any is one of them.
fn bounds(range: &str) -> Vec<String> {
    let all: Vec<&str> = range.split(' ').filter(|bound| !bound.is_empty()).collect();
    if all.is_empty() {
        return vec![range.to_owned()];
    }
    let is_bound = |bound: &str| {
        let limit = ["<=", ">=", "<", ">", "="].iter().find_map(|operator| bound.strip_prefix(operator));
        limit.is_some_and(|limit| {
            let limit = limit.strip_prefix('v').unwrap_or(limit);
            let (numbers, _) = limit.split_once('-').unwrap_or((limit, ""));
            let number = |part: &str| {
                let digits = part.bytes().all(|byte| byte.is_ascii_digit());
                digits && (1..=10).contains(&part.len()) && (part == "0" || !part.starts_with('0'))
            };
            numbers.split('.').count() <= 3 && numbers.split('.').all(number)
        })
    };
    all.into_iter().filter(|bound| !is_bound(bound)).map(str::to_owned).collect()
}

fn regular(pattern: &str, path: String, say: &mut impl FnMut(String, String)) {
    if regex::Regex::new(pattern).is_err() {
        say(path, format!("`{pattern}` is not a regular expression"));
    }
}

fn in_flight(most: u32, path: String, say: &mut impl FnMut(String, String)) {
    if most == 0 {
        say(path, "nothing may ever go: a change counts itself".to_owned());
    }
}

fn zone(zone: &str, path: String, say: &mut impl FnMut(String, String)) {
    if zone != "UTC" && !zone.contains('/') {
        say(path, format!("`{zone}` is not a time zone such as `Europe/Amsterdam` or `UTC`"));
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
