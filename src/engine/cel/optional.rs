//! Members and elements that may be missing.
//!
//! The crate takes every failure of `value.?member` and `value[?index]` for a member that is missing:
//! a list that is asked for a name, a mapping that is asked for a list. Here what cannot be asked for
//! is an error, so that the default of an `orValue` never stands for it.

use cel::ExecutionError;
use cel::common::types::{CelBool, CelOptional, Kind};
use cel::common::value::{CowVal, Val};

use super::map::KeyRef;
use super::ours::{Args, Out, failed};
use super::value;

/// What is asked, and whether it came as an optional value; `None` for one without a value.
fn opened<'b, 'v>(value: CowVal<'b, 'v>) -> Result<(Option<CowVal<'b, 'v>>, bool), ExecutionError> {
    if value.get_type().kind() != Kind::Opaque {
        return Ok((Some(value), false));
    }
    let Some(optional) = value.downcast_ref::<CelOptional<'_>>() else { return Ok((Some(value), false)) };
    let inner = optional.option().map(value::copy).transpose()?;
    Ok((inner.map(CowVal::Owned), true))
}

fn get<'b, 'v>(value: CowVal<'b, 'v>, key: &dyn Val) -> Out<'b, 'v> {
    let none = || match value.get_type().kind() {
        Kind::Map => ExecutionError::no_such_key(""),
        _ => {
            let types = vec![value.get_type().name().to_owned(), key.get_type().name().to_owned()];
            let operator = if key.get_type().kind() == Kind::String { "_._" } else { "_[_]" };
            ExecutionError::no_such_overload(operator, types)
        }
    };
    match value {
        CowVal::Borrowed(value) => value.as_indexer().ok_or_else(none)?.get(key),
        CowVal::Owned(ref owned) => {
            let found = owned.as_indexer().ok_or_else(none)?.get(key)?;
            Ok(CowVal::Owned(found.into_owned()))
        }
    }
}

fn pair<'b, 'v>(args: Args<'b, 'v>) -> Result<(CowVal<'b, 'v>, CowVal<'b, 'v>), ExecutionError> {
    let mut args = args.into_iter();
    match (args.next(), args.next()) {
        (Some(value), Some(key)) => Ok((value, key)),
        _ => Err(ExecutionError::MissingArgumentOrTarget),
    }
}

/// What is missing is no value; any other failure stays one.
fn maybe<'b, 'v>(found: Out<'b, 'v>) -> Out<'b, 'v> {
    match found {
        Ok(found) => Ok(CowVal::owned(CelOptional::of(value::copy(found.as_ref())?))),
        Err(ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_)) => {
            Ok(CowVal::owned(CelOptional::none()))
        }
        Err(error) => Err(error),
    }
}

/// `@at(value, key)`: `value.key` or `value[key]`, of a value that may be optional.
pub(super) fn at<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (value, key) = pair(args)?;
    match opened(value)? {
        (None, _) => Ok(CowVal::owned(CelOptional::none())),
        (Some(value), false) => get(value, key.as_ref()),
        (Some(value), true) => maybe(get(value, key.as_ref())),
    }
}

/// `@optionalAt(value, key)`: `value.?key` or `value[?key]`.
pub(super) fn optional_at<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (value, key) = pair(args)?;
    let Some(value) = opened(value)?.0 else { return Ok(CowVal::owned(CelOptional::none())) };
    // As in cel-go, a value without members has none; but a type is no value, and what is no key is one nowhere.
    let plain = value.as_indexer().is_none() && value.get_type().kind() != Kind::Type;
    if plain && KeyRef::of(key.as_ref()).is_some() {
        return Ok(CowVal::owned(CelOptional::none()));
    }
    maybe(get(value, key.as_ref()))
}

/// `@has(value, key)`: `has(value.key)`, of a value that may be optional.
pub(super) fn has<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (value, key) = pair(args)?;
    let found = match opened(value)?.0 {
        Some(value) => match get(value, key.as_ref()) {
            Ok(_) => true,
            Err(ExecutionError::NoSuchKey(_)) => false,
            Err(error) => return Err(error),
        },
        None => false,
    };
    Ok(CowVal::owned(CelBool::from(found)))
}

/// `@optional(x)`: what stands behind the `?` of a list or mapping.
pub(super) fn optional<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = args.into_iter().next_back().ok_or(ExecutionError::MissingArgumentOrTarget)?;
    if value.downcast_ref::<CelOptional<'_>>().is_some() {
        return Ok(value);
    }
    let found = super::words::type_words(value.get_type().name());
    Err(failed("@value", format!("`?` stands before {found}, which is not an optional value")))
}
