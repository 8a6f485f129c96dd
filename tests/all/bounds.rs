//! Small documents that would take long, and files that never end: refused soon, by name.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Folder, Ran};

const POLICY: &str = "package p\n\ndeny contains \"no\" if input.change.id == \"no\"\n";

fn folder() -> Folder {
    Folder::with(&[("p.rego", POLICY)])
}

/// What was said, without the note that there is no configuration.
fn said(ran: &Ran) -> String {
    let lines = ran.err.lines().filter(|line| !line.starts_with("note: no configuration"));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

fn input(inventory: &[Value], changes: &[Value]) -> String {
    json!({
        "apiVersion": "weighlock.dev/v1", "kind": "Input", "inventory": inventory, "changes": changes,
    })
    .to_string()
}

#[test]
fn what_many_changes_share_is_weighed_before_it_is_judged() {
    let folder = folder();
    let annotations: Value = (0..20_000).map(|i| (format!("k{i}"), json!("v"))).collect();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": annotations}});
    let assets =
        [json!({"id": "large", "kind": "object", "object": object}), json!({"id": "b", "kind": "pod"})];
    let change = |i: usize, asset: &str| json!({"id": format!("c{i}"), "kind": "config", "asset": asset});
    let changes: Vec<Value> = (0..2000).map(|i| change(i, "large")).chain([change(2000, "b")]).collect();
    folder.write("in.json", input(&assets, &changes));
    let ran = folder.run("evaluate in.json -p p.rego --decision-out out");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(!folder.path("out").exists());
    insta::assert_snapshot!(said(&ran), @r"
error[input.too-large]: the reviews of all changes would hold 47836024 values together; at most 12500250 are weighed at once
  help: `large` has most of them, 47836000 in 2000 changes of it, and most of those are its object; evaluate fewer changes at a time
");
}

#[test]
fn what_was_meant_is_looked_for_no_longer_than_it_helps() {
    let folder = folder();
    let pad = "y".repeat(30);
    let assets: Vec<Value> =
        (0..20_000).map(|i| json!({"id": format!("a{i:06}{pad}"), "kind": "pod"})).collect();
    let change = |i: usize, asset: String| json!({"id": format!("c{i}"), "kind": "config", "asset": asset});
    let mut changes: Vec<Value> = (0..25).map(|i| change(i, format!("{i}{}", "z".repeat(2000)))).collect();
    changes.extend((25..50).map(|i| change(i, format!("b{i:06}{pad}"))));
    folder.write("in.json", input(&assets, &changes));
    let start = Instant::now();
    let ran = folder.run("evaluate in.json -p p.rego");
    // Letter by letter, each of them took a second and more.
    assert!(ran.code == 2 && start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(ran.err.contains("… and 30 more") && !ran.err.contains("did you mean"), "{}", ran.err);
}
