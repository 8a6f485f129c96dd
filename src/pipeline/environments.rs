//! The environments that policies and operators name, and changes to one that is spelt otherwise.
//!
//! Rules, settings and protection are for environments by their names, and a name that none of them
//! has is held to none of them. One that differs from theirs by case or white space alone was meant
//! to be theirs, so it is refused; others get a remark.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::evaluation::{Evaluated, protected, settings};
use crate::config::Config;
use crate::decide::Judge;
use crate::diag::{Diagnostic, codes};
use crate::policy::settings::Settings;

/// Every environment that policies, settings and operators name; none where nothing is said of any.
pub(super) fn known(judge: &Judge, config: &Config) -> BTreeSet<String> {
    let rules = judge.bundle().rules.iter();
    let mut known: BTreeSet<String> =
        rules.filter_map(|rule| rule.metadata.applies.environments.as_ref()).flatten().cloned().collect();
    // Settings that no policy reads say nothing.
    if judge.reads_settings() {
        known.extend(named(&settings(judge)));
    }
    if !known.is_empty() || config.plan.protected.is_some() {
        known.extend(protected(config));
    }
    known
}

/// Refuses a change to an environment that nothing names, where one is named that differs from it
/// by case and white space alone: no rule for that one would be asked.
pub(super) fn spelt(evaluated: &Evaluated, config: &Config) -> Result<(), Vec<Diagnostic>> {
    let known = known(&evaluated.judge, config);
    let plain = |name: &str| name.trim().to_lowercase();
    let meant: HashMap<String, &String> = known.iter().map(|name| (plain(name), name)).collect();
    let enforced = evaluated.options.enforcement.iter().filter_map(|entry| entry.environments.as_ref());
    let enforced: BTreeSet<&str> = enforced.flatten().map(|pattern| pattern.text()).collect();
    let input = &evaluated.merged.input;
    let assets: HashMap<&str, &str> = input
        .inventory
        .iter()
        .filter_map(|asset| Some((asset.id.as_str(), asset.environment.as_deref()?)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for change in &input.changes {
        let to = change.promotion.as_ref().map(|promotion| promotion.to.as_str());
        if let Some(name) = to.or_else(|| assets.get(change.asset.as_str()).copied()) {
            // Whoever names it so means it so.
            if known.contains(name) || enforced.contains(name) || !seen.insert(name) {
                continue;
            }
            let Some(near) = meant.get(&plain(name)) else { continue };
            let id = &change.id;
            let message = format!(
                "`{id}` is a change to `{name}`, an environment that no policy or setting names; they name `{near}`"
            );
            let hint =
                format!("did you mean `{near}`? Where `{name}` is another, name it under `plan.protected`");
            problems.push(Diagnostic::error(codes::INPUT_INVALID, message).hint(hint));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Every environment that settings name: under `environments` wherever that stands, and as steps of a
/// promotion.
pub(super) fn named(settings: &Settings) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    if let Ok(value) = serde_json::to_value(settings) {
        under(&value, &mut all);
    }
    all.extend(settings.hardening.iter().flat_map(|hardening| &hardening.pinned).flatten().cloned());
    let steps = settings.promotion.iter().flat_map(|promotion| &promotion.paths).flatten();
    all.extend(steps.flat_map(|step| [step.from.clone(), step.to.clone()]));
    all
}

/// The names under `environments`, wherever that stands.
fn under(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| match value.as_array() {
            Some(list) if key == "environments" => {
                names.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => under(value, names),
        }),
        Value::Array(items) => items.iter().for_each(|item| under(item, names)),
        _ => {}
    }
}
