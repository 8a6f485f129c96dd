//! The artifacts of a change: what the asset runs, and what the change puts in its place.

use serde_json::Value;

use super::observed;
use crate::facts::kubernetes;
use crate::model::artifact::{ImageRef, RefKind};
use crate::model::input::{Asset, Change, ChangeKind, Image};
use crate::model::review::{Artifact, Unknown, UnknownReason};

fn artifact(image: Image, changed: bool) -> Artifact {
    let kind = match (&image.digest, &image.tag) {
        (Some(_), _) => RefKind::Digest,
        (None, Some(tag)) if tag != "latest" => RefKind::Tag,
        // A name that could not be read in parts pins nothing.
        _ => ImageRef::parse(&image.r#ref).map_or(RefKind::Floating, |parsed| parsed.kind()),
    };
    Artifact {
        container: image.container,
        r#ref: image.r#ref,
        ref_kind: kind,
        tag: image.tag,
        digest: image.digest,
        changed,
        platforms: image.platforms,
        sbom: None,
        signatures: None,
        attestations: None,
        scans: None,
        unobserved: false,
    }
}

/// Marks what an object names and nobody observed there. What was there before an admission counts too
/// where somebody who is trusted says so.
fn unobserved(artifacts: &mut [Artifact], change: &Change, asset: Option<&Asset>, vouched: bool) {
    let mut known = asset.map(|asset| asset.images.clone()).unwrap_or_default();
    let old = change.old_object.as_ref().filter(|_| vouched);
    known
        .extend(old.and_then(|old| kubernetes::pod_spec(&old.0)).map(kubernetes::images).unwrap_or_default());
    let images: Vec<Image> = artifacts
        .iter()
        .map(|artifact| Image {
            container: artifact.container.clone(),
            digest: artifact.digest.clone(),
            platforms: None,
            r#ref: artifact.r#ref.clone(),
            tag: artifact.tag.clone(),
        })
        .collect();
    for (artifact, same) in artifacts.iter_mut().zip(observed::said(&images, &known)) {
        artifact.unobserved = !same;
    }
}

/// The artifacts that run when the change has been made, and the image that it puts another in the
/// place of.
pub(super) fn of(
    change: &Change,
    asset: Option<&Asset>,
    pod_spec: Option<&Value>,
    vouched: bool,
    unknown: &mut Vec<Unknown>,
) -> (Vec<Artifact>, Option<Image>) {
    let mut images: Vec<Image> = asset.map(|asset| asset.images.clone()).unwrap_or_default();
    let spec_images = pod_spec.map(kubernetes::images).unwrap_or_default();
    if pod_spec.is_some() && matches!(change.kind, ChangeKind::Admission | ChangeKind::Config) {
        // What will run is what the object says: a digest that is said beside it pins nothing. What
        // else is said to run is kept: it may.
        images = observed::without(images, &spec_images);
        images.extend(spec_images);
    } else {
        // What the object says beside what was observed is kept: either may run.
        let more = observed::without(spec_images, &images);
        images.extend(more);
    }
    let all_changed = change.kind == ChangeKind::Admission && change.operation.as_deref() != Some("DELETE");
    let target = match (&change.to, change.kind) {
        (Some(to), ChangeKind::Image | ChangeKind::Promotion | ChangeKind::BaseImage) => to,
        (Some(to), ChangeKind::Chart) if to.digest.is_some() => to,
        _ => {
            let mut all: Vec<Artifact> =
                images.into_iter().map(|image| artifact(image, all_changed)).collect();
            if matches!(change.kind, ChangeKind::Admission | ChangeKind::Config | ChangeKind::Chart) {
                unobserved(&mut all, change, asset, vouched);
            }
            return (all, None);
        }
    };
    let from = change.from.as_ref();
    let container = target.container.as_ref().or_else(|| from.and_then(|from| from.container.as_ref()));
    let brought = |known: Option<&Image>| Image {
        container: known.and_then(|image| image.container.clone()).or_else(|| container.cloned()),
        r#ref: target.r#ref.clone().or_else(|| known.map(|image| image.r#ref.clone())).unwrap_or_default(),
        tag: target.version.clone(),
        digest: target.digest.clone(),
        platforms: known.and_then(|image| image.platforms.clone()),
    };
    if matches!(change.kind, ChangeKind::BaseImage | ChangeKind::Chart) {
        // The base image is not what runs; what runs is yet to be built from it. Nor is a chart: which
        // images it brings is known once it has been rendered.
        let mut base = brought(None);
        base.r#ref = base.r#ref.trim_start_matches("oci://").to_owned();
        let mut others: Vec<Artifact> = images.into_iter().map(|image| artifact(image, false)).collect();
        if change.kind == ChangeKind::Chart {
            unobserved(&mut others, change, asset, vouched);
        }
        return (std::iter::once(artifact(base, true)).chain(others).collect(), None);
    }
    let places = |meant: &dyn Fn(&Image) -> bool| -> Vec<usize> {
        images.iter().enumerate().filter(|(_, image)| meant(image)).map(|(place, _)| place).collect()
    };
    let digest = from.and_then(|from| from.digest.as_ref());
    let places = match container {
        Some(_) => places(&|image| image.container.as_ref() == container),
        None => {
            let by_digest = places(&|image| digest.is_some() && image.digest.as_ref() == digest);
            let by_name = || places(&|image| Some(&image.r#ref) == target.r#ref.as_ref());
            let any = Some(by_digest).filter(|found| !found.is_empty()).unwrap_or_else(by_name);
            if any.is_empty() && images.len() == 1 { vec![0] } else { any }
        }
    };
    let place = places.first().copied();
    // Where the inventory and its object differ, or two containers run it, none is the one.
    let replaced = place.filter(|_| places.len() == 1).and_then(|place| images.get(place).cloned());
    if place.is_none() && !images.is_empty() {
        unknown.push(Unknown {
            fact: "artifacts.digest".to_owned(),
            subject: change.id.clone(),
            reason: UnknownReason::Underivable,
            required_by: Vec::new(),
        });
    }
    let mut all: Vec<Artifact> = images
        .iter()
        .enumerate()
        .map(|(i, image)| {
            if Some(i) == place {
                artifact(brought(Some(image)), true)
            } else {
                artifact(image.clone(), false)
            }
        })
        .collect();
    if place.is_none() {
        all.push(artifact(brought(None), true));
    }
    (all, replaced)
}
