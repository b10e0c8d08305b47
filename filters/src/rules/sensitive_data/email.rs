//! E-mail addresses, as people write them: the dot-atom form of RFC 5322 with letters of the Latin script.
//!
//! Left alone: addresses under names reserved for examples (RFC 2606, RFC 6761), the users of Git hosts
//! (`git@host:path`), names of files (`icon@2x.png`) and what has no top-level domain.

use std::ops::Range;

/// The longest local part and domain (RFC 5321, 4.5.3.1).
const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;

/// How far back a URL may begin whose user this would be.
const URL_MAX: usize = 128;

/// Domains that belong to nobody.
const RESERVED: &[&str] = &[
    "example.com",
    "example.net",
    "example.org",
    "example",
    "test",
    "invalid",
    "localhost",
    "local",
    "localdomain",
];

/// Endings of files that stand where a top-level domain would.
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "bmp", "css", "scss", "js", "mjs", "ts",
    "tsx", "jsx", "json", "html", "htm", "xml", "yml", "yaml", "toml", "txt", "md", "pdf", "zip", "tar",
    "gz", "jar", "py", "rb", "java", "php", "exe", "dll", "service", "class", "git",
];

/// The address around the `@` at `at`.
pub(super) fn email_at(text: &str, at: usize) -> Option<Range<usize>> {
    let start = local_start(text, at)?;
    let end = domain_end(text, at + 1)?;
    let domain = text[at + 1..end].to_ascii_lowercase();
    let (_, last) = domain.rsplit_once('.')?;
    let is_name = (2..=24).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    let below =
        |name: &&str| domain.strip_suffix(*name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_host_of_code = &text[start..at] == "git" && text[end..].starts_with([':', '/']);
    // `https://name@host` and `https://name:password@host`
    let word = text[text.floor_char_boundary(start.saturating_sub(URL_MAX))..start]
        .rsplit(char::is_whitespace)
        .next();
    let is_user_of_url = word
        .and_then(|word| word.rsplit_once("://"))
        .is_some_and(|(_, name)| !name.contains(['/', '?', '&', '=']));
    (is_name && !FILES.contains(&last) && !RESERVED.iter().any(below) && !is_host_of_code && !is_user_of_url)
        .then_some(start..end)
}

/// Where the local part before `at` begins.
fn local_start(text: &str, at: usize) -> Option<usize> {
    let mut start = at;
    for (place, c) in text[..at].char_indices().rev() {
        if !(is_letter(c) || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&')) {
            break;
        }
        if at - place > LOCAL_MAX {
            return None;
        }
        start = place;
    }
    // quotes and marks before a word are none of it
    let local = text[start..at].trim_start_matches(['.', '\'', '-', '&', '%', '+']);
    (!local.is_empty() && !local.ends_with('.')).then_some(at - local.len())
}

/// Where the domain from `from` on ends.
fn domain_end(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let length = rest.find(|c: char| !(is_letter(c) || matches!(c, '.' | '-'))).unwrap_or(rest.len());
    if length > DOMAIN_MAX {
        return None;
    }
    let domain = rest[..length].trim_end_matches(['.', '-']);
    let labels_hold = domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
    (labels_hold && domain.contains('.')).then_some(from + domain.len())
}

/// A digit, or a letter of the Latin script with or without marks: others stand next to addresses without a space.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '\u{c0}'..='\u{24f}')
}
