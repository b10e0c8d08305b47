//! What a release claims: an in-toto Statement v1 around Probity's own predicate.
//!
//! Every type here is signed, so every type is strict: unknown fields are refused, numbers are integers, fractions
//! are decimal strings, and an absent value is `null` rather than a missing key. There is no clock, no host and no
//! random value anywhere in it: equal inputs and an equal configuration give equal bytes. The one date, `released`,
//! is declared by the configuration.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;

/// The statement type of in-toto attestations.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The type of [`Predicate`]; the last part is its major version.
pub const PREDICATE_TYPE: &str = "urn:x-probity:curation-manifest:v1";
/// The version of the fields of [`Predicate`].
pub const FORMAT_VERSION: &str = "1.0";
/// The name of the ledger's columns, leaves and trees.
pub const LEDGER_FORMAT: &str = "curation-ledger/v1";
/// The name of the text normalisation under the ledger's commitments.
pub const NORMALIZATION: &str = "norm-v1";

/// The signed bytes: what is spoken about (`subject`) and what is said (`predicate`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// `SHA256SUMS`, `inputs/index.json` and `ledger/index.json`, in this order.
    pub subject: Vec<Subject>,
    /// Always [`PREDICATE_TYPE`].
    pub predicate_type: String,
    /// The claims.
    pub predicate: Predicate,
}

/// A file named together with its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subject {
    /// Path inside the release.
    pub name: String,
    /// Digest of the file's bytes.
    pub digest: DigestSet,
}

impl Subject {
    /// A file and its digest.
    pub fn new(name: &str, sha256: Sha256) -> Self {
        Self { name: name.to_owned(), digest: DigestSet { sha256 } }
    }
}

/// An in-toto digest set of exactly one algorithm: SHA-256 is the only one that is ever signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigestSet {
    /// Lowercase hexadecimal.
    pub sha256: Sha256,
}

/// The claims of a curation manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// Always [`FORMAT_VERSION`].
    pub format_version: String,
    /// What is released.
    pub dataset: Dataset,
    /// Who releases it (declared).
    pub producer: Producer,
    /// What made it.
    pub tool: Tool,
    /// The configuration that decided.
    pub config: ConfigRef,
    /// What was read.
    pub inputs: Inputs,
    /// What was written.
    pub outputs: Outputs,
    /// The record of every decision.
    pub ledger: Ledger,
    /// The totals of the ledger.
    pub accounting: Accounting,
    /// Models, packs and other files that decisions rested on.
    pub assets: Vec<Asset>,
    /// The files for auditors.
    pub auditor: Auditor,
    /// The documents rendered from this manifest.
    pub documents: Vec<DocumentRef>,
    /// Digests of the fields that are opened to auditors alone.
    pub disclosures: Disclosures,
    /// Which fields were declared and which were measured.
    pub fields: Fields,
}

/// The identity of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dataset {
    /// Name of the data set.
    pub name: String,
    /// Version of this release.
    pub version: String,
    /// 1 for the first release, one more for each that follows.
    pub sequence: u64,
    /// Digest of the previous release's statement bytes; `null` for sequence 1 alone.
    pub previous_manifest: Option<DigestSet>,
    /// Declared release date.
    pub released: Option<String>,
}

/// Who answers for the release; declared, not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Producer {
    /// Person or organisation.
    pub name: String,
    /// Where to reach them.
    pub contact: String,
}

/// The program that made the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The resolved configuration as it is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigRef {
    /// Always `config.public.json`.
    pub file: String,
    /// Digest of that file's bytes.
    pub digest: DigestSet,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// `inputs/index.json`.
    pub index: Subject,
    /// Shards that were read.
    pub shards: u64,
    /// Shards that are listed but were not read.
    pub excluded: u64,
    /// Records in the shards that were read.
    pub rows: u64,
    /// Bytes of the shards that were read.
    pub bytes: u64,
    /// Where the shards come from, in byte order of the ids.
    pub sources: Vec<Source>,
}

/// One declared origin and what it contributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// Short name, as in `inputs/index.json`.
    pub id: String,
    /// Declared licence.
    pub license: Option<String>,
    /// Declared kind of source.
    pub category: Option<String>,
    /// Declared period of collection.
    pub collected: Option<String>,
    /// Declared address.
    pub uri: Option<String>,
    /// Records read from it.
    pub rows: u64,
    /// Shards read from it.
    pub shards: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outputs {
    /// Files under `data/`.
    pub shards: u64,
    /// Records in them.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Bytes of the texts.
    pub text_bytes: u64,
    /// Root over the texts of all parts, in order.
    pub content_root: Sha256,
    /// What each split holds, in byte order of the names; left out of a release that has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<SplitTotal>,
}

/// One split of the output, such as `train`: the files under `data/NAME/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SplitTotal {
    /// Name.
    pub name: String,
    /// Records in it.
    pub rows: u64,
    /// Bytes of their texts.
    pub text_bytes: u64,
}

/// The record of every decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ledger {
    /// Always [`LEDGER_FORMAT`].
    pub format: String,
    /// Rows in it: one for each input record.
    pub rows: u64,
    /// `ledger/index.json`.
    pub index: Subject,
    /// Root over all rows with their commitments.
    pub record_root: Sha256,
    /// Root over all decisions; the same for every run of the same configuration over the same records.
    pub decision_root: Sha256,
    /// Commitment to the key in `auditor/salt.key`.
    pub salt_key_commitment: String,
    /// Always [`NORMALIZATION`].
    pub normalization: String,
}

/// The totals of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accounting {
    /// Records in.
    #[serde(rename = "in")]
    pub records_in: u64,
    /// Released unchanged.
    pub kept: u64,
    /// Released with edits.
    pub edited: u64,
    /// Left out.
    pub removed: u64,
    /// Set aside because they could not be judged, or because a rule said so.
    pub quarantined: u64,
    /// Records left out as a duplicate of a record that is itself not released.
    pub orphans: u64,
    /// Rows of the output that repeat a released record, its first row not counted; left out where there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u64,
    /// By the stage that decided, in byte order.
    pub by_stage: Vec<StageCount>,
    /// By the rule that decided, in byte order of stage, then rule.
    pub by_rule: Vec<RuleTotal>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What one stage took out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageCount {
    /// Name of the stage.
    pub stage: String,
    /// Records it removed.
    pub removed: u64,
    /// Records it quarantined.
    pub quarantined: u64,
}

/// What one rule took out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleTotal {
    /// Name of the stage.
    pub stage: String,
    /// Name of the rule.
    pub rule: String,
    /// Records it removed.
    pub removed: u64,
    /// Records it quarantined.
    pub quarantined: u64,
}

/// A file that decisions rested on and that is not part of the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asset {
    /// Name.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
}

/// The files for auditors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auditor {
    /// `auditor/index.json`, which a public view does not carry.
    pub index: Subject,
}

/// A rendered document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentRef {
    /// File name at the top of the release.
    pub name: String,
    /// What rendered it, with its version; `none` for a document that was only put there.
    pub renderer: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
}

/// Digests of committed fields, see [`crate::disclosure`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disclosures {
    /// Always `sha-256`.
    pub alg: String,
    /// In byte order, with decoys; empty if nothing is committed.
    pub digests: Vec<String>,
}

/// Which fields rest on the producer's word and which on a count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fields {
    /// Fields taken from the configuration.
    pub declared: Vec<String>,
    /// Fields computed from the data.
    pub measured: Vec<String>,
}
