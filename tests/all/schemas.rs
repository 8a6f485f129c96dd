//! The published schemas: generated from the types, and true of the documents that come along.

use std::collections::BTreeMap;
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
        ("Policy", "policy"),
        ("Config", "config"),
        ("Waiver", "waiver"),
        ("Approval", "approval"),
        ("Override", "override"),
        ("Settings", "settings"),
    ];
    let mut seen = BTreeMap::new();
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
                *seen.entry(schema).or_insert(0) += 1;
                found.extend(
                    faults(&validator(schema), &document)
                        .iter()
                        .map(|fault| format!("{name}: {schema}: {fault}")),
                );
            }
        }
    }
    for (schema, least) in [("case", 20), ("policy", 4), ("input", 3), ("settings", 1), ("config", 1)] {
        assert!(seen.get(schema) >= Some(&least), "too few documents were held to a schema: {seen:?}");
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_wrong_is_seen() {
    let head = "apiVersion: weighlock.dev/v1\nkind";
    let policy = |spec: &str| format!("{head}: Policy\nmetadata: {{id: p}}\nspec: {spec}\n");
    let wrong = [
        ("config", format!("{head}: Config\npolices: [builtin]\n")),
        ("policy", policy("{rules: []}")),
        ("policy", policy("{rules: [{id: r}]}")),
        ("policy", policy("{rules: [{id: r, effect: denies, expression: 'true', message: m}]}")),
        ("policy", policy("{rules: [{id: r, effect: deny, expresion: 'true', message: m}]}")),
        ("policy", policy("{requires: evidence.scans, rules: [{id: r, effect: deny}]}")),
        ("policy", policy("{requires: {evidence.scans: {age: 1h}}, rules: [{id: r, effect: deny}]}")),
        ("policy", policy("{rules: [{id: r, effect: hold, needs: {role: dba}}]}")),
    ];
    for (schema, text) in wrong {
        let source = Source::new("wrong.yaml", text.clone());
        let Json(value) = document::read_node(&source, &tree::parse(&source).unwrap()[0]).unwrap();
        assert!(!faults(&validator(schema), &value).is_empty(), "{text}");
    }
    let right = policy(
        "{requires: {evidence.scans: {trust: operator, maxAge: 7d}, evidence.gates: }, rules: [{id: r, effect: hold, expression: 'true', message: m, needs: {approval: {role: dba}}}]}",
    );
    let source = Source::new("right.yaml", right);
    let Json(value) = document::read_node(&source, &tree::parse(&source).unwrap()[0]).unwrap();
    assert_eq!(faults(&validator("policy"), &value), Vec::<String>::new());
}

/// Every title and description of a schema.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "title" || name == "description" => found.push(text),
                    _ => texts(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}

/// Whoever reads a schema, in an editor mostly, does not know the types that it was made from.
#[test]
fn schemas_speak_of_documents_and_not_of_types() {
    // Camel case that stands in documents.
    let words = [
        "`DecisionRecord`",
        "`CheckReport`",
        "`TestReport`",
        "DaemonSet",
        "StatefulSet",
        "CronJob",
        "NetworkPolicy",
        "OpenVEX",
        "CycloneDX",
    ];
    let mut found = Vec::new();
    for schema in SCHEMAS {
        let value: Value = serde_json::from_str(&schema.text()).unwrap();
        assert_eq!(value["title"], format!("Weighlock {}", schema.name.replace('-', " ")));
        assert!(value["description"].is_string(), "{}", schema.name);
        let mut all = Vec::new();
        texts(&value, &mut all);
        for text in all {
            let rest = words.iter().fold(text.to_owned(), |text, word| text.replace(word, ""));
            let hump = |w: &str| {
                w.starts_with(|c: char| c.is_ascii_uppercase())
                    && w.trim_start_matches(|c: char| c.is_ascii_uppercase())
                        .contains(|c: char| c.is_ascii_uppercase())
            };
            let named = rest.split(|c: char| !c.is_alphanumeric()).any(hump);
            if named || ["[`", "::", "INVARIANT", "Option", "Vec<"].iter().any(|sign| rest.contains(sign)) {
                found.push(format!("{}: {text}", schema.name));
            }
        }
        let types = value["$defs"].as_object().into_iter().flatten().map(|(name, _)| name);
        found.extend(
            types.filter(|name| name.starts_with("Raw")).map(|name| format!("{}: {name}", schema.name)),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn settings_without_a_value_are_none() {
    let settings = validator("settings");
    for text in ["updates: null", "updates: {freezes: null}", "migrations: {unparsed: null}"] {
        let value = document::read::<Json>(&Source::new("s.yaml", text)).unwrap().0;
        assert!(!faults(&settings, &value).is_empty(), "{text}");
    }
    let none = document::read::<Json>(&Source::new("s.yaml", "updates: {freezes: []}\nscans: {}")).unwrap().0;
    assert_eq!(faults(&settings, &none), Vec::<String>::new());
}
