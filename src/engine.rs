//! Evaluating rules: one trait, a language each.
//!
//! An [`Engine`] compiles all rules of its language in a bundle once. Each thread opens a
//! [`Session`], gives it one review after the other, and asks for one rule at a time. Nothing that
//! a policy writes can hang, crash or reach out: an evaluation ends within its [`Limits`] or is a
//! [`Failure`], and a failure never reads as "nothing found".

pub mod cel;
pub mod rego;
pub mod trace;

use crate::diag::Diagnostic;
use crate::model::finding::{Effect, Location};
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::{Bundle, Language};

/// What an evaluation of one rule over one review may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps: statements, loop turns and calls.
    pub steps: u64,
    /// Bytes that values may take, counted by what they hold and not by what the process uses.
    pub memory: u64,
    /// Milliseconds; a stop by this one is not replayable.
    pub millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 2_000_000, memory: 64 << 20, millis: 500 }
    }
}

impl Limits {
    /// Which limit stopped the subject, a rule or a function, in words.
    pub(crate) fn exceeded(self, subject: &str, cause: Cause) -> String {
        match cause {
            Cause::Steps => format!("{subject} takes more than {} steps, the limit", self.steps),
            Cause::Memory => {
                format!("{subject} makes values of more than {} MiB, the limit", self.memory >> 20)
            }
            Cause::Time => format!("{subject} takes longer than {} ms, the limit", self.millis),
            Cause::Error => format!("{subject} failed"),
        }
    }
}

/// One thing that a rule said: an element of `deny`, a rule of a CEL policy that did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// What it means.
    pub effect: Effect,
    /// A string, or an object with `msg`; for `oblige` and `action` the value itself.
    pub value: serde_json::Value,
    /// The head of the rule that gave it.
    pub location: Location,
}

/// Why a rule could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What stopped it.
    pub cause: Cause,
    /// In words, without the engine's own names for things.
    pub message: String,
    /// Where, if that is known.
    pub location: Option<Location>,
}

/// What stopped an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The policy is wrong: a builtin failed, two outputs conflict, a value has no `msg`.
    Error,
    /// Too many steps.
    Steps,
    /// Too much memory.
    Memory,
    /// Too long; another run may end otherwise.
    Time,
}

/// A policy language.
pub trait Engine: Sync {
    /// Which one.
    fn language(&self) -> Language;

    /// Name and version, for the decision's digests.
    fn version(&self) -> &'static str;

    /// Compiles every rule of this language in the bundle.
    ///
    /// # Errors
    /// Everything that is wrong with the policies, each with its place.
    fn compile(&self, bundle: &Bundle, limits: Limits) -> Result<Box<dyn Compiled>, Vec<Diagnostic>>;

    /// Compiles every rule of this language in the bundle once more, to say what becomes of each
    /// condition.
    ///
    /// # Errors
    /// Everything that is wrong with the policies, each with its place.
    fn tracer<'b>(
        &self,
        bundle: &'b Bundle,
        limits: Limits,
    ) -> Result<Box<dyn trace::Tracer + 'b>, Vec<Diagnostic>>;
}

/// The rules of one language, compiled.
pub trait Compiled: Send + Sync {
    /// Opens a session for one thread.
    fn session(&self) -> Box<dyn Session + '_>;

    /// Whether anything in them looks at `data.settings`, or at a member of `data` that is only
    /// known when it is evaluated.
    fn reads_settings(&self) -> bool;
}

/// One thread's evaluations.
pub trait Session {
    /// Takes the review that the next rules are judged against, and what of it they see as `input`.
    /// The time that policies are told is `review.context.now`.
    ///
    /// # Errors
    /// The review cannot be given to this engine, or holds no document where that is to be seen.
    fn load(&mut self, review: &Review, view: View) -> Result<(), Failure>;

    /// Judges one rule, by its index in `Bundle::rules`: what it gives, or `None` where it has nothing
    /// to say about the review, as a policy whose `match` is false.
    ///
    /// # Errors
    /// It could not be judged.
    fn judge(&mut self, rule: usize) -> Result<Option<Vec<Output>>, Failure>;
}

/// The document that a review is about, whole again: the object with its pod spec in its place.
///
/// # Errors
/// The review holds no document.
pub(crate) fn document(review: &Review) -> Result<serde_json::Value, Failure> {
    let asset = review.asset.as_ref();
    let Some(object) = asset.and_then(|asset| asset.object.as_ref()) else {
        let message = "the change is not about a document, and the rule sees nothing else".to_owned();
        return Err(Failure { cause: Cause::Error, message, location: None });
    };
    let mut document = object.0.clone();
    if let Some(spec) = asset.and_then(|asset| asset.pod_spec.as_ref()) {
        let path: &[&str] = match document.get("kind").and_then(serde_json::Value::as_str) {
            Some("Pod") => &["spec"],
            Some("PodTemplate") => &["template", "spec"],
            Some("CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
            _ => &["spec", "template", "spec"],
        };
        let mut place = Some(&mut document);
        for name in path {
            place = place.and_then(serde_json::Value::as_object_mut).map(|members| {
                members.entry(*name).or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()))
            });
        }
        if let Some(place) = place {
            *place = spec.0.clone();
        }
    }
    Ok(document)
}

/// The languages there are.
pub const ENGINES: &[&dyn Engine] = &[&rego::Rego, &cel::Cel];
