//! Files as the pipeline handles them: inputs wherever they lie, write-once outputs, artefacts, read-only maps, sorted
//! runs on disk.

pub(crate) mod address;
pub(crate) mod artefact;
pub(crate) mod blob;
pub(crate) mod exchange;
pub(crate) mod failure;
pub(crate) mod finished;
pub(crate) mod input;
pub(crate) mod map;
#[cfg(feature = "object-stores")]
pub(crate) mod remote;
#[cfg(not(feature = "object-stores"))]
#[path = "no_remote.rs"]
pub(crate) mod remote;
pub(crate) mod scratch;
pub(crate) mod spill;
pub(crate) mod store;
