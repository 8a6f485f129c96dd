//! What is shown of problems with policies, in every format but the one for people, which needs a terminal.
//!
//! In go problems with their places and codes, and what comments silence; out comes text that cannot act
//! on who reads it.

mod github;
mod json;
mod sarif;

use crate::diag::{Code, Diagnostic, Level};

pub use github::FORMAT as GITHUB;
pub use json::{CheckReport, FORMAT as JSON};
pub use sarif::FORMAT as SARIF;

/// What a check of policies came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    /// What is wrong, in the order of files and places.
    pub problems: Vec<Diagnostic>,
    /// What would be, and the reason for which a comment silences it.
    pub silenced: Vec<(Diagnostic, String)>,
    /// Every lint that was looked for, with how much it matters.
    pub lints: Vec<(Code, Level)>,
    /// How many rules were looked at.
    pub rules: usize,
}

impl Problems {
    /// How many there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.problems.iter().filter(|problem| problem.level == level).count()
    }

    /// What it comes to, in a line.
    pub fn summary(&self) -> String {
        let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut line = format!(
            "{}, {} in {}",
            many(self.count(Level::Error), "error"),
            many(self.count(Level::Warning), "warning"),
            many(self.rules, "rule"),
        );
        if !self.silenced.is_empty() {
            line.push_str(&format!("; {} silenced", self.silenced.len()));
        }
        line
    }

    /// Where the page about a code lies.
    fn page(&self, code: Code) -> String {
        let folder = if self.lints.iter().any(|(lint, _)| *lint == code) { "lints" } else { "errors" };
        format!("docs/{folder}/{}.md", code.id)
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

/// The place of a problem: file, first and last line and column.
struct Span<'a> {
    file: &'a str,
    from: (u32, u32),
    to: (u32, u32),
}

impl<'a> Span<'a> {
    fn of(problem: &'a Diagnostic) -> Option<Self> {
        let label = problem.label.as_ref()?;
        let end = label.span.end.max(label.span.start.saturating_add(1));
        Some(Self {
            file: &label.source.name,
            from: label.source.line_column(label.span.start),
            to: label.source.line_column(end),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::*;
    use crate::diag::{Source, codes};

    fn problems() -> Problems {
        let lint = Code { id: "path.unknown", title: "A member is never there." };
        let source = Source::new("a,b/p.rego", "package p\n\ndeny contains \"x\" if input.artefacts\n");
        let one = |message: &str| {
            Diagnostic::error(lint, message).hint("did you mean `artifacts`?").at(&source, 33..42, "here")
        };
        let loose = Diagnostic::warning(codes::POLICY_EMPTY, "there is no rule %0A::error::x\u{1b}[31m");
        Problems {
            problems: vec![one("no review has `input.artefacts`"), loose],
            silenced: vec![(one("nor this"), "the [page](x) says so".to_owned())],
            lints: vec![(lint, Level::Error)],
            rules: 1,
        }
    }

    #[test]
    fn every_format_says_it_all_and_nothing_acts() {
        let problems = problems();
        assert_eq!(problems.summary(), "1 error, 1 warning in 1 rule; 1 silenced");
        let style = Style::default();
        for text in [JSON.render(&problems, &style), SARIF.render(&problems, &style)] {
            assert!(!text.contains('\u{1b}'), "{text}");
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value.to_string().contains("path.unknown"));
        }
        insta::assert_snapshot!(GITHUB.render(&problems, &style));
        insta::assert_snapshot!(JSON.render(&problems, &style));
        insta::assert_snapshot!(SARIF.render(&problems, &style));
    }
}
