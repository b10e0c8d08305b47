//! Where a text may be disguised: one look at the bytes of each chunk between white space.

use super::normal::{Part, part};
use super::words::{HIGH_BITS, ascii_letters};
use std::ops::Range;

/// A stretch of a text without white space of ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub place: Range<usize>,
    pub look: Look,
}

/// What the bytes of a chunk tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Holds no letter at all.
    Blank,
    /// Words as anybody writes them.
    Plain,
    /// Letters that stand alone, each between other characters: `w`, `w.o.r.d`.
    Spelled,
    /// May be a disguise: letters mixed with digits or symbols, letters beyond ASCII, entities, repetition.
    Suspicious,
}

/// The chunks of a text.
pub(super) fn chunks(text: &str) -> impl Iterator<Item = Chunk> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().take_while(|byte| CLASS[usize::from(**byte)] == SPACE).count();
        let start = at;
        if start == bytes.len() {
            return None;
        }
        if let Some(len) = plain_word(&bytes[start..]) {
            at += len;
            return Some(Chunk { place: start..at, look: Look::Plain });
        }
        let mut found = 0;
        let (mut last, mut last_class, mut run) = (0, 0, 0);
        for &byte in &bytes[start..] {
            let class = CLASS[usize::from(byte)];
            if class == SPACE {
                break;
            }
            // two letters side by side: the letter's bit, moved to that of a pair
            found |= class | ((class & last_class & LETTER) << PAIR_SHIFT);
            run = if byte | 0x20 == last { run + 1 } else { 0 };
            found |= if run >= 2 && class == LETTER { RUN } else { 0 };
            (last, last_class) = (byte | 0x20, class);
            at += 1;
        }
        let place = start..at;
        let look = look(found, &text[place.clone()]);
        Some(Chunk { place, look })
    })
}

/// The length of the chunk that begins here if it is what most are: two to eight letters of ASCII, none of them three
/// times in a row, and perhaps a comma or full stop. Eight bytes are looked at as one number.
#[inline]
fn plain_word(bytes: &[u8]) -> Option<usize> {
    let block = u64::from_le_bytes(*bytes.first_chunk()?);
    let letters = ((ascii_letters(block) ^ HIGH_BITS).trailing_zeros() / 8) as usize;
    let is_space = |at: usize| bytes.get(at).is_some_and(|byte| CLASS[usize::from(*byte)] == SPACE);
    let len = letters + usize::from(matches!(bytes.get(letters), Some(b',' | b'.')));
    if letters < 2 || !is_space(len) {
        return None;
    }
    let small = block | (HIGH_BITS >> 2);
    // the high bit of each byte that is the same letter as the next
    let other = small ^ (small >> 8);
    let same = !(((other & !HIGH_BITS) + !HIGH_BITS) | other) & HIGH_BITS;
    let triples = same & (same >> 8) & ((1 << (8 * (letters - 2))) - 1);
    (triples == 0).then_some(len)
}

fn look(found: u8, chunk: &str) -> Look {
    let beyond = found & HIGH != 0 && chunk.chars().any(|c| !c.is_ascii() && part(c) != Part::Gap);
    if found & LETTER == 0 && !beyond && found & CODE == 0 {
        return Look::Blank;
    }
    let mixed = found & (DIGIT | SYMBOL) != 0 && found & LETTER != 0 && is_mixed(chunk);
    if found & (PAIR | DIGIT | CODE) == 0 && (!beyond || stand_alone(chunk)) {
        return Look::Spelled;
    }
    if beyond || mixed || found & (RUN | CODE) != 0 { Look::Suspicious } else { Look::Plain }
}

/// Whether no two letters stand side by side.
fn stand_alone(chunk: &str) -> bool {
    let mut last = Part::Gap;
    chunk.chars().map(part).filter(|part| *part != Part::Nothing).all(|part| {
        let beside = last == Part::Letters && part == Part::Letters;
        last = part;
        !beside
    })
}

/// Whether a digit or symbol stands beside a letter; at the end of a chunk punctuation is what it is.
fn is_mixed(chunk: &str) -> bool {
    let inner = chunk.trim_end_matches(|c: char| c.is_ascii_punctuation() && !matches!(c, '$' | '+' | '|'));
    let class = |byte: u8| CLASS[usize::from(byte)];
    inner.as_bytes().windows(2).any(|pair| {
        let both = class(pair[0]) | class(pair[1]);
        both & LETTER != 0 && both & (DIGIT | SYMBOL) != 0 || both & HIGH != 0
    })
}

const LETTER: u8 = 1;
const DIGIT: u8 = 1 << 1;
/// `@`, `$`, `!`, `|`, `+`: letters to some.
const SYMBOL: u8 = 1 << 2;
/// `&`, `%`, `<` and controls: the beginning of an encoded character or a tag, and what nobody sees.
const CODE: u8 = 1 << 3;
const HIGH: u8 = 1 << 4;
const SPACE: u8 = 1 << 5;
/// Two letters side by side.
const PAIR: u8 = LETTER << PAIR_SHIFT;
const PAIR_SHIFT: u32 = 6;
/// A letter three times in a row.
const RUN: u8 = 1 << 7;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'@' | b'$' | b'!' | b'|' | b'+' => SYMBOL,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => SPACE,
            b'&' | b'%' | b'<' | 0..0x20 | 0x7f => CODE,
            0x80.. => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    class
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_judged_by_its_bytes() {
        for (text, expected) in [
            ("word", Look::Plain),
            ("\u{201c}word\u{201d}\u{2014}it\u{2019}s", Look::Plain),
            ("state-of-the-art,", Look::Plain),
            ("(word)!", Look::Plain),
            ("$100", Look::Blank),
            ("1990-1991", Look::Blank),
            ("---", Look::Blank),
            ("a", Look::Spelled),
            ("w.o.r.d", Look::Spelled),
            ("U.S.", Look::Spelled),
            ("п.о", Look::Spelled),
            ("w0rd", Look::Suspicious),
            ("wo$d", Look::Suspicious),
            ("wörd", Look::Suspicious),
            ("wo\u{ad}rd", Look::Suspicious),
            ("wooord", Look::Suspicious),
            ("w&#111;rd", Look::Suspicious),
            ("100%", Look::Suspicious),
            ("a<br/>word", Look::Suspicious),
            ("wo\u{8}rd", Look::Suspicious),
        ] {
            let found: Vec<Chunk> = chunks(text).collect();
            assert_eq!(found, [Chunk { place: 0..text.len(), look: expected }], "{text}");
        }
        for (text, expected) in [
            ("word, and", Look::Plain),
            ("committe. a", Look::Plain),
            ("aabbccdd e", Look::Plain),
            ("aabbcccd e", Look::Suspicious),
            ("abbbbbbb, e", Look::Suspicious),
            ("Sssh there", Look::Suspicious),
            ("a!bcdefg h", Look::Suspicious),
        ] {
            assert_eq!(chunks(text).next().map(|chunk| chunk.look), Some(expected), "{text}");
        }
        let places: Vec<_> = chunks("  a\tb\n").map(|chunk| chunk.place).collect();
        assert_eq!(places, [2..3, 4..5]);
    }
}
