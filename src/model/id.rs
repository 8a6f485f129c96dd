//! Identifiers: the digest, and the version that every document names.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};
use sha2::{Digest as _, Sha256};

/// The one `apiVersion` of this release's documents.
pub const API_VERSION: &str = "weighlock.dev/v1";

/// A content digest, `sha256:` and 64 lower-case hex digits (OCI image-spec, "Digests").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Digest(#[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))] String);

impl Digest {
    /// Hashes bytes with SHA-256.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::digest(bytes).into())
    }

    /// Writes a finished SHA-256 hash as a digest.
    pub fn from_hash(hash: [u8; 32]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in hash {
            for nibble in [byte >> 4, byte & 15] {
                text.push(HEX.get(usize::from(nibble)).copied().map_or('0', char::from));
            }
        }
        Self(text)
    }

    /// Reads a digest; `None` where the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let valid = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hex digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(7..19).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "`{text}` is not a digest: expected `sha256:` and 64 lower-case hex digits"
            ))
        })
    }
}
