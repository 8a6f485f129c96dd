//! JUnit XML, for servers that show tests: a suite per change, a case per finding, one for the verdict.

use super::clean::{self, markup};
use super::words;
use super::{Entry, Evaluation, Format, Standing, Style, Weight};
use crate::model::finding::{Effect, Finding};

/// For servers that show tests.
pub(super) const FORMAT: Format =
    Format { name: "junit", about: "JUnit XML, for servers that show test results", render };

/// What became of a case, with a message in one line and a text.
enum Case {
    Passed,
    Skipped(String),
    Failure(&'static str, String, String),
    Error(&'static str, String, String),
}

/// The numbers that suites carry.
#[derive(Clone, Copy, Default)]
struct Count {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Count {
    const fn add(&mut self, case: &Case) {
        self.tests = self.tests.saturating_add(1);
        match case {
            Case::Passed => {}
            Case::Skipped(_) => self.skipped = self.skipped.saturating_add(1),
            Case::Failure(..) => self.failures = self.failures.saturating_add(1),
            Case::Error(..) => self.errors = self.errors.saturating_add(1),
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests.saturating_add(other.tests),
            failures: self.failures.saturating_add(other.failures),
            errors: self.errors.saturating_add(other.errors),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }

    fn attributes(self) -> String {
        let Self { tests, failures, errors, skipped } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

fn render(evaluation: &Evaluation, _: &Style) -> String {
    let mut body = String::new();
    let mut all = Count::default();
    for entry in evaluation.by_standing() {
        all = all.plus(suite(&mut body, evaluation, entry));
    }
    if !evaluation.findings.is_empty() {
        let cases = evaluation.findings.iter().map(|f| (name(f), case(evaluation, f, None, ""))).collect();
        all = all.plus(write(&mut body, evaluation, "weighlock", cases, &[]));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weighlock\" {}>\n{body}</testsuites>\n",
        all.attributes()
    )
}

fn suite(out: &mut String, evaluation: &Evaluation, entry: &Entry) -> Count {
    let d = &entry.decision;
    let mut cases = Vec::new();
    for told in entry.findings() {
        let place = told.at.or(entry.change_at.as_ref());
        let place =
            place.map(|e| format!("{}:{}:{}", clean::shown(&e.file), e.line, e.column)).unwrap_or_default();
        cases.push((name(told.finding), case(evaluation, told.finding, Some(entry), &place)));
    }
    let said = format!("{}: {}", d.change.id, words::subject(d));
    let mut more: Vec<String> =
        d.missing.iter().map(|m| format!("needs: {}", words::missing(m, evaluation.now))).collect();
    more.extend(d.earliest.map(|t| format!("not before {}", words::when(t, evaluation.now))));
    more.extend(d.unknown.iter().map(|u| format!("unknown: {}", words::unknown(u))));
    more.extend(entry.refused.iter().map(|why| format!("no plan: {why}")));
    let more = more.join("\n");
    let verdict = match entry.standing() {
        Standing::Allow => Case::Passed,
        Standing::Indeterminate => Case::Error("indeterminate", said, more),
        Standing::Hold => Case::Failure("hold", said, more),
        Standing::Deny => Case::Failure("deny", said, more),
    };
    cases.push(("verdict".to_owned(), verdict));
    let properties = [
        ("decision", d.id.as_str()),
        ("review", d.digests.review.as_str()),
        ("bundle", d.digests.bundle.as_str()),
        ("verdict", entry.standing().as_str()),
        ("asserted", if d.asserted { "true" } else { "false" }),
        ("simulated", if d.simulated { "true" } else { "false" }),
    ];
    write(out, evaluation, &d.change.id, cases, &properties)
}

fn name(f: &Finding) -> String {
    match &f.path {
        Some(path) => format!("{} {path}", f.rule),
        None => f.rule.clone(),
    }
}

fn case(evaluation: &Evaluation, f: &Finding, entry: Option<&Entry>, place: &str) -> Case {
    if let Some(how) = words::set_aside_why(f, entry, evaluation.now) {
        return Case::Skipped(how);
    }
    let mut text = f.message.clone();
    for (label, value) in [("at", Some(place).filter(|p| !p.is_empty())), ("fix:", evaluation.remediation(f))]
    {
        if let Some(value) = value {
            text.push_str(&format!("\n{label} {value}"));
        }
    }
    if let Some(policy) = &f.location {
        text.push_str(&format!("\npolicy {}:{}", policy.file, policy.line));
    }
    match (f.effect, Weight::of(f)) {
        (Effect::Indeterminate, _) => Case::Error("indeterminate", f.message.clone(), text),
        (effect, Weight::Blocks) => Case::Failure(effect.as_str(), f.message.clone(), text),
        _ => Case::Passed,
    }
}

fn write(
    out: &mut String,
    evaluation: &Evaluation,
    suite: &str,
    cases: Vec<(String, Case)>,
    properties: &[(&str, &str)],
) -> Count {
    let mut count = Count::default();
    for (_, case) in &cases {
        count.add(case);
    }
    let suite = attribute(suite);
    out.push_str(&format!(
        "  <testsuite name=\"{suite}\" {} timestamp=\"{}\">\n",
        count.attributes(),
        evaluation.now
    ));
    if !properties.is_empty() {
        out.push_str("    <properties>\n");
        for (name, value) in properties {
            out.push_str(&format!("      <property name=\"{name}\" value=\"{}\"/>\n", attribute(value)));
        }
        out.push_str("    </properties>\n");
    }
    for (name, case) in cases {
        out.push_str(&format!("    <testcase classname=\"{suite}\" name=\"{}\"", attribute(&name)));
        match case {
            Case::Passed => out.push_str("/>\n"),
            Case::Skipped(why) => {
                out.push_str(&format!(
                    ">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                    attribute(&why)
                ));
            }
            Case::Failure(kind, message, text) => blocked(out, "failure", kind, &message, &text),
            Case::Error(kind, message, text) => blocked(out, "error", kind, &message, &text),
        }
    }
    out.push_str("  </testsuite>\n");
    count
}

fn blocked(out: &mut String, element: &str, kind: &str, message: &str, text: &str) {
    out.push_str(&format!(
        ">\n      <{element} type=\"{kind}\" message=\"{}\">{}</{element}>\n    </testcase>\n",
        attribute(message),
        markup(text)
    ));
}

/// Attributes are on one line: a reader would turn their line breaks into spaces.
pub(super) fn attribute(text: &str) -> String {
    markup(&clean::lines(text).join(" "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::fixture;
    use super::*;

    /// Well-formed as far as this writer can go wrong: every tag closed in order, attributes quoted,
    /// no bare `<` or `&`, nothing that XML 1.0 cannot carry.
    pub(in crate::report) fn well_formed(xml: &str) -> Result<usize, String> {
        if let Some(c) = xml.chars().find(|c| c.is_control() && *c != '\n') {
            return Err(format!("{c:?} in the text"));
        }
        let mut rest =
            xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").ok_or("no declaration")?;
        let (mut open, mut elements) = (Vec::new(), 0_usize);
        while let Some(at) = rest.find('<') {
            references(&rest[..at])?;
            let (tag, tail) = rest[at..].split_once('>').ok_or("a tag without an end")?;
            let tag = &tag[1..];
            rest = tail;
            if tag.contains('<') {
                return Err(format!("`<` within <{tag}>"));
            }
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return Err(format!("</{name}> closes nothing"));
                }
                continue;
            }
            let inner = tag.strip_suffix('/').unwrap_or(tag);
            let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(format!("`{name}` is not a name"));
            }
            let mut parts = attributes.split('"');
            while let Some(before) = parts.next() {
                if before.is_empty() {
                    break;
                }
                let key = before.trim().strip_suffix('=').ok_or(format!("`{before}` in <{name}>"))?;
                assert!(key.chars().all(|c| c.is_ascii_alphabetic()), "{key}");
                references(parts.next().ok_or("a value without an end")?)?;
            }
            elements = elements.saturating_add(1);
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        if open.is_empty() { Ok(elements) } else { Err(format!("{open:?} not closed")) }
    }

    fn references(text: &str) -> Result<(), String> {
        for part in text.split('&').skip(1) {
            let name = part.split(';').next().unwrap_or_default();
            if !["amp", "lt", "gt", "quot", "#39", "#58"].contains(&name) {
                return Err(format!("`&{name}`"));
            }
        }
        Ok(())
    }

    #[test]
    fn it_is_well_formed_and_counts_what_it_holds() {
        let text = FORMAT.render(&fixture::evaluation(), &Style::default());
        well_formed(&text).unwrap();
        assert!(!text.lines().any(clean::is_command));
        let count = |what: &str| text.matches(what).count();
        let head = text.lines().nth(1).unwrap();
        assert!(head.contains(&format!("tests=\"{}\"", count("<testcase "))), "{head}");
        assert!(head.contains(&format!("failures=\"{}\"", count("<failure "))), "{head}");
        assert!(head.contains(&format!("errors=\"{}\"", count("<error "))), "{head}");
        assert!(head.contains(&format!("skipped=\"{}\"", count("<skipped "))), "{head}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_check_finds_what_is_not_well_formed() {
        let xml = |body: &str| well_formed(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"));
        assert!(xml("<a><b x=\"1\"/></a>").is_ok());
        for bad in ["<a>", "<a></b>", "<a x=\"<\"></a>", "<a>&nbsp;</a>", "<a>\u{1b}</a>", "<a x=1></a>"] {
            assert!(xml(bad).is_err(), "{bad}");
        }
    }
}
