//! Mappings that are cheap to copy, and whose keys stand in order.
//!
//! Going through a mapping of the crate gives its keys in an order that changes from run to run;
//! going through one of these gives the same result every time.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{self, Container, Indexer, Iterable, Sizer, Zeroer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelString, CelUInt, Kind, MAP_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};

use super::size;

static MAP: Type = MAP_TYPE;

/// A key of a mapping; a number is the same key whatever its type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyRef<'a> {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Text(&'a str),
}

impl<'a> KeyRef<'a> {
    pub(super) fn of(value: &'a dyn Val) -> Option<Self> {
        Some(match value.get_type().kind() {
            Kind::String => Self::Text(value.downcast_ref::<CelString<'_>>()?.inner()),
            Kind::Int => Self::Int(*value.downcast_ref::<CelInt>()?.inner()),
            Kind::UInt => {
                let number = *value.downcast_ref::<CelUInt>()?.inner();
                i64::try_from(number).map_or(Self::UInt(number), Self::Int)
            }
            Kind::Boolean => Self::Bool(*value.downcast_ref::<CelBool>()?.inner()),
            Kind::Double => {
                let number = *value.downcast_ref::<CelDouble>()?.inner();
                // Beyond 2^53 a double no longer names one whole number.
                if number.fract() != 0.0 || number.abs() > 9_007_199_254_740_992.0 {
                    return None;
                }
                Self::Int(format!("{number:.0}").parse().ok()?)
            }
            _ => return None,
        })
    }
}

/// A key and its value.
pub(super) type Entry = (Box<dyn Val>, Box<dyn Val>);

/// A shared mapping, sorted by key.
#[derive(Clone)]
pub(super) struct Map(pub(super) Arc<Vec<Entry>>);

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map({})", self.0.len())
    }
}

impl Map {
    pub(super) fn from_entries(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|(a, _), (b, _)| KeyRef::of(&**a).cmp(&KeyRef::of(&**b)));
        Self(Arc::new(entries))
    }

    fn find(&self, key: &dyn Val) -> Option<&(dyn Val + 'static)> {
        let key = KeyRef::of(key)?;
        let at = self
            .0
            .binary_search_by(|(other, _)| KeyRef::of(&**other).map_or(Ordering::Less, |o| o.cmp(&key)))
            .ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }
}

impl Val for Map {
    fn get_type(&self) -> &Type {
        &MAP
    }

    fn cel_type() -> &'static Type {
        &MAP
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| {
            self.0.len() == other.0.len()
                && self.0.iter().all(|(key, value)| {
                    size::compare(&**value).is_ok()
                        && other.find(&**key).is_some_and(|found| value.equals(found))
                })
        })
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Map {}

impl Container for Map {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.find(value).is_some())
    }
}

impl Indexer for Map {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.find(key).map(CowVal::Borrowed).ok_or_else(|| no_such_key(key))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

fn no_such_key(key: &dyn Val) -> ExecutionError {
    let words = match KeyRef::of(key) {
        Some(KeyRef::Text(text)) => text.chars().take(80).collect(),
        Some(KeyRef::Int(number)) => number.to_string(),
        Some(KeyRef::UInt(number)) => number.to_string(),
        Some(KeyRef::Bool(value)) => value.to_string(),
        None => {
            let types = vec!["map".to_owned(), key.get_type().name().to_owned()];
            return ExecutionError::no_such_overload("_[_]", types);
        }
    };
    ExecutionError::NoSuchKey(Arc::new(words))
}

struct Keys<'b>(std::slice::Iter<'b, Entry>);

impl<'b, 'v> traits::Iterator<'b, 'v> for Keys<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|(key, _)| &**key as &(dyn Val + 'v))
    }
}

impl Iterable for Map {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Keys(self.0.iter()))
    }
}

impl Sizer for Map {
    fn size(&self) -> CelInt {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX).into()
    }
}

impl Zeroer for Map {
    fn is_zero_value(&self) -> bool {
        self.0.is_empty()
    }
}
