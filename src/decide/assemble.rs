//! Assembles reviews: each change joined with its asset, artifacts, evidence and related objects.
//!
//! Linear in the size of the input: every list is indexed once by what it is about. What does not
//! count (too old, too little trusted, ahead of the clock) is left out and named under `unknown`.

mod beside;
mod burden;
mod fixes;
mod united;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use self::beside::{Ahead, Flights, Freights};
use super::fact::{self, Thresholds};
use super::related::Objects;
use super::{artifacts, observed};
use crate::facts::merge::Merged;
use crate::facts::version::{self, Version};
use crate::facts::{commit, kubernetes};
use crate::model::canonical;
use crate::model::evidence::{Advisory, Fact, Migration, Observation, Sbom, Scan};
use crate::model::governance::Roles;
use crate::model::id::{API_VERSION, Digest};
use crate::model::input::{Asset, AssetKind, Build, Change, ChangeKind, Image, Person, Target};
use crate::model::json::Json;
use crate::model::review::{
    Actor, Context, Review, ReviewAsset, ReviewChange, ReviewEvidence, Unknown, UnknownReason, UpdateType,
};
use crate::model::time::Time;
use crate::model::trust::{Threshold, Trust};

pub use burden::Burden;

/// Assembles a review for every change, in the order of the input.
pub fn assemble(merged: &Merged, now: Time, thresholds: &Thresholds, roles: &Roles) -> Vec<Review> {
    let assembly = Assembly::new(merged, now, thresholds, roles);
    merged.input.changes.par_iter().map(|change| assembly.assemble(change)).collect()
}

/// Where the reviews are that are to be judged, in the order of their changes.
///
/// INVARIANT: none can be left out. A source gives all of them at once and has no way to answer that
/// it has not this one, so there is a decision for each.
pub trait Reviews: Sync {
    /// Every review, at its place.
    fn each(&self) -> impl IndexedParallelIterator<Item = Cow<'_, Review>>;
}

impl<T: AsRef<[Review]> + Sync + ?Sized> Reviews for T {
    fn each(&self) -> impl IndexedParallelIterator<Item = Cow<'_, Review>> {
        self.as_ref().par_iter().map(Cow::Borrowed)
    }
}

/// Reviews made when they are asked for, so that those of a whole fleet are never held at once.
impl Reviews for Assembly<'_> {
    fn each(&self) -> impl IndexedParallelIterator<Item = Cow<'_, Review>> {
        self.changes.par_iter().map(|change| Cow::Owned(self.assemble(change)))
    }
}

/// A list of facts, by what they are about.
struct List<'a, F> {
    name: &'static str,
    counted: HashMap<&'a str, Vec<&'a F>>,
    left_out: HashMap<&'a str, UnknownReason>,
    /// Somebody who is trusted enough looked, and an entry that is not there is not there.
    exhaustive: bool,
}

impl<'a, F: Fact + Clone> List<'a, F> {
    fn new(
        name: &'static str,
        list: Option<&'a Vec<F>>,
        merged: &Merged,
        threshold: Threshold,
        now: Time,
        exhaustive: bool,
        key: impl Fn(&'a F) -> Option<&'a str>,
    ) -> Self {
        let looked = merged.looked.get(name).is_some_and(|trust| Some(*trust) >= threshold.trust)
            // A list does not say when somebody looked; only what stands in it does.
            && (threshold.max_age.is_none()
                || list.into_iter().flatten().any(|item| fact::counts(item, threshold, now).is_ok()));
        let mut index = Self {
            name,
            counted: HashMap::new(),
            left_out: HashMap::new(),
            exhaustive: exhaustive && looked,
        };
        for item in list.into_iter().flatten() {
            let Some(key) = key(item) else { continue };
            match fact::counts(item, threshold, now) {
                Ok(()) => index.counted.entry(key).or_default().push(item),
                Err(reason) => {
                    // What nobody vouches for says least about why something is not known.
                    let rank = |reason: UnknownReason| (reason == UnknownReason::Distrusted, reason);
                    let known = index.left_out.entry(key).or_insert(reason);
                    *known = std::cmp::min_by_key(*known, reason, |reason| rank(*reason));
                }
            }
        }
        index
    }

    /// Whether all that there is about a subject is known; the reason where it is said why not.
    fn whole(&self, subject: &str) -> Result<(), Option<UnknownReason>> {
        match self.left_out.get(subject) {
            Some(UnknownReason::Distrusted) if self.counted.contains_key(subject) => Ok(()),
            Some(reason) => Err(Some(*reason)),
            None if self.exhaustive || self.counted.contains_key(subject) => Ok(()),
            None => Err(None),
        }
    }

    /// The facts about some subjects; `None` where they are not known.
    fn about(&self, subjects: &[&str], name: &str, unknown: &mut Vec<Unknown>) -> Option<Vec<F>> {
        let mut found = Vec::new();
        let mut left_out = None;
        let mut gap = false;
        for subject in subjects {
            let counted = self.counted.get(subject);
            found.extend(counted.into_iter().flatten().map(|item| (*item).clone()));
            let out = self.left_out.get(subject).copied();
            // Of this one nothing is left, or not the whole, and the rest of the list would hide that.
            gap |= match out {
                None => false,
                Some(_) if counted.is_none() => true,
                Some(reason) => fact::is_sum(self.name) && reason != UnknownReason::Distrusted,
            };
            left_out = left_out.or(out);
        }
        if let Some(reason) = left_out {
            unknown.push(Unknown {
                fact: self.name.to_owned(),
                subject: name.to_owned(),
                reason,
                required_by: Vec::new(),
            });
        }
        // Where there is nothing to ask about, nothing was answered.
        let known =
            !gap && (!found.is_empty() || (self.exhaustive && left_out.is_none() && !subjects.is_empty()));
        known.then_some(found)
    }
}

/// An input, indexed by what everything in it is about.
pub struct Assembly<'a> {
    changes: &'a [Change],
    now: Time,
    roles: &'a Roles,
    actor: Option<&'a Person>,
    assets: HashMap<&'a str, (&'a Asset, Trust)>,
    inventory: Threshold,
    /// Changes of which nobody who is trusted enough says whose they are.
    anonymous: HashSet<&'a str>,
    /// Changes that somebody who is trusted says are so.
    vouched: HashSet<&'a str>,
    /// The tags under which digests were seen.
    tags: HashMap<&'a str, Vec<&'a str>>,
    objects: Objects<'a>,
    sboms: List<'a, Sbom>,
    signatures: List<'a, crate::model::evidence::Signature>,
    attestations: List<'a, crate::model::evidence::Attestation>,
    scans: List<'a, Scan>,
    advisories: List<'a, Advisory>,
    dry_runs: List<'a, crate::model::evidence::DryRun>,
    gates: List<'a, crate::model::evidence::Gate>,
    deployments: List<'a, crate::model::evidence::Deployment>,
    observations: List<'a, Observation>,
    migrations_by_change: List<'a, Migration>,
    migrations_by_asset: List<'a, Migration>,
    dockerfiles: List<'a, crate::model::evidence::Dockerfile>,
    health: List<'a, crate::model::evidence::Health>,
    registers: List<'a, crate::model::evidence::RegisterEntry>,
    runs: List<'a, crate::model::evidence::ActiveRun>,
    flights: Flights<'a>,
    freights: Freights<'a>,
    ahead: HashMap<&'a str, Ahead>,
    quarantine: List<'a, crate::model::evidence::Quarantine>,
    usages: List<'a, crate::model::evidence::Usage>,
}

impl<'a> Assembly<'a> {
    /// Indexes an input; linear in its size.
    pub fn new(merged: &'a Merged, now: Time, thresholds: &Thresholds, roles: &'a Roles) -> Self {
        let input = &merged.input;
        macro_rules! list {
            ($name:literal, $list:expr, $exhaustive:literal, $key:expr) => {
                List::new(
                    $name,
                    $list.as_ref(),
                    merged,
                    fact::threshold(thresholds, $name),
                    now,
                    $exhaustive,
                    $key,
                )
            };
        }
        let evidence = &input.evidence;
        let observations: List<'_, Observation> =
            list!("evidence.observations", evidence.observations, true, |f| Some(f.r#ref.as_str()));
        let mut tags: HashMap<&str, Vec<&str>> = HashMap::new();
        for seen in observations.counted.values().flatten() {
            let Some((_, tag)) = seen.r#ref.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) else {
                continue;
            };
            for digest in std::iter::once(&seen.digest).chain(&seen.previous) {
                tags.entry(digest.as_str()).or_default().push(tag);
            }
        }
        let trusts = merged.inventory_trust.iter().copied().chain(std::iter::repeat(Trust::Claimed));
        let inventory = fact::threshold(thresholds, "inventory");
        let author = fact::threshold(thresholds, fact::AUTHOR).trust.unwrap_or_default();
        let mut assembly = Self {
            changes: &input.changes,
            now,
            roles,
            // Whoever names somebody else as the actor would have their roles.
            actor: input
                .context
                .as_ref()
                .and_then(|context| context.actor.as_ref())
                .filter(|_| merged.context_trust >= author),
            assets: input
                .inventory
                .iter()
                .zip(trusts)
                .map(|(asset, trust)| (asset.id.as_str(), (asset, trust)))
                .collect(),
            inventory,
            vouched: input
                .changes
                .iter()
                .zip(&merged.change_trust)
                .filter(|(_, trust)| **trust > Trust::Claimed)
                .map(|(change, _)| change.id.as_str())
                .collect(),
            anonymous: input
                .changes
                .iter()
                .zip(merged.change_trust.iter().copied().chain(std::iter::repeat(Trust::Claimed)))
                .filter(|(_, trust)| *trust < author)
                .map(|(change, _)| change.id.as_str())
                .collect(),
            objects: Objects::new(merged, thresholds, now),
            sboms: list!("sboms", input.sboms, false, |f| Some(f.subject.as_str())),
            signatures: list!("evidence.signatures", evidence.signatures, true, |f| Some(f.subject.as_str())),
            attestations: list!("evidence.attestations", evidence.attestations, true, |f| Some(
                f.subject.as_str()
            )),
            scans: list!("evidence.scans", evidence.scans, false, |f| Some(f.subject.as_str())),
            advisories: list!("evidence.advisories", evidence.advisories, true, |f| Some(f.id.as_str())),
            dry_runs: list!("evidence.dryRuns", evidence.dry_runs, true, |f| Some(f.subject.as_str())),
            gates: list!("evidence.gates", evidence.gates, true, |f| Some(f.subject.as_str())),
            deployments: list!("evidence.deployments", evidence.deployments, true, |f| Some(
                f.application.as_str()
            )),
            observations,
            tags,
            migrations_by_change: list!("evidence.migrations", evidence.migrations, true, |f| f
                .change
                .as_deref()),
            migrations_by_asset: list!("evidence.migrations", evidence.migrations, true, |f| {
                f.asset.as_deref().filter(|_| f.change.is_none())
            }),
            dockerfiles: list!("evidence.dockerfiles", evidence.dockerfiles, true, |f| Some(
                f.asset.as_str()
            )),
            health: list!("evidence.health", evidence.health, false, |f| Some(f.asset.as_str())),
            registers: list!("evidence.registers", evidence.registers, true, |f| Some(
                f.application.as_str()
            )),
            runs: list!("evidence.runs", evidence.runs, true, |f| Some(f.application.as_str())),
            flights: Flights::new(list!("evidence.runs", evidence.runs, true, |f| Some(
                f.environment.as_str()
            ))),
            freights: Freights::new(&input.changes),
            ahead: HashMap::new(),
            quarantine: list!("evidence.quarantine", evidence.quarantine, true, |f| Some(f.digest.as_str())),
            usages: list!("evidence.usages", evidence.usages, true, |f| Some(f.asset.as_str())),
        };
        assembly.ahead = beside::ahead(&assembly);
        assembly
    }

    /// The review of a change, by its place in the input; `None` where there is no such place.
    pub fn review(&self, at: usize) -> Option<Review> {
        self.changes.get(at).map(|change| self.assemble(change))
    }

    fn assemble(&self, change: &'a Change) -> Review {
        let mut unknown = Vec::new();
        let asset = self.asset(change, &mut unknown);
        let subject = change.asset.as_str();
        let application = asset.and_then(|asset| asset.application.as_deref());
        let environment = change
            .promotion
            .as_ref()
            .map(|p| p.to.as_str())
            .or_else(|| asset.and_then(|a| a.environment.as_deref()));
        let cluster = asset.and_then(|asset| asset.cluster.as_deref());
        let object = asset.and_then(|asset| asset.object.as_ref()).map(|object| &object.0);
        let pod_spec = object.and_then(kubernetes::pod_spec);
        let vouched = self.vouched.contains(change.id.as_str());
        let (mut artifacts, replaced) = artifacts::of(change, asset, pod_spec, vouched, &mut unknown);
        for artifact in &mut artifacts {
            let Some(digest) = artifact.digest.as_ref().map(Digest::as_str) else { continue };
            artifact.sbom = self.sboms.about(&[digest], digest, &mut unknown).and_then(united::sbom);
            artifact.signatures = self.signatures.about(&[digest], digest, &mut unknown);
            artifact.attestations = self.attestations.about(&[digest], digest, &mut unknown);
            artifact.scans = self.scans.about(&[digest], digest, &mut unknown);
        }
        let digests: Vec<&str> =
            artifacts.iter().filter_map(|a| a.digest.as_ref().map(Digest::as_str)).collect();
        let migrations = self.migrations(change, &mut unknown);
        let (fixes, advisories) = self.fixes(change, replaced.as_ref(), &artifacts, &mut unknown);
        let references: Vec<String> = artifacts
            .iter()
            .filter_map(|artifact| artifact.tag.as_ref().map(|tag| format!("{}:{tag}", artifact.r#ref)))
            .collect();
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        let by_application = application.map(|name| vec![name]).unwrap_or_default();
        let update_type = self.update_type(change, replaced.as_ref(), &mut unknown);
        let identity = Identity {
            change,
            application,
            build: asset.and_then(|asset| asset.build.as_ref()),
            cluster,
            environment,
            kind: asset.map(|asset| asset.kind),
            namespace: asset.and_then(|asset| asset.namespace.as_deref()),
            owner: asset.and_then(|asset| asset.owner.as_deref()),
            observed: asset.map(|asset| asset.images.as_slice()).unwrap_or_default(),
            // Where the object is what changes, consent is to this object. Where it is what there is,
            // it goes on changing by itself: a deployment that scales is the same deployment.
            object: object.filter(|_| {
                matches!(change.kind, ChangeKind::Admission | ChangeKind::Config | ChangeKind::Chart)
            }),
            migrations: migrations.as_deref().unwrap_or_default(),
        };
        let digest = canonical::digest(&identity).unwrap_or_else(|_| Digest::of(change.id.as_bytes()));
        let texts: Vec<Digest> =
            migrations.iter().flatten().filter_map(|migration| migration.digest.clone()).collect();
        let texts: Vec<&str> = texts.iter().map(Digest::as_str).collect();
        let evidence = ReviewEvidence {
            advisories,
            dry_runs: self.dry_runs.about(&texts, subject, &mut unknown),
            gates: self.gates.about(&digests, subject, &mut unknown),
            deployments: self.deployments.about(&by_application, subject, &mut unknown),
            observations: self.observations.about(&references, subject, &mut unknown),
            usages: self.usages.about(&[subject], subject, &mut unknown),
            migrations,
            dockerfiles: self.dockerfiles.about(&[subject], subject, &mut unknown),
            health: self.health.about(&[subject], subject, &mut unknown),
            registers: self.registers.about(&by_application, subject, &mut unknown),
            runs: self.runs.about(&by_application, subject, &mut unknown),
            quarantine: self.quarantine.about(&digests, subject, &mut unknown),
        };
        let related = self.objects.of(asset, object, &mut unknown);
        let ahead = self.ahead.get(change.id.as_str()).copied().unwrap_or_default();
        let in_flight = environment
            .and_then(|name| self.flights.of(change, application, name, &mut unknown))
            .map(|runs| runs.saturating_add(ahead.environment));
        let named = !self.anonymous.contains(change.id.as_str());
        if !named {
            unknown.push(Unknown {
                fact: fact::AUTHOR.to_owned(),
                subject: change.id.clone(),
                reason: UnknownReason::Distrusted,
                required_by: Vec::new(),
            });
        }
        unknown.sort();
        unknown.dedup();
        Review {
            api_version: API_VERSION.to_owned(),
            kind: "Review".to_owned(),
            context: Context {
                now: self.now,
                environment: environment.map(str::to_owned),
                in_flight,
                cluster: cluster.map(str::to_owned),
                actor: self.actor.map(|person| Actor {
                    id: person.id.clone(),
                    roles: self.roles.get(&person.id).cloned().unwrap_or_default(),
                }),
            },
            change: ReviewChange {
                ahead: ahead.application,
                id: change.id.clone(),
                kind: change.kind,
                digest,
                application: application.map(str::to_owned),
                from: change.from.clone(),
                to: change.to.clone(),
                together: self.together(change),
                update_type,
                fixes,
                commit: change.commit.as_ref().map(commit::read),
                promotion: change.promotion.clone(),
                author: change.author.clone().filter(|_| named),
                requested_by: change.requested_by.clone().filter(|_| named),
                requested_by_roles: change
                    .requested_by
                    .as_ref()
                    .filter(|_| named)
                    .and_then(|person| self.roles.get(&person.id))
                    .cloned()
                    .unwrap_or_default(),
                ticket: change.ticket.clone(),
                depends_on: change.depends_on.clone(),
                operation: change.operation.clone(),
            },
            asset: asset.map(|asset| review_asset(asset, change, pod_spec)),
            related,
            artifacts,
            evidence,
            unknown,
        }
    }

    fn asset(&self, change: &Change, unknown: &mut Vec<Unknown>) -> Option<&'a Asset> {
        let (asset, trust) = self.assets.get(change.asset.as_str()).copied()?;
        let Err(reason) = observed::counts(asset, trust, self.inventory, self.now) else {
            return Some(asset);
        };
        unknown.push(Unknown {
            fact: "inventory".to_owned(),
            subject: change.asset.clone(),
            reason,
            required_by: Vec::new(),
        });
        None
    }

    fn update_type(
        &self,
        change: &Change,
        replaced: Option<&Image>,
        unknown: &mut Vec<Unknown>,
    ) -> Option<UpdateType> {
        // A promotion that leaves out what it goes from still goes from what runs.
        let runs = replaced.filter(|image| {
            change.kind == ChangeKind::Promotion && (image.tag.is_some() || image.digest.is_some())
        });
        let runs = runs.map(|image| Target {
            version: image.tag.clone(),
            digest: image.digest.clone(),
            ..Target::default()
        });
        let (from, to) = (change.from.as_ref().or(runs.as_ref())?, change.to.as_ref()?);
        let tagged = |reference: &str, digest: &Digest| {
            let mut seen = self.observations.counted.get(reference).into_iter().flatten();
            seen.any(|seen| seen.digest == *digest || seen.previous.contains(digest))
        };
        let derived = version::update_type(from, to).filter(|_| match change.kind {
            ChangeKind::Image | ChangeKind::Promotion => {
                observed::found_there(change, from, to, replaced, &tagged) && !self.seen_as_another(to)
            }
            // Nothing here knows what there is now but whoever says so.
            _ => self.vouched.contains(change.id.as_str()) && observed::same(from, to),
        });
        if derived.is_none() {
            unknown.push(Unknown {
                fact: "change.updateType".to_owned(),
                subject: change.id.clone(),
                reason: UnknownReason::Underivable,
                required_by: Vec::new(),
            });
        }
        derived
    }

    /// Whether what a change brings was seen under other versions, and never under the one that it says.
    fn seen_as_another(&self, to: &Target) -> bool {
        let (Some(digest), Some(said)) = (&to.digest, &to.version) else { return false };
        let seen = self.tags.get(digest.as_str()).map(Vec::as_slice).unwrap_or_default();
        let Some(version) = Version::parse(said).filter(|_| !seen.contains(&said.as_str())) else {
            return false;
        };
        seen.iter().filter_map(|tag| Version::parse(tag)).any(|other| version.contradicts(&other))
    }

    fn migrations(&self, change: &Change, unknown: &mut Vec<Unknown>) -> Option<Vec<Migration>> {
        let mut by_change = self.migrations_by_change.about(&[&change.id], &change.asset, unknown);
        let by_asset = self.migrations_by_asset.about(&[&change.asset], &change.asset, unknown);
        match (&mut by_change, by_asset) {
            (Some(all), Some(more)) => {
                all.extend(more);
                // A migration does something: that nobody says what is not that it does nothing.
                by_change.filter(|all| !all.is_empty() || change.kind != ChangeKind::Migration)
            }
            // Something about this change or asset was left out, and so the rest is not the whole.
            _ => None,
        }
    }
}

/// What an approval binds to: the whole change, what and where its asset is, what runs there, and what
/// its migrations do.
#[derive(Serialize)]
struct Identity<'a> {
    change: &'a Change,
    application: Option<&'a str>,
    build: Option<&'a Build>,
    cluster: Option<&'a str>,
    environment: Option<&'a str>,
    kind: Option<AssetKind>,
    namespace: Option<&'a str>,
    owner: Option<&'a str>,
    observed: &'a [Image],
    object: Option<&'a Value>,
    migrations: &'a [Migration],
}

fn review_asset(asset: &Asset, change: &Change, pod_spec: Option<&Value>) -> ReviewAsset {
    ReviewAsset {
        id: asset.id.clone(),
        kind: asset.kind,
        application: asset.application.clone(),
        cluster: asset.cluster.clone(),
        namespace: asset.namespace.clone(),
        environment: asset.environment.clone(),
        owner: asset.owner.clone(),
        object: asset.object.as_ref().map(|object| Json(kubernetes::stripped(&object.0))),
        old_object: change.old_object.clone(),
        pod_spec: pod_spec.map(|spec| Json(kubernetes::normalised(spec))),
        build: asset.build.clone(),
    }
}
