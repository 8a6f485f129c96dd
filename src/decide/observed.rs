//! What was observed of an asset: whether it counts, and whether others say the same.

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

/// Whether the inventory agrees with what a change says it finds. Else the change chose its own
/// beginning, and with it how small a step it takes.
pub(super) fn found_there(change: &Change, from: &Target, asset: Option<&Asset>) -> bool {
    if !matches!(change.kind, ChangeKind::Image | ChangeKind::Promotion) {
        return true;
    }
    let container = change.to.as_ref().and_then(|to| to.container.as_ref()).or(from.container.as_ref());
    let images = || {
        let all = asset.map(|asset| asset.images.as_slice()).unwrap_or_default();
        all.iter().filter(|image| container.is_none() || image.container.as_ref() == container)
    };
    let agree = |said: Option<&str>, found: &mut dyn Iterator<Item = &str>| match said {
        None => true,
        Some(said) => {
            let mut found = found.peekable();
            found.peek().is_none() || found.any(|found| found == said)
        }
    };
    agree(from.version.as_deref(), &mut images().filter_map(|image| image.tag.as_deref()))
        && agree(
            from.digest.as_ref().map(Digest::as_str),
            &mut images().filter_map(|image| image.digest.as_ref().map(Digest::as_str)),
        )
}

/// Whether two say the same of what a container runs; one may know more than the other.
pub(super) fn same_image(a: &Image, b: &Image) -> bool {
    fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let name =
        |image: &Image| ImageRef::parse(&image.r#ref).map(|parsed| (parsed.registry, parsed.repository));
    a.container == b.container
        && (a.r#ref == b.r#ref || name(a).is_some_and(|name_a| Some(name_a) == name(b)))
        && agree(a.digest.as_ref(), b.digest.as_ref())
        // With a digest on both sides the tag decides nothing.
        && (a.digest.is_some() && b.digest.is_some() || agree(a.tag.as_ref(), b.tag.as_ref()))
}
