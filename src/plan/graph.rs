//! Pictures of a plan: for a terminal, for Graphviz and for Mermaid.
//!
//! Ids and parameters come from policies and are not to be trusted: nothing of them can break out of
//! the picture or drive a terminal. The same plan gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diag::clean::line as clean;
use crate::model::plan::{Plan, Step};

/// Draws a plan for a terminal: one line a step, steps that wait for the same number of others
/// together.
pub fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let may = if plan.executable { "may be executed" } else { "may not be executed" };
    let _ = writeln!(out, "plan {} of decision {}", plan.id.short(), plan.decision.short());
    let _ = writeln!(out, "{may}, expires {}", plan.expires);
    if plan.steps.is_empty() {
        out.push_str("\nno steps\n");
        return out;
    }
    out.push('\n');
    let layers = layers(&plan.steps);
    let number = layers.len().to_string().len();
    let width = |column: usize| {
        let widths =
            plan.steps.iter().map(|step| cells(step).get(column).map_or(0, |cell| cell.chars().count()));
        // A long cell must not push everybody else's off the screen.
        widths.filter(|width| *width <= 40).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3), width(4)];
    for (layer, steps) in layers.iter().enumerate() {
        for (at, step) in steps.iter().enumerate() {
            let branch = match (at, at.saturating_add(1) == steps.len()) {
                (0, true) => '─',
                (0, false) => '┬',
                (_, true) => '└',
                (_, false) => '├',
            };
            let label = if at == 0 { layer.saturating_add(1).to_string() } else { String::new() };
            let mut line = format!("{label:>number$} {branch}");
            for (cell, width) in cells(step).iter().zip(widths) {
                if width > 0 {
                    let _ = write!(line, " {cell:<width$} ");
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// What is said of a step, a column each.
fn cells(step: &Step) -> [String; 5] {
    let some = |word: &str, list: String| if list.is_empty() { list } else { format!("{word} {list}") };
    [
        clean(&step.id).into_owned(),
        clean(&step.kind).into_owned(),
        some("after", list(&step.after)),
        some("undo", step.undo.as_ref().map(|undo| clean(&undo.kind).into_owned()).unwrap_or_default()),
        some("fulfils", list(&step.fulfils)),
    ]
}

/// Draws a plan for Graphviz.
pub fn dot(plan: &Plan) -> String {
    let mut out = String::from("digraph plan {\n  rankdir=LR;\n  node [shape=box];\n");
    let quote = |text: &str| clean(text).replace('\\', "\\\\").replace('"', "\\\"");
    for (at, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(out, "  n{at} [label=\"{}\\n{}\"];", quote(&step.id), quote(&step.kind));
        if let Some(undo) = &step.undo {
            let _ = writeln!(out, "  u{at} [label=\"undo\\n{}\", style=dashed];", quote(&undo.kind));
            let _ = writeln!(out, "  n{at} -> u{at} [style=dashed, constraint=false];");
        }
    }
    for (before, at) in edges(&plan.steps) {
        let _ = writeln!(out, "  n{before} -> n{at};");
    }
    out.push_str("}\n");
    out
}

/// Draws a plan for Mermaid.
pub fn mermaid(plan: &Plan) -> String {
    let mut out = String::from("flowchart TD\n");
    for (at, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(out, "  n{at}[\"{}<br/>{}\"]", entities(&step.id), entities(&step.kind));
        if let Some(undo) = &step.undo {
            let _ = writeln!(out, "  u{at}([\"undo<br/>{}\"])", entities(&undo.kind));
            let _ = writeln!(out, "  n{at} -.-> u{at}");
        }
    }
    for (before, at) in edges(&plan.steps) {
        let _ = writeln!(out, "  n{before} --> n{at}");
    }
    out
}

/// Which step is before which, by place.
fn edges(steps: &[Step]) -> Vec<(usize, usize)> {
    let places: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
    let mut edges: Vec<(usize, usize)> = steps
        .iter()
        .enumerate()
        .flat_map(|(at, step)| {
            step.after
                .iter()
                .filter_map(|id| places.get(id.as_str()))
                .map(move |before| (*before, at))
                .collect::<Vec<_>>()
        })
        .collect();
    edges.sort_unstable();
    edges
}

/// Steps by the longest way that leads to them.
fn layers(steps: &[Step]) -> Vec<Vec<&Step>> {
    let mut layer_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut layers: Vec<Vec<&Step>> = Vec::new();
    for step in steps {
        let before = step.after.iter().filter_map(|id| layer_of.get(id.as_str()).copied()).max();
        let layer = before.map_or(0, |before| before.saturating_add(1));
        layer_of.insert(&step.id, layer);
        while layers.len() <= layer {
            layers.push(Vec::new());
        }
        if let Some(row) = layers.get_mut(layer) {
            row.push(step);
        }
    }
    layers
}

fn list(words: &[String]) -> String {
    words.iter().map(|word| clean(word)).collect::<Vec<_>>().join(", ")
}

/// Writes everything that could mean something to Mermaid or HTML as an entity.
fn entities(text: &str) -> String {
    clean(text).chars().fold(String::new(), |mut out, c| {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '/') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
        out
    })
}
