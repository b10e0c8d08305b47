//! The catalogue of checks: their stable names, their levels, and what each of them proves.

use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A group of checks that is requested together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// The manifest is signed by the trusted key.
    Signature,
    /// The files are the ones that were signed.
    Files,
    /// The totals follow from the rows of the ledger. Needs the auditors' files.
    Ledger,
    /// The released rows are the kept rows of the ledger. Needs the auditors' files.
    Content,
    /// The ledger speaks about these inputs. Needs the inputs.
    Inputs,
    /// The decisions follow from the configuration. Needs the inputs, the files it rests on, and the program.
    Replay,
}

impl Level {
    /// All levels, from the least to the most demanding.
    pub const ALL: [Self; 6] =
        [Self::Signature, Self::Files, Self::Ledger, Self::Content, Self::Inputs, Self::Replay];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Files => "files",
            Self::Ledger => "ledger",
            Self::Content => "content",
            Self::Inputs => "inputs",
            Self::Replay => "replay",
        }
    }
}

/// A text names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no level `{0}`; the levels are signature, files, ledger, content, inputs and replay")]
pub struct LevelError(String);

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| LevelError(text.to_owned()))
    }
}

/// Declares the checks; order here is order in a report.
macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident, $id:literal, $level:ident, $proves:literal;)*) => {
        /// One check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum CheckId { $($(#[$doc])* $variant,)* }

        impl CheckId {
            /// Every check, in the order of a report.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The level it belongs to.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// What a pass proves, and what it does not.
            pub fn proves(self) -> &'static str {
                match self { $(Self::$variant => $proves,)* }
            }
        }
    };
}

checks! {
    /// The manifest's envelope and signature.
    SignatureBundle, "signature.bundle", Signature,
    "the holder of the trusted key signed these manifest bytes; not when, nor that they are true";
    /// The form of the signed statement and its own arithmetic.
    SignatureStatement, "signature.statement", Signature,
    "the signed bytes have one reading and do not contradict themselves; not that they are true";
    /// `attestations/dataset.sig`.
    SignatureDirectory, "signature.directory", Signature,
    "the same key signed a list of all files, this manifest among them; not that the files match it";
    /// RFC 3161 timestamps.
    SignatureTimestamp, "signature.timestamp", Signature,
    "a trusted authority saw a signature before the time it names; not when it was made";
    /// Auditors' statements.
    SignatureCountersignatures, "signature.countersignatures", Signature,
    "the trusted auditors signed what they assert about this very release, and shares they found follow from their counts; not that it is so";
    /// The verifier's policy.
    SignaturePolicy, "signature.policy", Signature,
    "the release, its key and its auditors are what the policy asks for";
    /// The newest release seen before.
    SignatureState, "signature.state", Signature,
    "the release is not older than, and follows, the newest one seen before; not that there is no newer one";
    /// The two public index files against the manifest and each other.
    FilesIndexes, "files.indexes", Files,
    "the index files are the signed ones and add up to the manifest's totals; not that the rows do";
    /// The list of digests.
    FilesSums, "files.sums", Files,
    "`SHA256SUMS` is the signed one and lists exactly the files a release has; not that they match it";
    /// The digests of the listed files.
    FilesDigests, "files.digests", Files,
    "every listed file is byte for byte the signed one; not that a model was trained on it";
    /// Listed files that are absent.
    FilesMissing, "files.missing", Files,
    "no listed file is absent";
    /// Files that nothing lists, symbolic links, unusable names.
    FilesExtra, "files.extra", Files,
    "nothing lies in the release that the signature does not speak about; `run.json` and countersignatures may";
    /// The published configuration.
    FilesConfig, "files.config", Files,
    "`config.public.json` is the configuration the manifest names; not that it was the one that ran";
    /// The rendered documents.
    FilesDocuments, "files.documents", Files,
    "the documents are what the signed claims render to; not that what is declared in them is true";
    /// The files against the list in `attestations/dataset.sig`.
    FilesDirectory, "files.directory", Files,
    "the directory holds the files of `attestations/dataset.sig` and no others, ignored paths aside";
    /// The files under `auditor/`.
    FilesAuditor, "files.auditor", Files,
    "the auditors' files are the ones the manifest commits to, the salt key among them";
    /// The openings of the committed fields.
    FilesDisclosures, "files.disclosures", Files,
    "every field that is public as a digest only is opened to auditors as it was signed";
    /// The rows of the ledger files.
    LedgerRows, "ledger.rows", Ledger,
    "every input record has exactly one well-formed row; not that its reason is right";
    /// The roots over the rows.
    LedgerRoots, "ledger.roots", Ledger,
    "the rows are the ones the signed roots commit to";
    /// The counts by fate, stage and rule.
    LedgerCounts, "ledger.counts", Ledger,
    "the totals by fate, stage and rule, and the orphans, follow from the rows";
    /// Nothing vanished.
    LedgerConservation, "ledger.conservation", Ledger,
    "records in = kept + edited + removed + quarantined, for each shard and in total";
    /// The commitments of the rows.
    LedgerCommitments, "ledger.commitments", Ledger,
    "every row's commitment opens, with the auditors' key, to the text digests beside it";
    /// The records that duplicates name.
    LedgerDuplicates, "ledger.duplicates", Ledger,
    "every duplicate names a record that outlived it, so no chain leads in a circle; not that the two are alike";
    /// The samples of audits.
    LedgerAudits, "ledger.audits", Ledger,
    "the sample of every signed audit is the one its seed draws from this ledger; not that it was answered rightly";
    /// Kept rows and released rows.
    ContentBijection, "content.bijection", Content,
    "kept and edited ledger rows are one to one, in order, the released rows, kept ones with the very text that came in";
    /// The root over the released texts.
    ContentRoot, "content.root", Content,
    "the released texts and their sizes are the signed ones, whatever the encoding of the files";
    /// The input files.
    InputsDigests, "inputs.digests", Inputs,
    "the ledger is about these input files; not that the producer listed all of them";
    /// The records in the input files.
    InputsRows, "inputs.rows", Inputs,
    "every record of the input files is accounted for";
    /// What a replay rests on.
    ReplayBasis, "replay.basis", Replay,
    "the configuration, its files, the inputs and the ledger that are replayed are the signed ones; not that the program is";
    /// Records decided anew, one by one.
    ReplayDecisions, "replay.decisions", Replay,
    "the stages that judge record by record decide the replayed records as the ledger says; not that they are good enough";
    /// Everything decided anew.
    ReplayCorpus, "replay.corpus", Replay,
    "the whole configuration comes to the same duplicates, the same roots and the same texts";
}

impl CheckId {
    /// Whether the check has to be done for a level: its own, or one that rests on it. Nothing can be said without
    /// a signature, and nothing about rows without the signed index files and the names of their stages.
    pub(crate) fn serves(self, level: Level) -> bool {
        match self {
            Self::SignatureBundle | Self::SignatureStatement => true,
            Self::FilesIndexes => level != Level::Signature,
            Self::FilesDisclosures => {
                matches!(level, Level::Files | Level::Ledger | Level::Content | Level::Replay)
            }
            _ => self.level() == level,
        }
    }

    /// Whether the check reads the rows of the ledger.
    pub(crate) fn needs_ledger(self) -> bool {
        (self.level() == Level::Ledger && self != Self::LedgerAudits) || self == Self::ContentBijection
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
