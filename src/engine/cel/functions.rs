//! The functions that expressions can call, and ours in place of those without a bound.
//!
//! One table says what there is, how it is called, and how it is bounded; the check at load and
//! the rewriting both read it. What makes something large from something small, or takes more than
//! one pass over its argument, is written anew here and counts what it does beforehand.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::common::types::{
    CelBool, CelInt, CelString, DYN_TYPE, INT_TYPE, Kind, LIST_TYPE, STRING_TYPE, Type,
};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, extensions};
use regex::{Regex, RegexBuilder};

use super::meter;
use super::value::{self, List, SLOT};

/// The longest regular expression.
const MAX_PATTERN: usize = 1_000;
/// Bytes that a regular expression may take once compiled.
const MAX_PROGRAM: usize = 256 << 10;
/// The longest text that a regular expression is matched against.
const MAX_MATCHED: usize = 64 << 10;
/// Steps for each regular expression that an evaluation uses.
const COMPILING: usize = 20_000;
/// Compiled regular expressions that a thread keeps.
const KEPT: usize = 128;

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Out<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// How a function is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// It costs the same whatever it is given.
    Constant,
    /// One pass over its first argument.
    Pass,
    /// One pass, and what it makes is counted afterwards: never more than a few times its argument.
    Makes,
    /// What it makes comes from the list that it is given, which is counted beforehand.
    Prints,
    /// As `Makes`, over a list that is sorted.
    Sorts,
    /// Written anew, under this name.
    Ours(&'static str),
}

/// A function.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Called on a value: `text.trim()`.
    pub(super) member: bool,
    /// How many arguments, without the value that it is called on.
    pub(super) arity: std::ops::RangeInclusive<usize>,
    pub(super) bound: Bound,
}

const fn global(name: &'static str, from: usize, to: usize, bound: Bound) -> Function {
    Function { name, member: false, arity: from..=to, bound }
}

const fn member(name: &'static str, from: usize, to: usize, bound: Bound) -> Function {
    Function { name, member: true, arity: from..=to, bound }
}

/// Every function there is, but for operators and macros.
pub(super) const FUNCTIONS: &[Function] = &[
    global("base64.decode", 1, 1, Bound::Makes),
    global("base64.encode", 1, 1, Bound::Makes),
    global("bool", 1, 1, Bound::Pass),
    global("bytes", 1, 1, Bound::Makes),
    global("double", 1, 1, Bound::Pass),
    global("duration", 1, 1, Bound::Pass),
    global("dyn", 1, 1, Bound::Constant),
    global("int", 1, 1, Bound::Pass),
    global("lists.range", 1, 1, Bound::Ours("@range")),
    global("matches", 2, 2, Bound::Ours("@matches")),
    global("math.@max", 1, 2, Bound::Pass),
    global("math.@min", 1, 2, Bound::Pass),
    global("math.abs", 1, 1, Bound::Constant),
    global("math.bitAnd", 2, 2, Bound::Constant),
    global("math.bitNot", 1, 1, Bound::Constant),
    global("math.bitOr", 2, 2, Bound::Constant),
    global("math.bitShiftLeft", 2, 2, Bound::Constant),
    global("math.bitShiftRight", 2, 2, Bound::Constant),
    global("math.bitXor", 2, 2, Bound::Constant),
    global("math.ceil", 1, 1, Bound::Constant),
    global("math.floor", 1, 1, Bound::Constant),
    global("math.isFinite", 1, 1, Bound::Constant),
    global("math.isInf", 1, 1, Bound::Constant),
    global("math.isNaN", 1, 1, Bound::Constant),
    global("math.round", 1, 1, Bound::Constant),
    global("math.sign", 1, 1, Bound::Constant),
    global("math.sqrt", 1, 1, Bound::Constant),
    global("math.trunc", 1, 1, Bound::Constant),
    global("optional.none", 0, 0, Bound::Constant),
    global("optional.of", 1, 1, Bound::Makes),
    global("optional.ofNonZeroValue", 1, 1, Bound::Makes),
    global("size", 1, 1, Bound::Pass),
    global("string", 1, 1, Bound::Makes),
    global("strings.quote", 1, 1, Bound::Makes),
    global("timestamp", 1, 1, Bound::Pass),
    global("type", 1, 1, Bound::Constant),
    global("uint", 1, 1, Bound::Pass),
    member("@sortByAssociatedKeys", 1, 1, Bound::Sorts),
    member("charAt", 1, 1, Bound::Makes),
    member("contains", 1, 1, Bound::Pass),
    member("distinct", 0, 0, Bound::Ours("@distinct")),
    member("endsWith", 1, 1, Bound::Pass),
    member("flatten", 0, 1, Bound::Ours("@flatten")),
    member("format", 1, 1, Bound::Prints),
    member("getDate", 0, 1, Bound::Constant),
    member("getDayOfMonth", 0, 1, Bound::Constant),
    member("getDayOfWeek", 0, 1, Bound::Constant),
    member("getDayOfYear", 0, 1, Bound::Constant),
    member("getFullYear", 0, 1, Bound::Constant),
    member("getHours", 0, 1, Bound::Constant),
    member("getMilliseconds", 0, 1, Bound::Constant),
    member("getMinutes", 0, 1, Bound::Constant),
    member("getMonth", 0, 1, Bound::Constant),
    member("getSeconds", 0, 1, Bound::Constant),
    member("hasValue", 0, 0, Bound::Constant),
    member("indexOf", 1, 2, Bound::Ours("@indexOf")),
    member("join", 0, 1, Bound::Ours("@join")),
    member("lastIndexOf", 1, 2, Bound::Ours("@lastIndexOf")),
    member("lowerAscii", 0, 0, Bound::Makes),
    member("matches", 1, 1, Bound::Ours("@matches")),
    member("or", 1, 1, Bound::Constant),
    member("orValue", 1, 1, Bound::Constant),
    member("replace", 2, 3, Bound::Ours("@replace")),
    member("reverse", 0, 0, Bound::Makes),
    member("size", 0, 0, Bound::Pass),
    member("slice", 2, 2, Bound::Makes),
    member("sort", 0, 0, Bound::Sorts),
    member("split", 1, 2, Bound::Ours("@split")),
    member("startsWith", 1, 1, Bound::Pass),
    member("substring", 1, 2, Bound::Makes),
    member("trim", 0, 0, Bound::Makes),
    member("upperAscii", 0, 0, Bound::Makes),
    member("value", 0, 0, Bound::Constant),
];

/// The macros, for the words of the check.
pub(super) const MACROS: &[&str] = &[
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "filter",
    "greatest",
    "has",
    "least",
    "map",
    "optFlatMap",
    "optMap",
    "sortBy",
];

/// How a macro is written.
pub(super) fn macro_form(name: &str) -> String {
    match name {
        "has" => "write `has(value.member)`".to_owned(),
        "greatest" | "least" => format!("write `math.{name}(a, b)`"),
        "optMap" | "optFlatMap" => format!("write `optional.{name}(value, expression)`"),
        "map" => "write `list.map(item, expression)`".to_owned(),
        "sortBy" => "write `list.sortBy(item, key)`".to_owned(),
        _ => format!("write `list.{name}(item, condition)`"),
    }
}

/// The function of a name that is called in this way.
pub(super) fn find(name: &str, member: bool) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.member == member && function.name == name)
}

/// The environment in which expressions are compiled and evaluated.
pub(super) fn environment() -> Result<Env, DeclarationError> {
    const DYN: Type = DYN_TYPE;
    const INT: Type = INT_TYPE;
    const LIST: Type = LIST_TYPE;
    const TEXT: Type = STRING_TYPE;
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    env.add_extension(extensions::encoders)?;
    let ours: &[(&str, &[Type], cel::common::functions::Function)] = &[
        ("@tick", &[INT, DYN], tick),
        ("@keep", &[INT, DYN], keep),
        ("@own", &[DYN], own),
        ("@pass", &[DYN], pass),
        ("@printed", &[DYN], printed),
        ("@sorted", &[DYN], sorted),
        ("@add", &[DYN, DYN], add),
        ("@range", &[INT], range),
        ("@join", &[LIST], join),
        ("@join", &[LIST, TEXT], join),
        ("@replace", &[TEXT, TEXT, TEXT], replace),
        ("@replace", &[TEXT, TEXT, TEXT, INT], replace),
        ("@split", &[TEXT, TEXT], split),
        ("@split", &[TEXT, TEXT, INT], split),
        ("@indexOf", &[TEXT, TEXT], index_of),
        ("@indexOf", &[TEXT, TEXT, INT], index_of),
        ("@lastIndexOf", &[TEXT, TEXT], last_index_of),
        ("@lastIndexOf", &[TEXT, TEXT, INT], last_index_of),
        ("@distinct", &[LIST], distinct),
        ("@flatten", &[LIST], flatten),
        ("@flatten", &[LIST, INT], flatten),
        ("@matches", &[TEXT, TEXT], matches),
    ];
    for (name, types, function) in ours {
        env.add_overload(name, &format!("{name}/{}", types.len()), types.to_vec_owned(), *function)?;
    }
    Ok(env)
}

trait ToVecOwned {
    fn to_vec_owned(&self) -> Vec<Type>;
}

impl ToVecOwned for [Type] {
    fn to_vec_owned(&self) -> Vec<Type> {
        self.iter().map(ToOwned::to_owned).collect()
    }
}

fn failed(function: &str, message: impl ToString) -> ExecutionError {
    ExecutionError::function_error(function, message)
}

fn text<'b>(args: &'b Args<'_, '_>, at: usize) -> &'b str {
    args.get(at).and_then(|arg| arg.downcast_ref::<CelString<'_>>()).map_or("", |text| text.inner())
}

fn int(args: &Args<'_, '_>, at: usize) -> Option<i64> {
    args.get(at)?.downcast_ref::<CelInt>().map(|number| *number.inner())
}

fn list<'b>(args: &'b Args<'_, '_>) -> Result<&'b [Box<dyn Val>], ExecutionError> {
    let list = args.first().and_then(|arg| arg.downcast_ref::<List>());
    list.map(|list| list.0.as_slice()).ok_or_else(|| failed("@value", "not a list"))
}

fn last<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    args.into_iter().next_back().ok_or(ExecutionError::MissingArgumentOrTarget)
}

fn made<'b, 'v>(text: String) -> Out<'b, 'v> {
    Ok(CowVal::owned(CelString::from(text)))
}

fn listed<'b, 'v>(items: Vec<Box<dyn Val>>) -> Out<'b, 'v> {
    Ok(CowVal::owned(List(Arc::new(items))))
}

/// How much there is to go through in a value, without going through it.
fn extent(value: &dyn Val) -> usize {
    match value.get_type().kind() {
        Kind::String => value.downcast_ref::<CelString<'_>>().map_or(0, |text| text.inner().len() >> 4),
        Kind::Bytes => {
            value.downcast_ref::<cel::common::types::CelBytes<'_>>().map_or(0, |b| b.inner().len() >> 4)
        }
        Kind::List => value.downcast_ref::<List>().map_or(0, |list| list.0.len()),
        _ => 0,
    }
}

/// `@tick(weight, x)`: a turn of a loop.
fn tick<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    meter::steps(int(&args, 0).and_then(|weight| usize::try_from(weight).ok()).unwrap_or(1))?;
    last(args)
}

/// `@keep(weight, x)`: a turn of a loop whose value is kept.
fn keep<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = tick(args)?;
    value::keep(value.as_ref())?;
    Ok(value)
}

/// `@own(x)`: what a literal, a loop or a function made.
fn own<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    value::own(last(args)?)
}

/// `@pass(x)`: what a function is about to go through once.
fn pass<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = last(args)?;
    meter::steps(extent(value.as_ref()))?;
    Ok(value)
}

/// `@sorted(x)`: what is about to be sorted.
fn sorted<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let value = last(args)?;
    meter::steps(extent(value.as_ref()).saturating_mul(16))?;
    Ok(value)
}

/// `@printed(x)`: what is about to be printed, all the way down.
fn printed<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    fn count(value: &dyn Val) -> Result<usize, ExecutionError> {
        // A number with its precision at the most.
        meter::bytes(512)?;
        if let Some(list) = value.downcast_ref::<List>() {
            return list.0.iter().try_fold(512_usize, |sum, item| Ok(sum.saturating_add(count(&**item)?)));
        }
        if let Some(map) = value.downcast_ref::<value::Map>() {
            return map.0.iter().try_fold(512_usize, |sum, (key, item)| {
                Ok(sum.saturating_add(count(&**key)?).saturating_add(count(&**item)?))
            });
        }
        value::keep(value)?;
        Ok(extent(value).saturating_mul(16).saturating_add(512))
    }
    let value = last(args)?;
    if count(value.as_ref())? > meter::longest_text() {
        return Err(meter::too_large());
    }
    Ok(value)
}

fn add<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let [left, right] = args.as_slice() else { return Err(ExecutionError::MissingArgumentOrTarget) };
    let types = || vec![left.get_type().name().to_owned(), right.get_type().name().to_owned()];
    let (left_kind, right_kind) = (left.get_type().kind(), right.get_type().kind());
    let sized = matches!(left_kind, Kind::String | Kind::Bytes);
    if sized || left_kind == Kind::List {
        if left_kind != right_kind {
            return Err(ExecutionError::no_such_overload("_+_", types()));
        }
        if sized {
            let length = extent(left.as_ref()).saturating_add(extent(right.as_ref())).saturating_add(2);
            value::sized(length.saturating_mul(16))?;
        }
    }
    let adder = left.as_adder().ok_or_else(|| ExecutionError::no_such_overload("_+_", types()))?;
    let sum = adder.add(right.as_ref()).map_err(|error| match error {
        ExecutionError::UnsupportedBinaryOperator(..) => ExecutionError::no_such_overload("_+_", types()),
        other => other,
    })?;
    Ok(CowVal::Owned(sum.into_owned()))
}

fn range<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let count = int(&args, 0).unwrap_or(0).max(0);
    meter::bytes(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(SLOT))?;
    listed((0..count).map(|number| Box::new(CelInt::from(number)) as Box<dyn Val>).collect())
}

fn join<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let items = list(&args)?;
    let separator = text(&args, 1);
    let mut length = 0_usize;
    for item in items {
        meter::steps(1)?;
        let Some(item) = item.downcast_ref::<CelString<'_>>() else {
            let types = vec!["list".to_owned(), item.get_type().name().to_owned()];
            return Err(ExecutionError::no_such_overload("join", types));
        };
        length = length.saturating_add(item.inner().len()).saturating_add(separator.len());
    }
    value::sized(length)?;
    let mut out = String::with_capacity(length);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(item.downcast_ref::<CelString<'_>>().map_or("", |item| item.inner()));
    }
    made(out)
}

fn replace<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, from, to) = (text(&args, 0), text(&args, 1), text(&args, 2));
    let most = int(&args, 3).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    meter::steps(whole.len() >> 4)?;
    let count = whole.matches(from).take(most).count();
    value::sized(whole.len().saturating_add(count.saturating_mul(to.len())))?;
    made(whole.replacen(from, to, count))
}

fn split<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, separator) = (text(&args, 0), text(&args, 1));
    let most = int(&args, 2).map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    if most == 0 {
        return listed(Vec::new());
    }
    meter::steps(whole.len() >> 4)?;
    let empty = separator.is_empty();
    let count = if empty { whole.len() } else { whole.matches(separator).count() };
    let count = count.saturating_add(1).min(most);
    meter::bytes(count.saturating_mul(SLOT).saturating_add(whole.len()))?;
    let boxed = |part: &str| Box::new(CelString::from(part.to_owned())) as Box<dyn Val>;
    if !empty {
        return listed(whole.splitn(most, separator).map(boxed).collect());
    }
    // An empty separator parts the characters.
    let mut items = Vec::with_capacity(count);
    let mut rest = whole;
    while let Some(first) = rest.chars().next() {
        if items.len().saturating_add(1) == most {
            break;
        }
        let (part, after) = rest.split_at_checked(first.len_utf8()).unwrap_or((rest, ""));
        items.push(boxed(part));
        rest = after;
    }
    if !rest.is_empty() {
        items.push(boxed(rest));
    }
    listed(items)
}

/// The byte at which a character stands.
fn byte_of(function: &str, text: &str, index: i64) -> Result<usize, ExecutionError> {
    usize::try_from(index)
        .ok()
        .and_then(|index| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(index))
        .ok_or_else(|| failed(function, format!("{index} is outside of the text")))
}

fn characters(text: &str, end: Option<usize>) -> CelInt {
    let count = end.and_then(|end| text.get(..end)).map(|before| before.chars().count());
    count.map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX)).into()
}

fn index_of<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, part) = (text(&args, 0), text(&args, 1));
    meter::steps((whole.len() >> 4).saturating_add(part.len() >> 4))?;
    let from = byte_of("indexOf", whole, int(&args, 2).unwrap_or(0))?;
    let found = whole.get(from..).and_then(|rest| rest.find(part)).map(|at| at.saturating_add(from));
    Ok(CowVal::owned(characters(whole, found)))
}

fn last_index_of<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, part) = (text(&args, 0), text(&args, 1));
    meter::steps((whole.len() >> 4).saturating_add(part.len() >> 4))?;
    let end = match int(&args, 2) {
        Some(index) => byte_of("lastIndexOf", whole, index)?.saturating_add(part.len()).min(whole.len()),
        None => whole.len(),
    };
    // The end may lie within a character, where the part cannot end either.
    let end = (end..=whole.len()).find(|end| whole.is_char_boundary(*end)).unwrap_or(whole.len());
    let found = whole.get(..end).and_then(|before| before.rfind(part));
    Ok(CowVal::owned(characters(whole, found)))
}

fn distinct<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let mut kept: Vec<Box<dyn Val>> = Vec::new();
    for item in list(&args)? {
        meter::steps(kept.len().saturating_add(1))?;
        if !kept.iter().any(|other| other.equals(&**item)) {
            meter::bytes(SLOT)?;
            kept.push(value::copy(&**item)?);
        }
    }
    listed(kept)
}

fn flatten<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    fn into(items: &[Box<dyn Val>], depth: i64, out: &mut Vec<Box<dyn Val>>) -> Result<(), ExecutionError> {
        for item in items {
            meter::bytes(SLOT)?;
            match item.downcast_ref::<List>() {
                Some(inner) if depth > 0 => into(&inner.0, depth.saturating_sub(1), out)?,
                _ => out.push(value::copy(&**item)?),
            }
        }
        Ok(())
    }
    let depth = int(&args, 1).unwrap_or(1);
    if depth < 0 {
        return Err(failed("flatten", "the depth is negative"));
    }
    let mut out = Vec::new();
    into(list(&args)?, depth, &mut out)?;
    listed(out)
}

thread_local! {
    /// A memory of what was compiled, and nothing else: the same pattern gives the same answer.
    static PATTERNS: RefCell<HashMap<String, Result<Regex, &'static str>>> = RefCell::new(HashMap::new());
    /// The patterns that the present evaluation has paid for, compiled before or not.
    static PAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Sets which patterns are paid for, and gives what it was: each variable pays for its own.
pub(super) fn swap_patterns(patterns: BTreeSet<String>) -> BTreeSet<String> {
    PAID.replace(patterns)
}

/// Compiles a regular expression within its bounds.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn pattern(pattern: &str) -> Result<Regex, &'static str> {
    if pattern.len() > MAX_PATTERN {
        return Err("the pattern is too long");
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_PROGRAM)
        .dfa_size_limit(MAX_PROGRAM)
        .nest_limit(50)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large",
            _ => "the pattern is not a regular expression",
        })
}

fn matches<'b, 'v>(args: Args<'b, 'v>) -> Out<'b, 'v> {
    let (whole, source) = (text(&args, 0), text(&args, 1));
    meter::steps(source.len().saturating_add(whole.len() >> 4))?;
    if PAID.with_borrow(|paid| !paid.contains(source)) {
        meter::steps(COMPILING)?;
        PAID.with_borrow_mut(|paid| paid.insert(source.to_owned()));
    }
    if whole.len() > MAX_MATCHED {
        return Err(failed("matches", "the text is too long"));
    }
    let regex = PATTERNS.with_borrow_mut(|patterns| {
        if let Some(known) = patterns.get(source) {
            return known.clone();
        }
        if patterns.len() >= KEPT {
            patterns.clear();
        }
        let compiled = pattern(source);
        if source.len() <= MAX_PATTERN {
            patterns.insert(source.to_owned(), compiled.clone());
        }
        compiled
    });
    let found = regex.map_err(|message| failed("matches", message))?.is_match(whole);
    Ok(CowVal::owned(CelBool::from(found)))
}
