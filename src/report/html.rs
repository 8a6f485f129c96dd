//! One page of HTML that stands alone: nothing is fetched, no script runs, everything is escaped.
//!
//! Its policy (CSP) allows its own style sheet, by hash, and nothing else; filtering by verdict is
//! done by the style sheet. It follows the reader's choice of light or dark and prints.

use std::collections::BTreeMap;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::clean::{self, markup};
use super::words;
use super::{Entry, Evaluation, Excerpt, Format, Standing, Style, Told, Weight, svg, wire::Summary};
use crate::model::Json;
use crate::model::plan::Plan;

/// A page.
pub(super) const FORMAT: Format =
    Format { name: "html", about: "a page that stands alone, with plans drawn", render };

/// Characters of a source line that are shown on either side.
const LINE: usize = 400;

const SHEET: &str = include_str!("html.css");

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let summary = Summary::of(evaluation);
    let entries = evaluation.by_standing();
    let worst = entries.first().map_or(Standing::Allow, |e| e.standing());
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SHEET.as_bytes()));
    let outcome = evaluation.outcome;
    let mut page = Page(String::with_capacity(entries.len().saturating_mul(1024).saturating_add(16_384)));
    page.raw(&format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Weighlock: {}</title>\n<style>{SHEET}</style>\n</head>\n<body>\n",
        worst.as_str()
    ));
    page.raw(&format!(
        "<header>\n<h1>Weighlock: <span class=\"v {0}\">{0}</span></h1>\n<p class=\"lead\">{1}; exit {2}: {3}.</p>\n",
        worst.as_str(),
        words::summary(&summary),
        outcome.exit,
        evaluation.meaning()
    ));
    for note in words::notes(evaluation) {
        page.tag("p", "note", &note);
    }
    page.raw("</header>\n");
    filter(&mut page, &summary);
    page.raw("<main>\n");
    let (plain, told): (Vec<&Entry>, Vec<&Entry>) = entries.into_iter().partition(|e| e.is_plain());
    for (n, entry) in told.iter().enumerate() {
        change(&mut page, evaluation, entry, n);
    }
    allowed(&mut page, &plain);
    if !evaluation.findings.is_empty() {
        page.raw("<section class=\"global\">\n<h2>Not about one change</h2>\n");
        for f in &evaluation.findings {
            finding(&mut page, evaluation, &Told { finding: f, at: None, policy_at: None });
        }
        page.raw("</section>\n");
    }
    page.raw("</main>\n<footer>\n");
    if let Some(config) = &evaluation.config {
        page.tag("p", "", &format!("Settings: {} ({})", config.path, config.digest));
    }
    page.tag("p", "", &format!("Decided at {}", evaluation.now));
    page.raw("</footer>\n</body>\n</html>\n");
    page.0
}

/// INVARIANT: foreign text gets in by `tag`, `row` and `markup` alone; `raw` is for our own.
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    fn tag(&mut self, tag: &str, class: &str, text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.raw(&format!("<{tag}{class}>{}</{tag}>\n", markup(text)));
    }

    fn row(&mut self, label: &str, text: &str) {
        self.raw(&format!("<dt>{}</dt><dd>{}</dd>\n", markup(label), markup(text)));
    }
}

/// Radio buttons that the style sheet listens to: they work by keyboard and without scripts.
fn filter(page: &mut Page, summary: &Summary) {
    page.raw("<fieldset class=\"filter\">\n<legend>Show</legend>\n");
    page.raw("<input type=\"radio\" name=\"show\" id=\"show-all\" checked><label for=\"show-all\">all ");
    page.raw(&format!("<b>{}</b></label>\n", summary.reviews));
    for standing in Standing::ALL {
        let (word, n) = (standing.as_str(), summary.count(standing));
        let disabled = if n == 0 { " disabled" } else { "" };
        page.raw(&format!(
            "<input type=\"radio\" name=\"show\" id=\"show-{word}\"{disabled}><label for=\"show-{word}\">{word} <b>{n}</b></label>\n"
        ));
    }
    page.raw("</fieldset>\n");
}

fn allowed(page: &mut Page, plain: &[&Entry]) {
    if plain.is_empty() {
        return;
    }
    let n = u64::try_from(plain.len()).unwrap_or(u64::MAX);
    let open = if plain.len() > 100 { "" } else { " open" };
    page.raw(&format!(
        "<details class=\"change allow\"{open}>\n<summary><span class=\"v allow\">allow</span> {} with nothing to say</summary>\n<ul class=\"plain\">\n",
        words::many(n, "change")
    ));
    for entry in plain {
        page.raw(&format!(
            "<li><code>{}</code> {}</li>\n",
            markup(&entry.decision.change.id),
            markup(&words::subject(&entry.decision))
        ));
    }
    page.raw("</ul>\n</details>\n");
}

fn change(page: &mut Page, evaluation: &Evaluation, entry: &Entry, n: usize) {
    let d = &entry.decision;
    let now = evaluation.now;
    let standing = entry.standing().as_str();
    page.raw(&format!(
        "<article class=\"change {standing}\" aria-labelledby=\"c{n}\">\n<h2 id=\"c{n}\"><span class=\"v {standing}\">{standing}</span> {}</h2>\n",
        markup(&clean::line(&d.change.id))
    ));
    let author = d.change.author.as_ref().map(|a| format!(", by {}", a.id)).unwrap_or_default();
    page.tag("p", "what", &format!("{}{author}", words::subject(d)));
    for told in entry.findings() {
        finding(page, evaluation, &told);
    }
    if entry.known > 0 {
        let n = words::many(u64::try_from(entry.known).unwrap_or(u64::MAX), "finding");
        page.tag("p", "quiet", &format!("{n} known from the baseline not shown"));
    }
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.extend(d.unknown.iter().map(|u| ("unknown", words::unknown(u))));
    rows.extend(d.missing.iter().map(|m| ("needs", words::missing(m, now))));
    rows.extend(d.earliest.map(|t| ("not before", words::when(t, now))));
    rows.extend(words::governance(d, now));
    rows.extend(d.obligations.iter().map(|o| ("obliges", words::obligation(o))));
    rows.extend(entry.refused.iter().map(|why| ("no plan", why.clone())));
    if !rows.is_empty() {
        page.raw("<section class=\"part\">\n<h3>Outstanding and counted</h3>\n<dl>\n");
        for (label, text) in &rows {
            page.row(label, text);
        }
        page.raw("</dl>\n</section>\n");
    }
    if let Some(p) = &entry.plan {
        plan(page, evaluation, p, n);
    }
    page.raw("<details class=\"digests\">\n<summary>Digests</summary>\n<dl>\n");
    for (label, digest) in [
        ("decision", &d.id),
        ("change", &d.change.digest),
        ("review", &d.digests.review),
        ("policies", &d.digests.bundle),
        ("data", &d.digests.data),
        ("governance", &d.governance.digest),
    ] {
        page.row(label, digest.as_str());
    }
    page.row("engine", &d.digests.engine);
    page.row("replayable", if d.replayable { "yes" } else { "no: a wall clock ended an evaluation" });
    page.raw("</dl>\n</details>\n</article>\n");
}

fn finding(page: &mut Page, evaluation: &Evaluation, told: &Told<'_>) {
    let f = told.finding;
    let info = evaluation.rules.get(&f.rule);
    let weight = Weight::of(f);
    let quiet = if matches!(weight, Weight::SetAside | Weight::Satisfied) { " quiet" } else { "" };
    page.raw(&format!(
        "<section class=\"finding{quiet}\">\n<h3><span class=\"v {0}\">{0}</span> <code>{1}</code> <small>{2}</small></h3>\n",
        f.effect.as_str(),
        markup(&clean::line(&f.rule)),
        f.severity.as_str()
    ));
    page.tag("p", "message", &f.message);
    if let Some(how) = words::set_aside(f, evaluation.now) {
        page.tag("p", "how", &how);
    } else if weight == Weight::Satisfied {
        page.tag("p", "how", "satisfied");
    }
    if let Some(text) = words::softened(f) {
        page.tag("p", "how", &text);
    }
    if let Some(at) = told.at {
        excerpt(page, at, "input");
    }
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.extend(f.until.map(|t| ("until", words::when(t, evaluation.now))));
    rows.extend(f.needs.as_ref().map(|n| ("asks for", words::need(n, evaluation.now))));
    if quiet.is_empty() {
        rows.extend(evaluation.remediation(f).map(|fix| ("fix", fix.to_owned())));
    }
    rows.extend(f.path.as_ref().map(|path| ("path", path.clone())));
    rows.extend(info.and_then(|i| i.title.clone()).map(|title| ("rule", title)));
    let place = f.location.as_ref().or_else(|| info.and_then(|i| i.location.as_ref()));
    rows.extend(place.map(|l| ("policy", format!("{}:{}", l.file, l.line))));
    if !rows.is_empty() {
        page.raw("<dl>\n");
        for (label, text) in &rows {
            page.row(label, text);
        }
        page.raw("</dl>\n");
    }
    if let Some(at) = told.policy_at {
        page.raw("<details>\n<summary>The rule</summary>\n");
        excerpt(page, at, "policy");
        page.raw("</details>\n");
    }
    page.raw("</section>\n");
}

/// Source lines; what is meant is marked.
fn excerpt(page: &mut Page, at: &Excerpt, what: &str) {
    let place = markup(&clean::line(&format!("{}:{}:{}", clean::shown(&at.file), at.line, at.column)));
    page.raw(&format!(
        "<figure class=\"source\">\n<figcaption>{what} <code>{place}</code></figcaption>\n<pre>"
    ));
    let from = usize::try_from(at.within).unwrap_or(1).saturating_sub(1);
    let take = usize::try_from(at.width).unwrap_or(1).clamp(1, LINE);
    for (number, text) in &at.lines {
        let text = text.trim_end_matches(['\n', '\r']);
        page.raw(&format!("<span class=\"n\">{number}</span>"));
        if *number == at.line {
            // A line can be a document of a megabyte: only what is around the place is shown.
            let start = if from > LINE { from.saturating_sub(LINE / 4) } else { 0 };
            let part = |skip: usize, take: usize| text.chars().skip(skip).take(take).collect::<String>();
            let end = from.saturating_add(take);
            if start > 0 {
                page.raw("…");
            }
            page.raw(&source(&part(start, from.saturating_sub(start))));
            page.raw(&format!("<mark>{}</mark>", source(&part(from, take))));
            page.raw(&source(&part(end, LINE)));
            if text.chars().nth(end.saturating_add(LINE)).is_some() {
                page.raw("…");
            }
        } else {
            page.raw(&source(&text.chars().take(LINE).collect::<String>()));
            if text.chars().nth(LINE).is_some() {
                page.raw("…");
            }
        }
        page.raw("\n");
    }
    page.raw("</pre>\n</figure>\n");
}

/// Part of a line, with tabs as they are in terminals' excerpts.
fn source(text: &str) -> String {
    markup(&clean::line(&text.replace('\t', "  ")))
}

fn plan(page: &mut Page, evaluation: &Evaluation, plan: &Plan, n: usize) {
    let head = if plan.executable { "Plan" } else { "The plan it would have" };
    let steps = words::many(u64::try_from(plan.steps.len()).unwrap_or(u64::MAX), "step");
    page.raw("<section class=\"part\">\n");
    page.tag("h3", "", &format!("{head}: {steps}"));
    page.tag("p", "how", &format!("good until {}", words::when(plan.expires, evaluation.now)));
    if let Some(drawing) = svg::draw(plan, &format!("plan{n}")) {
        page.raw(&format!("<div class=\"drawing\" tabindex=\"0\" role=\"group\" aria-label=\"The plan, drawn\">\n{drawing}</div>\n"));
    }
    page.raw("<details>\n<summary>Steps</summary>\n<ol class=\"steps\">\n");
    for step in &plan.steps {
        page.raw(&format!(
            "<li><code>{}</code> {}",
            markup(&clean::line(&step.id)),
            markup(&clean::line(&step.kind))
        ));
        let mut rows: Vec<(&str, String)> = Vec::new();
        if !step.after.is_empty() {
            rows.push(("after", step.after.join(", ")));
        }
        rows.extend(step.with.iter().map(|(key, value)| (key.as_str(), words::value(value))));
        let said = |members: &BTreeMap<String, Json>| -> Vec<String> {
            members.iter().map(|(key, value)| format!("{key} {}", words::value(value))).collect()
        };
        rows.extend(step.expect.as_ref().map(|expect| ("expects", said(expect).join(", "))));
        if let Some(undo) = &step.undo {
            let with = said(&undo.with).into_iter();
            let parts: Vec<String> = std::iter::once(undo.kind.clone()).chain(with).collect();
            rows.push(("undo", parts.join(", ")));
        }
        if !step.fulfils.is_empty() {
            rows.push(("fulfils", step.fulfils.join(", ")));
        }
        rows.push(("rule", step.rule.clone()));
        page.raw("<dl>\n");
        for (label, text) in &rows {
            page.row(label, text);
        }
        page.raw("</dl></li>\n");
    }
    page.raw("</ol>\n</details>\n</section>\n");
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    const VOID: &[&str] = &["meta", "input", "br"];

    /// Every element is closed in order; no attribute is one of a script's or a fetch's.
    fn closed(html: &str) {
        let mut open: Vec<&str> = Vec::new();
        let body = html.strip_prefix("<!doctype html>").unwrap();
        let (head, rest) = body.split_once("<style>").unwrap();
        let (_, tail) = rest.split_once("</style>").unwrap();
        for part in [head, tail] {
            for tag in part.split('<').skip(1) {
                let (tag, _) = tag.split_once('>').unwrap();
                if let Some(name) = tag.strip_prefix('/') {
                    assert_eq!(open.pop(), Some(name), "in <{tag}>");
                    continue;
                }
                let name = tag.split(' ').next().unwrap();
                for bad in [" on", "src=", "href=", "style=", "action="] {
                    assert!(!tag.contains(bad), "<{tag}>");
                }
                if !VOID.contains(&name) && !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn the_page() {
        let html = FORMAT.render(&fixture::evaluation(), &Style::default());
        closed(&html);
        assert!(!html.contains("<script") && !html.contains("<b>\u{1b}"));
        assert!(!html.contains(|c| clean::acts(c) && c != '\n'));
        assert!(!html.lines().any(clean::is_command));
        assert!(html.contains("<dt>undo</dt><dd>traffic.back/v1 &lt;b&gt;, percent 0</dd>"));
        // The sheet is a file of its own and would only bloat the snapshot.
        insta::assert_snapshot!(html.replace(SHEET, ""));
    }

    #[test]
    fn the_sheet_stays_within_its_element() {
        assert!(!SHEET.contains("</") && !SHEET.contains("url(") && !SHEET.contains("@import"));
    }

    #[test]
    fn every_filter_has_its_rule() {
        for standing in Standing::ALL {
            assert!(SHEET.contains(&format!("#show-{}:checked", standing.as_str())));
        }
    }
}
