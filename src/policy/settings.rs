//! Settings: what operators tell the shipped policies, typed.
//!
//! A settings document goes in, [`Settings`] with the shipped defaults filled in come out, and
//! policies see them as `data.settings`. A misspelt or senseless setting is an error, never one
//! that is silently without effect. Each top-level section stands or falls as a whole: a section
//! in the operator's file takes the place of the shipped one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};

use crate::diag::{Diagnostic, Source, codes, document};
use crate::model::evidence::Severity;
use crate::model::finding::Need;
use crate::model::review::UpdateType;
use crate::model::{Age, Json, Time};

/// The settings that the shipped policies come with.
const SHIPPED: &str = include_str!("../../policies/settings.yaml");

/// What operators tell the shipped policies. After [`read`], every section is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "settings")]
pub struct Settings {
    /// Automated updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<Updates>,
    /// Signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
    /// Vulnerability scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<Scans>,
    /// Bills of materials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sboms: Option<Sboms>,
    /// SQL migrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Migrations>,
    /// Promotion between environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// Hardening of workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardening: Option<Hardening>,
    /// How changes are rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
}

/// Automated updates: images, base images, dependencies, charts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Updates {
    /// Which updates go by themselves, and who approves the others. The first entry that covers
    /// the environment counts.
    pub types: Vec<UpdateRule>,
    /// From a digest's first observation until it may be used. The first entry that covers counts.
    #[serde(default)]
    pub minimum_age: Vec<MinimumAge>,
    /// Times in which nothing goes out.
    #[serde(default)]
    pub freezes: Vec<Freeze>,
    /// Times in which changes go out, for environments that have any.
    #[serde(default)]
    pub windows: Vec<Window>,
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
pub struct Signatures {
    /// Which of the signers that the operator trusts may sign what runs; any where empty.
    #[serde(default)]
    pub signers: Vec<Signer>,
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
pub struct Scans {
    /// Severities that count.
    pub severities: BTreeSet<Severity>,
}

/// Bills of materials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Sboms {
    /// Formats that are read, by the word before the version.
    pub formats: Vec<String>,
}

/// SQL migrations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Migrations {
    /// What a statement needs that could not be understood.
    pub unparsed: Need,
}

/// Promotion between environments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Promotion {
    /// The ways there are.
    pub paths: Vec<Step>,
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
pub struct Hardening {
    /// Environments in which every image is pinned by digest.
    #[serde(default)]
    pub pinned: Vec<String>,
}

/// How changes are rolled out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Strategy {
    /// The canary of each environment that has one. The first entry that covers it counts.
    #[serde(default)]
    pub canary: Vec<Canary>,
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

impl Settings {
    /// Puts every section that is there in the place of the one below it.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            updates: self.updates.or(below.updates),
            signatures: self.signatures.or(below.signatures),
            scans: self.scans.or(below.scans),
            sboms: self.sboms.or(below.sboms),
            migrations: self.migrations.or(below.migrations),
            promotion: self.promotion.or(below.promotion),
            hardening: self.hardening.or(below.hardening),
            strategy: self.strategy.or(below.strategy),
        }
    }
}

/// Reads a settings document and fills in the shipped sections that it does not hold.
///
/// # Errors
/// Everything that is wrong with it, as `config.invalid`, with its place.
pub fn read(source: &Arc<Source>) -> Result<Settings, Vec<Diagnostic>> {
    Ok(parse(source)?.over(shipped()?))
}

/// The settings that the shipped policies come with.
///
/// # Errors
/// They are wrong, which a test excludes.
pub fn shipped() -> Result<Settings, Vec<Diagnostic>> {
    parse(&Source::new("policies/settings.yaml", SHIPPED))
}

fn parse(source: &Arc<Source>) -> Result<Settings, Vec<Diagnostic>> {
    let settings: Settings = document::read(source).map_err(|mut diagnostic| {
        diagnostic.code = codes::CONFIG_INVALID;
        vec![diagnostic]
    })?;
    let problems: Vec<Diagnostic> =
        senseless(&settings).into_iter().map(|(path, message)| at_path(source, &path, message)).collect();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

fn at_path(source: &Arc<Source>, path: &str, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(codes::CONFIG_INVALID, message);
    match crate::diag::tree::parse(source).ok().as_deref() {
        Some([node, ..]) => {
            let span = document::first_line(source, &node.locate(path).span);
            diagnostic.at(source, span, "here")
        }
        _ => diagnostic,
    }
}

/// What has the right shape and still makes no sense: a JSON Pointer and a word about it.
fn senseless(settings: &Settings) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut say = |path: String, message: String| found.push((path, message));
    if let Some(updates) = &settings.updates {
        for (i, rule) in updates.types.iter().enumerate() {
            for (kind, need) in &rule.approval {
                let path = format!("/updates/types/{i}/approval/{}", kind.as_str());
                if rule.alone.contains(kind) {
                    let kind = kind.as_str();
                    say(path.clone(), format!("`{kind}` stands under both `alone` and `approval`"));
                }
                empty_needs(need, &path, &mut say);
            }
        }
        for (i, freeze) in updates.freezes.iter().enumerate() {
            if freeze.until <= freeze.from {
                let name = &freeze.name;
                say(format!("/updates/freezes/{i}"), format!("the freeze `{name}` ends before it begins"));
            }
        }
        for (i, window) in updates.windows.iter().enumerate() {
            let path = format!("/updates/windows/{i}");
            if window.until <= window.from {
                say(path.clone(), "a change window that closes before it opens".to_owned());
            }
            if window.days.is_empty() {
                say(path.clone(), "a change window without days never opens".to_owned());
            }
            if window.zone != "UTC" && !window.zone.contains('/') {
                let zone = &window.zone;
                say(path, format!("`{zone}` is not a time zone such as `Europe/Amsterdam` or `UTC`"));
            }
        }
    }
    if let Some(migrations) = &settings.migrations {
        empty_needs(&migrations.unparsed, "/migrations/unparsed", &mut say);
    }
    if let Some(promotion) = &settings.promotion {
        let mut seen = BTreeSet::new();
        for (i, step) in promotion.paths.iter().enumerate() {
            let path = format!("/promotion/paths/{i}");
            if !seen.insert((&step.from, &step.to)) {
                say(path.clone(), format!("`{}` → `{}` stands twice", step.from, step.to));
            }
            if let Some(need) = &step.needs {
                empty_needs(need, &format!("{path}/needs"), &mut say);
            }
        }
    }
    for (i, canary) in settings.strategy.iter().flat_map(|s| &s.canary).enumerate() {
        let path = format!("/strategy/canary/{i}");
        if !(1..=100).contains(&canary.traffic_percent) {
            say(format!("{path}/trafficPercent"), "`trafficPercent` lies between 1 and 100".to_owned());
        }
        if !(0.0..=1.0).contains(&canary.error_rate_max) {
            say(format!("{path}/errorRateMax"), "`errorRateMax` lies between 0 and 1".to_owned());
        }
        if canary.every.0 == 0 || canary.every > canary.r#for {
            say(
                format!("{path}/every"),
                "`every` is longer than nothing and no longer than `for`".to_owned(),
            );
        }
    }
    found
}

/// A need that nothing and nobody could ever fill, or that is filled from the start.
fn empty_needs(need: &Need, path: &str, say: &mut impl FnMut(String, String)) {
    match need {
        Need::All(needs) | Need::Any(needs) if needs.is_empty() => {
            say(path.to_owned(), "an empty list of needs".to_owned());
        }
        Need::All(needs) | Need::Any(needs) => {
            for need in needs {
                empty_needs(need, path, say);
            }
        }
        Need::Approval(approval) if approval.count == 0 || approval.role.is_empty() => {
            say(path.to_owned(), "an approval needs a role and a count of at least 1".to_owned());
        }
        Need::Approval(_) | Need::Evidence(_) | Need::Time(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        read(&Source::new("settings.yaml", text)).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_shipped_settings_have_every_section_and_come_back_as_they_were() {
        let shipped = shipped().unwrap();
        let json = serde_json::to_value(&shipped).unwrap();
        let sections: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            sections,
            ["hardening", "migrations", "promotion", "sboms", "scans", "signatures", "strategy", "updates"]
        );
        assert_eq!(serde_json::from_value::<Settings>(json).unwrap(), shipped);
    }

    #[test]
    fn a_section_takes_the_place_of_the_shipped_one_and_leaves_the_others() {
        let read = read(&Source::new("s", "promotion: {paths: [{from: a, to: b}]}\n")).unwrap();
        let shipped = shipped().unwrap();
        assert_eq!(read.promotion.unwrap().paths.len(), 1);
        assert_eq!(read.updates, shipped.updates);
        assert_eq!(super::read(&Source::new("s", "{}")).unwrap(), shipped);
    }

    #[test]
    fn a_misspelt_setting_is_an_error_with_its_place_and_the_word_that_was_meant() {
        let found = read(&Source::new("s.yaml", "promotion:\n  path: []\n")).unwrap_err();
        assert_eq!(found[0].to_string(), "s.yaml:2:3: unknown field `path` [config.invalid]");
        assert_eq!(found[0].hint.as_deref(), Some("did you mean `paths`?"));
    }

    #[test]
    fn what_makes_no_sense_is_an_error_at_its_place() {
        insta::assert_snapshot!(
            problems(
                "updates:
  types:
    - {alone: [minor], approval: {minor: {approval: {role: lead}}, major: {all: []}}}
  freezes:
    - {name: x, from: 2026-01-02T00:00:00Z, until: 2026-01-01T00:00:00Z}
  windows:
    - {days: [], from: \"10:00\", until: \"09:00\", zone: Amsterdam}
promotion:
  paths:
    - {from: a, to: b, needs: {approval: {role: lead, count: 0}}}
    - {from: a, to: b}
strategy:
  canary:
    - {trafficPercent: 0, errorRateMax: 2, p99MsMax: 1, every: 6m, for: 5m, maxConsecutiveFailures: 1, metrics: {}}
"
            )
            .join("\n"),
            @r"
            settings.yaml:3:42: `minor` stands under both `alone` and `approval` [config.invalid]
            settings.yaml:3:75: an empty list of needs [config.invalid]
            settings.yaml:5:7: the freeze `x` ends before it begins [config.invalid]
            settings.yaml:7:7: a change window that closes before it opens [config.invalid]
            settings.yaml:7:7: a change window without days never opens [config.invalid]
            settings.yaml:7:7: `Amsterdam` is not a time zone such as `Europe/Amsterdam` or `UTC` [config.invalid]
            settings.yaml:10:31: an approval needs a role and a count of at least 1 [config.invalid]
            settings.yaml:11:7: `a` → `b` stands twice [config.invalid]
            settings.yaml:14:24: `trafficPercent` lies between 1 and 100 [config.invalid]
            settings.yaml:14:41: `errorRateMax` lies between 0 and 1 [config.invalid]
            settings.yaml:14:64: `every` is longer than nothing and no longer than `for` [config.invalid]
            "
        );
    }

    #[test]
    fn times_of_day_are_hours_and_minutes_and_nothing_else() {
        assert_eq!(TimeOfDay::parse("08:30"), Some(TimeOfDay(510)));
        assert_eq!(TimeOfDay::parse("24:00"), Some(TimeOfDay(1_440)));
        for wrong in ["8:30", "24:01", "08:60", "08:30:00", "+8:30", "", "0830"] {
            assert_eq!(TimeOfDay::parse(wrong), None, "{wrong}");
        }
        assert_eq!(serde_json::to_string(&TimeOfDay(510)).unwrap(), "\"08:30\"");
    }
}
