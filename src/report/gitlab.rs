//! GitLab's code quality report: findings beside the diff of a merge request.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clean;
use super::sarif::fingerprint;
use super::words;
use super::{Entry, Evaluation, Excerpt, Format, Style, Weight};
use crate::model::canonical;
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding};

/// For merge requests in GitLab.
pub(super) const FORMAT: Format = Format {
    name: "gitlab-codequality",
    about: "a code quality report, for merge requests in GitLab",
    render,
};

/// Where a finding goes that has no place in a file: the viewer wants one.
const NOWHERE: &str = "weighlock";

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let mut seen = BTreeMap::new();
    let mut issues = Vec::new();
    for entry in evaluation.by_standing() {
        for finding in entry.unplanned() {
            issues.extend(issue(evaluation, &mut seen, &finding, Some(entry), None));
        }
        for told in entry.findings() {
            issues.extend(issue(evaluation, &mut seen, told.finding, Some(entry), told.at));
        }
    }
    for f in &evaluation.findings {
        issues.extend(issue(evaluation, &mut seen, f, None, None));
    }
    super::json::pretty(&issues)
}

fn issue(
    evaluation: &Evaluation,
    seen: &mut BTreeMap<String, u32>,
    f: &Finding,
    entry: Option<&Entry>,
    at: Option<&Excerpt>,
) -> Option<Value> {
    let severity = match (Weight::of(f), f.effect, f.severity) {
        (Weight::Satisfied, ..) => return None,
        (Weight::SetAside, ..) | (_, Effect::Oblige | Effect::Action, _) => "info",
        (_, Effect::Deny | Effect::Indeterminate, Severity::Critical) => "blocker",
        (_, Effect::Deny | Effect::Indeterminate, _) | (_, _, Severity::Critical) => "critical",
        (_, Effect::Hold, _) | (_, _, Severity::High) => "major",
        (_, Effect::Warn, Severity::Info) => "info",
        (_, Effect::Warn, _) => "minor",
    };
    let change = entry.map_or("", |e| e.decision.change.id.as_str());
    let mut text = format!("{}: {}", f.effect.as_str(), f.message);
    if !change.is_empty() {
        text = format!("{change}: {text}");
    }
    if let Some(how) = words::set_aside_why(f, entry, evaluation.now) {
        text.push_str(&format!(" ({how})"));
    }
    // The viewer drops all but one of those that are alike.
    let mut print = fingerprint(change, f);
    let again = seen.entry(print.clone()).or_insert(0);
    if *again > 0 {
        print = canonical::digest(&(&print, *again))
            .map(|d| d.as_str().trim_start_matches("sha256:").to_owned())
            .unwrap_or(print);
    }
    *again = again.saturating_add(1);
    let place = at.or_else(|| entry.and_then(|e| e.change_at.as_ref()));
    let (path, line) =
        place.and_then(|e| Some((clean::path(&e.file)?, e.line.max(1)))).unwrap_or((NOWHERE.to_owned(), 1));
    Some(json!({
        "description": clean::lines(&text).join(" "),
        "check_name": clean::line(&f.rule),
        "fingerprint": print,
        "severity": severity,
        "location": {"path": clean::line(&path), "lines": {"begin": line}},
    }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn every_issue_has_what_the_viewer_wants() {
        let mut evaluation = fixture::evaluation();
        // The same thing said twice must not collapse into one.
        let entry = &mut evaluation.entries[1];
        entry.decision.findings.push(entry.decision.findings[0].clone());
        let text = FORMAT.render(&evaluation, &Style::default());
        let issues: Vec<Value> = serde_json::from_str(&text).unwrap();
        let prints: std::collections::BTreeSet<_> =
            issues.iter().map(|i| i["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), issues.len());
        for issue in &issues {
            assert!(
                ["info", "minor", "major", "critical", "blocker"]
                    .contains(&issue["severity"].as_str().unwrap())
            );
            assert!(!issue["location"]["path"].as_str().unwrap().starts_with('/'));
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
            assert!(!issue["description"].as_str().unwrap().contains(clean::acts));
        }
        insta::assert_snapshot!(text);
    }
}
