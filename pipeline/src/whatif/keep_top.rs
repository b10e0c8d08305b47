//! A ranking under other bounds or among other records, recounted from the recorded scores, ids and labels.

use super::Ranked;
use super::corpus::Reaches;
use super::read::Part;
use crate::barriers::RecordNumber;
use crate::barriers::keep_top::{self, Entry, KeepTop};
use crate::judge::verdicts::decimal;
use crate::report::Ledger;
use crate::{Error, Result};
use arrow_schema::{DataType, Schema};
use filters::{ColumnRef, SliceBy};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

const TEXT_BYTES: &str = "text_bytes";
const ID: &str = "id";

/// Takes out what the ranking takes out of the records that reach it.
pub(super) fn recount(
    release: &Path,
    barrier: u16,
    ranking: Option<&Ranking>,
    parts: &mut [Part],
) -> Result<()> {
    let ranking = ranking.ok_or_else(|| Error::Bug("a ranking was not built".into()))?;
    let alive: Vec<bool> = parts
        .iter()
        .flat_map(|part| &part.records)
        .map(|record| record.would_reach(barrier) == Reaches::Yes)
        .collect();
    let out = ranking.removals(release, &alive)?;
    let records = parts.iter_mut().flat_map(|part| &mut part.records);
    for (record, ranked) in records.zip(out) {
        if let Some(ranked) = ranked {
            (record.removed, record.ranked) = (barrier, Some(ranked));
        }
    }
    Ok(())
}

/// A `keep-top` stage on the columns of a ledger.
pub(super) struct Ranking {
    stage: KeepTop,
    schema: Arc<Schema>,
    /// Names of the columns it looks at; the length of the text and the id come first.
    columns: Vec<String>,
}

impl Ranking {
    pub(super) fn new(stage: KeepTop, schema: &Schema) -> Self {
        let named = stage.ranking.columns().into_iter().map(|column| schema.field(column.0).name().clone());
        let mut columns = vec![TEXT_BYTES.to_string(), ID.to_string()];
        for name in named {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        Self { stage, schema: Arc::new(schema.clone()), columns }
    }

    /// By record: what takes it out.
    fn removals(&self, release: &Path, alive: &[bool]) -> Result<Vec<Option<Ranked>>> {
        let mut out = vec![None; alive.len()];
        let mut costs = vec![0; alive.len()];
        // score, id and number of each ranked record, and its sections
        let mut order: Vec<(u64, String, RecordNumber)> = Vec::new();
        let mut sections: Vec<Vec<Option<[u64; 2]>>> = Vec::new();
        let mut record = 0;
        Ledger::open(release)?.scan(&self.columns, |source, cells| {
            let row = Row { ranking: self, source, cells };
            let at = record;
            record += 1;
            match self.stage.ranking.measure(&row).filter(|_| alive.get(at) == Some(&true)) {
                Some((score, cost)) => {
                    costs[at] = cost;
                    order.push((score, cells[1].clone().unwrap_or_default(), at as u64));
                    sections.push(
                        self.stage
                            .ranking
                            .lists
                            .iter()
                            .map(|list| keep_top::Ranking::section(list, &row))
                            .collect(),
                    );
                }
                None if alive.get(at) == Some(&true) && self.stage.removes_unscored => {
                    out[at] = Some(Ranked { rule: keep_top::NO_SCORE, value: 1, bound: 0 });
                }
                None => {}
            }
            Ok(())
        })?;
        for [record, rule, value, bound] in self.told(order, &sections, &costs)? {
            out[record as usize] = Some(Ranked { rule: rule as usize, value, bound });
        }
        Ok(out)
    }

    /// The records that are taken out, as the policy tells them.
    fn told(
        &self,
        ranked: Vec<(u64, String, RecordNumber)>,
        sections: &[Vec<Option<[u64; 2]>>],
        costs: &[u64],
    ) -> Result<Vec<[u64; 4]>> {
        let mut order: Vec<(usize, (u64, String, RecordNumber))> = ranked.into_iter().enumerate().collect();
        order.sort_unstable_by(|(_, left), (_, right)| left.cmp(right));
        let mut lists: Vec<Entry> = Vec::new();
        for (place, (nth, (.., record))) in (0..).zip(&order) {
            let of_record = (0..).zip(&sections[*nth]);
            lists.extend(
                of_record.filter_map(|(list, at)| at.map(|[high, low]| [list, high, low, place, *record])),
            );
        }
        lists.sort_unstable();
        let mut told = Vec::new();
        let cost = |record: RecordNumber| costs[record as usize];
        let out = self.stage.policy.apply(&lists, costs.len() as u64, cost, &mut |row| {
            told.push(row);
            Ok(())
        })?;
        told.retain(|[record, ..]| out.get(*record));
        Ok(told)
    }
}

/// One row of the ledger.
struct Row<'r> {
    ranking: &'r Ranking,
    source: &'r str,
    cells: &'r [Option<String>],
}

impl Row<'_> {
    fn cell(&self, column: ColumnRef) -> Option<&str> {
        let name = self.ranking.schema.field(column.0).name();
        let at = self.ranking.columns.iter().position(|known| known == name)?;
        self.cells.get(at)?.as_deref()
    }
}

impl keep_top::Ranked for Row<'_> {
    fn id(&self) -> &str {
        self.cells.get(1).and_then(Option::as_deref).unwrap_or_default()
    }

    fn text_bytes(&self) -> u64 {
        self.cells.first().and_then(|cell| cell.as_ref()?.parse().ok()).unwrap_or_default()
    }

    fn number(&self, column: ColumnRef) -> Option<f64> {
        self.cell(column)?.parse().ok()
    }

    fn value(&self, by: SliceBy) -> Option<Cow<'_, str>> {
        match by {
            SliceBy::Source => Some(Cow::Borrowed(self.source)),
            SliceBy::Column(column) => match self.ranking.schema.field(column.0).data_type() {
                DataType::Float64 => Some(decimal(self.number(column)?).into()),
                _ => self.cell(column).map(Cow::Borrowed),
            },
        }
    }
}
