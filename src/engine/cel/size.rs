//! What values take, and what going through them costs.

use cel::ExecutionError;
use cel::common::types::{CelBytes, CelOptional, CelString, Kind};
use cel::common::value::Val;

use super::list::List;
use super::meter;

/// What an element of a list costs: a pointer, and the value that it points to.
pub(super) const SLOT: usize = 48;

/// How much there is to go through in a value, without going through it: text in sixteens.
pub(super) fn extent(value: &dyn Val) -> usize {
    match value.get_type().kind() {
        Kind::String => value.downcast_ref::<CelString<'_>>().map_or(0, |text| text.inner().len() >> 4),
        Kind::Bytes => value.downcast_ref::<CelBytes<'_>>().map_or(0, |bytes| bytes.inner().len() >> 4),
        Kind::List => value.downcast_ref::<List>().map_or(0, |list| list.0.len()),
        Kind::Opaque => value.downcast_ref::<CelOptional<'_>>().and_then(|o| o.option()).map_or(0, extent),
        _ => 0,
    }
}

/// Spends a comparison with a value.
pub(super) fn compare(value: &dyn Val) -> Result<(), ExecutionError> {
    meter::steps(extent(value).saturating_add(1))
}

/// Spends what a text or a run of bytes takes; refuses one that is too long.
pub(super) fn sized(length: usize) -> Result<(), ExecutionError> {
    if length > meter::longest_text() {
        return Err(meter::too_large());
    }
    meter::bytes(length)
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
