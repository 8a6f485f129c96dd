//! The quickstart example comes to what its comments promise, today and in ten years.

use std::collections::BTreeMap;

use super::shipped::{bundle, files, told};
use crate::decide::governance::{Governance, Offered};
use crate::decide::{Judge, Options, assemble};
use crate::diag::document;
use crate::engine::Limits;
use crate::facts::{input, merge};
use crate::model::decision::{Decision, Verdict};
use crate::model::evidence::Approval;
use crate::model::finding::Effect;
use crate::model::governance::Roles;
use crate::model::review::Review;
use crate::model::time::Time;
use crate::model::trust::Trust;

fn reviews(now: Time) -> (merge::Merged, Vec<Review>) {
    let mut parts = Vec::new();
    for source in files("examples/quickstart").unwrap() {
        for document in input::read(&source, false).unwrap_or_else(|problem| panic!("{problem}")) {
            if let input::Document::Input(input, origin) = document {
                let (trust, source) = (Trust::Verified, source.clone());
                parts.push(merge::Part { input: *input, source, origin, trust, stamped: true });
            }
        }
    }
    let merged = merge::merge(parts).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let reviews = assemble::assemble(&merged, now, &BTreeMap::new(), &BTreeMap::new());
    (merged, reviews)
}

fn decisions(now: &str, roles: Roles, more: Vec<Approval>) -> BTreeMap<String, Decision> {
    let now: Time = now.parse().unwrap();
    let (merged, reviews) = reviews(now);
    let approvals = merged.input.evidence.approvals.into_iter().flatten().chain(more);
    let governance = Governance {
        approvals: approvals.map(|record| Offered::new(record, true, None)).collect(),
        roles,
        ..Governance::default()
    };
    let options = Options {
        now,
        asserted: true,
        simulated: true,
        enforcement: Vec::new(),
        governance,
        thresholds: BTreeMap::new(),
    };
    let judge = Judge::new(bundle(), Limits::default()).unwrap();
    let decided = judge.decide(&reviews, &options, &|| {});
    decided.into_iter().map(|decision| (decision.change.id.clone(), decision)).collect()
}

/// Verdict, and the rules that spoke, a line for each change.
fn lines(decisions: &BTreeMap<String, Decision>) -> String {
    let mut out = String::new();
    for (id, decision) in decisions {
        let said: Vec<String> = decision
            .findings
            .iter()
            .map(|finding| format!("{} {}: {}", finding.effect.as_str(), finding.rule, finding.message))
            .collect();
        let obliged: Vec<&str> = decision.obligations.iter().map(|o| o.kind.as_str()).collect();
        out.push_str(&format!("{id}: {} {said:?} {obliged:?}\n", decision.verdict.as_str()));
    }
    out
}

#[test]
fn one_of_each_verdict_and_it_does_not_go_stale() {
    let today = decisions("2026-11-21T08:00:00Z", Roles::new(), Vec::new());
    insta::assert_snapshot!(lines(&today), @r#"
    drone-app-1.2.1-to-production: hold ["hold promotion.approvals: `canary` → `production` needs approval"] ["canary", "notify"]
    flights-0042: deny ["deny migrations.drop_column: drop_column destroys data: `ALTER TABLE public.flights DROP COLUMN pilot` in migrations/0042_altitude.sql:7: nobody knows whether it is still read"] []
    mesh-proxy-1.30.2: allow ["warn scans.unfixed: CVE-2026-5150 in pkg:deb/debian/libcurl4@8.10.1 has no fix yet"] []
    python-base-3.11.2: allow [] []
    tile-server-2.4.1: allow [] []
    "#);
    let later = decisions("2035-12-31T08:00:00Z", Roles::new(), Vec::new());
    assert_eq!(lines(&later), lines(&today));
}

/// The operator's directory of roles, and the approval that stands by itself.
fn operator() -> (Roles, Approval) {
    let roles = files("examples/operator/roles.yaml").unwrap();
    let approval = files("examples/approvals/release-manager.yaml").unwrap();
    (document::read(&roles[0]).unwrap(), document::read(&approval[0]).unwrap())
}

#[test]
fn with_the_operators_roles_one_of_two_approvals_counts() {
    let decided = decisions("2026-11-21T08:00:00Z", operator().0, Vec::new());
    let held = decided.get("drone-app-1.2.1-to-production").unwrap();
    assert_eq!(held.verdict, Verdict::Hold);
    assert_eq!(held.governance.rejected, []);
    let counted: Vec<&str> = held.governance.approvals.iter().map(|a| a.role.as_str()).collect();
    assert_eq!(counted, ["tech-lead"], "the change's digest is {}", held.change.digest);
    let missing: Vec<&str> =
        held.missing.iter().filter_map(|m| m.approval.as_ref()).map(|need| need.role.as_str()).collect();
    assert_eq!(missing, ["release-manager"]);
}

#[test]
fn the_second_approval_ends_the_hold() {
    let (roles, approval) = operator();
    let decided = decisions("2026-11-21T08:00:00Z", roles, vec![approval]);
    let allowed = decided.get("drone-app-1.2.1-to-production").unwrap();
    assert_eq!(allowed.verdict, Verdict::Allow, "the change's digest is {}", allowed.change.digest);
    assert_eq!(allowed.obligations.len(), 2);
    assert_eq!(allowed.actions.len(), 13);
}

#[test]
fn nothing_in_it_is_unjudged() {
    for (id, decision) in decisions("2026-11-21T08:00:00Z", Roles::new(), Vec::new()) {
        assert!(
            decision.findings.iter().all(|f| f.effect != Effect::Indeterminate),
            "{id}: {:?}",
            decision.unknown
        );
    }
}
