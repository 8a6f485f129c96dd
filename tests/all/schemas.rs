//! The published schemas: generated from the types, and true of the documents that come along.

use std::path::Path;

use serde_json::Value;
use weighlock::diag::{Diagnostic, Source, document, tree};
use weighlock::model::Json;
use weighlock::pipeline::schema::{SCHEMAS, Schema};

use super::repository;

#[test]
fn the_files_are_what_the_types_say() {
    let mut names: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for schema in SCHEMAS {
        let name = format!("schemas/{}.schema.json", schema.name);
        found.extend(repository::generated(&name, &schema.text()).err());
        names.push(name);
    }
    names.sort();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(repository::below("schemas"), names, "a file of `schemas/` is no schema, or two share a name");
}

/// Compiles a schema; it must itself be valid.
fn validator(name: &str) -> jsonschema::Validator {
    let schema = SCHEMAS.iter().find(|schema| schema.name == name).unwrap();
    let value: Value = serde_json::from_str(&Schema::text(schema)).unwrap();
    jsonschema::draft202012::meta::validate(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
    jsonschema::draft202012::new(&value).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a file.
fn documents(name: &str) -> Vec<Value> {
    let source = Source::new(name, repository::read(name));
    let read: Result<Vec<Json>, Diagnostic> = if document::is_json(&source.text) {
        document::read(&source).map(|one| vec![one])
    } else {
        tree::parse(&source)
            .and_then(|nodes| nodes.iter().map(|node| document::read_node(&source, node)).collect())
    };
    read.unwrap_or_else(|problem| panic!("{problem}")).into_iter().map(|Json(value)| value).collect()
}

#[test]
fn every_schema_compiles() {
    for schema in SCHEMAS {
        validator(schema.name);
        assert!(!schema.about.is_empty());
    }
}

/// What is wrong with a document by its schema.
fn faults(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

#[test]
fn documents_that_come_along_are_valid() {
    // `kind` of our own documents, and the schema that each is held to.
    let kinds = [
        ("Input", "input"),
        ("Review", "review"),
        ("Case", "case"),
        ("Config", "config"),
        ("Waiver", "waiver"),
        ("Approval", "approval"),
        ("Override", "override"),
        ("Settings", "settings"),
    ];
    let mut seen = 0;
    let mut found = Vec::new();
    for folder in ["examples", "policies", "testdata/input"] {
        for name in repository::below(folder) {
            let known =
                Path::new(&name).extension().is_some_and(|ending| ending == "yaml" || ending == "json");
            if !known || name.contains("hostile") {
                continue;
            }
            for document in documents(&name) {
                let ours = document.get("apiVersion").and_then(Value::as_str) == Some("weighlock.dev/v1");
                let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
                let schema = if ours {
                    kinds.iter().find(|(name, _)| *name == kind).map(|(_, schema)| *schema)
                } else if name.ends_with("settings.yaml") {
                    Some("settings")
                } else {
                    None
                };
                let Some(schema) = schema else { continue };
                seen += 1;
                found.extend(
                    faults(&validator(schema), &document)
                        .iter()
                        .map(|fault| format!("{name}: {schema}: {fault}")),
                );
            }
        }
    }
    assert!(seen > 20, "only {seen} documents were held to a schema");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_wrong_is_seen() {
    let wrong: Value =
        serde_json::json!({"apiVersion": "weighlock.dev/v1", "kind": "Config", "polices": ["builtin"]});
    assert!(!faults(&validator("config"), &wrong).is_empty());
}
