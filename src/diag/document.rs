//! Reads a document into a type, or says exactly where and why not.
//!
//! JSON goes the fast way, straight into the type. Only where that fails, and for YAML, is a
//! [`tree`](super::tree) built: it knows the place of every value, so that an unknown field is
//! shown with a caret and the name that was probably meant.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};

use super::scalar::{integer, number, old_truth};
use super::tree::{self, Key, Node, Value};
use super::{Code, Diagnostic, Source, codes, nearest};

/// Whether a text is JSON rather than YAML: by its first character.
pub fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // No key of JSON begins so, but many a template does.
    text.starts_with(['{', '[']) && !text.starts_with("{{")
}

/// Reads the one document of a source.
///
/// # Errors
/// What is wrong with it, with its place.
pub fn read<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Diagnostic> {
    if is_json(&source.text) {
        return read_json(source);
    }
    let documents = tree::parse(source)?;
    match documents.as_slice() {
        [node] => read_node(source, node),
        [] => Err(Diagnostic::error(codes::INPUT_EMPTY, format!("`{}` is empty", source.name))),
        [_, second, ..] => Err(Diagnostic::error(
            codes::INPUT_INVALID,
            "expected one document, found several",
        )
        .at(source, first_line(source, &second.span), "the second begins here")),
    }
}

/// Reads JSON text.
///
/// # Errors
/// What is wrong with it, with its place.
pub fn read_json<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Diagnostic> {
    let error = match serde_json::from_str(source.text.trim_start_matches('\u{feff}')) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // The tree knows more about the place; where it sees no fault, the first error stands.
    if error.is_data() && source.text.len() <= tree::MAX_BYTES {
        match tree::parse(source) {
            Ok(nodes) => {
                if let Some(Err(better)) = nodes.first().map(|node| read_as::<T>(source, node, true)) {
                    return Err(better);
                }
            }
            Err(better) if better.code == codes::INPUT_DUPLICATE => return Err(better),
            Err(_) => {}
        }
    }
    let line = u32::try_from(error.line()).unwrap_or(1);
    let column = u32::try_from(error.column()).unwrap_or(1);
    let at = source.offset(line, column.max(1));
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let (code, message) = if error.is_data() {
        (
            if message.contains("2^53") { codes::INPUT_NUMBER } else { codes::INPUT_INVALID },
            message.to_owned(),
        )
    } else if message.contains("recursion limit") {
        (codes::INPUT_TOO_LARGE, "the document nests deeper than 127".to_owned())
    } else {
        (codes::INPUT_SYNTAX, format!("not valid JSON: {message}"))
    };
    Err(Diagnostic::error(code, message).at(source, at..at.saturating_add(1), "here"))
}

/// Reads a node of a tree.
///
/// # Errors
/// What is wrong with it, with its place.
pub fn read_node<T: DeserializeOwned>(source: &Arc<Source>, node: &Node) -> Result<T, Diagnostic> {
    read_as(source, node, false)
}

fn read_as<T: DeserializeOwned>(source: &Arc<Source>, node: &Node, json: bool) -> Result<T, Diagnostic> {
    T::deserialize(De { node, json }).map_err(|problem| {
        let span = problem.span.unwrap_or_else(|| node.span.clone());
        let mut diagnostic = Diagnostic::error(problem.code, problem.message).at(
            source,
            first_line(source, &span),
            problem.label,
        );
        diagnostic.hint = problem.hint;
        diagnostic
    })
}

/// A span cut at the end of its first line, so that a caret stays readable.
pub fn first_line(source: &Source, span: &Range<usize>) -> Range<usize> {
    let text = source.text.get(span.clone()).unwrap_or_default();
    let length = text.find('\n').unwrap_or(text.len()).max(1);
    span.start..span.start.saturating_add(length)
}

#[derive(Debug)]
struct Problem {
    code: Code,
    message: String,
    label: &'static str,
    hint: Option<String>,
    span: Option<Range<usize>>,
}

impl Problem {
    fn new(code: Code, message: String, label: &'static str) -> Self {
        Self { code, message, label, hint: None, span: None }
    }

    fn or_at(mut self, span: &Range<usize>) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// What a type wants, without its name in the program.
fn wanted(expected: &dyn de::Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" => "text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other if other.starts_with("enum ") || other.starts_with("variant ") => "one of its words".to_owned(),
        other if other.contains("timestamp") => "a time as in `2026-11-23T10:00:00Z`".to_owned(),
        other => other.to_owned(),
    }
}

/// What is said of a text that is to be a time, before the text is known.
const NOT_A_TIME: &str = "not a time";

/// Whether a message is one of the parser of times. Ours quote what they are about.
fn is_about_time(message: &str) -> bool {
    let expects = message.starts_with("expected ") && !message.contains('`');
    let begins = ["failed to", "parameter '"].iter().any(|words| message.starts_with(words));
    expects || begins || ["parse", "offset"].iter().any(|word| message.contains(word))
}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        if message.contains("2^53") {
            Self::new(codes::INPUT_NUMBER, message, "this number")
        } else if message.starts_with("duplicate") {
            Self::new(codes::INPUT_DUPLICATE, message, "a second time")
        } else if is_about_time(&message) {
            // Only times come with a parser of their own; its words are about its insides.
            let mut problem = Self::new(codes::INPUT_INVALID, NOT_A_TIME.to_owned(), "here");
            problem.hint = Some("write times as RFC 3339 in UTC, as in `2026-11-23T10:00:00Z`".to_owned());
            problem
        } else {
            Self::new(codes::INPUT_INVALID, message, "here")
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let old = match found {
            de::Unexpected::Str(text) => old_truth(text).map(|truth| (text.to_owned(), truth)),
            _ => None,
        };
        let found = match found {
            de::Unexpected::Bool(b) => format!("`{b}`"),
            de::Unexpected::Unsigned(n) => format!("the number `{n}`"),
            de::Unexpected::Signed(n) => format!("the number `{n}`"),
            de::Unexpected::Float(n) => format!("the number `{n}`"),
            de::Unexpected::Str(s) => format!("the text `{}`", s.chars().take(40).collect::<String>()),
            de::Unexpected::Unit | de::Unexpected::Option => "nothing".to_owned(),
            de::Unexpected::Seq => "a list".to_owned(),
            de::Unexpected::Map => "a mapping".to_owned(),
            _ => "something else".to_owned(),
        };
        let wanted = wanted(expected);
        let truth = old.filter(|_| wanted.contains("`true` or `false`"));
        let hint = truth.map(|(text, truth)| format!("write `{truth}`: `{text}` is text"));
        let message = format!("expected {wanted}, found {found}");
        Self { hint, ..Self::new(codes::INPUT_INVALID, message, "here") }
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::new(
            codes::INPUT_INVALID,
            format!("expected {}, found {length} items", wanted(expected)),
            "here",
        )
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut problem =
            Self::new(codes::INPUT_UNKNOWN_FIELD, format!("unknown field `{field}`"), "not known here");
        problem.hint = match nearest(field, expected.iter().copied()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if expected.is_empty() => None,
            None => Some(format!("known here: {}", words(expected))),
        };
        problem
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let mut problem =
            Self::new(codes::INPUT_INVALID, format!("`{variant}` is not one of {}", words(expected)), "here");
        problem.hint =
            nearest(variant, expected.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        problem
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(codes::INPUT_INVALID, format!("the field `{field}` is missing"), "in this mapping")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(codes::INPUT_DUPLICATE, format!("duplicate key `{field}`"), "a second time")
    }
}

fn words(list: &[&str]) -> String {
    list.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[derive(Clone, Copy)]
struct De<'a> {
    node: &'a Node,
    /// In JSON a number is no text; in YAML an unquoted `1.10` is what a type makes of it.
    json: bool,
}

impl<'a> De<'a> {
    fn here<T>(self, result: Result<T, Problem>) -> Result<T, Problem> {
        result.map_err(|mut problem| {
            if let (NOT_A_TIME, Value::Scalar { text, .. }) = (problem.message.as_str(), &self.node.value) {
                problem.message = format!("`{}` is not a time", text.chars().take(40).collect::<String>());
            }
            problem.or_at(&self.node.span)
        })
    }

    /// A plain scalar by the core schema of YAML 1.2.
    fn plain<'de, V: Visitor<'de>>(self, text: &str, visitor: V) -> Result<V::Value, Problem> {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return visitor.visit_unit(),
            "true" | "True" | "TRUE" => return visitor.visit_bool(true),
            "false" | "False" | "FALSE" => return visitor.visit_bool(false),
            _ => {}
        }
        if let Some(number) = integer(text) {
            return match u64::try_from(number) {
                Ok(n) => visitor.visit_u64(n),
                Err(_) => match i64::try_from(number) {
                    Ok(n) => visitor.visit_i64(n),
                    Err(_) => Err(de::Error::custom(format!(
                        "the number `{text}` cannot be carried exactly by canonical JSON: beyond 2^53, write it as a string"
                    ))),
                },
            };
        }
        if let Some(number) = number(text) {
            if text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'+') {
                return Err(de::Error::custom(format!(
                    "the number `{text}` cannot be carried exactly by canonical JSON: beyond 2^53, write it as a string"
                )));
            }
            return visitor.visit_f64(number);
        }
        visitor.visit_str(text)
    }
}

impl<'de> de::Deserializer<'de> for De<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.here(match &self.node.value {
            Value::Scalar { text, plain: true } => self.plain(text, visitor),
            Value::Scalar { text, plain: false } => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter(), json: self.json }),
            Value::Map(members) => {
                visitor.visit_map(Members { members: members.iter(), value: None, json: self.json })
            }
        })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match &self.node.value {
            Value::Scalar { text, plain: true }
                if !self.json && !matches!(text.as_str(), "" | "~" | "null") =>
            {
                self.here(visitor.visit_str(text))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match &self.node.value {
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null") => {
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.here(match &self.node.value {
            Value::Scalar { text, .. } => visitor.visit_enum(text.as_str().into_deserializer()),
            Value::Map(members) => match members.as_slice() {
                [(key, node)] => visitor.visit_enum(Variant { key, node, json: self.json }),
                _ => Err(de::Error::custom(format!(
                    "expected a mapping with one key out of {}",
                    words(variants)
                ))),
            },
            Value::List(_) => {
                Err(de::Error::custom(format!("expected one of {}, found a list", words(variants))))
            }
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct ignored_any
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    json: bool,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Problem;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        self.items.next().map(|node| seed.deserialize(De { node, json: self.json })).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members<'a> {
    members: std::slice::Iter<'a, (Key, Node)>,
    value: Option<&'a Node>,
    json: bool,
}

impl<'de> de::MapAccess<'de> for Members<'_> {
    type Error = Problem;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some((key, node)) = self.members.next() else { return Ok(None) };
        self.value = Some(node);
        let name: de::value::StrDeserializer<'_, Problem> = key.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|problem| problem.or_at(&key.span))
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        match self.value.take() {
            Some(node) => {
                seed.deserialize(De { node, json: self.json }).map_err(|problem| problem.or_at(&node.span))
            }
            None => Err(de::Error::custom("a value without a key")),
        }
    }
}

struct Variant<'a> {
    key: &'a Key,
    node: &'a Node,
    json: bool,
}

impl<'a, 'de> de::EnumAccess<'de> for Variant<'a> {
    type Error = Problem;
    type Variant = De<'a>;

    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, De<'a>), Problem> {
        let name: de::value::StrDeserializer<'_, Problem> = self.key.name.as_str().into_deserializer();
        let value = seed.deserialize(name).map_err(|problem| problem.or_at(&self.key.span))?;
        Ok((value, De { node: self.node, json: self.json }))
    }
}

impl<'de> de::VariantAccess<'de> for De<'_> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Err(de::Error::custom("expected the word alone"))
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        de::Deserializer::deserialize_seq(self, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        de::Deserializer::deserialize_map(self, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Need;
    use crate::model::input::Input;

    fn input(text: &str) -> Result<Input, Diagnostic> {
        read(&Source::new("in.yaml", text))
    }

    const HEAD: &str = "apiVersion: weighlock.dev/v1\nkind: Input\n";

    #[test]
    fn an_unknown_field_is_shown_with_what_was_meant() {
        let error = input(&format!("{HEAD}inventory:\n  - id: a\n    kind: workload\n    enviroment: x\n"))
            .unwrap_err();
        assert_eq!(error.to_string(), "in.yaml:6:5: unknown field `enviroment` [input.unknown-field]");
        assert_eq!(error.hint.as_deref(), Some("did you mean `environment`?"));
    }

    #[test]
    fn the_same_in_json() {
        let error = input("{\"apiVersion\": \"weighlock.dev/v1\",\n \"kind\": \"Input\", \"chnages\": []}")
            .unwrap_err();
        assert_eq!(error.to_string(), "in.yaml:2:19: unknown field `chnages` [input.unknown-field]");
        assert_eq!(error.hint.as_deref(), Some("did you mean `changes`?"));
    }

    #[test]
    fn a_key_twice_and_too_deep_a_document_are_called_so_in_json_too() {
        let error =
            input("{\"apiVersion\": \"v\",\n \"apiVersion\": \"v\", \"kind\": \"Input\"}").unwrap_err();
        assert_eq!(error.to_string(), "in.yaml:2:2: duplicate key `apiVersion` [input.duplicate]");
        let deep = format!("{{\"apiVersion\": {}1{}}}", "[".repeat(9_000), "]".repeat(9_000));
        assert_eq!(
            read_json::<crate::model::Json>(&Source::new("d", deep)).unwrap_err().code,
            codes::INPUT_TOO_LARGE
        );
    }

    #[test]
    fn a_wrong_type_names_both() {
        let error = input(&format!("{HEAD}inventory: 3\n")).unwrap_err();
        assert_eq!(error.to_string(), "in.yaml:3:12: expected a list, found the number `3` [input.invalid]");
        let error = input("{\"apiVersion\": 1, \"kind\": \"Input\"}").unwrap_err();
        assert_eq!(error.to_string(), "in.yaml:1:16: expected text, found the number `1` [input.invalid]");
    }

    #[test]
    fn versions_stay_text_in_yaml() {
        let read =
            input(&format!("{HEAD}changes:\n  - {{id: c, kind: image, asset: a, to: {{version: 1.10}}}}\n"))
                .unwrap();
        assert_eq!(read.changes[0].to.as_ref().unwrap().version.as_deref(), Some("1.10"));
    }

    #[test]
    fn a_number_that_would_be_rounded_is_refused() {
        for text in ["{\"apiVersion\":\"v\",\"kind\":\"Input\",\"inventory\":[{\"id\":\"a\",\"kind\":\"pod\",\"object\":{\"n\":9007199254740993}}]}".to_owned(),
            format!("{HEAD}inventory: [{{id: a, kind: pod, object: {{n: 9007199254740993}}}}]\n"),
            format!("{HEAD}inventory: [{{id: a, kind: pod, object: {{n: 1234567890123456789012345678901234567890}}}}]\n")] {
            let error = input(&text).unwrap_err();
            assert_eq!(error.code, codes::INPUT_NUMBER, "{error}");
        }
    }

    #[test]
    fn enums_by_word_and_by_mapping() {
        let need: Need =
            read(&Source::new("n", "all:\n  - approval: {role: lead}\n  - time: 2026-11-23T10:00:00Z\n"))
                .unwrap();
        assert!(matches!(need, Need::All(list) if list.len() == 2));
        let error = read::<Need>(&Source::new("n", "aproval: {role: lead}\n")).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `approval`?"));
    }

    #[test]
    fn a_time_that_is_none_says_how_to_write_one() {
        let error = read::<Need>(&Source::new("n", "time: tomorrow\n")).unwrap_err();
        assert_eq!(error.message, "`tomorrow` is not a time");
    }
}
