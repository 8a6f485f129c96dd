//! Runs cases: rules compiled once for each settings, a review each, and what came of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value};

use super::case::Case;
use super::compare;
use crate::decide::enforce::{Enforcement, Mode, Pattern};
use crate::decide::governance::{Governance, Offered, Terms};
use crate::decide::{Judge, Options, assemble};
use crate::diag::{Diagnostic, Source, codes, document, nearest};
use crate::engine::Limits;
use crate::facts::{input, merge};
use crate::model::decision::Decision;
use crate::model::finding::Effect;
use crate::model::review::Review;
use crate::model::time::Time;
use crate::model::trust::Trust;
use crate::policy::{self, Bundle, LoadOptions, settings};

/// Reads what stands at a path: a file, or every file of a folder in the order of their names.
pub type Files<'a> = &'a (dyn Fn(&str) -> Result<Vec<Arc<Source>>, Diagnostic> + Sync);

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether everything is as the case expects.
    pub passed: bool,
    /// The difference in words, a line or more; empty where it passed.
    pub difference: String,
    /// The rules of the case that had something to say.
    pub spoke: BTreeSet<String>,
    /// The rules of the case that judged the change and found nothing.
    pub silent: BTreeSet<String>,
    /// File and line of what spoke.
    pub places: BTreeSet<(String, u32)>,
}

/// Rules compiled with what they are told, or what is wrong with them.
type Compiled = Arc<OnceLock<Result<Judge, Vec<Diagnostic>>>>;

/// How many compilations of the rules are kept, one for each that they are told.
const MAX_JUDGES: usize = 16;

/// Rules, ready for cases.
#[derive(Debug)]
pub struct Bench {
    bundle: Bundle,
    limits: Limits,
    /// What is told to the rules where a case says nothing.
    base: Map<String, Value>,
    /// By what is told to the rules.
    judges: Mutex<Vec<(Map<String, Value>, Compiled)>>,
}

impl Bench {
    /// Takes a bundle.
    pub fn new(mut bundle: Bundle, limits: Limits) -> Self {
        alone(&mut bundle);
        let base = bundle.data.as_object().cloned().unwrap_or_default();
        Self { bundle, limits, base, judges: Mutex::default() }
    }

    /// Takes back members of `data` that the bundle was loaded with because some cases give them:
    /// those that do not are not told them.
    #[must_use]
    pub fn without<'a>(mut self, members: impl IntoIterator<Item = &'a str>) -> Self {
        members.into_iter().for_each(|name| drop(self.base.remove(name)));
        self
    }

    /// The rules.
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What is told to rules where a case says nothing.
    pub const fn base(&self) -> &Map<String, Value> {
        &self.base
    }

    /// Ids of the rules.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.bundle.rules.iter().map(|rule| rule.id.as_str())
    }

    /// Compiles the rules, so that what is wrong with them is said once and not with every case.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(&self) -> Result<(), Vec<Diagnostic>> {
        if self.bundle.data.as_object() != Some(&self.base) {
            return Judge::new(self.bundle.clone(), self.limits).map(drop);
        }
        // What most cases are told.
        let compiled = self.judge(&self.base);
        let judge = compiled.get_or_init(|| Judge::new(self.bundle.clone(), self.limits));
        judge.as_ref().map(drop).map_err(Clone::clone)
    }

    /// Runs a case that stands in a file of this name.
    ///
    /// # Errors
    /// What it names is not there or cannot be read: such a case neither passes nor fails.
    pub fn run(&self, case: &Case, file: &str, files: Files<'_>) -> Result<Outcome, Vec<Diagnostic>> {
        let (review, data) = self.ready(case, file, files)?;
        let compiled = self.judge(&data);
        let judge = compiled.get_or_init(|| Judge::new(self.told(&data)?, self.limits));
        let judge = judge.as_ref().map_err(Clone::clone)?;
        let decision = decide(judge, case, &review);
        let difference = compare::difference(&case.expect, &decision);
        let (spoke, silent) = heard(case, &decision);
        let said = decision.findings.iter().filter(|finding| case.policies.contains(&finding.rule));
        let said = said.filter_map(|finding| finding.location.clone());
        let acting = decision.actions.iter().map(|action| &action.rule).collect::<BTreeSet<_>>();
        let acts = acting.into_iter().flat_map(|rule| judge.places(&review, rule));
        let places = said.chain(acts).map(|place| (place.file, place.line)).collect();
        Ok(Outcome { passed: difference.is_empty(), difference, spoke, silent, places })
    }

    /// What a case is about, and what its rules are told.
    pub(super) fn ready(
        &self,
        case: &Case,
        file: &str,
        files: Files<'_>,
    ) -> Result<(Review, Map<String, Value>), Vec<Diagnostic>> {
        self.known(case).map_err(|problem| vec![problem])?;
        let review = fixture(case, file, files)?;
        let review = case.review(&review).map_err(|problem| vec![problem])?;
        let mut data = self.base.clone();
        data.extend(settings_of(case, file, files)?.map(|settings| ("settings".to_owned(), settings)));
        data.extend(case.told().map(|(name, value)| (name.to_owned(), value.0.clone())));
        Ok((review, data))
    }

    /// What its rules may cost.
    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether every rule that a case names is there.
    fn known(&self, case: &Case) -> Result<(), Diagnostic> {
        let Some(missing) = case.policies.iter().find(|id| !self.rules().any(|rule| rule == id.as_str()))
        else {
            return Ok(());
        };
        let message = format!("case `{}` names the rule `{missing}`, which is not there", case.name);
        let below = || self.rules().find(|rule| rule.starts_with(&format!("{missing}.")));
        let hint = match nearest(missing, self.rules()).or_else(below) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name the folder of the rules with `--policy`".to_owned(),
        };
        Err(Diagnostic::error(codes::USAGE, message).hint(hint))
    }

    /// The place of the rules that are told some data; compiled by whoever comes first.
    fn judge(&self, data: &Map<String, Value>) -> Compiled {
        let mut judges = self.judges.lock().unwrap_or_else(PoisonError::into_inner);
        let known = judges.iter().position(|(told, _)| told == data);
        // What was used last stands last; cases that are told the same stand together.
        let one = match known {
            Some(at) => judges.remove(at),
            None => (data.clone(), Compiled::default()),
        };
        if judges.len() >= MAX_JUDGES {
            judges.remove(0);
        }
        let compiled = Arc::clone(&one.1);
        judges.push(one);
        compiled
    }

    /// The rules with other data: loaded anew where more than the settings is another, for whether a
    /// policy may be loaded goes by the data that are there.
    fn told(&self, data: &Map<String, Value>) -> Result<Bundle, Vec<Diagnostic>> {
        let others = |data: &Map<String, Value>| {
            let mut data = data.clone();
            data.remove("settings");
            data
        };
        let same = self.bundle.data.as_object().is_some_and(|known| others(known) == others(data));
        let value = Value::Object(data.clone());
        if same {
            return Ok(Bundle { data: value, ..self.bundle.clone() });
        }
        let files = self.bundle.files.iter().map(|file| (file.source.name.clone(), file.source.text.clone()));
        let options = LoadOptions { tests: false, rego_v0: self.bundle.rego_v0 };
        let mut bundle = policy::load(files.collect(), value, options)?;
        alone(&mut bundle);
        Ok(bundle)
    }
}

/// Lets every rule judge a change alone: a case asks some rules, and what others would have to say
/// about its change is no matter here.
fn alone(bundle: &mut Bundle) {
    bundle.rules.iter_mut().for_each(|rule| rule.metadata.incidental = false);
}

/// Whether a case passes.
pub(super) fn holds(judge: &Judge, case: &Case, review: &Review) -> bool {
    compare::difference(&case.expect, &decide(judge, case, review)).is_empty()
}

/// Decides with the rules of the case alone: the others are switched off.
fn decide(judge: &Judge, case: &Case, review: &Review) -> Decision {
    let patterns = |ids: &[String]| ids.iter().filter_map(|id| Pattern::parse(id)).collect();
    let entry = |rules: Vec<Pattern>, mode| Enforcement {
        rules,
        clusters: None,
        environments: None,
        mode,
        from: None,
        until: None,
    };
    let options = Options {
        now: review.context.now,
        asserted: true,
        simulated: true,
        enforcement: vec![
            entry(patterns(&["*".to_owned()]), Mode::Off),
            entry(patterns(&case.policies), Mode::Enforce),
        ],
        governance: consent(case),
        thresholds: Default::default(),
    };
    judge.decide_one(review, &options, &[])
}

fn consent(case: &Case) -> Governance {
    fn genuine<T>(records: Vec<T>) -> Vec<Offered<T>> {
        records.into_iter().map(|record| Offered::new(record, true, None)).collect()
    }
    let given = case.governance.clone().unwrap_or_default();
    Governance {
        approvals: genuine(given.approvals),
        waivers: genuine(given.waivers),
        overrides: genuine(given.overrides),
        roles: given.roles,
        terms: Terms::default(),
    }
}

/// Which rules of the case spoke, and which judged and were silent.
fn heard(case: &Case, decision: &Decision) -> (BTreeSet<String>, BTreeSet<String>) {
    let said = decision.findings.iter().filter(|finding| finding.effect != Effect::Indeterminate);
    let spoke: BTreeSet<String> = said
        .map(|finding| finding.rule.clone())
        .chain(decision.obligations.iter().flat_map(|obligation| obligation.rules.clone()))
        .chain(decision.actions.iter().map(|action| action.rule.clone()))
        .filter(|rule| case.policies.contains(rule))
        .collect();
    // With several rules a decision does not say which of them applied.
    let judged = !decision.findings.iter().any(|finding| finding.effect == Effect::Indeterminate);
    let alone = case.policies.len() == 1 && judged && spoke.is_empty();
    (spoke, if alone { case.policies.iter().cloned().collect() } else { BTreeSet::new() })
}

/// The settings that a case tells its rules, with the shipped ones filled in.
pub(super) fn settings_of(
    case: &Case,
    file: &str,
    files: Files<'_>,
) -> Result<Option<Value>, Vec<Diagnostic>> {
    let source = match (case.settings_path(), case.inline_settings()) {
        (Some(path), _) => one(&resolve(file, path), files)?,
        (None, Some(inline)) => inline,
        (None, None) => return Ok(None),
    };
    let settings = settings::read(&source)?;
    serde_json::to_value(settings)
        .map(Some)
        .map_err(|error| vec![Diagnostic::error(codes::CONFIG_INVALID, error.to_string())])
}

/// The review that a case begins from.
pub(super) fn fixture(case: &Case, file: &str, files: Files<'_>) -> Result<Review, Vec<Diagnostic>> {
    if let Some(path) = &case.review {
        let source = one(&resolve(file, path), files)?;
        return document::read(&source).map_err(|problem| vec![problem]);
    }
    let path = resolve(file, case.input.as_deref().unwrap_or_default());
    let mut reviews = reviews(&path, case.now.unwrap_or(Time::UNIX_EPOCH), files)?;
    let ids: Vec<String> = reviews.iter().map(|review| review.change.id.clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let at = match &case.change {
        Some(id) => ids.iter().position(|known| known == id),
        None => (ids.len() == 1).then_some(0),
    };
    let found = at.filter(|at| *at < reviews.len()).map(|at| reviews.swap_remove(at));
    found.ok_or_else(|| {
        let message = match &case.change {
            Some(id) => format!("case `{}`: `{path}` has no change `{id}`", case.name),
            None => format!("case `{}` does not say which change of `{path}` it is about", case.name),
        };
        let near = nearest(case.change.as_deref().unwrap_or_default(), ids.iter().copied());
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name one under `change`: {}", ids.join(", ")),
        };
        vec![Diagnostic::error(codes::INPUT_DANGLING, message).hint(hint)]
    })
}

/// The reviews of all changes of an input, every fact taken on trust.
pub(super) fn reviews(path: &str, now: Time, files: Files<'_>) -> Result<Vec<Review>, Vec<Diagnostic>> {
    let mut parts = Vec::new();
    for source in files(path).map_err(|problem| vec![problem])? {
        for document in input::read(&source, false).map_err(|problem| vec![problem])? {
            // Consent is governance's; a case is about rules.
            if let input::Document::Input(input, origin) = document {
                let source = Arc::clone(&source);
                parts.push(merge::Part {
                    input: *input,
                    source,
                    origin,
                    trust: Trust::Verified,
                    stamped: true,
                });
            }
        }
    }
    let merged = merge::merge(parts)?;
    Ok(assemble::assemble(&merged, now, &Default::default(), &Default::default()))
}

fn one(path: &str, files: Files<'_>) -> Result<Arc<Source>, Vec<Diagnostic>> {
    let mut found = files(path).map_err(|problem| vec![problem])?;
    match (found.pop(), found.is_empty()) {
        (Some(source), true) => Ok(source),
        _ => Err(vec![Diagnostic::error(codes::INPUT_UNREADABLE, format!("`{path}` is not a file"))]),
    }
}

/// A path from the folder of a file, without `.` and as few `..` as possible.
fn resolve(file: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let rooted = file.starts_with('/');
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{}{}", if rooted { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_the_folder_of_the_case() {
        assert_eq!(resolve("policies/a/x.case.yaml", "../fixtures/r.json"), "policies/fixtures/r.json");
        assert_eq!(resolve("x.case.yaml", "../r.json"), "../r.json");
        assert_eq!(resolve("../p/a/x.yaml", "../../r.json"), "../r.json");
        assert_eq!(resolve("/p/a/x.yaml", "./r.json"), "/p/a/r.json");
        assert_eq!(resolve("a/x.yaml", "/r.json"), "/r.json");
    }
}
