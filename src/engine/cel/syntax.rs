//! Expressions as they are written, for those who only read them.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use cel::{Env, Program};

use super::check::MAX_DEPTH;
use super::{functions, lexer};

/// How many parts an expression may have to be looked at in every one.
const MAX_PARTS: usize = 4_000;

/// Parses expressions.
pub(crate) struct Parser {
    env: Env,
}

/// An expression, parsed.
pub(crate) struct Parsed {
    program: Program,
}

impl Parser {
    /// A parser of the language that policies have; none where its functions cannot be set up.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { env: functions::environment().ok()? })
    }

    /// Parses an expression, within the bounds that policies have.
    pub(crate) fn parse(&self, text: &str) -> Option<Parsed> {
        lexer::bounded(text).ok()?;
        let program = self.env.compile(text).ok()?;
        fits(program.expression()).then_some(Parsed { program })
    }
}

/// Whether an expression is no deeper than policies have them, and not too long to be looked at in
/// every part.
fn fits(expr: &IdedExpr) -> bool {
    let mut open = vec![(expr, 1_usize)];
    let mut parts = 0_usize;
    while let Some((expr, depth)) = open.pop() {
        parts = parts.saturating_add(1);
        if depth > MAX_DEPTH || parts > MAX_PARTS {
            return false;
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
    true
}

impl Parsed {
    /// The syntax tree, with macros unfolded.
    pub(crate) fn expr(&self) -> &IdedExpr {
        self.program.expression()
    }

    /// The byte of the text near which a part of it stands.
    pub(crate) fn offset(&self, id: u64) -> usize {
        let info: &SourceInfo = self.program.source_info();
        let start = info.offset_for(id).and_then(|(start, _)| usize::try_from(start).ok()).unwrap_or(0);
        info.source.char_indices().nth(start).map_or(info.source.len(), |(at, _)| at)
    }
}
