//! What the producer declares, and how the rest of the claims is computed from the files.

use std::collections::{BTreeMap, BTreeSet};

use super::{SealError, read};
use crate::canonical::CanonicalError;
use crate::digest::Sha256;
use crate::disclosure::{
    ALGORITHM, ASSETS, COMMITTED, Disclosure, DisclosureError, Opened, RULES, STAGE, signed_digests,
};
use crate::index::{AUDITOR_INDEX, INPUTS_INDEX, LEDGER_INDEX, SALT_KEY};
use crate::layout::CONFIG;
use crate::ledger::{RuleCount, SaltKey, content_root, decision_root, record_root};
use crate::predicate::{
    Accounting, Asset, Auditor, ConfigRef, Dataset, DigestSet, Disclosures, DocumentRef, FORMAT_VERSION,
    Fields, Inputs, LEDGER_FORMAT, Ledger, NORMALIZATION, Outputs, Predicate, Producer, RuleTotal, Source,
    StageCount, Subject, Tool,
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
    /// What each (stage, rule) took out: the sum over all [`crate::ledger::ShardTally::by_rule`], committed stages
    /// under their own names.
    pub by_rule: BTreeMap<(String, String), RuleCount>,
    /// Records taken out as a duplicate of a record that is itself not released.
    pub orphans: u64,
    /// Models, packs and other files that decisions rested on, but those of committed stages.
    pub assets: Vec<Asset>,
    /// What only auditors see.
    pub withheld: Withheld,
    /// Names of the rendered documents at the top of the release.
    pub documents: Vec<String>,
    /// Which fields were declared and which were measured.
    pub fields: Fields,
}

/// What is signed as digests only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    /// Openings of the stages that the public configuration leaves out, see [`crate::disclosure::commit_stages`].
    pub stages: Vec<Disclosure>,
    /// The files those stages rest on.
    pub assets: Vec<Asset>,
}

impl Withheld {
    /// The names of the stages that are left out.
    fn names(&self) -> BTreeSet<&str> {
        self.stages.iter().filter_map(|stage| stage.value().get("name")?.as_str()).collect()
    }
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
    /// The claims of a release as they are, for a release that differs in part.
    pub fn again(predicate: &Predicate, opened: &Opened) -> Result<Self, DisclosureError> {
        let public = predicate.accounting.by_rule.iter().filter(|rule| rule.stage != COMMITTED).cloned();
        let mut by_rule: BTreeMap<(String, String), RuleCount> = BTreeMap::new();
        for RuleTotal { stage, rule, removed, quarantined } in public.chain(opened.rules()?) {
            by_rule.insert((stage, rule), RuleCount { removed, quarantined });
        }
        let declared = |source: &Source| SourceDeclaration {
            id: source.id.clone(),
            license: source.license.clone(),
            category: source.category.clone(),
            collected: source.collected.clone(),
            uri: source.uri.clone(),
        };
        let stages = opened.all().filter(|disclosure| disclosure.name().starts_with(STAGE));
        Ok(Self {
            dataset: predicate.dataset.clone(),
            producer: predicate.producer.clone(),
            tool: predicate.tool.clone(),
            sources: predicate.inputs.sources.iter().map(declared).collect(),
            by_rule,
            orphans: predicate.accounting.orphans,
            assets: predicate.assets.clone(),
            withheld: Withheld { stages: stages.cloned().collect(), assets: opened.assets()? },
            documents: predicate.documents.iter().map(|document| document.name.clone()).collect(),
            fields: predicate.fields.clone(),
        })
    }

    /// Everything that is opened to auditors alone.
    pub(super) fn disclosures(&self, key: &SaltKey) -> Result<Vec<Disclosure>, SealError> {
        let mut disclosures = self.withheld.stages.clone();
        if disclosures.is_empty() {
            return Ok(disclosures);
        }
        let names = self.withheld.names();
        let rules: Vec<RuleTotal> =
            self.rule_totals().filter(|rule| names.contains(rule.stage.as_str())).collect();
        let json = |value: serde_json::Result<serde_json::Value>| value.map_err(CanonicalError::from);
        disclosures.push(Disclosure::new(key, RULES, json(serde_json::to_value(rules))?));
        disclosures.push(Disclosure::new(key, ASSETS, json(serde_json::to_value(&self.withheld.assets))?));
        Ok(disclosures)
    }

    fn rule_totals(&self) -> impl Iterator<Item = RuleTotal> {
        self.by_rule.iter().map(|((stage, rule), count)| RuleTotal {
            stage: stage.clone(),
            rule: rule.clone(),
            removed: count.removed,
            quarantined: count.quarantined,
        })
    }

    /// The whole predicate.
    pub(super) fn fill(
        &self,
        release: &mut Release,
        indexes: &Indexes,
        auditor_index: Sha256,
        documents: Vec<DocumentRef>,
    ) -> Result<Predicate, SealError> {
        let key = salt_key(release)?;
        let disclosures = signed_digests(&key, &self.disclosures(&key)?)?;
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
            ledger: ledger(release, indexes, &key)?,
            accounting: self.accounting(indexes),
            assets: self.assets.clone(),
            auditor: Auditor { index: Subject::new(AUDITOR_INDEX, auditor_index) },
            documents,
            disclosures: Disclosures { alg: ALGORITHM.to_owned(), digests: disclosures },
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
            repeated: 0,
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
        let rows: u64 = indexes.ledger.outputs.iter().map(|part| part.rows).sum();
        counts.repeated = rows.saturating_sub(counts.kept + counts.edited);
        counts.by_rule = published(self.rule_totals(), &self.withheld.names());
        for rule in &counts.by_rule {
            let (removed, quarantined) = (rule.removed, rule.quarantined);
            match counts.by_stage.last_mut().filter(|last| last.stage == rule.stage) {
                Some(last) => {
                    last.removed += removed;
                    last.quarantined += quarantined;
                }
                None => counts.by_stage.push(StageCount { stage: rule.stage.clone(), removed, quarantined }),
            }
        }
        counts
    }
}

/// The table as anybody may see it: one line for all committed stages together, which tells neither how many they are
/// nor which of them took what out.
pub(crate) fn published(
    totals: impl Iterator<Item = RuleTotal>,
    committed: &BTreeSet<&str>,
) -> Vec<RuleTotal> {
    let mut table: BTreeMap<(String, String), RuleCount> = BTreeMap::new();
    for RuleTotal { stage, rule, removed, quarantined } in totals {
        let hidden = committed.contains(stage.as_str());
        let key = if hidden { (COMMITTED.to_owned(), COMMITTED.to_owned()) } else { (stage, rule) };
        *table.entry(key).or_default() += RuleCount { removed, quarantined };
    }
    let total =
        |((stage, rule), RuleCount { removed, quarantined })| RuleTotal { stage, rule, removed, quarantined };
    table.into_iter().map(total).collect()
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
        splits: indexes.ledger.splits(),
    })
}

fn ledger(release: &mut Release, indexes: &Indexes, key: &SaltKey) -> Result<Ledger, SealError> {
    let entries: Vec<_> = indexes.ledger.shards.iter().map(|shard| shard.entry()).collect();
    Ok(Ledger {
        format: LEDGER_FORMAT.to_owned(),
        rows: entries.iter().map(|entry| entry.rows).sum(),
        index: Subject::new(LEDGER_INDEX, digest(release, LEDGER_INDEX)?),
        record_root: record_root(&entries),
        decision_root: decision_root(&entries),
        salt_key_commitment: key.commitment(),
        normalization: NORMALIZATION.to_owned(),
    })
}

pub(super) fn salt_key(release: &mut Release) -> Result<SaltKey, SealError> {
    let bytes = read(release, SALT_KEY)?;
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| SealError::Unusable {
        file: SALT_KEY.to_owned(),
        why: format!("{} bytes instead of 32", bytes.len()),
    })?;
    Ok(SaltKey::from_bytes(key))
}
