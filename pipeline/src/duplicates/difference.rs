//! In what two texts differ, word by word.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Bytes of a text that are compared and shown: comparing takes time with the square of what differs.
const BYTES_MAX: usize = 32 << 10;
/// Words and gaps shown on both sides of a change.
const CONTEXT: usize = 12;
/// Places shown of one pair of texts.
const HUNKS_MAX: usize = 20;

/// In what a member's text differs from the survivor's.
#[derive(Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Whether the texts are equal, byte for byte.
    pub equal: bool,
    /// How many places there are where they differ.
    pub places: usize,
    /// The first of these places, each with the words around it.
    pub hunks: Vec<Vec<Segment>>,
    /// Whether only the beginnings of the texts were compared.
    pub cut_short: bool,
}

/// A stretch of text.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// Whose it is.
    pub side: Side,
    /// The words.
    pub text: String,
}

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The words of both.
    Both,
    /// The survivor's alone.
    Survivor,
    /// The member's alone.
    Member,
}

/// As much of a text as is shown and compared.
pub(super) fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES_MAX)]
}

impl Difference {
    pub(super) fn of(survivor: &str, member: &str) -> Self {
        let (a, b) = (beginning(survivor), beginning(member));
        let cut_short = a.len() < survivor.len() || b.len() < member.len();
        let diff = TextDiff::from_unicode_words(a, b);
        let groups = if a == b { Vec::new() } else { diff.grouped_ops(CONTEXT) };
        let places = groups.len();
        let hunk = |ops: &Vec<similar::DiffOp>| {
            let mut segments: Vec<Segment> = Vec::new();
            for change in ops.iter().flat_map(|op| diff.iter_changes(op)) {
                let side = match change.tag() {
                    ChangeTag::Equal => Side::Both,
                    ChangeTag::Delete => Side::Survivor,
                    ChangeTag::Insert => Side::Member,
                };
                match segments.last_mut() {
                    Some(last) if last.side == side => last.text.push_str(change.value()),
                    _ => segments.push(Segment { side, text: change.value().to_string() }),
                }
            }
            segments
        };
        let hunks = groups.iter().take(HUNKS_MAX).map(hunk).collect();
        Self { equal: survivor == member, places, hunks, cut_short }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The segments with the survivor's words in `[-…-]` and the member's in `{+…+}`.
    fn shown(difference: &Difference) -> Vec<String> {
        let segment = |s: &Segment| match s.side {
            Side::Both => s.text.clone(),
            Side::Survivor => format!("[-{}-]", s.text),
            Side::Member => format!("{{+{}+}}", s.text),
        };
        difference.hunks.iter().map(|hunk| hunk.iter().map(segment).collect()).collect()
    }

    #[test]
    fn words_that_differ_stand_among_those_that_do_not() {
        let filler = "one two three four five six seven eight nine ten ".repeat(3);
        for (a, b, expected) in [
            ("", "", vec![]),
            ("a b", "a b", vec![]),
            ("a b c", "a x c", vec!["a [-b-]{+x+} c"]),
            ("", "new", vec!["{+new+}"]),
            ("漢字", "漢語", vec!["漢[-字-]{+語+}"]),
            ("a\nb", "a b", vec!["a[-\n-]{+ +}b"]),
        ] {
            let difference = Difference::of(a, b);
            assert_eq!(shown(&difference), expected, "{a:?} {b:?}");
            assert_eq!(difference.equal, a == b);
        }
        let two = Difference::of(&format!("A {filler}B"), &format!("C {filler}D"));
        assert_eq!(two.places, 2);
        assert!(shown(&two)[0].starts_with("[-A-]{+C+} one two"), "{:?}", shown(&two));
    }

    #[test]
    fn what_is_compared_is_bounded() {
        let (a, b) = ("é".repeat(BYTES_MAX), "ab ".repeat(BYTES_MAX));
        let difference = Difference::of(&a, &b);
        assert!(difference.cut_short && !difference.equal);
        assert!(beginning(&a).len() <= BYTES_MAX);
        let same = Difference::of(&b, &format!("{b}c"));
        assert!(!same.equal && same.places == 0 && same.cut_short);
    }
}
