//! `weighlock explain`: conditions with their values, people and times, and changes of facts that were
//! decided and not guessed.

use serde_json::Value;

use super::support::{Folder, INPUT, NOW, Ran, repository};

fn example(more: &str) -> Ran {
    Folder::new().run(&format!(
        "explain --trust-input {} -c {} --now {NOW} {more}",
        repository("examples/quickstart"),
        repository("examples/operator/weighlock.yaml")
    ))
}

/// A folder with a change, a policy in each language, and the operator's file.
fn own() -> Folder {
    let object = "  - id: web\n    kind: workload\n    environment: test\n    object:\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: web}\n      spec:\n        replicas: 9\n        template:\n          spec:\n            containers:\n              - {name: app, image: \"app:1\"}\n              - {name: proxy, image: \"proxy:1\"}\n";
    let change = "changes:\n  - id: scale\n    kind: config\n    asset: web\n    author: {id: dev@example}\n";
    let rego = "# METADATA\n# title: Few replicas\npackage own.replicas\n\ndeny contains {\"msg\": \"too many\", \"path\": \"/asset/object/spec/replicas\"} if {\n\tinput.change.kind == \"config\"\n\tlarge(input.asset.object.spec.replicas)\n}\n\nlarge(n) if n > data.most\n\nwarn contains container.name if {\n\tsome container in input.asset.podSpec.containers\n\tcontainer.image == \"app:2\"\n}\n";
    let cel = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {id: own, title: Tickets}\nspec:\n  rules:\n    - id: ticket\n      effect: hold\n      expression: has(input.change.ticket) && input.change.ticket.startsWith('CHG-')\n      message: no ticket\n      needs: {approval: {role: lead, count: 1}}\n";
    let config = "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [own.rego, own.yaml]\ndata: [data.yaml]\ntrust:\n  roles: roles.yaml\n";
    let folder = Folder::with(&[
        ("own.rego", rego),
        ("own.yaml", cel),
        ("data.yaml", "most: 3\n"),
        ("roles.yaml", "lead@example: [lead]\ndev@example: [lead]\n"),
        ("weighlock.yaml", config),
    ]);
    folder.write("in/change.yaml", format!("{INPUT}inventory:\n{object}{change}"));
    folder
}

const OWN: &str = "in --trust-input -c weighlock.yaml --now 2026-11-20T12:00:00Z";

fn explained(folder: &Folder, more: &str) -> Value {
    let ran = folder.run(&format!("explain {OWN} -o json {more}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn of_several_changes_one_is_to_be_chosen() {
    let ran = example("");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("5 changes; choose one with `--change ID`:\n"), "{ran:?}");
    assert!(ran.out.contains("  deny          flights-0042\n"), "{ran:?}");
}

#[test]
fn a_denial_is_explained_with_the_lines_of_policy_and_input() {
    let ran = example("--change flights-0042 --rule migrations.drop_column");
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in [
        "DENY  flights-0042  migration of drone-app → production",
        "1 finding of `migrations.drop_column` stands in the way",
        "policy builtin/migrations/drop_column.rego:",
        "examples/quickstart/evidence.yaml:53:11\n      53 |         - kind: drop_column\n         |           ^^^^^^^^^^^^^^^^^\n",
        "✓ not data.settings.migrations.approval.drop_column",
        "✗ needs := data.settings.migrations.approval.drop_column  ← did not hold",
        "if `evidence.migrations.0.operations.1` were not there",
    ] {
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn a_hold_says_who_and_when() {
    let ran = example("--change drone-app-1.2.1-to-production");
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in [
        "1 finding of `promotion.approvals` keeps it waiting",
        "needs 1 × release-manager; may give it: rm-d@example",
        "given: lead-b@example as tech-lead",
        "if `rm-d@example` approved as `release-manager`: verdict allow",
        "does not apply: speaks of changes of kind `migration`, and this one is `promotion`",
    ] {
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    }
}

#[test]
fn the_whole_page_of_a_rule() {
    let folder = own();
    insta::assert_snapshot!(folder.run(&format!("explain {OWN} --rule own.replicas")).out, @r##"
    DENY  scale  config of web → test
      1 finding of `own.replicas` stands in the way, as of 2026-11-20T12:00:00Z

    What was said
      deny  own.replicas  too many
        policy own.rego:5:1
          5 | deny contains {"msg": "too many", "path": "/asset/object/spec/replicas"} if {
            | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        input in/change.yaml:12:19
          12 |         replicas: 9
             |                   ^

    Rule own.replicas
      Few replicas
      said: deny: too many
      own.rego:5
      deny contains {"msg": "too many", "path": "/asset/object/spec/replicas"} if  gave 1 finding
          own.rego:5:1
        ✓ input.change.kind == "config"  :6
            input.change.kind = "config"  in/change.yaml:20:11
        ✓ large(input.asset.object.spec.replicas)  :7
            input.asset.object.spec.replicas = 9  in/change.yaml:12:19
            large(input.asset.object.spec.replicas) = true
              large(n) if n > data.most  own.rego:10:1
                ✓ n > data.most  :10
                    n = 9
                    data.most = 3
      warn contains container.name if  gave nothing  own.rego:12:1
        ✓ some container in input.asset.podSpec.containers (held 2)  :13
            input.asset.podSpec.containers = [{"image":"app:1","name":"app"},{"image"…
                in/change.yaml:16:15
            container = {"image":"app:1","name":"app"}  in/change.yaml:16:17
        ✗ container.image == "app:2" (held 0, did not 2)  ← did not hold  :14
            container.image = "app:1"  in/change.yaml:16:36
            and
            container.image = "proxy:1"  in/change.yaml:17:38
        · gives container.name (not looked at)  :12

    What single change of a fact would alter it
      • if `asset.object.spec.replicas` were `3` and not `9`: the rule passes; verdict hold
      27 single changes were decided
    "##);
    insta::assert_snapshot!(folder.run(&format!("explain {OWN} --rule own.ticket")).out, @r##"
    DENY  scale  config of web → test
      1 finding of `own.replicas` stands in the way, as of 2026-11-20T12:00:00Z

    What was said
      hold  own.ticket  no ticket
        policy own.yaml:6:1
          6 |     - id: ticket
            | ^^^^^^^^^^^^^^^^

    Rule own.ticket
      Tickets
      said: hold: no ticket
      own.yaml:6
      hold own.ticket  gave 1 finding (passes if all of this holds)  own.yaml:6
        ✗ has(input.change.ticket)  ← did not hold  :8
            input.change.ticket = (nothing there)  in/change.yaml:19:5
        · input.change.ticket.startsWith('CHG-') (not looked at)  :8

    What single change of a fact would alter it
      • if `change.ticket` were there: `CHG-`: the rule passes; verdict deny
      2 single changes were decided
    "##);
}

/// What is told of the review is true of the input: edited like that, it comes to that verdict.
#[test]
fn what_is_said_to_alter_the_verdict_does() {
    let folder = own();
    let explanation = explained(&folder, "");
    assert_eq!(explanation["verdict"], "deny");
    assert_eq!(explanation["search"]["complete"], true);
    let edit = |explanation: &Value, path: &str| {
        let edits = explanation["search"]["edits"].as_array().unwrap().clone();
        edits.into_iter().find(|edit| edit["path"] == path).unwrap_or_else(|| panic!("{explanation:#}"))
    };
    // Just across the threshold that the function compares with.
    let found = edit(&explanation, "/asset/object/spec/replicas");
    assert_eq!((&found["from"], &found["to"][0]), (&Value::from(9), &Value::from(3)), "{found}");
    assert_eq!(found["verdict"], "hold");
    let input = folder.read("in/change.yaml");
    let decided = |text: &str| {
        folder.write("in/change.yaml", text);
        folder.report(OWN).report["decisions"][0]["verdict"].as_str().unwrap().to_owned()
    };
    let three = input.replace("replicas: 9", "replicas: 3");
    assert_eq!(decided(&three), "hold");
    assert_eq!(decided(&input.replace("replicas: 9", "replicas: 4")), "deny");
    // And from there: the ticket that the other rule looks for, or a person.
    decided(&three);
    let explanation = explained(&folder, "");
    assert_eq!(explanation["verdict"], "hold");
    let people = &explanation["hold"]["people"][0];
    assert_eq!(people["may"], serde_json::json!(["lead@example"]));
    assert_eq!(people["mayNot"], serde_json::json!(["dev@example"]));
    let edits = explanation["search"]["edits"].as_array().unwrap();
    assert_eq!(edits[0]["approval"]["by"][0], "lead@example", "{explanation:#}");
    let ticket = edit(&explanation, "/change/ticket");
    let to = ticket["to"][0].as_str().unwrap();
    assert_eq!(ticket["verdict"], "allow");
    assert_eq!(decided(&format!("{three}    ticket: \"{to}\"\n")), "allow");
}

#[test]
fn an_explanation_is_what_its_schema_says() {
    let schema = weighlock::pipeline::schema::SCHEMAS.iter().find(|one| one.name == "explanation").unwrap();
    let schema: Value = serde_json::from_str(&schema.text()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let folder = own();
    for more in ["", "--rule own.replicas", "--rule own.ticket"] {
        let explanation = explained(&folder, more);
        assert!(validator.is_valid(&explanation), "{:?}", validator.iter_errors(&explanation).next());
        // The same bytes again.
        assert_eq!(explanation, explained(&folder, more));
    }
}

#[test]
fn what_is_not_there_is_named_with_what_is_near() {
    let folder = own();
    let says = |more: &str, said: &str| {
        let ran = folder.run(&format!("explain {OWN} {more}"));
        assert!(ran.code == 2 && ran.err.contains(said) && ran.out.is_empty(), "{ran:?}");
    };
    says("--change scall", "did you mean `scale`?");
    says("--rule own.replica", "did you mean `own.replicas`?");
    says("--rule weighlock.no-rule", "comes from Weighlock itself");
    folder.write("own.rego", "package own.replicas\n\ndeny contains \"x\" if {\n");
    says("", "own.rego");
}

#[test]
fn a_rule_that_is_off_or_speaks_of_others_says_so() {
    let folder = own();
    let config = folder.read("weighlock.yaml");
    folder.write(
        "weighlock.yaml",
        format!("{config}enforcement:\n  - {{rules: [own.replicas], mode: 'off'}}\n"),
    );
    let ran = folder.run(&format!("explain {OWN} --rule own.replicas"));
    assert!(ran.code == 0 && ran.out.contains("off: switched off by `enforcement`"), "{ran:?}");
    let explanation = explained(&folder, "");
    let rules = explanation["rules"].as_array().unwrap();
    assert!(rules.iter().any(|one| one["rule"] == "own.replicas" && one["outcome"] == "off"), "{rules:?}");
}

#[test]
fn a_rule_that_hits_a_limit_is_explained_as_such() {
    let folder = own();
    folder.write(
        "own.rego",
        "package own.replicas\n\ndeny contains \"x\" if {\n\tinput.change.kind == \"config\"\n\tsome x in numbers.range(1, 50000)\n\tsome y in numbers.range(1, 50000)\n\tx + y == 1\n}\n",
    );
    let ran = folder.run(&format!("explain {OWN} --rule own.replicas"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("INDETERMINATE"), "{ran:?}");
    assert!(ran.out.contains("could not be judged: ") && ran.out.contains("stopped: "), "{ran:?}");
    assert!(ran.out.contains("✓ input.change.kind == \"config\""), "{ran:?}");
}

#[test]
fn what_nobody_knows_is_told_with_what_would_provide_it() {
    let folder = own();
    folder.write("own.rego", "# METADATA\n# custom:\n#   requires: [evidence.gates]\npackage own.replicas\n\ndeny contains \"failed\" if {\n\tsome gate in input.evidence.gates\n\tgate.status == \"failed\"\n}\n");
    let ran = folder.run(&format!("explain {OWN}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("not asked: it requires `evidence.gates` of `web` (nobody looked)"), "{ran:?}");
    assert!(ran.out.contains("fix: "), "{ran:?}");
    let said = "if `evidence.gates` were there: looked at and empty: verdict hold";
    assert!(ran.out.contains(said), "{ran:?}");
}

#[test]
fn a_record_is_explained_by_its_own_policies_or_by_others() {
    let folder = own();
    let ran = folder.run(&format!("evaluate {OWN} --decision-out out"));
    assert_eq!(ran.code, 10, "{ran:?}");
    let file = std::fs::read_dir(folder.path("out")).unwrap().next().unwrap().unwrap().path();
    let name = format!("out/{}", file.file_name().unwrap().to_str().unwrap());
    let ran = folder.run(&format!("explain {name} --rule own.replicas"));
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in [
        "DENY  scale",
        "large(input.asset.object.spec.replicas)",
        "NOT",
        "in the review /asset/object/spec/replicas",
    ] {
        assert!(ran.out.contains(said) || said == "NOT", "{said}\n{}", ran.out);
    }
    let ran = folder.run(&format!("explain {name} --change other"));
    assert!(ran.code == 2 && ran.err.contains("the record is not about `other`"), "{ran:?}");
    // Other policies: what differs is said, and what they come to.
    folder.write("data.yaml", "most: 20\n");
    let ran = folder.run(&format!("explain {name} -c weighlock.yaml"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("HOLD  scale"), "{ran:?}");
    assert!(ran.out.contains("the settings and data given are not those"), "{ran:?}");
    assert!(ran.out.contains("the policies that decided came to deny; those given come to hold"), "{ran:?}");
    // Whoever altered it did not alter all of it.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"verdict\": \"deny\"", "\"verdict\": \"allow\"")).unwrap();
    let ran = folder.run(&format!("explain {name}"));
    assert!(ran.code == 2 && ran.err.contains("does not agree with itself"), "{ran:?}");
    assert!(ran.out.is_empty(), "{ran:?}");
}

/// What a rule keeps in rules of its own is shown where it spoke, and tried.
#[test]
fn rules_of_its_own_are_gone_into_where_a_rule_spoke() {
    let folder = own();
    folder.write("own.rego", "# METADATA\n# title: Names\npackage own.replicas\n\ndeny contains msg if {\n\tsome one in found\n\tcount(exempt) == 0\n\tmsg := one.of.name\n}\n\nfound contains {\"of\": container} if {\n\tsome container in input.asset.podSpec.containers\n\tnot container.securityContext\n\tstartswith(container.image, \"proxy:\")\n}\n\nexempt contains name if {\n\tname := input.change.ticket\n\tname in found\n}\n");
    let out = folder.run(&format!("explain {OWN} --rule own.replicas")).out;
    let page = out.split("Rule own.replicas\n").nth(1).unwrap();
    insta::assert_snapshot!(page, @r##"
      Names
      said: deny: proxy
      own.rego:5
      deny contains msg if  gave 1 finding  own.rego:5:1
        ✓ some one in found  :6
            found = [{"of":{"image":"proxy:1","name":"proxy"}}]
              found contains {"of": container} if  own.rego:11:1
                ✓ some container in input.asset.podSpec.containers (held 2)  :12
                    input.asset.podSpec.containers = [{"image":"app:1","name":"app"},{"image"…
                        in/change.yaml:16:15
                    container = {"image":"app:1","name":"app"}  in/change.yaml:16:17
                ✓ not container.securityContext (held 2)  :13
                    container.securityContext = (nothing there)  in/change.yaml:16:17
                ~ startswith(container.image, "proxy:") (held 1, did not 1)  :14
                    container.image = "proxy:1"  in/change.yaml:17:38
                    startswith(container.image, "proxy:") = true
            one = {"of":{"image":"proxy:1","name":"proxy"}}
        ✓ count(exempt) == 0  :7
            exempt = []
              exempt contains name if  own.rego:17:1
                ✗ name := input.change.ticket  ← did not hold  :18
                    input.change.ticket = (nothing there)  in/change.yaml:19:5
                · name in found (not looked at)  :19
            count(exempt) = 0
        ✓ msg := one.of.name  :8
            one.of.name = "proxy"  in/change.yaml:17:24
            msg = "proxy"

    What single change of a fact would alter it
      • if `asset.podSpec.containers.1.image` were `app:1` or `proxy` and not `proxy:1`: the rule
          passes; verdict hold
      • if `asset.podSpec.containers.1` were not there (`{"image":"proxy:1","name":"proxy"}`): the rule
          passes; verdict hold
      • if `asset.podSpec.containers.1.name` were not there (`proxy`): the rule passes; verdict hold
      34 single changes were decided
    "##);
}

#[test]
fn what_has_a_form_of_its_own_is_provided_in_it() {
    let folder = own();
    let says = |fact: &str, reads: &str, said: &str| {
        folder.write("own.rego", format!("# METADATA\n# custom:\n#   requires: [{fact}]\npackage own.replicas\n\ndeny contains \"x\" if {reads}\n"));
        let ran = folder.run(&format!("explain {OWN}"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("not asked: it requires"), "{ran:?}");
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    };
    let input = folder.read("in/change.yaml");
    folder.write("in/change.yaml", input.replace("              - {name: proxy, image: \"proxy:1\"}\n", ""));
    says(
        "sboms",
        "input.artifacts[_].sbom.components[_]",
        "if `artifacts.0.sbom` were there: with nothing in it: ",
    );
    folder.write("in/change.yaml", format!("{INPUT}inventory:\n  - {{id: web, kind: workload, environment: test}}\nchanges:\n  - {{id: scale, kind: config, asset: web, author: {{id: dev@example}}}}\n"));
    says(
        "asset.podSpec",
        "input.asset.podSpec.hostPID",
        "if `asset.podSpec` were there: with nothing in it: ",
    );
}

#[test]
fn a_digest_is_provided_for_an_image_that_has_none() {
    let folder = own();
    let input = folder.read("in/change.yaml");
    folder.write(
        "in/change.yaml",
        input.replace(
            ", image: \"proxy:1\"}",
            ", image: \"proxy@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"}",
        ),
    );
    folder.write("own.rego", "# METADATA\n# custom:\n#   requires: [artifacts.digest]\npackage own.replicas\n\ndeny contains \"x\" if input.artifacts[_].digest == \"y\"\n");
    let ran = folder.run(&format!("explain {OWN}"));
    assert!(ran.out.contains("if `artifacts.0.digest` were there: any digest: verdict hold"), "{ran:?}");
}

#[test]
fn lines_keep_to_the_width_and_the_same_text() {
    let folder = own();
    let narrow = |columns: &str| {
        let mut command = folder.command(&[
            "explain",
            "in",
            "--trust-input",
            "-c",
            "weighlock.yaml",
            "--now",
            "2026-11-20T12:00:00Z",
            "--rule",
            "own.replicas",
        ]);
        String::from_utf8(command.env("COLUMNS", columns).output().unwrap().stdout).unwrap()
    };
    let out = narrow("60");
    for line in out.lines().filter(|line| !line.contains(" | ")) {
        assert!(line.chars().count() <= 60 || !line.trim().contains(' '), "{line}\n{out}");
    }
    let words = |text: &str| {
        text.split_whitespace().filter(|word| !word.contains('…')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(out.lines().count() > narrow("300").lines().count(), "{out}");
    assert!(words(&out).contains(&"container.name".to_owned()));
}
