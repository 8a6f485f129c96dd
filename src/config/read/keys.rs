//! Reads the public keys of people, as the file of `trust.keys` lists them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Reader, as_config};
use crate::diag::{Diagnostic, Source, codes, document, tree};
use crate::facts::key::{self, PublicKey};
use crate::files;
use crate::model::Digest;

impl Reader {
    /// The keys of people: PEM texts, or paths relative to the file that lists them.
    ///
    /// INVARIANT: a key is one person's. Whoever holds it could sign for everyone it stands under, and
    /// would count as that many people.
    pub(super) fn keys(&mut self, path: &Path) -> BTreeMap<String, Vec<String>> {
        let path = self.folder.join(path);
        let source = match self.text(&path, files::CONFIG) {
            Ok(source) => source,
            Err(error) => {
                let place = self.place("/trust/keys");
                self.problems.push(error.at(&self.source, place, "named here"));
                return BTreeMap::new();
            }
        };
        let listed: BTreeMap<String, Vec<String>> = match document::read(&source) {
            Ok(listed) => listed,
            Err(error) => {
                self.problems.push(as_config(error));
                return BTreeMap::new();
            }
        };
        let places = Places::of(&source);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let mut owners: BTreeMap<Digest, (String, usize)> = BTreeMap::new();
        let mut all = BTreeMap::new();
        for (person, keys) in listed {
            let mut texts = Vec::new();
            for (at, key) in keys.into_iter().enumerate() {
                match self.key(&folder, key) {
                    Ok((text, id)) => {
                        let (first, first_at) = owners.entry(id).or_insert_with(|| (person.clone(), at));
                        if *first != person {
                            let place = places.line(first, *first_at);
                            let message =
                                format!("one key under two people: `{first}` ({place}) and `{person}`");
                            let hint =
                                "whoever holds it would count as both; give each person a key of their own";
                            self.problems.push(
                                Diagnostic::error(codes::CONFIG_INVALID, message).hint(hint).at(
                                    &source,
                                    places.span(&person, at),
                                    "the same key",
                                ),
                            );
                        }
                        texts.push(text);
                    }
                    Err(why) => {
                        let message = format!("a key of `{person}` cannot be used: {why}");
                        self.problems.push(Diagnostic::error(codes::CONFIG_INVALID, message).at(
                            &source,
                            places.span(&person, at),
                            "here",
                        ));
                    }
                }
            }
            all.insert(person, texts);
        }
        all
    }

    /// A key as PEM, and its digest.
    fn key(&mut self, folder: &Path, listed: String) -> Result<(String, Digest), String> {
        let text = if listed.contains("-----BEGIN") || key::is_ssh(&listed) {
            listed
        } else {
            let file: PathBuf = folder.join(&listed);
            let source = self.text(&file, files::KEY);
            source.map(|source| source.text.clone()).map_err(|problem| problem.message)?
        };
        let id = PublicKey::parse(&text)?.id();
        Ok((text, id))
    }
}

/// Where the keys stand.
struct Places<'a> {
    source: &'a Arc<Source>,
    nodes: Vec<tree::Node>,
}

impl<'a> Places<'a> {
    fn of(source: &'a Arc<Source>) -> Self {
        Self { source, nodes: tree::parse(source).unwrap_or_default() }
    }

    fn span(&self, person: &str, at: usize) -> std::ops::Range<usize> {
        let name = person.replace('~', "~0").replace('/', "~1");
        let node = self.nodes.first().map(|node| node.locate(&format!("/{name}/{at}")));
        node.map_or(0..1, |node| document::first_line(self.source, &node.span))
    }

    fn line(&self, person: &str, at: usize) -> String {
        let (line, column) = self.source.line_column(self.span(person, at).start);
        format!("{}:{line}:{column}", self.source.name)
    }
}
