//! The reference pages: written from the code that they are about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use weighlock::author::suite;
use weighlock::config::Config;
use weighlock::decide::fact::FACTS;
use weighlock::diag::Source;
use weighlock::facts::fit;
use weighlock::model::finding::Effect;
use weighlock::model::input::{AssetKind, ChangeKind};
use weighlock::model::trust::{Threshold, Trust};
use weighlock::pipeline::load;
use weighlock::pipeline::schema::SCHEMAS;
use weighlock::policy::{Bundle, Rule, rego_functions};

use super::repository;

#[test]
fn the_commands() {
    let mut root = weighlock::cli::command().term_width(100);
    root.build();
    let mut page = format!(
        "# Commands\n\nWritten from `src/cli/`; edit that. Data goes to standard output, everything else to standard \
         error.\n\n```text\n{}```\n",
        plain(&root.render_help().to_string())
    );
    for command in root.get_subcommands_mut() {
        let name = command.get_name().to_owned();
        let help = command.clone().term_width(100).bin_name(format!("weighlock {name}")).render_long_help();
        let _ = write!(page, "\n## weighlock {name}\n\n```text\n{}```\n", plain(&help.to_string()));
    }
    repository::generated("docs/reference/cli.md", &page).unwrap();
}

#[test]
fn completions_know_every_command() {
    let root = weighlock::cli::command();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_weighlock"))
            .args(["completions", shell])
            .output()
            .unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}");
        for command in root.get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(script.contains(option), "{shell}: {} --{option}", command.get_name());
            }
        }
    }
}

/// A help text without what stands at the ends of its lines.
fn plain(help: &str) -> String {
    help.trim().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_facts() {
    let mut page = String::from(
        "# Facts\n\nWritten from `src/decide/fact.rs`; edit that.\n\nA rule names the facts it needs under `requires`. \
         Where one is absent, too old, too little trusted, or dated later than now, the rule is not asked, and the \
         change cannot be judged. The least trust below holds unless `trust.facts` in `weighlock.yaml` \
         says otherwise; a rule may ask for more, never for less. Facts without one are derived or part of the change itself. \
         Of these, `trust.facts` can ask trust of `change.author`: where the change was read from somebody less trusted, \
         author and requester are unknown, and nobody's approval, waiver or override counts.\n\n\
         | fact | what it is, and where a policy finds it | least trust |\n|---|---|---|\n",
    );
    for fact in FACTS {
        let trust = fact.trust.map_or("", Trust::as_str);
        let _ = writeln!(page, "| `{}` | {} | {trust} |", fact.name, fact.about);
    }
    page.push_str(
        "\n## Trust\n\n| level | who vouches for the fact |\n|---|---|\n\
         | `claimed` | whoever wrote the document |\n\
         | `operator` | the operators: it was read from where `trust.inputs` says that only they write |\n\
         | `verified` | Weighlock, which checked a signature or derived it itself |\n\n\
         ## Severities\n\nA vulnerability of a scan is of severity `info`, `low`, `medium`, `high` or `critical`. What a scanner calls \
         otherwise is written by whoever makes its output a scan: `Negligible` of Grype as `info`, and one that nobody has rated \
         (`UNKNOWN` of Trivy, `Unknown` of Grype) as `high`, until somebody has, unless you have decided that what is not rated \
         may pass.\n\n\
         ## Kinds of change\n\nRules choose what they judge by the kind of a change. So a kind must fit the kind of the \
         asset and what `from` and `to` name (`src/facts/fit.rs`); a change that does not fit is refused. `promotion` \
         stands in promotions alone, `operation` and `oldObject` in admissions alone, `container` where an image runs.\n\n\
         | change | assets | brings |\n|---|---|---|\n",
    );
    for kind in ChangeKind::ALL {
        let fit = fit::of(kind);
        let assets = match fit.assets.len() == AssetKind::ALL.len() {
            true => "any".to_owned(),
            false => {
                fit.assets.iter().map(|kind| format!("`{}`", kind.as_str())).collect::<Vec<_>>().join(", ")
            }
        };
        let _ = writeln!(page, "| `{}` | {assets} | {} |", kind.as_str(), fit.brings.words());
    }
    repository::generated("docs/reference/facts.md", &page).unwrap();
}

/// What follows the lists of functions: found by evaluating the same expressions in OPA 1.22.
const DIFFERENCES: &str = r#"
Functions of OPA that stand in neither list (`crypto.*`, `io.jwt.*`, `graphql.*`, `json.match_schema` and others) do not exist here.

## Where Weighlock differs from OPA

Rego means here what it means in OPA 1.22: some four hundred policies and as many calls of functions are held against what OPA says of them in the tests, and random policies by `benches/peers/opa/compare` (of 20,000, OPA accepts 3,600; 3,196 find the same, 5 find something else for reasons that stand below, the others fail in one or both); [how this is kept so](../decisions/0006-rego-is-evaluated-here.md). What an author may run into:

| | here | OPA |
|---|---|---|
| `not f(x)`, `not x in y`, `not [x]`, with a part that is undefined | that is undefined, so `not` holds | the body ends there. Where both matter, give the call a rule of its own: `known if x in y`, `not known` |
| `p contains input.x if not true` | nothing | finds it, where the head has a reference |
| what clocks show in a time zone before 1970 or after 2037, and in `Local` | the rule cannot be judged | evaluated |
| `yaml.unmarshal`, `yaml.is_valid` of what readers of YAML read otherwise: `<<`, tags, `0777`, `1_000`, keys that are null, several documents | the rule cannot be judged; quote what is a text | merged, heeded, 511, 1000 |
| `json.unmarshal` of a number beyond 64 bits, or of more than 15 digits where it is not whole; `to_number` of the latter, `to_number("+5")`, `to_number(".5")` | the rule cannot be judged | read |
| `sprintf` with `#`, `%*d`, `%[1]d`, `%U`, `% x` of a text, with `%x`, `%b` of what is not whole, with `%e`, `%f`, `%g` of whole numbers beyond 64 bits, or with more than 65,535 digits | the rule cannot be judged | formatted |
| `json.patch`, `json.filter`, `json.remove` with paths of more than 256 parts, or what `json.patch` puts as deep | the rule cannot be judged | evaluated |
| `ceil`, `floor` of a number between 0 and -1 | the rule cannot be judged | one too high |
| `replace` of nothing in a text beyond ASCII; base64 and queries that are not UTF-8 | the rule cannot be judged | bytes that are no text |
| `1.0`, `1e3` in a policy or a document | `1`, `1000` | the same numbers, and texts (`sprintf`, `json.marshal`) show how they were written: `%d` of `1.0` is `%!d(float64=1)` |
| `yaml.marshal` | lists in mappings not indented; `''` | indented; `""` |
| `1.1 * 100 == 110`, `sum([0.1, 0.2]) == 0.3` | false | true |
| `[\pL_]{1,999}` and other long repetitions of classes beyond ASCII, `\p{Letter}` for `\pL` | the rule cannot be judged | evaluated |
| a builtin that fails | the rule cannot be judged, even under `not` and in comprehensions | undefined, unless strict errors are asked for |
| `0.1 + 0.2` | `0.30000000000000004` | `0.3` |
| a whole number beyond 2^53 in a finding, such as nanoseconds | the rule cannot be judged; use `sprintf` or `time.format` | a number |
| names that are used again within, as `x` in `every x in … { every y in … { z := x + y; every x in [z] { … } } }` | may be refused when loaded as growing without end: give them other names | evaluated |
| `p[q[i]] := i if i != 7`, a variable that only the key of a head gives a value | refused when loaded: `some i, k in q` in the body | evaluated |
| `some x, x in y`, `some [x, x] in y` | refused when loaded | evaluated |
| `{k: 1, "a": 2}` where `k` is `"a"` | the rule cannot be judged | one of the values |
| `data.lib[k].p`, where another rule below `data.lib` fails | the rule cannot be judged: all of `data.lib` is evaluated | evaluated |
| `$"… {x}"`, `with` on functions that are not offered, operators as functions (`plus`) | refused when loaded | evaluated |
| `yaml.is_valid` of numbers or dates twice as keys, of `yes` twice, of an empty key behind an anchor | may be otherwise than there | |
| `data.corp.x`, where neither the data given nor a rule nor `with` has anything at `data.corp` | the rule cannot be judged, even under `not`; `corp: {}` is data in which nothing is found | undefined |
| `data[k]`, where it could be the rule itself | refused when loaded | evaluated, where it is not |
| order of values of several types | sets before objects | objects before sets |
| types | found out when evaluated: `{"a": 1}.b` is undefined | an error when loaded |
"#;

#[test]
fn the_functions_of_rego() {
    let all: Vec<_> = rego_functions().collect();
    let offered: Vec<_> =
        all.iter().filter(|(_, why)| why.is_none()).map(|(name, _)| format!("`{name}`")).collect();
    let mut page = format!(
        "# Functions of Rego\n\nWritten from `src/policy/rego/builtins.rs`; edit that. What each does is in the \
         [documentation of OPA](https://www.openpolicyagent.org/docs/policy-reference#built-in-functions).\n\n\
         ## Offered\n\n{}\n\n## Not offered\n\nA policy that calls one of these does not load.\n\n\
         | function | why |\n|---|---|\n",
        offered.join(", ")
    );
    for (name, why) in all.iter().filter_map(|(name, why)| why.map(|why| (name, why))) {
        let _ = writeln!(page, "| `{name}` | {why} |");
    }
    page.push_str(DIFFERENCES);
    repository::generated("docs/reference/rego.md", &page).unwrap();
}

#[test]
fn the_settings() {
    let schema = SCHEMAS.iter().find(|schema| schema.name == "settings").unwrap().text();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut page = String::from(
        "# Settings\n\nWritten from `src/policy/settings.rs` and `policies/settings.yaml`; edit those.\n\nThe file that \
         `settings` names in `weighlock.yaml`. Policies see it as `data.settings`. Sections, and members of a \
         section, that are left out stay as they are shipped. A member that is named takes the place of the whole \
         shipped member: of a list, every entry is written, and `[]` is none. A name that is not known is an error, and \
         so is a name without a value.\n\nSettings that leave room for doubt should not be the laxer ones: see \
         [why](../decisions/0007-settings-are-joined.md).\n",
    );
    for (name, section) in schema["properties"].as_object().unwrap() {
        let _ = write!(page, "\n## `{name}`\n");
        fields(&mut page, &schema, section, name);
    }
    let _ = write!(
        page,
        "\n## As shipped\n\n`settings.yaml`:\n\n```yaml\n{}```\n",
        repository::read("policies/settings.yaml")
    );
    repository::generated("docs/reference/settings.md", &page).unwrap();
}

/// Follows references, and the one way out of `or null`.
fn resolved<'a>(schema: &'a Value, mut value: &'a Value) -> &'a Value {
    loop {
        let next = match (value["$ref"].as_str(), value["anyOf"].as_array()) {
            (Some(reference), _) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
            (None, Some(choices)) => {
                match choices.iter().filter(|choice| choice["type"] != "null").collect::<Vec<_>>()[..] {
                    [only] => only,
                    _ => return value,
                }
            }
            _ => return value,
        };
        value = next;
    }
}

/// The members of a mapping as a table, and below it those of its lists.
fn fields(page: &mut String, schema: &Value, value: &Value, at: &str) {
    let value = resolved(schema, value);
    let text = |value: &Value| value["description"].as_str().unwrap_or_default().replace('\n', " ");
    let _ = writeln!(page, "\n{}", text(value));
    let Some(members) = value["properties"].as_object() else { return };
    let required: Vec<&str> =
        value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    page.push_str("\n| | | |\n|---|---|---|\n");
    let mut below = Vec::new();
    for (name, member) in members {
        let inner = resolved(schema, member);
        let about = if text(member).is_empty() { text(inner) } else { text(member) };
        let optional = if required.contains(&name.as_str()) { "" } else { " (optional)" };
        let _ = writeln!(page, "| `{name}`{optional} | {} | {about} |", shape(schema, inner));
        let item = resolved(schema, &inner["items"]);
        if item["properties"].is_object() {
            below.push((format!("{at}.{name}[]"), item));
        }
    }
    for (at, item) in below {
        let _ = write!(page, "\n### `{at}`\n");
        fields(page, schema, item, &at);
    }
}

/// The shape of a value in a few words.
fn shape(schema: &Value, value: &Value) -> String {
    let kind = match &value["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        kind => kind.as_str().unwrap_or_default(),
    };
    let words: Vec<&str> = value["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let choices: Vec<String> = value["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|choice| {
            choice["const"]
                .as_str()
                .into_iter()
                .chain(choice["enum"].as_array().into_iter().flatten().filter_map(Value::as_str))
        })
        .map(|word| format!("`{word}`"))
        .collect();
    match kind {
        "array" => format!("list of {}", shape(schema, resolved(schema, &value["items"]))),
        "object" if value["properties"].is_object() => "mappings".to_owned(),
        "object" => match &value["additionalProperties"] {
            inner @ Value::Object(_) => format!("mapping to {}", shape(schema, resolved(schema, inner))),
            _ => "mapping".to_owned(),
        },
        _ if !words.is_empty() => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        "string" if value["format"] == "date-time" => "time".to_owned(),
        "string" if value["pattern"].as_str().is_some_and(|pattern| pattern.contains("smhd")) => {
            "duration".to_owned()
        }
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "" if !choices.is_empty() => choices.join(", "),
        "" if value["oneOf"].is_array() => "need".to_owned(),
        "" => "any value".to_owned(),
        other => other.to_owned(),
    }
}

fn bundle() -> Bundle {
    load::policies(&Config::default(), &[], &[], false).unwrap()
}

/// The path of a rule's source in the repository.
fn file(bundle: &Bundle, rule: &Rule) -> String {
    bundle.files[rule.file].source.name.replacen("builtin/", "policies/", 1)
}

/// What the cases of each rule show: name, and the verdict where it says one.
fn cases() -> BTreeMap<String, Vec<String>> {
    let sources: Vec<_> = repository::below("policies")
        .into_iter()
        .filter(|name| suite::is_case(name))
        .map(|name| Source::new(name.clone(), repository::read(&name)))
        .collect();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in suite::collect(&sources).unwrap() {
        for rule in found.case.policies {
            all.entry(rule).or_default().push(found.case.name.clone());
        }
    }
    all
}

#[test]
fn a_page_for_every_rule() {
    let bundle = bundle();
    let cases = cases();
    let mut found = Vec::new();
    let mut wanted = vec!["docs/policies/README.md".to_owned()];
    let mut profiles: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
    for rule in &bundle.rules {
        let name = format!("docs/policies/{}.md", rule.id);
        let page = page(&bundle, rule, cases.get(&rule.id).map_or(&[], Vec::as_slice));
        found.extend(repository::generated(&name, &page).err());
        wanted.push(name);
        let profile = file(&bundle, rule).split('/').nth(1).unwrap_or_default().to_owned();
        profiles.entry(profile).or_default().push(rule);
    }
    let mut index = String::from(
        "# Policies that come with Weighlock\n\nWritten from their metadata; edit `policies/`. They are built in: \
         `-p builtin` takes all, `-p builtin:<profile>` those of one profile.\n",
    );
    for (profile, rules) in &profiles {
        let _ = write!(index, "\n## `{profile}`\n\n| rule | effect | |\n|---|---|---|\n");
        for rule in rules {
            let title = rule.metadata.title.as_deref().unwrap_or_default();
            let _ = writeln!(index, "| [`{0}`]({0}.md) | {1} | {title} |", rule.id, effects(rule));
        }
    }
    found.extend(repository::generated("docs/policies/README.md", &index).err());
    assert!(found.is_empty(), "{}", found.join("\n"));
    wanted.sort();
    assert_eq!(repository::below("docs/policies"), wanted, "a page is of no rule");
}

fn effects(rule: &Rule) -> String {
    rule.effects.iter().copied().map(Effect::as_str).collect::<Vec<_>>().join(", ")
}

fn page(bundle: &Bundle, rule: &Rule, cases: &[String]) -> String {
    let metadata = &rule.metadata;
    let mut page = format!("# {}\n\n{}.\n", rule.id, metadata.title.as_deref().unwrap_or_default());
    if let Some(description) = &metadata.description {
        let _ = writeln!(page, "\n{}", description.trim());
    }
    let list = |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let applies = &metadata.applies;
    let kinds = applies.kinds.iter().flatten().map(|kind| kind.as_str()).collect::<Vec<_>>();
    let assets = applies.assets.iter().flatten().map(|kind| kind.as_str()).collect::<Vec<_>>();
    let places = applies.environments.iter().flatten().map(String::as_str).collect::<Vec<_>>();
    let any = |words: Vec<&str>| if words.is_empty() { "any".to_owned() } else { list(words) };
    let path = file(bundle, rule);
    let rows = [
        ("effect", effects(rule)),
        ("severity", metadata.severity.as_str().to_owned()),
        ("kinds of change", any(kinds)),
        ("kinds of asset", any(assets)),
        ("environments", any(places)),
        ("requires", requires(&metadata.requires)),
        ("incidental", if metadata.incidental { "yes" } else { "no" }.to_owned()),
        ("waivable", if metadata.waivable { "yes" } else { "no" }.to_owned()),
        ("source", format!("[`{path}`](../../{path}), line {}", rule.line)),
    ];
    page.push_str("\n| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    if let Some(path) = &applies.configured {
        let _ = writeln!(
            page,
            "\nGoes by [`{path}`](../reference/settings.md); where that covers nothing, it says nothing."
        );
    }
    if let Some(remediation) = &metadata.remediation {
        let _ = writeln!(page, "\n## What to do\n\n{}", remediation.trim());
    }
    if !cases.is_empty() {
        page.push_str("\n## What its cases show\n\n");
        for case in cases {
            let _ = writeln!(page, "- {case}");
        }
    }
    if !metadata.related.is_empty() {
        page.push_str("\n## Related\n\n");
        for related in &metadata.related {
            let _ = writeln!(page, "- {related}");
        }
    }
    page
}

fn requires(facts: &BTreeMap<String, Threshold>) -> String {
    if facts.is_empty() {
        return "nothing".to_owned();
    }
    let one = |(name, threshold): (&String, &Threshold)| {
        let mut text = format!("[`{name}`](../reference/facts.md)");
        if let Some(trust) = threshold.trust {
            let _ = write!(text, ", at least {}", trust.as_str());
        }
        if let Some(age) = threshold.max_age {
            let _ = write!(text, ", no older than {age}");
        }
        text
    };
    facts.iter().map(one).collect::<Vec<_>>().join("; ")
}
