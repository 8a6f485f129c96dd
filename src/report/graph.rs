//! Plans as graphs, for Graphviz and for whatever draws Mermaid.

use super::{Evaluation, Format, Graphs, Style};

/// For Graphviz.
pub(super) const DOT: Format = Format { name: "dot", about: "plans as graphs, for Graphviz", render: dot };

/// For Mermaid.
pub(super) const MERMAID: Format =
    Format { name: "mermaid", about: "plans as graphs, for whatever draws Mermaid", render: mermaid };

fn dot(evaluation: &Evaluation, _: &Style) -> String {
    graphs(evaluation, "//", |graphs| &graphs.dot)
}

fn mermaid(evaluation: &Evaluation, _: &Style) -> String {
    graphs(evaluation, "%%", |graphs| &graphs.mermaid)
}

/// The graphs of all plans, each under a comment that names its change.
fn graphs(evaluation: &Evaluation, comment: &str, graph: fn(&Graphs) -> &String) -> String {
    let mut out = String::new();
    for entry in evaluation.by_standing() {
        let Some(graphs) = &entry.graph else { continue };
        let id = super::clean::line(&entry.decision.change.id);
        out.push_str(&format!("{comment} {id}\n{}", graph(graphs)));
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    if out.is_empty() {
        out.push_str(&format!("{comment} no change has a plan\n"));
    }
    out
}
