//! Objects of the inventory that belong to a workload: what scales, protects or hosts it.
//!
//! Each object is indexed once by what it is found by: the workload that it names, or of the labels
//! that it selects the one that fewest others do. A workload looks under its own name and labels, so
//! the join stays linear.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::fact::{self, Thresholds};
use super::observed;
use crate::facts::kubernetes;
use crate::facts::merge::Merged;
use crate::model::input::{Asset, AssetKind};
use crate::model::json::Json;
use crate::model::review::{Related, Unknown, UnknownReason};
use crate::model::time::Time;
use crate::model::trust::Trust;

/// Cluster, namespace, and what an object is found by there.
type Place<'a> = (Option<&'a str>, Option<&'a str>, Key);

/// What an object is found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Kind and name of the workload that it names.
    Target(String, String),
    /// A label that it selects.
    Label(String, String),
    /// It selects all there are.
    Everything,
    /// A label of a node.
    Node(String, String),
}

/// Where an object is to be found.
enum Concern<'a> {
    EachOf(Vec<Place<'a>>),
    AnyOf(Vec<Place<'a>>),
}

/// The objects that count, by what they are found by.
pub(super) struct Objects<'a> {
    targets: HashMap<Place<'a>, Vec<&'a Asset>>,
    /// Why they are not known, where they are not.
    unknown: Option<UnknownReason>,
}

impl<'a> Objects<'a> {
    pub(super) fn new(merged: &'a Merged, thresholds: &Thresholds, now: Time) -> Self {
        let trusts = merged.inventory_trust.iter().copied().chain(std::iter::repeat(Trust::Claimed));
        let inventory = fact::threshold(thresholds, "inventory");
        let related = fact::threshold(thresholds, "related");
        let mut concerned: Vec<(&Asset, Concern<'_>)> = Vec::new();
        let mut selected: HashMap<Place<'_>, usize> = HashMap::new();
        let mut objects = Some(UnknownReason::Absent);
        let mut outdated = None;
        for (asset, trust) in merged.input.inventory.iter().zip(trusts) {
            if asset.kind != AssetKind::Object {
                continue;
            }
            let counts = observed::counts(asset, trust, inventory, now)
                .and_then(|()| observed::counts(asset, trust, related, now));
            match counts {
                Ok(()) => objects = None,
                Err(reason) => {
                    // What nobody vouches for is passed over; what is too old leaves a gap.
                    if reason != UnknownReason::Distrusted {
                        outdated = Some(reason);
                    }
                    objects = objects.and(Some(reason));
                    continue;
                }
            }
            let concern = concern(asset);
            if let Concern::AnyOf(places) = &concern {
                for place in places {
                    let count = selected.entry(place.clone()).or_default();
                    *count = count.saturating_add(1);
                }
            }
            concerned.push((asset, concern));
        }
        let mut targets: HashMap<Place<'_>, Vec<&Asset>> = HashMap::new();
        for (asset, concern) in concerned {
            let places = match concern {
                Concern::EachOf(places) => places,
                // One label is enough to find it by; the rest is compared when it is found.
                Concern::AnyOf(places) => {
                    places.into_iter().min_by_key(|place| selected.get(place)).into_iter().collect()
                }
            };
            for place in places {
                targets.entry(place).or_default().push(asset);
            }
        }
        Self { targets, unknown: outdated.or(objects) }
    }

    /// The objects that belong to an asset; `None` where they are not known.
    pub(super) fn of(
        &self,
        asset: Option<&'a Asset>,
        object: Option<&Value>,
        unknown: &mut Vec<Unknown>,
    ) -> Option<Vec<Related>> {
        let asset = asset?;
        if let Some(reason) = self.unknown {
            if reason != UnknownReason::Absent {
                let (fact, subject) = ("related".to_owned(), asset.id.clone());
                unknown.push(Unknown { fact, subject, reason, required_by: Vec::new() });
            }
            return None;
        }
        let looked = object.into_iter().flat_map(|object| self.looked_at(asset, object));
        let found: BTreeMap<&str, &Asset> =
            looked.filter(|(_, fits)| *fits).map(|(other, _)| (other.id.as_str(), other)).collect();
        Some(found.into_values().filter_map(related).collect())
    }

    /// What is at the places of an asset, and whether it belongs to it; what is at two comes twice.
    fn looked_at(&self, asset: &'a Asset, object: &Value) -> impl Iterator<Item = (&'a Asset, bool)> {
        sought(asset, object).into_iter().flat_map(move |place| {
            let others = self.targets.get(&place).map(Vec::as_slice).unwrap_or_default();
            others.iter().map(move |other| (*other, fits(&place, other, object)))
        })
    }

    /// How much the objects weigh that belong to an asset, and the looks at those that do not. Counts
    /// no further than past `most`.
    pub(super) fn weight(
        &self,
        asset: &'a Asset,
        object: &Value,
        most: u64,
        weigh: &mut dyn FnMut(&'a Asset) -> u64,
    ) -> u64 {
        if self.unknown.is_some() {
            return 0;
        }
        let mut found = HashSet::new();
        let mut sum = 0_u64;
        for (other, fits) in self.looked_at(asset, object) {
            let new = fits && found.insert(other.id.as_str());
            sum = sum.saturating_add(if new { weigh(other) } else { 1 });
            if sum > most {
                break;
            }
        }
        sum
    }
}

/// An object as a review shows it.
pub(super) fn related(asset: &Asset) -> Option<Related> {
    let object = &asset.object.as_ref()?.0;
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or("Object").to_owned();
    let shown = if kind == "Node" {
        // What it is chosen by, what keeps others away, and what it has to give.
        let mut shown = serde_json::Map::new();
        for (part, member) in [("metadata", "labels"), ("spec", "taints"), ("status", "allocatable")] {
            if let Some(value) = object.get(part).and_then(|part| part.get(member)) {
                shown.insert(part.to_owned(), serde_json::json!({member: value}));
            }
        }
        Value::Object(shown)
    } else {
        kubernetes::stripped(object)
    };
    Some(Related { id: asset.id.clone(), kind, object: Json(shown) })
}

/// The places at which the objects of a workload are.
fn sought<'a>(asset: &'a Asset, object: &Value) -> Vec<Place<'a>> {
    let (cluster, namespace) = (asset.cluster.as_deref(), asset.namespace.as_deref());
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let own = |key| (cluster, namespace, key);
    let mut places = vec![
        own(Key::Target(text("/kind").to_owned(), text("/metadata/name").to_owned())),
        own(Key::Everything),
    ];
    places.extend(labels(pod_labels(object)).map(|(key, value)| own(Key::Label(key, value))));
    let spec = kubernetes::pod_spec(object);
    let selector = spec.and_then(|spec| spec.get("nodeSelector")).and_then(Value::as_object);
    // A workload that chooses its nodes is shown those that it may choose from.
    let chosen = labels(selector).chain(spec.into_iter().flat_map(affinity));
    places.extend(chosen.map(|(key, value)| (cluster, None, Key::Node(key, value))));
    places
}

/// The labels of nodes that a pod demands by its affinity, with each of the values that they may have.
fn affinity(spec: &Value) -> impl Iterator<Item = (String, String)> + use<'_> {
    const TERMS: &str =
        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let list = |value: Option<&'_ Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let terms = list(spec.pointer(TERMS)).into_iter();
    let demands = terms.flat_map(move |term| list(term.get("matchExpressions")));
    demands.filter(|demand| demand.get("operator").and_then(Value::as_str) == Some("In")).flat_map(
        move |demand| {
            let key = demand.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
            let values = list(demand.get("values")).into_iter();
            values
                .filter_map(move |value| Some((key.clone(), value.as_str()?.to_owned())))
                .collect::<Vec<_>>()
        },
    )
}

/// Whether what is at a place belongs to the workload that looks there.
fn fits(place: &Place<'_>, other: &Asset, object: &Value) -> bool {
    !matches!(place.2, Key::Label(..)) || selects(other, pod_labels(object))
}

fn labels(
    members: Option<&serde_json::Map<String, Value>>,
) -> impl Iterator<Item = (String, String)> + use<'_> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    members.into_iter().flatten().map(move |(key, value)| (key.clone(), text(value)))
}

fn pod_labels(object: &Value) -> Option<&serde_json::Map<String, Value>> {
    let template = ["/spec/template/metadata/labels", "/spec/jobTemplate/spec/template/metadata/labels"];
    let found = template.into_iter().find_map(|pointer| object.pointer(pointer));
    found.or_else(|| object.pointer("/metadata/labels")).and_then(Value::as_object)
}

/// Where a workload finds an object: under the workload that it names, or under one of the labels
/// that it selects.
fn concern(asset: &Asset) -> Concern<'_> {
    let nothing = Concern::EachOf(Vec::new());
    let Some(object) = asset.object.as_ref().map(|object| &object.0) else { return nothing };
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let (cluster, namespace) = (asset.cluster.as_deref(), asset.namespace.as_deref());
    match text("/kind") {
        Some("HorizontalPodAutoscaler") => {
            let kind = text("/spec/scaleTargetRef/kind").unwrap_or_default().to_owned();
            let name = text("/spec/scaleTargetRef/name").unwrap_or_default().to_owned();
            Concern::EachOf(vec![(cluster, namespace, Key::Target(kind, name))])
        }
        Some("Node") => {
            let own = labels(object.pointer("/metadata/labels").and_then(Value::as_object));
            Concern::EachOf(own.map(|(key, value)| (cluster, None, Key::Node(key, value))).collect())
        }
        Some("PodDisruptionBudget" | "NetworkPolicy" | "Service") => match selector(object) {
            Some(wanted) if wanted.is_empty() => Concern::EachOf(vec![(cluster, namespace, Key::Everything)]),
            wanted => Concern::AnyOf(
                labels(wanted).map(|(key, value)| (cluster, namespace, Key::Label(key, value))).collect(),
            ),
        },
        _ => nothing,
    }
}

fn selector(object: &Value) -> Option<&serde_json::Map<String, Value>> {
    static EMPTY: std::sync::LazyLock<serde_json::Map<String, Value>> =
        std::sync::LazyLock::new(serde_json::Map::new);
    let whole =
        ["/spec/selector", "/spec/podSelector"].into_iter().find_map(|pointer| object.pointer(pointer))?;
    if object.get("kind").and_then(Value::as_str) == Some("Service") {
        return whole.as_object().filter(|labels| !labels.is_empty());
    }
    // Expressions are not read: an object that selects by them is not shown as related.
    if whole.get("matchExpressions").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
        return None;
    }
    match whole.get("matchLabels") {
        Some(labels) => labels.as_object(),
        None => whole.as_object().filter(|members| members.is_empty()).map(|_| &*EMPTY),
    }
}

fn selects(asset: &Asset, labels: Option<&serde_json::Map<String, Value>>) -> bool {
    let wanted = asset.object.as_ref().and_then(|object| selector(&object.0));
    wanted.is_some_and(|wanted| {
        wanted.iter().all(|(key, value)| labels.is_some_and(|l| l.get(key) == Some(value)))
    })
}
