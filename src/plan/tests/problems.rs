//! One test a problem, with the words that people read.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{action, decision, digest, plan_of, refused, story, tag};

fn alone(step: Value) -> String {
    refused(&decision(json!([action(step)]), json!([])))
}

#[test]
fn an_unknown_kind() {
    let mut near = tag("a");
    near["kind"] = json!("registry.tagg/v1");
    near["undo"]["kind"] = json!("zzz");
    assert_snapshot!(alone(near), @r#"
`registry.tagg/v1`, the kind of step `a`, is not known [unknown-kind]
  did you mean `registry.tag/v1`?
`zzz`, the kind of the undo of step `a`, is not known [unknown-kind]
  `docs/reference/drivers.md` has them all
"#);
}

#[test]
fn parameters_that_are_unknown_missing_or_misshaped() {
    let with = json!({"reff": "registry.example/a", "digest": "sha256:1", "tag": true});
    let mut step = tag("a");
    step["with"] = with;
    assert_snapshot!(alone(step), @r#"
`digest` of step `a` is `sha256:1`, expected a digest: `sha256:` and 64 lower-case hex digits [bad-parameter]
  `digest`: Digest that the tag shall name.
`tag` of step `a` is `true`, expected text [bad-parameter]
  `tag`: Tag that is moved.
step `a` lacks `ref`, which `registry.tag/v1` needs [missing-parameter]
  `ref` is text: Registry and repository.
`reff` of step `a` is not a parameter of `registry.tag/v1` [unknown-parameter]
  did you mean `ref`?
"#);
}

#[test]
fn parameters_that_another_one_needs() {
    let with = json!({"provider": "github", "repository": "o/r", "ref": "main", "image": "i"});
    assert_snapshot!(alone(json!({"id": "b", "kind": "build.dispatch/v1", "with": with})), @r#"
step `b` lacks `token`, which `provider: github` needs [missing-parameter]
  `token` is a secret by reference: `{env: NAME}` or `{file: PATH}`: For GitHub and GitLab: token that may start it.
step `b` lacks `workflow`, which `provider: github` needs [missing-parameter]
  `workflow` is text: For GitHub: file name or id of the workflow.
"#);
}

#[test]
fn a_secret_that_is_written_out_is_not_said_again() {
    let text = alone(
        json!({"id": "tell", "kind": "notify.slack/v1", "with": {"to": "https://hooks.example/T0/hunter2"}}),
    );
    assert!(!text.contains("hunter2"));
    assert_snapshot!(text, @r#"
`to` of step `tell` must be a secret by reference: `{env: NAME}` or `{file: PATH}`; what it is now is not shown [bad-parameter]
  `to`: Address of the incoming webhook, which is a secret.
"#);
}

#[test]
fn references_that_lead_nowhere() {
    let mut a = tag("a");
    a["with"]["digest"] = json!({"from": "buidl.digest"});
    a["expect"] = json!({"digest": {"from": "b.nothing"}});
    let mut b = tag("b");
    b["with"]["digest"] = json!({"from": "b.digest"});
    b["with"]["ref"] = json!({"from": "c.previousDigst"});
    let mut c = tag("c");
    c["with"]["digest"] = json!({"from": "a.ref"});
    c["with"]["credentials"] = json!({"from": "a.ref"});
    assert_snapshot!(refused(&decision(json!([a, b, c]), json!([]))), @r#"
`digest` of step `a` takes `buidl.digest`, but there is no step `buidl` [bad-reference]
  there are `a`, `b`, `c`
`expect` of step `a` takes `b.nothing`, but `registry.tag/v1` gives no `nothing` [bad-reference]
  there are `digest`, `previousDigest`, `ref`
`digest` of step `b` takes `b.digest`, an output of the step itself [bad-reference]
`ref` of step `b` takes `c.previousDigst`, but `registry.tag/v1` gives no `previousDigst` [bad-reference]
  did you mean `previousDigest`?
step `b` waits for itself [cycle]
  take one of them out of `after`, or take no output of it
`credentials` of step `c` takes `a.ref`, which is text, but needs a secret by reference: `{env: NAME}` or `{file: PATH}` [bad-reference]
`digest` of step `c` takes `a.ref`, which is text, but needs a digest: `sha256:` and 64 lower-case hex digits [bad-reference]
"#);
}

#[test]
fn a_step_that_is_not_there() {
    let mut step = tag("a");
    step["after"] = json!(["b"]);
    assert_snapshot!(alone(step), @r#"
step `a` goes after `b`, which is no step of this plan [unknown-step]
  there are `a`
"#);
}

#[test]
fn two_steps_by_one_id() {
    let mut other = tag("a");
    other["with"]["tag"] = json!("canary");
    other["rule"] = json!("strategy.other");
    let text = refused(&decision(json!([tag("a"), other.clone()]), json!([])));
    assert_eq!(text, refused(&decision(json!([other, tag("a")]), json!([]))));
    assert_snapshot!(text, @r#"
`strategy.canary` and `strategy.other` ask for different steps by the id `a` [conflict]
  give them different ids, or have both ask for the same
"#);
}

#[test]
fn a_circle() {
    let mut steps = [tag("a"), tag("b"), tag("c"), tag("d")];
    for (step, after) in [(0, "c"), (1, "a"), (2, "b"), (3, "c")] {
        steps[step]["after"] = json!([after]);
    }
    assert_snapshot!(refused(&decision(json!(steps), json!([]))), @r#"
steps wait for each other in a circle: `a` after `c` after `b` after `a` [cycle]
  take one of them out of `after`, or take no output of it
"#);
    let mut own = tag("a");
    own["after"] = json!(["a"]);
    assert_snapshot!(alone(own), @r#"
step `a` waits for itself [cycle]
  take one of them out of `after`, or take no output of it
"#);
}

#[test]
fn a_protected_environment_needs_an_undo() {
    let mut step = tag("a");
    step.as_object_mut().unwrap().remove("undo");
    assert_snapshot!(alone(step.clone()), @r#"
step `a` changes `production`, which is protected, and has no undo [no-undo]
  give it an `undo`, or have a rule hold with `irreversible: a` until somebody has approved that
"#);

    let mut steps = story();
    steps[5]["with"]["weights"] = json!({"stable": 50, "canary": 50});
    let text = refused(&decision(steps.into(), json!([])));
    assert!(text.starts_with("step `shift-100` changes"), "only what restores needs no undo: {text}");

    let mut elsewhere = decision(json!([step]), json!([]));
    elsewhere.change.environment = Some("staging".to_owned());
    assert_eq!(plan_of(&elsewhere).steps.len(), 1);
    elsewhere.change.environment = None;
    assert!(refused(&elsewhere).contains("an environment that is not known"));
}

#[test]
fn an_approval_for_what_cannot_be_taken_back() {
    let with = json!({"server": "http://watchtower.example:8080", "token": {"env": "WATCHTOWER_TOKEN"}});
    let step = action(json!({"id": "update", "kind": "watchtower.update/v1", "with": with}));
    let with_finding = |needs: Value, satisfied: bool, named: Value| {
        let mut decision = decision(json!([step]), json!([]));
        let finding = json!({"rule": "r", "effect": "hold", "severity": "high", "message": "m", "needs": needs,
                             "satisfied": satisfied, "details": {"irreversible": named}});
        decision.findings.push(serde_json::from_value(finding).unwrap());
        decision
    };
    let lead = json!({"approval": {"role": "lead", "count": 1}});
    assert!(plan_of(&with_finding(lead.clone(), true, json!("update"))).executable);
    assert!(
        plan_of(&with_finding(json!({"all": [lead, {"evidence": "scan"}]}), true, json!(["update"])))
            .executable
    );
    for (needs, satisfied, named) in [
        (lead.clone(), false, "update"),
        (lead.clone(), true, "other"),
        (json!({"evidence": "scan"}), true, "update"),
        (json!({"any": [lead, {"evidence": "scan"}]}), true, "update"),
    ] {
        let text = refused(&with_finding(needs, satisfied, json!(named)));
        assert!(text.contains("no-undo"), "{text}");
    }
    let mut held = with_finding(lead, false, json!("update"));
    held.verdict = crate::model::decision::Verdict::Hold;
    assert!(!plan_of(&held).executable, "a held decision has the plan that it would have");
}

#[test]
fn an_undo_that_undoes_nothing() {
    let mut step = tag("a");
    step["undo"] = json!({"kind": "notify.webhook/v1", "with": {"to": {"env": "HOOK"}}});
    let watch = json!({"id": "w", "kind": "watch.health/v1", "with": {"health": "http://h", "every": "1s", "for": "1m"},
                       "undo": {"kind": "registry.tag/v1", "with": {}}});
    assert_snapshot!(refused(&decision(json!([step, action(watch)]), json!([]))), @r#"
the undo of step `a` is `notify.webhook/v1`, which changes nothing [cannot-undo]
  name a kind of step that takes it back
step `w` has an undo, but `watch.health/v1` changes nothing that could be undone [cannot-undo]
  leave `undo` out
the undo of step `w` lacks `digest`, which `registry.tag/v1` needs [missing-parameter]
  `digest` is a digest: `sha256:` and 64 lower-case hex digits: Digest that the tag shall name.
the undo of step `w` lacks `ref`, which `registry.tag/v1` needs [missing-parameter]
  `ref` is text: Registry and repository.
the undo of step `w` lacks `tag`, which `registry.tag/v1` needs [missing-parameter]
  `tag` is text: Tag that is moved.
"#);
}

#[test]
fn what_is_built_must_be_weighed() {
    let build = action(
        json!({"id": "build", "kind": "build.dispatch/v1", "with": {"provider": "tekton", "repository": "git.example/geo/drone-app",
        "ref": "main", "image": "registry.example/drone-app", "pipeline": "drone-app", "namespace": "ci"}}),
    );
    let mut used = tag("by-digest");
    used["with"]["digest"] = json!({"from": "build.digest"});
    let mut later = tag("by-tag");
    later["after"] = json!(["build"]);
    let other = action(
        json!({"id": "weigh", "kind": "weigh/v1", "after": ["build"], "with": {"ref": "r", "digest": digest("another")}}),
    );
    let mut after_other = tag("weighed-another");
    after_other["after"] = json!(["weigh"]);
    assert_snapshot!(refused(&decision(json!([build, used, later, other, after_other]), json!([]))), @r#"
step `by-digest` goes on with what step `build` makes before that has been weighed [not-weighed]
  put a step of kind `weigh/v1` between them, with `digest: {from: build.digest}`
step `by-tag` goes on with what step `build` makes before that has been weighed [not-weighed]
  put a step of kind `weigh/v1` between them, with `digest: {from: build.digest}`
step `weighed-another` goes on with what step `build` makes before that has been weighed [not-weighed]
  put a step of kind `weigh/v1` between them, with `digest: {from: build.digest}`
"#);
}

#[test]
fn to_weigh_one_build_is_not_to_weigh_another() {
    let build = |id: &str| {
        action(
            json!({"id": id, "kind": "build.dispatch/v1", "with": {"provider": "tekton", "repository": "git.example/geo/drone-app",
            "ref": "main", "image": "registry.example/drone-app", "pipeline": "drone-app", "namespace": "ci"}}),
        )
    };
    let weigh = action(
        json!({"id": "weigh", "kind": "weigh/v1", "after": ["one"], "with": {"ref": "r", "digest": {"from": "two.digest"}}}),
    );
    let mut used = tag("use");
    used["after"] = json!(["weigh"]);
    used["with"]["digest"] = json!({"from": "one.digest"});
    let text = refused(&decision(json!([build("one"), build("two"), weigh, used]), json!([])));
    assert!(
        text.contains("step `use` goes on with what step `one` makes") && !text.contains("`two` makes"),
        "{text}"
    );
}

#[test]
fn claims_that_cannot_be_true() {
    let mut step = tag("a");
    step["fulfils"] = json!(["canray.for", "canary.fro", "canary.trafficPercent", "notify"]);
    assert_snapshot!(alone(step), @r#"
step `a` says that it fulfils `canary.fro`, but `canary` has no parameter `fro` [false-claim]
  did you mean `for`?
step `a` says that it fulfils `canary.trafficPercent`, which a step of kind `registry.tag/v1` cannot do [false-claim]
step `a` says that it fulfils `canray.for`, which is not an obligation [false-claim]
  did you mean `canary`?
step `a` says that it fulfils `notify`, which a step of kind `registry.tag/v1` cannot do [false-claim]
"#);
}

#[test]
fn a_claim_of_what_is_not_obliged_is_harmless() {
    assert_eq!(plan_of(&decision(story().into(), json!([]))).steps.len(), 7);
}

#[test]
fn ids_that_are_none() {
    for id in ["", "a\u{1b}[2J", "a`b", &"x".repeat(129)] {
        assert!(alone(tag(id)).contains("bad-id"));
    }
}

#[test]
fn numbers_that_cannot_be_written() {
    let with = json!({"command": ["x"], "environment": {"N": 9_007_199_254_740_993_u64}});
    // A document could not say it; a policy's own value might.
    let mut decision = decision(json!([]), json!([]));
    decision.actions.push(crate::model::obligation::Action {
        id: "run".to_owned(),
        kind: "custom.run/v1".to_owned(),
        with: with.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.clone().into())).collect(),
        expect: None,
        undo: None,
        after: Vec::new(),
        fulfils: Vec::new(),
        rule: "r".to_owned(),
    });
    assert_snapshot!(refused(&decision), @"a parameter of step `run` cannot be written: the number `9007199254740993` is beyond 2^53 [number]");
}

#[test]
fn too_many_steps() {
    let steps: Vec<Value> = (0..300).map(|i| tag(&format!("s{i}"))).collect();
    assert!(refused(&decision(steps.into(), json!([]))).contains("300 steps are asked for"));
}

#[test]
fn a_problem_is_told_with_its_rule() {
    let mut step = tag("a");
    step["after"] = json!(["b"]);
    let problems = crate::plan::build(&decision(json!([step]), json!([])), &super::options()).unwrap_err();
    let diagnostic = problems[0].diagnostic();
    assert_snapshot!(diagnostic, @"step `a` goes after `b`, which is no step of this plan (asked for by `strategy.canary`) [plan.invalid]");
    assert!(diagnostic.hint.is_some());
}

#[test]
fn hostile_words_are_told_harmlessly_and_shortly() {
    let kind = format!("\u{1b}[2J\u{202e}{}", "x".repeat(100_000));
    let text = alone(json!({"id": "a", "kind": kind, "with": {}}));
    assert!(text.starts_with("`\\u{1b}[2J\\u{202e}xxx") && text.chars().count() < 1_200);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
}
