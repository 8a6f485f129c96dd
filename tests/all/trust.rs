//! Trust, as whoever proposes a change would try to get around it: a document is a claim.

use serde_json::{Value, json};
use weighlock::facts::key::PrivateKey;
use weighlock::facts::signature::pae;

use super::support::{Folder, INPUT, NOW, base64, findings, key, verdict};

const SUBJECT: &str = "sha256:35d3cf8414e8698524d1d5878ca14918a06a893e1d70445330f249c351314bdb";
const OTHER: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// An image that changes, with what is claimed of it.
fn document(change: &str, evidence: &str) -> String {
    format!(
        "{INPUT}inventory:
  - {{id: a, kind: workload, application: app, environment: test, images: [{{container: c, ref: r.example/app, tag: 1.0.0, digest: \"{OTHER}\"}}], observedAt: 2026-11-20T10:00:00Z}}
changes:
  - {{id: c, kind: image, asset: a, from: {{version: 1.0.0, digest: \"{OTHER}\"}}, to: {{version: 1.0.1, digest: \"{SUBJECT}\"}}, author: {{id: dev}}{change}}}
{evidence}"
    )
}

const CONFIG: &str = "apiVersion: weighlock.dev/v1\nkind: Config\n";

const SCANS: &str = "# METADATA\n# custom:\n#   requires: [evidence.scans]\npackage scans\n\ndeny contains v.id if some v in input.artifacts[_].scans[_].vulnerabilities\n";

fn scan(at: &str) -> String {
    format!(
        "evidence: {{scans: [{{subject: \"{SUBJECT}\", scanner: trivy, vulnerabilities: [], observedAt: {at}}}]}}\n"
    )
}

const FRESH: &str = "2026-11-20T11:00:00Z";

#[test]
fn what_only_weighlock_may_say_changes_no_verdict() {
    // What is written into the document, or, after a comma, into the change; by the code that refuses it.
    let unknown = [
        ", updateType: patch",
        ", fixes: [{id: CVE-2026-1, severity: critical}]",
        ", digest: OTHER",
        ", verdict: allow",
        "now: 2020-01-01T00:00:00Z",
        "context: {now: 2020-01-01T00:00:00Z}",
        "context: {environment: dev}",
        "context: {actor: {id: dev, roles: [lead]}}",
        "roles: {dev: [lead]}",
        "trust: {clock: system}",
        "waivers: []",
        "evidence: {waivers: []}",
        "evidence: {signatures: [{subject: SUBJECT, verified: true}]}",
        "evidence: {approvals: [{by: {id: l}, change: SUBJECT, TIMES, role: lead}]}",
        "evidence: {approvals: [{by: {id: l, roles: [lead]}, change: SUBJECT, TIMES}]}",
    ];
    let forged = [
        "evidence: {scans: [{subject: SUBJECT, scanner: x, vulnerabilities: [], trust: verified}]}",
        "evidence: {scans: [{subject: SUBJECT, scanner: x, vulnerabilities: [], trust: operator}]}",
        "evidence: {signatures: [{subject: SUBJECT, status: verified}]}",
        "evidence: {signatures: [{subject: SUBJECT, identity: release}]}",
        "evidence: {signatures: [{subject: SUBJECT, issuer: me}]}",
        "evidence: {signatures: [{subject: SUBJECT, reason: none}]}",
        "evidence: {attestations: [{subject: SUBJECT, predicateType: slsa}]}",
        "evidence: {attestations: [{subject: SUBJECT, predicate: {}}]}",
        "evidence: {attestations: [{subject: SUBJECT, status: verified}]}",
    ];
    let folder = Folder::with(&[("p.rego", SCANS)]);
    let unknown = unknown.map(|said| ("input.unknown-field", said));
    for (code, said) in unknown.into_iter().chain(forged.map(|said| ("input.forged", said))) {
        let said = said
            .replace("SUBJECT", &format!("\"{SUBJECT}\""))
            .replace("OTHER", &format!("\"{OTHER}\""))
            .replace("TIMES", "at: 2026-11-20T11:00:00Z, expires: 2027-01-01T00:00:00Z");
        let (change, evidence) =
            if said.starts_with(',') { (said, String::new()) } else { (String::new(), said + "\n") };
        for config in ["", "-c weighlock.yaml"] {
            // Even where operators vouch for the file: they do not check signatures by hand.
            folder.write("weighlock.yaml", format!("{CONFIG}trust: {{inputs: [in]}}\n"));
            folder.write("in/in.yaml", document(&change, &evidence));
            let ran = folder.run(&format!("evaluate in {config} -p p.rego"));
            assert_eq!(ran.code, 2, "{change} {evidence}: {ran:?}");
            assert!(ran.err.contains(code), "{change} {evidence}: {}", ran.err);
            assert!(ran.err.contains("in/in.yaml:"), "{}", ran.err);
            assert!(ran.out.is_empty());
        }
    }
}

#[test]
fn a_claimed_scan_is_unknown_and_the_operators_counts() {
    let folder = Folder::with(&[("p.rego", SCANS), ("weighlock.yaml", CONFIG)]);
    folder.write("change.yaml", document("", ""));
    folder.write("scans/scan.yaml", format!("{INPUT}{}", scan(FRESH)));
    let line = format!("change.yaml scans -p p.rego --now {NOW}");
    let claimed = folder.report(&line);
    assert_eq!((claimed.code, verdict(claimed.one())), (13, "indeterminate"));
    assert_eq!(claimed.one()["unknown"][0]["reason"], "distrusted");
    assert_eq!(claimed.one()["unknown"][0]["requiredBy"], json!(["scans"]));
    let asserted = folder.report(&format!("{line} --trust-input"));
    assert_eq!((asserted.code, &asserted.report["asserted"]), (0, &json!(true)));
    folder.write("weighlock.yaml", format!("{CONFIG}trust: {{inputs: [scans]}}\n"));
    let vouched = folder.report(&line);
    assert_eq!((vouched.code, &vouched.report["asserted"]), (0, &json!(false)));
    // A link from the operator's folder to where others write is not the operator's.
    folder.write("elsewhere.yaml", format!("{INPUT}{}", scan(FRESH)));
    std::fs::remove_file(folder.path("scans/scan.yaml")).unwrap();
    std::os::unix::fs::symlink(folder.path("elsewhere.yaml"), folder.path("scans/scan.yaml")).unwrap();
    assert_eq!(folder.run(&format!("evaluate {line}")).code, 2);
    assert_eq!(folder.report(&format!("change.yaml scans/scan.yaml -p p.rego --now {NOW}")).code, 13);
    // And a name that merely begins like the operator's is another.
    folder.write("scans2/scan.yaml", format!("{INPUT}{}", scan(FRESH)));
    assert_eq!(folder.report(&format!("change.yaml scans2 -p p.rego --now {NOW}")).code, 13);
}

#[test]
fn what_is_believed_and_not_read_is_told() {
    let folder = Folder::with(&[("p.rego", SCANS), ("ops/sboms/.keep", "")]);
    folder.write("ops/weighlock.yaml", format!("{CONFIG}trust: {{inputs: [../facts, sboms]}}\n"));
    folder.write("change.yaml", document("", ""));
    folder.write("facts/scan.yaml", format!("{INPUT}{}", scan(FRESH)));
    let line = format!("-p p.rego -c ops/weighlock.yaml --now {NOW}");
    let told = |more: &str| {
        let ran = folder.run(&format!("evaluate change.yaml {more} {line}"));
        let about = ran.err.lines().filter(|line| line.contains("`trust.inputs` lists"));
        (ran.code, about.map(|line| line.split('`').nth(1).unwrap().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(told(""), (13, vec!["facts".to_owned(), "ops/sboms".to_owned()]));
    assert_eq!(told("facts"), (0, vec!["ops/sboms".to_owned()]));
    // One that is named and holds nothing is an error.
    assert_eq!(told("facts ops/sboms").0, 2);
    assert_eq!(told("--trust-input").1, Vec::<String>::new());
}

#[test]
fn too_old_too_new_and_undated() {
    let folder = Folder::with(&[("p.rego", SCANS)]);
    folder.write(
        "weighlock.yaml",
        format!("{CONFIG}trust: {{inputs: [in], facts: {{evidence.scans: {{maxAge: 24h}}}}}}\n"),
    );
    for (at, reason) in [
        (FRESH, None),
        ("2026-11-19T12:00:00Z", None),
        ("2026-11-19T11:59:59Z", Some("stale")),
        ("2026-11-20T12:01:00Z", None),
        ("2026-11-20T12:01:01Z", Some("future")),
        ("2126-11-20T12:00:00Z", Some("future")),
    ] {
        folder.write("in/in.yaml", document("", &scan(at)));
        let report = folder.report(&format!("in -p p.rego --now {NOW}"));
        assert_eq!(report.one()["unknown"][0]["reason"].as_str(), reason, "{at}");
        assert_eq!(report.code, if reason.is_some() { 13 } else { 0 });
        // Trusting the input does not make it any younger.
        let asserted = folder.report(&format!("in -p p.rego --now {NOW} --trust-input"));
        assert_eq!(asserted.code, report.code);
    }
    folder.write("in/in.yaml", document("", &scan(FRESH).replace(", observedAt: 2026-11-20T11:00:00Z", "")));
    let report = folder.report(&format!("in -p p.rego --now {NOW}"));
    assert_eq!(report.one()["unknown"][0]["reason"], "undated");
}

#[test]
fn an_asset_that_a_clock_hides_is_said_before_what_follows_from_it() {
    let folder = Folder::with(&[("in.yaml", &document("", "").replace("2026-11-20T10", "2036-11-20T10"))]);
    let report = folder.report(&format!("in.yaml --trust-input -p builtin:updates --now {NOW}"));
    let found = report.one()["findings"].as_array().unwrap();
    assert_eq!(found[0]["rule"], "weighlock.asset", "{found:?}");
    assert!(found[0]["message"].as_str().unwrap().contains("observed later than now"));
    // What the asset says of itself is not known for the same reason.
    let all = report.one()["unknown"].as_array().unwrap();
    let place: Vec<_> = all.iter().filter(|unknown| unknown["fact"] == "context.environment").collect();
    assert_eq!((place.len(), &place[0]["reason"]), (1, &json!("future")), "{all:?}");
    assert!(!report.report.to_string().contains("with `--environment`"), "{found:?}");
}

#[test]
fn a_stricter_rule_sees_less_than_another() {
    let strict = SCANS.replace("package scans", "package strict").replace(
        "requires: [evidence.scans]",
        "requires: [{fact: evidence.scans, trust: verified, maxAge: 1h}]",
    );
    let folder = Folder::with(&[("p/scans.rego", SCANS), ("p/strict.rego", &strict)]);
    folder.write("weighlock.yaml", format!("{CONFIG}trust: {{inputs: [in]}}\n"));
    folder.write(
        "in/in.yaml",
        document(
            "",
            &scan(FRESH).replace(
                "vulnerabilities: []",
                "vulnerabilities: [{id: CVE-2026-1, package: 'pkg:deb/a@1', severity: high}]",
            ),
        ),
    );
    let report = folder.report(&format!("in -p p --now {NOW}"));
    assert_eq!(findings(report.one()), ["deny scans", "indeterminate strict"]);
    assert_eq!(report.one()["unknown"][0]["requiredBy"], json!(["strict"]));
}

#[test]
fn what_was_asserted_or_simulated_says_so_and_is_never_executed() {
    let policy = "package p\n\ndeny contains \"it\" if input.change.id == \"other\"\n\naction contains {\"id\": \"tell\", \"kind\": \"notify.webhook/v1\", \"with\": {\"to\": {\"env\": \"HOOK\"}}}\n";
    let folder = Folder::with(&[("p.rego", policy)]);
    folder.write("in.yaml", document("", ""));
    let plain = folder.report("in.yaml -p p.rego");
    assert_eq!(
        (&plain.report["asserted"], &plain.report["simulated"]),
        (&json!(false), &json!(false)),
        "{plain:?}"
    );
    let executable = |report: &Value| report["decisions"][0]["plan"]["executable"].clone();
    assert_eq!(executable(&plain.report), json!(true), "{plain:?}");
    for flags in ["--trust-input", "--now 2026-11-20T12:00:00Z", "--trust-input --now 2026-11-20T12:00:00Z"] {
        let report = folder.report(&format!("in.yaml -p p.rego {flags}"));
        assert_eq!(report.report["asserted"], json!(flags.contains("trust")));
        assert_eq!(report.report["simulated"], json!(flags.contains("now")));
        assert_eq!(executable(&report.report), json!(false), "{flags}");
        assert_eq!(report.one()["asserted"], json!(flags.contains("trust")));
    }
}

#[test]
fn the_operators_file_is_never_the_inputs() {
    let folder = Folder::with(&[("p.rego", "package p\n\ndeny contains \"no\"\n")]);
    let relaxed = format!("{CONFIG}policies: [../p.rego]\nenforcement: [{{rules: ['*'], mode: warn}}]\n");
    folder.write("in/in.yaml", document("", ""));
    folder.write("in/weighlock.yaml", &relaxed);
    // Beside the input it is passed over …
    assert_eq!(folder.run("evaluate in -p p.rego").code, 10);
    // … and so it is where the command is started there.
    for input in [".", "../in", "in.yaml ."] {
        let output = folder
            .command(&["evaluate", "-p", "../p.rego"])
            .args(input.split(' '))
            .current_dir(folder.path("in"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(10), "{input}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("is not believed"), "{output:?}");
    }
    // A link to it is no way around.
    std::os::unix::fs::symlink("in/weighlock.yaml", folder.path("weighlock.yaml")).unwrap();
    let ran = folder.run("evaluate in -p p.rego");
    assert_eq!(ran.code, 10);
    assert!(ran.err.contains("is not believed"), "{}", ran.err);
    // One that leads nowhere is an error, not a configuration that is not there.
    std::fs::remove_file(folder.path("weighlock.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere.yaml", folder.path("weighlock.yaml")).unwrap();
    let ran = folder.run("evaluate in -p p.rego");
    assert!(ran.code == 2 && ran.err.contains("`weighlock.yaml` cannot be read"), "{ran:?}");
    std::fs::remove_file(folder.path("weighlock.yaml")).unwrap();
    std::fs::create_dir(folder.path("weighlock.yaml")).unwrap();
    assert_eq!(folder.run("evaluate in -p p.rego").code, 2);
    std::fs::remove_dir(folder.path("weighlock.yaml")).unwrap();
    // Named, it counts: whoever names it is the operator.
    assert_eq!(folder.run("evaluate in -c in/weighlock.yaml").code, 0);
    // And it is no input.
    let ran = folder.run("evaluate in/weighlock.yaml -p p.rego");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--config"), "{}", ran.err);
}

#[test]
fn the_operators_trust_must_be_written_right() {
    let folder = Folder::with(&[("p.rego", SCANS)]);
    folder.write("in.yaml", document("", ""));
    for (trust, said) in [
        ("facts: {evidence.scan: {maxAge: 1h}}", "did you mean `evidence.scans`?"),
        ("facts: {evidence.scans: {maxage: 1h}}", "did you mean `maxAge`?"),
        ("facts: {evidence.scans: {maxAge: soon}}", "soon"),
        ("facts: {change.ticket: {trust: verified}}", "carries no trust"),
        ("facts: {change.author: {trust: operator, maxAge: 1h}}", "carries no age"),
        ("clock: ntp", "system"),
        ("roles: missing.yaml", "missing.yaml"),
        ("inputs: [missing]", "missing"),
        ("waivers: missing", "missing"),
        ("signers: [{identity: me}]", "issuer"),
        ("signers: [{identity: me, issuer: i, key: k}]", "issuer"),
        ("sigers: []", "did you mean `signers`?"),
    ] {
        folder.write("weighlock.yaml", format!("{CONFIG}trust:\n  {trust}\n"));
        let ran = folder.run("evaluate in.yaml -p p.rego");
        assert_eq!(ran.code, 2, "{trust}: {ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains("weighlock.yaml:"), "{trust}: {}", ran.err);
    }
}

/// A DSSE envelope around an in-toto statement, signed.
fn envelope(pem: &str, subject: &str) -> Value {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": subject.trim_start_matches("sha256:")}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    })
    .to_string();
    let kind = "application/vnd.in-toto+json";
    let key = PrivateKey::parse(pem).unwrap();
    json!({
        "payload": base64(statement.as_bytes()),
        "payloadType": kind,
        "signatures": [{"sig": base64(&key.sign(&pae(kind, statement.as_bytes())))}],
    })
}

#[test]
fn signatures_are_checked_by_weighlock_itself() {
    let (private, public) = key(7);
    let (stranger, _) = key(8);
    let folder = Folder::new();
    folder.write("release.pub", &public);
    folder.write(
        "weighlock.yaml",
        format!("{CONFIG}trust: {{signers: [{{identity: release, key: release.pub}}]}}\n"),
    );
    let input = |bundle: Option<Value>, subject: &str| {
        let bundle = bundle.map_or_else(String::new, |b| format!(", bundle: '{b}'"));
        document("", &format!("evidence: {{signatures: [{{subject: \"{subject}\"{bundle}}}]}}\n"))
    };
    let good = envelope(&private, SUBJECT);
    let mut altered = good.clone();
    altered["payload"] = base64(br#"{"_type":"https://in-toto.io/Statement/v1"}"#).into();
    let mut other_type = good.clone();
    other_type["payloadType"] = "application/json".into();
    let mut unsigned = good.clone();
    unsigned["signatures"] = json!([]);
    let mut keyless = json!({"dsseEnvelope": envelope(&stranger, SUBJECT)});
    keyless["verificationMaterial"] = json!({"certificate": {"rawBytes": "AAAA"}});
    let bundled = json!({"dsseEnvelope": good.clone(), "verificationMaterial": {}});
    let rows = [
        ("signed", Some(good.clone()), SUBJECT, "allow", None),
        ("in a bundle", Some(bundled), SUBJECT, "allow", None),
        ("for another subject", Some(envelope(&private, OTHER)), SUBJECT, "deny", Some("subject-mismatch")),
        ("by another key", Some(envelope(&stranger, SUBJECT)), SUBJECT, "deny", Some("untrusted-signer")),
        ("altered", Some(altered), SUBJECT, "deny", Some("untrusted-signer")),
        ("of another type", Some(other_type), SUBJECT, "deny", Some("payload-type-unsupported")),
        ("without a signature", Some(unsigned), SUBJECT, "deny", Some("no-signature")),
        ("by a certificate", Some(keyless), SUBJECT, "deny", Some("certificate-unsupported")),
        ("not JSON", Some(json!("nonsense")), SUBJECT, "deny", Some("unreadable")),
        // Material for the old digest says nothing about the new one.
        ("about what was there", Some(envelope(&private, OTHER)), OTHER, "indeterminate", None),
        ("claimed without material", None, SUBJECT, "indeterminate", None),
    ];
    for (what, bundle, subject, expected, reason) in rows {
        folder.write("in.yaml", input(bundle, subject));
        let run = folder.run("evaluate in.yaml -p builtin:supply-chain --decision-out out");
        let record = std::fs::read_dir(folder.path("out")).unwrap().next().unwrap().unwrap().path();
        let record: Value = serde_json::from_str(&std::fs::read_to_string(&record).unwrap()).unwrap();
        std::fs::remove_dir_all(folder.path("out")).unwrap();
        let own: Vec<&str> = record["decision"]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["rule"] == "signatures.trusted")
            .map(|f| f["effect"].as_str().unwrap())
            .collect();
        let expected: &[&str] = if expected == "allow" { &[] } else { &[expected] };
        assert_eq!(own, expected, "{what}: {run:?}");
        let found = record["review"]["artifacts"][0]["signatures"][0]["reason"].as_str();
        assert_eq!(found, reason, "{what}");
    }
    // Without signers nobody is trusted, whatever the input brings.
    folder.write("weighlock.yaml", CONFIG);
    folder.write("in.yaml", input(Some(good), SUBJECT));
    let report = folder.report("in.yaml -p builtin:supply-chain");
    assert!(findings(report.one()).contains(&"deny signatures.trusted".to_owned()));
}

#[test]
fn what_the_command_line_says_of_an_environment_holds_for_a_promotion_too() {
    let promotion = "{id: c, kind: promotion, asset: a, promotion: {from: dev, to: test}, to: {version: v2}}";
    let folder = Folder::new();
    folder
        .write("in.yaml", format!("{INPUT}inventory: [{{id: a, kind: workload}}]\nchanges: [{promotion}]\n"));
    let ran = folder.run("evaluate in.yaml --environment production");
    assert!(ran.code == 2 && ran.err.contains("promotes to `test`"), "{ran:?}");
}

/// What is not known of the thing itself, of what runs in it, or of when nothing was found.
#[test]
fn what_nobody_vouches_for_never_allows() {
    let policy = |id: &str, more: &str| {
        let rules = "rules: [{id: yes, effect: deny, expression: 'true', message: no}]";
        format!(
            "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata: {{id: {id}}}\nspec:\n  {more}{rules}\n"
        )
    };
    let folder = Folder::with(&[(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: none}]\n  volumes: [{name: v, image: {reference: 'r.example/evil:latest'}}]\n",
    )]);
    folder.write(
        "ops.yaml",
        format!("{CONFIG}policies: [p]\ntrust: {{facts: {{inventory: {{trust: operator}}}}}}\n"),
    );
    folder.write("p/quiet.yaml", policy("quiet", ""));
    folder.write("q/fresh.yaml", policy("fresh", "requires: {evidence.migrations: {maxAge: 1h}}\n  "));
    folder.write(
        "in.yaml",
        format!(
            "{INPUT}inventory: [{{id: a, kind: release}}]\nchanges: [{{id: c, kind: chart, asset: a}}]\nevidence: {{migrations: []}}\n"
        ),
    );
    let distrusted = folder.report("in.yaml --config ops.yaml");
    assert_eq!(distrusted.code, 13);
    assert!(distrusted.decision("c")["findings"].to_string().contains("weighlock.asset"));
    assert_eq!(folder.report("in.yaml --trust-input -p p").code, 0);
    // An empty list carries no date, and a rule that demands one is not served by it.
    let undated = folder.report("in.yaml --trust-input -p q");
    assert_eq!((undated.code, undated.decision("c")["unknown"][0]["reason"].as_str()), (13, Some("undated")));
    // A container without an image, and an image behind a volume, are pinned by nothing.
    let pod = folder.run("evaluate pod.yaml -p builtin:hardening --environment production -o json");
    assert_eq!(pod.code, 10);
    assert_eq!(pod.out.matches("is not pinned by digest").count(), 2, "{}", pod.out);
    // A change of an image that brings none changes nothing that could be judged.
    for (kind, to) in [
        ("image", ""),
        ("image", ", to: {container: c}"),
        ("image", ", to: {version: ' '}"),
        ("promotion", ", promotion: {from: dev, to: test}"),
        ("base_image", ""),
    ] {
        let change = format!("{{id: c, kind: {kind}, asset: a{to}}}");
        folder.write(
            "nothing.yaml",
            format!("{INPUT}inventory: [{{id: a, kind: workload}}]\nchanges: [{change}]\n"),
        );
        let nothing = folder.run("evaluate nothing.yaml --trust-input -p builtin:supply-chain");
        assert!(
            nothing.code == 2 && nothing.err.contains("must say under `to` what it brings"),
            "{nothing:?}"
        );
    }
}

/// The rules of an image are not got around by another name for the change, the asset or the image.
#[test]
fn a_swap_of_what_runs_is_judged_as_one() {
    let folder = Folder::with(&[("weighlock.yaml", CONFIG)]);
    let image = document("", "");
    let to = format!("to: {{version: 1.0.1, digest: \"{SUBJECT}\"}}");
    assert!(image.contains(&to));
    let swap = |kind: &str, more: &str| {
        let renamed = image.replace("kind: image", &format!("kind: {kind}"));
        renamed.replace(&to, &to.replace("to: {", &format!("to: {{{more}")))
    };
    let no_from =
        |text: String| text.replace(&format!("from: {{version: 1.0.0, digest: \"{OTHER}\"}}, "), "");
    let release = |text: String| text.replace("kind: workload", "kind: release");
    let (conflict, invalid) = ("input.conflict", "input.invalid");
    let pinned = format!("ref: \"r.example/app@{SUBJECT}\",");
    let rows = [
        (conflict, "does not fit `a`, which is a `workload`", vec![swap("chart", "")]),
        (conflict, "does not fit `a`", vec![swap("migration", "").replace("kind: workload", "kind: pod")]),
        (
            invalid,
            "the package URL of a package",
            vec![
                swap("dependency", ""),
                swap("dependency", "ref: r.example/app, "),
                no_from(swap("dependency", "ref: 'pkg:oci/app', ")),
                no_from(swap("dependency", "ref: 'pkg://Docker/app', ")),
            ],
        ),
        (invalid, "must be named under `to`", vec![swap("base_image", ""), swap("base_image", "ref: '', ")]),
        (
            conflict,
            "`to` names an image that `a` runs",
            vec![
                no_from(swap("base_image", "ref: r.example/app, ")),
                no_from(swap("base_image", "ref: 'r.example/app:1.0.1', ")),
                release(no_from(swap("chart", "ref: r.example/app, "))),
            ],
        ),
        (
            conflict,
            "`from` names an image that `a` runs",
            vec![swap("base_image", "ref: r.example/base, "), release(swap("chart", ""))],
        ),
        (
            invalid,
            "`container` belongs to an image",
            vec![
                no_from(swap("base_image", "ref: r.example/b, container: c, ")),
                release(no_from(swap("chart", "container: c, "))),
            ],
        ),
        (
            invalid,
            "`to` belongs to what brings an image",
            vec![swap("config", ""), swap("admission", ""), swap("migration", "")],
        ),
        (
            conflict,
            "the `ref` of `to` says another version or digest",
            vec![
                swap("image", &format!("ref: \"r.example/evil@{OTHER}\", ")),
                swap("image", "ref: \"r.example/app:2.0.0\", "),
            ],
        ),
        (
            conflict,
            "another tag or digest than it names",
            vec![swap("image", "").replace("ref: r.example/app,", &pinned)],
        ),
        (
            invalid,
            "`from` belongs to what brings an image",
            vec![swap("config", "").replace(&format!(", {to}"), "")],
        ),
    ];
    let rows =
        rows.into_iter().flat_map(|(code, said, texts)| texts.into_iter().map(move |t| (code, said, t)));
    for (code, said, text) in rows {
        folder.write("in.yaml", &text);
        let ran = folder.run("evaluate in.yaml");
        assert!(ran.code == 2 && ran.out.is_empty(), "{text}: {ran:?}");
        // In one line again, as it was before it was wrapped.
        let err = ran.err.replace("\n  │ ", " ");
        assert!(err.contains(code) && err.contains(said) && err.contains("help:"), "{text}: {err}");
    }
    // What is what it says still goes its way.
    for text in [
        image.clone(),
        no_from(swap("base_image", "ref: r.example/base, ")),
        no_from(swap("dependency", "ref: 'pkg:npm/lodash', ")),
        release(no_from(swap("chart", ""))),
        release(no_from(swap("chart", "ref: 'oci://r.example/charts/app', "))),
        no_from(swap("config", "")).replace(&format!(", {to}"), ""),
    ] {
        folder.write("in.yaml", &text);
        let ran = folder.run("evaluate in.yaml");
        assert_ne!(ran.code, 2, "{text}: {ran:?}");
    }
}

/// Who made a change is a claim as well, and operators may ask for more.
#[test]
fn nobody_approves_what_has_no_author_that_is_trusted() {
    let folder = Folder::with(&[
        (
            "p/wait.rego",
            "package wait\n\nhold contains {\"msg\": \"wait\", \"needs\": {\"approval\": {\"role\": \"lead\", \"count\": 1}}}\n",
        ),
        ("roles.yaml", "boss: [lead]\n"),
    ]);
    for name in ["approvals", "overrides"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    let config = |facts: &str| {
        folder.write(
            "weighlock.yaml",
            format!("{CONFIG}policies: [p]\ngovernance: {{overrideRole: lead}}\ntrust: {{roles: roles.yaml, approvals: approvals, overrides: overrides, inputs: [pipeline], facts: {{{facts}}}}}\n"),
        );
    };
    let change = document(", requestedBy: {id: asker}", "");
    folder.write("in.yaml", &change);
    folder.write("pipeline/in.yaml", &change);
    config("");
    let digest = folder.report("in.yaml").digest("c");
    assert_eq!(folder.run(&format!("approve {digest} --by boss --out approvals/a.yaml")).code, 0);
    assert_eq!(folder.report("in.yaml").code, 0);
    config("change.author: {trust: operator}");
    let report = folder.report("in.yaml");
    let decision = report.one();
    assert_eq!(report.code, 11);
    // Whoever it is, the change is the same.
    assert_eq!(report.digest("c"), digest);
    assert_eq!(findings(decision), ["hold wait", "hold weighlock.author"]);
    assert_eq!(
        decision["unknown"],
        json!([{"fact": "change.author", "subject": "c", "reason": "distrusted"}])
    );
    assert!(decision["missing"].to_string().contains("change.author"));
    assert!(decision["change"]["author"].is_null());
    let rejected = decision["governance"]["rejected"].to_string();
    assert!(rejected.contains("`trust.facts`") && rejected.contains("`trust.inputs`"), "{rejected}");
    let text = folder.run("evaluate in.yaml").out;
    assert!(text.contains("`trust.facts`") && text.contains("`trust.inputs`"), "{text}");
    // Where operators say it too, it is known; where they say otherwise, the two disagree.
    assert_eq!(folder.report("pipeline").code, 0);
    assert_eq!(folder.report("in.yaml pipeline").code, 0);
    folder.write("in.yaml", change.replace("{id: dev}", "{id: somebody}"));
    let ran = folder.run("evaluate in.yaml pipeline");
    assert!(ran.code == 2 && ran.err.contains("input.conflict"), "{ran:?}");
    // No override helps, and a rule that requires the author cannot be judged.
    folder.write("in.yaml", &change);
    std::fs::remove_file(folder.path("approvals/a.yaml")).unwrap();
    folder.run(&format!("override {digest} --by boss --reason down --ticket T --out overrides/o.yaml"));
    assert_eq!(folder.report("in.yaml").code, 11);
    config("");
    assert_eq!(folder.report("in.yaml").code, 0);
    config("change.author: {trust: operator}");
    folder.write("p/who.rego", "# METADATA\n# custom:\n#   requires: [change.author]\npackage who\n\ndeny contains \"x\" if input.change.author.id == \"x\"\n");
    let report = folder.report("in.yaml");
    assert_eq!((report.code, &report.one()["unknown"][0]["requiredBy"]), (13, &json!(["who"])));
}
