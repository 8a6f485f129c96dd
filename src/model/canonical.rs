//! Canonical JSON (RFC 8785, JCS) and its SHA-256, without a tree in between.
//!
//! Members are sorted by the UTF-16 code units of their names; numbers are written as ECMAScript
//! writes them. Values are written once, in the order in which they arrive, and an object whose
//! members arrived in another order is rearranged in place when it ends.

use std::fmt::Write as _;

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
    let mut writer = Writer { out: Vec::with_capacity(4096) };
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

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        // Runs without an escape are copied whole.
        while let Some(at) = rest.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\') {
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
        let mut text = itoa(magnitude);
        self.out.append(&mut text);
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

fn itoa(mut value: u64) -> Vec<u8> {
    let mut digits = Vec::with_capacity(16);
    loop {
        digits.push(b'0'.wrapping_add(u8::try_from(value % 10).unwrap_or(0)));
        value /= 10;
        if value == 0 {
            digits.reverse();
            return digits;
        }
    }
}

/// An object being written: where each member's text starts, so that they can be put in order.
struct Members<'a> {
    writer: &'a mut Writer,
    start: usize,
    /// Key, and where its text starts in `out`. Each member's text ends where the next one's comma stands.
    entries: Vec<(String, usize)>,
    sorted: bool,
}

impl<'a> Members<'a> {
    fn begin(writer: &'a mut Writer) -> Self {
        writer.out.push(b'{');
        let start = writer.out.len();
        Self { writer, start, entries: Vec::new(), sorted: true }
    }

    fn key(&mut self, key: &str) -> Result<(), Error> {
        if let Some((last, _)) = self.entries.last() {
            self.writer.out.push(b',');
            match utf16_cmp(last, key) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err(Error(format!("duplicate key `{key}`"))),
                std::cmp::Ordering::Greater => self.sorted = false,
            }
        }
        self.entries.push((key.to_owned(), self.writer.out.len()));
        self.writer.string(key);
        self.writer.out.push(b':');
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        let Self { writer, start, entries, sorted } = self;
        if !sorted {
            let end = writer.out.len();
            let starts: Vec<usize> = entries.iter().map(|e| e.1).collect();
            let mut parts: Vec<(&str, std::ops::Range<usize>)> = Vec::with_capacity(entries.len());
            for (i, (key, from)) in entries.iter().enumerate() {
                let to = starts.get(i.saturating_add(1)).map_or(end, |next| next.saturating_sub(1));
                parts.push((key, *from..to));
            }
            parts.sort_by(|a, b| utf16_cmp(a.0, b.0));
            let mut ordered = Vec::with_capacity(end.saturating_sub(start));
            for (i, (key, range)) in parts.iter().enumerate() {
                if i > 0 {
                    ordered.push(b',');
                    if parts.get(i.saturating_sub(1)).is_some_and(|before| before.0 == *key) {
                        return Err(Error(format!("duplicate key `{key}`")));
                    }
                }
                ordered.extend_from_slice(writer.out.get(range.clone()).unwrap_or_default());
            }
            writer.out.truncate(start);
            writer.out.append(&mut ordered);
        }
        writer.out.push(b'}');
        Ok(())
    }
}

/// RFC 8785, section 3.2.3. Byte order is the same wherever no surrogate pairs are involved.
fn utf16_cmp(a: &str, b: &str) -> std::cmp::Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
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
        let mut name = Writer { out: Vec::new() };
        key.serialize(&mut name)?;
        let text: String =
            serde_json::from_slice(&name.out).map_err(|_| Error("a key must be text".to_owned()))?;
        self.key(&text)
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
        self.key(key)?;
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

    fn end(mut self) -> Result<(), Error> {
        let inner = Members {
            writer: &mut *self.0.writer,
            start: self.0.start,
            entries: std::mem::take(&mut self.0.entries),
            sorted: self.0.sorted,
        };
        Members::end(inner)?;
        self.0.writer.out.push(b'}');
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
mod tests {
    use super::*;
    use serde_json::json;

    fn text(value: &serde_json::Value) -> String {
        String::from_utf8(to_vec(value).unwrap()).unwrap()
    }

    /// The numbers of RFC 8785, appendix B, that JSON can carry.
    #[test]
    fn numbers_as_ecmascript_writes_them() {
        for (bits, expected) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ] {
            assert_eq!(text(&json!(f64::from_bits(bits))), expected);
        }
    }

    #[test]
    fn members_are_sorted_by_utf16() {
        // The example of RFC 8785, section 3.2.3.
        let value: serde_json::Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"O"}"#,
        )
        .unwrap();
        assert_eq!(
            text(&value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"O\",\"€\":\"Euro Sign\",\"😀\":\"Emoji\",\"\u{fb33}\":\"Hebrew\"}"
        );
    }

    #[test]
    fn structs_are_sorted_too() {
        #[derive(serde::Serialize)]
        struct Mixed {
            b: u8,
            a: Vec<Option<&'static str>>,
        }
        let bytes = to_vec(&Mixed { b: 1, a: vec![Some("x\n"), None] }).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"a":["x\n",null],"b":1}"#);
    }

    #[test]
    fn integers_beyond_the_safe_range_are_refused() {
        assert!(to_vec(&(1_u64 << 53)).is_err());
        assert_eq!(to_vec(&((1_u64 << 53) - 1)).unwrap(), b"9007199254740991");
    }
}
