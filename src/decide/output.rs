//! Makes findings, obligations and actions of what a rule said.
//!
//! A policy gives values of any shape; what is not understood is refused in words, and becomes a
//! finding that could not be judged. Nothing that a rule said is passed over.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::evaluate::Judged;
use crate::diag::nearest;
use crate::engine::Output;
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding, Location, Need};
use crate::model::json::Json;
use crate::model::obligation::{Action, Obligation};
use crate::model::plan::Undo;
use crate::model::review::Review;
use crate::policy::Rule;

/// Makes of an output what its effect says it is.
pub(super) fn take(rule: &Rule, review: &Review, output: Output, judged: &mut Judged) -> Result<(), String> {
    match output.effect {
        Effect::Oblige => {
            let kind = member(&output.value, "kind").ok_or("an obligation has no `kind`")?;
            let with = members(&output.value, "with")?;
            for name in output.value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()) {
                if !["kind", "with"].contains(&name) {
                    return Err(format!("an obligation has `kind` and `with`, not `{name}`"));
                }
            }
            let obligation = Obligation { kind, with, rules: vec![rule.id.clone()] };
            crate::model::obligation::check(&obligation)?;
            judged.obligations.push(obligation);
        }
        Effect::Action => judged.actions.push(action(&output.value, &rule.id)?),
        effect => {
            let mut finding = finding(rule, effect, output)?;
            finding.path = finding.path.map(|path| indexed(path, review, &mut judged.places));
            judged.findings.push(finding);
        }
    }
    Ok(())
}

pub(super) fn indeterminate(rule: &str, message: String, location: Option<Location>) -> Finding {
    Finding { location, ..Finding::new(rule, Effect::Indeterminate, Severity::High, message) }
}

fn member(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn members(value: &Value, name: &str) -> Result<BTreeMap<String, Json>, String> {
    match value.get(name) {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(members)) => {
            Ok(members.iter().map(|(name, value)| (name.clone(), Json(value.clone()))).collect())
        }
        Some(_) => Err(format!("`{name}` must be a mapping")),
    }
}

fn texts(value: &Value, name: &str) -> Result<Vec<String>, String> {
    let list = match value.get(name) {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(format!("`{name}` must be a list of text")),
    };
    list.iter()
        .map(|item| {
            item.as_str().map(str::to_owned).ok_or_else(|| format!("`{name}` must be a list of text"))
        })
        .collect()
}

fn action(value: &Value, rule: &str) -> Result<Action, String> {
    const KNOWN: &[&str] = &["id", "kind", "with", "expect", "undo", "after", "fulfils"];
    let object = value.as_object().ok_or("an action must be a mapping")?;
    if let Some(name) = object.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let near = nearest(name, KNOWN.iter().copied());
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(format!("an action has no member `{name}`{hint}"));
    }
    let undo = match value.get("undo") {
        None => None,
        Some(undo) => Some(Undo {
            kind: member(undo, "kind").ok_or("`undo` has no `kind`")?,
            with: members(undo, "with")?,
        }),
    };
    Ok(Action {
        id: member(value, "id").ok_or("an action has no `id`")?,
        kind: member(value, "kind").ok_or("an action has no `kind`")?,
        with: members(value, "with")?,
        expect: value.get("expect").map(|_| members(value, "expect")).transpose()?,
        undo,
        after: texts(value, "after")?,
        fulfils: texts(value, "fulfils")?,
        rule: rule.to_owned(),
    })
}

/// Where the items of the lists of a pod spec stand, by list and name, as far as they were asked for;
/// nowhere, where it could be in two places.
pub(super) type Places = HashMap<String, HashMap<String, Option<usize>>>;

/// A pointer into the pod spec in which policies may name a container where RFC 6901 wants its
/// index: lists of a pod spec are maps by name, and CEL has no index to give.
fn indexed(path: String, review: &Review, places: &mut Places) -> String {
    const SPEC: &str = "/asset/podSpec/";
    let spec = review.asset.as_ref().and_then(|asset| asset.pod_spec.as_ref());
    let (Some(spec), Some(rest)) = (spec, path.strip_prefix(SPEC)) else { return path };
    let mut parts = rest.splitn(3, '/');
    let (Some(list), Some(name)) = (parts.next(), parts.next()) else { return path };
    let Some(items) = spec.get(list).and_then(Value::as_array) else { return path };
    let known = places.entry(list.to_owned()).or_insert_with(|| {
        let mut known = HashMap::new();
        for (place, name) in
            items.iter().enumerate().filter_map(|(at, item)| Some((at, member(item, "name")?)))
        {
            // INVARIANT: what could be meant for two places is for none, so that nothing that is said of
            // one, such as a waiver, ever fits the other.
            let index = name.parse::<usize>().is_ok_and(|index| index != place && index < items.len());
            known.entry(name).and_modify(|at| *at = None).or_insert_with(|| Some(place).filter(|_| !index));
        }
        known
    });
    match (known.get(name), parts.next()) {
        (Some(Some(at)), Some(tail)) => format!("{SPEC}{list}/{at}/{tail}"),
        (Some(Some(at)), None) => format!("{SPEC}{list}/{at}"),
        (Some(None), _) => format!("{SPEC}{list}"),
        (None, _) => path,
    }
}

fn finding(rule: &Rule, effect: Effect, output: Output) -> Result<Finding, String> {
    let metadata = &rule.metadata;
    let mut finding = Finding {
        effect,
        severity: metadata.severity,
        remediation: metadata.remediation.clone(),
        ..indeterminate(&rule.id, String::new(), Some(output.location))
    };
    let members = match output.value {
        Value::String(message) => {
            finding.message = message;
            return Ok(finding);
        }
        Value::Object(members) => members,
        _ => return Err(format!("`{}` must give text or a mapping with `msg`", effect.as_str())),
    };
    let mut said = HashSet::new();
    for (name, value) in members {
        let text = || value.as_str().map(str::to_owned);
        let expect = |what: &str| format!("`{name}` of a finding must be {what}");
        match name.as_str() {
            "msg" => finding.message = text().ok_or_else(|| expect("text"))?,
            "path" => finding.path = Some(text().ok_or_else(|| expect("a JSON Pointer"))?),
            "remediation" => finding.remediation = Some(text().ok_or_else(|| expect("text"))?),
            "severity" => {
                finding.severity = serde_json::from_value(value.clone())
                    .map_err(|_| expect("one of `info`, `low`, `medium`, `high`, `critical`"))?;
            }
            "until" => {
                let time = value.as_str().and_then(|text| text.parse().ok());
                finding.until = Some(time.ok_or_else(|| expect("a time as in `2026-11-23T10:00:00Z`"))?);
            }
            "needs" => {
                let need: Need = serde_json::from_value(value.clone()).map_err(|_| {
                    expect("one of `approval`, `evidence`, `time`, `all`, `any`, as in `{\"approval\": {\"role\": \"lead\"}}`")
                })?;
                finding.needs = Some(need);
            }
            _ => {
                finding.details.insert(name.clone(), Json(value));
            }
        }
        said.insert(name);
    }
    if !said.contains("msg") {
        return Err(format!("a finding of `{}` has no `msg`", effect.as_str()));
    }
    if effect != Effect::Hold && (finding.until.is_some() || finding.needs.is_some()) {
        return Err(format!("only a hold has `until` or `needs`, not `{}`", effect.as_str()));
    }
    Ok(finding)
}
