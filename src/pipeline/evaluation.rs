//! From files to decisions, plans, and what a report shows of them.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::excerpt::{self, Excerpts};
use super::load::{self, InputOptions, Inputs};
use super::{environments, remarks, sign};
use crate::config::Config;
use crate::decide::assemble::{Assembly, Burden};
use crate::decide::governance::{Governance, Offered};
use crate::decide::outcome::{self, FailOn, Outcome};
use crate::decide::{Judge, Options};
use crate::diag::{Diagnostic, codes};
use crate::engine::Limits;
use crate::facts::merge::{Merged, merge};
use crate::facts::signature;
use crate::files;
use crate::model::decision::Decision;
use crate::model::finding::Location;
use crate::model::governance::Waiver;
use crate::model::input::Change;
use crate::model::plan::Plan;
use crate::model::rule::View;
use crate::model::time::Time;
use crate::plan;
use crate::policy::Bundle;
use crate::policy::settings::Settings;
use crate::report::{ConfigRef, Entry, Evaluation, Graphs, LeftOut, RuleInfo, Word};

/// How many changes are weighed at once: what is decided about them stays within two gigabytes.
const MAX_CHANGES: usize = 60_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Inputs: files, folders, `-`.
    pub inputs: Vec<PathBuf>,
    /// Whether facts are taken on trust.
    pub trust_input: bool,
    /// Whether documents of any kind are taken.
    pub raw: bool,
    /// Environment of assets that name none.
    pub environment: Option<String>,
    /// Cluster of assets that name none.
    pub cluster: Option<String>,
    /// Policies that take the place of the configuration's.
    pub policies: Vec<String>,
    /// More data.
    pub data: Vec<PathBuf>,
    /// Whether Rego files are read as v0.
    pub rego_v0: bool,
    /// The time of the decision.
    pub now: Time,
    /// Whether that time was given.
    pub simulated: bool,
    /// The operator's configuration.
    pub config: Config,
    /// From which outcome on the command fails.
    pub fail_on: FailOn,
    /// Whether obligations that are not yet discharged are accepted.
    pub accept_obligations: bool,
}

/// What was evaluated, and by what: what a record needs beside the decisions.
#[derive(Debug)]
pub struct Evaluated {
    /// The input, merged.
    pub merged: Merged,
    /// What judged.
    pub judge: Judge,
    /// What it was told.
    pub options: Options,
    /// Where each of its waivers stands.
    pub waivers_at: Vec<Location>,
    /// Files in the input that are named like the operator's, and were passed over.
    pub passed_over: Vec<PathBuf>,
    /// Files and folders whose facts operators vouch for, and of which nothing was read.
    pub unread: Vec<PathBuf>,
    /// Every file that it was made from, each by its one path.
    pub files: HashSet<PathBuf>,
}

impl Evaluated {
    /// The reviews that were judged, made again as they are asked for.
    pub fn assembly(&self) -> Assembly<'_> {
        let options = &self.options;
        Assembly::new(&self.merged, options.now, &options.thresholds, &options.governance.roles)
    }
}

/// Reads what is to be judged and what judges.
pub(super) fn read(request: &Request) -> Result<Evaluated, Vec<Diagnostic>> {
    let config = &request.config;
    let bundle = load::policies(config, &request.policies, &request.data, request.rego_v0);
    // A policy that sees documents as they are takes any; the others need to know what they see.
    let documents = |bundle: &Bundle| bundle.rules.iter().any(|rule| rule.metadata.view == View::Document);
    let raw = request.raw || bundle.as_ref().is_ok_and(documents);
    let reading = InputOptions { trust_input: request.trust_input, raw, operator: &config.inputs };
    // Policies compile while the input is read: neither needs the other.
    let (judge, inputs) = rayon::join(
        || bundle.and_then(|bundle| Judge::new(bundle, Limits::default())),
        || load::inputs(&request.inputs, reading),
    );
    let (judge, mut inputs) = match (judge, inputs) {
        (Ok(judge), Ok(inputs)) => (judge, inputs),
        (Err(mut policies), Err(input)) => {
            policies.extend(input);
            return Err(policies);
        }
        (Err(problems), _) | (_, Err(problems)) => return Err(problems),
    };
    let mut parts = std::mem::take(&mut inputs.parts);
    // Before they are joined: what is not said there is held against the rest as if it were.
    for asset in parts.iter_mut().flat_map(|part| &mut part.input.inventory) {
        if asset.environment.is_none() {
            asset.environment.clone_from(&request.environment);
        }
        if asset.cluster.is_none() {
            asset.cluster.clone_from(&request.cluster);
        }
    }
    let mut merged = merge(parts)?;
    if merged.input.changes.is_empty() {
        let hint =
            "add `changes` to the input; a change names an asset of the inventory and what becomes of it";
        return Err(vec![Diagnostic::error(codes::INPUT_EMPTY, "the input proposes no change").hint(hint)]);
    }
    let changes = merged.input.changes.len();
    if changes > MAX_CHANGES {
        let message =
            format!("the input proposes {changes} changes; at most {MAX_CHANGES} are weighed at once");
        let hint = "split it, by cluster or by application";
        return Err(vec![Diagnostic::error(codes::INPUT_TOO_LARGE, message).hint(hint)]);
    }
    signature::verify(&mut merged.input, &config.signers);
    let options = options(request, &inputs);
    // In the order in which `options` has them.
    let places = config.waivers.iter().map(|(_, place)| place);
    let waivers_at = places.chain(inputs.waivers.iter().map(|(_, _, place)| place)).cloned().collect();
    let mut files = inputs.files;
    let unread = |root: &&PathBuf| !files.iter().any(|file| file.starts_with(root));
    let unread = config.inputs.iter().filter(unread).cloned().collect();
    let policies = judge.bundle().files.iter().map(|file| Path::new(&file.source.name));
    let named = config.files.iter().chain(&request.data).map(PathBuf::as_path);
    files.extend(policies.chain(named).map(files::real));
    Ok(Evaluated { merged, judge, options, waivers_at, passed_over: inputs.passed_over, unread, files })
}

fn options(request: &Request, inputs: &Inputs) -> Options {
    let config = &request.config;
    let keys = &config.keys;
    // What operators hold counts as theirs, and what is signed as its person's; a signature that
    // does not hold makes either worthless.
    let approvals = config.approvals.iter().map(|record| (record, true));
    let approvals = approvals.chain(inputs.approvals.iter().map(|(record, vouched)| (record, *vouched)));
    let waivers = config.waivers.iter().map(|(record, _)| (record, true));
    let waivers = waivers.chain(inputs.waivers.iter().map(|(record, vouched, _)| (record, *vouched)));
    let overrides = config.overrides.iter().map(|record| (record, true));
    let overrides = overrides.chain(inputs.overrides.iter().map(|(record, vouched)| (record, *vouched)));
    let has_role = |person: &str| config.roles.get(person).is_some_and(|roles| !roles.is_empty());
    let waiver = |record: &Waiver, vouched: bool| {
        let offered = Offered::new(record.clone(), vouched, sign::waiver_holds(record, keys));
        // Whose signature is all that speaks for it holds a role.
        Offered { genuine: offered.genuine && (vouched || has_role(&record.approved_by)), ..offered }
    };
    Options {
        now: request.now,
        asserted: request.trust_input,
        simulated: request.simulated,
        enforcement: config.enforcement.clone(),
        governance: Governance {
            approvals: approvals
                .collect::<Vec<_>>()
                .into_par_iter()
                .map(|(record, vouched)| {
                    Offered::new(record.clone(), vouched, sign::approval_holds(record, keys))
                })
                .collect(),
            waivers: waivers
                .collect::<Vec<_>>()
                .into_par_iter()
                .map(|(record, vouched)| waiver(record, vouched))
                .collect(),
            overrides: overrides
                .collect::<Vec<_>>()
                .into_par_iter()
                .map(|(record, vouched)| {
                    Offered::new(record.clone(), vouched, sign::override_holds(record, keys))
                })
                .collect(),
            roles: config.roles.clone(),
            terms: config.terms.clone(),
        },
        thresholds: config.thresholds.clone(),
    }
}

fn plans(
    request: &Request,
    judge: &Judge,
    decisions: &[Decision],
) -> Vec<Result<Option<Plan>, Vec<plan::Problem>>> {
    let planning = Planning::new(request, judge);
    let build = |decision| plan::build(decision, &planning.options(decision));
    decisions.par_iter().with_min_len(32).map(build).collect()
}

/// What the plan of a decision is held to.
pub(crate) fn plan_options(request: &Request, judge: &Judge, decision: &Decision) -> plan::Options {
    Planning::new(request, judge).options(decision)
}

/// The settings that policies see.
pub(super) fn settings(judge: &Judge) -> Settings {
    let settings = judge.bundle().data.get("settings");
    settings.and_then(|settings| serde_json::from_value(settings.clone()).ok()).unwrap_or_default()
}

/// The environments in which every step needs an undo.
pub(super) fn protected(config: &Config) -> BTreeSet<String> {
    match &config.plan.protected {
        Some(names) => names.iter().cloned().collect(),
        None => BTreeSet::from(["production".to_owned()]),
    }
}

struct Planning {
    base: plan::Options,
    freezes: Vec<crate::policy::settings::Freeze>,
}

impl Planning {
    fn new(request: &Request, judge: &Judge) -> Self {
        let settings = settings(judge);
        let raw = &request.config.plan;
        let protected = protected(&request.config);
        let base = plan::Options { protected, ..plan::Options::new(request.now) };
        let base = plan::Options { ttl: raw.ttl.unwrap_or(base.ttl), ..base };
        Self { base, freezes: settings.updates.and_then(|updates| updates.freezes).unwrap_or_default() }
    }

    fn options(&self, decision: &Decision) -> plan::Options {
        let environment = decision.change.environment.as_deref();
        let covers = |names: &Vec<String>| environment.is_none_or(|e| names.iter().any(|name| name == e));
        let next_freeze = self
            .freezes
            .iter()
            .filter(|freeze| freeze.from > self.base.now && freeze.environments.as_ref().is_none_or(covers))
            .map(|freeze| freeze.from)
            .min();
        plan::Options { next_freeze, ..self.base.clone() }
    }
}

/// Refuses what would take minutes to weigh, before any of it is.
fn bearable(assembly: &Assembly<'_>) -> Result<(), Vec<Diagnostic>> {
    let Some(burden) = assembly.burden().filter(|burden| burden.values > burden.most) else { return Ok(()) };
    let Burden { values, most, asset, changes, share, mostly } = burden;
    let message = format!(
        "the reviews of all changes would hold at least {values} values together; at most {most} are weighed at once"
    );
    let many = if changes == 1 { "change of" } else { "changes of" };
    let hint = format!(
        "`{asset}` has most of them, {share} in {changes} {many} it, and most of those are {mostly}; evaluate fewer changes at a time"
    );
    Err(vec![Diagnostic::error(codes::INPUT_TOO_LARGE, message).hint(hint)])
}

/// Reads, judges, plans, and finds the lines that a report shows. `start` is told the changes and may
/// refuse them before any is judged, `tick` is told each time one is.
///
/// # Errors
/// Everything that is wrong with input, policies or settings; nothing is decided then.
pub fn evaluate(
    request: &Request,
    start: &dyn Fn(&[Change]) -> Result<(), Diagnostic>,
    tick: &(dyn Fn() + Sync),
) -> Result<(Evaluated, Evaluation), Vec<Diagnostic>> {
    let evaluated = read(request)?;
    let Evaluated { merged, judge, options, .. } = &evaluated;
    let bundle = judge.bundle();
    let assembly = evaluated.assembly();
    environments::spelt(&evaluated, &request.config)?;
    bearable(&assembly)?;
    start(&merged.input.changes).map_err(|problem| vec![problem])?;
    let decisions = judge.decide(&assembly, options, tick);
    let findings = remarks::all(&evaluated, &decisions, request);
    let plans = plans(request, judge, &decisions);
    let planned = || decisions.iter().zip(&plans).map(|(decision, plan)| (decision, plan.is_ok()));
    let exit = outcome::exit(planned(), request.fail_on, request.accept_obligations);
    let worst = planned().map(|(decision, planned)| outcome::of(decision, planned)).max();
    let worst = worst.unwrap_or(Outcome::Allow);
    let word = match worst {
        Outcome::Allow => Word::Allow,
        Outcome::AllowWithObligations => Word::Obliged,
        Outcome::Hold => Word::Hold,
        Outcome::Indeterminate => Word::Indeterminate,
        Outcome::Deny => Word::Deny,
    };
    let mut excerpts = Excerpts::new(merged);
    let entries: Vec<Entry> = decisions
        .into_iter()
        .zip(plans)
        .enumerate()
        .map(|(place, (decision, plan))| {
            // Only what something is said about is looked at again.
            let review = (!decision.findings.is_empty()).then(|| assembly.review(place)).flatten();
            let review = review.as_ref();
            Entry {
                at: decision
                    .findings
                    .iter()
                    .map(|finding| excerpts.input(review?, finding.path.as_deref()?))
                    .collect(),
                policy_at: decision
                    .findings
                    .iter()
                    .map(|finding| excerpt::policy(bundle, finding.location.as_ref()?))
                    .collect(),
                change_at: review.and_then(|review| excerpts.change(review)),
                refused: plan.as_ref().err().map(|all| all.iter().map(refusal).collect()).unwrap_or_default(),
                graph: plan.as_ref().ok().and_then(Option::as_ref).map(|plan| Graphs {
                    text: plan::graph::text(plan),
                    dot: plan::graph::dot(plan),
                    mermaid: plan::graph::mermaid(plan),
                }),
                plan: plan.ok().flatten(),
                decision,
                known: 0,
            }
        })
        .collect();
    let rules = bundle
        .rules
        .iter()
        .map(|rule| {
            let metadata = &rule.metadata;
            let file = bundle.files.get(rule.file).map_or("", |file| file.source.name.as_str());
            let info = RuleInfo {
                title: metadata.title.clone(),
                description: metadata.description.clone(),
                severity: metadata.severity,
                remediation: metadata.remediation.clone(),
                related: metadata.related.clone(),
                location: Some(Location { file: file.to_owned(), line: rule.line, column: None }),
            };
            (rule.id.clone(), info)
        })
        .collect();
    let config = request
        .config
        .file
        .as_ref()
        .map(|(path, digest)| ConfigRef { path: path.display().to_string(), digest: digest.clone() });
    let report = Evaluation {
        entries,
        findings,
        config,
        rules,
        outcome: crate::report::Outcome { exit, word },
        because: outcome::because(worst, exit, request.accept_obligations),
        now: request.now,
        left_out: LeftOut::default(),
    };
    drop(assembly);
    Ok((evaluated, report))
}

/// Why there is no plan, in one line.
fn refusal(problem: &plan::Problem) -> String {
    let code = codes::PLAN_INVALID.id;
    match &problem.hint {
        Some(hint) => format!("{}; {hint} [{code}]", problem.message),
        None => format!("{} [{code}]", problem.message),
    }
}
