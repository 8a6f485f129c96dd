//! Rego, in two forms: compiled for a virtual machine where that can be done, interpreted elsewhere.
//!
//! Which form a rule takes is decided when it is compiled, from its syntax tree and those of all that
//! it can reach: `with` and the clock need the interpreter. So does whatever could give two values
//! where there must be one: the compiled form takes the first and says nothing. So do comprehensions
//! that give each of a collection, which fail where it is none: `[input.x[_] | …]`. And so do heads of
//! several parts, values of several rules, defaults of functions, arguments that are held against
//! something, and indexes that `every` goes through: the compiled form gets those wrong.
//!
//! INVARIANT: a function or a calculation that fails is a [`super::Failure`], never undefined. The
//! compiled form itself goes on after an error as if the rule had not applied; so everything in it
//! that can fail is replaced by a call through the [`meter`], which remembers that it did, and the
//! interpreter judges again.

mod meter;
mod program;
mod session;
mod source;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::Program;
use regorus::unstable::Rule;

use super::{Compiled, Engine, Limits, Session};
use crate::diag::{Diagnostic, codes};
use crate::policy::rego::names::{Names, Target};
use crate::policy::rego::unit::{self, Unit};
use crate::policy::rego::{builtins, errors, on_deep_stack};
use crate::policy::{Bundle, Language};
use source::{Prepared, outputs, prepare};

/// Which form rules are evaluated in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Path {
    /// Compiled where that can be done.
    #[default]
    Auto,
    /// Interpreted, all of them.
    Interpreter,
}

/// Rego.
#[derive(Debug, Default)]
pub struct Rego {
    path: Path,
}

impl Rego {
    /// The engine, with a choice of form.
    pub const fn new(path: Path) -> Self {
        Self { path }
    }
}

impl Engine for Rego {
    fn language(&self) -> Language {
        Language::Rego
    }

    fn version(&self) -> &'static str {
        "regorus 0.14.1"
    }

    fn compile(&self, bundle: &Bundle, limits: Limits) -> Result<Box<dyn Compiled>, Vec<Diagnostic>> {
        let compiled =
            on_deep_stack(|| compile(bundle, limits, self.path)).map_err(|problem| vec![problem])??;
        Ok(Box::new(compiled))
    }
}

/// A rule, compiled.
struct Judge {
    /// The rule that lists its outputs, under `data`.
    entry: String,
    /// Who gave which of the outputs.
    heads: Vec<source::Head>,
    /// Its compiled form, where it takes that.
    program: Option<Arc<Program>>,
}

/// All rules, compiled.
struct Rules {
    judges: BTreeMap<usize, Judge>,
    /// What was compiled.
    texts: Vec<Prepared>,
    engine: regorus::Engine,
    data: regorus::Value,
    limits: Limits,
    reads_settings: bool,
    /// What sessions that have ended leave to those that begin.
    idle: Mutex<Vec<session::Kept>>,
}

impl Compiled for Rules {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(session::Evaluation::new(self))
    }

    fn reads_settings(&self) -> bool {
        self.reads_settings
    }
}

fn compile(bundle: &Bundle, limits: Limits, path: Path) -> Result<Rules, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut units = Vec::new();
    let mut unit_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, file) in bundle.files.iter().enumerate().filter(|(_, file)| file.language == Language::Rego) {
        match unit::parse(&file.source, bundle.rego_v0) {
            Ok(unit) => {
                unit_of.insert(index, units.len());
                units.push(unit);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let texts: Vec<_> = units.iter().map(prepare).collect();
    let data = value::build(&bundle.data, &mut value::Keys::default())
        .map_err(|error| vec![invalid(&format!("the data cannot be given to policies: {error}"))])?;
    let plain = engine(bundle, &units, &texts, &data)?;
    let mut interpreter = plain.clone();
    meter::install(&mut interpreter).map_err(|error| vec![invalid(&errors::take_apart(&error).message)])?;
    interpreter.set_execution_timer_config(session::timer(limits));
    interpreter.set_gather_prints(true);

    let names = Names::of(&units);
    let mut compiler = plain;
    let mut judges = BTreeMap::new();
    for (index, rule) in bundle.rules.iter().enumerate().filter(|(_, rule)| rule.language == Language::Rego) {
        let Some(at) = unit_of.get(&rule.file).copied() else { continue };
        let (Some(unit), Some(text)) = (units.get(at), texts.get(at)) else { continue };
        let entry = entry(unit);
        // Compiling finds what parsing does not: unsafe variables, conflicting types.
        let compiled = compiler.compile_with_entrypoint(&Arc::from(entry.as_str()));
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(error) => {
                let problem = located(&units, &texts, &error.to_string());
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                continue;
            }
        };
        let fast = path == Path::Auto && may_be_compiled(&names, at, unit);
        // What the compiled form cannot express is interpreted.
        let program = match fast {
            true => Compiler::compile_from_policy(&compiled, &[entry.as_str()])
                .ok()
                .and_then(|program| program::guard(&program)),
            false => None,
        };
        judges.insert(index, Judge { entry, heads: text.heads.clone(), program });
    }
    if problems.is_empty() {
        let reads_settings = units.iter().any(reads_settings);
        Ok(Rules { judges, texts, engine: interpreter, data, limits, reads_settings, idle: Mutex::default() })
    } else {
        Err(problems)
    }
}

fn invalid(message: &str) -> Diagnostic {
    Diagnostic::error(codes::POLICY_INVALID, message)
}

/// An engine with all policies and the data.
fn engine(
    bundle: &Bundle,
    units: &[Unit],
    texts: &[Prepared],
    data: &regorus::Value,
) -> Result<regorus::Engine, Vec<Diagnostic>> {
    let mut engine = regorus::Engine::new();
    engine.set_rego_v0(bundle.rego_v0);
    engine.set_policy_length_config(unit::lengths());
    engine.set_strict_builtin_errors(true);
    for (unit, prepared) in units.iter().zip(texts) {
        engine
            .add_policy(unit.source.name.clone(), prepared.text.text.clone())
            .map_err(|error| vec![errors::syntax(&unit.source, &error.to_string(), bundle.rego_v0)])?;
    }
    engine.add_data(data.clone()).map_err(|_| {
        vec![invalid("the data is not a mapping").hint("policies see data by the names of its members")]
    })?;
    Ok(engine)
}

/// An error of the compiler, at its place in the author's text.
fn located(units: &[Unit], texts: &[Prepared], text: &str) -> Diagnostic {
    let said = errors::take_apart(text);
    let problem = invalid(&session::without_own_names(&said.message))
        .hint("check the variables and names in this rule");
    let Some((file, line, column)) = said.place else { return problem };
    match units.iter().zip(texts).find(|(unit, _)| unit.source.name == file) {
        Some((unit, text)) => {
            let (line, column) = text.place(line, column);
            let at = unit.source.offset(line, column);
            problem.at(&unit.source, at..at.saturating_add(1).min(unit.source.text.len()), "here")
        }
        None => problem,
    }
}

/// The path of a unit's outputs, as the engine writes it.
fn entry(unit: &Unit) -> String {
    let mut path = "data".to_owned();
    for part in unit.package.iter().map(String::as_str).chain([outputs().as_str()]) {
        let plain = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain {
            path.push('.');
            path.push_str(part);
        } else {
            path.push_str(&format!("[{}]", serde_json::Value::from(part)));
        }
    }
    path
}

fn reads_settings(unit: &Unit) -> bool {
    let used = unit.rules.iter().flat_map(|definition| &definition.uses.references);
    let imported = unit.imports.iter().map(|import| &import.path);
    imported.chain(used.map(|reference| &reference.path)).any(|path| {
        path.split_first().is_some_and(|(root, rest)| {
            root == "data" && rest.first().is_none_or(|member| member == "settings")
        })
    })
}

/// Whether nothing that a unit's effects can reach needs the interpreter.
fn may_be_compiled(names: &Names<'_>, at: usize, unit: &Unit) -> bool {
    let effects =
        (0..unit.rules.len()).filter(|rule| unit.rules.get(*rule).is_some_and(|d| d.effect().is_some()));
    let reached: BTreeSet<_> = effects.flat_map(|rule| names.reach((at, rule))).collect();
    reached.into_iter().all(|at| {
        let Some((unit, definition)) = names.definition(at) else { return false };
        definition.plain
            && definition.path.len() == 1
            && !matches!(definition.rule.as_ref(), Rule::Default { args, .. } if !args.is_empty())
            && definition.uses.with.is_empty()
            && !definition.uses.maps
            && !definition.uses.gives_each
            && !definition.uses.looks_up
            && !definition.uses.every_index
            && !names.may_conflict(at)
            && definition.uses.references.iter().all(|reference| {
                match names.target(unit, &definition.uses.locals, reference) {
                    Target::Builtin(name) => !matches!(
                        builtins::care(&name),
                        None | Some(builtins::Care::Clock | builtins::Care::Refused(_))
                    ),
                    Target::Missing(_) | Target::Below(_) => false,
                    Target::Rules(_) | Target::Elsewhere => true,
                }
            })
    })
}

#[cfg(test)]
mod calls;
#[cfg(test)]
mod random;
#[cfg(test)]
#[path = "rego/tests.rs"]
mod tests;
