//! Versions as image tags and packages write them, and how far one moves to another.
//!
//! `v1.2.3`, `1.2`, `2024.01.02`, `1.25.3-alpine3.19`: an optional `v`, numbers between dots, and
//! a suffix. A suffix that names a pre-release orders before the release; any other is a variant,
//! and only the same variants can be compared. What cannot be compared has no update type, and is
//! left to policies that deny or hold what they do not know.

use std::cmp::Ordering;

use crate::model::input::Target;
use crate::model::review::UpdateType;

/// A version in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: Vec<u64>,
    /// Identifiers of a pre-release, by Semantic Versioning 2.0.0, section 11.
    pre: Vec<String>,
    variant: String,
}

const PRE: &[&str] = &[
    "alpha", "beta", "rc", "pre", "preview", "dev", "snapshot", "nightly", "canary", "next", "ea", "m", "a",
    "b",
];

impl Version {
    /// Reads a version; `None` where the text has no number in front.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, suffix) = text.split_at_checked(end)?;
        let numbers = numbers
            .split('.')
            .map(|part| if part.len() <= 18 { part.parse::<u64>().ok() } else { None })
            .collect::<Option<Vec<u64>>>()?;
        // Build metadata (`+…`) does not order, section 10.
        let suffix = suffix.split('+').next().unwrap_or_default().trim_start_matches(['-', '_', '.']);
        let mut pre = Vec::new();
        let mut variant = Vec::new();
        for part in suffix.split('-').filter(|part| !part.is_empty()) {
            let word = part.split(['.', '_']).next().unwrap_or_default().to_lowercase();
            let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
            if variant.is_empty() && PRE.contains(&word) {
                pre.extend(part.split('.').map(str::to_lowercase));
            } else {
                variant.push(part);
            }
        }
        Some(Self { numbers, pre, variant: variant.join("-") })
    }

    /// Whether nothing can be both versions: `1.4.1` is also `1.4` and `1`, and is not `2.0.0`.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.numbers.iter().zip(&other.numbers).any(|(a, b)| a != b)
    }

    /// How far this version moves to another; `None` where the two cannot be compared.
    pub fn update(&self, to: &Self) -> Option<UpdateType> {
        if self.variant != to.variant {
            return None;
        }
        let moved = self.moved(to)?;
        // A pre-release need not keep what its numbers promise, section 9: from a release to one of the next
        // version is as far as it can go.
        let promised = to.pre.is_empty() || !self.pre.is_empty() || moved == UpdateType::Downgrade;
        Some(if promised { moved } else { UpdateType::Major })
    }

    fn moved(&self, to: &Self) -> Option<UpdateType> {
        for (i, (a, b)) in self.numbers.iter().zip(&to.numbers).enumerate() {
            match (a.cmp(b), i) {
                (Ordering::Equal, _) => {}
                (Ordering::Greater, _) => return Some(UpdateType::Downgrade),
                (Ordering::Less, 0) => return Some(UpdateType::Major),
                (Ordering::Less, 1) => return Some(UpdateType::Minor),
                (Ordering::Less, _) => return Some(UpdateType::Patch),
            }
        }
        if self.numbers.len() != to.numbers.len() {
            return None;
        }
        Some(match precedence(&self.pre, &to.pre) {
            Ordering::Less => UpdateType::Patch,
            Ordering::Equal => UpdateType::None,
            Ordering::Greater => UpdateType::Downgrade,
        })
    }
}

/// Semantic Versioning 2.0.0, section 11.4; a release comes after its pre-releases.
fn precedence(a: &[String], b: &[String]) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    for (x, y) in a.iter().zip(b) {
        let split = |s: &str| {
            let at = s.find(|c: char| c.is_ascii_digit()).unwrap_or(s.len());
            let (word, number) = s.split_at(at);
            (word.to_owned(), number.parse::<u64>().ok())
        };
        let order = split(x).cmp(&split(y)).then_with(|| x.cmp(y));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// How far a change moves, from both its sides; `None` where that cannot be told.
pub fn update_type(from: &Target, to: &Target) -> Option<UpdateType> {
    let by_version = match (&from.version, &to.version) {
        (Some(a), Some(b)) if a == b => Some(UpdateType::None),
        (Some(a), Some(b)) => Some(Version::parse(a)?.update(&Version::parse(b)?)?),
        // Without versions, another digest may be any version: that it is the same one is a claim.
        (None, None) if from.digest == to.digest => Some(UpdateType::None),
        _ => None,
    };
    match by_version? {
        UpdateType::None => match (&from.digest, &to.digest) {
            (Some(a), Some(b)) if a == b => Some(UpdateType::None),
            (Some(_), Some(_)) => Some(UpdateType::Digest),
            (None, Some(_)) if from.version.is_some() => Some(UpdateType::Pin),
            (None, None) if from.version.is_some() => Some(UpdateType::None),
            _ => None,
        },
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn update(a: &str, b: &str) -> Option<UpdateType> {
        Version::parse(a)?.update(&Version::parse(b)?)
    }

    #[test]
    fn how_far_versions_move() {
        use UpdateType::{Downgrade, Major, Minor, None as Same, Patch};
        for (a, b, expected) in [
            ("v1.2.0", "v1.2.1", Some(Patch)),
            ("1.2.9", "1.3.0", Some(Minor)),
            ("1.9", "2.0", Some(Major)),
            ("1.9.0", "1.10.0", Some(Minor)),
            ("2024.01.02", "2024.01.03", Some(Patch)),
            ("1.25.3-alpine3.19", "1.25.4-alpine3.19", Some(Patch)),
            ("1.25.3-alpine3.19", "1.25.4-alpine3.20", None),
            ("1.25.3", "1.25.4-slim", None),
            ("1.2.3", "1.2.2", Some(Downgrade)),
            ("1.2.0-rc.1", "1.2.0-rc.2", Some(Patch)),
            ("1.2.0-rc9", "1.2.0-rc10", Some(Patch)),
            ("1.2.0-rc.1", "1.2.0", Some(Patch)),
            ("1.2.0", "1.2.0-rc.1", Some(Downgrade)),
            ("1.2.3", "1.2.4-rc.1", Some(Major)),
            ("1.2.3", "1.3.0-rc.1", Some(Major)),
            ("1.2.3-rc.1", "1.2.4-rc.1", Some(Patch)),
            ("1.2.3", "1.1.0-rc.1", Some(Downgrade)),
            ("1.2.0", "1.2.0+build.5", Some(Same)),
            ("1.2", "1.2.3", None),
            ("latest", "1.2.3", None),
            ("22-bookworm-slim", "24-bookworm-slim", Some(Major)),
            ("99999999999999999999", "1", None),
        ] {
            assert_eq!(update(a, b), expected, "{a} -> {b}");
        }
    }

    #[test]
    fn digests_decide_where_versions_are_the_same() {
        let d = |c: &str| Digest::parse(&format!("sha256:{}", c.repeat(64)));
        let t = |v: Option<&str>, digest| Target { version: v.map(Into::into), digest, ..Target::default() };
        assert_eq!(update_type(&t(Some("1"), None), &t(Some("1"), d("a"))), Some(UpdateType::Pin));
        assert_eq!(update_type(&t(Some("1"), d("b")), &t(Some("1"), d("a"))), Some(UpdateType::Digest));
        assert_eq!(update_type(&t(None, d("b")), &t(None, d("a"))), None);
        assert_eq!(update_type(&t(None, d("a")), &t(None, d("a"))), Some(UpdateType::None));
        assert_eq!(update_type(&t(Some("1"), d("a")), &t(Some("1"), d("a"))), Some(UpdateType::None));
        assert_eq!(update_type(&t(Some("1"), d("a")), &t(Some("1"), None)), None);
        assert_eq!(update_type(&t(Some("1"), None), &t(None, None)), None);
    }
}
