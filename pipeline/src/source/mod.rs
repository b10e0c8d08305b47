//! Where records come from: shards that are found, hashed and counted, batches decoded from them, labelled rows.

pub(crate) mod batch;
pub(crate) mod inputs;
pub mod rows;
pub(crate) mod shelf;
