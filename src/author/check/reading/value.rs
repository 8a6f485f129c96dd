//! What is known of a value before any change is judged: where in a review or in the settings it comes
//! from, or which texts it can be. What is said is true of every evaluation; where that cannot be
//! told, it is [`Value::Any`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diag::Source;
use crate::policy::shape::Place;

/// A text that is written out, and where.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::author::check) struct Word {
    pub(in crate::author::check) text: String,
    pub(in crate::author::check) source: Arc<Source>,
    pub(in crate::author::check) span: Range<usize>,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::author::check) enum Value {
    /// There is none yet: an empty list has it as its element.
    Nothing,
    /// Anything.
    Any,
    /// What stands at a place of a review or of the settings.
    Place(Place),
    /// That, or one of these texts.
    Either(Place, Vec<String>),
    /// What stands below `data`, by its path.
    Data(Vec<String>),
    /// One of some texts.
    Text(Vec<Word>),
    /// A list, set or mapping, by what stands in it.
    List(Box<Value>),
    /// An object with these members.
    Object(BTreeMap<String, Value>),
}

/// How much is kept of a value that a policy makes; of what is larger nothing is known.
const MAX_PARTS: usize = 500;

impl Value {
    /// A list of one kind of thing.
    pub(in crate::author::check) fn list(element: Self) -> Self {
        if element.parts(0) > MAX_PARTS { Self::Any } else { Self::List(Box::new(element)) }
    }

    /// An object, no larger than is kept.
    pub(in crate::author::check) fn object(members: BTreeMap<String, Self>) -> Self {
        let value = Self::Object(members);
        if value.parts(0) > MAX_PARTS { Self::Any } else { value }
    }

    /// How many parts it has, counted up to the limit.
    fn parts(&self, before: usize) -> usize {
        let before = before.saturating_add(1);
        match self {
            _ if before > MAX_PARTS => before,
            Self::List(element) => element.parts(before),
            Self::Object(members) => members.values().fold(before, |sum, member| member.parts(sum)),
            Self::Text(words) => before.saturating_add(words.len()),
            Self::Either(_, words) => before.saturating_add(words.len()),
            _ => before,
        }
    }

    /// What is true of both.
    pub(in crate::author::check) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) | (other, Self::Nothing) => other,
            (Self::Place(a), Self::Place(b)) if a == b => Self::Place(a),
            (Self::Place(place), Self::Text(words)) | (Self::Text(words), Self::Place(place)) => {
                Self::either(place, Vec::new(), words.into_iter().map(|word| word.text))
            }
            (Self::Either(place, known), Self::Text(words))
            | (Self::Text(words), Self::Either(place, known)) => {
                Self::either(place, known, words.into_iter().map(|word| word.text))
            }
            (Self::Either(a, known), Self::Place(b)) | (Self::Place(b), Self::Either(a, known)) if a == b => {
                Self::Either(a, known)
            }
            (Self::Either(a, known), Self::Either(b, more)) if a == b => Self::either(a, known, more),
            (Self::Text(mut a), Self::Text(b)) => {
                a.extend(b);
                if a.len() > MAX_PARTS { Self::Any } else { Self::Text(a) }
            }
            (Self::List(a), Self::List(b)) => Self::list(a.join(*b)),
            (Self::Object(a), Self::Object(mut b)) => {
                let both = a.into_iter().filter_map(|(name, value)| {
                    let other = b.remove(&name)?;
                    Some((name, value.join(other)))
                });
                Self::object(both.collect())
            }
            (a, b) if a == b => a,
            _ => Self::Any,
        }
    }

    /// What stands in a list, set or mapping, or is one of what is looked up in it.
    pub(in crate::author::check) fn element(&self) -> Self {
        match self {
            Self::Place(place) | Self::Either(place, _) => place.element().map_or(Self::Any, Self::Place),
            Self::List(element) => (**element).clone(),
            Self::Object(members) => members.values().cloned().reduce(Self::join).unwrap_or(Self::Nothing),
            Self::Nothing => Self::Nothing,
            _ => Self::Any,
        }
    }

    /// A place, or one of some texts, each once.
    fn either(place: Place, mut words: Vec<String>, more: impl IntoIterator<Item = String>) -> Self {
        for word in more {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.sort();
        if words.len() > MAX_PARTS { Self::Any } else { Self::Either(place, words) }
    }

    /// The place that it comes from, and the texts that it may be instead.
    pub(in crate::author::check) fn place(&self) -> Option<(&Place, &[String])> {
        match self {
            Self::Place(place) => Some((place, &[])),
            Self::Either(place, words) => Some((place, words)),
            _ => None,
        }
    }

    /// It, or what stands in where there is none: a list or mapping that is empty adds nothing to what is
    /// known.
    pub(in crate::author::check) fn or_empty(self, other: &Self) -> Self {
        let empty = match other {
            Self::List(inner) => **inner == Self::Nothing,
            Self::Object(members) => members.is_empty(),
            _ => false,
        };
        match (&self, empty) {
            (Self::Place(_) | Self::Either(..), true) => self,
            _ => self.join(other.clone()),
        }
    }
}
