//! What else is going on where a change goes: runs in flight, and the rest of its freight.
//!
//! Both are counted once for all changes: a review holds a number, and the few promotions that its own
//! moves with, never everything that goes on in an environment.

use std::collections::HashMap;

use super::{Assembly, List};
use crate::model::evidence::ActiveRun;
use crate::model::input::{Change, ChangeKind};
use crate::model::review::{Companion, Unknown, UnknownReason};

/// Runs by environment, and how many of them carry out what.
pub(super) struct Flights<'a> {
    runs: List<'a, ActiveRun>,
    by_change: HashMap<(&'a str, &'a str), usize>,
    /// Of runs that name no change: by environment, application and digest.
    by_digest: HashMap<(&'a str, &'a str, &'a str), usize>,
}

impl<'a> Flights<'a> {
    /// Counts runs that are listed by environment.
    pub(super) fn new(runs: List<'a, ActiveRun>) -> Self {
        let mut by_change: HashMap<_, usize> = HashMap::new();
        let mut by_digest: HashMap<_, usize> = HashMap::new();
        for run in runs.counted.values().flatten() {
            let environment = run.environment.as_str();
            let count = match (&run.change, &run.digest) {
                (Some(change), _) => by_change.entry((environment, change.as_str())).or_default(),
                (None, Some(digest)) => {
                    by_digest.entry((environment, run.application.as_str(), digest.as_str())).or_default()
                }
                (None, None) => continue,
            };
            *count = count.saturating_add(1);
        }
        Self { runs, by_change, by_digest }
    }

    /// How many runs there are in an environment that do not carry out a change; `None` where nobody
    /// knows them all.
    pub(super) fn of(
        &self,
        change: &Change,
        application: Option<&str>,
        environment: &str,
        unknown: &mut Vec<Unknown>,
    ) -> Option<u32> {
        if let Err(reason) = self.runs.whole(environment) {
            unknown.extend(reason.map(|reason: UnknownReason| Unknown {
                fact: "context.inFlight".to_owned(),
                subject: change.asset.clone(),
                reason,
                required_by: Vec::new(),
            }));
            return None;
        }
        let all = self.runs.counted.get(environment).map_or(0, Vec::len);
        let digest = change.to.as_ref().and_then(|to| to.digest.as_ref());
        let unnamed = application.zip(digest).and_then(|(application, digest)| {
            self.by_digest.get(&(environment, application, digest.as_str())).copied()
        });
        let named = self.by_change.get(&(environment, change.id.as_str())).copied();
        let own = named.unwrap_or(0).saturating_add(unnamed.unwrap_or(0));
        Some(u32::try_from(all.saturating_sub(own)).unwrap_or(u32::MAX))
    }
}

/// Promotions by their freight and the environment that they enter.
pub(super) struct Freights<'a>(HashMap<(&'a str, &'a str), Vec<&'a Change>>);

impl<'a> Freights<'a> {
    /// Sorts the changes of an input, in their order, by freight.
    pub(super) fn new(changes: &'a [Change]) -> Self {
        let mut all: HashMap<_, Vec<&Change>> = HashMap::new();
        for change in changes {
            all.entry(freight(change)).or_default().push(change);
        }
        Self(all.into_iter().filter_map(|(freight, changes)| Some((freight?, changes))).collect())
    }

    /// All promotions of the freight of a change, itself among them.
    pub(super) fn of<'c>(&'c self, change: &'c Change) -> Option<&'c [&'c Change]> {
        self.0.get(&freight(change)?).map(Vec::as_slice)
    }
}

/// How many changes of the same input come before one, its own freight and those in flight not counted.
#[derive(Clone, Copy, Default)]
pub(super) struct Ahead {
    /// Into the same environment.
    pub(super) environment: u32,
    /// Promotions of the same application.
    pub(super) application: u32,
}

/// What comes before each change of an input: of two that are decided at once, the second must know of
/// the first.
pub(super) fn ahead<'a>(all: &Assembly<'a>) -> HashMap<&'a str, Ahead> {
    let mut counts: HashMap<(&str, &str, Option<&str>), u32> = HashMap::new();
    let mut found = HashMap::new();
    for change in all.changes.iter().filter(|change| change.kind != ChangeKind::Admission) {
        let asset = all.asset(change, &mut Vec::new());
        let promotion = change.promotion.as_ref();
        let entered = promotion
            .map(|promotion| promotion.to.as_str())
            .or_else(|| asset.and_then(|asset| asset.environment.as_deref()));
        let application = promotion.and(asset).and_then(|asset| asset.application.as_deref());
        let freight = freight(change).map(|(freight, _)| freight);
        let in_flight =
            entered.is_some_and(|name| all.flights.by_change.contains_key(&(name, change.id.as_str())));
        let mut before = |about: &'static str, name: Option<&'a str>| {
            let Some(name) = name else { return 0 };
            let mut count = |freight: Option<&'a str>| {
                let count = counts.entry((about, name, freight)).or_default();
                std::mem::replace(count, count.saturating_add(u32::from(!in_flight)))
            };
            let whole = count(None);
            whole.saturating_sub(freight.map_or(0, |freight| count(Some(freight))))
        };
        let of = Ahead {
            environment: before("environment", entered),
            application: before("application", application),
        };
        found.insert(change.id.as_str(), of);
    }
    found
}

fn freight(change: &Change) -> Option<(&str, &str)> {
    let promotion = change.promotion.as_ref()?;
    Some((promotion.freight.as_deref()?, promotion.to.as_str()))
}

impl Assembly<'_> {
    /// The other promotions of the freight of a change.
    pub(super) fn together(&self, change: &Change) -> Option<Vec<Companion>> {
        let others = self.freights.of(change)?.iter().filter(|other| other.id != change.id);
        let companion = |other: &&Change| {
            let asset = self.asset(other, &mut Vec::new());
            Companion {
                application: asset.and_then(|asset| asset.application.clone()),
                asset: other.asset.clone(),
                digest: other.to.as_ref().and_then(|to| to.digest.clone()),
                id: other.id.clone(),
            }
        };
        Some(others.map(companion).collect())
    }
}
