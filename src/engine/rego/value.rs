//! From a review to the engine's own values, and back to JSON; both within bounds.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use regorus::Value;
use serde::ser::{self, Serialize};

/// How deep a value may nest.
const MAX_DEPTH: u32 = 128;

/// What cannot be turned into a value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unfit(String);

impl ser::Error for Unfit {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Names of members, kept from one review to the next: most are the same ones. A name is known by
/// its place in the program, which is told apart faster than its letters.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<(usize, usize), Value, BuildHasherDefault<Place>>);

impl Keys {
    fn get(&mut self, name: &'static str) -> Value {
        let place = (name.as_ptr().addr(), name.len());
        self.0.entry(place).or_insert_with(|| Value::String(Arc::from(name))).clone()
    }
}

/// Hashes a place: nobody outside can choose one, so that mixing its bits suffices.
#[derive(Clone, Copy, Debug, Default)]
struct Place(u64);

impl Hasher for Place {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, number: usize) {
        let number = u64::try_from(number).unwrap_or_default();
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// Builds a value from anything that can be serialised, without a text on the way.
pub(super) fn build<T: Serialize + ?Sized>(value: &T, keys: &mut Keys) -> Result<Value, Unfit> {
    value.serialize(Builder { keys, depth: 0 })
}

struct Builder<'k> {
    keys: &'k mut Keys,
    depth: u32,
}

impl<'k> Builder<'k> {
    fn deeper(&mut self) -> Result<Builder<'_>, Unfit> {
        if self.depth >= MAX_DEPTH {
            return Err(Unfit("it is nested too deep".to_owned()));
        }
        Ok(Builder { depth: self.depth.saturating_add(1), keys: self.keys })
    }

    fn wrap(self, variant: Option<&'static str>, value: Value) -> Value {
        match variant {
            Some(name) => Value::from(BTreeMap::from([(self.keys.get(name), value)])),
            None => value,
        }
    }
}

struct List<'k> {
    builder: Builder<'k>,
    items: Vec<Value>,
    variant: Option<&'static str>,
}

struct Members<'k> {
    builder: Builder<'k>,
    members: BTreeMap<Value, Value>,
    key: Option<Value>,
    variant: Option<&'static str>,
}

impl<'k> List<'k> {
    fn new(builder: Builder<'k>, length: Option<usize>, variant: Option<&'static str>) -> Self {
        Self { builder, items: Vec::with_capacity(length.unwrap_or(0).min(4096)), variant }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let value = value.serialize(self.builder.deeper()?)?;
        self.items.push(value);
        Ok(())
    }

    fn finish(self) -> Value {
        self.builder.wrap(self.variant, Value::from(self.items))
    }
}

impl<'k> Members<'k> {
    fn new(builder: Builder<'k>, variant: Option<&'static str>) -> Self {
        Self { builder, members: BTreeMap::new(), key: None, variant }
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unfit> {
        let key = self.builder.keys.get(name);
        let value = value.serialize(self.builder.deeper()?)?;
        self.members.insert(key, value);
        Ok(())
    }

    fn finish(self) -> Value {
        self.builder.wrap(self.variant, Value::from(self.members))
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for List<'_> {
            type Ok = Value;
            type Error = Unfit;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
                self.push(value)
            }
            fn end(self) -> Result<Value, Unfit> {
                Ok(self.finish())
            }
        }
    )*};
}
lists!(SerializeSeq serialize_element SerializeTuple serialize_element
    SerializeTupleStruct serialize_field SerializeTupleVariant serialize_field);

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Members<'_> {
            type Ok = Value;
            type Error = Unfit;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
                self.field(key, value)
            }
            fn end(self) -> Result<Value, Unfit> {
                Ok(self.finish())
            }
        }
    )*};
}
structs!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Members<'_> {
    type Ok = Value;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        let key = key.serialize(self.builder.deeper()?)?;
        if !matches!(key, Value::String(_)) {
            return Err(Unfit("a key must be text".to_owned()));
        }
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let value = value.serialize(self.builder.deeper()?)?;
        let key = self.key.take().ok_or_else(|| Unfit("a value without a key".to_owned()))?;
        self.members.insert(key, value);
        Ok(())
    }

    fn end(self) -> Result<Value, Unfit> {
        Ok(self.finish())
    }
}

macro_rules! scalars {
    ($($method:ident $type:ty => $as:ty),*) => {$(
        fn $method(self, v: $type) -> Result<Value, Unfit> {
            Ok(Value::from(<$as>::from(v)))
        }
    )*};
}

impl<'k> ser::Serializer for Builder<'k> {
    type Ok = Value;
    type Error = Unfit;
    type SerializeSeq = List<'k>;
    type SerializeTuple = List<'k>;
    type SerializeTupleStruct = List<'k>;
    type SerializeTupleVariant = List<'k>;
    type SerializeMap = Members<'k>;
    type SerializeStruct = Members<'k>;
    type SerializeStructVariant = Members<'k>;

    scalars!(serialize_i8 i8 => i64, serialize_i16 i16 => i64, serialize_i32 i32 => i64, serialize_i64 i64 => i64,
        serialize_u8 u8 => u64, serialize_u16 u16 => u64, serialize_u32 u32 => u64, serialize_u64 u64 => u64,
        serialize_f32 f32 => f64);

    fn serialize_f64(self, v: f64) -> Result<Value, Unfit> {
        if v.is_finite() { Ok(Value::from(v)) } else { Err(Unfit("a number is not finite".to_owned())) }
    }
    fn serialize_bool(self, v: bool) -> Result<Value, Unfit> {
        Ok(Value::Bool(v))
    }
    fn serialize_char(self, v: char) -> Result<Value, Unfit> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<Value, Unfit> {
        Ok(Value::String(Arc::from(v)))
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<Value, Unfit> {
        Err(Unfit("bytes are not JSON".to_owned()))
    }
    fn serialize_none(self) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Unfit> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<Value, Unfit> {
        Ok(self.keys.get(name))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Unfit> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Value, Unfit> {
        let value = value.serialize(self.deeper()?)?;
        Ok(self.wrap(Some(name), value))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<List<'k>, Unfit> {
        Ok(List::new(self, length, None))
    }
    fn serialize_tuple(self, length: usize) -> Result<List<'k>, Unfit> {
        Ok(List::new(self, Some(length), None))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List<'k>, Unfit> {
        Ok(List::new(self, Some(length), None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        length: usize,
    ) -> Result<List<'k>, Unfit> {
        Ok(List::new(self, Some(length), Some(name)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Members<'k>, Unfit> {
        Ok(Members::new(self, None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'k>, Unfit> {
        Ok(Members::new(self, None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Members<'k>, Unfit> {
        Ok(Members::new(self, Some(name)))
    }
}

/// Why a value cannot be an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotJson {
    /// It is too large or too deep.
    Large,
    /// It has a number that JSON cannot carry exactly.
    Number,
    /// It has a key that is not text, or an undefined part.
    Key,
}

/// Turns an output into JSON; `room` counts bytes and is used up.
pub(super) fn to_json(value: &Value, room: &mut usize, depth: u32) -> Result<serde_json::Value, NotJson> {
    let mut take = |bytes: usize| {
        *room = room.checked_sub(bytes).ok_or(NotJson::Large)?;
        Ok(())
    };
    if depth >= MAX_DEPTH {
        return Err(NotJson::Large);
    }
    let below = depth.saturating_add(1);
    take(16)?;
    Ok(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(v) => serde_json::Value::Bool(*v),
        Value::String(text) => {
            take(text.len())?;
            serde_json::Value::String(text.to_string())
        }
        Value::Number(number) => serde_json::Value::Number(match (number.as_i64(), number.as_f64()) {
            (Some(v), _) if v.unsigned_abs() <= crate::model::json::MAX_SAFE_INTEGER => v.into(),
            (None, Some(v)) if !number.is_integer() => {
                serde_json::Number::from_f64(v).ok_or(NotJson::Number)?
            }
            _ => return Err(NotJson::Number),
        }),
        Value::Array(items) => serde_json::Value::Array(
            items.iter().map(|item| to_json(item, room, below)).collect::<Result<_, _>>()?,
        ),
        Value::Set(items) => serde_json::Value::Array(
            items.iter().map(|item| to_json(item, room, below)).collect::<Result<_, _>>()?,
        ),
        Value::Object(members) => {
            let mut object = serde_json::Map::new();
            for (key, member) in members.iter() {
                let Value::String(key) = key else { return Err(NotJson::Key) };
                *room = room.checked_sub(key.len()).ok_or(NotJson::Large)?;
                object.insert(key.to_string(), to_json(member, room, below)?);
            }
            serde_json::Value::Object(object)
        }
        Value::Undefined => return Err(NotJson::Key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_built_is_what_json_would_give() {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        enum Kind {
            Plain,
            Two(u8, i64),
            Named { a: Option<u8>, b: f64 },
        }
        let document = json!({"b": [1, -2, 2.5, null, true, {"é": "x"}], "a": {}, "c": []});
        let kinds = (Kind::Plain, Kind::Two(1, -5), Kind::Named { a: None, b: 1.0 }, &document);
        let built = build(&kinds, &mut Keys::default()).unwrap();
        let text = serde_json::to_string(&kinds).unwrap();
        assert_eq!(built, Value::from_json_str(&text).unwrap());
        assert_eq!(to_json(&built, &mut 10_000, 0).unwrap()[3], document);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let mut deep = json!(1);
        for _ in 0..200 {
            deep = json!([deep]);
        }
        assert!(build(&deep, &mut Keys::default()).is_err());
        let mut doubled = Value::from(1_u64);
        for _ in 0..60 {
            doubled = Value::from(vec![doubled.clone(), doubled]);
        }
        assert_eq!(to_json(&doubled, &mut 1_000_000, 0), Err(NotJson::Large));
        assert_eq!(to_json(&Value::from(u64::MAX), &mut 100, 0), Err(NotJson::Number));
    }
}
