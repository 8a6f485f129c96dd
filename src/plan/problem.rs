//! One thing that stands in the way of a plan.

use crate::diag::{Diagnostic, codes};

use crate::diag::clean::line as clean;

/// A text without what could drive a terminal, and no longer than people read.
fn told(text: &str) -> String {
    const MOST: usize = 1_000;
    if text.chars().nth(MOST).is_none() {
        return clean(text).into_owned();
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{}…", clean(&start))
}

/// One thing that stands in the way of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Id of the step, where it is one step's.
    pub step: Option<String>,
    /// What kind of problem it is, as in `unknown-kind`; stable.
    pub slug: &'static str,
    /// A lowercase fragment; words of policies in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The rule that asked for the step or the obligation.
    pub rule: Option<String>,
}

impl Problem {
    pub(crate) fn new(slug: &'static str, message: impl Into<String>) -> Self {
        // Words of policies and of plans from elsewhere stand in it.
        Self { step: None, slug, message: told(&message.into()), hint: None, rule: None }
    }

    pub(crate) fn of(
        slug: &'static str,
        step: &crate::model::plan::Step,
        message: impl Into<String>,
    ) -> Self {
        Self { step: Some(step.id.clone()), rule: Some(step.rule.clone()), ..Self::new(slug, message) }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(told(&hint.into()));
        self
    }

    pub(crate) fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// The problem as it is told to people.
    pub fn diagnostic(&self) -> Diagnostic {
        let asked = self.rule.as_ref().map(|rule| format!(" (asked for by `{rule}`)")).unwrap_or_default();
        let diagnostic = Diagnostic::error(codes::PLAN_INVALID, format!("{}{asked}", self.message));
        match &self.hint {
            Some(hint) => diagnostic.hint(hint.clone()),
            None => diagnostic,
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [{}]", self.message, self.slug)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}
