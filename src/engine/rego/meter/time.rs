//! Times and durations, as Go counts them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike};
use chrono_tz::{OffsetName, Tz};
use regorus::Value;

use super::layout::{self, Local, WEEKDAYS};
use super::own::{Wrong, string, text, texts, whole};

const SECOND: i64 = 1_000_000_000;
const FAR: Wrong = Wrong::Borrowed("a time is too far away to count its nanoseconds");

/// From 1970 to 2037, in seconds: what lies before is told otherwise by others, and what comes after is
/// in no table.
const KNOWN: std::ops::Range<i64> = 0..2_145_916_800;

/// A time and where it is looked at from.
struct Moment<'a> {
    /// Nanoseconds since 1970.
    at: i64,
    /// The zone, but for universal time.
    zone: Option<Tz>,
    /// The layout that it is to be written in.
    layout: &'a str,
}

impl<'a> Moment<'a> {
    /// A time, or an array of a time, a zone and a layout.
    fn of(arg: &'a Value) -> Result<Self, Wrong> {
        match arg {
            Value::Number(_) => Ok(Self { at: whole(arg)?, zone: None, layout: "" }),
            Value::Array(parts) => {
                let at = whole(parts.first().ok_or("a time is expected")?)?;
                let zone = match parts.get(1).map(text).transpose()? {
                    None | Some("" | "UTC") => None,
                    // `Local` too: it is another in each place.
                    Some(name) => Some(name.parse().map_err(|_| "there is no such time zone")?),
                };
                Ok(Self { at, zone, layout: parts.get(2).map(text).transpose()?.unwrap_or_default() })
            }
            _ => Err("a time is expected, or an array of a time and a zone".into()),
        }
    }

    fn local(&self) -> Result<Local, Wrong> {
        let seconds = self.at.div_euclid(SECOND);
        let nanoseconds = u32::try_from(self.at.rem_euclid(SECOND)).map_err(|_| FAR)?;
        let (offset, zone) = zone_at(self.zone, seconds)?;
        let shown = seconds.checked_add(i64::from(offset)).ok_or(FAR)?;
        let shown = DateTime::from_timestamp(shown, nanoseconds).ok_or(FAR)?.naive_utc();
        Ok(Local { shown, offset, zone })
    }
}

/// How far a zone is ahead of universal time, and what it is called then.
fn zone_at(zone: Option<Tz>, seconds: i64) -> Result<(i32, String), Wrong> {
    let Some(zone) = zone else { return Ok((0, "UTC".to_owned())) };
    if !KNOWN.contains(&seconds) {
        return Err("what clocks show in a time zone is known from 1970 to 2037".into());
    }
    let then = DateTime::from_timestamp(seconds, 0).ok_or(FAR)?.naive_utc();
    let offset = zone.offset_from_utc_datetime(&then);
    let ahead = offset.fix().local_minus_utc();
    let name = offset.abbreviation().map_or_else(
        || {
            // Where people have no name for it.
            let (hours, minutes) = (ahead.unsigned_abs() / 3600, ahead.unsigned_abs() / 60 % 60);
            let minutes = if minutes > 0 { format!("{minutes:02}") } else { String::new() };
            format!("{}{hours:02}{minutes}", if ahead < 0 { '-' } else { '+' })
        },
        str::to_owned,
    );
    Ok((ahead, name))
}

fn one(args: &[Value]) -> Result<Moment<'_>, Wrong> {
    let [arg] = args else { return Err("1 argument is expected".into()) };
    Moment::of(arg)
}

fn numbers(all: impl IntoIterator<Item = i64>) -> Value {
    Value::from(all.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// `time.format`.
pub(super) fn format(args: &[Value]) -> Result<Value, Wrong> {
    let moment = one(args)?;
    Ok(string(layout::format(&moment.local()?, moment.layout)))
}

/// `time.date`.
pub(super) fn date(args: &[Value]) -> Result<Value, Wrong> {
    let shown = one(args)?.local()?.shown;
    Ok(numbers([i64::from(shown.year()), i64::from(shown.month()), i64::from(shown.day())]))
}

/// `time.clock`.
pub(super) fn clock(args: &[Value]) -> Result<Value, Wrong> {
    let shown = one(args)?.local()?.shown;
    Ok(numbers([i64::from(shown.hour()), i64::from(shown.minute()), i64::from(shown.second())]))
}

/// `time.weekday`.
pub(super) fn weekday(args: &[Value]) -> Result<Value, Wrong> {
    let at = usize::try_from(one(args)?.local()?.shown.weekday().num_days_from_sunday());
    let name = at.ok().and_then(|at| WEEKDAYS.get(at)).copied();
    Ok(string(name.unwrap_or_default()))
}

/// `time.add_date`: a day that a month does not have is one of the next.
pub(super) fn add_date(args: &[Value]) -> Result<Value, Wrong> {
    let [time, years, months, days] = args else { return Err("4 arguments are expected".into()) };
    let moment = Moment::of(time)?;
    let shown = moment.local()?.shown;
    let (years, months, days) = (whole(years)?, whole(months)?, whole(days)?);
    let added = || {
        let months = months.checked_add(i64::from(shown.month0()))?;
        let year = i64::from(shown.year()).checked_add(years)?.checked_add(months.div_euclid(12))?;
        let month = u32::try_from(months.rem_euclid(12)).ok()?.checked_add(1)?;
        let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
        let days = i64::from(first.num_days_from_ce()).checked_add(days)?;
        let days = days.checked_add(i64::from(shown.day0()))?.checked_sub(719_163)?;
        let clock = i64::from(shown.num_seconds_from_midnight());
        let local = days.checked_mul(86_400)?.checked_add(clock)?;
        // Looked for as if it were universal time, and once more where it is not.
        let offset = |seconds| zone_at(moment.zone, seconds).ok().map(|(offset, _)| i64::from(offset));
        let mut ahead = offset(local)?;
        if ahead != 0 {
            ahead = offset(local.checked_sub(ahead)?)?;
        }
        let seconds = i128::from(local.checked_sub(ahead)?);
        seconds.checked_mul(i128::from(SECOND))?.checked_add(i128::from(shown.nanosecond()))
    };
    safe(added().ok_or(FAR)?)
}

fn safe(nanoseconds: i128) -> Result<Value, Wrong> {
    i64::try_from(nanoseconds).map(Value::from).map_err(|_| FAR)
}

/// `time.diff`.
pub(super) fn diff(args: &[Value]) -> Result<Value, Wrong> {
    let [first, second] = args else { return Err("2 arguments are expected".into()) };
    let (first, mut second) = (Moment::of(first)?, Moment::of(second)?);
    second.zone = first.zone;
    let (from, to) = if first.at > second.at { (second, first) } else { (first, second) };
    let (from, to) = (from.local()?.shown, to.local()?.shown);
    let parts = |time: NaiveDateTime| {
        [
            i64::from(time.year()),
            i64::from(time.month()),
            i64::from(time.day()),
            i64::from(time.hour()),
            i64::from(time.minute()),
            i64::from(time.second()),
        ]
    };
    let mut left = [0_i64; 6];
    for (slot, (to, from)) in left.iter_mut().zip(parts(to).into_iter().zip(parts(from))) {
        *slot = to.saturating_sub(from);
    }
    let [mut year, mut month, mut day, mut hour, mut minute, mut second] = left;
    borrow(&mut second, &mut minute, 60);
    borrow(&mut minute, &mut hour, 60);
    borrow(&mut hour, &mut day, 24);
    borrow(&mut day, &mut month, i64::from(from.num_days_in_month()));
    borrow(&mut month, &mut year, 12);
    Ok(numbers([year, month, day, hour, minute, second]))
}

/// Takes one of the next unit where there is less than none of this.
fn borrow(unit: &mut i64, next: &mut i64, size: i64) {
    if *unit < 0 {
        *unit = unit.saturating_add(size);
        *next = next.saturating_sub(1);
    }
}

/// `time.parse_ns`.
pub(super) fn parse(args: &[Value]) -> Result<Value, Wrong> {
    let [layout, text] = texts(args)?;
    safe(layout::parse(layout, text)?)
}

/// `time.parse_rfc3339_ns`.
pub(super) fn parse_rfc3339(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    safe(layout::parse("RFC3339", text)?)
}

/// `time.parse_duration_ns`.
pub(super) fn parse_duration(args: &[Value]) -> Result<Value, Wrong> {
    let [text] = texts(args)?;
    let hours = if text.contains(['d', 'w', 'y']) { in_hours(text) } else { Some(text.to_owned()) };
    hours.and_then(|text| duration(&text)).map(Value::from).ok_or("a duration is expected".into())
}

/// A duration with its days, weeks and years in hours.
fn in_hours(text: &str) -> Option<String> {
    let mut left = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut to = text.get(..text.len().checked_sub(left.len())?)?.to_owned();
    while !left.is_empty() {
        let end = left.find(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|end| *end > 0)?;
        let (digits, rest) = left.split_at_checked(end)?;
        let long = ["ms", "us", "µs", "ns"].into_iter().find(|unit| rest.starts_with(unit));
        let unit = long.or_else(|| {
            rest.get(..1).filter(|unit| unit.as_bytes().is_ascii() && *unit >= "a" && *unit <= "z")
        })?;
        left = rest.get(unit.len()..)?;
        let hours = match unit {
            "d" => 24.0,
            "w" => 168.0,
            "y" => 8760.0,
            unit => {
                to.push_str(digits);
                to.push_str(unit);
                continue;
            }
        };
        let hours = digits.parse::<f64>().ok().filter(|value| value.is_finite())? * hours;
        to.push_str(&format!("{hours}h"));
    }
    Some(to)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a fraction is as exact as Go's, which is of as many bits"
)]
fn duration(text: &str) -> Option<i64> {
    let left = text.strip_prefix(['+', '-']).unwrap_or(text);
    if left == "0" {
        return Some(0);
    }
    if left.is_empty() {
        return None;
    }
    let mut left = left;
    let mut total = 0_u64;
    let most = 1_u64 << 63;
    while !left.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let count = digits(left);
        let (before, rest) = left.split_at_checked(count)?;
        let value = before.parse::<u64>().ok().or_else(|| before.is_empty().then_some(0))?;
        let mut fraction = "";
        let mut rest = rest;
        if let Some(behind) = rest.strip_prefix('.') {
            (fraction, rest) = behind.split_at_checked(digits(behind))?;
        }
        if before.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (unit, rest) = rest.split_at_checked(end)?;
        let unit = match unit {
            "ns" => 1_u64,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let mut value = value.checked_mul(unit).filter(|value| *value <= most)?;
        // Of a fraction only so many digits as fit; the rest is less than a nanosecond.
        let (mut part, mut scale) = (0_u64, 1.0_f64);
        for digit in fraction.bytes() {
            let next =
                part.checked_mul(10).and_then(|it| it.checked_add(u64::from(digit.wrapping_sub(b'0'))));
            let Some(next) = next.filter(|next| part <= (most - 1) / 10 && *next <= most) else { break };
            part = next;
            scale *= 10.0;
        }
        if part > 0 {
            value =
                value.checked_add((part as f64 * (unit as f64 / scale)) as u64).filter(|it| *it <= most)?;
        }
        total = total.checked_add(value).filter(|total| *total <= most)?;
        left = rest;
    }
    if text.starts_with('-') {
        // The least of all has no counterpart.
        return 0_i64.checked_sub_unsigned(total);
    }
    i64::try_from(total).ok()
}
