//! Policies mean what they mean in OPA.
//!
//! `testdata/rego/conformance.json` has policies, what they look at, and what OPA 1.22 finds with each:
//! `go run ./compare -record FILE` in `benches/peers/opa` writes that down. Where Weighlock differs on
//! purpose, `here` says what it finds, and `why`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::policy::{LoadOptions, load};

#[derive(Deserialize)]
struct File {
    input: Value,
    data: Value,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    rego: String,
    opa: Value,
    here: Option<Value>,
    #[expect(dead_code, reason = "for readers")]
    why: Option<String>,
}

/// What a policy finds: effects and values in order, or that it is refused or fails.
fn found(text: &str, input: &regorus::Value, data: &Value) -> Value {
    let files = vec![("p.rego".to_owned(), text.to_owned())];
    let loaded = load(files, data.clone(), LoadOptions::default())
        .and_then(|bundle| on_deep_stack(|| compile(&bundle, Limits::default())).unwrap());
    let rules = match loaded {
        Ok(rules) => rules,
        Err(problems) => return json!(format!("refused: {}", problems[0])),
    };
    // Whatever it finds, also what is no finding.
    meter::begin(u64::MAX, u64::MAX, u64::MAX);
    let mut machine = run::Machine::new(&rules.program, input.clone(), 1, Limits::default());
    let mut found = Vec::new();
    for head in &rules.judges[&0].heads {
        match machine.outputs(head.place) {
            Ok(items) => found.extend(items.iter().map(|item| {
                let value = value::to_json(item, &mut usize::MAX.clone(), 0).ok();
                json!([head.effect.as_str(), value])
            })),
            Err(stopped) => return json!(format!("fails: {}", stopped.text)),
        }
    }
    Value::Array(found)
}

/// In an order that does not depend on the engine.
fn sorted(found: &Value) -> Vec<String> {
    let mut lines: Vec<String> = found.as_array().into_iter().flatten().map(Value::to_string).collect();
    lines.sort();
    lines
}

#[test]
fn policies_mean_what_they_mean_in_opa() {
    let file: File = serde_json::from_str(include_str!("../../../testdata/rego/conformance.json")).unwrap();
    let input = value::build(&file.input, &mut value::Keys::default()).unwrap();
    let (mut same, mut wrong) = (0, Vec::new());
    for policy in &file.policies {
        let wanted = policy.here.as_ref().unwrap_or(&policy.opa);
        let found = found(&policy.rego, &input, &file.data);
        let agrees = match (wanted.as_str(), found.as_str()) {
            (Some(word), Some(found)) => found.starts_with(word) || word == "refused",
            // What OPA's checker of types refuses may be evaluated here.
            (Some("refused"), None) => policy.here.is_none(),
            (None, None) => sorted(wanted) == sorted(&found),
            _ => false,
        };
        if agrees {
            same += 1;
        } else {
            wrong.push(format!("{}  wanted {wanted}\n  found {found}\n", policy.rego));
        }
    }
    assert!(wrong.is_empty(), "{same} the same, {} not:\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 300, "{same}");
}
