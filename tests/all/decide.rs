//! Properties of deciding: what is unknown, failed or not judged never becomes an allow, and
//! nothing depends on order or threads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use rayon::prelude::*;
use weighlock::decide::enforce::{Enforcement, Mode, Pattern};
use weighlock::decide::fact::{self, Thresholds};
use weighlock::decide::governance::{Governance, Offered, Terms};
use weighlock::decide::{Judge, Options, assemble};
use weighlock::diag::Source;
use weighlock::engine::Limits;
use weighlock::facts::input::{self, Document};
use weighlock::facts::merge::{Merged, Part, merge};
use weighlock::model::Digest;
use weighlock::model::canonical;
use weighlock::model::decision::{Decision, Verdict};
use weighlock::model::evidence::Approval;
use weighlock::model::finding::Effect;
use weighlock::model::governance::{Override, Roles, Waiver};
use weighlock::model::input::Person;
use weighlock::model::review::{Review, UpdateType};
use weighlock::model::time::{Age, Time};
use weighlock::model::trust::{Threshold, Trust};
use weighlock::policy::{self, Bundle, LoadOptions};

/// Small enough that what never ends is stopped at once.
const LIMITS: Limits = Limits { steps: 20_000, memory: 8 << 20, millis: 2_000 };

fn now() -> Time {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Rego,
    Cel,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Says nothing.
    Pass,
    /// Denies.
    Deny,
    /// Holds until two people agree.
    Hold,
    /// Holds, and nothing ends it.
    HoldForGood,
    /// Warns.
    Warn,
    /// Asks something of the plan.
    Oblige,
    /// Speaks about other changes.
    Elsewhere,
    /// Goes wrong.
    Fail,
    /// Never ends.
    Loop,
    /// Needs a fact that is not there.
    Unknown,
    /// Says something that is no finding.
    Nonsense,
}

impl Does {
    /// Whether it could not be judged.
    fn breaks(self) -> bool {
        matches!(self, Self::Fail | Self::Loop | Self::Unknown | Self::Nonsense)
    }

    /// Whether it judges nothing: it does not apply, or only adds to a plan.
    fn is_silent(self) -> bool {
        matches!(self, Self::Elsewhere | Self::Oblige)
    }
}

type Spec = (Language, Does);

fn rego(name: &str, does: Does) -> String {
    let (custom, body) = match does {
        Does::Pass => ("", "deny contains \"no\" if input.change.kind == \"chart\""),
        Does::Deny => ("", "deny contains \"no\""),
        Does::Hold => (
            "",
            "hold contains {\"msg\": \"wait\", \"needs\": {\"all\": [{\"approval\": {\"role\": \"lead\"}}, {\"approval\": {\"role\": \"release\", \"count\": 1}}]}}",
        ),
        Does::HoldForGood => ("", "hold contains \"wait\""),
        Does::Warn => ("", "warn contains \"mind\""),
        Does::Oblige => ("", "oblige contains {\"kind\": \"canary\", \"with\": {\"trafficPercent\": 5}}"),
        Does::Elsewhere => ("applies: {kinds: [chart]}", "deny contains \"no\""),
        Does::Fail => ("", "deny contains \"no\" if to_number(input.change.id) > 1"),
        Does::Loop => (
            "",
            "deny contains \"no\" if count([1 | some i in numbers.range(1, 4000); some j in numbers.range(1, 4000); i + j > 1]) < 0",
        ),
        Does::Unknown => {
            ("requires: [evidence.gates]", "deny contains \"no\" if input.change.kind == \"chart\"")
        }
        Does::Nonsense => ("", "deny contains {\"message\": \"no\"}"),
    };
    let head =
        if custom.is_empty() { String::new() } else { format!("# METADATA\n# custom:\n#   {custom}\n") };
    format!("{head}package {name}\n\n{body}\n")
}

fn cel(name: &str, does: Does) -> String {
    let rule = match does {
        Does::Pass => "effect: deny, message: no, expression: 'true'",
        Does::Deny => "effect: deny, message: no, expression: 'false'",
        Does::Hold => {
            "effect: hold, message: wait, expression: 'false', needs: {all: [{approval: {role: lead}}, {approval: {role: release, count: 1}}]}"
        }
        Does::HoldForGood => "effect: hold, message: wait, expression: 'false'",
        Does::Warn => "effect: warn, message: mind, expression: 'false'",
        Does::Oblige => "effect: oblige, when: 'true', value: {kind: canary, with: {trafficPercent: 5}}",
        Does::Elsewhere => "effect: deny, message: no, expression: 'false', applies: {kinds: [chart]}",
        Does::Fail => "effect: deny, message: no, expression: 'input.nothing.here == 1'",
        Does::Loop => {
            "effect: deny, message: no, expression: 'range(2000).all(i, range(2000).all(j, i + j >= 0))'"
        }
        Does::Unknown => "effect: deny, message: no, expression: 'true', requires: [evidence.gates]",
        Does::Nonsense => "effect: oblige, when: 'true', value: {kind: nonsense}",
    };
    let rule = rule.replace("range(2000)", &format!("[{}]", vec!["1"; 200].join(",")));
    format!(
        "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: {name}}}\nspec:\n  rules:\n    - {{id: r, {rule}}}\n"
    )
}

fn file(index: usize, spec: Spec) -> (String, String) {
    let name = format!("p{index}");
    match spec {
        (Language::Rego, does) => (format!("{name}.rego"), rego(&name, does)),
        (Language::Cel, does) => (format!("{name}.yaml"), cel(&name, does)),
    }
}

fn bundle(files: Vec<(String, String)>) -> Bundle {
    policy::load(files, serde_json::json!({}), LoadOptions::default())
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn judge(specs: &[Spec]) -> Judge {
    let files = specs.iter().enumerate().map(|(i, spec)| file(i, *spec)).collect();
    Judge::new(bundle(files), LIMITS).unwrap_or_else(|problems| panic!("{problems:?}"))
}

const HEAD: &str = "apiVersion: weighlock.dev/v1\nkind: Input\n";
const INVENTORY: &str = "inventory: [{id: a, kind: workload, application: app, environment: production}]\n";
const CHANGE: &str =
    "changes: [{id: c, kind: config, asset: a, author: {id: dev}, requestedBy: {id: asker}}]\n";

fn merged(parts: &[(&str, Trust)]) -> Merged {
    let parts = parts
        .iter()
        .enumerate()
        .flat_map(|(i, (text, trust))| {
            let source = Source::new(format!("part{i}.yaml"), format!("{HEAD}{text}"));
            input::read(&source, false)
                .unwrap_or_else(|problem| panic!("{problem}"))
                .into_iter()
                .map(|document| match document {
                    Document::Input(input, origin) => Part {
                        input: *input,
                        source: source.clone(),
                        origin,
                        trust: *trust,
                        stamped: *trust == Trust::Verified,
                    },
                    other => panic!("{other:?}"),
                })
                .collect::<Vec<_>>()
        })
        .collect();
    merge(parts).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn reviews(evidence: &[(&str, Trust)], thresholds: &Thresholds) -> Vec<Review> {
    let both = format!("{INVENTORY}{CHANGE}");
    let mut parts = vec![(both.as_str(), Trust::Claimed)];
    parts.extend(evidence);
    assemble::assemble(&merged(&parts), now(), thresholds, &Roles::new())
}

fn review() -> Review {
    reviews(&[], &Thresholds::new()).remove(0)
}

fn options() -> Options {
    Options {
        now: now(),
        asserted: false,
        simulated: false,
        enforcement: Vec::new(),
        governance: Governance { roles: roles(), ..Governance::default() },
        thresholds: Thresholds::new(),
    }
}

fn roles() -> Roles {
    let entry =
        |name: &str, roles: &[&str]| (name.to_owned(), roles.iter().map(|r| (*r).to_owned()).collect());
    BTreeMap::from([
        entry("ann", &["lead"]),
        entry("bob", &["lead", "release"]),
        entry("cas", &["release"]),
        entry("dev", &["lead", "release"]),
        entry("asker", &["lead", "release"]),
        entry("nobody", &[]),
    ])
}

fn decide(judge: &Judge, options: &Options) -> Decision {
    judge.decide(&[review()], options, &|| {}).remove(0)
}

fn approval(by: &str) -> Offered<Approval> {
    Offered {
        record: Approval {
            api_version: None,
            kind: None,
            by: Person { id: by.to_owned() },
            change: review().change.digest,
            plan: None,
            at: "2026-11-20T11:00:00Z".parse().unwrap(),
            expires: "2026-11-21T11:00:00Z".parse().unwrap(),
            comment: None,
            signature: None,
            source: None,
        },
        genuine: true,
        forged: false,
    }
}

fn language() -> impl Strategy<Value = Language> {
    prop_oneof![Just(Language::Rego), Just(Language::Cel)]
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        4 => Just(Does::Pass),
        1 => Just(Does::Deny),
        2 => Just(Does::Hold),
        1 => Just(Does::HoldForGood),
        2 => Just(Does::Warn),
        1 => Just(Does::Oblige),
        2 => Just(Does::Elsewhere),
        1 => Just(Does::Fail),
        1 => Just(Does::Unknown),
        1 => Just(Does::Nonsense),
    ]
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    prop::collection::vec((language(), does()), 1..5)
}

fn people() -> impl Strategy<Value = Vec<&'static str>> {
    let all = vec!["ann", "bob", "cas", "dev", "asker", "nobody", "stranger"];
    prop::sample::subsequence(all, 0..=7)
}

/// How bad a decision is; what could not be judged blocks like a denial.
fn badness(decision: &Decision) -> Verdict {
    decision.verdict
}

fn bytes(decisions: &[Decision]) -> Vec<u8> {
    canonical::to_vec(&decisions).unwrap()
}

proptest! {
    #![proptest_config(super::random::config(200))]

    /// Whatever else is said, a rule that cannot be judged blocks, and no approval helps.
    #[test]
    fn what_fails_never_allows(specs in specs(), at in 0_usize..5, language in language(), which in 0_usize..4, people in people()) {
        let broken = [Does::Fail, Does::Unknown, Does::Nonsense, Does::Loop][which];
        // What never ends costs most, and is tried less often.
        let broken = if broken == Does::Loop && !at.is_multiple_of(3) { Does::Fail } else { broken };
        let mut specs = specs;
        specs.insert(at.min(specs.len()), (language, broken));
        let mut options = options();
        options.governance.approvals = people.into_iter().map(approval).collect();
        let decision = decide(&judge(&specs), &options);
        prop_assert_eq!(decision.verdict, Verdict::Deny, "{:?}", decision.findings);
        let rule = format!("p{}", at.min(specs.len() - 1));
        prop_assert!(decision.findings.iter().any(|f| f.effect == Effect::Indeterminate && f.rule.starts_with(&rule)));
    }

    /// A decision is what its findings add up to, and its id is the digest of the rest.
    #[test]
    fn a_decision_follows_from_its_findings(specs in specs(), people in people()) {
        let mut options = options();
        options.governance.approvals = people.into_iter().map(approval).collect();
        let decision = decide(&judge(&specs), &options);
        let open = |effect: Effect| decision.findings.iter().any(|f| f.effect == effect && f.satisfied != Some(true));
        let expected = match (open(Effect::Deny) || open(Effect::Indeterminate), open(Effect::Hold)) {
            (true, _) => Verdict::Deny,
            (false, true) => Verdict::Hold,
            (false, false) => Verdict::Allow,
        };
        prop_assert_eq!(decision.verdict, expected);
        prop_assert_eq!(decision.indeterminate, open(Effect::Indeterminate) && !open(Effect::Deny));
        prop_assert_eq!(decision.missing.is_empty(), decision.verdict != Verdict::Hold || specs.iter().all(|s| s.1 != Does::Hold) || !open_hold_with_needs(&decision));
        let mut rest = serde_json::to_value(&decision).unwrap();
        rest.as_object_mut().unwrap().remove("id");
        // What a file is called depends on where it is named from.
        for finding in rest["findings"].as_array_mut().unwrap() {
            finding.as_object_mut().unwrap().remove("location");
        }
        prop_assert_eq!(&decision.id, &canonical::digest(&rest).unwrap());
        if specs.iter().any(|(_, does)| does.breaks()) {
            prop_assert_ne!(decision.verdict, Verdict::Allow);
        }
        if specs.iter().all(|(_, does)| does.is_silent()) {
            prop_assert!(decision.indeterminate, "a change of which no rule speaks is not judged");
        }
    }

    /// One more rule that denies or holds never makes it better.
    #[test]
    fn more_rules_never_weaken(specs in specs(), language in language(), does in does(), people in people()) {
        let mut options = options();
        options.governance.approvals = people.into_iter().map(approval).collect();
        let before = decide(&judge(&specs), &options);
        let mut more = specs.clone();
        more.push((language, does));
        let after = decide(&judge(&more), &options);
        // Where no rule spoke at all, the first that does may be the one that lets it go.
        let silent = specs.iter().all(|(_, does)| does.is_silent());
        prop_assert!(silent || badness(&after) >= badness(&before), "{:?} {:?}", before.findings, after.findings);
        if does == Does::Deny {
            prop_assert_eq!(after.verdict, Verdict::Deny);
            prop_assert!(!after.indeterminate);
        }
    }

    /// One more approval never makes it worse, one fewer never better.
    #[test]
    fn approvals_only_help(specs in specs(), people in people(), one in prop::sample::select(vec!["ann", "bob", "cas", "dev", "asker", "nobody", "stranger"])) {
        let judge = judge(&specs);
        let mut options = options();
        options.governance.approvals = people.iter().filter(|p| **p != one).map(|p| approval(p)).collect();
        let without = decide(&judge, &options);
        options.governance.approvals.push(approval(one));
        let with = decide(&judge, &options);
        prop_assert!(badness(&with) <= badness(&without));
        // Who may not approve changes nothing but the list of what was not counted.
        if ["dev", "asker", "nobody", "stranger"].contains(&one) {
            prop_assert_eq!(with.verdict, without.verdict);
            prop_assert!(with.governance.approvals.iter().all(|counted| counted.by != one));
            prop_assert!(with.governance.rejected.iter().any(|record| record.record == one));
        }
        // And an approval that is not genuine is none.
        for offered in &mut options.governance.approvals {
            offered.genuine = false;
        }
        let forged = decide(&judge, &options);
        options.governance.approvals.clear();
        let none = decide(&judge, &options);
        prop_assert_eq!(forged.verdict, none.verdict);
        prop_assert!(forged.governance.approvals.is_empty());
    }

    /// Neither the order of files nor that of records or threads matters: the bytes are the same.
    #[test]
    fn order_never_matters(specs in specs(), seed in any::<u64>(), people in people()) {
        let mut files: Vec<_> = specs.iter().enumerate().map(|(i, spec)| file(i, *spec)).collect();
        let mut options = options();
        options.governance.approvals = people.iter().map(|p| approval(p)).collect();
        let review = review();
        let reviews = vec![review; 33];
        let first = judge(&specs).decide(&reviews, &options, &|| {});
        shuffle(&mut files, seed);
        let other = Judge::new(bundle(files), LIMITS).unwrap();
        let again = pool(if seed % 2 == 0 { 2 } else { 4 }).install(|| other.decide(&reviews, &options, &|| {}));
        prop_assert_eq!(bytes(&first), bytes(&again));
        let alone = other.decide_one(&reviews[0], &options, &[]);
        prop_assert_eq!(bytes(&first[..1]), bytes(&[alone]));
    }
}

fn open_hold_with_needs(decision: &Decision) -> bool {
    decision
        .findings
        .iter()
        .any(|f| f.effect == Effect::Hold && f.needs.is_some() && f.satisfied != Some(true))
}

fn shuffle<T>(list: &mut [T], mut seed: u64) {
    for i in (1..list.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = usize::try_from(seed >> 33).unwrap() % (i + 1);
        list.swap(i, at);
    }
}

fn pool(threads: usize) -> &'static rayon::ThreadPool {
    static POOLS: std::sync::LazyLock<Vec<rayon::ThreadPool>> = std::sync::LazyLock::new(|| {
        [1, 2, 4].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap()).into()
    });
    &POOLS[match threads {
        1 => 0,
        2 => 1,
        _ => 2,
    }]
}

#[test]
fn threads_never_matter() {
    let judge = judge(&[
        (Language::Rego, Does::Hold),
        (Language::Cel, Does::Fail),
        (Language::Rego, Does::Loop),
        (Language::Cel, Does::Warn),
    ]);
    let reviews = vec![review(); 64];
    let all: Vec<Vec<u8>> = [1, 2, 4]
        .into_iter()
        .map(|n| pool(n).install(|| bytes(&judge.decide(&reviews, &options(), &|| {}))))
        .collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

/// A rule that wants gates, and passes where it may see one that passed.
fn wants_gates(demand: &str) -> Judge {
    let text = format!(
        "# METADATA\n# custom:\n#   requires: [{demand}]\npackage p\n\ndeny contains \"not passed\" if {{\n\tcount([g | some g in input.evidence.gates; g.status == \"passed\"]) == 0\n}}\n"
    );
    Judge::new(bundle(vec![("p.rego".to_owned(), text)]), LIMITS).unwrap_or_else(|p| panic!("{p:?}"))
}

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn gate(subject: &str, status: &str, at: &str) -> String {
    let at = if at.is_empty() { String::new() } else { format!(", observedAt: {at}") };
    format!("{{subject: \"{subject}\", environment: test, name: smoke, status: {status}{at}}}")
}

fn with_image(evidence: &[(&str, Trust)], thresholds: &Thresholds) -> Vec<Review> {
    let inventory = format!(
        "inventory: [{{id: a, kind: workload, images: [{{container: x, ref: r.example/x, digest: \"{DIGEST}\"}}, {{container: y, ref: r.example/y, digest: \"{OTHER}\"}}]}}]\n{CHANGE}"
    );
    let mut parts = vec![(inventory.as_str(), Trust::Claimed)];
    parts.extend(evidence);
    assemble::assemble(&merged(&parts), now(), thresholds, &Roles::new())
}

#[test]
fn a_fact_that_does_not_count_is_unknown() {
    let hour = Threshold { trust: None, max_age: Age::parse("1h") };
    let strict: Thresholds = BTreeMap::from([("evidence.gates".to_owned(), hour)]);
    let plain = Thresholds::new();
    let fresh = "2026-11-20T11:30:00Z";
    // Status, time, trust, thresholds, and the reason for which it does not count.
    let rows: &[(&str, Trust, &Thresholds, &str, Option<&str>)] = &[
        (fresh, Trust::Operator, &plain, "evidence.gates", None),
        ("", Trust::Operator, &plain, "evidence.gates", None),
        (fresh, Trust::Claimed, &plain, "evidence.gates", Some("distrusted")),
        (fresh, Trust::Operator, &strict, "evidence.gates", None),
        ("2026-11-20T10:59:59Z", Trust::Operator, &strict, "evidence.gates", Some("stale")),
        ("", Trust::Operator, &strict, "evidence.gates", Some("undated")),
        ("2026-11-20T12:01:00Z", Trust::Operator, &plain, "evidence.gates", None),
        ("2026-11-20T12:01:01Z", Trust::Operator, &plain, "evidence.gates", Some("future")),
        (
            "2026-11-20T10:59:59Z",
            Trust::Operator,
            &plain,
            "{fact: evidence.gates, maxAge: 1h}",
            Some("stale"),
        ),
        ("", Trust::Operator, &plain, "{fact: evidence.gates, maxAge: 1h}", Some("undated")),
        (fresh, Trust::Operator, &plain, "{fact: evidence.gates, trust: verified}", Some("distrusted")),
        (fresh, Trust::Verified, &plain, "{fact: evidence.gates, trust: verified}", None),
    ];
    for (at, trust, thresholds, demand, reason) in rows {
        let list =
            format!("evidence: {{gates: [{}, {}]}}\n", gate(DIGEST, "passed", at), gate(OTHER, "passed", at));
        let reviews = with_image(&[(list.as_str(), *trust)], thresholds);
        let decision = wants_gates(demand).decide(&reviews, &options(), &|| {}).remove(0);
        let found = decision.unknown.first().map(|u| serde_json::to_value(u.reason).unwrap());
        assert_eq!(found.as_ref().and_then(|r| r.as_str()), *reason, "{at} {trust:?} {demand}");
        let verdict = if reason.is_some() { Verdict::Deny } else { Verdict::Allow };
        assert_eq!((decision.verdict, decision.indeterminate), (verdict, reason.is_some()));
    }
    let nobody = wants_gates("evidence.gates").decide(&with_image(&[], &plain), &options(), &|| {}).remove(0);
    assert!(nobody.indeterminate);
    let looked = with_image(&[("evidence: {gates: []}\n", Trust::Operator)], &plain);
    let looked = wants_gates("evidence.gates").decide(&looked, &options(), &|| {}).remove(0);
    assert_eq!((looked.verdict, looked.indeterminate), (Verdict::Deny, false), "nothing was found is known");
    let undated = with_image(&[("evidence: {gates: []}\n", Trust::Operator)], &strict);
    let undated = wants_gates("evidence.gates").decide(&undated, &options(), &|| {}).remove(0);
    assert!(undated.indeterminate, "an empty list does not say when somebody looked");
}

/// A claimed digest beside the object does not pin what the object runs by a tag.
#[test]
fn the_images_of_an_object_that_changes_are_its_own() {
    let text = format!(
        "inventory: [{{id: a, kind: pod, images: [{{container: c, ref: r.example/x, digest: \"{DIGEST}\"}}], object: {{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: c, image: 'r.example/x:latest'}}]}}}}}}]\nchanges: [{{id: c, kind: config, asset: a}}]\n"
    );
    let merged = merged(&[(text.as_str(), Trust::Claimed)]);
    let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
    assert_eq!(review.artifacts.len(), 1);
    assert_eq!(
        (review.artifacts[0].digest.as_ref(), review.artifacts[0].tag.as_deref()),
        (None, Some("latest"))
    );
}

/// Where what is known of one artifact counts and what is known of the other does not, the whole is
/// not known: else the bad news would be left out, and the good kept.
#[test]
fn half_known_is_not_known() {
    let denies_quarantined = |demand: &str| {
        let text = format!(
            "# METADATA\n# custom:\n#   requires: [{demand}]\npackage p\n\ndeny contains q.reason if some q in input.evidence.quarantine\n\nwarn contains \"seen\" if input.evidence.quarantine\n"
        );
        Judge::new(bundle(vec![("p.rego".to_owned(), text)]), LIMITS).unwrap()
    };
    let gates = |demand: &str| wants_gates(demand);
    let old = "2026-11-20T08:00:00Z";
    let fresh = "2026-11-20T11:30:00Z";
    let hour = Threshold { trust: None, max_age: Age::parse("1h") };
    for by_rule in [false, true] {
        for fact in ["evidence.quarantine", "evidence.gates"] {
            let thresholds: Thresholds =
                if by_rule { Thresholds::new() } else { BTreeMap::from([(fact.to_owned(), hour)]) };
            let demand = if by_rule { format!("{{fact: {fact}, maxAge: 1h}}") } else { fact.to_owned() };
            let list = match fact {
                "evidence.gates" => format!(
                    "evidence: {{gates: [{}, {}]}}\n",
                    gate(DIGEST, "failed", old),
                    gate(OTHER, "passed", fresh)
                ),
                // The one that is too old is the one that would deny; the other is about nothing here.
                _ => format!(
                    "evidence: {{quarantine: [{{digest: \"{DIGEST}\", reason: bad, observedAt: {old}}}]}}\n"
                ),
            };
            let reviews = with_image(&[(list.as_str(), Trust::Operator)], &thresholds);
            let judge = if fact == "evidence.gates" { gates(&demand) } else { denies_quarantined(&demand) };
            let decision = judge.decide(&reviews, &options(), &|| {}).remove(0);
            assert!(decision.indeterminate, "{fact} {by_rule}: {:?}", decision.findings);
        }
    }
}

/// A demand that nothing could ever be held to is refused, not passed over.
#[test]
fn a_demand_on_what_carries_no_trust_is_refused() {
    for demand in [
        "{fact: inventory, trust: operator}",
        "{fact: change.author, trust: verified}",
        "{fact: related, maxAge: 1h}",
        "{fact: asset.object, maxAge: 1h}",
        "{fact: nonsense, maxAge: 1h}",
    ] {
        let text = format!(
            "# METADATA\n# custom:\n#   requires: [{demand}]\npackage p\n\ndeny contains \"no\" if false\n"
        );
        let problems = Judge::new(bundle(vec![("p.rego".to_owned(), text)]), LIMITS).unwrap_err();
        assert_eq!(problems[0].code.id, "policy.metadata", "{demand}: {problems:?}");
    }
}

#[test]
fn objects_that_are_distrusted_are_not_related() {
    let deployment = "{id: a, kind: workload, namespace: shop, object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {template: {metadata: {labels: {app: d}}, spec: {containers: []}}}}}";
    let budget = "inventory: [{id: pdb, kind: object, namespace: shop, object: {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: p, namespace: shop}, spec: {selector: {matchLabels: {app: d}}}}}]\n";
    let asset = format!("inventory: [{deployment}]\n{CHANGE}");
    let operator = Threshold { trust: Some(Trust::Operator), max_age: None };
    for (name, trust, known) in [
        ("inventory", Trust::Operator, true),
        ("inventory", Trust::Claimed, false),
        ("related", Trust::Operator, true),
        ("related", Trust::Claimed, false),
    ] {
        let thresholds: Thresholds = BTreeMap::from([(name.to_owned(), operator)]);
        let merged = merged(&[(asset.as_str(), Trust::Operator), (budget, trust)]);
        let review = assemble::assemble(&merged, now(), &thresholds, &Roles::new()).remove(0);
        let related = review.related.as_ref().map(Vec::len);
        assert_eq!(related, known.then_some(1), "{name} {trust:?}");
    }
}

#[test]
fn nodes_are_related_to_those_that_choose_them_with_what_keeps_others_away() {
    let terms = "{nodeSelectorTerms: [{matchExpressions: [{key: gpu, operator: In, values: [l4, a100]}, {key: zone, operator: NotIn, values: [b]}]}]}";
    let affinity =
        format!("affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {terms}}}}}");
    let node = |name: &str, label: &str| {
        format!(
            "{{id: {name}, kind: object, object: {{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{{label}}}}}, spec: {{podCIDR: x, taints: [{{key: gpu, effect: NoSchedule}}]}}, status: {{allocatable: {{nvidia.com/gpu: '4'}}, images: []}}}}}}"
        )
    };
    for (choice, found) in [
        (affinity.as_str(), vec!["n1"]),
        ("nodeSelector: {zone: b}", vec!["n2"]),
        ("nodeSelector: {gpu: h100}", vec![]),
    ] {
        let text = format!(
            "inventory: [{{id: a, kind: workload, object: {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{containers: [], {choice}}}}}}}}}}}, {}, {}]\n{CHANGE}",
            node("n1", "gpu: a100"),
            node("n2", "zone: b"),
        );
        let merged = merged(&[(text.as_str(), Trust::Operator)]);
        let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
        let related = review.related.unwrap();
        assert_eq!(related.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), found, "{choice}");
        for node in related {
            assert_eq!(
                node.object.0["spec"],
                serde_json::json!({"taints": [{"key": "gpu", "effect": "NoSchedule"}]})
            );
            assert_eq!(node.object.0["status"], serde_json::json!({"allocatable": {"nvidia.com/gpu": "4"}}));
        }
    }
}

fn waiver(rules: &[&str]) -> Waiver {
    Waiver {
        api_version: "weighlock.dev/v1".into(),
        kind: "Waiver".into(),
        id: "W-1".into(),
        rules: rules.iter().map(|r| (*r).to_owned()).collect(),
        scope: BTreeMap::from([("application".to_owned(), "app".to_owned())]),
        owner: "ann".into(),
        approved_by: "bob".into(),
        reason: "because".into(),
        ticket: "T-1".into(),
        expires: "2026-12-01T00:00:00Z".parse().unwrap(),
        signature: None,
    }
}

fn emergency(by: &str) -> Override {
    Override {
        api_version: "weighlock.dev/v1".into(),
        kind: "Override".into(),
        id: "O-1".into(),
        change: review().change.digest,
        by: by.into(),
        reason: "down".into(),
        ticket: "T-1".into(),
        expires: "2026-11-20T14:00:00Z".parse().unwrap(),
        review_due: "2026-11-23T12:00:00Z".parse().unwrap(),
        signature: None,
    }
}

#[test]
fn an_override_sets_aside_denials_and_never_what_could_not_be_judged() {
    let rows = [
        (Does::Deny, "bob", Verdict::Allow),
        (Does::HoldForGood, "bob", Verdict::Allow),
        (Does::Fail, "bob", Verdict::Deny),
        (Does::Unknown, "bob", Verdict::Deny),
        (Does::Elsewhere, "bob", Verdict::Deny),
        // Author, requester, and someone without the role.
        (Does::Deny, "dev", Verdict::Deny),
        (Does::Deny, "asker", Verdict::Deny),
        (Does::Deny, "ann", Verdict::Deny),
    ];
    for (does, by, expected) in rows {
        let judge = judge(&[(Language::Rego, does)]);
        let mut options = options();
        options.governance.terms = Terms { override_role: Some("release".into()), ..Terms::default() };
        options.governance.overrides = vec![Offered::new(emergency(by), true, None)];
        let decision = decide(&judge, &options);
        assert_eq!(decision.verdict, expected, "{does:?} {by}: {:?}", decision.governance);
        assert_eq!(decision.governance.overrides.len(), usize::from(expected == Verdict::Allow));
        assert_eq!(decision.governance.expires.is_some(), expected == Verdict::Allow);
        if by != "bob" {
            assert_eq!(decision.governance.rejected.len(), 1);
        }
        // Without a role that may, nobody may; and what is not genuine counts for nothing.
        options.governance.overrides[0].genuine = false;
        assert_ne!(decide(&judge, &options).verdict, Verdict::Allow);
        options.governance.overrides[0].genuine = true;
        options.governance.terms.override_role = None;
        assert_ne!(decide(&judge, &options).verdict, Verdict::Allow);
    }
}

#[test]
fn a_waiver_by_the_author_or_for_another_rule_counts_for_nothing() {
    let text = "# METADATA\n# custom: {waivable: true}\npackage p\n\ndeny contains \"no\"\n";
    let judge = Judge::new(bundle(vec![("p.rego".to_owned(), text.to_owned())]), LIMITS).unwrap();
    let verdict = |waiver: Waiver, genuine: bool| {
        let mut options = options();
        options.governance.waivers = vec![Offered::new(waiver, genuine, None)];
        decide(&judge, &options).verdict
    };
    assert_eq!(verdict(waiver(&["p"]), true), Verdict::Allow);
    assert_eq!(verdict(waiver(&["p"]), false), Verdict::Deny);
    type Alter = fn(&mut Waiver);
    let altered: &[Alter] = &[
        |w| w.approved_by = "dev".into(),
        |w| w.approved_by = "asker".into(),
        |w| w.approved_by = "ann".into(),
        |w| w.rules = vec!["p.deny".into()],
        |w| w.rules = Vec::new(),
        |w| w.scope.clear(),
        |w| w.scope = BTreeMap::from([("application".to_owned(), "App".to_owned())]),
        |w| w.scope = BTreeMap::from([("nothing".to_owned(), String::new())]),
        |w| {
            w.scope.insert("cluster".to_owned(), "x".to_owned());
        },
        |w| w.expires = now(),
        |w| w.expires = Age(91 * 86_400).after(now()),
        |w| w.reason = " ".into(),
        |w| w.ticket = String::new(),
        |w| w.owner = String::new(),
    ];
    for (i, alter) in altered.iter().enumerate() {
        let mut waiver = waiver(&["p"]);
        alter(&mut waiver);
        assert_eq!(verdict(waiver, true), Verdict::Deny, "{i}");
    }
}

fn enforce(rules: &str, mode: Mode) -> Enforcement {
    Enforcement {
        rules: vec![Pattern::parse(rules).unwrap()],
        clusters: None,
        environments: None,
        mode,
        from: None,
        until: None,
    }
}

#[test]
fn with_every_rule_off_nothing_is_allowed() {
    let judge = judge(&[(Language::Rego, Does::Pass), (Language::Cel, Does::Pass)]);
    let mut options = options();
    options.enforcement = vec![enforce("p*", Mode::Off)];
    assert!(decide(&judge, &options).indeterminate);
    options.enforcement = vec![enforce("*", Mode::Off)];
    assert!(decide(&judge, &options).indeterminate);
    options.enforcement = vec![enforce("p0", Mode::Off)];
    assert_eq!(decide(&judge, &options).verdict, Verdict::Allow);
    // What no rule speaks about cannot be softened by a pattern of rules either.
    options.enforcement = vec![enforce("*", Mode::Warn)];
    let silent = self::judge(&[(Language::Rego, Does::Elsewhere)]);
    assert!(decide(&silent, &options).indeterminate);
}

#[test]
fn what_only_says_when_a_change_goes_out_judges_none() {
    let calendar = "# METADATA\n# scope: package\n# custom: {applies: {}, incidental: true}\npackage p\n\nhold contains \"x\" if input.change.id == \"frozen\"\n";
    let obliges = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: q}\nspec:\n  incidental: true\n  rules: [{id: r, effect: hold, expression: \"true\", message: m}]\n";
    let judges = "package r\n\ndeny contains \"x\" if input.change.id == \"bad\"\n";
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    for (files, verdict) in [
        (vec![file("p.rego", calendar)], Verdict::Deny),
        (vec![file("q.yaml", obliges)], Verdict::Deny),
        (vec![file("p.rego", calendar), file("q.yaml", obliges)], Verdict::Deny),
        (vec![file("p.rego", calendar), file("q.yaml", obliges), file("r.rego", judges)], Verdict::Allow),
    ] {
        let judge = Judge::new(bundle(files), LIMITS).unwrap();
        let decision = decide(&judge, &options());
        assert_eq!((decision.verdict, decision.indeterminate), (verdict, verdict == Verdict::Deny));
    }
}

#[test]
fn a_change_waits_for_those_that_go_first() {
    let changes = "inventory: [{id: a, kind: workload}]\nchanges:
  - {id: bad, kind: migration, asset: a, author: {id: dev}}
  - {id: waits, kind: config, asset: a, author: {id: dev}, dependsOn: [bad]}
  - {id: waits-too, kind: config, asset: a, author: {id: dev}, dependsOn: [waits]}
  - {id: good, kind: config, asset: a, author: {id: dev}}
  - {id: free, kind: config, asset: a, author: {id: dev}, dependsOn: [good]}\n";
    let reviews =
        assemble::assemble(&merged(&[(changes, Trust::Claimed)]), now(), &Thresholds::new(), &Roles::new());
    let text = "package p\n\ndeny contains \"no\" if input.change.kind == \"migration\"\n";
    let judge = Judge::new(bundle(vec![("p.rego".to_owned(), text.to_owned())]), LIMITS).unwrap();
    let decisions = judge.decide(&reviews, &options(), &|| {});
    let verdicts: Vec<_> = decisions.iter().map(|d| (d.change.id.as_str(), d.verdict.as_str())).collect();
    assert_eq!(
        verdicts,
        [("bad", "deny"), ("waits", "hold"), ("waits-too", "hold"), ("good", "allow"), ("free", "allow")]
    );
    // One that nobody decides about has not been allowed; a circle goes nowhere.
    let alone = judge.decide(&reviews[1..2], &options(), &|| {});
    assert_eq!(alone[0].verdict, Verdict::Hold);
    let mut circle = reviews.clone();
    circle[3].change.depends_on = vec!["free".into()];
    let decisions = judge.decide(&circle, &options(), &|| {});
    assert_eq!((decisions[3].verdict, decisions[4].verdict), (Verdict::Hold, Verdict::Hold));
    assert_eq!(decisions.len(), 5);
}

#[test]
fn whether_settings_are_read_is_known_from_the_policies() {
    let rego = |text: &str| vec![("p.rego".to_owned(), format!("package p\n\n{text}\n"))];
    let cel = |expression: &str| {
        let head = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: p}\nspec:\n";
        let rules = "  rules: [{id: r, effect: deny, message: no, expression: variables.x}]\n";
        vec![(
            "p.yaml".to_owned(),
            format!("{head}  variables: [{{name: x, expression: \"{expression}\"}}]\n{rules}"),
        )]
    };
    let lib = ("lib.rego".to_owned(), "package lib\n\nx := data[\"settings\"].updates\n".to_owned());
    for (files, reads) in [
        (rego("deny contains \"no\" if data.settings.updates"), true),
        (rego("deny contains \"no\" if data[\"settings\"].updates"), true),
        (rego("import data.settings as s\n\ndeny contains \"no\" if s.updates"), true),
        ([rego("deny contains \"no\" if data.lib.x"), vec![lib]].concat(), true),
        (rego("# Not data.settings.\ndeny contains \"data.settings\" if data.other.x"), false),
        (rego("deny contains \"no\" if input.change.id == \"settings\""), false),
        (cel("data.settings.updates"), true),
        (cel("has(data.settings)"), true),
        (cel("data['settings'].x"), true),
        (cel("data[input.change.id] == 1"), true),
        (cel("data.other.settings && 'data.settings' != ''"), false),
        (cel("input.change.id != 'settings'"), false),
    ] {
        let judge = Judge::new(
            policy::load(files.clone(), serde_json::json!({"other": {}}), LoadOptions::default()).unwrap(),
            LIMITS,
        );
        assert_eq!(judge.unwrap().reads_settings(), reads, "{files:?}");
    }
}

/// Reviews that are made as they are asked for, as those of a fleet are.
struct Made(usize);

impl Made {
    /// Every third waits for the one after it, which may wait for nobody, for itself, or for one
    /// that is not there; and two have one id.
    fn one(at: usize) -> Review {
        let mut review = review();
        review.change.id = format!("c{}", if at == 7 { 6 } else { at });
        review.change.depends_on = match at % 9 {
            0 | 3 | 6 => vec![format!("c{}", at + 1)],
            4 => vec![format!("c{at}")],
            _ => Vec::new(),
        };
        review
    }
}

impl assemble::Reviews for Made {
    fn each(&self) -> impl IndexedParallelIterator<Item = Cow<'_, Review>> {
        (0..self.0).into_par_iter().map(|at| Cow::Owned(Self::one(at)))
    }
}

#[test]
fn every_review_has_its_decision_at_its_place() {
    let judge = judge(&[(Language::Rego, Does::Pass)]);
    let source = Made(100);
    let asked = AtomicUsize::new(0);
    let decisions =
        pool(4).install(|| judge.decide(&source, &options(), &|| _ = asked.fetch_add(1, Ordering::Relaxed)));
    let decided: Vec<&str> = decisions.iter().map(|decision| decision.change.id.as_str()).collect();
    let all: Vec<String> = (0..100).map(|at| Made::one(at).change.id).collect();
    assert_eq!(decided, all);
    assert_eq!(asked.load(Ordering::Relaxed), 100);
    let digests: Vec<Digest> = (0..100).map(|at| canonical::digest(&Made::one(at)).unwrap()).collect();
    assert!(decisions.iter().map(|decision| &decision.digests.review).eq(&digests));
    // Who waits for nobody that can go is held, and is in the list all the same.
    assert_eq!((decisions[4].verdict, decisions[99].verdict), (Verdict::Hold, Verdict::Hold));
}

#[test]
fn what_is_approved_is_all_that_matters_about_a_change() {
    let digest = |inventory: &str, change: &str, evidence: &str| -> Digest {
        let to = if change.contains(", to:") { "" } else { ", to: {version: v2}" };
        let text = format!(
            "inventory: [{{id: a, kind: workload{inventory}}}]\nchanges: [{{id: c, kind: image, asset: a{change}{to}}}]\n{evidence}"
        );
        let merged = merged(&[(text.as_str(), Trust::Operator)]);
        assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0).change.digest
    };
    let migration =
        |what: &str| format!("evidence: {{migrations: [{{change: c, operations: [{{kind: {what}}}]}}]}}\n");
    let all = [
        digest("", "", ""),
        digest(", environment: production", "", ""),
        digest(", cluster: x", "", ""),
        digest(", namespace: x", "", ""),
        digest(", application: x", "", ""),
        digest(&format!(", images: [{{ref: r, digest: \"{DIGEST}\"}}]"), "", ""),
        digest("", &format!(", to: {{digest: \"{DIGEST}\"}}"), ""),
        digest("", &format!(", to: {{digest: \"{OTHER}\"}}"), ""),
        digest("", &format!(", from: {{digest: \"{OTHER}\"}}"), ""),
        digest("", ", author: {id: x}", ""),
        digest("", ", commit: {id: abc, message: m}", ""),
        digest("", "", &migration("drop_table")),
        digest("", "", &migration("add_column")),
    ];
    let mut unique: Vec<&Digest> = all.iter().collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), all.len(), "{all:#?}");
}

/// A change that names its own beginning does not choose how small a step it takes.
#[test]
fn what_a_change_says_it_finds_must_be_what_is_there() {
    let review = |images: &str, from: &str, to: &str| {
        let text = format!(
            "inventory: [{{id: a, kind: workload, images: [{images}]}}]\nchanges: [{{id: c, kind: image, asset: a, from: {{{from}}}, to: {{version: 2.0.1, {to}}}}}]\nevidence:\n  observations: [{{ref: 'r.example/c:2.0.0', digest: \"{OTHER}\", firstSeen: 2026-01-01T00:00:00Z}}]\n"
        );
        assemble::assemble(
            &merged(&[(text.as_str(), Trust::Operator)]),
            now(),
            &Thresholds::new(),
            &Roles::new(),
        )
        .remove(0)
    };
    let told = |images: &str, from: &str, to: &str| {
        let review = review(images, from, to);
        let known = review.change.update_type.is_some();
        assert_eq!(known, !review.unknown.iter().any(|u| u.fact == "change.updateType"));
        known
    };
    let beside = "{container: d, ref: r.example/d, tag: 9.9.9}";
    let kind = |own: &str, from: &str| {
        told(&format!("{{container: c, ref: r.example/c, {own}}}, {beside}"), from, "container: c")
    };
    let (own, other) = (format!("digest: \"{DIGEST}\""), format!("digest: \"{OTHER}\""));
    assert!(kind("tag: 2.0.0", "version: 2.0.0"));
    assert!(!kind("tag: 1.0.0", "version: 2.0.0"));
    assert!(!kind("tag: 2.0.0", "version: 9.9.9"));
    assert!(kind(&format!("tag: 2.0.0, {own}"), &format!("version: 2.0.0, {own}")));
    assert!(!kind(&format!("tag: 2.0.0, {own}"), &format!("version: 2.0.0, {other}")));
    // Of a digest alone only who saw it under a tag knows the version, and the other way round.
    assert!(!kind(&own, "version: 2.0.0") && !kind(&own, &format!("version: 2.0.0, {own}")));
    assert!(kind(&other, "version: 2.0.0") && kind(&other, &format!("version: 2.0.0, {other}")));
    assert!(!kind("tag: 2.0.0", &format!("version: 2.0.0, {own}")));
    assert!(kind("tag: 2.0.0", &format!("version: 2.0.0, {other}")));
    // A container that is not there, one of another image, none at all, or two of which one is meant.
    let runs = "{container: c, ref: r.example/c, tag: 2.0.0}";
    assert!(told(runs, "version: 2.0.0", "ref: r.example/c"));
    assert!(!told(runs, "version: 2.0.0, container: ghost", "ref: r.example/c"));
    assert!(!told(runs, "version: 2.0.0", "container: ghost"));
    assert!(!told(&format!("{runs}, {beside}"), "version: 9.9.9", "ref: r.example/c"));
    assert!(!told("", "version: 2.0.0", "ref: r.example/c"));
    assert!(!told(
        &format!("{runs}, {{container: c, ref: r.example/c, tag: 1.0.0}}"),
        "version: 2.0.0",
        "container: c"
    ));
    // The version of one image says nothing of another's.
    assert!(!told(runs, "version: 2.0.0", "container: c, ref: evil.example/c"));
    assert_eq!(review(runs, "version: 2.0.0", "container: ghost").artifacts.len(), 2);
}

/// What a package or a base image is called is part of what it is.
#[test]
fn from_one_name_to_another_is_no_update() {
    let by = |trust: Trust, kind: &str, from: &str, to: &str| {
        let text = format!(
            "inventory: [{{id: a, kind: repository}}]\nchanges: [{{id: c, kind: {kind}, asset: a, from: {{version: 9.0.0, ref: '{from}'}}, to: {{version: 9.0.1, ref: '{to}'}}}}]\n"
        );
        let merged = merged(&[(text.as_str(), trust)]);
        let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
        review.change.update_type.is_some()
    };
    // Of what there is now, only who is trusted tells: else the change chose its own beginning.
    assert!(!by(Trust::Claimed, "dependency", "pkg:npm/x@9.0.0", "pkg:npm/x@9.0.1"));
    let told = |kind: &str, from: &str, to: &str| by(Trust::Operator, kind, from, to);
    assert!(told("dependency", "pkg:npm/x@9.0.0", "pkg:npm/x@9.0.1"));
    assert!(!told("dependency", "pkg:npm/x", "pkg:npm/evil"));
    assert!(told("base_image", "r.example/base", "r.example/base"));
    assert!(!told("base_image", "r.example/base", "evil.example/base"));
}

/// A digest that was seen as one version is not brought as another.
#[test]
fn what_was_seen_as_another_version_has_no_update_type() {
    let told = |seen: &str, said: &str| {
        let text = format!(
            "inventory: [{{id: a, kind: workload, images: [{{container: c, ref: r.example/c, tag: 1.4.0}}]}}]\nchanges: [{{id: c, kind: image, asset: a, from: {{version: 1.4.0, ref: r.example/c}}, to: {{version: {said}, ref: r.example/c, digest: \"{OTHER}\"}}}}]\nevidence:\n  observations: [{}]\n",
            seen.split_whitespace()
                .map(|tag| format!(
                    "{{ref: 'r.example/c:{tag}', digest: \"{OTHER}\", firstSeen: 2026-01-01T00:00:00Z}}"
                ))
                .collect::<Vec<_>>()
                .join(", ")
        );
        let merged = merged(&[(text.as_str(), Trust::Operator)]);
        let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
        review.change.update_type
    };
    for (seen, said) in [("", "1.4.1"), ("1.4.1", "1.4.1"), ("1.4 latest", "1.4.1"), ("2.0.0 1.4.1", "1.4.1")]
    {
        assert_eq!(told(seen, said), Some(UpdateType::Patch), "{seen}");
    }
    for (seen, said) in [("2.0.0", "1.4.1"), ("1.5 latest", "1.4.1"), ("2.0.0", "1.4.0")] {
        assert_eq!(told(seen, said), None, "{seen}");
    }
}

/// Whoever names somebody as the actor does not get their roles.
#[test]
fn the_actor_is_who_a_trusted_part_says() {
    let roles = Roles::from([("boss".to_owned(), vec!["release-manager".to_owned()])]);
    let text = "context: {actor: {id: boss}}\ninventory: [{id: a, kind: workload}]\n";
    for (least, trust, known) in [
        (Trust::Claimed, Trust::Claimed, true),
        (Trust::Operator, Trust::Claimed, false),
        (Trust::Operator, Trust::Operator, true),
    ] {
        let merged = merged(&[(text, trust), (CHANGE, Trust::Operator)]);
        let threshold = Threshold { trust: Some(least), max_age: None };
        let thresholds = Thresholds::from([("change.author".to_owned(), threshold)]);
        let review = assemble::assemble(&merged, now(), &thresholds, &roles).remove(0);
        assert_eq!(review.context.actor.is_some_and(|actor| !actor.roles.is_empty()), known, "{least:?}");
    }
}

/// That nothing was found has no date, of artifacts as of anything else.
#[test]
fn an_empty_list_of_an_artifact_has_no_age() {
    let text = format!(
        "inventory: [{{id: a, kind: workload, images: [{{ref: r.example/c, digest: \"{OTHER}\"}}]}}]\n{CHANGE}evidence: {{attestations: []}}\n"
    );
    let merged = merged(&[(text.as_str(), Trust::Verified)]);
    let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
    assert_eq!(review.artifacts[0].attestations.as_ref().map(Vec::len), Some(0));
    let threshold = Threshold { trust: None, max_age: Age::parse("1h") };
    let requires = std::collections::BTreeMap::from([("evidence.attestations".to_owned(), threshold)]);
    let seen = fact::restrict(&review, &requires).expect("something is taken out");
    assert_eq!(seen.artifacts[0].attestations, None);
    assert!(!fact::unknown(&seen, "evidence.attestations").is_empty());
}

/// A migration of which nobody says what it does is not one that does nothing.
#[test]
fn a_migration_without_operations_is_unknown() {
    let text = "inventory: [{id: db, kind: database}]\nchanges:\n  - {id: m1, kind: config, asset: db}\n  - {id: m2, kind: migration, asset: db}\nevidence: {migrations: [{change: m1, operations: [{kind: drop_table}]}]}\n";
    let reviews =
        assemble::assemble(&merged(&[(text, Trust::Operator)]), now(), &Thresholds::new(), &Roles::new());
    let known = |at: usize| reviews[at].evidence.migrations.as_ref().map(Vec::len);
    assert_eq!((known(0), known(1)), (Some(1), None));
}

/// What the object runs is weighed, whatever else the document says that it runs.
#[test]
fn the_image_of_the_object_is_not_hidden_by_another_of_its_name() {
    let images = |listed: &str, object: &str| -> Vec<String> {
        let text = format!(
            "inventory: [{{id: a, kind: workload, images: [{listed}], object: {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{containers: [{{name: c, image: \"{object}\"}}]}}}}}}}}}}]\n{}",
            CHANGE
        );
        let review = assemble::assemble(
            &merged(&[(text.as_str(), Trust::Claimed)]),
            now(),
            &Thresholds::new(),
            &Roles::new(),
        )
        .remove(0);
        review.artifacts.iter().map(|a| a.r#ref.clone()).collect()
    };
    let good = format!("{{container: c, ref: r.example/good, tag: \"1\", digest: \"{DIGEST}\"}}");
    assert_eq!(images(&good, "r.example/good:1"), ["r.example/good"]);
    assert_eq!(images(&good, &format!("r.example/good@{DIGEST}")), ["r.example/good"]);
    assert_eq!(
        images("{container: c, ref: nginx, tag: \"1\"}", "docker.io/library/nginx:1"),
        ["docker.io/library/nginx"]
    );
    assert_eq!(images(&good, "r.example/evil:1"), ["r.example/good", "r.example/evil"]);
    assert_eq!(images(&good, "r.example/good:2").len(), 2);
    assert_eq!(images(&good, &format!("r.example/good@{OTHER}")).len(), 2);
}

/// A dry run counts for the very text that ran, and who reads a table for the database that has it.
#[test]
fn dry_runs_are_joined_by_text_and_usages_by_database() {
    let text = format!(
        "inventory: [{{id: db, kind: database}}]
changes: [{{id: m, kind: migration, asset: db}}]
evidence:
  migrations: [{{change: m, digest: \"{DIGEST}\", operations: [{{kind: sharpen, statement: SHARPEN x}}]}}]
  dryRuns:
    - {{subject: \"{DIGEST}\", engine: postgresql, version: \"16\", completed: true}}
    - {{subject: \"{OTHER}\", engine: postgresql, version: \"16\", completed: true}}
  usages:
    - {{asset: db, table: public.a, readers: []}}
    - {{asset: other, table: public.a, readers: [x]}}
"
    );
    let seen = |trust| {
        let merged = merged(&[(text.as_str(), trust)]);
        assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0)
    };
    let review = serde_json::to_value(seen(Trust::Operator)).unwrap();
    let evidence = &review["evidence"];
    assert_eq!(evidence["dryRuns"].as_array().unwrap().len(), 1);
    assert_eq!(evidence["dryRuns"][0]["subject"], DIGEST);
    assert_eq!(evidence["usages"].as_array().unwrap().len(), 1);
    assert_eq!(evidence["usages"][0]["asset"], "db");
    // What no parser knows by name could not be understood; its text is kept.
    let operation = &evidence["migrations"][0]["operations"][0];
    assert_eq!((&operation["kind"], &operation["statement"]), (&"unparsed".into(), &"SHARPEN x".into()));
    // Whoever asks for the change proves nothing by saying so.
    let claimed = seen(Trust::Claimed);
    assert_eq!((claimed.evidence.dry_runs, claimed.evidence.usages), (None, None));
}

/// Of what is taken away nobody asks for signatures; of what comes they do.
#[test]
fn a_deletion_needs_no_facts_about_artifacts() {
    let missing = |operation: &str| {
        let text = format!(
            "inventory: [{{id: a, kind: workload, images: [{{ref: r}}]}}]\nchanges: [{{id: c, kind: admission, asset: a, operation: {operation}}}]\n"
        );
        let merged = merged(&[(text.as_str(), Trust::Operator)]);
        let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
        fact::unknown(&review, "evidence.signatures").len()
    };
    assert_eq!((missing("DELETE"), missing("CREATE")), (0, 1));
}

/// Whoever releases an image with its migrations brings both, and both are judged.
#[test]
fn rules_about_migrations_speak_of_every_change_that_brings_some() {
    let rule = "# METADATA\n# custom:\n#   applies: {kinds: [migration], assets: [workload]}\n#   requires: [evidence.migrations]\npackage lost\n\ndeny contains \"it loses data\" if input.evidence.migrations[_].operations[_].kind == \"drop_table\"\n\ndeny contains \"never\" if input.context.environment == \"nowhere\"\n";
    let any = "package any\n\ndeny contains \"never\" if input.context.environment == \"nowhere\"\n";
    let judge = Judge::new(
        bundle(vec![("lost.rego".to_owned(), rule.to_owned()), ("any.rego".to_owned(), any.to_owned())]),
        LIMITS,
    )
    .unwrap();
    let decision = |asset: &str, evidence: &str, trust| {
        let text = format!(
            "inventory: [{{id: a, kind: {asset}}}]\nchanges: [{{id: c, kind: promotion, asset: a, to: {{version: \"1\"}}, promotion: {{from: x, to: y}}}}]\n"
        );
        let parts = [(text.as_str(), Trust::Operator), (evidence, trust)];
        let reviews = assemble::assemble(&merged(&parts), now(), &Thresholds::new(), &Roles::new());
        let decision = judge.decide(&reviews, &options(), &|| {}).remove(0);
        (decision.verdict, decision.indeterminate)
    };
    let drop = "evidence: {migrations: [{change: c, operations: [{kind: drop_table}]}]}\n";
    let on_asset = "evidence: {migrations: [{asset: a, operations: [{kind: drop_table}]}]}\n";
    let harmless = "evidence: {migrations: [{change: c, operations: [{kind: create_table}]}]}\n";
    let denied = (Verdict::Deny, false);
    let allowed = (Verdict::Allow, false);
    assert_eq!(decision("workload", drop, Trust::Operator), denied);
    assert_eq!(decision("workload", on_asset, Trust::Operator), denied);
    assert_eq!(decision("workload", harmless, Trust::Operator), allowed);
    assert_eq!(decision("container", drop, Trust::Operator), allowed, "the rule is about workloads");
    // Nobody is asked for migrations that nobody speaks of; what is said and does not count is not nothing.
    assert_eq!(decision("workload", "", Trust::Operator), allowed);
    assert_eq!(decision("workload", "evidence: {migrations: []}\n", Trust::Operator), allowed);
    assert_eq!(decision("workload", harmless, Trust::Claimed), (Verdict::Deny, true));
}

/// A chart with a digest is what is signed and quarantined, and not the images that ran before it.
#[test]
fn a_chart_is_an_artifact_by_its_digest() {
    let artifacts = |target: &str| -> Vec<(String, bool, Option<Digest>)> {
        let text = format!(
            "inventory: [{{id: a, kind: release, images: [{{ref: r.example/x, digest: \"{OTHER}\"}}]}}]\nchanges: [{{id: c, kind: chart, asset: a, to: {{ref: \"oci://r.example/charts/x\", version: 1.0.1{target}}}}}]\n"
        );
        let merged = merged(&[(text.as_str(), Trust::Operator)]);
        let review = assemble::assemble(&merged, now(), &Thresholds::new(), &Roles::new()).remove(0);
        review.artifacts.into_iter().map(|a| (a.r#ref, a.changed, a.digest)).collect()
    };
    let runs = ("r.example/x".to_owned(), false, Some(Digest::parse(OTHER).unwrap()));
    assert_eq!(
        artifacts(&format!(", digest: \"{DIGEST}\"")),
        [("r.example/charts/x".to_owned(), true, Some(Digest::parse(DIGEST).unwrap())), runs.clone()]
    );
    assert_eq!(artifacts(""), [runs]);
}

/// Of two bills of materials neither hides the other.
#[test]
fn bills_of_materials_of_one_artifact_are_united() {
    let text = format!(
        "sboms:\n  - {{subject: \"{DIGEST}\", format: spdx-2.3, components: [b], licenses: {{b: AGPL-3.0-only}}}}\n  - {{subject: \"{DIGEST}\", format: cyclonedx-1.6, components: [a], licenses: {{a: MIT}}}}\n"
    );
    let review = with_image(&[(text.as_str(), Trust::Operator)], &Thresholds::new()).remove(0);
    let sbom = review.artifacts.iter().find_map(|artifact| artifact.sbom.as_ref()).unwrap();
    assert_eq!(sbom.components, ["a", "b"]);
    assert_eq!(sbom.licenses.as_ref().unwrap().len(), 2);
}
