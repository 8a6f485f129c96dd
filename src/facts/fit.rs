//! Which kinds of change fit which kinds of asset, and what they may bring.
//!
//! INVARIANT: rules choose what they judge by the kind of a change, so a kind is held against the
//! asset and against what the change brings: what is named otherwise would be judged by the rules
//! of another kind, or by none.

use super::kubernetes;
use crate::diag::{Diagnostic, codes};
use crate::model::artifact::ImageRef;
use crate::model::id::Digest;
use crate::model::input::{Asset, AssetKind, Change, ChangeKind, Person, Target};

/// What a kind of change fits.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// Kinds of the assets that it may change.
    pub assets: &'static [AssetKind],
    /// What it brings.
    pub brings: Brings,
}

/// What `from` and `to` of a change name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brings {
    /// An image that runs.
    Image,
    /// An image that others are built from.
    BaseImage,
    /// A package.
    Package,
    /// A chart.
    Chart,
    /// Nothing: there is neither.
    Nothing,
}

impl Brings {
    /// What must be said, and what must not.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Image => "an image that runs: `to` has a `version`, a `digest` or a `ref`",
            Self::BaseImage => {
                "an image that others are built from: `to` has its `ref`, and it is none that the asset runs"
            }
            Self::Package => "a package: `ref` is a package URL, and not one of an image",
            Self::Chart => "a chart, and none of the images that the asset runs",
            Self::Nothing => "nothing: neither `from` nor `to`",
        }
    }
}

/// The table: what a kind of change fits.
pub const fn of(kind: ChangeKind) -> Fit {
    use AssetKind::{Container, Database, Image, Object, Pod, Release, Repository, Workload};
    match kind {
        ChangeKind::Image | ChangeKind::Promotion => {
            Fit { assets: &[Workload, Pod, Container, Release, Image, Object], brings: Brings::Image }
        }
        ChangeKind::BaseImage => {
            Fit { assets: &[Workload, Pod, Container, Release, Image, Repository], brings: Brings::BaseImage }
        }
        ChangeKind::Dependency => {
            Fit { assets: &[Workload, Pod, Container, Release, Image, Repository], brings: Brings::Package }
        }
        ChangeKind::Chart => Fit { assets: &[Release, Repository, Object], brings: Brings::Chart },
        ChangeKind::Migration => {
            Fit { assets: &[Workload, Container, Release, Repository, Database], brings: Brings::Nothing }
        }
        ChangeKind::Config | ChangeKind::Admission => {
            Fit { assets: &AssetKind::ALL, brings: Brings::Nothing }
        }
    }
}

/// The member of a change that does not fit, and what is wrong with it.
type Misfit = (&'static str, Diagnostic);

fn invalid(member: &'static str, message: String, hint: &str) -> Misfit {
    (member, Diagnostic::error(codes::INPUT_INVALID, message).hint(hint))
}

fn conflict(message: String, hint: &str) -> Misfit {
    ("kind", Diagnostic::error(codes::INPUT_CONFLICT, message).hint(hint))
}

/// What of a change fits neither its kind nor its asset.
pub(super) fn misfit(change: &Change, asset: Option<&Asset>) -> Option<Misfit> {
    let fit = of(change.kind);
    asset
        .and_then(|asset| unfit(change, asset, fit).or_else(|| connected(change, asset)))
        .or_else(|| stray(change))
        .or_else(|| match fit.brings {
            Brings::Nothing => brings_nothing(change),
            Brings::Image => unsaid(change).or_else(|| double(change)).or_else(|| elsewhere(change)),
            Brings::BaseImage => unsaid(change)
                .or_else(|| unnamed(change))
                .or_else(|| double(change))
                .or_else(|| disguised(change, asset)),
            Brings::Package => no_package(change).or_else(|| disguised(change, asset)),
            Brings::Chart => disguised(change, asset),
        })
}

/// What contradicts itself within an asset, each with its member.
pub(super) fn faults(asset: &Asset) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (i, image) in asset.images.iter().enumerate() {
        if contradicts(&image.r#ref, image.tag.as_deref(), image.digest.as_ref()) {
            let message = format!("`{}` is said to have another tag or digest than it names", image.r#ref);
            let problem = Diagnostic::error(codes::INPUT_CONFLICT, message).hint(PLAIN);
            found.push((format!("images/{i}/ref"), problem));
        }
    }
    let Some(object) = asset.object.as_ref().map(|object| &object.0) else { return found };
    // What runs a pod under another name would be judged by no rule of pods, nor what a list hides.
    let derived = kubernetes::asset_kind(object);
    if derived != AssetKind::Object && derived != asset.kind {
        let (kind, derived) = (asset.kind.as_str(), derived.as_str());
        let message = format!("`{}` says `{kind}`, but its object is a `{derived}`", asset.id);
        let problem = Diagnostic::error(codes::INPUT_CONFLICT, message);
        found.push(("kind".to_owned(), problem.hint(format!("write `kind: {derived}`"))));
    } else if kubernetes::has_items(object) && object.get("kind").is_some() {
        let message =
            format!("the object of `{}` has `items`: clients take it for a list of objects", asset.id);
        let hint = "give each an inventory item of its own, or hand over the list as a document";
        found.push(("object".to_owned(), Diagnostic::error(codes::INPUT_INVALID, message).hint(hint)));
    }
    found
}

fn unfit(change: &Change, asset: &Asset, fit: Fit) -> Option<Misfit> {
    if fit.assets.contains(&asset.kind) {
        return None;
    }
    let (name, kind) = (change.kind.as_str(), asset.kind.as_str());
    let message = format!("a change of kind `{name}` does not fit `{}`, which is a `{kind}`", asset.id);
    let assets: Vec<String> = fit.assets.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
    let hint =
        format!("`{name}` fits {}; another version of an image that runs is `image`", assets.join(", "));
    Some(conflict(message, &hint))
}

/// A connection to what runs: a cluster asks about the options of one (`PodExecOptions`, say), never about
/// the pod, which would be judged as one that stays as it is.
fn connected(change: &Change, asset: &Asset) -> Option<Misfit> {
    let runs = matches!(asset.kind, AssetKind::Pod | AssetKind::Workload);
    (runs && change.operation.as_deref() == Some("CONNECT")).then(|| {
        let message = format!(
            "the operation `CONNECT` does not fit `{}`, which is a `{}`",
            asset.id,
            asset.kind.as_str()
        );
        let hint = "a connection is about its options, such as `PodExecOptions`";
        ("operation", Diagnostic::error(codes::INPUT_CONFLICT, message).hint(hint))
    })
}

/// Members that belong to another kind, the one that a promotion needs, and people who are nobody.
fn stray(change: &Change) -> Option<Misfit> {
    let kind = change.kind;
    let people = [("author", &change.author), ("requestedBy", &change.requested_by)];
    let nobody = |person: &Option<Person>| person.as_ref().is_some_and(|person| person.is(""));
    if let Some((member, _)) = people.into_iter().find(|(_, person)| nobody(person)) {
        let message = format!("`{member}` names nobody");
        return Some(invalid(member, message, "give the id of a person, or leave it out"));
    }
    let only = |member: &'static str, of: &str| {
        let message = format!("`{member}` belongs to {of}, not to a change of kind `{}`", kind.as_str());
        Some(invalid(member, message, "remove it, or name the kind that the change is of"))
    };
    match (&change.promotion, kind) {
        (None, ChangeKind::Promotion) => Some(invalid(
            "kind",
            "a promotion must say under `promotion` where it comes from".to_owned(),
            "as in `promotion: {from: canary, to: production}`",
        )),
        (Some(_), kind) if kind != ChangeKind::Promotion => only("promotion", "a promotion"),
        _ if kind == ChangeKind::Admission => None,
        _ if change.operation.is_some() => only("operation", "an admission"),
        _ if change.old_object.is_some() => only("oldObject", "an admission"),
        _ => None,
    }
}

fn brings_nothing(change: &Change) -> Option<Misfit> {
    let member = if change.to.is_some() { "to" } else { "from" };
    (change.to.is_some() || change.from.is_some()).then(|| {
        let kind = change.kind.as_str();
        let message = format!(
            "`{member}` belongs to what brings an image, a package or a chart, not to a change of kind `{kind}`"
        );
        invalid(member, message, "remove it, or name the kind that the change is of")
    })
}

/// What brings an image says which: else there is nothing that could be judged.
fn unsaid(change: &Change) -> Option<Misfit> {
    let says = |to: &Target| to.digest.is_some() || said(to.version.as_ref()) || said(to.r#ref.as_ref());
    if change.to.as_ref().is_some_and(says) {
        return None;
    }
    let member = if change.to.is_some() { "to" } else { "kind" };
    let message = format!("a change of kind `{}` must say under `to` what it brings", change.kind.as_str());
    Some(invalid(member, message, "give `to` a `version`, a `digest` or a `ref`"))
}

/// Without a name of its own, a version is one of what the asset runs.
fn unnamed(change: &Change) -> Option<Misfit> {
    let named = change.to.as_ref().is_some_and(|to| said(to.r#ref.as_ref()));
    (!named).then(|| {
        let message = "a base image must be named under `to`".to_owned();
        invalid("to", message, "give `to` its `ref`; another version of an image that runs is `image`")
    })
}

/// A reference that says of itself another tag or digest than what stands beside it: one of them
/// would be judged, and the other one run.
fn double(change: &Change) -> Option<Misfit> {
    let (member, _) = sides(change).find(|(_, target)| {
        let name = target.r#ref.as_deref().unwrap_or_default();
        contradicts(name, target.version.as_deref(), target.digest.as_ref())
    })?;
    let message = format!("the `ref` of `{member}` says another version or digest than `{member}` does");
    Some((member, Diagnostic::error(codes::INPUT_CONFLICT, message).hint(PLAIN)))
}

/// What is found in one container and put into another.
fn elsewhere(change: &Change) -> Option<Misfit> {
    let containers = || sides(change).filter_map(|(_, target)| target.container.as_ref());
    let differ = containers().zip(containers().skip(1)).any(|(to, from)| to != from);
    differ.then(|| {
        let message = "`from` and `to` name different containers".to_owned();
        let hint = "a change is of one container; give each its own change";
        ("to", Diagnostic::error(codes::INPUT_CONFLICT, message).hint(hint))
    })
}

const PLAIN: &str = "give `ref` the registry and the repository alone";

fn contradicts(name: &str, tag: Option<&str>, digest: Option<&Digest>) -> bool {
    let Some(parsed) = ImageRef::parse(name) else {
        return name.contains('@') && (tag.is_some() || digest.is_some());
    };
    let differs =
        |own: Option<&str>, beside: Option<&str>| own.is_some() && beside.is_some() && own != beside;
    differs(parsed.tag.as_deref(), tag)
        || differs(parsed.digest.as_ref().map(Digest::as_str), digest.map(Digest::as_str))
}

fn no_package(change: &Change) -> Option<Misfit> {
    let package = |target: &Target| {
        let url = target.r#ref.as_deref()?.strip_prefix("pkg:")?.trim_start_matches('/');
        let kind = url.split_once('/')?.0.to_ascii_lowercase();
        let plain = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
        (plain && !matches!(kind.as_str(), "oci" | "docker")).then_some(())
    };
    let (member, _) = sides(change).find(|(_, target)| package(target).is_none())?;
    Some(invalid(
        member,
        "a dependency is named by the package URL of a package".to_owned(),
        "as in `ref: pkg:npm/lodash`; an image that others are built from is `base_image`, one that runs is `image`",
    ))
}

/// An image that runs, under another name.
fn disguised(change: &Change, asset: Option<&Asset>) -> Option<Misfit> {
    let kind = change.kind.as_str();
    let hint = "another version of an image that runs is a change of kind `image`";
    if let Some((member, _)) = sides(change).find(|(_, target)| target.container.is_some()) {
        let message = format!("`container` belongs to an image that runs, not to a change of kind `{kind}`");
        return Some(invalid(member, message, hint));
    }
    let (member, _) = sides(change).find(|(_, target)| asset.is_some_and(|asset| runs(asset, target)))?;
    let message =
        format!("the change is of kind `{kind}`, but `{member}` names an image that `{}` runs", change.asset);
    Some(conflict(message, hint))
}

fn sides(change: &Change) -> impl Iterator<Item = (&'static str, &Target)> {
    let side = |name, target: Option<_>| target.map(|target| (name, target));
    side("to", change.to.as_ref()).into_iter().chain(side("from", change.from.as_ref()))
}

/// Whether an asset runs what a change names, by digest or by name.
fn runs(asset: &Asset, target: &Target) -> bool {
    let named = target.r#ref.as_deref();
    let parsed = named.and_then(|name| ImageRef::parse(name.strip_prefix("oci://").unwrap_or(name)));
    let within = parsed.as_ref().and_then(|parsed| parsed.digest.as_ref());
    let spec = asset.object.as_ref().and_then(|object| kubernetes::pod_spec(&object.0));
    let of_object = spec.map(kubernetes::images).unwrap_or_default();
    asset.images.iter().chain(&of_object).any(|image| {
        let same_name = || {
            let known = ImageRef::parse(&image.r#ref)?;
            let parsed = parsed.as_ref()?;
            Some(known.registry == parsed.registry && known.repository == parsed.repository)
        };
        image
            .digest
            .as_ref()
            .is_some_and(|digest| Some(digest) == target.digest.as_ref() || Some(digest) == within)
            || named == Some(image.r#ref.as_str())
            || same_name() == Some(true)
    })
}

fn said(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_brings_nothing_unseen_fits_everything_and_the_rest_does_not() {
        let fits = |kind: ChangeKind, asset: AssetKind| of(kind).assets.contains(&asset);
        for kind in ChangeKind::ALL {
            let everything = AssetKind::ALL.iter().all(|asset| fits(kind, *asset));
            assert_eq!(everything, matches!(kind, ChangeKind::Config | ChangeKind::Admission), "{kind:?}");
        }
        // An image that runs must not go by the name of what is judged by fewer rules.
        for asset in [AssetKind::Workload, AssetKind::Pod, AssetKind::Container] {
            assert!(fits(ChangeKind::Image, asset) && !fits(ChangeKind::Chart, asset));
        }
    }

    #[test]
    fn a_reference_says_what_stands_beside_it_or_nothing() {
        let [one, two] =
            ["a", "b"].map(|letter| Digest::parse(&format!("sha256:{}", letter.repeat(64))).unwrap());
        let own = |digest: &Digest| format!("r.example/web:1@{}", digest.as_str());
        assert!(!contradicts("r.example/web", Some("1"), Some(&one)));
        assert!(!contradicts(&own(&one), Some("1"), Some(&one)) && !contradicts(&own(&one), None, None));
        assert!(contradicts(&own(&one), None, Some(&two)) && contradicts(&own(&one), Some("2"), None));
        // What cannot be read in parts names a digest all the same.
        assert!(contradicts(&own(&one).replace("web", "Web"), None, Some(&two)));
    }

    #[test]
    fn what_runs_is_known_by_digest_and_by_name() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let asset: Asset = serde_json::from_value(serde_json::json!({
            "id": "a", "kind": "pod", "images": [{"ref": "registry.example/web", "digest": digest}],
            "object": {"kind": "Pod", "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}},
        }))
        .unwrap();
        let target = |name: Option<&str>, digest: Option<&str>| {
            let target = serde_json::json!({ "ref": name, "digest": digest });
            runs(&asset, &serde_json::from_value(target).unwrap())
        };
        let pinned = format!("registry.example/other@{digest}");
        for name in [
            "registry.example/web",
            "oci://registry.example/web",
            "REGISTRY.example:443/web:2",
            "nginx",
            "docker.io/library/nginx:2",
            "index.docker.io/nginx",
            &pinned,
        ] {
            assert!(target(Some(name), None), "{name}");
        }
        assert!(target(None, Some(&digest)) && target(Some("registry.example/other"), Some(&digest)));
        for name in ["registry.example/other", "registry.example:5000/web", "pkg:npm/web"] {
            assert!(!target(Some(name), None), "{name}");
        }
    }
}
