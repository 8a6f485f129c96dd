//! The story of the contract, and helpers for the tests beside it.

mod graphs;
mod obligations;
mod problems;
mod properties;
mod verify;

use serde_json::{Value, json};

use crate::model::decision::Decision;
use crate::model::plan::Plan;
use crate::model::{Digest, Time};

use super::{Options, build};

pub(super) fn digest(of: &str) -> String {
    Digest::of(of.as_bytes()).to_string()
}

pub(super) fn now() -> Time {
    "2026-11-23T10:15:00Z".parse().unwrap()
}

/// Options under which `production` is protected.
pub(super) fn options() -> Options {
    Options { protected: ["production".to_owned()].into(), ..Options::new(now()) }
}

/// An allowed decision with these actions and obligations.
pub(super) fn decision(actions: Value, obligations: Value) -> Decision {
    serde_json::from_value(json!({
        "id": digest("decision"),
        "change": {"id": "drone-app-1.2.1-to-production", "kind": "promotion", "environment": "production", "digest": digest("change")},
        "verdict": "allow", "indeterminate": false, "asserted": false, "simulated": false, "replayable": true,
        "findings": [], "obligations": obligations, "actions": actions, "missing": [],
        "governance": {"approvals": [], "waivers": [], "overrides": [], "rejected": [], "digest": digest("governance")},
        "unknown": [],
        "digests": {"review": digest("review"), "bundle": digest("bundle"), "data": digest("data"), "engine": "test"}
    }))
    .unwrap()
}

/// Adds the rule, so that tests need not.
pub(super) fn action(mut action: Value) -> Value {
    action["rule"] = json!("strategy.canary");
    action
}

pub(super) fn plan_of(decision: &Decision) -> Plan {
    match build(decision, &options()) {
        Ok(plan) => plan.unwrap(),
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// Every problem of a decision that must have some, as people read them.
pub(super) fn refused(decision: &Decision) -> String {
    let problems = build(decision, &options()).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A step that changes production and can be taken back.
pub(super) fn tag(id: &str) -> Value {
    let with = json!({"ref": "registry.example/drone-app", "digest": digest("new"), "tag": "production"});
    let undo = json!({"ref": "registry.example/drone-app", "digest": digest("old"), "tag": "production"});
    action(
        json!({"id": id, "kind": "registry.tag/v1", "with": with, "undo": {"kind": "registry.tag/v1", "with": undo}}),
    )
}

/// The canary of the contract.
pub(super) fn story() -> Vec<Value> {
    let weights = |stable: u32, canary: u32| json!({"route": "drone-app", "weights": {"stable": stable, "canary": canary}, "writeTo": "live"});
    let image =
        |asset: &str| json!({"asset": asset, "container": "app", "digest": digest("new"), "writeTo": "live"});
    let mut promote = tag("promote");
    promote["after"] = json!(["watch"]);
    let mut steps = vec![
        json!({"id": "deploy-canary", "kind": "kubernetes.setImage/v1", "with": image("eu-1/production/drone-app-canary"),
               "expect": {"digest": digest("old")}, "undo": {"kind": "kubernetes.rollback/v1", "with": {"revision": "41"}}}),
        json!({"id": "shift-5", "kind": "traffic.shift/v1", "with": weights(95, 5), "expect": {"weights": {"stable": 100, "canary": 0}},
               "undo": {"kind": "traffic.shift/v1", "with": weights(100, 0)}, "after": ["deploy-canary"], "fulfils": ["canary.trafficPercent"]}),
        json!({"id": "watch", "kind": "watch.canary/v1", "after": ["shift-5"],
               "with": {"health": "http://drone-app.canary/api/health", "every": "10s", "for": "5m", "maxConsecutiveFailures": 3,
                        "errorRateMax": 0.05, "p99MsMax": 2000, "metrics": {"provider": "prometheus"}},
               "fulfils": ["canary.errorRateMax", "canary.p99MsMax", "canary.for"]}),
        promote,
        json!({"id": "deploy-stable", "kind": "kubernetes.setImage/v1", "with": image("eu-1/production/drone-app"),
               "expect": {"digest": digest("old")}, "undo": {"kind": "kubernetes.rollback/v1", "with": {"revision": "117"}}, "after": ["promote"]}),
        json!({"id": "shift-100", "kind": "traffic.shift/v1", "with": weights(100, 0), "after": ["deploy-stable"]}),
        json!({"id": "tell", "kind": "notify.webhook/v1", "with": {"to": {"env": "ROLLOUT_WEBHOOK"}}, "after": ["shift-100"]}),
    ];
    steps.iter_mut().for_each(|step| *step = action(step.take()));
    steps
}

pub(super) fn canary() -> Value {
    json!([{"kind": "canary", "rules": ["strategy.canary"], "with": {"trafficPercent": 5, "errorRateMax": 0.05, "p99MsMax": 2000,
            "every": "10s", "for": "5m", "maxConsecutiveFailures": 3}}])
}

#[test]
fn the_story_of_the_contract_makes_its_plan() {
    let mut steps = story();
    steps[0]["with"]["cluster"] = json!("eu-1");
    let plan = plan_of(&decision(steps.into(), canary()));
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["deploy-canary", "shift-5", "watch", "promote", "deploy-stable", "shift-100", "tell"]);
    assert!(plan.executable);
    assert_eq!(plan.expires.to_string(), "2026-11-23T12:15:00Z");
    let undo = plan.steps[0].undo.as_ref().unwrap();
    assert_eq!(
        undo.with["asset"].0, "eu-1/production/drone-app-canary",
        "an undo takes over what it is about"
    );
    assert_eq!(undo.with["cluster"].0, "eu-1", "and where that is");
}

#[test]
fn nothing_asked_is_no_plan_and_something_owed_is() {
    assert_eq!(build(&decision(json!([]), json!([])), &options()), Ok(None));
    let owed = json!([{"kind": "notify", "with": {"to": "team-geo"}, "rules": ["r"]}]);
    assert!(build(&decision(json!([]), owed), &options()).is_err());
}

#[test]
fn only_an_allowed_decision_is_executable() {
    let allowed = decision(json!([tag("a")]), json!([]));
    let executable = |change: &dyn Fn(&mut Decision)| {
        let mut decision = allowed.clone();
        change(&mut decision);
        plan_of(&decision).executable
    };
    assert!(executable(&|_| {}));
    assert!(!executable(&|d| d.verdict = crate::model::decision::Verdict::Hold));
    assert!(!executable(&|d| d.verdict = crate::model::decision::Verdict::Deny));
    assert!(!executable(&|d| d.asserted = true));
    assert!(!executable(&|d| d.simulated = true));
    assert!(!executable(&|d| d.indeterminate = true));
    assert!(!executable(&|d| d.governance.expires = Some(now())), "an approval that has expired");
}

#[test]
fn a_plan_expires_with_the_first_thing_it_counted_on() {
    let time = |text: &str| text.parse::<Time>().unwrap();
    let expires = |options: &Options, decision: &Decision| build(decision, options).unwrap().unwrap().expires;
    let mut decision = decision(json!([tag("a")]), json!([]));
    assert_eq!(expires(&options(), &decision), time("2026-11-23T12:15:00Z"));
    let freeze = Options { next_freeze: Some(time("2026-11-23T12:00:00Z")), ..options() };
    assert_eq!(expires(&freeze, &decision), time("2026-11-23T12:00:00Z"));
    decision.governance.expires = Some(time("2026-11-23T11:00:00Z"));
    assert_eq!(expires(&freeze, &decision), time("2026-11-23T11:00:00Z"));
    let waived = json!({"rule": "scan.fixable", "effect": "deny", "severity": "high", "message": "m",
                        "waived": {"by": "W-31", "expires": "2026-11-23T10:30:00Z"}});
    decision.findings.push(serde_json::from_value(waived).unwrap());
    assert_eq!(expires(&freeze, &decision), time("2026-11-23T10:30:00Z"));
    let overridden = json!({"rule": "scan.fixable", "effect": "deny", "severity": "high", "message": "m",
                            "overridden": {"by": "O-1", "expires": "2026-11-23T10:20:00Z"}});
    decision.findings.push(serde_json::from_value(overridden).unwrap());
    assert_eq!(expires(&freeze, &decision), time("2026-11-23T10:20:00Z"));
}

#[test]
fn the_same_step_asked_for_twice_is_one() {
    let mut other = tag("a");
    other["rule"] = json!("strategy.again");
    let plan = plan_of(&decision(json!([tag("a"), other, tag("a")]), json!([])));
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].rule, "strategy.again, strategy.canary");
}

#[test]
fn an_output_that_is_taken_implies_the_order() {
    let build = action(
        json!({"id": "r.build", "kind": "build.dispatch/v1", "with": {"provider": "tekton", "repository": "git.example/geo/drone-app",
        "ref": "main", "image": "registry.example/drone-app", "pipeline": "drone-app", "namespace": "ci"}}),
    );
    let weigh = action(
        json!({"id": "a-weigh", "kind": "weigh/v1", "with": {"ref": "registry.example/drone-app", "digest": {"from": "r.build.digest"}}}),
    );
    let mut tag = tag("a");
    tag["with"]["digest"] = json!({"from": "a-weigh.digest"});
    tag["undo"]["with"]["digest"] = json!({"from": "a.previousDigest"});
    let plan = plan_of(&decision(json!([tag, weigh, build]), json!([])));
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["r.build", "a-weigh", "a"]);
    assert_eq!(plan.steps[2].after, ["a-weigh"]);
}
