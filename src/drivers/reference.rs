//! The reference page of steps and obligations, written from their specs.

use std::fmt::Write as _;

use crate::model::driver::{Field, Shape, Spec};
use crate::model::obligation::{Bound, Duty, OBLIGATIONS, ObligationSpec, Order};

use super::DRIVERS;

/// Writes `docs/reference/drivers.md`: every kind of step and of obligation.
pub fn reference() -> String {
    let mut out = String::from(
        "# Steps and obligations\n\n\
         Written from the specs in `src/drivers/` and `src/model/obligation/`; edit those.\n\n\
         A step names its kind and gives its parameters under `with`. A parameter may take an output of an \
         earlier step: `{\"from\": \"<step>.<output>\"}`; the step then goes after that one. An undo may also take \
         outputs of its own step, and takes over what it must know and does not say from its step's parameters of \
         the same name. A secret is only given by reference: `{\"env\": \"NAME\"}` or `{\"file\": \"PATH\"}`.\n\n\
         ## Kinds of step\n\n",
    );
    for spec in DRIVERS {
        let _ = writeln!(out, "- [`{}`](#{})", spec.kind, anchor(spec.kind));
    }
    for spec in DRIVERS {
        step(&mut out, spec);
    }
    out.push_str(
        "\n## Obligations\n\n\
         A step says what it discharges under `fulfils`: `<obligation>` or `<obligation>.<parameter>`. It must carry \
         a value at least as strict.\n",
    );
    for spec in OBLIGATIONS {
        obligation(&mut out, spec);
    }
    out
}

fn step(out: &mut String, spec: &Spec) {
    let _ = writeln!(out, "\n### `{}`\n\n{}", spec.kind, spec.about);
    fields(out, "Parameter", spec.params);
    for needs in spec.needs {
        let also: Vec<String> = needs.also.iter().map(|name| format!("`{name}`")).collect();
        let given = needs.is.map_or_else(String::new, |word| format!(": {word}"));
        let _ = writeln!(out, "\nWith `{}{given}` it needs {}.", needs.param, also.join(" and "));
    }
    fields(out, "Output", spec.outputs);
    let changes = match (spec.changes, spec.undoable) {
        (false, _) => "Changes no environment.",
        (true, true) => {
            "Changes an environment: where that is protected, it needs an `undo`, or an approval for having none."
        }
        (true, false) => {
            "Changes an environment and cannot be undone: where that is protected, it needs an approval for that."
        }
    };
    let created =
        if spec.creates { " What it makes must be weighed (`weigh/v1`) before it is used." } else { "" };
    let seen = if spec.observable { "" } else { " What it did cannot be observed: it is done at most once." };
    let _ =
        writeln!(out, "\n{changes}{created}{seen} Fails after {}.", crate::model::Age(spec.timeout.into()));
    if !spec.permissions.is_empty() {
        let _ = writeln!(out, "\nPermissions: {}.", spec.permissions.join("; "));
    }
}

fn fields(out: &mut String, title: &str, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n| {title} | Shape | |\n|---|---|---|");
    for field in fields {
        let star = if field.required { "" } else { " (optional)" };
        let _ = writeln!(out, "| `{}`{star} | {} | {} |", field.name, shape(field.shape), field.about);
    }
}

fn obligation(out: &mut String, spec: &ObligationSpec) {
    let _ = writeln!(out, "\n### `{}`\n\n{}", spec.kind, spec.about);
    if !spec.duties.is_empty() {
        out.push_str("\n| Parameter | Shape | | Discharged by |\n|---|---|---|---|\n");
        for duty in spec.duties {
            let field = duty.field;
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} |",
                field.name,
                shape(field.shape),
                field.about,
                discharged(duty)
            );
        }
    }
    for kinds in spec.steps {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let _ = writeln!(out, "\nNeeds a step that says it fulfils it: {}.", kinds.join(" or "));
    }
    let order = match spec.order {
        Order::Anywhere => "",
        Order::Gate => {
            "Every step that changes something goes before what is obliged, or waits until all of it has been done."
        }
        Order::ChecksFirst => "The checks go before the switch.",
        Order::AfterOne => "It goes after a step that changes something, where there is one.",
        Order::AfterAll => "It goes after every step that changes something.",
    };
    if !order.is_empty() {
        let _ = writeln!(out, "\n{order}");
    }
    if !spec.excludes.is_empty() {
        let kinds: Vec<String> = spec.excludes.iter().map(|kind| format!("`{kind}`")).collect();
        let _ = writeln!(out, "\nCannot be asked for together with {}.", kinds.join(", "));
    }
    if spec.repeats {
        out.push_str("\nMay be asked for several times, with different parameters.\n");
    }
}

fn discharged(duty: &Duty) -> String {
    let how = match duty.bound {
        Bound::AtMost => "at most this: ",
        Bound::AtLeast => "at least this: ",
        Bound::Equal => "the same: ",
        Bound::Present => "",
    };
    let carriers: Vec<String> = duty
        .carriers
        .iter()
        .map(|c| {
            if c.param.is_empty() {
                format!("`{}`", c.kind)
            } else {
                format!("`{}` of `{}`", c.param, c.kind)
            }
        })
        .collect();
    format!("{how}{}", carriers.join(", "))
}

fn shape(shape: Shape) -> String {
    match shape {
        Shape::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Shape::Digest => "digest".to_owned(),
        Shape::Age => "duration".to_owned(),
        Shape::Weights => "mapping of numbers".to_owned(),
        Shape::Integer | Shape::Number => shape_word(shape),
        Shape::Reference => "secret, by reference".to_owned(),
        Shape::Recipient => "name, or address by reference".to_owned(),
        Shape::Text | Shape::Boolean | Shape::Object | Shape::List => shape_word(shape),
    }
}

fn shape_word(shape: Shape) -> String {
    shape.expected().trim_start_matches("a ").to_owned()
}

/// The anchor that forges give a heading.
fn anchor(kind: &str) -> String {
    kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_lowercase()
}
