//! The sections of the settings, one for each part of the shipped policies. A member that is absent
//! is the shipped one.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};
use serde_json::Value;

use crate::model::evidence::Severity;
use crate::model::finding::Need;
use crate::model::review::UpdateType;
use crate::model::{Age, Json, Time};

/// Takes `null` out of what members may be: one that is named says something.
pub(super) fn never_null(schema: &mut Schema) {
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    for member in members.values_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::Array(types)) = member.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                member.insert("type".to_owned(), one);
            }
        }
        if let Some(Value::Array(any)) = member.get_mut("anyOf") {
            any.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
            if let [Value::Object(one)] = any.as_slice() {
                let one = one.clone();
                member.remove("anyOf");
                member.extend(one);
            }
        }
    }
}

/// Puts every member that is there in the place of the one below it.
macro_rules! over {
    ($($section:ident: $($member:ident),+;)+) => {
        $(impl $section {
            pub(super) fn over(self, below: Self) -> Self {
                Self { $($member: self.$member.or(below.$member)),+ }
            }
        })+
    };
}

over! {
    Updates: types, minimum_age, freezes, windows;
    Signatures: signers;
    Scans: severities;
    Sboms: formats;
    Migrations: unparsed;
    Promotion: paths;
    Hardening: pinned;
    Strategy: canary;
}

/// Automated updates: images, base images, dependencies, charts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Updates {
    /// Which updates go by themselves, and who approves the others. The first entry that covers
    /// the environment counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<UpdateRule>>,
    /// From a digest's first observation until it may be used. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_age: Option<Vec<MinimumAge>>,
    /// Times in which nothing goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freezes: Option<Vec<Freeze>>,
    /// Times in which changes go out, for environments that have any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<Window>>,
}

/// What becomes of each kind of version update; a kind under neither key is denied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `alone` and `approval`")]
pub struct UpdateRule {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Kinds that go by themselves.
    #[serde(default)]
    pub alone: BTreeSet<UpdateType>,
    /// What each of the other kinds needs.
    #[serde(default)]
    pub approval: BTreeMap<UpdateType, Need>,
}

/// How long a new digest waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `age`")]
pub struct MinimumAge {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// How long.
    pub age: Age,
}

/// A time in which nothing goes out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `name`, `from` and `until`"
)]
pub struct Freeze {
    /// What people call it.
    pub name: String,
    /// Environments; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// First instant.
    pub from: Time,
    /// First instant after it.
    pub until: Time,
}

/// A time of the week in which changes go out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `days`, `from`, `until` and `zone`"
)]
pub struct Window {
    /// Environments; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Days of the week.
    pub days: BTreeSet<Weekday>,
    /// When it opens.
    pub from: TimeOfDay,
    /// When it closes, on the same day.
    pub until: TimeOfDay,
    /// Time zone by its IANA name.
    #[serde(default = "utc")]
    pub zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the days of the week need no explanation")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Minutes since midnight, written `08:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub u16);

impl TimeOfDay {
    /// Reads `08:30`; `24:00` is the end of the day.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let number = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let total = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && total <= 1_440).then_some(Self(total))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (hours, minutes) = (self.0.checked_div(60).unwrap_or(0), self.0.checked_rem(60).unwrap_or(0));
        serializer.collect_str(&format_args!("{hours:02}:{minutes:02}"))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not a time of day such as `08:30`")))
    }
}

impl JsonSchema for TimeOfDay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$",
            "description": "A time of day such as 08:30."
        })
    }
}

/// Signatures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Signatures {
    /// Which of the signers that the operator trusts may sign what runs; any where empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<Vec<Signer>>,
}

/// Someone who signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `identity`")]
pub struct Signer {
    /// The certificate's subject, or the name of a key; compared as a whole.
    pub identity: String,
    /// The OIDC issuer; absent for a plain key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// Vulnerability scans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Scans {
    /// Severities that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severities: Option<BTreeSet<Severity>>,
}

/// Bills of materials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Sboms {
    /// Formats that are read, by the word before the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formats: Option<Vec<String>>,
}

/// SQL migrations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Migrations {
    /// What a statement needs that could not be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unparsed: Option<Need>,
}

/// Promotion between environments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Promotion {
    /// The ways there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<Step>>,
}

/// One step of a promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping with `from` and `to`")]
pub struct Step {
    /// Environment that it leaves.
    pub from: String,
    /// Environment that it enters.
    pub to: String,
    /// Gates that must have passed where it comes from.
    #[serde(default)]
    pub gates: Vec<String>,
    /// How long it must have run there, verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Age>,
    /// The people that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
}

/// Hardening of workloads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Hardening {
    /// Environments in which every image is pinned by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Vec<String>>,
}

/// How changes are rolled out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(transform = never_null)]
pub struct Strategy {
    /// The canary of each environment that has one. The first entry that covers it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Vec<Canary>>,
}

/// A canary: a part of the traffic, watched for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Canary {
    /// Environments; all that no earlier entry names where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Part of the traffic, in percent.
    pub traffic_percent: u8,
    /// Greatest part of requests that may fail, from 0 to 1.
    pub error_rate_max: f64,
    /// Greatest 99th percentile of the response time, in milliseconds.
    pub p99_ms_max: u32,
    /// How often it is looked at.
    pub every: Age,
    /// How long.
    pub r#for: Age,
    /// How many looks in a row may find it unhealthy before it is taken back.
    pub max_consecutive_failures: u32,
    /// Where the figures come from: `provider`, and what it needs.
    pub metrics: BTreeMap<String, Json>,
    /// Name of the variable that holds the address to tell when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}
