//! Rego here and in the interpreter of `regorus` says the same: every rule that is shipped, over every case and example as it
//! is, and over what is left of them when members are missing, null, empty or of another type.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::bench;
use super::shipped::{bundle, files, told};
use super::suite;
use crate::diag::Diagnostic;
use crate::engine::rego::Rego;
use crate::engine::rego::oracle::{Oracle, Said};
use crate::engine::{Compiled, Engine, Limits};
use crate::model::json::Json;
use crate::model::review::Review;
use crate::model::rule::View;
use crate::policy::{Bundle, Language};
use crate::random::config;

/// The shipped rules with some settings.
struct Forms {
    bundle: Bundle,
    oracle: RefCell<Oracle>,
    compiled: Box<dyn Compiled>,
}

impl Forms {
    fn new(settings: Option<&Value>) -> Self {
        let mut bundle = bundle();
        if let Some(settings) = settings {
            bundle.data["settings"] = settings.clone();
        }
        let compiled = Rego.compile(&bundle, Limits::default());
        let compiled = compiled.unwrap_or_else(|problems| panic!("{}", told(&problems)));
        let oracle = RefCell::new(Oracle::new(&bundle));
        Self { bundle, oracle, compiled }
    }

    fn rules(&self) -> Vec<usize> {
        let all = self.bundle.rules.iter().enumerate();
        all.filter(|(_, rule)| rule.language == Language::Rego).map(|(index, _)| index).collect()
    }

    fn id(&self, rule: usize) -> &str {
        &self.bundle.rules[rule].id
    }

    /// What some rules say of a review; both must say the same.
    fn judge(&self, rules: &[usize], review: &Review, view: View) -> Vec<Said> {
        let mut session = self.compiled.session();
        session.load(review, view).unwrap();
        let mut oracle = self.oracle.borrow_mut();
        let said = rules.iter().map(|rule| {
            let ours = session.judge(*rule).map(Option::unwrap_or_default).map(|found| {
                let mut found: Vec<_> =
                    found.into_iter().map(|output| (output.effect, output.value)).collect();
                found.sort_by_key(|(effect, value)| (*effect, value.to_string()));
                found.dedup();
                found
            });
            let theirs = oracle.judge(*rule, review, view).map(|mut found| {
                found.sort_by_key(|(effect, value)| (*effect, value.to_string()));
                found
            });
            let told = || format!("{} over {}", self.id(*rule), serde_json::to_string(review).unwrap());
            match (&ours, &theirs) {
                // Of what is no collection there is nothing to go through, as in OPA.
                (Ok(_), Err(failure)) if failure.message.contains("expects array/set/object") => {}
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{}", told()),
                (ours, theirs) => {
                    assert_eq!(ours.is_err(), theirs.is_err(), "{ours:?} {theirs:?} {}", told())
                }
            }
            ours
        });
        said.collect()
    }
}

/// The shipped cases: the rules that each names, its review, and the settings that it tells them.
fn cases() -> Vec<(Vec<String>, Review, Option<Value>)> {
    let found =
        suite::collect(&files("policies").unwrap()).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let read = |found: &suite::Found| -> Result<_, Vec<Diagnostic>> {
        let review = bench::fixture(&found.case, &found.file, &files)?;
        let review = found.case.review(&review).map_err(|problem| vec![problem])?;
        let settings = bench::settings_of(&found.case, &found.file, &files)?;
        Ok((found.case.policies.clone(), review, settings))
    };
    found
        .iter()
        .map(|found| read(found).unwrap_or_else(|problems| panic!("{}: {}", found.file, told(&problems))))
        .collect()
}

/// Drops what is compiled for other settings.
fn keep(known: &mut BTreeMap<String, Forms>, settings: &[Option<&Value>]) {
    known.retain(|name, _| {
        settings.iter().any(|kept| *name == kept.map(ToString::to_string).unwrap_or_default())
    });
}

fn forms<'a>(known: &'a mut BTreeMap<String, Forms>, settings: Option<&Value>) -> &'a Forms {
    let name = settings.map(ToString::to_string).unwrap_or_default();
    known.entry(name).or_insert_with(|| Forms::new(settings))
}

/// Of how many cases one is judged by every rule.
const EVERY: usize = 8;

#[test]
fn every_case_and_example_is_judged_alike() {
    let mut known = BTreeMap::new();
    let rego: BTreeSet<String> = {
        let all = forms(&mut known, None);
        all.rules().into_iter().map(|rule| all.id(rule).to_owned()).collect()
    };
    let mut reviews: Vec<(Vec<String>, Review, Option<Value>)> = cases();
    reviews.retain(|(named, _, _)| named.iter().any(|id| rego.contains(id)));
    assert!(reviews.len() > 200, "{} cases", reviews.len());
    for now in ["2026-11-20T12:00:00Z", "2026-11-23T10:15:00Z", "2026-12-25T03:00:00Z"] {
        let examples = bench::reviews("examples/quickstart", now.parse().unwrap(), &files);
        let examples = examples.unwrap_or_else(|problems| panic!("{}", told(&problems)));
        assert!(examples.len() >= 5, "{} examples", examples.len());
        reviews.extend(examples.into_iter().map(|review| (Vec::new(), review, None)));
    }
    let operator = &files("examples/operator/settings.yaml").unwrap()[0];
    let operator =
        crate::policy::settings::read(operator).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let operator = serde_json::to_value(operator).unwrap();
    let (mut spoke, mut failed) = (0, 0);
    let mut judge = |rules: &[usize], forms: &Forms, review: &Review| {
        let said = forms.judge(rules, review, View::Review);
        spoke += said.iter().filter(|said| said.as_ref().is_ok_and(|found| !found.is_empty())).count();
        failed += said.iter().filter(|said| said.is_err()).count();
    };
    // One compilation at a time, beside that for the operator.
    reviews.sort_by_cached_key(|(_, _, settings)| settings.as_ref().map(ToString::to_string));
    for (at, (named, review, settings)) in reviews.iter().enumerate() {
        keep(&mut known, &[settings.as_ref(), Some(&operator)]);
        let own = forms(&mut known, settings.as_ref());
        let rules: Vec<usize> =
            own.rules().into_iter().filter(|rule| named.iter().any(|id| id == own.id(*rule))).collect();
        judge(&rules, own, review);
        // Every rule, also those that do not apply: there is more to differ in.
        if named.is_empty() || at % EVERY == 0 {
            let forms = forms(&mut known, Some(&operator));
            judge(&forms.rules(), forms, review);
        }
    }
    println!("{} reviews: rules spoke {spoke} times, failed {failed} times", reviews.len());
    assert!(spoke > 500, "{spoke}");
}

/// How often something of a value is changed.
const CHANGES: usize = 4;
/// How many changed reviews each rule judges.
const MUTANTS: u32 = 128;

/// The places in a value, as JSON Pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let at = format!("{at}/{}", escaped(name));
            found.push(at.clone());
            places(member, &at, found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            let at = format!("{at}/{index}");
            found.push(at.clone());
            places(item, &at, found);
        }),
        _ => {}
    }
}

/// Changes what stands at a place.
fn change(value: &mut Value, at: &str, how: usize) {
    let (parent, name) = at.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    if how == 0 {
        match value.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.remove(&name)),
            Value::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => unreachable!("only these have places"),
        }
        return;
    }
    let there = value.pointer_mut(at).unwrap();
    *there = match how {
        1 => Value::Null,
        2 => json!([]),
        3 => json!({}),
        4 => json!(""),
        5 => json!(-1.5),
        6 => json!(true),
        7 => json!("2026-11-23T10:15:00Z"),
        8 => json!([there.clone(), there.clone()]),
        9 => json!({"0": there.clone()}),
        _ => json!(9_007_199_254_740_991_u64),
    };
}

#[test]
fn what_is_left_of_a_review_is_judged_alike() {
    let mut known = BTreeMap::new();
    let cases = cases();
    let asset = cases.iter().find_map(|(_, review, _)| review.asset.clone()).unwrap();
    let all = forms(&mut known, None);
    let rules: Vec<(usize, String)> =
        all.rules().into_iter().map(|rule| (rule, all.id(rule).to_owned())).collect();
    let (spoke, silent, failed) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let known = RefCell::new(known);
    for (rule, id) in rules {
        let about: Vec<_> = cases.iter().filter(|(named, _, _)| named.contains(&id)).collect();
        assert!(!about.is_empty(), "{id} has no case");
        keep(&mut known.borrow_mut(), &[None]);
        let picks = proptest::collection::vec((any::<prop::sample::Index>(), 0..11_usize), 1..=CHANGES);
        let run =
            TestRunner::new(config(MUTANTS)).run(&(any::<prop::sample::Index>(), picks), |(base, picks)| {
                let (_, review, settings) = base.get(about.as_slice());
                let mut input = serde_json::to_value(review).unwrap();
                for (place, how) in picks {
                    let mut found = Vec::new();
                    places(&input, "", &mut found);
                    if !found.is_empty() {
                        change(&mut input, place.get::<String>(&found), how);
                    }
                }
                // As the document of a review it may have any shape.
                let mut review = review.clone();
                let asset = review.asset.get_or_insert_with(|| asset.clone());
                asset.pod_spec = None;
                asset.object = Some(Json(input));
                match &forms(&mut known.borrow_mut(), settings.as_ref()).judge(
                    &[rule],
                    &review,
                    View::Document,
                )[0]
                {
                    Ok(found) if found.is_empty() => silent.set(silent.get() + 1),
                    Ok(_) => spoke.set(spoke.get() + 1),
                    Err(_) => failed.set(failed.get() + 1),
                }
                Ok(())
            });
        run.unwrap_or_else(|error| panic!("{id}: {error}"));
    }
    let [spoke, silent, failed] = [spoke.get(), silent.get(), failed.get()];
    println!("changed reviews: {spoke} spoke, {silent} silent, {failed} failed");
    assert!(spoke > 100 && silent > 100 && failed > 3, "{spoke} spoke, {silent} silent, {failed} failed");
}
