//! What holds for every plan.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{canary, decision, options, plan_of, story, tag};
use crate::diag::clean::acts;
use crate::plan::{build, check_plan, graph};

/// Steps `s0…`, each after some that have a lower number, in any order.
fn dags() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(proptest::collection::vec(any::<prop::sample::Index>(), 0..4), 1..14)
        .prop_map(|edges| {
            edges
                .iter()
                .enumerate()
                .map(|(at, picks)| {
                    // Not in the order of their ids, so that ties by id are not the order of numbers.
                    let mut step = tag(&name(at));
                    let after: Vec<String> =
                        picks.iter().filter(|_| at > 0).map(|pick| name(pick.index(at))).collect();
                    step["after"] = json!(after);
                    step
                })
                .collect::<Vec<Value>>()
        })
        .prop_shuffle()
}

fn name(at: usize) -> String {
    format!("s{}", at.wrapping_mul(7) % 17)
}

proptest! {
    #![proptest_config(crate::random::config(64))]

    #[test]
    fn steps_come_out_in_order(steps in dags()) {
        let plan = plan_of(&decision(json!(steps), json!([])));
        prop_assert_eq!(plan.steps.len(), steps.len());
        let places: BTreeMap<&str, usize> = plan.steps.iter().enumerate().map(|(at, s)| (s.id.as_str(), at)).collect();
        for step in &plan.steps {
            for before in &step.after {
                prop_assert!(places[before.as_str()] < places[step.id.as_str()]);
            }
        }
        prop_assert_eq!(check_plan(&plan), Ok(()));
    }

    #[test]
    fn the_order_of_actions_does_not_matter(steps in dags(), other in Just(story()).prop_shuffle()) {
        let mut sorted = steps.clone();
        sorted.sort_by_key(|step| step["id"].to_string());
        prop_assert_eq!(plan_of(&decision(json!(steps), json!([]))), plan_of(&decision(json!(sorted), json!([]))));
        prop_assert_eq!(plan_of(&decision(json!(other), canary())), plan_of(&decision(json!(story()), canary())));
    }

    #[test]
    fn every_circle_is_refused(steps in dags(), size in 1_usize..5) {
        let mut steps = steps;
        for at in 0..size {
            let mut step = tag(&format!("c{at}"));
            step["after"] = json!([format!("c{}", at.wrapping_add(1).checked_rem(size).unwrap())]);
            steps.push(step);
        }
        let problems = build(&decision(json!(steps), json!([])), &options()).unwrap_err();
        prop_assert!(problems.iter().any(|problem| problem.slug == "cycle"));
    }

    #[test]
    fn without_a_step_that_fulfils_there_is_no_plan(which in 0_usize..2) {
        let fulfilling: Vec<Value> = story().into_iter().filter(|step| step.get("fulfils").is_some()).collect();
        let gone = fulfilling[which]["id"].as_str().unwrap().to_owned();
        let mut steps: Vec<Value> = story().into_iter().filter(|step| step["id"] != gone.as_str()).collect();
        for step in &mut steps {
            // The others close ranks, so that only the obligation can stand in the way.
            if step["after"] == json!([gone]) {
                step["after"] = fulfilling[which]["after"].clone();
            }
        }
        let problems = build(&decision(json!(steps), canary()), &options()).unwrap_err();
        prop_assert!(problems.iter().any(|problem| problem.slug == "undischarged"), "{:?}", problems);
    }

    #[test]
    fn hostile_words_do_not_break_pictures(id in "\\PC{0,12}|[\"\\\\\\]<>#;%{}`\n\r\u{1b}]{0,12}|[\u{fffe}\u{fff9}-\u{fffb}\u{e0001}\u{e0020}-\u{e007f}\u{202e}]{1,4}", kind in "\\PC{0,8}|[\"\\\\\n]{0,8}") {
        let mut plan = plan_of(&decision(json!([tag("a"), tag("b")]), json!([])));
        plan.steps[0].id = id.clone();
        plan.steps[0].kind = kind.clone();
        plan.steps[1].after = vec![id.clone()];
        plan.steps[1].undo.as_mut().unwrap().kind = kind;
        let dot = graph::dot(&plan);
        prop_assert_eq!(dot.lines().count(), 3 + 2 * 3 + 1 + 1);
        for line in dot.lines().filter(|line| line.contains("label=")) {
            let label = line.split_once("label=\"").unwrap().1;
            prop_assert!(ends_once(label), "{}", line);
        }
        let mermaid = graph::mermaid(&plan);
        prop_assert_eq!(mermaid.lines().count(), 1 + 2 * 3 + 1);
        for line in mermaid.lines() {
            let quotes = line.matches('"').count();
            prop_assert!(quotes == 0 || quotes == 2, "{}", line);
            prop_assert!(!line.contains("%%") && !line.contains('`'), "{}", line);
        }
        prop_assert_eq!(graph::text(&plan).lines().count(), 5);
        for picture in [dot, mermaid, graph::text(&plan)] {
            prop_assert!(!picture.contains(|c| acts(c) && c != '\n'), "{}", picture);
        }
    }

    #[test]
    fn whatever_policies_ask_for_nothing_breaks(id in ".{0,6}", kind in "[a-z.]{0,8}(/v1)?", name in ".{0,6}", value in json_value()) {
        let step = json!({"id": id, "kind": kind, "with": {name: value}, "rule": "r", "after": [id], "fulfils": [id]});
        let _ = build(&decision(json!([step, tag("a")]), json!([])), &options());
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("from|[a-z]{0,3}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether a quoted text ends where its line's attribute ends, and not before.
fn ends_once(label: &str) -> bool {
    let mut escaped = false;
    for (at, c) in label.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => {
                let rest = label[at..].trim_start_matches('"');
                return rest == "];" || rest == ", style=dashed];";
            }
            _ => escaped = false,
        }
    }
    false
}
