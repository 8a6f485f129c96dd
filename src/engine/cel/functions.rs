//! The functions that expressions can call, and ours in place of those without a bound.
//!
//! One table says what there is, how it is called, and how it is bounded; the check at load and
//! the rewriting both read it. What makes something large from something small, or takes more than
//! one pass over its argument, is written anew here and counts what it does beforehand.

use cel::common::types::{DYN_TYPE, INT_TYPE, LIST_TYPE, STRING_TYPE, Type};
use cel::{DeclarationError, Env, extensions};

use super::{optional, ours, regexes};

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
        ("@tick", &[INT, DYN], ours::tick),
        ("@keep", &[INT, DYN], ours::keep),
        ("@own", &[DYN], ours::own),
        ("@pass", &[DYN], ours::pass),
        ("@printed", &[DYN], ours::printed),
        ("@sorted", &[DYN], ours::sorted),
        ("@add", &[DYN, DYN], ours::add),
        ("@at", &[DYN, DYN], optional::at),
        ("@has", &[DYN, DYN], optional::has),
        ("@optionalAt", &[DYN, DYN], optional::optional_at),
        ("@optional", &[DYN], optional::optional),
        ("@range", &[INT], ours::range),
        ("@join", &[LIST], ours::join),
        ("@join", &[LIST, TEXT], ours::join),
        ("@replace", &[TEXT, TEXT, TEXT], ours::replace),
        ("@replace", &[TEXT, TEXT, TEXT, INT], ours::replace),
        ("@split", &[TEXT, TEXT], ours::split),
        ("@split", &[TEXT, TEXT, INT], ours::split),
        ("@indexOf", &[TEXT, TEXT], ours::index_of),
        ("@indexOf", &[TEXT, TEXT, INT], ours::index_of),
        ("@lastIndexOf", &[TEXT, TEXT], ours::last_index_of),
        ("@lastIndexOf", &[TEXT, TEXT, INT], ours::last_index_of),
        ("@distinct", &[LIST], ours::distinct),
        ("@flatten", &[LIST], ours::flatten),
        ("@flatten", &[LIST, INT], ours::flatten),
        ("@matches", &[TEXT, TEXT], regexes::matches),
    ];
    for (name, types, function) in ours {
        env.add_overload(
            name,
            &format!("{name}/{}", types.len()),
            types.iter().map(ToOwned::to_owned).collect(),
            *function,
        )?;
    }
    Ok(env)
}
