//! Tags where digests belong.

use super::reading::How;
use super::{Found, Lint, Subject, word};
use crate::diag::{Code, Level, tree};

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

/// What is wrong with a text where something of an image is expected.
fn wrong(member: &str, text: &str) -> Option<String> {
    match member {
        "digest" | "digests" if !is_digest(text) => {
            Some(format!("`{text}` is not a digest, and never equal to one"))
        }
        "ref" | "image" | "images" if is_tagged(text) && !is_digest(text) => {
            Some(format!("`{text}` names a tag, which can be moved to other bytes"))
        }
        _ => None,
    }
}

fn tags(subject: &Subject<'_>, found: &mut Found) {
    for part in &subject.reading.parts {
        for asked in part.notes.asked.iter().filter(|asked| asked.how == How::Equal) {
            let Some(word) = asked.word.as_ref().filter(|word| !word.text.is_empty()) else { continue };
            if let Some(message) = wrong(&asked.member, &word.text) {
                let hint = "compare the digest, as in `sha256:…`";
                found.add(&LINT, message, hint, &word.source, word.span.clone());
            }
        }
    }
    // What operators write is read as it stands there.
    for source in [&subject.operator.file, &subject.operator.settings].into_iter().flatten() {
        let Some(node) = subject.tree(Some(source)) else { continue };
        word::each(node, &mut |key, value| {
            let texts: Vec<&tree::Node> = match &value.value {
                tree::Value::List(items) => items.iter().collect(),
                _ => vec![value],
            };
            for (node, text) in texts.into_iter().filter_map(|node| Some((node, node.text()?))) {
                if let Some(message) = wrong(key, text).filter(|_| !text.is_empty()) {
                    let hint = "name it by its digest, as in `app@sha256:…`";
                    found.add(&LINT, message, hint, source, node.span.clone());
                }
            }
        });
    }
}
