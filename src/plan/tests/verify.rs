//! A plan that was read again.

use crate::model::plan::Plan;
use crate::model::{Digest, Json};
use crate::plan::check_plan;

use super::{canary, decision, plan_of, story};

fn slugs(change: impl Fn(&mut Plan)) -> Vec<&'static str> {
    let mut plan = plan_of(&decision(story().into(), canary()));
    change(&mut plan);
    let mut slugs: Vec<_> = check_plan(&plan).err().unwrap_or_default().iter().map(|p| p.slug).collect();
    slugs.sort_unstable();
    slugs.dedup();
    slugs
}

/// As [`slugs`], for somebody who computes the id anew.
fn resealed(change: impl Fn(&mut Plan)) -> Vec<&'static str> {
    slugs(|plan| {
        change(plan);
        let steps = plan.steps.clone();
        *plan = crate::plan::seal(plan.decision.clone(), plan.executable, plan.expires, steps).unwrap();
    })
}

#[test]
fn a_plan_that_was_sealed_anew_must_still_be_sound() {
    let with = |plan: &mut Plan, name: &str, value: serde_json::Value| {
        plan.steps[3].with.insert(name.to_owned(), Json(value));
    };
    assert_eq!(resealed(|_| {}), Vec::<&str>::new());
    assert_eq!(resealed(|plan| with(plan, "tag", "latest".into())), ["altered"], "its key is another's");
    let taken = serde_json::json!({"from": "deploy-stable.digest"});
    assert_eq!(resealed(|plan| with(plan, "digest", taken.clone())), ["altered", "order"]);
    let builds = |plan: &mut Plan| {
        let build = &mut plan.steps[0];
        build.kind = "build.dispatch/v1".to_owned();
        let params = serde_json::json!({"provider": "gitlab", "repository": "o/r", "ref": "main", "image": "i", "token": {"env": "T"}});
        build.with = serde_json::from_value(params).unwrap();
        build.undo = None;
        build.expect = None;
        build.key = crate::plan::draft::key(&plan.decision, &build.id, &build.kind, &build.with).unwrap();
    };
    assert_eq!(resealed(builds), ["not-weighed"]);
}

#[test]
fn a_plan_survives_being_written_and_read() {
    let plan = plan_of(&decision(story().into(), canary()));
    let read: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(read, plan);
    assert_eq!(check_plan(&read), Ok(()));
}

#[test]
fn an_altered_plan_is_found_out() {
    assert_eq!(slugs(|_| {}), Vec::<&str>::new());
    assert_eq!(slugs(|plan| plan.executable = !plan.executable), ["altered"]);
    assert_eq!(slugs(|plan| plan.decision = Digest::of(b"other")), ["altered"]);
    assert_eq!(slugs(|plan| plan.kind = "Pan".to_owned()), ["version"]);
    assert_eq!(slugs(|plan| plan.steps.swap(0, 1)), ["altered", "order"]);
    assert_eq!(slugs(|plan| plan.steps[0].after = vec!["tell".to_owned()]), ["altered", "cycle", "order"]);
    let wider = |plan: &mut Plan| {
        let weights = Json(serde_json::json!({"stable": 0, "canary": 100}));
        plan.steps[1].with.insert("weights".to_owned(), weights);
    };
    assert_eq!(slugs(wider), ["altered"]);
    assert_eq!(
        slugs(|plan| plan.steps[1].id = "deploy-canary".to_owned()),
        ["altered", "conflict", "cycle", "order", "unknown-step"]
    );
    assert_eq!(slugs(|plan| plan.steps[3].kind = "registry.tag/v2".to_owned()), ["altered", "unknown-kind"]);
}
