//! Several bills of materials of one artifact.

use crate::model::evidence::Sbom;

/// One bill of materials of all there are of an artifact: each may know what the others do not. It is
/// as old as the oldest of them, and as far to be trusted as the least.
pub(super) fn sbom(all: Vec<Sbom>) -> Option<Sbom> {
    all.into_iter().reduce(|mut one, other| {
        one.components.extend(other.components);
        one.components.sort_unstable();
        one.components.dedup();
        if let Some(more) = other.licenses {
            let known = one.licenses.get_or_insert_default();
            let nothing = |text: &str| matches!(text.trim(), "" | "NOASSERTION");
            for (component, license) in more {
                let said = known.entry(component).or_default();
                if nothing(said) {
                    *said = license;
                } else if *said != license && !nothing(&license) {
                    // Where they differ, both hold.
                    *said = format!("({said}) AND ({license})");
                }
            }
        }
        // `None` is less than any time: what is undated stays so.
        one.observed_at = one.observed_at.min(other.observed_at);
        one.trust = one.trust.min(other.trust);
        one
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(components: &[&str], licenses: serde_json::Value, at: Option<&str>, trust: &str) -> Sbom {
        let subject = format!("sha256:{}", "a".repeat(64));
        let mut sbom = json!({"subject": subject, "format": "spdx-2.3", "components": components, "licenses": licenses, "trust": trust});
        if let Some(at) = at {
            sbom["observedAt"] = at.into();
        }
        serde_json::from_value(sbom).unwrap()
    }

    #[test]
    fn what_one_names_another_does_not_hide() {
        assert_eq!(sbom(Vec::new()), None);
        let at = Some("2026-11-01T00:00:00Z");
        let first = of(
            &["pkg:npm/b@1", "pkg:npm/a@1"],
            json!({"pkg:npm/a@1": "AGPL-3.0-only", "pkg:npm/b@1": "NOASSERTION", "pkg:npm/c@1": "MIT", "pkg:npm/d@1": "MIT"}),
            Some("2026-11-02T00:00:00Z"),
            "verified",
        );
        assert_eq!(sbom(vec![first.clone()]), Some(first.clone()));
        let second = of(
            &["pkg:npm/c@1", "pkg:npm/a@1"],
            json!({"pkg:npm/a@1": "MIT", "pkg:npm/b@1": "MIT", "pkg:npm/c@1": "MIT", "pkg:npm/d@1": " "}),
            at,
            "operator",
        );
        for (one, other, both) in [
            (first.clone(), second.clone(), "(AGPL-3.0-only) AND (MIT)"),
            (second, first.clone(), "(MIT) AND (AGPL-3.0-only)"),
        ] {
            let all = sbom(vec![one, other]).unwrap();
            assert_eq!(all.components, ["pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1"]);
            assert_eq!(
                json!(all.licenses),
                json!({"pkg:npm/a@1": both, "pkg:npm/b@1": "MIT", "pkg:npm/c@1": "MIT", "pkg:npm/d@1": "MIT"})
            );
            assert_eq!(json!([all.observed_at, all.trust]), json!([at, "operator"]));
        }
        let undated = of(&[], json!(null), None, "operator");
        let all = sbom(vec![undated.clone(), first.clone()]).unwrap();
        assert_eq!((all.observed_at, all.licenses), (None, first.licenses.clone()));
        assert_eq!(sbom(vec![first.clone(), undated]).unwrap().licenses, first.licenses);
    }
}
