//! Addresses of objects: `s3://bucket/key`, and whatever else stands in place of a local path.
//!
//! They are written in configurations, which are hashed and published. So none may hold a secret, and what is wrong
//! with one is told without repeating it.

use std::fmt;

/// What makes a path or a key a pattern.
pub(crate) const WILDCARDS: [char; 4] = ['*', '?', '[', '{'];

/// Where objects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    S3,
    Google,
    Azure,
    Http,
    Https,
}

impl Scheme {
    const ALL: [(&'static str, Self); 5] = [
        ("s3", Self::S3),
        ("gs", Self::Google),
        ("az", Self::Azure),
        ("http", Self::Http),
        ("https", Self::Https),
    ];

    /// Whether objects can be listed there, and written.
    pub(crate) fn is_store(self) -> bool {
        !matches!(self, Self::Http | Self::Https)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, scheme)| scheme == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// The parts of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    /// A bucket, a container, or a host with its port.
    pub(crate) bucket: String,
    /// A key, the beginning of keys, or a pattern. Of web servers as it is written in the URL.
    pub(crate) key: String,
}

impl Address {
    /// Reads an address. What has no scheme is no address but a path: `None`.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, String> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(None) };
        let known = Scheme::ALL.into_iter().find(|(name, _)| *name == scheme);
        let Some((_, scheme)) = known else {
            let names = Scheme::ALL.map(|(name, _)| format!("`{name}://`")).join(", ");
            return Err(format!("has a scheme that is none of {names}; local files are named by their path"));
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.contains('@') {
            return Err("has a user name or password in it; credentials come from the environment".into());
        }
        if !scheme.is_store() && rest.contains(['?', '#']) {
            return Err(
                "has a query or a fragment in it, where signatures stand, and the configuration is published"
                    .into(),
            );
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if bucket.is_empty()
            || !bucket.chars().all(plain)
            || (scheme.is_store() && bucket.contains(['[', ':']))
        {
            return Err("names no bucket or host".into());
        }
        Ok(Some(Self { scheme, bucket: bucket.to_string(), key: key.to_string() }))
    }

    /// Whether the key is a pattern.
    pub(crate) fn is_pattern(&self) -> bool {
        self.scheme.is_store() && self.key.contains(WILDCARDS)
    }

    /// The folder that holds whatever the key stands for.
    pub(crate) fn folder(&self) -> &str {
        let fixed = self.key.split(WILDCARDS).next().unwrap_or_default();
        fixed.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Everything before the key.
    pub(crate) fn base(&self) -> String {
        format!("{}://{}", self.scheme, self.bucket)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_a_path_and_secrets_are_refused_unquoted() {
        for path in ["a/b.parquet", "/a:/b", "*.jsonl", "c:\\d"] {
            assert_eq!(Address::parse(path), Ok(None), "{path}");
        }
        for text in ["s3://b/k", "gs://b/a/*.parquet", "az://b/", "http://127.0.0.1:90/a%20b", "https://h/x"]
        {
            assert_eq!(Address::parse(text).unwrap().unwrap().to_string(), text);
        }
        let cases = [
            ("ftp://secret/x", "has a scheme"),
            ("file:///secret", "has a scheme"),
            ("s3://", "names no bucket"),
            ("s3:///secret", "names no bucket"),
            ("s3://se*cret/x", "names no bucket"),
            ("https://user:secret@host/x", "has a user name"),
            ("https://host/x?X-Amz-Signature=secret", "has a query"),
            ("https://host/x#secret", "has a query"),
        ];
        for (text, expected) in cases {
            let why = Address::parse(text).unwrap_err();
            assert!(why.starts_with(expected) && !why.contains("secret"), "{text}: {why}");
        }
    }

    #[test]
    fn only_stores_have_patterns() {
        let is_pattern = |text: &str| Address::parse(text).unwrap().unwrap().is_pattern();
        assert!(is_pattern("s3://b/a/*.parquet") && is_pattern("gs://b/part-?.jsonl"));
        assert!(!is_pattern("s3://b/a/") && !is_pattern("http://h/[a]"));
        let cases = [
            ("a/b.parquet", "a"),
            ("a/", "a"),
            ("b", ""),
            ("", ""),
            ("a/b/*.c", "a/b"),
            ("a/b*/c/d", "a"),
            ("*/a", ""),
        ];
        for (key, folder) in cases {
            let address = Address::parse(&format!("s3://b/{key}")).unwrap().unwrap();
            assert_eq!(address.folder(), folder, "{key}");
        }
    }
}
