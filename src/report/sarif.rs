//! SARIF 2.1.0 (OASIS), for code scanning.
//!
//! A result is a finding; its place is in the input, the policy is a related place. A deny and what
//! could not be judged are errors. A hold is a warning: nothing is wrong with the change, it is only
//! too early, and an alert that time alone closes must not look like a defect. Warnings are warnings,
//! obligations and actions are notes. What is set aside is there, suppressed, with the reason.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::clean;
use super::words;
use super::{Entry, Evaluation, Excerpt, Format, RuleInfo, Style, Weight, wire::Summary};
use crate::model::canonical;
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding, Location};

/// For code scanning.
pub(super) const FORMAT: Format = Format { name: "sarif", about: "SARIF 2.1.0, for code scanning", render };

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let mut rules: BTreeMap<&str, Option<&RuleInfo>> =
        evaluation.rules.iter().map(|(id, info)| (id.as_str(), Some(info))).collect();
    let findings = evaluation.entries.iter().flat_map(|e| &e.decision.findings).chain(&evaluation.findings);
    let unplanned: Vec<Vec<Finding>> = evaluation.entries.iter().map(Entry::unplanned).collect();
    for f in findings.chain(unplanned.iter().flatten()) {
        rules.entry(&f.rule).or_insert(None);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(i, id)| (*id, i)).collect();

    let mut results = Vec::new();
    for (entry, unplanned) in evaluation.entries.iter().zip(&unplanned) {
        results.extend(unplanned.iter().map(|f| result(evaluation, &index, f, Some(entry), None)));
        for told in entry.findings() {
            // A satisfied hold is good news, not a result.
            if Weight::of(told.finding) != Weight::Satisfied {
                results.push(result(evaluation, &index, told.finding, Some(entry), told.at));
            }
        }
    }
    results.extend(evaluation.findings.iter().map(|f| result(evaluation, &index, f, None, None)));

    let summary = Summary::of(evaluation);
    let notes: Vec<Value> = words::notes(evaluation)
        .iter()
        .map(|note| json!({"level": "note", "message": {"text": safe(note)}}))
        .collect();
    super::json::pretty(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "weighlock",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|(id, info)| rule(id, *info)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": evaluation.outcome.exit,
                "exitCodeDescription": evaluation.meaning(),
                "toolExecutionNotifications": notes,
            }],
            "results": results,
            "properties": {
                "summary": summary,
                "asserted": evaluation.asserted(),
                "simulated": evaluation.simulated(),
            },
        }],
    }))
}

const fn level(effect: Effect) -> &'static str {
    match effect {
        Effect::Deny | Effect::Indeterminate => "error",
        Effect::Hold | Effect::Warn => "warning",
        Effect::Oblige | Effect::Action => "note",
    }
}

/// The middle of the range that code scanning gives to each word.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "0.0",
        Severity::Low => "2.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

fn rule(id: &str, info: Option<&RuleInfo>) -> Value {
    let title = info.and_then(|i| i.title.as_deref()).unwrap_or(id);
    let mut rule = Map::new();
    rule.insert("id".to_owned(), json!(safe(id)));
    rule.insert("shortDescription".to_owned(), json!({"text": safe(title)}));
    let full = info.and_then(|i| i.description.as_deref()).unwrap_or(title);
    rule.insert("fullDescription".to_owned(), json!({"text": safe(full)}));
    let mut help = info.and_then(|i| i.remediation.clone()).unwrap_or_default();
    for related in info.map(|i| i.related.as_slice()).unwrap_or_default() {
        if !help.is_empty() {
            help.push('\n');
        }
        help.push_str(&format!("See {related}"));
    }
    if !help.is_empty() {
        rule.insert("help".to_owned(), json!({"text": safe(&help)}));
    }
    let severity = info.map_or(Severity::Medium, |i| i.severity);
    let level = match severity {
        Severity::Info => "note",
        Severity::Low | Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    };
    rule.insert("defaultConfiguration".to_owned(), json!({"level": level}));
    rule.insert(
        "properties".to_owned(),
        json!({"security-severity": security_severity(severity), "tags": ["change", "policy"]}),
    );
    Value::Object(rule)
}

fn result(
    evaluation: &Evaluation,
    index: &BTreeMap<&str, usize>,
    f: &Finding,
    entry: Option<&Entry>,
    at: Option<&Excerpt>,
) -> Value {
    let change = entry.map_or("", |e| e.decision.change.id.as_str());
    let mut message = if change.is_empty() { f.message.clone() } else { format!("{change}: {}", f.message) };
    if let Some(fix) = evaluation.remediation(f) {
        message.push_str(&format!("\nFix: {fix}"));
    }
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(safe(&f.rule)));
    if let Some(i) = index.get(f.rule.as_str()) {
        result.insert("ruleIndex".to_owned(), json!(i));
    }
    result.insert("level".to_owned(), json!(level(f.effect)));
    result.insert("message".to_owned(), json!({"text": safe(&message)}));
    let place = at.or_else(|| entry.and_then(|e| e.change_at.as_ref()));
    let policy =
        f.location.as_ref().or_else(|| evaluation.rules.get(&f.rule).and_then(|r| r.location.as_ref()));
    let mut location = Map::new();
    // Code scanning refuses a result without a file: then the policy, then the operator's file.
    let physical = place.and_then(in_input).or_else(|| policy.and_then(in_policy)).or_else(|| {
        uri(&evaluation.config.as_ref()?.path).map(|uri| physical(&uri, json!({"startLine": 1})))
    });
    if let Some(physical) = physical {
        location.insert("physicalLocation".to_owned(), physical);
    }
    if !change.is_empty() {
        let full = f.path.as_deref().map_or_else(|| change.to_owned(), |path| format!("{change}{path}"));
        location.insert(
            "logicalLocations".to_owned(),
            json!([{"name": safe(change), "fullyQualifiedName": safe(&full)}]),
        );
    }
    if !location.is_empty() {
        result.insert("locations".to_owned(), json!([location]));
    }
    if let Some(physical) = policy.and_then(in_policy) {
        result.insert(
            "relatedLocations".to_owned(),
            json!([{"id": 1, "message": {"text": "the rule"}, "physicalLocation": physical}]),
        );
    }
    result.insert("partialFingerprints".to_owned(), json!({"weighlock/v1": fingerprint(change, f)}));
    if let Some(why) = words::set_aside_why(f, entry, evaluation.now) {
        result.insert(
            "suppressions".to_owned(),
            json!([{"kind": "external", "status": "accepted", "justification": safe(&why)}]),
        );
    }
    result.insert(
        "properties".to_owned(),
        json!({
            "effect": f.effect.as_str(),
            "severity": f.severity.as_str(),
            "verdict": entry.map(|e| e.standing().as_str()),
            "decision": entry.map(|e| e.decision.id.as_str()),
            "path": f.path.as_deref().map(safe),
        }),
    );
    Value::Object(result)
}

fn in_input(e: &Excerpt) -> Option<Value> {
    let (line, column) = (e.line.max(1), e.column.max(1));
    let region = if e.width > 0 {
        json!({"startLine": line, "startColumn": column, "endColumn": column.saturating_add(e.width)})
    } else {
        json!({"startLine": line, "startColumn": column})
    };
    Some(physical(&uri(&e.file)?, region))
}

fn in_policy(place: &Location) -> Option<Value> {
    let line = place.line.max(1);
    let region = match place.column {
        Some(column) => json!({"startLine": line, "startColumn": column.max(1)}),
        None => json!({"startLine": line}),
    };
    Some(physical(&uri(&place.file)?, region))
}

fn physical(uri: &str, region: Value) -> Value {
    json!({"artifactLocation": {"uri": uri}, "region": region})
}

/// What a finding is known by from run to run: change, rule, effect, path and message.
pub(super) fn fingerprint(change: &str, f: &Finding) -> String {
    let parts = (change, &f.rule, f.effect, &f.path, &f.message);
    canonical::digest(&parts).map(|d| d.as_str().trim_start_matches("sha256:").to_owned()).unwrap_or_default()
}

/// A relative URI reference (RFC 3986), percent-encoded.
pub(super) fn uri(file: &str) -> Option<String> {
    let path = clean::path(file)?;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(out)
}

/// Plain text for viewers that show it as such: no acting characters, and no `[text](id)`, which
/// SARIF viewers make links of (section 3.11.6).
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, line) in clean::lines(text).iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        // A link is `[text](target)`; with its end escaped it is none.
        out.push_str(&line.replace("](", "\\]("));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn it_has_the_structure_that_the_standard_asks_for() {
        let text = FORMAT.render(&fixture::evaluation(), &Style::default());
        let log: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: std::collections::BTreeSet<_> = rules.iter().map(|r| r["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rules.len(), "rule ids are unique");
        for rule in rules {
            assert!(
                ["note", "warning", "error"]
                    .contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
            );
            assert!(
                rule["properties"]["security-severity"].as_str().unwrap().parse::<f64>().unwrap() <= 10.0
            );
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 11);
        let mut suppressed = 0;
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            assert_eq!(result["partialFingerprints"]["weighlock/v1"].as_str().unwrap().len(), 64);
            assert_eq!(result["locations"].as_array().unwrap().len(), 1);
            suppressed += usize::from(result["suppressions"][0]["kind"] == "external");
            let places = result["locations"].as_array().into_iter().flatten();
            for place in places.chain(result["relatedLocations"].as_array().into_iter().flatten()) {
                let physical = &place["physicalLocation"];
                let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
                assert!(!uri.starts_with('/') && !uri.contains("home") && uri.is_ascii(), "{uri}");
                assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
            }
        }
        assert_eq!(suppressed, 1);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_fingerprint_depends_on_what_a_finding_says_and_where() {
        let f = fixture::finding("a.b", Effect::Deny, "x");
        let mut other = f.clone();
        other.message.push('!');
        assert_eq!(fingerprint("c", &f), fingerprint("c", &f.clone()));
        assert_ne!(fingerprint("c", &f), fingerprint("c", &other));
        assert_ne!(fingerprint("c", &f), fingerprint("d", &f));
    }
}
