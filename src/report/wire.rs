//! The report as a document: `apiVersion: weighlock.dev/v1`, `kind: Report`.
//!
//! Written by `-o json` and `-o yaml`, read back by `--baseline`. Its structs are its own, so that a
//! decision can grow without changing what programs read; unknown members are ignored when it is
//! read, so that a newer report serves as a baseline too.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigRef, Entry, Evaluation, Excerpt, Outcome, Standing};
use crate::diag::{Diagnostic, Source, codes};
use crate::model::decision::{ChangeSummary, Digests, GovernanceSummary, Missing, Verdict};
use crate::model::evidence::Severity;
use crate::model::finding::{Effect, Finding, Location, Need, SetAside};
use crate::model::id::API_VERSION;
use crate::model::obligation::{Action, Obligation};
use crate::model::plan::Plan;
use crate::model::review::Unknown;
use crate::model::{Digest, Json, Time};

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a report")]
pub struct Report {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Report`.
    pub kind: String,
    /// The worst verdict of any change.
    pub verdict: Verdict,
    /// What the evaluation comes to.
    pub outcome: Outcome,
    /// How many changes stand how.
    pub summary: Summary,
    /// The time of the decisions.
    pub now: Time,
    /// Facts were taken on trust (`--trust-input`): good for trying out, never executed.
    pub asserted: bool,
    /// The time was given, not read from the clock (`--now`): never executed.
    pub simulated: bool,
    /// The operator's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigRef>,
    /// What was left out on request; verdicts do not depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<ReportLeftOut>,
    /// What belongs to no change.
    pub findings: Vec<Finding>,
    /// The decisions, in the order of the input.
    pub decisions: Vec<ReportDecision>,
}

/// How many changes stand how. Each is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct Summary {
    /// All of them.
    pub reviews: u64,
    /// Allowed.
    pub allow: u64,
    /// On hold.
    pub hold: u64,
    /// Denied.
    pub deny: u64,
    /// Could not be judged.
    pub indeterminate: u64,
}

impl Summary {
    /// Counts.
    pub(crate) fn of(evaluation: &Evaluation) -> Self {
        let mut summary = Self::default();
        for entry in &evaluation.entries {
            let count = match entry.standing() {
                Standing::Allow => &mut summary.allow,
                Standing::Hold => &mut summary.hold,
                Standing::Indeterminate => &mut summary.indeterminate,
                Standing::Deny => &mut summary.deny,
            };
            *count = count.saturating_add(1);
            summary.reviews = summary.reviews.saturating_add(1);
        }
        summary
    }

    pub(crate) const fn count(&self, standing: Standing) -> u64 {
        match standing {
            Standing::Allow => self.allow,
            Standing::Hold => self.hold,
            Standing::Indeterminate => self.indeterminate,
            Standing::Deny => self.deny,
        }
    }
}

/// What was left out on request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
pub struct ReportLeftOut {
    /// Findings that the baseline has already.
    pub known_findings: u64,
    /// Changes other than the one that was asked for.
    pub changes: u64,
}

/// A decision, with its plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a decision")]
pub struct ReportDecision {
    /// Digest of the decision as it was made; findings that are left out here are part of it.
    pub id: Digest,
    /// The change.
    pub change: ChangeSummary,
    /// May it go out?
    pub verdict: Verdict,
    /// Whether something could not be judged and nothing was found that denies it anyway.
    pub indeterminate: bool,
    /// Facts were taken on trust.
    pub asserted: bool,
    /// The time was given.
    pub simulated: bool,
    /// Whether the same bytes come out again.
    pub replayable: bool,
    /// Everything the rules said.
    pub findings: Vec<ReportFinding>,
    /// What the plan must do.
    pub obligations: Vec<Obligation>,
    /// The steps that policies ask for.
    pub actions: Vec<Action>,
    /// For a hold by time alone: the earliest instant at which it can end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Time>,
    /// For a hold: what is missing.
    pub missing: Vec<Missing>,
    /// The approvals, waivers and overrides that were counted.
    pub governance: GovernanceSummary,
    /// Required facts that are not known.
    pub unknown: Vec<Unknown>,
    /// What it was made from.
    pub digests: Digests,
    /// Where the change stands in the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Location>,
    /// The plan that it has, or would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Why no plan could be made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// What a rule said, and where in the input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "a finding")]
pub struct ReportFinding {
    /// Id of the rule.
    pub rule: String,
    /// What it means, after enforcement.
    pub effect: Effect,
    /// How bad.
    pub severity: Severity,
    /// What is the matter.
    pub message: String,
    /// JSON Pointer (RFC 6901) into the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The head of the rule that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Where it is in the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Location>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// For a hold: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// For a hold: what ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
    /// For a hold: whether what it asks for is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<bool>,
    /// The waiver that sets it aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<SetAside>,
    /// The override that sets it aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<SetAside>,
    /// The effect that the policy gave, where enforcement made it a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced_from: Option<Effect>,
    /// What else the policy said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Json>,
}

impl Report {
    /// The document of an evaluation.
    pub fn of(evaluation: &Evaluation) -> Self {
        let left_out = &evaluation.left_out;
        let shown = evaluation.entries.len();
        Self {
            api_version: API_VERSION.to_owned(),
            kind: "Report".to_owned(),
            verdict: evaluation.entries.iter().map(|e| e.decision.verdict).max().unwrap_or(Verdict::Allow),
            outcome: evaluation.outcome,
            summary: Summary::of(evaluation),
            now: evaluation.now,
            asserted: evaluation.asserted(),
            simulated: evaluation.simulated(),
            config: evaluation.config.clone(),
            left_out: (left_out.known > 0 || left_out.narrowed.is_some()).then(|| ReportLeftOut {
                known_findings: count(left_out.known),
                changes: left_out.narrowed.as_ref().map_or(0, |(_, all)| count(all.saturating_sub(shown))),
            }),
            findings: evaluation.findings.clone(),
            decisions: evaluation.entries.iter().map(ReportDecision::of).collect(),
        }
    }

    /// Reads a report that was written as JSON.
    ///
    /// # Errors
    /// What is not JSON, not a report, or a report of another version.
    pub fn read(source: &Arc<Source>) -> Result<Self, Box<Diagnostic>> {
        let failed = |e: &serde_json::Error| {
            let (line, column) = (e.line(), e.column());
            let at = source.offset(u32::try_from(line).unwrap_or(1), u32::try_from(column).unwrap_or(1));
            let (code, what) = match e.classify() {
                serde_json::error::Category::Data => (codes::INPUT_INVALID, "not a report"),
                _ => (codes::INPUT_SYNTAX, "not JSON"),
            };
            Box::new(
                Diagnostic::error(code, format!("`{}` is {what}", source.name))
                    .hint("give a report that `weighlock evaluate -o json` wrote")
                    .at(source, at..at, words(&e.to_string())),
            )
        };
        // The version first: a document of another one need not have this one's members.
        let head: Head = serde_json::from_str(&source.text).map_err(|e| failed(&e))?;
        if head.api_version != API_VERSION || head.kind != "Report" {
            return Err(Box::new(
                Diagnostic::error(
                    codes::INPUT_VERSION,
                    format!("`{}` is a `{}` of `{}`", source.name, head.kind, head.api_version),
                )
                .hint(format!(
                    "expected a `Report` of `{API_VERSION}`, as `weighlock evaluate -o json` writes it"
                )),
            ));
        }
        serde_json::from_str(&source.text).map_err(|e| failed(&e))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a report")]
struct Head {
    api_version: String,
    kind: String,
}

/// The reader's words without their line and column, which the label has already.
fn words(error: &str) -> String {
    error.rsplit_once(" at line ").map_or(error, |(words, _)| words).to_owned()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn place(excerpt: &Excerpt) -> Location {
    Location { file: excerpt.file.clone(), line: excerpt.line, column: Some(excerpt.column) }
}

impl ReportDecision {
    fn of(entry: &Entry) -> Self {
        let d = entry.decision.clone();
        let findings = d
            .findings
            .into_iter()
            .enumerate()
            .map(|(i, f)| ReportFinding::of(f, entry.at.get(i).and_then(Option::as_ref)))
            .collect();
        Self {
            id: d.id,
            change: d.change,
            verdict: d.verdict,
            indeterminate: d.indeterminate,
            asserted: d.asserted,
            simulated: d.simulated,
            replayable: d.replayable,
            findings,
            obligations: d.obligations,
            actions: d.actions,
            earliest: d.earliest,
            missing: d.missing,
            governance: d.governance,
            unknown: d.unknown,
            digests: d.digests,
            input: entry.change_at.as_ref().map(place),
            plan: entry.plan.clone(),
            refused: entry.refused.clone(),
        }
    }
}

impl ReportFinding {
    fn of(f: Finding, at: Option<&Excerpt>) -> Self {
        Self {
            rule: f.rule,
            effect: f.effect,
            severity: f.severity,
            message: f.message,
            path: f.path,
            location: f.location,
            input: at.map(place),
            remediation: f.remediation,
            until: f.until,
            needs: f.needs,
            satisfied: f.satisfied,
            waived: f.waived,
            overridden: f.overridden,
            enforced_from: f.enforced_from,
            details: f.details,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn written(evaluation: &Evaluation) -> Arc<Source> {
        Source::new("report.json", serde_json::to_string_pretty(&Report::of(evaluation)).unwrap())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let evaluation = fixture::evaluation();
        assert_eq!(Report::read(&written(&evaluation)).unwrap(), Report::of(&evaluation));
    }

    #[test]
    fn what_is_written_follows_the_schema_and_the_schema_refuses_something() {
        let schema = serde_json::to_value(schemars::schema_for!(Report)).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut report = serde_json::to_value(Report::of(&fixture::evaluation())).unwrap();
        let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        report["decisions"][0]["verdict"] = serde_json::json!("perhaps");
        assert!(!validator.is_valid(&report));
    }

    #[test]
    fn each_change_is_counted_once() {
        let s = Summary::of(&fixture::evaluation());
        assert_eq!((s.reviews, s.deny, s.indeterminate, s.hold, s.allow), (5, 1, 1, 1, 2));
    }

    #[test]
    fn another_version_is_refused_and_an_unknown_member_is_not() {
        let evaluation = fixture::evaluation();
        let text = &written(&evaluation).text;
        let newer = Source::new("r", text.replace("weighlock.dev/v1", "weighlock.dev/v2"));
        assert_eq!(Report::read(&newer).unwrap_err().code, codes::INPUT_VERSION);
        let more = Source::new("r", text.replacen('{', "{\"somethingNew\": 1,", 1));
        assert!(Report::read(&more).is_ok());
        assert_eq!(Report::read(&Source::new("r", "{")).unwrap_err().code, codes::INPUT_SYNTAX);
        let bare = r#"{"apiVersion": "weighlock.dev/v1", "kind": "Report"}"#;
        assert_eq!(Report::read(&Source::new("r", bare)).unwrap_err().code, codes::INPUT_INVALID);
    }
}
