//! Sets of shingles and their similarity.

use super::Short;
use filters::{Document, Scratch, View};

/// The shingle hashes of a text, in order. A text without words has none.
pub(crate) fn shingles(view: &View<'_>, ngram: usize, short: Short, out: &mut Vec<u64>) {
    out.clear();
    let words = view.shingles().words().len();
    if words >= ngram || (words > 0 && short == Short::Whole) {
        out.extend(view.shingles().ngrams(ngram.min(words)));
    }
}

/// The sorted, distinct shingle hashes of a text.
pub(crate) fn shingle_set(text: &str, ngram: usize, scratch: &Scratch) -> Vec<u64> {
    let view = View::new(Document { text, ..Document::default() }, scratch);
    let mut set = Vec::new();
    shingles(&view, ngram, Short::Whole, &mut set);
    set.sort_unstable();
    set.dedup();
    set
}

/// The Jaccard index of two sorted sets; 0 when both are empty.
pub(crate) fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        shared += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    let union = a.len() + b.len() - shared;
    if union == 0 { 0.0 } else { shared as f64 / union as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_of_sets() {
        let cases: [(&[u64], &[u64], f64); 5] = [
            (&[], &[], 0.0),
            (&[1], &[], 0.0),
            (&[1, 2], &[1, 2], 1.0),
            (&[1, 2, 3], &[2, 3, 4], 0.5),
            (&[1, 5, 9], &[2, 6, 10], 0.0),
        ];
        for (a, b, expected) in cases {
            assert_eq!(jaccard(a, b), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn short_texts_are_one_shingle() {
        let scratch = Scratch::default();
        assert_eq!(shingle_set("", 5, &scratch).len(), 0);
        assert_eq!(shingle_set("three little words", 5, &scratch).len(), 1);
        assert_eq!(shingle_set("one two three four five six", 5, &scratch).len(), 2);
        assert_ne!(shingle_set("a b", 5, &scratch), shingle_set("b a", 5, &scratch));
    }
}
