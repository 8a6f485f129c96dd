//! Regular expressions of Go, written as those of the engine.
//!
//! Both are of one family; here what they read otherwise is spelt out: classes are of ASCII where Go's
//! are, characters stand for themselves, and what Go refuses is refused.

use std::fmt::Write as _;

use super::own::Wrong;

/// The most repetitions of one thing, in one another too.
const MAX_REPEATED: u64 = 1000;

/// What goes before the names of groups: Go's may begin with a digit.
pub(super) const NAME: char = '_';

const DIGIT: &str = r"\x30-\x39";
const SPACE: &str = r"\x09\x0a\x0c\x0d\x20";
const WORD: &str = r"\x30-\x39A-Z_a-z";

/// A part of an expression that may be repeated.
#[derive(Clone, Copy)]
struct Atom {
    /// How often its innermost part is repeated at most.
    times: u64,
    /// Whether it is a repetition itself.
    repeated: bool,
    /// Where it begins, if it is a group.
    group: Option<usize>,
}

impl Atom {
    const ONE: Self = Self { times: 1, repeated: false, group: None };
}

/// A group that is not closed yet.
#[derive(Clone, Copy)]
struct Group {
    /// What stands before the place where it is read.
    last: Option<Atom>,
    /// The most that anything in it is repeated.
    times: u64,
    /// Where it begins.
    begin: usize,
}

struct Reader<'p> {
    left: &'p str,
    to: String,
    open: Vec<Group>,
    now: Group,
}

/// An expression as the engine is to read it.
pub(super) fn translate(pattern: &str) -> Result<String, Wrong> {
    let now = Group { last: None, times: 1, begin: 0 };
    let mut reader = Reader { left: pattern, to: String::new(), open: Vec::new(), now };
    while let Some(c) = reader.next() {
        reader.one(c)?;
    }
    if reader.open.is_empty() { Ok(reader.to) } else { Err("a parenthesis is not closed".into()) }
}

fn literal(to: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        to.push(c);
    } else {
        let _ = write!(to, "\\x{{{:x}}}", u32::from(c));
    }
}

impl<'p> Reader<'p> {
    fn next(&mut self) -> Option<char> {
        let c = self.left.chars().next()?;
        self.left = self.left.get(c.len_utf8()..)?;
        Some(c)
    }

    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.left.strip_prefix(prefix);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }

    fn atom(&mut self, atom: Atom) {
        self.now.last = Some(atom);
        self.now.times = self.now.times.max(atom.times);
    }

    fn literal(&mut self, c: char) {
        literal(&mut self.to, c);
        self.atom(Atom::ONE);
    }

    fn text(&mut self, text: &str) {
        self.to.push_str(text);
        self.atom(Atom::ONE);
    }

    fn one(&mut self, c: char) -> Result<(), Wrong> {
        match c {
            '(' => self.group()?,
            ')' => {
                let Group { times, begin, .. } = self.now;
                self.now = self.open.pop().ok_or("a parenthesis is closed that is not open")?;
                self.to.push(')');
                self.atom(Atom { times, repeated: false, group: Some(begin) });
            }
            '|' => {
                self.to.push('|');
                self.now.last = None;
            }
            '^' | '$' | '.' => self.text(c.encode_utf8(&mut [0; 4])),
            '[' => {
                self.class()?;
                self.atom(Atom::ONE);
            }
            '*' | '+' | '?' => self.repeat(c.encode_utf8(&mut [0; 4]), 1)?,
            '{' => match counts(self.left) {
                None => self.literal('{'),
                Some((least, most, left)) => {
                    let (text, times) = match most {
                        Some(most) if most == least => (format!("{{{least}}}"), most),
                        Some(most) => (format!("{{{least},{most}}}"), most),
                        None => (format!("{{{least},}}"), least),
                    };
                    if times.max(least) > MAX_REPEATED || most.is_some_and(|most| most < least) {
                        return Err("something is repeated too often".into());
                    }
                    self.left = left;
                    self.repeat(&text, times)?;
                }
            },
            '\\' => self.escaped()?,
            c => self.literal(c),
        }
        Ok(())
    }

    fn repeat(&mut self, operator: &str, times: u64) -> Result<(), Wrong> {
        let atom = self.now.last.ok_or("there is nothing to repeat")?;
        if atom.repeated {
            return Err("a repetition is repeated".into());
        }
        let times = if operator == "{0}" { 1 } else { atom.times.saturating_mul(times.max(1)) };
        if times > MAX_REPEATED {
            return Err("something is repeated too often".into());
        }
        match atom.group {
            // The engine would forget the groups in it.
            Some(begin) if matches!(operator, "{0}") => {
                self.to.insert_str(begin, r"(?:[^\x00-\x{10ffff}]");
                self.to.push_str(")?");
            }
            _ => self.to.push_str(operator),
        }
        if self.take("?") {
            self.to.push('?');
        }
        self.atom(Atom { times, repeated: true, group: None });
        Ok(())
    }

    /// What a parenthesis opens: a group, or flags from here on.
    fn group(&mut self) -> Result<(), Wrong> {
        let mut opens = "(".to_owned();
        if self.take("?P<") || self.take("?<") {
            let (name, rest) = self.left.split_once('>').ok_or("a name is not closed")?;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err("a name has letters, digits and underscores".into());
            }
            self.left = rest;
            opens = format!("(?P<{NAME}{name}>");
        } else if self.take("?") {
            let end = self.left.find([':', ')']).ok_or("flags are not closed")?;
            let (flags, rest) = self.left.split_at_checked(end).ok_or("flags are not closed")?;
            let (on, off) = flags.split_once('-').map_or((flags, None), |(on, off)| (on, Some(off)));
            let known = |flags: &str| flags.bytes().all(|flag| b"imsU".contains(&flag));
            if !known(on) || off.is_some_and(|off| off.is_empty() || !known(off)) {
                return Err("a group has flags that are not known".into());
            }
            self.left = rest.get(1..).unwrap_or_default();
            if rest.starts_with(')') {
                if !flags.is_empty() {
                    let _ = write!(self.to, "(?{})", once(on, off));
                }
                return Ok(());
            }
            opens = format!("(?{}:", once(on, off));
        }
        self.open.push(self.now);
        self.now = Group { last: None, times: 1, begin: self.to.len() };
        self.to.push_str(&opens);
        Ok(())
    }

    /// What a backslash stands before, outside of brackets.
    fn escaped(&mut self) -> Result<(), Wrong> {
        let left = self.left;
        match self.next().ok_or("an expression ends in a backslash")? {
            c @ ('A' | 'z') => self.text(if c == 'A' { r"\A" } else { r"\z" }),
            'b' => self.text(r"(?-u:\b)"),
            'B' => self.text(r"(?-u:\B)"),
            'Q' => {
                let (text, rest) = self.left.split_once(r"\E").unwrap_or((self.left, ""));
                text.chars().for_each(|c| self.literal(c));
                self.left = rest;
            }
            c => {
                if let Some(class) = perl(c) {
                    self.text(&class);
                } else if matches!(c, 'p' | 'P') {
                    let class = self.property(c == 'P')?;
                    self.text(&class);
                } else {
                    self.left = left;
                    let c = self.escape()?;
                    self.literal(c);
                }
            }
        }
        Ok(())
    }

    /// A property of characters, behind `\p` or `\P`.
    fn property(&mut self, mut negated: bool) -> Result<String, Wrong> {
        const BAD: Wrong = Wrong::Borrowed("a class of characters is not known");
        let name = if self.take("{") {
            let (name, rest) = self.left.split_once('}').ok_or(BAD)?;
            self.left = rest;
            name.to_owned()
        } else {
            self.next().ok_or(BAD)?.to_string()
        };
        let plain = name.strip_prefix('^').unwrap_or(&name);
        negated ^= plain.len() != name.len();
        if !plain.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b' ' | b'-'))
            || plain.is_empty()
        {
            return Err(BAD);
        }
        // Categories, and else scripts; other properties are not known to Go.
        let category = plain.len() <= 2 || matches!(plain, "Any" | "ASCII" | "Assigned");
        let kind = if category { "" } else { "sc=" };
        Ok(format!("\\{}{{{kind}{plain}}}", if negated { 'P' } else { 'p' }))
    }

    /// A character behind a backslash.
    fn escape(&mut self) -> Result<char, Wrong> {
        const BAD: Wrong = Wrong::Borrowed("a backslash stands before what it does not go with");
        let c = self.next().ok_or(BAD)?;
        let value = match c {
            '0'..='7' => {
                let more = self.left.bytes().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                // One digit that is not zero would refer to a group.
                if c != '0' && more == 0 {
                    return Err(BAD);
                }
                let digits = format!("{c}{}", self.left.get(..more).unwrap_or_default());
                self.left = self.left.get(more..).unwrap_or_default();
                u32::from_str_radix(&digits, 8).map_err(|_| BAD)?
            }
            'x' => {
                let digits = if self.take("{") {
                    let (digits, rest) = self.left.split_once('}').ok_or(BAD)?;
                    self.left = rest;
                    digits
                } else {
                    let (digits, rest) = self.left.split_at_checked(2).ok_or(BAD)?;
                    self.left = rest;
                    digits
                };
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(BAD);
                }
                u32::from_str_radix(digits, 16).map_err(|_| BAD)?
            }
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return Err(BAD),
        };
        char::from_u32(value).ok_or(BAD)
    }

    /// What stands in brackets.
    fn class(&mut self) -> Result<(), Wrong> {
        const OPEN: Wrong = Wrong::Borrowed("a bracket is not closed");
        let negated = self.take("^");
        self.to.push_str(if negated { "[^" } else { "[" });
        let mut first = true;
        loop {
            if !first && self.take("]") {
                break;
            }
            first = false;
            if let Some(rest) = self.left.strip_prefix("[:")
                && let Some((name, rest)) = rest.split_once(":]")
            {
                let plain = name.strip_prefix('^').unwrap_or(name);
                let class = posix(plain).ok_or("a class of characters is not known")?;
                let _ = write!(self.to, "[{}{class}]", if plain.len() < name.len() { "^" } else { "" });
                self.left = rest;
                continue;
            }
            let mut behind = self.left.chars();
            if let (Some('\\'), Some(c)) = (behind.next(), behind.next()) {
                let class = perl(c);
                if class.is_some() || matches!(c, 'p' | 'P') {
                    self.left = behind.as_str();
                    let class = class.map_or_else(|| self.property(c == 'P'), Ok)?;
                    self.to.push_str(&class);
                    continue;
                }
            }
            let low = self.member().ok_or(OPEN)??;
            literal(&mut self.to, low);
            if self.left.starts_with('-') && !self.left.starts_with("-]") && self.left.len() > 1 {
                self.take("-");
                let high = self.member().ok_or(OPEN)??;
                if high < low {
                    return Err("a range ends before it begins".into());
                }
                self.to.push('-');
                literal(&mut self.to, high);
            }
        }
        self.to.push(']');
        Ok(())
    }

    fn member(&mut self) -> Option<Result<char, Wrong>> {
        Some(match self.next()? {
            '\\' => self.escape(),
            c => Ok(c),
        })
    }
}

/// Each flag once, as the engine wants them.
fn once(on: &str, off: Option<&str>) -> String {
    let each = |flags: &str, but: &str| {
        let all = "imsU".chars();
        all.filter(|flag| flags.contains(*flag) && !but.contains(*flag)).collect::<String>()
    };
    match off {
        Some(off) => format!("{}-{}", each(on, off), each(off, "")),
        None => each(on, ""),
    }
}

/// A class that a letter behind a backslash stands for.
fn perl(c: char) -> Option<String> {
    let (negated, class) = match c {
        'd' | 'D' => (c == 'D', DIGIT),
        's' | 'S' => (c == 'S', SPACE),
        'w' | 'W' => (c == 'W', WORD),
        _ => return None,
    };
    Some(format!("[{}{class}]", if negated { "^" } else { "" }))
}

/// A class of POSIX.
fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "alnum" => r"\x30-\x39A-Za-z",
        "alpha" => "A-Za-z",
        "ascii" => r"\x00-\x7f",
        "blank" => r"\x09\x20",
        "cntrl" => r"\x00-\x1f\x7f",
        "digit" => DIGIT,
        "graph" => r"\x21-\x7e",
        "lower" => "a-z",
        "print" => r"\x20-\x7e",
        "punct" => r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
        "space" => r"\x09-\x0d\x20",
        "upper" => "A-Z",
        "word" => WORD,
        "xdigit" => r"\x30-\x39A-Fa-f",
        _ => return None,
    })
}

/// How often something is repeated, behind a brace: the least, the most, and what is left.
fn counts(text: &str) -> Option<(u64, Option<u64>, &str)> {
    let number = |text: &mut &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at_checked(end)?;
        *text = rest;
        // A number with a zero before it is none; a long one is too large.
        let fits = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
        fits.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let mut left = text;
    let least = number(&mut left)?;
    let most = match left.strip_prefix(',') {
        None => Some(least),
        Some(rest) => {
            left = rest;
            if left.starts_with('}') { None } else { Some(number(&mut left)?) }
        }
    };
    Some((least, most, left.strip_prefix('}')?))
}
