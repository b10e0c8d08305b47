//! The rules: one file each, with its definition, source, configuration, rule ids, code and tests.

pub mod doc_length;
