//! A run of tests for people at a terminal.

use super::super::{Style, clean};
use super::mutation::HINT;
use super::{CaseKind, Coverage, Mutation, Status, SurvivorLine, TestCase, TestReport};

const BOLD: &str = "1";
const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const MAGENTA: &str = "1;35";

fn ink(style: &Style, code: &str, text: &str) -> String {
    if style.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

pub(super) fn render(report: &TestReport, style: &Style) -> String {
    let mut out = String::new();
    for group in report.cases.chunk_by(|a, b| a.file == b.file) {
        let shown: Vec<&TestCase> =
            group.iter().filter(|case| report.verbose || case.status != Status::Passed).collect();
        if let Some(first) = shown.first() {
            out.push_str(&ink(style, BOLD, &clean::line(&first.file)));
            out.push('\n');
        }
        for case in shown {
            one(&mut out, case, report.verbose, style);
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    if let Some(coverage) = &report.coverage {
        covered(&mut out, coverage, style);
    }
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let of = |kind: CaseKind| report.cases.iter().filter(|case| case.kind == kind).count();
    let mut what = Vec::new();
    if of(CaseKind::Test) > 0 {
        what.push(count(of(CaseKind::Test), "test"));
    }
    if of(CaseKind::Case) > 0 {
        what.push(format!("{} of {}", count(of(CaseKind::Case), "case"), count(report.rules, "rule")));
    }
    out.push_str(&format!("{} in {:.2} s\n", what.join(", "), report.milliseconds / 1000.0));
    let failed = format!("{} failed", report.failed);
    out.push_str(&ink(style, GREEN, &format!("{} passed", report.passed)));
    out.push_str(", ");
    out.push_str(&if report.failed > 0 { ink(style, RED, &failed) } else { failed });
    if report.errors > 0 {
        out.push_str(&format!(" ({} could not be run)", report.errors));
    }
    if report.skipped > 0 {
        out.push_str(&format!(", {}", ink(style, YELLOW, &format!("{} skipped", report.skipped))));
    }
    out.push('\n');
    if let Some(mutation) = &report.mutation {
        mutated(&mut out, mutation, report.verbose, style);
    }
    out
}

fn mutated(out: &mut String, mutation: &Mutation, verbose: bool, style: &Style) {
    for group in mutation.survivors.chunk_by(|a, b| a.file == b.file) {
        let shown: Vec<&SurvivorLine> = group.iter().filter(|one| verbose || one.kept.is_none()).collect();
        if let Some(first) = shown.first() {
            out.push_str(&format!("\n{}\n", ink(style, BOLD, &clean::line(&first.file))));
        }
        for one in shown {
            survivor(out, one, verbose, style);
        }
    }
    let cannot = if mutation.invalid > 0 {
        format!(" ({} more cannot be: the rule does not compile without them)", mutation.invalid)
    } else {
        String::new()
    };
    let seconds = mutation.milliseconds / 1000.0;
    out.push_str(&format!("\n{} conditions taken out{cannot} in {seconds:.2} s\n", mutation.mutants));
    let code = if mutation.survived > 0 { RED } else { GREEN };
    out.push_str(&format!("{}\n", ink(style, code, &mutation.counts())));
    if mutation.survived > 0 {
        out.push_str(&format!("help: {HINT}\n"));
    }
}

fn survivor(out: &mut String, one: &SurvivorLine, verbose: bool, style: &Style) {
    let word = match one.kept {
        Some(_) => ink(style, YELLOW, "kept "),
        None => ink(style, RED, "LOST "),
    };
    let rules = match one.rules.as_slice() {
        [first, _, _, rest @ ..] if !rest.is_empty() => {
            format!("{first} and {} more", rest.len().saturating_add(2))
        }
        all => all.join(", "),
    };
    out.push_str(&format!("  {word}  {}:{}  {}\n", one.line, one.column, clean::line(&rules)));
    let text = clean::line(one.text.trim_start()).into_owned();
    let column = usize::try_from(one.column).unwrap_or(0);
    let indent = one.text.chars().take_while(|c| c.is_whitespace()).count();
    let before: String =
        one.text.trim_start().chars().take(column.saturating_sub(1).saturating_sub(indent)).collect();
    let behind = clean::width(&text).saturating_sub(clean::width(&before)).max(1);
    let carets = "^".repeat(clean::width(&one.taken).clamp(1, behind));
    let number = one.line.to_string();
    out.push_str(&format!("         {number} │ {text}\n"));
    let pad = " ".repeat(number.len().saturating_add(clean::width(&before)));
    out.push_str(&format!("         {pad}   {}\n", ink(style, RED, &carets)));
    out.push_str(&format!("         with `{}` in its place: {}\n", one.becomes, clean::line(&one.tried())));
    if let Some(reason) = &one.kept {
        out.push_str(&format!("         kept because {}\n", clean::line(reason)));
    }
    if verbose {
        out.extend(one.tried.iter().map(|tried| format!("           {}\n", clean::line(tried))));
    }
}

fn one(out: &mut String, case: &TestCase, timed: bool, style: &Style) {
    let (word, code) = match case.status {
        Status::Passed => ("ok   ", GREEN),
        Status::Failed => ("FAIL ", RED),
        Status::Error => ("ERROR", MAGENTA),
        Status::Skipped => ("skip ", YELLOW),
    };
    let took = match timed && case.status != Status::Skipped {
        true => format!("  ({:.1} ms)", case.milliseconds),
        false => String::new(),
    };
    out.push_str(&format!("  {}  {}{took}\n", ink(style, code, word), clean::line(&case.name)));
    let said = case.said();
    if said.is_empty() {
        return;
    }
    for line in clean::lines(&said) {
        let code = match line.trim_start().as_bytes().first() {
            Some(b'-') => RED,
            Some(b'+') => GREEN,
            _ => "",
        };
        let line = if code.is_empty() { line.into_owned() } else { ink(style, code, &line) };
        out.push_str(&format!("         {line}\n"));
    }
}

fn covered(out: &mut String, coverage: &Coverage, style: &Style) {
    let word = |shown: bool| if shown { "yes" } else { "no " };
    let mut rows = Vec::new();
    for rule in &coverage.rules {
        rows.push((rule.rule.clone(), rule.speaks, rule.silent));
        for effect in &rule.effects {
            let place = format!("{}:{}", effect.location.file, effect.location.line);
            rows.push((format!("  {} {place}", effect.effect.as_str()), effect.speaks, effect.silent));
        }
    }
    let width = rows.iter().map(|(name, ..)| clean::width(name)).max().unwrap_or(0).max(4);
    out.push_str(&ink(style, BOLD, &format!("{:<width$}  speaks  silent", "rule")));
    out.push('\n');
    for (name, speaks, silent) in rows {
        let name = clean::line(&name);
        let pad = " ".repeat(width.saturating_sub(clean::width(&name)));
        let mark = |shown: bool| if shown { word(shown).to_owned() } else { ink(style, RED, word(shown)) };
        out.push_str(&format!("{name}{pad}  {}     {}\n", mark(speaks), mark(silent).trim_end()));
    }
    let (shown, of, percent) = (coverage.shown, coverage.of, coverage.percent);
    out.push_str(&format!("\ncoverage {percent:.1} % ({shown} of {of})"));
    if let Some(threshold) = coverage.threshold {
        let enough = if coverage.enough { "as asked for" } else { "too little" };
        out.push_str(&format!(", {enough}: at least {threshold} %"));
    }
    out.push('\n');
    if !coverage.enough {
        for line in coverage.missing() {
            out.push_str(&format!("  {}\n", clean::line(&line)));
        }
    }
    out.push('\n');
}
