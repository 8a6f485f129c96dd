//! Markdown for a comment on a pull request: a table of changes, then the details of each.
//!
//! Foreign text is escaped so that it stays text: no links, no HTML, no table cells, no mentions of
//! people and no references to issues. Forges refuse long comments, so what does not fit is counted.

use std::fmt::Write as _;

use super::clean;
use super::words;
use super::{Entry, Evaluation, Excerpt, Format, Standing, Style, Told, Weight, wire::Summary};

/// For a comment on a pull request.
pub(super) const FORMAT: Format =
    Format { name: "markdown", about: "for a comment on a pull request", render };

/// Bytes; GitHub takes 65,536 characters.
const ROOM: usize = 60_000;
/// Of which the table may take so many.
const TABLE: usize = 20_000;

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let entries = evaluation.by_standing();
    let worst = entries.first().map_or(Standing::Allow, |e| e.standing());
    let summary = Summary::of(evaluation);
    let mut out = format!("## Weighlock: {}\n\n", worst.as_str());
    let _ = writeln!(out, "**{}**; {}\n", words::summary(&summary), words::exit(evaluation));
    for note in words::notes(evaluation) {
        let _ = writeln!(out, "> {}\n", inline(&note));
    }

    out.push_str("| Verdict | Change | What | Why |\n|---|---|---|---|\n");
    let mut rows = 0_usize;
    for entry in &entries {
        let row = row(entry);
        if out.len().saturating_add(row.len()) > TABLE {
            break;
        }
        rows = rows.saturating_add(1);
        out.push_str(&row);
    }
    left_out(&mut out, entries.len().saturating_sub(rows), "in the table");

    let mut untold = 0_usize;
    for entry in entries.iter().filter(|e| !e.is_plain()) {
        let block = details(evaluation, entry);
        if untold > 0 || out.len().saturating_add(block.len()) > ROOM {
            untold = untold.saturating_add(1);
        } else {
            out.push_str(&block);
        }
    }
    left_out(&mut out, untold, "in detail");

    if !evaluation.findings.is_empty() {
        out.push_str("\n### Not about one change\n\n");
        let mut untold = 0_u64;
        for f in &evaluation.findings {
            let text = finding(evaluation, &Told { finding: f, at: None, policy_at: None });
            if out.len().saturating_add(text.len()) > ROOM {
                untold = untold.saturating_add(1);
            } else {
                out.push_str(&text);
            }
        }
        if untold > 0 {
            let _ = writeln!(out, "- … and {}", words::many(untold, "more finding"));
        }
    }
    if let Some(config) = &evaluation.config {
        let _ = writeln!(out, "\nSettings: {} ({})", code(&config.path), code(config.digest.short()));
    }
    out
}

fn left_out(out: &mut String, n: usize, what: &str) {
    if n > 0 {
        let n = u64::try_from(n).unwrap_or(u64::MAX);
        let more = words::many(n, "more change");
        let _ =
            writeln!(out, "\n**… and {more} that cannot be shown {what} here: a comment must be short.**");
    }
}

fn row(entry: &Entry) -> String {
    let d = &entry.decision;
    let told = entry.findings();
    let blocking = told.iter().filter(|t| Weight::of(t.finding) == Weight::Blocks).count();
    let why = match told.first().filter(|_| blocking > 0) {
        Some(first) => {
            let more = if blocking > 1 {
                format!(", and {} more", blocking.saturating_sub(1))
            } else {
                String::new()
            };
            format!("{} {}{more}", code(&first.finding.rule), inline(&short(&first.finding.message, 120)))
        }
        None if !d.obligations.is_empty() => {
            format!("with {}", words::many(count(d.obligations.len()), "obligation"))
        }
        None if entry.known > 0 => {
            format!("{} known from the baseline", words::many(count(entry.known), "finding"))
        }
        None => String::new(),
    };
    format!(
        "| **{}** | {} | {} | {why} |\n",
        entry.standing().as_str(),
        code(&short(&d.change.id, 120)),
        inline(&short(&words::subject(d), 160))
    )
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The first line, in at most so many characters.
fn short(text: &str, limit: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut out: String = line.chars().take(limit).collect();
    if line.chars().nth(limit).is_some() || text.lines().nth(1).is_some() {
        out.push('…');
    }
    out
}

fn details(evaluation: &Evaluation, entry: &Entry) -> String {
    let d = &entry.decision;
    let now = evaluation.now;
    let standing = entry.standing();
    let open = if standing == Standing::Allow { "" } else { " open" };
    let mut out = format!(
        "\n<details{open}>\n<summary><b>{}</b> <code>{}</code> {}</summary>\n\n",
        standing.as_str(),
        html(&d.change.id),
        html(&words::subject(d))
    );
    for told in entry.said() {
        out.push_str(&finding(evaluation, &told));
    }
    out.push('\n');
    for u in &d.unknown {
        let _ = writeln!(out, "- **unknown:** {}", inline(&words::unknown(u)));
    }
    for m in &d.missing {
        let _ = writeln!(out, "- **needs:** {}", inline(&words::missing(m, now)));
    }
    if let Some(command) = words::to_approve(d) {
        let _ = writeln!(out, "- **to approve:** {}", code(&command));
    }
    if let Some(earliest) = d.earliest {
        let _ = writeln!(out, "- **not before** {}", inline(&words::when(earliest, now)));
    }
    for (label, text) in words::governance(d, now) {
        let _ = writeln!(out, "- **{label}:** {}", inline(&text));
    }
    for o in &d.obligations {
        let _ = writeln!(out, "- **obliges:** {}", inline(&words::obligation(o)));
    }
    for why in &entry.refused {
        let _ = writeln!(out, "- **no plan:** {}", inline(why));
    }
    if entry.known > 0 {
        let n = words::many(count(entry.known), "finding");
        let _ = writeln!(out, "- {n} known from the baseline not shown");
    }
    if let Some(plan) = &entry.plan {
        let head = if plan.executable { "Plan" } else { "The plan it would have" };
        let n = words::many(count(plan.steps.len()), "step");
        let _ = writeln!(out, "\n**{head}**: {n}, good until {}\n", inline(&words::when(plan.expires, now)));
        match &entry.graph {
            Some(graph) if !graph.mermaid.is_empty() => fence(&mut out, "mermaid", &graph.mermaid),
            _ => {
                for (i, step) in plan.steps.iter().enumerate() {
                    let after = if step.after.is_empty() {
                        String::new()
                    } else {
                        format!(" after {}", inline(&step.after.join(", ")))
                    };
                    let n = i.saturating_add(1);
                    let _ = writeln!(out, "{n}. {} {}{after}", code(&step.id), inline(&step.kind));
                }
            }
        }
    }
    let _ = writeln!(
        out,
        "\n<sub>decision {}, review {}</sub>\n\n</details>",
        code(d.id.short()),
        code(d.digests.review.short())
    );
    out
}

fn finding(evaluation: &Evaluation, told: &Told<'_>) -> String {
    let f = told.finding;
    let mut out = String::new();
    if let Some(how) = words::set_aside(f, evaluation.now) {
        let _ = writeln!(
            out,
            "- ~~{}~~ {}: {} ({})",
            f.effect.as_str(),
            code(&f.rule),
            inline(&f.message),
            inline(&how)
        );
        return out;
    }
    let satisfied = if Weight::of(f) == Weight::Satisfied { " (satisfied)" } else { "" };
    let _ = writeln!(out, "- **{}**{satisfied} {}: {}", f.effect.as_str(), code(&f.rule), inline(&f.message));
    if let Some(text) = words::softened(f) {
        let _ = writeln!(out, "  - {text}");
    }
    if let Some(until) = f.until {
        let _ = writeln!(out, "  - until {}", inline(&words::when(until, evaluation.now)));
    }
    if let Some(need) = &f.needs {
        let _ = writeln!(out, "  - asks for {}", inline(&words::need(need, evaluation.now)));
    }
    if let Some(fix) = evaluation.remediation(f) {
        let _ = writeln!(out, "  - fix: {}", inline(fix));
    }
    if let Some(policy) = &f.location {
        let _ = writeln!(out, "  - policy {}", code(&format!("{}:{}", policy.file, policy.line)));
    }
    if let Some(at) = told.at.filter(|_| Weight::of(f) != Weight::Satisfied) {
        let _ = writeln!(
            out,
            "  - at {}",
            code(&format!("{}:{}:{}", clean::shown(&at.file), at.line, at.column))
        );
        out.push('\n');
        let mut block = String::new();
        fence(&mut block, "text", &excerpt(at));
        for line in block.lines() {
            let _ = writeln!(out, "    {line}");
        }
        out.push('\n');
    }
    out
}

/// The lines with their numbers; a mark before the one that is meant.
fn excerpt(at: &Excerpt) -> String {
    let gutter = at.lines.iter().map(|(n, _)| n.to_string().len()).max().unwrap_or(1);
    let mut out = String::new();
    for (number, text) in &at.lines {
        let mark = if *number == at.line { '>' } else { ' ' };
        let _ = writeln!(out, "{mark} {number:>gutter$} | {}", short(text, 160));
    }
    out
}

/// A code block whose fence is longer than any within it.
fn fence(out: &mut String, language: &str, text: &str) {
    let (mut longest, mut run) = (2_usize, 0_usize);
    for c in text.chars() {
        run = if c == '`' { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.saturating_add(1));
    let _ = writeln!(out, "{fence}{language}");
    for line in clean::lines(text) {
        // In a fence there is no escaping: what would be a command gets something before it.
        let guard = if clean::is_command(&line) { "\\" } else { "" };
        let _ = writeln!(out, "{guard}{line}");
    }
    let _ = writeln!(out, "{fence}");
}

/// Text in a line, as text: every character that Markdown, tables or a forge give a meaning is taken
/// out of it.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_mul(2));
    for (i, line) in clean::lines(text).iter().enumerate() {
        if i > 0 {
            out.push_str("<br>");
        }
        for (at, c) in line.char_indices() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                // An empty comment parts the sign from the name: nobody is called, nothing linked.
                '@' | '#' => {
                    out.push(c);
                    out.push_str("<!-- -->");
                }
                '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                    out.push('\\');
                    out.push(c);
                }
                // `http:`, `mailto:` and `:smile:`; not `12:30` and `file: line`.
                ':' if !line.get(at..).is_some_and(plain_colon) => out.push_str("\\:"),
                // `www.` makes a link without a scheme.
                '.' if out.ends_with(['w', 'W']) => out.push_str("\\."),
                c => out.push(c),
            }
        }
    }
    out
}

fn plain_colon(rest: &str) -> bool {
    rest.chars().nth(1).is_none_or(|next| next == ' ' || next.is_ascii_digit())
}

/// Text in a line of HTML, within which Markdown is not read.
fn html(text: &str) -> String {
    clean::markup(&clean::line(text)).replace('@', "@<!-- -->")
}

/// Text set as code, also within a table, where backticks could not hold every text.
fn code(text: &str) -> String {
    format!("<code>{}</code>", inline(text))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn the_comment() {
        let text = FORMAT.render(&fixture::evaluation(), &Style::default());
        // Within a fence text is text already.
        let mut fenced = false;
        for line in text.lines() {
            fenced ^= line.trim_start().starts_with("```");
            let bare = line.replace("\\]", "");
            let harmless = !line.contains("<script") && !bare.contains("](") && !line.contains("@everyone");
            assert!(fenced || harmless, "{line}");
        }
        assert!(!fenced);
        assert!(!text.lines().any(clean::is_command));
        assert!(!text.contains(|c| clean::acts(c) && c != '\n'));
        for row in text.lines().filter(|l| l.starts_with("| ")) {
            let bare = row.replace("\\|", "");
            assert_eq!(bare.matches('|').count(), 5, "{row}");
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(inline("[a](http://b) www.c.d"), "\\[a\\](http\\://b) www\\.c.d");
        assert_eq!(inline("a | b\n<i>"), "a \\| b<br>&lt;i&gt;");
        assert_eq!(inline("@team #12"), "@<!-- -->team #<!-- -->12");
        let mut out = String::new();
        fence(&mut out, "text", "a\n````\nb");
        assert_eq!(out, "`````text\na\n````\nb\n`````\n");
    }

    #[test]
    fn it_fits_into_a_comment_and_says_what_does_not() {
        let text = FORMAT.render(&fixture::large(1_000), &Style::default());
        assert!(text.len() < 65_536, "{}", text.len());
        assert!(text.contains("2000 changes"));
        assert!(
            text.contains("that cannot be shown in the table")
                && text.contains("that cannot be shown in detail")
        );
    }
}
