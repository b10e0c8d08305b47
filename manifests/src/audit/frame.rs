//! The ledger as a sample sees it: who belongs to which stratum.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::strata::{DOMAIN, stratum_seed};
use super::{AuditError, Design, Place, STRATA_FORMAT, StratifiedSample, Stratum, places};
use crate::digest::Sha256;
use crate::index::{InputsIndex, LedgerIndex};
use crate::ledger::{record_root, shard_stem};
use crate::paths::RelPath;
use crate::verify::Evidence;

/// Parts of a score, as many as there are tenths.
const BANDS: usize = 10;
/// The band of records without a score.
const NO_SCORE: &str = "none";

/// A ledger that samples are drawn from.
pub struct Frame<'a> {
    /// The release.
    pub root: &'a Path,
    /// Its ledger, as signed.
    pub ledger: &'a LedgerIndex,
    /// Its inputs, which say of which source a shard is.
    pub inputs: &'a InputsIndex,
    /// Reads the ledger's files.
    pub evidence: &'a dyn Evidence,
}

/// One record as the frame reads it: its place, and the cells that were asked for.
struct Cells<'c> {
    place: Place,
    source: &'c str,
    cells: Vec<Option<String>>,
}

impl Frame<'_> {
    /// Draws the sample of a design. The ledger is read three times, the first time only for a score, whose numbers
    /// are held in memory: eight bytes for each record that has one.
    pub fn draw(
        &self,
        manifest: Sha256,
        seed: &str,
        design: &Design,
    ) -> Result<StratifiedSample, AuditError> {
        let cuts = self.cuts(design)?;
        let mut sizes: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        self.keys(design, &cuts, |key, _| *sizes.entry(key).or_default() += 1)?;
        let entries: Vec<_> = self.ledger.shards.iter().map(crate::index::LedgerShard::entry).collect();
        let root = record_root(&entries);
        let mut drawn: BTreeMap<Vec<String>, Drawn> = BTreeMap::new();
        for (key, records) in sizes {
            let count = design.per_stratum.min(records);
            let chosen = places(DOMAIN, root, &stratum_seed(seed, &key)?, records, count)?;
            drawn.insert(key, Drawn { records, next: 0, chosen, places: Vec::new() });
        }
        self.keys(design, &cuts, |key, place| {
            if let Some(stratum) = drawn.get_mut(&key) {
                stratum.pass(place);
            }
        })?;
        let stratum = |(key, drawn): (Vec<String>, Drawn)| Stratum {
            key,
            records: drawn.records,
            places: drawn.places,
        };
        Ok(StratifiedSample {
            format: STRATA_FORMAT.to_owned(),
            manifest,
            seed: seed.to_owned(),
            design: design.clone(),
            cuts: cuts.iter().map(ToString::to_string).collect(),
            strata: drawn.into_iter().map(stratum).collect(),
        })
    }

    /// What parts the score of the audited records into tenths.
    fn cuts(&self, design: &Design) -> Result<Vec<f64>, AuditError> {
        let Some(score) = &design.score else { return Ok(Vec::new()) };
        let mut scores: Vec<f64> = Vec::new();
        self.scan(&["fate", "stage", score], |row| {
            if audited(design, &row.cells) {
                scores.extend(number(row.cells.get(2)));
            }
        })?;
        scores.sort_by(f64::total_cmp);
        let cut = |band: usize| scores.get(scores.len() * band / BANDS).copied();
        Ok((1..BANDS).filter_map(cut).collect())
    }

    /// Shows the key and the place of every audited record, in the order of the ledger.
    fn keys(
        &self,
        design: &Design,
        cuts: &[f64],
        mut each: impl FnMut(Vec<String>, Place),
    ) -> Result<(), AuditError> {
        let columns: Vec<&str> = design.by.iter().map(String::as_str).filter(|by| *by != "source").collect();
        let wanted: Vec<&str> =
            ["fate", "stage"].into_iter().chain(columns).chain(design.score.as_deref()).collect();
        self.scan(&wanted, |row| {
            if audited(design, &row.cells) {
                let Cells { place, source, cells } = row;
                let score = design.score.is_some().then(|| band(cuts, number(cells.last())));
                let mut cells = cells.into_iter().map(Option::unwrap_or_default);
                let mut key: Vec<String> = cells.by_ref().take(1).collect();
                cells.next();
                for by in &design.by {
                    key.push(match by.as_str() {
                        "source" => source.to_owned(),
                        _ => cells.next().unwrap_or_default(),
                    });
                }
                key.extend(score);
                each(key, place);
            }
        })
    }

    /// Shows every record of the ledger.
    fn scan(&self, columns: &[&str], mut each: impl FnMut(Cells<'_>)) -> Result<(), AuditError> {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let sources: BTreeMap<&str, &str> =
            self.inputs.read().map(|shard| (shard_stem(&shard.name), shard.source.as_str())).collect();
        for shard in &self.ledger.shards {
            let file = &shard.ledger_file.name;
            let fail = |why: String| AuditError::Ledger { file: file.clone(), why };
            let path: RelPath = file.parse().map_err(|_| fail("an unsafe name".to_owned()))?;
            let source = sources.get(shard.name.as_str()).copied().unwrap_or_default();
            let mut rows = 0;
            for cells in self.evidence.cells(&path.under(self.root), &columns).map_err(fail)? {
                let place = Place { shard: shard.name.clone(), row: rows };
                each(Cells { place, source, cells: cells.map_err(fail)? });
                rows += 1;
            }
            if rows != shard.rows {
                return Err(fail(format!("expected {} rows, got {rows}", shard.rows)));
            }
        }
        Ok(())
    }
}

/// A stratum while the ledger goes by.
struct Drawn {
    records: u64,
    next: u64,
    chosen: BTreeSet<u64>,
    places: Vec<Place>,
}

impl Drawn {
    fn pass(&mut self, place: Place) {
        if self.chosen.contains(&self.next) {
            self.places.push(place);
        }
        self.next += 1;
    }
}

/// Whether a record with this fate and stage is audited.
fn audited(design: &Design, cells: &[Option<String>]) -> bool {
    match (&design.stages, cells.get(1)) {
        (Some(stages), Some(Some(stage))) => stages.contains(stage),
        _ => true,
    }
}

fn number(cell: Option<&Option<String>>) -> Option<f64> {
    cell?.as_ref()?.parse().ok().filter(|number: &f64| number.is_finite())
}

fn band(cuts: &[f64], score: Option<f64>) -> String {
    match score {
        Some(score) => cuts.partition_point(|cut| *cut <= score).to_string(),
        None => NO_SCORE.to_owned(),
    }
}

impl StratifiedSample {
    /// Whether this is the sample that its seed and design draw from a ledger.
    pub fn redrawn(&self, frame: &Frame<'_>) -> Result<(), AuditError> {
        match frame.draw(self.manifest, &self.seed, &self.design)? == *self {
            true => Ok(()),
            false => Err(AuditError::NotDrawn),
        }
    }

    /// Refuses a sample of another release.
    pub fn about(&self, manifest: Sha256) -> Result<(), AuditError> {
        if self.manifest == manifest { Ok(()) } else { Err(AuditError::NotDrawn) }
    }
}
