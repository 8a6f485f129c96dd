//! A document as a tree in which every node knows the bytes that it was read from.
//!
//! YAML 1.2 and JSON alike. Scalars keep their text, so that a version `1.10` stays what its
//! author wrote until a type asks for a number. Depth, nodes and aliases are bounded: a document
//! that unfolds into more than it says is refused, not unfolded.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Diagnostic, Source, codes};

/// How deep a document may nest.
pub const MAX_DEPTH: usize = 100;
/// How many nodes a document may have.
pub const MAX_NODES: usize = 8_000_000;
/// How many nodes aliases may add.
const MAX_ALIASED: usize = 100_000;
/// How many bytes a YAML text may have.
pub const MAX_BYTES: usize = 64 << 20;

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// The bytes that it was read from.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text, a number, a truth value or nothing; which of them depends on who asks.
    Scalar {
        /// The text, unescaped.
        text: String,
        /// Whether it stood without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub name: String,
    /// Its bytes.
    pub span: Range<usize>,
}

impl Node {
    /// A member of a mapping, by name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(members) => members.iter().find(|(k, _)| k.name == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The node at a JSON Pointer (RFC 6901), or the deepest one on the way that is there.
    pub fn locate(&self, pointer: &str) -> &Node {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            let next = match &node.value {
                Value::Map(_) => node.get(&name),
                Value::List(items) => name.parse::<usize>().ok().and_then(|i| items.get(i)),
                Value::Scalar { .. } => None,
            };
            match next {
                Some(found) => node = found,
                None => break,
            }
        }
        node
    }
}

/// Reads every document of a text.
///
/// # Errors
/// The text is not YAML or JSON, has one key twice, or is beyond a limit.
pub fn parse(source: &Arc<Source>) -> Result<Vec<Node>, Diagnostic> {
    if source.text.len() > MAX_BYTES {
        return Err(Diagnostic::error(
            codes::INPUT_TOO_LARGE,
            format!("`{}` has {} bytes; YAML is read up to {MAX_BYTES}", source.name, source.text.len()),
        )
        .hint("write it as JSON, or split it into several files"));
    }
    no_other_breaks(source)?;
    Builder {
        source,
        parser: Parser::new_from_str(&source.text),
        anchors: HashMap::new(),
        nodes: 0,
        aliased: 0,
    }
    .documents()
}

/// Refuses characters that end a line in YAML 1.1 and none in YAML 1.2: what is a comment to one reader
/// is a member to the other.
fn no_other_breaks(source: &Arc<Source>) -> Result<(), Diagnostic> {
    const BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
    // In a string of JSON they are characters like any other.
    let Some(at) = source.text.find(BREAKS).filter(|_| !super::document::is_json(&source.text)) else {
        return Ok(());
    };
    let found = source.text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
    let (code, end) = (u32::from(found), at.saturating_add(found.len_utf8()));
    let message =
        format!("the character U+{code:04X} ends a line for some readers of YAML, and not for others");
    Err(Diagnostic::error(codes::INPUT_INVALID, message)
        .hint(format!("remove it, or write it as `\\u{code:04x}` in double quotes"))
        .at(source, at..end, "here"))
}

/// What to do about a template: told where a line has what stands for something else in one.
fn template(text: &str, at: usize) -> Option<String> {
    let (before, after) = text.split_at_checked(at)?;
    let line = [before.rsplit('\n').next()?, after.split('\n').next()?].concat();
    line.contains("{{").then(|| "a template is rendered first, as by `helm template`".to_owned())
}

/// What the parser says of a place, in words for whoever wrote the text, and what to do about it.
fn explained(info: &str, text: &str, at: usize) -> (String, Option<String>) {
    if is_about_tabs(info) {
        let hint = "indent with spaces, as in `  - id: web`";
        return ("a tab does not indent".to_owned(), Some(hint.to_owned()));
    }
    if !info.starts_with("mapping values are not allowed") {
        return (info.to_owned(), None);
    }
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let key = line.split_once(": ").map(|(key, _)| key.trim_start_matches([' ', '-']));
    let hint = match key {
        Some(key) => {
            format!("put the text in quotes, as in `{key}: 'a: b'`, or on lines of its own below `{key}: >-`")
        }
        None => "a key stands on a line of its own, indented like the others".to_owned(),
    };
    let message = match key {
        Some(_) => "a second `: ` in a line, where text without quotes ends",
        None => "a `: ` where no key can stand",
    };
    (message.to_owned(), Some(hint))
}

/// Whether the parser says that a tab stands where none can indent.
fn is_about_tabs(info: &str) -> bool {
    info.starts_with("tabs ") || info.ends_with("found a tab") || info.starts_with("tab cannot")
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    aliased: usize,
}

impl<'a> Builder<'a> {
    fn documents(mut self) -> Result<Vec<Node>, Diagnostic> {
        let mut documents = Vec::new();
        while let Some((event, _)) = self.next()? {
            if let Event::DocumentStart(..) = event {
                self.anchors.clear();
                if let Some((event, span)) = self.next_node()? {
                    documents.push(self.node(event, span, 0)?);
                }
            }
        }
        Ok(documents)
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Range<usize>)>, Diagnostic> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, self.range(span)))),
            Some(Err(error)) => {
                let marker = error.marker();
                let at = marker.byte_offset().unwrap_or_else(|| {
                    let line = u32::try_from(marker.line()).unwrap_or(1);
                    let column = u32::try_from(marker.col()).unwrap_or(0).saturating_add(1);
                    self.source.offset(line, column)
                });
                let (text, info) = (&self.source.text, error.info());
                // Text without quotes is told of from where it begins.
                let tab = text.get(at..).filter(|_| is_about_tabs(&info)).and_then(|rest| rest.find('\t'));
                let behind = text.get(..at).is_some_and(|before| before.ends_with('\t'));
                let at = at.saturating_add(tab.filter(|_| !behind).unwrap_or_default());
                let (message, hint) = explained(&info, text, at);
                let hint = template(text, at).or(hint);
                let problem = Diagnostic::error(codes::INPUT_SYNTAX, format!("not valid YAML: {message}"));
                Err(Diagnostic { hint, ..problem.at(self.source, at..at.saturating_add(1), "here") })
            }
        }
    }

    fn next_node(&mut self) -> Result<Option<(Event<'a>, Range<usize>)>, Diagnostic> {
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentEnd | Event::StreamEnd => return Ok(None),
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => return Ok(Some((event, span))),
                _ => {}
            }
        }
        Ok(None)
    }

    fn range(&self, span: Span) -> Range<usize> {
        span.byte_range().unwrap_or_else(|| {
            let at = |m: &granit_parser::Marker| {
                self.source.offset(
                    u32::try_from(m.line()).unwrap_or(1),
                    u32::try_from(m.col()).unwrap_or(0).saturating_add(1),
                )
            };
            at(&span.start)..at(&span.end)
        })
    }

    fn node(&mut self, event: Event<'a>, span: Range<usize>, depth: usize) -> Result<Node, Diagnostic> {
        let before = self.nodes;
        self.nodes = self.nodes.saturating_add(1);
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let what = if depth > MAX_DEPTH {
                format!("nests deeper than {MAX_DEPTH}")
            } else {
                format!("has more than {MAX_NODES} values")
            };
            return Err(Diagnostic::error(codes::INPUT_TOO_LARGE, format!("the document {what}")).at(
                self.source,
                span,
                "here",
            ));
        }
        let start = span.start;
        let (node, anchor) = match event {
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.untagged(tag.as_deref(), &span)?;
                let plain = style == ScalarStyle::Plain;
                (Node { span, value: Value::Scalar { text: text.into_owned(), plain } }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.untagged(tag.as_deref(), &span)?;
                let mut items = Vec::new();
                let mut end = span.end;
                while let Some((event, span)) = self.next_node()? {
                    if matches!(event, Event::SequenceEnd) {
                        end = span.end.max(end);
                        break;
                    }
                    items.push(self.node(event, span, depth.saturating_add(1))?);
                }
                (Node { span: start..end, value: Value::List(items) }, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.untagged(tag.as_deref(), &span)?;
                let (members, end) = self.members(depth)?;
                (Node { span: start..end.max(span.end), value: Value::Map(members) }, anchor)
            }
            _ => (Node { span, value: Value::Scalar { text: String::new(), plain: true } }, 0),
        };
        if anchor != 0 {
            let size = self.nodes.saturating_sub(before);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    /// Refuses a tag: `!!binary` makes one key of another, and `!!int` a number of a text.
    fn untagged(&self, tag: Option<&Tag>, span: &Range<usize>) -> Result<(), Diagnostic> {
        let Some(tag) = tag else { return Ok(()) };
        let message = format!("the tag `{}{}` is not read", tag.original_handle(), tag.suffix());
        Err(Diagnostic::error(codes::INPUT_INVALID, message)
            .hint("write the value as it is meant, in quotes where it is text")
            .at(self.source, span.clone(), "here"))
    }

    fn members(&mut self, depth: usize) -> Result<(Vec<(Key, Node)>, usize), Diagnostic> {
        let mut members: Vec<(Key, Node)> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut end = 0;
        while let Some((event, span)) = self.next_node()? {
            let name = match event {
                Event::MappingEnd => {
                    end = span.end;
                    break;
                }
                Event::Scalar(text, _, _, tag) => {
                    self.untagged(tag.as_deref(), &span)?;
                    text.into_owned()
                }
                _ => {
                    let problem = Diagnostic::error(codes::INPUT_INVALID, "a key must be text");
                    let hint = template(&self.source.text, span.start);
                    return Err(Diagnostic { hint, ..problem.at(self.source, span, "here") });
                }
            };
            if name == "<<" {
                return Err(Diagnostic::error(
                    codes::INPUT_INVALID,
                    "merge keys (`<<`) are not part of YAML 1.2",
                )
                .hint("write the members out")
                .at(self.source, span, "here"));
            }
            if let Some(first) = seen.insert(name.clone(), span.start) {
                let (line, _) = self.source.line_column(first);
                return Err(Diagnostic::error(codes::INPUT_DUPLICATE, format!("duplicate key `{name}`"))
                    .hint(format!("it stands first in line {line}"))
                    .at(self.source, span, "a second time"));
            }
            let Some((event, value_span)) = self.next_node()? else { break };
            let value = self.node(event, value_span, depth.saturating_add(1))?;
            members.push((Key { name, span }, value));
        }
        Ok((members, end))
    }

    fn alias(&mut self, id: usize, span: Range<usize>) -> Result<Node, Diagnostic> {
        let Some((node, size)) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(codes::INPUT_SYNTAX, "an alias to an anchor that is not complete")
                .at(self.source, span, "here"));
        };
        self.aliased = self.aliased.saturating_add(*size);
        // The copy counts as often as it is copied, so that aliases of aliases cannot multiply.
        self.nodes = self.nodes.saturating_add(size.saturating_sub(1));
        if self.aliased > MAX_ALIASED {
            return Err(Diagnostic::error(
                codes::INPUT_TOO_LARGE,
                format!("the aliases of the document unfold into more than {MAX_ALIASED} values"),
            )
            .hint("write the values out")
            .at(self.source, span, "here"));
        }
        Ok(Node { span, value: node.value.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Node, Diagnostic> {
        parse(&Source::new("t.yaml", text)).map(|mut all| all.remove(0))
    }

    #[test]
    fn nodes_know_their_bytes() {
        let text = "a:\n  - b: \"x y\"\n  - 1.10\n";
        let node = one(text).unwrap();
        let at = |pointer: &str| &text[node.locate(pointer).span.clone()];
        assert_eq!(at("/a/0/b"), "\"x y\"");
        assert_eq!(at("/a/1"), "1.10");
        assert_eq!(node.locate("/a/1").text(), Some("1.10"));
    }

    #[test]
    fn an_alias_bomb_is_refused_quickly() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..30 {
            text += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
        }
        let error = one(&text).unwrap_err();
        assert_eq!(error.code, codes::INPUT_TOO_LARGE);
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(one(&"[".repeat(100_000)).is_err());
        assert!(one(&format!("{}{}", "[".repeat(99), "]".repeat(99))).is_ok());
    }

    #[test]
    fn a_tab_is_shown_where_it_stands() {
        for (text, line) in
            [("a: 1\n\tb: 2\n", 2), ("a:\n  - b\n\t- c\n", 3), ("a:\n\tb: 1\n", 2), ("a: \"x\n\ty\"\n", 2)]
        {
            let error = one(text).unwrap_err();
            assert_eq!(error.message, "not valid YAML: a tab does not indent", "{text}");
            assert_eq!(error.place().map(|(_, line, _)| line), Some(line), "{text}");
            assert!(error.hint.unwrap().contains("spaces"), "{text}");
        }
    }

    #[test]
    fn a_template_is_to_be_rendered_first() {
        for text in [
            "{{ if .x }}\na: b\n{{ end }}\n",
            "a:\n  b: {{ .x }}\n",
            "a: b\n{{- if .x }}\nc: d\n{{- end }}\n",
        ] {
            let hint = one(text).unwrap_err().hint.unwrap_or_default();
            assert!(hint.contains("helm template"), "{text}: {hint}");
        }
        assert!(
            !super::super::document::is_json("{{ if .x }}\n")
                && super::super::document::is_json("{\"a\": 1}")
        );
    }

    #[test]
    fn a_key_twice_is_refused_with_both_places() {
        let error = one("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(error.place(), Some(("t.yaml", 3, 1)));
        assert_eq!(error.hint.as_deref(), Some("it stands first in line 1"));
    }

    #[test]
    fn what_other_readers_of_yaml_take_otherwise_is_refused() {
        for tagged in ["!!binary cHJpdg==: 1", "a: !!int '0'", "a: !Ref b", "a: !!map {}", "a: !!seq []"] {
            let error = one(&format!("b: 1\n{tagged}\n")).unwrap_err();
            assert!(error.message.starts_with("the tag `!"), "{error}");
            assert_eq!(error.place().map(|(_, line, _)| line), Some(2), "{error}");
        }
        for end in ['\u{85}', '\u{2028}', '\u{2029}'] {
            let error = one(&format!("a: 1\n# b{end}c: 1\n")).unwrap_err();
            assert_eq!(error.place(), Some(("t.yaml", 2, 4)), "{error}");
            assert!(one(&format!("{{\"a\": \"{end}\"}}")).is_ok());
        }
        assert_eq!(one("a: \"\\u2028\"").unwrap().locate("/a").text(), Some("\u{2028}"));
    }

    #[test]
    fn several_documents_and_json() {
        assert_eq!(parse(&Source::new("t", "a: 1\n---\nb: 2\n")).unwrap().len(), 2);
        assert_eq!(one("{\"a\": [1,\t2]}").unwrap().locate("/a/1").text(), Some("2"));
        assert_eq!(parse(&Source::new("t", "")).unwrap().len(), 0);
    }
}
