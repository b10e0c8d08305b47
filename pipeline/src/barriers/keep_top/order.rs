//! One order of all ranked records: the higher score first, of equal ones the smaller id, byte by byte, of equal ids
//! the earlier record.

use super::ranking::{ID, SCORE};
use crate::Result;
use crate::barriers::RecordNumber;
use crate::barriers::corpus::{Corpus, Texts};
use crate::barriers::keep::UNSCORED;
use crate::files::artefact::Kind;
use crate::files::spill::Listing;

/// Words of an id that are part of the key.
pub(crate) const ID_WORDS: usize = 4;

/// The first bytes of an id as integers, in the order of the ids as far as they go.
pub(crate) fn id_words(id: &str) -> [u64; ID_WORDS] {
    let mut bytes = [0; ID_WORDS * 8];
    let taken = id.len().min(bytes.len());
    bytes[..taken].copy_from_slice(&id.as_bytes()[..taken]);
    std::array::from_fn(|word| u64::from_be_bytes(bytes[word * 8..][..8].try_into().unwrap_or_default()))
}

/// Each ranked record with its place in the order, by record.
pub(super) fn places(corpus: &Corpus<'_>) -> Result<Listing<2>> {
    let order: Listing<6> = corpus.listing(Kind::Order, || {
        let mut sorter = corpus.sorter::<6>("order", 2);
        let key = [SCORE, ID, ID + 1, ID + 2, ID + 3];
        corpus.for_each(key, |record, [score, a, b, c, d]| match score {
            UNSCORED => Ok(()),
            _ => sorter.push([score, a, b, c, d, record]),
        })?;
        Ok(sorter.finish()?.map(Ok))
    })?;
    let alike: Listing<1> = corpus.listing(Kind::Candidates, || {
        let mut sorter = corpus.sorter::<1>("alike", 2);
        for run in runs(&order).filter(|run| run.len() > 1) {
            order.range(run).try_for_each(|[.., record]| sorter.push([record]))?;
        }
        Ok(sorter.finish()?.map(Ok))
    })?;
    let ids = corpus.texts(&alike, 0)?;
    corpus.listing(Kind::Places, || {
        let mut sorter = corpus.sorter::<2>("places", 2);
        for run in runs(&order) {
            let first = run.start as u64;
            let records = in_order(order.range(run).map(|[.., record]| record).collect(), &ids)?;
            (first..).zip(records).try_for_each(|(place, record)| sorter.push([record, place]))?;
        }
        Ok(sorter.finish()?.map(Ok))
    })
}

/// Stretches of records with equal scores whose ids begin alike; eight bytes of memory for each record of the longest.
fn runs(order: &Listing<6>) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let same = |at: &usize| order.get(*at)[..5] == order.get(from)[..5];
        let start = (from < order.len()).then_some(from)?;
        from = (start + 1..order.len()).find(|at| !same(at)).unwrap_or(order.len());
        Some(start..from)
    })
}

fn in_order(records: Vec<RecordNumber>, ids: &Texts) -> Result<Vec<RecordNumber>> {
    if records.len() < 2 {
        return Ok(records);
    }
    let mut named = records
        .into_iter()
        .map(|record| Ok((ids.get(record)?, record)))
        .collect::<Result<Vec<(&str, RecordNumber)>>>()?;
    named.sort_unstable();
    Ok(named.into_iter().map(|(_, record)| record).collect())
}
