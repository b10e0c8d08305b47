//! From adjusted counts to probabilities and back-offs: interpolated modified Kneser-Ney smoothing (Chen and Goodman
//! 1998; in this order of steps, Heafield et al. 2013, sections 3.3 and 3.4).

use super::Budget;
use super::counts::{Adjusted, PRUNED};
use super::ngram::{Entry, Key, WIDTH, numbers};
use super::vocabulary::{START, UNKNOWN};
use crate::Result;
use crate::files::artefact::Kind;
use crate::files::spill::{Listing, Sorted, Sorter};
use classifiers::language_model::Discounts;
use std::iter::Peekable;
use std::path::Path;

/// N-grams by their words from the last to the first, with probability and back-off as the bits of `f64`.
pub(super) type Estimated = Listing<WIDTH>;

/// One order before it is interpolated with the one below.
struct Initial {
    /// By words from the last to the first: the discounted share, and the weight of the order below.
    shares: Sorted<WIDTH>,
    /// The contexts, which are n-grams of the order below, likewise: the back-off.
    backoffs: Sorted<WIDTH>,
}

/// Estimates all orders. `words` is how many different words may come next: all but `<s>`.
pub(super) fn estimate(
    adjusted: Vec<Adjusted>,
    discounts: &[Discounts],
    words: usize,
    (folders, budget): (&[impl AsRef<Path>], Budget),
) -> Result<Vec<Estimated>> {
    let order = adjusted.len();
    let mut initial = Vec::new();
    for (len, ((adjusted, discounts), folder)) in (1..).zip(adjusted.into_iter().zip(discounts).zip(folders))
    {
        initial.push(shares(adjusted.rows, discounts, len, folder.as_ref(), budget)?);
    }
    let (shares, backoffs): (Vec<_>, Vec<_>) =
        initial.into_iter().map(|order| (order.shares, order.backoffs)).unzip();
    // the back-offs of an order come with the order above; the longest has none
    let backoffs = backoffs.into_iter().skip(1).map(Some).chain([None]);
    let mut estimated: Vec<Estimated> = Vec::with_capacity(order);
    for ((shares, backoffs), folder) in shares.into_iter().zip(backoffs).zip(folders) {
        let (below, len) = (estimated.last(), estimated.len());
        let rows = interpolated(shares, backoffs, below, (len, words));
        let path = folder.as_ref().join("estimated");
        estimated.push(Listing::write(&path, Kind::Ngrams, &[0; 32], rows)?);
    }
    Ok(estimated)
}

/// Divides the mass of every context: n-grams of `len` words, by words as they stand.
fn shares(
    rows: Sorted<WIDTH>,
    discounts: &Discounts,
    len: usize,
    folder: &Path,
    budget: Budget,
) -> Result<Initial> {
    let mut shares = Sorter::new(&folder.join("shares"), budget.order);
    let mut backoffs = Sorter::new(&folder.join("backoffs"), budget.order);
    let mut rows = with_reserved(rows, len).peekable();
    let mut group: Vec<(Key, u64, bool)> = Vec::new();
    while let Some(row) = rows.next() {
        let key = Key::from(&row);
        let (adjusted, flags) = numbers(&row);
        group.push((key, adjusted, flags == PRUNED));
        let context = key.prefix(len - 1);
        if rows.peek().is_some_and(|next| Key::from(next).prefix(len - 1) == context) {
            continue;
        }
        let total: u64 = group.iter().map(|(_, adjusted, _)| adjusted).sum();
        let taken = |(_, adjusted, pruned): &(Key, u64, bool)| match pruned {
            true => *adjusted as f64,
            false => discounts.of(*adjusted),
        };
        let below = group.iter().map(taken).sum::<f64>() / total.max(1) as f64;
        for (key, adjusted, _) in group.drain(..).filter(|(_, _, pruned)| !pruned) {
            let share = (adjusted as f64 - discounts.of(adjusted)) / total.max(1) as f64;
            shares.push(key.reversed(len).with(share.to_bits(), below.to_bits()))?;
        }
        backoffs.push(context.reversed(len - 1).with(below.to_bits(), 0))?;
    }
    if len == 1 {
        // nobody asks how probable a start is; KenLM's files say it is certain
        shares.push(Key::of([START]).with(1f64.to_bits(), 0f64.to_bits()))?;
    }
    Ok(Initial { shares: shares.finish()?, backoffs: backoffs.finish()? })
}

/// Adds `<unk>`, which stands first, to words among which there is none.
fn with_reserved(rows: Sorted<WIDTH>, len: usize) -> impl Iterator<Item = Entry> {
    let mut rows = rows.peekable();
    let unknown = Key::of([UNKNOWN]);
    let missing = len == 1 && rows.peek().is_none_or(|first| Key::from(first) != unknown);
    missing.then(|| unknown.with(0, 0)).into_iter().chain(rows)
}

/// Adds what the order below says, where there is one with `len` words.
fn interpolated(
    shares: Sorted<WIDTH>,
    backoffs: Option<Sorted<WIDTH>>,
    below: Option<&Estimated>,
    (len, words): (usize, usize),
) -> impl Iterator<Item = Result<Entry>> {
    let mut backoffs = backoffs.map(Iterator::peekable);
    let mut below = below.map(|below| below.iter().peekable());
    let uniform = 1.0 / words.max(1) as f64;
    shares.map(move |row| {
        let key = Key::from(&row);
        let (share, weight) = numbers(&row);
        let suffix = below.as_mut().and_then(|below| find(below, key.prefix(len)));
        let lower = match suffix {
            Some((probability, _)) => f64::from_bits(probability),
            None if len == 0 => uniform,
            None => return Err(crate::Error::Bug("an n-gram without its suffix".into())),
        };
        let probability = f64::from_bits(share) + f64::from_bits(weight) * lower;
        let backoff = backoffs.as_mut().and_then(|backoffs| find(backoffs, key));
        let backoff = backoff.map_or(1.0, |(backoff, _)| f64::from_bits(backoff));
        Ok(key.with(probability.to_bits(), backoff.to_bits()))
    })
}

/// The numbers of a key among sorted rows of which all smaller ones are passed.
fn find(rows: &mut Peekable<impl Iterator<Item = Entry>>, key: Key) -> Option<(u64, u64)> {
    while rows.next_if(|row| Key::from(row) < key).is_some() {}
    rows.peek().filter(|row| Key::from(row) == key).map(numbers)
}
