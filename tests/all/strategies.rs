//! The plans that the shipped strategies make: each from an input as it would be collected, through the
//! whole way, and with everything that a plan is checked for.

use serde_json::{Value, json};

use super::support::{Folder, INPUT};

const OLD: &str = "sha256:3ca510ef8d1370adbae90be8624ceb4d06b9572e69ea4edc05300b8484df61c7";
const NEW: &str = "sha256:fdafed9b0e7b82bc71d9c074475616b8bcaec2c1cbd2b442f4393583d3f68d87";

const SETTINGS: &str = "strategy:
  blueGreen:
    - environments: [production]
      slots: [blue, green]
      connection: STAGING_DATABASE_URL
      health: http://{application}-preview.{namespace}/api/health
      every: 10s
      for: 5m
      within: 10m
      notify: ROLLOUT_WEBHOOK
  rolling: [{within: 10m, oblige: true}]
  compose:
    - {environments: [home], watchtower: {server: \"http://{host}:8080\", token: WATCHTOWER_TOKEN}}
    - project: observability
      file: /opt/{application}/compose.yaml
      within: 5m
      health: {address: \"http://{host}:3000/api/health\", every: 10s, for: 1m}
      notify: ROLLOUT_WEBHOOK
  helm:
    - within: 10m
      health: {address: \"https://{application}.example/health\", every: 10s, for: 5m}
  cascade:
    - environments: [test]
      types: [fix]
      branch: fix/auto-rebuild-
      server: https://git.example/
      token: GIT_TOKEN
      namespace: builds
      pullRequest:
        provider: gitea
        repository: fleet/fleet-infra
        base: production
        file: apps/{application}/production.yaml
        environment: production
        labels: [\"strategy: cautious\", pending-approval]
      notify: ROLLOUT_WEBHOOK
  rebuild:
    - {environments: [images], versionBump: patch, triggeredBy: base-image-update, token: GITHUB_TOKEN}
";

/// The report of one change of the drone app in an environment.
fn decided(environment: &str, change: &str, evidence: &str) -> Value {
    decided_of("workload", environment, change, evidence)
}

/// The same, where the app is something else than a workload.
fn decided_of(kind: &str, environment: &str, change: &str, evidence: &str) -> Value {
    let folder = Folder::new();
    folder.write("settings.yaml", SETTINGS);
    folder.write(
        "weighlock.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [builtin:strategy, judge.yaml]\nsettings: settings.yaml\n",
    );
    // Strategies say how, not whether: something else must have judged the change.
    folder.write(
        "judge.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: judge}\nspec: {rules: [{id: all, effect: deny, expression: 'true', message: no}]}\n",
    );
    folder.write(
        "in.yaml",
        format!(
            "{INPUT}inventory:
  - id: eu-1/{environment}/drone-app
    kind: {kind}
    application: drone-app
    cluster: eu-1
    namespace: drone
    environment: {environment}
    images: [{{container: app, ref: registry.example/drone-app, tag: v1.2.0, digest: \"{OLD}\"}}]
    build: {{provider: github, repository: foundry/drone-app, branch: main, dockerfile: Dockerfile, pipeline: build.yml, autoRebuild: true, rebuildDelay: 7d}}
changes:
  - id: c
    asset: eu-1/{environment}/drone-app
    {change}
evidence: {{{evidence}}}
"
        ),
    );
    let report = folder.report("--trust-input --now 2026-11-20T12:00:00Z in.yaml");
    report.report["decisions"][0].clone()
}

fn image() -> String {
    format!(
        "kind: image\n    from: {{version: v1.2.0, digest: \"{OLD}\"}}\n    to: {{version: v1.2.1, digest: \"{NEW}\"}}"
    )
}

fn promotion(from: &str, to: &str) -> String {
    image().replace("kind: image", &format!("kind: promotion\n    promotion: {{from: {from}, to: {to}}}"))
}

fn base_image(commit: &str) -> String {
    format!(
        "kind: base_image\n    to: {{ref: registry.example/blocks/python-base, version: 3.11.2, digest: \"{NEW}\"}}\n    commit: {{id: abc, message: \"{commit}: update python to 3.11.2 (CVE-2026-1111)\"}}"
    )
}

/// The steps of a plan in their order; nothing stands in its way.
fn steps(decided: &Value) -> Vec<(String, String)> {
    assert_eq!(decided["verdict"], "allow", "{decided:#}");
    assert!(decided.get("planProblems").is_none(), "{decided:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = decided["plan"]["steps"].as_array().unwrap_or_else(|| panic!("{decided:#}"));
    steps.iter().map(|step| (text(&step["id"]), text(&step["kind"]))).collect()
}

fn ids(decided: &Value) -> Vec<String> {
    steps(decided).into_iter().map(|(id, _)| id).collect()
}

fn obliged(decided: &Value) -> Vec<&str> {
    let all = decided["obligations"].as_array().into_iter().flatten();
    all.map(|obligation| obligation["kind"].as_str().unwrap()).collect()
}

#[test]
fn production_goes_by_canary() {
    let decided = decided("production", &promotion("canary", "production"), "migrations: []");
    assert_eq!(
        ids(&decided),
        [
            "deploy-canary-app",
            "shift-canary",
            "watch-canary",
            "shift-25",
            "watch-25",
            "shift-50",
            "watch-50",
            "shift-100",
            "watch-100",
            "tag-app",
            "deploy-app",
            "shift-back",
            "tell"
        ]
    );
    assert_eq!(obliged(&decided), ["canary", "notify"]);
}

#[test]
fn test_goes_all_at_once_and_what_nobody_names_a_few_at_a_time() {
    let blitz = decided("test", &promotion("dev", "test"), "");
    assert_eq!(ids(&blitz), ["tag-app", "deploy-app"]);
    assert!(obliged(&blitz).is_empty());
    let rolling = decided("staging", &image(), "");
    assert_eq!(ids(&rolling), ["deploy-app", "wait"]);
    assert_eq!(obliged(&rolling), ["rolling"]);
}

#[test]
fn what_changes_the_schema_goes_through_two_slots_and_nothing_else() {
    let migrations = format!(
        "migrations: [{{asset: eu-1/production/drone-app, operations: [{{kind: add_column, at: {{file: m/1.sql}}}}], source: {{digest: \"{NEW}\"}}}}]"
    );
    let done = decided("production", &promotion("canary", "production"), &migrations);
    assert_eq!(
        ids(&done),
        [
            "find-slots",
            "deploy-idle-app",
            "wait-idle",
            "check-schema-1",
            "smoke-test",
            "switch",
            "tag-app",
            "tell"
        ]
    );
    assert_eq!(obliged(&done), ["blueGreen", "notify"]);
    let back = &done["plan"]["steps"][5]["undo"];
    assert_eq!(back["with"]["slot"], json!({"from": "find-slots.active"}));
    // What nobody can try cannot go.
    let unread = migrations.replace("source:", "engine: postgresql, source: {}, unread:");
    let unread = unread.split(", unread").next().unwrap().to_owned() + "}]";
    let refused = decided("production", &promotion("canary", "production"), &unread);
    assert!(refused.get("plan").is_none(), "{refused:#}");
    // Where nobody looked, it is not known which strategy it is.
    let unknown = decided("production", &promotion("canary", "production"), "");
    assert_eq!((&unknown["verdict"], &unknown["indeterminate"]), (&json!("deny"), &json!(true)));
}

#[test]
fn a_fix_of_the_base_image_is_tried_in_test_and_offered_to_production() {
    let done = decided("test", &base_image("fix"), "");
    assert_eq!(
        ids(&done),
        ["patch", "rebuild", "weigh", "publish", "deploy", "wait", "offer", "pull-request", "tell"]
    );
    assert_eq!(obliged(&done), ["blitz", "notify", "pullRequest"]);
    let request = &done["plan"]["steps"][7]["with"];
    assert!(request["title"].as_str().unwrap().starts_with("fix(deps): "), "{request}");
    assert_eq!(request["labels"], json!(["strategy: cautious", "pending-approval"]));
    let waits = decided("test", &base_image("feat"), "");
    assert!(waits.get("plan").is_none(), "{waits:#}");
}

#[test]
fn a_new_base_image_starts_the_workflow() {
    let done = decided("images", &base_image("chore"), "");
    assert_eq!(ids(&done), ["rebuild", "weigh"]);
    let with = &done["plan"]["steps"][0]["with"];
    assert_eq!((&with["workflow"], &with["repository"]), (&json!("build.yml"), &json!("foundry/drone-app")));
    assert_eq!(
        with["inputs"],
        json!({
            "version_bump": "patch",
            "triggered_by": "base-image-update",
            "base_image": format!("registry.example/blocks/python-base:3.11.2@{NEW}"),
        })
    );
}

#[test]
fn a_container_is_replaced_by_compose_and_watched() {
    let done = decided_of("container", "edge", &image(), "");
    assert_eq!(ids(&done), ["deploy-app", "watch", "tell"]);
    assert_eq!(obliged(&done), ["notify"]);
    let planned = &done["plan"]["steps"];
    let up = |digest: &str| {
        json!({"host": "eu-1", "project": "observability", "file": "/opt/drone-app/compose.yaml", "service": "app",
            "image": "registry.example/drone-app", "digest": digest, "wait": "5m"})
    };
    assert_eq!((&planned[0]["kind"], &planned[0]["with"]), (&json!("compose.up/v1"), &up(NEW)));
    assert_eq!(planned[0]["undo"]["with"], up(OLD));
    assert_eq!(planned[1]["with"]["health"], json!("http://eu-1:3000/api/health"));
    let by_watchtower = decided_of("container", "home", &image(), "");
    let kinds: Vec<String> = steps(&by_watchtower).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["watchtower.update/v1"]);
}

#[test]
fn a_release_is_upgraded_watched_and_rolled_back() {
    let chart = "kind: chart\n    from: {ref: 'oci://registry.example/charts/drone-app', version: 4.0.0}\n    to: {ref: 'oci://registry.example/charts/drone-app', version: 4.0.1}";
    let done = decided_of("release", "production", chart, "");
    assert_eq!(ids(&done), ["upgrade", "watch"]);
    let upgrade = &done["plan"]["steps"][0];
    assert_eq!(
        upgrade["with"],
        json!({"release": "drone-app", "namespace": "drone", "cluster": "eu-1", "version": "4.0.1",
            "chart": "oci://registry.example/charts/drone-app", "reuseValues": true, "wait": "10m"})
    );
    assert_eq!(upgrade["undo"]["kind"], "helm.rollback/v1");
    assert_eq!(upgrade["undo"]["with"]["revision"], json!({"from": "upgrade.previousRevision"}));
}
