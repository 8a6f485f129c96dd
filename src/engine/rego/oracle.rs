//! The interpreter of `regorus`, as a second opinion: over policies that it understands it must say the
//! same.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{Expr, Ref, Source, Span};

use super::meter;
use super::value::{self, Keys};
use crate::engine::{Cause, Failure};
use crate::model::finding::Effect;
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::rego::{builtins, unit};
use crate::policy::{Bundle, Language};

/// What the interpreter says of one rule: each effect with what it gives, in order.
pub(crate) type Said = Result<Vec<(Effect, serde_json::Value)>, Failure>;

/// The interpreter, with a bundle's policies.
pub(crate) struct Oracle {
    /// For each rule the paths of what it is asked, and what they mean.
    asked: BTreeMap<usize, Vec<(String, Effect)>>,
    engine: regorus::Engine,
}

impl Oracle {
    pub(crate) fn new(bundle: &Bundle) -> Self {
        let mut engine = regorus::Engine::new();
        engine.set_rego_v0(bundle.rego_v0);
        engine.set_policy_length_config(unit::lengths());
        engine.set_strict_builtin_errors(true);
        // The language is what is compared; functions are held against OPA.
        for (name, _) in builtins::FUNCTIONS.iter().filter(|(_, care)| *care == builtins::Care::Metered) {
            let (function, arity) = meter::pointer(name).unwrap();
            let source = Source::from_contents(String::new(), " ".to_owned()).unwrap();
            let span = Span { source, line: 1, col: 1, start: 0, end: 0 };
            let null = Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 };
            let written = vec![Ref::new(null); usize::from(arity)];
            let call = move |arguments: Vec<Value>| function(&span, &written, &arguments, true);
            engine.add_extension((*name).to_owned(), arity, Box::new(call)).unwrap();
        }
        for file in bundle.files.iter().filter(|file| file.language == Language::Rego) {
            engine.add_policy(file.source.name.clone(), file.source.text.clone()).unwrap();
        }
        engine.add_data(value::build(&bundle.data, &mut Keys::default()).unwrap()).unwrap();
        let rules = bundle.rules.iter().enumerate().filter(|(_, rule)| rule.language == Language::Rego);
        let asked = rules.map(|(index, rule)| {
            let unit = unit::parse(&bundle.files[rule.file].source, bundle.rego_v0).unwrap();
            let mut names: Vec<(&str, Effect)> = unit
                .rules
                .iter()
                .filter_map(|definition| Some((definition.path.first()?.as_str(), definition.effect()?)))
                .collect();
            names.sort_by_key(|(name, _)| *name);
            names.dedup();
            let package = unit.package.join(".");
            let paths = names.into_iter().map(|(name, effect)| (format!("data.{package}.{name}"), effect));
            (index, paths.collect())
        });
        Self { asked: asked.collect(), engine }
    }

    /// What it says of a review.
    pub(crate) fn judge(&mut self, rule: usize, review: &Review, view: View) -> Said {
        let mut keys = Keys::default();
        let input = match view {
            View::Review => value::build(review, &mut keys),
            View::Document => value::build(&crate::engine::document(review)?, &mut keys),
        };
        self.engine.set_input(input.unwrap());
        meter::begin(u64::MAX, u64::MAX, u64::MAX);
        let mut said = Vec::new();
        for (path, effect) in &self.asked[&rule] {
            let found = self.engine.eval_rule(path.clone());
            let found = found.map_err(|error| Failure {
                cause: Cause::Error,
                message: error.to_string(),
                location: None,
            })?;
            if let Value::Set(items) = &found {
                for item in items.iter() {
                    said.push((*effect, value::to_json(item, &mut usize::MAX.clone(), 0).unwrap()));
                }
            }
        }
        Ok(said)
    }
}
