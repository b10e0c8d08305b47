//! A release's Parquet files as the verifier in `manifests` wants to see them: rows, digests, counts. Nothing is
//! compared here.

use crate::config::Input;
use crate::files::finished;
use crate::files::input::InputFile;
use crate::inspect::ledger_cells;
use crate::release::ledger;
use crate::source::batch::ShardReader;
use crate::source::inputs::count;
use crate::source::parquet::ParquetReader;
use crate::source::released::ReleasedFile;
use arrow_array::RecordBatch;
use filters::Chat;
use manifests::digest::Sha256;
use manifests::ledger::LedgerRow;
use manifests::verify::{Evidence, Opening, TextDigest};
use serde::Deserialize;
use std::path::Path;

/// Columns of the ledger that the verifier needs.
const LEDGER_COLUMNS: [&str; 18] = [
    "row",
    "fate",
    "stage",
    "rule",
    "value",
    "bound",
    "duplicate_of_shard",
    "duplicate_of_row",
    "similarity",
    "edits",
    "repeats",
    "split",
    "out_shard",
    "out_row",
    "commit",
    "shard",
    "content_sha256",
    "norm_sha256",
];

/// Reads ledgers and outputs of one release.
pub struct ReleaseEvidence {
    input: Result<Input, String>,
}

/// The part of the public configuration that says where the text is.
#[derive(Deserialize)]
struct PublicConfig {
    input: Input,
}

impl ReleaseEvidence {
    /// Evidence from the release in this directory. What cannot be read is told when it is asked for.
    pub fn of(release: &Path) -> Self {
        let config = finished::json::<PublicConfig>(release, "config.public.json");
        let input = config.map(|config| config.input).map_err(text);
        Self { input }
    }
}

type Rows<'a, T> = Result<Box<dyn Iterator<Item = Result<T, String>> + 'a>, String>;

impl Evidence for ReleaseEvidence {
    fn ledger<'a>(&'a self, file: &Path, stems: &'a [String]) -> Rows<'a, (LedgerRow, Opening)> {
        let reader = ParquetReader::of_release(file)?.with_batches_of(8192);
        let columns = reader.places(LEDGER_COLUMNS);
        let shard = shard_of(file);
        Ok(Box::new(reader.all(Some(columns), None).flat_map(move |batch| {
            let rows = batch.and_then(|batch| {
                let openings = ledger::openings(&batch)?;
                Ok(ledger::rows(&batch, shard, stems)?.into_iter().zip(openings))
            });
            match rows {
                Ok(rows) => rows.map(Ok).collect::<Vec<_>>(),
                Err(why) => vec![Err(why)],
            }
        })))
    }

    fn cells<'a>(&'a self, file: &Path, columns: &'a [String]) -> Rows<'a, Vec<Option<String>>> {
        ledger_cells::read(file, columns)
    }

    fn output_texts<'a>(&'a self, file: &Path) -> Rows<'a, TextDigest> {
        let input = self.input.as_ref().map_err(String::clone)?;
        let released = ReleasedFile::open(file, &input.only_text()).map_err(text)?;
        Ok(Box::new((0..released.groups()).flat_map(move |group| match released.batches(group, None) {
            Ok(batches) => batches.flat_map(|batch| digests(released.reader(), batch)).collect::<Vec<_>>(),
            Err(error) => vec![Err(text(error))],
        })))
    }

    fn input_rows(&self, file: &Path) -> Result<u64, String> {
        count(&InputFile::local(file)).map_err(text)
    }
}

/// The shard a ledger file is about, by its name: `part-00012.parquet`.
fn shard_of(file: &Path) -> Option<u32> {
    file.file_stem()?.to_str()?.strip_prefix("part-")?.parse().ok()
}

fn digests(reader: &ShardReader, batch: Result<RecordBatch, String>) -> Vec<Result<TextDigest, String>> {
    let batch = match batch {
        Ok(batch) => batch,
        Err(why) => return vec![Err(why)],
    };
    let rows = match reader.rows(&batch) {
        Ok(rows) => rows,
        Err(error) => return vec![Err(text(error))],
    };
    let mut chat = Chat::default();
    let digest = |row: usize| match rows.text(row, &mut chat) {
        Ok(text) => Ok(TextDigest { sha256: Sha256::of(text.as_bytes()), bytes: text.len() as u64 }),
        Err(cause) => Err(format!("row {row}: {}", cause.rule())),
    };
    (0..batch.num_rows()).map(digest).collect()
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
