//! METADATA blocks: what a policy says of itself in comments.
//!
//! A block begins with `# METADATA` in the first column, is YAML behind `#`, and ends with the
//! first line that is not a comment. It belongs to what follows: the package or a rule; `scope`
//! may widen that to all packages below, or to all definitions of a rule.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::diag::{Diagnostic, Source, codes, document, nearest, tree};
use crate::model::evidence::Severity;
use crate::model::input::{AssetKind, ChangeKind};
use crate::model::json::Json;
use crate::model::rule::{Applies, Metadata, View};
use crate::model::time::Age;
use crate::model::trust::{Threshold, Trust};

/// What a block speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The package and those below it.
    Subpackages,
    /// The package.
    Package,
    /// Every definition of the rule that follows.
    Document,
    /// The definition that follows.
    Rule,
}

/// A block, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    /// What it speaks about.
    pub(crate) scope: Scope,
    /// Line of what follows it, from 1.
    pub(crate) line: u32,
    /// What it says; what it does not say is `None`.
    pub(crate) said: Said,
}

/// Metadata as far as a block gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    title: Option<String>,
    description: Option<String>,
    related: Option<Vec<String>>,
    severity: Option<Severity>,
    /// Which changes; also the sign that the package is meant to judge.
    pub(crate) applies: Option<Applies>,
    requires: Option<BTreeMap<String, Threshold>>,
    waivable: Option<bool>,
    incidental: Option<bool>,
    view: Option<View>,
    remediation: Option<String>,
    custom: BTreeMap<String, Json>,
}

impl Said {
    /// Lays a narrower block over a wider one; required facts add up.
    pub(crate) fn over(self, wider: Self) -> Self {
        let mut custom = wider.custom;
        custom.extend(self.custom);
        let requires = match (self.requires, wider.requires) {
            (Some(mut narrow), Some(wide)) => {
                for (fact, threshold) in wide {
                    narrow.entry(fact).or_insert(threshold);
                }
                Some(narrow)
            }
            (narrow, wide) => narrow.or(wide),
        };
        Self {
            title: self.title.or(wider.title),
            description: self.description.or(wider.description),
            related: self.related.or(wider.related),
            severity: self.severity.or(wider.severity),
            applies: self.applies.or(wider.applies),
            requires,
            waivable: self.waivable.or(wider.waivable),
            incidental: self.incidental.or(wider.incidental),
            view: self.view.or(wider.view),
            remediation: self.remediation.or(wider.remediation),
            custom,
        }
    }

    /// What is left unsaid, of what people look for; a rule that only adds to a plan finds nothing to
    /// be bad or to be mended.
    pub(crate) fn unsaid(&self, adds: bool) -> Vec<&'static str> {
        let said = [
            ("title", self.title.is_some()),
            ("description", self.description.is_some()),
            ("severity", adds || self.severity.is_some()),
            ("applies", self.applies.is_some()),
            ("remediation", adds || self.remediation.is_some()),
        ];
        said.into_iter().filter(|(_, said)| !said).map(|(name, _)| name).collect()
    }

    /// The metadata of a rule.
    pub(crate) fn metadata(self) -> Metadata {
        Metadata {
            title: self.title,
            description: self.description,
            severity: self.severity.unwrap_or_default(),
            applies: self.applies.unwrap_or_default(),
            requires: self.requires.unwrap_or_default(),
            waivable: self.waivable.unwrap_or_default(),
            incidental: self.incidental.unwrap_or_default(),
            view: self.view.unwrap_or_default(),
            remediation: self.remediation,
            related: self.related.unwrap_or_default(),
            custom: self.custom,
        }
    }
}

/// Reads every block of a file.
pub(crate) fn read(source: &Arc<Source>, problems: &mut Vec<Diagnostic>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut offset = 0_usize;
    let mut open: Option<(Range<usize>, String)> = None;
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let start = offset;
        offset = offset.saturating_add(line.len());
        let (line, ending) = line.split_at(line.trim_end_matches(['\n', '\r']).len());
        match (&mut open, line.strip_prefix('#')) {
            (_, Some(rest)) if rest.trim() == "METADATA" => open = Some((start..offset, String::new())),
            // A comment for `check` is none of the block's, and as long as in the file.
            (Some((span, yaml)), Some(rest)) if rest.trim_start().starts_with("weighlock:") => {
                span.end = offset;
                yaml.push_str(&" ".repeat(line.len()));
                yaml.push_str(ending);
            }
            (Some((span, yaml)), Some(rest)) => {
                span.end = offset;
                // As long as in the file, so that places in the one are places in the other.
                yaml.push(' ');
                yaml.push_str(rest);
                yaml.push_str(ending);
            }
            (Some((span, _)), None) if line.trim().is_empty() => {
                problems.push(
                    Diagnostic::error(
                        codes::POLICY_METADATA,
                        "metadata is followed by a blank line, so it belongs to nothing",
                    )
                    .hint("put it directly above the package or the rule")
                    .at(source, span.clone(), "this block"),
                );
                open = None;
            }
            (Some(_), None) => {
                if let Some((span, yaml)) = open.take() {
                    let number = u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX);
                    let package = line.trim_start().starts_with("package");
                    let before = problems.len();
                    match (Reader { source, span }).block(&yaml, number, package, problems) {
                        Ok(block) if problems.len() == before => blocks.push(block),
                        Ok(_) => {}
                        Err(problem) => problems.push(*problem),
                    }
                }
            }
            (None, _) => {}
        }
    }
    blocks
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    span: Range<usize>,
}

type Refusal = Box<Diagnostic>;

const KEYS: &[&str] = &[
    "authors",
    "custom",
    "description",
    "entrypoint",
    "organizations",
    "related_resources",
    "schemas",
    "scope",
    "title",
];
const CUSTOM: &[&str] = &["applies", "incidental", "remediation", "requires", "severity", "view", "waivable"];

impl Reader<'_> {
    /// A refusal at the place of a word in the block.
    fn refuse(&self, word: &str, message: String, hint: impl Into<String>) -> Refusal {
        let text = self.source.text.get(self.span.clone()).unwrap_or_default();
        let span = match text.find(word) {
            Some(at) if !word.is_empty() => {
                let start = self.span.start.saturating_add(at);
                start..start.saturating_add(word.len())
            }
            _ => self.span.clone(),
        };
        Box::new(Diagnostic::error(codes::POLICY_METADATA, message).hint(hint).at(self.source, span, "here"))
    }

    fn unknown(&self, word: &str, what: &str, known: &[&str]) -> Refusal {
        let hint = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        self.refuse(word, format!("{what} `{word}` is not known"), hint)
    }

    /// Reads a block; each member that is wrong is told, whatever the others are.
    fn block(
        &self,
        yaml: &str,
        line: u32,
        package: bool,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Block, Refusal> {
        let value = self.yaml(yaml)?;
        let Value::Object(members) = value else {
            return Err(self.refuse(
                "",
                "the metadata is not a mapping".to_owned(),
                "write `# title: …` below `# METADATA`",
            ));
        };
        let mut said = Said::default();
        let mut scope = if package { Scope::Package } else { Scope::Rule };
        for (key, value) in members {
            let done = match key.as_str() {
                "scope" => self.scope(&key, &value, package).map(|given| scope = given),
                "title" => self.text(&key, &value).map(|text| said.title = Some(text)),
                "description" => self.text(&key, &value).map(|text| said.description = Some(text)),
                "related_resources" => self.related(&value).map(|list| said.related = Some(list)),
                "custom" => self.custom(value, &mut said, problems),
                known if KEYS.contains(&known) => Ok(()),
                other if CUSTOM.contains(&other) => Err(self.refuse(
                    other,
                    format!("`{other}` stands outside `custom`"),
                    format!("write it as `custom: {{{other}: …}}`"),
                )),
                other => Err(self.unknown(other, "metadata", KEYS)),
            };
            problems.extend(done.err().map(|problem| *problem));
        }
        Ok(Block { scope, line, said })
    }

    fn scope(&self, key: &str, value: &Value, package: bool) -> Result<Scope, Refusal> {
        let word = self.text(key, value)?;
        match word.as_str() {
            "subpackages" if package => Ok(Scope::Subpackages),
            "package" if package => Ok(Scope::Package),
            "document" if !package => Ok(Scope::Document),
            "rule" if !package => Ok(Scope::Rule),
            "subpackages" | "package" => Err(self.refuse(
                &word,
                format!("scope `{word}` stands above a rule"),
                "put the block above `package`",
            )),
            "document" | "rule" => Err(self.refuse(
                &word,
                format!("scope `{word}` stands above the package"),
                "put the block above a rule",
            )),
            _ => Err(self.unknown(&word, "scope", &["package", "subpackages", "rule", "document"])),
        }
    }

    /// Reads the YAML behind the `#`s, which stands in the file where the block does.
    fn yaml(&self, yaml: &str) -> Result<Value, Refusal> {
        if yaml.trim().is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        let inner = Source::new(self.source.name.clone(), yaml);
        let moved = |mut problem: Diagnostic| {
            if let Some(label) = &mut problem.label {
                let start = self.span.end.saturating_sub(yaml.len());
                label.span = label.span.start.saturating_add(start)..label.span.end.saturating_add(start);
                label.source = Arc::clone(self.source);
            }
            Box::new(Diagnostic { code: codes::POLICY_METADATA, ..problem })
        };
        let documents = tree::parse(&inner).map_err(moved)?;
        match documents.first() {
            Some(node) => document::read_node::<Json>(&inner, node).map(|json| json.0).map_err(moved),
            None => Ok(Value::Object(Map::new())),
        }
    }

    fn text(&self, key: &str, value: &Value) -> Result<String, Refusal> {
        value
            .as_str()
            .map(|text| text.trim_end().to_owned())
            .ok_or_else(|| self.refuse(key, format!("`{key}` is not text"), "put it in quotes"))
    }

    fn related(&self, value: &Value) -> Result<Vec<String>, Refusal> {
        let one = |item: &Value| match item {
            Value::String(text) => Some(text.clone()),
            Value::Object(members) => members.get("ref").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        value.as_array().and_then(|items| items.iter().map(one).collect()).ok_or_else(|| {
            self.refuse(
                "related_resources",
                "`related_resources` is not a list of addresses".to_owned(),
                "write `- ref: https://…`",
            )
        })
    }

    fn custom(&self, value: Value, said: &mut Said, problems: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
        let Value::Object(members) = value else {
            return Err(self.refuse(
                "custom",
                "`custom` is not a mapping".to_owned(),
                "write `custom: {severity: high}`",
            ));
        };
        for (key, value) in members {
            let problem = self.member(key, value, said, problems).err();
            problems.extend(problem.map(|problem| *problem));
        }
        Ok(())
    }

    fn member(
        &self,
        key: String,
        value: Value,
        said: &mut Said,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<(), Refusal> {
        match key.as_str() {
            "severity" => {
                let words = ["info", "low", "medium", "high", "critical"];
                said.severity = Some(self.word(&value, "severity", &words)?);
            }
            "view" => said.view = Some(self.word(&value, "view", &["document", "review"])?),
            "applies" => said.applies = Some(self.applies(value, problems)?),
            "requires" => said.requires = Some(self.requires(value, problems)?),
            "incidental" => said.incidental = Some(self.flag(&key, &value)?),
            "waivable" => said.waivable = Some(self.flag(&key, &value)?),
            "remediation" => said.remediation = Some(self.text(&key, &value)?),
            other => match nearest(other, CUSTOM.iter().copied()) {
                // Kept as it is, unless it can only be a slip of the pen.
                Some(_) => return Err(self.unknown(other, "metadata", CUSTOM)),
                None => {
                    said.custom.insert(key, Json(value));
                }
            },
        }
        Ok(())
    }

    fn flag(&self, key: &str, value: &Value) -> Result<bool, Refusal> {
        let message = || format!("`{key}` is neither `true` nor `false`");
        value.as_bool().ok_or_else(|| self.refuse(key, message(), format!("write `{key}: true`")))
    }

    /// A word of a fixed set.
    fn word<T: DeserializeOwned>(&self, value: &Value, what: &str, known: &[&str]) -> Result<T, Refusal> {
        let word = value.as_str().unwrap_or_default();
        if word.is_empty() {
            return Err(self.refuse(
                what,
                format!("`{what}` is not a word"),
                format!("known are {}", known.join(", ")),
            ));
        }
        serde_json::from_value(value.clone()).map_err(|_| self.unknown(word, what, known))
    }

    fn applies(&self, value: Value, problems: &mut Vec<Diagnostic>) -> Result<Applies, Refusal> {
        let Value::Object(members) = value else {
            return Err(self.refuse(
                "applies",
                "`applies` is not a mapping".to_owned(),
                "write `applies: {kinds: [promotion]}`",
            ));
        };
        let mut applies = Applies::default();
        for (key, value) in members {
            problems.extend(self.applies_to(&key, &value, &mut applies).err().map(|problem| *problem));
        }
        Ok(applies)
    }

    fn applies_to(&self, key: &str, value: &Value, applies: &mut Applies) -> Result<(), Refusal> {
        if key == "configured" {
            applies.configured = Some(self.text(key, value)?);
            return Ok(());
        }
        let list = value.as_array().filter(|list| !list.is_empty()).ok_or_else(|| {
            self.refuse(
                key,
                format!("`{key}` is not a list with something in it"),
                format!("write `{key}: […]`, or leave it out to match all"),
            )
        })?;
        match key {
            "kinds" => {
                let known = ChangeKind::ALL.map(ChangeKind::as_str);
                applies.kinds =
                    Some(list.iter().map(|v| self.word(v, "kinds", &known)).collect::<Result<_, _>>()?);
            }
            "assets" => {
                let known = AssetKind::ALL.map(AssetKind::as_str);
                applies.assets =
                    Some(list.iter().map(|v| self.word(v, "assets", &known)).collect::<Result<_, _>>()?);
            }
            "objects" => {
                applies.objects = Some(list.iter().map(|v| self.text(key, v)).collect::<Result<_, _>>()?);
            }
            "environments" => {
                applies.environments =
                    Some(list.iter().map(|v| self.text(key, v)).collect::<Result<_, _>>()?);
            }
            other => {
                let known = ["kinds", "assets", "objects", "environments", "configured"];
                return Err(self.unknown(other, "`applies` member", &known));
            }
        }
        Ok(())
    }

    /// A list of names, a mapping with `fact`, or a list of either.
    fn requires(
        &self,
        value: Value,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<BTreeMap<String, Threshold>, Refusal> {
        let list = match value {
            Value::Array(list) => list,
            other => vec![other],
        };
        let mut facts = BTreeMap::new();
        for item in list {
            let (fact, threshold) = match item {
                Value::String(fact) => (fact, Threshold::default()),
                Value::Object(members) => match self.threshold(members) {
                    Ok(found) => found,
                    Err(problem) => {
                        problems.push(*problem);
                        continue;
                    }
                },
                _ => {
                    return Err(self.refuse(
                        "requires",
                        "`requires` is not a list of facts".to_owned(),
                        "write `requires: [evidence.scans]` or `requires: [{fact: evidence.scans, maxAge: 24h}]`",
                    ));
                }
            };
            if facts.insert(fact.clone(), threshold).is_some() {
                return Err(self.refuse(&fact, format!("`{fact}` is required twice"), "keep one of them"));
            }
        }
        Ok(facts)
    }

    fn threshold(&self, members: Map<String, Value>) -> Result<(String, Threshold), Refusal> {
        let mut fact = None;
        let mut threshold = Threshold::default();
        for (key, value) in members {
            match key.as_str() {
                "fact" => fact = Some(self.text(&key, &value)?),
                "trust" => {
                    let known = [Trust::Claimed, Trust::Operator, Trust::Verified].map(Trust::as_str);
                    threshold.trust = Some(self.word(&value, "trust", &known)?);
                }
                "maxAge" => {
                    let age = value.as_str().and_then(Age::parse).ok_or_else(|| {
                        self.refuse(
                            "maxAge",
                            "`maxAge` is not a duration".to_owned(),
                            "write a whole number and s, m, h, d or w, as in `24h`",
                        )
                    })?;
                    threshold.max_age = Some(age);
                }
                other => return Err(self.unknown(other, "`requires` member", &["fact", "trust", "maxAge"])),
            }
        }
        let fact = fact.ok_or_else(|| {
            self.refuse(
                "requires",
                "a required fact has no name".to_owned(),
                "write `{fact: evidence.scans, maxAge: 24h}`",
            )
        })?;
        Ok((fact, threshold))
    }
}
