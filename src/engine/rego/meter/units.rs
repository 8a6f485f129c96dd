//! Amounts with units.

use regorus::Value;

use super::own::{Wrong, texts};

const BAD: Wrong = Wrong::Borrowed("an amount with a unit is expected");
const LARGE: Wrong = Wrong::Borrowed("an amount has too many digits");

/// An amount: a whole number, and by which power of ten it is divided.
struct Amount {
    value: i128,
    power: u32,
}

fn amount(text: &str, factor: impl Fn(&str) -> Option<i128>) -> Result<Amount, Wrong> {
    let text = text.replace('"', "");
    let left = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let minus = text.starts_with('-');
    let split = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (before, rest) = left.split_at_checked(split(left)).ok_or(BAD)?;
    let (behind, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at_checked(split(rest)).ok_or(BAD)?,
        None => ("", rest),
    };
    if before.is_empty() && behind.is_empty() {
        return Err(BAD);
    }
    let (mut power, mut unit) = (0_i64, rest);
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let end = split(digits);
        if end > 0 {
            let (digits, rest) = digits.split_at_checked(end).ok_or(BAD)?;
            power = digits.parse::<i64>().ok().filter(|power| *power < 40).ok_or(LARGE)?;
            if exponent.starts_with('-') {
                power = power.saturating_neg();
            }
            unit = rest;
        }
    }
    let digits = format!("{before}{behind}").parse::<i128>().map_err(|_| LARGE)?;
    let mut value = digits.checked_mul(factor(unit).ok_or(BAD)?).ok_or(LARGE)?;
    power = power.saturating_sub(i64::try_from(behind.len()).unwrap_or(i64::MAX));
    if power > 0 {
        let factor = u32::try_from(power).ok().and_then(|power| 10_i128.checked_pow(power));
        value = factor.and_then(|factor| value.checked_mul(factor)).ok_or(LARGE)?;
        power = 0;
    }
    let power = u32::try_from(power.unsigned_abs()).ok().filter(|power| *power < 38).ok_or(LARGE)?;
    Ok(Amount { value: if minus { value.checked_neg().ok_or(LARGE)? } else { value }, power })
}

fn thousands(power: u32) -> Option<i128> {
    1000_i128.checked_pow(power)
}

fn kibi(power: u32) -> Option<i128> {
    1024_i128.checked_pow(power)
}

fn value(text: &str) -> Result<Value, Wrong> {
    Value::from_numeric_string(text).map_err(|_| LARGE)
}

/// `units.parse`.
pub(super) fn parse(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    // A unit of a thousandth is the last of all: amounts are counted in thousandths.
    let amount = amount(text, |unit| {
        let (first, rest) = if unit.is_empty() { ("", "") } else { unit.split_at_checked(1)? };
        let rest = rest.to_lowercase();
        let factor = match (first, rest.as_str()) {
            ("m", "") => return Some(1),
            ("", "") => Some(1),
            ("k" | "K", "") => thousands(1),
            ("M", "") => thousands(2),
            ("g" | "G", "") => thousands(3),
            ("t" | "T", "") => thousands(4),
            ("p" | "P", "") => thousands(5),
            ("e" | "E", "") => thousands(6),
            ("k" | "K", "i") => kibi(1),
            ("m" | "M", "i") => kibi(2),
            ("g" | "G", "i") => kibi(3),
            ("t" | "T", "i") => kibi(4),
            ("p" | "P", "i") => kibi(5),
            ("e" | "E", "i") => kibi(6),
            _ => None,
        };
        factor?.checked_mul(1000)
    })?;
    let power = amount.power.saturating_add(3);
    let scale = 10_i128.checked_pow(power).ok_or(LARGE)?;
    if amount.value.checked_rem(scale) == Some(0) {
        return value(&amount.value.checked_div(scale).ok_or(LARGE)?.to_string());
    }
    // Ten digits behind the point are what OPA keeps.
    let kept = 10_i128.checked_pow(power.saturating_sub(10)).ok_or(LARGE)?;
    if amount.value.checked_rem(kept) != Some(0) {
        return Err(LARGE);
    }
    value(&format!("{}e-{power}", amount.value))
}

/// `units.parse_bytes`: what is no whole byte is left out.
pub(super) fn parse_bytes(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    let text = text.to_lowercase();
    let amount = amount(&text, |unit| match unit {
        "" => Some(1),
        "k" | "kb" => thousands(1),
        "m" | "mb" => thousands(2),
        "g" | "gb" => thousands(3),
        "t" | "tb" => thousands(4),
        "p" | "pb" => thousands(5),
        "e" | "eb" => thousands(6),
        "ki" | "kib" => kibi(1),
        "mi" | "mib" => kibi(2),
        "gi" | "gib" => kibi(3),
        "ti" | "tib" => kibi(4),
        "pi" | "pib" => kibi(5),
        "ei" | "eib" => kibi(6),
        _ => None,
    })?;
    // OPA multiplies numbers of 64 bits: what is large, or has a negative exponent, comes out otherwise.
    let scale = 10_i128.checked_pow(amount.power).filter(|_| !text.contains("e-")).ok_or(LARGE)?;
    let bytes = amount.value.checked_div(scale).and_then(|bytes| i64::try_from(bytes).ok());
    Ok(Value::from(bytes.ok_or(LARGE)?))
}
