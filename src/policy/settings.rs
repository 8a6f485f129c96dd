//! Settings: what operators tell the shipped policies, typed.
//!
//! A settings document goes in, [`Settings`] with the shipped defaults filled in come out, and
//! policies see them as `data.settings`. A misspelt or senseless setting is an error, never one
//! that is silently without effect. What the operator's file leaves out is what is shipped, section by
//! section and member by member; a member that it names, a list too, takes the place of the whole
//! shipped one.

mod sections;
mod sense;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Source, codes, document, tree};

pub use sections::*;

/// The settings that the shipped policies come with.
const SHIPPED: &str = include_str!("../../policies/settings.yaml");

/// What operators tell the shipped policies. A section or a member of one that is absent is the
/// shipped one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "settings")]
#[schemars(transform = sections::never_null)]
pub struct Settings {
    /// Automated updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<Updates>,
    /// Signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
    /// Provenance: who built an artifact, and from what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Base images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_images: Option<BaseImages>,
    /// Licences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Licenses>,
    /// AI registers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registers: Option<Registers>,
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
    /// Puts every member of every section that is there in the place of the one below it.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        fn join<T>(own: Option<T>, below: Option<T>, over: fn(T, T) -> T) -> Option<T> {
            match (own, below) {
                (Some(own), Some(below)) => Some(over(own, below)),
                (own, below) => own.or(below),
            }
        }
        Self {
            updates: join(self.updates, below.updates, Updates::over),
            signatures: join(self.signatures, below.signatures, Signatures::over),
            provenance: join(self.provenance, below.provenance, Provenance::over),
            base_images: join(self.base_images, below.base_images, BaseImages::over),
            licenses: join(self.licenses, below.licenses, Licenses::over),
            registers: join(self.registers, below.registers, Registers::over),
            scans: join(self.scans, below.scans, Scans::over),
            sboms: join(self.sboms, below.sboms, Sboms::over),
            migrations: join(self.migrations, below.migrations, Migrations::over),
            promotion: join(self.promotion, below.promotion, Promotion::over),
            hardening: join(self.hardening, below.hardening, Hardening::over),
            strategy: join(self.strategy, below.strategy, Strategy::over),
        }
    }
}

/// Reads a settings document and fills in what is shipped and it does not hold.
///
/// # Errors
/// Everything that is wrong with it, as `config.invalid`, with its place.
pub fn read(source: &Arc<Source>) -> Result<Settings, Vec<Diagnostic>> {
    let own = parse(source)?;
    let all = own.clone().over(shipped()?);
    let faults = sense::spellings(&own, &all);
    match faults.is_empty() {
        true => Ok(all),
        false => Err(faults.into_iter().map(|(path, message)| at_path(source, &path, message)).collect()),
    }
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
    let faults = sense::faults(&settings).into_iter().map(|(path, message)| at_path(source, &path, message));
    let problems: Vec<Diagnostic> = silent(source).into_iter().chain(faults).collect();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Sections and members that are named and say nothing: whether what is shipped is to stay or to go,
/// they do not tell.
fn silent(source: &Arc<Source>) -> Vec<Diagnostic> {
    let members = |node: &tree::Node| match &node.value {
        tree::Value::Map(members) => members.clone(),
        _ => Vec::new(),
    };
    let nodes = tree::parse(source).unwrap_or_default();
    let sections = nodes.first().map(members).unwrap_or_default();
    let inner: Vec<_> = sections.iter().flat_map(|(_, section)| members(section)).collect();
    let nothing = |node: &tree::Node| match &node.value {
        tree::Value::Scalar { text, plain } => *plain && matches!(text.as_str(), "" | "~" | "null"),
        _ => false,
    };
    let all = sections.into_iter().chain(inner).filter(|(_, node)| nothing(node));
    all.map(|(key, _)| {
        Diagnostic::error(codes::CONFIG_INVALID, format!("`{}` says nothing", key.name))
            .at(source, key.span, "here")
            .hint("leave it out to keep what is shipped; `[]` is an empty list")
    })
    .collect()
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
            [
                "baseImages",
                "hardening",
                "licenses",
                "migrations",
                "promotion",
                "provenance",
                "registers",
                "sboms",
                "scans",
                "signatures",
                "strategy",
                "updates"
            ]
        );
        assert_eq!(serde_json::from_value::<Settings>(json).unwrap(), shipped);
    }

    #[test]
    fn what_is_left_out_is_as_it_is_shipped() {
        let shipped = shipped().unwrap();
        let read = |text: &str| super::read(&Source::new("s", text)).unwrap();
        assert_eq!(read("{}"), shipped);
        let own = read("promotion: {paths: [{from: a, to: b}]}\n");
        assert_eq!(own.promotion.unwrap().paths.unwrap().len(), 1);
        assert_eq!((own.updates, own.hardening), (shipped.updates.clone(), shipped.hardening.clone()));
        // Within a section too: who adds a freeze lets no digest go out any earlier.
        let freeze = "{name: x, from: 2026-01-01T00:00:00Z, until: 2026-01-02T00:00:00Z}";
        let own = read(&format!("updates: {{freezes: [{freeze}]}}\nhardening: {{}}\n"));
        let (updates, known) = (own.updates.unwrap(), shipped.updates.unwrap());
        assert_eq!(updates.freezes.unwrap()[0].name, "x");
        assert!(known.types.is_some() && known.minimum_age.is_some());
        assert_eq!((updates.types, updates.minimum_age), (known.types, known.minimum_age));
        assert_eq!(own.hardening, shipped.hardening);
        // A list that is named is the whole list, and an empty one is none.
        let own = read("updates: {minimumAge: [{age: 1h}], freezes: []}\nhardening: {pinned: []}\n");
        let updates = own.updates.unwrap();
        assert_eq!((updates.minimum_age.unwrap().len(), updates.freezes.unwrap().len()), (1, 0));
        assert_eq!(own.hardening.unwrap().pinned, Some(Vec::new()));
    }

    #[test]
    fn what_is_named_and_says_nothing_is_an_error() {
        for (text, name, line) in [
            ("updates:\n", "updates", 1),
            ("updates: null\n", "updates", 1),
            ("updates:\n  freezes:\n  # - {name: x}\n", "freezes", 2),
            ("{\"hardening\": {\"pinned\": null}}", "pinned", 1),
            ("migrations: {unparsed: ~}\n", "unparsed", 1),
        ] {
            let found = read(&Source::new("s.yaml", text)).unwrap_err();
            assert_eq!(found.len(), 1, "{text}");
            let said = found[0].to_string();
            assert!(said.starts_with(&format!("s.yaml:{line}:")), "{said}");
            assert!(said.contains(&format!("`{name}` says nothing")), "{said}");
            assert!(found[0].hint.as_deref().unwrap().contains("leave it out"), "{text}");
        }
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
    - {days: [], from: \"10:00\", until: \"10:00\", zone: Amsterdam}
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
            settings.yaml:7:7: a change window that closes when it opens [config.invalid]
            settings.yaml:7:7: a change window without days never opens [config.invalid]
            settings.yaml:7:7: `Amsterdam` is not a time zone such as `Europe/Amsterdam` or `UTC` [config.invalid]
            settings.yaml:10:31: an approval needs a role and a count of at least 1 [config.invalid]
            settings.yaml:11:7: `a` → `b` stands twice [config.invalid]
            settings.yaml:14:24: `trafficPercent` lies between 1 and 99: a canary is a part [config.invalid]
            settings.yaml:14:41: `errorRateMax` is at least 0 and less than 1, at which nothing is too much [config.invalid]
            settings.yaml:14:64: `every` is longer than nothing and no longer than `for` [config.invalid]
            "
        );
    }

    #[test]
    fn what_nothing_could_ever_pass_is_an_error() {
        insta::assert_snapshot!(
            problems(
                "migrations:
  approval: {drop_table: {any: []}}
scans:
  npm: [{severities: [critical]}]
provenance:
  trusted: [{builders: [], sources: []}]
baseImages:
  allowed: [{repositories: [registry.example/*, \"*.example/base\", registry.example/a*]}]
registers:
  required: [{applications: [ai-*, \"*-ai\", \"*\"], statuses: [in use]}]
"
            )
            .join("\n"),
            @r"
            settings.yaml:2:26: an empty list of needs [config.invalid]
            settings.yaml:4:9: neither a scanner nor a gate: nothing could ever pass [config.invalid]
            settings.yaml:6:13: without a builder or without a source nothing could ever pass [config.invalid]
            settings.yaml:8:49: `*.example/base` has a `*` that is not at its end, as in `name/*` [config.invalid]
            settings.yaml:8:67: `registry.example/a*` has a `*` that is not at its end, as in `name/*` [config.invalid]
            settings.yaml:10:36: `*-ai` has a `*` that is not at its end, as in `name*` [config.invalid]
            settings.yaml:10:44: `*` has a `*` that is not at its end, as in `name*` [config.invalid]
            "
        );
    }

    #[test]
    fn what_could_never_be_equal_or_leaves_out_the_worse_is_an_error() {
        for text in [
            "scans: {severities: [critical, high], npm: [{scanners: [npm-audit], severities: [critical]}]}\n",
            "scans: {severities: []}\nmigrations: {versions: {postgresql: 15}, suppressible: [a.b]}\n",
            "hardening: {registries: [{allow: [registry.example, registry.example/a, localhost:5000]}]}\n",
        ] {
            assert!(read(&Source::new("settings.yaml", text)).is_ok(), "{text}");
        }
        let text = "scans:\n  severities: [medium, critical]\n  npm: [{scanners: [npm-audit], severities: [low, high]}]\n\
                    migrations:\n  versions: {postgres: 15}\n  suppressible: [drop_table]\n\
                    hardening:\n  registries: [{allow: [\"https://registry.example\", registry.example/, \"\"]}]\n\
                    baseImages:\n  allowed: [{repositories: [\"docker://a.example/b\"]}]\n";
        insta::assert_snapshot!(problems(text).join("\n"), @"
        settings.yaml:2:15: `medium` would count, and `high` would not [config.invalid]
        settings.yaml:3:45: `low` would count, and `medium` would not [config.invalid]
        settings.yaml:3:45: `low` would count, and `critical` would not [config.invalid]
        settings.yaml:5:24: `postgres` is none of `mariadb`, `mysql`, `postgresql` [config.invalid]
        settings.yaml:6:17: `drop_table` is no rule, as in `migrations.drop_table` [config.invalid]
        settings.yaml:8:25: `https://registry.example` is not the name of a registry or repository, as in `registry.example/team` [config.invalid]
        settings.yaml:8:53: `registry.example/` is not the name of a registry or repository, as in `registry.example/team` [config.invalid]
        settings.yaml:8:72: `` is not the name of a registry or repository, as in `registry.example/team` [config.invalid]
        settings.yaml:10:29: `docker://a.example/b` is not the name of a registry or repository, as in `registry.example/team` [config.invalid]
        ");
    }

    #[test]
    fn what_updates_and_promotions_are_told_beside_makes_sense_too() {
        let one = "{approval: {role: a, count: 1}}";
        let none = "{approval: {role: a, count: 0}}";
        for (text, message) in [
            (
                format!(
                    "updates: {{commits: [{{alone: [fix], ignored: [fix], breaking: {one}, other: {one}}}]}}"
                ),
                "`fix` stands under several",
            ),
            (
                format!(
                    "updates: {{commits: [{{approval: {{fix: {none}}}, breaking: {one}, other: {one}}}]}}"
                ),
                "an approval needs a role",
            ),
            (
                format!("updates: {{commits: [{{breaking: {none}, other: {one}}}]}}"),
                "an approval needs a role",
            ),
            (
                format!("updates: {{commits: [{{breaking: {one}, other: {none}}}]}}"),
                "an approval needs a role",
            ),
            (
                format!("updates: {{commits: [{{breaking: {one}, other: {one}, without: {none}}}]}}"),
                "an approval needs a role",
            ),
            ("updates: {versions: [{packages: [x]}]}".to_owned(), "neither a `range` nor a `pattern`"),
            ("updates: {versions: [{range: \">=3.x\"}]}".to_owned(), "`>=3.x` is not a bound"),
            ("updates: {versions: [{range: \"3.11\"}]}".to_owned(), "`3.11` is not a bound"),
            ("updates: {versions: [{range: \">=3 ||\"}]}".to_owned(), "`` is not a bound"),
            ("updates: {versions: [{range: \">=1.2.3.4\"}]}".to_owned(), "`>=1.2.3.4` is not a bound"),
            ("updates: {versions: [{range: \">=01\"}]}".to_owned(), "`>=01` is not a bound"),
            ("updates: {versions: [{pattern: \"(\"}]}".to_owned(), "`(` is not a regular expression"),
            ("updates: {floating: [{tags: [\"[\"]}]}".to_owned(), "`[` is not a regular expression"),
            (format!("updates: {{flapping: [{{needs: {none}}}]}}"), "an approval needs a role"),
            (
                format!("updates: {{risk: [{{threshold: 1, needs: {none}, weights: {{}}}}]}}"),
                "an approval needs a role",
            ),
            ("updates: {inFlight: [{most: 0}]}".to_owned(), "nothing may ever go"),
            (
                "updates: {holidays: [{name: x, dates: [2026-12-25], zone: Amsterdam}]}".to_owned(),
                "`Amsterdam` is not a time zone",
            ),
            ("updates: {holidays: [{name: x, dates: [2026-02-30]}]}".to_owned(), "`2026-02-30` is not a day"),
            (
                "updates: {holidays: [{name: x, dates: [\"2026-12-5\"]}]}".to_owned(),
                "`2026-12-5` is not a day",
            ),
            ("promotion: {paths: [{from: a, to: b, by: []}]}".to_owned(), "nobody may ask"),
            ("promotion: {inFlight: [{most: 0}]}".to_owned(), "nothing may ever go"),
            ("promotion: {freight: [{applications: [x]}]}".to_owned(), "more than one application"),
            ("promotion: {paths: [{from: a, to: a}]}".to_owned(), "from `a` to itself"),
            ("promotion: {only: [{applications: [\"*-x\"]}]}".to_owned(), "not at its end"),
            ("updates: {holidays: [{name: x, dates: []}]}".to_owned(), "`x` has no days"),
            (format!("updates: {{healthy: [{{needs: {none}}}]}}"), "an approval needs a role"),
            (
                format!(
                    "updates: {{risk: [{{threshold: 1, needs: {one}, weights: {{kind: {{image: 0}}}}}}]}}"
                ),
                "no change is risky",
            ),
            ("strategy: {compose: [{project: x}]}".to_owned(), "either `project` and `file`"),
            ("strategy: {compose: [{}]}".to_owned(), "either `project` and `file`"),
            (
                "strategy: {compose: [{project: x, file: f, watchtower: {server: s, token: t}}]}".to_owned(),
                "either `project` and `file`",
            ),
            (
                "strategy: {helm: [{within: 5m, health: {address: a, every: 6m, for: 5m}}]}".to_owned(),
                "`every` is longer than nothing",
            ),
        ] {
            let said = problems(&text).join("\n");
            assert!(said.contains(message), "{text}: {said}");
        }
        let sensible = "updates: {versions: [{range: \">=3.11 <v4 || =5.0.0-rc.1\"}]}";
        assert!(read(&Source::new("settings.yaml", sensible)).is_ok());
    }

    #[test]
    fn an_entry_that_can_never_count_is_an_error() {
        for (text, message) in [
            (
                "updates: {minimumAge: [{age: 0s}, {environments: [production], age: 9d}]}",
                "settings.yaml:1:35: an earlier entry covers all",
            ),
            (
                "updates: {minimumAge: [{environments: [a, b], age: 0s}, {environments: [b], age: 9d}]}",
                "settings.yaml:1:57: an earlier entry covers all",
            ),
            ("updates: {minimumAge: [{environments: [], age: 0s}]}", "`environments` is empty"),
            ("updates: {versions: [{packages: [], range: \">=1\"}]}", "`packages` is empty"),
            (
                "updates: {minimumAge: [{environments: [Production], age: 9d}]}",
                "`Production` and `production`",
            ),
            ("hardening: {pinned: [PRODUCTION]}", "`PRODUCTION` and `production`"),
            ("promotion: {paths: [{from: x, to: y}, {from: Y, to: z}]}", "`Y` and `y`"),
        ] {
            let said = problems(text).join("\n");
            assert!(said.contains(message), "{text}: {said}");
        }
        // The first that covers and names what is updated counts, and each freeze counts.
        for sensible in [
            "updates: {versions: [{packages: [a], range: \">=1\"}, {packages: [b], range: \">=1\"}]}",
            "updates: {minimumAge: [{environments: [a], age: 1d}, {environments: [a, b], age: 2d}]}",
        ] {
            assert!(read(&Source::new("settings.yaml", sensible)).is_ok(), "{sensible}");
        }
    }

    #[test]
    fn a_canary_is_a_part_and_can_fail() {
        let canary = |changed: &str| {
            format!(
                "strategy: {{canary: [{{{changed}, every: 1m, for: 5m, then: [{{trafficPercent: 60, for: 4m}}], metrics: {{}}}}]}}"
            )
        };
        let most = "`maxConsecutiveFailures` lies between 1 and 4";
        for (changed, message) in [
            (
                "trafficPercent: 100, errorRateMax: 0, p99MsMax: 1, maxConsecutiveFailures: 1",
                "between 1 and 99",
            ),
            ("trafficPercent: 5, errorRateMax: 1, p99MsMax: 1, maxConsecutiveFailures: 1", "less than 1"),
            ("trafficPercent: 5, errorRateMax: 0, p99MsMax: 0, maxConsecutiveFailures: 1", "`p99MsMax`"),
            ("trafficPercent: 5, errorRateMax: 0, p99MsMax: 1, maxConsecutiveFailures: 0", most),
            ("trafficPercent: 5, errorRateMax: 0, p99MsMax: 1, maxConsecutiveFailures: 5", most),
        ] {
            let said = problems(&canary(changed)).join("\n");
            assert!(said.contains(message), "{changed}: {said}");
        }
        let good = canary("trafficPercent: 5, errorRateMax: 0, p99MsMax: 1, maxConsecutiveFailures: 4");
        assert!(read(&Source::new("settings.yaml", good)).is_ok());
    }

    #[test]
    fn ranges_are_read_as_they_are_written() {
        let said = problems("updates: {versions: [{range: \"\"}]}").join("\n");
        assert!(said.contains("`` is not a bound"), "{said}");
        let sensible = "updates: {versions: [{range: \">=3.11 <v4 || =5.0.0-rc.1\"}]}";
        assert!(read(&Source::new("settings.yaml", sensible)).is_ok());
    }

    #[test]
    fn strategies_that_cannot_be_followed_are_errors() {
        let canary = "trafficPercent: 50, errorRateMax: 0, p99MsMax: 1, every: 1m, for: 5m, maxConsecutiveFailures: 1, metrics: {}";
        let slots = "connection: C, health: h, for: 5m, within: 1m";
        let found = problems(&format!(
            "strategy:
  canary:
    - {{environments: [a], {canary}, then: [{{trafficPercent: 60}}, {{trafficPercent: 60}}, {{trafficPercent: 101, for: 30s}}]}}
  blitz: [{{environments: [b, a]}}]
  rolling: [{{environments: [b], within: 1m}}, {{within: 1m}}]
  blueGreen:
    - {{slots: [x, x], every: 6m, {slots}}}
    - {{slots: [x], every: 1m, {slots}}}
"
        ));
        let found: Vec<&str> = found.iter().map(|line| line.trim_end_matches(" [config.invalid]")).collect();
        let greater = "each `trafficPercent` is greater than the one before, and at most 100";
        let every = "`every` is longer than nothing and no longer than `for`";
        for (line, message) in [
            (3, greater),
            (3, every),
            (4, "`a` stands under both `canary` and `blitz`"),
            (5, "`b` stands under both `blitz` and `rolling`"),
            (7, "there are two different `slots`"),
            (7, every),
            (8, "there are two different `slots`"),
            (8, "an earlier entry covers all that this one does, and it never counts"),
        ] {
            let told =
                |said: &&&str| said.starts_with(&format!("settings.yaml:{line}:")) && said.ends_with(message);
            assert!(found.iter().any(|said| told(&said)), "{line} {message}: {found:#?}");
        }
        assert_eq!(found.iter().filter(|said| said.ends_with(greater)).count(), 2, "{found:#?}");
        assert_eq!(found.len(), 9, "{found:#?}");
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
