//! What became of the planted pairs, by the ledger.

use crate::corpus;
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// Planted pairs whose members have one survivor, and all planted pairs.
pub fn count(release: &Path, records: u64) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let mut survivors: Vec<u64> = Vec::with_capacity(records as usize);
    let mut firsts = Vec::new();
    for shard in 0.. {
        let path = release.join(format!("auditor/ledger/part-{shard:05}.parquet"));
        let Ok(file) = File::open(path) else { break };
        firsts.push(survivors.len() as u64);
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
            add(&batch?, &firsts, &mut survivors).ok_or("not a ledger")?;
        }
    }
    if survivors.len() as u64 != records {
        return Err(format!("the ledger has {} rows, expected {records}", survivors.len()).into());
    }
    let planted = (0..records).filter_map(|document| Some((corpus::original(document)?, document)));
    let mut counts = (0, 0);
    for (original, copy) in planted {
        counts.0 += u64::from(survivors[original as usize] == survivors[copy as usize]);
        counts.1 += 1;
    }
    Ok(counts)
}

/// Notes the survivor of each record: another one, or itself. The earliest survives, so its shard has been read.
fn add(batch: &RecordBatch, firsts: &[u64], survivors: &mut Vec<u64>) -> Option<()> {
    let shards = batch.column_by_name("duplicate_of_shard")?.as_primitive_opt::<UInt32Type>()?;
    let rows = batch.column_by_name("duplicate_of_row")?.as_primitive_opt::<UInt64Type>()?;
    for at in 0..batch.num_rows() {
        let itself = survivors.len() as u64;
        survivors.push(match shards.is_valid(at) {
            true => firsts.get(shards.value(at) as usize)? + rows.value(at),
            false => itself,
        });
    }
    Some(())
}
