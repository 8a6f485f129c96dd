//! SARIF 2.1.0 (OASIS): a result for each problem, a rule for each lint; what comments silence is there,
//! suppressed, with the reason.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::sarif::{safe, uri};
use super::super::{Format, Style};
use super::{Problems, Span, level};
use crate::diag::{Code, Diagnostic, Level};
use crate::model::canonical;

/// For code scanning.
pub const FORMAT: Format<Problems> =
    Format { name: "sarif", about: "SARIF 2.1.0, for code scanning", render };

fn render(checked: &Problems, _: &Style) -> String {
    let mut codes: BTreeMap<Code, Level> = checked.lints.iter().copied().collect();
    for problem in &checked.problems {
        codes.entry(problem.code).or_insert(problem.level);
    }
    let index: BTreeMap<Code, usize> = codes.keys().enumerate().map(|(i, code)| (*code, i)).collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|(code, of)| {
            json!({
                "id": code.id,
                "shortDescription": {"text": code.title},
                "help": {"text": format!("See {}", checked.page(*code))},
                "defaultConfiguration": {"level": level(*of)},
            })
        })
        .collect();
    let mut results: Vec<Value> = checked.problems.iter().map(|one| result(&index, one, None)).collect();
    results.extend(checked.silenced.iter().map(|(one, why)| result(&index, one, Some(why))));
    super::super::json::pretty(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "weighlock",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(index: &BTreeMap<Code, usize>, problem: &Diagnostic, why: Option<&str>) -> Value {
    let mut text = problem.message.clone();
    if let Some(hint) = &problem.hint {
        text.push_str(&format!("\n{hint}"));
    }
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(problem.code.id));
    result.insert("ruleIndex".to_owned(), json!(index.get(&problem.code)));
    result.insert("level".to_owned(), json!(level(problem.level)));
    result.insert("message".to_owned(), json!({"text": safe(&text)}));
    let span = Span::of(problem);
    if let Some((span, uri)) = span.as_ref().and_then(|span| Some((span, uri(span.file)?))) {
        let region = json!({
            "startLine": span.from.0,
            "startColumn": span.from.1,
            "endLine": span.to.0,
            "endColumn": span.to.1,
        });
        let physical = json!({"artifactLocation": {"uri": uri}, "region": region});
        result.insert("locations".to_owned(), json!([{"physicalLocation": physical}]));
    }
    // Lines move; what is said, and about which file, stays.
    let parts = (problem.code.id, span.map(|span| span.file), &problem.message);
    let print =
        canonical::digest(&parts).map(|digest| digest.as_str().trim_start_matches("sha256:").to_owned());
    result.insert("partialFingerprints".to_owned(), json!({"weighlock/check/v1": print.unwrap_or_default()}));
    if let Some(why) = why {
        result.insert(
            "suppressions".to_owned(),
            json!([{"kind": "inSource", "status": "accepted", "justification": safe(why)}]),
        );
    }
    Value::Object(result)
}
