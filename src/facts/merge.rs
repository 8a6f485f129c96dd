//! Joins the parts of an input into one, stamps their trust, and refuses what does not fit.
//!
//! Linear in the size of the input. Afterwards every reference leads somewhere, ids are unique,
//! and each item can be traced to its place in the text it came from.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::diag::tree::{self, Node};
use crate::diag::{Diagnostic, Source, codes, nearest};
use crate::facts::fit;
use crate::facts::input::Origin;
use crate::model::evidence::Fact;
use crate::model::input::Input;
use crate::model::trust::Trust;

/// A part of an input, as it was read.
#[derive(Debug)]
pub struct Part {
    /// What it says.
    pub input: Input,
    /// Where it was read.
    pub source: Arc<Source>,
    /// How its members lie in that text.
    pub origin: Origin,
    /// Who vouches for it.
    pub trust: Trust,
    /// Whether it may bring stamps and results of its own (fixtures, `--trust-input`).
    pub stamped: bool,
}

/// The parts as one.
#[derive(Debug, Default)]
pub struct Merged {
    /// Everything, stamped.
    pub input: Input,
    /// For each kind of fact that somebody looked for, the most trusted of those who did.
    pub looked: BTreeMap<&'static str, Trust>,
    /// Trust of each inventory item, in order.
    pub inventory_trust: Vec<Trust>,
    /// Trust of each change, in order.
    pub change_trust: Vec<Trust>,
    /// Trust of what names the actor.
    pub context_trust: Trust,
    origins: BTreeMap<&'static str, Vec<(usize, usize)>>,
    parts: Vec<(Arc<Source>, Origin)>,
}

/// How many bytes the id of an asset or a change may have: reports name them in many places. What
/// Kubernetes calls an object is far shorter.
const MAX_ID: usize = 4096;

/// Runs a macro over every list of facts: the name of the fact, and how to reach it.
macro_rules! each_list {
    ($apply:ident) => {
        $apply!("sboms", sboms);
        $apply!("evidence.signatures", evidence.signatures);
        $apply!("evidence.attestations", evidence.attestations);
        $apply!("evidence.scans", evidence.scans);
        $apply!("evidence.advisories", evidence.advisories);
        $apply!("evidence.dryRuns", evidence.dry_runs);
        $apply!("evidence.gates", evidence.gates);
        $apply!("evidence.deployments", evidence.deployments);
        $apply!("evidence.observations", evidence.observations);
        $apply!("evidence.migrations", evidence.migrations);
        $apply!("evidence.dockerfiles", evidence.dockerfiles);
        $apply!("evidence.health", evidence.health);
        $apply!("evidence.registers", evidence.registers);
        $apply!("evidence.runs", evidence.runs);
        $apply!("evidence.quarantine", evidence.quarantine);
        $apply!("evidence.usages", evidence.usages);
    };
}

/// Joins parts, in the order given.
///
/// # Errors
/// Everything that does not fit, each with its place.
pub fn merge(parts: Vec<Part>) -> Result<Merged, Vec<Diagnostic>> {
    let mut merged = Merged::default();
    let mut problems = Vec::new();
    let places = Places::default();
    let mut assets: HashMap<String, usize> = HashMap::new();
    let mut changes: HashMap<String, usize> = HashMap::new();
    for mut part in parts {
        let number = merged.parts.len();
        merged.parts.push((Arc::clone(&part.source), part.origin.clone()));
        if let Some(context) = part.input.context.take() {
            match &merged.input.context {
                Some(first) if *first != context => problems.push(
                    Diagnostic::error(codes::INPUT_CONFLICT, "two parts of the input name different actors")
                        .hint("name the actor once")
                        .at(&part.source, places.of(&part.source, &part.origin, "/context"), "the second"),
                ),
                _ => {
                    merged.context_trust = merged.context_trust.max(part.trust);
                    merged.input.context = Some(context);
                }
            }
        }
        macro_rules! join {
            ($list:ident, $ids:ident, $trusts:ident, $what:literal) => {
                let name = stringify!($list);
                let list = std::mem::take(&mut part.input.$list);
                merged.input.$list.reserve(list.len());
                for (i, item) in list.into_iter().enumerate() {
                    if item.id.len() > MAX_ID {
                        let span = places.of(&part.source, &part.origin, &format!("/{name}/{i}/id"));
                        let message = format!(
                            "the id of the {} has {} bytes; at most {MAX_ID} are read",
                            $what,
                            item.id.len()
                        );
                        let problem = Diagnostic::error(codes::INPUT_TOO_LARGE, message);
                        problems.push(problem.at(&part.source, span, "here"));
                        continue;
                    }
                    match $ids.get(&item.id).and_then(|at| Some((*at, merged.input.$list.get(*at)?))) {
                        Some((at, first)) => {
                            let same = *first == item && merged.part_of(name, at) != Some(number);
                            if !same {
                                let twice = merged.twice(&places, (name, $what, &item.id), at, number, i);
                                problems.push(twice);
                            } else if let Some(trust) = merged.$trusts.get_mut(at) {
                                // Both say the same, and whoever is believed more vouches for it.
                                *trust = (*trust).max(part.trust);
                            }
                        }
                        None => {
                            $ids.insert(item.id.clone(), merged.input.$list.len());
                            merged.origins.entry(name).or_default().push((number, i));
                            merged.$trusts.push(part.trust);
                            merged.input.$list.push(item);
                        }
                    }
                }
            };
        }
        join!(inventory, assets, inventory_trust, "inventory item");
        join!(changes, changes, change_trust, "change");
        macro_rules! take {
            ($name:literal, $($path:ident).+) => {
                if let Some(list) = part.input.$($path).+.take() {
                    let looked = merged.looked.entry($name).or_insert(part.trust);
                    *looked = (*looked).max(part.trust);
                    let all = merged.input.$($path).+.get_or_insert_with(Vec::new);
                    all.reserve(list.len());
                    let origins = merged.origins.entry($name).or_default();
                    for (i, mut fact) in list.into_iter().enumerate() {
                        for member in fact.forged().into_iter().filter(|_| !part.stamped) {
                            let pointer = format!("/{}/{i}/{member}", $name.replace('.', "/"));
                            let span = places.of(&part.source, &part.origin, &pointer);
                            problems.push(forged(span, &part.source, $name, member));
                        }
                        if !(part.stamped && fact.trust().is_some()) {
                            fact.stamp(part.trust);
                        }
                        origins.push((number, i));
                        all.push(fact);
                    }
                }
            };
        }
        each_list!(take);
        if let Some(list) = part.input.evidence.approvals.take() {
            merged.input.evidence.approvals.get_or_insert_with(Vec::new).extend(list);
        }
        if !problems.is_empty() && problems.len() > 50 {
            break;
        }
    }
    merged.check_references(&places, &assets, &changes, &mut problems);
    if problems.is_empty() { Ok(merged) } else { Err(problems) }
}

/// Finds the bytes of members, only when there is something to say about them; each source is read
/// once for all of it.
#[derive(Default)]
struct Places {
    trees: RefCell<HashMap<*const Source, Vec<Node>>>,
}

impl Places {
    fn of(&self, source: &Arc<Source>, origin: &Origin, pointer: &str) -> Range<usize> {
        let mut trees = self.trees.borrow_mut();
        let nodes =
            trees.entry(Arc::as_ptr(source)).or_insert_with(|| tree::parse(source).unwrap_or_default());
        let node = match origin {
            Origin::Input(index) => nodes.get(*index).map(|node| node.locate(pointer)),
            Origin::Object(index, _) => nodes.get(*index),
        };
        node.map_or(0..1, |node| crate::diag::document::first_line(source, &node.span))
    }
}

fn forged(span: Range<usize>, source: &Arc<Source>, list: &str, member: &str) -> Diagnostic {
    let instead = match list {
        "evidence.signatures" => {
            "give the material that proves it under `bundle`: a Sigstore bundle or DSSE envelope"
        }
        "evidence.attestations" => {
            "give the material that proves it under `envelope`: a Sigstore bundle or DSSE envelope"
        }
        _ => "let operators vouch for the file under `trust.inputs`",
    };
    Diagnostic::error(codes::INPUT_FORGED, format!("`{member}` is for Weighlock to say, not for a document"))
        .hint(format!("remove it, and {instead}; for fixtures and trying out there is `--trust-input`"))
        .at(source, span, "claimed here")
}

impl Merged {
    /// The source and the place in it of an item of a list.
    pub fn origin(&self, list: &str, index: usize) -> Option<(&Arc<Source>, &Origin, usize)> {
        let (part, local) = self.origins.get(list)?.get(index)?;
        let (source, origin) = self.parts.get(*part)?;
        Some((source, origin, *local))
    }

    fn part_of(&self, list: &str, index: usize) -> Option<usize> {
        self.origins.get(list)?.get(index).map(|(part, _)| *part)
    }

    fn twice(
        &self,
        places: &Places,
        (list, what, id): (&str, &str, &str),
        first: usize,
        part: usize,
        local: usize,
    ) -> Diagnostic {
        let same_part = self.part_of(list, first) == Some(part);
        let code = if same_part { codes::INPUT_DUPLICATE } else { codes::INPUT_CONFLICT };
        let message = if same_part {
            format!("two {what}s have the id `{id}`")
        } else {
            format!("two parts of the input describe the {what} `{id}` differently")
        };
        let mut diagnostic = Diagnostic::error(code, message);
        if let Some((source, origin, i)) = self.origin(list, first) {
            let (line, _) = source.line_column(places.of(source, origin, &format!("/{list}/{i}/id")).start);
            diagnostic = diagnostic.hint(format!("the first is in {} line {line}", source.name));
        }
        match self.parts.get(part) {
            Some((source, origin)) => {
                let span = places.of(source, origin, &format!("/{list}/{local}/id"));
                diagnostic.at(source, span, "the second")
            }
            None => diagnostic,
        }
    }

    fn dangling<'a>(
        &self,
        places: &Places,
        (list, index, member): (&str, usize, &str),
        (what, id): (&str, &str),
        known: impl Iterator<Item = &'a String>,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::error(codes::INPUT_DANGLING, format!("there is no {what} `{id}`"));
        let diagnostic = match nearest(id, known.map(String::as_str)) {
            Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
            None => diagnostic.hint(format!("add the {what}, or name the file that has it as well")),
        };
        match self.origin(list, index) {
            Some((source, origin, local)) => {
                let pointer = format!("/{}/{local}/{member}", list.replace('.', "/"));
                diagnostic.at(source, places.of(source, origin, &pointer), "refers to nothing")
            }
            None => diagnostic,
        }
    }

    fn check_references(
        &self,
        places: &Places,
        assets: &HashMap<String, usize>,
        changes: &HashMap<String, usize>,
        problems: &mut Vec<Diagnostic>,
    ) {
        const ENOUGH: usize = 50;
        for (i, change) in self.input.changes.iter().enumerate() {
            if problems.len() > ENOUGH {
                return;
            }
            if !assets.contains_key(&change.asset) {
                problems.push(self.dangling(
                    places,
                    ("changes", i, "asset"),
                    ("inventory item", &change.asset),
                    assets.keys(),
                ));
            }
            problems.extend(self.environment(places, i, change, assets));
            let asset = assets.get(&change.asset).and_then(|at| self.input.inventory.get(*at));
            if let Some((member, problem)) = fit::misfit(change, asset)
                && let Some((source, origin, local)) = self.origin("changes", i)
            {
                let span = places.of(source, origin, &format!("/changes/{local}/{member}"));
                problems.push(problem.at(source, span, "here"));
            }
            for (k, id) in change.depends_on.iter().enumerate() {
                if problems.len() > ENOUGH {
                    return;
                }
                if !changes.contains_key(id) {
                    problems.push(self.dangling(
                        places,
                        ("changes", i, &format!("dependsOn/{k}")),
                        ("change", id),
                        changes.keys(),
                    ));
                }
            }
        }
        for (i, asset) in self.input.inventory.iter().enumerate() {
            for (member, problem) in fit::faults(asset) {
                if let Some((source, origin, local)) = self.origin("inventory", i) {
                    let span = places.of(source, origin, &format!("/inventory/{local}/{member}"));
                    problems.push(problem.at(source, span, "here"));
                }
            }
            if problems.len() > ENOUGH {
                return;
            }
        }
        for (i, migration) in self.input.evidence.migrations.iter().flatten().enumerate() {
            if problems.len() > ENOUGH {
                return;
            }
            if let Some(id) = migration.change.as_ref().filter(|id| !changes.contains_key(*id)) {
                problems.push(self.dangling(
                    places,
                    ("evidence.migrations", i, "change"),
                    ("change", id),
                    changes.keys(),
                ));
            }
            if let Some(id) = migration.asset.as_ref().filter(|id| !assets.contains_key(*id)) {
                problems.push(self.dangling(
                    places,
                    ("evidence.migrations", i, "asset"),
                    ("inventory item", id),
                    assets.keys(),
                ));
            }
        }
        let evidence = &self.input.evidence;
        let health = evidence.health.iter().flatten().map(|fact| &fact.asset).enumerate();
        let files = evidence.dockerfiles.iter().flatten().map(|fact| &fact.asset).enumerate();
        let health = health.map(|about| ("evidence.health", about));
        for (list, (i, asset)) in health.chain(files.map(|about| ("evidence.dockerfiles", about))) {
            if problems.len() > ENOUGH {
                return;
            }
            if !assets.contains_key(asset) {
                let (at, named) = ((list, i, "asset"), ("inventory item", asset.as_str()));
                problems.push(self.dangling(places, at, named, assets.keys()));
            }
        }
        if problems.is_empty() {
            problems.extend(self.cycle(places, changes));
        }
    }

    /// A promotion must enter the environment that its asset is in: rules look at either.
    fn environment(
        &self,
        places: &Places,
        index: usize,
        change: &crate::model::input::Change,
        assets: &HashMap<String, usize>,
    ) -> Option<Diagnostic> {
        let to = &change.promotion.as_ref()?.to;
        let asset = self.input.inventory.get(*assets.get(&change.asset)?)?;
        let environment = asset.environment.as_ref().filter(|environment| *environment != to)?;
        let diagnostic = Diagnostic::error(
            codes::INPUT_CONFLICT,
            format!("the change promotes to `{to}`, but `{}` is in `{environment}`", asset.id),
        )
        .hint("name the asset of the environment that the change enters");
        let (source, origin, local) = self.origin("changes", index)?;
        Some(diagnostic.at(
            source,
            places.of(source, origin, &format!("/changes/{local}/promotion/to")),
            "here",
        ))
    }

    /// A circle in `dependsOn`, where there is one.
    fn cycle(&self, places: &Places, changes: &HashMap<String, usize>) -> Option<Diagnostic> {
        let all = &self.input.changes;
        let mut waiting: Vec<usize> = all.iter().map(|change| change.depends_on.len()).collect();
        if waiting.iter().all(|n| *n == 0) {
            return None;
        }
        let mut after: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, change) in all.iter().enumerate() {
            for id in &change.depends_on {
                after.entry(id.as_str()).or_default().push(i);
            }
        }
        let mut ready: Vec<usize> =
            waiting.iter().enumerate().filter(|(_, n)| **n == 0).map(|(i, _)| i).collect();
        let mut done = HashSet::new();
        while let Some(i) = ready.pop() {
            done.insert(i);
            let id = all.get(i).map_or("", |change| change.id.as_str());
            for next in after.get(id).into_iter().flatten() {
                if let Some(n) = waiting.get_mut(*next) {
                    *n = n.saturating_sub(1);
                    if *n == 0 {
                        ready.push(*next);
                    }
                }
            }
        }
        let first = (0..all.len()).find(|i| !done.contains(i))?;
        let mut names = Vec::new();
        let mut at = first;
        // Every change that is left waits for another that is left, so the walk comes back.
        let mut seen = HashSet::new();
        while seen.insert(at) {
            let change = all.get(at)?;
            names.push(format!("`{}`", change.id));
            let next = change.depends_on.iter().filter_map(|id| changes.get(id)).find(|i| !done.contains(*i));
            at = *next?;
        }
        names.push(all.get(at).map(|change| format!("`{}`", change.id))?);
        let diagnostic = Diagnostic::error(
            codes::INPUT_CONFLICT,
            format!("changes wait for each other: {}", names.join(" → ")),
        )
        .hint("remove one `dependsOn`");
        Some(match self.origin("changes", first) {
            Some((source, origin, local)) => diagnostic.at(
                source,
                places.of(source, origin, &format!("/changes/{local}/dependsOn")),
                "in this circle",
            ),
            None => diagnostic,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::input::{Document, read};

    fn parts(texts: &[&str], stamped: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            let source = Source::new(
                format!("{i}.yaml"),
                format!("apiVersion: weighlock.dev/v1\nkind: Input\n{text}"),
            );
            for document in read(&source, false).unwrap() {
                if let Document::Input(input, origin) = document {
                    let source = Arc::clone(&source);
                    parts.push(Part { input: *input, source, origin, trust: Trust::Claimed, stamped });
                }
            }
        }
        parts
    }

    fn problem(texts: &[&str]) -> Diagnostic {
        merge(parts(texts, false)).unwrap_err().remove(0)
    }

    #[test]
    fn parts_join_and_the_same_item_twice_is_one() {
        let a = "inventory: [{id: a, kind: pod}]\nevidence: {gates: []}\n";
        let b = "inventory: [{id: a, kind: pod}]\nchanges: [{id: c, kind: config, asset: a}]\n";
        let merged = merge(parts(&[a, b], false)).unwrap();
        assert_eq!((merged.input.inventory.len(), merged.input.changes.len()), (1, 1));
        assert_eq!(merged.looked.get("evidence.gates"), Some(&Trust::Claimed));
        assert_eq!(merged.looked.get("evidence.scans"), None);
    }

    #[test]
    fn whoever_is_believed_more_vouches_for_a_change_that_two_describe() {
        let text = "inventory: [{id: a, kind: pod}]\nchanges: [{id: c, kind: config, asset: a}]\n";
        let mut all = parts(&[text, text, "changes: [{id: d, kind: config, asset: a}]\n"], false);
        all[1].trust = Trust::Operator;
        assert_eq!(merge(all).unwrap().change_trust, [Trust::Operator, Trust::Claimed]);
    }

    #[test]
    fn conflicts_duplicates_and_dangling_references_have_places() {
        let conflict =
            problem(&["inventory: [{id: a, kind: pod}]\n", "inventory: [{id: a, kind: workload}]\n"]);
        assert_eq!(
            conflict.to_string(),
            "1.yaml:3:18: two parts of the input describe the inventory item `a` differently [input.conflict]"
        );
        assert_eq!(conflict.hint.as_deref(), Some("the first is in 0.yaml line 3"));
        let duplicate = problem(&["inventory: [{id: a, kind: pod}, {id: a, kind: pod}]\n"]);
        assert_eq!(duplicate.code, codes::INPUT_DUPLICATE);
        let dangling = problem(&[
            "inventory: [{id: alpha, kind: pod}]\nchanges:\n  - {id: c, kind: config, asset: alhpa}\n",
        ]);
        assert_eq!(dangling.to_string(), "0.yaml:5:34: there is no inventory item `alhpa` [input.dangling]");
        assert_eq!(dangling.hint.as_deref(), Some("did you mean `alpha`?"));
    }

    #[test]
    fn what_would_be_judged_by_other_rules_is_refused() {
        let change = |members: &str| {
            problem(&[&format!(
                "inventory: [{{id: a, kind: release}}]\nchanges: [{{id: c, asset: a, {members}}}]\n"
            )])
        };
        assert_eq!(
            change("kind: promotion").message,
            "a promotion must say under `promotion` where it comes from"
        );
        assert_eq!(change("kind: config, author: {id: ' '}").message, "`author` names nobody");
        for members in [
            "kind: image, promotion: {from: a, to: dev}",
            "kind: config, operation: DELETE",
            "kind: config, to: {container: app}",
        ] {
            let error = change(members);
            assert_eq!(error.code, codes::INPUT_INVALID, "{members}");
            assert!(error.message.contains("not to a change of kind"), "{members}");
        }
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: []}}";
        let error = problem(&[&format!("inventory: [{{id: a, kind: object, object: {pod}}}]\n")]);
        assert_eq!(error.message, "`a` says `object`, but its object is a `pod`");
        // A pod that cannot be read runs all the same.
        let hidden =
            "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: {name: c}}}}}";
        let error = problem(&[&format!("inventory: [{{id: a, kind: object, object: {hidden}}}]\n")]);
        assert_eq!(error.message, "`a` says `object`, but its object is a `workload`");
        let list = format!("{{apiVersion: v1, kind: PodList, items: [{pod}]}}");
        let error = problem(&[&format!("inventory: [{{id: a, kind: object, object: {list}}}]\n")]);
        assert_eq!(error.message, "the object of `a` has `items`: clients take it for a list of objects");
    }

    #[test]
    fn circles_are_named() {
        let circle = problem(&[
            "inventory: [{id: a, kind: pod}]\nchanges:\n  - {id: x, kind: config, asset: a, dependsOn: [y]}\n  - {id: y, kind: config, asset: a, dependsOn: [x]}\n",
        ]);
        assert_eq!(circle.message, "changes wait for each other: `x` → `y` → `x`");
    }

    #[test]
    fn a_document_may_not_state_what_only_weighlock_may() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for member in ["status: verified", "trust: verified", "identity: me", "issuer: me"] {
            let text = format!("evidence:\n  signatures:\n    - {{subject: '{digest}', {member}}}\n");
            let error = problem(&[&text]);
            assert_eq!(error.code, codes::INPUT_FORGED);
            assert_eq!(error.place().map(|p| p.1), Some(5));
            assert!(merge(parts(&[&text], true)).is_ok());
        }
        // All of one signature are told together.
        let text = format!(
            "evidence:\n  signatures:\n    - {{subject: '{digest}', status: verified, identity: me, issuer: me}}\n"
        );
        let told: Vec<String> =
            merge(parts(&[&text], false)).unwrap_err().iter().map(|error| error.message.clone()).collect();
        assert_eq!(
            told,
            ["status", "identity", "issuer"]
                .map(|member| format!("`{member}` is for Weighlock to say, not for a document"))
        );
    }
}
