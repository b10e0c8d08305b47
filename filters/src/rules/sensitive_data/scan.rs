//! One pass over a text for everything that may be personal or secret: places with a digit, an `@` or a mark of a
//! secret are found first, and each kind then looks around them.

use super::context::{Context, Place};
use super::numbers::numbers_at;
use super::tokens::{self, TOKENS};
use super::{Kind, Kinds};
use super::{assigned, card, email, iban, ip, jwt, lettered, national, phone, private_key};
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use std::ops::Range;

/// A stretch of a text that names somebody or opens something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

/// Finds stretches of the chosen kinds.
pub(super) struct Scan {
    kinds: Kinds,
    context: Context,
    marks: AhoCorasick,
}

impl Scan {
    pub(super) fn new(kinds: Kinds) -> Result<Self, BuildError> {
        let patterns = TOKENS.iter().map(|token| token.prefix);
        let patterns = patterns.chain(assigned::WORDS.iter().copied()).chain([
            jwt::PREFIX,
            private_key::PREFIX,
            tokens::ENTRA,
            URL,
        ]);
        let patterns = patterns.chain(assigned::USER_OPTIONS);
        let mut marks = AhoCorasick::builder();
        marks.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        Ok(Self { kinds, context: Context::new()?, marks: marks.build(patterns)? })
    }

    /// All stretches, in order and disjoint.
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        if self.kinds.has(Kind::Email) {
            let places = memchr::memchr_iter(b'@', text.as_bytes());
            found.extend(places.filter_map(|at| found_at(email::email_at(text, at), Kind::Email)));
        }
        if self.kinds.has_numbers() {
            self.numbers(text, &mut found);
        }
        if self.kinds.has(Kind::Secret) || self.kinds.has(Kind::PrivateKey) {
            self.secrets(text, &mut found);
        }
        joined(found)
    }

    /// What begins with, or is around, the first of some digits.
    fn numbers(&self, text: &str, found: &mut Vec<Found>) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(next) = bytes[at..].iter().position(u8::is_ascii_digit) {
            let start = at + next;
            let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            at = start + digits;
            // most numbers are years, amounts and counts
            let is_alone =
                |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b' ' | b'\n' | b',' | b';'));
            let is_followed =
                bytes.get(at..at + 2).is_some_and(|next| next[0] == b' ' && next[1].is_ascii_digit());
            if digits > 6 || is_followed || !is_alone(bytes.get(at)) || !is_alone(bytes[..start].last()) {
                self.number(&Place::new(text, start, &self.context), digits, found);
            }
        }
    }

    fn number(&self, place: &Place<'_>, digits: usize, found: &mut Vec<Found>) {
        let (text, bytes) = (place.text, place.text.as_bytes());
        let before = found.len();
        let mut add = |range: Option<Range<usize>>, kind| {
            found.extend(found_at(range, kind).filter(|_| self.kinds.has(kind)));
        };
        add(iban::iban_at(bytes, place.at), Kind::Iban);
        add(lettered::lettered_at(place), Kind::NationalId);
        if digits < 4 && bytes.get(place.at + digits) == Some(&b'.') {
            add(ip::v4_at(place), Kind::Ip);
        }
        add(ip::v6_at(text, place.at), Kind::Ip);
        numbers_at(bytes, place.at, |number| {
            let is_card = card::is_card(number, place) && !place.is_in_url();
            let is_id = national::is_national_id(number, place) && !place.is_in_url();
            add(is_card.then_some(place.at..number.end), Kind::Card);
            add(is_id.then_some(place.at..number.end), Kind::NationalId);
        });
        // what has been found to be something else is no telephone number
        if self.kinds.has(Kind::Phone) && found.len() == before {
            found.extend(found_at(phone::phone_at(place), Kind::Phone));
        }
    }

    fn secrets(&self, text: &str, found: &mut Vec<Found>) {
        for mark in self.marks.find_overlapping_iter(text) {
            let pattern = mark.pattern().as_usize();
            let one = match TOKENS.get(pattern) {
                Some(token) => found_at(token.at(text, mark.start()), Kind::Secret),
                None => match &text[mark.range()] {
                    URL => found_at(assigned::url_password_at(text, mark.range()), Kind::Secret),
                    tokens::ENTRA => found_at(tokens::entra_at(text, mark.start()), Kind::Secret),
                    option if assigned::USER_OPTIONS.contains(&option) => {
                        found_at(assigned::option_password_at(text, mark.range()), Kind::Secret)
                    }
                    jwt::PREFIX => found_at(jwt::jwt_at(text, mark.start()), Kind::Secret),
                    private_key::PREFIX => {
                        found_at(private_key::private_key_at(text, mark.start()), Kind::PrivateKey)
                    }
                    _ => found_at(assigned::assigned_at(text, mark.range()), Kind::Secret),
                },
            };
            found.extend(one.filter(|one| self.kinds.has(one.kind)));
        }
    }
}

/// What divides the scheme of a URL from the rest.
const URL: &str = "://";

fn found_at(range: Option<Range<usize>>, kind: Kind) -> Option<Found> {
    range.map(|range| Found { range, kind })
}

/// Stretches that overlap become one, of the kind of the longest (of equal ones, of the first in the order of kinds): no
/// part of any may stay.
fn joined(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.range.start, one.range.end, one.kind));
    let mut all: Vec<(Found, usize)> = Vec::with_capacity(found.len());
    for one in found {
        let length = one.range.len();
        match all.last_mut() {
            Some((last, longest)) if one.range.start < last.range.end => {
                last.range.end = last.range.end.max(one.range.end);
                if (length, std::cmp::Reverse(one.kind)) > (*longest, std::cmp::Reverse(last.kind)) {
                    (last.kind, *longest) = (one.kind, length);
                }
            }
            _ => all.push((one, length)),
        }
    }
    all.into_iter().map(|(one, _)| one).collect()
}
