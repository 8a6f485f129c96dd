//! Commit messages by Conventional Commits 1.0.

use crate::model::input::Commit;
use crate::model::review::ReviewCommit;

/// Reads a commit message. Type and scope are absent where the message is not a conventional one;
/// a breaking mark is looked for in any message, since missing it would be the costly mistake.
pub fn read(commit: &Commit) -> ReviewCommit {
    let subject = commit.message.lines().next().unwrap_or_default().trim().to_owned();
    let footer = commit.message.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("BREAKING CHANGE:") || line.starts_with("BREAKING-CHANGE:")
    });
    match git_conventional::Commit::parse(commit.message.trim_end()) {
        Ok(parsed) => ReviewCommit {
            id: commit.id.clone(),
            subject,
            r#type: Some(parsed.type_().as_str().to_lowercase()),
            scope: parsed.scope().map(|scope| scope.as_str().to_owned()),
            breaking: parsed.breaking() || footer,
        },
        Err(_) => {
            ReviewCommit { id: commit.id.clone(), subject, r#type: None, scope: None, breaking: footer }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(message: &str) -> ReviewCommit {
        read(&Commit { id: "1".into(), message: message.into() })
    }

    #[test]
    fn conventional_and_other_messages() {
        let fix = parse("Fix(deps): python 3.11.2 (CVE-2026-1111)\n\nbody");
        assert_eq!(
            (fix.r#type.as_deref(), fix.scope.as_deref(), fix.breaking),
            (Some("fix"), Some("deps"), false)
        );
        assert!(parse("feat!: drop the old api").breaking);
        assert!(parse("feat: x\n\nBREAKING CHANGE: gone").breaking);
        assert_eq!(parse("Merge branch 'main'").r#type, None);
        assert_eq!(parse("").subject, "");
    }
}
