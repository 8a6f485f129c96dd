//! CEL policies: `kind: Policy` documents.

use std::sync::Arc;

use crate::diag::{Diagnostic, Source, codes};
use crate::model::finding::Effect;
use crate::model::rule::Metadata;

/// A `kind: Policy` document.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Id; rules are `<id>.<rule>`.
    pub id: String,
    /// What it says of all its rules.
    pub metadata: Metadata,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// A rule of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Id within the policy.
    pub id: String,
    /// What it means when it does not hold.
    pub effect: Effect,
    /// What it says of itself.
    pub metadata: Metadata,
    /// Line of its head, from 1.
    pub line: u32,
}

/// Reads a policy document.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read(source: &Arc<Source>) -> Result<Policy, Vec<Diagnostic>> {
    Err(vec![
        Diagnostic::error(
            codes::POLICY_INVALID,
            format!("`{}` is a CEL policy, which cannot be read yet", source.name),
        )
        .at(source, 0..0, "here"),
    ])
}
