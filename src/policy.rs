//! Bundles: policies read, described and digested; what a rule says of itself.
//!
//! Text in, [`Bundle`] out. Reading files is the pipeline's; evaluating is the engines'. A bundle
//! that loads is free of what would change meaning in silence: duplicate ids, a rule shadowed by
//! data, two defaults, an effect that is not a set.

pub mod settings;

use std::sync::Arc;

use crate::diag::Source;
use crate::model::finding::Effect;
use crate::model::id::Digest;
use crate::model::rule::Metadata;

/// The language that a rule is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rego v1.
    Rego,
    /// CEL in a `kind: Policy` document.
    Cel,
}

/// Policies and data, ready to be compiled.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Every source, sorted by name: policies, and libraries without effects of their own.
    pub files: Vec<File>,
    /// Every rule, sorted by id.
    pub rules: Vec<Rule>,
    /// What policies see as `data`; settings under `settings`.
    pub data: serde_json::Value,
    /// Digest of the policies: names and texts.
    pub digest: Digest,
    /// Digest of the data.
    pub data_digest: Digest,
}

/// A source file of a bundle.
#[derive(Clone, Debug)]
pub struct File {
    /// The text, under its path relative to the bundle's root.
    pub source: Arc<Source>,
    /// What it is written in.
    pub language: Language,
}

/// A rule: what is switched, waived, tested and reported by one id.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Id: the package in Rego, `<policy>.<rule>` in CEL.
    pub id: String,
    /// What it is written in.
    pub language: Language,
    /// Index into [`Bundle::files`].
    pub file: usize,
    /// Line of its head, from 1.
    pub line: u32,
    /// What it says of itself.
    pub metadata: Metadata,
    /// The effects that it can have, in order.
    pub effects: Vec<Effect>,
}
