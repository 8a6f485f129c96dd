//! What people consent to, through the command: approvals, waivers, overrides.

use serde_json::json;

use super::support::{Folder, NOW, Report, key, repository, verdict};

const CHANGE: &str = "drone-app-1.2.1-to-production";

/// An operator's folder with the roles, the keys and the records of the examples.
fn operator() -> Folder {
    let folder = Folder::new();
    folder.write(
        "weighlock.yaml",
        "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [builtin]\ntrust: {roles: roles.yaml, keys: keys.yaml, approvals: approvals}\ngovernance: {overrideRole: incident}\n",
    );
    folder.write(
        "roles.yaml",
        "lead@example: [tech-lead]\nrm@example: [release-manager]\nboth@example: [tech-lead, release-manager, incident]\ndev-a@example: [tech-lead, release-manager, incident]\n",
    );
    let mut keys = String::new();
    for (i, person) in ["lead", "rm", "both", "dev-a"].into_iter().enumerate() {
        let (private, public) = key(u8::try_from(i).unwrap() + 1);
        folder.write(&format!("{person}.pem"), private);
        folder.write(&format!("{person}.pub"), public);
        keys.push_str(&format!("{person}@example: [{person}.pub]\n"));
    }
    folder.write("keys.yaml", keys);
    std::fs::create_dir(folder.path("approvals")).unwrap();
    // The examples as they are, without the approval that they bring along.
    for name in ["changes.yaml", "inventory.yaml", "sboms.json", "scans.json"] {
        folder.write(
            &format!("input/{name}"),
            std::fs::read(repository(&format!("examples/quickstart/{name}"))).unwrap(),
        );
    }
    let evidence = std::fs::read_to_string(repository("examples/quickstart/evidence.yaml")).unwrap();
    let approvals = evidence.find("  # Consent to one change").unwrap();
    folder.write("input/evidence.yaml", &evidence[..approvals]);
    folder
}

fn evaluated(folder: &Folder, more: &str) -> Report {
    folder.report(&format!("input {more} --trust-input --config weighlock.yaml"))
}

/// The verdict about the promotion, and who was counted for it.
fn promotion(folder: &Folder, more: &str) -> (String, Vec<String>) {
    let report = evaluated(folder, more);
    let decision = report.decision(CHANGE);
    let counted = decision["governance"]["approvals"].as_array().unwrap();
    let counted = counted
        .iter()
        .map(|a| format!("{} {}", a["by"].as_str().unwrap(), a["role"].as_str().unwrap()))
        .collect();
    (verdict(decision).to_owned(), counted)
}

fn rejected(folder: &Folder, more: &str) -> String {
    evaluated(folder, more).decision(CHANGE)["governance"]["rejected"].to_string()
}

fn approve(folder: &Folder, digest: &str, by: &str, out: &str) {
    let ran = folder.run(&format!("approve {digest} --by {by}@example --key {by}.pem --out {out}"));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn two_people_end_the_hold_of_the_example() {
    let folder = operator();
    assert_eq!(promotion(&folder, "").0, "hold");
    let ran = folder.run("evaluate input --trust-input -o json=report.json --now 2026-11-20T12:00:00Z");
    assert_eq!(ran.code, 10, "{ran:?}");
    // As the report says how to: by the id of the change, and signed.
    let ran = folder.run(&format!(
        "approve {CHANGE} --report report.json --by lead@example --key lead.pem --out in-lead.yaml"
    ));
    assert_eq!((ran.code, ran.err.as_str()), (0, "wrote in-lead.yaml\n"), "{ran:?}");
    let digest = evaluated(&folder, "").digest(CHANGE);
    assert_eq!(
        promotion(&folder, "in-lead.yaml"),
        ("hold".to_owned(), vec!["lead@example tech-lead".to_owned()])
    );
    // The other puts an unsigned record where only operators write.
    let ran = folder.run(&format!("approve {digest} --by rm@example --out approvals/rm.yaml"));
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("not signed"), "{}", ran.err);
    let (verdict, counted) = promotion(&folder, "in-lead.yaml");
    assert_eq!(counted, ["lead@example tech-lead", "rm@example release-manager"]);
    assert_eq!(verdict, "allow");
    let report = evaluated(&folder, "in-lead.yaml");
    let hold = &report.decision(CHANGE)["findings"][0];
    assert_eq!((&hold["effect"], &hold["satisfied"]), (&json!("hold"), &json!(true)));
    assert!(report.decision(CHANGE)["governance"]["expires"].is_string());
}

#[test]
fn approvals_that_do_not_count_say_why() {
    let folder = operator();
    // Without `--trust-input` the records of the input are claims, and only their signatures count.
    let digest = evaluated(&folder, "").digest(CHANGE);
    let look = |folder: &Folder, record: &str| {
        let report =
            folder.report(&format!("input/changes.yaml input/inventory.yaml {record} -p builtin:promotion"));
        let decision = report.decision(CHANGE).clone();
        (
            decision["governance"]["approvals"].as_array().unwrap().len(),
            decision["governance"]["rejected"].to_string(),
        )
    };
    // Of its author; refused where that can be told, and never counted.
    folder.run("evaluate input --trust-input -o json=report.json");
    let ran =
        folder.run(&format!("approve {CHANGE} --report report.json --by dev-a@example --key dev-a.pem"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("nobody approves their own change"), "{}", ran.err);
    assert!(ran.err.contains("that the report names under `needs`"), "{}", ran.err);
    let ran = folder
        .run(&format!("override {CHANGE} --report report.json --by dev-a@example --reason r --ticket T"));
    assert!(ran.code == 2 && ran.err.contains("nobody overrides for their own change"), "{ran:?}");
    assert!(ran.err.contains("under `governance.overrideRole`"), "{}", ran.err);
    approve(&folder, &digest, "dev-a", "own.yaml");
    let (count, why) = look(&folder, "own.yaml");
    assert!(count == 0 && why.contains("nobody approves their own change"), "{why}");
    // One person with both roles fills one place.
    approve(&folder, &digest, "both", "both.yaml");
    assert_eq!(look(&folder, "both.yaml").0, 1);
    let twice = format!("{}---\n{}", folder.read("both.yaml"), folder.read("both.yaml"));
    folder.write("twice.yaml", twice);
    assert_eq!(look(&folder, "twice.yaml").0, 1);
    // With somebody else, whichever place that is, both are filled.
    approve(&folder, &digest, "lead", "lead.yaml");
    assert_eq!(look(&folder, "both.yaml lead.yaml").0, 2);
    // Altered, forged and unsigned.
    let signed = folder.read("lead.yaml");
    let expiry = signed.lines().find(|line| line.starts_with("expires")).unwrap();
    // The signature stands last, and may go over several lines.
    let last = |text: &str| text[text.find("signature:").unwrap()..].to_owned();
    let signature = last(&signed);
    let signature = signature.as_str();
    for (what, text) in [
        ("longer", signed.replace(expiry, "expires: 2036-01-01T00:00:00Z")),
        ("somebody else's", signed.replace("lead@example", "rm@example")),
        ("unsigned", signed.replace(signature, "")),
        (
            "half a signature",
            signed.replace(signature, &format!("signature: {}\n", &signature[signature.len() / 2..].trim())),
        ),
        ("a stranger's", signed.replace("lead@example", "stranger@example")),
        ("another's signature", signed.replace(signature, &last(&folder.read("both.yaml")))),
    ] {
        folder.write("forged.yaml", &text);
        let (count, why) = look(&folder, "forged.yaml");
        let reason = match what {
            "unsigned" => "not signed by a key of that person",
            _ => "its signature does not verify with any key that `trust.keys` lists",
        };
        assert!(count == 0 && why.contains(reason), "{what}: {why}");
    }
    // What signs an approval signs no other record, and no other field is read from it.
    folder.write("forged.yaml", format!("{signed}role: release-manager\n"));
    let ran = folder.run("evaluate input forged.yaml");
    assert!(ran.code == 2 && ran.err.contains("unknown field `role`"), "{}", ran.err);
    // For another change, or for this one before it changed.
    approve(&folder, &evaluated(&folder, "").digest("flights-0042"), "lead", "other.yaml");
    assert_eq!(look(&folder, "other.yaml"), (0, "[]".to_owned()));
    let changes = folder.read("input/changes.yaml");
    folder.write(
        "input/changes.yaml",
        changes.replace("version: v1.2.1, digest: \"sha256:35d3", "version: v1.2.1, digest: \"sha256:35d4"),
    );
    assert_eq!(look(&folder, "lead.yaml both.yaml").0, 0);
}

#[test]
fn a_signature_that_does_not_hold_counts_nowhere() {
    let folder = operator();
    let digest = evaluated(&folder, "").digest(CHANGE);
    approve(&folder, &digest, "lead", "lead.yaml");
    let signed = folder.read("lead.yaml");
    let expiry = signed.lines().find(|line| line.starts_with("expires")).unwrap();
    let signature = &signed[signed.find("signature:").unwrap()..];
    let lead = json!([{"by": "lead@example", "role": "tech-lead"}]);
    let counted = |more: &str| evaluated(&folder, more).decision(CHANGE)["governance"]["approvals"] == lead;
    assert!(counted("lead.yaml"));
    // Trusted as a whole, the input may assert an approval, but none whose signature says otherwise.
    folder.write("r.yaml", signed.replace(signature, ""));
    assert!(counted("r.yaml"));
    for (what, text) in [
        ("altered", signed.replace(expiry, "expires: 2036-01-01T00:00:00Z")),
        ("of another", signed.replace("lead@example", "rm@example")),
        ("no signature at all", signed.replace(signature, "signature: ''\n")),
    ] {
        folder.write("r.yaml", &text);
        assert_eq!(promotion(&folder, "r.yaml"), ("hold".to_owned(), Vec::new()), "{what}");
        let ran = folder.run("evaluate input r.yaml --trust-input -c weighlock.yaml");
        assert!(ran.out.contains("not counted: "), "{what}: {}", ran.out);
        assert!(ran.out.contains("its signature does not verify"), "{what}: {}", ran.out);
        // Nor where operators keep theirs: they would not have altered it.
        folder.write("approvals/r.yaml", &text);
        assert_eq!(promotion(&folder, "").0, "hold", "{what}");
        assert!(rejected(&folder, "").contains("its signature does not verify"), "{what}");
        std::fs::remove_file(folder.path("approvals/r.yaml")).unwrap();
    }
    // By a key that nobody lists for that person.
    let ran = folder.run(&format!("approve {digest} --by lead@example --key rm.pem --out r.yaml"));
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(rejected(&folder, "r.yaml").contains("its signature does not verify"));
    // What was judged so, a record judges so again.
    let ran = folder.run("evaluate input r.yaml --trust-input -c weighlock.yaml --decision-out out");
    assert_eq!(ran.code, 10, "{ran:?}");
    for file in std::fs::read_dir(folder.path("out")).unwrap() {
        let ran = folder.run(&format!("replay out/{}", file.unwrap().file_name().display()));
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

/// One change to an image and one admission, with everything that they and their assets may say.
const BOUND: &str = r#"apiVersion: weighlock.dev/v1
kind: Input
inventory:
  - {id: web, kind: workload, application: shop, cluster: eu-1, namespace: front, environment: test, owner: blue, build: {branch: main}, images: [{container: web, ref: registry.example/web, tag: 1.0.0}], object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 1, template: {spec: {containers: [{name: web, image: "registry.example/web:1.0.0"}]}}}}}
  - {id: box, kind: container, images: [{container: box, ref: registry.example/box, tag: 2.0.0}]}
  - {id: pod, kind: pod, environment: test, object: {apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {containers: [{name: a, image: "registry.example/a:1"}]}}}
changes:
  - {id: first, kind: config, asset: web, author: {id: dev}}
  - {id: swap, kind: image, asset: web, from: {version: 1.0.0}, to: {version: 1.0.1}, author: {id: dev}, requestedBy: {id: bot}, ticket: T-1, commit: {id: 1a2b3c, message: "fix: a slip"}, dependsOn: []}
  - {id: boxed, kind: image, asset: box, from: {version: 2.0.0}, to: {version: 2.0.1}, author: {id: dev}}
  - {id: door, kind: admission, asset: pod, operation: UPDATE, author: {id: dev}, oldObject: {apiVersion: v1, kind: Pod, metadata: {name: pod, labels: {tier: front}}, spec: {containers: []}}}
"#;

#[test]
fn consent_is_to_all_that_a_rule_sees_of_a_change() {
    let folder = Folder::with(&[("in.yaml", BOUND), ("p.rego", "package p\n\nwarn contains \"w\"\n")]);
    let digests = |text: &str| {
        folder.write("in.yaml", text);
        let report = folder.report("in.yaml -p p.rego");
        ["swap", "door", "boxed"].map(|id| report.digest(id))
    };
    let [swap, door, boxed] = digests(BOUND);
    for (from, to) in [
        ("application: shop", "application: shed"),
        ("cluster: eu-1", "cluster: eu-2"),
        ("namespace: front", "namespace: back"),
        ("environment: test, owner", "environment: prod, owner"),
        ("owner: blue", "owner: red"),
        ("branch: main", "branch: other"),
        ("registry.example/web, tag: 1.0.0", "registry.example/web, tag: 1.0.0, platforms: [linux/amd64]"),
        ("from: {version: 1.0.0}", "from: {version: 0.9.0}"),
        ("to: {version: 1.0.1}", "to: {version: 1.0.2}"),
        ("dev}, requestedBy", "ann}, requestedBy"),
        ("{id: bot}", "{id: cron}"),
        ("ticket: T-1", "ticket: T-2"),
        ("id: 1a2b3c", "id: 1a2b3d"),
        ("fix: a slip", "feat!: a slip"),
        ("dependsOn: []", "dependsOn: [first]"),
    ] {
        let other = BOUND.replace(from, to);
        assert_ne!(other, BOUND, "{from}");
        let [other, same, alike] = digests(&other);
        assert!(other != swap && same == door && alike == boxed, "{from} → {to}");
    }
    for (from, to) in [
        ("operation: UPDATE", "operation: CREATE"),
        ("tier: front", "tier: back"),
        ("registry.example/a:1", "registry.example/a:2"),
    ] {
        let [same, other, alike] = digests(&BOUND.replace(from, to));
        assert!(other != door && same == swap && alike == boxed, "{from} → {to}");
    }
    assert_ne!(digests(&BOUND.replace("kind: container", "kind: workload"))[2], boxed);
    // Of an object that is only there, none is: it scales, and the change is the same.
    assert_eq!(digests(&BOUND.replace("replicas: 1", "replicas: 3")), [swap, door, boxed]);
}

#[test]
fn approvals_end() {
    let folder = operator();
    let digest = evaluated(&folder, "").digest(CHANGE);
    let record = |at: &str, expires: &str| {
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Approval\nby: {{id: lead@example}}\nchange: {digest}\nat: {at}\nexpires: {expires}\n"
        )
    };
    for (at, expires, why) in [
        ("2026-11-20T10:00:00Z", "2026-11-20T12:00:01Z", ""),
        ("2026-11-20T10:00:00Z", "2026-11-20T12:00:00Z", "expired"),
        ("2026-11-20T12:01:01Z", "2026-11-21T12:00:00Z", "given later than now"),
        ("2026-11-21T10:00:00Z", "2026-11-20T13:00:00Z", "given later than now"),
        ("2026-11-20T12:00:50Z", "2026-11-20T12:00:40Z", "expires before it was given"),
    ] {
        folder.write("approvals/a.yaml", record(at, expires));
        let why_not = rejected(&folder, &format!("--now {NOW}"));
        assert!(
            if why.is_empty() { why_not == "[]" } else { why_not.contains(why) },
            "{at} {expires}: {why_not}"
        );
    }
    for (text, said) in [
        ("approve sha256:0 --by lead@example", "is not the digest of a change"),
        ("approve nothing --report report.json --by lead@example", "the report has no change `nothing`"),
        (
            "approve drone-app-1.2.1-to-prodction --report report.json --by lead@example",
            "did you mean `drone-app-1.2.1-to-production`?",
        ),
        ("approve SELF --by ' '", "`--by` must say something"),
        (
            "approve SELF --by lead@example --expires 2020-01-01T00:00:00Z",
            "for `--expires` is not ahead of now",
        ),
        ("approve SELF --by lead@example --expires soon", "`soon` is not a time"),
        ("approve SELF --by lead@example --key roles.yaml", "neither a P-256 nor an Ed25519 key"),
        ("approve SELF --by lead@example --key missing.pem", "`missing.pem` cannot be read"),
    ] {
        folder.run("evaluate input --trust-input -o json=report.json");
        let ran = folder.run(&text.replace("SELF", &digest));
        assert_eq!(ran.code, 2, "{text}: {ran:?}");
        assert!(ran.err.contains(said), "{text}: {}", ran.err);
        assert!(ran.out.is_empty());
    }
}

#[test]
fn a_record_that_would_not_count_says_so_when_it_is_written() {
    let folder = operator();
    folder.run("evaluate input --trust-input -o json=report.json");
    let digest = evaluated(&folder, "").digest(CHANGE);
    folder.write("ops.yaml", folder.read("weighlock.yaml"));
    let relaxed = "apiVersion: weighlock.dev/v1\nkind: Config\ntrust: {roles: roles.yaml}\ngovernance: {overrideRole: tech-lead, overrideMaxAge: 2d, waiverMaxAge: 300d}\n";
    folder.write("relaxed.yaml", relaxed);
    let of = format!("{CHANGE} --report report.json");
    let over = "--reason r --ticket T-1";
    let waive = "waive --rule scans.unfixed --scope application=app --owner ann --reason r --ticket T-1";
    let rows = [
        // What is written, under which file; why it would not count, and nothing where it would.
        (format!("approve {of} --by lead@example --key lead.pem"), "ops", ""),
        (format!("approve {of} --by lead@example"), "ops", ""),
        (format!("approve {of} --by lead@example --key rm.pem"), "ops", "signature does not verify"),
        (format!("approve {of} --by lead@example --key lead.pem"), "relaxed", "signature does not verify"),
        (format!("approve {digest} --by stranger@example"), "ops", "has no role"),
        (format!("approve {digest} --by dba@example"), "relaxed", ""),
        (format!("approve {of} --by dba@example"), "relaxed", "holds `dba`, and fills none of the places"),
        (format!("override {digest} --by both@example {over}"), "ops", ""),
        (format!("override {digest} --by lead@example {over}"), "ops", "does not hold the role `incident`"),
        (
            format!("override {digest} --by both@example {over} --expires 25h"),
            "ops",
            "later than 1d from now",
        ),
        (format!("override {digest} --by lead@example {over} --expires 25h"), "relaxed", ""),
        (format!("{waive} --approved-by lead@example --expires 90d"), "ops", ""),
        (format!("{waive} --approved-by lead@example --expires 91d"), "ops", "later than 90d from now"),
        (format!("{waive} --approved-by lead@example --expires 91d"), "relaxed", ""),
        (
            format!("{waive} --approved-by lead@example --expires 1d --key rm.pem"),
            "ops",
            "signature does not verify",
        ),
    ];
    folder.write("roles.yaml", folder.read("roles.yaml") + "dba@example: [dba]\n");
    for (line, file, why) in rows {
        let ran = folder.run(&format!("{line} -c {file}.yaml --out r.yaml"));
        let expected = if why.is_empty() { 0 } else { 10 };
        assert_eq!(ran.code, expected, "{line}: {ran:?}");
        assert!(ran.err.contains("wrote r.yaml"), "{line}: {ran:?}");
        let told = format!("warning[usage]: `{file}.yaml` does not let this ");
        assert_eq!(ran.err.contains(&told), !why.is_empty(), "{line}: {ran:?}");
        assert!(ran.err.contains(why), "{line}: {ran:?}");
    }
    // As `evaluate` finds it, and against nothing where there is none.
    let line = format!("approve {digest} --by stranger@example --out r.yaml");
    assert_eq!(folder.run(&line).code, 10);
    folder.write("weighlock.yaml", "nonsense");
    let ran = folder.run(&line);
    assert!(ran.code == 0 && ran.err.contains("not held against the configuration"), "{ran:?}");
    std::fs::remove_file(folder.path("weighlock.yaml")).unwrap();
    assert_eq!(folder.run(&line).code, 0);
    assert_eq!(folder.run(&format!("{line} -c none.yaml")).code, 2);
    // Whose signature holds and who has no role: not with an input, though where operators put it.
    folder.write("keys.yaml", "dba@example: [lead.pub]\n");
    folder.write("roles.yaml", "lead@example: [tech-lead]\n");
    let ran =
        folder.run(&format!("{waive} --approved-by dba@example --key lead.pem --expires 1d -c ops.yaml"));
    assert!(ran.code == 0 && ran.err.contains("counts only where operators put it"), "{ran:?}");
}

/// Whoever collects facts for operators does not consent for people.
#[test]
fn a_record_among_collected_facts_counts_only_when_it_is_signed() {
    let policy = "package house\n\nimport rego.v1\n\nhold contains {\"msg\": \"a lead\", \"needs\": {\"approval\": {\"role\": \"tech-lead\"}}} if true\n";
    let folder = Folder::with(&[
        ("house.rego", policy),
        ("roles.yaml", "lead@example: [tech-lead]\n"),
        (
            "weighlock.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Config\npolicies: [house.rego]\ntrust: {roles: roles.yaml, inputs: [facts], approvals: approvals}\n",
        ),
        ("facts/none.yaml", "apiVersion: weighlock.dev/v1\nkind: Input\n"),
        (
            "in.yaml",
            "apiVersion: weighlock.dev/v1\nkind: Input\ninventory: [{id: a, kind: workload}]\nchanges: [{id: c, kind: config, asset: a, author: {id: dev@example}}]\n",
        ),
    ]);
    std::fs::create_dir(folder.path("approvals")).unwrap();
    let line = format!("in.yaml facts --config weighlock.yaml --now {NOW}");
    let before = folder.report(&line);
    assert_eq!(verdict(before.decision("c")), "hold");
    let digest = before.digest("c");
    let now: weighlock::model::time::Time = NOW.parse().unwrap();
    let expires = weighlock::model::time::Age::parse("1h").unwrap().after(now);
    let approval = format!(
        "apiVersion: weighlock.dev/v1\nkind: Approval\nby: {{id: lead@example}}\nchange: {digest}\nat: {NOW}\nexpires: {expires}\n"
    );
    folder.write("facts/approval.yaml", &approval);
    assert_eq!(verdict(folder.report(&line).decision("c")), "hold");
    folder.write("approvals/approval.yaml", &approval);
    assert_eq!(verdict(folder.report(&line).decision("c")), "allow");
}
