//! Objects in stores: S3, Google Cloud Storage and Azure by their keys, and files of web servers.
//!
//! Everything here blocks. One thread does the network's work for all workers (`runtime`); tokio and `object_store` are
//! known to this folder alone. Credentials and endpoints come from the environment, under the names that
//! `object_store` 0.14 documents (`AWS_…`, `GOOGLE_…`, `AZURE_…`); none is ever part of an address or of a message.

mod fetch;
mod open;
mod write;

use crate::files::address::Address;
use crate::files::input::{Mark, Version};
use futures_util::TryStreamExt;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::runtime::Runtime;

pub(crate) use open::Stores;

/// Why something in a store cannot be had; whoever asked knows its name.
pub(crate) type Wrong<T> = std::result::Result<T, String>;

/// A bucket, a container, or a web server.
pub(crate) struct Bucket {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    base: String,
}

impl Bucket {
    /// The object under a key, as an address spells it.
    pub(crate) fn object(self: &Arc<Self>, address: &Address) -> Wrong<Object> {
        let key = match address.scheme.is_store() {
            true => Key::parse(&address.key),
            // of a web server the name is percent-encoded
            false => Key::from_url_path(&address.key),
        };
        Ok(Object {
            bucket: Arc::clone(self),
            key: key.map_err(|e| e.to_string())?,
            url: address.to_string(),
        })
    }

    /// The objects beneath a folder, with their lengths.
    pub(crate) fn list(self: &Arc<Self>, folder: &str) -> Wrong<Vec<(Object, u64)>> {
        let prefix = Key::parse(folder).map_err(|e| e.to_string())?;
        let found = self.store.list(Some(&prefix).filter(|prefix| !prefix.is_root()));
        let found: Vec<ObjectMeta> = self.wait(found.try_collect()).map_err(told)?;
        let object = |meta: ObjectMeta| {
            let url = format!("{}/{}", self.base, meta.location);
            (Object { bucket: Arc::clone(self), key: meta.location, url }, meta.size)
        };
        Ok(found.into_iter().map(object).collect())
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// A file in a store.
#[derive(Clone)]
pub(crate) struct Object {
    bucket: Arc<Bucket>,
    key: Key,
    url: String,
}

impl std::fmt::Debug for Object {
    /// Its name alone: a store knows credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

impl Object {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it is now.
    pub(crate) fn version(&self) -> Wrong<Version> {
        let meta = self.bucket.wait(self.bucket.store.head(&self.key));
        meta.map(|meta| version(&meta)).map_err(told)
    }
}

fn version(meta: &ObjectMeta) -> Version {
    let modified = SystemTime::from(meta.last_modified);
    let mark = meta.e_tag.clone().map_or(Mark::Modified(modified), Mark::Tag);
    Version { bytes: meta.size, mark: Some(mark) }
}

/// A server's answer may be long and hold anything.
const TOLD_CHARS_MAX: usize = 300;

/// What a store's error comes to.
fn told(error: object_store::Error) -> String {
    use object_store::Error as E;
    match error {
        E::NotFound { .. } => "there is no such object".into(),
        E::Precondition { .. } => "has changed since it was hashed".into(),
        E::AlreadyExists { .. } => "is there already".into(),
        E::PermissionDenied { .. } => "access is refused (403); credentials come from the environment".into(),
        E::Unauthenticated { .. } => "access needs credentials (401), which come from the environment".into(),
        E::Generic { source, .. } => shortened(&source.to_string()),
        other => shortened(&other.to_string()),
    }
}

/// One line, without the queries of URLs, in which signatures may stand.
fn shortened(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((before, _)) if before.contains("://") => before,
        _ => word,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TOLD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_cut_to_one_line_without_queries() {
        let told = shortened("GET https://h/k?sig=secret failed:\n<Error>\n  <Code>x</Code>");
        assert_eq!(told, "GET https://h/k failed: <Error> <Code>x</Code>");
        assert_eq!(shortened(&"x".repeat(1000)).chars().count(), TOLD_CHARS_MAX + 1);
    }
}
