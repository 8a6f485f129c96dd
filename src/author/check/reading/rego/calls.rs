//! Calls in Rego: of the policy's own functions, and of those that are built in.

use regorus::unstable::{Expr, Ref};

use super::walk::{Walk, last, literal};
use crate::author::check::reading::{How, Value};
use crate::policy::rego::uses::{bytes, path};

impl Walk<'_, '_> {
    /// The value of a call, noted.
    pub(super) fn call(&mut self, whole: &Expr, function: &Expr, params: &[Ref<Expr>]) -> Value {
        let values: Vec<Value> = params.iter().map(|param| self.expr(param)).collect();
        let Some((path, _)) = path(function) else { return Value::Any };
        if let Some(found) = self.defined(&path) {
            for at in self.program.index.get(&found).into_iter().flatten() {
                match self.arguments.get_mut(at) {
                    None => drop(self.arguments.insert(*at, values.clone())),
                    Some(known) => {
                        for (known, value) in known.iter_mut().zip(&values) {
                            *known = std::mem::replace(known, Value::Nothing).join(value.clone());
                        }
                    }
                }
            }
            return self.rules(&found);
        }
        let span = bytes(whole.span());
        let name = path.join(".");
        let how = match name.as_str() {
            "regex.match" | "re_match" => Some((How::Matches, 1, 0)),
            "glob.match" => Some((How::Glob, 2, 0)),
            "startswith" => Some((How::Begins, 0, 1)),
            "endswith" => Some((How::Ends, 0, 1)),
            "contains" => Some((How::Contains, 0, 1)),
            "strings.any_prefix_match" => Some((How::Begins, 0, 1)),
            "strings.any_suffix_match" => Some((How::Ends, 0, 1)),
            _ => None,
        };
        if let Some((how, subject, word)) = how {
            let member = params.get(subject).and_then(|subject| last(subject));
            let of = values.get(subject).cloned().unwrap_or(Value::Any);
            let word = values.get(word).cloned().unwrap_or(Value::Any);
            // One text, or a list of them.
            let word = if matches!(word, Value::List(_)) { word.element() } else { word };
            self.notes.ask(&of, member, how, &word, &span);
            return Value::Any;
        }
        match (name.as_str(), values.as_slice(), params) {
            ("object.get", [of, _, default], [_, key, _]) => {
                let keys: Vec<&Expr> = match key.as_ref() {
                    Expr::Array { items, .. } => items.iter().map(AsRef::as_ref).collect(),
                    key => vec![key],
                };
                let mut found = of.clone();
                for key in keys {
                    found = match literal(key) {
                        Some(name) => self.member(&found, &name, &bytes(key.span())),
                        None => self.notes.element(&found, &span),
                    };
                }
                found.or_empty(default)
            }
            ("sort" | "array.reverse" | "array.slice", [of, ..], _) => of.clone(),
            ("array.concat", [a, b], _) => a.clone().join(b.clone()),
            ("max" | "min", [of], _) => of.element(),
            _ => Value::Any,
        }
    }

    /// The path of a function that the policies define.
    fn defined(&self, path: &[String]) -> Option<Vec<String>> {
        let (root, rest) = path.split_first()?;
        let index = &self.program.index;
        if root == "data" {
            return Some(rest.to_vec()).filter(|path| index.contains_key(path));
        }
        let import = self.unit.imports.iter().find(|import| import.alias == *root);
        if let Some((start, middle)) = import.and_then(|import| import.path.split_first())
            && start == "data"
        {
            let path: Vec<String> = middle.iter().chain(rest).cloned().collect();
            if index.contains_key(&path) {
                return Some(path);
            }
        }
        let path: Vec<String> = self.unit.package.iter().chain(path).cloned().collect();
        index.contains_key(&path).then_some(path)
    }
}
