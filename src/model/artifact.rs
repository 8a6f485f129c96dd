//! Artifacts: OCI image references and package URLs, as far as policies speak of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::Digest;

/// What an image reference pins (derived, never claimed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RefKind {
    /// A digest: these bytes and no others.
    Digest,
    /// A tag: whatever it points to when pulled.
    Tag,
    /// Neither: `latest` by convention.
    Floating,
}

/// An OCI reference in its parts: `[registry/]repository[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// Registry host with port; `docker.io` where the text names none.
    pub registry: String,
    /// Repository path; `library/…` for bare names on `docker.io`.
    pub repository: String,
    /// Tag.
    pub tag: Option<String>,
    /// Digest.
    pub digest: Option<Digest>,
}

/// The registry of names that name none.
const HUB: &str = "docker.io";

impl ImageRef {
    /// Reads a reference by the grammar of the distribution spec; `None` where it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(Digest::parse(digest)?)),
            None => (text, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        if tag.is_some_and(|t| t.is_empty() || t.len() > 128 || !t.bytes().all(is_tag_byte)) {
            return None;
        }
        let (registry, repository) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
                let host = host.to_ascii_lowercase();
                (host.strip_suffix(":443").unwrap_or(&host).to_owned(), rest)
            }
            _ => (HUB.to_owned(), name),
        };
        let (registry, repository) = match registry.as_str() {
            HUB | "index.docker.io" | "registry-1.docker.io" if !repository.contains('/') => {
                (HUB.to_owned(), format!("library/{repository}"))
            }
            "index.docker.io" | "registry-1.docker.io" => (HUB.to_owned(), repository.to_owned()),
            _ => (registry, repository.to_owned()),
        };
        let valid = !registry.is_empty()
            && repository.split('/').all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
            });
        valid.then(|| Self { registry, repository, tag: tag.map(str::to_owned), digest })
    }

    /// What the reference pins.
    pub fn kind(&self) -> RefKind {
        match (&self.digest, &self.tag) {
            (Some(_), _) => RefKind::Digest,
            (None, Some(tag)) if tag != "latest" => RefKind::Tag,
            _ => RefKind::Floating,
        }
    }
}

fn is_tag_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._-".contains(&b)
}
