//! Cases: what one change must come to under some rules.
//!
//! A case names a review (a shared fixture, or an input and one of its changes), changes it by a
//! patch, and says what the rules must find. After the patch nothing is derived anew: digests and
//! update types in a fixture are values like any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::patch::{self, Operation};
use crate::diag::{Diagnostic, Source, codes, document, misspelt, nearest, tree};
use crate::model::decision::Verdict;
use crate::model::evidence::Approval;
use crate::model::finding::Effect;
use crate::model::governance::{Override, Roles, Waiver};
use crate::model::id::API_VERSION;
use crate::model::review::Review;
use crate::model::{Json, Time};

/// The member of `data` that holds the settings.
const SETTINGS: &str = "settings";

/// The members of a finding that are ours.
const MEMBERS: [&str; 13] = [
    "rule",
    "effect",
    "severity",
    "message",
    "path",
    "location",
    "remediation",
    "until",
    "needs",
    "satisfied",
    "waived",
    "overridden",
    "enforcedFrom",
];

/// What a finding can be.
const EFFECTS: [Effect; 4] = [Effect::Deny, Effect::Indeterminate, Effect::Hold, Effect::Warn];

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a case")]
pub struct Case {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `Case`.
    pub kind: String,
    /// What it shows, in words.
    pub name: String,
    /// Ids of the rules that are judged; no other counts.
    pub policies: Vec<String>,
    /// What the rules are told: members of `data`, in the place of those that the run has. `settings`
    /// is the settings themselves, or their path from the case's own folder; the shipped ones where
    /// absent.
    #[serde(default)]
    pub data: BTreeMap<String, Json>,
    /// The time of the decision, in the place of the fixture's; an `input` needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Time>,
    /// Path of a review, from the case's own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<String>,
    /// Path of an input document or folder, from the case's own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// With `input`: id of the change; may be left out where the input has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What is different from the fixture (RFC 6902).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patch: Vec<Operation>,
    /// Who consents; nobody where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance: Option<CaseGovernance>,
    /// What must come of it.
    pub expect: Expect,
}

/// Who consents to the change of a case. Every record counts as genuine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct CaseGovernance {
    /// Who holds which roles.
    #[serde(default)]
    pub roles: Roles,
    /// Approvals, of the digest that the review's change bears.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// Waivers.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Overrides.
    #[serde(default)]
    pub overrides: Vec<Override>,
}

/// What must come of a case. Every part that is given must hold; at least one is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Expect {
    /// The verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Whether something cannot be judged; `false` where absent. Always compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indeterminate: Option<bool>,
    /// The findings: these, and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Partial>>,
    /// Findings that are among those there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<Vec<Partial>>,
    /// Findings of which there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<Vec<Partial>>,
    /// The obligations: these, and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obligations: Option<Vec<Partial>>,
    /// The actions: these, and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<Partial>>,
}

/// Some members of an object; it matches every object that has them with these values.
pub type Partial = BTreeMap<String, Json>;

/// Reads the cases of a file; a YAML file may hold several documents.
///
/// # Errors
/// What is wrong with one of them, with its place.
pub fn read(source: &Arc<Source>) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let nodes = tree::parse(source).map_err(|diagnostic| vec![diagnostic])?;
    if nodes.is_empty() {
        return Err(vec![Diagnostic::error(codes::TEST_EMPTY, format!("`{}` is empty", source.name))]);
    }
    let mut cases = Vec::new();
    let mut problems = Vec::new();
    for node in &nodes {
        match document::read_node::<Case>(source, node) {
            Ok(case) => match case.fault() {
                None => cases.push(case),
                Some(Fault { pointer, message, hint }) => {
                    let span = document::first_line(source, &node.locate(&pointer).span);
                    let problem = Diagnostic::error(codes::INPUT_INVALID, message);
                    problems.push(Diagnostic { hint, ..problem.at(source, span, "in this case") });
                }
            },
            Err(diagnostic) => problems.push(diagnostic),
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

/// What is wrong with a case that has the right shape.
struct Fault {
    /// JSON Pointer into the case.
    pointer: String,
    message: String,
    hint: Option<String>,
}

impl Fault {
    fn at(pointer: &str, message: impl Into<String>) -> Option<Self> {
        Some(Self { pointer: pointer.to_owned(), message: message.into(), hint: None })
    }

    fn hinted(pointer: &str, message: impl Into<String>, hint: impl Into<String>) -> Option<Self> {
        Self::at(pointer, message).map(|fault| Self { hint: Some(hint.into()), ..fault })
    }
}

impl Case {
    /// What is wrong with a case that has the right shape.
    fn fault(&self) -> Option<Fault> {
        let expect = &self.expect;
        if self.api_version != API_VERSION {
            let found = &self.api_version;
            return Fault::at("/apiVersion", format!("`{found}` is not known: expected `{API_VERSION}`"));
        }
        if self.kind != "Case" {
            return Fault::at("/kind", format!("`{}` is not a case: expected `Case`", self.kind));
        }
        if self.policies.is_empty() {
            return Fault::at("/policies", "a case names the rules that it is about");
        }
        if self.review.is_some() == self.input.is_some() {
            return Fault::at("", "a case has either a `review` or an `input`");
        }
        if self.input.is_some() && self.now.is_none() {
            return Fault::hinted(
                "/input",
                "`now` is missing: an `input` does not say what time it is",
                "write the time of the decision, as in `now: 2026-11-23T10:00:00Z`; facts that are observed later are unknown",
            );
        }
        if self.change.is_some() && self.input.is_none() {
            return Fault::at("/change", "`change` chooses from an `input`, and there is none");
        }
        if let Some((name, _)) = self.told().find(|(name, _)| misspelt(name, [SETTINGS]).is_some()) {
            return Fault::at("/data", format!("the settings are called `settings`, not `{name}`"));
        }
        let says_something = expect.verdict.is_some()
            || expect.indeterminate.is_some()
            || [&expect.findings, &expect.obligations, &expect.actions].into_iter().any(Option::is_some)
            || [&expect.contains, &expect.none]
                .into_iter()
                .any(|list| list.as_ref().is_some_and(|list| !list.is_empty()));
        if !says_something {
            return Fault::at("/expect", "a case that expects nothing cannot fail");
        }
        let lists = [("findings", &expect.findings), ("contains", &expect.contains), ("none", &expect.none)];
        lists.into_iter().find_map(|(name, list)| {
            let partials = list.iter().flatten().enumerate();
            partials
                .map(|(i, partial)| (format!("/expect/{name}/{i}"), partial))
                .find_map(|(at, partial)| self.vain(&at, partial))
        })
    }

    /// What keeps an expectation of a finding from ever matching one: of `none`, it would always hold.
    fn vain(&self, at: &str, partial: &Partial) -> Option<Fault> {
        // A policy may give a finding members of its own; what is a slip of ours, beside which ours is
        // absent, is none of these.
        let absent = || MEMBERS.into_iter().filter(|known| !partial.contains_key(*known));
        for name in partial.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            if let Some(near) = misspelt(name, absent()) {
                let message = format!("a finding has no `{name}`");
                return Fault::hinted(&format!("{at}/{name}"), message, format!("did you mean `{near}`?"));
            }
        }
        let text = |name: &str| partial.get(name).map(|value| value.0.as_str().unwrap_or_default());
        if let Some(rule) = text("rule").filter(|rule| !rule.starts_with("weighlock.")) {
            let judged = || self.policies.iter().map(String::as_str);
            if !judged().any(|known| known == rule) {
                let hint = match nearest(rule, judged()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("name it under `policies`, beside {}", self.policies.join(", ")),
                };
                let message = format!("the rule `{rule}` is none that the case judges");
                return Fault::hinted(&format!("{at}/rule"), message, hint);
            }
        }
        let words = EFFECTS.map(Effect::as_str);
        let effect = text("effect").filter(|effect| !words.contains(effect))?;
        let hint = match nearest(effect, words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a finding is one of {}", words.join(", ")),
        };
        Fault::hinted(&format!("{at}/effect"), format!("`{effect}` is no effect of a finding"), hint)
    }

    /// The path of the settings that it names, where it names a file.
    pub fn settings_path(&self) -> Option<&str> {
        self.data.get(SETTINGS)?.0.as_str()
    }

    /// The members of `data` that it holds, but for the settings.
    pub fn told(&self) -> impl Iterator<Item = (&str, &Json)> {
        let members = self.data.iter().filter(|(name, _)| *name != SETTINGS);
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// The settings that it holds itself, as a document.
    pub fn inline_settings(&self) -> Option<Arc<Source>> {
        let settings = self.data.get(SETTINGS)?;
        (!settings.0.is_string())
            .then(|| Source::new(format!("data.settings of `{}`", self.name), settings.0.to_string()))
    }

    /// The review that is judged: the fixture with the patch and the time of the case.
    ///
    /// # Errors
    /// The patch does not fit, or what it leaves is no review.
    pub fn review(&self, fixture: &Review) -> Result<Review, Diagnostic> {
        let wrong = |why: String| {
            Diagnostic::error(codes::INPUT_INVALID, format!("case `{}`: {why}", self.name))
                .hint("a patch is applied to the review as it stands in the fixture; `weighlock schema review` has its members")
        };
        let mut review = fixture.clone();
        if !self.patch.is_empty() {
            let mut value = serde_json::to_value(&review).map_err(|error| wrong(error.to_string()))?;
            patch::apply(&mut value, &self.patch).map_err(wrong)?;
            let text = Source::new(format!("patched review of `{}`", self.name), value.to_string());
            review = document::read(&text).map_err(|found: Diagnostic| {
                let message = format!("after the patch it is no review: {}", found.message);
                Diagnostic { message, ..wrong(String::new()) }
            })?;
        }
        if let Some(now) = self.now {
            review.context.now = now;
        }
        Ok(review)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: weighlock.dev/v1\nkind: Case\nname: n\npolicies: [a.b]\n";

    fn problem(rest: &str) -> String {
        let found = read(&Source::new("a.case.yaml", format!("{HEAD}{rest}"))).unwrap_err();
        found.first().unwrap().to_string()
    }

    #[test]
    fn a_file_may_hold_several_cases() {
        let one = format!("{HEAD}review: r.json\nexpect: {{findings: []}}\n");
        assert_eq!(read(&Source::new("c", format!("{one}---\n{one}"))).unwrap().len(), 2);
    }

    #[test]
    fn a_case_that_cannot_fail_is_not_a_case() {
        assert!(problem("review: r.json\nexpect: {}\n").contains("a case that expects nothing cannot fail"));
        assert!(problem("review: r.json\nexpect: {contains: []}\n").contains("cannot fail"));
        for expect in ["{actions: []}", "{obligations: []}", "{findings: []}", "{indeterminate: false}"] {
            let text = format!("{HEAD}review: r.json\nexpect: {expect}\n");
            assert!(read(&Source::new("c", text)).is_ok(), "{expect}");
        }
    }

    #[test]
    fn what_no_finding_can_be_is_not_expected() {
        for (partial, message, hint) in [
            ("{rul: a.b}", "no `rul`", "`rule`"),
            ("{effct: deny}", "no `effct`", "`effect`"),
            ("{rule: a.c}", "the rule `a.c` is none", "`a.b`"),
            ("{rule: far.away}", "the rule `far.away` is none", "under `policies`"),
            ("{rule: [a.b]}", "the rule `` is none", "under `policies`"),
            ("{rule: a.b, effect: dney}", "`dney` is no effect", "`deny`"),
            ("{rule: a.b, effect: oblige}", "`oblige` is no effect", "one of deny, indeterminate"),
        ] {
            for list in ["none", "contains", "findings"] {
                let text = format!("{HEAD}review: r.json\nexpect:\n  {list}:\n    - {partial}\n");
                let found = read(&Source::new("c", text)).unwrap_err().remove(0);
                assert!(found.message.contains(message), "{partial}: {found}");
                assert!(found.hint.as_deref().unwrap().contains(hint), "{partial}: {found:?}");
                assert_eq!(found.place().map(|(_, line, _)| line), Some(8), "{partial}");
            }
        }
        // What a policy adds to a finding has any name, and what Weighlock says by itself a rule of its own.
        for partial in
            ["{}", "{rule: a.b, role: x, gate: y}", "{rule: weighlock.no-rule, effect: indeterminate}"]
        {
            let text = format!("{HEAD}review: r.json\nexpect: {{none: [{partial}]}}\n");
            assert!(read(&Source::new("c", text)).is_ok(), "{partial}");
        }
    }

    #[test]
    fn settings_are_called_so() {
        let judged = "review: r.json\nexpect: {findings: []}\n";
        assert!(problem(&format!("data: {{setings: {{}}}}\n{judged}")).contains("not `setings`"));
    }

    #[test]
    fn what_is_judged_is_named_once() {
        assert!(problem("expect: {verdict: deny}\n").contains("either a `review` or an `input`"));
        assert!(problem("input: a\nexpect: {verdict: deny}\n").contains("`now` is missing"));
        assert!(
            problem("review: a\nchange: b\nexpect: {verdict: deny}\n")
                .starts_with("a.case.yaml:6:9: `change`")
        );
    }

    #[test]
    fn a_misspelt_key_says_what_was_meant() {
        let source = Source::new("c", format!("{HEAD}review: r\nexpect: {{finding: []}}\n"));
        assert_eq!(read(&source).unwrap_err()[0].hint.as_deref(), Some("did you mean `findings`?"));
    }
}
