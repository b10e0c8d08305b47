//! Clusters: records that are to stay together.

use super::Split;
use crate::barriers::corpus::Corpus;
use crate::barriers::near::stars::UnionFind;
use crate::files::artefact::Kind;
use crate::files::spill::Listing;
use crate::{Error, Result};

impl Split {
    /// All living records, those of one cluster together: the hash that the cluster is ordered by, its first record,
    /// and the record.
    pub(super) fn clusters(&self, corpus: &Corpus<'_>) -> Result<Listing<3>> {
        corpus.listing(Kind::Order, || {
            let mut forest = self.forest(corpus)?;
            let mut joined = corpus.sorter::<3>("joined", 3);
            corpus.for_each([self.id_word()], |record, [hash]| {
                joined.push([u64::from(forest.root(record as u32)), hash, record])
            })?;
            drop(forest);
            let mut ordered = corpus.sorter::<3>("ordered", 3);
            // no record has this number
            let mut cluster = [u64::MAX, 0];
            for [root, hash, record] in joined.finish()? {
                // the first of a cluster has the least hash
                if cluster[0] != root {
                    cluster = [root, hash];
                }
                ordered.push([cluster[1], root, record])?;
            }
            Ok(ordered.finish()?.map(Ok))
        })
    }

    /// The clusters, as a forest over all records.
    fn forest(&self, corpus: &Corpus<'_>) -> Result<UnionFind> {
        let bytes = corpus.len().saturating_mul(4);
        if bytes > corpus.memory() / 2 || u32::try_from(corpus.len()).is_err() {
            return Err(Error::Limit {
                what: format!("joining {} records into clusters", corpus.len()),
                limit: format!("{} bytes, half of the memory, and 2^32 records", corpus.memory() / 2),
                actual: format!(
                    "{bytes} bytes; start the run again with a larger `--memory` and it continues here"
                ),
            });
        }
        let mut forest = UnionFind::new(corpus.len() as usize);
        self.near.alike(corpus, &mut |a, b| {
            forest.join(a as u32, b as u32);
            Ok(())
        })?;
        for group in 0..self.group_by.len() {
            let mut equal = corpus.sorter::<3>("groups", 3);
            corpus.for_each(self.group_words(group), |record, [high, low]| match (high, low) {
                (0, 0) => Ok(()),
                _ => equal.push([high, low, record]),
            })?;
            let mut first = [0; 3];
            for row in equal.finish()? {
                match row[..2] == first[..2] {
                    true => forest.join(first[2] as u32, row[2] as u32),
                    false => first = row,
                }
            }
        }
        Ok(forest)
    }
}
