//! CEL policies: a `kind: Policy` document, read into what the engine compiles.
//!
//! A source in, a [`Policy`] out, in which every expression knows where it stands. The shape is
//! checked here; the expressions themselves are compiled by the engine. For `deny`, `hold` and
//! `warn` the `expression` must be true to pass, as in a Kubernetes ValidatingAdmissionPolicy; for
//! `oblige` and `action`, `when` true yields `value`. A field that a rule leaves out is taken from
//! the policy.

#[cfg(test)]
mod tests;
mod wire;

use std::ops::Range;
use std::sync::Arc;

pub(crate) use wire::Document;

use crate::diag::{Diagnostic, Source, codes, document, nearest, tree};
use crate::model::finding::Effect;
use crate::model::id::API_VERSION;
use crate::model::rule::Metadata;
use crate::model::time::Time;

/// The largest document: what can be written into one also bounds how long it takes to compile.
const MAX_BYTES: usize = 256 << 10;
/// How many variables a policy may have.
const MAX_VARIABLES: usize = 64;

/// The names that expressions can use; no variable of a macro or `forEach` may hide them.
pub const ROOTS: &[&str] = &["input", "data", "variables", "now"];

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Index into `Bundle::files`; set by the loader.
    pub file: usize,
    /// Id, the first part of the ids of its rules.
    pub id: String,
    /// What it says of itself; its rules start from here.
    pub metadata: Metadata,
    /// False: the policy has nothing to say about a review.
    pub matches: Option<Expression>,
    /// Named expressions, each of which may use those before it.
    pub variables: Vec<Variable>,
    /// Rules.
    pub rules: Vec<Rule>,
}

/// A named expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name, used as `variables.<name>`.
    pub name: String,
    /// The expression.
    pub expression: Expression,
}

/// A rule of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Id within the policy.
    pub id: String,
    /// Line of its head, from 1.
    pub line: u32,
    /// What it says of itself, completed from the policy.
    pub metadata: Metadata,
    /// What a finding means.
    pub effect: Effect,
    /// `expression`, or `when` for `oblige` and `action`.
    pub condition: Expression,
    /// Judges each element of a list by itself.
    pub for_each: Option<ForEach>,
    /// Message, where it is the same every time.
    pub message: Option<String>,
    /// Message, where it is worked out.
    pub message_expression: Option<Expression>,
    /// Path into the review.
    pub path: Option<Given<String>>,
    /// What an obligation or action is.
    pub value: Option<Given<serde_json::Value>>,
    /// For a hold: until when.
    pub until: Option<Given<Time>>,
    /// For a hold: what ends it.
    pub needs: Option<Given<serde_json::Value>>,
    /// What neither it nor its policy says, of what people look for; in order.
    pub unsaid: Vec<&'static str>,
}

/// `forEach`: the list, and the name of an element.
#[derive(Clone, Debug, PartialEq)]
pub struct ForEach {
    /// The list.
    pub list: Expression,
    /// The name under which the other expressions of the rule see an element.
    pub name: String,
}

/// A value as it stands, or an expression that gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<T> {
    /// As it stands.
    Plain(T),
    /// Worked out for each review.
    Expression(Expression),
}

/// CEL, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The text.
    pub text: String,
    /// The bytes of the scalar that holds it.
    pub span: Range<usize>,
}

impl Expression {
    /// The bytes of the source at which a part of the text stands; the first line of the scalar
    /// where escapes hide it.
    pub fn locate(&self, source: &Source, part: Range<usize>) -> Range<usize> {
        let scalar = source.text.get(self.span.clone()).unwrap_or_default();
        let Some(at) = align(&self.text, scalar, part.start) else {
            return document::first_line(source, &self.span);
        };
        let rest = scalar.get(at..).unwrap_or_default();
        let line = rest.find('\n').unwrap_or(rest.len());
        let start = self.span.start.saturating_add(at);
        start..start.saturating_add(part.len().min(line).max(1))
    }
}

/// The byte of a scalar at which a byte of its text stands. Indentation and folding change white
/// space alone, so only what is not white space is compared.
fn align(text: &str, scalar: &str, target: usize) -> Option<usize> {
    let quote =
        scalar.chars().next().filter(|c| matches!(c, '"' | '\'') && scalar.len() > 1 && scalar.ends_with(*c));
    let mut at = usize::from(quote.is_some());
    for (offset, wanted) in text.char_indices() {
        if wanted.is_whitespace() {
            continue;
        }
        let rest = scalar.get(at..)?;
        at = at.saturating_add(rest.len().saturating_sub(rest.trim_start().len()));
        let begin = at;
        let mut found = scalar.get(at..)?.chars();
        let mut next = found.next()?;
        match quote {
            Some('"') if next == '\\' => {
                at = at.saturating_add(1);
                next = found.next()?;
            }
            Some('\'') if next == '\'' => at = at.saturating_add(1),
            _ => {}
        }
        if next != wanted {
            return None;
        }
        if offset >= target {
            return Some(begin);
        }
        at = at.saturating_add(next.len_utf8());
    }
    Some(at)
}

/// Reads a policy from its one document.
///
/// # Errors
/// Everything that is wrong with its shape, each with its place.
pub fn read(source: &Arc<Source>, node: &tree::Node) -> Result<Policy, Vec<Diagnostic>> {
    if source.text.len() > MAX_BYTES {
        let message = format!("the policy is larger than {} KiB", MAX_BYTES >> 10);
        return Err(vec![
            Diagnostic::error(codes::POLICY_INVALID, message)
                .at(source, document::first_line(source, &(0..source.text.len())), "begins here")
                .hint("split it; data belongs in the settings"),
        ]);
    }
    let document: wire::Document =
        document::read_node(source, node).map_err(|error| vec![as_policy(error)])?;
    let mut reader = Reader { source, errors: Vec::new() };
    let policy = reader.policy(document, node);
    if reader.errors.is_empty() { Ok(policy) } else { Err(reader.errors) }
}

#[cfg(test)]
pub(crate) fn read_text(source: &Arc<Source>) -> Result<Policy, Vec<Diagnostic>> {
    let nodes = tree::parse(source).map_err(|error| vec![as_policy(error)])?;
    read(source, &nodes[0])
}

/// What stands under `spec`, and is looked for elsewhere.
const OF_SPEC: [&str; 11] = [
    "applies",
    "incidental",
    "match",
    "related",
    "remediation",
    "requires",
    "rules",
    "severity",
    "variables",
    "view",
    "waivable",
];

fn as_policy(mut error: Diagnostic) -> Diagnostic {
    error.code = codes::POLICY_INVALID;
    let field = error.message.strip_prefix("unknown field `").and_then(|rest| rest.strip_suffix('`'));
    if let Some(field) = field.filter(|field| OF_SPEC.contains(field)) {
        error.hint = Some(format!("`{field}` stands under `spec`"));
    }
    error
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, node: &tree::Node, message: impl Into<String>, hint: impl Into<String>) {
        let span = document::first_line(self.source, &node.span);
        self.errors
            .push(Diagnostic::error(codes::POLICY_INVALID, message).at(self.source, span, "here").hint(hint));
    }

    fn policy(&mut self, document: wire::Document, node: &tree::Node) -> Policy {
        if document.api_version != API_VERSION {
            let message = format!("the version `{}` is not known", document.api_version);
            self.error(node.get("apiVersion").unwrap_or(node), message, format!("write `{API_VERSION}`"));
        }
        if document.kind != "Policy" {
            let message = format!("the kind `{}` is not a policy", document.kind);
            self.error(node.get("kind").unwrap_or(node), message, "write `kind: Policy`");
        }
        self.id(node.locate("/metadata/id"), &document.metadata.id);
        for name in OF_SPEC.iter().filter(|name| document.metadata.custom.contains_key(**name)) {
            let message = format!("`{name}` under `custom` says nothing");
            self.error(
                node.locate(&format!("/metadata/custom/{name}")),
                message,
                format!("`{name}` stands under `spec`"),
            );
        }
        let spec = document.spec;
        let spec_node = node.get("spec").unwrap_or(node);
        let metadata = Metadata {
            title: document.metadata.title,
            description: document.metadata.description,
            severity: spec.severity.unwrap_or_default(),
            applies: spec.applies.unwrap_or_default(),
            requires: spec.requires.map(wire::Requires::into_map).unwrap_or_default(),
            waivable: spec.waivable.unwrap_or_default(),
            incidental: spec.incidental,
            view: spec.view.unwrap_or_default(),
            remediation: spec.remediation,
            related: spec.related.unwrap_or_default(),
            custom: document.metadata.custom,
        };
        let said = [spec.severity.is_some(), spec_node.get("applies").is_some()];
        let matches = spec.matches.map(|text| expression(spec_node, "match", text));
        let variables = self.variables(spec.variables, spec_node);
        if spec.rules.is_empty() {
            self.error(spec_node, "the policy has no rules", "give it at least one under `rules`");
        }
        let rules_node = spec_node.get("rules").unwrap_or(spec_node);
        let mut rules: Vec<Rule> = Vec::with_capacity(spec.rules.len());
        for (index, rule) in spec.rules.into_iter().enumerate() {
            let at = element(rules_node, index);
            if rules.iter().any(|other| other.id == rule.id) {
                let message = format!("the rule `{}` stands twice", rule.id);
                self.error(at.get("id").unwrap_or(at), message, "give each rule of a policy its own id");
            }
            if let Some(rule) = self.rule(rule, at, &metadata, said) {
                rules.push(rule);
            }
        }
        Policy { file: 0, id: document.metadata.id, metadata, matches, variables, rules }
    }

    fn variables(&mut self, wires: Vec<wire::Variable>, spec: &tree::Node) -> Vec<Variable> {
        let node = spec.get("variables").unwrap_or(spec);
        if wires.len() > MAX_VARIABLES {
            let message = format!("{} variables are more than the {MAX_VARIABLES} allowed", wires.len());
            self.error(node, message, "split the policy");
        }
        let mut variables: Vec<Variable> = Vec::with_capacity(wires.len());
        for (index, variable) in wires.into_iter().enumerate() {
            let at = element(node, index);
            let name = at.get("name").unwrap_or(at);
            if !is_name(&variable.name) {
                let message = format!("`{}` is not a name", variable.name);
                self.error(name, message, "use letters, digits and `_`, and begin with a letter");
            }
            if variables.iter().any(|other| other.name == variable.name) {
                let message = format!("the variable `{}` stands twice", variable.name);
                self.error(name, message, "give each variable its own name");
            }
            let expression = expression(at, "expression", variable.expression);
            variables.push(Variable { name: variable.name, expression });
        }
        variables
    }

    fn rule(
        &mut self,
        rule: wire::Rule,
        at: &tree::Node,
        policy: &Metadata,
        [severity, applies]: [bool; 2],
    ) -> Option<Rule> {
        self.id(at.get("id").unwrap_or(at), &rule.id);
        let Some(effect) = effect(&rule.effect) else {
            let message = format!("the effect `{}` is not known", rule.effect);
            let known = ["deny", "hold", "warn", "oblige", "action"];
            let hint = match nearest(&rule.effect, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", known.map(|word| format!("`{word}`")).join(", ")),
            };
            self.error(at.get("effect").unwrap_or(at), message, hint);
            return None;
        };
        let yields = matches!(effect, Effect::Oblige | Effect::Action);
        let word = effect.as_str();
        let condition = match (yields, rule.expression, rule.when) {
            (false, Some(text), None) => expression(at, "expression", text),
            (true, None, Some(text)) => expression(at, "when", text),
            (false, _, _) => {
                let message = format!("a `{word}` rule has `expression`, which must be true to pass");
                self.error(at, message, "write `expression`, and no `when`");
                return None;
            }
            (true, _, _) => {
                let message = format!("an `{word}` rule has `when`, which yields its `value` when true");
                self.error(at, message, "write `when`, and no `expression`");
                return None;
            }
        };
        let value =
            self.given(at, "value", "valueExpression", rule.value.map(|v| v.0), rule.value_expression);
        let needs =
            self.given(at, "needs", "needsExpression", rule.needs.map(|v| v.0), rule.needs_expression);
        let until = self.given(at, "until", "untilExpression", rule.until, rule.until_expression);
        let path = self.given(at, "path", "pathExpression", rule.path, rule.path_expression);
        if yields {
            if value.is_none() {
                let message = format!("an `{word}` rule needs `value` or `valueExpression`");
                self.error(at, message, "say what is to be done");
            }
        } else {
            if value.is_some() {
                let message = format!("a `{word}` rule has no `value`");
                self.error(at, message, "only `oblige` and `action` have one");
            }
            if rule.message.is_none() && rule.message_expression.is_none() {
                self.error(at, "the rule says nothing to people", "add `message` or `messageExpression`");
            }
        }
        if effect != Effect::Hold && (until.is_some() || needs.is_some()) {
            let message = format!("`until` and `needs` mean nothing in `{word}`");
            self.error(at, message, "only `hold` has them");
        }
        if let Some(Given::Plain(needs)) = &needs
            && let Some(node) = at.get("needs")
            && serde_json::from_value::<crate::model::finding::Need>(needs.clone()).is_err()
        {
            let error = document::read_node::<crate::model::finding::Need>(self.source, node).err();
            self.errors.extend(error.map(as_policy));
        }
        let for_each = rule.for_each.and_then(|wire| {
            let node = at.get("forEach").unwrap_or(at);
            if !is_name(&wire.name) || ROOTS.contains(&wire.name.as_str()) {
                let message = format!("`{}` cannot name an element", wire.name);
                self.error(node.get("as").unwrap_or(node), message, "choose a name that is not taken");
                return None;
            }
            Some(ForEach { list: expression(node, "in", wire.list), name: wire.name })
        });
        let said = [
            ("title", rule.title.is_some() || policy.title.is_some()),
            ("description", rule.description.is_some() || policy.description.is_some()),
            ("severity", yields || severity || rule.severity.is_some()),
            ("applies", applies || rule.applies.is_some()),
            ("remediation", yields || rule.remediation.is_some() || policy.remediation.is_some()),
        ];
        Some(Rule {
            unsaid: said.into_iter().filter(|(_, said)| !said).map(|(name, _)| name).collect(),
            line: self.source.line_column(at.span.start).0,
            metadata: Metadata {
                title: rule.title.or_else(|| policy.title.clone()),
                description: rule.description.or_else(|| policy.description.clone()),
                severity: rule.severity.unwrap_or(policy.severity),
                applies: rule.applies.unwrap_or_else(|| policy.applies.clone()),
                requires: match rule.requires {
                    Some(requires) => requires.into_map(),
                    None => policy.requires.clone(),
                },
                waivable: rule.waivable.unwrap_or(policy.waivable),
                incidental: policy.incidental,
                view: policy.view,
                remediation: rule.remediation.or_else(|| policy.remediation.clone()),
                related: rule.related.unwrap_or_else(|| policy.related.clone()),
                custom: policy.custom.clone(),
            },
            message: rule.message,
            message_expression: rule.message_expression.map(|t| expression(at, "messageExpression", t)),
            id: rule.id,
            effect,
            condition,
            for_each,
            path,
            value,
            until,
            needs,
        })
    }

    fn given<T>(
        &mut self,
        at: &tree::Node,
        plain: &str,
        worked_out: &str,
        value: Option<T>,
        text: Option<String>,
    ) -> Option<Given<T>> {
        match (value, text) {
            (Some(_), Some(_)) => {
                let message = format!("`{plain}` and `{worked_out}` say the same thing twice");
                self.error(at, message, "keep one of them");
                None
            }
            (Some(value), None) => Some(Given::Plain(value)),
            (None, Some(text)) => Some(Given::Expression(expression(at, worked_out, text))),
            (None, None) => None,
        }
    }

    fn id(&mut self, node: &tree::Node, id: &str) {
        let valid = id.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        });
        if !valid {
            let message = format!("`{id}` is not an id");
            self.error(node, message, "use letters, digits, `_` and `-`, with `.` between words");
        }
    }
}

fn effect(word: &str) -> Option<Effect> {
    [Effect::Deny, Effect::Hold, Effect::Warn, Effect::Oblige, Effect::Action]
        .into_iter()
        .find(|effect| effect.as_str() == word)
}

fn expression(node: &tree::Node, key: &str, text: String) -> Expression {
    Expression { text, span: node.get(key).unwrap_or(node).span.clone() }
}

fn element(node: &tree::Node, index: usize) -> &tree::Node {
    match &node.value {
        tree::Value::List(items) => items.get(index).unwrap_or(node),
        _ => node,
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
