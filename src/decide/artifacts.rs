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
    }
}

/// The artifacts that run when the change has been made.
pub(super) fn of(
    change: &Change,
    asset: Option<&Asset>,
    pod_spec: Option<&Value>,
    unknown: &mut Vec<Unknown>,
) -> Vec<Artifact> {
    let mut images: Vec<Image> = asset.map(|asset| asset.images.clone()).unwrap_or_default();
    let spec_images = pod_spec.map(kubernetes::images).unwrap_or_default();
    if pod_spec.is_some() && matches!(change.kind, ChangeKind::Admission | ChangeKind::Config) {
        // What will run is what the object says: a digest that is said beside it pins nothing. What
        // else is said to run is kept: it may.
        images.retain(|known| !spec_images.iter().any(|image| observed::same_image(known, image)));
        images.extend(spec_images);
    } else {
        for image in spec_images {
            // What the object says beside what was observed is kept: either may run.
            if !images.iter().any(|known| observed::same_image(known, &image)) {
                images.push(image);
            }
        }
    }
    let all_changed = change.kind == ChangeKind::Admission && change.operation.as_deref() != Some("DELETE");
    let target = match (&change.to, change.kind) {
        (Some(to), ChangeKind::Image | ChangeKind::Promotion | ChangeKind::BaseImage) => to,
        _ => return images.into_iter().map(|image| artifact(image, all_changed)).collect(),
    };
    let brought = |known: Option<&Image>| Image {
        container: known.and_then(|image| image.container.clone()).or_else(|| target.container.clone()),
        r#ref: target.r#ref.clone().or_else(|| known.map(|image| image.r#ref.clone())).unwrap_or_default(),
        tag: target.version.clone(),
        digest: target.digest.clone(),
        platforms: known.and_then(|image| image.platforms.clone()),
    };
    if change.kind == ChangeKind::BaseImage {
        // The base image is not what runs; what runs is yet to be built from it.
        let base = std::iter::once(artifact(brought(None), true));
        return base.chain(images.into_iter().map(|image| artifact(image, false))).collect();
    }
    let from = change.from.as_ref();
    let place = if target.container.is_some() {
        images.iter().position(|image| image.container == target.container)
    } else {
        let same_digest = |image: &Image| {
            image.digest.is_some() && image.digest.as_ref() == from.and_then(|from| from.digest.as_ref())
        };
        let same_ref = |image: &Image| Some(&image.r#ref) == target.r#ref.as_ref();
        images.iter().position(same_digest).or_else(|| images.iter().position(same_ref)).or(
            match images.len() {
                1 => Some(0),
                _ => None,
            },
        )
    };
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
    all
}
