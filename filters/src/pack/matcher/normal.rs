//! The normal form of a character, in which a disguised letter is the letter it stands for.
//!
//! Compatibility decomposition (NFKD), without diacritics and characters nobody sees, look-alikes replaced, folded. Each
//! character has its form whatever stands beside it, so a text may be normalised in any pieces.

use super::confusables::CONFUSABLES;
use super::words::{fold_char, is_word_char};
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::char::decompose_compatible;

/// What a character is to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Not there: diacritics, soft hyphens, zero-width and tag characters, controls of direction.
    Nothing,
    /// Not part of any word.
    Gap,
    /// Letters or digits.
    Letters,
}

/// Appends the normal form of a character.
pub(super) fn push(c: char, form: &mut String) -> Part {
    if c.is_ascii() {
        if !c.is_ascii_alphanumeric() {
            return if is_unseen(c) { Part::Nothing } else { Part::Gap };
        }
        form.push(c.to_ascii_lowercase());
        return Part::Letters;
    }
    match TABLE.codes.get(c as usize) {
        Some(&NOTHING) => Part::Nothing,
        Some(&GAP) => Part::Gap,
        Some(&code) => {
            form.push_str(&TABLE.forms[usize::from(code - FORMS)]);
            Part::Letters
        }
        None => compute(c, form),
    }
}

/// What a character is to a word, without its form.
pub(super) fn part(c: char) -> Part {
    match TABLE.codes.get(c as usize) {
        Some(&NOTHING) => Part::Nothing,
        Some(&GAP) => Part::Gap,
        Some(_) => Part::Letters,
        None => compute(c, &mut String::new()),
    }
}

const NOTHING: u16 = 0;
const GAP: u16 = 1;
/// The code of the first form.
const FORMS: u16 = 2;

/// The forms of the Basic Multilingual Plane: asking the Unicode tables each time costs many times as much.
struct Table {
    codes: Vec<u16>,
    forms: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { codes: vec![GAP; 0x1_0000], forms: Vec::new() };
    let mut known: HashMap<String, u16> = HashMap::new();
    for c in '\0'..='\u{ffff}' {
        let mut form = String::new();
        table.codes[c as usize] = match compute(c, &mut form) {
            Part::Nothing => NOTHING,
            Part::Gap => GAP,
            Part::Letters => *known.entry(form).or_insert_with_key(|form| {
                table.forms.push(form.clone());
                // fewer forms than characters, and those are fewer than 2^16 without the surrogates
                FORMS + (table.forms.len() - 1) as u16
            }),
        };
    }
    table
});

static LOOKS_LIKE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    CONFUSABLES.iter().flat_map(|(ascii, like)| like.chars().map(|c| (c, *ascii))).collect()
});

fn compute(c: char, form: &mut String) -> Part {
    if is_unseen(c) {
        return Part::Nothing;
    }
    if !is_word_char(c) {
        return Part::Gap;
    }
    let before = form.len();
    decompose_compatible(unboxed(c), |part| {
        if is_unseen(part) || !is_word_char(part) {
            return;
        }
        match LOOKS_LIKE.get(&part) {
            Some(&like) => form.push(like),
            None => form.extend(fold_char(part).map(|small| *LOOKS_LIKE.get(&small).unwrap_or(&small))),
        }
    });
    if form.len() == before { Part::Nothing } else { Part::Letters }
}

/// Negative circled and negative squared letters, which Unicode 17.0 does not decompose, as the letter they hold.
fn unboxed(c: char) -> char {
    let first = match c {
        '\u{1f150}'..='\u{1f169}' => 0x1f150,
        '\u{1f170}'..='\u{1f189}' => 0x1f170,
        _ => return c,
    };
    char::from_u32(c as u32 - first + u32::from('A')).unwrap_or(c)
}

/// Control characters that are no white space, diacritics that sit on letters of any alphabet, the points of Hebrew and Arabic, and the code points with the property
/// Default_Ignorable_Code_Point (Unicode 17.0). Vowel signs of Indic scripts are letters to a reader and stay.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disguised_letter_is_the_letter() {
        for (text, expected) in [
            ("Sarin", "sarin"),
            ("ѕаrіn ΡΗΙ", "sarinphi"),
            ("s\u{200b}a\u{ad}r\u{e0041}in", "sarin"),
            ("sárïn s\u{301}a", "sarinsa"),
            ("ｓａｒｉｎ 𝐬𝓪𝕣𝚒𝗇", "sarinsarin"),
            ("Straße Ψς", "strasseψo"),
            ("s\u{8}a\u{7f}r\u{80}in", "sarin"),
            ("🅂🅰🅡🄸Ⓝ", "sarin"),
            ("की \u{5e9}\u{5c1}", "की\u{5e9}"),
        ] {
            let mut form = String::new();
            text.chars().for_each(|c| _ = push(c, &mut form));
            assert_eq!(form, expected, "{text}");
        }
    }

    #[test]
    fn normal_forms_are_their_own_normal_forms() {
        for c in ('\0'..='\u{2ffff}').filter(|&c| part(c) == Part::Letters) {
            let (mut once, mut twice) = (String::new(), String::new());
            push(c, &mut once);
            once.chars().for_each(|c| _ = push(c, &mut twice));
            assert_eq!(once, twice, "U+{:04X}", c as u32);
        }
    }
}
