//! What holds for every format alike.

use super::*;
use proptest::strategy::Strategy as _;

#[test]
fn names_are_found_and_stand_once() {
    let names: std::collections::BTreeSet<_> = FORMATS.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), FORMATS.len());
    assert!(FORMATS.iter().all(|f| !f.about.is_empty()));
}

#[test]
fn every_format_ends_its_last_line_and_holds_nothing_that_acts() {
    for evaluation in [fixture::evaluation(), fixture::large(3)] {
        for format in FORMATS {
            let text = format.render(&evaluation, &Style::default());
            assert!(text.ends_with('\n'), "{}", format.name);
            assert!(!text.contains(|c| clean::acts(c) && c != '\n'), "{}", format.name);
            assert!(!text.contains("##["), "{}", format.name);
            if format.name != "github" {
                assert!(!text.lines().any(clean::is_command), "{}", format.name);
            }
            assert_eq!(text, format.render(&evaluation, &Style::default()), "{}", format.name);
        }
    }
}

proptest::proptest! {
    #![proptest_config(crate::random::config(48))]

    /// Whatever a policy writes and whatever a change is called, no format is led astray.
    #[test]
    fn foreign_text_is_harmless_in_every_format(
        message in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::prelude::any::<char>().prop_map(String::from),
                proptest::sample::select(vec![
                    "\u{1b}[", "\r\n", "\n", "::error::", "##[x]", "]]>", "-->", "</style>", "```", "|",
                    "](x)", "\u{202e}", "\u{2028}", "%0A", "&amp;", "\\", "'", "\"", " ", "\u{9b}", "\u{fffe}",
                ]).prop_map(str::to_owned),
            ],
            0..40,
        ),
        width in 20_usize..120,
    ) {
        let text = message.concat();
        let mut evaluation = fixture::evaluation();
        evaluation.entries.truncate(2);
        evaluation.entries[1].decision.findings[1].message = text.clone();
        evaluation.entries[1].decision.findings[1].rule = text.clone();
        evaluation.entries[0].decision.change.id = text.clone();
        evaluation.findings[0].message = text.clone();
        let wire = serde_json::to_value(Report::of(&evaluation)).unwrap();
        for format in FORMATS {
            let out = format.render(&evaluation, &Style { color: false, width });
            proptest::prop_assert!(!out.contains(|c| clean::acts(c) && c != '\n'), "{}", format.name);
            proptest::prop_assert!(!out.contains("##["), "{}", format.name);
            proptest::prop_assert!(format.name == "github" || !out.lines().any(clean::is_command), "{}", format.name);
            match format.name {
                "json" => proptest::prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&out).unwrap(), &wire),
                "yaml" => {
                    let read = regorus::Value::from_yaml_str(&out).unwrap().to_json_str().unwrap();
                    let read: serde_json::Value = serde_json::from_str(&read).unwrap();
                    proptest::prop_assert_eq!(&read, &wire);
                }
                "junit" => proptest::prop_assert!(junit::tests::well_formed(&out).is_ok(), "{}", out),
                "sarif" | "gitlab-codequality" => {
                    proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
                }
                "html" => proptest::prop_assert_eq!(out.matches("</style>").count(), 1),
                "github" => proptest::prop_assert!(out.lines().all(|l| l.starts_with("::"))),
                _ => {}
            }
        }
    }
}

#[test]
fn an_empty_evaluation_is_rendered_by_every_format() {
    let mut evaluation = fixture::evaluation();
    evaluation.entries.clear();
    evaluation.findings.clear();
    evaluation.rules.clear();
    evaluation.config = None;
    for format in FORMATS {
        assert!(!format.render(&evaluation, &Style::default()).is_empty(), "{}", format.name);
    }
}

#[test]
fn the_text_shows_every_denied_change_and_counts_the_allowed() {
    let text = text::FORMAT.render(&fixture::large(200), &Style::default());
    assert_eq!(text.matches("DENY  denied-").count(), 200);
    assert_eq!(text.matches("allow  allowed-").count(), 20);
    assert!(text.contains("and 180 more changes plainly allowed"));
}

/// Ten times as much must not take a hundred times as long.
#[test]
fn size_follows_the_number_of_findings() {
    for format in FORMATS.iter().filter(|f| f.name != "markdown") {
        let small = format.render(&fixture::large(20), &Style::default()).len();
        let large = format.render(&fixture::large(200), &Style::default()).len();
        assert!(large < small * 12, "{}: {small} → {large}", format.name);
    }
}

#[test]
#[ignore = "takes long without optimisation; run it with --release -- --ignored --nocapture"]
fn fifty_thousand_entries() {
    let mut times = Vec::new();
    for n in [2_500, 25_000] {
        let evaluation = fixture::large(n);
        for format in FORMATS {
            let start = std::time::Instant::now();
            let length = format.render(&evaluation, &Style::default()).len();
            times.push((format.name, n * 2, length, start.elapsed()));
        }
    }
    for (name, n, length, time) in times {
        println!("{name:20} {n:6} entries {:8} KiB {time:?}", length / 1024);
    }
}
