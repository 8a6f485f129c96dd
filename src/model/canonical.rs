//! Canonical JSON (RFC 8785, JCS) and its SHA-256, without a tree in between.
//!
//! Members are sorted by the UTF-16 code units of their names; numbers are written as ECMAScript
//! writes them. Values are written once, in the order in which they arrive, and an object whose
//! members arrived in another order is rearranged in place when it ends.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::ops::Range;

use serde::ser::{self, Serialize};

use super::id::Digest;
use super::json::MAX_SAFE_INTEGER;

/// What canonical JSON cannot carry.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl ser::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Writes a value canonically.
///
/// # Errors
/// A number that is not finite or not exact, one name twice, or a key that is not text.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut writer = Writer { out: Vec::with_capacity(8192), ..Writer::default() };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// Hashes the canonical form of a value.
///
/// # Errors
/// As [`to_vec`].
pub fn digest<T: Serialize + ?Sized>(value: &T) -> Result<Digest, Error> {
    Ok(Digest::of(&to_vec(value)?))
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// The members of every object that is being written, the innermost last.
    entries: Vec<Entry>,
    /// The names of those whose names have to be written in another way.
    names: Vec<String>,
    /// Room to put members in order.
    ordered: Vec<u8>,
    /// Whether something was written in another way than it is.
    escaped: bool,
}

/// A member of an object: its text, which begins with its name in quotes and ends where the next
/// one's comma stands.
#[derive(Clone)]
struct Entry {
    text: Range<usize>,
    /// How long its name is, or its place among the names that are written in another way.
    name: Result<usize, usize>,
}

impl Entry {
    fn name<'w>(&self, out: &'w [u8], names: &'w [String]) -> &'w [u8] {
        match self.name {
            Ok(length) => {
                let start = self.text.start.saturating_add(1);
                out.get(start..start.saturating_add(length)).unwrap_or_default()
            }
            Err(at) => names.get(at).map(String::as_bytes).unwrap_or_default(),
        }
    }
}

/// Whether a byte of a string has to be written in another way.
const fn escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The first byte that has to be written in another way. Most texts have none: blocks are looked at
/// as a whole, which takes a few instructions each.
fn first_escaped(text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let mut passed = 0_usize;
    for block in text.chunks(BLOCK) {
        let any = block.iter().fold(false, |any, byte| any | escaped(*byte));
        if any {
            return block.iter().position(|byte| escaped(*byte)).map(|at| passed.saturating_add(at));
        }
        passed = passed.saturating_add(BLOCK);
    }
    None
}

impl Writer {
    fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        // Runs without an escape are copied whole.
        while let Some(at) = first_escaped(rest) {
            self.escaped = true;
            let (plain, tail) = rest.split_at(at);
            self.out.extend_from_slice(plain);
            let Some((byte, tail)) = tail.split_first() else { break };
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                0x08 => self.out.extend_from_slice(b"\\b"),
                0x09 => self.out.extend_from_slice(b"\\t"),
                0x0a => self.out.extend_from_slice(b"\\n"),
                0x0c => self.out.extend_from_slice(b"\\f"),
                0x0d => self.out.extend_from_slice(b"\\r"),
                other => {
                    self.out.extend_from_slice(b"\\u00");
                    for nibble in [other >> 4, other & 15] {
                        self.out.push(HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'));
                    }
                }
            }
            rest = tail;
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }

    fn integer(&mut self, magnitude: u64, negative: bool) -> Result<(), Error> {
        if magnitude > MAX_SAFE_INTEGER {
            return Err(Error(format!("the number `{magnitude}` is beyond 2^53")));
        }
        if negative {
            self.out.push(b'-');
        }
        let start = self.out.len();
        let mut rest = magnitude;
        loop {
            self.out.push(b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0)));
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.out.get_mut(start..).unwrap_or_default().reverse();
        Ok(())
    }

    fn float(&mut self, value: f64) -> Result<(), Error> {
        if !value.is_finite() {
            return Err(Error("a number that is not finite has no canonical form".to_owned()));
        }
        if value == 0.0 {
            self.out.push(b'0');
            return Ok(());
        }
        let magnitude = value.abs();
        if value < 0.0 {
            self.out.push(b'-');
        }
        // Rust prints the shortest digits that read back the same, as ECMAScript does; only the
        // placement of point and exponent differs.
        let mut text = format!("{magnitude:e}");
        let (digits, exponent) = text
            .split_once('e')
            .map_or((text.clone(), 0), |(m, e)| (m.replace('.', ""), e.parse::<i32>().unwrap_or(0)));
        let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        let point = exponent.saturating_add(1);
        text.clear();
        if !(-5..=21).contains(&point) {
            let (first, rest) = digits.split_at(1);
            text.push_str(first);
            if !rest.is_empty() {
                text.push('.');
                text.push_str(rest);
            }
            let sign = if exponent < 0 { '-' } else { '+' };
            let _ = write!(text, "e{sign}{}", exponent.unsigned_abs());
        } else if point <= 0 {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', usize::try_from(point.unsigned_abs()).unwrap_or(0)));
            text.push_str(&digits);
        } else if point >= count {
            text.push_str(&digits);
            let zeros = point.saturating_sub(count);
            text.extend(std::iter::repeat_n('0', usize::try_from(zeros).unwrap_or(0)));
        } else {
            let (whole, part) = digits.split_at(usize::try_from(point).unwrap_or(0));
            let _ = write!(text, "{whole}.{part}");
        }
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// An object being written: where each member's text starts, so that they can be put in order.
struct Members<'a> {
    writer: &'a mut Writer,
    /// Where the object's first member starts in `out`.
    start: usize,
    /// The first of its members in `entries`, and of their names in `names`.
    first: usize,
    names: usize,
    sorted: bool,
}

impl<'a> Members<'a> {
    fn begin(writer: &'a mut Writer) -> Self {
        writer.out.push(b'{');
        let (start, first, names) = (writer.out.len(), writer.entries.len(), writer.names.len());
        Self { writer, start, first, names, sorted: true }
    }

    /// Notes a member, whose name has been written, after the comma that ends the one before.
    fn note(&mut self, start: usize, name: Result<usize, usize>) -> Result<(), Error> {
        let Writer { out, entries, names, .. } = &mut *self.writer;
        let entry = Entry { text: start..start, name };
        if entries.len() > self.first
            && let Some(last) = entries.last_mut()
        {
            last.text.end = start.saturating_sub(1);
            // Where the order is lost already, all are put in order and compared at the end.
            if self.sorted {
                match utf16_cmp(last.name(out, names), entry.name(out, names)) {
                    Ordering::Less => {}
                    Ordering::Equal => return Err(duplicate(entry.name(out, names))),
                    Ordering::Greater => self.sorted = false,
                }
            }
        }
        entries.push(entry);
        Ok(())
    }

    fn comma(&mut self) -> usize {
        if self.writer.entries.len() > self.first {
            self.writer.out.push(b',');
        }
        self.writer.out.len()
    }

    /// Writes a member's name, in quotes and with its colon, and notes it.
    fn name<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Error> {
        let start = self.comma();
        self.writer.escaped = false;
        name.serialize(&mut *self.writer)?;
        let writer = &mut *self.writer;
        let written = writer.out.get(start..).unwrap_or_default();
        if written.first() != Some(&b'"') {
            return Err(Error("a key must be text".to_owned()));
        }
        let name = if writer.escaped {
            // What was written in another way is read back.
            let name = serde_json::from_slice(written).map_err(|error| Error(error.to_string()))?;
            writer.names.push(name);
            Err(writer.names.len().saturating_sub(1))
        } else {
            Ok(written.len().saturating_sub(2))
        };
        writer.out.push(b':');
        self.note(start, name)
    }

    fn end(self) -> Result<(), Error> {
        let Self { writer, start, first, names: named, sorted } = self;
        if !sorted {
            let Writer { out, entries, names, ordered, .. } = &mut *writer;
            let entries = entries.get_mut(first..).unwrap_or_default();
            if let Some(last) = entries.last_mut() {
                last.text.end = out.len();
            }
            entries.sort_unstable_by(|a, b| utf16_cmp(a.name(out, names), b.name(out, names)));
            ordered.clear();
            let mut before: Option<&Entry> = None;
            for entry in &*entries {
                if let Some(before) = before {
                    ordered.push(b',');
                    if before.name(out, names) == entry.name(out, names) {
                        return Err(duplicate(entry.name(out, names)));
                    }
                }
                ordered.extend_from_slice(out.get(entry.text.clone()).unwrap_or_default());
                before = Some(entry);
            }
            out.truncate(start);
            out.extend_from_slice(ordered);
        }
        writer.entries.truncate(first);
        writer.names.truncate(named);
        writer.out.push(b'}');
        Ok(())
    }
}

fn duplicate(name: &[u8]) -> Error {
    Error(format!("duplicate key `{}`", String::from_utf8_lossy(name)))
}

/// RFC 8785, section 3.2.3, of two texts in UTF-8. The first byte that differs tells, unless both
/// begin characters beyond the surrogates: there the order of UTF-16 is another than that of UTF-8.
fn utf16_cmp(a: &[u8], b: &[u8]) -> Ordering {
    match a.iter().zip(b).find(|(a, b)| a != b) {
        None => a.len().cmp(&b.len()),
        Some((first, second)) if first.min(second) < &0xee => first.cmp(second),
        Some(_) => {
            let [a, b] = [a, b].map(String::from_utf8_lossy);
            a.encode_utf16().cmp(b.encode_utf16())
        }
    }
}

/// A list being written.
struct Items<'a> {
    writer: &'a mut Writer,
    first: bool,
    /// Written after the closing bracket: `}` for an enum variant's content.
    tail: &'static [u8],
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if !std::mem::take(&mut self.first) {
            self.writer.out.push(b',');
        }
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        self.writer.out.push(b']');
        self.writer.out.extend_from_slice(self.tail);
        Ok(())
    }
}

macro_rules! items {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for Items<'_> {
            type Ok = ();
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                ser::SerializeSeq::serialize_element(self, value)
            }
            fn end(self) -> Result<(), Error> {
                ser::SerializeSeq::end(self)
            }
        }
    )*};
}
items!(SerializeTuple serialize_element, SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field);

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.name(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        Members::end(self)
    }
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.name(key)?;
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        Members::end(self)
    }
}

/// A struct variant: an object within an object of one member.
struct Variant<'a>(Members<'a>);

impl ser::SerializeStructVariant for Variant<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        ser::SerializeStruct::serialize_field(&mut self.0, key, value)
    }

    fn end(self) -> Result<(), Error> {
        let Members { writer, start, first, names, sorted } = self.0;
        Members::end(Members { writer: &mut *writer, start, first, names, sorted })?;
        writer.out.push(b'}');
        Ok(())
    }
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Variant<'a>;

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.out.extend_from_slice(if v { b"true" } else { b"false" });
        Ok(())
    }
    fn serialize_i8(self, v: i8) -> Result<(), Error> {
        self.serialize_i64(v.into())
    }
    fn serialize_i16(self, v: i16) -> Result<(), Error> {
        self.serialize_i64(v.into())
    }
    fn serialize_i32(self, v: i32) -> Result<(), Error> {
        self.serialize_i64(v.into())
    }
    fn serialize_i64(self, v: i64) -> Result<(), Error> {
        self.integer(v.unsigned_abs(), v < 0)
    }
    fn serialize_u8(self, v: u8) -> Result<(), Error> {
        self.serialize_u64(v.into())
    }
    fn serialize_u16(self, v: u16) -> Result<(), Error> {
        self.serialize_u64(v.into())
    }
    fn serialize_u32(self, v: u32) -> Result<(), Error> {
        self.serialize_u64(v.into())
    }
    fn serialize_u64(self, v: u64) -> Result<(), Error> {
        self.integer(v, false)
    }
    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        self.float(v.into())
    }
    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        self.float(v)
    }
    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.string(v.encode_utf8(&mut [0; 4]));
        Ok(())
    }
    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.string(v);
        Ok(())
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        Err(Error("bytes have no canonical form".to_owned()))
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.out.push(b'{');
        self.string(variant);
        self.out.push(b':');
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Error> {
        self.out.push(b'[');
        Ok(Items { writer: self, first: true, tail: b"" })
    }
    fn serialize_tuple(self, len: usize) -> Result<Items<'a>, Error> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items<'a>, Error> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'a>, Error> {
        self.out.push(b'{');
        self.string(variant);
        self.out.extend_from_slice(b":[");
        Ok(Items { writer: self, first: true, tail: b"}" })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, Error> {
        Ok(Members::begin(self))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, Error> {
        Ok(Members::begin(self))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<'a>, Error> {
        self.out.push(b'{');
        self.string(variant);
        self.out.push(b':');
        Ok(Variant(Members::begin(self)))
    }
}

#[cfg(test)]
mod tests;
