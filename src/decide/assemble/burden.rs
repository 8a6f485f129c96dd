//! How much there is to weigh, counted before anything is.
//!
//! A review carries its asset, images, related objects and the facts about them, so a small document
//! in which many changes share something large grows into reviews that take minutes. What is shared
//! is counted once and multiplied; linear in the size of the input.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Assembly, List};
use crate::decide::observed;
use crate::decide::related::related;
use crate::facts::kubernetes;
use crate::model::id::Digest;
use crate::model::input::{Asset, Image};

/// How many values the reviews of all changes together may hold: three times as many as the input
/// itself may. Each takes a microsecond or two to join, digest and judge.
const MAX_VALUES: u64 = 12_000_000;
/// How many more they may hold for each change: what the review of a workload takes that shares
/// nothing out of the ordinary, so that a fleet is as large as its document.
const MORE: u64 = 250;

/// What an image takes beside the facts about it, in values: an artifact has six members, and is
/// looked at container by container.
const IMAGE: u64 = 16;
/// What another promotion of the same freight takes, in values: it is looked at again when all are
/// decided.
const COMPANION: u64 = 16;
/// What a change and its review take beside all that, in values.
const CHANGE: u64 = 24;

/// How much there is to weigh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burden {
    /// Values in the reviews of all changes together, counted as those of an input are: by what
    /// stands between them. A text counts once more for every 64 bytes. At least so many, where
    /// they are too many.
    pub values: u64,
    /// How many they may be.
    pub most: u64,
    /// The asset whose changes have most of them.
    pub asset: String,
    /// How many changes it has.
    pub changes: u64,
    /// How many of the values are theirs.
    pub share: u64,
    /// What most of those are.
    pub mostly: &'static str,
}

/// Values that a change of an asset takes, by what they are for.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    object: u64,
    images: u64,
    related: u64,
    evidence: u64,
}

impl Share {
    const fn all(self) -> u64 {
        self.object
            .saturating_add(self.images)
            .saturating_add(self.related)
            .saturating_add(self.evidence)
            .saturating_add(CHANGE)
    }

    fn mostly(self) -> &'static str {
        let parts = [
            (self.object, "its object"),
            (self.images, "its images"),
            (self.related, "the objects related to it"),
            (self.evidence, "the evidence about it"),
        ];
        // Of equals the last; there is always one.
        parts.into_iter().max_by_key(|(values, _)| *values).map_or("", |(_, part)| part)
    }
}

/// How many values something has.
fn values<T: Serialize + ?Sized>(something: &T) -> u64 {
    let text = serde_json::to_vec(something).unwrap_or_default();
    let between = text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    let counted = between.saturating_add(text.len() / 64).saturating_add(1);
    u64::try_from(counted).unwrap_or(u64::MAX)
}

/// Values by the subject that they are about.
#[derive(Default)]
struct About<'a>(HashMap<&'a str, u64>);

impl<'a> About<'a> {
    fn add<F: Serialize>(&mut self, list: &List<'a, F>) {
        for (subject, facts) in &list.counted {
            let sum = self.0.entry(subject).or_default();
            *sum = facts.iter().map(values).fold(*sum, u64::saturating_add);
        }
    }

    fn of(&self, subject: &str) -> u64 {
        self.0.get(subject).copied().unwrap_or(0)
    }
}

/// What everything in an input weighs.
struct Weights<'o, 'a> {
    all: &'o Assembly<'a>,
    digests: About<'a>,
    references: About<'a>,
    applications: About<'a>,
    assets: About<'a>,
    changes: About<'a>,
    /// What each related object takes.
    objects: HashMap<&'a str, u64>,
    /// How many values related objects may still take: past it nothing is counted, for it is too
    /// much already.
    left: u64,
}

impl<'o, 'a> Weights<'o, 'a> {
    fn new(all: &'o Assembly<'a>, most: u64) -> Self {
        let mut advisories = About::default();
        advisories.add(&all.advisories);
        let mut digests = About::default();
        digests.add(&all.sboms);
        digests.add(&all.signatures);
        digests.add(&all.attestations);
        digests.add(&all.scans);
        digests.add(&all.gates);
        digests.add(&all.quarantine);
        for (digest, scans) in &all.scans.counted {
            let found = scans.iter().flat_map(|scan| &scan.vulnerabilities);
            let sum = digests.0.entry(digest).or_default();
            *sum = found.map(|found| advisories.of(&found.id)).fold(*sum, u64::saturating_add);
        }
        let mut references = About::default();
        references.add(&all.observations);
        let mut applications = About::default();
        applications.add(&all.deployments);
        applications.add(&all.registers);
        applications.add(&all.runs);
        let mut assets = About::default();
        assets.add(&all.dockerfiles);
        assets.add(&all.health);
        assets.add(&all.usages);
        assets.add(&all.migrations_by_asset);
        let mut changes = About::default();
        changes.add(&all.migrations_by_change);
        // A dry run is joined by the text of a migration, and so once for each change that brings it.
        let mut texts = About::default();
        texts.add(&all.dry_runs);
        let carried = [(&all.migrations_by_change, &mut changes), (&all.migrations_by_asset, &mut assets)];
        for (list, sums) in carried {
            for (key, migrations) in &list.counted {
                let digests = migrations.iter().filter_map(|migration| migration.digest.as_ref());
                let sum = sums.0.entry(key).or_default();
                *sum = digests.map(|digest| texts.of(digest.as_str())).fold(*sum, u64::saturating_add);
            }
        }
        let objects = HashMap::new();
        Self { all, digests, references, applications, assets, changes, objects, left: most }
    }

    fn image(&self, image: &Image) -> u64 {
        let seen = image.tag.as_ref().map(|tag| self.references.of(&format!("{}:{tag}", image.r#ref)));
        self.digest(image.digest.as_ref()).saturating_add(seen.unwrap_or(0))
    }

    fn digest(&self, digest: Option<&Digest>) -> u64 {
        digest.map_or(0, |digest| self.digests.of(digest.as_str()))
    }

    /// What every change of an asset takes.
    fn share(&mut self, asset: &'a Asset) -> Share {
        let object = asset.object.as_ref().map(|object| &object.0);
        let pod_spec = object.and_then(kubernetes::pod_spec);
        let more = pod_spec.map(kubernetes::images).unwrap_or_default();
        let more = observed::without(more, &asset.images);
        let images = || asset.images.iter().chain(&more);
        let count = u64::try_from(images().count()).unwrap_or(u64::MAX);
        let mut weigh = |other: &'a Asset| {
            let known = self.objects.entry(other.id.as_str());
            *known.or_insert_with(|| related(other).map_or(0, |related| values(&related)))
        };
        let related =
            object.map_or(0, |object| self.all.objects.weight(asset, object, self.left, &mut weigh));
        self.left = self.left.saturating_sub(related);
        let application = asset.application.as_deref().map_or(0, |name| self.applications.of(name));
        Share {
            object: object.map_or(0, values).saturating_add(pod_spec.map_or(0, values)),
            images: count.saturating_mul(IMAGE),
            related,
            evidence: images()
                .map(|image| self.image(image))
                .fold(application.saturating_add(self.assets.of(&asset.id)), u64::saturating_add),
        }
    }
}

impl<'a> Assembly<'a> {
    /// How much there is to weigh; `None` where nothing changes.
    pub fn burden(&self) -> Option<Burden> {
        let count = u64::try_from(self.changes.len()).unwrap_or(u64::MAX);
        let most = MAX_VALUES.saturating_add(count.saturating_mul(MORE));
        let mut weights = Weights::new(self, most);
        let mut shares: HashMap<&str, Share> = HashMap::new();
        // The values of the changes of an asset, how many they are, and what one of them takes.
        let mut assets: BTreeMap<&'a str, (u64, u64, Share)> = BTreeMap::new();
        let mut all = 0_u64;
        for change in self.changes {
            let id = change.asset.as_str();
            let known = *shares.entry(id).or_insert_with(|| {
                self.asset(change, &mut Vec::new()).map(|asset| weights.share(asset)).unwrap_or_default()
            });
            let side = |target: Option<&crate::model::input::Target>| {
                weights.digest(target.and_then(|target| target.digest.as_ref()))
            };
            let companions = |change| {
                let all = self.freights.of(change).map_or(0, <[_]>::len);
                u64::try_from(all).unwrap_or(u64::MAX).saturating_mul(COMPANION)
            };
            let own = side(change.from.as_ref())
                .saturating_add(side(change.to.as_ref()))
                .saturating_add(weights.changes.of(&change.id))
                .saturating_add(companions(change));
            let share = Share {
                object: known.object.saturating_add(change.old_object.as_ref().map_or(0, values)),
                evidence: known.evidence.saturating_add(own),
                ..known
            };
            all = all.saturating_add(share.all());
            let (sum, count, largest) = assets.entry(id).or_default();
            *sum = sum.saturating_add(share.all());
            *count = count.saturating_add(1);
            if share.all() > largest.all() {
                *largest = share;
            }
        }
        let (asset, (share, changes, largest)) = assets.into_iter().max_by_key(|(_, (sum, ..))| *sum)?;
        Some(Burden { values: all, most, asset: asset.to_owned(), changes, share, mostly: largest.mostly() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::diag::Source;
    use crate::facts::input::{Document, read};
    use crate::facts::merge::{Part, merge};
    use crate::model::time::Time;
    use crate::model::trust::Trust;

    fn burden(inventory: &[Value], changes: &[Value], evidence: &Value) -> Burden {
        let text = json!({
            "apiVersion": "weighlock.dev/v1", "kind": "Input",
            "inventory": inventory, "changes": changes, "evidence": evidence,
        });
        let source = Source::new("in.json", text.to_string());
        let parts = read(&source, false).unwrap().into_iter().filter_map(|document| match document {
            Document::Input(input, origin) => {
                let source = std::sync::Arc::clone(&source);
                Some(Part { input: *input, source, origin, trust: Trust::Verified, stamped: true })
            }
            _ => None,
        });
        let merged = merge(parts.collect()).unwrap();
        let now: Time = "2026-11-20T12:00:00Z".parse().unwrap();
        let thresholds = std::collections::BTreeMap::new();
        let roles = crate::model::governance::Roles::default();
        Assembly::new(&merged, now, &thresholds, &roles).burden().unwrap()
    }

    fn workload(i: usize) -> Value {
        let labels: Value = (0..6).map(|n| (format!("team.example/label-{n}"), json!("x"))).collect();
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": format!("w{i}"), "labels": labels, "annotations": labels},
            "spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": [{
                "name": "app", "image": format!("r.example/w{i}:1.0.0"),
                "ports": [{"containerPort": 8080}], "env": [{"name": "A", "value": "b"}],
                "resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
                "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
            }]}}},
        });
        object["spec"]["template"]["metadata"]["labels"]["app"] = json!(format!("w{i}"));
        json!({"id": format!("w{i}"), "kind": "workload", "namespace": "n", "object": object,
            "images": [{"container": "app", "ref": format!("r.example/w{i}"), "tag": "1.0.0",
                "digest": format!("sha256:{}", "a".repeat(64))}]})
    }

    fn object(kind: &str, i: usize, spec: &Value) -> Value {
        let object =
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": format!("o{i}")}, "spec": spec});
        json!({"id": format!("{kind}-{i}"), "kind": "object", "namespace": "n", "object": object})
    }

    fn change(i: usize, asset: &str) -> Value {
        json!({"id": format!("c{i}"), "kind": "config", "asset": asset})
    }

    #[test]
    fn ordinary_fleets_are_borne() {
        // Each workload takes the same, so a thousand tell what fifty thousand take.
        let fleet: Vec<Value> = (0..1000).map(workload).collect();
        let changes: Vec<Value> = (0..1000).map(|i| change(i, &format!("w{i}"))).collect();
        let digest = format!("sha256:{}", "a".repeat(64));
        let found =
            json!({"id": "CVE-2026-1", "package": "openssl", "severity": "high", "fixedVersion": "3.0.1"});
        let evidence = json!({
            "scans": [{"subject": digest, "scanner": "s", "vulnerabilities": vec![found; 5]}],
            "signatures": [{"subject": digest, "status": "verified", "identity": "i", "issuer": "j"}],
            "gates": [{"subject": digest, "environment": "test", "name": "smoke", "status": "passed"}],
        });
        let alone = burden(&fleet, &changes, &evidence);
        assert!(alone.values * 50 <= MAX_VALUES + MORE * 50_000, "{alone:?}");

        let spec = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ports": [{"port": 80}]}]});
        let shared: Vec<Value> = (0..50).map(|i| object("NetworkPolicy", i, &spec)).collect();
        let own: Vec<Value> = (0..1000)
            .map(|i| json!({"selector": {"team.example/label-0": "x", "app": format!("w{i}")}}))
            .enumerate()
            .map(|(i, spec)| object("Service", i, &spec))
            .collect();
        let all: Vec<Value> = fleet.iter().cloned().chain(shared).collect();
        let related = burden(&all, &changes, &evidence);
        assert!(related.values * 5 <= MAX_VALUES + MORE * 5_000, "{related:?}");
        // A service of each is found by the label that no other selects, and weighs but once.
        let all: Vec<Value> = fleet.into_iter().chain(own).collect();
        let served = burden(&all, &changes, &evidence);
        assert!(served.values - alone.values < 1000 * 20, "{served:?}");
    }

    /// Nodes that have some labels, and many others.
    fn nodes(count: usize, own: &[&str]) -> impl Iterator<Item = Value> {
        let mut labels: Value = (0..22).map(|n| (format!("team.example/label-{n}"), json!("x"))).collect();
        own.iter().for_each(|label| labels[*label] = json!("x"));
        (0..count).map(move |i| {
            let object = json!({"kind": "Node", "metadata": {"name": format!("n{i}"), "labels": labels}});
            json!({"id": format!("n{i}"), "kind": "object", "object": object})
        })
    }

    #[test]
    fn an_object_that_is_found_at_many_places_counts_once_and_where_it_fits() {
        let weigh = |labels: &[&str]| {
            let fleet = (0..1000).map(|i| {
                let mut workload = workload(i);
                let selector: Value = labels.iter().map(|label| ((*label).to_owned(), json!("x"))).collect();
                workload["object"]["spec"]["template"]["spec"]["nodeSelector"] = selector;
                workload
            });
            let all: Vec<Value> = fleet.chain(nodes(200, &["os", "arch", "pool"])).collect();
            let changes: Vec<Value> = (0..1000).map(|i| change(i, &format!("w{i}"))).collect();
            burden(&all, &changes, &json!({}))
        };
        let (one, three) = (weigh(&["os"]), weigh(&["os", "arch", "pool"]));
        assert!(three.values <= three.most, "{three:?}");
        // A second look takes one more, and the two labels stand in the pod twice.
        assert!(three.values - one.values < 1000 * (2 * 200 + 10), "{one:?} {three:?}");

        // Found by a label that a workload has, they select another that it has not.
        let spec = json!({"podSelector": {"matchLabels": {"team.example/label-0": "x", "app": "other"}}});
        let others: Vec<Value> = (0..2000).map(|i| object("NetworkPolicy", i, &spec)).collect();
        let changes: Vec<Value> = (0..1000).map(|i| change(i, &format!("w{i}"))).collect();
        let fleet: Vec<Value> = (0..1000).map(workload).collect();
        let alone = burden(&fleet, &changes, &json!({}));
        let all: Vec<Value> = fleet.into_iter().chain(others).collect();
        let beside = burden(&all, &changes, &json!({}));
        assert!(beside.values - alone.values <= 1000 * 2000, "{beside:?}");
    }

    #[test]
    fn what_is_too_much_is_not_counted_to_its_end() {
        let policies = (0..3000).map(|i| object("NetworkPolicy", i, &json!({"podSelector": {}})));
        let all: Vec<Value> = (0..3000).map(workload).chain(policies).collect();
        let changes: Vec<Value> = (0..3000).map(|i| change(i, &format!("w{i}"))).collect();
        let found = burden(&all, &changes, &json!({}));
        // The whole would be over a hundred million.
        assert!(found.values > found.most && found.values < 3 * found.most, "{found:?}");
        assert_eq!(found.mostly, "the objects related to it");
    }

    #[test]
    fn what_many_changes_share_counts_for_each() {
        let policies = (0..1000).map(|i| object("NetworkPolicy", i, &json!({"podSelector": {}})));
        let fleet: Vec<Value> = (0..1000).map(workload).chain(policies).collect();
        let changes: Vec<Value> = (0..1000).map(|i| change(i, &format!("w{i}"))).collect();
        let found = burden(&fleet, &changes, &json!({}));
        assert!(found.values > found.most && found.mostly == "the objects related to it", "{found:?}");

        let mut large = workload(0);
        large["object"]["metadata"]["annotations"] =
            (0..20_000).map(|i| (format!("k{i}"), json!("v"))).collect();
        let changes: Vec<Value> = (0..2000).map(|i| change(i, "w0")).chain([change(2000, "w1")]).collect();
        let found = burden(&[large, workload(1)], &changes, &json!({}));
        assert!(found.values > found.most && found.share < found.values, "{found:?}");
        assert_eq!((found.asset.as_str(), found.changes, found.mostly), ("w0", 2000, "its object"));

        let images: Vec<Value> =
            (0..2000).map(|i| json!({"container": format!("c{i}"), "ref": "r.example/a"})).collect();
        let asset = json!({"id": "w0", "kind": "workload", "images": images});
        let changes: Vec<Value> = (0..500).map(|i| change(i, "w0")).collect();
        let found = burden(&[asset], &changes, &json!({}));
        assert!(found.values > found.most && found.mostly == "its images", "{found:?}");

        let digest = format!("sha256:{}", "a".repeat(64));
        let deployment = json!({"application": "shop", "environment": "e", "digest": digest,
            "since": "2026-11-01T00:00:00Z"});
        let evidence = json!({"deployments": vec![deployment; 2000]});
        let asset = json!({"id": "w0", "kind": "workload", "application": "shop"});
        let changes: Vec<Value> = (0..2000).map(|i| change(i, "w0")).collect();
        let found = burden(&[asset], &changes, &evidence);
        assert!(found.values > found.most && found.mostly == "the evidence about it", "{found:?}");
    }
}
