//! Commit messages by Conventional Commits 1.0.

use crate::model::input::Commit;
use crate::model::review::ReviewCommit;

/// Reads a commit message. Type and scope are absent where the message is not a conventional one;
/// a breaking mark is looked for in any message, since missing it would be the costly mistake.
pub fn read(commit: &Commit) -> ReviewCommit {
    let subject = commit.message.lines().next().unwrap_or_default().trim().to_owned();
    let footer = commit.message.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("BREAKING CHANGE:") || line.starts_with("BREAKING-CHANGE:") || marked(line)
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

/// Whether a line is one of the commits that were squashed into one, with a breaking mark:
/// `* feat(api)!: drop the old one`.
fn marked(line: &str) -> bool {
    let item = line.strip_prefix("* ").or_else(|| line.strip_prefix("- "));
    let Some((head, _)) = item.and_then(|item| item.trim_start().split_once("!:")) else { return false };
    let word = head.split_once('(').filter(|(_, scope)| scope.ends_with(')')).map_or(head, |(word, _)| word);
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
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
        assert!(parse("fix: a (#12)\n\n* feat!: drop the old api").breaking);
        assert!(parse("fix: a\n\n- refactor(the api)!: drop it").breaking);
        for no in ["* feat: x", "feat!: x", "* so it works!: really", "* !: x", "*feat!: x"] {
            assert!(!parse(&format!("fix: a\n\n{no}")).breaking, "{no}");
        }
        assert_eq!(parse("Merge branch 'main'").r#type, None);
        assert_eq!(parse("").subject, "");
    }
}
