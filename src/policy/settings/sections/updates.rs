//! What updates are told: which go by themselves, when, and after what wait.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};

use super::{CommitRule, Flapping, FloatingTags, Healthy, InFlight, RiskRule, VersionRule, never_null};
use crate::model::finding::Need;
use crate::model::review::UpdateType;
use crate::model::{Age, Time};

over! {
    Updates: types, commits, versions, floating, minimum_age, freezes, holidays, windows, flapping, risk,
        in_flight, healthy;
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
    /// What becomes of a change by the type of its commit. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<Vec<CommitRule>>,
    /// The versions that are allowed. The first entry that covers the environment and matches what is
    /// updated counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<VersionRule>>,
    /// Tags that move and pin nothing. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floating: Option<Vec<FloatingTags>>,
    /// From a digest's first observation until it may be used. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_age: Option<Vec<MinimumAge>>,
    /// Times in which nothing goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freezes: Option<Vec<Freeze>>,
    /// Days on which nothing goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<Vec<Holidays>>,
    /// Times in which changes go out, for environments that have any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<Window>>,
    /// Who looks at a digest that comes back. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<Vec<Flapping>>,
    /// What makes a change risky, and who looks at one that is. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Vec<RiskRule>>,
    /// How many changes may be in flight in an environment. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<Vec<InFlight>>,
    /// Where only what is healthy is updated by itself. The first entry that covers counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<Vec<Healthy>>,
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
    /// How long where the change fixes a critical vulnerability that is known to be exploited; no
    /// shorter where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<Age>,
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

/// Days on which nothing goes out, from midnight to midnight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "a mapping with `name`, `dates` and `zone`"
)]
pub struct Holidays {
    /// What people call them.
    pub name: String,
    /// Environments; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// The days.
    pub dates: BTreeSet<Date>,
    /// Time zone by its IANA name.
    #[serde(default = "utc")]
    pub zone: String,
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
    /// Days of the week on which it opens.
    pub days: BTreeSet<Weekday>,
    /// When it opens.
    pub from: TimeOfDay,
    /// When it closes; on the next day where that is earlier than it opens.
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

/// A day of the calendar, written `2026-12-25`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Date(String);

impl Date {
    /// Reads `2026-12-25`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 10 && format!("{text}T00:00:00Z").parse::<Time>().is_ok();
        digits.then(|| Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not a day such as `2026-12-25`")))
    }
}

impl JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "A day such as 2026-12-25."
        })
    }
}
