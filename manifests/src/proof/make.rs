//! Making proofs: from the ledger, by whoever holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{CommitmentOpening, DISCLOSURE_FORMAT, Disclosed, Leaf, PROOF_FORMAT, Proof};
use crate::bundle::{BUNDLE_BYTES_MAX, unverified_payload};
use crate::canonical::{check_canonical, parse_canonical};
use crate::digest::Sha256;
use crate::disclosure::{DISCLOSURES, Opened};
use crate::index::{LEDGER_INDEX, LedgerIndex, SALT_KEY};
use crate::layout::{CONFIG, MANIFEST};
use crate::ledger::{LedgerRow, SaltKey, record_leaf, record_root};
use crate::merkle::{Levels, leaf_hash};
use crate::predicate::Statement;
use crate::verify::{Evidence, INDEX_BYTES_MAX, Opening, Release};

/// Why nothing can be proved from a release.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The file system refused.
    #[error("`{path}`: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is missing or not in its form.
    #[error("`{file}`: {why}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such record.
    #[error("there is no row {row} in shard `{shard}`")]
    NoRecord {
        /// The shard's stem or number.
        shard: String,
        /// The row.
        row: u64,
    },
    /// There is no such committed field.
    #[error("`{name}` is not a committed field; there are {known}")]
    NoField {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The ledger is not the one that was signed, so a proof from it would not hold.
    #[error("`{file}` is not what the manifest signs: {why}")]
    Unsigned {
        /// The file.
        file: String,
        /// What differs.
        why: String,
    },
}

/// Rows that were asked for, with what opens them.
type Found = BTreeMap<u64, (LedgerRow, Opening)>;

/// A release to prove things from. It is its holder's own, so nobody asks who signed it; what is made is checked against
/// the statement in it.
pub struct Maker {
    release: Release,
    statement: Statement,
    sha256: Sha256,
    index: LedgerIndex,
}

impl Maker {
    /// Opens a signed release.
    pub fn open(dir: &Path) -> Result<Self, MakeError> {
        let opened = Release::open(dir);
        let mut release = opened.map_err(|source| MakeError::Io { path: dir.to_owned(), source })?;
        let bundle = read(&mut release, MANIFEST, BUNDLE_BYTES_MAX)?;
        let payload = unverified_payload(&bundle).map_err(|error| unusable(MANIFEST, &error))?;
        let statement: Statement =
            parse_canonical(&payload, BUNDLE_BYTES_MAX).map_err(|error| unusable(MANIFEST, &error))?;
        let bytes = read(&mut release, LEDGER_INDEX, INDEX_BYTES_MAX)?;
        let index: LedgerIndex =
            parse_canonical(&bytes, INDEX_BYTES_MAX).map_err(|error| unusable(LEDGER_INDEX, &error))?;
        let entries: Vec<_> = index.shards.iter().map(|shard| shard.entry()).collect();
        if record_root(&entries) != statement.predicate.ledger.record_root {
            let why = "its shards have another root".to_owned();
            return Err(MakeError::Unsigned { file: LEDGER_INDEX.to_owned(), why });
        }
        Ok(Self { release, statement, sha256: Sha256::of(&payload), index })
    }

    /// Digest of the statement the proofs are about.
    pub fn manifest(&self) -> Sha256 {
        self.sha256
    }

    /// The number of a shard by its stem.
    pub fn shard(&self, stem: &str) -> Option<u32> {
        let at = self.index.shards.iter().position(|shard| shard.name == stem)?;
        u32::try_from(at).ok()
    }

    /// Proves what became of records, given by shard number and row; `open` opens their commitments as well.
    pub fn records(
        &mut self,
        places: &[(u32, u64)],
        open: bool,
        evidence: &dyn Evidence,
    ) -> Result<Vec<Proof>, MakeError> {
        let mut by_shard: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for (shard, row) in places {
            by_shard.entry(*shard).or_default().insert(*row);
        }
        let entries = self.index.shards.iter().map(|shard| leaf_hash(&shard.entry().to_canonical()));
        let entries = Levels::new(entries.collect());
        let key = if open { Some(self.salt_key()?) } else { None };
        let mut proofs = Vec::new();
        for (shard, rows) in by_shard {
            self.shard_records(shard, &rows, &entries, key.as_ref(), evidence, &mut proofs)?;
        }
        Ok(proofs)
    }

    fn shard_records(
        &self,
        number: u32,
        wanted: &BTreeSet<u64>,
        entries: &Levels,
        key: Option<&SaltKey>,
        evidence: &dyn Evidence,
        proofs: &mut Vec<Proof>,
    ) -> Result<(), MakeError> {
        let first = wanted.first().copied().unwrap_or_default();
        let missing = |row: u64| MakeError::NoRecord { shard: number.to_string(), row };
        let shard = self.index.shards.get(number as usize).ok_or_else(|| missing(first))?;
        let (found, rows) = self.read_shard(number, wanted, evidence)?;
        if let Some(row) = wanted.iter().find(|row| !found.contains_key(row)) {
            return Err(MakeError::NoRecord { shard: shard.name.clone(), row: *row });
        }
        for (at, (row, opening)) in found {
            let position = usize::try_from(at).map_err(|_| missing(at))?;
            proofs.push(Proof {
                format: PROOF_FORMAT.to_owned(),
                manifest: self.sha256,
                record: Leaf::new(&shard.name, &row),
                record_path: rows.path(position),
                shard: shard.entry(),
                shard_index: u64::from(number),
                shard_path: entries.path(number as usize),
                opening: key.map(|key| CommitmentOpening {
                    salt: URL_SAFE_NO_PAD.encode(key.salt(&shard.name, at)),
                    content_sha256: opening.content,
                    norm_sha256: opening.norm,
                }),
            });
        }
        Ok(())
    }

    /// One walk over a shard's ledger: the rows that are wanted, and the tree over all of them.
    fn read_shard(
        &self,
        number: u32,
        wanted: &BTreeSet<u64>,
        evidence: &dyn Evidence,
    ) -> Result<(Found, Levels), MakeError> {
        let shard = &self.index.shards[number as usize];
        let file = &shard.ledger_file.name;
        let stems: Vec<String> = self.index.shards.iter().map(|shard| shard.name.clone()).collect();
        if !self.release.has(file) {
            return Err(unusable(file, &"no such file: only a view with `auditor/` has the ledger"));
        }
        let path = self.release.path(file).ok_or_else(|| unusable(file, &"an unsafe name"))?;
        let (mut found, mut hashes, mut leaf) = (BTreeMap::new(), Vec::new(), Vec::new());
        for row in evidence.ledger(&path, &stems).map_err(|why| unusable(file, &why))? {
            let (row, opening) = row.map_err(|why| unusable(file, &why))?;
            leaf.clear();
            record_leaf(&shard.name, &row, &mut leaf);
            hashes.push(leaf_hash(&leaf));
            if wanted.contains(&row.row) {
                found.insert(row.row, (row, opening));
            }
        }
        let rows = Levels::new(hashes);
        if rows.root() != shard.record_root {
            let why = "its rows have another root".to_owned();
            return Err(MakeError::Unsigned { file: file.clone(), why });
        }
        Ok((found, rows))
    }

    /// Opens committed fields by name.
    pub fn fields(&mut self, names: &[String]) -> Result<Vec<Value>, MakeError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let public = read(&mut self.release, CONFIG, INDEX_BYTES_MAX)?;
        let public = check_canonical(&public, INDEX_BYTES_MAX).map_err(|error| unusable(CONFIG, &error))?;
        let bytes = read(&mut self.release, DISCLOSURES, INDEX_BYTES_MAX)?;
        let opened = Opened::parse(&bytes, &self.statement.predicate.disclosures.digests, &public)
            .map_err(|why| MakeError::Unsigned { file: DISCLOSURES.to_owned(), why: why.to_string() })?;
        let field = |name: &String| {
            let known = || opened.all().map(|field| format!("`{}`", field.name())).collect::<Vec<_>>();
            let no_field = || MakeError::NoField { name: name.clone(), known: known().join(", ") };
            let line = opened.get(name).ok_or_else(no_field)?.to_line();
            let line = line.map_err(|error| unusable(DISCLOSURES, &error))?;
            serde_json::from_slice(&line).map_err(|error| unusable(DISCLOSURES, &error))
        };
        names.iter().map(field).collect()
    }

    /// Opens records and committed fields to one reader.
    pub fn disclose(
        &mut self,
        places: &[(u32, u64)],
        fields: &[String],
        evidence: &dyn Evidence,
    ) -> Result<Disclosed, MakeError> {
        Ok(Disclosed {
            format: DISCLOSURE_FORMAT.to_owned(),
            manifest: self.sha256,
            fields: self.fields(fields)?,
            records: self.records(places, true, evidence)?,
        })
    }

    fn salt_key(&mut self) -> Result<SaltKey, MakeError> {
        let bytes = read(&mut self.release, SALT_KEY, 32)?;
        let key = <[u8; 32]>::try_from(bytes).map_err(|_| unusable(SALT_KEY, &"not 32 bytes"))?;
        let key = SaltKey::from_bytes(key);
        if key.commitment() == self.statement.predicate.ledger.salt_key_commitment {
            return Ok(key);
        }
        let why = "it has another commitment".to_owned();
        Err(MakeError::Unsigned { file: SALT_KEY.to_owned(), why })
    }
}

fn unusable(file: &str, why: &dyn std::fmt::Display) -> MakeError {
    MakeError::Unusable { file: file.to_owned(), why: why.to_string() }
}

fn read(release: &mut Release, file: &str, limit: usize) -> Result<Vec<u8>, MakeError> {
    release.read(file, limit).map_err(|why| unusable(file, &why))
}
