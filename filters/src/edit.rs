//! Edits: replaced stretches of a text, kept in the coordinates of the original.

use std::borrow::Cow;

/// Replaces the bytes `start..end` of a text by `with`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// First byte replaced.
    pub start: usize,
    /// One past the last byte replaced.
    pub end: usize,
    /// What stands there instead; empty for a deletion.
    pub with: Cow<'static, str>,
}

/// A sorted, disjoint list of edits of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(Vec<Edit>);

impl Edits {
    /// Takes edits that are sorted and do not overlap, drops those that change nothing, and joins neighbours
    /// that touch.
    pub fn new(text: &str, edits: Vec<Edit>) -> Self {
        let mut kept: Vec<Edit> = Vec::with_capacity(edits.len());
        for edit in edits {
            debug_assert!(text.is_char_boundary(edit.start) && text.is_char_boundary(edit.end));
            match kept.last_mut() {
                Some(last) if last.end == edit.start => {
                    last.end = edit.end;
                    last.with.to_mut().push_str(&edit.with);
                }
                _ => kept.push(edit),
            }
        }
        kept.retain(|edit| text[edit.start..edit.end] != *edit.with);
        Self(kept)
    }

    /// The edits, in order.
    pub fn as_slice(&self) -> &[Edit] {
        &self.0
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edited text.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &self.0 {
            out.push_str(&text[at..edit.start]);
            out.push_str(&edit.with);
            at = edit.end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// The single list that does what `self` and then `later` (in the coordinates of the edited text) do to
    /// `original`.
    pub fn then(self, original: &str, later: &Edits) -> Edits {
        if self.is_empty() {
            return later.clone();
        }
        let once = pieces(original.len(), &self.0);
        let twice = replace(&once, &later.0);
        Edits::new(original, edits_of(original.len(), &twice))
    }

    /// Where a byte that stays stands in the edited text, behind what is put right before it.
    pub fn edited_offset(&self, original: usize) -> usize {
        let before = self.0.iter().take_while(|edit| edit.end <= original);
        let (put, taken) =
            before.fold((0, 0), |(put, taken), edit| (put + edit.with.len(), taken + edit.end - edit.start));
        original + put - taken
    }

    /// Where a byte of the edited text stood in the original: the start of the edit for replaced bytes.
    pub fn original_offset(&self, edited: usize) -> usize {
        let (mut from, mut to) = (0, 0);
        for edit in &self.0 {
            let kept = edit.start - from;
            if edited < to + kept {
                break;
            }
            to += kept;
            if edited < to + edit.with.len() {
                return edit.start;
            }
            to += edit.with.len();
            from = edit.end;
        }
        from + (edited - to)
    }
}

/// A stretch of an edited text: copied from the original, or put there by an edit.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Kept { start: usize, end: usize },
    Put(&'a str),
}

impl<'a> Piece<'a> {
    fn len(self) -> usize {
        match self {
            Piece::Kept { start, end } => end - start,
            Piece::Put(text) => text.len(),
        }
    }

    fn slice(self, from: usize, to: usize) -> Piece<'a> {
        match self {
            Piece::Kept { start, .. } => Piece::Kept { start: start + from, end: start + to },
            Piece::Put(text) => Piece::Put(&text[from..to]),
        }
    }
}

fn pieces(original_len: usize, edits: &[Edit]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(2 * edits.len() + 1);
    let mut at = 0;
    for edit in edits {
        pieces.push(Piece::Kept { start: at, end: edit.start });
        pieces.push(Piece::Put(&edit.with));
        at = edit.end;
    }
    pieces.push(Piece::Kept { start: at, end: original_len });
    pieces
}

/// Applies `edits`, given in the coordinates of the text that `pieces` make up.
fn replace<'a>(pieces: &[Piece<'a>], edits: &'a [Edit]) -> Vec<Piece<'a>> {
    let mut out = Vec::with_capacity(pieces.len() + 2 * edits.len());
    let mut edits = edits.iter().peekable();
    let mut base = 0;
    for &piece in pieces {
        let end = base + piece.len();
        let mut at = base;
        while let Some(edit) = edits.peek().filter(|edit| edit.start < end || edit.end <= end) {
            if edit.start >= at {
                out.push(piece.slice(at - base, edit.start - base));
                out.push(Piece::Put(&edit.with));
            }
            at = edit.end.min(end);
            if edit.end > end {
                break;
            }
            edits.next();
        }
        out.push(piece.slice(at - base, end - base));
        base = end;
    }
    out
}

fn edits_of(original_len: usize, pieces: &[Piece<'_>]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 0;
    let mut with = String::new();
    let end = Piece::Kept { start: original_len, end: original_len };
    let kept = pieces.iter().copied().filter(|piece| piece.len() > 0).chain([end]);
    for piece in kept {
        match piece {
            Piece::Put(text) => with.push_str(text),
            Piece::Kept { start, end } => {
                if start > at || !with.is_empty() {
                    edits.push(Edit { start: at, end: start, with: Cow::Owned(std::mem::take(&mut with)) });
                }
                at = end;
            }
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sorted, disjoint edits of `text` drawn from pairs of cut points.
    fn edits_for(text: &str, cuts: &[(prop::sample::Index, String)]) -> Edits {
        let bounds: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
        let mut points: Vec<usize> = cuts.iter().map(|(cut, _)| bounds[cut.index(bounds.len())]).collect();
        points.sort_unstable();
        let with = cuts.iter().map(|(_, with)| with.clone());
        let pairs = points.chunks_exact(2).zip(with);
        Edits::new(text, pairs.map(|(p, with)| Edit { start: p[0], end: p[1], with: with.into() }).collect())
    }

    fn cuts() -> impl Strategy<Value = Vec<(prop::sample::Index, String)>> {
        prop::collection::vec((any::<prop::sample::Index>(), "[a-zé]{0,3}"), 0..8)
    }

    proptest! {
        #[test]
        fn composed_edits_do_what_the_two_do_in_turn(text in "[a-z\\né字]{0,30}", first in cuts(), second in cuts()) {
            let first = edits_for(&text, &first);
            let once = first.apply(&text);
            let second = edits_for(&once, &second);
            let twice = second.apply(&once);
            let both = first.then(&text, &second);
            prop_assert_eq!(both.apply(&text), twice);
            prop_assert!(both.as_slice().windows(2).all(|pair| pair[0].end < pair[1].start));
        }

        #[test]
        fn offsets_lead_back_to_the_original(text in "[a-zé]{1,30}", first in cuts()) {
            let edits = edits_for(&text, &first);
            let edited = edits.apply(&text);
            for at in 0..edited.len() {
                let from = edits.original_offset(at);
                let replaced = edits.as_slice().iter().any(|edit| edit.start == from);
                prop_assert!(replaced || text.as_bytes()[from] == edited.as_bytes()[at]);
            }
        }
    }
}
