//! JSON lines without some of them.

use crate::files::input::InputFile;
use crate::release::lines_file::LinesFile;
use crate::source::format::Packing;
use crate::source::lines::{self, BLOCK_BYTES, Line};
use crate::{Error, Result};
use std::path::Path;

/// Writes the lines of a released file but those at these places, sorted. Lines that stay are not touched.
pub(super) fn rewrite(old: &Path, packing: Packing, mut file: LinesFile, gone: &[u64]) -> Result<()> {
    let mut lines = lines::of_file(&InputFile::local(old), packing)?;
    let (mut stay, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.next().map_err(|e| Error::release(old, e))? {
        let Line::Whole(line) = line else { return Err(Error::release(old, "has a line that is too long")) };
        if gone.binary_search(&at).is_err() {
            stay.extend_from_slice(line);
            stay.push(b'\n');
        }
        at += 1;
        if stay.len() as u64 >= BLOCK_BYTES {
            file.append(&file.pack(&stay)?)?;
            stay.clear();
        }
    }
    if !stay.is_empty() {
        file.append(&file.pack(&stay)?)?;
    }
    file.close()
}
