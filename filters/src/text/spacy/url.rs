//! spaCy's URL pattern, which keeps a chunk whole once its affixes are off.
//!
//! Source: spaCy 3.8.18, `spacy/lang/tokenizer_exceptions.py` (`URL_PATTERN`, after Diego Perini, MIT licence):
//! optional scheme, optional user, then a public IPv4 address or a host name whose last label is lower-case letters,
//! optional port, optional path. Only whether it matches is asked, so the places at which the host may begin are
//! tried one by one instead of searching with look-ahead.

use super::classes::{self, LOWER};
use crate::text::python;

/// Whether the whole chunk, which holds no white space, is a URL.
pub(super) fn is_url(chunk: &str) -> bool {
    if !chunk.contains('.') {
        return false;
    }
    host_and_rest(chunk)
        || after_scheme(chunk).is_some_and(host_and_rest)
        || chunk.match_indices('@').any(|(at, _)| at > 0 && host_and_rest(&chunk[at + 1..]))
}

/// What follows `[\w\+\-\.]{2,}://`.
fn after_scheme(chunk: &str) -> Option<&str> {
    let (scheme, rest) = chunk.split_once("://")?;
    let of_scheme = |c: char| python::is_word(c) || matches!(c, '+' | '-' | '.');
    (scheme.chars().nth(1).is_some() && scheme.chars().all(of_scheme)).then_some(rest)
}

fn host_and_rest(text: &str) -> bool {
    address(text).is_some_and(port_and_path) || host_name(text)
}

/// `(?::\d{2,5})?(?:[/?#]\S*)?$`
fn port_and_path(text: &str) -> bool {
    let after_port = text.strip_prefix(':').and_then(|port| {
        let rest = port.trim_start_matches(python::is_decimal);
        let digits = port[..port.len() - rest.len()].chars().count();
        (2..=5).contains(&digits).then_some(rest)
    });
    let rest = after_port.unwrap_or(text);
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}

/// Labels that each end in a full stop, then a top-level domain of 2 to 63 lower-case letters and what may follow it.
fn host_name(text: &str) -> bool {
    let mut rest = text;
    let mut labels = 0;
    loop {
        if labels > 0 && top_level(rest).is_some_and(port_and_path) {
            return true;
        }
        let Some(after) = label(rest) else { return false };
        rest = after;
        labels += 1;
    }
}

fn top_level(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c| classes::of(c) & LOWER != 0);
    let letters = text[..text.len() - rest.len()].chars().count();
    (2..=63).contains(&letters).then_some(rest)
}

/// What follows one label and its full stop: 1 to 64 of `[A-Za-z0-9\u00a1-\uffff]`, inside also `_` and `-`.
fn label(text: &str) -> Option<&str> {
    let outer = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c);
    let rest = text.trim_start_matches(|c| outer(c) || c == '_' || c == '-');
    let label = &text[..text.len() - rest.len()];
    let fits = label.starts_with(outer) && label.ends_with(outer) && label.chars().count() <= 64;
    rest.strip_prefix('.').filter(|_| fits)
}

/// What follows a dotted address that is neither private, loopback, link-local, multicast nor a network's first or
/// last address.
fn address(text: &str) -> Option<&str> {
    let (first, rest) = octet(text)?;
    let (second, rest) = octet(rest.strip_prefix('.')?)?;
    let (third, rest) = octet(rest.strip_prefix('.')?)?;
    let (fourth, rest) = octet(rest.strip_prefix('.')?)?;
    let private = matches!(first, "10" | "127")
        || (first == "169" && second == "254")
        || (first == "192" && second == "168")
        || (first == "172" && in_172(second));
    let fits = !private
        && in_range(first, "223", false)
        && in_range(second, "255", true)
        && in_range(third, "255", true)
        && in_range(fourth, "254", false);
    fits.then_some(rest)
}

/// `1[6-9]|2\d|3[0-1]`
fn in_172(octet: &str) -> bool {
    match octet.split_at_checked(1) {
        Some(("1", second)) => matches!(second, "6" | "7" | "8" | "9"),
        Some(("2", second)) => second.chars().count() == 1,
        Some(("3", second)) => matches!(second, "0" | "1"),
        _ => false,
    }
}

/// One to three decimal digits and what follows them.
fn octet(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(python::is_decimal);
    let digits = &text[..text.len() - rest.len()];
    (1..=3).contains(&digits.chars().count()).then_some((digits, rest))
}

/// Whether an octet is at most `last` (three digits, the first a 2), as the pattern spells it: the leading digits are
/// ASCII, the others of any script. With `zero` the numbers may begin with zero, `0` and `00` included.
fn in_range(octet: &str, last: &str, zero: bool) -> bool {
    let ascii: Vec<u32> = octet.chars().map(|c| c.to_digit(10).unwrap_or(10)).collect();
    let last: Vec<u32> = last.chars().filter_map(|c| c.to_digit(10)).collect();
    match *ascii.as_slice() {
        [_] | [_, _] if zero => true,
        [a] | [a, _] => (1..=9).contains(&a),
        [1, ..] => true,
        [2, b, c] => b < last[1] || (b == last[1] && c <= last[2]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pattern_matches() {
        let matching = [
            "http://a.bc",
            "x@y.zz",
            "192.0.2.1",
            "foo.bar?q",
            "www.é.fr",
            "1.2.3.4:99#x",
            "a_b.co",
            "ab://c.de",
            "x:y@h.com",
            "h.com:12",
            "h.com/",
            "1.1.1.1/x",
            "@@h.com",
        ];
        for url in matching {
            assert!(is_url(url), "{url}");
        }
        assert!(is_url(&format!("{}.com", "a".repeat(64))));
    }

    #[test]
    fn what_it_does_not() {
        let others = [
            "10.1.2.3",
            "172.20.0.1",
            "192.168.1.1",
            "169.254.0.1",
            "127.0.0.1",
            "224.1.1.1",
            "1.1.1.255",
            "1.300.1.1",
            "1.2.3.٤",
            "a.b.c:80/x",
            "::",
            "://",
            "-a.co",
            "A.CO",
            "a.Co",
            "a.b",
            "a..bc",
            "a://c.de",
            "@h.com",
            "h.com:1",
            "h.com:123456",
            "h.comx!",
            "word",
            "",
        ];
        for text in others {
            assert!(!is_url(text), "{text}");
        }
        assert!(!is_url(&format!("{}.com", "a".repeat(65))));
    }
}
