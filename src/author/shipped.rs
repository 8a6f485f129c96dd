//! The shipped policies against their own cases.

use std::path::Path;
use std::sync::Arc;

use super::bench::{Bench, Outcome};
use super::suite;
use crate::diag::{Diagnostic, Source, codes};
use crate::engine::Limits;
use crate::policy::{self, Bundle, LoadOptions, settings};

fn walk(path: &Path, found: &mut Vec<Arc<Source>>) {
    if path.is_file() {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
        found.push(Source::new(name, std::fs::read_to_string(path).unwrap()));
        return;
    }
    let mut entries: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        walk(&entry, found);
    }
}

pub(super) fn files(path: &str) -> Result<Vec<Arc<Source>>, Diagnostic> {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if !whole.exists() {
        return Err(Diagnostic::error(codes::INPUT_UNREADABLE, format!("`{path}` is not there")));
    }
    let mut found = Vec::new();
    walk(&whole, &mut found);
    Ok(found)
}

pub(super) fn bundle() -> Bundle {
    let texts = files("policies")
        .unwrap()
        .iter()
        .filter(|source| !suite::is_case(&source.name) && !source.name.contains("/fixtures/"))
        .map(|source| (source.name.clone(), source.text.clone()))
        .collect();
    let data = serde_json::json!({"settings": settings::shipped().unwrap()});
    policy::load(texts, data, LoadOptions::default()).unwrap_or_else(|problems| panic!("{}", told(&problems)))
}

pub(super) fn told(problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn outcomes(bench: &Bench) -> Vec<Outcome> {
    let mut failed = String::new();
    let mut all = Vec::new();
    let cases =
        suite::collect(&files("policies").unwrap()).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
    for found in &cases {
        let title = format!("{}: {}", found.file, found.case.name);
        match bench.run(&found.case, &found.file, &files) {
            Ok(outcome) => {
                if !outcome.passed {
                    failed.push_str(&format!("\n{title}\n{}", outcome.difference));
                }
                all.push(outcome);
            }
            Err(problems) => failed.push_str(&format!("\n{title}\n{}", told(&problems))),
        }
    }
    assert!(failed.is_empty(), "{failed}");
    all
}

#[test]
fn every_shipped_case_holds_and_every_rule_has_one_of_either_kind() {
    let bench = Bench::new(bundle(), Limits::default());
    let outcomes = outcomes(&bench);
    let open = suite::untested(bench.rules(), &outcomes);
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn every_rule_says_what_it_is_about() {
    for rule in bundle().rules {
        let (id, metadata) = (&rule.id, &rule.metadata);
        assert!(metadata.title.is_some(), "{id} has no title");
        assert!(metadata.description.is_some(), "{id} has no description");
        assert!(metadata.remediation.is_some(), "{id} has no remediation");
        assert!(metadata.applies.kinds.is_some(), "{id} does not say to which kinds of change it applies");
        assert!(!metadata.related.is_empty(), "{id} names no origin");
    }
}

#[test]
fn each_language_has_a_third_of_the_rules() {
    let rules = bundle().rules;
    let rego = rules.iter().filter(|rule| rule.language == policy::Language::Rego).count();
    assert!(rego * 3 >= rules.len() && (rules.len() - rego) * 3 >= rules.len(), "{rego} of {}", rules.len());
}
