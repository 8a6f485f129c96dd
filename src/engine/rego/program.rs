//! A bundle's Rego, compiled: what evaluation goes through.
//!
//! Every body is a list of [`Step`]s in an order in which each variable has a value before it is used.
//! Which steps give a variable its value is known when they are compiled, so nothing has to be taken
//! back when a step is tried again. A [`Term`] has at most one value: whatever goes through several,
//! as in `input.x[_].y`, is a step of its own before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use regorus::Value;
use regorus::unstable::{BoolOp, BuiltinFcn, Expr, Ref, Span};

/// The place of a variable among those of its definition.
pub(super) type Slot = usize;

/// Something that has one value, or none.
pub(super) enum Term {
    Value(Value),
    Slot(Slot),
    /// What the policy is asked about.
    Input,
    /// The value of a rule, by its number.
    Rule(usize),
    /// A value in the data, where no rule is at or below its path.
    Base(Box<Base>),
    /// Data and rules below a node.
    Tree(usize),
    /// Members of members: `a.b[c]`.
    Path(Box<(Term, Vec<Term>)>),
    Array(Vec<Term>),
    Set(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Collect(Box<Collect>),
    Call(Box<Call>),
    Compare(BoolOp, Box<(Term, Term)>),
    /// Whether a collection has a value, or a key with a value.
    In(Box<(Option<Term>, Term, Term)>),
}

/// A path below `data`, and what the data has there.
pub(super) struct Base {
    pub(super) path: Vec<Value>,
    pub(super) value: Value,
    /// Where it stands.
    pub(super) span: Span,
}

/// What a comprehension makes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Set,
    Object,
}

/// A comprehension.
pub(super) struct Collect {
    pub(super) kind: Kind,
    pub(super) body: Vec<Step>,
    /// Of objects.
    pub(super) key: Option<Term>,
    pub(super) value: Term,
    /// Where it stands.
    pub(super) span: Span,
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// One that is built in, by its name.
    Builtin(&'static str),
    /// A rule, by its number.
    Rule(usize),
}

/// A call.
pub(super) struct Call {
    pub(super) function: Function,
    /// How it is called, where it is built in.
    pub(super) pointer: Option<BuiltinFcn>,
    pub(super) arguments: Vec<Term>,
    /// As they were written, for errors.
    pub(super) written: Vec<Ref<Expr>>,
    pub(super) span: Span,
}

/// What a value is held against, and which variables it gives their values.
pub(super) enum Pattern {
    Any,
    Slot(Slot),
    Equal(Term),
    Array(Vec<Pattern>),
    /// With exactly these keys.
    Object(Vec<(Term, Pattern)>),
}

/// A part of a body.
pub(super) enum Step {
    /// Goes on where the term is neither undefined nor false.
    Test(Term),
    /// Goes on where the term has a value that fits.
    Bind(Pattern, Term),
    /// Goes on with each element that fits.
    Scan { of: Term, key: Pattern, value: Pattern },
    /// Goes on with each path and value within a value.
    Walk { of: Term, pattern: Pattern },
    /// Goes on where the steps do not.
    Not(Vec<Step>),
    /// Goes on where the steps do for each element.
    Every { of: Term, key: Option<Slot>, value: Slot, body: Vec<Step> },
    /// The steps in another world; what follows is in this one again.
    With(Vec<(Change, Term)>, Vec<Step>),
    /// Writes values down: none for what has none. Only what is tested has these.
    Print(Vec<Option<Part>>),
    /// A statement begins. Only what is traced has these.
    Enter(usize),
    /// It holds.
    Leave(usize),
}

/// A statement that is traced.
pub(super) struct Probe {
    /// As it was written.
    pub(super) span: Span,
    /// Whether it is no statement but what a definition gives.
    pub(super) gives: bool,
    /// The statement that it stands in.
    pub(super) within: Option<usize>,
    /// What can be read before it.
    pub(super) before: Vec<Part>,
    /// What has a value only once it holds.
    pub(super) after: Vec<Part>,
}

/// A part of a statement that is shown with its value.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) term: Term,
    /// Whether the term is a list made for it, of all values that the part has.
    pub(super) several: bool,
    /// What `with` changes for the statement.
    pub(super) changes: Option<Arc<Vec<(Change, Term)>>>,
}

/// What `with` replaces.
pub(super) enum Change {
    /// The input, or what is at a path in it.
    Input(Vec<Value>),
    /// What is at a path in the data.
    Data(Vec<Value>),
    /// A function by a value.
    Answer(Function),
    /// A function by another.
    Function(Function, Function),
}

/// What holds where a body does.
pub(super) struct Branch {
    pub(super) body: Vec<Step>,
    /// Below the path of its rule.
    pub(super) keys: Vec<Term>,
    pub(super) value: Term,
    /// Of tests: where what is in the body stands.
    pub(super) outline: Option<Box<Outline>>,
    /// Its statements among the program's, where it is traced.
    pub(super) probes: Range<usize>,
}

/// Where the statements of a body stand.
#[derive(Default)]
pub(super) struct Outline {
    /// In the order in which they are gone through.
    pub(super) statements: Vec<Statement>,
    /// The step before which it is known which case of a test it is, and its name.
    pub(super) case: Option<(usize, Vec<Term>)>,
}

/// A statement of a body.
pub(super) struct Statement {
    /// Its first step.
    pub(super) step: usize,
    pub(super) span: Span,
    /// The two sides of a comparison.
    pub(super) sides: Option<(Span, Span)>,
}

/// One definition of a rule: the first of its branches that holds.
pub(super) struct Definition {
    pub(super) arguments: Vec<Pattern>,
    pub(super) branches: Vec<Branch>,
    /// Whether the value is an element of a set.
    pub(super) contains: bool,
    /// How many variables it has.
    pub(super) slots: usize,
    /// Its head.
    pub(super) span: Span,
}

/// A rule: all definitions at a path.
pub(super) struct Rule {
    /// Below `data`.
    pub(super) path: Vec<Value>,
    pub(super) definitions: Vec<Definition>,
    pub(super) default: Option<Definition>,
    /// Its only possible value, where there is but one.
    pub(super) constant: bool,
    pub(super) form: Form,
}

/// What a rule's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One value.
    Value,
    Set,
    /// An object: its definitions give parts of it.
    Object,
    Function,
}

/// A part of `data`: what is at a path.
#[derive(Default)]
pub(super) struct Node {
    pub(super) path: Vec<Value>,
    pub(super) below: BTreeMap<String, usize>,
    pub(super) rule: Option<usize>,
}

/// A bundle's Rego.
pub(super) struct Program {
    pub(super) rules: Vec<Rule>,
    /// The first is `data` itself.
    pub(super) nodes: Vec<Node>,
    pub(super) data: Value,
    /// None but in what is traced.
    pub(super) probes: Vec<Probe>,
}

impl Term {
    /// Its value, if that is the same always.
    pub(super) const fn constant(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// The member of a value under a key: undefined where there is none.
pub(super) fn member<'v>(of: &'v Value, key: &Value) -> Option<&'v Value> {
    match of {
        Value::Object(members) => members.get(key),
        Value::Array(items) => match key {
            Value::Number(number) if number.is_integer() => {
                items.get(usize::try_from(number.as_u64()?).ok()?)
            }
            _ => None,
        },
        Value::Set(items) => items.get(key),
        _ => None,
    }
}

/// What is at a path in a value.
pub(super) fn at<'v, 'k>(of: &'v Value, path: impl IntoIterator<Item = &'k Value>) -> Option<&'v Value> {
    path.into_iter().try_fold(of, |value, key| member(value, key))
}
