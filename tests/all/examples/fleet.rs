//! The fleet of the example `rebuild`: what lies in its `facts` and `proposal` is written from its table.
//!
//! Which applications a new building block concerns is read from what their images are made of, as a
//! watchdog would: from the bill of materials of what runs in test.

use std::fmt::Write as _;

use weighlock::model::id::Digest;

use super::signed;
use crate::repository;
use crate::support::key;

const FOLDER: &str = "examples/rebuild";
const REGISTRY: &str = "registry.city.example";
/// When collectors looked.
const SEEN: &str = "2026-11-20T09:50:00Z";
/// The key of the build, which guards nothing.
const BUILD: u8 = 72;

/// An application, as a line of the table has it.
struct App<'a> {
    name: &'a str,
    owner: &'a str,
    namespace: &'a str,
    block: &'a str,
    block_version: &'a str,
    version: &'a str,
    rebuilt: bool,
    packages: Vec<String>,
}

/// A commit to the repository of building blocks, and what came of it.
struct Commit {
    block: &'static str,
    from: &'static str,
    to: &'static str,
    id: &'static str,
    message: &'static str,
    /// The advisory that it fixes, and whether that is exploited.
    fixes: Option<(&'static str, &'static str, bool)>,
    first_seen: &'static str,
}

const COMMITS: &[Commit] = &[
    Commit {
        block: "python-base",
        from: "3.11.1",
        to: "3.11.2",
        id: "4be1c0d",
        message: "fix(python-base): update python to 3.11.2 (CVE-2026-1111)",
        fixes: Some(("CVE-2026-1111", "high", false)),
        first_seen: "2026-11-19T21:05:00Z",
    },
    Commit {
        block: "nginx-base",
        from: "1.27.2",
        to: "1.27.3",
        id: "a07f3e2",
        message: "fix(nginx-base): update nginx to 1.27.3 (CVE-2026-9001)",
        fixes: Some(("CVE-2026-9001", "critical", true)),
        first_seen: "2026-11-20T04:10:00Z",
    },
    Commit {
        block: "gis-base",
        from: "3.9.2",
        to: "3.10.0",
        id: "c91d4b8",
        message: "feat(gis-base): GDAL 3.10 with the new vertical grids",
        fixes: None,
        first_seen: "2026-11-19T22:30:00Z",
    },
    Commit {
        block: "java-base",
        from: "21.0.4",
        to: "25.0.1",
        id: "e5507aa",
        message: "feat(java-base)!: move to Java 25",
        fixes: None,
        first_seen: "2026-11-19T23:45:00Z",
    },
];

impl<'a> App<'a> {
    fn read(line: &'a str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, owner, namespace, block, block_version, version, rebuilt, packages] = columns[..] else {
            panic!("not eight columns: {line}");
        };
        let packages = packages.split(' ').map(|package| format!("pkg:{}", package.replace("/@", "/%40")));
        Self {
            name,
            owner,
            namespace,
            block,
            block_version,
            version,
            rebuilt: rebuilt == "yes",
            packages: packages.collect(),
        }
    }

    fn image(&self) -> String {
        format!("{REGISTRY}/apps/{}", self.name)
    }

    /// The version that the rebuild gave it.
    fn next(&self) -> String {
        let (head, patch) = self.version.rsplit_once('.').unwrap();
        format!("{head}.{}", patch.parse::<u32>().unwrap() + 1)
    }

    fn version_in(&self, environment: &str) -> String {
        if environment == "test" && self.rebuilt { self.next() } else { self.version.to_owned() }
    }

    fn tagged(&self, version: &str) -> String {
        format!("{}:{version}", self.image())
    }

    /// The version of its building block that is in a version of it.
    fn block_in(&self, version: &str) -> &str {
        let to =
            COMMITS.iter().find(|commit| commit.block == self.block && commit.from == self.block_version);
        to.filter(|_| version != self.version).map_or(self.block_version, |commit| commit.to)
    }
}

fn digest(image: &str) -> String {
    format!("\"{}\"", Digest::of(image.as_bytes()))
}

fn base(block: &str, version: &str) -> String {
    format!("{REGISTRY}/bouwblokken/{block}:{version}")
}

/// A document, with what it is.
fn document(about: &str, body: &str) -> String {
    let about: String = about.lines().map(|line| format!("# {line}\n")).collect();
    format!("{about}apiVersion: weighlock.dev/v1\nkind: Input\n{body}")
}

fn inventory(apps: &[App<'_>]) -> String {
    let mut out = String::from("inventory:\n");
    for app in apps {
        for (environment, cluster) in [("test", "test-1"), ("production", "prod-1")] {
            let version = app.version_in(environment);
            let (name, image) = (app.name, app.image());
            writeln!(out, "  - id: {cluster}/{name}\n    kind: workload\n    application: {name}\n    cluster: {cluster}\n    namespace: {}\n    environment: {environment}\n    owner: {}", app.namespace, app.owner).unwrap();
            writeln!(out, "    images: [{{container: app, ref: {image}, tag: \"{version}\", digest: {}, platforms: [linux/amd64]}}]", digest(&app.tagged(&version))).unwrap();
            writeln!(out, "    build: {{provider: tekton, repository: apps/{name}, branch: main, dockerfile: Dockerfile, pipeline: build-{}, autoRebuild: true}}", app.block.trim_end_matches("-base")).unwrap();
            writeln!(out, "    source: {{collector: flux, location: \"fleet-infra/{environment}/{}/{name}.yaml\"}}\n    observedAt: {SEEN}", app.namespace).unwrap();
        }
    }
    document("What runs where: fifty applications, each in test and in production.", &out)
}

fn sboms(apps: &[App<'_>]) -> String {
    let mut out = String::from("sboms:\n");
    for app in apps {
        let mut versions = vec![app.version.to_owned()];
        versions.extend(app.rebuilt.then(|| app.next()));
        for version in versions {
            let block = format!(
                "pkg:oci/{}@{}?repository_url={REGISTRY}/bouwblokken",
                app.block,
                app.block_in(&version)
            );
            let components = [&[block], &app.packages[..]].concat().join(", ");
            let image = app.tagged(&version);
            writeln!(out, "  - subject: {}   # {image}\n    format: cyclonedx-1.6\n    components: [{components}]\n    observedAt: {SEEN}", digest(&image)).unwrap();
        }
    }
    document(
        "What the images are made of, as the builds wrote it into the traceability database: here stands which\napplication uses which building block.",
        &out,
    )
}

/// The commit whose building block an application of the fleet has been rebuilt with.
fn of<'a>(app: &App<'_>) -> &'a Commit {
    COMMITS.iter().find(|commit| commit.block == app.block && commit.from == app.block_version).unwrap()
}

fn evidence(apps: &[App<'_>]) -> String {
    let rebuilt: Vec<&App<'_>> = apps.iter().filter(|app| app.rebuilt).collect();
    let mut out = String::from("evidence:\n  advisories:\n");
    for (id, severity, exploited) in COMMITS.iter().filter_map(|commit| commit.fixes) {
        writeln!(out, "    - {{id: {id}, severity: {severity}, exploited: {exploited}, observedAt: {SEEN}}}")
            .unwrap();
    }
    out.push_str("  observations:\n");
    for commit in COMMITS {
        let (old, new) = (base(commit.block, commit.from), base(commit.block, commit.to));
        for (image, since) in [(old, "2026-09-02T08:00:00Z"), (new, commit.first_seen)] {
            writeln!(out, "    - {{ref: \"{image}\", platform: linux/amd64, digest: {}, firstSeen: {since}, observedAt: {SEEN}}}", digest(&image)).unwrap();
        }
    }
    out.push_str("  deployments:\n");
    for app in &rebuilt {
        let image = app.tagged(&app.next());
        writeln!(out, "    - {{application: {}, environment: test, cluster: test-1, digest: {}, since: 2026-11-20T06:30:00Z, verified: true, observedAt: {SEEN}}}", app.name, digest(&image)).unwrap();
    }
    out.push_str("  gates:\n");
    for app in &rebuilt {
        let image = app.tagged(&app.next());
        for gate in ["unit", "smoke"] {
            writeln!(out, "    - {{subject: {}, environment: test, name: {gate}, status: passed, observedAt: 2026-11-20T06:40:00Z}}   # {}", digest(&image), app.name).unwrap();
        }
    }
    out.push_str("  scans:\n");
    for app in &rebuilt {
        let (id, severity, _) = of(app).fixes.unwrap();
        let found = format!(
            "[{{id: {id}, package: \"pkg:oci/{}@{}\", severity: {severity}, fixedVersion: {}}}]",
            app.block,
            app.block_version,
            of(app).to
        );
        for (version, found) in [(app.version.to_owned(), found.as_str()), (app.next(), "[]")] {
            let image = app.tagged(&version);
            writeln!(out, "    - {{subject: {}, scanner: grype, vulnerabilities: {found}, observedAt: 2026-11-20T06:35:00Z}}   # {} {version}", digest(&image), app.name).unwrap();
        }
    }
    document(
        "What is known of the building blocks and of what has been rebuilt: advisories, tags, what runs in test\nand how it did there, and what is in the images before and after.",
        &out,
    )
}

/// The rebuilds in test that the commits ask for: of what is made with the old building block, and of
/// nothing else.
fn rebuilds(apps: &[App<'_>]) -> String {
    let mut out = String::from("context:\n  actor: {id: watchdog@city.example}\nchanges:\n");
    for commit in COMMITS {
        let Commit { block, from, to, id, message, .. } = commit;
        let uses = |app: &&App<'_>| app.block == *block && app.block_in(&app.version_in("test")) == *from;
        for app in apps.iter().filter(uses) {
            writeln!(
                out,
                "  - id: {}-{block}-{to}\n    kind: base_image\n    asset: test-1/{}",
                app.name, app.name
            )
            .unwrap();
            for (side, version) in [("from", from), ("to", to)] {
                writeln!(
                    out,
                    "    {side}: {{ref: {REGISTRY}/bouwblokken/{block}, version: {version}, digest: {}}}",
                    digest(&base(block, version))
                )
                .unwrap();
            }
            writeln!(out, "    author: {{id: watchdog@city.example}}\n    requestedBy: {{id: watchdog@city.example}}\n    commit: {{id: {id}, message: \"{message}\"}}").unwrap();
        }
    }
    document(
        "What the watchdog asks for: to rebuild in test whatever has an older building block in it, each for the\ncommit that changed the block. It runs with the operators' credentials.",
        &out,
    )
}

/// The pull requests to production of what has been rebuilt and tried.
fn promotions(apps: &[App<'_>]) -> String {
    let mut out = String::from("changes:\n");
    for app in apps.iter().filter(|app| app.rebuilt) {
        let next = app.next();
        writeln!(
            out,
            "  - id: {}-{next}-to-production\n    kind: promotion\n    asset: prod-1/{}",
            app.name, app.name
        )
        .unwrap();
        for (side, version) in [("from", app.version), ("to", &next)] {
            writeln!(
                out,
                "    {side}: {{container: app, version: {version}, digest: {}}}",
                digest(&app.tagged(version))
            )
            .unwrap();
        }
        let (cve, ..) = of(app).fixes.unwrap();
        writeln!(out, "    promotion: {{from: test, to: production}}\n    author: {{id: watchdog@city.example}}\n    requestedBy: {{id: watchdog@city.example}}\n    commit: {{id: {}, message: \"fix(deps): propagate security patch to prod ({cve})\"}}", of(app).id).unwrap();
    }
    document("Pull requests that the watchdog has opened for production.", &out)
}

/// Holds the documents of the fleet to its table.
pub(super) fn faults() -> Vec<String> {
    let table = repository::read(&format!("{FOLDER}/fleet.tsv"));
    let apps: Vec<App<'_>> = table.lines().filter(|line| !line.starts_with('#')).map(App::read).collect();
    assert_eq!(apps.len(), 50);
    let (private, public) = key(BUILD);
    let built: Vec<String> =
        apps.iter().filter(|app| app.rebuilt).map(|app| app.tagged(&app.next())).collect();
    let files = [
        ("facts/inventory.yaml", inventory(&apps)),
        ("facts/sboms.yaml", sboms(&apps)),
        ("facts/evidence.yaml", evidence(&apps)),
        ("facts/watchdog.yaml", rebuilds(&apps)),
        ("proposal/production.yaml", promotions(&apps)),
        ("proposal/signatures.yaml", signed::document(&private, &built)),
        ("keys/build.pem", public),
    ];
    let held = files.iter().map(|(name, text)| repository::generated(&format!("{FOLDER}/{name}"), text));
    held.filter_map(Result::err).collect()
}
