//! The bare copy: what reading and writing the shards costs when nothing is asked about them.

use crate::Result;
use crate::plan::Plan;
use crate::release::data_file::DataFile;
use crate::source::inputs::Shard;
use std::path::Path;

/// Copies a shard with the reader and the writer that a run uses for released records: every column, row group by
/// row group, encoded as the configuration says.
pub(super) fn copy(plan: &Plan, shard: &Shard, target: &Path) -> Result<()> {
    let reader = plan.open(shard)?;
    let file = &plan.config.file;
    let mut copy = DataFile::create(target, &reader, &file.output, file.input.text.as_deref())?;
    for (row_group, &rows) in shard.row_groups.iter().enumerate() {
        let batches = reader.group(row_group, rows).map_err(|unread| unread.of(shard.file.name()))?;
        let encoded = copy.encode(&batches)?;
        copy.append(encoded)?;
    }
    copy.close()
}
