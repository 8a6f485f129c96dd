//! The auditable decision: one file with everything it was made from, and its replay.
//!
//! A record holds the review, the records of people that were offered, the policies and data, and
//! what was decided. Unsigned it is a JSON document; signed it is a DSSE envelope around its
//! canonical form. Replay judges again from the record alone and compares bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evaluation::{Evaluated, Request, plan_options};
use crate::decide::enforce::Enforcement;
use crate::decide::governance::Governance;
use crate::decide::{Judge, Options, freight};
use crate::diag::{Diagnostic, Source, codes, document};
use crate::engine::Limits;
use crate::facts::key::{PrivateKey, PublicKey};
use crate::facts::signature::pae;
use crate::model::canonical;
use crate::model::decision::{Decision, Verdict};
use crate::model::id::{API_VERSION, Digest};
use crate::model::json::Json;
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::model::time::{Age, Time};
use crate::model::trust::Threshold;
use crate::plan;
use crate::policy::{self, LoadOptions};
use crate::report::Entry;

/// The payload type of a signed record.
pub const PAYLOAD_TYPE: &str = "application/vnd.weighlock.decision+json";

/// A decision with everything it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a decision record")]
pub struct Record {
    /// `weighlock.dev/v1`.
    pub api_version: String,
    /// `DecisionRecord`.
    pub kind: String,
    /// What was decided.
    pub decision: Decision,
    /// Its plan, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// What was judged.
    pub review: Review,
    /// What people consented to, who holds which roles, and what records are held to.
    pub governance: Governance,
    /// Modes of rules.
    pub enforcement: Vec<Enforcement>,
    /// Least trust and greatest age by kind of fact.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, Threshold>,
    /// What had been decided about the changes that go first.
    pub first: Vec<First>,
    /// What the plan was held to.
    pub planning: Planning,
    /// The policies, by name.
    pub policies: BTreeMap<String, String>,
    /// Whether Rego files were read as version 0.
    pub rego_v0: bool,
    /// What they saw as `data`.
    pub data: Json,
}

/// A change that goes first, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct First {
    /// Id of the change.
    pub change: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// What a plan is held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
pub struct Planning {
    /// How long it may be carried out.
    pub ttl: Age,
    /// When the next freeze begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_freeze: Option<Time>,
    /// Environments in which every step needs an undo.
    pub protected: Vec<String>,
}

/// A DSSE envelope.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a DSSE envelope")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a signature of a DSSE envelope")]
struct EnvelopeSignature {
    /// A hint alone, which an envelope may do without; whether a key signed is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// What came of a replay.
#[derive(Debug, PartialEq)]
pub struct Replayed {
    /// The decision of the record.
    pub decision: Decision,
    /// Whether a signature was checked, and by which key.
    pub signed_by: Option<Digest>,
    /// Whether the record carries a signature at all.
    pub signed: bool,
    /// Where the two decisions differ: JSON Pointer, recorded, again. Empty: byte for byte the same.
    pub differences: Vec<(String, String, String)>,
}

/// Writes one file a decision into a folder, which is made where it is missing.
///
/// # Errors
/// A file cannot be written.
pub fn write_all(
    folder: &Path,
    evaluated: &Evaluated,
    entries: &[Entry],
    request: &Request,
    key: Option<&PrivateKey>,
) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let unwritable = |path: &Path, error: &std::io::Error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        vec![Diagnostic::error(codes::OUTPUT_UNWRITABLE, message)]
    };
    if folder.exists() && !folder.is_dir() {
        let message = format!("`{}` is not a folder", folder.display());
        let problem = Diagnostic::error(codes::OUTPUT_UNWRITABLE, message);
        return Err(vec![problem.hint("name a folder; one file a decision is written into it")]);
    }
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let decisions: BTreeMap<&str, &Decision> =
        entries.iter().map(|entry| (entry.decision.change.id.as_str(), &entry.decision)).collect();
    let mut written = Vec::new();
    let assembly = evaluated.assembly();
    for (at, Entry { decision, plan, .. }) in entries.iter().enumerate() {
        let Some(review) = assembly.review(at) else {
            let id = &decision.change.id;
            return Err(inexact(&format!("there is no review of `{id}`")));
        };
        let record = record(evaluated, request, &review, decision, plan.clone(), &decisions);
        let text = match key {
            Some(key) => sealed(&record, key)?,
            None => serde_json::to_string_pretty(&record).map_err(|error| inexact(&error.to_string()))?,
        };
        let path = folder.join(file_name(decision));
        let beside = folder.join(format!(".{}.part", decision.id.short()));
        let _ = std::fs::remove_file(&beside);
        // A new file, so that a link that somebody put there is not followed.
        std::fs::File::create_new(&beside)
            .and_then(|mut file| std::io::Write::write_all(&mut file, (text + "\n").as_bytes()))
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(|error| unwritable(&path, &error))?;
        written.push(path);
    }
    Ok(written)
}

fn inexact(message: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::error(
        codes::OUTPUT_UNWRITABLE,
        format!("a decision cannot be written down exactly: {message}"),
    )]
}

/// A name that says which change, safe on every file system, and unique by the decision.
fn file_name(decision: &Decision) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let id: String = decision.change.id.chars().take(80).map(safe).collect();
    format!("{id}.{}.json", decision.id.short())
}

fn record(
    evaluated: &Evaluated,
    request: &Request,
    review: &Review,
    decision: &Decision,
    plan: Option<Plan>,
    decisions: &BTreeMap<&str, &Decision>,
) -> Record {
    let bundle = evaluated.judge.bundle();
    let all = &evaluated.options.governance;
    let change = &review.change.digest;
    // What names other changes has no part in this decision, nor in its digest.
    let governance = Governance {
        approvals: all.approvals.iter().filter(|offered| offered.record.change == *change).cloned().collect(),
        overrides: all.overrides.iter().filter(|offered| offered.record.change == *change).cloned().collect(),
        ..all.clone()
    };
    let planning = plan_options(request, &evaluated.judge, decision);
    Record {
        api_version: API_VERSION.to_owned(),
        kind: "DecisionRecord".to_owned(),
        decision: decision.clone(),
        plan,
        review: review.clone(),
        governance,
        enforcement: evaluated.options.enforcement.clone(),
        thresholds: evaluated.options.thresholds.clone(),
        first: freight::first(review, |id| decisions.get(id).copied())
            .into_iter()
            .map(|(change, verdict)| First { change, verdict })
            .collect(),
        planning: Planning {
            ttl: planning.ttl,
            next_freeze: planning.next_freeze,
            protected: planning.protected.into_iter().collect(),
        },
        policies: bundle
            .files
            .iter()
            .map(|file| (file.source.name.clone(), file.source.text.clone()))
            .collect(),
        rego_v0: bundle.rego_v0,
        data: Json(bundle.data.clone()),
    }
}

fn sealed(record: &Record, key: &PrivateKey) -> Result<String, Vec<Diagnostic>> {
    let payload = canonical::to_vec(record).map_err(|error| inexact(&error.to_string()))?;
    let signature = key.sign(&pae(PAYLOAD_TYPE, &payload));
    let envelope = Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: STANDARD.encode(&payload),
        signatures: vec![EnvelopeSignature {
            keyid: Some(key.public().id().as_str().to_owned()),
            sig: STANDARD.encode(signature),
        }],
    };
    serde_json::to_string_pretty(&envelope).map_err(|error| inexact(&error.to_string()))
}

fn altered(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::RECORD_ALTERED, message)
}

/// Opens a record; where a key is given, only one that it signed.
///
/// # Errors
/// It is not a record, or the key did not sign it.
pub fn open(
    source: &Arc<Source>,
    key: Option<&PublicKey>,
) -> Result<(Record, bool, Option<Digest>), Diagnostic> {
    let head: Value = serde_json::from_str(&source.text).unwrap_or(Value::Null);
    // The kind first: a document of another one has other members.
    if let Some(kind) = head.get("kind").and_then(Value::as_str).filter(|kind| *kind != "DecisionRecord") {
        let message = format!("`{}` is a `{kind}`, not a decision record", source.name);
        return Err(Diagnostic::error(codes::INPUT_VERSION, message)
            .hint("give a file that `weighlock evaluate --decision-out` wrote"));
    }
    if head.get("payload").is_none() {
        if key.is_some() {
            return Err(altered(format!("`{}` carries no signature", source.name))
                .hint("it was written without `--sign-key`, or the signature was taken off"));
        }
        return Ok((document::read_json(source)?, false, None));
    }
    let envelope: Envelope = document::read_json(source)?;
    let payload = STANDARD.decode(&envelope.payload).map_err(|_| altered("the payload is not base64"))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(altered(format!("`{}` is not the type of a decision record", envelope.payload_type)));
    }
    let signed_by = match key {
        None => None,
        Some(key) => {
            let bytes = pae(&envelope.payload_type, &payload);
            let holds = envelope
                .signatures
                .iter()
                .filter_map(|signature| STANDARD.decode(&signature.sig).ok())
                .any(|signature| key.verifies(&bytes, &signature));
            if !holds {
                return Err(altered(format!("`{}` is not what was signed by this key", source.name))
                    .hint("the file was altered, or another key signed it"));
            }
            Some(key.id())
        }
    };
    let text = String::from_utf8(payload).map_err(|_| altered("the payload is not text"))?;
    let inner = Source::new(format!("{} (payload)", source.name), text);
    Ok((document::read_json(&inner)?, true, signed_by))
}

/// Judges again from the record alone, and compares.
///
/// # Errors
/// It is not a record, the key did not sign it, or its policies do not load.
pub fn replay(source: &Arc<Source>, key: Option<&PublicKey>) -> Result<Replayed, Vec<Diagnostic>> {
    let (record, signed, signed_by) = open(source, key).map_err(|problem| vec![problem])?;
    if record.api_version != API_VERSION || record.kind != "DecisionRecord" {
        return Err(vec![Diagnostic::error(
            codes::INPUT_VERSION,
            format!("`{}` is not a decision record", source.name),
        )]);
    }
    let files = record.policies.clone().into_iter().collect();
    let options = LoadOptions { tests: false, rego_v0: record.rego_v0 };
    let bundle = policy::load(files, record.data.0.clone(), options)?;
    let judge = Judge::new(bundle, Limits::default())?;
    let options = Options {
        now: record.review.context.now,
        asserted: record.decision.asserted,
        simulated: record.decision.simulated,
        enforcement: record.enforcement.clone(),
        governance: record.governance.clone(),
        thresholds: record.thresholds.clone(),
    };
    let first: Vec<_> = record.first.iter().map(|first| (first.change.clone(), first.verdict)).collect();
    let again = judge.decide_one(&record.review, &options, &first);
    let plan_options = plan::Options {
        ttl: record.planning.ttl,
        next_freeze: record.planning.next_freeze,
        now: options.now,
        protected: record.planning.protected.iter().cloned().collect(),
    };
    let plan = plan::build(&again, &plan_options).ok().flatten();
    let mut differences = Vec::new();
    compare("/decision", &record.decision, &again, &mut differences);
    compare("/plan", &record.plan, &plan, &mut differences);
    Ok(Replayed { decision: record.decision, signed_by, signed, differences })
}

fn compare<T: Serialize>(at: &str, recorded: &T, again: &T, found: &mut Vec<(String, String, String)>) {
    if canonical::to_vec(recorded).ok() == canonical::to_vec(again).ok() {
        return;
    }
    let (a, b) = (serde_json::to_value(recorded), serde_json::to_value(again));
    walk(at, &a.unwrap_or_default(), &b.unwrap_or_default(), found);
}

/// The smallest places in which two values differ, up to a few dozen.
fn walk(at: &str, a: &Value, b: &Value, found: &mut Vec<(String, String, String)>) {
    if a == b || found.len() >= 50 {
        return;
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let mut names: Vec<&String> = x.keys().chain(y.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let (x, y) = (x.get(name).unwrap_or(&Value::Null), y.get(name).unwrap_or(&Value::Null));
                walk(&format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), x, y, found);
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (i, (x, y)) in x.iter().zip(y).enumerate() {
                walk(&format!("{at}/{i}"), x, y, found);
            }
        }
        _ => found.push((at.to_owned(), a.to_string(), b.to_string())),
    }
}
