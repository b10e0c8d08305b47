//! Everything through the real binary. One file a theme; `harness` runs the program, `parquet_files` makes and reads
//! shards, `ledgers` reads what a release says about its records.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it` rewrites what is generated (`docs/filters.md`).

// clippy.toml allows these in `#[test]` functions; here the helpers around them are tests too
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../../classifiers/src/language_model/fixture.rs"]
mod arpa_fixture;
#[path = "../../classifiers/src/fasttext/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod harness;
mod ledgers;
mod loopback_store;
mod made_up;
mod mutations;
mod parquet_files;
mod random_arrays;

mod audits;
mod bad;
mod bad_input;
mod chat_edits;
mod chats;
mod cli;
mod config_errors;
mod crashes;
mod decontamination;
mod determinism;
mod drift;
mod duplicates;
mod duplicates_verb;
mod earlier_releases;
mod end_to_end;
mod ensembles;
mod fuzz_seeds;
mod golden;
mod input_columns;
mod interruptions;
mod json_lines;
mod keep_top;
mod language_models;

mod mixtures;
mod near_truth;
mod object_stores;
mod openssl;
mod output;
mod packs;
mod passages;
mod poisoning;
mod proofs;
mod replay;
mod reports;
mod retract;
mod schemas;
mod secrets;
mod sensitive_data;
mod shard_seeds;
mod shared_data;
mod soak;
mod spilling;
mod splits;
mod stage_errors;
mod tamper;
mod tasks;
mod tidy;
mod training;
mod views;
mod warc;
mod whatif;
