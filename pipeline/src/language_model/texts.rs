//! The texts of Parquet files, row group by row group.

use super::Training;
use crate::config::Input;
use crate::source::batch::ShardReader;
use crate::source::find::{expand, is_parquet};
use crate::source::parquet::read_footer;
use crate::{Error, Progress, Result};
use filters::Chat;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// The row groups to be read.
pub(super) struct Texts {
    input: Input,
    groups: Vec<(PathBuf, usize, u64)>,
}

impl Texts {
    /// Finds the files that were asked for.
    pub(super) fn find(training: &Training) -> Result<Self> {
        let mut paths = Vec::new();
        for pattern in &training.files {
            let before = paths.len();
            expand(pattern, is_parquet, &mut paths)?;
            if paths.len() == before {
                return Err(Error::input(pattern, "nothing matches"));
            }
        }
        paths.sort();
        paths.dedup();
        let mut groups = Vec::new();
        for path in paths {
            for (at, group) in read_footer(&path)?.row_groups().iter().enumerate() {
                groups.push((path.clone(), at, u64::try_from(group.compressed_size()).unwrap_or_default()));
            }
        }
        let input = Input::texts(Some(training.text.clone()), None);
        Ok(Self { input, groups })
    }

    /// Hands every row group to `each`, as a function that hands over its texts; several at the same time. Records
    /// without a text are passed over and counted.
    pub(super) fn by_group(
        &self,
        (pass, progress): (&str, &dyn Progress),
        each: impl Fn(&mut dyn Iterator<Item = Result<String>>) -> Result<()> + Sync,
    ) -> Result<u64> {
        progress.begin(pass, self.groups.iter().map(|(_, _, bytes)| bytes).sum());
        let skipped = AtomicU64::new(0);
        self.groups.par_iter().try_for_each(|group| {
            let mut texts = self.texts(group, &skipped)?;
            each(&mut texts).inspect(|()| progress.advance(group.2))
        })?;
        progress.end();
        Ok(skipped.into_inner())
    }

    fn texts<'a>(
        &'a self,
        (path, group, _): &'a (PathBuf, usize, u64),
        skipped: &'a AtomicU64,
    ) -> Result<impl Iterator<Item = Result<String>> + 'a> {
        let reader = ShardReader::open(path, &self.input, &[])?;
        let batches = reader.batches(*group, None).map_err(|unread| unread.of(path))?;
        Ok(batches.flat_map(move |batch| {
            let read = batch.map_err(|why| Error::input(path, why)).and_then(|batch| {
                let rows = reader.rows(&batch)?;
                let mut chat = Chat::default();
                let texts = (0..batch.num_rows()).filter_map(|row| match rows.text(row, &mut chat) {
                    Ok(text) => Some(Ok(text.to_owned())),
                    Err(_) => {
                        skipped.fetch_add(1, Ordering::Relaxed);
                        None
                    }
                });
                Ok(texts.collect::<Vec<_>>())
            });
            read.unwrap_or_else(|error| vec![Err(error)])
        }))
    }
}
