//! What `evaluate` and the commands around it are given: inputs, policies, trust, time.

use std::path::{Path, PathBuf};

use super::output::{Terminal, say};
use super::{Stop, problems};
use crate::config::{self, Config};
use crate::decide::outcome::FailOn;
use crate::diag::{Diagnostic, codes};
use crate::facts::signature::Signer;
use crate::model::time::{Clock, Time};
use crate::pipeline::Request;

#[derive(Debug, clap::Args)]
pub(crate) struct RequestArgs {
    /// Input documents: files, folders, or `-` for standard input.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    /// The operator's file; paths in it are relative to its folder [default: `weighlock.yaml` in the
    /// current directory].
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Policies: a folder, a file, `builtin` or `builtin:<profile>`; may be repeated [default: those
    /// that the operator's file names, or `builtin`].
    #[arg(short, long, value_name = "PATH")]
    policy: Vec<String>,
    /// More data for policies: a JSON or YAML mapping; may be repeated.
    #[arg(short, long, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Take every fact of the input on trust. For fixtures and trying out: the report says so, and
    /// no such plan can be executed.
    #[arg(long)]
    trust_input: bool,
    /// Decide as of this time (RFC 3339) instead of now; the decision is marked as simulated.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Environment of assets that name none.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Cluster of assets that name none.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Take documents of any kind: each becomes an object whose configuration is to change.
    #[arg(long)]
    raw: bool,
    /// Read Rego policies as version 0, which has no `if` and `contains`.
    #[arg(long)]
    rego_v0: bool,
}

impl RequestArgs {
    /// What is named as input.
    pub(crate) fn inputs(&self) -> &[PathBuf] {
        &self.inputs
    }

    /// Whether policies or the operator's file are named.
    pub(crate) const fn names_policies(&self) -> bool {
        self.config.is_some() || !self.policy.is_empty()
    }

    pub(crate) fn read(self, terminal: &Terminal, clock: &dyn Clock) -> Result<Request, Stop> {
        let config = read_config(self.config.as_deref(), &self.inputs, terminal)?;
        if config.file.is_none() && !self.trust_input {
            say(
                "note: no configuration; nothing is trusted but what Weighlock verifies itself (see `--config`)",
            );
        }
        if config.signers.iter().any(|signer| matches!(signer, Signer::Certificate { .. })) {
            say(
                "note: signers by certificate (`issuer`) are not verified yet; their signatures are rejected",
            );
        }
        let given = self.now.as_deref().map(read_time).transpose()?;
        Ok(Request {
            inputs: self.inputs,
            trust_input: self.trust_input,
            raw: self.raw,
            environment: self.environment,
            cluster: self.cluster,
            policies: self.policy,
            data: self.data,
            rego_v0: self.rego_v0,
            now: given.unwrap_or_else(|| clock.now()),
            simulated: given.is_some(),
            config,
            fail_on: FailOn::default(),
            accept_obligations: false,
        })
    }
}

/// Reads the operator's file: the one that is named, or that of the current directory.
pub(crate) fn read_config(
    named: Option<&Path>,
    inputs: &[PathBuf],
    terminal: &Terminal,
) -> Result<Config, Stop> {
    let path = match named {
        Some(path) => Some(path.to_path_buf()),
        None => config::find(Path::new("."), inputs).unwrap_or_else(|warning| {
            problems::print(&[warning], terminal);
            None
        }),
    };
    match path {
        Some(path) => Ok(config::read(&path)?),
        None => Ok(Config::default()),
    }
}

/// Reads a time.
pub(crate) fn read_time(text: &str) -> Result<Time, Stop> {
    let refuse = |what: &str, hint: &str| {
        Stop::from(Diagnostic::error(codes::USAGE, format!("`{text}` is {what}")).hint(hint))
    };
    let time: Time = text
        .parse()
        .map_err(|_| refuse("not a time", "write times as RFC 3339 in UTC, as in `2026-11-23T10:00:00Z`"))?;
    // Policies are told it in nanoseconds.
    match i64::try_from(time.as_nanosecond()) {
        Ok(_) => Ok(time),
        Err(_) => Err(refuse("a time that policies cannot be told", "it lies between 1678 and 2262")),
    }
}
