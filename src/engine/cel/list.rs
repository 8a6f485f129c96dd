//! Lists that are cheap to copy.
//!
//! The crate's own containers are copied whole wherever a value is bound, returned or put into
//! another; ours share what they hold.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{self, Adder, Container, Indexer, Iterable, Sizer, Zeroer};
use cel::common::types::{CelInt, LIST_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};

use super::map::KeyRef;
use super::meter;
use super::size::{self, SLOT};

static LIST: Type = LIST_TYPE;

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
                && self
                    .0
                    .iter()
                    .zip(other.0.iter())
                    .all(|(a, b)| size::compare(&**a).is_ok() && a.equals(&**b))
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
            items.push(super::value::copy(&**item)?);
        }
        Ok(CowVal::owned(Self(Arc::new(items))))
    }
}

impl Container for List {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        for item in self.0.iter() {
            size::compare(value)?;
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
