//! What every spec must hold.

use std::collections::BTreeSet;

use crate::model::driver::{Field, Shape};
use crate::model::obligation::OBLIGATIONS;

use super::{DRIVERS, find, reference};

fn is_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && text.len() > 4 && !text.contains('\n') && !text.contains('|')
}

#[test]
fn kinds_are_sorted_unique_and_versioned() {
    assert!(DRIVERS.windows(2).all(|pair| pair[0].kind < pair[1].kind));
    for spec in DRIVERS {
        let (name, version) = spec.kind.split_once('/').unwrap();
        assert_eq!(version, "v1", "{}", spec.kind);
        assert!(name.split('.').all(is_camel_case) && name.split('.').count() <= 2, "{}", spec.kind);
    }
}

#[test]
fn fields_are_unique_camel_case_and_documented() {
    for spec in DRIVERS {
        assert!(is_sentence(spec.about), "{}", spec.kind);
        for fields in [spec.params, spec.outputs] {
            let names: BTreeSet<&str> = fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), fields.len(), "{}: a name stands twice", spec.kind);
            for Field { name, about, shape, .. } in fields {
                assert!(is_camel_case(name) && is_sentence(about), "{}: {name}", spec.kind);
                if let Shape::OneOf(words) = shape {
                    assert!(words.len() > 1 && words.is_sorted(), "{}: {name}", spec.kind);
                }
            }
        }
        let outputs_secret =
            spec.outputs.iter().any(|f| matches!(f.shape, Shape::Reference | Shape::Recipient));
        assert!(!outputs_secret, "{} gives a secret away", spec.kind);
    }
}

#[test]
fn needs_name_parameters() {
    for spec in DRIVERS {
        let param = |name: &str| spec.params.iter().find(|field| field.name == name).copied();
        for needs in spec.needs {
            let cause = param(needs.param).unwrap();
            match (needs.is, cause.shape) {
                (Some(word), Shape::OneOf(words)) => assert!(words.contains(&word), "{}", spec.kind),
                (Some(_), _) => panic!("{}: only a choice has words", spec.kind),
                (None, _) => {}
            }
            for also in needs.also {
                assert!(!param(also).unwrap().required, "{}: `{also}` is required anyway", spec.kind);
            }
        }
    }
}

#[test]
fn what_a_kind_says_of_itself_makes_sense() {
    for spec in DRIVERS {
        assert!(spec.timeout > 0, "{}", spec.kind);
        assert!(spec.changes || !spec.undoable, "{}: nothing to take back", spec.kind);
        assert!(!spec.changes || !spec.permissions.is_empty(), "{}: a change needs a permission", spec.kind);
        assert!(!(spec.creates && spec.changes), "{}: what it makes has not been weighed", spec.kind);
        let digests = spec.outputs.iter().any(|field| field.shape == Shape::Digest);
        assert!(!spec.creates || digests, "{}: what it makes has no digest", spec.kind);
        let harmless = ["watch.", "notify.", "approval.", "weigh/"];
        if harmless.iter().any(|prefix| spec.kind.starts_with(prefix)) {
            assert!(!spec.changes, "{}", spec.kind);
        }
    }
    let irreversible: Vec<&str> =
        DRIVERS.iter().filter(|s| s.changes && !s.undoable).map(|s| s.kind).collect();
    assert_eq!(irreversible, ["watchtower.update/v1"]);
}

#[test]
fn obligations_are_sorted_and_name_steps_that_there_are() {
    assert!(OBLIGATIONS.windows(2).all(|pair| pair[0].kind < pair[1].kind));
    for spec in OBLIGATIONS {
        assert!(is_camel_case(spec.kind) && is_sentence(spec.about), "{}", spec.kind);
        for duty in spec.duties {
            assert!(is_camel_case(duty.field.name) && is_sentence(duty.field.about), "{}", spec.kind);
            assert!(!duty.carriers.is_empty());
            for carrier in duty.carriers {
                let driver = find(carrier.kind).unwrap_or_else(|| panic!("{}", carrier.kind));
                let known = driver.params.iter().any(|field| field.name == carrier.param);
                assert!(known || carrier.param.is_empty(), "{}.{}", carrier.kind, carrier.param);
            }
        }
        for kind in spec.steps.iter().copied().flatten() {
            assert!(find(kind).is_some(), "{kind}");
        }
        for other in spec.excludes {
            let other = crate::model::obligation::find(other).unwrap();
            assert!(
                other.excludes.contains(&spec.kind),
                "{} and {} must exclude each other",
                spec.kind,
                other.kind
            );
        }
    }
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/drivers.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference")).unwrap();
        std::fs::write(path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(page == reference(), "run the tests with UPDATE=1 to write docs/reference/drivers.md anew");
}
