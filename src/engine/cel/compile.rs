//! Compiles the policies of a bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::Env;

use super::check::{self, Program, Scope};
use crate::diag::{Diagnostic, Source, codes};
use crate::model::finding::{Effect, Location};
use crate::model::time::Time;
use crate::policy::cel as document;
use crate::policy::{Bundle, Language};

/// Stack of the thread that compiles. The parser calls itself as deep as an expression nests, and
/// frees what it has built in the same way.
const STACK: usize = 256 << 20;

/// The rules of a bundle, compiled.
#[derive(Debug)]
pub(super) struct Compilation {
    pub(super) policies: Vec<Arc<Policy>>,
    /// Policy and rule within it, by the index in `Bundle::rules`.
    pub(super) rules: BTreeMap<usize, (usize, usize)>,
}

/// A policy, compiled.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) matches: Option<Program>,
    pub(super) variables: Vec<(String, Program)>,
    pub(super) rules: Vec<Rule>,
    pub(super) reads_settings: bool,
}

/// A rule, compiled.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) effect: Effect,
    pub(super) location: Location,
    pub(super) condition: Program,
    pub(super) for_each: Option<(Program, String)>,
    pub(super) message_expression: Option<Program>,
    /// The message, or what is said where none can be worked out.
    pub(super) message: String,
    pub(super) path: Option<Given<String>>,
    pub(super) value: Option<Given<serde_json::Value>>,
    pub(super) until: Option<Given<Time>>,
    pub(super) needs: Option<Given<serde_json::Value>>,
    /// How deep its expressions are, that of `match` included.
    pub(super) depth: usize,
}

/// A value as it stands, or an expression that gives it.
#[derive(Debug)]
pub(super) enum Given<T> {
    Plain(T),
    Worked(Program),
}

/// Compiles, on a stack that is large enough for the parser.
pub(super) fn compile(env: &Env, bundle: &Bundle) -> Result<Compilation, Vec<Diagnostic>> {
    let failed = |what: &str| vec![Diagnostic::error(codes::POLICY_INVALID, what)];
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("cel".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || bundle_rules(env, bundle))
            .map_err(|_| failed("there is no memory to compile policies in CEL"))?
            .join()
            .unwrap_or_else(|_| Err(failed("a policy in CEL cannot be compiled")))
    })
}

fn bundle_rules(env: &Env, bundle: &Bundle) -> Result<Compilation, Vec<Diagnostic>> {
    let mut compilation = Compilation { policies: Vec::new(), rules: BTreeMap::new() };
    let mut errors = Vec::new();
    for policy in &bundle.cel {
        let Some(file) = bundle.files.get(policy.file) else {
            errors.push(Diagnostic::error(codes::POLICY_UNREADABLE, format!("`{}` has no file", policy.id)));
            continue;
        };
        let compiler =
            Compiler { env, source: &file.source, deepest: 0, reads_settings: false, errors: Vec::new() };
        match compiler.policy(policy) {
            Ok(compiled) => compilation.policies.push(Arc::new(compiled)),
            Err(found) => errors.extend(found),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (index, rule) in bundle.rules.iter().enumerate() {
        if rule.language != Language::Cel {
            continue;
        }
        let place = bundle.cel.iter().enumerate().find_map(|(at, policy)| {
            let id = rule.id.strip_prefix(policy.id.as_str())?.strip_prefix('.')?;
            if policy.file != rule.file {
                return None;
            }
            Some((at, policy.rules.iter().position(|rule| rule.id == id)?))
        });
        match place {
            Some(place) => drop(compilation.rules.insert(index, place)),
            None => errors
                .push(Diagnostic::error(codes::POLICY_UNREADABLE, format!("`{}` has no policy", rule.id))),
        }
    }
    if errors.is_empty() { Ok(compilation) } else { Err(errors) }
}

struct Compiler<'a> {
    env: &'a Env,
    source: &'a Arc<Source>,
    /// The deepest expression of the present rule.
    deepest: usize,
    reads_settings: bool,
    errors: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn expression(&mut self, expression: &document::Expression, scope: &Scope<'_>) -> Option<Program> {
        match check::compile(self.env, self.source, expression, scope) {
            Ok(program) => {
                self.deepest = self.deepest.max(program.depth);
                self.reads_settings |= program.reads_settings;
                Some(program)
            }
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    fn policy(mut self, policy: &document::Policy) -> Result<Policy, Vec<Diagnostic>> {
        let names: Vec<&str> = policy.variables.iter().map(|variable| variable.name.as_str()).collect();
        let mut depths = Vec::new();
        let mut variables = Vec::new();
        let mut optionals = false;
        for variable in &policy.variables {
            let scope = Scope { variables: &names, depths: &depths, elements: &[], optionals };
            let program = self.expression(&variable.expression, &scope);
            optionals |= program.as_ref().is_some_and(|program| program.optionals);
            depths.push(program.as_ref().map_or(0, |program| program.depth));
            variables.extend(program.map(|program| (variable.name.clone(), program)));
        }
        let scope = Scope { variables: &names, depths: &depths, elements: &[], optionals };
        self.deepest = 0;
        let matches = policy.matches.as_ref().and_then(|matches| self.expression(matches, &scope));
        let depth = self.deepest;
        let rules = policy.rules.iter().filter_map(|rule| self.rule(policy, rule, &scope, depth)).collect();
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        Ok(Policy { matches, variables, rules, reads_settings: self.reads_settings })
    }

    fn rule(
        &mut self,
        policy: &document::Policy,
        rule: &document::Rule,
        scope: &Scope<'_>,
        depth_of_match: usize,
    ) -> Option<Rule> {
        self.deepest = depth_of_match;
        let for_each = rule.for_each.as_ref().map(|each| (self.expression(&each.list, scope), &each.name));
        let optionals = matches!(&for_each, Some((Some(list), _)) if list.optionals);
        let elements: Vec<&str> = rule.for_each.iter().map(|each| each.name.as_str()).collect();
        let scope = &Scope { elements: &elements, optionals: scope.optionals || optionals, ..*scope };
        let condition = self.expression(&rule.condition, scope);
        let message_expression =
            rule.message_expression.as_ref().and_then(|expression| self.expression(expression, scope));
        let message = rule
            .message
            .clone()
            .or_else(|| rule.metadata.title.clone())
            .unwrap_or_else(|| format!("`{}.{}` does not hold", policy.id, rule.id));
        Some(Rule {
            effect: rule.effect,
            location: Location { file: self.source.name.clone(), line: rule.line, column: None },
            path: self.given(rule.path.as_ref(), scope),
            value: self.given(rule.value.as_ref(), scope),
            until: self.given(rule.until.as_ref(), scope),
            needs: self.given(rule.needs.as_ref(), scope),
            for_each: match for_each {
                Some((program, name)) => Some((program?, name.clone())),
                None => None,
            },
            condition: condition?,
            message_expression,
            message,
            depth: self.deepest,
        })
    }

    fn given<T: Clone>(&mut self, given: Option<&document::Given<T>>, scope: &Scope<'_>) -> Option<Given<T>> {
        match given? {
            document::Given::Plain(value) => Some(Given::Plain(value.clone())),
            document::Given::Expression(expression) => self.expression(expression, scope).map(Given::Worked),
        }
    }
}
