//! Enforcement: which rules block, which only warn, which are off, where and since when.

use globset::{Glob, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::finding::{Effect, Finding};
use crate::model::review::Review;
use crate::model::time::Time;

/// How a rule's findings count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// They count.
    #[default]
    Enforce,
    /// They are said, and do not block.
    Warn,
    /// The rule is not asked.
    Off,
}

/// A mode for some rules, in some places, for some time. The last entry that matches decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an enforcement entry")]
pub struct Enforcement {
    /// Patterns of rule ids, with `*`.
    pub rules: Vec<Pattern>,
    /// Patterns of clusters; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Vec<Pattern>>,
    /// Patterns of environments; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<Pattern>>,
    /// The mode.
    pub mode: Mode,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// A pattern with `*` and `?` that must match the whole.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Pattern(
    #[serde(serialize_with = "pattern_text")]
    #[schemars(with = "String")]
    GlobMatcher,
);

fn pattern_text<S: serde::Serializer>(matcher: &GlobMatcher, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(matcher.glob().glob())
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Pattern {
    /// Reads a pattern; `None` where it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Glob::new(text).ok().map(|glob| Self(glob.compile_matcher()))
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        self.0.glob().glob()
    }

    /// Whether it is meant for a rule. Our own findings (`weighlock.…`) are no rules: that nothing
    /// speaks about a change, or that obligations conflict, is softened only where it is named so.
    fn names(&self, rule: &str) -> bool {
        self.matches(rule) && (!rule.starts_with("weighlock.") || self.text().starts_with("weighlock."))
    }

    /// Whether it matches the whole of a text.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a pattern")))
    }
}

/// The mode of a rule for a review.
pub fn mode(entries: &[Enforcement], rule: &str, review: &Review, now: Time) -> Mode {
    let context = &review.context;
    entry(entries, rule, context.cluster.as_deref(), context.environment.as_deref(), now)
        .map_or(Mode::Enforce, |entry| entry.mode)
}

/// The entry that decides the mode of a rule in a place. A place that is not known matches no
/// pattern but `*`: what is relaxed for some clusters is not relaxed for one that nobody named.
pub fn entry<'a>(
    entries: &'a [Enforcement],
    rule: &str,
    cluster: Option<&str>,
    environment: Option<&str>,
    now: Time,
) -> Option<&'a Enforcement> {
    let place = |patterns: &Option<Vec<Pattern>>, value: Option<&str>| match patterns {
        None => true,
        Some(patterns) => patterns.iter().any(|pattern| match value {
            Some(value) => pattern.matches(value),
            None => pattern.text() == "*",
        }),
    };
    entries.iter().rev().find(|entry| {
        entry.rules.iter().any(|pattern| pattern.names(rule))
            && place(&entry.clusters, cluster)
            && place(&entry.environments, environment)
            && entry.from.is_none_or(|from| from <= now)
            && entry.until.is_none_or(|until| now < until)
    })
}

/// Makes a warning of a finding whose rule only warns; the effect that it had stays visible.
pub fn soften(finding: &mut Finding, mode: Mode) {
    if mode == Mode::Warn && matches!(finding.effect, Effect::Deny | Effect::Hold | Effect::Indeterminate) {
        finding.enforced_from = Some(finding.effect);
        finding.effect = Effect::Warn;
    }
}
