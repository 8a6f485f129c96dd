//! A first bundle: a policy, its cases, a change to weigh, the operator's file, and jobs that run them.
//!
//! A language and the servers that run jobs go in, names and texts come out; writing them is the
//! caller's. INVARIANT: as written, every command in the jobs ends with 0.

use crate::policy::Language;

/// A file of the bundle: its path below the bundle's folder, and its text.
pub type File = (&'static str, &'static str);

/// A server that runs jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// The files of a first bundle, in the order of their paths.
pub fn files(language: Language, servers: &[Server]) -> Vec<File> {
    let mut files = vec![
        ("changes/shop.yaml", include_str!("init/change.yaml")),
        ("policies/ticket.case.yaml", include_str!("init/ticket.case.yaml")),
        match language {
            Language::Rego => ("policies/ticket.rego", include_str!("init/ticket.rego")),
            Language::Cel => ("policies/ticket.yaml", include_str!("init/ticket.yaml")),
        },
        ("weighlock.yaml", include_str!("init/weighlock.yaml")),
    ];
    files.extend(servers.iter().map(|server| match server {
        Server::GitHub => (".github/workflows/weighlock.yaml", include_str!("init/github.yaml")),
        Server::GitLab => (".gitlab-ci.yml", include_str!("init/gitlab.yaml")),
    }));
    files.sort_unstable();
    files.dedup();
    files
}
