//! What is measured on: twelve rules in Rego, twelve expressions in CEL, and a fleet of workloads of any
//! size. The same in every run: nothing here is drawn by lot.

use std::fmt::Write as _;
use std::sync::Arc;

use weighlock::decide::governance::Governance;
use weighlock::decide::{Judge, Options, assemble};
use weighlock::diag::Source;
use weighlock::engine::Limits;
use weighlock::facts::input::{self, Document};
use weighlock::facts::merge::{Merged, Part, merge};
use weighlock::model::id::Digest;
use weighlock::model::review::Review;
use weighlock::model::time::Time;
use weighlock::model::trust::Trust;
use weighlock::policy::{self, Bundle, LoadOptions};

/// The time of all decisions.
pub(crate) const NOW: &str = "2026-11-23T10:15:00Z";

macro_rules! rules {
    ($($name:literal $effect:literal)*) => {
        /// The rules: file, what it is asked for, text.
        pub(crate) const RULES: &[(&str, &str, &str)] = &[$((
            concat!($name, ".rego"),
            concat!("data.bench.", $name, ".", $effect),
            include_str!(concat!("../rules/", $name, ".rego")),
        )),*];
    };
}

rules! {
    "age" "hold" "components" "deny" "names" "warn" "non_root" "deny" "pinned" "deny" "privileged" "deny"
    "read_only" "warn" "registries" "deny" "resources" "warn" "scans" "deny" "signed" "deny"
    "update_type" "hold"
}

/// Expressions that say of a review what the rules say, as far as they can.
pub(crate) const EXPRESSIONS: &[&str] = &[
    "input.context.environment != 'production' || input.artifacts.all(a, a.refKind == 'digest')",
    "input.asset.podSpec.containers.all(c, !has(c.securityContext.privileged) || !c.securityContext.privileged)",
    "input.asset.podSpec.containers.all(c, has(c.securityContext.runAsNonRoot) && c.securityContext.runAsNonRoot)",
    "input.asset.podSpec.containers.all(c, has(c.securityContext.readOnlyRootFilesystem) && c.securityContext.readOnlyRootFilesystem)",
    "input.asset.podSpec.containers.all(c, has(c.resources) && has(c.resources.requests) && has(c.resources.limits) && has(c.resources.requests.cpu) && has(c.resources.requests.memory) && has(c.resources.limits.memory))",
    "input.artifacts.all(a, a.ref.startsWith('registry.example/') || a.ref.startsWith('mirror.example/library/'))",
    "input.artifacts.all(a, !a.changed || a.signatures.exists(s, s.status == 'verified' && s.issuer == 'https://git.example' && s.identity.startsWith('https://git.example/foundry/build/')))",
    "input.artifacts.all(a, !has(a.scans) || a.scans.all(s, s.vulnerabilities.all(v, !(v.severity in ['critical', 'high']) || !has(v.fixedVersion) || (has(v.vex) && v.vex in ['not_affected', 'fixed']))))",
    "input.artifacts.all(a, !has(a.sbom) || a.sbom.components.all(c, !['pkg:npm/event-stream@', 'pkg:pypi/pycrypto@', 'pkg:npm/left-pad@', 'pkg:maven/log4j/log4j@'].exists(p, c.startsWith(p))))",
    "input.artifacts.all(a, !a.changed || input.evidence.observations.all(o, o.digest != a.digest || timestamp(o.firstSeen) + duration('72h') <= timestamp(input.context.now)))",
    "input.change.updateType in (input.context.environment == 'production' ? ['none', 'pin', 'digest', 'patch'] : ['none', 'pin', 'digest', 'patch', 'minor'])",
    "has(input.asset.owner) && input.asset.object.metadata.name.matches('^[a-z][a-z0-9-]{1,40}$')",
];

fn load(files: Vec<(String, String)>) -> Bundle {
    let data = serde_json::json!({});
    policy::load(files, data, LoadOptions { tests: false, rego_v0: false }).unwrap()
}

/// The rules in Rego, loaded.
pub(crate) fn rego() -> Bundle {
    load(RULES.iter().map(|(name, _, text)| (format!("bench/{name}"), (*text).to_owned())).collect())
}

/// The expressions in CEL as a policy, loaded.
pub(crate) fn cel() -> Bundle {
    let mut text = "apiVersion: weighlock.dev/v1\nkind: Policy\nmetadata:\n  id: bench.cel\n  title: The rules in CEL\nspec:\n  rules:\n".to_owned();
    for (i, expression) in EXPRESSIONS.iter().enumerate() {
        let _ = write!(
            text,
            "    - id: rule_{i}\n      title: Rule {i}\n      effect: deny\n      severity: low\n      expression: {}\n      message: it does not hold\n",
            serde_json::Value::from(*expression)
        );
    }
    load(vec![("bench/cel.yaml".to_owned(), text)])
}

/// The rules in Rego, ready to judge.
pub(crate) fn judge() -> Judge {
    Judge::new(rego(), Limits::default()).unwrap()
}

/// What a decision depends on beside the rules: nothing.
pub(crate) fn options() -> Options {
    Options {
        now: NOW.parse().unwrap(),
        asserted: true,
        simulated: true,
        enforcement: Vec::new(),
        governance: Governance::default(),
        thresholds: Default::default(),
    }
}

/// From the bytes of an input document to its reviews.
pub(crate) fn reviews(text: String) -> (Merged, Vec<Review>) {
    let options = options();
    let merged = merged(text);
    let reviews = assemble::assemble(&merged, options.now, &options.thresholds, &options.governance.roles);
    (merged, reviews)
}

/// From the bytes of an input document to the input, stamped and checked.
pub(crate) fn merged(text: String) -> Merged {
    let source = Source::new("fleet.json", text);
    let parts = input::read(&source, false)
        .unwrap_or_else(|problem| panic!("{problem:?}"))
        .into_iter()
        .map(|document| match document {
            Document::Input(input, origin) => Part {
                input: *input,
                source: Arc::clone(&source),
                origin,
                trust: Trust::Verified,
                stamped: true,
            },
            _ => unreachable!("the fleet is one input"),
        })
        .collect();
    merge(parts).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The review that small jobs are measured on: an update of a workload with two containers.
pub(crate) fn review() -> Review {
    let (_, reviews) = reviews(fleet(APPLICATIONS));
    reviews.into_iter().find(|review| review.context.environment.as_deref() == Some("production")).unwrap()
}

/// How many applications the workloads of a fleet share.
const APPLICATIONS: usize = 40;

/// A fleet of so many workloads, each to be updated, as one input document: about a kilobyte each.
pub(crate) fn fleet(workloads: usize) -> String {
    let now: Time = NOW.parse().unwrap();
    let environments = ["production", "canary", "test", "dev"];
    let digest = |what: &str, app: usize| Digest::of(format!("{what} {app}").as_bytes());
    let mut out = String::with_capacity(workloads * 1_200 + 100_000);
    out.push_str(r#"{"apiVersion":"weighlock.dev/v1","kind":"Input","context":{"actor":{"id":"ci@foundry.example"}},"inventory":["#);
    let place = |i: usize| (i % APPLICATIONS, environments[i / APPLICATIONS % 4], i / APPLICATIONS / 4);
    for i in 0..workloads {
        let (app, environment, cluster) = place(i);
        let comma = if i == 0 { "" } else { "," };
        let old = digest("old", app);
        // Some are not as they should be, so that rules have something to say.
        let safe = if i % 7 == 3 { "" } else { r#","readOnlyRootFilesystem":true"# };
        let memory = if i % 11 == 5 { "" } else { r#","limits":{"memory":"256Mi"}"# };
        let _ = write!(
            out,
            r#"{comma}{{"id":"c{cluster}/{environment}/app-{app}","kind":"workload","application":"app-{app}","cluster":"c{cluster}","namespace":"apps","environment":"{environment}","owner":"team-{}","images":[{{"container":"app","ref":"registry.example/app-{app}","tag":"1.4.{}","digest":"{old}"}}],"object":{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"app-{app}","labels":{{"team.example/name":"team-{}"}}}},"spec":{{"template":{{"spec":{{"containers":[{{"name":"app","image":"registry.example/app-{app}:1.4.{}","resources":{{"requests":{{"cpu":"100m","memory":"128Mi"}}{memory}}},"securityContext":{{"runAsNonRoot":true{safe}}}}},{{"name":"proxy","image":"registry.example/proxy:1.30.1","securityContext":{{"runAsNonRoot":true}}}}]}}}}}}}}}}"#,
            app % 9,
            app % 5,
            app % 9,
            app % 5,
        );
    }
    out.push_str(r#"],"changes":["#);
    for i in 0..workloads {
        let (app, environment, cluster) = place(i);
        let comma = if i == 0 { "" } else { "," };
        let (old, new) = (digest("old", app), digest("new", app));
        let (from, to) = (
            format!("1.4.{}", app % 5),
            if i % 13 == 6 { "1.5.0".to_owned() } else { format!("1.4.{}", app % 5 + 1) },
        );
        let _ = write!(
            out,
            r#"{comma}{{"id":"u{i}","kind":"image","asset":"c{cluster}/{environment}/app-{app}","from":{{"version":"{from}","digest":"{old}","container":"app"}},"to":{{"version":"{to}","digest":"{new}","container":"app"}},"author":{{"id":"updater@foundry.example"}}}}"#
        );
    }
    out.push_str(r#"],"#);
    evidence(&mut out, now, &digest);
    out.push('}');
    out
}

/// What is known about the applications' images, old and new.
fn evidence(out: &mut String, now: Time, digest: &dyn Fn(&str, usize) -> Digest) {
    let mut list = |name: &str, item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..APPLICATIONS).map(item).collect();
        let _ = write!(out, r#""{name}":[{}],"#, items.join(","));
    };
    list("sboms", &|app| {
        let components: Vec<String> = (0..16)
            .map(|k| format!(r#""pkg:deb/debian/library-{}@1.{}.{k}""#, (app + k * 7) % 90, app % 6))
            .collect();
        format!(
            r#"{{"subject":"{}","format":"cyclonedx-1.6","components":[{}],"observedAt":"{now}"}}"#,
            digest("new", app),
            components.join(",")
        )
    });
    out.push_str(r#""evidence":{"#);
    let mut list = |name: &str, item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..APPLICATIONS).map(item).collect();
        let comma = if name == "signatures" { "" } else { "," };
        let _ = write!(out, r#"{comma}"{name}":[{}]"#, items.join(","));
    };
    list("signatures", &|app| {
        format!(
            r#"{{"subject":"{}","status":"verified","identity":"https://git.example/foundry/build/.tekton/release.yaml@refs/heads/main","issuer":"https://git.example","observedAt":"{now}"}}"#,
            digest("new", app)
        )
    });
    list("scans", &|app| {
        let scan = |which: &str, extra: &str| {
            format!(
                r#"{{"subject":"{}","scanner":"trivy","vulnerabilities":[{{"id":"CVE-2026-{}","package":"openssl","severity":"medium","fixedVersion":"3.0.17"}},{{"id":"CVE-2026-{}","package":"zlib","severity":"high","fixedVersion":"1.3.2","vex":"not_affected"}}{extra}],"observedAt":"{now}"}}"#,
                digest(which, app),
                1000 + app,
                2000 + app
            )
        };
        let gone = format!(
            r#",{{"id":"CVE-2026-{}","package":"curl","severity":"critical","fixedVersion":"8.9.1"}}"#,
            3000 + app
        );
        // In every ninth application something is still there that could have been fixed.
        let still = if app % 9 == 4 { gone.as_str() } else { "" };
        format!("{},{}", scan("old", &gone), scan("new", still))
    });
    list("observations", &|app| {
        let tag = |patch: usize| format!("registry.example/app-{app}:1.4.{patch}");
        let seen = if app % 8 == 2 { "2026-11-22T04:00:00Z" } else { "2026-11-13T04:00:00Z" };
        format!(
            r#"{{"ref":"{}","platform":"linux/amd64","digest":"{}","firstSeen":"{seen}","observedAt":"{now}"}},{{"ref":"registry.example/app-{app}:1.5.0","platform":"linux/amd64","digest":"{}","firstSeen":"{seen}","observedAt":"{now}"}}"#,
            tag(app % 5 + 1),
            digest("new", app),
            digest("new", app)
        )
    });
    list("gates", &|app| {
        format!(
            r#"{{"subject":"{}","environment":"test","name":"smoke","status":"passed","observedAt":"{now}"}}"#,
            digest("new", app)
        )
    });
    list("deployments", &|app| {
        format!(
            r#"{{"application":"app-{app}","environment":"canary","digest":"{}","since":"2026-11-18T20:00:00Z","verified":true,"observedAt":"{now}"}}"#,
            digest("new", app)
        )
    });
    out.push('}');
}
