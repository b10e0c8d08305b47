//! Stores, opened once each.

use super::{Bucket, Wrong, told};
use crate::files::address::{Address, Scheme};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How a request is tried again after an answer of 429 or 5xx, a time-out or a broken connection: what `object_store`
/// 0.14 takes by default, written out because it is documented.
pub(super) fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 10,
        retry_timeout: Duration::from_secs(180),
    }
}

/// The stores that one job reads from or writes to.
#[derive(Default)]
pub(crate) struct Stores {
    runtime: Option<Arc<Runtime>>,
    buckets: HashMap<String, Arc<Bucket>>,
}

impl Stores {
    /// The bucket of an address.
    pub(crate) fn bucket(&mut self, address: &Address) -> Wrong<Arc<Bucket>> {
        let base = address.base();
        if let Some(bucket) = self.buckets.get(&base) {
            return Ok(Arc::clone(bucket));
        }
        let store = store(address, retries()).map_err(told)?;
        let bucket = Arc::new(Bucket { store, runtime: self.runtime()?, base: base.clone() });
        self.buckets.insert(base, Arc::clone(&bucket));
        Ok(bucket)
    }

    fn runtime(&mut self) -> Wrong<Arc<Runtime>> {
        if let Some(runtime) = &self.runtime {
            return Ok(Arc::clone(runtime));
        }
        let runtime = Arc::new(runtime().map_err(|e| e.to_string())?);
        Ok(Arc::clone(self.runtime.insert(runtime)))
    }
}

/// One thread keeps connections moving while all workers compute.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).thread_name("object-stores").enable_all().build()
}

pub(super) fn store(address: &Address, retry: RetryConfig) -> object_store::Result<Arc<dyn ObjectStore>> {
    // of several stores the first has installed it, which is what counts
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bucket = address.bucket.as_str();
    Ok(match address.scheme {
        Scheme::S3 => {
            Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).build()?)
        }
        Scheme::Google => Arc::new(
            GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry).build()?,
        ),
        Scheme::Azure => {
            Arc::new(MicrosoftAzureBuilder::from_env().with_container_name(bucket).with_retry(retry).build()?)
        }
        Scheme::Http | Scheme::Https => {
            let options = ClientOptions::new().with_allow_http(address.scheme == Scheme::Http);
            let builder = HttpBuilder::new().with_url(address.base()).with_retry(retry);
            Arc::new(builder.with_client_options(options).build()?)
        }
    })
}
