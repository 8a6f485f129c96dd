//! Rego policies: what they say of themselves, and what is refused before they are evaluated.
//!
//! Each file is parsed here for its structure; compiling is the engine's. A rule is a package with
//! at least one effect (`deny`, `violation`, `hold`, `warn`, `oblige`, `action`); other packages
//! are libraries. Whatever would change meaning in silence is an error here.

pub(crate) mod builtins;
pub(crate) mod errors;
mod growth;
mod inputs;
pub(crate) mod metadata;
pub(crate) mod names;
pub(crate) mod parts;
pub(crate) mod text;
pub(crate) mod unit;
pub(crate) mod uses;
mod v0;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metadata::{Block, Said, Scope};
use names::Names;
use unit::{Definition, Form, Unit};

use super::{File, Language, Rule};
use crate::diag::{Diagnostic, codes, misspelt};
use crate::model::finding::Effect;
use crate::model::rule::View;

/// How many statements a body may have: the time it takes to put them in order grows with the square.
const MAX_STATEMENTS: usize = 1_000;

/// Stack for what recurses over syntax trees, whose depth [`text`] bounds.
const STACK: usize = 256 << 20;

/// Runs something that recurses over syntax trees.
pub(crate) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Diagnostic> {
    let failed =
        || Diagnostic::error(codes::POLICY_INVALID, "the policies cannot be read: the parser gave up");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.map_err(|_| failed())?.join().map_err(|_| failed())
    })
}

/// What was found in some files.
pub(crate) struct Found {
    pub(crate) rules: Vec<Rule>,
    /// What they look for in a review, and no review has.
    pub(crate) nowhere: Vec<Diagnostic>,
}

/// Reads the Rego files among some, and with them their tests, where there are any: these are held to
/// what policies are held to, and count as users of what they name. Gives the rules.
pub(crate) fn read(
    files: &mut [File],
    tests: &mut [File],
    data: &serde_json::Value,
    v0: bool,
) -> Result<Found, Vec<Diagnostic>> {
    on_deep_stack(|| read_here(files, tests, data, v0)).map_err(|problem| vec![problem])?
}

fn read_here(
    files: &mut [File],
    tests: &mut [File],
    data: &serde_json::Value,
    v0: bool,
) -> Result<Found, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut units = Vec::new();
    let mut places = Vec::new();
    let rego = files.iter_mut().enumerate().filter(|(_, file)| file.language == Language::Rego);
    let policies = rego.map(|(index, file)| (Some(index), file));
    // Those of tests come after those of policies.
    for (index, file) in policies.chain(tests.iter_mut().map(|file| (None, file))) {
        match unit::parse(&file.source, v0) {
            Ok(unit) => {
                let unit = Arc::new(unit);
                file.unit = Some(Arc::clone(&unit));
                units.push(unit);
                places.extend(index);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        // What is missing because it did not parse would be reported once more.
        return Err(problems);
    }

    let names = Names::of(&units);
    names.conflicts(data, &mut problems);
    names.references(data, &mut problems);
    let blocks: Vec<Vec<Block>> =
        units.iter().take(places.len()).map(|unit| metadata::read(&unit.source, &mut problems)).collect();
    let mut below: BTreeMap<&[String], Said> = BTreeMap::new();
    for (unit, blocks) in units.iter().zip(&blocks) {
        for block in blocks.iter().filter(|block| block.scope == Scope::Subpackages) {
            let wider = below.remove(unit.package.as_slice()).unwrap_or_default();
            below.insert(&unit.package, block.said.clone().over(wider));
        }
    }
    let mut rules = Vec::new();
    units.iter().skip(places.len()).for_each(|test| endless(test, &mut problems));
    for (at, ((unit, blocks), file)) in units.iter().zip(&blocks).zip(&places).enumerate() {
        endless(unit, &mut problems);
        shapes(unit, &mut problems);
        if let Some(rule) = rule(unit, blocks, &below, *file) {
            slips(&names, at, unit, &mut problems);
            rules.push(rule);
            continue;
        }
        let judges =
            blocks.iter().find(|block| block.said.applies.is_some() && block.scope != Scope::Subpackages);
        // Where a head has the wrong form, that is said already.
        if judges.is_some() && unit.rules.iter().all(|d| d.effect().is_none()) {
            let at = unit.source.offset(unit.package_line, 1);
            let near = unit.rules.iter().find_map(|d| nearest_effect(d.path.first()?));
            let hint = match near {
                Some((name, effect)) => format!("did you mean `{effect} contains …` instead of `{name} contains …`?"),
                None => "write `deny contains …` (or `violation`, `hold`, `warn`, `oblige`, `action`), or leave `applies` out of a library".to_owned(),
            };
            problems.push(
                Diagnostic::error(
                    codes::POLICY_METADATA,
                    format!("`{}` says what it applies to, but it has no effect", unit.package.join(".")),
                )
                .hint(hint)
                .at(&unit.source, at..at.saturating_add("package".len()), "this package"),
            );
            continue;
        }
        slips(&names, at, unit, &mut problems);
    }
    if problems.is_empty() {
        unasked(&names, &units, places.len(), &mut problems);
    }
    let documents: BTreeSet<usize> =
        rules.iter().filter(|rule| rule.metadata.view == View::Document).map(|rule| rule.file).collect();
    let mut nowhere = Vec::new();
    let judging: BTreeSet<usize> = rules.iter().map(|rule| rule.file).collect();
    for (unit, file) in units.iter().zip(&places) {
        // A library sees what those see that use it.
        let document = documents.contains(file) || (!judging.contains(file) && !documents.is_empty());
        inputs::check(unit, if document { View::Document } else { View::Review }, &mut nowhere);
    }
    if problems.is_empty() { Ok(Found { rules, nowhere }) } else { Err(problems) }
}

/// The names of effects.
const EFFECTS: [&str; 6] = ["deny", "violation", "hold", "warn", "oblige", "action"];

fn nearest_effect(name: &str) -> Option<(&str, &'static str)> {
    crate::diag::nearest(name, EFFECTS).map(|effect| (name, effect))
}

/// The effect that a name was probably to be: one slip away, or with a suffix that it cannot have.
fn meant(name: &str) -> Option<String> {
    if let Some(effect) = misspelt(name, EFFECTS) {
        return Some(effect.to_owned());
    }
    let (head, suffix) = name.split_once('_')?;
    let suffixed = misspelt(head, ["deny", "violation", "warn"]).map(|effect| {
        let whole = format!("{effect}_{suffix}");
        if unit::effect(&whole).is_some() { whole } else { effect.to_owned() }
    });
    suffixed.or_else(|| EFFECTS.contains(&head).then(|| head.to_owned()))
}

/// Refuses sets that are no effects, but were to be: nothing uses them, so what they find is lost.
fn slips(names: &Names<'_>, at: usize, unit: &Unit, problems: &mut Vec<Diagnostic>) {
    let mut said = BTreeSet::new();
    for (place, definition) in unit.rules.iter().enumerate() {
        let [name] = definition.path.as_slice() else { continue };
        if definition.form != Form::Set || definition.effect().is_some() {
            continue;
        }
        let Some(effect) = meant(name) else { continue };
        if names.is_used((at, place)) || !said.insert(name) {
            continue;
        }
        problems.push(
            Diagnostic::error(codes::POLICY_INVALID, format!("`{name}` is not an effect"))
                .hint(format!("did you mean `{effect}`? nothing uses `{name}`"))
                .at(&unit.source, definition.head.clone(), "this head"),
        );
    }
}

/// Refuses packages that look like policies, have no effect and are used by no other: nothing asks
/// them, and whoever wrote one believes that it stops something. What stands below `lib` is a library;
/// the units of policies come first, and those of tests ask.
fn unasked(names: &Names<'_>, units: &[Arc<Unit>], policies: usize, problems: &mut Vec<Diagnostic>) {
    let named = |unit: &&Arc<Unit>, fits: &dyn Fn(&Definition) -> bool| unit.rules.iter().any(fits);
    let asks = |definition: &Definition| definition.effect().is_some() || definition.is_test();
    let asked: BTreeSet<&[String]> =
        units.iter().filter(|unit| named(unit, &asks)).map(|unit| unit.package.as_slice()).collect();
    let mut silent = units.iter().enumerate().take(policies).filter(|(_, unit)| {
        let package = unit.package.as_slice();
        !asked.contains(package) && !package.iter().any(|part| part == "lib")
    });
    let Some(first) = silent.next() else { return };
    let used = names.used();
    let mut said = BTreeSet::new();
    for (at, unit) in std::iter::once(first).chain(silent) {
        let elsewhere = |(by, of): &(usize, usize)| {
            let package = |unit: &usize| units.get(*unit).map(|unit| &unit.package);
            package(of) == Some(&unit.package) && package(by) != Some(&unit.package)
        };
        if used.units.iter().any(elsewhere) || said.contains(&unit.package) {
            continue;
        }
        let found = unit.rules.iter().enumerate().find(|(place, definition)| {
            definition.looks_like_a_verdict() && !used.definitions.contains(&(at, *place))
        });
        let Some((_, definition)) = found else { continue };
        said.insert(&unit.package);
        let (package, name) = (unit.package.join("."), definition.path.join("."));
        let (message, hint) = match name.as_str() {
            "allow" => (
                format!("`{package}` says what it allows, and nothing asks it"),
                "say what stands against a change: `deny contains \"…\" if …` (or `hold`, `warn`, `oblige`, `action`)"
                    .to_owned(),
            ),
            _ => (
                format!("`{package}` has no effect, and nothing uses it"),
                format!("what `{name}` finds stops nothing: call it `deny` (or `violation`, `hold`, `warn`, `oblige`, `action`), as in `deny contains \"…\" if …`; a library that is not used yet has a package below `lib`"),
            ),
        };
        problems.push(Diagnostic::error(codes::POLICY_INVALID, message).hint(hint).at(
            &unit.source,
            definition.head.clone(),
            "this is no effect",
        ));
    }
}

/// Refuses bodies without end.
fn endless(unit: &Unit, problems: &mut Vec<Diagnostic>) {
    for definition in unit.rules.iter().filter(|definition| definition.uses.longest > MAX_STATEMENTS) {
        let count = definition.uses.longest;
        let message = format!("a body has {count} statements; it may have {MAX_STATEMENTS}");
        problems.push(
            Diagnostic::error(codes::POLICY_INVALID, message).hint("split it into rules of their own").at(
                &unit.source,
                definition.head.clone(),
                "this head",
            ),
        );
    }
}

/// Refuses effects that are not sets.
fn shapes(unit: &Unit, problems: &mut Vec<Diagnostic>) {
    for definition in unit.rules.iter().filter(|definition| definition.effect().is_some()) {
        let name = definition.path.first().map_or("", String::as_str);
        let what = match definition.form {
            Form::Set if definition.plain && definition.path.len() == 1 => continue,
            Form::Set => "has more parts than one",
            Form::Value if definition.path.len() == 1 && !definition.plain => "maps keys to values",
            Form::Value => "is one value",
            Form::Function => "is a function",
            Form::Default => "has a `default`",
        };
        let message = format!("`{name}` {what}, but an effect is a set of findings");
        problems.push(
            Diagnostic::error(codes::POLICY_INVALID, message)
                .hint(format!("write `{name} contains finding if {{ … }}`"))
                .at(&unit.source, definition.head.clone(), "this head"),
        );
    }
}

/// The rule that a package with effects is.
fn rule(unit: &Unit, blocks: &[Block], below: &BTreeMap<&[String], Said>, file: usize) -> Option<Rule> {
    let heads: Vec<_> = unit.rules.iter().filter(|d| d.effect().is_some() && d.form == Form::Set).collect();
    let first = heads.first()?;
    let effects: BTreeSet<_> = heads.iter().filter_map(|head| head.effect()).collect();
    let lines: BTreeSet<u32> = heads.iter().map(|head| head.line).collect();
    // From the widest to the narrowest.
    let mut said = Said::default();
    for end in 1..=unit.package.len() {
        if let Some(block) = unit.package.get(..end).and_then(|path| below.get(path)) {
            said = block.clone().over(said);
        }
    }
    for block in blocks.iter().filter(|block| block.scope == Scope::Package) {
        said = block.said.clone().over(said);
    }
    // A rule is a package: what its definitions say fills in what the package leaves open.
    for block in blocks.iter().filter(|block| matches!(block.scope, Scope::Rule | Scope::Document)) {
        if lines.contains(&block.line) {
            said = said.over(block.said.clone());
        }
    }
    let adds = effects.iter().all(|effect| matches!(effect, Effect::Oblige | Effect::Action));
    Some(Rule {
        unsaid: said.unsaid(adds),
        id: unit.package.join("."),
        language: Language::Rego,
        file,
        line: first.line,
        metadata: said.metadata(),
        effects: effects.into_iter().collect(),
    })
}
