//! Decides: joins the input into reviews, has every rule judge them, and makes of what they say,
//! and of what people consented to, one verdict each.
//!
//! Input merged and stamped in, [`Decision`]s out. Pure and deterministic: the order of policies
//! and the number of threads never matter. INVARIANT: what is unknown, failed or not judged never
//! becomes an allow.

pub mod applies;
mod artifacts;
pub mod assemble;
mod combine;
pub mod enforce;
pub mod evaluate;
pub mod fact;
pub mod freight;
pub mod governance;
mod observed;
pub mod outcome;
mod output;
mod related;
mod remedy;
pub mod stand;

pub use evaluate::Judge;

use crate::model::time::Time;
use enforce::Enforcement;
use governance::Governance;

/// Everything but the policies and the reviews that a decision depends on.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time of the decision.
    pub now: Time,
    /// Whether facts are taken on trust.
    pub asserted: bool,
    /// Whether `now` was given rather than read from a clock.
    pub simulated: bool,
    /// Modes of rules.
    pub enforcement: Vec<Enforcement>,
    /// Records, roles, and what is asked of them.
    pub governance: Governance,
    /// Least trust and greatest age of kinds of facts.
    pub thresholds: fact::Thresholds,
}
