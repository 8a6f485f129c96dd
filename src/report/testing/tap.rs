//! Test Anything Protocol, version 14: a line for each, and what is different as a block of YAML.

use super::super::{Style, clean};
use super::{Mutation, Status, TestReport};

pub(super) fn render(report: &TestReport, _: &Style) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.cases.len());
    for (index, case) in report.cases.iter().enumerate() {
        let word = if case.passed || case.status == Status::Skipped { "ok" } else { "not ok" };
        let skip = if case.status == Status::Skipped { " # SKIP" } else { "" };
        let name = description(&format!("{}: {}", case.file, case.name));
        out.push_str(&format!("{word} {} - {name}{skip}\n", index.saturating_add(1)));
        if case.difference.is_empty() {
            continue;
        }
        let severity = if case.error { "error" } else { "fail" };
        out.push_str(&format!("  ---\n  severity: {severity}\n"));
        if let Some(at) = &case.at {
            let place = format!("{}:{}:{}", at.file, at.line, at.column.unwrap_or(1));
            out.push_str(&format!("  at: {}\n", serde_json::Value::from(clean::line(&place).as_ref())));
        }
        out.push_str("  difference: |2\n");
        for line in clean::lines(&case.said()) {
            out.push_str(format!("    {line}").trim_end());
            out.push('\n');
        }
        out.push_str("  ...\n");
    }
    if let Some(coverage) = report.coverage.as_ref().filter(|coverage| !coverage.enough) {
        out.push_str(&format!("# coverage {:.1} % is too little\n", coverage.percent));
        for line in coverage.missing() {
            out.push_str(&format!("# {}\n", clean::line(&line)));
        }
    }
    for lost in report.mutation.iter().flat_map(Mutation::lost) {
        let place = format!("{}:{}:{}", lost.file, lost.line, lost.column);
        let line = format!("nothing notices when `{}` is taken out at {place}", lost.taken);
        out.push_str(&format!("# {}\n", clean::line(&line)));
    }
    out
}

/// A `#` would begin a directive.
fn description(text: &str) -> String {
    clean::line(text).replace('\\', "\\\\").replace('#', "\\#")
}
