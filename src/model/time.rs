//! Time as data: instants, ages, and the port through which a clock is asked.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};

/// An instant in UTC, written as RFC 3339.
pub type Time = jiff::Timestamp;

/// Where `now` comes from. Only `cli` has a clock; everyone else is told the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Time;
}

/// A span of whole seconds, written as a number and a unit: `90s`, `5m`, `24h`, `7d`, `2w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(pub i64);

impl Age {
    /// One minute: how far ahead of `now` an observation may lie before it is not believed.
    pub const MINUTE: Self = Self(60);

    /// Reads `5m`, `24h` and so on; `None` where the text is not an age or is too long.
    pub fn parse(text: &str) -> Option<Self> {
        let at = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at_checked(at)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        let seconds = number.parse::<i64>().ok()?.checked_mul(unit)?;
        // A hundred years: beyond this, arithmetic on instants would leave the calendar.
        (seconds <= 3_153_600_000).then_some(Self(seconds))
    }

    /// The instant this long after another; the last instant there is where that overflows.
    pub fn after(self, time: Time) -> Time {
        time.checked_add(jiff::SignedDuration::from_secs(self.0)).unwrap_or(Time::MAX)
    }

    /// The instant this long before another; the first instant there is where that overflows.
    pub fn before(self, time: Time) -> Time {
        time.checked_sub(jiff::SignedDuration::from_secs(self.0)).unwrap_or(Time::MIN)
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')] {
            if self.0 != 0 && self.0.checked_rem(unit) == Some(0) {
                return write!(f, "{}{name}", self.0.checked_div(unit).unwrap_or(0));
            }
        }
        write!(f, "{}s", self.0)
    }
}

impl Serialize for Age {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "`{text}` is not a duration: expected a whole number and s, m, h, d or w, as in `24h`"
            ))
        })
    }
}

impl JsonSchema for Age {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Age".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]+[smhdw]$", "description": "A duration such as 24h or 7d."})
    }
}
