//! Keys: ECDSA on P-256 with SHA-256, and Ed25519, as PEM (SPKI and PKCS#8).

use std::fmt;

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePublicKey as _};

use crate::model::Digest;

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// ECDSA on P-256, signatures in DER, as cosign makes them.
    P256(p256::ecdsa::VerifyingKey),
    /// Ed25519 (RFC 8032).
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// A private key. Never shown.
pub enum PrivateKey {
    /// ECDSA on P-256.
    P256(Box<p256::ecdsa::SigningKey>),
    /// Ed25519.
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// Whether a text is a public key as SSH writes it: its algorithm, the key, and a comment.
pub fn is_ssh(text: &str) -> bool {
    let known = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
    let mut words = text.split_whitespace();
    let algorithm = words.next().is_some_and(|word| known.iter().any(|known| word.starts_with(known)));
    algorithm && words.next().is_some_and(|key| key.starts_with("AAAA"))
}

impl PublicKey {
    /// Reads a key from PEM.
    ///
    /// # Errors
    /// It is not a key of a kind that is known; in words.
    pub fn parse(pem: &str) -> Result<Self, String> {
        let pem = pem.trim();
        if is_ssh(pem) {
            return Err(
                "it is a key of SSH: expected a P-256 or Ed25519 key as PEM that begins with `-----BEGIN PUBLIC KEY-----`, as `openssl pkey -pubout` writes it".to_owned()
            );
        }
        if !pem.starts_with("-----BEGIN PUBLIC KEY-----") {
            return Err(
                "not a public key: expected PEM that begins with `-----BEGIN PUBLIC KEY-----`".to_owned()
            );
        }
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_pem(pem) {
            return Ok(Self::P256(key));
        }
        ed25519_dalek::VerifyingKey::from_public_key_pem(pem)
            .map(Self::Ed25519)
            .map_err(|_| "neither a P-256 nor an Ed25519 key".to_owned())
    }

    /// Whether a signature over bytes is this key's.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(bytes, &signature).is_ok()),
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok()),
        }
    }

    /// Digest of the key (DER of its SPKI), for a signature's `keyid`.
    pub fn id(&self) -> Digest {
        let der = match self {
            Self::P256(key) => key.to_public_key_der().map(|der| der.as_bytes().to_vec()),
            Self::Ed25519(key) => key.to_public_key_der().map(|der| der.as_bytes().to_vec()),
        };
        Digest::of(&der.unwrap_or_default())
    }

    /// The key as PEM.
    pub fn pem(&self) -> String {
        let pem = match self {
            Self::P256(key) => key.to_public_key_pem(p256::pkcs8::LineEnding::LF),
            Self::Ed25519(key) => key.to_public_key_pem(p256::pkcs8::LineEnding::LF),
        };
        pem.unwrap_or_default()
    }
}

impl PrivateKey {
    /// Reads a key from PEM.
    ///
    /// # Errors
    /// It is not a key of a kind that is known; in words, never with the key's own text.
    pub fn parse(pem: &str) -> Result<Self, String> {
        let pem = pem.trim();
        if pem.starts_with("-----BEGIN PUBLIC KEY-----") {
            return Err("this is a public key; give the private one that belongs to it".to_owned());
        }
        if pem.starts_with("-----BEGIN ENCRYPTED") {
            return Err("the key is encrypted; give a PKCS#8 key without a passphrase".to_owned());
        }
        if pem.starts_with("-----BEGIN EC P") {
            return Err("the key is in SEC1 form; `openssl pkcs8 -topk8 -nocrypt` makes it PKCS#8".to_owned());
        }
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_pem(pem) {
            return Ok(Self::P256(Box::new(key)));
        }
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(|key| Self::Ed25519(Box::new(key))).map_err(|_| {
            "neither a P-256 nor an Ed25519 key in PKCS#8 PEM; `openssl genpkey -algorithm ed25519` makes one".to_owned()
        })
    }

    /// Signs bytes. The same key and bytes give the same signature (RFC 6979, RFC 8032).
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(bytes);
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(bytes).to_bytes().to_vec(),
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::P256(key) => PublicKey::P256(*key.verifying_key()),
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Keys made for these tests; they guard nothing.
    pub(crate) const P256: &str = include_str!("../../testdata/keys/p256.pem");
    pub(crate) const ED25519: &str = include_str!("../../testdata/keys/ed25519.pem");

    #[test]
    fn both_kinds_sign_and_verify() {
        for pem in [P256, ED25519] {
            let key = PrivateKey::parse(pem).unwrap();
            let public = PublicKey::parse(&key.public().pem()).unwrap();
            let signature = key.sign(b"weigh");
            assert_eq!(signature, key.sign(b"weigh"));
            assert!(public.verifies(b"weigh", &signature));
            assert!(!public.verifies(b"weight", &signature));
            assert!(!public.verifies(b"weigh", &signature[1..]));
            assert!(!public.verifies(b"weigh", b""));
        }
        assert!(
            !PrivateKey::parse(P256)
                .unwrap()
                .public()
                .verifies(b"x", &PrivateKey::parse(ED25519).unwrap().sign(b"x"))
        );
    }

    #[test]
    fn what_is_no_key_says_so_without_its_text() {
        let error = PrivateKey::parse("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----")
            .unwrap_err();
        assert!(!error.contains("c2Vj"));
        for head in ["EC PARAMETERS", "EC PRIVATE KEY"] {
            let sec1 = format!("-----BEGIN {head}-----\nc2VjcmV0\n-----END {head}-----");
            let error = PrivateKey::parse(&sec1).unwrap_err();
            assert!(error.contains("openssl pkcs8 -topk8 -nocrypt") && !error.contains("c2Vj"), "{error}");
        }
        assert!(PublicKey::parse("hello").unwrap_err().contains("BEGIN PUBLIC KEY"));
        for ssh in ["ssh-ed25519 AAAAC3Nz dev@example\n", "ecdsa-sha2-nistp256 AAAAE2Vj"] {
            assert!(PublicKey::parse(ssh).unwrap_err().contains("it is a key of SSH"), "{ssh}");
        }
        assert!(!is_ssh("ssh-ed25519.pub") && !is_ssh("ssh-keys/dev key.pub"));
    }
}
