//! Rules, from syntax trees to a program: what is at which path below `data`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::Value;
use regorus::unstable::{BUILTINS, Expr, Query, Ref, Rule as Tree, RuleAssign, RuleBody, RuleHead, Span};

use super::body::{Compiler, Done, Wait, unbound};
use super::patterns::names;
use super::program::{Base, Branch, Definition, Form, Function, Node, Probe, Program, Rule, Step, Term, at};
use crate::diag::{Diagnostic, codes};
use crate::policy::rego::builtins;
use crate::policy::rego::unit::{self, Unit};

/// What a name stands for, below which the rest of a reference goes on.
pub(super) enum Root {
    Input(Vec<Value>),
    Data(Vec<Value>),
}

/// Where everything is.
pub(super) struct Names<'n> {
    nodes: Vec<Node>,
    /// For each rule, whether it is a function and of how many arguments.
    arities: Vec<Option<usize>>,
    /// The names of rules, by package.
    own: BTreeMap<&'n [String], BTreeSet<&'n str>>,
    data: &'n Value,
    /// How often parts of bodies were tried.
    pub(super) attempts: Cell<u64>,
    /// The statements so far, where they are traced.
    pub(super) probes: Option<RefCell<Vec<Probe>>>,
    /// Whether what `print` writes is wanted.
    pub(super) prints: bool,
}

/// What is compiled beside what decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    None,
    /// What traces statements.
    Traces,
    /// What `print` writes.
    Prints,
}

/// A definition by its unit and position.
pub(super) type At = (usize, usize);

/// A program, and where the definitions of the units are in it: rule and position.
pub(super) struct Compiled {
    pub(super) program: Program,
    pub(super) places: BTreeMap<At, (usize, usize)>,
}

/// Compiles all units.
pub(super) fn compile(units: &[Arc<Unit>], data: Value, marks: Marks) -> Result<Compiled, Vec<Diagnostic>> {
    let mut groups: BTreeMap<Vec<&str>, Vec<At>> = BTreeMap::new();
    let mut own: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
    for (u, unit) in units.iter().enumerate() {
        for (d, definition) in unit.rules.iter().enumerate() {
            let path = unit.package.iter().chain(&definition.path).map(String::as_str).collect();
            groups.entry(path).or_default().push((u, d));
            let names = own.entry(unit.package.as_slice()).or_default();
            names.extend(definition.path.first().map(String::as_str));
        }
    }
    let groups = merged(units, groups);
    let mut nodes = vec![Node::default()];
    for unit in units {
        node(&mut nodes, unit.package.iter().map(String::as_str));
    }
    let mut arities = Vec::new();
    for (number, (path, found)) in groups.iter().enumerate() {
        let at = node(&mut nodes, path.iter().copied());
        if let Some(node) = nodes.get_mut(at) {
            node.rule = Some(number);
        }
        let arity = found.iter().find_map(|(u, d)| units.get(*u)?.rules.get(*d)?.arity());
        arities.push(arity);
    }
    let probes = (marks == Marks::Traces).then(RefCell::default);
    let prints = marks == Marks::Prints;
    let names = Names { nodes, arities, own, data: &data, attempts: Cell::new(0), probes, prints };
    let mut problems = Vec::new();
    let mut rules = Vec::new();
    let mut places = BTreeMap::new();
    for (path, found) in &groups {
        let mut rule = Rule {
            path: path.iter().map(|part| Value::from(*part)).collect(),
            definitions: Vec::new(),
            default: None,
            constant: false,
            form: Form::Value,
        };
        let mut keyed = false;
        let mut contains = false;
        for at in found {
            let Some((unit, definition)) =
                units.get(at.0).and_then(|unit| Some((unit, unit.rules.get(at.1)?)))
            else {
                continue;
            };
            let below = path.len().saturating_sub(unit.package.len());
            places.insert(*at, (rules.len(), rule.definitions.len()));
            if let Err(wait) = define(&names, unit, definition, below, &mut rule) {
                let problem = match wait {
                    Wait::For(span) => unbound(unit, &span),
                    Wait::Wrong(problem) => *problem,
                };
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
            if definition.arity().is_some() {
                rule.form = Form::Function;
            }
            keyed |= definition.form != unit::Form::Function
                && (definition.path.len() > below || !definition.plain);
            contains |= definition.form == unit::Form::Set;
        }
        if keyed {
            rule.form = Form::Object;
        } else if contains {
            rule.form = Form::Set;
        }
        rule.constant = is_constant(&rule);
        rules.push(rule);
    }
    match problems.is_empty() {
        true => {
            let Names { nodes, probes, .. } = names;
            let probes = probes.map(RefCell::into_inner).unwrap_or_default();
            Ok(Compiled { program: Program { rules, nodes, data, probes }, places })
        }
        false => Err(problems),
    }
}

/// Rules whose path goes on below another's are parts of that one.
fn merged<'u>(
    units: &[Arc<Unit>],
    groups: BTreeMap<Vec<&'u str>, Vec<At>>,
) -> BTreeMap<Vec<&'u str>, Vec<At>> {
    let is_function = |found: &[At]| {
        found.iter().any(|(u, d)| {
            units
                .get(*u)
                .and_then(|unit| unit.rules.get(*d))
                .is_some_and(|definition| definition.form == unit::Form::Function)
        })
    };
    let mut result: BTreeMap<Vec<&'u str>, Vec<At>> = BTreeMap::new();
    // In order of their paths: what is above comes first.
    for (path, found) in groups {
        let above =
            (1..path.len()).find_map(|end| path.get(..end).filter(|above| result.contains_key(*above)));
        let above = above.filter(|above| {
            !is_function(&found) && result.get(*above).is_some_and(|found| !is_function(found))
        });
        let path = above.map_or(path.clone(), <[&str]>::to_vec);
        result.entry(path).or_default().extend(found);
    }
    result
}

/// The node at a path, made where there is none.
fn node<'a>(nodes: &mut Vec<Node>, path: impl Iterator<Item = &'a str>) -> usize {
    let mut at = 0;
    for name in path {
        let next = nodes.len();
        let Some(here) = nodes.get_mut(at) else { break };
        match here.below.get(name) {
            Some(below) => at = *below,
            None => {
                here.below.insert(name.to_owned(), next);
                let mut path = here.path.clone();
                path.push(Value::from(name));
                nodes.push(Node { path, ..Node::default() });
                at = next;
            }
        }
    }
    at
}

/// Whether all that a rule can give is one constant.
fn is_constant(rule: &Rule) -> bool {
    let branches = || rule.definitions.iter().flat_map(|definition| &definition.branches);
    let first = branches().next().and_then(|branch| branch.value.constant());
    matches!(rule.form, Form::Value | Form::Function)
        && first.is_some()
        && branches().all(|branch| branch.value.constant() == first)
}

impl Names<'_> {
    /// How many statements are traced so far.
    pub(super) fn probed(&self) -> usize {
        self.probes.as_ref().map_or(0, |probes| probes.borrow().len())
    }

    /// Takes those back that came later.
    pub(super) fn forget(&self, probes: usize) {
        if let Some(all) = &self.probes {
            all.borrow_mut().truncate(probes);
        }
    }

    /// What a name stands for in a unit, where it is no variable.
    pub(super) fn root(&self, unit: &Unit, name: &str) -> Option<Root> {
        let values = |path: &[String]| path.iter().map(|part| Value::from(part.as_str())).collect::<Vec<_>>();
        match name {
            "input" => return Some(Root::Input(Vec::new())),
            "data" => return Some(Root::Data(Vec::new())),
            _ => {}
        }
        if let Some(import) = unit.imports.iter().find(|import| import.alias == name)
            && let Some((root, rest)) = import.path.split_first()
        {
            match root.as_str() {
                "data" => return Some(Root::Data(values(rest))),
                "input" => return Some(Root::Input(values(rest))),
                _ => {}
            }
        }
        if self.own.get(unit.package.as_slice())?.contains(name) {
            let mut path = values(&unit.package);
            path.push(Value::from(name));
            return Some(Root::Data(path));
        }
        None
    }

    /// The function that a name stands for.
    pub(super) fn function(&self, unit: &Unit, parts: &[String]) -> Option<Function> {
        let (first, rest) = parts.split_first()?;
        if let Some(Root::Data(mut path)) = self.root(unit, first) {
            path.extend(rest.iter().map(|part| Value::from(part.as_str())));
            let rule = self
                .walk(&path)
                .and_then(|(node, used)| (used == path.len()).then(|| self.nodes.get(node)?.rule).flatten());
            if let Some(rule) = rule
                && self.arities.get(rule).is_some_and(Option::is_some)
            {
                return Some(Function::Rule(rule));
            }
        }
        let name = parts.join(".");
        let at = builtins::FUNCTIONS.binary_search_by(|(known, _)| (*known).cmp(name.as_str())).ok()?;
        builtins::FUNCTIONS.get(at).map(|(name, _)| Function::Builtin(name))
    }

    /// How many arguments a function takes.
    pub(super) fn arity(&self, function: Function) -> usize {
        match function {
            Function::Rule(rule) => self.arities.get(rule).copied().flatten().unwrap_or_default(),
            Function::Builtin(name) => BUILTINS.get(name).map_or(0, |function| usize::from(function.1)),
        }
    }

    /// Follows a path as far as there are nodes, to the first with a rule.
    fn walk(&self, path: &[Value]) -> Option<(usize, usize)> {
        let mut at = 0;
        for (index, key) in path.iter().enumerate() {
            let node = self.nodes.get(at)?;
            if node.rule.is_some() {
                return Some((at, index));
            }
            let Value::String(name) = key else { return None };
            at = *node.below.get(name.as_ref())?;
        }
        Some((at, path.len()))
    }

    /// What is at a path below `data`; nothing where that is a function.
    pub(super) fn data(&self, path: Vec<Value>, span: &Span) -> Option<Term> {
        let Some((node, used)) = self.walk(&path) else {
            let value = at(self.data, &path).cloned().unwrap_or(Value::Undefined);
            return Some(Term::Base(Box::new(Base { path, value, span: span.clone() })));
        };
        let rest = path.get(used..).unwrap_or_default().iter().cloned().map(Term::Value).collect::<Vec<_>>();
        let of = match self.nodes.get(node)?.rule {
            Some(rule) if self.arities.get(rule).is_some_and(Option::is_some) => return None,
            Some(rule) => Term::Rule(rule),
            None => Term::Tree(node),
        };
        Some(match rest.is_empty() {
            true => of,
            false => Term::Path(Box::new((of, rest))),
        })
    }

    /// Whether a path leads into the value of a rule.
    pub(super) fn splits_a_rule(&self, path: &[Value]) -> bool {
        self.walk(path).is_some_and(|(node, used)| {
            used < path.len() && self.nodes.get(node).is_some_and(|node| node.rule.is_some())
        })
    }
}

/// Adds a definition to its rule.
fn define(
    names: &Names<'_>,
    unit: &Unit,
    definition: &unit::Definition,
    below: usize,
    rule: &mut Rule,
) -> Done<()> {
    let (head, bodies, span) = match definition.rule.as_ref() {
        Tree::Default { value, refr, .. } => {
            let mut compiler = Compiler::new(names, unit);
            if definition.path.len() > below {
                return compiler.wrong(
                    refr.span(),
                    "a part of an object has no default",
                    "give the rule one",
                );
            }
            let branch = branch(&mut compiler, None, &[], Some(value), false)?;
            rule.default = Some(Definition {
                arguments: Vec::new(),
                branches: vec![branch],
                contains: false,
                slots: compiler.slots,
                span: refr.span().clone(),
            });
            return Ok(());
        }
        Tree::Spec { head, bodies, span } => (head, bodies, span),
    };
    let truth: Option<&Ref<Expr>> = None;
    let (refr, arguments, value, contains) = match head {
        RuleHead::Compr { refr, assign, .. } => (refr, &[][..], given(assign.as_ref()), false),
        RuleHead::Set { refr, key: None, .. } => {
            let compiler = Compiler::new(names, unit);
            return compiler.wrong(refr.span(), "this set has no elements", "write `name contains value`");
        }
        RuleHead::Set { refr, key, .. } => (refr, &[][..], key.as_ref(), true),
        RuleHead::Func { refr, args, assign, .. } => (refr, args.as_slice(), given(assign.as_ref()), false),
    };
    let keys = keys(refr, below);
    let test = definition.is_test();
    let mut body = bodies.iter().peekable();
    loop {
        let first = body.next();
        let mut compiler = Compiler::new(names, unit);
        let patterns = compiler.arguments(arguments)?;
        let own = first.and_then(|body| given(body.assign.as_ref())).or(value);
        let mut branches = vec![branch(&mut compiler, first, &keys, own, test)?];
        while let Some(other) = body.next_if(|body| body.is_else) {
            let own = given(other.assign.as_ref()).or(truth);
            branches.push(branch(&mut compiler, Some(other), &keys, own, test)?);
        }
        rule.definitions.push(Definition {
            arguments: patterns,
            branches,
            contains,
            slots: compiler.slots,
            span: span.clone(),
        });
        if body.peek().is_none() {
            return Ok(());
        }
    }
}

fn given(assign: Option<&RuleAssign>) -> Option<&Ref<Expr>> {
    assign.map(|assign| &assign.value)
}

/// A part of a head's path.
enum Part<'e> {
    Name(Value),
    Computed(&'e Ref<Expr>),
}

/// What follows the first names of a head.
fn keys(refr: &Ref<Expr>, skip: usize) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut at = refr;
    loop {
        match at.as_ref() {
            Expr::RefDot { refr, field, .. } => {
                parts.push(Part::Name(Value::from(field.0.text())));
                at = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                parts.push(match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => Part::Name(value.clone()),
                    _ => Part::Computed(index),
                });
                at = refr;
            }
            root => {
                parts.push(Part::Name(Value::from(root.span().text())));
                break;
            }
        }
    }
    parts.reverse();
    parts.drain(..skip.min(parts.len()));
    parts
}

fn branch(
    compiler: &mut Compiler<'_>,
    body: Option<&RuleBody>,
    parts: &[Part<'_>],
    value: Option<&Ref<Expr>>,
    test: bool,
) -> Done<Branch> {
    let query: Option<&Query> = body.map(|body| body.query.as_ref());
    let mut outputs: Vec<&Ref<Expr>> = Vec::new();
    for part in parts {
        if let Part::Computed(expr) = part {
            outputs.push(expr);
        }
    }
    if test {
        let names = outputs.iter().map(|expr| (*expr).clone()).collect();
        compiler.outline = Some((Box::default(), names));
    }
    outputs.extend(value);
    let first = compiler.names.probed();
    let (body, terms) = compiler.query(query, |compiler, steps| {
        let probe = compiler.open(&outputs, steps);
        let terms = compiler.outputs(&outputs, steps)?;
        compiler.close(probe, &outputs, steps);
        Ok(terms)
    })?;
    let mut terms = terms.into_iter();
    let keys = parts
        .iter()
        .map(|part| match part {
            Part::Name(name) => Term::Value(name.clone()),
            Part::Computed(_) => terms.next().unwrap_or(Term::Value(Value::Undefined)),
        })
        .collect();
    let value = terms.next().unwrap_or(Term::Value(Value::Bool(true)));
    let mut outline = compiler.outline.take().map(|(outline, _)| outline);
    if let Some((_, case)) = outline.as_mut().and_then(|outline| outline.case.as_mut()) {
        // What is written out in the head is a part of the name too.
        let mut computed = std::mem::take(case).into_iter();
        case.extend(parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(Term::Value(name.clone())),
            Part::Computed(_) => computed.next(),
        }));
    }
    Ok(Branch { body, keys, value, outline, probes: first..compiler.names.probed() })
}

impl Compiler<'_> {
    /// What a body gives: each once the variables in it have values.
    pub(super) fn outputs(&mut self, exprs: &[&Ref<Expr>], steps: &mut Vec<Step>) -> Done<Vec<Term>> {
        let mut used: Vec<&Span> = Vec::new();
        exprs.iter().for_each(|expr| names(expr, &mut used));
        self.declare(&used);
        let mut terms: Vec<Option<Term>> = exprs.iter().map(|_| None).collect();
        loop {
            let mut waits = None;
            let mut moved = false;
            for (expr, term) in exprs.iter().zip(&mut terms).filter(|(_, term)| term.is_none()) {
                match self.attempt(steps, |compiler, steps| compiler.term(expr, steps)) {
                    Ok(done) => {
                        *term = Some(done);
                        moved = true;
                    }
                    Err(Wait::For(span)) => {
                        waits.get_or_insert(span);
                    }
                    Err(wrong) => return Err(wrong),
                }
            }
            match waits {
                None => return Ok(terms.into_iter().flatten().collect()),
                Some(span) if !moved => {
                    let mut found = false;
                    for expr in exprs {
                        found = found || self.find(expr, steps)?;
                    }
                    if !found {
                        return Err(Wait::For(span));
                    }
                }
                Some(_) => {}
            }
        }
    }
}

/// A problem with the policies as a whole.
pub(super) fn invalid(message: &str) -> Diagnostic {
    Diagnostic::error(codes::POLICY_INVALID, message)
}
