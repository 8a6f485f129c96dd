//! An evaluation with everything in it, for the tests of this room.

use std::collections::BTreeMap;

use serde_json::json;

use super::{ConfigRef, Entry, Evaluation, Excerpt, Graphs, LeftOut, Outcome, RuleInfo, Word};
use crate::model::decision::{
    ChangeSummary, CountedApproval, CountedOverride, Decision, Digests, GovernanceSummary, Missing,
    RejectedRecord, Verdict,
};
use crate::model::evidence::Severity;
use crate::model::finding::{ApprovalNeed, Effect, Finding, Location, Need, SetAside};
use crate::model::input::{ChangeKind, Person};
use crate::model::obligation::{Action, Obligation};
use crate::model::plan::{Plan, Step, Undo};
use crate::model::review::{Unknown, UnknownReason};
use crate::model::{Digest, Json, Time};

/// Everything that a format may trip over.
pub(super) const HOSTILE: &str = "evil \u{1b}[31mred\u{1b}[0m ]]> <script>alert('1')</script> | a | b | \r\n::error::forged\n```\n[click](javascript:x) ![i](http://evil/) \u{202e}gnp.exe %0A & \u{9b}2J `tick` @everyone #1 <!-- -->";

pub(super) fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn now() -> Time {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

pub(super) fn finding(rule: &str, effect: Effect, message: &str) -> Finding {
    let file = format!("policies/{}.rego", rule.replace('.', "/"));
    Finding {
        location: Some(Location { file, line: 12, column: Some(1) }),
        ..Finding::new(rule, effect, Severity::High, message)
    }
}

pub(super) fn entry(id: &str, verdict: Verdict, findings: Vec<Finding>) -> Entry {
    let n = findings.len();
    Entry {
        decision: Decision {
            id: digest(&format!("decision {id}")),
            change: ChangeSummary {
                id: id.to_owned(),
                kind: ChangeKind::Promotion,
                asset: None,
                application: Some("drone-app".to_owned()),
                environment: Some("production".to_owned()),
                cluster: Some("eu-1".to_owned()),
                author: Some(Person { id: "dev-a@example".to_owned() }),
                digest: digest(&format!("change {id}")),
            },
            verdict,
            indeterminate: false,
            asserted: false,
            simulated: false,
            replayable: true,
            findings,
            obligations: vec![],
            actions: vec![],
            earliest: None,
            missing: vec![],
            governance: GovernanceSummary {
                approvals: vec![],
                waivers: vec![],
                overrides: vec![],
                rejected: vec![],
                digest: digest("governance"),
                expires: None,
            },
            unknown: vec![],
            digests: Digests {
                review: digest(&format!("review {id}")),
                bundle: digest("bundle"),
                data: digest("data"),
                engine: "weighlock 0.1.0; regorus 0.14.1; cel 0.15.0".to_owned(),
            },
        },
        plan: None,
        refused: vec![],
        at: vec![None; n],
        change_at: Some(Excerpt {
            file: "input.yaml".to_owned(),
            line: 30,
            column: 5,
            lines: vec![(30, format!("  - id: {id}"))],
            width: 2,
            within: 5,
        }),
        policy_at: vec![None; n],
        graph: None,
        known: 0,
    }
}

fn step(id: &str, kind: &str, after: &[&str], fulfils: &[&str]) -> Step {
    Step {
        id: id.to_owned(),
        kind: kind.to_owned(),
        with: BTreeMap::from([("route".to_owned(), Json(json!("drone-app")))]),
        expect: None,
        undo: None,
        after: after.iter().map(|s| (*s).to_owned()).collect(),
        fulfils: fulfils.iter().map(|s| (*s).to_owned()).collect(),
        key: digest(id),
        rule: "strategy.canary".to_owned(),
    }
}

fn denied() -> Entry {
    let mut deny =
        finding("scan.fixable", Effect::Deny, "CVE-2026-2222 in openssl 3.0.15 is fixed in 3.0.16");
    deny.severity = Severity::Critical;
    deny.path = Some("/artifacts/0/scans/0/vulnerabilities/3".to_owned());
    deny.remediation = Some("rebuild on a base image that has openssl 3.0.16".to_owned());
    deny.details = BTreeMap::from([("vulnerability".to_owned(), Json(json!("CVE-2026-2222")))]);
    let hostile = finding("custom.hostile", Effect::Deny, HOSTILE);
    let mut entry = entry("web-2.0.0", Verdict::Deny, vec![deny, hostile]);
    entry.decision.change.kind = ChangeKind::BaseImage;
    entry.decision.change.application = Some("web | <b>\u{1b}[1m".to_owned());
    entry.at[0] = Some(Excerpt {
        file: "evidence/scan.json".to_owned(),
        line: 41,
        column: 12,
        lines: vec![
            (
                40,
                "    {\"id\": \"CVE-2026-1111\", \"package\": \"pkg:deb/debian/zlib1g@1.2.13\"},".to_owned(),
            ),
            (
                41,
                "    {\"id\": \"CVE-2026-2222\", \"package\": \"pkg:deb/debian/openssl@3.0.15\"},".to_owned(),
            ),
        ],
        width: 15,
        within: 12,
    });
    entry.policy_at[0] = Some(Excerpt {
        file: "policies/scan/fixable.rego".to_owned(),
        line: 12,
        column: 1,
        lines: vec![(12, "deny contains {\"msg\": msg} if {".to_owned())],
        width: 31,
        within: 1,
    });
    entry.at[1] = Some(Excerpt {
        file: "/home/me/in\u{202e}put.yaml".to_owned(),
        line: 3,
        column: 3,
        lines: vec![(3, "\tx\u{1b}[2Jy: <script>".to_owned())],
        width: 4,
        within: 3,
    });
    entry
}

fn held() -> Entry {
    let approval = |role: &str| Need::Approval(ApprovalNeed { role: role.to_owned(), count: 1 });
    let mut approvals =
        finding("promotion.approvals", Effect::Hold, "`canary` → `production` needs approval");
    approvals.path = Some("/change/promotion".to_owned());
    approvals.needs = Some(Need::All(vec![approval("tech-lead"), approval("release-manager")]));
    approvals.satisfied = Some(false);
    let mut freeze = finding("freeze.window", Effect::Hold, "production is frozen for the weekend");
    freeze.until = Some(time("2026-11-23T06:00:00Z"));
    freeze.satisfied = Some(false);
    freeze.severity = Severity::Medium;
    let mut soak = finding("promotion.soak", Effect::Hold, "canary must have run for 24h");
    soak.satisfied = Some(true);
    let mut waived = finding("scan.fixable", Effect::Deny, "CVE-2026-3333 in zlib 1.2.13 is fixed in 1.3");
    waived.waived = Some(SetAside { by: "W-31".to_owned(), expires: time("2026-12-15T00:00:00Z") });
    let mut soft = finding("sbom.complete", Effect::Warn, "the SBOM names no licences");
    soft.enforced_from = Some(Effect::Deny);
    soft.severity = Severity::Low;
    let mut oblige = finding("strategy.canary", Effect::Oblige, "production goes by canary");
    oblige.severity = Severity::Info;
    let mut entry = entry(
        "drone-app-1.2.1-to-production",
        Verdict::Hold,
        vec![approvals, freeze, soak, waived, soft, oblige],
    );
    let d = &mut entry.decision;
    d.missing = vec![Missing {
        approval: Some(ApprovalNeed { role: "release-manager".to_owned(), count: 1 }),
        evidence: None,
        time: None,
        any: vec![],
        not_by: vec!["dev-a@example".to_owned(), "lead-b@example".to_owned()],
    }];
    d.earliest = Some(time("2026-11-23T06:00:00Z"));
    d.governance.approvals =
        vec![CountedApproval { by: "lead-b@example".to_owned(), role: "tech-lead".to_owned() }];
    d.governance.waivers = vec!["W-31".to_owned()];
    d.governance.overrides = vec![CountedOverride {
        id: "O-7".to_owned(),
        by: "incident-f@example".to_owned(),
        reason: "the column leaks names\n::add-mask::x <b>@everyone</b>".to_owned(),
        ticket: "INC-7".to_owned(),
        review_due: time("2026-11-25T12:00:00Z"),
    }];
    d.governance.rejected =
        vec![RejectedRecord { record: "dev-a@example".to_owned(), reason: "author".to_owned() }];
    d.governance.expires = Some(time("2026-11-24T12:00:00Z"));
    d.obligations = vec![Obligation {
        kind: "canary".to_owned(),
        with: BTreeMap::from([
            ("trafficPercent".to_owned(), Json(json!(5))),
            ("for".to_owned(), Json(json!("5m"))),
        ]),
        rules: vec!["strategy.canary".to_owned()],
    }];
    d.actions = vec![Action {
        id: "shift-5".to_owned(),
        kind: "traffic.shift/v1".to_owned(),
        with: BTreeMap::new(),
        expect: None,
        undo: None,
        after: vec![],
        fulfils: vec![],
        rule: "strategy.canary".to_owned(),
    }];
    entry.plan = Some(plan());
    entry.graph = Some(Graphs {
        text: "deploy-canary → shift-5".to_owned(),
        dot: "digraph plan {}\n".to_owned(),
        mermaid: "flowchart TD\n  s0[\"deploy-canary\"] --> s1[\"shift-5\"]\n".to_owned(),
    });
    entry
}

pub(super) fn plan() -> Plan {
    Plan {
        api_version: "weighlock.dev/v1".to_owned(),
        kind: "Plan".to_owned(),
        id: digest("plan"),
        decision: digest("decision drone-app-1.2.1-to-production"),
        executable: false,
        expires: time("2026-11-23T12:15:00Z"),
        steps: vec![
            step("deploy-canary", "kubernetes.setImage/v1", &[], &[]),
            Step {
                undo: Some(Undo {
                    kind: "traffic.back/v1 <b>".to_owned(),
                    with: BTreeMap::from([("percent".to_owned(), Json(json!(0)))]),
                }),
                ..step("shift-5", "traffic.shift/v1", &["deploy-canary"], &["canary.trafficPercent"])
            },
            step("watch", "watch.canary/v1", &["shift-5"], &["canary.for"]),
            step("sign", "registry.tag/v1", &["deploy-canary"], &[]),
            step("tell <all>", "notify.webhook/v1", &["watch", "sign"], &[]),
        ],
    }
}

fn unjudged() -> Entry {
    let f = finding(
        "weighlock.unknown",
        Effect::Indeterminate,
        "nobody scanned the image, and `scan.fixable` needs it",
    );
    let mut entry = entry("billing-7.1.0", Verdict::Deny, vec![f]);
    entry.decision.indeterminate = true;
    entry.decision.replayable = false;
    entry.decision.unknown = vec![Unknown {
        fact: "evidence.scans".to_owned(),
        subject: "registry.example/billing@sha256:5b2f".to_owned(),
        reason: UnknownReason::Absent,
        required_by: vec!["scan.fixable".to_owned()],
    }];
    entry.refused = vec!["step `shift` takes an output of `build`, and there is no such step".to_owned()];
    entry
}

fn obliged() -> Entry {
    let oblige = finding("strategy.canary", Effect::Oblige, "production goes by canary");
    let mut entry = entry("search-3.3.0", Verdict::Allow, vec![oblige]);
    entry.decision.asserted = true;
    entry.decision.simulated = true;
    entry
}

/// One of each: denied (with hostile text), unjudged, held, allowed with an obligation, allowed.
pub(super) fn evaluation() -> Evaluation {
    let mut allowed = entry("notes-allowed", Verdict::Allow, vec![]);
    allowed.decision.change.kind = ChangeKind::Dependency;
    let rule = |title: &str| RuleInfo {
        title: Some(title.to_owned()),
        description: Some(format!("{title}. It is said at length.")),
        severity: Severity::High,
        remediation: Some("do what the rule says".to_owned()),
        related: vec!["https://example.org/standard".to_owned()],
        location: Some(Location { file: "policies/rule.rego".to_owned(), line: 3, column: None }),
    };
    let mut unused = finding("weighlock.waiver", Effect::Warn, "waiver `W-9` was not used");
    unused.severity = Severity::Low;
    unused.location = None;
    Evaluation {
        entries: vec![allowed, denied(), held(), unjudged(), obliged()],
        findings: vec![unused],
        config: Some(ConfigRef { path: "weighlock.yaml".to_owned(), digest: digest("config") }),
        rules: BTreeMap::from([
            ("scan.fixable".to_owned(), rule("No vulnerability that has a fix")),
            ("promotion.approvals".to_owned(), rule("Production needs two people")),
        ]),
        outcome: Outcome { exit: 10, word: Word::Deny },
        because: None,
        now: now(),
        left_out: LeftOut::default(),
    }
}

/// As many denied changes as that, each with two findings, and as many allowed ones.
pub(super) fn large(n: usize) -> Evaluation {
    let mut evaluation = evaluation();
    evaluation.entries = (0..n)
        .flat_map(|i| {
            let mut denied = denied();
            denied.decision.change.id = format!("denied-{i}");
            [denied, entry(&format!("allowed-{i}"), Verdict::Allow, vec![])]
        })
        .collect();
    evaluation
}
