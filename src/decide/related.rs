//! Objects of the inventory that belong to a workload: what scales, protects or hosts it.
//!
//! Each object is indexed once by what it is found by: the workload that it names, or one label
//! that it selects. A workload looks under its own name and labels, so the join stays linear.

use std::collections::{BTreeMap, HashMap};

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
type Place<'a> = (Option<&'a str>, Option<&'a str>, String);

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
        let mut targets: HashMap<_, Vec<&Asset>> = HashMap::new();
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
            for key in concerns(asset) {
                let namespace = if key.starts_with("node:") { None } else { asset.namespace.as_deref() };
                targets.entry((asset.cluster.as_deref(), namespace, key)).or_default().push(asset);
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
        let mut found: BTreeMap<&str, &Asset> = BTreeMap::new();
        let cluster = asset.cluster.as_deref();
        let namespace = asset.namespace.as_deref();
        let mut look = |namespace: Option<&'a str>, key: String, matches: &dyn Fn(&Asset) -> bool| {
            for other in self.targets.get(&(cluster, namespace, key)).into_iter().flatten() {
                if matches(other) {
                    found.insert(other.id.as_str(), other);
                }
            }
        };
        if let Some(object) = object {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            look(namespace, format!("ref:{}/{}", text("/kind"), text("/metadata/name")), &|_| true);
            let labels = pod_labels(object);
            for (key, value) in labels.into_iter().flatten() {
                let value = value.as_str().unwrap_or_default();
                look(namespace, format!("label:{key}={value}"), &|other| selects(other, labels));
            }
            look(namespace, "all".to_owned(), &|_| true);
            let selector = kubernetes::pod_spec(object)
                .and_then(|spec| spec.get("nodeSelector"))
                .and_then(Value::as_object);
            // A workload that chooses its nodes is shown those that it may choose from.
            for (key, value) in selector.into_iter().flatten() {
                let value = value.as_str().unwrap_or_default();
                look(None, format!("node:{key}={value}"), &|_| true);
            }
        }
        Some(
            found
                .into_values()
                .filter_map(|other| {
                    let object = &other.object.as_ref()?.0;
                    let kind = object.get("kind").and_then(Value::as_str).unwrap_or("Object").to_owned();
                    let shown = if kind == "Node" {
                        serde_json::json!({"metadata": {"labels": object.pointer("/metadata/labels")}})
                    } else {
                        kubernetes::stripped(object)
                    };
                    Some(Related { id: other.id.clone(), kind, object: Json(shown) })
                })
                .collect(),
        )
    }
}

fn pod_labels(object: &Value) -> Option<&serde_json::Map<String, Value>> {
    let template = ["/spec/template/metadata/labels", "/spec/jobTemplate/spec/template/metadata/labels"];
    let found = template.into_iter().find_map(|pointer| object.pointer(pointer));
    found.or_else(|| object.pointer("/metadata/labels")).and_then(Value::as_object)
}

/// The keys under which a workload finds an object: the workload it names, or one label it selects.
fn concerns(asset: &Asset) -> Vec<String> {
    let Some(object) = asset.object.as_ref().map(|object| &object.0) else { return Vec::new() };
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    match text("/kind") {
        Some("HorizontalPodAutoscaler") => {
            let kind = text("/spec/scaleTargetRef/kind").unwrap_or_default();
            let name = text("/spec/scaleTargetRef/name").unwrap_or_default();
            vec![format!("ref:{kind}/{name}")]
        }
        Some("Node") => object
            .pointer("/metadata/labels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("node:{key}={}", value.as_str().unwrap_or_default()))
            .collect(),
        Some("PodDisruptionBudget" | "NetworkPolicy" | "Service") => match selector(object) {
            Some(labels) => match labels.iter().next() {
                // One label is enough to find it by; the rest is compared when it is found.
                Some((key, value)) => vec![format!("label:{key}={}", value.as_str().unwrap_or_default())],
                None => vec!["all".to_owned()],
            },
            None => Vec::new(),
        },
        _ => Vec::new(),
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
