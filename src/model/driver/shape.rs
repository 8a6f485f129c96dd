//! Whether a value looks as a parameter must.
//!
//! What is wrong is said without the value where the value could be a secret.

use serde_json::Value;

use super::Shape;
use crate::model::{Age, Digest};

impl Shape {
    /// What is expected, for people.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Digest => "a digest: `sha256:` and 64 lower-case hex digits".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Age => "a duration such as `5m`".to_owned(),
            Self::Weights => "a mapping of names to numbers from 0, not all of them 0".to_owned(),
            Self::Object => "a mapping".to_owned(),
            Self::List => "a list".to_owned(),
            Self::OneOf(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Reference => "a secret by reference: `{env: NAME}` or `{file: PATH}`".to_owned(),
            Self::Recipient => {
                "a name, or an address by reference: `{env: NAME}` or `{file: PATH}`".to_owned()
            }
        }
    }

    /// Whether an output of this shape can be given to a parameter of another.
    pub fn fits(self, parameter: Self) -> bool {
        match (self, parameter) {
            (Self::Reference, _) | (_, Self::Reference | Self::OneOf(_)) => false,
            (Self::Digest | Self::Age | Self::OneOf(_), Self::Text | Self::Recipient)
            | (Self::Integer, Self::Number)
            | (Self::Weights, Self::Object) => true,
            (a, b) => a == b,
        }
    }

    /// Whether people may write there what they like.
    const fn holds_text(self) -> bool {
        matches!(self, Self::Text | Self::Object | Self::List)
    }

    /// What is wrong with a value, where it does not look like this.
    pub fn fault(self, value: &Value) -> Option<String> {
        if self.holds_text() && has_password(value) {
            return Some(
                "carries a password within an address; a secret is only given by reference".to_owned(),
            );
        }
        let fits = match self {
            Self::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Self::Digest => value.as_str().is_some_and(|text| Digest::parse(text).is_some()),
            Self::Integer => value.as_i64().is_some() || value.as_u64().is_some(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Age => value.as_str().is_some_and(|text| Age::parse(text).is_some()),
            Self::Weights => weights(value).is_some(),
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
            Self::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::Reference => is_reference(value),
            // An address may carry a secret; a name is never one.
            Self::Recipient => {
                is_reference(value)
                    || value.as_str().is_some_and(|text| !text.is_empty() && !text.contains("://"))
            }
        };
        if !fits && matches!(self, Self::Reference | Self::Recipient) {
            // The value itself may be the secret.
            return Some(format!("must be {}; what it is now is not shown", self.expected()));
        }
        (!fits).then(|| format!("is {}, expected {}", shown(value), self.expected()))
    }
}

/// The value as it may be shown.
fn shown(value: &Value) -> String {
    let short = |text: &str| text.chars().count() <= 64 && !text.chars().any(char::is_control);
    match value {
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) if short(text) => format!("`{text}`"),
        Value::Number(number) => format!("`{number}`"),
        Value::Bool(yes) => format!("`{yes}`"),
        Value::String(_) => "other text".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// Reads weights: numbers from 0, of which one at least is more.
pub(crate) fn weights(value: &Value) -> Option<Vec<(&str, f64)>> {
    let members = value.as_object()?;
    let mut weights = Vec::with_capacity(members.len());
    for (name, weight) in members {
        let weight = weight.as_f64().filter(|w| w.is_finite() && *w >= 0.0)?;
        weights.push((name.as_str(), weight));
    }
    weights.iter().any(|(_, weight)| *weight > 0.0).then_some(weights)
}

/// `{env: NAME}` or `{file: PATH}` and nothing else. A name that could not be a variable's is
/// refused: it may be the secret itself.
fn is_reference(value: &Value) -> bool {
    let Some(members) = value.as_object().filter(|members| members.len() == 1) else { return false };
    let is_name = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    members.iter().all(|(key, value)| match (key.as_str(), value.as_str()) {
        (_, None | Some("")) => false,
        ("env", Some(name)) => is_name(name),
        ("file", Some(path)) => !path.chars().any(char::is_control),
        _ => false,
    })
}

/// Whether any text in a value is an address with a password in it.
fn has_password(value: &Value) -> bool {
    match value {
        Value::String(text) => carries_password(text),
        Value::Array(items) => items.iter().any(has_password),
        Value::Object(members) => members.values().any(has_password),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a text is an address with a password in it (`scheme://user:password@host`).
fn carries_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_only_a_reference_and_is_never_echoed() {
        for good in [json!({"env": "ROLLOUT_WEBHOOK"}), json!({"file": "/run/secrets/hook"})] {
            assert_eq!(Shape::Reference.fault(&good), None);
        }
        for bad in [
            json!("hunter2"),
            json!({"env": "hunter2!"}),
            json!({"env": ""}),
            json!({"env": "A", "file": "hunter2"}),
            json!({"value": "hunter2"}),
            json!(["hunter2"]),
        ] {
            let fault = Shape::Reference.fault(&bad).unwrap();
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn an_address_of_a_recipient_is_a_reference() {
        assert_eq!(Shape::Recipient.fault(&json!("team-geo")), None);
        assert_eq!(Shape::Recipient.fault(&json!({"env": "HOOK"})), None);
        let fault = Shape::Recipient.fault(&json!("https://hooks.example/hunter2")).unwrap();
        assert!(!fault.contains("hunter2"), "{fault}");
    }

    #[test]
    fn a_password_in_an_address_is_refused_without_echo() {
        let fault = Shape::Text.fault(&json!("https://u:hunter2@host/path")).unwrap();
        assert!(fault.contains("password") && !fault.contains("hunter2"), "{fault}");
        let nested = json!({"env": [{"DATABASE_URL": "postgres://app:hunter2@db/app"}]});
        assert!(Shape::Object.fault(&nested).is_some_and(|fault| !fault.contains("hunter2")));
        assert_eq!(Shape::Text.fault(&json!("ssh://git@host/a:b@c")), None);
    }

    #[test]
    fn shapes_say_what_they_expect() {
        let fault = |shape: Shape, value: Value| shape.fault(&value).unwrap_or_default();
        assert_eq!(fault(Shape::Age, json!("soon")), "is `soon`, expected a duration such as `5m`");
        assert_eq!(fault(Shape::Integer, json!(1.5)), "is `1.5`, expected a whole number");
        assert_eq!(
            fault(Shape::OneOf(&["git", "live"]), json!("gti")),
            "is `gti`, expected one of `git`, `live`"
        );
        assert_eq!(fault(Shape::Text, json!("")), "is empty, expected text");
        assert!(fault(Shape::Weights, json!({"a": 0})).contains("not all of them 0"));
        assert!(fault(Shape::Weights, json!({"a": -1, "b": 2})).contains("expected"));
        assert_eq!(fault(Shape::Weights, json!({"a": 95, "b": 5})), "");
    }

    #[test]
    fn an_output_fits_where_its_shape_does() {
        assert!(Shape::Digest.fits(Shape::Text));
        assert!(Shape::Integer.fits(Shape::Number));
        assert!(!Shape::Text.fits(Shape::Digest));
        assert!(!Shape::Text.fits(Shape::Reference));
    }
}
