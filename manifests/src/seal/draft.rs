//! What the producer declares, and how the rest of the claims is computed from the files.

use std::collections::BTreeMap;

use super::{SealError, read};
use crate::digest::Sha256;
use crate::index::{AUDITOR_INDEX, INPUTS_INDEX, LEDGER_INDEX, SALT_KEY};
use crate::layout::CONFIG;
use crate::ledger::{RuleCount, SaltKey, content_root, decision_root, record_root};
use crate::predicate::{
    Accounting, Asset, Auditor, ConfigRef, Dataset, DigestSet, DocumentRef, FORMAT_VERSION, Fields, Inputs,
    LEDGER_FORMAT, Ledger, NORMALIZATION, Outputs, Predicate, Producer, RuleTotal, Source, StageCount,
    Subject, Tool,
};
use crate::verify::{Indexes, Release};

/// The claims that no file of the release holds; [`super::seal`] computes all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The identity of the release.
    pub dataset: Dataset,
    /// Who answers for it.
    pub producer: Producer,
    /// The program.
    pub tool: Tool,
    /// The declared sources, in any order. Sources that only `inputs/index.json` names are added without
    /// declarations, and declared ones without shards are listed with zeros.
    pub sources: Vec<SourceDeclaration>,
    /// What each (stage, rule) took out: the sum over all [`crate::ledger::ShardTally::by_rule`].
    pub by_rule: BTreeMap<(String, String), RuleCount>,
    /// Records taken out as a duplicate of a record that is itself not released.
    pub orphans: u64,
    /// Models, packs and other files that decisions rested on.
    pub assets: Vec<Asset>,
    /// Names of the rendered documents at the top of the release.
    pub documents: Vec<String>,
    /// Which fields were declared and which were measured.
    pub fields: Fields,
}

/// What a producer declares about a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceDeclaration {
    /// Short name, as in `inputs/index.json`.
    pub id: String,
    /// Licence.
    pub license: Option<String>,
    /// Kind of source.
    pub category: Option<String>,
    /// Period of collection.
    pub collected: Option<String>,
    /// Address.
    pub uri: Option<String>,
}

impl Draft {
    /// The whole predicate.
    pub(super) fn fill(
        &self,
        release: &mut Release,
        indexes: &Indexes,
        auditor_index: Sha256,
        documents: Vec<DocumentRef>,
    ) -> Result<Predicate, SealError> {
        Ok(Predicate {
            format_version: FORMAT_VERSION.to_owned(),
            dataset: self.dataset.clone(),
            producer: self.producer.clone(),
            tool: self.tool.clone(),
            config: ConfigRef {
                file: CONFIG.to_owned(),
                digest: DigestSet { sha256: digest(release, CONFIG)? },
            },
            inputs: self.inputs(indexes, digest(release, INPUTS_INDEX)?),
            outputs: outputs(release, indexes)?,
            ledger: ledger(release, indexes)?,
            accounting: self.accounting(indexes),
            assets: self.assets.clone(),
            auditor: Auditor { index: Subject::new(AUDITOR_INDEX, auditor_index) },
            documents,
            fields: self.fields.clone(),
        })
    }

    fn inputs(&self, indexes: &Indexes, index: Sha256) -> Inputs {
        let totals = indexes.inputs.totals();
        let mut declared: BTreeMap<&str, SourceDeclaration> =
            self.sources.iter().map(|source| (source.id.as_str(), source.clone())).collect();
        for id in totals.sources.keys() {
            let bare = || SourceDeclaration { id: id.clone(), ..SourceDeclaration::default() };
            declared.entry(id).or_insert_with(bare);
        }
        let source = |declared: SourceDeclaration| {
            let (shards, rows) = totals.sources.get(&declared.id).copied().unwrap_or_default();
            let SourceDeclaration { id, license, category, collected, uri } = declared;
            Source { id, license, category, collected, uri, rows, shards }
        };
        Inputs {
            index: Subject::new(INPUTS_INDEX, index),
            shards: totals.shards,
            excluded: totals.excluded,
            rows: totals.rows,
            bytes: totals.bytes,
            sources: declared.into_values().map(source).collect(),
        }
    }

    fn accounting(&self, indexes: &Indexes) -> Accounting {
        let mut counts = Accounting {
            records_in: 0,
            kept: 0,
            edited: 0,
            removed: 0,
            quarantined: 0,
            orphans: self.orphans,
            by_stage: Vec::new(),
            by_rule: Vec::new(),
        };
        for shard in &indexes.ledger.shards {
            counts.records_in += shard.rows;
            counts.kept += shard.kept;
            counts.edited += shard.edited;
            counts.removed += shard.removed;
            counts.quarantined += shard.quarantined;
        }
        for ((stage, rule), RuleCount { removed, quarantined }) in &self.by_rule {
            let (stage, rule, removed, quarantined) = (stage.clone(), rule.clone(), *removed, *quarantined);
            match counts.by_stage.last_mut().filter(|last| last.stage == stage) {
                Some(last) => {
                    last.removed += removed;
                    last.quarantined += quarantined;
                }
                None => counts.by_stage.push(StageCount { stage: stage.clone(), removed, quarantined }),
            }
            counts.by_rule.push(RuleTotal { stage, rule, removed, quarantined });
        }
        counts
    }
}

fn digest(release: &mut Release, file: &str) -> Result<Sha256, SealError> {
    match release.digest(file) {
        Ok((sha256, _)) => Ok(sha256),
        Err(why) => Err(SealError::Unusable { file: file.to_owned(), why }),
    }
}

fn outputs(release: &mut Release, indexes: &Indexes) -> Result<Outputs, SealError> {
    let parts = &indexes.ledger.outputs;
    let mut bytes = 0;
    for part in parts {
        let size = release.size(&part.name);
        bytes += size.map_err(|why| SealError::Unusable { file: part.name.clone(), why })?;
    }
    let roots: Vec<Sha256> = parts.iter().map(|part| part.content_root).collect();
    Ok(Outputs {
        shards: parts.len() as u64,
        rows: parts.iter().map(|part| part.rows).sum(),
        bytes,
        text_bytes: parts.iter().map(|part| part.text_bytes).sum(),
        content_root: content_root(&roots),
    })
}

fn ledger(release: &mut Release, indexes: &Indexes) -> Result<Ledger, SealError> {
    let entries: Vec<_> = indexes.ledger.shards.iter().map(|shard| shard.entry()).collect();
    Ok(Ledger {
        format: LEDGER_FORMAT.to_owned(),
        rows: entries.iter().map(|entry| entry.rows).sum(),
        index: Subject::new(LEDGER_INDEX, digest(release, LEDGER_INDEX)?),
        record_root: record_root(&entries),
        decision_root: decision_root(&entries),
        salt_key_commitment: salt_key(release)?.commitment(),
        normalization: NORMALIZATION.to_owned(),
    })
}

fn salt_key(release: &mut Release) -> Result<SaltKey, SealError> {
    let bytes = read(release, SALT_KEY)?;
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| SealError::Unusable {
        file: SALT_KEY.to_owned(),
        why: format!("{} bytes instead of 32", bytes.len()),
    })?;
    Ok(SaltKey::from_bytes(key))
}
