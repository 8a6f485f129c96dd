//! What is wrong, or probably wrong, with policies, told before they judge anything.
//!
//! A bundle as far as it could be read goes in, and what operators give; problems come out, each with its
//! place. A lint is one file with a [`Lint`] and one line in [`LINTS`]; what both languages ask for is
//! read once ([`reading`]). A comment silences a lint, with a reason ([`silence`]). Nothing is said that
//! is not certain, or of which the page of the lint does not say where it may be wrong.

mod covered;
mod evidence;
mod finding;
mod identity;
mod image;
mod metadata;
mod path;
mod reading;
mod rule;
mod settings;
pub(super) mod silence;
#[cfg(test)]
mod tests;
mod unused;
mod word;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use reading::Reading;

use crate::decide::Judge;
use crate::diag::{Code, Diagnostic, Level, Source, tree};
use crate::engine::Limits;
use crate::model::governance::Roles;
use crate::policy::rego::on_deep_stack;
use crate::policy::rego::unit::Unit;
use crate::policy::{Bundle, Language};

/// A lint.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// Its id, which has a page in `docs/lints`, and what it finds in one line.
    pub code: Code,
    /// How much it matters.
    pub level: Level,
    /// Looks for it.
    find: fn(&Subject<'_>, &mut Found),
}

/// Every lint there is, in the order of their ids.
pub const LINTS: &[Lint] = &[
    rule::CONSTANT,
    covered::LINT,
    path::DATA,
    word::ENVIRONMENT,
    evidence::UNREAD,
    evidence::UNREQUIRED,
    path::FIELD,
    finding::INVALID,
    unused::FUNCTION,
    finding::ENDLESS,
    identity::ISSUER,
    identity::UNANCHORED,
    image::LINT,
    unused::IMPORT,
    metadata::LINT,
    rule::HIDDEN,
    path::LINT,
    word::ROLE,
    rule::REPEATED,
    settings::LINT,
    silence::INVALID,
    silence::UNUSED,
    word::LINT,
    unused::VARIABLE,
];

/// What operators give beside policies and data.
#[derive(Debug, Default)]
pub struct Operator {
    /// Their file.
    pub file: Option<Arc<Source>>,
    /// Their settings.
    pub settings: Option<Arc<Source>>,
    /// Who has which roles, where that is told.
    pub roles: Option<Roles>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// What is wrong, in the order of files and places.
    pub problems: Vec<Diagnostic>,
    /// What would be, and a comment says why it is not.
    pub silenced: Vec<(Diagnostic, String)>,
}

/// Problems of one lint.
#[derive(Default)]
struct Found {
    problems: Vec<Diagnostic>,
}

impl Found {
    /// Adds one; its code and level are those of the lint.
    fn add(
        &mut self,
        lint: &Lint,
        message: impl Into<String>,
        hint: impl Into<String>,
        source: &Arc<Source>,
        span: Range<usize>,
    ) {
        let problem = Diagnostic { level: lint.level, ..Diagnostic::error(lint.code, message) };
        self.problems.push(problem.hint(hint).at(source, span, "here"));
    }
}

/// All that lints look at.
struct Subject<'a> {
    bundle: &'a Bundle,
    operator: &'a Operator,
    /// Whether all of the bundle could be read: only then is something known to be missing.
    whole: bool,
    /// The files in Rego, parsed.
    units: Vec<Arc<Unit>>,
    /// The index of each in the files of the bundle.
    files: Vec<usize>,
    reading: Reading,
    /// The documents of the operator's file and settings, and of policies in CEL.
    trees: BTreeMap<String, (Arc<Source>, tree::Node)>,
}

impl Subject<'_> {
    /// Members of `data` that somebody gives.
    fn given(&self) -> Vec<&str> {
        self.bundle.data.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// What is given below `data`.
    fn below(&self, path: &[String]) -> Option<&serde_json::Value> {
        path.iter().try_fold(&self.bundle.data, |value, name| value.get(name))
    }

    /// The document of a source.
    fn tree(&self, source: Option<&Arc<Source>>) -> Option<&tree::Node> {
        self.trees.get(&source?.name).map(|(_, node)| node)
    }

    /// Where metadata say a word under a key: behind it, or in the list below it.
    fn said(source: &Source, key: &str, word: &str) -> Option<Range<usize>> {
        let part = |c: char| c.is_alphanumeric() || "._-".contains(c);
        let alone = |text: &str, at: usize, name: &str| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at.saturating_add(name.len())..).and_then(|after| after.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        };
        let bare = |line: &str| line.trim_start_matches(['#', ' ', '\t', '-', '"', '\'']).to_owned();
        let mut offset = 0_usize;
        let mut open = false;
        for line in source.text.split_inclusive('\n') {
            let start = offset;
            offset = offset.saturating_add(line.len());
            let keys = format!("{key}:");
            let found = line.find(&keys).filter(|at| alone(line, *at, key));
            let item =
                line.trim_start_matches(['#', ' ', '\t']).starts_with('-') || bare(line).starts_with(word);
            open = found.is_some() || (open && item);
            let from = found.map_or(0, |at| at.saturating_add(keys.len()));
            let mut words = line.match_indices(word).filter(|(at, _)| open && *at >= from);
            if let Some((at, _)) = words.find(|(at, _)| alone(line, *at, word)) {
                let start = start.saturating_add(at);
                return Some(start..start.saturating_add(word.len()));
            }
        }
        None
    }

    /// The source that a rule of the bundle stands in, and its first line.
    fn place(&self, rule: usize) -> Option<(&Arc<Source>, Range<usize>)> {
        let rule = self.bundle.rules.get(rule)?;
        let source = &self.bundle.files.get(rule.file)?.source;
        let at = source.offset(rule.line, 1);
        let line = source.line(rule.line);
        let skipped = line.len().saturating_sub(line.trim_start_matches([' ', '-']).len());
        let start = at.saturating_add(skipped);
        let name = line.trim_start_matches([' ', '-']);
        let width = [" if", " {"].iter().filter_map(|end| name.find(end)).min().unwrap_or(name.len());
        Some((source, start..start.saturating_add(width)))
    }
}

/// Looks at a bundle, as far as it could be read, and at what was wrong with it.
pub fn check(bundle: &Bundle, wrong: Vec<Diagnostic>, operator: &Operator) -> Checked {
    let unread = wrong.clone();
    let looked = on_deep_stack(|| look(bundle, wrong, operator));
    looked.unwrap_or_else(|problem| {
        let problems = unread.into_iter().chain([problem]).collect();
        Checked { problems, silenced: Vec::new() }
    })
}

fn look(bundle: &Bundle, wrong: Vec<Diagnostic>, operator: &Operator) -> Checked {
    let whole = wrong.is_empty();
    let mut problems = wrong;
    problems.extend(Judge::new(bundle.clone(), Limits::default()).err().into_iter().flatten());
    let mut units = Vec::new();
    let mut files = Vec::new();
    for (index, file) in bundle.files.iter().enumerate().filter(|(_, file)| file.language == Language::Rego) {
        if let Some(unit) = &file.unit {
            units.push(Arc::clone(unit));
            files.push(index);
        }
    }
    let policies = bundle.files.iter().filter(|file| file.language == Language::Cel).map(|file| &file.source);
    let trees = policies.chain(&operator.file).chain(&operator.settings).filter_map(|source| {
        let node = tree::parse(source).ok()?.into_iter().next()?;
        Some((source.name.clone(), (Arc::clone(source), node)))
    });
    let mut subject = Subject {
        bundle,
        operator,
        whole,
        units,
        files,
        reading: Reading::default(),
        trees: trees.collect(),
    };
    subject.reading = Reading::of(&subject);
    let mut found = Found::default();
    for lint in LINTS {
        (lint.find)(&subject, &mut found);
    }
    // What loading says of a member is said better by the lint, which knows its place.
    let told = |problem: &Diagnostic| {
        let label = problem.label.as_ref();
        label.is_some_and(|label| {
            found.problems.iter().filter_map(|one| one.label.as_ref()).any(|one| {
                one.source == label.source
                    && label.span.start <= one.span.start
                    && one.span.end <= label.span.end
            })
        })
    };
    problems.retain(|problem| !(bundle.nowhere.contains(problem) && told(problem)));
    let sources =
        bundle.files.iter().map(|file| &file.source).chain(&operator.file).chain(&operator.settings);
    let mut checked = silence::apply(found.problems, sources);
    checked.problems.extend(problems);
    sort(&mut checked.problems);
    checked.silenced.sort_by(|a, b| order(&a.0).cmp(&order(&b.0)));
    checked.silenced.dedup();
    checked
}

/// Problems in the order of files and places, each once.
fn sort(problems: &mut Vec<Diagnostic>) {
    problems.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut seen = BTreeSet::new();
    problems.retain(|problem| {
        seen.insert((
            problem.place().map(|(f, l, c)| (f.to_owned(), l, c)),
            problem.code,
            problem.message.clone(),
        ))
    });
}

fn order(problem: &Diagnostic) -> (Option<(&str, u32, u32)>, Code, &str) {
    (problem.place(), problem.code, &problem.message)
}
