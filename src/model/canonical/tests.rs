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
fn the_order_is_that_of_utf16() {
    let names = [
        "",
        "a",
        "ab",
        "b",
        "\u{7f}",
        "\u{80}",
        "\u{d7ff}",
        "\u{e000}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
        "a\u{e000}",
        "a\u{10000}",
    ];
    for a in names {
        for b in names {
            assert_eq!(
                utf16_cmp(a.as_bytes(), b.as_bytes()),
                a.encode_utf16().cmp(b.encode_utf16()),
                "{a:?} {b:?}"
            );
        }
    }
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
fn objects_within_objects_are_sorted_each_by_itself() {
    #[derive(serde::Serialize)]
    enum Shape {
        Round { z: u8, a: u8 },
    }
    let value =
        json!({"b": {"z": 1, "a": {"d": [], "c": {"y": 0, "x": "\u{1}"}}}, "a": [{"q\"": 1, "b": 2}]});
    assert_eq!(text(&value), r#"{"a":[{"b":2,"q\"":1}],"b":{"a":{"c":{"x":"\u0001","y":0},"d":[]},"z":1}}"#);
    let bytes = to_vec(&vec![Shape::Round { z: 10, a: 0 }]).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), r#"[{"Round":{"a":0,"z":10}}]"#);
}

/// A mapping that gives its members in the order in which they stand here.
struct Pairs(Vec<(&'static str, Option<Box<Pairs>>)>);

impl Serialize for Pairs {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[test]
fn one_name_twice_is_refused_wherever_it_stands() {
    let none = || None;
    assert!(to_vec(&Pairs(vec![("a", none()), ("a", none())])).is_err());
    assert!(to_vec(&Pairs(vec![("a", none()), ("b", none()), ("a", none())])).is_err());
    let inner = Pairs(vec![("b", none()), ("a", none())]);
    let outer = Pairs(vec![("c", none()), ("a", Some(Box::new(inner))), ("b", none())]);
    assert_eq!(to_vec(&outer).unwrap(), br#"{"a":{"a":null,"b":null},"b":null,"c":null}"#);
    let keys = std::collections::BTreeMap::from([(1, 2)]);
    assert_eq!(to_vec(&keys).unwrap_err().to_string(), "a key must be text");
}

#[test]
fn what_must_be_escaped_is_found_at_every_place() {
    for length in 0..40 {
        for at in 0..length {
            let mut written = "é".repeat(length);
            written.insert(at * 2, '\n');
            let expected = format!("\"{}\\n{}\"", "é".repeat(at), "é".repeat(length - at));
            assert_eq!(text(&json!(written)), expected);
        }
    }
}

#[test]
fn integers_beyond_the_safe_range_are_refused() {
    assert!(to_vec(&(1_u64 << 53)).is_err());
    assert_eq!(to_vec(&((1_u64 << 53) - 1)).unwrap(), b"9007199254740991");
}
