//! Tests of the engine, over bundles built by hand.

use std::sync::Arc;

use serde_json::json;

use super::Cel;
use crate::diag::{Diagnostic, Source};
use crate::engine::{Cause, Engine as _, Failure, Limits, Output};
use crate::model::id::Digest;
use crate::model::review::Review;
use crate::policy::{self, Bundle, File, Language};

mod bounds;
mod language;
pub(super) mod parsers;
mod refused;

pub(super) fn review(pod_spec: serde_json::Value) -> Review {
    serde_json::from_value(json!({
        "apiVersion": "weighlock.dev/v1",
        "kind": "Review",
        "context": {"now": "2026-11-23T10:15:00Z", "environment": "production"},
        "change": {
            "id": "a", "kind": "config", "digest": Digest::of(b"change").as_str(),
        },
        "asset": {"id": "eu-1/production/drone-app", "kind": "workload", "podSpec": pod_spec},
        "artifacts": [],
        "evidence": {},
        "unknown": [],
    }))
    .unwrap()
}

pub(super) fn bundle(text: &str, data: serde_json::Value) -> Result<Bundle, Vec<Diagnostic>> {
    let source = Source::new("policy.yaml", text);
    let policy = policy::cel::read_text(&source)?;
    let rules = policy
        .rules
        .iter()
        .map(|rule| policy::Rule {
            id: format!("{}.{}", policy.id, rule.id),
            language: Language::Cel,
            file: 0,
            line: rule.line,
            metadata: rule.metadata.clone(),
            effects: vec![rule.effect],
            unsaid: rule.unsaid.clone(),
        })
        .collect();
    Ok(Bundle {
        nowhere: Vec::new(),
        files: vec![File { source: Arc::clone(&source), language: Language::Cel, unit: None }],
        rules,
        cel: vec![policy],
        data,
        digest: Digest::of(text.as_bytes()),
        data_digest: Digest::of(b""),
        tests: Vec::new(),
        rego_v0: false,
    })
}

/// Judges every rule of a policy.
pub(super) fn judge(
    text: &str,
    data: serde_json::Value,
    review: &Review,
) -> Vec<Result<Vec<Output>, Failure>> {
    let bundle = bundle(text, data).unwrap_or_else(|errors| panic!("{}", show(&errors)));
    let compiled =
        Cel.compile(&bundle, Limits::default()).unwrap_or_else(|errors| panic!("{}", show(&errors)));
    let mut session = compiled.session();
    session.load(review, crate::model::rule::View::Review).unwrap();
    (0..bundle.rules.len()).map(|rule| session.judge(rule).map(Option::unwrap_or_default)).collect()
}

pub(super) fn show(errors: &[Diagnostic]) -> String {
    errors
        .iter()
        .map(|error| {
            let marked =
                error.label.as_ref().map_or("", |label| label.source.text.get(label.span.clone()).unwrap());
            let hint = error.hint.as_deref().unwrap_or("");
            format!("{error} | {marked} | {hint}\n")
        })
        .collect()
}

/// What is wrong with a policy of one `deny` rule.
pub(super) fn refusal(expression: &str) -> String {
    let text = policy_of(expression);
    let errors = match bundle(&text, json!({})) {
        Ok(bundle) => Cel.compile(&bundle, Limits::default()).err().expect("it must be refused"),
        Err(errors) => errors,
    };
    show(&errors)
}

pub(super) fn policy_of(expression: &str) -> String {
    let expression = serde_json::to_string(expression).unwrap();
    format!(
        "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: a}}\nspec:\n  variables:\n    - {{name: one, expression: \"1\"}}\n  rules:\n    - {{id: b, effect: deny, message: no, expression: {expression}}}\n"
    )
}

/// Whether an expression holds.
pub(super) fn holds(expression: &str) -> Result<bool, String> {
    let settings = json!({"settings": {"limit": 3, "names": ["a", "b"]}});
    let review = review(json!({"containers": [{"name": "app", "ports": [80, 443]}, {"name": "proxy"}]}));
    let mut results = judge(&policy_of(expression), settings, &review);
    match results.remove(0) {
        Ok(outputs) => Ok(outputs.is_empty()),
        Err(failure) => {
            assert_eq!(failure.location.as_ref().map(|at| at.line), Some(8));
            if failure.cause == Cause::Error { Err(failure.message) } else { Err(format!("{failure:?}")) }
        }
    }
}
