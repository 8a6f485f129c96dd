//! Kubernetes objects and admission reviews, as far as a review needs them.

use serde_json::Value;

use crate::diag::{Diagnostic, codes};
use crate::model::artifact::ImageRef;
use crate::model::id::API_VERSION;
use crate::model::input::{Asset, AssetKind, Change, ChangeKind, Image, Input, Person};
use crate::model::json::Json;

/// Where a kind keeps its pod spec, as names from the root; `None` where it has none.
fn pod_spec_path(object: &Value) -> Option<&'static [&'static str]> {
    let found = |path: &&[&str]| {
        let spec = path.iter().try_fold(object, |node, name| node.get(name));
        spec.and_then(|spec| spec.get("containers")).is_some_and(Value::is_array)
    };
    const USUAL: &[&str] = &["spec", "template", "spec"];
    let path: &'static [&'static str] = match own(object) {
        Some("Pod") => &["spec"],
        Some("PodTemplate") => &["template", "spec"],
        Some("CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        Some(_) => USUAL,
        // One that has containers elsewhere too need not run those that stand here.
        None => Some(USUAL).filter(|path| is_custom(object) && !runs_beside(object, path))?,
    };
    Some(path).filter(found)
}

/// Whether anything in an object but what is at a path looks like containers.
fn runs_beside(object: &Value, path: &[&str]) -> bool {
    const SIGNS: &[&str] = &["container", "containers", "initContainers", "ephemeralContainers", "image"];
    match object {
        Value::Object(members) => members.iter().any(|(name, member)| match path {
            [first] if first == name => false,
            [first, rest @ ..] if first == name => runs_beside(member, rest),
            _ if name == "metadata" || name == "status" => false,
            _ => SIGNS.contains(&name.as_str()) || runs_beside(member, &[]),
        }),
        Value::Array(items) => items.iter().any(|item| runs_beside(item, &[])),
        _ => false,
    }
}

/// Whether an object is of a kind that others added, and that keeps its pods as Kubernetes' own do. Of a
/// kind that is not known, a pod spec in that place may be a decoy, which clusters drop.
fn is_custom(object: &Value) -> bool {
    const CUSTOM: &[(&str, &[&str])] = &[
        ("apps.kruise.io", &["CloneSet", "StatefulSet", "DaemonSet"]),
        ("apps.openshift.io", &["DeploymentConfig"]),
        ("argoproj.io", &["Rollout"]),
        ("serving.knative.dev", &["Service", "Configuration"]),
    ];
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    CUSTOM.iter().any(|(group, kinds)| *group == group_of(object) && kinds.contains(&kind))
}

fn group_of(object: &Value) -> &str {
    let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether an object that others' controllers act on says which containers to run, wherever that is.
fn runs_somewhere(object: &Value) -> bool {
    let group = group_of(object);
    group.contains('.') && !group.ends_with(".k8s.io") && runs_beside(object, &[])
}

/// The kind of an object that runs pods and is one of Kubernetes' own, of which clusters keep only what
/// they know.
fn own(object: &Value) -> Option<&str> {
    const OWN: &[&str] = &[
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    ];
    let kind = object.get("kind").and_then(Value::as_str)?;
    (OWN.contains(&kind) && ["", "apps", "batch", "extensions"].contains(&group_of(object))).then_some(kind)
}

/// The JSON Pointer of an object's pod spec.
pub fn pod_spec_pointer(object: &Value) -> Option<String> {
    pod_spec_path(object).map(|path| path.iter().fold(String::new(), |all, name| all + "/" + name))
}

/// The pod spec of an object, whatever its kind keeps it in.
pub fn pod_spec(object: &Value) -> Option<&Value> {
    pod_spec_path(object)?.iter().try_fold(object, |node, name| node.get(name))
}

/// A pod spec without the members that are null, which clusters take for members that are not there.
pub fn normalised(spec: &Value) -> Value {
    match spec {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            Value::Object(members.map(|(name, member)| (name.clone(), normalised(member))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(normalised).collect()),
        other => other.clone(),
    }
}

/// The object without what policies do not judge: pod spec (they see it as `podSpec`), status,
/// managed fields.
pub fn stripped(object: &Value) -> Value {
    let path = pod_spec_path(object);
    let Value::Object(members) = object else { return object.clone() };
    // A document of any other kind has a `status` of its own meaning, if it has one.
    if !members.contains_key("apiVersion") || !members.contains_key("kind") {
        return object.clone();
    }
    let mut copy = serde_json::Map::new();
    for (name, member) in members {
        match name.as_str() {
            "status" => {}
            "metadata" => {
                let mut metadata = member.clone();
                if let Value::Object(m) = &mut metadata {
                    m.remove("managedFields");
                }
                copy.insert(name.clone(), metadata);
            }
            first if path.is_some_and(|path| path.first() == Some(&first)) => {
                copy.insert(
                    name.clone(),
                    without(member, path.unwrap_or_default().get(1..).unwrap_or_default()),
                );
            }
            _ => {
                copy.insert(name.clone(), member.clone());
            }
        }
    }
    if path == Some(&["spec"]) {
        copy.remove("spec");
    }
    Value::Object(copy)
}

/// A copy without the member at a path, made without copying that member first.
fn without(value: &Value, path: &[&str]) -> Value {
    let (Value::Object(members), Some((first, rest))) = (value, path.split_first()) else {
        return value.clone();
    };
    let kept = members.iter().filter_map(|(name, member)| {
        if name != first {
            Some((name.clone(), member.clone()))
        } else if rest.is_empty() {
            None
        } else {
            Some((name.clone(), without(member, rest)))
        }
    });
    Value::Object(kept.collect())
}

/// Every container of a pod spec: containers, init and ephemeral ones.
pub fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .filter_map(|list| spec.get(list).and_then(Value::as_array))
        .flatten()
}

/// The images of a pod spec, one per container, and those that are mounted as volumes.
pub fn images(spec: &Value) -> Vec<Image> {
    let name = |of: &Value| of.get("name").and_then(Value::as_str).map(str::to_owned);
    // A container without an image runs something all the same: what it is, nothing says.
    let run = containers(spec).map(|container| {
        image(name(container), container.get("image").and_then(Value::as_str).unwrap_or_default())
    });
    // An image that is mounted as a volume brings files that containers may run.
    let volumes = spec.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let mounted = volumes.filter_map(|volume| {
        let reference = volume.pointer("/image/reference").and_then(Value::as_str)?;
        Some(image(name(volume).map(|name| format!("volume {name}")), reference))
    });
    run.chain(mounted).collect()
}

/// An image from a reference; a text that is none stays as it is, without tag or digest.
pub fn image(container: Option<String>, text: &str) -> Image {
    match ImageRef::parse(text) {
        Some(parsed) => {
            let name = text.split('@').next().unwrap_or(text);
            let name = match &parsed.tag {
                Some(tag) => name.strip_suffix(&format!(":{tag}")).unwrap_or(name),
                None => name,
            };
            Image {
                container,
                r#ref: name.to_owned(),
                tag: parsed.tag,
                digest: parsed.digest,
                platforms: None,
            }
        }
        None => Image { container, r#ref: text.to_owned(), ..Image::default() },
    }
}

/// What an object is in an inventory. The workloads of Kubernetes itself are that even where their
/// pod spec cannot be read: else they would be judged as objects that run nothing.
pub fn asset_kind(object: &Value) -> AssetKind {
    match own(object) {
        Some("Pod") => AssetKind::Pod,
        Some(_) => AssetKind::Workload,
        None if pod_spec(object).is_some() => AssetKind::Workload,
        None => AssetKind::Object,
    }
}

/// Whether an object is a list of others, such as `kubectl get -o yaml` writes.
pub fn is_list(object: &Value) -> bool {
    let kind = object.get("kind").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("List")) && has_items(object)
}

/// Whether clients take an object for a list, whatever it says of itself.
pub fn has_items(object: &Value) -> bool {
    object.get("items").is_some_and(Value::is_array)
}

/// What is wrong with an object that has items and is no list.
pub fn items_problem(kind: Option<&str>) -> Diagnostic {
    let message = format!(
        "a `{}` with `items`: clients take any object with `items` for a list, and apply these alone",
        kind.unwrap_or("document")
    );
    Diagnostic::error(codes::INPUT_INVALID, message).hint("remove `items`, or write `kind: List`")
}

/// Whether a document looks like a Kubernetes object.
pub fn is_object(api_version: Option<&str>, kind: Option<&str>, document: &Value) -> bool {
    api_version.is_some() && kind.is_some() && document.get("metadata").is_some_and(Value::is_object)
}

fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer).and_then(Value::as_str)
}

/// An object as an input: itself as asset, and its creation as the change.
pub fn object_input(object: &Value) -> Input {
    admission(object, None, "CREATE", None, None)
}

/// An `AdmissionReview` (admission.k8s.io/v1) as an input.
///
/// # Errors
/// A member that must be there is missing; named in words.
pub fn admission_review(review: &Value) -> Result<Input, String> {
    let request = review.get("request").ok_or("the member `request` is missing")?;
    let operation = text(request, "/operation").ok_or("the member `request.operation` is missing")?;
    if !["CREATE", "UPDATE", "DELETE", "CONNECT"].contains(&operation) {
        return Err(format!("`{operation}` is not an operation: expected CREATE, UPDATE, DELETE or CONNECT"));
    }
    let uid = text(request, "/uid").ok_or("the member `request.uid` is missing")?;
    let old = request.get("oldObject").filter(|object| object.is_object());
    // On DELETE the object is null: what is judged is what goes away. Else never what was there before.
    let object = request.get("object").filter(|object| object.is_object());
    let object = object.or(old.filter(|_| operation == "DELETE"));
    let object = object.ok_or("`request.object` is not an object")?;
    let user = text(request, "/userInfo/username").map(|id| Person { id: id.to_owned() });
    let mut input = admission(object, old, operation, Some(uid), user);
    if let (Some(asset), Some(namespace)) = (input.inventory.first_mut(), text(request, "/namespace")) {
        asset.namespace.get_or_insert_with(|| namespace.to_owned());
    }
    Ok(input)
}

fn admission(
    object: &Value,
    old: Option<&Value>,
    operation: &str,
    uid: Option<&str>,
    user: Option<Person>,
) -> Input {
    let kind = text(object, "/kind").unwrap_or("Object");
    let name = text(object, "/metadata/name")
        .or_else(|| text(object, "/metadata/generateName"))
        .unwrap_or("unnamed");
    let namespace = text(object, "/metadata/namespace");
    let id = match namespace {
        Some(namespace) => format!("{namespace}/{kind}/{name}"),
        None => format!("{kind}/{name}"),
    };
    let label = |key: &str| {
        object
            .get("metadata")
            .and_then(|m| m.get("labels"))
            .and_then(|labels| labels.get(key))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    // What runs containers that nobody finds is judged as what runs something that is not known.
    let runs = asset_kind(object) == AssetKind::Object && runs_somewhere(object);
    let asset = Asset {
        id: id.clone(),
        kind: if runs { AssetKind::Workload } else { asset_kind(object) },
        application: label("app.kubernetes.io/name").or_else(|| label("app")),
        cluster: None,
        namespace: namespace.map(str::to_owned),
        environment: None,
        owner: None,
        images: pod_spec(object).map(images).unwrap_or_default(),
        object: Some(Json(object.clone())),
        build: None,
        source: None,
        observed_at: None,
    };
    let change = Change {
        id: uid.map_or_else(|| id.clone(), str::to_owned),
        kind: ChangeKind::Admission,
        asset: id,
        from: None,
        to: None,
        promotion: None,
        author: None,
        requested_by: user,
        ticket: None,
        commit: None,
        depends_on: Vec::new(),
        operation: Some(operation.to_owned()),
        old_object: old.map(|object| Json(object.clone())),
    };
    Input {
        api_version: API_VERSION.to_owned(),
        kind: "Input".to_owned(),
        inventory: vec![asset],
        changes: vec![change],
        ..Input::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_not_there() {
        let spec =
            json!({"hostPID": null, "containers": [{"name": "c", "env": null}], "initContainers": null});
        assert_eq!(normalised(&spec), json!({"containers": [{"name": "c"}]}));
    }

    #[test]
    fn a_pod_spec_is_where_a_kind_keeps_it() {
        let pod = json!({"containers": [{"name": "c", "image": "a/b:1"}]});
        let template = json!({"template": {"spec": pod}});
        let evil = json!([{"name": "t", "container": {"image": "evil"}}]);
        let at = |object: &Value| pod_spec_pointer(object);
        for (object, pointer) in [
            (json!({"apiVersion": "v1", "kind": "Pod", "spec": pod}), "/spec"),
            (json!({"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": pod}}), "/template/spec"),
            (
                json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "spec": template}),
                "/spec/template/spec",
            ),
            (
                json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": template}}}),
                "/spec/jobTemplate/spec/template/spec",
            ),
        ] {
            assert_eq!(at(&object).as_deref(), Some(pointer), "{object}");
        }
        let bare =
            json!({"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": pod, "metadata": {}}});
        assert_eq!(stripped(&bare)["template"], json!({"metadata": {}}), "the pod spec is seen once");
        // What is beside it may be what runs; so may what a kind of another group keeps elsewhere.
        let mut decoy = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": template});
        decoy["spec"]["templates"] = evil;
        let mut beside = json!({"apiVersion": "v1", "kind": "PodTemplate", "spec": template});
        beside["template"] = json!({"spec": {"containers": null}});
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "spec": template});
        let other = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "spec": template});
        for (object, kind) in [(&decoy, "workload"), (&other, "workload"), (&binding, "object")] {
            assert_eq!(object_input(object).inventory[0].kind.as_str(), kind, "{object}");
        }
        for object in
            [decoy, beside, binding, other, json!({"apiVersion": "x.example/v1", "kind": "Pod", "spec": pod})]
        {
            assert_eq!(at(&object), None, "{object}");
        }
        // Kubernetes' own drop what they do not know.
        let mut own = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": template});
        own["spec"]["containers"] = json!([]);
        assert_eq!(at(&own).as_deref(), Some("/spec/template/spec"));
    }
}
