//! Where problems are shown, and what is known of environments and data.

use super::*;

fn begins(text: &str, id: &str) -> u32 {
    let checked = look(&[("p.rego", text)], &Operator::default());
    let problem = checked.problems.iter().find(|one| one.code.id == id);
    problem.and_then(Diagnostic::place).map(|(_, line, _)| line).unwrap()
}

#[test]
fn what_metadata_say_is_shown_there_and_not_in_a_description() {
    let text = rego("").replace("description: B", "description: Looks at evidence.runs of a change.");
    let flow = text.replace("evidence.scans,", "evidence.scans, evidence.runs,");
    assert_eq!(begins(&flow, "evidence.unread"), 7);
    let block = "#   requires:\n#     - evidence.scans\n#     - evidence.signatures\n#     - evidence.runs\n";
    let block = text.replace("#   requires: [evidence.scans, evidence.signatures]\n", block);
    assert_eq!(begins(&block, "evidence.unread"), 10);
}

#[test]
fn environments_of_the_settings_in_force_are_known() {
    let settings = Source::new("settings.yaml", "promotion: {paths: [{from: dev, to: production}]}\n");
    let operator = Operator { settings: Some(settings), ..Operator::default() };
    let text = rego("deny contains \"x\" if data.settings.promotion.paths");
    let text = text
        .replace("description: B", "description: Speaks of stagin too.")
        .replace("applies: {}", "applies: {environments: [staging, stagin]}");
    let data = serde_json::json!({"settings": {"updates": {"protected": ["staging"]}}});
    let (bundle, wrong) = policy::read(vec![("p.rego".to_owned(), text)], data, LoadOptions::default());
    let checked = check(&bundle, wrong, &operator);
    let told: Vec<_> = checked.problems.iter().filter(|one| one.code.id == "environment.unknown").collect();
    assert_eq!(told.len(), 1, "{checked:#?}");
    assert_eq!(told[0].place().map(|(_, line, _)| line), Some(6));
}

#[test]
fn what_is_nearly_a_member_of_given_data_is_told() {
    let data = || serde_json::json!({"settings": {}, "corp": {"friday": true, "teams": {"alpha": 1}}});
    let told = |body: &str| -> Vec<String> {
        let files = vec![("p.rego".to_owned(), rego(body))];
        let (bundle, wrong) = policy::read(files, data(), LoadOptions::default());
        let checked = check(&bundle, wrong, &Operator::default());
        checked.problems.into_iter().map(|one| format!("{}: {:?}", one.message, one.hint)).collect()
    };
    for (body, says) in [
        ("deny contains \"x\" if data.corp.fridy", "`data.corp` has no `fridy`"),
        ("deny contains \"x\" if { c := data.corp; c.teams.alpa > 1 }", "`data.corp.teams.alpha`"),
    ] {
        let told = told(body);
        assert!(told.len() == 1 && told[0].contains(says), "{body}: {told:#?}");
    }
    for body in [
        "deny contains \"x\" if data.corp.friday",
        "deny contains \"x\" if data.corp.something",
        "deny contains \"x\" if data.corp.teams[input.change.author.id]",
        "deny contains \"x\" if data.corp.friday.anything",
    ] {
        assert_eq!(told(body), Vec::<String>::new(), "{body}");
    }
}
