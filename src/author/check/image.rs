//! Tags where digests belong.

use super::reading::How;
use super::{Found, Lint, Subject};
use crate::diag::{Code, Level};

/// A tag, which whoever can write to the registry moves to other bytes.
pub(super) const LINT: Lint = Lint {
    code: Code { id: "image.tag", title: "An image is named by a tag where only a digest says which it is." },
    level: Level::Warning,
    find: tags,
};

/// Whether a text names an image by a tag alone.
fn is_tagged(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once(':').map(|(_, tag)| tag);
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:".contains(&b))
    };
    word(text) && tag.is_some_and(|tag| !tag.is_empty()) && !text.contains('@')
}

fn is_digest(text: &str) -> bool {
    let hex = text.split_once(':').filter(|(kind, _)| kind.starts_with("sha")).map(|(_, hex)| hex);
    hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn tags(subject: &Subject<'_>, found: &mut Found) {
    for part in &subject.reading.parts {
        for asked in part.notes.asked.iter().filter(|asked| asked.how == How::Equal) {
            let Some(word) = asked.word.as_ref().filter(|word| !word.text.is_empty()) else { continue };
            let message = match asked.member.as_str() {
                "digest" if !is_digest(&word.text) => {
                    format!("`{}` is not a digest, and never equal to one", word.text)
                }
                "ref" | "image" if is_tagged(&word.text) && !is_digest(&word.text) => {
                    format!("`{}` names a tag, which can be moved to other bytes", word.text)
                }
                _ => continue,
            };
            found.add(
                &LINT,
                message,
                "compare the digest, as in `sha256:…`",
                &word.source,
                word.span.clone(),
            );
        }
    }
}
