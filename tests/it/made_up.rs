//! Texts of made-up words, the same for the same seed, and shards of them.

use crate::harness::{Sandbox, config_with};
use crate::parquet_files::{batch, strings, write};

/// A pseudo-random sequence (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// So many words.
pub fn text(seed: u64, words: usize) -> String {
    let mut random = Random(seed);
    let syllables = ["ba", "co", "du", "fe", "gi", "la", "mo", "nu", "re", "si", "ta", "vo"];
    let mut word = || (0..4).map(|_| syllables[random.below(12) as usize]).collect::<String>();
    (0..words).map(|_| word()).collect::<Vec<_>>().join(" ")
}

/// The text with the word at each of these positions replaced; of 104 words and one of them, a Jaccard index of 95/105.
pub fn changed(text: &str, positions: &[usize]) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    positions.iter().for_each(|&at| words[at] = "zzchanged");
    words.join(" ")
}

/// A record: its shard (0 or 1), id, text and URL.
pub type Record = (usize, &'static str, String, Option<&'static str>);

/// Writes `corpus/a.parquet` and `corpus/b.parquet`.
pub fn write_shards(sandbox: &Sandbox, folder: &str, records: &[Record]) {
    for (shard, name) in ["a", "b"].into_iter().enumerate() {
        let here = || records.iter().filter(|record| record.0 == shard);
        if here().next().is_none() {
            continue;
        }
        let columns = vec![
            ("id", strings(here().map(|record| Some(record.1)))),
            ("text", strings(here().map(|record| Some(record.2.as_str())))),
            ("url", strings(here().map(|record| record.3))),
        ];
        write(&sandbox.path(format!("{folder}/{name}.parquet")), &batch(columns), 7);
    }
}

/// A configuration over them, each shard a source of its own: `first` and `second`.
pub fn config_of_shards(stages: &str) -> String {
    let sources = "[[source]]\nid = \"first\"\nfiles = [\"corpus/a.parquet\"]\n[[source]]\nid = \"second\"\nfiles = [\"corpus/b.parquet\"]\n";
    config_with("text = \"text\"\nid = \"id\"\nurl = \"url\"", &format!("{sources}{stages}"))
}
