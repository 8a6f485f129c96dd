//! The pages: one a code of an error, and an index that names them all.

use weighlock::diag::codes::CODES;

use super::repository;

/// The sections of a page, in order.
const SECTIONS: &[&str] = &["## What it means", "## Example", "## What to do"];

/// Faults of the page of a code.
fn faults(id: &str, title: &str, page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let head = format!("# {id}\n\n{title}\n");
    if !page.starts_with(&head) {
        found.push(format!("begins with {head:?}"));
    }
    let mut rest = page;
    for section in SECTIONS {
        match rest.split_once(&format!("\n{section}\n")) {
            None => found.push(format!("has `{section}`, after the sections before it")),
            Some((_, after)) => {
                let body = after.split("\n## ").next().unwrap_or_default();
                if body.split_whitespace().count() < 12 {
                    found.push(format!("says something under `{section}`"));
                }
                if *section == "## Example" && !body.contains(&format!("[{id}]")) && !body.contains(&format!("{id}\n")) {
                    found.push(format!("shows its message, with `{id}`, under `{section}`"));
                }
                rest = after;
            }
        }
    }
    found
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let mut found = Vec::new();
    let mut wanted = vec!["docs/errors/README.md".to_owned()];
    for code in CODES {
        let name = format!("docs/errors/{}.md", code.id);
        match std::fs::read_to_string(repository::root().join(&name)) {
            Err(error) => found.push(format!("{name}: {error}")),
            Ok(page) => {
                found.extend(faults(code.id, code.title, &page).iter().map(|fault| format!("{name}: {fault}")));
            }
        }
        wanted.push(name);
    }
    assert!(found.is_empty(), "a page …\n{}", found.join("\n"));
    wanted.sort();
    assert_eq!(repository::below("docs/errors"), wanted, "a page is of no code");
}

#[test]
fn codes_are_unique_and_in_order() {
    for pair in CODES.windows(2) {
        assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0].id, pair[1].id);
    }
}

#[test]
fn the_index_names_them_all() {
    let mut index = String::from(
        "# Errors\n\nEvery problem that Weighlock reports has a stable code. Each code has a page that says what it \
         means, shows an example, and says what to do.\n\n| code | meaning |\n|---|---|\n",
    );
    let mut codes: Vec<_> = CODES.iter().collect();
    codes.sort_by_key(|code| code.id);
    for code in codes {
        index.push_str(&format!("| [`{0}`]({0}.md) | {1} |\n", code.id, code.title));
    }
    repository::generated("docs/errors/README.md", &index).unwrap();
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut found = Vec::new();
    for page in repository::below("docs").into_iter().filter(|name| name.ends_with(".md")) {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = repository::read(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            if !repository::root().join(folder).join(file).exists() {
                found.push(format!("{page}: `{link}` leads nowhere"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_stub_is_seen() {
    assert_eq!(faults("a.b", "It is.", "# a.b\n\nIt is.\n").len(), SECTIONS.len());
    assert!(!faults("a.b", "It is.", "# a.c\n").is_empty());
}
