//! The kinds of obligation that there are: one entry each.
//!
//! An entry says what an obligation may ask for, which parameter of which kind of step carries it,
//! how strictly, and where in the plan those steps stand. Everything else derives from it.

use crate::model::driver::{Field, Shape};

use super::Obligation;

/// How a step's value must compare with what is obliged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Not more.
    AtMost,
    /// Not less.
    AtLeast,
    /// The same.
    Equal,
    /// Where the obligation says `true`, such a step must be there.
    Present,
}

/// A parameter of a kind of step that carries what is obliged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The kind of step.
    pub kind: &'static str,
    /// Its parameter; the step itself where this is empty.
    pub param: &'static str,
}

/// One thing that an obligation may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Its name, shape and meaning.
    pub field: Field,
    /// How a step's value compares with it.
    pub bound: Bound,
    /// What can carry it.
    pub carriers: &'static [Carrier],
}

/// Where the steps that fulfil an obligation stand among those that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Anywhere.
    Anywhere,
    /// Between: every changing step is either before the obliged change or waits for all the rest.
    Gate,
    /// Every check is before the obliged change.
    ChecksFirst,
    /// After a changing step, where there is one.
    AfterOne,
    /// After every changing step.
    AfterAll,
}

/// A kind of obligation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObligationSpec {
    /// Kind, as in `canary`.
    pub kind: &'static str,
    /// What it asks for, in one line.
    pub about: &'static str,
    /// What it may ask for in particular.
    pub duties: &'static [Duty],
    /// Of each list, a step of one of these kinds must say that it fulfils the obligation.
    pub steps: &'static [&'static [&'static str]],
    /// Where those steps stand.
    pub order: Order,
    /// Kinds of obligation that cannot be met together with this one.
    pub excludes: &'static [&'static str],
    /// Whether two with different parameters are two obligations, not a contradiction.
    pub repeats: bool,
    /// Whether every artifact of every step must be named by digest, and none be built anew.
    pub by_digest: bool,
}

impl ObligationSpec {
    const PLAIN: Self = Self {
        kind: "",
        about: "",
        duties: &[],
        steps: &[],
        order: Order::Anywhere,
        excludes: &[],
        repeats: false,
        by_digest: false,
    };

    /// The duty of a name.
    pub fn duty(&self, name: &str) -> Option<&'static Duty> {
        self.duties.iter().find(|duty| duty.field.name == name)
    }
}

const fn duty(
    name: &'static str,
    shape: Shape,
    bound: Bound,
    carriers: &'static [Carrier],
    about: &'static str,
) -> Duty {
    Duty { field: Field::optional(name, shape, about), bound, carriers }
}

const fn by(kind: &'static str, param: &'static str) -> Carrier {
    Carrier { kind, param }
}

const SMOKE: &[&str] = &["custom.run/v1", "watch.health/v1"];

/// Every kind of obligation, sorted by kind.
pub const OBLIGATIONS: &[ObligationSpec] = &[
    ObligationSpec {
        kind: "blitz",
        about: "Everything at once: nothing is asked of the plan, and no gradual strategy may be asked for besides.",
        excludes: &["blueGreen", "canary", "rolling"],
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "blueGreen",
        about: "Deploy beside what runs, check, then switch all traffic.",
        duties: &[
            duty(
                "schemaCheck",
                Shape::Boolean,
                Bound::Present,
                &[by("migration.check/v1", "")],
                "Whether the schema is checked to suit both versions before the switch.",
            ),
            duty(
                "smokeTest",
                Shape::Boolean,
                Bound::Present,
                &[by("custom.run/v1", ""), by("watch.health/v1", "")],
                "Whether the idle slot is tested before the switch.",
            ),
        ],
        steps: &[&["registry.tag/v1", "traffic.switch/v1"]],
        order: Order::ChecksFirst,
        excludes: &["blitz", "canary"],
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "canary",
        about: "Give the new version a small share first, watch it, and only then go on.",
        duties: &[
            duty(
                "trafficPercent",
                Shape::Number,
                Bound::AtMost,
                &[by("flag.set/v1", "rolloutPercent"), by("traffic.shift/v1", "weights")],
                "Largest share of the traffic that the new version gets first, from 0 to 100.",
            ),
            duty(
                "errorRateMax",
                Shape::Number,
                Bound::AtMost,
                &[by("watch.canary/v1", "errorRateMax")],
                "Largest share of failed requests, from 0 to 1.",
            ),
            duty(
                "p99MsMax",
                Shape::Number,
                Bound::AtMost,
                &[by("watch.canary/v1", "p99MsMax")],
                "Largest 99th percentile of the latency, in milliseconds.",
            ),
            duty(
                "every",
                Shape::Age,
                Bound::AtMost,
                &[by("watch.canary/v1", "every")],
                "How often it is looked at, at least.",
            ),
            duty(
                "for",
                Shape::Age,
                Bound::AtLeast,
                &[by("watch.canary/v1", "for")],
                "How long it is looked at, at least.",
            ),
            duty(
                "maxConsecutiveFailures",
                Shape::Integer,
                Bound::AtMost,
                &[by("watch.canary/v1", "maxConsecutiveFailures")],
                "Failures in a row at which it must be taken back, at the latest.",
            ),
            duty(
                "health",
                Shape::Text,
                Bound::Equal,
                &[by("watch.canary/v1", "health"), by("watch.health/v1", "health")],
                "Address that must answer with success.",
            ),
        ],
        steps: &[&["watch.canary/v1"]],
        order: Order::Gate,
        excludes: &["blitz", "blueGreen"],
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "digestOnly",
        about: "Move what was weighed, by digest: nothing is built anew, nothing is named by tag alone.",
        by_digest: true,
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "notify",
        about: "Tell somebody.",
        duties: &[duty(
            "to",
            Shape::Recipient,
            Bound::Equal,
            &[
                by("notify.slack/v1", "channel"),
                by("notify.slack/v1", "recipient"),
                by("notify.slack/v1", "to"),
                by("notify.webhook/v1", "recipient"),
                by("notify.webhook/v1", "to"),
            ],
            "Who: a name, or an address by reference.",
        )],
        steps: &[&["notify.slack/v1", "notify.webhook/v1"]],
        repeats: true,
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "pullRequest",
        about: "Go through a pull request, where people see it.",
        duties: &[
            duty(
                "base",
                Shape::Text,
                Bound::Equal,
                &[by("forge.pullRequest/v1", "base")],
                "Branch that it goes to.",
            ),
            duty(
                "repository",
                Shape::Text,
                Bound::Equal,
                &[by("forge.pullRequest/v1", "repository")],
                "Repository, as the forge names it.",
            ),
        ],
        steps: &[&["forge.pullRequest/v1"]],
        order: Order::Gate,
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "reviewAfterwards",
        about: "Have somebody look at it once it is done.",
        duties: &[
            duty(
                "by",
                Shape::Text,
                Bound::Equal,
                &[by("approval.wait/v1", "role")],
                "Role of those who look at it.",
            ),
            duty(
                "within",
                Shape::Age,
                Bound::AtMost,
                &[by("approval.wait/v1", "within")],
                "How soon, at the latest.",
            ),
        ],
        steps: &[&["approval.wait/v1"]],
        order: Order::AfterAll,
        repeats: true,
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "rolling",
        about: "Replace a few at a time, and wait until all are ready.",
        duties: &[duty(
            "within",
            Shape::Age,
            Bound::AtMost,
            &[
                by("compose.up/v1", "wait"),
                by("flux.reconcile/v1", "wait"),
                by("helm.upgrade/v1", "wait"),
                by("kubernetes.waitRollout/v1", "within"),
            ],
            "How long it may take.",
        )],
        steps: &[&[
            "argocd.sync/v1",
            "compose.up/v1",
            "flux.reconcile/v1",
            "helm.upgrade/v1",
            "kubernetes.waitRollout/v1",
        ]],
        order: Order::AfterOne,
        excludes: &["blitz"],
        ..ObligationSpec::PLAIN
    },
    ObligationSpec {
        kind: "smokeTest",
        about: "Test it where it has been put.",
        duties: &[
            duty(
                "health",
                Shape::Text,
                Bound::Equal,
                &[by("watch.health/v1", "health")],
                "Address that must answer with success.",
            ),
            duty(
                "suite",
                Shape::Text,
                Bound::Equal,
                &[by("watch.health/v1", "suite")],
                "Name of the smoke test.",
            ),
        ],
        steps: &[SMOKE],
        order: Order::AfterOne,
        repeats: true,
        ..ObligationSpec::PLAIN
    },
];

/// The spec of a kind of obligation.
pub fn find(kind: &str) -> Option<&'static ObligationSpec> {
    OBLIGATIONS.iter().find(|spec| spec.kind == kind)
}

/// Checks an obligation against its kind: a misspelled one must not be passed over.
///
/// # Errors
/// A kind or parameter that is not known, or a parameter that does not look as it must; a fragment
/// for people.
pub fn check(obligation: &Obligation) -> Result<(), String> {
    let Some(spec) = find(&obligation.kind) else {
        let known: Vec<String> = OBLIGATIONS.iter().map(|spec| format!("`{}`", spec.kind)).collect();
        return Err(format!(
            "`{}` is not an obligation: expected one of {}",
            obligation.kind,
            known.join(", ")
        ));
    };
    for (name, value) in &obligation.with {
        let Some(duty) = spec.duty(name) else {
            let known: Vec<String> =
                spec.duties.iter().map(|duty| format!("`{}`", duty.field.name)).collect();
            let known = if known.is_empty() {
                "it takes none".to_owned()
            } else {
                format!("expected one of {}", known.join(", "))
            };
            return Err(format!("`{name}` is not a parameter of the obligation `{}`: {known}", spec.kind));
        };
        if let Some(fault) = duty.field.shape.fault(&value.0) {
            return Err(format!("`{name}` of the obligation `{}` {fault}", spec.kind));
        }
    }
    Ok(())
}
