//! JSON lines: a shard of one JSON object a line, plain or compressed. Every line is a record, so that row N stands in
//! line N + 1, whatever the lines hold.

mod blocks;
mod chats;
mod columns;
mod members;
mod record;
mod warc;

use crate::config::{Input, Messages};
use crate::files::input::InputFile;
use crate::source::batch::{BATCH_ROWS, NAMES_TOLD_MAX, RowEdits, WantedField};
use crate::source::bounds::Caught;
use crate::source::format::Packing;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use blocks::{LINE_BYTES_MAX, Lines};
use parquet::arrow::arrow_reader::RowSelection;
use record::Record;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::sync::Arc;

pub(crate) use blocks::{BLOCK_BYTES, BYTE_ORDER_MARK, Blocks, Line, count, of_file};
pub(crate) use columns::{Layout, Undecoded};
pub(crate) use members::Members;

/// Bytes of lines after which a batch ends, so that a batch of long texts stays small.
const BATCH_BYTES: usize = 16 << 20;

/// A shard of lines, ready to be read block by block.
#[derive(Debug)]
pub(crate) struct LinesReader {
    blocks: Arc<Blocks>,
    layout: Arc<Layout>,
    messages: Option<Messages>,
    line_bytes_max: u64,
}

impl LinesReader {
    /// Reads blocks into the columns that a configuration asks for.
    pub(crate) fn new(blocks: Arc<Blocks>, layout: Layout, input: &Input) -> Self {
        // a verifier may be handed any configuration
        let line_bytes_max = input.max_record_bytes.min(LINE_BYTES_MAX);
        Self { blocks, layout: Arc::new(layout), messages: input.messages.clone(), line_bytes_max }
    }

    /// The batches of one block, narrowed to `rows` if they are given.
    pub(crate) fn batches(
        &self,
        block: usize,
        rows: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = std::result::Result<RecordBatch, String>> + use<>> {
        let mut lines = self.blocks.lines(block, self.line_bytes_max)?;
        let mut wanted = rows.map(|rows| wanted(&rows).into_iter());
        let layout = Arc::clone(&self.layout);
        Ok(Caught::new(std::iter::from_fn(move || {
            let batch = batch(&mut lines, &layout, &mut wanted);
            batch.map(|batch| (batch.num_rows() > 0).then_some(batch)).transpose()
        })))
    }

    /// Whether a line holds the text of its record, or nothing that could be told from the rest of it.
    pub(crate) fn is_record(&self, line: &str) -> bool {
        self.messages.as_ref().is_none_or(|messages| chats::is_record(line, messages))
    }

    /// Makes edits in the lines, which are the last of `columns`: those of chat records in their strings, those of lines
    /// that are no records wherever they are.
    pub(crate) fn put_back(&self, columns: &mut [ArrayRef], edits: &[RowEdits]) -> Result<()> {
        let Some(lines) = columns.last_mut() else { return Ok(()) };
        let strings =
            lines.as_string_opt::<i32>().ok_or_else(|| Error::Bug("lines that are no strings".into()))?;
        let edited =
            strings.iter().zip(edits).map(|(line, edits)| match (line, &self.messages, &edits.line) {
                (Some(line), _, Some(edits)) => Ok(Some(edits.apply(line))),
                (Some(line), Some(messages), None) if !edits.text.is_empty() => {
                    chats::edited(line, messages, &edits.text).map(Some)
                }
                (line, ..) => Ok(line.map(str::to_string)),
            });
        *lines = Arc::new(edited.collect::<Result<StringArray>>()?);
        Ok(())
    }

    /// How its records are spelled as lines again.
    pub(crate) fn members(&self) -> Members {
        self.layout.members()
    }

    /// What could not be had of the lines.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.blocks.failure()
    }

    /// About how many bytes a block takes when it is decoded: the lines, and what is taken out of them.
    pub(crate) fn decoded_bytes(&self, block: usize) -> u64 {
        self.blocks.bytes(block).saturating_mul(2)
    }
}

/// A selection, line by line.
fn wanted(rows: &RowSelection) -> Vec<bool> {
    rows.iter().flat_map(|part| std::iter::repeat_n(!part.skip, part.row_count)).collect()
}

/// The next lines of a block as a batch, without rows at its end.
fn batch<R: BufRead>(
    lines: &mut Lines<R>,
    layout: &Layout,
    wanted: &mut Option<std::vec::IntoIter<bool>>,
) -> std::result::Result<RecordBatch, String> {
    let mut builder = layout.builder();
    let mut bytes = 0;
    while builder.rows() < BATCH_ROWS && bytes < BATCH_BYTES {
        let Some(line) = lines.next().map_err(|e| e.to_string())? else { break };
        if wanted.as_mut().is_some_and(|wanted| wanted.next() != Some(true)) {
            continue;
        }
        match line {
            Line::Whole(line) => {
                bytes += line.len();
                builder.line(line);
            }
            Line::TooLong(bytes) => builder.too_long(bytes),
        }
    }
    builder.finish().map_err(|e| e.to_string())
}

/// Checks that the lines at the start of a shard have the members that a configuration names. There is no schema that
/// says so, and any line may lack any member: a file none of whose first lines has a text is taken for a mistake, one
/// without another member is worth a warning. What cannot be read here is left to the passes that read all.
pub(crate) fn check(file: &InputFile, packing: Packing, input: &Input, fields: &[WantedField]) -> Result<()> {
    if input.max_record_bytes > LINE_BYTES_MAX {
        return Err(Error::Limit {
            what: "`input.max_record_bytes` with JSON lines".into(),
            limit: LINE_BYTES_MAX.to_string(),
            actual: input.max_record_bytes.to_string(),
        });
    }
    let layout = Layout::new(input, fields);
    let mut missing: Vec<&str> = layout.names().collect();
    let mut there = BTreeSet::new();
    let unread = || file.failure().map_or(Ok(()), Err);
    let Ok(mut lines) = blocks::head(file, packing) else { return unread() };
    while let (false, Ok(Some(line))) = (missing.is_empty(), lines.next()) {
        let Line::Whole(line) = line else { continue };
        let Ok(record) = Record::parse(line) else { continue };
        missing.retain(|name| record.find(name).is_none());
        if there.len() < NAMES_TOLD_MAX {
            there.extend(record.names().map(str::to_string));
        }
    }
    unread()?;
    let no_text = input.text_columns().all(|text| missing.contains(&text));
    for name in missing.iter().filter(|_| !there.is_empty()) {
        let told = there.iter().take(NAMES_TOLD_MAX).cloned().collect::<Vec<_>>().join(", ");
        let why =
            format!("no line has `{name}`, of those in the first {BLOCK_BYTES} bytes; there are: {told}");
        match no_text && input.text_columns().any(|text| text == *name) {
            true => return Err(file.error(why)),
            false => tracing::warn!("`{file}`: {why}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Input;
    use proptest::prelude::*;

    /// Pieces of lines that are nearly right, more often than not.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let pieces = prop::sample::select(vec![
            "{\"text\":\"a\"}",
            "\n",
            "\r\n",
            "\u{feff}",
            "{\"text\":",
            "\"\\ud800\"",
            "null",
            "}",
            "[",
            ",",
            "\"",
            "{}",
            "\0",
            "{\"messages\":[{\"role\":1}]}",
            "{\"messages\":[{\"content\":\"b\"},{}]}",
            "\\",
            "1e999",
            "-",
            "{\"a.b\":{\"b\":2}}",
        ]);
        let piece = prop_oneof![
            pieces.prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 1..4)
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    fn decoded(bytes: &[u8], input: &Input) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, bytes).unwrap();
        let fields = [("a.b".to_string(), filters::Kind::Number)];
        let file = InputFile::local(&path);
        check(&file, Packing::Plain, &Input { text: None, messages: None, ..input.clone() }, &fields)
            .unwrap();
        let (blocks, rows) = Blocks::survey(&file, bytes, Packing::Plain, &path).unwrap();
        let reader = LinesReader::new(Arc::new(blocks), Layout::new(input, &fields), input);
        let found = |block: usize| -> usize {
            reader.batches(block, None).unwrap().map(|batch| batch.unwrap().num_rows()).sum()
        };
        let found: Vec<u64> = (0..rows.len()).map(|block| found(block) as u64).collect();
        assert_eq!(found, rows);
        assert_eq!(count(&file, Packing::Plain).unwrap(), rows.iter().sum::<u64>());
        rows.iter().sum::<u64>() as usize
    }

    proptest! {
        #[test]
        fn every_line_of_any_bytes_is_a_row(bytes in bytes()) {
            let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            let ends = rest.iter().filter(|&&byte| byte == b'\n').count();
            let lines = ends + usize::from(!rest.is_empty() && !rest.ends_with(b"\n"));
            let input = |text, messages, max_record_bytes| Input {
                max_record_bytes,
                ..Input::texts(text, messages)
            };
            let name = |name: &str| Some(name.to_string());
            let messages = |json: &str| serde_json::from_str(json).ok();
            prop_assert_eq!(decoded(&bytes, &input(name("text"), None, 1 << 20)), lines);
            prop_assert_eq!(decoded(&bytes, &input(None, messages("\"messages\""), 12)), lines);
            let several = messages("[\"messages\",\"text=user\"]");
            prop_assert_eq!(decoded(&bytes, &input(None, several, 1 << 20)), lines);
        }
    }
}
