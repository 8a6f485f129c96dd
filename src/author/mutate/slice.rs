//! Parts of a bundle: some rules, with what they use and no more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::policy::{Bundle, File, Language, Rule, cel};

/// A bundle, and which of its files use which.
pub(super) struct Slices<'b> {
    pub(super) bundle: &'b Bundle,
    /// By the number of a file: all that it uses, itself included. Files of tests come after those of
    /// policies.
    pub(super) uses: Vec<BTreeSet<usize>>,
}

/// A part of a bundle, without data.
pub(super) struct Slice {
    pub(super) bundle: Bundle,
    /// Where files of the bundle are in it: those of policies, then those of tests.
    files: BTreeMap<usize, usize>,
    /// Where policies in CEL of the bundle are in it.
    pub(super) cel: BTreeMap<usize, usize>,
}

impl Slices<'_> {
    /// Whether a file uses another, or is it.
    pub(super) fn uses(&self, file: usize, other: usize) -> bool {
        file == other || self.uses.get(file).is_some_and(|uses| uses.contains(&other))
    }

    /// The part that some rules need, and a file of tests.
    pub(super) fn of(&self, rules: &BTreeSet<usize>, test: Option<usize>) -> Slice {
        let all = self.bundle;
        let rules: Vec<&Rule> = rules.iter().filter_map(|rule| all.rules.get(*rule)).collect();
        let mut wanted: BTreeSet<usize> = BTreeSet::new();
        for file in rules.iter().map(|rule| rule.file).chain(test) {
            wanted.insert(file);
            wanted.extend(self.uses.get(file).into_iter().flatten());
        }
        let numbers: Vec<usize> = wanted.into_iter().collect();
        let files: BTreeMap<usize, usize> =
            numbers.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let taken = |from: &[File], offset: usize| -> Vec<File> {
            let one = |number: &usize| from.get(number.checked_sub(offset)?).cloned();
            numbers.iter().filter_map(one).collect()
        };
        let at = |file: usize| files.get(&file).copied().unwrap_or_default();
        let mut cel = BTreeMap::new();
        let mut policies: Vec<cel::Policy> = Vec::new();
        for (number, policy) in all.cel.iter().enumerate() {
            let own = |id: &str| {
                let id = format!("{}.{id}", policy.id);
                rules
                    .iter()
                    .any(|rule| rule.file == policy.file && rule.id == id && rule.language == Language::Cel)
            };
            if policy.rules.iter().any(|rule| own(&rule.id)) {
                cel.insert(number, policies.len());
                let mut policy = cel::Policy { file: at(policy.file), ..policy.clone() };
                policy.rules.retain(|rule| own(&rule.id));
                policies.push(policy);
            }
        }
        let bundle = Bundle {
            files: taken(&all.files, 0),
            rules: rules.into_iter().map(|rule| Rule { file: at(rule.file), ..rule.clone() }).collect(),
            nowhere: Vec::new(),
            data: Value::Null,
            digest: all.digest.clone(),
            data_digest: all.data_digest.clone(),
            cel: policies,
            tests: taken(&all.tests, all.files.len()),
            rego_v0: all.rego_v0,
        };
        Slice { bundle, files, cel }
    }
}

impl Slice {
    /// A file of the whole bundle in a copy of this part.
    pub(super) fn file<'s>(&self, bundle: &'s mut Bundle, file: usize) -> Option<&'s mut File> {
        let at = *self.files.get(&file)?;
        let policies = bundle.files.len();
        match at.checked_sub(policies) {
            None => bundle.files.get_mut(at),
            Some(at) => bundle.tests.get_mut(at),
        }
    }
}
