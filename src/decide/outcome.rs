//! What a decision means to whoever asked: one table for exit codes, commit statuses and admission.

use crate::model::decision::{Decision, Verdict};
use crate::model::finding::Effect;

/// The rows of the table, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Allowed, and nothing outstanding.
    Allow,
    /// Allowed, if the plan does what it must.
    AllowWithObligations,
    /// Not yet.
    Hold,
    /// It could not be judged.
    Indeterminate,
    /// No.
    Deny,
}

/// What the table says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Exit code of the command.
    pub exit: u8,
    /// State of a commit status.
    pub commit_status: &'static str,
    /// Whether an admission passes.
    pub admitted: bool,
    /// Whether an executor runs the plan.
    pub runs: bool,
}

impl Outcome {
    /// The row of the table.
    pub const fn row(self) -> Row {
        match self {
            Self::Allow => Row { exit: 0, commit_status: "success", admitted: true, runs: true },
            Self::AllowWithObligations => {
                Row { exit: 11, commit_status: "pending", admitted: false, runs: true }
            }
            Self::Hold => Row { exit: 11, commit_status: "pending", admitted: false, runs: false },
            Self::Indeterminate => Row { exit: 13, commit_status: "error", admitted: false, runs: false },
            Self::Deny => Row { exit: 10, commit_status: "failure", admitted: false, runs: false },
        }
    }

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::AllowWithObligations => "allow with obligations",
            Self::Hold => "hold",
            Self::Indeterminate => "indeterminate",
            Self::Deny => "deny",
        }
    }
}

/// From which outcome on a command fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailOn {
    /// Warnings too.
    Warn,
    /// Holds and worse.
    #[default]
    Hold,
    /// Denials, and what could not be judged.
    Deny,
}

/// The outcome of one decision; `planned` is false where its steps make no plan.
pub fn of(decision: &Decision, planned: bool) -> Outcome {
    match decision.verdict {
        _ if decision.indeterminate => Outcome::Indeterminate,
        Verdict::Deny => Outcome::Deny,
        Verdict::Hold => Outcome::Hold,
        // A change whose plan is refused cannot be carried out as its policies demand.
        Verdict::Allow if !planned => Outcome::Indeterminate,
        Verdict::Allow if decision.obligations.is_empty() => Outcome::Allow,
        Verdict::Allow => Outcome::AllowWithObligations,
    }
}

/// Why an exit code is not that of the row of the worst outcome; `None` where it is.
pub const fn because(worst: Outcome, exit: u8, accept_obligations: bool) -> Option<&'static str> {
    match (worst, exit) {
        (Outcome::AllowWithObligations, 0) if accept_obligations => {
            Some("allowed, with obligations that `--accept-obligations` leaves to a plan")
        }
        (Outcome::AllowWithObligations, 0) => {
            Some("allowed, with obligations, which `--fail-on deny` lets pass")
        }
        (Outcome::Hold, 0) => Some("on hold, which `--fail-on deny` lets pass"),
        (Outcome::Allow, 1..) => Some("allowed, with warnings, on which `--fail-on warn` fails"),
        (Outcome::AllowWithObligations, 1..) if accept_obligations => {
            Some("allowed, with warnings, on which `--fail-on warn` fails")
        }
        _ => None,
    }
}

/// The exit code of a command that made these decisions: of the worst, by the table.
pub fn exit<'a>(
    decisions: impl IntoIterator<Item = (&'a Decision, bool)>,
    fail_on: FailOn,
    accept_obligations: bool,
) -> u8 {
    let mut worst = Outcome::Allow;
    let mut warned = false;
    for (decision, planned) in decisions {
        worst = worst.max(of(decision, planned));
        warned |= decision
            .findings
            .iter()
            .any(|finding| finding.effect == Effect::Warn && finding.waived.is_none());
    }
    match (worst, fail_on) {
        (Outcome::Deny | Outcome::Indeterminate, _) => worst.row().exit,
        (Outcome::Hold, FailOn::Warn | FailOn::Hold) => worst.row().exit,
        (Outcome::AllowWithObligations, FailOn::Warn | FailOn::Hold) if !accept_obligations => {
            worst.row().exit
        }
        (_, FailOn::Warn) if warned => Outcome::Hold.row().exit,
        _ => 0,
    }
}
