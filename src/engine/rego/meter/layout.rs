//! Layouts of times, as Go reads and writes them: `Mon Jan _2 15:04:05 2006`.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use super::own::Wrong;

/// A time as clocks and calendars of a place show it.
pub(super) struct Local {
    /// What they show.
    pub(super) shown: NaiveDateTime,
    /// How many seconds they are ahead of universal time.
    pub(super) offset: i32,
    /// What the zone is called then.
    pub(super) zone: String,
}

/// What stands for a part of a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    LongYear,
    Month,
    LongMonth,
    NumberOfMonth,
    TwoOfMonth,
    Weekday,
    LongWeekday,
    Day,
    UnderDay,
    TwoOfDay,
    UnderDayOfYear,
    DayOfYear,
    Hour,
    HourOfHalf,
    TwoOfHalf,
    Minute,
    TwoOfMinute,
    Second,
    TwoOfSecond,
    Half,
    SmallHalf,
    Zone,
    Offset { or_z: bool, colon: bool, fields: u8 },
    Fraction { trim: bool, digits: usize, separator: u8 },
}

const fn offset(or_z: bool, colon: bool, fields: u8) -> Part {
    Part::Offset { or_z, colon, fields }
}

/// What parts are written as; of two that begin alike, the first is taken.
const PARTS: &[(&str, Part)] = &[
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongWeekday),
    ("Mon", Part::Weekday),
    ("MST", Part::Zone),
    ("01", Part::TwoOfMonth),
    ("02", Part::TwoOfDay),
    ("03", Part::TwoOfHalf),
    ("04", Part::TwoOfMinute),
    ("05", Part::TwoOfSecond),
    ("06", Part::Year),
    ("002", Part::DayOfYear),
    ("15", Part::Hour),
    ("1", Part::NumberOfMonth),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("_2", Part::UnderDay),
    ("__2", Part::UnderDayOfYear),
    ("3", Part::HourOfHalf),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Half),
    ("pm", Part::SmallHalf),
    ("-070000", offset(false, false, 3)),
    ("-07:00:00", offset(false, true, 3)),
    ("-0700", offset(false, false, 2)),
    ("-07:00", offset(false, true, 2)),
    ("-07", offset(false, false, 1)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z0700", offset(true, false, 2)),
    ("Z07:00", offset(true, true, 2)),
    ("Z07", offset(true, false, 1)),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From Sunday on.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The layout of a name, or that which is given.
pub(super) fn named(layout: &str) -> &str {
    match layout {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => "2006-01-02T15:04:05Z07:00",
        "RFC3339Nano" => "2006-01-02T15:04:05.999999999Z07:00",
        other => other,
    }
}

/// What goes before the first part of a layout, that part, and what comes after it.
fn first(layout: &str) -> (&str, Option<Part>, &str) {
    for (at, c) in layout.char_indices() {
        let (before, rest) = layout.split_at(at);
        if let Some(year) = rest.strip_prefix("_2006") {
            return (layout.get(..at.saturating_add(1)).unwrap_or(before), Some(Part::LongYear), year);
        }
        for (name, part) in PARTS {
            let Some(after) = rest.strip_prefix(name) else { continue };
            let word = matches!(part, Part::Month | Part::Weekday);
            if word && after.starts_with(|c: char| c.is_ascii_lowercase()) {
                continue;
            }
            return (before, Some(*part), after);
        }
        if matches!(c, '.' | ',') {
            let digits = rest.get(1..).unwrap_or_default();
            let Some(digit) = digits.chars().next().filter(|c| matches!(c, '0' | '9')) else { continue };
            let after = digits.trim_start_matches(digit);
            if !after.starts_with(|c: char| c.is_ascii_digit()) {
                let count = digits.len().saturating_sub(after.len());
                let separator = if c == '.' { b'.' } else { b',' };
                return (
                    before,
                    Some(Part::Fraction { trim: digit == '9', digits: count, separator }),
                    after,
                );
            }
        }
    }
    (layout, None, "")
}

/// Writes a time in a layout.
pub(super) fn format(time: &Local, layout: &str) -> String {
    let mut to = String::new();
    let mut layout = named(if layout.is_empty() { "RFC3339Nano" } else { layout });
    loop {
        let (before, part, after) = first(layout);
        to.push_str(before);
        let Some(part) = part else { return to };
        layout = after;
        to.push_str(&write(time, part));
    }
}

fn write(time: &Local, part: Part) -> String {
    let shown = &time.shown;
    let (year, day, of_year) = (shown.year(), shown.day(), shown.ordinal());
    let month = |short: bool| {
        let name = usize::try_from(shown.month0()).ok().and_then(|at| MONTHS.get(at)).copied();
        shortened(name.unwrap_or_default(), short)
    };
    let weekday = |short: bool| {
        let at = usize::try_from(shown.weekday().num_days_from_sunday());
        shortened(at.ok().and_then(|at| WEEKDAYS.get(at)).copied().unwrap_or_default(), short)
    };
    let of_half = shown.hour12().1;
    match part {
        Part::Year => format!("{:02}", year.rem_euclid(100)),
        Part::LongYear => format!("{year:04}"),
        Part::Month => month(true),
        Part::LongMonth => month(false),
        Part::NumberOfMonth => shown.month().to_string(),
        Part::TwoOfMonth => format!("{:02}", shown.month()),
        Part::Weekday => weekday(true),
        Part::LongWeekday => weekday(false),
        Part::Day => day.to_string(),
        Part::UnderDay => format!("{day:2}"),
        Part::TwoOfDay => format!("{day:02}"),
        Part::UnderDayOfYear => format!("{of_year:3}"),
        Part::DayOfYear => format!("{of_year:03}"),
        Part::Hour => format!("{:02}", shown.hour()),
        Part::HourOfHalf => of_half.to_string(),
        Part::TwoOfHalf => format!("{of_half:02}"),
        Part::Minute => shown.minute().to_string(),
        Part::TwoOfMinute => format!("{:02}", shown.minute()),
        Part::Second => shown.second().to_string(),
        Part::TwoOfSecond => format!("{:02}", shown.second()),
        Part::Half => if shown.hour() >= 12 { "PM" } else { "AM" }.to_owned(),
        Part::SmallHalf => if shown.hour() >= 12 { "pm" } else { "am" }.to_owned(),
        Part::Zone => time.zone.clone(),
        Part::Offset { or_z: true, .. } if time.offset == 0 => "Z".to_owned(),
        Part::Offset { colon, fields, .. } => {
            let colon = if colon { ":" } else { "" };
            // Less than a minute is no offset to the west, as in Go.
            let sign = if time.offset <= -60 { '-' } else { '+' };
            let seconds = time.offset.unsigned_abs();
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            match fields {
                1 => format!("{sign}{hours:02}"),
                2 => format!("{sign}{hours:02}{colon}{minutes:02}"),
                _ => format!("{sign}{hours:02}{colon}{minutes:02}{colon}{seconds:02}"),
            }
        }
        Part::Fraction { trim, digits, separator } => {
            let nanoseconds = format!("{:09}", shown.nanosecond());
            let kept = nanoseconds.get(..digits.min(9)).unwrap_or_default();
            let kept = if trim { kept.trim_end_matches('0') } else { kept };
            if trim && kept.is_empty() { String::new() } else { format!("{}{kept}", char::from(separator)) }
        }
    }
}

fn shortened(name: &str, short: bool) -> String {
    name.get(..if short { 3 } else { name.len() }).unwrap_or_default().to_owned()
}

const BAD: Wrong = Wrong::Borrowed("a time is not in the layout that is given");

/// Reads a time in a layout: nanoseconds since 1970.
pub(super) fn parse(layout: &str, text: &str) -> Result<i128, Wrong> {
    let mut layout = named(layout);
    let mut left = text.as_bytes();
    let mut read = Read::default();
    loop {
        let (before, part, after) = first(layout);
        left = skip(left, before.as_bytes()).ok_or(BAD)?;
        let Some(part) = part else { break };
        left = read.part(part, left, after).ok_or(BAD)?;
        layout = after;
    }
    if left.is_empty() { read.time().ok_or(BAD) } else { Err(BAD) }
}

/// Takes away what stands between parts; spaces are as many as there are.
fn skip<'t>(mut text: &'t [u8], mut prefix: &[u8]) -> Option<&'t [u8]> {
    let spaces = |text: &[u8]| text.iter().take_while(|byte| **byte == b' ').count();
    while let Some((first, rest)) = prefix.split_first() {
        if *first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return None;
            }
            prefix = prefix.get(spaces(prefix)..)?;
            text = text.get(spaces(text)..)?;
        } else {
            text = text.strip_prefix(&[*first])?;
            prefix = rest;
        }
    }
    Some(text)
}

/// What was read so far.
#[derive(Default)]
struct Read {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    afternoon: Option<bool>,
    universal: bool,
    offset: Option<i64>,
}

impl Read {
    /// Reads a part: what is left after it.
    fn part<'t>(&mut self, part: Part, mut text: &'t [u8], after: &str) -> Option<&'t [u8]> {
        match part {
            Part::Year => {
                let year = signed(text.get(..2)?)?;
                self.year = year.checked_add(if year >= 69 { 1900 } else { 2000 })?;
                text.get(2..)
            }
            Part::LongYear => {
                text.first().filter(|byte| byte.is_ascii_digit())?;
                self.year = signed(text.get(..4)?)?;
                text.get(4..)
            }
            Part::Month | Part::LongMonth => {
                let (at, left) = name(&MONTHS, part == Part::Month, text)?;
                self.month = Some(at.checked_add(1)?);
                Some(left)
            }
            Part::Weekday => name(&WEEKDAYS, true, text).map(|(_, left)| left),
            Part::LongWeekday => name(&WEEKDAYS, false, text).map(|(_, left)| left),
            Part::NumberOfMonth | Part::TwoOfMonth => {
                let (month, left) = number(text, part == Part::TwoOfMonth)?;
                self.month = Some(month).filter(|month| (1..=12).contains(month));
                self.month.map(|_| left)
            }
            Part::Day | Part::UnderDay | Part::TwoOfDay => {
                if part == Part::UnderDay {
                    text = text.strip_prefix(b" ").unwrap_or(text);
                }
                let (day, left) = number(text, part == Part::TwoOfDay)?;
                self.day = Some(day);
                Some(left)
            }
            Part::UnderDayOfYear | Part::DayOfYear => {
                for _ in 0..2 {
                    if part == Part::UnderDayOfYear {
                        text = text.strip_prefix(b" ").unwrap_or(text);
                    }
                }
                let count = digits(text).min(3);
                if count == 0 || part == Part::DayOfYear && count != 3 {
                    return None;
                }
                self.day_of_year = Some(signed(text.get(..count)?)?);
                text.get(count..)
            }
            Part::Hour => field(&mut self.hour, text, false, 23),
            Part::HourOfHalf | Part::TwoOfHalf => field(&mut self.hour, text, part == Part::TwoOfHalf, 12),
            Part::Minute | Part::TwoOfMinute => field(&mut self.minute, text, part == Part::TwoOfMinute, 59),
            Part::Second | Part::TwoOfSecond => {
                let left = field(&mut self.second, text, part == Part::TwoOfSecond, 59)?;
                let more = matches!(left.first(), Some(b'.' | b',')) && digits(left.get(1..)?) > 0;
                // A fraction may follow though the layout has none.
                if more && !matches!(first(after).1, Some(Part::Fraction { .. })) {
                    let end = digits(left.get(1..)?).checked_add(1)?;
                    self.nanosecond = fraction(left.get(..end)?)?;
                    return left.get(end..);
                }
                Some(left)
            }
            Part::Half | Part::SmallHalf => {
                self.afternoon = match (part, text.get(..2)?) {
                    (Part::Half, b"PM") | (Part::SmallHalf, b"pm") => Some(true),
                    // Once it was the afternoon, it stays so.
                    (Part::Half, b"AM") | (Part::SmallHalf, b"am") => self.afternoon.or(Some(false)),
                    _ => return None,
                };
                text.get(2..)
            }
            Part::Offset { or_z: true, .. } if text.starts_with(b"Z") => {
                self.universal = true;
                text.get(1..)
            }
            Part::Offset { colon, fields, .. } => {
                let (sign, mut left) = text.split_first()?;
                let mut seconds = 0_i64;
                for (at, (unit, most)) in [(3600, 24), (60, 60), (1, 60)].into_iter().enumerate() {
                    if at >= usize::from(fields) {
                        break;
                    }
                    if at > 0 && colon {
                        left = left.strip_prefix(b":")?;
                    }
                    let (value, rest) = number(left, true)?;
                    seconds = seconds.checked_add(value.checked_mul(unit)?)?;
                    left = rest;
                    if value > most {
                        return None;
                    }
                }
                let seconds = match sign {
                    b'+' => seconds,
                    b'-' => seconds.checked_neg()?,
                    _ => return None,
                };
                self.offset = Some(seconds);
                Some(left)
            }
            Part::Zone => {
                if let Some(left) = text.strip_prefix(b"UTC") {
                    self.universal = true;
                    return Some(left);
                }
                // What a zone is called does not say where it is, not even `GMT+1`.
                text.get(zone(text)?..)
            }
            Part::Fraction { trim: false, digits, .. } => {
                let end = digits.checked_add(1)?;
                self.nanosecond = fraction(text.get(..end)?)?;
                text.get(end..)
            }
            Part::Fraction { .. } => {
                let count = text.get(1..).map_or(0, digits);
                if !matches!(text.first(), Some(b'.' | b',')) || count == 0 {
                    return Some(text);
                }
                let end = count.checked_add(1)?;
                self.nanosecond = fraction(text.get(..end)?)?;
                text.get(end..)
            }
        }
    }

    /// The time of what was read.
    fn time(self) -> Option<i128> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour.checked_add(12)?,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let year = i32::try_from(self.year).ok()?;
        let date = match self.day_of_year {
            Some(ordinal) => {
                let date = NaiveDate::from_yo_opt(year, u32::try_from(ordinal).ok()?)?;
                let same = |read: Option<i64>, is: u32| read.is_none_or(|read| read == i64::from(is));
                Some(date).filter(|date| same(self.month, date.month()) && same(self.day, date.day()))?
            }
            None => {
                let part = |read: Option<i64>| u32::try_from(read.unwrap_or(1)).ok();
                NaiveDate::from_ymd_opt(year, part(self.month)?, part(self.day)?)?
            }
        };
        let days = i128::from(date.num_days_from_ce()).checked_sub(719_163)?;
        let clock = hour.checked_mul(3600)?.checked_add(self.minute.checked_mul(60)?)?;
        // One second to the west is Go's sign of an offset that was not read.
        let ahead = self.offset.filter(|offset| !self.universal && *offset != -1).unwrap_or(0);
        let seconds = clock.checked_add(self.second)?.checked_sub(ahead)?;
        let seconds = days.checked_mul(86_400)?.checked_add(i128::from(seconds))?;
        seconds.checked_mul(1_000_000_000)?.checked_add(i128::from(self.nanosecond))
    }
}

/// How many digits a text begins with.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A text that is a whole number and nothing else.
fn signed(text: &[u8]) -> Option<i64> {
    let (minus, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let value = text.iter().try_fold(0_i64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte.wrapping_sub(b'0')))?;
        sum.checked_mul(10)?.checked_add(digit)
    })?;
    if minus { value.checked_neg() } else { Some(value) }
}

/// A number of two digits, or of one where that will do.
fn number(text: &[u8], two: bool) -> Option<(i64, &[u8])> {
    let count = digits(text).min(2);
    if count == 0 || two && count != 2 {
        return None;
    }
    let (digits, left) = text.split_at_checked(count)?;
    Some((signed(digits)?, left))
}

fn field<'t>(to: &mut i64, text: &'t [u8], two: bool, most: i64) -> Option<&'t [u8]> {
    let (value, left) = number(text, two)?;
    *to = value;
    (value <= most).then_some(left)
}

/// Which of some names a text begins with, whatever their case.
fn name<'t>(names: &[&str], short: bool, text: &'t [u8]) -> Option<(i64, &'t [u8])> {
    for (at, name) in names.iter().enumerate() {
        let name = name.as_bytes().get(..if short { 3 } else { name.len() })?;
        if let Some((begin, left)) = text.split_at_checked(name.len())
            && begin.eq_ignore_ascii_case(name)
        {
            return Some((i64::try_from(at).ok()?, left));
        }
    }
    None
}

/// A separator and digits, as nanoseconds; what comes after nine digits is not looked at.
fn fraction(text: &[u8]) -> Option<i64> {
    let text = text.get(..text.len().min(10))?;
    let (_, digits) = text.split_first().filter(|(first, _)| matches!(first, b'.' | b','))?;
    let value = signed(digits).filter(|value| *value >= 0)?;
    let scale = 9_usize.checked_sub(digits.len())?;
    value.checked_mul(10_i64.checked_pow(u32::try_from(scale).ok()?)?)
}

/// How long the name of a zone is that a text begins with.
fn zone(text: &[u8]) -> Option<usize> {
    let begins = text.get(..3)?;
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    let hours = |text: &[u8]| {
        let (_, rest) = text.split_first().filter(|(sign, _)| matches!(sign, b'+' | b'-'))?;
        let count = digits(rest);
        let value = signed(rest.get(..count)?).filter(|_| count > 0)?;
        (value <= 23).then(|| count.saturating_add(1))
    };
    if begins == b"GMT" {
        return hours(text.get(3..)?).unwrap_or(0).checked_add(3);
    }
    if matches!(text.first(), Some(b'+' | b'-')) {
        return hours(text);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text.get(4) == Some(&b'T') => Some(5),
        4 if text.get(3) == Some(&b'T') || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}
