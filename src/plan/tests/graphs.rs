//! Pictures of the story.

use insta::assert_snapshot;
use serde_json::json;

use super::{canary, decision, plan_of, story, tag};
use crate::plan::graph;

#[test]
fn a_picture_for_a_terminal() {
    let mut steps = story();
    steps.insert(0, tag("announce"));
    let plan = plan_of(&decision(json!(steps), json!([])));
    let text = graph::text(&plan);
    let (_, body) = text.split_once("\n\n").unwrap();
    assert_snapshot!(body, @r#"
1 ┬ announce       registry.tag/v1                              undo registry.tag/v1
  └ deploy-canary  kubernetes.setImage/v1                       undo kubernetes.rollback/v1
2 ─ shift-5        traffic.shift/v1        after deploy-canary  undo traffic.shift/v1        fulfils canary.trafficPercent
3 ─ watch          watch.canary/v1         after shift-5                                     fulfils canary.errorRateMax, canary.for, canary.p99MsMax
4 ─ promote        registry.tag/v1         after watch          undo registry.tag/v1
5 ─ deploy-stable  kubernetes.setImage/v1  after promote        undo kubernetes.rollback/v1
6 ─ shift-100      traffic.shift/v1        after deploy-stable
7 ─ tell           notify.webhook/v1       after shift-100
"#);
    let head = text.lines().take(2).collect::<Vec<_>>().join("\n");
    assert_eq!(
        head,
        format!(
            "plan {} of decision {}\nmay be executed, expires 2026-11-23T12:15:00Z",
            plan.id.short(),
            plan.decision.short()
        )
    );
}

#[test]
fn pictures_for_graphviz_and_mermaid() {
    let plan = plan_of(&decision(json!(story()[..4]), canary()));
    assert_snapshot!(graph::dot(&plan), @r#"
digraph plan {
  rankdir=LR;
  node [shape=box];
  n0 [label="deploy-canary\nkubernetes.setImage/v1"];
  u0 [label="undo\nkubernetes.rollback/v1", style=dashed];
  n0 -> u0 [style=dashed, constraint=false];
  n1 [label="shift-5\ntraffic.shift/v1"];
  u1 [label="undo\ntraffic.shift/v1", style=dashed];
  n1 -> u1 [style=dashed, constraint=false];
  n2 [label="watch\nwatch.canary/v1"];
  n3 [label="promote\nregistry.tag/v1"];
  u3 [label="undo\nregistry.tag/v1", style=dashed];
  n3 -> u3 [style=dashed, constraint=false];
  n0 -> n1;
  n1 -> n2;
  n2 -> n3;
}
"#);
    assert_snapshot!(graph::mermaid(&plan), @r#"
flowchart TD
  n0["deploy-canary<br/>kubernetes.setImage/v1"]
  u0(["undo<br/>kubernetes.rollback/v1"])
  n0 -.-> u0
  n1["shift-5<br/>traffic.shift/v1"]
  u1(["undo<br/>traffic.shift/v1"])
  n1 -.-> u1
  n2["watch<br/>watch.canary/v1"]
  n3["promote<br/>registry.tag/v1"]
  u3(["undo<br/>registry.tag/v1"])
  n3 -.-> u3
  n0 --> n1
  n1 --> n2
  n2 --> n3
"#);
}
