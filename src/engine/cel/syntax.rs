//! Expressions as they are written, for those who only read them.

use std::cell::OnceCell;

use cel::Env;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use cel::parser::PrattParser;

use super::check::MAX_DEPTH;
use super::parts::Parts;
use super::{functions, lexer};

/// How many parts an expression may have to be looked at in every one.
const MAX_PARTS: usize = 4_000;

/// Macros that the crate adds to the standard ones, which [`quick`] does not unfold.
const ADDED: [&str; 5] = ["greatest", "least", "optFlatMap", "optMap", "sortBy"];

/// The tree of an expression within [`lexer::bounded`], by the second parser of the crate: it takes a
/// twentieth of the time of the first, and does not say where parts stand. Nothing where it cannot
/// be had in this way: the first parser has the last word.
pub(super) fn quick(text: &str) -> Option<IdedExpr> {
    // What only one of both unfolds, and `!-x`, which only this one reads.
    if ADDED.iter().any(|name| text.contains(name))
        || (text.contains('!') && text.contains('-') && Parts::new(text).mixes("!", "-"))
    {
        return None;
    }
    let parser = PrattParser::default().enable_optional_syntax(true);
    parser.parse(text).ok()
}

/// Parses expressions.
pub(crate) struct Parser {
    env: Env,
}

/// An expression, parsed.
pub(crate) struct Parsed<'p> {
    parser: &'p Parser,
    text: &'p str,
    expr: IdedExpr,
    /// Where the parts stand, by their place in the tree, once somebody asks.
    offsets: OnceCell<Vec<usize>>,
}

impl Parser {
    /// A parser of the language that policies have; none where its functions cannot be set up.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { env: functions::environment().ok()? })
    }

    /// Parses an expression, within the bounds that policies have.
    pub(crate) fn parse<'p>(&'p self, text: &'p str) -> Option<Parsed<'p>> {
        lexer::bounded(text).ok()?;
        let expr = match quick(text) {
            Some(expr) => expr,
            None => self.env.compile(text).ok()?.expression().clone(),
        };
        ids(&expr).map(|_| Parsed { parser: self, text, expr, offsets: OnceCell::new() })
    }
}

/// The parts of an expression in an order of their own, by id; nothing where it is deeper than
/// policies have them, or too long to be looked at in every part.
fn ids(expr: &IdedExpr) -> Option<Vec<u64>> {
    let mut open = vec![(expr, 1_usize)];
    let mut ids = Vec::new();
    while let Some((expr, depth)) = open.pop() {
        ids.push(expr.id);
        if depth > MAX_DEPTH || ids.len() > MAX_PARTS {
            return None;
        }
        let mut add = |inner| open.push((inner, depth.saturating_add(1)));
        match &expr.expr {
            Expr::Call(call) => call.target.iter().map(|target| &**target).chain(&call.args).for_each(add),
            Expr::Comprehension(c) => {
                [&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result]
                    .into_iter()
                    .for_each(add);
            }
            Expr::List(list) => list.elements.iter().for_each(add),
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        add(&entry.key);
                        add(&entry.value);
                    }
                }
            }
            Expr::Select(select) => add(&select.operand),
            Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }
    Some(ids)
}

impl Parsed<'_> {
    /// The syntax tree, with macros unfolded.
    pub(crate) fn expr(&self) -> &IdedExpr {
        &self.expr
    }

    /// The byte of the text near which a part of it stands.
    pub(crate) fn offset(&self, id: u64) -> usize {
        let offsets = self.offsets.get_or_init(|| self.located().unwrap_or_default());
        let at = ids(&self.expr).and_then(|ids| ids.iter().position(|part| *part == id));
        at.and_then(|at| offsets.get(at)).copied().unwrap_or(0)
    }

    fn located(&self) -> Option<Vec<usize>> {
        let program = self.parser.env.compile(self.text).ok()?;
        let info: &SourceInfo = program.source_info();
        let offset = |id: u64| {
            let start = info.offset_for(id).and_then(|(start, _)| usize::try_from(start).ok()).unwrap_or(0);
            self.text.char_indices().nth(start).map_or(self.text.len(), |(at, _)| at)
        };
        Some(ids(program.expression())?.into_iter().map(offset).collect())
    }
}
