//! `{"from": "step.output"}`: an output of an earlier step, in place of a value.
//!
//! The output's name is what stands after the last dot, because a step's id may have dots itself.
//! Within mappings and lists, references count at any depth; a mapping with more than the one key
//! `from` is a mapping.

use serde_json::Value;

/// An output of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference<'a> {
    /// As it was written.
    pub text: &'a str,
    /// Id of the step; empty where there is no dot.
    pub step: &'a str,
    /// Name of the output.
    pub output: &'a str,
}

/// The reference that a value is; `None` where it is something else.
pub fn parse(value: &Value) -> Option<Reference<'_>> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let text = members.get("from")?.as_str()?;
    let (step, output) = text.rsplit_once('.').unwrap_or(("", text));
    Some(Reference { text, step, output })
}

/// Every reference in a value, the value itself included.
pub fn find(value: &Value) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<Reference<'a>>) {
    if let Some(reference) = parse(value) {
        found.push(reference);
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().for_each(|member| collect(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_at_any_depth_and_ids_may_have_dots() {
        let value =
            json!({"image": [{"digest": {"from": "rule.build/1.digest"}}], "peer": {"from": "a.b", "x": 1}});
        let found = find(&value);
        assert_eq!(
            found,
            [Reference { text: "rule.build/1.digest", step: "rule.build/1", output: "digest" }]
        );
        assert_eq!(parse(&json!({"from": 1})), None);
        assert_eq!(parse(&json!({"from": "nodot"})).map(|r| r.step), Some(""));
    }
}
