//! What would make a fact known that a rule requires and nobody knows.

use super::{Options, fact};
use crate::model::review::{Review, Unknown, UnknownReason};
use crate::model::trust::{Threshold, Trust};

/// What to do about a fact that is unknown. `demanded` is what the rule asks of it, beyond what
/// holds for all rules.
pub(super) fn remedy(unknown: &Unknown, options: &Options, demanded: Threshold) -> String {
    let held = fact::threshold(&options.thresholds, &unknown.fact);
    let trust = held.trust.max(demanded.trust);
    let age = match (held.max_age, demanded.max_age) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let age = age.map_or_else(String::new, |age| format!("; it may be at most {age} old"));
    match unknown.reason {
        UnknownReason::Absent => match trust {
            Some(Trust::Operator | Trust::Verified) if !options.asserted => {
                format!("{}, {}{age}", missing(&unknown.fact), vouched(&unknown.fact, trust))
            }
            _ => missing(&unknown.fact),
        },
        UnknownReason::Distrusted => {
            let least = trust.unwrap_or_default().as_str();
            format!("it must have the trust `{least}`: give it {}{age}", vouched(&unknown.fact, trust))
        }
        UnknownReason::Stale => format!("look again{age}"),
        UnknownReason::Undated => format!("say with `observedAt` when somebody looked{age}"),
        UnknownReason::Future => {
            let later = if options.simulated { ", or give a later `--now`" } else { "" };
            format!("correct `observedAt`, or the clock by which it was written{later}: it lies ahead of now")
        }
        UnknownReason::Failed => "mend what failed, and look again".to_owned(),
        UnknownReason::Underivable => underived(&unknown.fact),
    }
}

/// What to do about a change that no rule speaks about.
pub(super) fn unspoken(review: &Review) -> String {
    let object = review.asset.as_ref().and_then(|asset| asset.object.as_ref());
    let kind = object.and_then(|object| object.0.get("kind")).and_then(serde_json::Value::as_str);
    let (about, out) = match kind {
        Some(kind) => (format!("a `{kind}`"), "document"),
        None => (format!("a change of kind `{}`", review.change.kind.as_str()), "change"),
    };
    let place = review.context.environment.as_ref().map_or_else(String::new, |name| format!(" in `{name}`"));
    format!("no policy speaks about {about}{place}; add one that does, or leave the {out} out")
}

/// What to add where nobody said anything.
fn missing(name: &str) -> String {
    match name {
        "artifacts.digest" => "name each image by its digest, as in `app@sha256:…`".to_owned(),
        "asset.environment" | "context.environment" => {
            "give the asset its `environment` in the inventory, or all assets with `--environment`".to_owned()
        }
        "asset.object" | "asset.podSpec" => "give the asset its Kubernetes `object`".to_owned(),
        "change.fixes" => {
            "add a scan of the image before the change and one of the image after it".to_owned()
        }
        "change.updateType" => "give the versions that the change goes `from` and `to`".to_owned(),
        "context.inFlight" => "add `evidence.runs` of the environment to the input".to_owned(),
        "inventory" => "add the asset that changes to `inventory`".to_owned(),
        "related" => "add the objects that belong to the asset to the input".to_owned(),
        other => match other.split_once('.') {
            Some(("asset", member)) => format!("give the asset its `{member}` in the inventory"),
            Some(("change", member)) => format!("give the change its `{member}`"),
            _ => format!("add `{other}` about it to the input"),
        },
    }
}

/// From where it must come to be trusted as much as is asked.
fn vouched(name: &str, trust: Option<Trust>) -> String {
    match (trust, name) {
        (Some(Trust::Verified), "evidence.attestations" | "evidence.signatures") => {
            "signed by a key that the configuration lists under `trust.signers`".to_owned()
        }
        (Some(Trust::Verified), _) => "as something that Weighlock checks itself".to_owned(),
        _ => "in a file that the configuration lists under `trust.inputs`".to_owned(),
    }
}

fn underived(name: &str) -> String {
    match name {
        "change.updateType" => {
            "give versions that can be compared under `from` and `to`, and in the inventory the tag of what runs".to_owned()
        }
        "asset.podSpec" => {
            "the object has no pod template that can be read: correct it, as in `spec.template.spec` (of a CronJob `spec.jobTemplate.spec.template.spec`)"
                .to_owned()
        }
        "artifacts.digest" => "say with `container` under `to` which image of the asset changes".to_owned(),
        other => missing(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Age;

    fn options(thresholds: fact::Thresholds) -> Options {
        Options {
            now: crate::model::Time::UNIX_EPOCH,
            asserted: false,
            simulated: false,
            enforcement: Vec::new(),
            governance: Default::default(),
            thresholds,
        }
    }

    fn said(name: &str, reason: UnknownReason, settings: Threshold, rule: Threshold) -> String {
        let unknown =
            Unknown { fact: name.to_owned(), subject: "s".to_owned(), reason, required_by: Vec::new() };
        remedy(&unknown, &options([(name.to_owned(), settings)].into()), rule)
    }

    #[test]
    fn the_stricter_of_settings_and_rule_is_named() {
        let age = |days: i64| Threshold { max_age: Some(Age(days * 86_400)), trust: None };
        let stale = |settings, rule| said("evidence.scans", UnknownReason::Stale, settings, rule);
        assert_eq!(stale(age(3), age(1)), "look again; it may be at most 1d old");
        assert_eq!(stale(age(3), age(14)), "look again; it may be at most 3d old");
        assert_eq!(stale(Threshold::default(), age(7)), "look again; it may be at most 1w old");
        let verified = Threshold { trust: Some(Trust::Verified), max_age: None };
        let told = said("evidence.gates", UnknownReason::Distrusted, Threshold::default(), verified);
        assert!(told.contains("`verified`"), "{told}");
    }

    #[test]
    fn every_fact_has_something_to_be_done_about_it() {
        for spec in fact::FACTS {
            let nothing = Threshold::default();
            let told = said(spec.name, UnknownReason::Absent, nothing, nothing);
            let vouched = spec.trust.is_some_and(|trust| trust > Trust::Claimed);
            assert_eq!(told.contains("`trust."), vouched, "{}: {told}", spec.name);
            assert!(!told.contains("``") && told.len() < 140, "{}: {told}", spec.name);
        }
    }
}
