//! Keys and tokens that begin with a mark of their issuer.
//!
//! Source: what the issuers document of the form of their keys, and the rules of gitleaks 8 as a second list of prefixes.
//! A token must have its issuer's alphabet and length, look drawn at random and not be a placeholder; one of GitHub's or
//! npm's whose check digits are right (GitHub, *Behind GitHub's new authentication token formats*, 2021) is a token
//! whatever it looks like.

use super::checksums::crc32;
use super::context::{is_in_word, is_word};
use super::strength::is_strong;
use std::ops::{Range, RangeInclusive};

/// What a token's body is made of.
#[derive(Clone, Copy)]
enum Alphabet {
    Hex,
    Letters,
    /// Letters and digits.
    Word,
    /// Letters, digits, `-` and `_`: base64url, also with `.` between its parts.
    Url,
    /// The same with `+`, `/` and `=`.
    Base64,
}

/// A kind of token.
pub(super) struct Token {
    /// What it begins with.
    pub(super) prefix: &'static str,
    alphabet: Alphabet,
    /// The length of what follows.
    length: RangeInclusive<usize>,
}

const fn token(prefix: &'static str, alphabet: Alphabet, least: usize, most: usize) -> Token {
    Token { prefix, alphabet, length: least..=most }
}

use Alphabet::{Base64, Hex, Letters, Url, Word};

/// Every known kind.
pub(super) const TOKENS: &[Token] = &[
    // Amazon Web Services: names of keys, and keys of Bedrock
    token("AKIA", Word, 16, 16),
    token("ASIA", Word, 16, 16),
    token("ABIA", Word, 16, 16),
    token("ACCA", Word, 16, 16),
    token("ABSK", Base64, 109, 269),
    // GitHub, GitLab
    token("ghp_", Word, 36, 36),
    token("gho_", Word, 36, 36),
    token("ghu_", Word, 36, 36),
    token("ghs_", Word, 36, 36),
    token("ghr_", Word, 36, 76),
    token("github_pat_", Url, 82, 82),
    token("glpat-", Url, 20, 64),
    token("gldt-", Url, 20, 64),
    token("glrt-", Url, 20, 64),
    token("glptt-", Hex, 40, 40),
    token("glcbt-", Url, 20, 64),
    token("glsoat-", Url, 20, 64),
    token("glft-", Url, 20, 64),
    token("glimt-", Url, 25, 64),
    token("glagent-", Url, 50, 64),
    token("gloas-", Url, 64, 64),
    token("GR1348941", Url, 20, 20),
    // Slack
    token("xoxa-", Url, 20, 255),
    token("xoxb-", Url, 20, 255),
    token("xoxe-", Url, 20, 255),
    token("xoxe.xox", Url, 20, 512),
    token("xoxo-", Url, 20, 255),
    token("xoxp-", Url, 20, 255),
    token("xoxr-", Url, 20, 255),
    token("xoxs-", Url, 20, 255),
    token("xapp-", Url, 20, 255),
    token("hooks.slack.com/services/T", Base64, 30, 64),
    // Stripe, Square, Shopify, Adyen, Flutterwave
    token("sk_live_", Word, 10, 255),
    token("rk_live_", Word, 10, 255),
    token("sk_test_", Word, 10, 255),
    token("rk_test_", Word, 10, 255),
    token("sk_prod_", Word, 10, 255),
    token("rk_prod_", Word, 10, 255),
    token("whsec_", Base64, 24, 64),
    token("sq0atp-", Url, 22, 60),
    token("sq0csp-", Url, 22, 60),
    token("EAAA", Url, 56, 60),
    token("shpat_", Hex, 32, 32),
    token("shpca_", Hex, 32, 32),
    token("shppa_", Hex, 32, 32),
    token("shpss_", Hex, 32, 32),
    token("FLWSECK", Url, 12, 64),
    // Google
    token("AIza", Url, 35, 35),
    token("GOCSPX-", Url, 28, 28),
    token("ya29.", Url, 30, 512),
    // models and their hosts
    token("sk-", Url, 20, 255),
    token("hf_", Letters, 34, 34),
    token("api_org_", Letters, 34, 34),
    token("pplx-", Word, 48, 48),
    token("gsk_", Word, 52, 52),
    token("r8_", Word, 37, 37),
    token("xai-", Word, 80, 80),
    // hosts, clouds and their tools
    token("dop_v1_", Hex, 64, 64),
    token("doo_v1_", Hex, 64, 64),
    token("dor_v1_", Hex, 64, 64),
    token("dapi", Hex, 32, 34),
    token("dp.pt.", Word, 43, 43),
    token("dt0c01.", Url, 80, 100),
    token("glc_", Base64, 32, 400),
    token("glsa_", Url, 41, 41),
    token("A3-", Url, 36, 38),
    token("hvs.", Url, 90, 300),
    token("hvb.", Url, 138, 300),
    token("s.", Word, 24, 24),
    token("HRKU-", Url, 36, 64),
    token("lin_api_", Word, 40, 40),
    token("NRAK-", Word, 27, 27),
    token("NRJS-", Word, 19, 19),
    token("npm_", Word, 36, 36),
    token("ntn_", Word, 46, 46),
    token("pscale_tkn_", Url, 32, 64),
    token("pscale_pw_", Url, 32, 64),
    token("PMAK-", Url, 59, 59),
    token("pnu_", Word, 36, 36),
    token("pul-", Hex, 40, 40),
    token("pypi-AgEIcHlwaS5vcmc", Url, 50, 1000),
    token("rdme_", Word, 70, 70),
    token("rubygems_", Hex, 48, 48),
    token("SG.", Url, 66, 66),
    token("sentrys_", Base64, 64, 512),
    token("sntrys_", Base64, 64, 512),
    token("sntryu_", Hex, 64, 64),
    token("sgp_", Url, 40, 64),
    token("sha256~", Url, 43, 43),
    token("shippo_live_", Hex, 40, 40),
    token("shippo_test_", Hex, 40, 40),
    token("sqa_", Word, 40, 40),
    token("sqp_", Word, 40, 40),
    token("squ_", Word, 40, 40),
    token("tfp_", Url, 59, 59),
    token("tskey-", Url, 20, 96),
    token("vercel_", Word, 24, 64),
    token("LTAI", Word, 17, 21),
    token("AKID", Word, 32, 32),
    token("AKCp", Word, 69, 69),
    token("ATATT3", Base64, 160, 230),
    token("ATCTT3", Base64, 160, 230),
    token("CLOJARS_", Word, 60, 60),
    token("EZAK", Word, 54, 54),
    token("EZTK", Word, 54, 54),
    token("fm1r_", Base64, 100, 800),
    token("fm1a_", Base64, 100, 800),
    token("fm2_", Base64, 100, 800),
    token("fo1_", Url, 43, 43),
    token("ico-", Word, 32, 32),
    token("key-", Hex, 32, 32),
    token("ops_eyJ", Base64, 250, 2000),
    token("AGE-SECRET-KEY-1", Word, 58, 58),
    token("s-s4t2", Url, 64, 68),
    token("EAAC", Word, 60, 255),
    token("EAAM", Word, 60, 255),
    token("duffel_live_", Url, 43, 43),
    token("duffel_test_", Url, 43, 43),
];

impl Token {
    /// The token that begins at `start`.
    pub(super) fn at(&self, text: &str, start: usize) -> Option<Range<usize>> {
        let from = start + self.prefix.len();
        if !text[start..].starts_with(self.prefix) {
            return None;
        }
        let before = text.as_bytes()[..start].last();
        let is_part = is_in_word(text.as_bytes(), start) || matches!(before, Some(b'.' | b'-'));
        let most = self.length.end() + 1;
        let run =
            text.as_bytes()[from..].iter().take(most).take_while(|byte| self.alphabet.has(**byte)).count();
        let body = text[from..from + run].trim_end_matches(['.', '-', '_']);
        if !self.length.contains(&body.len()) {
            return None;
        }
        // words with hyphens between them are no token
        let has_digit = body.bytes().any(|byte| byte.is_ascii_digit()) || matches!(self.alphabet, Letters);
        let is_drawn = has_digit && is_strong(body) && has_both_cases_or_digits(body);
        ((is_drawn && !is_part) || is_checked(self.prefix, body)).then_some(start..from + body.len())
    }
}

/// What stands at the fifth and sixth character of a secret of Microsoft Entra, behind the number of its form.
pub(super) const ENTRA: &str = "Q~";

/// The secret of Microsoft Entra whose mark is at `mark`.
pub(super) fn entra_at(text: &str, mark: usize) -> Option<Range<usize>> {
    let has = |byte: &u8| Url.has(*byte) || *byte == b'~';
    let bytes = text.as_bytes();
    let start = mark.checked_sub(4)?;
    let head =
        bytes.get(start..mark).filter(|head| head.iter().all(has) && matches!(head[3], b'7' | b'8'))?;
    let length = bytes[mark + 2..].iter().take(35).take_while(|byte| has(byte)).count();
    let is_whole = !bytes[..start].last().is_some_and(|byte| is_word(*byte)) && (31..=34).contains(&length);
    let end = mark + 2 + length;
    (is_whole && !head.is_empty() && is_strong(&text[mark + 2..end])).then_some(start..end)
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Hex => byte.is_ascii_hexdigit(),
            Letters => byte.is_ascii_alphabetic(),
            Word => byte.is_ascii_alphanumeric(),
            Url => is_word(byte) || matches!(byte, b'-' | b'.'),
            Base64 => is_word(byte) || matches!(byte, b'-' | b'.' | b'+' | b'/' | b'='),
        }
    }
}

/// Words in one case, as in names of functions and classes, are not drawn at random.
fn has_both_cases_or_digits(body: &str) -> bool {
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let both = body.bytes().any(|b| b.is_ascii_lowercase()) && body.bytes().any(|b| b.is_ascii_uppercase());
    both || digits > 1
}

/// Whether the last six of a body are the CRC-32 of what is before them, in base 62: the check of GitHub and npm.
fn is_checked(prefix: &str, body: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if !(prefix.starts_with("gh") || prefix == "npm_") || body.len() != 36 {
        return false;
    }
    let mut rest = crc32(&body.as_bytes()[..30]);
    body.bytes().skip(30).rev().all(|byte| {
        let digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
        byte == digit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checked_token_is_one_whatever_it_looks_like() {
        // thirty letters of one kind, and their check
        let body = "a".repeat(30);
        let mut check = crc32(body.as_bytes());
        let mut last = Vec::new();
        for _ in 0..6 {
            last.push(
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(check % 62) as usize],
            );
            check /= 62;
        }
        last.reverse();
        let last = String::from_utf8(last).unwrap();
        let ghp = TOKENS.iter().find(|token| token.prefix == "ghp_").unwrap();
        assert_eq!(ghp.at(&format!("ghp_{body}{last}"), 0), Some(0..40));
        assert_eq!(ghp.at(&format!("ghp_{body}aaaaaa"), 0), None);
    }
}
