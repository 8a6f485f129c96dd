//! What a plain scalar of YAML is: by the core schema of YAML 1.2, and to readers of YAML 1.1.

/// A number that need not be whole.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['-', '+']);
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    numeric.then(|| text.parse().ok())?
}

/// A whole number by the core schema of YAML 1.2.
pub(super) fn integer(text: &str) -> Option<i128> {
    if let Some(hex) = text.strip_prefix("0x") {
        return i128::from_str_radix(hex, 16).ok();
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return i128::from_str_radix(octal, 8).ok();
    }
    let digits = text.trim_start_matches(['-', '+']);
    let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if valid { text.trim_start_matches('+').parse().ok() } else { None }
}

/// What a plain scalar is to readers of YAML 1.1 such as clusters and their clients, where it is
/// something else here: a truth value or a number.
pub(crate) fn old_meaning(text: &str) -> Option<String> {
    if let Some(truth) = old_truth(text) {
        return Some(truth.to_string());
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    let joined = text.replace('_', "");
    let theirs = old_integer(&joined);
    match (theirs, integer(text)) {
        (Some(theirs), ours) => (ours != Some(theirs)).then(|| theirs.to_string()),
        (None, _) => (joined != text && number(&joined).is_some()).then_some(joined),
    }
}

/// A whole number of YAML 1.1, without its `_`: also with `0b`, and of base eight where it begins with
/// a zero.
fn old_integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let bases = [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8), ("", 10)];
    let (rest, base) = bases.iter().find_map(|(prefix, base)| {
        let rest = lower.strip_prefix(prefix)?;
        (!rest.is_empty()).then_some((rest, *base))
    })?;
    let number = rest.chars().all(|c| c.is_digit(base)).then(|| i128::from_str_radix(rest, base).ok())??;
    number.checked_mul(sign)
}

/// What YAML 1.1 takes for true or false, and YAML 1.2 for text.
pub(super) fn old_truth(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
