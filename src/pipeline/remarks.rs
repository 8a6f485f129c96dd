//! What is to be said of an evaluation that belongs to no one change: records that help none,
//! names that nothing else names.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluation::{Evaluated, Request, protected, settings};
use crate::decide::governance::waiver_fault;
use crate::diag::misspelt;
use crate::model::decision::Decision;
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding};
use crate::policy::settings::Settings;

/// Everything that is to be said, in a fixed order.
pub(super) fn all(evaluated: &Evaluated, decisions: &[Decision], request: &Request) -> Vec<Finding> {
    let mut findings = records(evaluated, decisions);
    findings.extend(environments(evaluated, decisions, request));
    findings.sort_by(|a, b| (&a.rule, &a.message).cmp(&(&b.rule, &b.message)));
    findings
}

/// What is to be said of records and entries that no change was helped by.
fn records(evaluated: &Evaluated, decisions: &[Decision]) -> Vec<Finding> {
    let governance = &evaluated.options.governance;
    let rules = evaluated.judge.rules();
    let used: BTreeSet<&str> =
        decisions.iter().flat_map(|d| &d.governance.waivers).map(String::as_str).collect();
    let mut findings = Vec::new();
    for offered in &governance.waivers {
        let id = &offered.record.id;
        let message = match waiver_fault(offered, governance, &rules, evaluated.options.now) {
            Some(fault) => format!("the waiver `{id}` is not counted: {fault}"),
            None if !used.contains(id.as_str()) => format!("the waiver `{id}` sets nothing aside"),
            None => continue,
        };
        findings.push(remark("weighlock.waivers", message, "remove the waiver, or correct it"));
    }
    for entry in &evaluated.options.enforcement {
        for pattern in entry.rules.iter().filter(|pattern| !rules.keys().any(|id| pattern.matches(id))) {
            let message = format!("the enforcement of `{}` concerns no rule", pattern.text());
            findings.push(remark("weighlock.enforcement", message, "remove the pattern, or correct it"));
        }
    }
    findings
}

/// Environments of changes that nothing names, though something is said of others: one that is
/// misspelt is held to less. Where operators wrote no settings, they named no environments, and
/// only what looks like a known one is worth a word.
fn environments(evaluated: &Evaluated, decisions: &[Decision], request: &Request) -> Vec<Finding> {
    let bundle = evaluated.judge.bundle();
    let config = &request.config;
    let mut known: BTreeSet<String> = bundle
        .rules
        .iter()
        .filter_map(|rule| rule.metadata.applies.environments.as_ref())
        .flatten()
        .cloned()
        .collect();
    // Settings that no policy reads say nothing.
    if bundle.files.iter().any(|file| file.source.text.contains("data.settings")) {
        known.extend(named(&settings(&evaluated.judge)));
    }
    if known.is_empty() && config.plan.protected.is_none() {
        return Vec::new();
    }
    known.extend(protected(config));
    let patterns: Vec<_> = evaluated
        .options
        .enforcement
        .iter()
        .filter_map(|entry| entry.environments.as_ref())
        .flatten()
        // Whoever means all of them names none.
        .filter(|pattern| pattern.text() != "*")
        .collect();
    let own = config.settings.is_some() || config.plan.protected.is_some();
    let mut unnamed: BTreeMap<&str, u64> = BTreeMap::new();
    for environment in decisions.iter().filter_map(|d| d.change.environment.as_deref()) {
        if !known.contains(environment) && !patterns.iter().any(|pattern| pattern.matches(environment)) {
            let count = unnamed.entry(environment).or_default();
            *count = count.saturating_add(1);
        }
    }
    unnamed
        .into_iter()
        .filter_map(|(environment, count)| {
            let remedy = match alike(environment, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if own => "correct it, or name it in the settings or a policy's `applies`".to_owned(),
                None => return None,
            };
            let changes = if count == 1 { "a change".to_owned() } else { format!("{count} changes") };
            let message =
                format!("{changes} to `{environment}`, an environment that no policy or setting names");
            Some(remark("weighlock.environments", message, &remedy))
        })
        .collect()
}

/// The known environment that a name was probably to be: misspelt, cut short, or with an addition.
fn alike<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let begins = |known: &&String| {
        let known = known.to_lowercase();
        known.len().min(lower.len()) >= 3 && (known.starts_with(&lower) || lower.starts_with(&known))
    };
    misspelt(name, known.iter().map(String::as_str)).or_else(|| known.iter().find(begins).map(String::as_str))
}

/// Every environment that settings name.
fn named(settings: &Settings) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut some = |names: &Option<Vec<String>>| all.extend(names.iter().flatten().cloned());
    if let Some(updates) = &settings.updates {
        updates.types.iter().for_each(|entry| some(&entry.environments));
        updates.minimum_age.iter().for_each(|entry| some(&entry.environments));
        updates.freezes.iter().for_each(|entry| some(&entry.environments));
        updates.windows.iter().for_each(|entry| some(&entry.environments));
    }
    settings
        .strategy
        .iter()
        .flat_map(|strategy| &strategy.canary)
        .for_each(|entry| some(&entry.environments));
    all.extend(settings.hardening.iter().flat_map(|hardening| hardening.pinned.clone()));
    let steps = settings.promotion.iter().flat_map(|promotion| &promotion.paths);
    all.extend(steps.flat_map(|step| [step.from.clone(), step.to.clone()]));
    all
}

fn remark(rule: &str, message: String, remediation: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        effect: Effect::Warn,
        severity: Severity::Low,
        message,
        path: None,
        location: None,
        remediation: Some(remediation.to_owned()),
        until: None,
        needs: None,
        satisfied: None,
        waived: None,
        overridden: None,
        enforced_from: None,
        details: BTreeMap::new(),
    }
}
