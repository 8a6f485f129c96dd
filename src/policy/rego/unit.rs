//! A Rego file, parsed: its package, imports and rules, and the effects among them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Range;
use std::sync::Arc;

use regorus::PolicyLengthConfig;
use regorus::unstable::{Expr, Module, Ref, Rule, RuleHead};

use super::uses::{Uses, bytes, path};
use super::{errors, text, v0};
use crate::diag::{Diagnostic, Source};
use crate::model::finding::Effect;

/// A file, parsed.
pub(crate) struct Unit {
    /// The file.
    pub(crate) source: Arc<Source>,
    /// Its package, as in `["promotion", "path"]`.
    pub(crate) package: Vec<String>,
    /// Line of the package, from 1.
    pub(crate) package_line: u32,
    /// What it imports.
    pub(crate) imports: Vec<Import>,
    /// Its rules, in order.
    pub(crate) rules: Vec<Definition>,
}

/// An import.
pub(crate) struct Import {
    /// As in `["data", "lib", "u"]`.
    pub(crate) path: Vec<String>,
    /// The name that it has in the file.
    pub(crate) alias: String,
    /// Bytes.
    pub(crate) span: Range<usize>,
}

impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unit").field("package", &self.package).finish_non_exhaustive()
    }
}

/// The form of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `x := 1 if …`, `x[k] := v if …`, `x if …`.
    Value,
    /// `x contains v if …`.
    Set,
    /// `f(x) := y if …`.
    Function,
    /// `default x := …`.
    Default,
}

/// One definition of a rule.
pub(crate) struct Definition {
    /// The path of its head, as far as it is written out: `["deny"]`, `["a", "b"]`.
    pub(crate) path: Vec<String>,
    /// Whether the head is that path and no more.
    pub(crate) plain: bool,
    /// Its form.
    pub(crate) form: Form,
    /// Line of its head, from 1.
    pub(crate) line: u32,
    /// Column of its head, from 1.
    pub(crate) column: u32,
    /// Bytes of the head's reference; its name comes first.
    pub(crate) head: Range<usize>,
    /// What it uses.
    pub(crate) uses: Uses,
    /// Its syntax tree.
    pub(crate) rule: Ref<Rule>,
}

impl Definition {
    /// The effect that its name stands for.
    pub(crate) fn effect(&self) -> Option<Effect> {
        effect(self.path.first()?)
    }

    /// Whether it is a test, as other tools run or skip them too.
    pub(crate) fn is_test(&self) -> bool {
        self.path.iter().any(|name| is_test(name))
    }

    /// Whether its value is of the kind that other tools ask policies for: a set, or true or false.
    pub(crate) fn looks_like_a_verdict(&self) -> bool {
        let truth = |value: &Expr| matches!(value, Expr::Bool { .. });
        let kind = match self.rule.as_ref() {
            Rule::Default { value, .. } => self.form == Form::Default && truth(value),
            Rule::Spec { head: RuleHead::Compr { assign, .. }, .. } => {
                self.plain && assign.as_ref().is_none_or(|assign| truth(&assign.value))
            }
            Rule::Spec { head: RuleHead::Set { .. }, .. } => true,
            Rule::Spec { head: RuleHead::Func { .. }, .. } => self.path == ["allow"],
        };
        kind && self.path.len() == 1
    }

    /// How many arguments it takes, if it is a function.
    pub(crate) fn arity(&self) -> Option<usize> {
        match self.rule.as_ref() {
            Rule::Spec { head: RuleHead::Func { args, .. }, .. } => Some(args.len()),
            Rule::Default { args, .. } if !args.is_empty() => Some(args.len()),
            _ => None,
        }
    }
}

/// Whether a name is that of a test.
pub(crate) fn is_test(name: &str) -> bool {
    name.starts_with("test_") || name.starts_with("todo_test_")
}

/// The effect that a rule's name stands for; `deny_x`, `violation_x` and `warn_x` as in conftest.
pub(crate) fn effect(name: &str) -> Option<Effect> {
    let suffixed = |word: &str| {
        name.strip_prefix(word).is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('_').is_some_and(|rest| {
                    !rest.is_empty()
                        && rest
                            .split('_')
                            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
                })
        })
    };
    match name {
        "hold" => Some(Effect::Hold),
        "oblige" => Some(Effect::Oblige),
        "action" => Some(Effect::Action),
        _ if suffixed("deny") || suffixed("violation") => Some(Effect::Deny),
        _ if suffixed("warn") => Some(Effect::Warn),
        _ => None,
    }
}

/// How long a line of policy may be; the file's size is bounded before.
pub(crate) fn lengths() -> PolicyLengthConfig {
    PolicyLengthConfig {
        max_col: NonZeroU32::new(65_536).unwrap_or(NonZeroU32::MIN),
        max_file_bytes: NonZeroUsize::new(text::MAX_BYTES.saturating_mul(2)).unwrap_or(NonZeroUsize::MIN),
        max_lines: NonZeroUsize::new(40_000).unwrap_or(NonZeroUsize::MIN),
    }
}

/// Parses a file; in the old syntax, v0, if that is asked for.
pub(crate) fn parse(source: &Arc<Source>, old: bool) -> Result<Unit, Diagnostic> {
    text::check(source)?;
    if old {
        v0::keywords(source)?;
    }
    let mut engine = regorus::Engine::new();
    engine.set_rego_v0(old);
    engine.set_policy_length_config(lengths());
    engine
        .add_policy(source.name.clone(), source.text.clone())
        .map_err(|error| errors::syntax(source, &error.to_string(), old))?;
    let module = engine.get_modules().first().cloned();
    let unit = module
        .and_then(|module| unit(source, &module))
        .ok_or_else(|| errors::syntax(source, "the package is not a plain name", old))?;
    if old {
        v0::rules(&unit)?;
    }
    Ok(unit)
}

fn unit(source: &Arc<Source>, module: &Module) -> Option<Unit> {
    let (package, whole) = path(&module.package.refr)?;
    // The parser may keep the `data` that every package lies under.
    let package: Vec<String> = match package.split_first() {
        Some((root, rest)) if root == "data" && !rest.is_empty() => rest.to_vec(),
        _ => package,
    };
    if !whole {
        return None;
    }
    let imports = module
        .imports
        .iter()
        .filter_map(|import| {
            let (path, _) = path(&import.refr)?;
            let alias = match &import.r#as {
                Some(alias) => alias.text().to_owned(),
                None => path.last()?.clone(),
            };
            Some(Import { path, alias, span: bytes(&import.span) })
        })
        .collect();
    let rules = module.policy.iter().filter_map(definition).collect();
    Some(Unit { source: Arc::clone(source), package, package_line: module.package.span.line, imports, rules })
}

fn definition(rule: &Ref<Rule>) -> Option<Definition> {
    let (refr, form) = match rule.as_ref() {
        Rule::Default { refr, .. } => (refr, Form::Default),
        Rule::Spec { head: RuleHead::Compr { refr, .. }, .. } => (refr, Form::Value),
        Rule::Spec { head: RuleHead::Set { refr, .. }, .. } => (refr, Form::Set),
        Rule::Spec { head: RuleHead::Func { refr, .. }, .. } => (refr, Form::Function),
    };
    let (path, plain) = path(refr)?;
    let span = refr.span();
    Some(Definition {
        path,
        plain,
        form,
        line: rule.span().line,
        column: rule.span().col,
        head: bytes(span),
        uses: Uses::of(rule),
        rule: rule.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_effects() {
        assert_eq!(effect("deny"), Some(Effect::Deny));
        assert_eq!(effect("violation_no_root"), Some(Effect::Deny));
        assert_eq!(effect("warn_2"), Some(Effect::Warn));
        assert_eq!(effect("action"), Some(Effect::Action));
        for name in ["denys", "deny_", "deny__x", "hold_x", "allow", "warning"] {
            assert_eq!(effect(name), None, "{name}");
        }
    }

    #[test]
    fn a_file_is_taken_apart() {
        let source = Source::new(
            "a.rego",
            "package a.b\n\nimport data.lib.u as v\n\ndeny contains x if {\n\tx := v.f(input.y)\n\ty := data.z[x].w with input as 1\n}\n\nf(q) := q.r\n",
        );
        let unit = parse(&source, false).unwrap();
        assert_eq!(unit.package, ["a", "b"]);
        assert_eq!(unit.package_line, 1);
        assert_eq!(
            (unit.imports[0].path.join("."), unit.imports[0].alias.as_str()),
            ("data.lib.u".to_owned(), "v")
        );
        let deny = &unit.rules[0];
        assert_eq!(
            (deny.path.as_slice(), deny.form, deny.line, deny.column),
            (["deny".to_owned()].as_slice(), Form::Set, 5, 1)
        );
        assert_eq!(&source.text[deny.head.clone()], "deny");
        assert!(!deny.uses.with.is_empty());
        assert!(deny.uses.locals.contains("x") && deny.uses.locals.contains("y"));
        let paths: Vec<String> = deny.uses.references.iter().map(|r| r.path.join(".")).collect();
        assert!(paths.contains(&"v.f".to_owned()) && paths.contains(&"data.z".to_owned()), "{paths:?}");
        assert_eq!(unit.rules[1].form, Form::Function);
    }
}
