//! Writing objects: each appears whole or not at all, and carries its digest, by which an interrupted upload finds out
//! what is there already.

use super::{Bucket, Object, Wrong, told};
use crate::files::address::Address;
use manifests::digest::Sha256;
use object_store::{
    Attribute, Attributes, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, WriteMultipart,
};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Files up to this length go in one request, longer ones in parts of it.
const PART_BYTES: u64 = 16 << 20;

/// S3 takes 10,000 parts of one object.
const PARTS_MAX: u64 = 10_000;

/// Manifests list every file of a release, and are far below this.
const READ_BYTES_MAX: u64 = 256 << 20;

/// Parts under way at a time.
const PARTS: usize = 4;

/// The name of the metadata that holds an object's digest.
const DIGEST: &str = "sha256";

impl Bucket {
    /// What is beneath a folder and how long it is, by names from there.
    pub(crate) fn names(self: &Arc<Self>, folder: &Address) -> Wrong<Vec<(String, u64)>> {
        let within = format!("{}/", folder.to_string().trim_end_matches('/'));
        let name = |(object, bytes): (Object, u64)| {
            object.url().strip_prefix(&within).map(|name| (name.to_string(), bytes))
        };
        Ok(self.list(&folder.key)?.into_iter().filter_map(name).collect())
    }
}

impl Object {
    /// The whole of a small object, if there is one.
    pub(crate) fn read(&self) -> Wrong<Option<Vec<u8>>> {
        let answer = match self.bucket.wait(self.bucket.store.get(&self.key)) {
            Ok(answer) => answer,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(told(error)),
        };
        if answer.meta.size > READ_BYTES_MAX {
            return Err(format!("has {} bytes, more than a manifest has", answer.meta.size));
        }
        self.bucket.wait(answer.bytes()).map(|bytes| Some(bytes.into())).map_err(told)
    }

    /// The length and digest of the object, as they were stored with it.
    pub(crate) fn stored(&self) -> Wrong<Option<(u64, Sha256)>> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.bucket.wait(self.bucket.store.get_opts(&self.key, options)) {
            Ok(found) => {
                let digest = found.attributes.get(&Attribute::Metadata(DIGEST.into()));
                Ok(digest
                    .and_then(|digest| digest.as_ref().parse().ok())
                    .map(|digest| (found.meta.size, digest)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told(error)),
        }
    }

    /// Writes a small object if there is none of its name; says whether it did.
    pub(crate) fn create(&self, bytes: Vec<u8>) -> Wrong<bool> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.bucket.wait(self.bucket.store.put_opts(&self.key, PutPayload::from(bytes), options)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(told(error)),
        }
    }

    pub(crate) fn delete(&self) -> Wrong<()> {
        self.bucket.wait(self.bucket.store.delete(&self.key)).map_err(told)
    }

    /// Writes a file, whose digest is known, over whatever is there.
    pub(crate) fn put_file(&self, path: &Path, digest: Sha256) -> Wrong<()> {
        let mut file = disk::File::open(path).map_err(|e| e.to_string())?;
        let bytes = file.metadata().map_err(|e| e.to_string())?.len();
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::Metadata(DIGEST.into()), digest.to_string().into());
        if bytes > PART_BYTES {
            return self.bucket.wait(self.put_parts(&mut file, bytes, attributes));
        }
        let content = part(&mut file, PART_BYTES).map_err(|e| e.to_string())?;
        let options = PutOptions { attributes, ..PutOptions::default() };
        let put = self.bucket.store.put_opts(&self.key, PutPayload::from(content), options);
        self.bucket.wait(put).map(drop).map_err(told)
    }

    async fn put_parts(&self, file: &mut disk::File, bytes: u64, attributes: Attributes) -> Wrong<()> {
        let part_bytes = PART_BYTES.max(bytes.div_ceil(PARTS_MAX));
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let upload = self.bucket.store.put_multipart_opts(&self.key, options).await.map_err(told)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_bytes as usize);
        let written = async {
            loop {
                upload.wait_for_capacity(PARTS).await.map_err(told)?;
                let content = part(file, part_bytes).map_err(|e| e.to_string())?;
                if content.is_empty() {
                    return Ok(());
                }
                upload.put(content.into());
            }
        };
        match written.await {
            Ok(()) => upload.finish().await.map(drop).map_err(told),
            Err(why) => {
                // parts that cannot be removed now are for the store's own rules to expire
                let _ = upload.abort().await;
                Err(why)
            }
        }
    }
}

/// The next bytes of a file.
fn part(file: &mut disk::File, bytes: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(bytes).read_to_end(&mut content)?;
    Ok(content)
}
