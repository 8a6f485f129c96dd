//! The text that is compiled: an author's policy, with names for what the engine asks for.
//!
//! Where a package has several definitions of an effect, each head gets a name of its own, so that
//! an output can be traced to the definition that gave it; the effect itself becomes their union,
//! for policies that refer to it. A list of all of them is appended, which is the one thing that is
//! evaluated. Lines stay what they are; only columns behind a renamed head move.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use crate::model::finding::{Effect, Location};
use crate::policy::rego::RESERVED;
use crate::policy::rego::unit::{Form, Unit};

/// A definition of an effect.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    /// What its elements mean.
    pub(super) effect: Effect,
    /// Where it stands.
    pub(super) location: Location,
    /// By how many columns the rest of its line moved.
    pub(super) moved: u32,
}

/// A text to compile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prepared {
    /// The text.
    pub(super) text: String,
    /// The heads, in the order of the list of outputs.
    pub(super) heads: Vec<Head>,
}

/// The rule that lists the outputs.
pub(super) fn outputs() -> String {
    format!("{RESERVED}outputs")
}

/// Prepares a unit.
pub(super) fn prepare(unit: &Unit) -> Prepared {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for range in unit.rules.iter().flat_map(|d| &d.uses.prints) {
        if !unit.rules.iter().any(|d| d.path.first().is_some_and(|name| name == "print" || name == "trace")) {
            edits.push((range.clone(), silence(unit.source.text.get(range.clone()).unwrap_or_default())));
        }
    }
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, definition) in unit.rules.iter().enumerate() {
        if let Some(name) = definition.path.first()
            && definition.effect().is_some()
            && definition.form == Form::Set
        {
            by_name.entry(name).or_default().push(index);
        }
    }
    let mut heads = Vec::new();
    let mut list = Vec::new();
    let mut appended = String::new();
    for (name, indexes) in by_name {
        for (number, index) in indexes.iter().enumerate() {
            let Some(definition) = unit.rules.get(*index) else { continue };
            let Some(effect) = definition.effect() else { continue };
            let mut moved = 0;
            if indexes.len() == 1 {
                list.push(name.to_owned());
            } else {
                let own = format!("{RESERVED}{name}_{number}");
                let start = definition.head.start;
                moved = u32::try_from(own.len().saturating_sub(name.len())).unwrap_or(0);
                edits.push((start..start.saturating_add(name.len()), own.clone()));
                let _ = if unit.v1 {
                    writeln!(appended, "{name} contains {RESERVED}x if some {RESERVED}x in {own}")
                } else {
                    writeln!(appended, "{name}[{RESERVED}x] {{ {RESERVED}x := {own}[_] }}")
                };
                list.push(own);
            }
            let location = Location {
                file: unit.source.name.clone(),
                line: definition.line,
                column: Some(definition.column),
            };
            heads.push(Head { effect, location, moved });
        }
    }
    let mut text = unit.source.text.clone();
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, with) in edits {
        // A print within a print's arguments has gone with it.
        if text.get(range.clone()).is_some_and(|there| !there.starts_with("true ")) {
            text.replace_range(range, &with);
        }
    }
    if !heads.is_empty() {
        let _ = write!(text, "\n{} := [{}]\n{appended}", outputs(), list.join(", "));
    }
    Prepared { text, heads }
}

/// `true`, on as many lines and columns as what it stands for.
fn silence(call: &str) -> String {
    let rest = call.chars().skip("true".len());
    "true".chars().chain(rest.map(|c| if c == '\n' { '\n' } else { ' ' })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::policy::rego::unit;

    #[test]
    fn heads_get_names_and_lines_stay() {
        let text = "package a\n\ndeny contains \"x\" if {\n\tprint(\"é\",\n\t\tinput.x)\n\tinput.x\n}\n\nwarn contains \"w\"\n\ndeny contains \"y\" if count(warn) > 0";
        let unit = unit::parse(&Source::new("a.rego", text), false).unwrap();
        let prepared = prepare(&unit);
        insta::assert_snapshot!(prepared.text);
        let places: Vec<_> = prepared.heads.iter().map(|h| (h.effect, h.location.line)).collect();
        assert_eq!(places, [(Effect::Deny, 3), (Effect::Deny, 11), (Effect::Warn, 9)]);
        unit::parse(&Source::new("a.rego", prepared.text), false).unwrap();
    }
}
