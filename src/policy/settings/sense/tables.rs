//! Tables in which something can never count: an entry behind one for every environment, an empty list of
//! environments, one environment in two spellings.
//!
//! They are looked at as they are written, whatever is in their entries, so that a new table is one line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Settings;

/// The tables of which the first entry that covers an environment counts, and no later one.
const FIRST: &[&str] = &[
    "/updates/types",
    "/updates/commits",
    "/updates/floating",
    "/updates/minimumAge",
    "/updates/flapping",
    "/updates/risk",
    "/updates/inFlight",
    "/updates/healthy",
    "/provenance/trusted",
    "/scans/maxAge",
    "/baseImages/allowed",
    "/licenses/lists",
    "/promotion/dryRun",
    "/promotion/inFlight",
    "/strategy/canary",
    "/strategy/blitz",
    "/strategy/rolling",
    "/strategy/blueGreen",
    "/strategy/compose",
    "/strategy/helm",
    "/strategy/cascade",
    "/strategy/rebuild",
];

/// Where a list that is empty covers nothing, though it stands there to cover something.
const COVERS: &[&str] = &["environments", "packages", "applications"];

/// Says what is wrong with the tables of settings.
pub(super) fn faults(settings: &Settings, say: &mut impl FnMut(String, String)) {
    let Ok(all) = serde_json::to_value(settings) else { return };
    for table in FIRST {
        let entries = all.pointer(table).and_then(Value::as_array);
        let mut named: Vec<&Value> = Vec::new();
        let mut every = false;
        for (i, entry) in entries.into_iter().flatten().enumerate() {
            let names = entry.get("environments").and_then(Value::as_array);
            if every
                || names.is_some_and(|names| !names.is_empty() && names.iter().all(|n| named.contains(&n)))
            {
                let message = "an earlier entry covers all that this one does, and it never counts";
                say(format!("{table}/{i}"), message.to_owned());
            }
            every |= names.is_none();
            named.extend(names.into_iter().flatten());
        }
    }
    for (i, rule) in all.pointer("/updates/risk").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        if rule.get("weights").is_some_and(weightless) {
            let message = "nothing weighs anything, and no change is risky";
            say(format!("/updates/risk/{i}/weights"), message.to_owned());
        }
    }
    empty(&all, "", say);
}

fn weightless(weights: &Value) -> bool {
    match weights {
        Value::Object(members) => members.values().all(weightless),
        other => other.as_i64() == Some(0),
    }
}

fn empty(value: &Value, path: &str, say: &mut impl FnMut(String, String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{path}/{name}");
                if COVERS.contains(&name.as_str()) && member.as_array().is_some_and(Vec::is_empty) {
                    say(path.clone(), format!("`{name}` is empty and covers nothing; leave it out for all"));
                }
                empty(member, &path, say);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                empty(item, &format!("{path}/{i}"), say);
            }
        }
        _ => {}
    }
}

/// Environments that differ by upper and lower case alone: a rule for one would not speak of the other.
/// `own` is what of `all` the operator wrote, and is what is blamed.
pub(in crate::policy::settings) fn spellings(own: &Settings, all: &Settings) -> Vec<(String, String)> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Vec::new();
    let mut names = Vec::new();
    environments(all, &mut names);
    // What is shipped, or stands first, is how it is spelt.
    let mut mine = Vec::new();
    environments(own, &mut mine);
    names.retain(|name| !mine.contains(name));
    for (_, name) in names {
        known.entry(name.to_lowercase()).or_insert(name);
    }
    for (path, name) in mine {
        let first = known.entry(name.to_lowercase()).or_insert_with(|| name.clone());
        if *first != name {
            found.push((path, format!("`{name}` and `{first}` differ by upper and lower case alone")));
        }
    }
    found
}

/// Every environment that settings name, and where.
fn environments(settings: &Settings, found: &mut Vec<(String, String)>) {
    fn walk(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let path = format!("{path}/{name}");
                    if name == "environments" || path == "/hardening/pinned" {
                        for (i, item) in member.as_array().into_iter().flatten().enumerate() {
                            found.extend(item.as_str().map(|name| (format!("{path}/{i}"), name.to_owned())));
                        }
                    } else if path.starts_with("/promotion/paths/") && (name == "from" || name == "to") {
                        found.extend(member.as_str().map(|name| (path, name.to_owned())));
                    } else {
                        walk(member, &path, found);
                    }
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    walk(item, &format!("{path}/{i}"), found);
                }
            }
            _ => {}
        }
    }
    if let Ok(all) = serde_json::to_value(settings) {
        walk(&all, "", found);
    }
}
