//! Has every rule that applies judge a review.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};

use rayon::prelude::*;

use super::applies::{Applies, Configured, applies, concerns};
use super::assemble::Reviews;
use super::enforce::{self, Mode};
use super::governance::Offered;
use super::output::{self, indeterminate};
use super::{Options, combine, fact, freight, remedy};
use crate::diag::{Diagnostic, codes, nearest};
use crate::engine::{Cause, Compiled, ENGINES, Failure, Limits, Session};
use crate::model::decision::{Decision, Verdict};
use crate::model::evidence::Approval;
use crate::model::finding::{Finding, Location};
use crate::model::governance::Override;
use crate::model::input::{AssetKind, ChangeKind};
use crate::model::obligation::{Action, Obligation};
use crate::model::review::{Review, Unknown, UnknownReason};
use crate::model::rule::{Metadata, View};
use crate::model::trust::Threshold;
use crate::model::{Digest, canonical};
use crate::policy::{Bundle, Language, Rule};

/// A bundle, compiled and ready to judge.
pub struct Judge {
    bundle: Bundle,
    engines: Vec<(Language, Box<dyn Compiled>)>,
    version: String,
    /// Rules by what they see as `input`, and by what they demand of facts beyond the settings:
    /// those of a group see the same.
    groups: Vec<Group>,
    /// For each rule, where settings give it something to go by.
    configured: Vec<Configured>,
}

struct Group {
    view: View,
    requires: BTreeMap<String, Threshold>,
    rules: Vec<usize>,
}

/// What the rules said about one review, before governance and enforcement weigh it.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) review: Option<Digest>,
    pub(super) findings: Vec<Finding>,
    pub(super) obligations: Vec<Obligation>,
    pub(super) actions: Vec<Action>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) replayable: bool,
    pub(super) places: output::Places,
}

/// How far a change has come.
enum Progress<'a> {
    Decided(Box<Decision>),
    Waits(Box<Waiting<'a>>),
}

/// A review that waits for the decisions about others, and what the rules said about it.
pub(super) type Waiting<'a> = (Cow<'a, Review>, Judged);

/// A change that goes first, and what was decided about it.
pub type Dependency = (String, Verdict);

/// The records that name a change, found without looking at all of them for each.
pub(super) struct Ledger<'a> {
    pub(super) approvals: HashMap<&'a Digest, Vec<&'a Offered<Approval>>>,
    pub(super) overrides: HashMap<&'a Digest, Vec<&'a Offered<Override>>>,
    pub(super) waivers: Vec<usize>,
    pub(super) digest: Digest,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").field("rules", &self.bundle.rules.len()).finish_non_exhaustive()
    }
}

impl Judge {
    /// Compiles a bundle.
    ///
    /// # Errors
    /// Everything that is wrong with its policies.
    pub fn new(bundle: Bundle, limits: Limits) -> Result<Self, Vec<Diagnostic>> {
        let mut engines = Vec::new();
        let mut problems = bundle.nowhere.clone();
        let mut version = format!("weighlock {}", env!("CARGO_PKG_VERSION"));
        for engine in ENGINES {
            version = format!("{version}; {}", engine.version());
            if !bundle.rules.iter().any(|rule| rule.language == engine.language()) {
                continue;
            }
            match engine.compile(&bundle, limits) {
                Ok(compiled) => engines.push((engine.language(), compiled)),
                Err(found) => problems.extend(found),
            }
        }
        problems.extend(bundle.rules.iter().flat_map(|rule| demands(rule, &bundle)));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut groups: Vec<Group> = Vec::new();
        for (index, rule) in bundle.rules.iter().enumerate() {
            let demands: BTreeMap<String, Threshold> = rule
                .metadata
                .requires
                .iter()
                .filter(|(_, threshold)| **threshold != Threshold::default())
                .map(|(name, threshold)| (name.clone(), *threshold))
                .collect();
            let view = rule.metadata.view;
            match groups.iter_mut().find(|group| group.view == view && group.requires == demands) {
                Some(group) => group.rules.push(index),
                None => groups.push(Group { view, requires: demands, rules: vec![index] }),
            }
        }
        let configured = bundle.rules.iter().map(|rule| Configured::of(rule, &bundle.data)).collect();
        Ok(Self { bundle, engines, version, groups, configured })
    }

    /// Whether any policy looks at the settings, or may.
    pub fn reads_settings(&self) -> bool {
        self.engines.iter().any(|(_, compiled)| compiled.reads_settings())
    }

    /// Where in its text stands what a rule says of a review, whatever becomes of it afterwards: an
    /// action does not keep its place.
    pub fn places(&self, review: &Review, rule: &str) -> Vec<Location> {
        let found = self.bundle.rules.iter().position(|known| known.id == rule);
        let places = found.and_then(|index| {
            let rule = self.bundle.rules.get(index)?;
            let (_, compiled) = self.engines.iter().find(|(language, _)| *language == rule.language)?;
            let mut session = compiled.session();
            session.load(review, rule.metadata.view).ok()?;
            session.judge(index).ok()?
        });
        places.into_iter().flatten().map(|output| output.location).collect()
    }

    /// The bundle that judges.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Name and versions of the evaluator.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rules that speak, or may, about changes of a kind to a kind of asset in an environment.
    pub fn concerning(
        &self,
        kind: ChangeKind,
        asset: Option<AssetKind>,
        environment: Option<&str>,
    ) -> impl Iterator<Item = &Rule> {
        let rules = self.bundle.rules.iter().zip(&self.configured);
        let speak = move |(rule, configured): &(&Rule, &Configured)| {
            applies(rule, configured, kind, asset, environment) != Applies::No
        };
        rules.filter(speak).map(|(rule, _)| rule)
    }

    /// The metadata of every rule, by id.
    pub fn rules(&self) -> BTreeMap<&str, &Metadata> {
        self.bundle.rules.iter().map(|rule| (rule.id.as_str(), &rule.metadata)).collect()
    }

    /// Decides about every review, in their order: one decision for each, never fewer. `tick` is
    /// called once for each that is judged.
    pub fn decide<R: Reviews + ?Sized>(
        &self,
        reviews: &R,
        options: &Options,
        tick: &(dyn Fn() + Sync),
    ) -> Vec<Decision> {
        let ledger = Ledger::new(self, options);
        // What waits for nobody is decided at once, so that neither its review nor what the rules
        // said about it need be kept.
        let judged: Vec<Progress<'_>> = reviews
            .each()
            .with_min_len(16)
            .map_init(
                || self.sessions(),
                |sessions, review| {
                    let judged = self.judge(sessions, &review, options);
                    tick();
                    match review.change.depends_on.is_empty() && review.change.together.is_none() {
                        true => {
                            let decision = combine::combine(self, &review, &judged, &ledger, options, &[]);
                            Progress::Decided(Box::new(decision))
                        }
                        false => Progress::Waits(Box::new((review, judged))),
                    }
                },
            )
            .collect();
        let mut decisions = Vec::with_capacity(judged.len());
        let mut waiting = Vec::new();
        for (at, progress) in judged.into_iter().enumerate() {
            decisions.push(match progress {
                Progress::Decided(decision) => Some(decision),
                Progress::Waits(said) => {
                    waiting.push((at, said));
                    None
                }
            });
        }
        self.decide_waiting(&waiting, &mut decisions, &ledger, options);
        freight::settle(self, &waiting, &mut decisions, &ledger, options);
        // INVARIANT: none is open any more, for whatever waits has had its turn.
        decisions.into_iter().flatten().map(|decision| *decision).collect()
    }

    /// What waits for others is decided after them, each once. The input has no circles; in one that
    /// came in some other way nobody goes first.
    fn decide_waiting(
        &self,
        waiting: &[(usize, Box<Waiting<'_>>)],
        decisions: &mut [Option<Box<Decision>>],
        ledger: &Ledger<'_>,
        options: &Options,
    ) {
        let places: HashMap<&str, usize> =
            waiting.iter().enumerate().map(|(i, (_, said))| (said.0.change.id.as_str(), i)).collect();
        let mut verdicts: HashMap<&str, Verdict> = HashMap::new();
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); waiting.len()];
        let mut open: Vec<usize> = vec![0; waiting.len()];
        for (i, (_, said)) in waiting.iter().enumerate() {
            for id in &said.0.change.depends_on {
                // A change that nobody decides about has not been allowed.
                verdicts.insert(id, Verdict::Hold);
                if let Some(followers) = places.get(id.as_str()).and_then(|place| after.get_mut(*place)) {
                    followers.push(i);
                    if let Some(open) = open.get_mut(i) {
                        *open = open.saturating_add(1);
                    }
                }
            }
        }
        for decision in decisions.iter().flatten() {
            if let Some(verdict) = verdicts.get_mut(decision.change.id.as_str()) {
                *verdict = decision.verdict;
            }
        }
        let mut ready: VecDeque<usize> =
            open.iter().enumerate().filter(|(_, open)| **open == 0).map(|(i, _)| i).collect();
        // Each has its turn, also one for which nobody makes way.
        let mut rest = 0..waiting.len();
        while let Some(i) = ready.pop_front().or_else(|| rest.next()) {
            let Some((at, said)) = waiting.get(i) else { continue };
            let Some(slot @ None) = decisions.get_mut(*at) else { continue };
            let (review, judged) = &**said;
            let verdict = |id: &String| verdicts.get(id.as_str()).copied().unwrap_or(Verdict::Hold);
            let first: Vec<Dependency> =
                review.change.depends_on.iter().map(|id| (id.clone(), verdict(id))).collect();
            let decision = combine::combine(self, review, judged, ledger, options, &first);
            if let Some(verdict) = verdicts.get_mut(review.change.id.as_str()) {
                *verdict = decision.verdict;
            }
            *slot = Some(Box::new(decision));
            for follower in after.get(i).into_iter().flatten() {
                if let Some(open) = open.get_mut(*follower) {
                    *open = open.saturating_sub(1);
                    if *open == 0 {
                        ready.push_back(*follower);
                    }
                }
            }
        }
    }

    /// Decides about one review whose dependencies have been decided.
    pub fn decide_one(&self, review: &Review, options: &Options, first: &[Dependency]) -> Decision {
        let ledger = Ledger::new(self, options);
        let judged = self.judge(&mut self.sessions(), review, options);
        combine::combine(self, review, &judged, &ledger, options, first)
    }

    fn sessions(&self) -> Vec<(Language, Box<dyn Session + '_>)> {
        self.engines.iter().map(|(language, compiled)| (*language, compiled.session())).collect()
    }

    fn judge<'a>(
        &'a self,
        sessions: &mut [(Language, Box<dyn Session + 'a>)],
        review: &Review,
        options: &Options,
    ) -> Judged {
        let mut judged =
            Judged { replayable: true, review: canonical::digest(review).ok(), ..Judged::default() };
        if judged.review.is_none() {
            judged.findings.push(indeterminate(
                "weighlock.review",
                "the review has no canonical form: a number in it cannot be carried exactly".to_owned(),
                None,
            ));
            return judged;
        }
        if review.asset.is_none() {
            let left_out = review.unknown.iter().find(|unknown| unknown.fact == "inventory");
            let why = left_out.map_or_else(String::new, |u| format!(" ({})", u.reason.words()));
            let message =
                format!("the asset that changes is not known{why}, so nothing that is said of it counts");
            let nothing = Threshold::default();
            judged.findings.push(Finding {
                remediation: left_out.map(|unknown| remedy::remedy(unknown, options, nothing)),
                ..indeterminate("weighlock.asset", message, None)
            });
        }
        let mut asked = 0_usize;
        for group in &self.groups {
            let restricted = fact::restrict(review, &group.requires);
            let review = restricted.as_ref().unwrap_or(review);
            let mut loaded: Vec<(Language, Result<(), Failure>)> = Vec::new();
            for index in &group.rules {
                let Some((rule, configured)) = self.bundle.rules.get(*index).zip(self.configured.get(*index))
                else {
                    continue;
                };
                match concerns(rule, configured, review) {
                    Applies::No => continue,
                    Applies::Unknown(what) => {
                        let place = Some(self.location(rule));
                        if enforce::mode(&options.enforcement, &rule.id, review, options.now) != Mode::Off {
                            asked = asked.saturating_add(1);
                            let message = format!("whether the rule applies cannot be told: {what}");
                            judged.findings.push(indeterminate(&rule.id, message, place));
                        }
                        continue;
                    }
                    Applies::Yes => {}
                }
                if enforce::mode(&options.enforcement, &rule.id, review, options.now) == Mode::Off {
                    continue;
                }
                let spoke = !self.required(rule, review, options, &mut judged)
                    || self.ask(sessions, &mut loaded, *index, rule, review, &mut judged);
                asked = asked.saturating_add(usize::from(spoke && !rule.metadata.incidental));
            }
        }
        if asked == 0 {
            let message = "no rule speaks about this change, so nothing says that it may go".to_owned();
            judged.findings.push(Finding {
                remediation: Some(remedy::unspoken(review)),
                ..indeterminate("weighlock.no-rule", message, None)
            });
        }
        judged
    }

    /// Whether everything that a rule requires is known; what is not is said.
    fn required(&self, rule: &Rule, review: &Review, options: &Options, judged: &mut Judged) -> bool {
        let mut known = true;
        for (name, demanded) in &rule.metadata.requires {
            let missing = fact::unknown(review, name);
            if missing.is_empty() {
                continue;
            }
            known = false;
            // Where it was said before, for another rule.
            let mut places: HashMap<(String, UnknownReason), usize> = judged
                .unknown
                .iter()
                .enumerate()
                .filter(|(_, unknown)| unknown.fact == *name)
                .map(|(place, unknown)| ((unknown.subject.clone(), unknown.reason), place))
                .collect();
            for mut unknown in missing {
                let message = format!(
                    "`{}` is unknown for `{}`: {}",
                    unknown.fact,
                    unknown.subject,
                    unknown.reason.words()
                );
                judged.findings.push(Finding {
                    remediation: Some(remedy::remedy(&unknown, options, *demanded)),
                    ..indeterminate(&rule.id, message, Some(self.location(rule)))
                });
                let key = (unknown.subject.clone(), unknown.reason);
                let place = *places.entry(key).or_insert(judged.unknown.len());
                match judged.unknown.get_mut(place) {
                    Some(same) => same.required_by.push(rule.id.clone()),
                    None => {
                        unknown.required_by.push(rule.id.clone());
                        judged.unknown.push(unknown);
                    }
                }
            }
        }
        known
    }

    /// Asks a rule. Says whether it had something to say about the change, be it that nothing is wrong.
    fn ask<'a>(
        &'a self,
        sessions: &mut [(Language, Box<dyn Session + 'a>)],
        loaded: &mut Vec<(Language, Result<(), Failure>)>,
        index: usize,
        rule: &Rule,
        review: &Review,
        judged: &mut Judged,
    ) -> bool {
        let Some((language, session)) = sessions.iter_mut().find(|(language, _)| *language == rule.language)
        else {
            let message = "there is no evaluator for this rule".to_owned();
            judged.findings.push(indeterminate(&rule.id, message, Some(self.location(rule))));
            return true;
        };
        if !loaded.iter().any(|(known, _)| known == language) {
            loaded.push((*language, session.load(review, rule.metadata.view)));
        }
        let load = loaded.iter().find(|(known, _)| known == language).map(|(_, result)| result.clone());
        let outputs = match load {
            Some(Err(failure)) => Err(failure),
            _ => session.judge(index),
        };
        match outputs {
            Ok(None) => return false,
            Ok(Some(outputs)) => {
                for said in outputs {
                    if let Err(message) = output::take(rule, review, said, judged) {
                        judged.findings.push(indeterminate(&rule.id, message, Some(self.location(rule))));
                    }
                }
            }
            Err(failure) => {
                judged.replayable &= failure.cause != Cause::Time;
                let message = format!("could not be judged: {}", failure.message);
                let place = failure.location.or_else(|| Some(self.location(rule)));
                judged.findings.push(indeterminate(&rule.id, message, place));
            }
        }
        true
    }

    fn location(&self, rule: &Rule) -> Location {
        let file = self.bundle.files.get(rule.file).map_or("", |file| file.source.name.as_str());
        Location { file: file.to_owned(), line: rule.line, column: None }
    }
}

impl<'a> Ledger<'a> {
    fn new(judge: &Judge, options: &'a Options) -> Self {
        let governance = &options.governance;
        let mut approvals: HashMap<&Digest, Vec<_>> = HashMap::new();
        for offered in &governance.approvals {
            approvals.entry(&offered.record.change).or_default().push(offered);
        }
        let mut overrides: HashMap<&Digest, Vec<_>> = HashMap::new();
        for offered in &governance.overrides {
            overrides.entry(&offered.record.change).or_default().push(offered);
        }
        let rules = judge.rules();
        let usable = |offered: &Offered<crate::model::governance::Waiver>| {
            super::governance::waiver_fault(offered, governance, &rules, options.now).is_none()
        };
        let waivers = governance
            .waivers
            .iter()
            .enumerate()
            .filter(|(_, offered)| usable(offered))
            .map(|(i, _)| i)
            .collect();
        let shared = (&governance.waivers, &governance.roles, &governance.terms, &options.enforcement);
        let digest = canonical::digest(&shared).unwrap_or_else(|_| Digest::of(b"governance"));
        Self { approvals, overrides, waivers, digest }
    }
}

/// What is wrong with the facts that a rule requires. A demand that nothing is ever held to would
/// read as one that is met.
fn demands(rule: &Rule, bundle: &Bundle) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (name, threshold) in &rule.metadata.requires {
        let problem = if fact::find(name).is_none() {
            let near = nearest(name, fact::FACTS.iter().map(|spec| spec.name));
            let message = format!("`{}` requires `{name}`, which is not a kind of fact", rule.id);
            let problem = Diagnostic::error(codes::POLICY_METADATA, message);
            Diagnostic { hint: near.map(|near| format!("did you mean `{near}`?")), ..problem }
        } else if *threshold != Threshold::default() && !fact::rule_can_demand(name) {
            let message = format!("`{}` demands a trust or an age of `{name}`, which carries none", rule.id);
            let hint = match fact::settings_can_demand(name) {
                true => format!("the operator can, with `trust.facts` and `{name}` in the configuration"),
                false => "require the fact alone, or evidence that carries both".to_owned(),
            };
            Diagnostic::error(codes::POLICY_METADATA, message).hint(hint)
        } else {
            continue;
        };
        problems.push(match bundle.files.get(rule.file) {
            Some(file) => {
                let named = file.source.text.find(name.as_str());
                let at = named.unwrap_or_else(|| file.source.offset(rule.line, 1));
                let end = at.saturating_add(named.map_or(1, |_| name.len()));
                problem.at(&file.source, at..end, "required here")
            }
            None => problem,
        });
    }
    problems
}
