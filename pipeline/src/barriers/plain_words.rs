//! Words as the statistics of the whole corpus count them: in any script, whatever the key `words` says.

use filters::text::word_hash;
use std::ops::Range;

/// The hashed words of a text and where they stand. A word is a run of letters, marks and digits in lower case, each
/// number in it `0`; in scripts that put no space between words, each character is one.
#[derive(Debug, Default)]
pub(super) struct PlainWords {
    hashes: Vec<u64>,
    spans: Vec<(usize, usize)>,
    word: String,
}

/// What a character is to a word.
enum Part {
    Within,
    Alone,
    Between,
}

impl PlainWords {
    /// Replaces the content by the words of `text`.
    pub(super) fn fill(&mut self, text: &str) {
        self.hashes.clear();
        self.spans.clear();
        let mut start = None;
        for (at, c) in text.char_indices() {
            match part(c) {
                Part::Within => {
                    start.get_or_insert(at);
                    self.push(c);
                }
                Part::Alone => {
                    self.close(start.take(), at);
                    self.push(c);
                    self.close(Some(at), at + c.len_utf8());
                }
                Part::Between => self.close(start.take(), at),
            }
        }
        self.close(start, text.len());
    }

    /// The words' hashes, in order.
    pub(super) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The bytes of the text from the first of these words to the last.
    pub(super) fn bytes(&self, words: Range<usize>) -> Range<usize> {
        match self.spans.get(words) {
            Some([first, .., last]) => first.0..last.1,
            Some([only]) => only.0..only.1,
            _ => 0..0,
        }
    }

    fn push(&mut self, c: char) {
        if !c.is_numeric() {
            self.word.extend(c.to_lowercase());
        } else if !self.word.ends_with('0') {
            self.word.push('0');
        }
    }

    fn close(&mut self, start: Option<usize>, end: usize) {
        if let Some(start) = start {
            self.hashes.push(word_hash(self.word.as_bytes()));
            self.spans.push((start, end));
            self.word.clear();
        }
    }
}

fn part(c: char) -> Part {
    match u32::from(c) {
        // Thai to Tibetan, Myanmar, Khmer; CJK radicals to ideographs, Hangul, compatibility, supplementary planes
        0xe00..=0xfff | 0x1000..=0x109f | 0x1780..=0x17ff => Part::Alone,
        0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff => Part::Alone,
        // combining marks; the vowel signs and viramas of India, but for its full stops
        0x300..=0x36f => Part::Within,
        0x964 | 0x965 => Part::Between,
        0x900..=0xdff => Part::Within,
        _ if c.is_alphanumeric() => Part::Within,
        _ => Part::Between,
    }
}

/// The hash of two hashes in a row.
pub(super) fn joined(first: u64, second: u64) -> u64 {
    // SplitMix64's finaliser
    let mut hash = first.rotate_left(23) ^ second.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut words = PlainWords::default();
        words.fill("other words");
        words.fill(text);
        (0..words.hashes().len()).map(|at| &text[words.bytes(at..at + 1)]).collect()
    }

    #[test]
    fn words_of_many_scripts() {
        assert_eq!(words("The cat's 3,5 km—naïve."), ["The", "cat", "s", "3", "5", "km", "naïve"]);
        assert_eq!(words("春眠，不 ok覺"), ["春", "眠", "不", "ok", "覺"]);
        assert_eq!(words("यह आदेश।"), ["यह", "आदेश"]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn case_and_numbers_do_not_matter_and_order_does() {
        let hashes = |text: &str| {
            let mut words = PlainWords::default();
            words.fill(text);
            words.hashes().to_vec()
        };
        assert_eq!(hashes("Room 12, b2"), hashes("ROOM 345 B77"));
        assert_ne!(joined(1, 2), joined(2, 1));
    }
}
