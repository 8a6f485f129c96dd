//! Finds the lines of input and policy that a finding speaks about.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;

use crate::diag::pointer::Pointers;
use crate::diag::tree::{self, Node};
use crate::diag::{Source, document};
use crate::facts::input::Origin;
use crate::facts::kubernetes;
use crate::facts::merge::Merged;
use crate::model::finding::Location;
use crate::model::input::Asset;
use crate::model::review::Review;
use crate::policy::Bundle;
use crate::report::Excerpt;

/// How places are found in a source.
enum Text<'a> {
    Json(Pointers<'a>),
    Yaml(Option<Vec<Node>>),
}

/// Reads each source once, and only those that something is said about.
pub(crate) struct Excerpts<'a> {
    merged: &'a Merged,
    texts: HashMap<*const Source, Text<'a>>,
    changes: HashMap<&'a str, usize>,
    assets: HashMap<&'a str, usize>,
    /// Where the images of an asset stand, by container.
    images: HashMap<usize, HashMap<Option<&'a str>, String>>,
    /// Where the facts of a list stand, by a hash of what they say.
    facts: HashMap<&'static str, HashMap<u64, Vec<usize>>>,
    /// Where the facts of a review stand, by the place of its change and the pointer to the fact:
    /// many findings may be about one that is large.
    found: HashMap<(usize, String), Option<usize>>,
}

impl<'a> Excerpts<'a> {
    pub(crate) fn new(merged: &'a Merged) -> Self {
        let ids = |list: Vec<&'a str>| list.into_iter().enumerate().map(|(i, id)| (id, i)).collect();
        Self {
            merged,
            texts: HashMap::new(),
            changes: ids(merged.input.changes.iter().map(|change| change.id.as_str()).collect()),
            assets: ids(merged.input.inventory.iter().map(|asset| asset.id.as_str()).collect()),
            images: HashMap::new(),
            facts: HashMap::new(),
            found: HashMap::new(),
        }
    }

    /// The place in the input of a pointer into a review.
    pub(crate) fn input(&mut self, review: &Review, pointer: &str) -> Option<Excerpt> {
        let change = *self.changes.get(review.change.id.as_str())?;
        let parts: Vec<&str> = pointer.split('/').skip(1).collect();
        let rest = |n: usize| parts.iter().skip(n).fold(String::new(), |all, part| all + "/" + part);
        let index = |n: usize| parts.get(n).and_then(|part| part.parse::<usize>().ok());
        let here = (change, pointer);
        match parts.first().copied()? {
            "change" => self.item("changes", change, &rest(1)),
            "asset" => self.asset(review, &rest(1)),
            "artifacts" => {
                let artifact = review.artifacts.get(index(1)?)?;
                match parts.get(2).copied() {
                    Some("scans") => {
                        self.fact(here, "evidence.scans", artifact.scans.as_ref()?.get(index(3)?)?, &rest(4))
                    }
                    Some("signatures") => {
                        let item = artifact.signatures.as_ref()?.get(index(3)?)?;
                        self.fact(here, "evidence.signatures", item, &rest(4))
                    }
                    Some("attestations") => {
                        let item = artifact.attestations.as_ref()?.get(index(3)?)?;
                        self.fact(here, "evidence.attestations", item, &rest(4))
                    }
                    Some("sbom") => self.fact(here, "sboms", artifact.sbom.as_ref()?, &rest(3)),
                    _ if artifact.changed && review.change.to.is_some() => {
                        self.item("changes", change, "/to")
                    }
                    _ => self.image(review, artifact.container.as_deref()),
                }
            }
            "evidence" => {
                // A finding about a list as a whole is shown at its first item.
                let (item, tail) = (index(2).unwrap_or(0), rest(3));
                let evidence = &review.evidence;
                match parts.get(1).copied()? {
                    "advisories" => self.fact(
                        here,
                        "evidence.advisories",
                        evidence.advisories.as_ref()?.get(item)?,
                        &tail,
                    ),
                    "dryRuns" => {
                        self.fact(here, "evidence.dryRuns", evidence.dry_runs.as_ref()?.get(item)?, &tail)
                    }
                    "usages" => {
                        self.fact(here, "evidence.usages", evidence.usages.as_ref()?.get(item)?, &tail)
                    }
                    "gates" => self.fact(here, "evidence.gates", evidence.gates.as_ref()?.get(item)?, &tail),
                    "deployments" => self.fact(
                        here,
                        "evidence.deployments",
                        evidence.deployments.as_ref()?.get(item)?,
                        &tail,
                    ),
                    "observations" => self.fact(
                        here,
                        "evidence.observations",
                        evidence.observations.as_ref()?.get(item)?,
                        &tail,
                    ),
                    "migrations" => self.fact(
                        here,
                        "evidence.migrations",
                        evidence.migrations.as_ref()?.get(item)?,
                        &tail,
                    ),
                    "dockerfiles" => self.fact(
                        here,
                        "evidence.dockerfiles",
                        evidence.dockerfiles.as_ref()?.get(item)?,
                        &tail,
                    ),
                    "health" => {
                        self.fact(here, "evidence.health", evidence.health.as_ref()?.get(item)?, &tail)
                    }
                    "registers" => {
                        self.fact(here, "evidence.registers", evidence.registers.as_ref()?.get(item)?, &tail)
                    }
                    "runs" => self.fact(here, "evidence.runs", evidence.runs.as_ref()?.get(item)?, &tail),
                    "quarantine" => self.fact(
                        here,
                        "evidence.quarantine",
                        evidence.quarantine.as_ref()?.get(item)?,
                        &tail,
                    ),
                    _ => None,
                }
            }
            "related" => {
                let related = review.related.as_ref()?.get(index(1)?)?;
                let at = *self.assets.get(related.id.as_str())?;
                self.item("inventory", at, "/object")
            }
            _ => None,
        }
    }

    /// Where the change itself stands.
    pub(crate) fn change(&mut self, review: &Review) -> Option<Excerpt> {
        let at = *self.changes.get(review.change.id.as_str())?;
        self.item("changes", at, "/id").or_else(|| self.item("inventory", at, "/kind"))
    }

    fn asset(&mut self, review: &Review, rest: &str) -> Option<Excerpt> {
        let asset = review.asset.as_ref()?;
        let at = *self.assets.get(asset.id.as_str())?;
        let pointer = match rest.strip_prefix("/podSpec") {
            Some(tail) => {
                let object = &self.merged.input.inventory.get(at)?.object.as_ref()?.0;
                format!("/object{}{tail}", kubernetes::pod_spec_pointer(object)?)
            }
            None => rest.to_owned(),
        };
        self.item("inventory", at, &pointer)
    }

    fn image(&mut self, review: &Review, container: Option<&str>) -> Option<Excerpt> {
        let asset = review.asset.as_ref()?;
        let at = *self.assets.get(asset.id.as_str())?;
        let merged = self.merged;
        let asset = merged.input.inventory.get(at)?;
        let pointer = self.images.entry(at).or_insert_with(|| images(asset)).get(&container)?.clone();
        self.item("inventory", at, &pointer)
    }

    /// A fact of a list that is the same as one of a review, by its content. `rest` is what the
    /// pointer says of the fact itself.
    fn fact<F: Listed>(
        &mut self,
        (change, pointer): (usize, &str),
        list: &'static str,
        fact: &F,
        rest: &str,
    ) -> Option<Excerpt> {
        let whole = pointer.strip_suffix(rest).unwrap_or(pointer);
        let known = self.found.get(&(change, whole.to_owned())).copied();
        let at = known.unwrap_or_else(|| {
            let at = self.place(list, fact);
            self.found.insert((change, whole.to_owned()), at);
            at
        })?;
        self.item(list, at, rest)
    }

    /// The place of a fact in its list, found by its content.
    fn place<F: Listed>(&mut self, list: &'static str, fact: &F) -> Option<usize> {
        let all = F::list(&self.merged.input)?;
        let places = self.facts.entry(list).or_insert_with(|| {
            let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
            for (place, item) in all.iter().enumerate() {
                places.entry(hash(item)).or_default().push(place);
            }
            places
        });
        places.get(&hash(fact))?.iter().copied().find(|place| all.get(*place) == Some(fact))
    }

    fn item(&mut self, list: &str, index: usize, rest: &str) -> Option<Excerpt> {
        let merged = self.merged;
        let (source, origin, local) = merged.origin(list, index)?;
        let pointer = match origin {
            Origin::Input(_) => format!("/{}/{local}{rest}", list.replace('.', "/")),
            Origin::Object(_, at) => format!("{at}{}", rest.strip_prefix("/object").unwrap_or_default()),
        };
        let text =
            self.texts.entry(Arc::as_ptr(source)).or_insert_with(|| match document::is_json(&source.text) {
                true => Text::Json(Pointers::new(&source.text)),
                false => Text::Yaml(tree::parse(source).ok()),
            });
        let span = match text {
            Text::Json(pointers) => pointers.locate(&pointer),
            Text::Yaml(nodes) => {
                let (Origin::Input(index) | Origin::Object(index, _)) = origin;
                nodes.as_ref()?.get(*index)?.locate(&pointer).span.clone()
            }
        };
        Some(excerpt(source, document::first_line(source, &span)))
    }
}

/// The pointers within an asset to its images, by container: to the container where there is one.
fn images(asset: &Asset) -> HashMap<Option<&str>, String> {
    let mut found = HashMap::new();
    for (place, image) in asset.images.iter().enumerate() {
        found.entry(image.container.as_deref()).or_insert_with(|| format!("/images/{place}"));
    }
    let object = asset.object.as_ref().map(|object| &object.0);
    let Some((object, spec)) = object.and_then(|o| Some((o, kubernetes::pod_spec_pointer(o)?))) else {
        return found;
    };
    // Where a name is taken twice, the first counts.
    for list in ["ephemeralContainers", "containers", "initContainers"] {
        let all = object.pointer(&format!("{spec}/{list}")).and_then(|list| list.as_array());
        let all = all.map(Vec::as_slice).unwrap_or_default();
        for (place, container) in all.iter().enumerate().rev() {
            let name = container.get("name").and_then(|name| name.as_str());
            if let Some(pointer) = found.get_mut(&name) {
                *pointer = format!("/object{spec}/{list}/{place}/image");
            }
        }
    }
    found
}

fn hash<F: Serialize>(fact: &F) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_vec(fact).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// A list of facts in an input.
trait Listed: PartialEq + Serialize + Sized {
    fn list(input: &crate::model::input::Input) -> Option<&Vec<Self>>;
}

macro_rules! listed {
    ($($type:ident $($path:ident).+;)*) => {$(
        impl Listed for crate::model::evidence::$type {
            fn list(input: &crate::model::input::Input) -> Option<&Vec<Self>> {
                input.$($path).+.as_ref()
            }
        }
    )*};
}
listed! {
    Sbom sboms;
    Signature evidence.signatures;
    Attestation evidence.attestations;
    Scan evidence.scans;
    Advisory evidence.advisories;
    DryRun evidence.dry_runs;
    Gate evidence.gates;
    Deployment evidence.deployments;
    Observation evidence.observations;
    Migration evidence.migrations;
    Dockerfile evidence.dockerfiles;
    Health evidence.health;
    RegisterEntry evidence.registers;
    ActiveRun evidence.runs;
    Quarantine evidence.quarantine;
    Usage evidence.usages;
}

/// The head of the rule that gave a finding.
pub(crate) fn policy(bundle: &Bundle, location: &Location) -> Option<Excerpt> {
    let file = bundle.files.iter().find(|file| file.source.name == location.file)?;
    let start = file.source.offset(location.line, location.column.unwrap_or(1));
    let rest = file.source.text.get(start..)?;
    let length = rest.find('\n').unwrap_or(rest.len());
    Some(excerpt(&file.source, start..start.saturating_add(length.max(1))))
}

/// Characters of a line that are kept whole; a longer one is that of a minified document.
const WHOLE: usize = 240;
/// Characters of a longer line that are kept before what is meant, and from there on.
const BEFORE: usize = 60;
const AFTER: usize = 180;

fn excerpt(source: &Source, span: std::ops::Range<usize>) -> Excerpt {
    let (line, column) = source.line_column(span.start);
    let text = source.line(line);
    let at = span.start.saturating_sub(source.offset(line, 1)).min(text.len());
    let width = source.text.get(span).map_or(1, |text| text.chars().count().max(1));
    let (text, within) = if text.len() > WHOLE {
        let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
        // The mark of what is left out takes a column.
        let (from, skipped) = match before.char_indices().rev().nth(BEFORE) {
            Some((at, skipped)) => (at.saturating_add(skipped.len_utf8()), "…"),
            None => (0, ""),
        };
        let near = before.get(from..).unwrap_or_default();
        let (to, left) = after.char_indices().nth(AFTER).map_or((after.len(), ""), |(at, _)| (at, "…"));
        let after = after.get(..to).unwrap_or_default();
        let within = near.chars().count().saturating_add(skipped.chars().count()).saturating_add(1);
        (format!("{skipped}{near}{after}{left}"), within)
    } else {
        (text.to_owned(), usize::try_from(column).unwrap_or(1))
    };
    Excerpt {
        file: source.name.clone(),
        line,
        column,
        lines: vec![(line, text)],
        width: u32::try_from(width).unwrap_or(1),
        within: u32::try_from(within).unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_what_is_near_is_kept_and_found_again() {
        let text = format!("{}BAD{}", "é".repeat(1000), "z".repeat(1000));
        let source = Source::new("a.json", text.as_str());
        let at = text.find("BAD").unwrap();
        let kept = excerpt(&source, at..at + 3);
        assert_eq!((kept.line, kept.column, kept.width), (1, 1001, 3));
        let line = &kept.lines[0].1;
        assert!(line.starts_with("…é") && line.ends_with("z…") && line.chars().count() < 250, "{line}");
        let within = usize::try_from(kept.within).unwrap();
        assert_eq!(line.chars().skip(within - 1).take(3).collect::<String>(), "BAD");
        let first = excerpt(&source, 0..2);
        assert!(first.within == 1 && first.lines[0].1.starts_with('é'), "{first:?}");
    }
}
