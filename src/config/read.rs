//! Reads the operator's file and everything it names.

mod keys;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Config, Raw, RawSigner};
use crate::decide::fact;
use crate::decide::governance::Terms;
use crate::diag::{Diagnostic, Source, codes, document, nearest, tree};
use crate::facts::key::PublicKey;
use crate::facts::signature::Signer;
use crate::files;
use crate::model::finding::Location;
use crate::model::governance::Roles;
use crate::model::input::spelt;
use crate::model::{Digest, Json};
use crate::policy::settings;

/// The name under which the file is found in the current directory.
pub const NAME: &str = "weighlock.yaml";
/// How many bytes the file and all that it names may have together.
const MAX_BYTES: usize = 512 << 20;

/// The operator's file in a directory, unless an input covers it: whoever writes the input would
/// then write the rules.
pub fn find(directory: &Path, inputs: &[PathBuf]) -> Result<Option<PathBuf>, Diagnostic> {
    let file = directory.join(NAME);
    let Ok(real) = file.canonicalize() else {
        // A link that leads nowhere is a file that cannot be read, not one that is not there.
        return Ok(file.symlink_metadata().is_ok().then(|| PathBuf::from(NAME)));
    };
    let covered =
        inputs.iter().filter_map(|input| input.canonicalize().ok()).any(|input| real.starts_with(input));
    if covered {
        return Err(Diagnostic::warning(
            codes::CONFIG_UNREADABLE,
            format!("`{NAME}` in the current directory is part of the input, and is not believed"),
        )
        .hint(format!(
            "name it with `--config {NAME}` if whoever writes the input may also write the rules"
        )));
    }
    Ok(Some(PathBuf::from(NAME)))
}

/// The operator's file that authors of policies mean: the one that is named, or the one in the current
/// directory.
///
/// # Errors
/// The one in the current directory cannot be read.
pub fn named(path: Option<&Path>) -> Result<Option<PathBuf>, Diagnostic> {
    path.map_or_else(|| find(Path::new("."), &[]), |path| Ok(Some(path.to_path_buf())))
}

/// Reads a configuration and everything it names; paths are relative to its folder.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<Config, Vec<Diagnostic>> {
    let source = files::read(path, files::CONFIG).map_err(|error| vec![error])?;
    let raw: Raw = document::read(&source).map_err(|error| vec![as_config(error)])?;
    let mut reader = Reader {
        folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
        source: Arc::clone(&source),
        problems: Vec::new(),
        files: vec![path.to_path_buf()],
        bytes: source.text.len(),
    };
    if raw.api_version != crate::model::id::API_VERSION || raw.kind != "Config" {
        let message = format!("expected `apiVersion: {}` and `kind: Config`", crate::model::id::API_VERSION);
        return Err(vec![Diagnostic::error(codes::CONFIG_INVALID, message).at(
            &source,
            reader.place("/kind"),
            "here",
        )]);
    }
    let config = reader.config(path, raw);
    let config = Config { files: reader.files, ..config };
    if reader.problems.is_empty() { Ok(config) } else { Err(reader.problems) }
}

/// Records without their places.
fn records<T>(placed: Vec<(T, Location)>) -> Vec<T> {
    placed.into_iter().map(|(record, _)| record).collect()
}

/// The same problem, as one of the configuration.
fn as_config(mut diagnostic: Diagnostic) -> Diagnostic {
    if diagnostic.code != codes::INPUT_TOO_LARGE {
        diagnostic.code = codes::CONFIG_INVALID;
    }
    diagnostic
}

struct Reader {
    folder: PathBuf,
    source: Arc<Source>,
    problems: Vec<Diagnostic>,
    /// Everything that was read, with the file itself.
    files: Vec<PathBuf>,
    /// How many bytes that were.
    bytes: usize,
}

impl Reader {
    fn text(&mut self, path: &Path, kind: files::Kind) -> Result<Arc<Source>, Diagnostic> {
        let source = files::read(path, kind)?;
        self.files.push(path.to_path_buf());
        self.bytes = self.bytes.saturating_add(source.text.len());
        if self.bytes > MAX_BYTES {
            let path = path.display();
            let message = format!("with `{path}` the configuration has more than {MAX_BYTES} bytes");
            return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, message)
                .hint("remove records that have expired; what is looked up belongs into an input"));
        }
        Ok(source)
    }

    fn place(&self, pointer: &str) -> std::ops::Range<usize> {
        tree::parse(&self.source)
            .ok()
            .and_then(|nodes| nodes.first().map(|node| node.locate(pointer).span.clone()))
            .map_or(0..1, |span| document::first_line(&self.source, &span))
    }

    fn problem(&mut self, pointer: &str, message: String, hint: Option<String>) {
        let mut diagnostic =
            Diagnostic::error(codes::CONFIG_INVALID, message).at(&self.source, self.place(pointer), "here");
        diagnostic.hint = hint;
        self.problems.push(diagnostic);
    }

    /// Reads a file that the configuration names; what is wrong is kept.
    fn file<T: DeserializeOwned>(&mut self, pointer: &str, path: &Path) -> Option<T> {
        let path = self.folder.join(path);
        match self.text(&path, files::CONFIG) {
            Ok(source) => match document::read(&source) {
                Ok(value) => return Some(value),
                Err(error) => self.problems.push(as_config(error)),
            },
            Err(error) => {
                let place = self.place(pointer);
                self.problems.push(error.at(&self.source, place, "named here"));
            }
        }
        None
    }

    /// Reads every document of every YAML and JSON file in a folder, in the order of their names.
    fn folder<T: DeserializeOwned>(&mut self, pointer: &str, path: Option<&PathBuf>) -> Vec<(T, Location)> {
        let Some(path) = path else { return Vec::new() };
        let folder = self.folder.join(path);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", folder.display());
                let place = self.place(pointer);
                let diagnostic = Diagnostic::error(codes::CONFIG_UNREADABLE, message);
                self.problems.push(diagnostic.at(&self.source, place, "named here"));
                return Vec::new();
            }
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| files::ends_in(path, &["yaml", "yml", "json"]))
            .collect();
        files.sort();
        let mut all = Vec::new();
        for file in files {
            let source = match self.text(&file, files::CONFIG) {
                Ok(source) => source,
                Err(error) => {
                    self.problems.push(error);
                    continue;
                }
            };
            match tree::parse(&source) {
                Ok(nodes) => {
                    for node in &nodes {
                        match document::read_node(&source, node) {
                            Ok(value) => {
                                let line = source.line_column(node.span.start).0;
                                all.push((value, Location { file: source.name.clone(), line, column: None }));
                            }
                            Err(error) => self.problems.push(as_config(error)),
                        }
                    }
                }
                Err(error) => self.problems.push(as_config(error)),
            }
        }
        all
    }

    fn config(&mut self, path: &Path, raw: Raw) -> Config {
        let trust = raw.trust;
        for (name, threshold) in &trust.facts {
            if fact::find(name).is_none() {
                let near = nearest(name, fact::FACTS.iter().map(|spec| spec.name));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                self.problem("/trust/facts", format!("`{name}` is not a kind of fact"), hint);
            } else if !fact::settings_can_demand(name) {
                let hint = "it is as good as the inventory or the change that it is part of".to_owned();
                self.problem("/trust/facts", format!("`{name}` carries no trust and no age"), Some(hint));
            } else if threshold.max_age.is_some() && !fact::is_dated(name) {
                let hint = "demand `trust` of it alone".to_owned();
                self.problem("/trust/facts", format!("`{name}` carries no age"), Some(hint));
            }
        }
        let settings = raw.settings.as_ref().and_then(|path| self.settings(path));
        let data = raw
            .data
            .iter()
            .enumerate()
            .filter_map(|(i, path)| {
                let value: Json = self.file(&format!("/data/{i}"), path)?;
                Some((path.display().to_string(), value))
            })
            .collect();
        let keys = trust.keys.as_ref().map(|path| self.keys(path)).unwrap_or_default();
        let signers: Vec<Signer> =
            trust.signers.iter().enumerate().filter_map(|(i, signer)| self.signer(i, signer)).collect();
        let inputs = trust
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(i, path)| {
                let full = self.folder.join(path);
                match full.canonicalize() {
                    Ok(real) => Some(real),
                    Err(error) => {
                        let message = format!("`{}` cannot be read: {error}", full.display());
                        self.problem(&format!("/trust/inputs/{i}"), message, None);
                        None
                    }
                }
            })
            .collect();
        let roles: Roles =
            trust.roles.as_ref().and_then(|path| self.file("/trust/roles", path)).unwrap_or_default();
        self.twins(roles.keys().chain(keys.keys()));
        let defaults = Terms::default();
        Config {
            file: Some((path.to_path_buf(), Digest::of(self.source.text.as_bytes()))),
            policies: raw.policies.unwrap_or_default().into_iter().map(|name| self.policy(name)).collect(),
            settings,
            data,
            roles,
            keys,
            approvals: records(self.folder("/trust/approvals", trust.approvals.as_ref())),
            waivers: self.folder("/trust/waivers", trust.waivers.as_ref()),
            overrides: records(self.folder("/trust/overrides", trust.overrides.as_ref())),
            inputs,
            thresholds: trust.facts,
            signers,
            terms: Terms {
                waiver_max: raw.governance.waiver_max_age.unwrap_or(defaults.waiver_max),
                override_max: raw.governance.override_max_age.unwrap_or(defaults.override_max),
                override_role: raw.governance.override_role,
            },
            enforcement: raw.enforcement,
            plan: raw.plan,
            files: Vec::new(),
        }
    }

    /// Refuses two spellings of one person: each would fill a place, and approve for the other.
    fn twins<'a>(&mut self, ids: impl Iterator<Item = &'a String>) {
        let mut known: BTreeMap<String, &String> = BTreeMap::new();
        for id in ids {
            let first = *known.entry(spelt(id)).or_insert(id);
            if first != id {
                let message = format!("`{first}` and `{id}` differ in case or white space alone");
                let hint = "write a person in one way, in the files of `roles` and of `keys`".to_owned();
                self.problem("/trust", message, Some(hint));
            }
        }
    }

    /// A policy folder relative to the file's folder; built-in ones by their name.
    fn policy(&self, name: String) -> String {
        if name == "builtin" || name.starts_with("builtin:") {
            return name;
        }
        self.folder.join(name).display().to_string()
    }

    fn settings(&mut self, path: &Path) -> Option<Json> {
        let source = match self.text(&self.folder.join(path), files::CONFIG) {
            Ok(source) => source,
            Err(error) => {
                let place = self.place("/settings");
                self.problems.push(error.at(&self.source, place, "named here"));
                return None;
            }
        };
        match settings::read(&source) {
            Ok(settings) => serde_json::to_value(settings).ok().map(Json),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    fn signer(&mut self, index: usize, raw: &RawSigner) -> Option<Signer> {
        let pointer = format!("/trust/signers/{index}");
        match (&raw.issuer, &raw.key) {
            (None, Some(path)) => {
                let source = self.text(&self.folder.join(path), files::KEY);
                match source.map_err(|problem| problem.message).and_then(|s| PublicKey::parse(&s.text)) {
                    Ok(key) => Some(Signer::Key { identity: raw.identity.clone(), key }),
                    Err(message) => {
                        self.problem(
                            &pointer,
                            format!("the key of `{}` cannot be used: {message}", raw.identity),
                            None,
                        );
                        None
                    }
                }
            }
            (Some(issuer), None) => {
                Some(Signer::Certificate { identity: raw.identity.clone(), issuer: issuer.clone() })
            }
            _ => {
                let hint = "an identity without its issuer can be claimed by anyone; a key needs no issuer"
                    .to_owned();
                self.problem(&pointer, "a signer has either an `issuer` or a `key`".to_owned(), Some(hint));
                None
            }
        }
    }
}
