//! Whether a rule speaks about a change: by what it says of itself, and by what settings tell it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::input::{AssetKind, ChangeKind};
use crate::model::review::Review;
use crate::policy::Rule;

/// Where settings give a rule something to go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configured {
    /// Everywhere; also where it asks for nothing.
    Always,
    /// Nowhere.
    Never,
    /// Where one of these says.
    In(Vec<Cover>),
}

/// What an entry of the settings covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The environments; all where absent.
    environments: Option<BTreeSet<String>>,
    /// The kinds of change; all where absent.
    kinds: Option<BTreeSet<String>>,
}

impl Configured {
    /// Reads the member of the settings that a rule names in `applies.configured`.
    ///
    /// An absent one, `false` and what is empty say nothing. Of a list of entries each covers the
    /// environments and the kinds of change that it names, or all.
    pub fn of(rule: &Rule, data: &Value) -> Self {
        let Some(path) = &rule.metadata.applies.configured else { return Self::Always };
        let settings = data.get("settings");
        let found = path.split('.').try_fold(settings, |at, name| Some(at?.get(name)));
        match found.flatten() {
            None | Some(Value::Null | Value::Bool(false)) => Self::Never,
            Some(Value::Object(members)) if members.is_empty() => Self::Never,
            Some(Value::Array(entries)) => {
                let names = |entry: &Value, member| -> Option<BTreeSet<String>> {
                    let names = entry.get(member)?.as_array()?.iter();
                    Some(names.filter_map(Value::as_str).map(str::to_owned).collect())
                };
                let covers = entries.iter().map(|entry| Cover {
                    environments: names(entry, "environments"),
                    kinds: names(entry, "kinds"),
                });
                let some = |names: &Option<BTreeSet<String>>| names.as_ref().is_none_or(|n| !n.is_empty());
                let covers: Vec<_> =
                    covers.filter(|cover| some(&cover.environments) && some(&cover.kinds)).collect();
                match covers.as_slice() {
                    [] => Self::Never,
                    all if all.iter().any(|cover| cover.environments.is_none() && cover.kinds.is_none()) => {
                        Self::Always
                    }
                    _ => Self::In(covers),
                }
            }
            Some(_) => Self::Always,
        }
    }
}

/// Whether a rule speaks about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It cannot be told, for this reason.
    Unknown(&'static str),
}

/// Whether a rule speaks about what a review is of.
pub(super) fn concerns(rule: &Rule, configured: &Configured, review: &Review) -> Applies {
    let asset = review.asset.as_ref();
    let environment = review.context.environment.as_deref();
    let to = asset.map(|asset| asset.kind);
    let said = match applies(rule, configured, review.change.kind, to, environment) {
        // Whoever releases an image with its migrations does both.
        Applies::No if brings_migrations(review) => {
            applies(rule, configured, ChangeKind::Migration, to, environment)
        }
        said => said,
    };
    let Some(kinds) = rule.metadata.applies.objects.as_ref().filter(|_| said == Applies::Yes) else {
        return said;
    };
    let object = asset.and_then(|asset| asset.object.as_ref());
    match object.and_then(|object| object.get("kind")).and_then(serde_json::Value::as_str) {
        Some(kind) if !kinds.iter().any(|name| name == kind) => Applies::No,
        Some(_) => Applies::Yes,
        None => Applies::Unknown("the object is not known"),
    }
}

/// Whether a change brings migrations, whatever its kind, or some were left out.
fn brings_migrations(review: &Review) -> bool {
    let mut migrations = review.evidence.migrations.iter().flatten();
    migrations.any(|migration| !migration.operations.is_empty())
        || review.unknown.iter().any(|unknown| unknown.fact == "evidence.migrations")
}

/// Whether a rule speaks about a change of a kind, to a kind of asset in an environment. What is
/// not known cannot rule it out.
pub fn applies(
    rule: &Rule,
    configured: &Configured,
    kind: ChangeKind,
    asset: Option<AssetKind>,
    environment: Option<&str>,
) -> Applies {
    let applies = &rule.metadata.applies;
    if applies.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&kind)) {
        return Applies::No;
    }
    if let Some(kinds) = &applies.assets {
        match asset {
            Some(asset) if !kinds.contains(&asset) => return Applies::No,
            Some(_) => {}
            None => return Applies::Unknown("the asset is not known"),
        }
    }
    if let Some(environments) = &applies.environments {
        match environment {
            Some(environment) if !environments.iter().any(|name| name == environment) => {
                return Applies::No;
            }
            Some(_) => {}
            None => return Applies::Unknown("the environment is not known"),
        }
    }
    let covers = match configured {
        Configured::Always => return Applies::Yes,
        Configured::Never => return Applies::No,
        Configured::In(covers) => covers,
    };
    let mut covers = covers
        .iter()
        .filter(|cover| cover.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind.as_str())))
        .map(|cover| cover.environments.as_ref())
        .peekable();
    if covers.peek().is_none() {
        return Applies::No;
    }
    match environment {
        None if covers.all(|names| names.is_some()) => Applies::Unknown("the environment is not known"),
        None => Applies::Yes,
        Some(environment) if covers.any(|names| names.is_none_or(|names| names.contains(environment))) => {
            Applies::Yes
        }
        Some(_) => Applies::No,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{LoadOptions, load};

    fn bundle(path: &str, data: Value) -> Result<crate::policy::Bundle, Vec<crate::diag::Diagnostic>> {
        let text = format!(
            "# METADATA\n# custom:\n#   applies: {{configured: {path}}}\npackage p\n\ndeny contains \"x\" if input.change.ticket\n"
        );
        load(vec![("p.rego".to_owned(), text)], data, LoadOptions::default())
    }

    #[test]
    fn a_rule_speaks_where_its_settings_say_something() {
        let of = |freezes: Value| {
            let bundle = bundle("updates.freezes", json!({"settings": {"updates": {"freezes": freezes}}}));
            let bundle = bundle.unwrap();
            Configured::of(&bundle.rules[0], &bundle.data)
        };
        for nothing in [json!(null), json!(false), json!([]), json!({}), json!([{"environments": []}])] {
            assert_eq!(of(nothing.clone()), Configured::Never, "{nothing}");
        }
        for all in [json!(true), json!("x"), json!([{"environments": ["a"]}, {"age": 1}]), json!({"a": 1})] {
            assert_eq!(of(all.clone()), Configured::Always, "{all}");
        }
        let some = of(json!([{"environments": ["a"]}, {"environments": ["b", "a"]}]));
        let without = bundle("updates.freezes", json!({})).unwrap();
        assert_eq!(Configured::of(&without.rules[0], &without.data), Configured::Never);
        let said = |configured: &Configured, environment| {
            applies(&without.rules[0], configured, ChangeKind::Image, None, environment)
        };
        assert_eq!(said(&some, Some("a")), Applies::Yes);
        assert_eq!(said(&some, Some("c")), Applies::No);
        assert_eq!(said(&some, Some("b")), Applies::Yes);
        assert_eq!(said(&some, None), Applies::Unknown("the environment is not known"));
        // An entry may cover some kinds of change alone.
        assert_eq!(of(json!([{"kinds": []}])), Configured::Never);
        let other = of(json!([{"kinds": ["chart"]}]));
        assert_eq!((said(&other, Some("a")), said(&other, None)), (Applies::No, Applies::No));
        let both = of(json!([{"kinds": ["image"], "environments": ["a"]}, {"kinds": ["chart"]}]));
        assert_eq!((said(&both, Some("a")), said(&both, Some("b"))), (Applies::Yes, Applies::No));
        assert_eq!(said(&both, None), Applies::Unknown("the environment is not known"));
        let kind = of(json!([{"kinds": ["image"]}]));
        assert_eq!((said(&kind, Some("a")), said(&kind, None)), (Applies::Yes, Applies::Yes));
        assert_eq!(said(&Configured::Never, None), Applies::No);
    }

    #[test]
    fn a_member_that_settings_do_not_have_is_refused() {
        let found = bundle("updates.freeze", json!({})).unwrap_err();
        assert_eq!(
            found[0].to_string(),
            "p.rego:3:27: settings have no `data.settings.updates.freeze` [policy.metadata]"
        );
        assert_eq!(found[0].hint.as_deref(), Some("did you mean `data.settings.updates.freezes`?"));
    }
}
