//! What discharges which obligation, and what does not.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{action, canary, decision, digest, plan_of, refused, story, tag};

fn owed(kind: &str, with: Value) -> Value {
    json!([{"kind": kind, "with": with, "rules": ["strategy.rule"]}])
}

fn change(steps: &mut [Value], id: &str, pointer: &str, value: Value) {
    let step = steps.iter_mut().find(|step| step["id"] == id).unwrap();
    match step.pointer_mut(pointer) {
        Some(there) => *there = value,
        None => panic!("{pointer}"),
    }
}

fn story_with(id: &str, pointer: &str, value: Value) -> String {
    let mut steps = story();
    change(&mut steps, id, pointer, value);
    refused(&decision(steps.into(), canary()))
}

#[test]
fn a_canary_is_at_least_as_strict() {
    assert_snapshot!(story_with("shift-5", "/with/weights", json!({"stable": 90, "canary": 10})), @r#"
step `shift-5` does not fulfil `canary.trafficPercent` (at most 5): it gives the new version 10 [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
    assert_snapshot!(story_with("watch", "/with/errorRateMax", json!(0.1)), @r#"
step `watch` does not fulfil `canary.errorRateMax` (at most 0.05): its `errorRateMax` is 0.1 [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
    assert_snapshot!(story_with("watch", "/with/for", json!("4m")), @r#"
step `watch` does not fulfil `canary.for` (at least 5m): its `for` is 4m [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
    assert_snapshot!(story_with("watch", "/with/every", json!("1m")), @r#"
step `watch` does not fulfil `canary.every` (at most 10s): its `every` is 1m [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
    assert_snapshot!(story_with("watch", "/with/maxConsecutiveFailures", json!(4)), @r#"
step `watch` does not fulfil `canary.maxConsecutiveFailures` (at most 3): its `maxConsecutiveFailures` is 4 [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
    assert_snapshot!(story_with("shift-5", "/with/weights", json!({"stable": 95, "green": 5})), @r#"
step `shift-5` does not fulfil `canary.trafficPercent` (at most 5): its `weights` do not name `canary` [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
    let mut stricter = story();
    change(&mut stricter, "watch", "/with/for", json!("1h"));
    change(&mut stricter, "watch", "/with/p99MsMax", json!(1999.5));
    change(&mut stricter, "shift-5", "/with/weights", json!({"stable": 199, "canary": 1}));
    assert_eq!(plan_of(&decision(stricter.into(), canary())).steps.len(), 7);
}

#[test]
fn one_strict_watch_does_not_excuse_another_that_claims_too_much() {
    let mut steps = story();
    let mut second = steps[2].clone();
    second["id"] = json!("watch-less");
    second["with"]["p99MsMax"] = json!(9000);
    steps.push(second);
    assert_snapshot!(refused(&decision(steps.into(), canary())), @r#"
step `watch-less` does not fulfil `canary.p99MsMax` (at most 2000): its `p99MsMax` is 9000 [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
}

#[test]
fn what_is_only_known_once_it_runs_fulfils_nothing() {
    let mut steps = story();
    steps.push(action(json!({"id": "before", "kind": "traffic.shift/v1",
        "with": {"route": "drone-app", "weights": {"stable": 100, "canary": 0}, "writeTo": "live"},
        "undo": {"kind": "traffic.shift/v1", "with": {"weights": {"from": "before.previousWeights"}}}})));
    change(&mut steps, "shift-5", "/with/weights", json!({"from": "before.previousWeights"}));
    assert_snapshot!(refused(&decision(steps.into(), canary())), @r#"
step `shift-5` does not fulfil `canary.trafficPercent` (at most 5): its `weights` is only known once it runs [undischarged]
  a step may be stricter than the obligation, never less strict
"#);
}

#[test]
fn nothing_goes_between_the_stages_of_a_canary_unwatched() {
    let mut steps = story();
    let mut first = steps[1].clone();
    first["id"] = json!("shift-3");
    first["with"]["weights"] = json!({"stable": 97, "canary": 3});
    let mut between = tag("between");
    between["after"] = json!(["shift-3"]);
    change(&mut steps, "shift-5", "/after", json!(["between"]));
    steps.extend([first, between]);
    assert_snapshot!(refused(&decision(steps.into(), canary())), @r#"
step `between` does not wait until `canary` has been fulfilled [undischarged]
  name what must come first under `after`
"#);
}

#[test]
fn a_canary_stands_between_the_shift_and_the_rest() {
    assert_snapshot!(story_with("promote", "/after", json!(["shift-5"])), @r#"
step `deploy-stable` does not wait until `canary` has been fulfilled [undischarged]
  name what must come first under `after`
step `promote` does not wait until `canary` has been fulfilled [undischarged]
  name what must come first under `after`
step `shift-100` does not wait until `canary` has been fulfilled [undischarged]
  name what must come first under `after`
"#);
    assert_snapshot!(story_with("watch", "/after", json!(["deploy-canary"])), @r#"
what fulfils `canary` does not wait for the change that it is about [undischarged]
  name that change under `after`
step `shift-100` changes `production`, which is protected, and has no undo [no-undo]
  give it an `undo`, or have a rule hold with `irreversible: shift-100` until somebody has approved that
"#);
    let mut bare = story();
    bare[1].as_object_mut().unwrap().remove("undo");
    assert!(refused(&decision(bare.into(), canary())).contains("a failure could not be taken back"));
    let mut beside = story();
    beside.push(tag("beside"));
    assert_snapshot!(refused(&decision(beside.into(), canary())), @r#"
step `beside` does not wait until `canary` has been fulfilled [undischarged]
  name what must come first under `after`
"#);
}

#[test]
fn a_canary_without_a_watch_is_none() {
    let steps: Vec<Value> = story().into_iter().filter(|step| step["id"] != "watch").collect();
    let mut steps = steps;
    change(&mut steps, "promote", "/after", json!(["shift-5"]));
    let text = refused(&decision(steps.into(), owed("canary", json!({"trafficPercent": 5}))));
    assert_snapshot!(text, @r#"
no step of kind `watch.canary/v1` fulfils `canary` [undischarged]
  have a step of kind `watch.canary/v1` say `fulfils: [canary]`
"#);
}

#[test]
fn blue_green_checks_before_it_switches() {
    let switch = |after: Value| {
        let with = |slot: &str| json!({"route": "app", "slot": slot, "writeTo": "live"});
        action(
            json!({"id": "switch", "kind": "traffic.switch/v1", "with": with("green"), "after": after, "fulfils": ["blueGreen"],
                      "undo": {"kind": "traffic.switch/v1", "with": with("blue")}}),
        )
    };
    let check = action(
        json!({"id": "schema", "kind": "migration.check/v1", "fulfils": ["blueGreen.schemaCheck"], "with":
        {"database": "db", "connection": {"env": "STAGING_DATABASE_URL"}, "file": "1.sql", "digest": digest("sql")}}),
    );
    let smoke = action(json!({"id": "smoke", "kind": "watch.health/v1", "fulfils": ["blueGreen.smokeTest"],
        "with": {"health": "http://green/health", "every": "1s", "for": "1m"}}));
    let asked = || owed("blueGreen", json!({"schemaCheck": true, "smokeTest": true}));
    let good = json!([check, smoke, switch(json!(["schema", "smoke"]))]);
    assert_eq!(plan_of(&decision(good, asked())).steps.len(), 3);
    let late = json!([check, smoke, switch(json!(["schema"]))]);
    assert_snapshot!(refused(&decision(late, asked())), @r#"
step `switch` does not wait for everything that `blueGreen` asks for [undischarged]
  name what must come first under `after`
"#);
    let unchecked = json!([smoke, switch(json!(["smoke"]))]);
    assert_snapshot!(refused(&decision(unchecked.clone(), asked())), @r#"
no step fulfils `blueGreen.schemaCheck` [undischarged]
  have a step of kind `migration.check/v1` say `fulfils: [blueGreen.schemaCheck]`
"#);
    let not_asked = owed("blueGreen", json!({"schemaCheck": false, "smokeTest": true}));
    assert_eq!(plan_of(&decision(unchecked, not_asked)).steps.len(), 2);
}

#[test]
fn telling_is_telling_whom_it_says() {
    let tell = |with: Value| {
        json!([action(json!({"id": "tell", "kind": "notify.slack/v1", "with": with, "fulfils": ["notify"]}))])
    };
    let by_name = || owed("notify", json!({"to": "team-geo"}));
    let good = tell(json!({"to": {"env": "HOOK"}, "recipient": "team-geo"}));
    assert_eq!(plan_of(&decision(good.clone(), by_name())).steps.len(), 1);
    let by_reference = owed("notify", json!({"to": {"env": "HOOK"}}));
    assert_eq!(plan_of(&decision(good, by_reference)).steps.len(), 1);
    let other = tell(json!({"to": {"env": "HOOK"}, "recipient": "team-sky"}));
    assert_snapshot!(refused(&decision(other, by_name())), @r#"
no step fulfils `notify.to` (`team-geo`) [undischarged]
  have a step of kind `notify.slack/v1` or `notify.webhook/v1` say `fulfils: [notify]`
"#);
    let silent =
        json!([action(json!({"id": "tell", "kind": "notify.slack/v1", "with": {"to": {"env": "HOOK"}}}))]);
    assert!(
        refused(&decision(silent, by_name())).contains("undischarged"),
        "a step must say what it fulfils"
    );
}

#[test]
fn a_review_afterwards_is_after_everything() {
    let review = |after: Value, within: &str| {
        action(json!({"id": "review", "kind": "approval.wait/v1", "with": {"role": "lead", "within": within},
                      "after": after, "fulfils": ["reviewAfterwards"]}))
    };
    let asked = || owed("reviewAfterwards", json!({"by": "lead", "within": "3d"}));
    let good = json!([tag("a"), tag("b"), review(json!(["a", "b"]), "2d")]);
    assert_eq!(plan_of(&decision(good, asked())).steps.len(), 3);
    // Where it does not say what it waits for, it waits for all of that.
    let last = plan_of(&decision(json!([review(json!([]), "2d"), tag("a"), tag("b")]), asked()));
    let step = last.steps.iter().find(|step| step.id == "review").unwrap();
    assert_eq!(step.after, ["a", "b"]);
    let early = json!([tag("a"), tag("b"), review(json!(["a"]), "2d")]);
    assert_snapshot!(refused(&decision(early, asked())), @r#"
what fulfils `reviewAfterwards` does not wait for every step that changes something [undischarged]
  name what must come first under `after`
"#);
    let slow = json!([tag("a"), review(json!(["a"]), "1w")]);
    assert_snapshot!(refused(&decision(slow, asked())), @r#"
no step fulfils `reviewAfterwards.by` (`lead`) and `reviewAfterwards.within` (at most 3d) [undischarged]
  have a step of kind `approval.wait/v1` say `fulfils: [reviewAfterwards]`
"#);
}

#[test]
fn rolling_and_smoke_tests_come_after_a_change() {
    let wait = |after: Value| {
        action(
            json!({"id": "wait", "kind": "kubernetes.waitRollout/v1", "with": {"asset": "a", "within": "5m"},
                      "after": after, "fulfils": ["rolling"]}),
        )
    };
    let asked = || owed("rolling", json!({"within": "10m"}));
    assert_eq!(plan_of(&decision(json!([tag("a"), wait(json!(["a"]))]), asked())).steps.len(), 2);
    assert_snapshot!(refused(&decision(json!([tag("a"), wait(json!([]))]), asked())), @r#"
what fulfils `rolling` comes before any step that changes something [undischarged]
  name what must come first under `after`
"#);
    let smoke =
        action(json!({"id": "smoke", "kind": "watch.health/v1", "after": ["a"], "fulfils": ["smokeTest"],
        "with": {"health": "http://app/health", "every": "1s", "for": "1m", "suite": "billing"}}));
    let suite = |name: &str| owed("smokeTest", json!({"suite": name}));
    assert_eq!(plan_of(&decision(json!([tag("a"), smoke]), suite("billing"))).steps.len(), 2);
    assert!(
        refused(&decision(json!([tag("a"), smoke]), suite("parity")))
            .contains("`smokeTest.suite` (`parity`)")
    );
}

#[test]
fn a_pull_request_is_not_gone_around() {
    let update = action(
        json!({"id": "edit", "kind": "git.update/v1", "with": {"repository": "https://git.example/fleet", "branch": "fix",
        "file": "app.yaml", "edit": "chartVersion", "version": "1.2.1"}, "undo": {"kind": "git.revert/v1",
        "with": {"commit": {"from": "edit.commit"}}}}),
    );
    let open = action(
        json!({"id": "open", "kind": "forge.pullRequest/v1", "after": ["edit"], "fulfils": ["pullRequest.base"], "with":
        {"provider": "gitea", "repository": "o/fleet", "head": "fix", "base": "main", "title": "fix(deps): propagate", "token": {"env": "T"}}}),
    );
    let asked = || owed("pullRequest", json!({"base": "main"}));
    let plan = plan_of(&decision(json!([update, open]), asked()));
    assert_eq!(plan.steps[0].undo.as_ref().unwrap().with["branch"].0, "fix");
    let mut direct = tag("direct");
    direct["after"] = json!(["edit"]);
    assert_snapshot!(refused(&decision(json!([update, open, direct]), asked())), @r#"
step `direct` does not wait until `pullRequest` has been fulfilled [undischarged]
  name what must come first under `after`
"#);
}

#[test]
fn by_digest_only() {
    let digests = || owed("digestOnly", json!({}));
    assert_eq!(plan_of(&decision(json!([tag("a")]), digests())).steps.len(), 1);
    let by_tag = action(
        json!({"id": "edit", "kind": "git.update/v1", "with": {"repository": "https://git.example/fleet", "branch": "fix",
        "file": "app.yaml", "edit": "image", "ref": "registry.example/app", "tag": "v2"}, "undo": {"kind": "git.revert/v1",
        "with": {"commit": {"from": "edit.commit"}}}}),
    );
    let build = action(
        json!({"id": "build", "kind": "build.dispatch/v1", "with": {"provider": "tekton", "repository": "r",
        "ref": "main", "image": "registry.example/app", "pipeline": "p", "namespace": "ci"}}),
    );
    assert_snapshot!(refused(&decision(json!([by_tag, build]), digests())), @r#"
step `build` builds anew what should be moved by digest [undischarged]
  name every artifact by `digest`, and build nothing
step `edit` does not name by digest what it moves [undischarged]
  name every artifact by `digest`, and build nothing
"#);
}

#[test]
fn a_misspelled_obligation_is_never_passed_over() {
    assert_snapshot!(refused(&decision(json!([tag("a")]), owed("canray", json!({})))), @r#"
`canray` is not an obligation: expected one of `blitz`, `blueGreen`, `canary`, `digestOnly`, `notify`, `pullRequest`, `reviewAfterwards`, `rolling`, `smokeTest` [undischarged]
  correct the rule; `docs/reference/drivers.md` has every obligation
"#);
    assert_snapshot!(refused(&decision(json!([tag("a")]), owed("canary", json!({"trafficPrecent": 5})))), @r#"
`trafficPrecent` is not a parameter of the obligation `canary`: expected one of `trafficPercent`, `errorRateMax`, `p99MsMax`, `every`, `for`, `maxConsecutiveFailures`, `health` [undischarged]
  correct the rule; `docs/reference/drivers.md` has every obligation
"#);
    assert_snapshot!(refused(&decision(json!([tag("a")]), owed("canary", json!({"for": 5})))), @r#"
`for` of the obligation `canary` is `5`, expected a duration such as `5m` [undischarged]
  correct the rule; `docs/reference/drivers.md` has every obligation
"#);
}

#[test]
fn blitz_asks_for_nothing() {
    assert_eq!(plan_of(&decision(json!([tag("a")]), owed("blitz", json!({})))).steps.len(), 1);
    assert_eq!(plan_of(&decision(json!([]), owed("blitz", json!({})))).steps.len(), 0);
}

#[test]
fn no_obligation_is_discharged_by_doing_nothing() {
    for spec in crate::plan::obligation::OBLIGATIONS {
        let decision = decision(json!([tag("a")]), owed(spec.kind, json!({})));
        let asks = !spec.steps.is_empty();
        assert_eq!(crate::plan::build(&decision, &super::options()).is_err(), asks, "{}", spec.kind);
        assert!(asks || ["blitz", "digestOnly"].contains(&spec.kind), "{} asks for nothing", spec.kind);
    }
}
