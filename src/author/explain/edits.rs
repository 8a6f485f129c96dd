//! Single changes of a review that are worth a trial: of the places that conditions read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::schema::{Kind, Shape};
use crate::engine::trace::{Clause, Condition, Trace};
use crate::model::Digest;
use crate::model::review::{Review, Unknown, UpdateType};
use crate::model::time::Time;

/// How many values are tried at one place, before it is closed in on.
const VALUES: usize = 24;
/// How many elements of a list are taken out, one at a time.
const ELEMENTS: usize = 16;

/// Places that are not facts, or from which others are derived.
const FIXED: &[&str] = &[
    "",
    "/apiVersion",
    "/kind",
    "/change/id",
    "/change/kind",
    "/change/digest",
    "/asset/id",
    "/unknown",
    "/context/now",
];

/// How large a change is, in the eyes of whoever has to make it; less comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Size {
    /// A person approves, time passes.
    Waits,
    /// A fact gets another value.
    Value,
    /// An element of a list goes away.
    Element,
    /// A fact is provided that nobody knows.
    Provided,
    /// A fact goes away.
    Removed,
}

/// What is put at a place: nothing takes away what is there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trial {
    pub(super) size: Size,
    pub(super) path: String,
    pub(super) to: Option<Value>,
}

/// A place, and what to try there.
pub(super) struct Leaf {
    pub(super) path: String,
    pub(super) now: Option<Value>,
    pub(super) trials: Vec<Trial>,
    /// Whether values between what is there and what alters the verdict are to be tried.
    pub(super) ordered: bool,
}

/// The places that conditions read, with what to try at each.
pub(super) fn leaves(review: &Value, traces: &[Trace], shape: &Shape, now: Time) -> Vec<Leaf> {
    let mut read: BTreeSet<&str> = BTreeSet::new();
    let mut hints = Hints::default();
    for trace in traces {
        for reading in trace.readings() {
            read.extend(reading.paths.iter().map(String::as_str));
            hints.value(reading.value.as_ref().map(|value| &value.0));
        }
        trace.clauses.iter().for_each(|clause| hints.clause(clause));
    }
    read.retain(|path| !FIXED.contains(path) && !path.starts_with("/unknown/"));
    let mut found = BTreeMap::new();
    for path in read {
        match review.pointer(path) {
            None => {
                let leaf = match stand_in(path, review) {
                    Some(value) => leaf(path, None, Size::Provided, vec![value], false),
                    None => absent(path, shape, &hints, now),
                };
                found.insert(path.to_owned(), leaf)
            }
            Some(Value::Object(_)) => found.insert(path.to_owned(), gone(path, review)),
            Some(Value::Array(items)) => {
                found.insert(path.to_owned(), list(path, items, review, shape, &hints))
            }
            Some(value) => found.insert(path.to_owned(), scalar(path, value, shape, &hints, now)),
        };
    }
    found.into_values().collect()
}

/// What a rule requires and nobody knows, provided: as a list that was looked at and is empty, or as
/// some value.
pub(super) fn provided(review: &Review, json: &Value, unknown: &[Unknown], shape: &Shape) -> Vec<Leaf> {
    let mut found = Vec::new();
    for unknown in unknown {
        let mut paths = Vec::new();
        let of_artifact = match unknown.fact.as_str() {
            "artifacts.digest" => Some("digest"),
            "evidence.attestations" => Some("attestations"),
            "evidence.scans" => Some("scans"),
            "evidence.signatures" => Some("signatures"),
            "sboms" => Some("sbom"),
            _ => None,
        };
        match of_artifact {
            Some(member) => {
                let named = |artifact: &crate::model::review::Artifact| {
                    artifact.digest.as_ref().map_or(artifact.r#ref.as_str(), |digest| digest.as_str())
                        == unknown.subject
                };
                let at = review.artifacts.iter().position(named);
                paths.extend(at.map(|at| format!("/artifacts/{at}/{member}")));
            }
            None => paths.push(format!("/{}", unknown.fact.replace('.', "/"))),
        }
        for path in paths {
            let values: Vec<Value> = match (stand_in(&path, json), shape.at(&path)) {
                (Some(value), _) => vec![value],
                (None, Kind::Words(words)) => words.into_iter().map(Value::String).collect(),
                (None, Kind::Truth) => vec![Value::Bool(true), Value::Bool(false)],
                (None, Kind::Number) => vec![Value::from(0)],
                (None, Kind::List) => vec![Value::Array(Vec::new())],
                (None, Kind::Text) => vec![Value::String("something".to_owned())],
                _ => continue,
            };
            let trial = |to: Value| Trial { size: Size::Provided, path: path.clone(), to: Some(to) };
            found.push(Leaf {
                path: path.clone(),
                now: None,
                trials: values.into_iter().map(trial).collect(),
                ordered: false,
            });
        }
    }
    found
}

/// What is put where something is absent that has a form of its own: the least of its kind.
fn stand_in(path: &str, review: &Value) -> Option<Value> {
    let any = || Value::from(Digest::of(b"").as_str());
    let (parent, last) = path.rsplit_once('/')?;
    let of_artifact = parent.strip_prefix("/artifacts/").is_some_and(|at| !at.contains('/'));
    Some(match (path, last) {
        (_, "digest") if of_artifact => any(),
        (_, "sbom") if of_artifact => json!({
            "components": [],
            "format": "cyclonedx-1.6",
            "observedAt": review.pointer("/context/now")?,
            "subject": review.pointer(&format!("{parent}/digest")).cloned().unwrap_or_else(any),
            "trust": "verified",
        }),
        ("/asset/podSpec", _) => json!({"containers": []}),
        ("/asset/build" | "/asset/object", _) => json!({}),
        ("/change/author" | "/change/requestedBy", _) => json!({"id": "somebody"}),
        _ => return None,
    })
}

/// Words and numbers that conditions compare with.
#[derive(Default)]
struct Hints {
    texts: BTreeSet<String>,
    numbers: BTreeSet<i64>,
}

/// Whether a text is a word that a fact may be, and not a message or a place.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 80
        && !text.starts_with('/')
        && !text.contains(|c: char| c.is_whitespace() || c == '…')
}

impl Hints {
    fn value(&mut self, value: Option<&Value>) {
        match value {
            Some(Value::String(text)) if is_word(text) => {
                self.texts.insert(text.clone());
            }
            Some(Value::Number(number)) => self.numbers.extend(number.as_i64()),
            Some(Value::Array(items)) => items.iter().filter(|item| !item.is_object()).for_each(|item| {
                self.value(Some(item));
            }),
            _ => {}
        }
    }

    fn clause(&mut self, clause: &Clause) {
        clause
            .bodies
            .iter()
            .flat_map(|body| &body.conditions)
            .for_each(|condition| self.condition(condition));
    }

    fn condition(&mut self, condition: &Condition) {
        self.text(&condition.text);
        condition.inner.iter().for_each(|inner| self.condition(inner));
        let values = condition.samples.iter().flat_map(|sample| &sample.values);
        values.flat_map(|reading| &reading.within).for_each(|clause| self.clause(clause));
    }

    /// What is written out in a condition, but for the names of members and parts of longer texts.
    fn text(&mut self, text: &str) {
        let joined = |c: Option<char>| matches!(c, Some('+' | ':'));
        let mut quote = None;
        let mut word = String::new();
        let mut before = None;
        for (at, c) in text.char_indices() {
            match quote {
                Some(open) if c == open => {
                    let rest = text.get(at.saturating_add(1)..).unwrap_or_default();
                    let after = rest.chars().find(|c| !c.is_whitespace());
                    let found = std::mem::take(&mut word);
                    if !joined(after) && before != Some('+') && !found.contains('%') && is_word(&found) {
                        self.texts.insert(found);
                    }
                    quote = None;
                    before = Some(c);
                }
                Some(_) => word.push(c),
                None if matches!(c, '"' | '\'' | '`') => {
                    self.number(&std::mem::take(&mut word));
                    quote = Some(c);
                }
                None => {
                    if c.is_alphanumeric() || c == '_' {
                        word.push(c);
                    } else {
                        self.number(&std::mem::take(&mut word));
                    }
                    if !c.is_whitespace() {
                        before = Some(c);
                    }
                }
            }
        }
        self.number(&word);
    }

    fn number(&mut self, word: &str) {
        self.numbers.extend(word.parse::<i64>().ok());
    }
}

fn leaf(path: &str, now: Option<&Value>, size: Size, values: Vec<Value>, ordered: bool) -> Leaf {
    let mut trials: Vec<Trial> = Vec::new();
    for value in values {
        let trial = Trial { size, path: path.to_owned(), to: Some(value) };
        if trial.to.as_ref() != now && !trials.contains(&trial) && trials.len() < VALUES {
            trials.push(trial);
        }
    }
    Leaf { path: path.to_owned(), now: now.cloned(), trials, ordered }
}

fn taken(path: &str) -> Trial {
    Trial { size: Size::Removed, path: path.to_owned(), to: None }
}

fn gone(path: &str, review: &Value) -> Leaf {
    Leaf {
        path: path.to_owned(),
        now: review.pointer(path).cloned(),
        trials: vec![taken(path)],
        ordered: false,
    }
}

fn list(path: &str, items: &[Value], review: &Value, shape: &Shape, hints: &Hints) -> Leaf {
    let mut trials: Vec<Trial> = (0..items.len().min(ELEMENTS))
        .map(|at| Trial { size: Size::Element, path: format!("{path}/{at}"), to: None })
        .collect();
    // A word that is looked for in a list of words.
    let words = !items.is_empty() && items.iter().all(Value::is_string);
    if words && matches!(shape.at(path), Kind::List | Kind::Other) {
        for text in hints.texts.iter().take(VALUES) {
            let mut longer = items.to_vec();
            longer.push(Value::String(text.clone()));
            trials.push(Trial { size: Size::Value, path: path.to_owned(), to: Some(Value::Array(longer)) });
        }
    }
    trials.push(taken(path));
    Leaf { path: path.to_owned(), now: review.pointer(path).cloned(), trials, ordered: false }
}

fn scalar(path: &str, value: &Value, shape: &Shape, hints: &Hints, now: Time) -> Leaf {
    let mut found = match (shape.at(path), value) {
        (Kind::Words(words), _) => {
            leaf(path, Some(value), Size::Value, words.into_iter().map(Value::String).collect(), false)
        }
        (_, Value::Bool(truth)) => leaf(path, Some(value), Size::Value, vec![Value::Bool(!truth)], false),
        (_, Value::Number(number)) => {
            leaf(path, Some(value), Size::Value, numbers(number.as_i64(), hints), number.is_i64())
        }
        (kind, Value::String(text)) => match text.parse::<Time>() {
            Ok(time) if kind != Kind::Text => leaf(path, Some(value), Size::Value, times(&[time, now]), true),
            _ => {
                let texts = hints.texts.iter().cloned().map(Value::String).collect();
                leaf(path, Some(value), Size::Value, texts, false)
            }
        },
        _ => leaf(path, Some(value), Size::Value, Vec::new(), false),
    };
    found.trials.push(taken(path));
    found
}

fn absent(path: &str, shape: &Shape, hints: &Hints, now: Time) -> Leaf {
    let texts = || -> Vec<Value> {
        let texts: Vec<Value> = hints.texts.iter().cloned().map(Value::String).collect();
        texts.into_iter().chain([Value::String("something".to_owned())]).collect()
    };
    let values = match shape.at(path) {
        Kind::Words(words) => words.into_iter().map(Value::String).collect(),
        Kind::Truth => vec![Value::Bool(true), Value::Bool(false)],
        Kind::Number => numbers(None, hints),
        Kind::Time => times(&[now]),
        Kind::Text => texts(),
        Kind::List => vec![Value::Array(Vec::new())],
        Kind::Other => {
            let few = hints.texts.iter().take(8).cloned().map(Value::String);
            [Value::Bool(true), Value::Bool(false)]
                .into_iter()
                .chain(few)
                .chain(numbers(None, hints))
                .collect()
        }
    };
    leaf(path, None, Size::Provided, values, false)
}

/// Numbers around those that are compared with, and far away on either side.
fn numbers(here: Option<i64>, hints: &Hints) -> Vec<Value> {
    let mut found: Vec<i64> = Vec::new();
    for number in hints.numbers.iter().take(5) {
        found.extend([number.saturating_sub(1), *number, number.saturating_add(1)]);
    }
    found.extend([0, 1, 10, 100, 1_000, 1_000_000_000, -1]);
    if let Some(here) = here {
        found.extend([here.saturating_sub(1), here.saturating_add(1)]);
    }
    found.into_iter().map(Value::from).collect()
}

/// Times around others, near and far.
fn times(around: &[Time]) -> Vec<Value> {
    const HOUR: i64 = 3600;
    const DAYS: [i64; 6] = [1, 3, 8, 31, 366, 3660];
    let seconds = [HOUR].into_iter().chain(DAYS.map(|days| days.saturating_mul(24 * HOUR)));
    let mut found = Vec::new();
    for by in seconds {
        for time in around {
            for by in [by, by.saturating_neg()] {
                let moved = time.as_second().saturating_add(by);
                found.extend(Time::from_second(moved).ok().map(|time| Value::String(time.to_string())));
            }
        }
    }
    found
}

/// A value halfway between two, of numbers and times; `None` where they are next to one another.
pub(super) fn between(near: &Value, far: &Value) -> Option<Value> {
    let middle = |a: i64, b: i64| {
        let half = b.checked_sub(a)?.checked_div(2)?;
        (half != 0).then(|| a.saturating_add(half))
    };
    match (near, far) {
        (Value::Number(a), Value::Number(b)) => middle(a.as_i64()?, b.as_i64()?).map(Value::from),
        (Value::String(a), Value::String(b)) => {
            let (a, b): (Time, Time) = (a.parse().ok()?, b.parse().ok()?);
            let second = middle(a.as_second(), b.as_second())?;
            Time::from_second(second).ok().map(|time| Value::String(time.to_string()))
        }
        _ => None,
    }
}

/// A review with something put at a place, or taken from it; `None` where it cannot stand there.
pub(super) fn put(review: &Value, path: &str, to: Option<&Value>) -> Option<Value> {
    let mut edited = review.clone();
    let (parent, last) = path.rsplit_once('/')?;
    let name = last.replace("~1", "/").replace("~0", "~");
    if to.is_some() {
        make(&mut edited, parent)?;
    }
    match (edited.pointer_mut(parent)?, to) {
        (Value::Object(members), Some(to)) => drop(members.insert(name, to.clone())),
        (Value::Object(members), None) => drop(members.remove(&name)?),
        (Value::Array(items), to) => {
            let at: usize = name.parse().ok()?;
            match to {
                Some(to) => *items.get_mut(at)? = to.clone(),
                None if at < items.len() => drop(items.remove(at)),
                None => return None,
            }
        }
        _ => return None,
    }
    // What is said to be unknown and is there now was not said of this one.
    let fact = path.trim_start_matches('/').replace('/', ".");
    if let Some(Value::Array(unknown)) = edited.get_mut("unknown").filter(|_| to.is_some()) {
        let last = fact.rsplit('.').next().unwrap_or_default();
        unknown.retain(|one| {
            let name = one.get("fact").and_then(Value::as_str).unwrap_or_default();
            let named = name.rsplit('.').next().unwrap_or_default();
            name != fact && named != last && named.strip_suffix('s') != Some(last)
        });
    }
    Some(edited)
}

/// Makes mappings up to a place.
fn make(root: &mut Value, path: &str) -> Option<()> {
    let mut at = root;
    for part in path.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        at = match at {
            Value::Object(members) => {
                members.entry(name).or_insert_with(|| Value::Object(serde_json::Map::new()))
            }
            Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(())
}

/// How far a version moves is told by a word; this is in the order of the words.
pub(super) fn distance(from: Option<&Value>, to: Option<&Value>) -> u64 {
    let word = |value: Option<&Value>| {
        value.and_then(|value| serde_json::from_value::<UpdateType>(value.clone()).ok())
    };
    match (from, to) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.abs_diff(b),
            _ => u64::MAX,
        },
        (Some(Value::String(a)), Some(Value::String(b))) => match (a.parse::<Time>(), b.parse::<Time>()) {
            (Ok(a), Ok(b)) => a.as_second().abs_diff(b.as_second()),
            _ => match (word(from), word(to)) {
                (Some(a), Some(b)) => {
                    let rank = |kind: UpdateType| kind as i64;
                    rank(a).abs_diff(rank(b))
                }
                _ => 1,
            },
        },
        _ => 1,
    }
}
