//! Settings: what operators tell the shipped policies, typed.
//!
//! A settings document goes in, [`Settings`] with the shipped defaults filled in come out, and
//! policies see them as `data.settings`. A misspelt or senseless setting is an error, never one
//! that is silently without effect. Each top-level section stands or falls as a whole: a section
//! in the operator's file takes the place of the shipped one.

mod sections;
mod sense;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Source, codes, document, tree};

pub use sections::{
    Canary, Freeze, Hardening, Migrations, MinimumAge, Promotion, Sboms, Scans, Signatures, Signer, Step,
    Strategy, TimeOfDay, UpdateRule, Updates, Weekday, Window,
};

/// The settings that the shipped policies come with.
const SHIPPED: &str = include_str!("../../policies/settings.yaml");

/// What operators tell the shipped policies. A section that is absent is the shipped one.
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
        if diagnostic.hint.is_none() && lacks_a_member(source, &diagnostic) {
            diagnostic.hint = Some(
                "a section takes the place of the whole shipped one; copy the rest from `policies/settings.yaml`"
                    .to_owned(),
            );
        }
        vec![diagnostic]
    })?;
    let problems: Vec<Diagnostic> =
        sense::faults(&settings).into_iter().map(|(path, message)| at_path(source, &path, message)).collect();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Whether what is wrong is that a section is not whole.
fn lacks_a_member(source: &Arc<Source>, diagnostic: &Diagnostic) -> bool {
    let Some(label) = &diagnostic.label else { return false };
    let nodes = tree::parse(source).unwrap_or_default();
    let Some(tree::Value::Map(sections)) = nodes.first().map(|node| &node.value) else { return false };
    diagnostic.message.ends_with("is missing")
        && sections.iter().any(|(_, section)| section.span.start == label.span.start)
}

fn at_path(source: &Arc<Source>, path: &str, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(codes::CONFIG_INVALID, message);
    match tree::parse(source).ok().as_deref() {
        Some([node, ..]) => {
            let span = document::first_line(source, &node.locate(path).span);
            diagnostic.at(source, span, "here")
        }
        _ => diagnostic,
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
    fn a_section_that_lacks_a_member_says_that_it_is_all_there_is() {
        let hint = |text: &str| {
            let found = read(&Source::new("s.yaml", text)).unwrap_err().remove(0);
            assert!(found.message.ends_with("is missing"), "{found}");
            found.hint
        };
        let freeze = "{name: x, from: 2026-01-01T00:00:00Z, until: 2026-01-02T00:00:00Z}";
        for text in
            [format!("updates: {{freezes: [{freeze}]}}\n"), format!("updates:\n  freezes:\n    - {freeze}\n")]
        {
            assert!(hint(&text).unwrap().contains("copy the rest from `policies/settings.yaml`"), "{text}");
        }
        // What stands within a section has nothing to copy.
        assert_eq!(hint("updates: {types: [], freezes: [{name: x}]}\n"), None);
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
