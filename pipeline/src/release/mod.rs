//! A release as it is written: fates, data, removed records, the ledger, the gate, the manifest.

pub(crate) mod attest;
pub(crate) mod data_file;
pub(crate) mod edited_column;
pub(crate) mod fates;
pub(crate) mod gate;
pub(crate) mod kept_rows;
pub(crate) mod ledger;
pub(crate) mod lines_file;
pub(crate) mod parts;
pub(crate) mod place;
pub(crate) mod redaction;
pub(crate) mod removed;
pub(crate) mod rule_notes;
pub(crate) mod shard_file;
pub(crate) mod spellable;
pub(crate) mod upload;
pub(crate) mod write;
