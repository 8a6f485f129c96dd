//! Reads policies in both languages once, and notes what they ask for: members of the review and of the
//! settings, comparisons, patterns, roles. Lints judge these notes, whatever language they are from.

mod cel;
mod rego;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::Subject;
use crate::diag::Source;
use crate::model::finding::Effect;
use crate::policy::Language;
use crate::policy::shape::Place;

pub(super) use value::{Value, Word};

/// What policies were seen to ask for.
#[derive(Default)]
pub(super) struct Reading {
    /// Definitions in Rego; variables, conditions and rules in CEL.
    pub(super) parts: Vec<Part>,
    /// By rule of the bundle, the parts that it begins with.
    pub(super) rules: Vec<Vec<usize>>,
}

/// A part of a policy.
pub(super) struct Part {
    pub(super) source: Arc<Source>,
    /// What it is called, where it has a name.
    pub(super) head: Range<usize>,
    pub(super) language: Language,
    pub(super) notes: Notes,
}

/// What a part asks for.
#[derive(Default)]
pub(super) struct Notes {
    /// Members of the review and of the settings, by their paths, and where.
    pub(super) reads: Vec<(String, Range<usize>)>,
    /// The same of Kubernetes' own places.
    pub(super) foreign: Vec<(String, String, Range<usize>)>,
    /// Members that are not there: what to say, what to write, and where.
    pub(super) unknown: Vec<(String, String, Range<usize>)>,
    /// What is asked of `data` and nobody gives.
    pub(super) absent: Vec<(String, String, Range<usize>)>,
    /// Places that are compared with a text.
    pub(super) compared: Vec<(Place, Word)>,
    /// Texts that are compared with, or looked for in, a member by its name.
    pub(super) asked: Vec<Asked>,
    /// Names of members that are asked of what is not known.
    pub(super) loose: BTreeSet<String>,
    /// Findings that are given.
    pub(super) yields: Vec<Yield>,
    /// Roles whose approval is asked for.
    pub(super) roles: Vec<Word>,
    /// Conditions that hold always or never.
    pub(super) constant: Vec<(bool, Range<usize>)>,
    /// Variables that are assigned and not used.
    pub(super) unused: Vec<(String, Range<usize>)>,
    /// Names that hide others: what is called so, what it hides, and where.
    pub(super) hiding: Vec<(String, &'static str, Range<usize>)>,
    /// Parts that it uses.
    pub(super) uses: BTreeSet<usize>,
}

/// A finding that a definition in Rego gives.
pub(super) struct Yield {
    pub(super) effect: Effect,
    pub(super) value: Value,
    /// Whether all of its members are known.
    pub(super) whole: bool,
    /// Whether it is about a review.
    pub(super) review: bool,
    pub(super) span: Range<usize>,
}

/// A question that a policy asks of a member: equal to, matches, begins with.
pub(super) struct Asked {
    /// The member's name.
    pub(super) member: String,
    pub(super) how: How,
    /// What it is held against, where that is written out.
    pub(super) word: Option<Word>,
    pub(super) span: Range<usize>,
}

/// How a member is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Equal,
    /// By a regular expression.
    Matches,
    /// By a glob.
    Glob,
    Begins,
    Ends,
    Contains,
}

impl Reading {
    /// Reads all policies of a bundle.
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let mut reading = Self { parts: Vec::new(), rules: vec![Vec::new(); subject.bundle.rules.len()] };
        rego::read(subject, &mut reading);
        cel::read(subject, &mut reading);
        reading
    }

    /// The parts of a rule, with all that they use.
    pub(super) fn reach(&self, rule: usize) -> Vec<&Part> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = self.rules.get(rule).cloned().unwrap_or_default();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(self.parts.get(at).iter().flat_map(|part| &part.notes.uses));
            }
        }
        seen.into_iter().filter_map(|at| self.parts.get(at)).collect()
    }
}

impl Notes {
    /// The value of a member, noted.
    fn member(&mut self, value: &Value, name: &str, span: &Range<usize>) -> Value {
        match value {
            Value::Place(place) | Value::Either(place, _) => match place.member(name) {
                Ok(Some(next)) => {
                    self.reads.push((next.path.clone(), span.clone()));
                    Value::Place(next)
                }
                Ok(None) => Value::Any,
                Err((message, hint)) => {
                    let list = if place.is_foreign() { &mut self.foreign } else { &mut self.unknown };
                    list.push((message, hint, span.clone()));
                    Value::Any
                }
            },
            Value::Object(members) => members.get(name).cloned().unwrap_or(Value::Any),
            Value::Nothing => Value::Nothing,
            Value::Any | Value::Data(_) | Value::Text(_) | Value::List(_) => {
                self.loose.insert(name.to_owned());
                Value::Any
            }
        }
    }

    /// What stands in a value, noted.
    fn element(&mut self, value: &Value, span: &Range<usize>) -> Value {
        let element = value.element();
        if let (Some((from, _)), Value::Any) = (value.place(), &element) {
            self.reads.push((format!("{}[*]", from.path), span.clone()));
        }
        element
    }

    /// Notes that two values are held against each other.
    fn compare(&mut self, a: &Value, b: &Value) {
        for (place, words) in [(a, b), (b, a)] {
            if let (Some((place, instead)), Value::Text(words)) = (place.place(), words) {
                let words = words.iter().filter(|word| !instead.contains(&word.text));
                self.compared.extend(words.map(|word| (place.clone(), word.clone())));
            }
        }
    }

    /// Notes that a member is asked about texts: the one that the value comes from, else the one by whose
    /// name it is asked. What stands in where there is none is no text of the member.
    fn ask(&mut self, of: &Value, name: Option<String>, how: How, words: &Value, span: &Range<usize>) {
        let (own, instead) = match of.place() {
            Some((place, instead)) => {
                let name = place.path.rsplit('.').next().map(|name| name.trim_end_matches("[]").to_owned());
                (name, instead)
            }
            None => (None, &[] as &[String]),
        };
        let Some(member) = own.or(name) else { return };
        match words {
            Value::Text(words) => {
                let words = words.iter().filter(|word| how != How::Equal || !instead.contains(&word.text));
                self.asked.extend(words.map(|word| Asked {
                    member: member.clone(),
                    how,
                    word: Some(word.clone()),
                    span: span.clone(),
                }));
            }
            _ => self.asked.push(Asked { member, how, word: None, span: span.clone() }),
        }
    }

    /// Notes the role of `{"approval": {"role": …}}`, given what stands under a key.
    fn approval(&mut self, key: &str, value: &Value) {
        if let ("approval", Value::Object(members)) = (key, value)
            && let Some(Value::Text(words)) = members.get("role")
        {
            self.roles.extend(words.iter().cloned());
        }
    }
}

/// A map of names to values that knows in which scope each was given.
type Names = BTreeMap<String, Value>;
