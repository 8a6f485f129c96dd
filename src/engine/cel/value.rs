//! The way between JSON, the crate's values and ours.
//!
//! Every list and mapping that an expression can see is one of ours: the review and data are built
//! so, and [`own`] turns what functions return into them.

use std::sync::Arc;

use cel::ExecutionError;
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelNull, CelOptional, CelString,
    CelTimestamp, CelType, CelUInt, Kind,
};
use cel::common::value::{CowVal, StaticVal, Val};
use serde_json::Value as Json;

use super::list::List;
use super::map::{KeyRef, Map};
use super::meter;
use super::size::{SLOT, keep, sized};

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
