//! URLs by which copies of one page are told.

/// The URL without what does not choose the page: the scheme, `www.`, the port that goes without saying, the fragment
/// and a final slash; the host in lower case. Parameters stay, because they may choose it.
pub(crate) fn normal_url(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.to_lowercase();
    let port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        _ => ":80",
    };
    let host = host.strip_suffix(port).unwrap_or(&host);
    let host = host.strip_prefix("www.").unwrap_or(host);
    format!("{host}{}", path.strip_suffix('/').unwrap_or(path))
}

/// The host of a normal URL, with its port unless that goes without saying.
pub(crate) fn host(url: &str) -> Option<String> {
    let url = normal_url(url);
    let end = url.find(['/', '?']).unwrap_or(url.len());
    (end > 0).then(|| url[..end].to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_choose_the_page_is_dropped() {
        for (url, normal) in [
            ("https://www.Example.org/A/b/", "example.org/A/b"),
            ("http://example.org:80", "example.org"),
            ("https://example.org:443/?q=1#top", "example.org/?q=1"),
            ("http://example.org:8080/", "example.org:8080"),
            ("example.org/a?b=/", "example.org/a?b="),
            ("", ""),
        ] {
            assert_eq!(normal_url(url), normal, "{url}");
        }
    }

    #[test]
    fn hosts_are_those_of_normal_urls() {
        for (url, of) in [
            ("https://www.Example.org/A/b/", Some("example.org")),
            ("http://example.org:8080?q=1", Some("example.org:8080")),
            ("", None),
            ("/a", None),
        ] {
            assert_eq!(host(url).as_deref(), of, "{url}");
        }
    }
}
