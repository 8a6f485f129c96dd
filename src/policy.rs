//! Bundles: policies read, described and digested; what a rule says of itself.
//!
//! Text in, [`Bundle`] out. Reading files is the pipeline's; evaluating is the engines'. A bundle
//! that loads is free of what would change meaning in silence: duplicate ids, a rule shadowed by
//! data, two defaults, an effect that is not a set.

pub mod cel;
pub(crate) mod rego;
pub mod settings;
pub(crate) mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::{Diagnostic, Source, codes, document, tree};
use crate::model::canonical;
use crate::model::finding::Effect;
use crate::model::id::{API_VERSION, Digest};
use crate::model::rule::Metadata;

/// The language that a rule is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rego v1.
    Rego,
    /// CEL in a `kind: Policy` document.
    Cel,
}

impl Language {
    /// Its word.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Rego => "rego",
            Self::Cel => "cel",
        }
    }
}

/// Policies and data, ready to be compiled.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Every source, sorted by name: policies, and libraries without effects of their own.
    pub files: Vec<File>,
    /// Every rule, sorted by id.
    pub rules: Vec<Rule>,
    /// What policies look for in a review, and no review has: no rule that does can be relied on.
    pub nowhere: Vec<Diagnostic>,
    /// What policies see as `data`; settings under `settings`.
    pub data: serde_json::Value,
    /// Digest of the policies: their texts, whatever the files are called.
    pub digest: Digest,
    /// Digest of the data.
    pub data_digest: Digest,
    /// The CEL policies, in the order of their files.
    pub cel: Vec<cel::Policy>,
    /// Rego tests (`*_test.rego`), where they were asked for. They have no part in the digest and
    /// none in an evaluation.
    pub tests: Vec<File>,
    /// Whether Rego files are read as v0.
    pub rego_v0: bool,
}

/// A source file of a bundle.
#[derive(Clone, Debug)]
pub struct File {
    /// The text, under its path relative to the bundle's root.
    pub source: Arc<Source>,
    /// What it is written in.
    pub language: Language,
    /// A file in Rego, parsed, if it can be.
    pub(crate) unit: Option<Arc<rego::unit::Unit>>,
}

/// A rule: what is switched, waived, tested and reported by one id.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Id: the package in Rego, `<policy>.<rule>` in CEL.
    pub id: String,
    /// What it is written in.
    pub language: Language,
    /// Index into [`Bundle::files`].
    pub file: usize,
    /// Line of its head, from 1.
    pub line: u32,
    /// What it says of itself.
    pub metadata: Metadata,
    /// The effects that it can have, in order.
    pub effects: Vec<Effect>,
    /// What it leaves unsaid of itself, of what people look for; in order.
    pub unsaid: Vec<&'static str>,
}

/// How a bundle is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Whether `*_test.rego` files are kept, in [`Bundle::tests`], and held against the policies; a
    /// bundle that is loaded so may have no rule.
    pub tests: bool,
    /// Whether Rego files are read as v0, without `if` and `contains`.
    pub rego_v0: bool,
}

/// What becomes of a file, by its name and, for documents, its kind.
enum Part {
    Rego,
    Test,
    Cel(tree::Node),
    Other,
}

/// Reads policies: names (relative paths with forward slashes) and texts, and the data that they see.
///
/// # Errors
/// Everything that is wrong with them, each with its place.
pub fn load(
    files: Vec<(String, String)>,
    data: serde_json::Value,
    options: LoadOptions,
) -> Result<Bundle, Vec<Diagnostic>> {
    let (bundle, problems) = read(files, data, options);
    if problems.is_empty() { Ok(bundle) } else { Err(problems) }
}

/// Reads policies as far as they can be read, and tells everything that is wrong with them. What is
/// wrong in one language leaves the rules of the other.
pub fn read(
    files: Vec<(String, String)>,
    data: serde_json::Value,
    options: LoadOptions,
) -> (Bundle, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut sources: BTreeMap<String, Arc<Source>> = BTreeMap::new();
    for (name, text) in files {
        if sources.contains_key(&name) {
            problems
                .push(Diagnostic::error(codes::POLICY_CONFLICT, format!("the file `{name}` is given twice")));
            continue;
        }
        // A mark of the order of bytes says nothing in UTF-8.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        sources.insert(name.clone(), Source::new(name, text));
    }
    let mut kept = Vec::new();
    let mut tests = Vec::new();
    let mut documents = Vec::new();
    for source in sources.into_values() {
        match part(&source) {
            Ok(Part::Rego) => kept.push(File { source, language: Language::Rego, unit: None }),
            Ok(Part::Cel(node)) => {
                documents.push((kept.len(), node));
                kept.push(File { source, language: Language::Cel, unit: None });
            }
            Ok(Part::Test) if options.tests => {
                tests.push(File { source, language: Language::Rego, unit: None })
            }
            Ok(Part::Test | Part::Other) => {}
            Err(problem) => problems.push(problem),
        }
    }

    let mut rules = Vec::new();
    let mut nowhere = Vec::new();
    let mut cel = Vec::new();
    for (index, node) in documents {
        let Some(file) = kept.get(index) else { continue };
        match cel::read(&file.source, &node) {
            Ok(mut policy) => {
                policy.file = index;
                rules.extend(policy.rules.iter().map(|rule| Rule {
                    id: format!("{}.{}", policy.id, rule.id),
                    language: Language::Cel,
                    file: index,
                    line: rule.line,
                    metadata: rule.metadata.clone(),
                    effects: vec![rule.effect],
                    unsaid: rule.unsaid.clone(),
                }));
                cel.push(cel::Policy { file: index, ..policy });
            }
            Err(found) => problems.extend(found),
        }
    }
    match rego::read(&mut kept, &mut tests, &data, options.rego_v0) {
        Ok(found) => {
            rules.extend(found.rules);
            nowhere = found.nowhere;
        }
        Err(found) => problems.extend(found),
    }
    for rule in &mut rules {
        // What only adds to a plan has not judged a change.
        let adds = |effect: &Effect| matches!(effect, Effect::Oblige | Effect::Action);
        rule.metadata.incidental |= rule.effects.iter().all(adds);
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id).then(a.file.cmp(&b.file)));
    duplicates(&rules, &kept, &mut problems);
    problems.extend(rules.iter().flat_map(|rule| unkind(rule, &kept)));
    problems.extend(rules.iter().flat_map(|rule| unset(rule, &kept)));
    // What tests are about need not be a rule: functions of a library, what another tool asks.
    if problems.is_empty() && rules.is_empty() && !options.tests {
        problems.push(Diagnostic::error(codes::POLICY_EMPTY, "there is no rule to judge by").hint(
            "name a folder with `.rego` files that say `deny contains …`, or with `kind: Policy` documents",
        ));
    }
    // What files are called changes nothing that policies find, and depends on where they are named from.
    let mut texts: Vec<(&str, &str)> =
        kept.iter().map(|file| (file.language.as_str(), file.source.text.as_str())).collect();
    texts.sort_unstable();
    let digest = canonical::digest(&texts);
    let data_digest = canonical::digest(&data);
    let mut taken = |digest: Result<Digest, canonical::Error>| {
        digest.unwrap_or_else(|error| {
            problems.push(Diagnostic::error(
                codes::INPUT_NUMBER,
                format!("the data cannot be written canonically: {error}"),
            ));
            Digest::of(b"")
        })
    };
    let (digest, data_digest) = (taken(digest), taken(data_digest));
    let bundle = Bundle {
        files: kept,
        rules,
        nowhere,
        data,
        digest,
        data_digest,
        cel,
        tests,
        rego_v0: options.rego_v0,
    };
    (bundle, problems)
}

/// Refuses what no kind of object is called: the rule would speak about none, in silence.
fn unkind(rule: &Rule, files: &[File]) -> Option<Diagnostic> {
    let is_kind = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let name = rule.metadata.applies.objects.iter().flatten().find(|name| !is_kind(name))?;
    let file = files.get(rule.file)?;
    let at = file.source.text.find(name.as_str()).unwrap_or_default();
    let problem = Diagnostic::error(codes::POLICY_METADATA, format!("no object has the kind `{name}`"));
    let hint = "write the `kind` as it stands in the object, as in `objects: [Deployment]`";
    Some(problem.hint(hint).at(&file.source, at..at.saturating_add(name.len()), "here"))
}

/// Refuses a member that no settings have: the rule would speak about nothing, in silence.
fn unset(rule: &Rule, files: &[File]) -> Option<Diagnostic> {
    let path = rule.metadata.applies.configured.as_ref()?;
    let names: Vec<&str> = ["data", "settings"].into_iter().chain(path.split('.')).collect();
    let (message, hint) = shape::unknown(&names)?;
    let file = files.get(rule.file)?;
    let at = file.source.text.find(path.as_str()).unwrap_or_default();
    let problem = Diagnostic::error(codes::POLICY_METADATA, message).hint(hint);
    Some(problem.at(&file.source, at..at.saturating_add(path.len()), "named here"))
}

/// Says what a file is; a document of an unknown kind is refused, not skipped.
fn part(source: &Arc<Source>) -> Result<Part, Diagnostic> {
    let name = source.name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let Some((stem, ending)) = name.rsplit_once('.') else { return Ok(Part::Other) };
    match ending {
        "rego" if stem.ends_with("_test") => return Ok(Part::Test),
        "rego" => return Ok(Part::Rego),
        "yaml" | "yml" | "json" if stem.starts_with("settings") || stem.ends_with(".case") => {
            return Ok(Part::Other);
        }
        "yaml" | "yml" | "json" => {}
        _ => return Ok(Part::Other),
    }
    if ending == "json" {
        // In the words of JSON, where it is none.
        document::read_json::<serde::de::IgnoredAny>(source)?;
    }
    let mut documents = tree::parse(source)?;
    let count = documents.len();
    let Some(head) = documents.pop().filter(|_| count == 1) else {
        return Err(Diagnostic::error(
            codes::POLICY_UNREADABLE,
            format!("`{}` holds {count} documents", source.name),
        )
        .hint("a file of policies holds one document")
        .at(source, 0..0, "this file"));
    };
    let text = |name: &str| head.get(name).and_then(tree::Node::text);
    let version = text("apiVersion").unwrap_or_default();
    let ours = version == API_VERSION;
    match text("kind") {
        Some("Policy") if ours => Ok(Part::Cel(head)),
        // What lives beside policies: cases and their fixtures.
        Some("Case" | "Review" | "Input") if ours => Ok(Part::Other),
        kind => {
            let message = match kind {
                Some(kind) => format!("`{}` is `{kind}` of `{version}`, which is not a policy", source.name),
                None => format!("`{}` does not say what it is: `kind` is missing", source.name),
            };
            Err(Diagnostic::error(codes::POLICY_UNREADABLE, message)
                .hint(format!("a CEL policy says `apiVersion: {API_VERSION}` and `kind: Policy`; give data with `--data`, and keep other files elsewhere"))
                .at(source, 0..0, "this document"))
        }
    }
}

/// The functions that Rego has in a policy, and why some are not offered.
pub fn rego_functions() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    rego::builtins::FUNCTIONS.iter().filter(|(name, _)| !name.starts_with("__")).map(
        |(name, care)| match care {
            rego::builtins::Care::Refused(why) => (*name, Some(*why)),
            _ => (*name, None),
        },
    )
}

/// Refuses one id for two rules; both places are named.
fn duplicates(rules: &[Rule], files: &[File], problems: &mut Vec<Diagnostic>) {
    for pair in rules.windows(2) {
        let [first, second] = pair else { continue };
        if first.id != second.id {
            continue;
        }
        let name = |rule: &Rule| files.get(rule.file).map_or("", |file| file.source.name.as_str()).to_owned();
        let mut problem = Diagnostic::error(
            codes::POLICY_CONFLICT,
            format!(
                "two rules are called `{}`: {}:{} and {}:{}",
                first.id,
                name(first),
                first.line,
                name(second),
                second.line
            ),
        )
        .hint("every rule has an id of its own: give one of them another package, or put them in one file");
        if let Some(file) = files.get(second.file) {
            let at = file.source.offset(second.line, 1);
            problem = problem.at(&file.source, at..at, "the second one");
        }
        problems.push(problem);
    }
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
