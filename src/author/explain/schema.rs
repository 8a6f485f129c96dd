//! What the schema of a review says may stand at a place in it.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::model::review::Review;

/// The schema of a review.
pub(super) struct Shape(Value);

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// One of these words.
    Words(Vec<String>),
    Truth,
    Number,
    Time,
    Text,
    List,
    /// A mapping, or what no schema speaks about.
    Other,
}

impl Shape {
    pub(super) fn new() -> Self {
        let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Review>();
        Self(schema.to_value())
    }

    /// What may stand at a JSON Pointer.
    pub(super) fn at(&self, pointer: &str) -> Kind {
        let mut here = Some(&self.0);
        for part in pointer.split('/').skip(1) {
            here = here.and_then(|node| self.below(node, part));
        }
        here.map_or(Kind::Other, |node| self.kind(node))
    }

    /// A node, with references followed and what may be absent taken as present.
    fn plain<'v>(&'v self, mut node: &'v Value) -> &'v Value {
        for _ in 0..8 {
            if let Some(name) = node.get("$ref").and_then(Value::as_str) {
                let Some(found) = self.0.pointer(name.trim_start_matches('#')) else { return node };
                node = found;
            } else if let Some(any) = node.get("anyOf").and_then(Value::as_array) {
                let null = |one: &&Value| one.get("type").and_then(Value::as_str) != Some("null");
                let Some(found) = any.iter().find(null) else { return node };
                node = found;
            } else {
                return node;
            }
        }
        node
    }

    fn below<'v>(&'v self, node: &'v Value, part: &str) -> Option<&'v Value> {
        let node = self.plain(node);
        let name = part.replace("~1", "/").replace("~0", "~");
        let member = node.get("properties").and_then(|members| members.get(name));
        let item = || node.get("items").filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
        let more = || node.get("additionalProperties").filter(|more| more.is_object());
        member.or_else(item).or_else(more)
    }

    fn kind(&self, node: &Value) -> Kind {
        let node = self.plain(node);
        let mut words: Vec<String> = Vec::new();
        let listed = node.get("enum").and_then(Value::as_array).into_iter().flatten();
        words.extend(listed.filter_map(Value::as_str).map(str::to_owned));
        for one in node.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            words.extend(one.get("const").and_then(Value::as_str).map(str::to_owned));
            let listed = one.get("enum").and_then(Value::as_array).into_iter().flatten();
            words.extend(listed.filter_map(Value::as_str).map(str::to_owned));
        }
        if !words.is_empty() {
            return Kind::Words(words);
        }
        let is = |name: &str| match node.get("type") {
            Some(Value::String(one)) => one == name,
            Some(Value::Array(any)) => any.iter().any(|one| one.as_str() == Some(name)),
            _ => false,
        };
        if is("boolean") {
            Kind::Truth
        } else if is("integer") || is("number") {
            Kind::Number
        } else if is("array") {
            Kind::List
        } else if is("string") {
            match node.get("format").and_then(Value::as_str) {
                Some("date-time") => Kind::Time,
                _ => Kind::Text,
            }
        } else {
            Kind::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_by_the_schema() {
        let shape = Shape::new();
        let Kind::Words(words) = shape.at("/change/updateType") else { panic!() };
        assert!(words.contains(&"minor".to_owned()) && words.len() == 7, "{words:?}");
        assert_eq!(shape.at("/context/now"), Kind::Time);
        assert_eq!(shape.at("/artifacts/3/changed"), Kind::Truth);
        assert_eq!(shape.at("/change/fixes/0/exploited"), Kind::Truth);
        assert_eq!(shape.at("/change/ticket"), Kind::Text);
        assert_eq!(shape.at("/evidence/gates"), Kind::List);
        assert_eq!(shape.at("/asset/podSpec/hostPID"), Kind::Other);
        assert_eq!(shape.at("/nowhere"), Kind::Other);
    }
}
