//! Comments that silence a lint where it is right and yet not to be followed:
//! `# weighlock: allow <lint> because <reason>`. It speaks for the line that follows and for all that is
//! indented deeper below it; above a `package`, or at the head of a document, for the whole file.

use std::ops::Range;
use std::sync::Arc;

use super::{Checked, Found, LINTS, Lint};
use crate::diag::{Code, Diagnostic, Level, Source, nearest, tree};
use crate::policy::rego::parts::{Part, parts};

/// A comment that silences nothing because it is wrong.
pub(super) const INVALID: Lint = Lint {
    code: Code {
        id: "silence.invalid",
        title: "A comment that is to silence a lint has no reason, or names none.",
    },
    level: Level::Error,
    find: |_, _| (),
};

/// A comment that silences nothing because there is nothing.
pub(super) const UNUSED: Lint = Lint {
    code: Code { id: "silence.unused", title: "A comment silences a lint that finds nothing there." },
    level: Level::Warning,
    find: |_, _| (),
};

/// What such a comment begins with.
const MARK: &str = "weighlock:";
const VERB: &str = "allow";
/// What such a comment says to `test --mutate`.
const KEEP: &str = "keep";
const FORM: &str = "write `# weighlock: allow <lint> because <reason>`";

/// A comment.
struct Silence {
    source: Arc<Source>,
    at: Range<usize>,
    lint: &'static str,
    reason: String,
    covers: Range<usize>,
    used: bool,
}

/// Takes what comments silence out of some problems.
pub(super) fn apply<'a>(
    problems: Vec<Diagnostic>,
    sources: impl Iterator<Item = &'a Arc<Source>>,
) -> Checked {
    let mut found = Found::default();
    let mut silences = Vec::new();
    for source in sources.filter(|source| source.text.contains(MARK)) {
        read(source, &mut silences, &mut found);
    }
    let mut checked = Checked::default();
    for problem in problems {
        let silence = silences.iter_mut().find(|silence| {
            silence.lint == problem.code.id
                && problem.label.as_ref().is_some_and(|label| {
                    label.source == silence.source && silence.covers.contains(&label.span.start)
                })
        });
        match silence {
            Some(silence) => {
                silence.used = true;
                checked.silenced.push((problem, silence.reason.clone()));
            }
            None => checked.problems.push(problem),
        }
    }
    for silence in silences.iter().filter(|silence| !silence.used) {
        let message = format!("`{}` finds nothing here to be silenced", silence.lint);
        found.add(&UNUSED, message, "take the comment away", &silence.source, silence.at.clone());
    }
    checked.problems.extend(found.problems);
    checked
}

fn read(source: &Arc<Source>, silences: &mut Vec<Silence>, found: &mut Found) {
    let mut offset = 0_usize;
    let texts = texts(source);
    for line in source.text.split_inclusive('\n') {
        let start = offset;
        offset = offset.saturating_add(line.len());
        let text = line.trim();
        let Some(said) = text.strip_prefix('#').and_then(|rest| rest.trim_start().strip_prefix(MARK)) else {
            continue;
        };
        let indent = line.len().saturating_sub(line.trim_start().len());
        let at = start.saturating_add(indent)..start.saturating_add(indent).saturating_add(text.len());
        if texts.iter().any(|text| text.start < at.start && at.start < text.end) {
            continue;
        }
        let mut words = said.trim().splitn(2, char::is_whitespace);
        let verb = words.next().unwrap_or_default();
        if verb == KEEP {
            continue;
        }
        if verb != VERB {
            let near = nearest(verb, [VERB, KEEP]);
            let hint = near.map_or_else(|| FORM.to_owned(), |near| format!("did you mean `{near}`?"));
            found.add(&INVALID, format!("a comment cannot say `{verb}` to Weighlock"), hint, source, at);
            continue;
        }
        let mut words = words.next().unwrap_or_default().trim().splitn(2, char::is_whitespace);
        let id = words.next().unwrap_or_default();
        let reason =
            words.next().unwrap_or_default().trim().strip_prefix("because").unwrap_or_default().trim();
        let lint = LINTS.iter().map(|lint| lint.code.id).find(|known| *known == id);
        match lint {
            Some(lint) if !reason.is_empty() && !lint.starts_with("silence.") => silences.push(Silence {
                source: Arc::clone(source),
                at,
                lint,
                reason: reason.to_owned(),
                covers: covers(&source.text, offset),
                used: false,
            }),
            Some(lint) if lint.starts_with("silence.") => {
                found.add(
                    &INVALID,
                    format!("`{lint}` cannot be silenced"),
                    "take the comment away",
                    source,
                    at,
                );
            }
            Some(lint) => {
                let message = format!("this does not say why `{lint}` is to be silent");
                found.add(&INVALID, message, FORM, source, at);
            }
            None => {
                let near = nearest(id, LINTS.iter().map(|lint| lint.code.id));
                let hint = near.map_or_else(|| FORM.to_owned(), |near| format!("did you mean `{near}`?"));
                found.add(&INVALID, format!("there is no lint `{id}`"), hint, source, at);
            }
        }
    }
}

/// Texts that go on over lines, in which a line that looks like a comment is none.
fn texts(source: &Arc<Source>) -> Vec<Range<usize>> {
    fn scalars(node: &tree::Node, texts: &mut Vec<Range<usize>>) {
        match &node.value {
            tree::Value::Map(members) => members.iter().for_each(|(_, value)| scalars(value, texts)),
            tree::Value::List(items) => items.iter().for_each(|item| scalars(item, texts)),
            tree::Value::Scalar { .. } => texts.push(node.span.clone()),
        }
    }
    if source.name.ends_with(".rego") {
        let texts = parts(&source.text).into_iter().filter(|(_, part)| *part == Part::Text);
        return texts.map(|(range, _)| range).collect();
    }
    let mut texts = Vec::new();
    for node in tree::parse(source).iter().flatten() {
        scalars(node, &mut texts);
    }
    texts
}

/// What a comment that ends at a byte speaks for.
pub(in crate::author) fn covers(text: &str, from: usize) -> Range<usize> {
    let mut end = from;
    let mut first: Option<usize> = None;
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        let trimmed = line.trim();
        let indent = line.len().saturating_sub(line.trim_start().len());
        match first {
            None if trimmed.is_empty() || trimmed.starts_with('#') => {}
            // The head of a file.
            None if indent == 0
                && (trimmed.starts_with("package ") || trimmed.starts_with("apiVersion:")) =>
            {
                return from..text.len().saturating_add(1);
            }
            None => first = Some(indent),
            Some(least) if trimmed.is_empty() || indent > least => {}
            Some(_) => break,
        }
        end = end.saturating_add(line.len());
    }
    from..end.max(from.saturating_add(1))
}
