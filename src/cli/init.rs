//! `weighlock init`: a first bundle to begin from.

use std::path::{Path, PathBuf};

use super::Stop;
use super::output::{self, Terminal, say};
use crate::author::init::{self, Server};
use crate::diag::clean::line as clean;
use crate::diag::{Diagnostic, codes};
use crate::policy::Language;

/// Write a first bundle: a policy, its cases, a change to weigh, and jobs that run them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weighlock init house
  weighlock init house --language cel --ci gitlab
  cd house && weighlock test policies && weighlock evaluate changes

What is there already is never written over: then nothing is written at all.")]
pub(crate) struct Args {
    /// Folder of the bundle; made where it is not there.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Language of the policy.
    #[arg(short, long, value_enum, default_value_t = Written::Rego, value_name = "LANGUAGE")]
    language: Written,
    /// Servers that run the jobs, separated by commas; or `none`.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "github,gitlab", value_name = "SERVER")]
    ci: Vec<Ci>,
    /// Say what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Written {
    /// Rego.
    Rego,
    /// CEL in a document of `kind: Policy`.
    Cel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Ci {
    /// GitHub Actions: `.github/workflows/weighlock.yaml`.
    Github,
    /// GitLab CI: `.gitlab-ci.yml`.
    Gitlab,
    /// None.
    None,
}

pub(crate) fn run(args: Args, _: &Terminal) -> Result<u8, Stop> {
    if args.ci.contains(&Ci::None) && args.ci.len() > 1 {
        let message = "`--ci none` names no server, and so stands alone";
        return Err(Diagnostic::error(codes::USAGE, message).into());
    }
    let servers: Vec<Server> = args
        .ci
        .iter()
        .filter_map(|server| match server {
            Ci::Github => Some(Server::GitHub),
            Ci::Gitlab => Some(Server::GitLab),
            Ci::None => None,
        })
        .collect();
    let language = match args.language {
        Written::Rego => Language::Rego,
        Written::Cel => Language::Cel,
    };
    let files = init::files(language, &servers);
    // Whatever is in the way is said at once, before anything is written.
    let in_the_way: Vec<Diagnostic> = in_the_way(&args.dir, &files);
    if !in_the_way.is_empty() {
        return Err(in_the_way.into());
    }
    for (name, text) in &files {
        let path = args.dir.join(name);
        if !args.dry_run {
            let folder = path.parent().unwrap_or(&args.dir);
            std::fs::create_dir_all(folder)
                .map_err(|error| output::unwritable(&folder.display().to_string(), &error))?;
            output::write(&path, text)?;
        }
        let done = if args.dry_run { "would write" } else { "wrote" };
        say(&format!("{done} {}", clean(&path.display().to_string())));
    }
    if !args.dry_run {
        let dir = quoted(&clean(&args.dir.display().to_string()));
        say(&format!("next: cd {dir} && weighlock test policies && weighlock evaluate changes"));
    }
    Ok(0)
}

/// The name of a folder as a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    match name.chars().all(plain) && !name.starts_with('-') {
        true => name.to_owned(),
        false => format!("-- '{}'", name.replace('\'', "'\\''")),
    }
}

/// What is there already, where a file or one of its folders belongs.
fn in_the_way(dir: &Path, files: &[init::File]) -> Vec<Diagnostic> {
    let taken = |path: &Path| std::fs::symlink_metadata(path).is_ok();
    let problem = |path: &Path, hint: &str| {
        Diagnostic::error(codes::OUTPUT_UNWRITABLE, format!("`{}` is there already", path.display()))
            .hint(hint)
    };
    if taken(dir) && !dir.is_dir() {
        return vec![problem(dir, "name a folder, or one that is not there yet")];
    }
    let mut found = Vec::new();
    for (name, _) in files {
        let path = dir.join(name);
        let folder = path.ancestors().skip(1).find(|folder| taken(folder) && !folder.is_dir());
        if let Some(folder) = folder {
            found.push(problem(folder, "move it away: a folder belongs in its place"));
        } else if taken(&path) {
            found.push(problem(
                &path,
                "nothing is written over, and nothing was written: move it away, or name another folder; `--ci` chooses the jobs",
            ));
        }
    }
    found
}
