//! YAML that two readers take for two things.
//!
//! OPA reads YAML 1.1 in part: `0777` is 511 and `1_000` is a thousand, `<<` merges, tags are heeded. Here
//! such a text is neither: what is in doubt fails. Some of it is only prose that looks so.

use super::encodings;

/// Whether a text has what is read otherwise by OPA.
pub(super) fn is_unsure(text: &str) -> bool {
    let body = text.strip_prefix("---").unwrap_or(text);
    let parts = |c: char| c.is_whitespace() || ",[]{}\"'".contains(c);
    // What fills its quotes is a text.
    let quoted = |at: usize, word: &str| {
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        let after = text.get(at.saturating_add(word.len())..).unwrap_or_default().chars().next();
        before == after && matches!(before, Some('"' | '\''))
    };
    let words = text
        .split_inclusive(parts)
        .scan(0_usize, |at, part: &str| {
            let begin = *at;
            *at = at.saturating_add(part.len());
            Some((begin, part.trim_end_matches(parts)))
        })
        .filter(|(at, word)| !quoted(*at, word))
        .map(|(_, word)| word);
    body.lines().any(|line| {
        let begins = line.trim_start_matches([' ', '-']);
        line.starts_with("---")
            || line.starts_with("...")
            || line.starts_with('%')
            || begins.starts_with(['?', ':'])
    }) || words.into_iter().any(|word: &str| {
        let key = word.strip_suffix(':');
        let word = key.unwrap_or(word);
        let null = matches!(word, "~" | "null" | "Null" | "NULL");
        word == "<<" || word.starts_with('!') || key.is_some() && null || is_odd_number(word)
    })
}

/// Whether a word is a number that not all readers take for the same.
fn is_odd_number(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !digits.contains(|c: char| c.is_ascii_digit())
    {
        return false;
    }
    if digits.starts_with("0x") || digits.starts_with("0o") || digits.starts_with("0b") {
        return digits.contains('_') || digits.len() > 17;
    }
    let mut before = '0';
    let number = digits.chars().all(|c| {
        let fits = c.is_ascii_digit() || "_.eE".contains(c) || "+-".contains(c) && "eE".contains(before);
        before = c;
        fits
    });
    let padded =
        digits.starts_with('0') && digits.chars().nth(1).is_some_and(|c| c.is_ascii_digit() || c == '_');
    // As JSON has it: `.5`, `5.` and `+5` are the same numbers.
    let plain = digits.trim_start_matches('+').trim_end_matches('.').to_lowercase();
    let plain = if plain.starts_with('.') { format!("0{plain}") } else { plain.replace(".e", "e") };
    number && (padded || digits.contains('_') || !encodings::fits(plain.as_bytes()))
}
