//! Functions of ours: those that count, and those in place of the crate's without a bound.
//!
//! What makes something large from something small, or takes more than one pass over its argument,
//! counts what it will do before it does it.

use std::sync::Arc;

use cel::ExecutionError;
use cel::common::types::{CelInt, CelString, Kind};
use cel::common::value::{CowVal, Val};

use super::list::List;
use super::map::Map;
use super::meter;
use super::size::{self, SLOT, extent};
use super::value;

pub(super) type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
pub(super) type Out<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

pub(super) fn failed(function: &str, message: impl ToString) -> ExecutionError {
    ExecutionError::function_error(function, message)
}

pub(super) fn text<'b>(args: &'b Args<'_, '_>, at: usize) -> &'b str {
    args.get(at).and_then(|arg| arg.downcast_ref::<CelString<'_>>()).map_or("", |text| text.inner())
}

fn int(args: &Args<'_, '_>, at: usize) -> Option<i64> {
    args.get(at)?.downcast_ref::<CelInt>().map(|number| *number.inner())
}

fn list<'b>(args: &'b Args<'_, '_>) -> Result<&'b [Box<dyn Val>], ExecutionError> {
    let list = args.first().and_then(|arg| arg.downcast_ref::<List>());
    list.map(|list| list.0.as_slice()).ok_or_else(|| failed("@value", "not a list"))
}

fn last<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    args.into_iter().next_back().ok_or(ExecutionError::MissingArgumentOrTarget)
}

fn made<'b, 'v>(text: String) -> Out<'b, 'v> {
    Ok(CowVal::owned(CelString::from(text)))
}

fn listed<'b, 'v>(items: Vec<Box<dyn Val>>) -> Out<'b, 'v> {
    Ok(CowVal::owned(List(Arc::new(items))))
}

/// `@tick(weight, x)`: a turn of a loop.
pub(super) fn tick<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    meter::steps(int(&args, 0).and_then(|weight| usize::try_from(weight).ok()).unwrap_or(1))?;
    last(args)
}

/// `@keep(weight, x)`: a turn of a loop whose value is kept.
pub(super) fn keep<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = tick(args)?;
    size::keep(value.as_ref())?;
    Ok(value)
}

/// `@own(x)`: what a literal, a loop or a function made.
pub(super) fn own<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    value::own(last(args)?)
}

/// `@pass(x)`: what a function is about to go through once.
pub(super) fn pass<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = last(args)?;
    meter::steps(extent(value.as_ref()))?;
    Ok(value)
}

/// `@sorted(x)`: what is about to be sorted.
pub(super) fn sorted<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = last(args)?;
    let items = value.downcast_ref::<List>().map_or(&[][..], |list| list.0.as_slice());
    let sum = items.iter().fold(0_usize, |sum, item| sum.saturating_add(extent(&**item)).saturating_add(1));
    meter::steps(sum.saturating_mul(16))?;
    Ok(value)
}

/// `@printed(x)`: what is about to be printed, all the way down.
pub(super) fn printed<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    fn count(value: &dyn Val) -> Result<usize, ExecutionError> {
        // A number with its precision at the most.
        meter::bytes(512)?;
        if let Some(list) = value.downcast_ref::<List>() {
            return list.0.iter().try_fold(512_usize, |sum, item| Ok(sum.saturating_add(count(&**item)?)));
        }
        if let Some(map) = value.downcast_ref::<Map>() {
            return map.0.iter().try_fold(512_usize, |sum, (key, item)| {
                Ok(sum.saturating_add(count(&**key)?).saturating_add(count(&**item)?))
            });
        }
        size::keep(value)?;
        Ok(extent(value).saturating_mul(16).saturating_add(512))
    }
    let value = last(args)?;
    if count(value.as_ref())? > meter::longest_text() {
        return Err(meter::too_large());
    }
    Ok(value)
}

pub(super) fn add<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let [left, right] = args.as_slice() else { return Err(ExecutionError::MissingArgumentOrTarget) };
    let types = || vec![left.get_type().name().to_owned(), right.get_type().name().to_owned()];
    let (left_kind, right_kind) = (left.get_type().kind(), right.get_type().kind());
    let sized = matches!(left_kind, Kind::String | Kind::Bytes);
    if sized || left_kind == Kind::List {
        if left_kind != right_kind {
            return Err(ExecutionError::no_such_overload("_+_", types()));
        }
        if sized {
            let length = extent(left.as_ref()).saturating_add(extent(right.as_ref())).saturating_add(2);
            size::sized(length.saturating_mul(16))?;
        }
    }
    let adder = left.as_adder().ok_or_else(|| ExecutionError::no_such_overload("_+_", types()))?;
    let sum = adder.add(right.as_ref()).map_err(|error| match error {
        ExecutionError::UnsupportedBinaryOperator(..) => ExecutionError::no_such_overload("_+_", types()),
        other => other,
    })?;
    Ok(CowVal::Owned(sum.into_owned()))
}

pub(super) fn range<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let count = int(&args, 0).unwrap_or(0);
    if count < 0 {
        return Err(failed("lists.range", "the number is negative"));
    }
    meter::bytes(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(SLOT))?;
    listed((0..count).map(|number| Box::new(CelInt::from(number)) as Box<dyn Val>).collect())
}

pub(super) fn join<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let items = list(&args)?;
    let separator = text(&args, 1);
    let mut length = 0_usize;
    for item in items {
        meter::steps(1)?;
        let Some(item) = item.downcast_ref::<CelString<'_>>() else {
            let types = vec!["list".to_owned(), item.get_type().name().to_owned()];
            return Err(ExecutionError::no_such_overload("join", types));
        };
        length = length.saturating_add(item.inner().len()).saturating_add(separator.len());
    }
    size::sized(length)?;
    let mut out = String::with_capacity(length);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(item.downcast_ref::<CelString<'_>>().map_or("", |item| item.inner()));
    }
    made(out)
}

pub(super) fn replace<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, from, to) = (text(&args, 0), text(&args, 1), text(&args, 2));
    let most = int(&args, 3).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    meter::steps(whole.len() >> 4)?;
    let count = whole.matches(from).take(most).count();
    size::sized(whole.len().saturating_add(count.saturating_mul(to.len())))?;
    made(whole.replacen(from, to, count))
}

pub(super) fn split<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, separator) = (text(&args, 0), text(&args, 1));
    let most = int(&args, 2).map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    if most == 0 {
        return listed(Vec::new());
    }
    meter::steps(whole.len() >> 4)?;
    let empty = separator.is_empty();
    let count = if empty { whole.len() } else { whole.matches(separator).count() };
    let count = count.saturating_add(1).min(most);
    meter::bytes(count.saturating_mul(SLOT).saturating_add(whole.len()))?;
    let boxed = |part: &str| Box::new(CelString::from(part.to_owned())) as Box<dyn Val>;
    if !empty {
        return listed(whole.splitn(most, separator).map(boxed).collect());
    }
    // An empty separator parts the characters.
    let mut items = Vec::with_capacity(count);
    let mut rest = whole;
    while let Some(first) = rest.chars().next() {
        if items.len().saturating_add(1) == most {
            break;
        }
        let (part, after) = rest.split_at_checked(first.len_utf8()).unwrap_or((rest, ""));
        items.push(boxed(part));
        rest = after;
    }
    if !rest.is_empty() {
        items.push(boxed(rest));
    }
    listed(items)
}

/// The byte at which a character stands.
fn byte_of(function: &str, text: &str, index: i64) -> Result<usize, ExecutionError> {
    usize::try_from(index)
        .ok()
        .and_then(|index| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(index))
        .ok_or_else(|| failed(function, format!("{index} is outside of the text")))
}

fn characters(text: &str, end: Option<usize>) -> CelInt {
    let count = end.and_then(|end| text.get(..end)).map(|before| before.chars().count());
    count.map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX)).into()
}

pub(super) fn index_of<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, part) = (text(&args, 0), text(&args, 1));
    meter::steps((whole.len() >> 4).saturating_add(part.len() >> 4))?;
    let from = byte_of("indexOf", whole, int(&args, 2).unwrap_or(0))?;
    let found = whole.get(from..).and_then(|rest| rest.find(part)).map(|at| at.saturating_add(from));
    Ok(CowVal::owned(characters(whole, found)))
}

pub(super) fn last_index_of<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, part) = (text(&args, 0), text(&args, 1));
    meter::steps((whole.len() >> 4).saturating_add(part.len() >> 4))?;
    let end = match int(&args, 2) {
        Some(index) => byte_of("lastIndexOf", whole, index)?.saturating_add(part.len()).min(whole.len()),
        None => whole.len(),
    };
    // The end may lie within a character, where the part cannot end either.
    let end = (end..=whole.len()).find(|end| whole.is_char_boundary(*end)).unwrap_or(whole.len());
    let found = whole.get(..end).and_then(|before| before.rfind(part));
    Ok(CowVal::owned(characters(whole, found)))
}

pub(super) fn distinct<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let mut kept: Vec<Box<dyn Val>> = Vec::new();
    for item in list(&args)? {
        let each = extent(&**item).saturating_add(1);
        meter::steps(kept.len().saturating_add(1).saturating_mul(each))?;
        if !kept.iter().any(|other| other.equals(&**item)) {
            meter::bytes(SLOT)?;
            kept.push(value::copy(&**item)?);
        }
    }
    listed(kept)
}

pub(super) fn flatten<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    fn into(items: &[Box<dyn Val>], depth: i64, out: &mut Vec<Box<dyn Val>>) -> Result<(), ExecutionError> {
        for item in items {
            meter::bytes(SLOT)?;
            match item.downcast_ref::<List>() {
                Some(inner) if depth > 0 => into(&inner.0, depth.saturating_sub(1), out)?,
                _ => out.push(value::copy(&**item)?),
            }
        }
        Ok(())
    }
    let depth = int(&args, 1).unwrap_or(1);
    if depth < 0 {
        return Err(failed("flatten", "the depth is negative"));
    }
    let mut out = Vec::new();
    into(list(&args)?, depth, &mut out)?;
    listed(out)
}
