//! The parts of a URL that lists are held against. Not a full parser: it never fails, and what is not an address
//! comes out as parts that match nothing an operator would list.

/// Host and path of an address, in the spelling in which lists and URLs meet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'u> {
    /// Lower-case host without user, port and trailing dot.
    pub(super) host: String,
    /// Path and query, without the fragment.
    rest: &'u str,
}

impl<'u> Parts<'u> {
    /// Splits an address, with or without scheme.
    pub(super) fn of(url: &'u str) -> Self {
        let url = url.trim();
        let after_scheme = match url.split_once("://") {
            Some((scheme, after)) if scheme.bytes().all(is_scheme_byte) => after,
            _ => url.strip_prefix("//").unwrap_or(url),
        };
        let without_fragment = after_scheme.split('#').next().unwrap_or_default();
        let end = without_fragment.find(['/', '?', '\\']).unwrap_or(without_fragment.len());
        let (authority, rest) = without_fragment.split_at(end);
        let host = without_port(authority.rsplit('@').next().unwrap_or_default());
        Self { host: host.trim_end_matches('.').to_lowercase(), rest }
    }

    /// Host and path as one string; a missing path and the root are the same.
    pub(super) fn address(&self) -> String {
        match self.rest {
            "" => format!("{}/", self.host),
            query if query.starts_with('?') => format!("{}/{query}", self.host),
            path => format!("{}{path}", self.host),
        }
    }
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether the host is a number rather than a name; numbers have no parents.
pub(super) fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The names above a host: `a.b.c` has `b.c` and `c`.
pub(super) fn parents(host: &str) -> impl Iterator<Item = &str> {
    host.match_indices('.').map(|(dot, _)| &host[dot + 1..])
}

/// The runs of ASCII letters and digits; datatrove splits at `[^a-zA-Z0-9]+`.
pub(super) fn words(url: &str) -> impl Iterator<Item = &str> {
    url.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Only the ASCII letters and digits, in lower case: datatrove's `normalize`.
pub(super) fn letters_and_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_meet() {
        for url in [
            "https://Example.org/A?q=1",
            "http://example.org:80/A?q=1#top",
            "//user:pw@example.org./A?q=1",
            "EXAMPLE.ORG:8080/A?q=1",
            " ftp://example.org/A?q=1 ",
        ] {
            assert_eq!(Parts::of(url).address(), "example.org/A?q=1", "{url}");
        }
        assert_eq!(Parts::of("https://example.org").address(), Parts::of("example.org/").address());
        assert_eq!(Parts::of("https://example.org?q").address(), "example.org/?q");
    }

    #[test]
    fn hosts_come_out_of_odd_addresses() {
        for (url, host) in [
            ("https://[2001:db8::1]:443/", "[2001:db8::1]"),
            ("https://a@b@example.org/", "example.org"),
            ("http://example.org\\@evil.example/", "example.org"),
            ("https://Bücher.example/", "bücher.example"),
            ("", ""),
            ("://", ""),
            ("mailto:someone", "mailto:someone"),
        ] {
            assert_eq!(Parts::of(url).host, host, "{url}");
        }
    }

    #[test]
    fn parents_are_cut_at_labels() {
        assert_eq!(parents("a.b.c").collect::<Vec<_>>(), ["b.c", "c"]);
        assert!(is_address("10.0.0.1") && is_address("[::1]") && !is_address("1and1.example"));
    }
}
