//! What is to be said of an evaluation that belongs to no one change: records that help none,
//! names that nothing else names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::environments;
use super::evaluation::{Evaluated, Request, settings};
use crate::decide::Options;
use crate::decide::enforce::{self, Mode, Pattern};
use crate::decide::governance::{roles_of, waiver_fault};
use crate::diag::{misspelt, nearest};
use crate::model::decision::Decision;
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding, Location};
use crate::model::governance::Waiver;
use crate::model::id::Digest;
use crate::model::input::{Asset, AssetKind, ChangeKind};
use crate::model::time::Time;

/// How many approvals, and how many overrides, for changes that are not there are named.
const MAX_ELSEWHERE: usize = 20;

/// Changes about which the same rules speak: by cluster, environment, kind, and kind of asset.
type Group<'a> = (Option<&'a str>, Option<&'a str>, ChangeKind, Option<AssetKind>);

/// Everything that is to be said, in a fixed order.
pub(super) fn all(evaluated: &Evaluated, decisions: &[Decision], request: &Request) -> Vec<Finding> {
    let mut findings = records(evaluated, decisions);
    findings.extend(off(evaluated, decisions));
    findings.extend(elsewhere(evaluated, decisions));
    findings.extend(unheld(evaluated, decisions));
    let unnamed = unnamed(evaluated, decisions, request);
    let told: BTreeSet<&str> = unnamed.iter().map(|(environment, _)| *environment).collect();
    findings.extend(unmatched(evaluated, decisions, request, &told));
    findings.extend(unnamed.into_iter().map(|(_, finding)| finding));
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
    for (offered, Location { file, line, .. }) in governance.waivers.iter().zip(&evaluated.waivers_at) {
        let id = &offered.record.id;
        let mut remedy = "remove the waiver, or correct it".to_owned();
        let what = match waiver_fault(offered, governance, &rules, evaluated.options.now) {
            Some(fault) => format!("is not counted: {fault}"),
            None if !used.contains(id.as_str()) => {
                if let Some((name, near)) = meant(&offered.record, evaluated, decisions) {
                    remedy = format!("nothing here has the {name}; did you mean `{near}`?");
                }
                "sets nothing aside".to_owned()
            }
            None => continue,
        };
        let message = format!("the waiver `{id}` of `{file}:{line}` {what}");
        findings.push(remark("weighlock.waivers", message, &remedy));
    }
    for entry in &evaluated.options.enforcement {
        // Our own findings are no rules, and may be meant.
        let patterns = entry.rules.iter().filter(|pattern| !pattern.text().starts_with("weighlock."));
        for pattern in patterns.filter(|pattern| !rules.keys().any(|id| pattern.matches(id))) {
            let message = format!("the enforcement of `{}` concerns no rule", pattern.text());
            let remedy = match nearest(pattern.text(), rules.keys().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove the pattern, or correct it".to_owned(),
            };
            findings.push(remark("weighlock.enforcement", message, &remedy));
        }
    }
    findings
}

/// What the scope of a waiver names and nothing here has, and what here is written almost the same.
fn meant<'a>(
    waiver: &Waiver,
    evaluated: &'a Evaluated,
    decisions: &'a [Decision],
) -> Option<(String, &'a str)> {
    let inventory = &evaluated.merged.input.inventory;
    waiver.scope.iter().find_map(|(key, value)| {
        let of_asset: fn(&Asset) -> Option<&str> = match key.as_str() {
            "application" => |asset| asset.application.as_deref(),
            "asset" => |asset| Some(&asset.id),
            "cluster" => |asset| asset.cluster.as_deref(),
            "environment" => |asset| asset.environment.as_deref(),
            "namespace" => |asset| asset.namespace.as_deref(),
            "owner" => |asset| asset.owner.as_deref(),
            _ => return None,
        };
        let entered = decisions.iter().filter_map(|d| d.change.environment.as_deref());
        let here: BTreeSet<&str> =
            inventory.iter().filter_map(of_asset).chain(entered.filter(|_| key == "environment")).collect();
        if here.contains(value.as_str()) {
            return None;
        }
        let near = here.into_iter().find(|other| is_slip(value, other) || is_short(value, other))?;
        Some((format!("{key} `{value}`"), near))
    })
}

/// Rules that operators switched off, where they would have spoken about a change: one word for
/// each entry, for nothing else tells that they were not asked.
fn off(evaluated: &Evaluated, decisions: &[Decision]) -> Vec<Finding> {
    let options = &evaluated.options;
    let entries = &options.enforcement;
    if entries.iter().all(|entry| entry.mode != Mode::Off) {
        return Vec::new();
    }
    let inventory = &evaluated.merged.input.inventory;
    let kinds: HashMap<&str, AssetKind> =
        inventory.iter().map(|asset| (asset.id.as_str(), asset.kind)).collect();
    let said: Vec<String> = entries
        .iter()
        .map(|entry| quoted(&entry.rules.iter().map(Pattern::text).collect::<Vec<_>>()))
        .collect();
    let mut silent: BTreeMap<&str, (BTreeSet<&str>, Vec<&str>)> = BTreeMap::new();
    // Many changes are of one kind and in one place: rules and patterns are looked at once for each.
    let mut groups: HashMap<Group<'_>, BTreeSet<&str>> = HashMap::new();
    for change in decisions.iter().map(|decision| &decision.change) {
        let (cluster, environment) = (change.cluster.as_deref(), change.environment.as_deref());
        let asset = change.asset.as_deref().and_then(|id| kinds.get(id)).copied();
        let here = groups.entry((cluster, environment, change.kind, asset)).or_insert_with(|| {
            let mut here = BTreeSet::new();
            for rule in evaluated.judge.concerning(change.kind, asset, environment) {
                let entry = enforce::entry(entries, &rule.id, cluster, environment, options.now);
                let Some(entry) = entry.filter(|entry| entry.mode == Mode::Off) else { continue };
                let by = entries.iter().zip(&said).find(|(known, _)| std::ptr::eq(*known, entry));
                if let Some((_, patterns)) = by {
                    silent.entry(patterns).or_default().0.insert(&rule.id);
                    here.insert(patterns.as_str());
                }
            }
            here
        });
        for patterns in here.iter() {
            silent.entry(patterns).or_default().1.push(&change.id);
        }
    }
    let told = silent.into_iter().map(|(patterns, (rules, changes))| {
        let rules =
            if rules.len() == 1 { "1 rule is".to_owned() } else { format!("{} rules are", rules.len()) };
        let few = changes.get(..3.min(changes.len())).unwrap_or_default();
        let more = match changes.len().saturating_sub(few.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let changes = if changes.len() == 1 { "the change" } else { "the changes" };
        let message = format!(
            "{rules} off for {changes} {}{more} by the operator's enforcement of {patterns}",
            quoted(few)
        );
        remark("weighlock.enforcement", message, "remove the entry where the rules are to be asked again")
    });
    told.collect()
}

/// Approvals and overrides in force for what none of the changes is: one that was changed since
/// has another digest. What has expired would help no change.
fn elsewhere(evaluated: &Evaluated, decisions: &[Decision]) -> Vec<Finding> {
    let Options { now, governance, .. } = &evaluated.options;
    let here: BTreeSet<&Digest> = decisions.iter().map(|decision| &decision.change.digest).collect();
    let lost = |change: &Digest, expires: Time| expires > *now && !here.contains(change);
    let approvals: BTreeSet<String> = governance
        .approvals
        .iter()
        .map(|offered| &offered.record)
        .filter(|approval| lost(&approval.change, approval.expires))
        .map(|approval| format!("approval by `{}` is for {}", approval.by.id, short(&approval.change)))
        .collect();
    let overrides: BTreeSet<String> = governance
        .overrides
        .iter()
        .map(|offered| &offered.record)
        .filter(|record| lost(&record.change, record.expires))
        .map(|record| format!("override `{}` by `{}` is for {}", record.id, record.by, short(&record.change)))
        .collect();
    let mut findings = Vec::new();
    for (rule, word, lost) in
        [("weighlock.approvals", "approvals", approvals), ("weighlock.overrides", "overrides", overrides)]
    {
        let remedy = "give it for the change as it is now, or remove it";
        for said in lost.iter().take(MAX_ELSEWHERE) {
            let message = format!("the {said}, which no change here has: did it change since?");
            findings.push(remark(rule, message, remedy));
        }
        let more = lost.len().saturating_sub(MAX_ELSEWHERE);
        if more > 0 {
            // Sorts after the others.
            let message = format!("the {word} for changes that are not here are {more} more than these");
            findings.push(remark(rule, message, remedy));
        }
    }
    findings
}

/// Roles that are asked for and that nobody holds: what needs them ends never. Of settings, which are
/// shipped with roles of their own, only what looks like a role that somebody holds is worth a word.
fn unheld(evaluated: &Evaluated, decisions: &[Decision]) -> Vec<Finding> {
    let governance = &evaluated.options.governance;
    let held: BTreeSet<&str> = governance.roles.values().flatten().map(String::as_str).collect();
    // Where operators list no roles, nobody is meant to hold any.
    if held.is_empty() {
        return Vec::new();
    }
    let mut asked: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    let mut of_settings = BTreeSet::new();
    if let Some(settings) = evaluated.judge.bundle().data.get("settings") {
        approvers(settings, &mut of_settings);
    }
    asked.extend(of_settings.into_iter().map(|role| (role, ("the settings ask for", false))));
    let mut of_holds = BTreeSet::new();
    let findings = decisions.iter().flat_map(|decision| &decision.findings);
    findings.filter_map(|finding| finding.needs.as_ref()).for_each(|need| roles_of(need, &mut of_holds));
    asked.extend(of_holds.into_iter().map(|role| (role, ("a hold asks for", true))));
    let overriding = governance.terms.override_role.as_deref();
    asked.extend(overriding.map(|role| (role, ("`governance.overrideRole` names", true))));
    asked
        .into_iter()
        .filter(|(role, _)| !held.contains(role))
        .filter_map(|(role, (who, told))| {
            let remedy = match nearest(role, held.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if told => "give it to somebody in the file of `trust.roles`, or correct it".to_owned(),
                None => return None,
            };
            let message = format!("{who} the role `{role}`, which nobody holds");
            Some(remark("weighlock.roles", message, &remedy))
        })
        .collect()
}

/// The roles of all approvals that a value asks for.
fn approvers<'a>(value: &'a Value, roles: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            let role = members.get("approval").and_then(|approval| approval.get("role"));
            roles.extend(role.and_then(Value::as_str));
            members.values().for_each(|value| approvers(value, roles));
        }
        Value::Array(items) => items.iter().for_each(|item| approvers(item, roles)),
        _ => {}
    }
}

/// As much of a digest as tells it from others at a glance.
fn short(digest: &Digest) -> String {
    let text = digest.as_str();
    text.get(..19).map_or_else(|| text.to_owned(), |start| format!("{start}…"))
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Environments of changes that nothing names, though something is said of others: one that is
/// misspelt is held to less. Where operators wrote no settings, they named no environments, and
/// only what looks like a known one is worth a word.
fn unnamed<'a>(
    evaluated: &Evaluated,
    decisions: &'a [Decision],
    request: &Request,
) -> Vec<(&'a str, Finding)> {
    let config = &request.config;
    let known = environments::known(&evaluated.judge, config);
    if known.is_empty() {
        return Vec::new();
    }
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
            Some((environment, remark("weighlock.environments", message, &remedy)))
        })
        .collect()
}

/// Environments that rules and operators name and nothing here is in, though a change is to one
/// that is written almost the same: a freeze for `prodution` or `prod` stops nothing. Of those in
/// `told` it was said already.
fn unmatched(
    evaluated: &Evaluated,
    decisions: &[Decision],
    request: &Request,
    told: &BTreeSet<&str>,
) -> Vec<Finding> {
    let bundle = evaluated.judge.bundle();
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    let enforced = evaluated.options.enforcement.iter().filter_map(|entry| entry.environments.as_ref());
    names.extend(enforced.flatten().map(|pattern| (pattern.text().to_owned(), "the enforcement names")));
    let protected = request.config.plan.protected.iter().flatten();
    names.extend(protected.map(|name| (name.clone(), "`plan.protected` names")));
    let applied = bundle.rules.iter().filter_map(|rule| rule.metadata.applies.environments.as_ref());
    names.extend(applied.flatten().map(|name| (name.clone(), "a policy's `applies` names")));
    if request.config.settings.is_some() {
        names.extend(
            environments::named(&settings(&evaluated.judge))
                .into_iter()
                .map(|name| (name, "the settings name")),
        );
    }
    let weighed: BTreeSet<&str> = decisions.iter().filter_map(|d| d.change.environment.as_deref()).collect();
    let inventory = &evaluated.merged.input.inventory;
    let there: BTreeSet<&str> = inventory
        .iter()
        .filter_map(|asset| asset.environment.as_deref())
        .chain(weighed.iter().copied())
        .collect();
    names
        .into_iter()
        .filter(|(name, _)| !there.contains(name.as_str()))
        .filter_map(|(name, who)| {
            let near = weighed
                .iter()
                .find(|other| !told.contains(*other) && (is_slip(&name, other) || is_short(&name, other)))?;
            let message = format!("{who} the environment `{name}`, in which nothing is here");
            Some(remark("weighlock.environments", message, &format!("did you mean `{near}`?")))
        })
        .collect()
}

/// Whether one name is another in another case, or one slip from it. Those that differ in a
/// number or in the last letter (`eu-1` and `eu-2`, `prod-a` and `prod-b`) are siblings.
fn is_slip(name: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let start = |text: &str| {
        text.char_indices().next_back().and_then(|(at, _)| text.get(..at)).map(str::to_lowercase)
    };
    let same = name.to_lowercase() == other.to_lowercase();
    same || (misspelt(name, [other]).is_some()
        && digits(name) == digits(other)
        && start(name) != start(other))
}

/// Whether one name is the other cut short: `prod` and `production`, but not `prod` and `prod-eu`.
fn is_short(name: &str, other: &str) -> bool {
    let (name, other) = (name.to_lowercase(), other.to_lowercase());
    let (short, long) = if name.len() < other.len() { (&name, &other) } else { (&other, &name) };
    let rest = long.strip_prefix(short.as_str()).unwrap_or_default();
    short.len() >= 3 && rest.len() >= 2 && rest.chars().all(char::is_alphabetic)
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

fn remark(rule: &str, message: String, remediation: &str) -> Finding {
    let remediation = Some(remediation.to_owned());
    Finding { remediation, ..Finding::new(rule, Effect::Warn, Severity::Low, message) }
}
