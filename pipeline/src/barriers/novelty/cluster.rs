//! What flagged records have in common, and who else has it.

use super::super::plain_words::PlainWords;
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::files::spill::{Listing, Sorter, merged};
use std::collections::HashMap;

/// One in so many flagged records must have a word that ties them together: chance words of large clusters are shared,
/// too, but by few of them.
const FLAGGED_PER_SHARER: u64 = 5;
/// Of the records with such a word, at most one in so many may be another one.
const HOLDERS_PER_OTHER: u64 = 10;

/// Words and how many flagged records hold each.
type Shared = HashMap<u64, u64>;

/// The records that are not flagged but hold what ties flagged ones together, each with the number of flagged ones it
/// shares most with; in the order of the records.
pub(super) fn rest(
    corpus: &Corpus<'_>,
    flagged: &Listing<2>,
    least: u64,
) -> Result<impl Iterator<Item = [u64; 2]> + use<>> {
    let mut shared = Shared::new();
    if flagged.len() as u64 >= least {
        shared = shared_words(corpus, flagged, least)?;
        let others = others(corpus, flagged, &shared)?;
        shared.retain(|word, sharers| {
            let others = others.get(word).copied().unwrap_or_default();
            others * HOLDERS_PER_OTHER <= *sharers + others
        });
        tracing::info!("{} records are too novel; {} words tie them together", flagged.len(), shared.len());
    }
    let share = 4 * rayon::current_num_threads() as u64;
    let start = |worker: usize| (PlainWords::default(), corpus.sorter::<2>(&format!("rest-{worker}"), share));
    let found = corpus.scan(
        |record| !shared.is_empty() && !is_listed(flagged, record),
        start,
        |(words, rows), record, view| {
            words.fill(view.text());
            let sharers = words.hashes().iter().filter_map(|word| shared.get(word)).max();
            sharers.map_or(Ok(()), |&sharers| rows.push([record, sharers]))
        },
    )?;
    Ok(merged(found.into_iter().map(|(_, rows)| rows.finish()).collect::<Result<Vec<_>>>()?))
}

fn is_listed(flagged: &Listing<2>, record: u64) -> bool {
    let at = flagged.position(record);
    at < flagged.len() && flagged.get(at)[0] == record
}

/// The words that enough flagged records hold.
fn shared_words(corpus: &Corpus<'_>, flagged: &Listing<2>, least: u64) -> Result<Shared> {
    let least = least.max(flagged.len() as u64 / FLAGGED_PER_SHARER);
    let share = 4 * rayon::current_num_threads() as u64;
    let start = |worker: usize| (PlainWords::default(), corpus.sorter::<2>(&format!("held-{worker}"), share));
    let held = corpus.scan(
        |record| is_listed(flagged, record),
        start,
        |(words, rows), record, view| {
            words.fill(view.text());
            words.hashes().iter().try_for_each(|&word| rows.push([word, record]))
        },
    )?;
    let rows = merged(held.into_iter().map(|(_, rows)| Sorter::finish(rows)).collect::<Result<Vec<_>>>()?);
    let mut shared = Shared::new();
    let (mut of, mut sharers, mut last) = (0, 0, None);
    for [word, record] in rows.chain([[u64::MAX, u64::MAX]]) {
        if last == Some([word, record]) {
            continue;
        }
        if word != of {
            if sharers >= least {
                shared.insert(of, sharers);
            }
            (of, sharers) = (word, 0);
        }
        sharers += 1;
        last = Some([word, record]);
    }
    Ok(shared)
}

/// How many records that are not flagged hold each of these words.
fn others(corpus: &Corpus<'_>, flagged: &Listing<2>, shared: &Shared) -> Result<Shared> {
    let start = |_| (PlainWords::default(), Shared::new());
    let counted = corpus.scan(
        |record| !is_listed(flagged, record),
        start,
        |(words, others), _, view| {
            words.fill(view.text());
            let mut held: Vec<u64> =
                words.hashes().iter().filter(|word| shared.contains_key(word)).copied().collect();
            held.sort_unstable();
            held.dedup();
            held.into_iter().for_each(|word| *others.entry(word).or_default() += 1);
            Ok(())
        },
    )?;
    let mut all = Shared::new();
    counted
        .into_iter()
        .flat_map(|(_, of_worker)| of_worker)
        .for_each(|(word, n)| *all.entry(word).or_default() += n);
    Ok(all)
}
