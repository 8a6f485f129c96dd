//! Text for people at a terminal: what is wrong, where, and what to do about it; worst first.

use super::clean;
use super::words;
use super::{Entry, Evaluation, Excerpt, Format, Standing, Style, Told, Weight, wire::Summary};
use crate::model::finding::{Effect, Finding};
use crate::model::plan::Plan;

/// Text for people.
pub(super) const FORMAT: Format =
    Format { name: "text", about: "for people at a terminal (the default)", render };

/// Allowed changes with something to say that are told in full; further ones are counted.
const ALLOWED_TOLD: usize = 50;
/// Plainly allowed changes that get a line of their own; further ones are counted.
const ALLOWED_LISTED: usize = 20;

/// How a piece of text is inked, where colour is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Magenta,
    Cyan,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "1;31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Magenta => "1;35",
            Self::Cyan => "36",
        }
    }

    const fn of(effect: Effect) -> Self {
        match effect {
            Effect::Deny => Self::Red,
            Effect::Indeterminate => Self::Magenta,
            Effect::Hold | Effect::Warn => Self::Yellow,
            Effect::Oblige | Effect::Action => Self::Cyan,
        }
    }

    const fn standing(standing: Standing) -> Self {
        match standing {
            Standing::Deny => Self::Red,
            Standing::Indeterminate => Self::Magenta,
            Standing::Hold => Self::Yellow,
            Standing::Allow => Self::Green,
        }
    }
}

/// What has been written. INVARIANT: foreign text gets in by `say` and `raw` alone, which clean it.
struct Page<'a> {
    out: String,
    style: &'a Style,
}

impl Page<'_> {
    fn ink(&mut self, ink: Ink, text: &str) {
        if self.style.color && ink != Ink::Plain && !text.is_empty() {
            self.out.push_str("\x1b[");
            self.out.push_str(ink.code());
            self.out.push('m');
            self.out.push_str(text);
            self.out.push_str("\x1b[0m");
        } else {
            self.out.push_str(text);
        }
    }

    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    /// A paragraph, wrapped; lines after the first are indented deeper.
    fn say(&mut self, indent: usize, hang: usize, pieces: &[(Ink, &str)]) {
        let limit = self.style.width.max(indent.saturating_add(hang).saturating_add(20));
        self.indent(indent);
        let mut at = indent;
        // Nothing yet in this line; nothing yet but blanks.
        let (mut fresh, mut leads) = (true, true);
        for (ink, text) in pieces {
            for (n, text) in clean::lines(text).iter().enumerate() {
                if n > 0 {
                    self.wrap(indent, hang, &mut at);
                    fresh = true;
                    leads = true;
                }
                let mut run = String::new();
                for word in text.split_inclusive(' ') {
                    let bare = clean::width(word.trim_end_matches(' '));
                    if !fresh && at.saturating_add(bare) > limit {
                        let done = run.trim_end_matches(' ').to_owned();
                        run.clear();
                        self.ink(*ink, &done);
                        self.wrap(indent, hang, &mut at);
                        leads = true;
                    }
                    if leads && clean::is_command(word) {
                        run.push('\\');
                        at = at.saturating_add(1);
                    }
                    // Leading blanks lead on.
                    leads &= bare == 0;
                    fresh = false;
                    run.push_str(word);
                    at = at.saturating_add(clean::width(word));
                }
                self.ink(*ink, &run);
            }
        }
        self.end();
    }

    fn wrap(&mut self, indent: usize, hang: usize, at: &mut usize) {
        self.end();
        *at = indent.saturating_add(hang);
        self.indent(*at);
    }

    fn end(&mut self) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        self.out.push('\n');
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}

fn render(evaluation: &Evaluation, style: &Style) -> String {
    let mut page = Page { out: String::new(), style };
    let (plain, told): (Vec<&Entry>, Vec<&Entry>) =
        evaluation.by_standing().into_iter().partition(|e| e.is_plain());
    let mut allowed = 0_usize;
    for entry in told {
        if entry.standing() == Standing::Allow {
            allowed = allowed.saturating_add(1);
            if allowed > ALLOWED_TOLD {
                continue;
            }
        }
        change(&mut page, evaluation, entry);
    }
    more(&mut page, allowed.saturating_sub(ALLOWED_TOLD), "allowed with something to say");
    page.blank();
    for entry in plain.iter().take(ALLOWED_LISTED) {
        let c = &entry.decision.change;
        page.say(
            0,
            2,
            &[
                (Ink::Green, "allow"),
                (Ink::Plain, "  "),
                (Ink::Bold, &clean::line(&c.id)),
                (Ink::Plain, "  "),
                (Ink::Dim, &clean::line(&words::subject(&entry.decision))),
            ],
        );
    }
    more(&mut page, plain.len().saturating_sub(ALLOWED_LISTED), "plainly allowed");
    if !evaluation.findings.is_empty() {
        page.blank();
        page.say(0, 0, &[(Ink::Bold, "Not about one change")]);
        for f in &evaluation.findings {
            finding(&mut page, evaluation, &Told { finding: f, at: None, policy_at: None });
        }
    }
    tail(&mut page, evaluation);
    page.out
}

fn more(page: &mut Page<'_>, n: usize, what: &str) {
    if n > 0 {
        let n = u64::try_from(n).unwrap_or(u64::MAX);
        let text = format!("… and {} {what}; `-o json` has them all", words::many(n, "more change"));
        page.say(0, 2, &[(Ink::Dim, &text)]);
    }
}

fn change(page: &mut Page<'_>, evaluation: &Evaluation, entry: &Entry) {
    let d = &entry.decision;
    let standing = entry.standing();
    page.blank();
    page.say(
        0,
        2,
        &[
            (Ink::standing(standing), &standing.as_str().to_uppercase()),
            (Ink::Plain, "  "),
            (Ink::Bold, &clean::line(&d.change.id)),
            (Ink::Plain, "  "),
            (Ink::Plain, &clean::line(&words::subject(d))),
        ],
    );
    for told in entry.said() {
        finding(page, evaluation, &told);
    }
    let hints = |page: &mut Page<'_>, label: &str, text: &str| {
        page.say(2, 4, &[(Ink::Bold, label), (Ink::Plain, " "), (Ink::Plain, &clean::line(text))]);
    };
    for u in &d.unknown {
        hints(page, "unknown:", &words::unknown(u));
    }
    // A time that is all that is missing is said once, below.
    for m in d.missing.iter().filter(|m| d.earliest.is_none() || m.time.is_none() || m.time != d.earliest) {
        hints(page, "needs:", &words::missing(m, evaluation.now));
    }
    if let Some(command) = words::to_approve(d) {
        // A command is pasted, so it stays on one line.
        page.indent(2);
        page.ink(Ink::Bold, "to approve:");
        page.ink(Ink::Plain, &format!(" {command}"));
        page.end();
    }
    if let Some(earliest) = d.earliest {
        hints(page, "not before", &words::when(earliest, evaluation.now));
    }
    for (label, text) in words::governance(d, evaluation.now) {
        hints(page, &format!("{label}:"), &text);
    }
    for o in &d.obligations {
        hints(page, "obliges:", &words::obligation(o));
    }
    if let Some(p) = &entry.plan {
        plan(page, evaluation, p);
    }
    for why in &entry.refused {
        hints(page, "no plan:", why);
    }
    if entry.known > 0 {
        let n = u64::try_from(entry.known).unwrap_or(u64::MAX);
        let text = format!("{} known from the baseline not shown", words::many(n, "finding"));
        page.say(2, 4, &[(Ink::Dim, &text)]);
    }
    let mut short = format!("decision {}, review {}", d.id.short(), d.digests.review.short());
    if let Some(at) = &entry.change_at {
        short.push_str(&format!(", {}:{}:{}", clean::line(&at.file), at.line, at.column));
    }
    page.say(2, 4, &[(Ink::Dim, &short)]);
}

fn finding(page: &mut Page<'_>, evaluation: &Evaluation, told: &Told<'_>) {
    let f = told.finding;
    let weight = Weight::of(f);
    let quiet = matches!(weight, Weight::SetAside | Weight::Satisfied);
    let ink = |ink: Ink| if quiet { Ink::Dim } else { ink };
    page.say(
        2,
        4,
        &[
            (ink(Ink::of(f.effect)), f.effect.as_str()),
            (Ink::Plain, "  "),
            (ink(Ink::Bold), &clean::line(&f.rule)),
            (Ink::Plain, "  "),
            (ink(Ink::Plain), &f.message),
        ],
    );
    if quiet {
        let how = words::set_aside(f, evaluation.now).unwrap_or_else(|| "satisfied".to_owned());
        page.say(6, 2, &[(Ink::Dim, &clean::line(&how))]);
        return;
    }
    if let Some(text) = words::softened(f) {
        page.say(6, 2, &[(Ink::Dim, &text)]);
    }
    match (told.at, &f.path) {
        (Some(at), _) => excerpt(page, at, f),
        (None, Some(path)) => page.say(6, 2, &[(Ink::Dim, "at "), (Ink::Plain, &clean::line(path))]),
        (None, None) => {}
    }
    if let Some(until) = f.until {
        page.say(6, 2, &[(Ink::Dim, "until "), (Ink::Plain, &words::when(until, evaluation.now))]);
    }
    if let Some(need) = &f.needs {
        page.say(
            6,
            2,
            &[(Ink::Dim, "asks for "), (Ink::Plain, &clean::line(&words::need(need, evaluation.now)))],
        );
    }
    if let Some(fix) = evaluation.remediation(f) {
        page.say(6, 2, &[(Ink::Green, "fix: "), (Ink::Plain, fix)]);
    }
    let place = told.policy_at.map(|e| (e.file.as_str(), e.line)).or_else(|| {
        let own = f.location.as_ref();
        let place = own.or_else(|| evaluation.rules.get(&f.rule).and_then(|r| r.location.as_ref()))?;
        Some((place.file.as_str(), place.line))
    });
    if let Some((file, line)) = place {
        page.say(6, 2, &[(Ink::Dim, "policy "), (Ink::Dim, &format!("{}:{line}", clean::line(file)))]);
    }
}

/// The lines themselves, with what is meant underlined.
fn excerpt(page: &mut Page<'_>, at: &Excerpt, f: &Finding) {
    let place = format!("{}:{}:{}", clean::line(&at.file), at.line, at.column);
    page.say(6, 2, &[(Ink::Cyan, "--> "), (Ink::Plain, &place)]);
    let gutter = at.lines.iter().map(|(n, _)| n.to_string().len()).max().unwrap_or(1);
    let room = page.style.width.saturating_sub(gutter.saturating_add(9)).max(20);
    for (number, text) in &at.lines {
        let (shown, caret, width) = fit(text, if *number == at.line { Some(at) } else { None }, room);
        page.indent(6);
        page.ink(Ink::Dim, &format!("{number:>gutter$} | "));
        page.ink(Ink::Plain, &shown);
        page.end();
        if *number == at.line {
            page.indent(6);
            page.ink(Ink::Dim, &format!("{:>gutter$} | ", ""));
            page.indent(caret);
            page.ink(Ink::of(f.effect), &"^".repeat(width));
            page.end();
        }
    }
}

/// A line of source in at most so many columns, and where in it the carets go. A long line is cut
/// around what is meant.
fn fit(text: &str, at: Option<&Excerpt>, room: usize) -> (String, usize, usize) {
    let from = at.map_or(0, |e| usize::try_from(e.within).unwrap_or(1).saturating_sub(1));
    let take = at.map_or(0, |e| usize::try_from(e.width).unwrap_or(1));
    let text = text.trim_end_matches(['\n', '\r']);
    // A megabyte on one line must not cost more than what is shown of it.
    let skip = if from.saturating_add(take) > room { from.saturating_sub(room / 3) } else { 0 };
    let mut shown = String::new();
    let (mut columns, mut caret, mut width) = (0_usize, 0_usize, 0_usize);
    if skip > 0 {
        shown.push('…');
        columns = 1;
    }
    for (i, c) in text.chars().enumerate().skip(skip) {
        if i == from {
            caret = columns;
        }
        let cleaned = match c {
            '\t' => "  ".into(),
            c => clean::line(c.encode_utf8(&mut [0; 4])).into_owned(),
        };
        let wide = clean::width(&cleaned);
        if columns.saturating_add(wide) > room {
            shown.push('…');
            columns = columns.saturating_add(1);
            break;
        }
        shown.push_str(&cleaned);
        columns = columns.saturating_add(wide);
        if i >= from && i < from.saturating_add(take) {
            width = width.saturating_add(wide);
        }
    }
    if width == 0 {
        // Meant is the end of the line, or a place within it.
        caret = if caret == 0 && from > 0 { columns } else { caret };
    }
    (shown, caret, width.max(1))
}

fn plan(page: &mut Page<'_>, evaluation: &Evaluation, plan: &Plan) {
    let head = if plan.executable { "plan:" } else { "plan it would have:" };
    let n = u64::try_from(plan.steps.len()).unwrap_or(u64::MAX);
    let text =
        format!(" {}, good until {}", words::many(n, "step"), words::when(plan.expires, evaluation.now));
    page.say(2, 4, &[(Ink::Bold, head), (Ink::Dim, &text)]);
    let gutter = plan.steps.len().to_string().len();
    let wide = plan.steps.iter().map(|s| clean::width(&clean::line(&s.id))).max().unwrap_or(0).min(32);
    for (i, step) in plan.steps.iter().enumerate() {
        let id = clean::line(&step.id);
        let pad = " ".repeat(wide.saturating_sub(clean::width(&id)));
        let mut tail = String::new();
        if !step.after.is_empty() {
            tail.push_str(&format!("  after {}", step.after.join(", ")));
        }
        if !step.fulfils.is_empty() {
            tail.push_str(&format!("  for {}", step.fulfils.join(", ")));
        }
        page.say(
            4,
            4,
            &[
                (Ink::Dim, &format!("{:>gutter$}. ", i.saturating_add(1))),
                (Ink::Plain, &id),
                (Ink::Plain, &pad),
                (Ink::Plain, "  "),
                (Ink::Cyan, &clean::line(&step.kind)),
                (Ink::Dim, &clean::line(&tail)),
            ],
        );
    }
}

fn tail(page: &mut Page<'_>, evaluation: &Evaluation) {
    page.blank();
    for note in words::notes(evaluation) {
        page.say(0, 2, &[(Ink::Yellow, "note: "), (Ink::Plain, &clean::line(&note))]);
    }
    if let Some(config) = &evaluation.config {
        let text = format!("config: {} ({})", clean::line(&config.path), config.digest.short());
        page.say(0, 2, &[(Ink::Dim, &text)]);
    }
    let worst = evaluation.entries.iter().map(Entry::standing).max().unwrap_or(Standing::Allow);
    page.say(
        0,
        2,
        &[
            (Ink::standing(worst), &words::summary(&Summary::of(evaluation))),
            (Ink::Plain, &format!("; {}", words::exit(evaluation))),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn bare(style: Style) -> String {
        FORMAT.render(&fixture::evaluation(), &style)
    }

    #[test]
    fn the_face() {
        insta::assert_snapshot!(bare(Style { color: false, width: 100 }));
    }

    #[test]
    fn the_face_in_a_narrow_window() {
        insta::assert_snapshot!(bare(Style { color: false, width: 50 }));
    }

    #[test]
    fn colour_is_ours_alone() {
        let coloured = bare(Style { color: true, width: 100 });
        assert!(coloured.contains("\x1b[1;31mDENY\x1b[0m"));
        // Without our own sequences it is what is written without colour: none came from a document.
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\x1b[") {
            plain.push_str(before);
            let (code, after) = after.split_once('m').unwrap();
            assert!(["0", "1", "2", "1;31", "32", "33", "1;35", "36"].contains(&code), "{code}");
            rest = after;
        }
        plain.push_str(rest);
        assert_eq!(plain, bare(Style { color: false, width: 100 }));
        assert!(!plain.contains(|c| clean::acts(c) && c != '\n'));
    }

    #[test]
    fn no_line_is_a_command_to_a_build_server() {
        let mut evaluation = fixture::evaluation();
        for width in 20..120 {
            evaluation.entries[1].decision.findings[0].message =
                "a word before ::stop-commands::x\n   ::add-mask::y\nz ##[error]w".to_owned();
            let text = FORMAT.render(&evaluation, &Style { color: false, width });
            assert!(!text.lines().any(clean::is_command), "{text}");
            assert!(!text.contains("##["));
            assert!(text.contains("::add-mask::y"));
        }
    }

    #[test]
    fn a_command_to_paste_is_on_one_line() {
        let held = fixture::digest("change drone-app-1.2.1-to-production");
        for width in [20, 50, 100] {
            let text = bare(Style { color: false, width });
            let line = format!("  to approve: weighlock approve {held} --by PERSON --key KEY --out FILE");
            assert!(text.lines().any(|l| l == line), "{text}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_meant() {
        let at =
            Excerpt { file: String::new(), line: 1, column: 1001, lines: vec![], width: 3, within: 1001 };
        let text = format!("{}BAD{}", "a".repeat(1000), "z".repeat(1_000_000));
        let (shown, caret, width) = fit(&text, Some(&at), 40);
        assert_eq!(clean::width(&shown), 41);
        assert_eq!(shown.chars().skip(caret).take(width).collect::<String>(), "BAD");
    }

    #[test]
    fn the_caret_stands_under_wide_and_spelt_out_characters() {
        let at = Excerpt { file: String::new(), line: 1, column: 3, lines: vec![], width: 1, within: 3 };
        assert_eq!(fit("日\u{1b}x", Some(&at), 40), ("日\\u{1b}x".to_owned(), 8, 1));
    }
}
