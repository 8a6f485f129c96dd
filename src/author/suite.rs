//! Suites: the cases among some files, and what they leave untested.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bench::Outcome;
use super::case::{self, Case};
use crate::diag::{Diagnostic, Source};

/// Whether a file holds cases, by its name.
pub fn is_case(name: &str) -> bool {
    let name = name.to_lowercase();
    [".case.yaml", ".case.yml", ".case.json"].iter().any(|ending| name.ends_with(ending))
}

/// A case and the file it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The file.
    pub file: String,
    /// The case.
    pub case: Case,
}

/// The cases of all files that hold any, in the order of the files.
///
/// # Errors
/// Everything that is wrong with them.
pub fn collect<'a>(
    sources: impl IntoIterator<Item = &'a Arc<Source>>,
) -> Result<Vec<Found>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for source in sources.into_iter().filter(|source| is_case(&source.name)) {
        match case::read(source) {
            Ok(cases) => {
                found.extend(cases.into_iter().map(|case| Found { file: source.name.clone(), case }));
            }
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// What the passed cases leave open of some rules: which none shows speaking, which none silent.
pub fn untested<'a>(
    rules: impl IntoIterator<Item = &'a str>,
    outcomes: &[Outcome],
) -> BTreeMap<&'a str, &'static str> {
    let passed = || outcomes.iter().filter(|outcome| outcome.passed);
    let spoke: BTreeSet<&str> = passed().flat_map(|outcome| &outcome.spoke).map(String::as_str).collect();
    let silent: BTreeSet<&str> = passed().flat_map(|outcome| &outcome.silent).map(String::as_str).collect();
    rules
        .into_iter()
        .filter_map(|rule| match (spoke.contains(rule), silent.contains(rule)) {
            (true, true) => None,
            (false, true) => Some((rule, "no case in which it says something")),
            (true, false) => Some((rule, "no case in which it applies and says nothing")),
            (false, false) => Some((rule, "no case at all")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_needs_a_case_of_either_kind_that_passed() {
        let outcome = |passed, spoke: &[&str], silent: &[&str]| Outcome {
            passed,
            difference: String::new(),
            spoke: spoke.iter().map(ToString::to_string).collect(),
            silent: silent.iter().map(ToString::to_string).collect(),
            places: BTreeSet::new(),
        };
        let outcomes =
            [outcome(true, &["a", "b"], &[]), outcome(true, &[], &["a"]), outcome(false, &[], &["b"])];
        let open = untested(["a", "b", "c"], &outcomes);
        assert_eq!(
            open.into_iter().collect::<Vec<_>>(),
            [("b", "no case in which it applies and says nothing"), ("c", "no case at all")]
        );
    }
}
