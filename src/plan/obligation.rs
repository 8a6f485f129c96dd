//! Whether the steps of a plan discharge what a decision obliges to.
//!
//! The kinds of obligation are declared once, in [`OBLIGATIONS`]; here is the one reading of them. A
//! step counts only where it says under `fulfils` that it does, and a step that says so must carry a
//! value at least as strict.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::drivers;
use crate::model::Age;
use crate::model::driver::{Shape, weights};
use crate::model::obligation::{Bound, Carrier, Duty, Obligation, ObligationSpec, Order, check, find};
use crate::model::plan::Step;

use super::order::Lineage;
use super::reference;

pub use crate::model::obligation::OBLIGATIONS;

/// Says what steps leave undischarged; empty where they do it all. The steps are in order.
pub fn discharged_by(obligation: &Obligation, steps: &[Step]) -> Vec<String> {
    open(obligation, steps).into_iter().map(|open| open.message).collect()
}

/// Something that is left undischarged, and what to do about it.
pub(crate) struct Open {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Open {
    fn new(message: String, hint: impl Into<String>) -> Self {
        Self { message, hint: hint.into() }
    }
}

/// What steps, which are in order, leave undischarged.
pub(crate) fn open(obligation: &Obligation, steps: &[Step]) -> Vec<Open> {
    if let Err(fault) = check(obligation) {
        return vec![Open::new(fault, "correct the rule; `docs/reference/drivers.md` has every obligation")];
    }
    let Some(spec) = find(&obligation.kind) else { return Vec::new() };
    let view = View { obligation, spec, steps, lineage: Lineage::of(steps) };
    let claimants: BTreeSet<usize> =
        view.places(|step| step.fulfils.iter().any(|claim| part_of(claim, spec.kind).is_some())).collect();
    let mut open = if spec.repeats { Vec::new() } else { view.too_weak(&claimants) };
    if open.is_empty() {
        open = view.missing(&claimants);
    }
    if open.is_empty() {
        open = view.out_of_order(&claimants);
    }
    if spec.by_digest {
        open.extend(
            steps
                .iter()
                .filter_map(unpinned)
                .map(|message| Open::new(message, "name every artifact by `digest`, and build nothing")),
        );
    }
    open
}

/// Says which kinds of step can fulfil something.
fn claim<'a>(what: &str, kinds: impl Iterator<Item = &'a str>) -> String {
    let kinds: BTreeSet<&str> = kinds.collect();
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
    format!("have a step of kind {} say `fulfils: [{what}]`", kinds.join(" or "))
}

/// Whether a kind of step can say that it fulfils an obligation, or one parameter of it.
pub(crate) fn may_claim(spec: &ObligationSpec, param: Option<&str>, kind: &str) -> bool {
    let carries = |duty: &Duty| duty.carriers.iter().any(|carrier| carrier.kind == kind);
    match param {
        Some(param) => spec.duty(param).is_some_and(carries),
        None => spec.steps.iter().any(|kinds| kinds.contains(&kind)) || spec.duties.iter().any(carries),
    }
}

/// The parameter that a claim names, empty for the whole; `None` where it is another obligation's.
fn part_of<'a>(claim: &'a str, kind: &str) -> Option<&'a str> {
    let rest = claim.strip_prefix(kind)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('.') }
}

const STRICTER: &str = "a step may be stricter than the obligation, never less strict";
const WAIT: &str = "name what must come first under `after`";

struct View<'a> {
    obligation: &'a Obligation,
    spec: &'static ObligationSpec,
    steps: &'a [Step],
    lineage: Lineage,
}

impl<'a> View<'a> {
    fn places(&self, wanted: impl Fn(&Step) -> bool) -> impl Iterator<Item = usize> {
        self.steps.iter().enumerate().filter(move |(_, step)| wanted(step)).map(|(place, _)| place)
    }

    fn duties(&self) -> impl Iterator<Item = (&'static Duty, &'a Value)> {
        let (obligation, spec) = (self.obligation, self.spec);
        let asked =
            spec.duties.iter().filter_map(|duty| Some((duty, &obligation.with.get(duty.field.name)?.0)));
        // `false` where a check may be asked for asks for nothing.
        asked.filter(|(duty, value)| duty.bound != Bound::Present || value.as_bool() == Some(true))
    }

    /// Steps that say they fulfil something and carry too weak a value.
    fn too_weak(&self, claimants: &BTreeSet<usize>) -> Vec<Open> {
        let mut open = Vec::new();
        for step in claimants.iter().filter_map(|place| self.steps.get(*place)) {
            for (duty, value) in self.duties() {
                let claims =
                    step.fulfils.iter().any(|claim| part_of(claim, self.spec.kind) == Some(duty.field.name));
                if claims && let Some(weak) = self.weakness(step, duty, value) {
                    open.push(Open::new(weak, STRICTER));
                }
            }
        }
        open
    }

    /// What a set of steps leaves undone.
    fn missing(&self, among: &BTreeSet<usize>) -> Vec<Open> {
        let kind = self.spec.kind;
        let steps: Vec<&Step> = among.iter().filter_map(|place| self.steps.get(*place)).collect();
        let mut open = Vec::new();
        for kinds in self.spec.steps {
            if !steps.iter().any(|step| kinds.contains(&step.kind.as_str())) {
                let words: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
                let message = format!("no step of kind {} fulfils `{kind}`", words.join(" or "));
                open.push(Open::new(message, claim(kind, kinds.iter().copied())));
            }
        }
        if self.spec.repeats {
            // One step must do all of it: two that each do half of it do neither.
            let fits =
                |step: &&Step| self.duties().all(|(duty, value)| self.weakness(step, duty, value).is_none());
            if open.is_empty() && !steps.iter().any(fits) {
                let asked: Vec<String> =
                    self.duties().map(|(duty, value)| asked(kind, duty, value)).collect();
                let kinds = self.spec.steps.iter().copied().flatten().copied();
                open.push(Open::new(format!("no step fulfils {}", asked.join(" and ")), claim(kind, kinds)));
            }
            return open;
        }
        for (duty, value) in self.duties() {
            let carriers = steps.iter().filter(|step| duty.carriers.iter().any(|c| c.kind == step.kind));
            let weak: Vec<Option<String>> = carriers.map(|step| self.weakness(step, duty, value)).collect();
            if weak.iter().any(Option::is_none) {
                continue;
            }
            open.push(match weak.into_iter().flatten().next() {
                Some(weak) => Open::new(weak, STRICTER),
                None => {
                    let what = format!("{kind}.{}", duty.field.name);
                    let kinds = duty.carriers.iter().map(|carrier| carrier.kind);
                    Open::new(format!("no step fulfils {}", asked(kind, duty, value)), claim(&what, kinds))
                }
            });
        }
        open
    }

    /// Why a step does not carry what is asked; `None` where it does.
    fn weakness(&self, step: &Step, duty: &Duty, value: &Value) -> Option<String> {
        let mut why = format!("a step of kind `{}` cannot", step.kind);
        for carrier in duty.carriers.iter().filter(|carrier| carrier.kind == step.kind) {
            match carried(step, carrier, duty, value) {
                Ok(()) => return None,
                Err(weak) => why = weak,
            }
        }
        Some(format!("step `{}` does not fulfil {}: {why}", step.id, asked(self.spec.kind, duty, value)))
    }

    /// Steps that fulfil it, but not where they would have to stand.
    fn out_of_order(&self, claimants: &BTreeSet<usize>) -> Vec<Open> {
        let kind = self.spec.kind;
        let id = |place: usize| self.steps.get(place).map_or("", |step| step.id.as_str());
        let changes = |step: &Step| drivers::find(&step.kind).is_some_and(|spec| spec.changes);
        let changing: BTreeSet<usize> = self.places(changes).collect();
        let among = |wanted: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
            claimants.iter().copied().filter(|place| wanted(*place)).collect()
        };
        match self.spec.order {
            Order::Anywhere => Vec::new(),
            Order::AfterOne => {
                let late = among(&|place| {
                    changing.is_empty()
                        || changing.contains(&place)
                        || changing.iter().any(|change| self.lineage.is_before(*change, place))
                });
                self.unless_done(&late, || {
                    format!("what fulfils `{kind}` comes before any step that changes something")
                })
            }
            Order::AfterAll => {
                let late =
                    among(&|place| changing.iter().all(|change| self.lineage.is_before(*change, place)));
                self.unless_done(&late, || {
                    format!("what fulfils `{kind}` does not wait for every step that changes something")
                })
            }
            Order::ChecksFirst => {
                let switches = among(&|place| changing.contains(&place) && self.is_named(place));
                let early = |switch: usize| {
                    let done = among(&|p| p == switch || self.lineage.is_before(p, switch));
                    self.unless_done(&done, || {
                        format!("step `{}` does not wait for everything that `{kind}` asks for", id(switch))
                    })
                };
                switches.iter().flat_map(|switch| early(*switch)).collect()
            }
            Order::Gate => self.ungated(claimants, &changing),
        }
    }

    /// For a gate: what fulfils it is a change (the canary's share), and checks after it; or checks
    /// alone. Any other change is before that, or waits until all of it has been done.
    fn ungated(&self, claimants: &BTreeSet<usize>, changing: &BTreeSet<usize>) -> Vec<Open> {
        let base: BTreeSet<usize> = claimants.intersection(changing).copied().collect();
        let gate: BTreeSet<usize> = claimants
            .iter()
            .copied()
            .filter(|place| {
                base.is_empty()
                    || base.contains(place)
                    || base.iter().any(|first| self.lineage.is_before(*first, *place))
            })
            .collect();
        if !self.missing(&gate).is_empty() {
            let message =
                format!("what fulfils `{}` does not wait for the change that it is about", self.spec.kind);
            return vec![Open::new(message, "name that change under `after`")];
        }
        let mut open = Vec::new();
        for step in base.iter().filter_map(|place| self.steps.get(*place)).filter(|step| step.undo.is_none())
        {
            let message = format!(
                "step `{}` fulfils `{}` and has no undo, so that a failure could not be taken back",
                step.id, self.spec.kind
            );
            open.push(Open::new(message, "give it an `undo`"));
        }
        for change in changing.difference(&base).copied() {
            let prepares = if base.is_empty() {
                gate.iter().any(|place| self.lineage.is_before(change, *place))
            } else {
                base.iter().all(|first| self.lineage.is_before(change, *first))
            };
            let done = gate.iter().copied().filter(|place| self.lineage.is_before(*place, change)).collect();
            if !prepares && !self.missing(&done).is_empty() {
                let id = self.steps.get(change).map_or("", |step| step.id.as_str());
                let message =
                    format!("step `{id}` does not wait until `{}` has been fulfilled", self.spec.kind);
                open.push(Open::new(message, WAIT));
            }
        }
        open
    }

    /// Whether the kind of a step is one that the obligation must have.
    fn is_named(&self, place: usize) -> bool {
        let kind = self.steps.get(place).map_or("", |step| step.kind.as_str());
        self.spec.steps.iter().any(|kinds| kinds.contains(&kind))
    }

    fn unless_done(&self, done: &BTreeSet<usize>, message: impl Fn() -> String) -> Vec<Open> {
        if self.missing(done).is_empty() { Vec::new() } else { vec![Open::new(message(), WAIT)] }
    }
}

/// What is asked, for people.
fn asked(kind: &str, duty: &Duty, value: &Value) -> String {
    let name = duty.field.name;
    // A recipient may be a reference, which names a secret and is none.
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match duty.bound {
        Bound::AtMost => format!("`{kind}.{name}` (at most {value})"),
        Bound::AtLeast => format!("`{kind}.{name}` (at least {value})"),
        Bound::Equal => format!("`{kind}.{name}` (`{value}`)"),
        Bound::Present => format!("`{kind}.{name}`"),
    }
}

/// Whether a step carries a value at least as strict; why not, where it does not.
fn carried(step: &Step, carrier: &Carrier, duty: &Duty, asked: &Value) -> Result<(), String> {
    if carrier.param.is_empty() {
        return Ok(());
    }
    let name = carrier.param;
    let Some(value) = step.with.get(name).map(|value| &value.0) else {
        return Err(format!("it does not say `{name}`"));
    };
    if reference::parse(value).is_some() {
        return Err(format!("its `{name}` is only known once it runs"));
    }
    let strict = match duty.bound {
        Bound::Present => true,
        Bound::Equal => same(value, asked),
        Bound::AtMost | Bound::AtLeast => {
            let read = |value: &Value| match duty.field.shape {
                Shape::Age => value.as_str().and_then(Age::parse).map(|age| count(age.0)),
                _ => value.as_f64(),
            };
            let own = if name == "weights" { share(step, value)? } else { read(value) };
            let (Some(own), Some(asked)) = (own, read(asked)) else {
                return Err(format!("its `{name}` cannot be compared"));
            };
            if name == "weights" && own > asked {
                return Err(format!("it gives the new version {own}"));
            }
            if duty.bound == Bound::AtMost { own <= asked } else { own >= asked }
        }
    };
    if strict { Ok(()) } else { Err(format!("its `{name}` is {}", plain(value))) }
}

/// Percent of the traffic that goes to the new version.
fn share(step: &Step, value: &Value) -> Result<Option<f64>, String> {
    let name = step.with.get("canary").and_then(|name| name.0.as_str()).unwrap_or("canary");
    let Some(weights) = weights(value) else { return Ok(None) };
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let Some((_, own)) = weights.iter().find(|(version, _)| *version == name) else {
        return Err(format!("its `weights` do not name `{name}`"));
    };
    Ok(Some(own * 100.0 / total))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an age is at most a hundred years of seconds: far below 2^53"
)]
const fn count(seconds: i64) -> f64 {
    seconds as f64
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a.to_bits() == b.to_bits())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Why a step moves something that is not named by digest.
fn unpinned(step: &Step) -> Option<String> {
    let spec = drivers::find(&step.kind)?;
    let id = &step.id;
    if spec.creates {
        return Some(format!("step `{id}` builds anew what should be moved by digest"));
    }
    let named = ["image", "images", "ref", "tag"].into_iter().find(|name| step.with.contains_key(*name));
    let takes = |name: &str| spec.params.iter().any(|field| field.name == name);
    let whole = takes("images") && spec.changes;
    (whole || (named.is_some() && takes("digest") && !step.with.contains_key("digest")))
        .then(|| format!("step `{id}` does not name by digest what it moves"))
}
