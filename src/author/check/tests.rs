//! Each lint over small policies in both languages, and policies in which there is nothing to find.

mod comments;
mod findings;
mod places;
mod signers;
mod uses;
mod values;

use std::collections::BTreeSet;

use super::*;
use crate::policy::{self, LoadOptions};

const HEAD: &str = "# METADATA
# title: A
# description: B
# custom:
#   severity: high
#   applies: {}
#   requires: [evidence.scans, evidence.signatures]
#   remediation: C
";

/// A policy in Rego that reads what it requires.
fn rego(body: &str) -> String {
    format!(
        "{HEAD}package p\n\nwarn contains \"r\" if {{\n\tinput.artifacts[_].scans\n\tinput.artifacts[_].signatures\n}}\n\n{body}\n"
    )
}

/// A policy in CEL with one rule.
fn cel(expression: &str) -> String {
    format!(
        "apiVersion: weighlock.dev/v1
kind: Policy
metadata: {{id: c, title: A, description: B}}
spec:
  applies: {{}}
  severity: high
  remediation: C
  rules:
    - id: r
      effect: deny
      message: m
      expression: >-
        {expression}
"
    )
}

fn look(files: &[(&str, &str)], operator: &Operator) -> Checked {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let data = serde_json::json!({"settings": {}, "teams": {"a": 1}});
    let (bundle, wrong) = policy::read(files, data, LoadOptions::default());
    check(&bundle, wrong, operator)
}

/// What is found: the id, what is underlined, and what is said.
fn found(files: &[(&str, &str)], operator: &Operator) -> Vec<String> {
    let line = |problem: &Diagnostic| {
        let label = problem.label.as_ref().unwrap();
        let at = label.source.text.get(label.span.clone()).unwrap();
        let hint = problem.hint.as_deref().unwrap_or_default();
        format!("{} `{at}` {}: {hint}", problem.code.id, problem.message)
    };
    look(files, operator).problems.iter().map(line).collect()
}

fn in_rego(body: &str) -> Vec<String> {
    found(&[("p.rego", &rego(body))], &Operator::default())
}

fn in_cel(expression: &str) -> Vec<String> {
    found(&[("c.yaml", &cel(expression))], &Operator::default())
}

/// Asserts that one thing is found, and that it begins and goes on so.
#[track_caller]
fn one(found: &[String], begins: &str, says: &str) {
    assert!(
        found.len() == 1 && found[0].starts_with(begins) && found[0].contains(says),
        "wanted {begins} … {says}, found {found:#?}"
    );
}

#[test]
fn paths_are_followed_wherever_they_go() {
    for body in [
        "deny contains \"x\" if input.artifacts[0].digst",
        "deny contains \"x\" if { some a in input.artifacts; a.digst }",
        "deny contains \"x\" if { some i; a := input.artifacts[i]; a.digst }",
        "deny contains \"x\" if { a := input.artifacts[_]; b := a; b.digst == \"\" }",
        "deny contains \"x\" if { every a in input.artifacts { a.digst != \"\" } }",
        "deny contains \"x\" if count([a | some a in input.artifacts; a.digst]) == 0",
        "deny contains \"x\" if { some a in all; a.digst }\nall := [a | some a in input.artifacts; a.changed]",
        "deny contains \"x\" if { some a in all; a.digst }\nall contains a if some a in input.artifacts",
        "deny contains \"x\" if { some a in input.artifacts; bad(a) }\nbad(a) if a.digst",
        "deny contains \"x\" if { some a in input.artifacts; bad(a) }\nbad(a) if worse(a)\nworse(b) if b.digst",
        "deny contains \"x\" if { some a in input.artifacts; object.get(a, \"digst\", \"\") == \"\" }",
        "deny contains \"x\" if { x := {\"it\": input.artifacts[0]}; x.it.digst }",
        "deny contains \"x\" if input.artifacts[_][\"digst\"]",
        "deny contains \"x\" if not input.artifacts[0].digst",
    ] {
        one(&in_rego(body), "path.unknown `", "did you mean `input.artifacts[].digest`?");
    }
    for expression in [
        "input.artifacts.all(a, a.digst == '')",
        "input.artifacts.filter(a, a.changed).all(b, b.digst == '')",
        "input.artifacts.map(a, {'it': a}).all(b, b.it.digst == '')",
        "input.artifacts.exists(a, has(a.digst))",
        "input.artifacts.all(a, a.?digst.hasValue())",
        "input.artifacts[0].digst == ''",
        "input.?artifacts.orValue([]).all(a, a.digst == '')",
        "input.artifacts.all(a, 'digst' in a)",
    ] {
        one(&in_cel(expression), "path.unknown `digst`", "did you mean `input.artifacts[].digest`?");
    }
    // Through variables and elements of `forEach`.
    let text = cel("one.digst != '' && variables.all.size() > 0").replace(
        "  rules:\n    - id: r\n",
        "  variables: [{name: all, expression: input.artifacts}]\n  rules:\n    - id: r\n      forEach: {in: variables.all, as: one}\n",
    );
    one(&found(&[("c.yaml", &text)], &Operator::default()), "path.unknown `digst`", "digest");
    // Settings too.
    one(
        &in_cel("data.settings.scans.severites == []"),
        "path.unknown",
        "did you mean `data.settings.scans.severities`?",
    );
}

#[test]
fn where_any_member_may_be_there_is_nothing_to_find() {
    for body in [
        "deny contains \"x\" if input.asset.object.spec.anything.goes",
        "deny contains \"x\" if { some c in input.asset.podSpec.containers; c.image == \"x\" }",
        "deny contains \"x\" if input.artifacts[_].attestations[_].predicate.builder.id",
        "deny contains \"x\" if { some x in [input.artifacts[0], {\"own\": 1}]; x.own }",
        "deny contains \"x\" if { f(input.artifacts[0]); f({\"own\": 1}) }\nf(x) if x.own",
        "deny contains \"x\" if data.teams.a",
        "deny contains \"x\" if { some k, v in input.asset.object.metadata.labels; k == v }",
        "deny contains \"x\" if { walk(input, [path, value]); path[0] == value.own }",
        "deny contains \"x\" if input.change.updateType in {\"patch\", \"minor\"}",
        "deny contains \"x\" if lower(input.artifacts[_].scans[_].vulnerabilities[_].severity) == \"high\"",
    ] {
        let evidence = |found: &String| found.starts_with("evidence.unrequired");
        let found: Vec<String> = in_rego(body).into_iter().filter(|found| !evidence(found)).collect();
        assert_eq!(found, Vec::<String>::new(), "{body}");
    }
    for expression in [
        "input.asset.object.spec.parts.all(c, c.own == 1)",
        "input.asset.object.metadata.?labels.orValue({}).all(k, k != '')",
        "{'a': input.artifacts[0]}.all(k, k == 'a')",
        "[input.artifacts[0], {'own': 1}].all(x, x.own == 1)",
        "input.change.kind in ['image', 'chart']",
    ] {
        assert_eq!(in_cel(expression), Vec::<String>::new(), "{expression}");
    }
}

#[test]
fn a_document_of_another_kind_has_its_own_members() {
    let text = rego("deny contains \"x\" if input.spec.replicas < 2")
        .replace("#   severity", "#   view: document\n#   severity");
    let text = text.replace("#   requires: [evidence.scans, evidence.signatures]\n", "");
    assert_eq!(found(&[("p.rego", &text)], &Operator::default()), Vec::<String>::new());
}

#[test]
fn data_must_be_given_or_defined() {
    one(
        &in_rego("deny contains \"x\" if data.taems.a"),
        "data.unknown `taems`",
        "did you mean `data.teams`?",
    );
    one(&in_cel("data.taems.a == 1"), "data.unknown `taems`", "did you mean `data.teams`?");
    let library = "package lib.x\n\nten := 10\n";
    let text = rego("deny contains \"x\" if data.lib.x.tne == data.lib.x.ten");
    let found = found(&[("p.rego", &text), ("x.rego", library)], &Operator::default());
    one(&found, "data.unknown `tne`", "`lib.x` has no `tne`: did you mean `ten`?");
}

#[test]
fn words_are_those_that_a_place_can_hold() {
    for (body, word, near) in [
        ("deny contains \"x\" if input.change.kind == \"imagee\"", "imagee", "`image`"),
        ("deny contains \"x\" if \"imagee\" != input.change.kind", "imagee", "`image`"),
        ("deny contains \"x\" if input.change.updateType in {\"pach\", \"minor\"}", "pach", "`patch`"),
        ("deny contains \"x\" if input.change.updateType in small\nsmall := {\"pach\"}", "pach", "`patch`"),
        (
            "deny contains \"x\" if input.asset.kind == \"Deployment\"",
            "Deployment",
            "`input.asset.object.kind`",
        ),
        ("deny contains \"x\" if {\"pach\": 1}[input.change.updateType]", "pach", "`patch`"),
        (
            "deny contains \"x\" if { some v in input.artifacts[_].scans[_].vulnerabilities; v.severity == \"CRITICAL\" }",
            "CRITICAL",
            "`critical`",
        ),
    ] {
        one(&in_rego(body), &format!("value.unknown `{word}`"), near);
    }
    for (expression, word, near) in [
        ("input.change.kind == 'imagee'", "imagee", "`image`"),
        ("input.change.?updateType.orValue('') in ['pach', 'minor']", "pach", "`patch`"),
        ("'imagee' != input.change.kind", "imagee", "`image`"),
    ] {
        one(&in_cel(expression), &format!("value.unknown `{word}`"), near);
    }
}

#[test]
fn evidence_is_required_where_it_is_read_and_read_where_it_is_required() {
    one(
        &in_rego("deny contains \"x\" if input.evidence.gates[_].status == \"failed\""),
        "evidence.unrequired `gates`",
        "`p` reads `evidence.gates` and does not require it",
    );
    one(&in_cel("input.artifacts.all(a, has(a.sbom))"), "evidence.unrequired `sbom`", "`c.r` reads `sboms`");
    // Through a library, at the rule.
    let library = "package lib.x\n\ngates := input.evidence.gates\n";
    let text = rego("deny contains \"x\" if count(data.lib.x.gates) == 0");
    one(
        &found(&[("p.rego", &text), ("x.rego", library)], &Operator::default()),
        "evidence.unrequired `warn contains \"r\"`",
        "(it is read in `x.rego`)",
    );
    let text = rego("").replace("evidence.scans,", "evidence.scans, evidence.runs,");
    one(
        &found(&[("p.rego", &text)], &Operator::default()),
        "evidence.unread `evidence.runs`",
        "does not read it",
    );
    // What is read from what is not known may be it.
    let text = rego("deny contains \"x\" if f(input, {})\nf(a, b) if object.union(a, b).evidence.runs");
    let text = text.replace("evidence.scans,", "evidence.scans, evidence.runs,");
    assert_eq!(found(&[("p.rego", &text)], &Operator::default()), Vec::<String>::new());
}

#[test]
fn roles_and_environments_are_known_somewhere() {
    let roles = [("ann".to_owned(), ["tech-lead".to_owned()].into())].into();
    let settings = Source::new(
        "settings.yaml",
        "promotion: {paths: [{from: dev, to: production, needs: {approval: {role: tech-laed, count: 1}}}]}\n",
    );
    let operator = Operator { roles: Some(roles), settings: Some(settings), file: None };
    let text = rego(
        "hold contains {\"msg\": \"x\", \"needs\": {\"approval\": {\"role\": \"dba\", \"count\": 1}}} if {\n\tinput.context.environment == \"prodction\"\n\tdata.settings.promotion.paths\n}",
    );
    let text = text.replace("applies: {}", "applies: {environments: [producton]}");
    let found = found(&[("p.rego", &text)], &operator);
    let ids: Vec<&str> = found.iter().filter_map(|one| one.split('`').next()).collect();
    assert_eq!(
        ids,
        [
            "environment.unknown ",
            "coverage.missing ",
            "role.unknown ",
            "environment.unknown ",
            "role.unknown "
        ],
        "{found:#?}"
    );
    assert!(
        found[0].contains("did you mean `production`?") && found[4].contains("did you mean `tech-lead`?")
    );
    assert!(found[1].contains("`dev`, `production`"));
}

#[test]
fn what_is_left_unsaid_is_told() {
    let text = rego("").replace("# description: B\n", "").replace("#   severity: high\n", "");
    let text = text.replace("#   applies: {}\n", "#   waivable: true\n");
    one(
        &found(&[("p.rego", &text)], &Operator::default()),
        "metadata.missing `warn contains \"r\"`",
        "`p` says no `description`, `severity`, `applies`",
    );
    let text = cel("size(input.artifacts) > 0").replace("  severity: high\n", "");
    one(
        &found(&[("c.yaml", &text)], &Operator::default()),
        "metadata.missing `id: r`",
        "`c.r` says no `severity`",
    );
}

#[test]
fn what_is_written_is_used() {
    one(&in_rego("lonely(x) := x"), "function.unused `lonely`", "nothing uses `p.lonely`");
    one(&in_rego("deny contains \"x\" if { a := 1; input.change.ticket }"), "variable.unused `a`", "");
    let library = "package lib.x\n\nten := 10\n";
    let text = rego("deny contains \"x\" if data.lib.x.ten > 11")
        .replace("package p\n", "package p\n\nimport data.lib.x\n");
    one(
        &found(&[("p.rego", &text), ("x.rego", library)], &Operator::default()),
        "import.unused `import",
        "`data.lib.x`",
    );
    let text = cel("1 < size(input.artifacts)")
        .replace("  rules:", "  variables: [{name: lost, expression: 1 + 1}]\n  rules:");
    one(&found(&[("c.yaml", &text)], &Operator::default()), "variable.unused `1 + 1`", "`lost`");
    let settings = Source::new("settings.yaml", "scans: {severities: [high]}\nsboms: {formats: []}\n");
    let operator = Operator { settings: Some(settings), ..Operator::default() };
    let text = cel("data.settings.scans.severities == []");
    one(&found(&[("c.yaml", &text)], &operator), "setting.unused `sboms`", "");
    let text = cel("data.settings.scans == {} && data.settings.sboms.formats == []");
    one(&found(&[("c.yaml", &text)], &operator), "setting.unused `severities`", "`scans.severities`");
}

#[test]
fn what_can_do_nothing_is_told() {
    one(&in_rego("deny contains \"x\" if 1 == 2"), "condition.constant `1 == 2`", "always false");
    one(
        &in_rego("deny contains \"x\" if { true; input.change.ticket }"),
        "condition.constant `true`",
        "always true",
    );
    one(&in_cel("'a' == 'a'"), "condition.constant", "always true");
    one(&in_cel("true"), "condition.constant `true`", "always true");
    let twice = "deny contains \"x\" if input.change.ticket\n";
    one(&in_rego(&format!("{twice}\n{twice}")), "rule.repeated `deny`", "p.rego:16");
    one(
        &in_rego(
            "deny contains \"x\" if { a := input.change.ticket; a == \"\" }\na := 1\nhold contains \"x\" if input.change.ticket == data.p.a",
        ),
        "name.hidden `a`",
        "a rule of the package",
    );
}

#[test]
fn identities_are_whole_and_have_an_issuer() {
    let rule = |condition: &str| {
        in_rego(&format!(
            "deny contains \"x\" if {{\n\tsome s in input.artifacts[_].signatures\n\ts.issuer == \"https://i\"\n\t{condition}\n}}"
        ))
    };
    for (condition, text) in [
        ("regex.match(`https://github.com/corp/.*`, s.identity)", "https://github.com/corp/.*"),
        ("startswith(s.identity, \"https://github.com/corp\")", "https://github.com/corp"),
        ("endswith(s.identity, \"example.com\")", "example.com"),
        ("contains(s.identity, \"corp\")", "corp"),
    ] {
        one(&rule(condition), &format!("identity.unanchored `{text}`"), "");
    }
    for condition in [
        "regex.match(`^https://github\\.com/corp/[^/]+$`, s.identity)",
        "startswith(s.identity, \"https://github.com/corp/\")",
        "endswith(s.identity, \"@example.com\")",
        "s.identity == \"ci@example.com\"",
    ] {
        assert_eq!(rule(condition), Vec::<String>::new(), "{condition}");
    }
    one(
        &in_rego(
            "deny contains \"x\" if { some s in input.artifacts[_].signatures; s.identity == \"ci@example.com\" }",
        ),
        "identity.issuer `s.identity == \"ci@example.com",
        "",
    );
    let text = cel(
        "input.artifacts.all(a, a.signatures.exists(s, s.?identity.orValue('').startsWith('https://x')))",
    )
    .replace("  rules:", "  requires: [evidence.signatures]\n  rules:");
    let all = found(&[("c.yaml", &text)], &Operator::default());
    let ids: BTreeSet<&str> = all.iter().filter_map(|one| one.split(' ').next()).collect();
    assert_eq!(ids, ["identity.issuer", "identity.unanchored"].into(), "{all:#?}");
    let file = Source::new(
        "weighlock.yaml",
        "trust: {signers: [{identity: \"https://github.com/corp/*\", issuer: x}]}\n",
    );
    let settings = Source::new("settings.yaml", "signatures: {signers: [{identity: ci@example.com}]}\n");
    let operator = Operator { file: Some(file), settings: Some(settings), roles: None };
    let text = cel("data.settings.signatures.signers == []");
    let all = found(&[("c.yaml", &text)], &operator);
    assert!(
        all[0].starts_with("identity.issuer `ci@example.com`") && all[1].starts_with("identity.unanchored"),
        "{all:#?}"
    );
}

#[test]
fn a_digest_is_one() {
    one(
        &in_rego("deny contains \"x\" if input.change.to.digest == \"1.2.3\""),
        "image.tag `1.2.3`",
        "is not a digest",
    );
    one(&in_cel("input.artifacts.all(a, a.ref == 'ghcr.io/corp/web:1.2')"), "image.tag", "names a tag");
    for fine in ["ghcr.io/corp/web", "ghcr.io/corp/web:1@sha256:00", "localhost:5000/web"] {
        assert_eq!(
            in_cel(&format!("input.artifacts.all(a, a.ref == '{fine}')")),
            Vec::<String>::new(),
            "{fine}"
        );
    }
}

#[test]
fn kinds_of_change_that_nothing_judges_are_named() {
    let text =
        rego("").replace("applies: {}", "applies: {kinds: [image, base_image, dependency, chart, config]}");
    one(
        &found(&[("p.rego", &text)], &Operator::default()),
        "coverage.missing `package p`",
        "`migration`, `promotion`, `admission`",
    );
}

#[test]
fn a_comment_silences_with_a_reason_what_is_there() {
    let body = "# weighlock: allow condition.constant because it is an example\ndeny contains \"x\" if {\n\t1 == 2\n}\n\nhold contains \"x\" if 1 == 2";
    let checked = look(&[("p.rego", &rego(body))], &Operator::default());
    assert_eq!((checked.problems.len(), checked.silenced.len()), (1, 1), "{checked:#?}");
    assert_eq!(checked.silenced[0].1, "it is an example");
    // Above the package, the whole file.
    let text = format!("# weighlock: allow condition.constant because of both\n{}", rego(body));
    let checked = look(&[("p.rego", &text)], &Operator::default());
    assert_eq!(checked.silenced.len(), 2, "{checked:#?}");
    // In YAML, what is indented below.
    let text = cel("1 == 1")
        .replace("    - id: r\n", "    # weighlock: allow variable.unused because x\n    - id: r\n");
    one(&found(&[("c.yaml", &text)], &Operator::default()), "silence.unused", "`variable.unused`");
    let text = cel("'a' == 'a'")
        .replace("    - id: r\n", "    # weighlock: allow condition.constant because x\n    - id: r\n");
    assert_eq!(found(&[("c.yaml", &text)], &Operator::default()), Vec::<String>::new());
    for (comment, says) in [
        ("allow condition.constant", "does not say why"),
        ("allow condition.constnat because x", "did you mean `condition.constant`?"),
        ("allow silence.unused because x", "cannot be silenced"),
    ] {
        one(&in_rego(&format!("# weighlock: {comment}")), "silence.invalid", says);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let broken = "package q\n\ndeny contains \"x\" if {\n";
    let other = cel("input.artefacts == [").replace("id: c,", "id: d,");
    let text = cel("input.artifacts.all(a, a.digst == '')");
    let found = found(&[("q.rego", broken), ("d.yaml", &other), ("c.yaml", &text)], &Operator::default());
    let ids: Vec<&str> = found.iter().filter_map(|one| one.split(' ').next()).collect();
    assert_eq!(ids, ["path.unknown", "policy.invalid", "policy.invalid"], "{found:#?}");
    // What loading refuses is told once.
    let typo = "dney contains \"x\" if input.change.ticket";
    one(&in_rego(typo), "policy.invalid `dney`", "did you mean `deny`?");
}

#[test]
fn lints_are_in_order_and_each_has_one_id() {
    for pair in LINTS.windows(2) {
        assert!(pair[0].code.id < pair[1].code.id, "{}", pair[1].code.id);
    }
}

#[test]
fn a_definition_that_asks_for_more_under_the_same_head_adds_nothing() {
    let repeated = |body: &str| -> Vec<String> {
        in_rego(body).into_iter().filter(|line| line.starts_with("rule.repeated")).collect()
    };
    for body in [
        "deny contains \"x\" if input.change.ticket\n\ndeny contains \"x\" if { input.change.ticket; input.change.author.id == \"a\" }",
        "deny contains \"x\" if { input.change.author.id == \"a\"; input.change.ticket }\n\ndeny contains \"x\" if input.change.ticket",
        "deny contains a.ref if { some a in input.artifacts; a.changed }\n\ndeny contains a.ref if { some a in input.artifacts; a.changed; a.tag == \"x\" }",
        "deny contains \"x\" if f(1)\n\nf(x) := true if x > 1\n\nf(x) := true if { x > 1; x > 2 }",
        "deny contains \"x\"\n\ndeny contains \"x\" if input.change.ticket",
    ] {
        one(&repeated(body), "rule.repeated", "gives nothing that the one of `p.rego:");
    }
    one(
        &repeated("deny contains \"x\" if f(1)\n\nf(x) := 1 if true else := x"),
        "rule.repeated `else`",
        "never come to",
    );
    for body in [
        // Another finding, other conditions.
        "deny contains \"x\" if input.change.ticket\n\ndeny contains \"y\" if { input.change.ticket; input.change.author }",
        "deny contains \"x\" if input.change.ticket == \"a\"\n\ndeny contains \"x\" if input.change.ticket == \"b\"",
        // A name that means something else there.
        "limit := 3\n\ndeny contains \"x\" if limit > 2\n\ndeny contains \"x\" if { limit := count(input.artifacts); limit > 2 }",
        // What is reached.
        "deny contains \"x\" if f(1)\n\nf(x) := 1 if x > 2 else := x",
    ] {
        assert!(repeated(body).is_empty(), "{body}: {:?}", repeated(body));
    }
}

#[test]
fn names_of_the_language_are_not_hidden() {
    let found = in_rego("deny contains \"x\" if count(input.artifacts) > 1\n\ncount(x) := 2 if x");
    one(&found, "name.hidden `count`", "the rule `count` hides a function of the language");
    let found = in_rego("deny contains \"x\" if { max := 3; input.context.inFlight > max }");
    one(&found, "name.hidden `max`", "the variable `max` hides a function of the language");
}

#[test]
fn fields_of_pods_are_held_against_those_of_kubernetes() {
    for (expression, says) in [
        (
            "input.asset.podSpec.containers.all(c, c.securityContxt.privileged == false)",
            "did you mean `input.asset.podSpec.containers[].securityContext`?",
        ),
        ("input.asset.podSpec.hostPid == true", "did you mean `input.asset.podSpec.hostPID`?"),
        (
            "input.asset.podSpec.volumes.all(v, !has(v.hostpath))",
            "did you mean `input.asset.podSpec.volumes[].hostPath`?",
        ),
        ("input.asset.podSpec.containers.all(c, c.livenessProbe.httpget.path == '/')", "httpGet`?"),
        (
            "input.asset.podSpec.securityContext.runAsNonroot",
            "did you mean `input.asset.podSpec.securityContext.runAsNonRoot`?",
        ),
        ("input.asset.podSpec.containers.all(c, c.own == 1)", "Kubernetes 1.34 publishes no such field"),
    ] {
        one(&in_cel(expression), "field.unknown", says);
    }
    one(
        &in_rego("deny contains \"x\" if { some c in input.asset.podSpec.containers; c.resources.limit }"),
        "field.unknown",
        "resources.limits`?",
    );
    for expression in [
        "input.asset.podSpec.containers.all(c, c.resources.limits['nvidia.com/gpu'] == '1')",
        "input.asset.podSpec.nodeSelector.anything == 'x' && input.asset.podSpec.affinity.nodeAffinity.x",
        "input.asset.podSpec.volumes.exists(v, v.csi.driver == 'x')",
        "input.asset.object.podSpec.containrs == 'x'",
    ] {
        assert!(in_cel(expression).is_empty(), "{expression}: {:?}", in_cel(expression));
    }
    // Loading lets such a policy judge: the list here is not Kubernetes'.
    let bundle = crate::policy::read(
        vec![("p.rego".to_owned(), rego("deny contains \"x\" if input.asset.podSpec.hostPid"))],
        serde_json::json!({"settings": {}}),
        LoadOptions::default(),
    );
    assert!(bundle.1.is_empty() && bundle.0.nowhere.is_empty(), "{:?}", bundle.1);
}

#[test]
fn tags_are_found_in_what_operators_write() {
    let settings = Source::new(
        "settings.yaml",
        "updates: {}\nx:\n  - {image: \"app:1\", digest: v1}\n  - {image: \"app@sha256:abc\", images: [\"a/b\", \"a/b:2\"]}\n",
    );
    let operator = Operator { settings: Some(settings), ..Operator::default() };
    let found: Vec<String> = found(&[("c.yaml", &cel("true"))], &operator)
        .into_iter()
        .filter(|line| line.starts_with("image.tag"))
        .collect();
    let says = ["`app:1` names a tag", "`v1` is not a digest", "`a/b:2` names a tag"];
    assert!(
        found.len() == 3 && says.iter().zip(&found).all(|(says, line)| line.contains(says)),
        "{found:#?}"
    );
}
