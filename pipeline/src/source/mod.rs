//! Where records come from: shards that are found, hashed and counted, batches decoded from them, labelled rows.

pub(crate) mod batch;
pub(crate) mod bounds;
pub(crate) mod drift;
pub(crate) mod find;
pub(crate) mod format;
pub(crate) mod inputs;
pub(crate) mod lines;
pub(crate) mod parquet;
pub(crate) mod released;
pub mod rows;
pub(crate) mod shelf;
pub(crate) mod unread;
