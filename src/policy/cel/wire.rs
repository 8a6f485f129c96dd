//! The document as it is written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::evidence::Severity;
use crate::model::finding::Need;
use crate::model::json::Json;
use crate::model::rule::{Applies, View};
use crate::model::time::Time;
use crate::model::trust::Threshold;

/// Rules in CEL.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a policy")]
pub(crate) struct Document {
    /// `weighlock.dev/v1`.
    pub(super) api_version: String,
    /// `Policy`.
    pub(super) kind: String,
    /// What it is called.
    pub(super) metadata: Head,
    /// What it says.
    pub(super) spec: Spec,
}

/// What a policy is called.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `id` and `title`")]
#[schemars(rename = "PolicyMetadata")]
pub(super) struct Head {
    /// First part of the ids of its rules: letters, digits, `_` and `-`, with `.` between words.
    pub(super) id: String,
    /// One line; a rule may have its own.
    pub(super) title: Option<String>,
    /// A paragraph; a rule may have its own.
    pub(super) description: Option<String>,
    /// What else the author has to say.
    #[serde(default)]
    pub(super) custom: BTreeMap<String, Json>,
}

/// What a policy says. What a rule leaves out of `applies`, `requires`, `severity`, `waivable`,
/// `remediation` and `related` is taken from here.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `rules`")]
#[schemars(rename = "PolicySpec")]
pub(super) struct Spec {
    /// Changes that its rules speak about; all of them where absent.
    pub(super) applies: Option<Applies>,
    /// Facts that its rules need: none of them is asked where one is not known.
    pub(super) requires: Option<Requires>,
    /// How bad a finding is; `medium` where absent.
    pub(super) severity: Option<Severity>,
    /// Whether a waiver may set findings aside; no where absent.
    pub(super) waivable: Option<bool>,
    /// Whether its rules only say when or how a change goes out: where nothing else speaks about a
    /// change, nothing has judged it.
    #[serde(default)]
    pub(super) incidental: bool,
    /// What expressions see as `input`; the review where absent.
    pub(super) view: Option<View>,
    /// What to do about a finding.
    pub(super) remediation: Option<String>,
    /// Standards, papers and pages.
    pub(super) related: Option<Vec<String>>,
    /// An expression; where it is false, the policy has nothing to say.
    #[serde(rename = "match")]
    pub(super) matches: Option<String>,
    /// Named expressions, each of which may use those before it.
    #[serde(default)]
    pub(super) variables: Vec<Variable>,
    /// Rules, at least one.
    #[schemars(length(min = 1))]
    pub(super) rules: Vec<Rule>,
}

/// A named expression.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `name` and `expression`")]
pub(super) struct Variable {
    /// Name, used as `variables.<name>`: letters, digits and `_`, and a letter first.
    pub(super) name: String,
    /// The expression.
    pub(super) expression: String,
}

/// Has a rule judge each element of a list by itself.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `in` and `as`")]
pub(super) struct ForEach {
    /// An expression that gives the list.
    #[serde(rename = "in")]
    pub(super) list: String,
    /// The name under which the expressions of the rule see an element.
    #[serde(rename = "as")]
    pub(super) name: String,
}

/// A rule.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a rule")]
pub(super) struct Rule {
    /// Id within the policy.
    pub(super) id: String,
    /// One line.
    pub(super) title: Option<String>,
    /// A paragraph.
    pub(super) description: Option<String>,
    /// `deny`, `hold` and `warn` find something where `expression` is not true; `oblige` and `action`
    /// yield their value where `when` is.
    #[schemars(extend("enum" = ["deny", "hold", "warn", "oblige", "action"]))]
    pub(super) effect: String,
    /// How bad a finding is.
    pub(super) severity: Option<Severity>,
    /// Whether a waiver may set findings aside.
    pub(super) waivable: Option<bool>,
    /// Facts that it needs.
    pub(super) requires: Option<Requires>,
    /// Changes that it speaks about.
    pub(super) applies: Option<Applies>,
    /// What to do about a finding.
    pub(super) remediation: Option<String>,
    /// Standards, papers and pages.
    pub(super) related: Option<Vec<String>>,
    /// Judges each element of a list by itself.
    pub(super) for_each: Option<ForEach>,
    /// For `deny`, `hold`, `warn`: must be true for the change to pass.
    pub(super) expression: Option<String>,
    /// For `oblige`, `action`: whether it yields its value.
    pub(super) when: Option<String>,
    /// What a finding says.
    pub(super) message: Option<String>,
    /// What a finding says, worked out; `message` stands in where that fails.
    pub(super) message_expression: Option<String>,
    /// JSON Pointer (RFC 6901) into the review.
    pub(super) path: Option<String>,
    /// The pointer, worked out.
    pub(super) path_expression: Option<String>,
    /// The obligation or step.
    pub(super) value: Option<Json>,
    /// The obligation or step, worked out.
    pub(super) value_expression: Option<String>,
    /// For a hold: until when.
    pub(super) until: Option<Time>,
    /// For a hold: until when, worked out.
    pub(super) until_expression: Option<String>,
    /// For a hold: what ends it.
    #[schemars(with = "Option<Need>")]
    pub(super) needs: Option<Json>,
    /// For a hold: what ends it, worked out.
    pub(super) needs_expression: Option<String>,
}

/// Facts by name: a list of names, or a mapping from names to what each must satisfy.
pub(super) struct Requires(BTreeMap<String, Threshold>);

impl Requires {
    pub(super) fn into_map(self) -> BTreeMap<String, Threshold> {
        self.0
    }
}

impl JsonSchema for Requires {
    fn schema_name() -> Cow<'static, str> {
        "Requires".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let threshold = generator.subschema_for::<Option<Threshold>>();
        json_schema!({
            "description": "Facts: a list of names, or a mapping from names to the trust and age that are asked of them.",
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": threshold},
            ],
        })
    }
}

impl<'de> Deserialize<'de> for Requires {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Facts)
    }
}

struct Facts;

impl<'de> Visitor<'de> for Facts {
    type Value = Requires;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of facts, or a mapping from facts to `trust` and `maxAge`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Requires, A::Error> {
        let mut facts = BTreeMap::new();
        while let Some(fact) = seq.next_element::<String>()? {
            facts.insert(fact, Threshold::default());
        }
        Ok(Requires(facts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Requires, A::Error> {
        let mut facts = BTreeMap::new();
        while let Some(fact) = map.next_key::<String>()? {
            let threshold = map.next_value::<Option<Threshold>>()?.unwrap_or_default();
            if facts.insert(fact.clone(), threshold).is_some() {
                return Err(de::Error::custom(format!("duplicate key `{fact}`")));
            }
        }
        Ok(Requires(facts))
    }
}
