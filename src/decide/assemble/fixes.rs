//! The advisories that a change gets rid of, by scans of what runs and of what takes its place.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Assembly, observed};
use crate::model::evidence::{Advisory, Severity};
use crate::model::id::Digest;
use crate::model::input::{Change, ChangeKind, Image, Target};
use crate::model::review::{Artifact, Fix, Unknown};

impl Assembly<'_> {
    /// Whether what a change says it goes from is what runs. Else it chose a digest with whatever
    /// vulnerabilities it would like to be rid of.
    fn goes_from_what_runs(&self, change: &Change, replaced: Option<&Image>) -> bool {
        let from = change.from.as_ref();
        match change.kind {
            ChangeKind::Image | ChangeKind::Promotion => {
                from.zip(replaced).is_some_and(|(from, image)| from.digest == image.digest)
            }
            _ => {
                self.vouched.contains(change.id.as_str())
                    && from.zip(change.to.as_ref()).is_some_and(|(from, to)| observed::same(from, to))
            }
        }
    }

    /// The advisories that a change gets rid of, and all that concern its artifacts.
    pub(super) fn fixes(
        &self,
        change: &Change,
        replaced: Option<&Image>,
        artifacts: &[Artifact],
        unknown: &mut Vec<Unknown>,
    ) -> (Option<Vec<Fix>>, Option<Vec<Advisory>>) {
        let side = |target: Option<&Target>| {
            let digest = target.and_then(|t| t.digest.as_ref()).map(Digest::as_str)?;
            self.scans.counted.get(digest)
        };
        let from = change.from.as_ref().filter(|_| self.goes_from_what_runs(change, replaced));
        let before = side(from);
        let after = side(change.to.as_ref());
        let mut gone: BTreeMap<&str, Severity> = BTreeMap::new();
        // Only what the same scanner looked for on both sides can be seen to be gone.
        let scanners: HashSet<&str> = after.into_iter().flatten().map(|scan| scan.scanner.as_str()).collect();
        let mut compared = false;
        for old in before.into_iter().flatten().filter(|old| scanners.contains(old.scanner.as_str())) {
            compared = true;
            for found in &old.vulnerabilities {
                let severity = gone.entry(found.id.as_str()).or_insert(found.severity);
                *severity = (*severity).max(found.severity);
            }
        }
        // What is still seen, by whatever scanner, is not gone.
        for still in after.into_iter().flatten().flat_map(|scan| &scan.vulnerabilities) {
            gone.remove(still.id.as_str());
        }
        let mut ids: Vec<&str> = artifacts
            .iter()
            .flat_map(|artifact| artifact.scans.iter().flatten())
            .flat_map(|scan| &scan.vulnerabilities)
            .map(|found| found.id.as_str())
            .chain(gone.keys().copied())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let advisories = match ids.is_empty() {
            // No advisory concerns an artifact in which nothing was found.
            true => self.advisories.exhaustive.then(Vec::new),
            false => self.advisories.about(&ids, &change.asset, unknown),
        };
        let mut exploited: HashMap<&str, bool> = HashMap::new();
        for advisory in advisories.iter().flatten() {
            *exploited.entry(advisory.id.as_str()).or_default() |= advisory.exploited;
        }
        let fixes = compared.then(|| {
            gone.iter()
                .map(|(id, severity)| Fix {
                    id: (*id).to_owned(),
                    severity: *severity,
                    exploited: exploited.get(id).copied(),
                })
                .collect()
        });
        (fixes, advisories)
    }
}
