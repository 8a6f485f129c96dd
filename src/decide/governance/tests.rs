use super::*;

const LATER: Time = Time::MAX;

#[test]
fn one_person_fills_one_place() {
    let both = ["lead".to_owned(), "release".to_owned()];
    let lead = ["lead".to_owned()];
    // b holds both roles, a only one: the matching must give b the place that a cannot take.
    let people = [("a", lead.as_slice(), LATER), ("b", both.as_slice(), LATER)];
    let filled = matching(&["lead", "release"], &people);
    assert_eq!(filled, [Some(0), Some(1)]);
    let people = [("b", both.as_slice(), LATER)];
    assert_eq!(matching(&["lead", "release"], &people).iter().flatten().count(), 1);
}

#[test]
fn a_hold_for_evidence_is_not_ended_by_evidence_that_the_rule_has_seen() {
    let review: Review = serde_json::from_str(include_str!("../../../testdata/review.json")).unwrap();
    assert!(fact::unknown(&review, "inventory").is_empty());
    let quorum = Quorum::default();
    let evidence = Need::Evidence("inventory".into());
    assert!(!quorum.best(&evidence, &review).unwrap().satisfied);
    let either = Need::Any(vec![evidence, Need::Time(review.context.now)]);
    assert!(quorum.best(&either, &review).unwrap().satisfied);
    let error = quorum.best(&Need::Evidence("x".into()), &review).unwrap_err();
    assert_eq!(error, BadNeed::Fact("x".into()));
}

#[test]
fn needs_that_make_no_sense_are_errors() {
    assert_eq!(unfold(&Need::All(Vec::new())).unwrap_err(), BadNeed::Empty("all"));
    assert_eq!(unfold(&Need::Any(Vec::new())).unwrap_err(), BadNeed::Empty("any"));
    let nobody = Need::Approval(ApprovalNeed { role: "r".into(), count: 0 });
    assert_eq!(unfold(&nobody).unwrap_err(), BadNeed::Nobody("r".into()));
    let two = Need::Any(vec![Need::Time(LATER), Need::Time(LATER)]);
    assert_eq!(unfold(&Need::All(vec![two; 7])).unwrap_err(), BadNeed::TooMany);
    let huge = Need::Approval(ApprovalNeed { role: "r".into(), count: u32::MAX });
    assert_eq!(unfold(&huge).unwrap_err(), BadNeed::TooMany);
}
