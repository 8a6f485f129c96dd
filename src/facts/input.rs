//! Input documents: which kind a text is, and what it says.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::kubernetes;
use crate::diag::tree::{self, Node};
use crate::diag::{Diagnostic, Source, codes, document, nearest, scalar};
use crate::model::evidence::Approval;
use crate::model::governance::{Override, Waiver};
use crate::model::id::API_VERSION;
use crate::model::input::{Asset, AssetKind, Change, ChangeKind, Input};
use crate::model::json::Json;

/// One document of a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// An input, or a part of one; also made from a Kubernetes object or an admission review.
    Input(Box<Input>, Origin),
    /// Somebody's consent.
    Approval(Box<Approval>),
    /// A waiver, and the line on which it begins.
    Waiver(Box<Waiver>, u32),
    /// An override.
    Override(Box<Override>),
}

/// How a document's members lie in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// As they are: the document with this index is an input.
    Input(usize),
    /// The object of the one asset is at this pointer of the document with this index.
    Object(usize, String),
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    kind: Option<String>,
}

/// Reads every document of a source. With `raw`, a document of a kind that is not known becomes
/// the object of an asset, for policies that know what to do with it.
///
/// # Errors
/// What is wrong with it, with its place.
pub fn read(source: &Arc<Source>, raw: bool) -> Result<Vec<Document>, Diagnostic> {
    if document::is_json(&source.text) {
        return read_json(source, raw);
    }
    let nodes = tree::parse(source)?;
    let mut documents = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        // An empty document between two separators says nothing.
        if node.text().is_some_and(|text| matches!(text, "" | "~" | "null")) {
            continue;
        }
        let head = |name: &str| node.get(name).and_then(Node::text);
        let ours = head("apiVersion").is_none_or(|version| version == API_VERSION);
        let named =
            node.get("apiVersion").filter(|_| !ours).map_or_else(|| known_span(node), |n| n.span.clone());
        match Kind::of(source, head("apiVersion"), head("kind"), &named)? {
            Kind::Input => {
                if let Some(tree::Value::List(assets)) = node.get("inventory").map(|list| &list.value) {
                    let mut objects = assets.iter().filter_map(|asset| asset.get("object"));
                    objects.try_for_each(|object| as_clusters_read(source, object))?;
                }
                documents.push(Document::Input(document::read_node(source, node)?, Origin::Input(index)));
            }
            Kind::Approval => {
                documents.push(Document::Approval(document::read_node(source, node).map_err(roles)?))
            }
            Kind::Waiver => {
                let line = source.line_column(node.span.start).0;
                documents.push(Document::Waiver(document::read_node(source, node)?, line));
            }
            Kind::Override => documents.push(Document::Override(document::read_node(source, node)?)),
            Kind::Foreign => {
                if head("apiVersion").is_some() && head("kind").is_some() {
                    as_clusters_read(source, node)?;
                }
                let value: Json = document::read_node(source, node)?;
                foreign(source, value.0, index, raw, "", &known_span(node), &mut documents)?;
            }
        }
    }
    Ok(documents)
}

/// Refuses in an object what a cluster reads otherwise: `privileged: yes` is text in YAML 1.2, which
/// no policy takes for true, and true in YAML 1.1, which clusters read; `010` is ten and eight.
fn as_clusters_read(source: &Arc<Source>, object: &Node) -> Result<(), Diagnostic> {
    let mut open = vec![object];
    while let Some(node) = open.pop() {
        match &node.value {
            tree::Value::List(items) => open.extend(items),
            tree::Value::Map(members) => open.extend(members.iter().map(|(_, member)| member)),
            tree::Value::Scalar { text, plain } => {
                let Some(theirs) = scalar::old_meaning(text).filter(|_| *plain) else { continue };
                let message =
                    format!("`{text}` is not read as `{theirs}` here, as clusters do, which read YAML 1.1");
                return Err(Diagnostic::error(codes::INPUT_INVALID, message)
                    .hint(format!("write `{theirs}`, or put it in quotes where text is meant"))
                    .at(source, node.span.clone(), "here"));
            }
        }
    }
    Ok(())
}

fn read_json(source: &Arc<Source>, raw: bool) -> Result<Vec<Document>, Diagnostic> {
    let text = source.text.trim_start_matches('\u{feff}');
    let head = serde_json::from_str::<Head>(text).unwrap_or(Head { api_version: None, kind: None });
    let span = 0..1;
    Ok(match Kind::of(source, head.api_version.as_deref(), head.kind.as_deref(), &span)? {
        Kind::Input => vec![Document::Input(document::read_json(source)?, Origin::Input(0))],
        Kind::Approval => vec![Document::Approval(document::read_json(source).map_err(roles)?)],
        Kind::Waiver => vec![Document::Waiver(document::read_json(source)?, 1)],
        Kind::Override => vec![Document::Override(document::read_json(source)?)],
        Kind::Foreign => {
            let value: Json = document::read_json(source)?;
            let mut documents = Vec::new();
            foreign(source, value.0, 0, raw, "", &span, &mut documents)?;
            documents
        }
    })
}

enum Kind {
    Input,
    Approval,
    Waiver,
    Override,
    Foreign,
}

impl Kind {
    fn of(
        source: &Arc<Source>,
        api_version: Option<&str>,
        kind: Option<&str>,
        span: &std::ops::Range<usize>,
    ) -> Result<Self, Diagnostic> {
        let Some(version) = api_version else { return Ok(Self::Foreign) };
        if version != API_VERSION {
            if !version.starts_with("weighlock.dev") {
                return Ok(Self::Foreign);
            }
            return Err(Diagnostic::error(
                codes::INPUT_VERSION,
                format!("the version `{version}` is not known"),
            )
            .hint(format!("this release reads `{API_VERSION}`"))
            .at(source, span.clone(), "in this document"));
        }
        const INPUTS: &[&str] = &["Input", "Approval", "Waiver", "Override"];
        match kind {
            Some("Input") => Ok(Self::Input),
            Some("Approval") => Ok(Self::Approval),
            Some("Waiver") => Ok(Self::Waiver),
            Some("Override") => Ok(Self::Override),
            other => {
                let other = other.unwrap_or("(none)");
                let hint = match other {
                    "Policy" => "policies are named with `--policy`".to_owned(),
                    "Config" => "the operator's file is named with `--config`; it is never part of the input"
                        .to_owned(),
                    "Case" => "cases are run with `weighlock test`".to_owned(),
                    _ => nearest(other, INPUTS.iter().copied()).map_or_else(
                        || "expected `Input`".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    ),
                };
                Err(Diagnostic::error(codes::INPUT_VERSION, format!("the kind `{other}` is not an input"))
                    .hint(hint)
                    .at(source, span.clone(), "in this document"))
            }
        }
    }
}

/// The place to show for a document as a whole: its kind, or its first line.
fn known_span(node: &Node) -> std::ops::Range<usize> {
    let whole = node.get("kind").or_else(|| node.get("apiVersion")).unwrap_or(node);
    whole.span.start..whole.span.end.min(whole.span.start.saturating_add(80))
}

fn foreign(
    source: &Arc<Source>,
    value: Value,
    index: usize,
    raw: bool,
    pointer: &str,
    span: &std::ops::Range<usize>,
    documents: &mut Vec<Document>,
) -> Result<(), Diagnostic> {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    let (api_version, kind) = (field("apiVersion"), field("kind"));
    if kind == Some("AdmissionReview") {
        if api_version != Some("admission.k8s.io/v1") {
            return Err(Diagnostic::error(
                codes::INPUT_VERSION,
                "this version of `AdmissionReview` is not known",
            )
            .hint("this release reads `admission.k8s.io/v1`")
            .at(source, span.clone(), "in this document"));
        }
        let input = kubernetes::admission_review(&value).map_err(|message| {
            Diagnostic::error(codes::INPUT_INVALID, message).at(source, span.clone(), "here")
        })?;
        let object = if value.pointer("/request/object").is_some_and(Value::is_object) {
            "/request/object"
        } else {
            "/request/oldObject"
        };
        documents.push(Document::Input(Box::new(input), Origin::Object(index, format!("{pointer}{object}"))));
        return Ok(());
    }
    if kubernetes::has_items(&value) && !kubernetes::is_list(&value) {
        return Err(kubernetes::items_problem(kind).at(source, span.clone(), "in this document"));
    }
    if kubernetes::is_list(&value) {
        let Value::Object(mut members) = value else { return Ok(()) };
        let Some(Value::Array(items)) = members.remove("items") else { return Ok(()) };
        for (i, item) in items.into_iter().enumerate() {
            foreign(source, item, index, raw, &format!("{pointer}/items/{i}"), span, documents)?;
        }
        return Ok(());
    }
    if kubernetes::is_object(api_version, kind, &value) {
        let input = kubernetes::object_input(&value);
        documents.push(Document::Input(Box::new(input), Origin::Object(index, pointer.to_owned())));
        return Ok(());
    }
    let refuse = |message: &str, hint: String| {
        Err(Diagnostic::error(codes::INPUT_VERSION, message).hint(hint).at(
            source,
            span.clone(),
            "this document",
        ))
    };
    let begins = format!("an input begins with `apiVersion: {API_VERSION}` and `kind: Input`");
    // Taken for any document, nothing of it would be judged.
    let parts = ["inventory", "changes", "evidence"].iter().filter(|name| value.get(name).is_some());
    if parts.count() > 1 {
        return refuse("it has the members of an input, and does not say that it is one", begins);
    }
    if raw && !(value.is_object() || value.is_array()) {
        let hint =
            "a Dockerfile is judged by what is given of it as `evidence.dockerfiles`; other texts by nothing";
        return refuse("it has no members that a policy could ask for", hint.to_owned());
    }
    if raw {
        documents.push(Document::Input(
            Box::new(raw_input(source, value, index)),
            Origin::Object(index, pointer.to_owned()),
        ));
        return Ok(());
    }
    refuse(
        "neither an input nor a Kubernetes object",
        format!("{begins}; with `--raw` any document is taken"),
    )
}

/// Whoever approves cannot say which roles they hold.
fn roles(problem: Diagnostic) -> Diagnostic {
    match problem.message.as_str() {
        "unknown field `role`" | "unknown field `roles`" => problem
            .hint("roles come from `trust.roles` in the operator's configuration, never from the approval"),
        _ => problem,
    }
}

/// Any document as the object of an asset that is to be configured so.
fn raw_input(source: &Source, value: Value, index: usize) -> Input {
    let id = if index == 0 { source.name.clone() } else { format!("{}#{index}", source.name) };
    Input {
        api_version: API_VERSION.to_owned(),
        kind: "Input".to_owned(),
        inventory: vec![Asset {
            id: id.clone(),
            kind: AssetKind::Object,
            application: None,
            cluster: None,
            namespace: None,
            environment: None,
            owner: None,
            images: Vec::new(),
            object: Some(Json(value)),
            build: None,
            source: None,
            observed_at: None,
        }],
        changes: vec![Change {
            id: id.clone(),
            kind: ChangeKind::Config,
            asset: id,
            from: None,
            to: None,
            promotion: None,
            author: None,
            requested_by: None,
            ticket: None,
            commit: None,
            depends_on: Vec::new(),
            operation: None,
            old_object: None,
        }],
        ..Input::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Document, Diagnostic> {
        read(&Source::new("in", text), false).map(|mut all| all.remove(0))
    }

    #[test]
    fn the_kind_of_a_document_is_found() {
        assert!(matches!(
            one("apiVersion: weighlock.dev/v1\nkind: Input\n"),
            Ok(Document::Input(_, Origin::Input(0)))
        ));
        assert_eq!(
            one("apiVersion: weighlock.dev/v2\nkind: Input\n").unwrap_err().code,
            codes::INPUT_VERSION
        );
        let error = one("apiVersion: weighlock.dev/v1\nkind: Inptu\n").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `Input`?"));
        assert_eq!(error.place(), Some(("in", 2, 7)));
        assert!(one("a: 1\n").unwrap_err().hint.unwrap().contains("--raw"));
        let headless = Source::new("i.yaml", "inventory: []\nchanges: []\n");
        assert!(read(&headless, true).unwrap_err().message.contains("members of an input"));
        assert!(read(&Source::new("Dockerfile", "FROM a\nUSER b\n"), true).is_err());
        assert!(read(&Source::new("d.json", "[{\"Cmd\": \"from\"}]"), true).is_ok());
        assert!(read(&Source::new("in", "a: 1\n"), true).is_ok());
    }

    #[test]
    fn what_a_cluster_reads_otherwise_is_refused() {
        let pod = |value: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers: [{{name: c, image: b, securityContext: {{privileged: {value}}}}}]\n"
            )
        };
        let within = |value: &str| {
            format!(
                "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{{id: a, kind: pod, object: {{spec: {{privileged: {value}}}}}}}]\n"
            )
        };
        let truths = [
            ("yes", "true"),
            ("On", "true"),
            ("NO", "false"),
            ("off", "false"),
            ("y", "true"),
            ("N", "false"),
        ];
        let numbers = [("0b0", "0"), ("0_0", "0"), ("010", "8"), ("-0x1F", "-31"), ("1_0.5", "10.5")];
        for (value, theirs) in truths.into_iter().chain(numbers) {
            for text in [pod(value), within(value)] {
                let error = one(&text).unwrap_err();
                let said = format!("`{value}` is not read as `{theirs}` here");
                assert!(error.message.contains(&said), "{error}");
                assert!(error.place().is_some_and(|(_, line, _)| line >= 3), "{error}");
            }
        }
        for value in
            ["true", "'yes'", "yesterday", "ya", "0", "08", "0o17", "0x1F", "1.5", "1e3", "'010'", "1.2_3.4"]
        {
            assert!(one(&pod(value)).is_ok() && one(&within(value)).is_ok(), "{value}");
        }
        // Elsewhere it is text for everybody.
        assert!(read(&Source::new("in", "on: yes\n"), true).is_ok());
        let typed =
            "apiVersion: weighlock.dev/v1\nkind: Input\nevidence: {advisories: [{id: A, exploited: yes}]}\n";
        let error = one(typed).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("write `true`: `yes` is text"), "{error}");
    }

    #[test]
    fn kubernetes_objects_become_admissions() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec:\n  initContainers: [{name: i, image: 'busybox:1.36'}]\n  containers: [{name: c, image: 'r.example/a/b:1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}]\n";
        let Ok(Document::Input(input, Origin::Object(0, at))) = one(pod) else { panic!() };
        assert_eq!(at, "");
        assert_eq!(input.inventory[0].kind, AssetKind::Pod);
        let names: Vec<_> =
            input.inventory[0].images.iter().map(|i| (i.r#ref.as_str(), i.tag.as_deref())).collect();
        assert_eq!(names, [("busybox", Some("1.36")), ("r.example/a/b", Some("1"))]);
        assert_eq!(input.changes[0].kind, ChangeKind::Admission);
    }

    #[test]
    fn what_clients_take_for_a_list_is_one_or_none() {
        let object = |kind: &str| {
            format!(
                "apiVersion: v1\nkind: {kind}\nmetadata: {{name: p}}\nspec: {{containers: []}}\nitems: [{{apiVersion: v1, kind: Pod, metadata: {{name: q}}}}]\n"
            )
        };
        let error = one(&object("Pod")).unwrap_err();
        assert_eq!((error.code, error.place()), (codes::INPUT_INVALID, Some(("in", 2, 7))));
        let Ok(Document::Input(input, _)) = one(&object("List")) else { panic!() };
        assert_eq!(input.inventory[0].id, "Pod/q");
    }

    #[test]
    fn an_admission_review_and_its_delete() {
        let review = |op: &str, object: &str| {
            format!(
                r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"{op}","userInfo":{{"username":"me"}},"object":{object},"oldObject":{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p"}},"spec":{{"containers":[]}}}}}}}}"#
            )
        };
        let Ok(Document::Input(input, Origin::Object(_, at))) = one(&review("DELETE", "null")) else {
            panic!()
        };
        assert_eq!(
            (at.as_str(), input.changes[0].operation.as_deref()),
            ("/request/oldObject", Some("DELETE"))
        );
        assert!(one(&review("EAT", "null")).unwrap_err().message.contains("`EAT`"));
    }
}
