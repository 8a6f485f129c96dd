//! Errors of an evaluation in words that policy authors know.

use cel::{ExecutionError, Value};

/// What went wrong.
pub(super) fn words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key `{key}`"),
        ExecutionError::NoSuchOverload(overload) => {
            let given: Vec<&str> = overload.argument_types().iter().map(|name| type_words(name)).collect();
            let function = function_words(overload.function());
            match (function.as_str(), given.as_slice()) {
                (".", [value, ..]) => format!("{value} has no members"),
                ("[]", [value, index, ..]) => format!("{value} cannot be indexed with {index}"),
                (_, []) => format!("`{function}` cannot be called like this"),
                (_, given) => format!("`{function}` cannot take {}", list(given)),
            }
        }
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known"),
        ExecutionError::UnexpectedType { got, want } => {
            format!("expected {}, found {}", type_words(want), type_words(got))
        }
        ExecutionError::IndexOutOfBounds(Value::Int(index)) => {
            format!("index {index} is outside of the list")
        }
        ExecutionError::IndexOutOfBounds(_) => "an index is outside of the list".to_owned(),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "remainder of a division by zero".to_owned(),
        ExecutionError::Overflow(operator, ..) => {
            format!("`{}` gives a number that is too large", function_words(operator))
        }
        ExecutionError::DuplicateKey(_) => "a mapping has one key twice".to_owned(),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("a function takes {expected} arguments, not {actual}")
        }
        ExecutionError::FunctionError { function, message } => match function.strip_prefix("@variable:") {
            Some(name) => format!("variable `{name}`: {message}"),
            None if function.starts_with('@') => message.clone(),
            None => format!("`{}` failed: {message}", function_words(function)),
        },
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => {
            format!("`{}` cannot take these values", function_words(operator))
        }
        ExecutionError::UnsupportedKeyType(_) | ExecutionError::UnsupportedIndex(..) => {
            "a value that cannot be a key is used as one".to_owned()
        }
        ExecutionError::ValuesNotComparable(..) => "two values cannot be compared".to_owned(),
        _ => "the expression cannot be evaluated".to_owned(),
    }
}

/// A type, as people call its values.
pub(super) fn type_words(name: &str) -> &str {
    match name {
        "bool" => "true or false",
        "int" | "uint" | "double" => "a number",
        "string" => "text",
        "bytes" => "bytes",
        "list" | "iterable" => "a list",
        "map" => "a mapping",
        "null_type" => "nothing",
        "optional_type" => "an optional value",
        "type" => "a type",
        "google.protobuf.Timestamp" => "a time",
        "google.protobuf.Duration" => "a duration",
        "variables" => "`variables`",
        other => other,
    }
}

fn function_words(name: &str) -> String {
    match name {
        "_[_]" | "_[?_]" => return "[]".to_owned(),
        "_._" | "_?._" => return ".".to_owned(),
        "_?_:_" => return "?:".to_owned(),
        "add" => return "+".to_owned(),
        "sub" | "negate" => return "-".to_owned(),
        "mul" => return "*".to_owned(),
        "div" => return "/".to_owned(),
        "rem" => return "%".to_owned(),
        _ => {}
    }
    name.trim_start_matches("math.@").trim_matches(['_', '@']).to_owned()
}

fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
