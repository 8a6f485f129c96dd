//! One step against the spec of its kind.

use std::collections::BTreeMap;

use crate::diag::nearest;
use crate::drivers::{self, DRIVERS};
use crate::model::Json;
use crate::model::driver::{Field, Spec};
use crate::model::obligation::{self, OBLIGATIONS};
use crate::model::plan::Step;

use super::Problem;
use super::draft::Drafts;
use super::obligation::may_claim;
use super::reference::{self, Reference};

/// Everything that is wrong with a step by itself; `all` are the steps that it may refer to.
pub(crate) fn step(step: &Step, all: &Drafts) -> Vec<Problem> {
    let mut problems = Vec::new();
    for before in step.after.iter().filter(|before| !all.contains_key(*before)) {
        let message = format!("step `{}` goes after `{before}`, which is no step of this plan", step.id);
        problems.push(meant(
            Problem::of("unknown-step", step, message),
            before,
            all.keys().map(String::as_str),
        ));
    }
    match drivers::find(&step.kind) {
        None => problems.push(unknown_kind(step, &step.kind, "")),
        Some(spec) => Params { step, all, spec, of: "", own: false }.check(&step.with, &mut problems),
    }
    for found in step.expect.iter().flat_map(BTreeMap::values).flat_map(|value| reference::find(&value.0)) {
        problems.extend(output(step, all, "`expect`", found).err());
    }
    undo(step, all, &mut problems);
    problems.extend(step.fulfils.iter().filter_map(|claim| claimed(step, claim)));
    problems
}

fn undo(step: &Step, all: &Drafts, problems: &mut Vec<Problem>) {
    let Some(undo) = &step.undo else { return };
    if let Some(spec) = drivers::find(&step.kind).filter(|spec| !spec.undoable) {
        let why = if spec.changes { "cannot be undone" } else { "changes nothing that could be undone" };
        let message = format!("step `{}` has an undo, but `{}` {why}", step.id, step.kind);
        problems.push(Problem::of("cannot-undo", step, message).hint("leave `undo` out"));
    }
    let Some(spec) = drivers::find(&undo.kind) else {
        problems.push(unknown_kind(step, &undo.kind, "the undo of "));
        return;
    };
    if !spec.changes {
        let message = format!("the undo of step `{}` is `{}`, which changes nothing", step.id, undo.kind);
        problems
            .push(Problem::of("cannot-undo", step, message).hint("name a kind of step that takes it back"));
    }
    Params { step, all, spec, of: "the undo of ", own: true }.check(&undo.with, problems);
}

struct Params<'a> {
    step: &'a Step,
    all: &'a Drafts,
    spec: &'a Spec,
    /// Whose parameters these are, before the step.
    of: &'static str,
    /// Whether the step's own outputs may be taken.
    own: bool,
}

impl Params<'_> {
    fn check(&self, with: &BTreeMap<String, Json>, problems: &mut Vec<Problem>) {
        let Self { step, spec, of, .. } = self;
        for (name, value) in with {
            match spec.params.iter().find(|field| field.name == name) {
                Some(field) => self.value(field, value, problems),
                None => {
                    let message =
                        format!("`{name}` of {of}step `{}` is not a parameter of `{}`", step.id, spec.kind);
                    let known = spec.params.iter().map(|field| field.name);
                    problems.push(meant(Problem::of("unknown-parameter", step, message), name, known));
                }
            }
        }
        for field in spec.params.iter().filter(|field| field.required && !with.contains_key(field.name)) {
            let message =
                format!("{of}step `{}` lacks `{}`, which `{}` needs", step.id, field.name, spec.kind);
            problems.push(Problem::of("missing-parameter", step, message).hint(describe(field)));
        }
        for needs in spec.needs {
            let Some(value) = with.get(needs.param) else { continue };
            if needs.is.is_some_and(|word| value.0.as_str() != Some(word)) {
                continue;
            }
            for also in needs.also.iter().filter(|also| !with.contains_key(**also)) {
                let given = needs.is.map_or_else(String::new, |word| format!(": {word}"));
                let message =
                    format!("{of}step `{}` lacks `{also}`, which `{}{given}` needs", step.id, needs.param);
                let field = spec.params.iter().find(|field| field.name == *also);
                let problem = Problem::of("missing-parameter", step, message);
                problems.push(match field {
                    Some(field) => problem.hint(describe(field)),
                    None => problem,
                });
            }
        }
    }

    fn value(&self, field: &Field, value: &Json, problems: &mut Vec<Problem>) {
        let Self { step, of, .. } = self;
        let subject = format!("`{}` of {of}step `{}`", field.name, step.id);
        if let Some(found) = reference::parse(&value.0) {
            match self.output(&subject, found) {
                Err(problem) => problems.push(problem),
                Ok(output) if !output.shape.fits(field.shape) => {
                    let message = format!(
                        "{subject} takes `{}`, which is {}, but needs {}",
                        found.text,
                        output.shape.expected(),
                        field.shape.expected()
                    );
                    problems.push(Problem::of("bad-reference", step, message));
                }
                Ok(_) => {}
            }
            return;
        }
        if let Some(fault) = field.shape.fault(&value.0) {
            let problem = Problem::of("bad-parameter", step, format!("{subject} {fault}"));
            problems.push(problem.hint(format!("`{}`: {}", field.name, field.about)));
            return;
        }
        for found in reference::find(&value.0) {
            problems.extend(self.output(&subject, found).err());
        }
    }

    fn output(&self, subject: &str, found: Reference<'_>) -> Result<&'static Field, Problem> {
        if found.step == self.step.id && !self.own {
            let message = format!("{subject} takes `{}`, an output of the step itself", found.text);
            return Err(Problem::of("bad-reference", self.step, message));
        }
        output(self.step, self.all, subject, found)
    }
}

/// The output that a reference names.
fn output(step: &Step, all: &Drafts, subject: &str, found: Reference<'_>) -> Result<&'static Field, Problem> {
    let subject = if subject.contains("step") {
        subject.to_owned()
    } else {
        format!("{subject} of step `{}`", step.id)
    };
    let Some(giver) = all.get(found.step) else {
        let message = format!("{subject} takes `{}`, but there is no step `{}`", found.text, found.step);
        let problem = Problem::of("bad-reference", step, message);
        return Err(meant(problem, found.step, all.keys().map(String::as_str)));
    };
    let outputs = drivers::find(&giver.kind).map_or(&[][..], |spec| spec.outputs);
    outputs.iter().find(|field| field.name == found.output).ok_or_else(|| {
        let message =
            format!("{subject} takes `{}`, but `{}` gives no `{}`", found.text, giver.kind, found.output);
        meant(
            Problem::of("bad-reference", step, message),
            found.output,
            outputs.iter().map(|field| field.name),
        )
    })
}

/// What is wrong with a word under `fulfils`. What a known obligation asks for elsewhere may be
/// claimed where nothing is obliged: one action then serves with and without the obligation.
fn claimed(step: &Step, claim: &str) -> Option<Problem> {
    let (kind, param) = claim.split_once('.').map_or((claim, None), |(kind, param)| (kind, Some(param)));
    let message = format!("step `{}` says that it fulfils `{claim}`", step.id);
    let problem = |why: String| Problem::of("false-claim", step, format!("{message}, {why}"));
    let Some(spec) = obligation::find(kind) else {
        let known = OBLIGATIONS.iter().map(|spec| spec.kind);
        return Some(meant(problem("which is not an obligation".to_owned()), kind, known));
    };
    if let Some(param) = param.filter(|param| spec.duty(param).is_none()) {
        let why = format!("but `{kind}` has no parameter `{param}`");
        return Some(meant(problem(why), param, spec.duties.iter().map(|duty| duty.field.name)));
    }
    (!may_claim(spec, param, &step.kind))
        .then(|| problem(format!("which a step of kind `{}` cannot do", step.kind)))
}

fn unknown_kind(step: &Step, kind: &str, of: &str) -> Problem {
    let message = format!("`{kind}`, the kind of {of}step `{}`, is not known", step.id);
    meant(Problem::of("unknown-kind", step, message), kind, DRIVERS.iter().map(|spec| spec.kind))
}

/// Adds the word that was meant, or all that there are.
fn meant<'a>(problem: Problem, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Problem {
    if let Some(near) = nearest(word, known.clone()) {
        return problem.hint(format!("did you mean `{near}`?"));
    }
    if known.clone().nth(12).is_some() {
        return problem.hint("`docs/reference/drivers.md` has them all");
    }
    let words: Vec<String> = known.map(|word| format!("`{word}`")).collect();
    if words.is_empty() {
        problem.hint("there are none")
    } else {
        problem.hint(format!("there are {}", words.join(", ")))
    }
}

fn describe(field: &Field) -> String {
    format!("`{}` is {}: {}", field.name, field.shape.expected(), field.about)
}
