//! The document as it is written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::evidence::Severity;
use crate::model::json::Json;
use crate::model::rule::{Applies, View};
use crate::model::time::Time;
use crate::model::trust::Threshold;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a policy")]
pub(super) struct Document {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) metadata: Head,
    pub(super) spec: Spec,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `id` and `title`")]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) custom: BTreeMap<String, Json>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `rules`")]
pub(super) struct Spec {
    pub(super) applies: Option<Applies>,
    pub(super) requires: Option<Requires>,
    pub(super) severity: Option<Severity>,
    pub(super) waivable: Option<bool>,
    pub(super) view: Option<View>,
    pub(super) remediation: Option<String>,
    pub(super) related: Option<Vec<String>>,
    #[serde(rename = "match")]
    pub(super) matches: Option<String>,
    #[serde(default)]
    pub(super) variables: Vec<Variable>,
    pub(super) rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `name` and `expression`")]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) expression: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `in` and `as`")]
pub(super) struct ForEach {
    #[serde(rename = "in")]
    pub(super) list: String,
    #[serde(rename = "as")]
    pub(super) name: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a rule")]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) effect: String,
    pub(super) severity: Option<Severity>,
    pub(super) waivable: Option<bool>,
    pub(super) requires: Option<Requires>,
    pub(super) applies: Option<Applies>,
    pub(super) remediation: Option<String>,
    pub(super) related: Option<Vec<String>>,
    pub(super) for_each: Option<ForEach>,
    pub(super) expression: Option<String>,
    pub(super) when: Option<String>,
    pub(super) message: Option<String>,
    pub(super) message_expression: Option<String>,
    pub(super) path: Option<String>,
    pub(super) path_expression: Option<String>,
    pub(super) value: Option<Json>,
    pub(super) value_expression: Option<String>,
    pub(super) until: Option<Time>,
    pub(super) until_expression: Option<String>,
    pub(super) needs: Option<Json>,
    pub(super) needs_expression: Option<String>,
}

/// Facts by name: a list of names, or a mapping from names to what each must satisfy.
pub(super) struct Requires(BTreeMap<String, Threshold>);

impl Requires {
    pub(super) fn into_map(self) -> BTreeMap<String, Threshold> {
        self.0
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
