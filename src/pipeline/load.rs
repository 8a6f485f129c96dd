//! Reads inputs and policies from files, folders and standard input.

mod beside;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::builtin;
use crate::config::Config;
use crate::diag::{Diagnostic, Source, codes, document, nearest};
use crate::facts::input::{self, Document};
use crate::facts::merge::Part;
use crate::files::{self, Walk};
use crate::model::evidence::Approval;
use crate::model::finding::Location;
use crate::model::governance::{Override, Waiver};
use crate::model::json::Json;
use crate::model::trust::Trust;
use crate::policy::{self, Bundle, LoadOptions, settings};

/// How many values all inputs together may have, counted by what stands between them: memory goes
/// by values, and a text of nothing else holds more of them than a machine.
const MAX_VALUES: usize = 4_000_000;
/// How many records all inputs may have together.
const MAX_RECORDS: usize = 10_000;
/// How many files an input folder may have.
const MAX_FILES: usize = 100_000;
/// How deep an input folder may nest.
const MAX_DEPTH: usize = 64;
/// How many bytes all policies together may have.
const MAX_POLICIES: usize = 64 << 20;

/// Everything that was read as input.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The parts, with their trust.
    pub parts: Vec<Part>,
    /// Approvals, with whether the file they came from is the operators'.
    pub approvals: Vec<(Approval, bool)>,
    /// Waivers, and where each stands.
    pub waivers: Vec<(Waiver, bool, Location)>,
    /// Overrides.
    pub overrides: Vec<(Override, bool)>,
    /// Files that are named like the operator's, and were passed over.
    pub passed_over: Vec<PathBuf>,
    /// The files that were read, each by its one path.
    pub files: HashSet<PathBuf>,
}

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub struct InputOptions<'a> {
    /// Whether facts are taken on trust.
    pub trust_input: bool,
    /// Whether documents of any kind are taken.
    pub raw: bool,
    /// Files and folders that operators vouch for, absolute.
    pub operator: &'a [PathBuf],
}

/// Reads inputs: files, folders, and `-` for standard input.
///
/// # Errors
/// Everything that cannot be read or understood.
pub fn inputs(paths: &[PathBuf], options: InputOptions<'_>) -> Result<Inputs, Vec<Diagnostic>> {
    let mut all = Inputs::default();
    let mut problems = Vec::new();
    let mut values = 0_usize;
    // Whatever order they are given in, the same files make the same reviews.
    let paths: BTreeSet<&PathBuf> = paths.iter().collect();
    for path in paths {
        if path.as_os_str() == "-" {
            let source = files::standard_input(files::INPUT);
            match source.and_then(|source| few_enough(source, &mut values)) {
                Ok(source) => take(source, false, options, &mut all, &mut problems),
                Err(problem) => problems.push(problem),
            }
            continue;
        }
        let mut found = Vec::new();
        if let Err(problem) = walk(&mut Walk::from(path), path, 0, &mut found, &mut all.passed_over) {
            problems.push(problem);
            continue;
        }
        if found.is_empty() {
            problems.push(
                Diagnostic::error(
                    codes::INPUT_EMPTY,
                    format!("there is no document in `{}`", path.display()),
                )
                .hint("an input is JSON or YAML, in files that end in `.json`, `.yaml` or `.yml`"),
            );
        }
        for file in found {
            if problems.len() > 20 {
                return Err(problems);
            }
            let real = files::real(&file);
            // However often it is named, what one file says is said once.
            if !all.files.insert(real.clone()) {
                continue;
            }
            match files::read(&file, files::INPUT).and_then(|source| few_enough(source, &mut values)) {
                Ok(source) => {
                    let vouched = options.operator.iter().any(|root| real.starts_with(root));
                    take(source, vouched, options, &mut all, &mut problems);
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    // The signature of each is checked.
    let records = all.approvals.len().saturating_add(all.waivers.len()).saturating_add(all.overrides.len());
    if records > MAX_RECORDS {
        let message = format!(
            "the input has {records} approvals, waivers and overrides; at most {MAX_RECORDS} are read"
        );
        let hint = "leave out those that have expired, and those of other changes";
        problems.push(Diagnostic::error(codes::INPUT_TOO_LARGE, message).hint(hint));
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

fn take(
    source: Arc<Source>,
    vouched: bool,
    options: InputOptions<'_>,
    all: &mut Inputs,
    problems: &mut Vec<Diagnostic>,
) {
    let documents = match input::read(&source, options.raw) {
        Ok(documents) => documents,
        Err(problem) => return problems.push(problem),
    };
    if documents.is_empty() {
        problems.push(Diagnostic::error(codes::INPUT_EMPTY, format!("`{}` is empty", source.name)));
    }
    // What collectors write is believed for what they collect; nobody consents by it.
    let genuine = options.trust_input;
    for document in documents {
        match document {
            Document::Input(input, origin) => {
                let mut input = *input;
                let trust = match (options.trust_input, vouched) {
                    (true, _) => Trust::Verified,
                    (false, true) => Trust::Operator,
                    (false, false) => Trust::Claimed,
                };
                all.approvals
                    .extend(input.evidence.approvals.take().into_iter().flatten().map(|a| (a, genuine)));
                let source = Arc::clone(&source);
                all.parts.push(Part { input, source, origin, trust, stamped: options.trust_input });
            }
            Document::Approval(approval) => all.approvals.push((*approval, genuine)),
            Document::Waiver(waiver, line) => {
                let place = Location { file: source.name.clone(), line, column: None };
                all.waivers.push((*waiver, genuine, place));
            }
            Document::Override(record) => all.overrides.push((*record, genuine)),
        }
    }
}

/// Adds the values of a text to those that were read before.
fn few_enough(source: Arc<Source>, values: &mut usize) -> Result<Arc<Source>, Diagnostic> {
    let json = document::is_json(&source.text);
    let between = |byte: &u8| *byte == b',' || (!json && *byte == b'\n');
    *values = values.saturating_add(source.text.as_bytes().iter().filter(|byte| between(byte)).count());
    if *values > MAX_VALUES {
        let message = format!("with `{}` the input has more than {MAX_VALUES} values", source.name);
        return Err(
            Diagnostic::error(codes::INPUT_TOO_LARGE, message).hint("evaluate fewer changes at a time")
        );
    }
    Ok(source)
}

/// The documents of a path in the order of their names. Hidden files and the operator's own file are
/// passed over; what is no file, or leads out of the folder, is refused: whoever fills the folder would
/// choose what is read from elsewhere, and shown in an error.
fn walk(
    from: &mut Walk,
    path: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    passed_over: &mut Vec<PathBuf>,
) -> Result<(), Diagnostic> {
    let name = path.display().to_string();
    let metadata = std::fs::metadata(path).map_err(|error| files::unreadable(&name, &error, files::INPUT))?;
    if !metadata.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    if depth > MAX_DEPTH {
        let message = format!("`{name}` nests deeper than {MAX_DEPTH} folders");
        return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, message));
    }
    if !from.enters(path) {
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| files::unreadable(&name, &error, files::INPUT))?;
    let mut entries: Vec<_> =
        entries.collect::<Result<_, _>>().map_err(|error| files::unreadable(&name, &error, files::INPUT))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        if file_name == crate::config::NAME {
            passed_over.push(entry.path());
            continue;
        }
        if file_name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(|error| files::unreadable(&name, &error, files::INPUT))?;
        let path = entry.path();
        let folder = path.is_dir();
        if !folder && !files::ends_in(&path, &["json", "yaml", "yml"]) || folder && from.surrounded_by(&path)
        {
            continue;
        }
        let name = path.display().to_string();
        // One that leads nowhere is told as what cannot be read.
        if kind.is_symlink() && path.exists() && !from.holds(&path) {
            let message = format!("`{name}` is a link that leads out of the input");
            return Err(Diagnostic::error(codes::INPUT_UNREADABLE, message)
                .hint("name what it leads to as an input of its own"));
        }
        if folder {
            walk(from, &path, depth.saturating_add(1), files, passed_over)?;
        } else {
            files.push(path);
            if files.len() > MAX_FILES {
                let message = format!("`{name}` has more than {MAX_FILES} documents");
                return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, message));
            }
        }
    }
    Ok(())
}

/// Reads policies by name: folders, files, `builtin`, `builtin:<profile>`; those built in where
/// none is named. Data are the settings and what else is given.
///
/// # Errors
/// Everything that is wrong with them.
pub fn policies(
    config: &Config,
    named: &[String],
    data: &[PathBuf],
    rego_v0: bool,
) -> Result<Bundle, Vec<Diagnostic>> {
    let options = LoadOptions { tests: false, rego_v0 };
    policies_told(config, named, &[], self::data(config, named, data).map(Value::Object), options)
}

/// Reads policies by name, which see these data, and more files of Rego.
///
/// # Errors
/// Everything that is wrong with them.
pub fn policies_told(
    config: &Config,
    named: &[String],
    more: &[PathBuf],
    data: Result<Value, Vec<Diagnostic>>,
    options: LoadOptions,
) -> Result<Bundle, Vec<Diagnostic>> {
    let (bundle, problems) = policies_read(config, named, more, data, options)?;
    if problems.is_empty() { Ok(bundle) } else { Err(problems) }
}

/// Reads policies by name as far as they can be read, and tells what is wrong with them.
///
/// # Errors
/// Files that cannot be read, and data that are wrong.
pub fn policies_read(
    config: &Config,
    named: &[String],
    more: &[PathBuf],
    data: Result<Value, Vec<Diagnostic>>,
    options: LoadOptions,
) -> Result<(Bundle, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut texts = Texts::default();
    let mut problems = Vec::new();
    for name in &names(config, named) {
        if let Err(problem) = texts.add(name) {
            problems.push(problem);
        }
    }
    for path in more {
        if let Err(problem) = texts.collect(&mut Walk::from(path), path, 0) {
            problems.push(problem);
        }
    }
    let mut files = texts.found;
    files.sort();
    // A library that two profiles share comes once.
    files.dedup();
    let data = data.unwrap_or_else(|found| {
        problems.extend(found);
        Value::Null
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(policy::read(files, data, options))
}

/// Where policies are: what is named, or what the operator's file names, or those built in.
fn names(config: &Config, named: &[String]) -> Vec<String> {
    match (named.is_empty(), config.policies.is_empty()) {
        (false, _) => named.to_vec(),
        (true, false) => config.policies.clone(),
        (true, true) => vec!["builtin".to_owned()],
    }
}

/// The texts of policies, by name.
#[derive(Default)]
struct Texts {
    found: Vec<(String, String)>,
    /// The files that they are from, each by its one path.
    files: HashSet<PathBuf>,
    bytes: usize,
}

impl Texts {
    /// Adds those of one argument.
    fn add(&mut self, name: &str) -> Result<(), Diagnostic> {
        // Nothing else that begins so is ours: a folder `builtin-rules` is a folder.
        let profile = name.strip_prefix("builtin:");
        if name == "builtin" || profile.is_some() {
            self.found.extend(builtin::files(profile).ok_or_else(|| {
                let profile = profile.unwrap_or_default();
                let known = builtin::profiles();
                let hint = match nearest(profile, known.iter().copied()) {
                    Some(near) => format!("did you mean `builtin:{near}`?"),
                    None => format!("the profiles are {}", known.join(", ")),
                };
                Diagnostic::error(codes::POLICY_UNREADABLE, format!("there is no profile `{profile}`"))
                    .hint(hint)
            })?);
            return Ok(());
        }
        let path = Path::new(name);
        if !self.collect(&mut Walk::from(path), path, 0)? {
            return Err(Diagnostic::error(codes::POLICY_EMPTY, format!("there are no policies in `{name}`"))
                .hint("policies end in `.rego`, or are YAML with `kind: Policy`"));
        }
        Ok(())
    }

    /// Adds those of a file or folder, and tells whether there are any.
    fn collect(&mut self, from: &mut Walk, path: &Path, depth: usize) -> Result<bool, Diagnostic> {
        let name = path.display().to_string();
        let fail = |error: &std::io::Error| files::unreadable(&name, error, files::POLICY);
        let metadata = std::fs::metadata(path).map_err(|error| fail(&error))?;
        if metadata.is_dir() {
            if depth > MAX_DEPTH {
                let message = format!("`{name}` nests deeper than {MAX_DEPTH} folders");
                return Err(Diagnostic::error(codes::POLICY_UNREADABLE, message));
            }
            if !from.enters(path) {
                return Ok(false);
            }
            let entries = std::fs::read_dir(path).map_err(|error| fail(&error))?;
            let mut entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(|error| fail(&error))?;
            entries.sort_by_key(std::fs::DirEntry::file_name);
            let mut any = false;
            for entry in entries {
                if !entry.file_name().to_string_lossy().starts_with('.') {
                    any |= self.collect(from, &entry.path(), depth.saturating_add(1))?;
                }
            }
            return Ok(any);
        }
        // A file that is named is meant; in a folder, only what ends like a policy is.
        if depth > 0 && (!files::ends_in(path, &["rego", "yaml", "yml", "json"]) || beside::is_data(path)) {
            return Ok(false);
        }
        // However often it is named, what one file says is said once.
        if self.files.insert(files::real(path)) {
            let source = files::read(path, files::POLICY)?;
            self.bytes = self.bytes.saturating_add(source.text.len());
            if self.bytes > MAX_POLICIES {
                let message = format!("with `{name}` the policies have more than {MAX_POLICIES} bytes");
                return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, message)
                    .hint("give what policies look up as data (`--data`)"));
            }
            self.found.push((name.replace('\\', "/"), source.text.clone()));
        }
        Ok(true)
    }
}

/// What policies see as `data`: settings, members of the files that are named, and what stands beside
/// the policies.
///
/// # Errors
/// Everything that is wrong with them.
pub fn data(
    config: &Config,
    named: &[String],
    paths: &[PathBuf],
) -> Result<Map<String, Value>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let settings = match &config.settings {
        Some(settings) => settings.0.clone(),
        None => serde_json::to_value(settings::shipped()?)
            .map_err(|error| vec![Diagnostic::error(codes::CONFIG_INVALID, error.to_string())])?,
    };
    let mut members = Map::new();
    members.insert("settings".to_owned(), settings);
    let mut given: Vec<(String, Json)> = config.data.clone();
    // What the configuration names as data already is not given twice.
    let mut read: HashSet<PathBuf> =
        config.data.iter().map(|(name, _)| files::real(Path::new(name))).collect();
    let mut givers: HashMap<String, String> = HashMap::new();
    for file in paths.iter().filter(|file| read.insert(files::real(file))) {
        match files::read(file, files::INPUT).and_then(|source| document::read::<Json>(&source)) {
            Ok(value) => given.push((file.display().to_string(), value)),
            Err(problem) => problems.push(problem),
        }
    }
    for (name, value) in given {
        let Value::Object(more) = value.0 else {
            problems.push(Diagnostic::error(codes::INPUT_INVALID, format!("`{name}` is not a mapping")));
            continue;
        };
        for (key, value) in more {
            if members.contains_key(&key) {
                problems.push(taken(&name, &key, givers.get(&key)));
            } else {
                givers.insert(key.clone(), name.clone());
                members.insert(key, value);
            }
        }
    }
    for folder in names(config, named) {
        let found = beside::below(Path::new(&folder)).unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        });
        for (name, more) in
            found.into_iter().filter(|(name, _)| !read.contains(&files::real(Path::new(name))))
        {
            let conflict = match more.contains_key("settings") {
                true => Some("settings".to_owned()),
                false => beside::join(&mut members, more),
            };
            problems.extend(conflict.map(|path| taken(&name, &path, givers.get(&path))));
        }
    }
    if problems.is_empty() { Ok(members) } else { Err(problems) }
}

fn taken(name: &str, path: &str, by: Option<&String>) -> Diagnostic {
    let by = by.map_or(String::new(), |by| format!(", from `{by}`"));
    let message = format!("`{name}` gives `data.{path}`, which is there already{by}");
    let hint = match path {
        "settings" => "settings are named with `settings:` in the configuration",
        _ => "rename one of them",
    };
    Diagnostic::error(codes::POLICY_CONFLICT, message).hint(hint)
}
