//! Conditions of rules in Rego: every statement of every body.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::{Mutant, Place, flat, source};
use crate::diag::Diagnostic;
use crate::policy::rego::names::Names;
use crate::policy::rego::on_deep_stack;
use crate::policy::{Bundle, Language};

/// What is read of the files of a bundle, by their numbers: those of policies, then those of tests.
pub(super) struct Read {
    /// All that a file uses, itself included.
    pub(super) uses: Vec<BTreeSet<usize>>,
    /// Statements of policies.
    statements: BTreeSet<(usize, usize, usize)>,
}

/// Reads the statements, and who uses whom.
pub(super) fn read(bundle: &Bundle) -> Result<Read, Vec<Diagnostic>> {
    on_deep_stack(|| read_here(bundle)).map_err(|problem| vec![problem])?
}

fn read_here(bundle: &Bundle) -> Result<Read, Vec<Diagnostic>> {
    let all = bundle.files.iter().chain(&bundle.tests).enumerate();
    let mut units = Vec::new();
    let mut numbers = Vec::new();
    for (number, file) in all.filter(|(_, file)| file.language == Language::Rego) {
        if let Some(unit) = &file.unit {
            units.push(Arc::clone(unit));
            numbers.push(number);
        }
    }
    let mut statements = BTreeSet::new();
    for (unit, number) in units.iter().zip(&numbers).filter(|(_, number)| **number < bundle.files.len()) {
        for definition in unit.rules.iter().filter(|definition| !definition.is_test()) {
            let spans = definition.uses.statements.iter().map(|span| quoted(&unit.source.text, span));
            statements.extend(spans.map(|span| (*number, span.start, span.end)));
        }
    }
    let used: Vec<(usize, usize)> = Names::of(&units)
        .used()
        .units
        .into_iter()
        .filter_map(|(by, of)| Some((*numbers.get(by)?, *numbers.get(of)?)))
        .collect();
    let total = bundle.files.len().saturating_add(bundle.tests.len());
    let uses = (0..total).map(|file| reached(file, &used)).collect();
    Ok(Read { uses, statements })
}

/// A statement with the quotes of texts at its ends: the parser's places of texts are those of what is
/// in them.
fn quoted(text: &str, span: &Range<usize>) -> Range<usize> {
    let quote = |at: usize| matches!(text.as_bytes().get(at), Some(b'"' | b'`'));
    let start = span.start.checked_sub(1).filter(|before| quote(*before)).unwrap_or(span.start);
    start..span.end.saturating_add(usize::from(quote(span.end)))
}

/// What is reached from a file.
fn reached(from: usize, used: &[(usize, usize)]) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for (_, of) in used.iter().filter(|(by, _)| *by == file) {
            if found.insert(*of) {
                open.push(*of);
            }
        }
    }
    found
}

/// Each statement of each body as if it held.
pub(super) fn mutants(bundle: &Bundle, read: &Read) -> Vec<Mutant> {
    let one = |(file, start, end): &(usize, usize, usize)| {
        let part: Range<usize> = *start..*end;
        let was = flat(source(bundle, *file)?.text.get(part.clone())?);
        let uses = |at: usize| read.uses.get(at).is_some_and(|uses| uses.contains(file));
        let rules = bundle.rules.iter().enumerate().filter(|(_, rule)| uses(rule.file));
        let rules = rules.map(|(at, _)| at).collect();
        (was != "true").then_some(Mutant {
            file: *file,
            place: Place::Text,
            part,
            becomes: "true",
            at: *start,
            was,
            rules,
        })
    };
    read.statements.iter().filter_map(one).collect()
}
