//! A run of tests as JUnit XML: a suite for each file.

use super::super::junit::attribute;
use super::super::{Style, clean};
use super::mutation::HINT;
use super::{Mutation, Status, SurvivorLine, TestReport};

pub(super) fn render(report: &TestReport, _: &Style) -> String {
    let counts = |tests: usize, failed: usize, errors: usize, skipped: usize, took: f64| {
        let failures = failed.saturating_sub(errors);
        format!(
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{:.3}\"",
            took / 1000.0
        )
    };
    let lacking = report.coverage.as_ref().filter(|coverage| !coverage.enough);
    let lost: Vec<&SurvivorLine> = report.mutation.iter().flat_map(Mutation::lost).collect();
    let more = usize::from(lacking.is_some()).saturating_add(lost.len());
    let total = counts(
        report.cases.len().saturating_add(more),
        report.failed.saturating_add(more),
        report.errors,
        report.skipped,
        report.milliseconds,
    );
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weighlock test\" {total}>\n");
    for group in report.cases.chunk_by(|a, b| a.file == b.file) {
        let Some(first) = group.first() else { continue };
        let of = |status: Status| group.iter().filter(|case| case.status == status).count();
        let failed = of(Status::Failed).saturating_add(of(Status::Error));
        let took = group.iter().map(|case| case.milliseconds).sum();
        let counts = counts(group.len(), failed, of(Status::Error), of(Status::Skipped), took);
        let suite = attribute(&clean::shown(&first.file));
        out.push_str(&format!("  <testsuite name=\"{suite}\" {counts}>\n"));
        for case in group {
            out.push_str(&format!(
                "    <testcase classname=\"{suite}\" name=\"{}\" time=\"{:.3}\"",
                attribute(&case.name),
                case.milliseconds / 1000.0
            ));
            let element = match case.status {
                Status::Passed => {
                    out.push_str("/>\n");
                    continue;
                }
                Status::Skipped => {
                    out.push_str(">\n      <skipped/>\n    </testcase>\n");
                    continue;
                }
                Status::Failed => "failure",
                Status::Error => "error",
            };
            let (first, text) = (attribute(&case.first()), clean::markup(&case.said()));
            out.push_str(&format!(
                ">\n      <{element} type=\"{element}\" message=\"{first}\">{text}</{element}>\n    </testcase>\n"
            ));
        }
        out.push_str("  </testsuite>\n");
    }
    if let Some(coverage) = lacking {
        let said = format!("{:.1} % of the rules are shown, too little", coverage.percent);
        out.push_str(&format!(
            "  <testsuite name=\"coverage\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n    <testcase classname=\"coverage\" name=\"coverage\">\n      <failure type=\"failure\" message=\"{}\">{}</failure>\n    </testcase>\n  </testsuite>\n",
            attribute(&said),
            clean::markup(&coverage.missing().join("\n"))
        ));
    }
    if !lost.is_empty() {
        let count = lost.len();
        out.push_str(&format!(
            "  <testsuite name=\"mutation\" tests=\"{count}\" failures=\"{count}\" errors=\"0\" skipped=\"0\">\n"
        ));
        for one in lost {
            let name = attribute(&format!("{}:{}:{} `{}`", one.file, one.line, one.column, one.taken));
            let (said, hint) = (attribute(&one.tried()), clean::markup(HINT));
            out.push_str(&format!(
                "    <testcase classname=\"mutation\" name=\"{name}\">\n      <failure type=\"failure\" message=\"{said}\">{hint}</failure>\n    </testcase>\n"
            ));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
