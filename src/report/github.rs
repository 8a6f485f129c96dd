//! Workflow commands of GitHub Actions: a line per finding that becomes an annotation on the diff.

use super::clean;
use super::words;
use super::{Entry, Evaluation, Excerpt, Format, Standing, Style, Weight, wire::Summary};
use crate::model::finding::{Effect, Finding};

/// For GitHub Actions.
pub(super) const FORMAT: Format =
    Format { name: "github", about: "workflow commands, for annotations in GitHub Actions", render };

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let mut out = String::new();
    for entry in evaluation.by_standing() {
        let mut said = false;
        for told in entry.findings() {
            said |= Weight::of(told.finding) == Weight::Blocks;
            finding(&mut out, evaluation, told.finding, Some(entry), told.at);
        }
        // A change that is blocked is never passed over in silence, whatever else is left out.
        if !said && entry.standing() != Standing::Allow {
            let level = if entry.standing() == Standing::Hold { "warning" } else { "error" };
            let id = &entry.decision.change.id;
            let text = format!("{id}: {}", words::subject(&entry.decision));
            command(&mut out, level, entry.standing().as_str(), &text, entry.change_at.as_ref());
        }
    }
    for f in &evaluation.findings {
        finding(&mut out, evaluation, f, None, None);
    }
    for note in words::notes(evaluation) {
        command(&mut out, "notice", "weighlock", &note, None);
    }
    let summary = format!("{}; {}", words::summary(&Summary::of(evaluation)), words::exit(evaluation));
    command(&mut out, "notice", "weighlock", &summary, None);
    out
}

fn finding(
    out: &mut String,
    evaluation: &Evaluation,
    f: &Finding,
    entry: Option<&Entry>,
    at: Option<&Excerpt>,
) {
    let level = match (f.effect, Weight::of(f)) {
        (_, Weight::Satisfied) | (Effect::Oblige | Effect::Action, _) => return,
        (_, Weight::SetAside) => "notice",
        (Effect::Deny | Effect::Indeterminate, _) => "error",
        (Effect::Hold | Effect::Warn, _) => "warning",
    };
    let mut text = match entry {
        Some(entry) => format!("{}: {}", entry.decision.change.id, f.message),
        None => f.message.clone(),
    };
    let decision = entry.map(|e| &e.decision);
    if f.effect == Effect::Hold && Weight::of(f) == Weight::Blocks {
        for m in decision.map(|d| d.missing.as_slice()).unwrap_or_default() {
            text.push_str(&format!("\nneeds: {}", words::missing(m, evaluation.now)));
        }
        if let Some(until) = f.until {
            text.push_str(&format!("\nuntil {}", words::when(until, evaluation.now)));
        }
    }
    if let Some(how) = words::set_aside_why(f, entry, evaluation.now) {
        text.push_str(&format!("\n{how}"));
    } else if let Some(fix) = evaluation.remediation(f) {
        text.push_str(&format!("\nfix: {fix}"));
    }
    let title = format!("{} {}", f.effect.as_str(), f.rule);
    command(out, level, &title, &text, at.or_else(|| entry.and_then(|e| e.change_at.as_ref())));
}

/// `::error file=…,line=…,col=…,title=…::message`, one line whatever the text holds.
fn command(out: &mut String, level: &str, title: &str, text: &str, at: Option<&Excerpt>) {
    annotation(out, level, title, text, at.map(|e| (e.file.as_str(), e.line, e.column)));
}

/// The same, at a file, line and column.
pub(super) fn annotation(
    out: &mut String,
    level: &str,
    title: &str,
    text: &str,
    at: Option<(&str, u32, u32)>,
) {
    out.push_str("::");
    out.push_str(level);
    out.push(' ');
    if let Some((file, line, column)) = at.and_then(|(file, l, c)| Some((clean::path(file)?, l, c))) {
        out.push_str(&format!("file={},line={},col={},", property(&file), line.max(1), column.max(1)));
    }
    out.push_str(&format!("title={}::{}\n", property(title), data(text)));
}

fn data(text: &str) -> String {
    clean::lines(text).join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&clean::line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn every_line_is_one_command_of_ours() {
        let text = FORMAT.render(&fixture::evaluation(), &Style::default());
        for line in text.lines() {
            let rest = line.strip_prefix("::").unwrap();
            let (level, rest) = rest.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level), "{line}");
            let (properties, _) = rest.split_once("::").unwrap();
            for property in properties.split(',') {
                let (key, _) = property.split_once('=').unwrap();
                assert!(["file", "line", "col", "title"].contains(&key), "{line}");
            }
            assert!(!line.contains(clean::acts), "{line}");
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_blocked_change_is_told_even_without_its_findings() {
        let mut evaluation = fixture::evaluation();
        let old = super::super::Report::of(&evaluation);
        super::super::baseline(&mut evaluation, &old);
        let text = FORMAT.render(&evaluation, &Style::default());
        assert!(text.contains("title=deny::web-2.0.0"), "{text}");
        assert!(text.contains("title=hold::drone-app"), "{text}");
    }

    #[test]
    fn properties_cannot_be_added() {
        assert_eq!(property("a,line=9::x\n%0A"), "a%2Cline=9%3A%3Ax\\n%250A");
    }
}
