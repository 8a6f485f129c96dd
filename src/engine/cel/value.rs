//! Lists and mappings that are cheap to copy, and the way between JSON and CEL values.
//!
//! The crate's own containers are copied whole wherever a value is bound, returned or put into
//! another; ours share what they hold. A mapping keeps its keys in order, so that going through
//! them gives the same result every time. Every list and mapping that an expression can see is one
//! of these: the review and data are built so, and [`own`] turns what functions return into them.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{self, Adder, Container, Indexer, Iterable, Sizer, Zeroer};
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelNull, CelOptional, CelString,
    CelTimestamp, CelType, CelUInt, Kind, LIST_TYPE, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use serde_json::Value as Json;

use super::meter;

/// What an element of a list costs: a pointer, and the value that it points to.
pub(super) const SLOT: usize = 48;

static LIST: Type = LIST_TYPE;
static MAP: Type = MAP_TYPE;

/// A shared list.
#[derive(Clone)]
pub(super) struct List(pub(super) Arc<Vec<Box<dyn Val>>>);

// What is shared many times would be printed as often: only the length is shown.
impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list({})", self.0.len())
    }
}

impl Val for List {
    fn get_type(&self) -> &Type {
        &LIST
    }

    fn cel_type() -> &'static Type {
        &LIST
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
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
        // What is shared many times is compared as often: each comparison is a step.
        other.downcast_ref::<Self>().is_some_and(|other| {
            self.0.len() == other.0.len()
                && self.0.iter().zip(other.0.iter()).all(|(a, b)| meter::steps(1).is_ok() && a.equals(&**b))
        })
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for List {}

impl Adder for List {
    fn add<'b, 'v>(&'b self, rhs: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(other) = rhs.downcast_ref::<Self>() else {
            let types = vec!["list".to_owned(), rhs.get_type().name().to_owned()];
            return Err(ExecutionError::no_such_overload("_+_", types));
        };
        let length = self.0.len().saturating_add(other.0.len());
        meter::bytes(length.saturating_mul(SLOT))?;
        let mut items = Vec::with_capacity(length);
        for item in self.0.iter().chain(other.0.iter()) {
            items.push(copy(&**item)?);
        }
        Ok(CowVal::owned(Self(Arc::new(items))))
    }
}

impl Container for List {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        for item in self.0.iter() {
            meter::steps(1)?;
            if item.equals(value) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Indexer for List {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let number = match KeyRef::of(index) {
            Some(KeyRef::Int(number)) => number,
            Some(KeyRef::UInt(_)) => i64::MAX,
            _ => {
                let types = vec!["list".to_owned(), index.get_type().name().to_owned()];
                return Err(ExecutionError::no_such_overload("_[_]", types));
            }
        };
        match usize::try_from(number).ok().and_then(|at| self.0.get(at)) {
            Some(item) => Ok(CowVal::Borrowed(&**item)),
            None => Err(ExecutionError::IndexOutOfBounds(cel::Value::Int(number))),
        }
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

struct Items<'b>(std::slice::Iter<'b, Box<dyn Val>>);

impl<'b, 'v> traits::Iterator<'b, 'v> for Items<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|item| &**item as &(dyn Val + 'v))
    }
}

impl Iterable for List {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Items(self.0.iter()))
    }
}

impl Sizer for List {
    fn size(&self) -> CelInt {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX).into()
    }
}

impl Zeroer for List {
    fn is_zero_value(&self) -> bool {
        self.0.is_empty()
    }
}

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

/// A shared mapping, sorted by key.
#[derive(Clone)]
pub(super) struct Map(pub(super) Arc<Vec<(Box<dyn Val>, Box<dyn Val>)>>);

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map({})", self.0.len())
    }
}

impl Map {
    fn from_entries(mut entries: Vec<(Box<dyn Val>, Box<dyn Val>)>) -> Self {
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
                    meter::steps(1).is_ok() && other.find(&**key).is_some_and(|found| value.equals(found))
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

struct Keys<'b>(std::slice::Iter<'b, (Box<dyn Val>, Box<dyn Val>)>);

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

/// A copy that borrows nothing, with the crate's containers turned into ours. Spends what is copied.
pub(super) fn copy(value: &dyn Val) -> Result<Box<dyn Val>, ExecutionError> {
    fn plain<T: StaticVal + Clone>(value: &dyn Val) -> Option<Box<dyn Val>> {
        value.downcast_ref::<T>().map(|value| Box::new(value.clone()) as Box<dyn Val>)
    }
    let copied = match value.get_type().kind() {
        Kind::Boolean => plain::<CelBool>(value),
        Kind::Int => plain::<CelInt>(value),
        Kind::UInt => plain::<CelUInt>(value),
        Kind::Double => plain::<CelDouble>(value),
        Kind::NullType => Some(Box::new(CelNull) as Box<dyn Val>),
        Kind::Timestamp => plain::<CelTimestamp>(value),
        Kind::Duration => plain::<CelDuration>(value),
        Kind::Type => plain::<CelType>(value),
        Kind::String => match value.downcast_ref::<CelString<'_>>() {
            Some(text) => {
                sized(text.inner().len())?;
                Some(Box::new(CelString::from(text.inner().to_owned())) as Box<dyn Val>)
            }
            None => None,
        },
        Kind::Bytes => match value.downcast_ref::<CelBytes<'_>>() {
            Some(bytes) => {
                sized(bytes.inner().len())?;
                Some(Box::new(CelBytes::from(bytes.inner().to_vec())) as Box<dyn Val>)
            }
            None => None,
        },
        Kind::List => match value.downcast_ref::<List>() {
            Some(list) => Some(Box::new(list.clone()) as Box<dyn Val>),
            None => {
                let Some(list) = value.downcast_ref::<CelList<'_>>() else { return Err(unusable(value)) };
                meter::bytes(list.inner().len().saturating_mul(SLOT))?;
                let items = list.inner().iter().map(|item| copy(&**item)).collect::<Result<_, _>>()?;
                Some(Box::new(List(Arc::new(items))) as Box<dyn Val>)
            }
        },
        Kind::Map => match value.downcast_ref::<Map>() {
            Some(map) => Some(Box::new(map.clone()) as Box<dyn Val>),
            None => {
                let Some(map) = value.downcast_ref::<CelMap<'_>>() else { return Err(unusable(value)) };
                meter::bytes(map.inner().len().saturating_mul(SLOT).saturating_mul(2))?;
                let mut entries = Vec::with_capacity(map.inner().len());
                for (key, value) in map.inner() {
                    entries.push((copy(key.inner())?, copy(&**value)?));
                }
                Some(Box::new(Map::from_entries(entries)) as Box<dyn Val>)
            }
        },
        Kind::Opaque => match value.downcast_ref::<CelOptional<'_>>() {
            Some(optional) => Some(Box::new(match optional.option() {
                Some(inner) => CelOptional::of(copy(inner)?),
                None => CelOptional::none(),
            }) as Box<dyn Val>),
            None => None,
        },
        _ => None,
    };
    copied.ok_or_else(|| unusable(value))
}

/// Spends what a text or a run of bytes takes; refuses one that is too long.
pub(super) fn sized(length: usize) -> Result<(), ExecutionError> {
    if length > meter::longest_text() {
        return Err(meter::too_large());
    }
    meter::bytes(length)
}

fn unusable(value: &dyn Val) -> ExecutionError {
    ExecutionError::function_error("@value", format!("a value of type {}", value.get_type().name()))
}

/// Makes what a function or literal gave our own: containers ours, sizes spent.
pub(super) fn own<'b, 'v>(value: CowVal<'b, 'v>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    match value.get_type().kind() {
        Kind::List if value.downcast_ref::<List>().is_none() => Ok(CowVal::Owned(copy(value.as_ref())?)),
        Kind::Map if value.downcast_ref::<Map>().is_none() => Ok(CowVal::Owned(copy(value.as_ref())?)),
        Kind::String => {
            sized(value.downcast_ref::<CelString<'_>>().map_or(0, |text| text.inner().len()))?;
            Ok(value)
        }
        Kind::Bytes => {
            sized(value.downcast_ref::<CelBytes<'_>>().map_or(0, |bytes| bytes.inner().len()))?;
            Ok(value)
        }
        Kind::Opaque => {
            if let Some(inner) = value.downcast_ref::<CelOptional<'_>>().and_then(|o| o.option()) {
                keep(inner)?;
            }
            Ok(value)
        }
        _ => Ok(value),
    }
}

/// Spends what a value takes where it is about to be copied into something.
pub(super) fn keep(value: &dyn Val) -> Result<(), ExecutionError> {
    match value.get_type().kind() {
        Kind::String => {
            meter::bytes(value.downcast_ref::<CelString<'_>>().map_or(0, |text| text.inner().len()))
        }
        Kind::Bytes => {
            meter::bytes(value.downcast_ref::<CelBytes<'_>>().map_or(0, |bytes| bytes.inner().len()))
        }
        _ => meter::bytes(SLOT),
    }
}

/// A CEL value of JSON: whole numbers are `int`, never `uint`.
pub(super) fn from_json(json: &Json) -> Box<dyn Val> {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(value) => Box::new(CelBool::from(*value)),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Box::new(CelInt::from(whole)),
            (None, Some(number)) => Box::new(CelDouble::from(number)),
            (None, None) => Box::new(CelString::from(number.to_string())),
        },
        Json::String(text) => Box::new(CelString::from(text.clone())),
        Json::Array(items) => Box::new(List(Arc::new(items.iter().map(from_json).collect()))),
        Json::Object(members) => Box::new(Map::from_entries(
            members
                .iter()
                .map(|(key, value)| {
                    (Box::new(CelString::from(key.clone())) as Box<dyn Val>, from_json(value))
                })
                .collect(),
        )),
    }
}

/// JSON of a CEL value. Spends a step and its size for every part.
///
/// # Errors
/// JSON has no such value.
pub(super) fn to_json(value: &dyn Val) -> Result<Json, ExecutionError> {
    meter::bytes(SLOT)?;
    let unusable = || unusable(value);
    Ok(match value.get_type().kind() {
        Kind::NullType => Json::Null,
        Kind::Boolean => Json::Bool(*value.downcast_ref::<CelBool>().ok_or_else(unusable)?.inner()),
        Kind::Int => Json::from(*value.downcast_ref::<CelInt>().ok_or_else(unusable)?.inner()),
        Kind::UInt => Json::from(*value.downcast_ref::<CelUInt>().ok_or_else(unusable)?.inner()),
        Kind::Double => {
            let number = *value.downcast_ref::<CelDouble>().ok_or_else(unusable)?.inner();
            serde_json::Number::from_f64(number).map(Json::Number).ok_or_else(unusable)?
        }
        Kind::String => {
            let text = value.downcast_ref::<CelString<'_>>().ok_or_else(unusable)?.inner();
            meter::bytes(text.len())?;
            Json::String(text.to_owned())
        }
        Kind::Timestamp => {
            Json::String(time_text(value.downcast_ref::<CelTimestamp>().ok_or_else(unusable)?))
        }
        Kind::List => {
            let list = value.downcast_ref::<List>().ok_or_else(unusable)?;
            Json::Array(list.0.iter().map(|item| to_json(&**item)).collect::<Result<_, _>>()?)
        }
        Kind::Map => {
            let map = value.downcast_ref::<Map>().ok_or_else(unusable)?;
            let mut members = serde_json::Map::new();
            for (key, value) in map.0.iter() {
                let Some(KeyRef::Text(key)) = KeyRef::of(&**key) else { return Err(unusable()) };
                meter::bytes(key.len())?;
                members.insert(key.to_owned(), to_json(&**value)?);
            }
            Json::Object(members)
        }
        _ => return Err(unusable()),
    })
}

/// A time as RFC 3339 in UTC.
fn time_text(time: &CelTimestamp) -> String {
    let time = time.inner();
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0);
    jiff::Timestamp::new(time.timestamp(), nanos).map_or_else(|_| time.to_rfc3339(), |time| time.to_string())
}
