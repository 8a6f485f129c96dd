//! Shipped rules with a condition taken out: a case of theirs must fail.
//!
//! In Rego each statement of each body becomes `true`. In CEL each part of a conjunction becomes
//! `true`, each of a disjunction `false`, and each whole condition, each condition of a `filter`,
//! `all` or `exists`, and the `match` of a policy becomes `true`. A mutant that does not compile is
//! none.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::bench::Bench;
use super::shipped::{bundle, files, told};
use super::suite::{self, Found};
use crate::diag::Source;
use crate::engine::Limits;
use crate::policy::rego::unit;
use crate::policy::{self, Bundle, Language, LoadOptions};

/// Mutants that say the same as the rule: the file, what stands there, and why it is kept.
const SAME: &[(&str, &str, &str)] = &[];

/// A rule's file with a condition taken out.
struct Mutant {
    file: String,
    line: u32,
    was: String,
    becomes: &'static str,
    change: Change,
}

/// What becomes of the bundle.
enum Change {
    /// A file has this text.
    Text(String),
    /// The CEL policies are these.
    Cel(Vec<policy::cel::Policy>),
}

impl Mutant {
    fn bundle(&self, of: &Bundle) -> Option<Bundle> {
        match &self.change {
            Change::Text(text) => loaded(of, &self.file, text),
            Change::Cel(cel) => Some(Bundle { cel: cel.clone(), ..of.clone() }),
        }
    }
}

fn loaded(bundle: &Bundle, file: &str, text: &str) -> Option<Bundle> {
    let texts = bundle.files.iter().map(|other| {
        let source = &other.source;
        (source.name.clone(), if source.name == file { text.to_owned() } else { source.text.clone() })
    });
    policy::load(texts.collect(), bundle.data.clone(), LoadOptions::default()).ok()
}

fn rego(source: &Arc<Source>) -> Vec<Mutant> {
    let unit = unit::parse(source, false).unwrap();
    let statements = unit.rules.iter().flat_map(|definition| definition.uses.statements.clone());
    let spans: BTreeSet<(usize, usize)> = statements.map(|span| (span.start, span.end)).collect();
    let spans = spans.into_iter().map(|(start, end)| start..end);
    spans
        .filter(|span| source.text[span.clone()].trim() != "true")
        .map(|span| mutant(source, span, "true"))
        .collect()
}

fn mutant(source: &Arc<Source>, span: Range<usize>, becomes: &'static str) -> Mutant {
    let mut text = source.text.clone();
    let was = source.text[span.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace_range(span.clone(), becomes);
    let (line, _) = source.line_column(span.start);
    Mutant { file: source.name.clone(), line, was, becomes, change: Change::Text(text) }
}

/// The parts of an expression that are conditions, and what each becomes.
fn conditions(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let bytes = text.as_bytes();
    // For each byte outside of texts, how deep it is in brackets.
    let mut depth = vec![None; bytes.len()];
    let (mut level, mut quote, mut escaped) = (0_i32, None, false);
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), close) if open == *close => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b'(' | b'[' | b'{') => {
                level += 1;
                depth[at] = Some(level);
            }
            (None, b')' | b']' | b'}') => {
                depth[at] = Some(level);
                level -= 1;
            }
            (None, _) => depth[at] = Some(level),
        }
    }
    let is = |at: usize, word: &str| depth[at].is_some() && text[at..].starts_with(word);
    // `?` before a member is no choice.
    let choice = |at: usize| is(at, "?") && bytes[at - 1] != b'.' && bytes[at + 1] != b'[';
    let ends = |at: usize, level: i32, word: &str| {
        let here = depth[at] == Some(level);
        let bracket = depth[at] == Some(level) && b"([{)]}".contains(&bytes[at]);
        (here && (is(at, ",") || is(at, ":") || choice(at) || is(at, "||") || (word == "&&" && is(at, "&&"))))
            || (bracket && level > 0)
    };
    let mut found = BTreeSet::new();
    for (word, becomes) in [("&&", "true"), ("||", "false")] {
        for at in (0..bytes.len()).filter(|at| is(*at, word)) {
            let level = depth[at].unwrap();
            let start = (0..at)
                .rev()
                .find(|i| ends(*i, level, word))
                .map_or(0, |i| i + if is(i, "||") || is(i, "&&") { 2 } else { 1 });
            let end = (at + 2..bytes.len()).find(|i| ends(*i, level, word)).unwrap_or(bytes.len());
            found.insert((start, at, becomes));
            found.insert((at + 2, end, becomes));
        }
    }
    for name in [".filter(", ".all(", ".exists(", ".exists_one("] {
        for at in (0..bytes.len()).filter(|at| is(*at, name)) {
            let open = at + name.len() - 1;
            let level = depth[open].unwrap();
            let close =
                (open + 1..bytes.len()).find(|i| depth[*i] == Some(level) && bytes[*i] == b')').unwrap();
            let comma = (open..close).find(|i| depth[*i] == Some(level) && bytes[*i] == b',').unwrap();
            found.insert((comma + 1, close, "true"));
        }
    }
    found.into_iter().map(|(start, end, becomes)| (start..end, becomes)).collect()
}

fn cel(bundle: &Bundle, at: usize) -> Vec<Mutant> {
    let policy = &bundle.cel[at];
    let source = &bundle.files[policy.file].source;
    let mut mutants = Vec::new();
    let mut each = |place: &dyn Fn(&mut policy::cel::Policy) -> &mut policy::cel::Expression, whole: bool| {
        let mut copy = policy.clone();
        let (text, span) = {
            let expression = place(&mut copy);
            (expression.text.clone(), expression.span.clone())
        };
        let mut parts = conditions(&text);
        if whole {
            parts.push((0..text.len(), "true"));
        }
        for (part, becomes) in parts {
            let mut changed = bundle.cel.clone();
            let mut mutated = text.clone();
            let was = text[part.clone()].trim().to_owned();
            if was == becomes {
                continue;
            }
            mutated.replace_range(part, &format!(" {becomes} "));
            place(&mut changed[at]).text = mutated;
            let (line, _) = source.line_column(span.start);
            mutants.push(Mutant {
                file: source.name.clone(),
                line,
                was,
                becomes,
                change: Change::Cel(changed),
            });
        }
    };
    if policy.matches.is_some() {
        each(&|policy| policy.matches.as_mut().unwrap(), true);
    }
    for i in 0..policy.variables.len() {
        each(&move |policy| &mut policy.variables[i].expression, false);
    }
    for i in 0..policy.rules.len() {
        each(&move |policy| &mut policy.rules[i].condition, true);
        if policy.rules[i].for_each.is_some() {
            each(&move |policy| &mut policy.rules[i].for_each.as_mut().unwrap().list, false);
        }
    }
    mutants
}

/// Whether a case notices; `None` where there is nothing to notice with.
fn noticed(mutant: &Mutant, of: &Bundle, rules: &BTreeSet<&str>, cases: &[Found]) -> Option<bool> {
    let bench = Bench::new(mutant.bundle(of)?, Limits::default());
    if bench.compile().is_err() {
        return None;
    }
    let mut concerned = cases.iter().filter(|found| {
        rules.is_empty() || found.case.policies.iter().any(|rule| rules.contains(rule.as_str()))
    });
    Some(concerned.any(|found| match bench.run(&found.case, &found.file, &files) {
        Ok(outcome) => !outcome.passed,
        Err(_) => true,
    }))
}

#[test]
fn a_condition_that_is_taken_out_of_a_shipped_rule_fails_a_case() {
    let bundle = bundle();
    let cases =
        suite::collect(&files("policies").unwrap()).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let mut mutants = Vec::new();
    for file in bundle.files.iter().filter(|file| file.language == Language::Rego) {
        mutants.extend(rego(&file.source));
    }
    for at in 0..bundle.cel.len() {
        mutants.extend(cel(&bundle, at));
    }
    assert!(mutants.len() > 200, "only {} mutants", mutants.len());
    let only = std::env::var("MUTATE").unwrap_or_default();
    mutants.retain(|mutant| mutant.file.contains(&only));
    let mut missed: Vec<String> = mutants
        .par_iter()
        .filter_map(|mutant| {
            let place = |index: usize| bundle.files[index].source.name == mutant.file;
            // Of a library all cases.
            let rules =
                bundle.rules.iter().filter(|rule| place(rule.file)).map(|rule| rule.id.as_str()).collect();
            let same = SAME.iter().any(|(file, was, _)| *file == mutant.file && *was == mutant.was);
            let lost = !same && noticed(mutant, &bundle, &rules, &cases) == Some(false);
            lost.then(|| format!("{}:{}: `{}` → `{}`", mutant.file, mutant.line, mutant.was, mutant.becomes))
        })
        .collect();
    missed.sort();
    assert!(
        missed.is_empty(),
        "{} of {} are not noticed:\n{}",
        missed.len(),
        mutants.len(),
        missed.join("\n")
    );
}

#[test]
fn conditions_of_an_expression() {
    let said = |text: &str| -> Vec<String> {
        let found = conditions(text);
        found.into_iter().map(|(part, becomes)| format!("{} → {becomes}", text[part].trim())).collect()
    };
    assert_eq!(said("a == 'x && y'"), Vec::<String>::new());
    assert_eq!(
        said("a && (b || c.?d.orValue(1) == 2)"),
        ["a → true", "(b || c.?d.orValue(1) == 2) → true", "b → false", "c.?d.orValue(1) == 2 → false"]
    );
    assert_eq!(
        said("l.all(x, x > 1 && f(x, 2)) ? a : b && c"),
        ["x > 1 && f(x, 2) → true", "x > 1 → true", "f(x, 2) → true", "b → true", "c → true"]
    );
}
