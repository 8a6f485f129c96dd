//! Every dependency may be used under a licence that is on a list; what is not understood is refused.

use std::process::Command;

use serde_json::Value;

use super::repository;

/// What may be linked into an Apache-2.0 binary that is given away.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression can be met with the list; an error where it cannot be read.
///
/// `WITH` binds closest, then `AND`, then `OR`; the old `A/B` means `A OR B`.
fn met(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = any(&words)?;
    if rest.is_empty() { Ok(met) } else { Err(format!("`{}` is left over", rest.join(" "))) }
}

type Read<'a, 'b> = Result<(bool, &'a [&'b str]), String>;

fn any<'a, 'b>(words: &'a [&'b str]) -> Read<'a, 'b> {
    let (mut met, mut rest) = all(words)?;
    while let ["OR", after @ ..] = rest {
        let (other, left) = all(after)?;
        (met, rest) = (met | other, left);
    }
    Ok((met, rest))
}

fn all<'a, 'b>(words: &'a [&'b str]) -> Read<'a, 'b> {
    let (mut met, mut rest) = one(words)?;
    while let ["AND", after @ ..] = rest {
        let (other, left) = one(after)?;
        (met, rest) = (met & other, left);
    }
    Ok((met, rest))
}

fn one<'a, 'b>(words: &'a [&'b str]) -> Read<'a, 'b> {
    match words {
        ["(", rest @ ..] => match any(rest)? {
            (met, [")", rest @ ..]) => Ok((met, rest)),
            _ => Err("a bracket is not closed".to_owned()),
        },
        [word @ ("OR" | "AND" | "WITH" | ")"), ..] => Err(format!("`{word}` stands where a licence should")),
        [licence, "WITH", exception, rest @ ..] => {
            Ok((ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()), rest))
        }
        [licence, rest @ ..] => Ok((ALLOWED.contains(licence), rest)),
        [] => Err("it ends where a licence should stand".to_owned()),
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(repository::root())
        .output()
        .unwrap();
    // Offline, `cargo metadata` wants every package for every platform; where some were never
    // fetched, the platform at hand is asked for alone.
    let output = if output.status.success() { output } else { for_this_platform() };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "only {} packages", packages.len());
    let mut found = Vec::new();
    for package in packages {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        match package["license"].as_str() {
            None => found.push(format!("{name}: names no licence")),
            Some(licence) => match met(licence) {
                Ok(true) => {}
                Ok(false) => found.push(format!("{name}: `{licence}` is not on the list")),
                Err(error) => found.push(format!("{name}: `{licence}` cannot be read: {error}")),
            },
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The metadata of what this platform builds.
fn for_this_platform() -> std::process::Output {
    let version = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("-vV")
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host])
        .current_dir(repository::root())
        .output()
        .unwrap()
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for (expression, wanted) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT AND Zlib", true),
        ("(GPL-3.0-only OR MIT) AND AGPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0-only WITH Classpath-exception-2.0", false),
        ("MIT WITH anything", false),
        ("mit", false),
        ("LicenseRef-ours", false),
    ] {
        assert_eq!(met(expression), Ok(wanted), "{expression}");
    }
    for expression in ["", "OR", "MIT OR", "MIT MIT", "(MIT", "MIT)", "MIT AND OR MIT", "MIT WITH"] {
        assert!(met(expression).is_err(), "{expression}");
    }
}

#[test]
fn both_lists_agree() {
    let deny = repository::read("deny.toml");
    let listed: Vec<&str> = deny
        .lines()
        .skip_while(|line| *line != "allow = [")
        .skip(1)
        .take_while(|line| *line != "]")
        .map(|line| line.trim().trim_matches(['"', ',']))
        .collect();
    assert_eq!(listed, ALLOWED);
}
