//! How a rule stands to a change: asked, or why not.

use std::collections::BTreeMap;

use super::applies::{self, Applies, Configured, concerns};
use super::evaluate::Judge;
use super::{Options, enforce, fact};
use crate::model::review::{Review, Unknown};
use crate::model::trust::Threshold;
use crate::policy::Rule;

/// How a rule stands to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is asked.
    Asked,
    /// It does not speak about such a change, for this reason.
    Elsewhere(String),
    /// Whether it speaks about the change cannot be told, for this reason.
    Unclear(&'static str),
    /// Enforcement has it switched off.
    Off,
    /// It requires what is not known.
    Lacks(Vec<Unknown>),
}

impl Judge {
    /// How a rule stands to a change.
    pub fn stand(&self, rule: &Rule, review: &Review, options: &Options) -> Stand {
        let seen = seen(rule, review);
        let review = seen.as_ref().unwrap_or(review);
        let off = enforce::mode(&options.enforcement, &rule.id, review, options.now) == enforce::Mode::Off;
        let configured = Configured::of(rule, &self.bundle().data);
        match concerns(rule, &configured, review) {
            Applies::No => Stand::Elsewhere(elsewhere(rule, &configured, review)),
            _ if off => Stand::Off,
            Applies::Unknown(why) => Stand::Unclear(why),
            Applies::Yes => {
                let missing = rule.metadata.requires.keys().flat_map(|name| fact::unknown(review, name));
                let missing: Vec<Unknown> = missing.collect();
                if missing.is_empty() { Stand::Asked } else { Stand::Lacks(missing) }
            }
        }
    }
}

/// The review as a rule sees it that demands more of facts than the settings do; `None` where that is
/// all of it.
pub fn seen(rule: &Rule, review: &Review) -> Option<Review> {
    let demands: BTreeMap<String, Threshold> = rule
        .metadata
        .requires
        .iter()
        .filter(|(_, threshold)| **threshold != Threshold::default())
        .map(|(name, threshold)| (name.clone(), *threshold))
        .collect();
    fact::restrict(review, &demands)
}

/// Which of what a rule says it applies to the change is not.
fn elsewhere(rule: &Rule, configured: &Configured, review: &Review) -> String {
    let applies = &rule.metadata.applies;
    let listed = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if let Some(kinds) = applies.kinds.as_ref().filter(|kinds| !kinds.contains(&review.change.kind)) {
        let kinds = listed(&mut kinds.iter().map(|kind| kind.as_str()));
        return format!(
            "speaks of changes of kind {kinds}, and this one is `{}`",
            review.change.kind.as_str()
        );
    }
    let asset = review.asset.as_ref();
    if let (Some(kinds), Some(asset)) = (&applies.assets, asset)
        && !kinds.contains(&asset.kind)
    {
        let kinds = listed(&mut kinds.iter().map(|kind| kind.as_str()));
        return format!("speaks of assets of kind {kinds}, and this one is `{}`", asset.kind.as_str());
    }
    if let (Some(names), Some(environment)) = (&applies.environments, &review.context.environment)
        && !names.contains(environment)
    {
        let names = listed(&mut names.iter().map(String::as_str));
        return format!("speaks of {names}, and this is `{environment}`");
    }
    if let Some(path) = &applies.configured {
        let kind = asset.map(|asset| asset.kind);
        let environment = review.context.environment.as_deref();
        if *configured == Configured::Never {
            return format!("goes by `{path}` of the settings, which says nothing");
        }
        if applies::applies(rule, configured, review.change.kind, kind, environment) == Applies::No {
            return format!("goes by `{path}` of the settings, of which no entry covers this change");
        }
    }
    let object = asset.and_then(|asset| asset.object.as_ref());
    let kind = object.and_then(|object| object.get("kind")).and_then(serde_json::Value::as_str);
    let kinds = listed(&mut applies.objects.iter().flatten().map(String::as_str));
    format!("speaks of objects of kind {kinds}, and this one is `{}`", kind.unwrap_or("unknown"))
}
