//! Who is called what, and who uses whom: every rule of a bundle under its path in `data`.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::builtins::{self, Care};
use super::unit::{Definition, Form, Unit};
use super::uses::Reference;
use crate::diag::{Diagnostic, codes, nearest};

/// A definition: unit and position in it.
pub(crate) type At = (usize, usize);

/// Every definition of some units, by its path under `data`.
pub(crate) struct Names<'u> {
    units: &'u [Arc<Unit>],
    rules: BTreeMap<Vec<String>, Vec<At>>,
    packages: BTreeSet<Vec<String>>,
    /// Every name at the top of a package, whichever file gives it.
    tops: BTreeMap<Vec<String>, BTreeSet<String>>,
    /// What `with` puts into the data, by its path.
    put: Vec<Vec<String>>,
    /// Who refers to whom, once it is asked.
    uses: OnceCell<BTreeMap<At, Vec<At>>>,
}

/// What is used.
#[derive(Default)]
pub(crate) struct Used {
    /// Who uses whom.
    pub(crate) units: BTreeSet<(usize, usize)>,
    /// The definitions that any other uses.
    pub(crate) definitions: BTreeSet<At>,
}

/// What a reference leads to.
pub(crate) enum Target {
    /// These definitions of one rule.
    Rules(Vec<At>),
    /// These definitions of several rules, as one value: `data.lib`, or `x` where there is `x.y := 1`.
    Below(Vec<At>),
    /// A function that is built in.
    Builtin(String),
    /// Input, data, a variable.
    Elsewhere,
    /// A function that there is not.
    Missing(String),
}

/// What may have made a call of what is none.
const BRACKET: &str = "a bracket after a name is a call, even on the next line; put `;` between statements";

/// How deep evaluation may nest: syntax trees of rules that call one another, added up.
const MAX_DEPTH: u32 = 300;
/// How many problems are looked for: for each, what it is nearly called is sought among all names.
const MAX_TOLD: usize = 1_000;

impl<'u> Names<'u> {
    pub(crate) fn of(units: &'u [Arc<Unit>]) -> Self {
        let mut rules: BTreeMap<Vec<String>, Vec<At>> = BTreeMap::new();
        let mut packages = BTreeSet::new();
        for (u, unit) in units.iter().enumerate() {
            packages.insert(unit.package.clone());
            for (d, definition) in unit.rules.iter().enumerate() {
                let path: Vec<String> = unit.package.iter().chain(&definition.path).cloned().collect();
                rules.entry(path).or_default().push((u, d));
            }
        }
        let mut put = Vec::new();
        for unit in units {
            for target in unit.rules.iter().flat_map(|definition| &definition.uses.with) {
                let Some((root, rest)) = target.path.split_first() else { continue };
                let import = unit.imports.iter().find(|import| import.alias == *root);
                let whole = import.map_or_else(|| target.path.clone(), |i| [&i.path, rest].concat());
                if let Some((root, path)) = whole.split_first()
                    && root == "data"
                {
                    put.push(path.to_vec());
                }
            }
        }
        let top = |package: &[String]| {
            let below = rules.range(package.to_vec()..);
            below.map_while(|(rule, _)| rule.strip_prefix(package)?.first().cloned()).collect()
        };
        let tops = packages.iter().map(|package: &Vec<String>| (package.clone(), top(package))).collect();
        Self { units, rules, packages, tops, put, uses: OnceCell::new() }
    }

    pub(crate) fn definition(&self, (unit, rule): At) -> Option<(&'u Unit, &'u Definition)> {
        let unit = self.units.get(unit)?;
        Some((unit, unit.rules.get(rule)?))
    }

    fn top(&self, unit: &Unit) -> Option<&BTreeSet<String>> {
        self.tops.get(&unit.package)
    }

    /// Rules at a path, above it (a part of the rule's value is asked for) or below it.
    fn around(&self, path: &[String]) -> Option<Target> {
        for end in (1..=path.len()).rev() {
            if let Some(found) = path.get(..end).and_then(|part| self.rules.get(part)) {
                return Some(Target::Rules(found.clone()));
            }
        }
        let below = self.rules.range(path.to_vec()..).take_while(|(rule, _)| rule.starts_with(path));
        let below: Vec<At> = below.flat_map(|(_, found)| found.iter().copied()).collect();
        (!below.is_empty()).then_some(Target::Below(below))
    }

    /// What a reference in a unit leads to.
    pub(crate) fn target(&self, unit: &Unit, locals: &BTreeSet<String>, reference: &Reference) -> Target {
        let Some((root, rest)) = reference.path.split_first() else { return Target::Elsewhere };
        if root == "data" {
            return match self.around(rest) {
                None if reference.call => Target::Missing(reference.path.join(".")),
                None => Target::Elsewhere,
                Some(found) => found,
            };
        }
        // A variable is not called, and hides what else has its name.
        if root == "input" || (!reference.call && locals.contains(root)) {
            return Target::Elsewhere;
        }
        let import = unit.imports.iter().find(|import| import.alias == *root);
        if let Some((start, middle)) = import.and_then(|import| import.path.split_first())
            && start == "data"
            && !locals.contains(root)
        {
            let path: Vec<String> = middle.iter().chain(rest).cloned().collect();
            if let Some(found) = self.around(&path) {
                return found;
            }
            if !reference.call {
                return Target::Elsewhere;
            }
        }
        if self.top(unit).is_some_and(|top| top.contains(root)) {
            let own: Vec<String> = unit.package.iter().chain(&reference.path).cloned().collect();
            let ends = (unit.package.len().saturating_add(1)..=own.len()).rev();
            if let Some(found) = ends.filter_map(|end| self.rules.get(own.get(..end)?)).next() {
                return Target::Rules(found.clone());
            }
            // `rank`, or `rank[x]`, where there is `rank.high := 1`.
            let below = self.rules.range(own.clone()..).take_while(|(rule, _)| rule.starts_with(&own));
            let below: Vec<At> = below.flat_map(|(_, found)| found.iter().copied()).collect();
            if !reference.call && !below.is_empty() {
                return Target::Below(below);
            }
        }
        if !reference.call {
            return Target::Elsewhere;
        }
        let name = reference.path.join(".");
        match builtins::care(&name) {
            Some(_) => Target::Builtin(name),
            None => Target::Missing(name),
        }
    }

    /// Every definition there is.
    pub(crate) fn all(&self) -> impl Iterator<Item = At> + '_ {
        self.rules.values().flatten().copied()
    }

    /// Names that clash: with each other, with packages, with data; defaults that stand twice.
    pub(crate) fn conflicts(&self, data: &serde_json::Value, problems: &mut Vec<Diagnostic>) {
        for (path, found) in &self.rules {
            let Some((unit, definition)) = found.first().and_then(|at| self.definition(*at)) else {
                continue;
            };
            let name = path.join(".");
            let here = |message: String, hint: &str, at: &Definition, of: &Unit| {
                Diagnostic::error(codes::POLICY_CONFLICT, message).hint(hint).at(
                    &of.source,
                    at.head.clone(),
                    "this rule",
                )
            };
            let forms = || found.iter().filter_map(|at| self.definition(*at));
            let defaults: Vec<_> = forms().filter(|(_, d)| d.form == Form::Default).collect();
            if let Some((other, second)) = defaults.get(1) {
                let first = defaults.first().map_or(0, |(_, d)| d.line);
                problems.push(here(
                    format!(
                        "`{name}` has a second `default`; the first is on line {first} of `{}`",
                        unit.source.name
                    ),
                    "keep one of them",
                    second,
                    other,
                ));
            }
            let function = forms().find(|(_, d)| d.form == Form::Function);
            let other = forms().find(|(_, d)| matches!(d.form, Form::Value | Form::Set));
            if let (Some((of, d)), Some(_)) = (function, other) {
                problems.push(here(
                    format!("`{name}` is a function here and a value elsewhere"),
                    "rename one of them",
                    d,
                    of,
                ));
            }
            if forms().any(|(_, d)| d.form == Form::Set)
                && let Some((of, d)) = forms().find(|(_, d)| matches!(d.form, Form::Value) && d.plain)
            {
                problems.push(here(
                    format!("`{name}` is a set elsewhere and a value here"),
                    "rename one of them",
                    d,
                    of,
                ));
            }
            if let Some(package) = self.packages.iter().find(|package| package.starts_with(path)) {
                problems.push(here(
                    format!("`{name}` is a rule here, and `{}` is a package", package.join(".")),
                    "rename the rule or the package: one would hide the other",
                    definition,
                    unit,
                ));
            }
            if let Some(shadow) = shadow(data, path) {
                problems.push(here(
                    format!("the data has a value at `data.{shadow}`, which would hide this rule"),
                    "rename the rule or the member of the data",
                    definition,
                    unit,
                ));
            }
        }
    }

    /// Imports of nothing, functions that there are not or that are not offered, recursion, depth.
    pub(crate) fn references(&self, data: &serde_json::Value, problems: &mut Vec<Diagnostic>) {
        for unit in self.units {
            for import in &unit.imports {
                if problems.len() > MAX_TOLD {
                    return;
                }
                if !self.is_there(&import.path, data) {
                    let name = import.path.join(".");
                    let known: Vec<String> = self
                        .packages
                        .iter()
                        .chain(self.rules.keys())
                        .map(|path| format!("data.{}", path.join(".")))
                        .collect();
                    let hint = match nearest(&name, known.iter().map(String::as_str)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None if import.path.len() == 2 => format!(
                            "no package, rule or data has that name; data is given with `--data FILE`, in which `{}` is a member",
                            import.path.last().map_or("", String::as_str)
                        ),
                        None => "no package, rule or data has that name".to_owned(),
                    };
                    problems.push(
                        Diagnostic::error(
                            codes::POLICY_INVALID,
                            format!("`{name}` is imported, but there is no such thing"),
                        )
                        .hint(hint)
                        .at(&unit.source, import.span.clone(), "this import"),
                    );
                }
            }
            for definition in &unit.rules {
                if problems.len() > MAX_TOLD {
                    return;
                }
                self.unbound(unit, definition, problems);
                for reference in definition.uses.references.iter().filter(|reference| reference.call) {
                    let (message, hint) = match self.target(unit, &definition.uses.locals, reference) {
                        Target::Builtin(name) => match builtins::care(&name) {
                            Some(Care::Refused(why)) => {
                                (format!("`{name}` is not offered to policies"), why.to_owned())
                            }
                            _ => continue,
                        },
                        Target::Missing(name) => {
                            let own = unit
                                .rules
                                .iter()
                                .filter(|d| d.form == Form::Function)
                                .map(|d| d.path.join("."));
                            let own: Vec<String> = own.collect();
                            let known = builtins::FUNCTIONS
                                .iter()
                                .filter(|(_, care)| !matches!(care, Care::Refused(_)))
                                .map(|(name, _)| *name)
                                .chain(own.iter().map(String::as_str));
                            let hint = match nearest(&name, known) {
                                _ if builtins::is_elsewhere(&name) => {
                                    "OPA has it and Weighlock does not: what there is stands in docs/reference/rego.md"
                                        .to_owned()
                                }
                                Some(near) => format!("did you mean `{near}`?"),
                                None => "define it, or import the package that does".to_owned(),
                            };
                            (format!("there is no function `{name}`"), hint)
                        }
                        Target::Rules(found) | Target::Below(found) => match self.unfit(&found, reference) {
                            Some(said) => said,
                            None => continue,
                        },
                        Target::Elsewhere => {
                            (format!("`{}` is not a function", reference.path.join(".")), BRACKET.to_owned())
                        }
                    };
                    problems.push(Diagnostic::error(codes::POLICY_INVALID, message).hint(hint).at(
                        &unit.source,
                        reference.span.clone(),
                        "called here",
                    ));
                }
            }
        }
        let before = problems.len();
        self.depths(problems);
        if problems.len() == before {
            // Only where nothing uses itself does this end.
            super::growth::check(self, problems);
        }
    }

    /// What is wrong with a call of some rules, and what to do.
    fn unfit(&self, found: &[At], call: &Reference) -> Option<(String, String)> {
        let name = call.path.join(".");
        let mut arity = None;
        for (_, definition) in found.iter().filter_map(|at| self.definition(*at)) {
            arity = match (definition.arity(), definition.form) {
                (None, Form::Default) => continue,
                (None, _) => {
                    let hint =
                        "a bracket after a name is a call, even on the next line; put `;` between statements";
                    return Some((format!("`{name}` is not a function"), hint.to_owned()));
                }
                (some, _) => some,
            };
        }
        // One more takes the answer.
        let arity = arity.filter(|arity| !(*arity..=arity.saturating_add(1)).contains(&call.arguments))?;
        let message = format!(
            "`{name}` takes {arity} argument{}, not {}",
            if arity == 1 { "" } else { "s" },
            call.arguments
        );
        Some((message, "give it as many as its definition has".to_owned()))
    }

    /// Names that nothing gives a value: the engine would only say so when it gets there, if ever.
    fn unbound(&self, unit: &Unit, definition: &Definition, problems: &mut Vec<Diagnostic>) {
        let uses = &definition.uses;
        for reference in uses.references.iter().filter(|reference| !reference.call) {
            let Some(root) = reference.path.first() else { continue };
            let known = matches!(root.as_str(), "input" | "data" | "_")
                || uses.locals.contains(root)
                || uses.bound.contains(root)
                || unit.imports.iter().any(|import| import.alias == *root)
                || self.top(unit).is_some_and(|top| top.contains(root))
                // `with` puts functions in the place of others.
                || (!uses.with.is_empty() && builtins::care(&reference.path.join(".")).is_some());
            if known {
                continue;
            }
            let names = uses.locals.iter().chain(&uses.bound).map(String::as_str);
            let own = unit.rules.iter().filter_map(|d| d.path.first()).map(String::as_str);
            let hint = match nearest(root, names.chain(own).chain(["input", "data"])) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("give it a value: `{root} := …`, or `some {root} in …`"),
            };
            problems.push(
                Diagnostic::error(codes::POLICY_INVALID, format!("`{root}` has no value")).hint(hint).at(
                    &unit.source,
                    reference.span.clone(),
                    "used here",
                ),
            );
            return;
        }
    }

    fn is_there(&self, path: &[String], data: &serde_json::Value) -> bool {
        match path.split_first() {
            Some((root, rest)) if root == "data" => {
                // Settings are the operator's: what is absent from them is undefined, not unknown.
                rest.is_empty()
                    || rest.first().is_some_and(|first| first == "settings")
                    || self.packages.iter().any(|package| package.starts_with(rest))
                    || self.around(rest).is_some()
                    || rest.iter().try_fold(data, |value, part| value.get(part)).is_some()
                    || self.put.iter().any(|put| put.starts_with(rest) || rest.starts_with(put))
            }
            _ => true,
        }
    }

    /// Recursion, and nesting of rules that would exhaust the stack.
    fn depths(&self, problems: &mut Vec<Diagnostic>) {
        let mut depths: BTreeMap<At, u32> = BTreeMap::new();
        let mut on_path: BTreeSet<At> = BTreeSet::new();
        let all = self.rules.values().flatten().copied();
        for start in all {
            // Each frame: a definition, who it uses and has not been looked at.
            let mut stack: Vec<(At, &[At])> = Vec::new();
            if !depths.contains_key(&start) {
                on_path.insert(start);
                stack.push((start, self.uses(start)));
            }
            while let Some((at, rest)) = stack.last_mut() {
                let at = *at;
                let next = rest.split_last().map(|(next, others)| {
                    *rest = others;
                    *next
                });
                match next {
                    Some(next) if on_path.contains(&next) => {
                        if let Some((unit, definition)) = self.definition(at) {
                            let name = self.definition(next).map_or(String::new(), |(_, d)| d.path.join("."));
                            problems.push(
                                Diagnostic::error(codes::POLICY_INVALID, format!("`{name}` uses itself"))
                                    .hint("Rego has no recursion; `walk` and `graph.reachable` follow nested data")
                                    .at(&unit.source, definition.head.clone(), "by way of this rule"),
                            );
                        }
                        return;
                    }
                    Some(next) if depths.contains_key(&next) => {}
                    Some(next) => {
                        on_path.insert(next);
                        let uses = self.uses(next);
                        stack.push((next, uses));
                    }
                    None => {
                        let below = self
                            .uses(at)
                            .iter()
                            .filter_map(|used| depths.get(used))
                            .max()
                            .copied()
                            .unwrap_or(0);
                        let own = self.definition(at).map_or(0, |(_, d)| d.uses.depth);
                        let depth = below.saturating_add(own).saturating_add(2);
                        depths.insert(at, depth);
                        on_path.remove(&at);
                        stack.pop();
                        if depth > MAX_DEPTH {
                            if let Some((unit, definition)) = self.definition(at) {
                                problems.push(
                                    Diagnostic::error(codes::POLICY_INVALID, "rules are nested too deep")
                                        .hint("let fewer rules build on one another")
                                        .at(
                                            &unit.source,
                                            definition.head.clone(),
                                            "this rule and those that it uses",
                                        ),
                                );
                            }
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Who uses whom, and by what imports.
    pub(crate) fn used(&self) -> Used {
        let mut used = Used::default();
        for at in self.all() {
            for other in self.uses(at) {
                used.units.insert((at.0, other.0));
                used.definitions.insert(*other);
            }
        }
        for (by, unit) in self.units.iter().enumerate() {
            for import in &unit.imports {
                let Some(("data", path)) =
                    import.path.split_first().map(|(root, rest)| (root.as_str(), rest))
                else {
                    continue;
                };
                let whole = |of: &Unit| of.package.starts_with(path) || path.starts_with(&of.package);
                let of = self.units.iter().enumerate().filter(|(_, of)| whole(of));
                used.units.extend(of.map(|(of, _)| (by, of)));
            }
        }
        used
    }

    /// Whether any definition refers to one.
    pub(crate) fn is_used(&self, at: At) -> bool {
        self.all().any(|other| self.uses(other).contains(&at))
    }

    /// The definitions that one refers to, in order.
    fn uses(&self, at: At) -> &[At] {
        let all = self.uses.get_or_init(|| self.all().map(|at| (at, self.look(at))).collect());
        all.get(&at).map_or(&[], Vec::as_slice)
    }

    fn look(&self, at: At) -> Vec<At> {
        let Some((unit, definition)) = self.definition(at) else { return Vec::new() };
        let mut found = BTreeSet::new();
        for reference in &definition.uses.references {
            if let Target::Rules(rules) | Target::Below(rules) =
                self.target(unit, &definition.uses.locals, reference)
            {
                found.extend(rules);
            }
        }
        found.into_iter().collect()
    }
}

/// The path at which data would hide a rule: where it has a value at the rule's own path, or
/// something that is not an object on the way there.
fn shadow(data: &serde_json::Value, path: &[String]) -> Option<String> {
    let mut value = data;
    for (at, part) in path.iter().enumerate() {
        value = value.get(part)?;
        let last = at.saturating_add(1) == path.len();
        if last || !value.is_object() {
            return Some(path.get(..=at)?.join("."));
        }
    }
    None
}
