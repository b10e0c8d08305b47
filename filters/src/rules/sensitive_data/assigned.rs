//! Secrets without a mark of their own, behind a word that says what they are: `api_key = "…"`, `Authorization: Bearer …`,
//! and passwords in URLs (RFC 3986, section 3.2.1). Only what looks drawn at random is found, so neither names nor
//! passwords of words are.

use super::strength::{is_placeholder, is_strong};
use std::ops::Range;

/// Words that say that a secret follows, in lower case.
pub(super) const WORDS: &[&str] = &[
    "api_key",
    "apikey",
    "api-key",
    "api key",
    "secret",
    "token",
    "passwd",
    "password",
    "passphrase",
    "pwd",
    "credential",
    "access_key",
    "accesskey",
    "access-key",
    "account_key",
    "accountkey",
    "auth_key",
    "authkey",
    "encryption_key",
    "signing_key",
    "private_key",
    "privatekey",
    "bearer",
    "basic",
    "authorization",
];

/// What a name goes on with where no secret follows: names, places and properties of one.
const HARMLESS: &[&str] = &[
    "id", "name", "url", "uri", "path", "file", "type", "length", "size", "location", "variable", "ref",
    "hash", "field", "expir", "version", "endpoint", "label", "count", "limit", "public", "pub", "policy",
];

/// Fewest characters of a secret.
const LENGTH_MIN: usize = 10;
/// Most.
const LENGTH_MAX: usize = 512;
/// Fewest hexadecimal digits of a secret of nothing else: shorter ones are names of resources.
const HEX_MIN: usize = 32;
/// Most characters of the name between the word and its value.
const NAME_MAX: usize = 24;

/// The value given to the name with a word at `word`.
pub(super) fn assigned_at(text: &str, word: Range<usize>) -> Option<Range<usize>> {
    let rest = &text[word.end..];
    let name = rest
        .bytes()
        .take(NAME_MAX + 1)
        .take_while(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b))
        .count();
    let tail = rest[..name].to_ascii_lowercase();
    let head = &text[text.floor_char_boundary(word.start.saturating_sub(8))..word.start];
    let is_public = head.to_ascii_lowercase().trim_end_matches(['_', '-']).ends_with("public");
    if name > NAME_MAX || is_public || HARMLESS.iter().any(|harmless| tail.contains(harmless)) {
        return None;
    }
    let from = word.end + name;
    let signs = sign(
        &text.as_bytes()[from..],
        matches!(&text[word.clone()].to_ascii_lowercase()[..], "bearer" | "basic" | "token"),
    )?;
    let start = from + signs;
    let value = value(&text[start..]);
    let is_quoted = text[..start].ends_with(['"', '\'', '`']);
    (is_secret(value) && (is_quoted || !is_member(value))).then_some(start..start + value.len())
}

/// The length of what stands between a name and its value: quotes, spaces and a sign of assignment, or, where `spaced`,
/// a space alone.
fn sign(rest: &[u8], spaced: bool) -> Option<usize> {
    let count = |from: usize, of: &[u8], most: usize| {
        rest[from.min(rest.len())..].iter().take(most).take_while(|b| of.contains(b)).count()
    };
    let mut at = count(0, b"\"'`]", 2);
    at += count(at, b" \t", 4);
    let signs = count(at, b":=?>", 4);
    if signs > 0 && !rest[at..at + signs].iter().any(|byte| b":=".contains(byte)) {
        return None;
    }
    let comma = usize::from(signs == 0 && rest.get(at) == Some(&b','));
    if signs + comma == 0 && !(spaced && at > 0) {
        return None;
    }
    at += signs + comma;
    at += count(at, b" \t", 4);
    let quotes = count(at, b"\"'`", 1);
    (comma == 0 || quotes > 0).then_some(at + quotes)
}

fn value(rest: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || !c.is_ascii() || "\"'`,;<>{}()[]$\\".contains(c);
    let end = rest.find(ends).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ':'])
}

/// Drawn at random, with digits among letters, and neither a path nor a name of a program's.
fn is_secret(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_place = value.contains("://") || value.starts_with(['/', '.', '~', '@', '%', '&', '#']);
    (LENGTH_MIN..=LENGTH_MAX).contains(&value.len())
        && digits > 1
        && letters > 1
        && !is_place
        && longest_word(value) < 10
        && (value.len() >= HEX_MIN || !value.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && is_strong(value)
}

/// Names with points between them: a member of a program's.
fn is_member(value: &str) -> bool {
    let is_name =
        |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !name.contains('-');
    value.contains('.') && value.split('.').all(is_name)
}

/// The longest run of letters of one case, which in a name are words.
fn longest_word(value: &str) -> usize {
    let runs = |is: fn(&u8) -> bool| value.as_bytes().split(move |byte| !is(byte)).map(<[u8]>::len).max();
    runs(u8::is_ascii_lowercase).max(runs(u8::is_ascii_uppercase)).unwrap_or(0)
}

/// What gives a name and a password to a program that speaks HTTP.
pub(super) const USER_OPTIONS: [&str; 2] = [" -u ", " --user "];

/// The password behind such an option.
pub(super) fn option_password_at(text: &str, option: Range<usize>) -> Option<Range<usize>> {
    let line = text[..option.start].rsplit('\n').next()?;
    let rest = text[option.end..].trim_start_matches([' ', '"', '\'']);
    let from = text[option.end..].len() - rest.len() + option.end;
    let pair = rest.split(|c: char| c.is_whitespace() || c == '\'' || c == '"').next()?;
    let (name, password) = pair.split_once(':')?;
    let is_random =
        password.bytes().any(|b| b.is_ascii_digit()) && !password.contains(['$', '{', '(', '<', '*', '[']);
    let is_password = (6..=LENGTH_MAX).contains(&password.len()) && is_random && !is_placeholder(password);
    let start = from + name.len() + 1;
    (line.contains("curl") && is_password).then_some(start..start + password.len())
}

/// The password before the host of a URL, whose `://` is at `sign`.
pub(super) fn url_password_at(text: &str, sign: Range<usize>) -> Option<Range<usize>> {
    let rest = &text[sign.end..];
    let authority = rest.split(|c: char| c.is_whitespace() || "/?#\"'<>`\\".contains(c)).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    let start = sign.end + name.len() + 1;
    let is_written_out = password.len() > 3
        && password.len() <= LENGTH_MAX
        && !password.contains(['$', '{', '}', '*', '[', '%']);
    let words = ["pass", "password", "passwd", "passwort", "secret", "token", "pwd", name];
    let is_word =
        words.iter().any(|word| word.eq_ignore_ascii_case(password)) || name.contains(['[', '{', '$']);
    (is_written_out && !is_word && !is_placeholder(password)).then_some(start..start + password.len())
}
