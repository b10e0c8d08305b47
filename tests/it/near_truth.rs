//! Near-duplicates of real texts, held against all pairs counted without any of the stage's candidates: an inverted
//! index over shingles with prefix filtering (Chaudhuri et al. 2006), which misses no pair above its bound.

use crate::harness::{Sandbox, config};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{column, read, texts, write};
use crate::shared_data::{link, shared};
use filters::{Document, Scratch, View};
use std::collections::{HashMap, HashSet};

/// The least Jaccard index of pairs that are looked for.
pub const LEAST: f64 = 0.5;
/// What the stage holds pairs against by default.
const BOUND: f64 = 0.75;
const NEAR: &str = "[[stage]]\nuse = \"near-duplicates\"";

/// The sorted shingles of a text, as the stage defines them: 5 words, or the whole of a shorter text.
pub fn shingles(text: &str, scratch: &Scratch) -> Vec<u64> {
    let view = View::new(Document { text, ..Document::default() }, scratch);
    let words = view.shingles().words().len();
    if words == 0 {
        return Vec::new();
    }
    let mut set: Vec<u64> = view.shingles().ngrams(words.min(5)).collect();
    set.sort_unstable();
    set.dedup();
    set
}

fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let a: HashSet<&u64> = a.iter().collect();
    let shared = b.iter().filter(|shingle| a.contains(shingle)).count();
    let union = a.len() + b.len() - shared;
    if union == 0 { 0.0 } else { shared as f64 / union as f64 }
}

/// All pairs with a Jaccard index of at least [`LEAST`].
pub fn all_pairs(sets: &[Vec<u64>]) -> Vec<(usize, usize, f64)> {
    let mut frequency: HashMap<u64, u32> = HashMap::new();
    sets.iter().flatten().for_each(|shingle| *frequency.entry(*shingle).or_default() += 1);
    let mut index: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut pairs = Vec::new();
    for (b, set) in sets.iter().enumerate() {
        // two sets that alike share a shingle among the rarest of either: as many as may be missing, and one
        let mut rarest: Vec<u64> = set.iter().copied().filter(|shingle| frequency[shingle] > 1).collect();
        let missing = set.len() - (LEAST * set.len() as f64).ceil() as usize;
        rarest.sort_unstable_by_key(|shingle| (frequency[shingle], *shingle));
        let unshared = set.len() - rarest.len();
        rarest.truncate((missing + 1).saturating_sub(unshared));
        let mut met = HashSet::new();
        for shingle in &rarest {
            let holders = index.entry(*shingle).or_default();
            met.extend(holders.iter().copied());
            holders.push(b);
        }
        let alike = |&a: &usize| {
            let (small, large) = (set.len().min(sets[a].len()), set.len().max(sets[a].len()));
            small as f64 >= LEAST * large as f64
        };
        let found = met.into_iter().filter(alike).map(|a| (a, b, jaccard(&sets[a], set)));
        pairs.extend(found.filter(|(.., similarity)| *similarity >= LEAST));
    }
    pairs
}

/// Which records are tied together by removals and their survivors.
struct Tied(Vec<usize>);

impl Tied {
    fn of(rows: &[Row], number: impl Fn((u32, u64)) -> usize) -> Self {
        let mut tied = Self((0..rows.len()).collect());
        for (record, row) in rows.iter().enumerate() {
            if let Some(survivor) = row.duplicate_of {
                let (a, b) = (tied.root(record), tied.root(number(survivor)));
                tied.0[a] = b;
            }
        }
        tied
    }

    fn root(&self, mut at: usize) -> usize {
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    fn together(&self, a: usize, b: usize) -> bool {
        self.root(a) == self.root(b)
    }
}

/// Bands of a signature.
const BANDS: usize = 14;

/// The clusters before stars cover them: pairs that share a band, the way the stage compares them, and have an index of
/// at least [`BOUND`]. Band keys are those of an index, made where nothing but equal sets is removed.
fn verified_clusters(sandbox: &Sandbox, sets: &[Vec<u64>], number: impl Fn((u32, u64)) -> usize) -> Tied {
    sandbox.write("keys.toml", config(&format!("{NEAR}\nverify_jaccard_min = \"1\"\nindex = true")));
    sandbox.release("keys.toml", "keys", &[]).expect(0);
    let index = sandbox.read("keys/auditor/index/near-duplicates.keys");
    let word = |at: usize| u64::from_le_bytes(index[at..at + 8].try_into().unwrap());
    let start = 72 + word(64) as usize;
    let entries = (start..index.len()).step_by((BANDS + 2) * 8);
    let keys: HashMap<(u32, u64), usize> =
        entries.map(|at| ((word(at + BANDS * 8) as u32, word(at + BANDS * 8 + 8)), at)).collect();
    let rows = ledger(&sandbox.path("keys"));
    // a removed record has the keys of its survivor, whose set is the same
    let entry_of = |row: &Row| {
        let out = row.out.or_else(|| rows[number(row.duplicate_of?)].out)?;
        keys.get(&out).copied()
    };
    let entries: Vec<Option<usize>> = rows.iter().map(entry_of).collect();
    let mut pairs = HashSet::new();
    for band in 0..BANDS {
        let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
        for (record, entry) in entries.iter().enumerate() {
            entry.iter().for_each(|at| buckets.entry(word(at + band * 8)).or_default().push(record));
        }
        for bucket in buckets.values() {
            for (at, &b) in bucket.iter().enumerate() {
                // beyond 48 members: the first and 8 neighbours
                let near = if at < 48 { 0 } else { at - 8 };
                pairs.extend(
                    bucket[near..at].iter().chain(&bucket[..1]).filter(|a| **a != b).map(|&a| (a, b)),
                );
            }
        }
    }
    let mut clusters = Tied((0..sets.len()).collect());
    for (a, b) in pairs {
        let (x, y) = (clusters.root(a), clusters.root(b));
        if x != y && jaccard(&sets[a], &sets[b]) >= BOUND {
            clusters.0[x] = y;
        }
    }
    clusters
}

/// The stage's decisions over these shards of `corpus/small` against the truth.
fn held_against_all_pairs(shards: &[&str]) {
    let sandbox = Sandbox::with_keys();
    for shard in shards {
        let Some(()) =
            link(&sandbox, &format!("corpus/small/{shard}.parquet"), &format!("corpus/{shard}.parquet"))
        else {
            return;
        };
    }
    sandbox.write("c.toml", config(NEAR));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let scratch = Scratch::default();
    let (mut sets, mut first) = (Vec::new(), Vec::new());
    for shard in shards {
        first.push(sets.len());
        let batch = read(&sandbox.path(format!("corpus/{shard}.parquet")));
        sets.extend(
            column(&batch, "text").iter().map(|text| shingles(text.as_deref().unwrap_or(""), &scratch)),
        );
    }
    let rows = ledger(&sandbox.path("out"));
    assert_eq!(rows.len(), sets.len());
    let number = |(shard, row): (u32, u64)| first[shard as usize] + row as usize;
    let tied = Tied::of(&rows, number);
    let pairs = all_pairs(&sets);

    type Pairs<'p> = Vec<&'p (usize, usize, f64)>;
    let (equal, alike): (Pairs<'_>, Pairs<'_>) =
        pairs.iter().filter(|(.., j)| *j >= 0.8).partition(|(.., j)| *j == 1.0);
    // a cluster is covered by stars, because similarity is not transitive: two alike members may be of different ones
    let clusters = verified_clusters(&sandbox, &sets, number);
    let joined = alike.iter().filter(|(a, b, _)| clusters.together(*a, *b)).count();
    let both_stand =
        |(a, b, _): &&&(usize, usize, f64)| [a, b].iter().all(|r| rows[**r].duplicate_of.is_none());
    let left = alike.iter().filter(both_stand).count();
    let tied_ones = |pairs: &Pairs<'_>| pairs.iter().filter(|(a, b, _)| tied.together(*a, *b)).count();
    let likely: Vec<f64> = alike.iter().map(|(.., j)| 1.0 - (1.0 - j.powi(8)).powi(14)).collect();
    let expected: f64 = likely.iter().sum();
    let deviation = likely.iter().map(|p| p * (1.0 - p)).sum::<f64>().sqrt();
    let (alike_tied, equal_tied) = (tied_ones(&alike), tied_ones(&equal));
    let removed: Vec<(usize, f64)> = rows
        .iter()
        .enumerate()
        .filter_map(|(record, row)| Some((record, jaccard(&sets[record], &sets[number(row.duplicate_of?)]))))
        .collect();
    let least = removed.iter().map(|(_, j)| *j).fold(1.0, f64::min);
    println!(
        "{} records, {} pairs of at least {LEAST}; of {} from .8 to 1: {joined} in one verified cluster, expected \
         {expected:.1} ± {deviation:.1}; {alike_tied} tied by removals; both left of {left}; of {} equal ones tied: \
         {equal_tied}; {} removed, the least index with a survivor {least:.4}",
        sets.len(),
        pairs.len(),
        alike.len(),
        equal.len(),
        removed.len(),
    );
    assert!(alike.len() > 100 && removed.len() > 100, "nothing to go by");
    assert!(joined as f64 >= expected - 3.0 * deviation, "{joined} joined");
    assert_eq!(equal_tied, equal.len(), "equal sets that are not tied");
    for (record, similarity) in removed {
        assert!(similarity >= BOUND, "{:?}: {similarity}", rows[record]);
        let told: f64 = rows[record].similarity.as_ref().unwrap().parse().unwrap();
        assert!((told - similarity).abs() < 1e-4, "{:?}: {similarity}", rows[record]);
    }
}

#[test]
fn near_duplicates_of_one_shard_agree_with_all_pairs() {
    held_against_all_pairs(&["docs-00003-of-00004"]);
}

/// Takes minutes: `.ci/full` runs it.
#[test]
#[ignore = "takes minutes"]
fn near_duplicates_of_four_shards_agree_with_all_pairs() {
    held_against_all_pairs(&[
        "docs-00000-of-00004",
        "docs-00001-of-00004",
        "docs-00002-of-00004",
        "docs-00003-of-00004",
    ]);
}

#[test]
fn labelled_pairs_are_told_apart() {
    let Some(path) = shared("labelled/neardup_pairs.parquet") else { return };
    let pairs = read(&path);
    let (a, b, label) = (column(&pairs, "text"), column(&pairs, "text_b"), column(&pairs, "label"));
    let sandbox = Sandbox::with_keys();
    let both: Vec<Option<&str>> = a.iter().zip(&b).flat_map(|(a, b)| [a.as_deref(), b.as_deref()]).collect();
    write(&sandbox.path("corpus/pairs.parquet"), &texts(&both), 500);
    sandbox.write("c.toml", config(NEAR));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let tied = Tied::of(&rows, |(_, row)| row as usize);
    let scratch = Scratch::default();
    let (mut joined, mut rightly, mut same, mut close, mut close_joined) = (0, 0, 0, 0, 0);
    for (at, label) in label.iter().enumerate() {
        let is_same = label.as_deref() != Some("different-article");
        let is_joined = tied.together(2 * at, 2 * at + 1);
        let set = |at: usize| shingles(both[at].unwrap_or(""), &scratch);
        let is_close = jaccard(&set(2 * at), &set(2 * at + 1)) >= BOUND;
        same += usize::from(is_same);
        joined += usize::from(is_joined);
        rightly += usize::from(is_joined && is_same);
        close += usize::from(is_close);
        close_joined += usize::from(is_close && is_joined);
    }
    let share = |a: usize, b: usize| a as f64 / b as f64;
    println!(
        "{joined} of {} pairs joined: precision {:.4}, recall {:.4} of {same} of the same article, {:.4} of {close} with an \
         index of at least {BOUND}",
        label.len(),
        share(rightly, joined),
        share(rightly, same),
        share(close_joined, close),
    );
    // no two different articles here have more than a tenth of their shingles in common
    assert_eq!(rightly, joined);
    assert!(share(close_joined, close) >= 0.95);
}
