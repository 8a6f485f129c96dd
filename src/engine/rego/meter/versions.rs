//! Versions and addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::cmp::Ordering;

use regorus::Value;

use super::allowance;
use super::own::{Wrong, string, texts};

/// A semantic version.
struct Version<'t> {
    parts: [i64; 3],
    before: &'t str,
}

fn version(text: &str) -> Option<Version<'_>> {
    let fields = |text: &str| {
        let one =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        text.split('.').all(one)
    };
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (text, before) = text.split_once('-').map_or((text, None), |(text, before)| (text, Some(before)));
    let padded = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
    if build.is_some_and(|build| !fields(build))
        || before.is_some_and(|before| !fields(before) || before.split('.').any(padded))
    {
        return None;
    }
    let mut parts = [0; 3];
    let mut given = text.split('.');
    for slot in &mut parts {
        let part = given.next().filter(|part| is_number(part) && !padded(part))?;
        *slot = part.parse().ok()?;
    }
    given.next().is_none().then_some(Version { parts, before: before.unwrap_or_default() })
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

impl Version<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        let parts = self.parts.cmp(&other.parts);
        parts.then_with(|| match (self.before, other.before) {
            (a, b) if a == b => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => {
                let (mut a, mut b) = (a.split('.'), b.split('.'));
                loop {
                    let order = match (a.next(), b.next()) {
                        (None, None) => return Ordering::Equal,
                        (None, Some(_)) => return Ordering::Less,
                        (Some(_), None) => return Ordering::Greater,
                        (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                            (true, false) => Ordering::Less,
                            (false, true) => Ordering::Greater,
                            (true, true) => capped(a).cmp(&capped(b)),
                            (false, false) => a.cmp(b),
                        },
                    };
                    if order.is_ne() {
                        return order;
                    }
                }
            }
        })
    }
}

/// A number, or the greatest there is.
fn capped(digits: &str) -> i64 {
    digits.parse().unwrap_or(i64::MAX)
}

/// `semver.is_valid`.
pub(super) fn is_valid(args: &[Value]) -> Result<Value, Wrong> {
    Ok(Value::Bool(texts(args).is_ok_and(|[text]| version(text).is_some())))
}

/// `semver.compare`.
pub(super) fn compare(args: &[Value]) -> Result<Value, Wrong> {
    const BAD: Wrong = Wrong::Borrowed("a version is not semantic");
    let [a, b] = texts(args)?;
    let order = version(a).ok_or(BAD)?.compare(&version(b).ok_or(BAD)?);
    Ok(Value::from(i64::from(order.is_gt()).saturating_sub(i64::from(order.is_lt()))))
}

/// A network: its first address, and how many of its bits are fixed. What is of IPv4 within IPv6 is of
/// IPv4.
#[derive(Clone, Copy)]
struct Network {
    first: IpAddr,
    fixed: u32,
}

impl Network {
    fn of(text: &str) -> Option<Self> {
        let (address, fixed) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        if !is_number(fixed) {
            return None;
        }
        let fixed: u32 = fixed.parse().ok()?;
        match address {
            IpAddr::V4(v4) => {
                let free = 32_u32.checked_sub(fixed)?;
                let first = Ipv4Addr::from_bits(v4.to_bits() & u32::MAX.checked_shl(free).unwrap_or(0));
                Some(Self { first: first.into(), fixed })
            }
            IpAddr::V6(v6) => {
                let free = 128_u32.checked_sub(fixed)?;
                let first = Ipv6Addr::from_bits(v6.to_bits() & u128::MAX.checked_shl(free).unwrap_or(0));
                Some(match first.to_ipv4_mapped() {
                    Some(v4) => Self { first: v4.into(), fixed: fixed.saturating_sub(96) },
                    None => Self { first: first.into(), fixed },
                })
            }
        }
    }

    /// Whether all that begins with so many bits of an address is in the network.
    fn contains(self, address: IpAddr, fixed: u32) -> bool {
        let same = match (self.first, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let free = 32_u32.saturating_sub(self.fixed);
                (a.to_bits() ^ b.to_bits()).checked_shr(free).unwrap_or(0) == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let free = 128_u32.saturating_sub(self.fixed);
                (a.to_bits() ^ b.to_bits()).checked_shr(free).unwrap_or(0) == 0
            }
            _ => return false,
        };
        same && self.fixed <= fixed
    }
}

const NO_NETWORK: Wrong = Wrong::Borrowed("an address with a length of prefix is expected");

/// `net.cidr_is_valid`.
pub(super) fn is_network(args: &[Value]) -> Result<Value, Wrong> {
    Ok(Value::Bool(texts(args).is_ok_and(|[text]| Network::of(text).is_some())))
}

/// `net.cidr_contains`.
pub(super) fn contains(args: &[Value]) -> Result<Value, Wrong> {
    let [network, other] = texts(args)?;
    let network = Network::of(network).ok_or(NO_NETWORK)?;
    let inside = match other.parse::<IpAddr>() {
        Ok(address) => network.contains(address.to_canonical(), 128),
        Err(_) => {
            let other = Network::of(other).ok_or(NO_NETWORK)?;
            network.contains(other.first, other.fixed)
        }
    };
    Ok(Value::Bool(inside))
}

/// `net.cidr_expand`.
pub(super) fn expand(args: &[Value]) -> Result<Value, Wrong> {
    let [network] = texts(args)?;
    let network = Network::of(network).ok_or(NO_NETWORK)?;
    let mut all = std::collections::BTreeSet::new();
    let mut next = Some(network.first);
    while let Some(address) = next.filter(|address| network.contains(*address, 128)) {
        allowance::clock()?;
        all.insert(string(address.to_string()));
        next = match address {
            IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
            IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
        };
    }
    Ok(Value::from(all))
}
