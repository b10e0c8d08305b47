//! Files as the pipeline handles them: write-once outputs, artefacts, read-only maps, sorted runs on disk.

pub(crate) mod artefact;
pub(crate) mod map;
pub(crate) mod scratch;
pub(crate) mod spill;
pub(crate) mod store;
