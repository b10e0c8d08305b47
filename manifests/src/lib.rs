//! Evidence: what a release says about itself, and how anyone can check it.
//!
//! Digests, canonical JSON, Merkle trees, keys, signatures and the ledger's leaves and roots. This crate knows
//! nothing of documents or filters and depends on little besides the cryptography, because it is what an auditor
//! has to trust.
//!
//! | module | holds | after |
//! |---|---|---|
//! | [`digest`] | SHA-256 and its text form | FIPS 180-4 |
//! | [`canonical`] | the one spelling of a signed document | RFC 8785, restricted |
//! | [`merkle`] | streaming trees, inclusion proofs | RFC 6962, RFC 9162 |
//! | [`ledger`] | one row per record: leaves, tallies, roots, commitments | |
//! | [`disclosure`] | fields that are signed as digests and opened to auditors | RFC 9901 |
//! | [`keys`] | P-256 and Ed25519 keys | RFC 6979, RFC 8032, RFC 5958, RFC 5480 |
//! | [`dsse`] | the signed form of a payload | DSSE v1.0.2 |
//! | [`bundle`] | one payload with one signature in one file | Sigstore bundle v0.3 |
//! | [`sums`] | `SHA256SUMS` | coreutils |
//! | [`paths`] | names of files inside a release | |
//! | [`layout`] | where things lie in a release | |
//! | [`index`] | what was read, what was decided, what auditors get | |
//! | [`predicate`] | what a release claims | in-toto Statement v1 |
//! | [`model_signing`] | the signature over the whole directory | OpenSSF model signing v1.0 |
//! | [`redact`] | the public view of a release | |
//! | [`seal`] | writing a release: list, statement, signatures | |
//! | [`proof`] | what became of one record, for one reader | RFC 9162 |
//! | [`audit`] | samples, and what they are worth | Wilson 1927 |
//! | [`countersign`] | an auditor's statement about a release | in-toto SVR v0.2 |
//! | [`chain`] | what changed between releases, which one is the newest | |
//! | [`policy`] | whom to trust, for what and when | |
//! | [`timestamp`] | when a signature existed at the latest | RFC 3161 |
//! | [`verify`] | checking a release | |
//!
//! Everything read here may come from an adversary: sizes and depths are limited before parsing, and whatever has
//! two readings is refused.

#![forbid(unsafe_code)]

pub mod audit;
pub mod bundle;
pub mod canonical;
pub mod chain;
pub mod countersign;
pub mod digest;
pub mod disclosure;
pub mod dsse;
pub mod index;
pub mod keys;
pub mod layout;
pub mod ledger;
pub mod merkle;
pub mod model_signing;
pub mod paths;
pub mod policy;
pub mod predicate;
pub mod proof;
pub mod redact;
pub mod render;
pub mod seal;
pub mod sums;
pub mod timestamp;
pub mod verify;

#[cfg(test)]
mod tamper_tests;
