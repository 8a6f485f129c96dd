//! What became of each condition of a rule: as the author wrote it, how often it held, and what it
//! read where it did not.
//!
//! A [`Tracer`] judges with policies that were compiled a second time, with marks in them: what
//! decides has none, and pays nothing for them. INVARIANT: a trace decides nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Failure;
use crate::model::finding::Location;
use crate::model::json::Json;
use crate::model::review::Review;
use crate::model::rule::View;

/// How many occasions are kept on which a condition did not hold, and how many on which it did.
pub(super) const MISSES: usize = 3;
/// How many on which it did.
pub(super) const HITS: usize = 1;
/// How often the parts of one condition are looked at for that.
pub(super) const LOOKS: u32 = 64;
/// How deep functions and rules are gone into.
pub(super) const DEEP: usize = 3;
/// How many of them in all.
pub(super) const CLAUSES: usize = 400;
/// How many values of a reference that goes through several are kept.
pub(super) const SEVERAL: usize = 16;

/// Judges again, and says what became of each condition.
pub trait Tracer {
    /// Traces a rule, by its index in `Bundle::rules`, over a review.
    ///
    /// # Errors
    /// The review cannot be given to the engine, or the language has no such rule.
    fn trace(&self, rule: usize, review: &Review, view: View) -> Result<Trace, Failure>;
}

/// What became of a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Trace {
    /// Its definitions: each `deny`, `hold` and so on of a package in Rego; the one expression in CEL.
    pub clauses: Vec<Clause>,
    /// Why it went no further: a limit, or a function that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// A definition, of a rule or of something that it uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Clause {
    /// Its head, as it was written.
    pub head: String,
    /// Where it stands.
    pub location: Location,
    /// How often it gave something.
    pub held: u64,
    /// Whether its conditions must hold for it to pass, as those of `deny` in CEL; otherwise they
    /// must hold for it to give something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demands: bool,
    /// What it asks for: one list, and one for each `else`.
    pub bodies: Vec<Body>,
}

/// Conditions that must hold together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Body {
    /// How often all of them held.
    pub held: u64,
    /// In the order in which they were written.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Condition {
    /// As the author wrote it.
    pub text: String,
    /// Where it stands.
    pub location: Location,
    /// How often it was looked at: never, where one before it did not hold.
    pub asked: u64,
    /// How often it held; one that goes through a list may hold for several elements.
    pub held: u64,
    /// How often it did not, whatever it went through.
    pub missed: u64,
    /// What it read, on the first occasions on which it did not hold and on the first on which it did.
    pub samples: Vec<Sample>,
    /// The conditions within it: of `every`, of a comprehension, of `all` and `exists`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Condition>,
}

/// One occasion on which a condition was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Sample {
    /// Whether it held.
    pub held: bool,
    /// What it read.
    pub values: Vec<Reading>,
}

/// A part of a condition, and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Reading {
    /// The part, as it was written.
    pub text: String,
    /// Its value, shortened where it is long; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// Where in the review it stands, as JSON Pointers; several, where the part goes through several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What was gone through for it: the definitions of a function, of a rule or of a variable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Clause>,
}

impl Clause {
    /// The condition that did not hold, of the body that went furthest: it was looked at and never
    /// held, while all before it held for something. Of what demands, the first that was not met.
    pub fn miss(&self) -> Option<&Condition> {
        if self.demands {
            return self
                .bodies
                .iter()
                .flat_map(|body| &body.conditions)
                .find(|condition| condition.missed > 0);
        }
        if self.held > 0 {
            return None;
        }
        let went = |body: &&Body| body.conditions.iter().filter(|condition| condition.held > 0).count();
        // Of equals, the first.
        let best = self.bodies.iter().rev().max_by_key(went)?;
        best.conditions.iter().find(|condition| condition.asked > 0 && condition.held == 0)
    }
}

impl Trace {
    /// Every reading in it, with those of what was gone into.
    pub fn readings(&self) -> Vec<&Reading> {
        let mut found = Vec::new();
        self.clauses.iter().for_each(|clause| gather(clause, &mut found));
        found
    }
}

fn gather<'t>(clause: &'t Clause, found: &mut Vec<&'t Reading>) {
    fn of<'t>(condition: &'t Condition, found: &mut Vec<&'t Reading>) {
        for reading in condition.samples.iter().flat_map(|sample| &sample.values) {
            found.push(reading);
            reading.within.iter().for_each(|clause| gather(clause, found));
        }
        condition.inner.iter().for_each(|inner| of(inner, found));
    }
    clause.bodies.iter().flat_map(|body| &body.conditions).for_each(|condition| of(condition, found));
}

/// Characters of a text that are kept.
const TEXT: usize = 160;
/// Elements of a list or mapping that are kept.
const ITEMS: usize = 8;
/// How deep a value is kept.
const DEPTH: usize = 3;

/// A value, shortened: what is secret in it need not be spread, and what is long is not read.
pub(crate) fn shortened(value: &Value, depth: usize) -> Value {
    let left = |count: usize| format!("… {} more", count.saturating_sub(ITEMS));
    match value {
        Value::String(text) => Value::String(short(text, TEXT)),
        Value::Array(items) if depth >= DEPTH && !items.is_empty() => Value::String("[…]".to_owned()),
        Value::Object(members) if depth >= DEPTH && !members.is_empty() => Value::String("{…}".to_owned()),
        Value::Array(items) => {
            let next = depth.saturating_add(1);
            let mut kept: Vec<Value> = items.iter().take(ITEMS).map(|item| shortened(item, next)).collect();
            if items.len() > ITEMS {
                kept.push(Value::String(left(items.len())));
            }
            Value::Array(kept)
        }
        Value::Object(members) => {
            let next = depth.saturating_add(1);
            let kept = members.iter().take(ITEMS);
            let mut kept: serde_json::Map<String, Value> =
                kept.map(|(key, value)| (short(key, TEXT), shortened(value, next))).collect();
            if members.len() > ITEMS {
                kept.insert("…".to_owned(), Value::String(left(members.len())));
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

/// The beginning of a text.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A part of a JSON Pointer (RFC 6901).
pub(super) fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

/// What was written, on one line.
pub(super) fn written(text: &str) -> String {
    short(&text.split_whitespace().collect::<Vec<_>>().join(" "), 400)
}

#[cfg(test)]
mod tests;
