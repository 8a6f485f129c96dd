//! What was observed of an asset: whether it counts, and whether others say the same.

use std::collections::{HashMap, HashSet};

use crate::model::artifact::ImageRef;
use crate::model::id::Digest;
use crate::model::input::{Asset, Change, ChangeKind, Image, Target};
use crate::model::review::UnknownReason;
use crate::model::time::{Age, Time};
use crate::model::trust::{Threshold, Trust};

/// Whether an item of the inventory counts at a time.
///
/// # Errors
/// Why it does not.
pub(super) fn counts(
    asset: &Asset,
    trust: Trust,
    threshold: Threshold,
    now: Time,
) -> Result<(), UnknownReason> {
    if asset.observed_at.is_some_and(|at| at > Age::MINUTE.after(now)) {
        return Err(UnknownReason::Future);
    }
    if threshold.trust.is_some_and(|least| trust < least) {
        return Err(UnknownReason::Distrusted);
    }
    match (threshold.max_age, asset.observed_at) {
        (Some(_), None) => Err(UnknownReason::Undated),
        (Some(age), Some(at)) if at < age.before(now) => Err(UnknownReason::Stale),
        _ => Ok(()),
    }
}

/// Whether what a change says it finds is what is there. Else the change chose its own beginning, and
/// with it how small a step it takes. `replaced` is the one image that it puts another in the place
/// of; `tagged` tells whether somebody saw a digest under a reference.
pub(super) fn found_there(
    change: &Change,
    from: &Target,
    to: &Target,
    replaced: Option<&Image>,
    tagged: &dyn Fn(&str, &Digest) -> bool,
) -> bool {
    let Some(image) = replaced else { return false };
    let own = Some(image.r#ref.as_str());
    // Stages may have repositories of their own.
    let there = to.r#ref.is_none() || change.kind == ChangeKind::Promotion;
    let name = (there || same_name(own, to.r#ref.as_deref()))
        && (from.r#ref.is_none() || same_name(own, from.r#ref.as_deref()));
    let seen = |version: &str, digest: &Digest| tagged(&format!("{}:{version}", image.r#ref), digest);
    let version = match (&from.version, &image.tag, &image.digest) {
        (None, ..) => true,
        (Some(said), Some(tag), _) => said == tag,
        // Pinned by its digest alone: which version that is, somebody must have seen.
        (Some(said), None, Some(digest)) => seen(said, digest),
        (Some(_), None, None) => false,
    };
    let digest = match (&from.digest, &image.digest, &image.tag) {
        (None, ..) => true,
        (Some(said), Some(digest), _) => said == digest,
        (Some(said), None, Some(tag)) => seen(tag, said),
        (Some(_), None, None) => false,
    };
    name && version && digest
}

/// Whether both sides of a change are of one thing: from the version of one to that of another is no
/// update.
pub(super) fn same(from: &Target, to: &Target) -> bool {
    to.r#ref.is_none() || same_name(from.r#ref.as_deref(), to.r#ref.as_deref())
}

/// Whether two references name the same image or package, of whatever version.
fn same_name(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => name(a) == name(b),
        _ => false,
    }
}

/// What a reference names, without its version.
fn name(reference: &str) -> String {
    if reference.starts_with("pkg:") {
        let url = reference.split(['?', '#']).next().unwrap_or_default();
        let own = url.rfind('/').map_or(0, |at| at.saturating_add(2));
        let end = url.rfind('@').filter(|at| *at >= own).unwrap_or(url.len());
        return url.get(..end).unwrap_or_default().to_owned();
    }
    match ImageRef::parse(reference) {
        Some(parsed) => format!("{}/{}", parsed.registry, parsed.repository),
        None => reference.to_owned(),
    }
}

/// What images under one container and name say, by what is compared.
#[derive(Default)]
struct Said<'a> {
    digests: HashSet<&'a Digest>,
    tags: HashSet<Option<&'a str>>,
    /// The tags of those without a digest: with one on both sides the tag decides nothing.
    undigested: HashSet<Option<&'a str>>,
}

impl<'a> Said<'a> {
    fn add(&mut self, image: &'a Image) {
        let tag = image.tag.as_deref();
        self.tags.insert(tag);
        match &image.digest {
            Some(digest) => self.digests.insert(digest),
            None => self.undigested.insert(tag),
        };
    }

    /// Whether one of them says the same as another image; one may know more than the other.
    fn has(&self, image: &Image) -> bool {
        let tag = image.tag.as_deref();
        let agrees = |tags: &HashSet<Option<&str>>| match tag {
            None => !tags.is_empty(),
            Some(_) => tags.contains(&tag) || tags.contains(&None),
        };
        match &image.digest {
            Some(digest) => self.digests.contains(digest) || agrees(&self.undigested),
            None => agrees(&self.tags),
        }
    }
}

/// Those of some images of which none of others says the same.
pub(super) fn without(images: Vec<Image>, others: &[Image]) -> Vec<Image> {
    let same = said(&images, others);
    images.into_iter().zip(same).filter(|(_, same)| !same).map(|(image, _)| image).collect()
}

/// Of each of some images, whether one of others says the same.
pub(super) fn said(images: &[Image], others: &[Image]) -> Vec<bool> {
    let mut known: HashMap<(Option<&str>, String), Said<'_>> = HashMap::new();
    for image in others {
        known.entry((image.container.as_deref(), name(&image.r#ref))).or_default().add(image);
    }
    let same = |image: &Image| {
        let known = known.get(&(image.container.as_deref(), name(&image.r#ref)));
        known.is_some_and(|known| known.has(image))
    };
    images.iter().map(same).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_it_is_without_its_version() {
        for (a, b) in [
            ("pkg:npm/x@1", "pkg:npm/x@2"),
            ("pkg:npm/@scope/x@1?a=b", "pkg:npm/@scope/x"),
            ("nginx", "docker.io/library/nginx:1.27"),
            ("oci://r.example/c", "oci://r.example/c"),
        ] {
            assert!(same_name(Some(a), Some(b)), "{a} {b}");
        }
        for (a, b) in [
            ("pkg:npm/x@1", "pkg:npm/evil@1"),
            ("pkg:npm/@a", "pkg:npm/@b"),
            ("r.example/base", "evil.example/base"),
            ("", "r.example/base"),
        ] {
            assert!(!same_name(Some(a), Some(b)), "{a} {b}");
        }
        assert!(!same_name(None, None));
    }

    fn image(tag: Option<&str>, digest: Option<&str>) -> Image {
        let digest = digest.map(|digest| Digest::of(digest.as_bytes()));
        let (container, tag) = (Some("c".to_owned()), tag.map(str::to_owned));
        Image { container, r#ref: "r.example/a".to_owned(), tag, digest, platforms: None }
    }

    #[test]
    fn an_image_is_kept_where_no_other_agrees_with_it() {
        fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        let same = |a: &Image, b: &Image| {
            agree(a.digest.as_ref(), b.digest.as_ref())
                && (a.digest.is_some() && b.digest.is_some() || agree(a.tag.as_ref(), b.tag.as_ref()))
        };
        let some = [None, Some("1"), Some("2")];
        let all: Vec<Image> =
            some.iter().flat_map(|tag| some.iter().map(|digest| image(*tag, *digest))).collect();
        for of in &all {
            assert_eq!(without(vec![of.clone()], &[]).len(), 1, "{of:?}");
            for first in &all {
                for second in &all {
                    let kept = without(vec![of.clone()], &[first.clone(), second.clone()]);
                    let expected = !(same(of, first) || same(of, second));
                    assert_eq!(kept.len() == 1, expected, "{of:?} beside {first:?} and {second:?}");
                }
            }
        }
    }
}
