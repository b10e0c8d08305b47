//! When two words are the same.

use crate::text::{punctuation, python};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// When two words are the same. Punctuation and white space between words never matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// Whatever their case and accents, and all numbers are the same: the words of `simplify_text`.
    #[default]
    Words,
    /// The same, but words with digits have to have the same digits.
    Numbers,
    /// As they are written.
    Exact,
}

impl Normalisation {
    /// What is compared of a word: `simple` is the word of the simplified text that was `written` so.
    pub(super) fn form<'w>(self, simple: &'w str, written: &'w str) -> Cow<'w, str> {
        match self {
            Self::Exact => written.into(),
            Self::Numbers if written.contains(python::is_decimal) => written.to_lowercase().into(),
            Self::Numbers | Self::Words => simple.into(),
        }
    }
}

/// The text with its punctuation taken out instead of being replaced by spaces.
pub(super) fn glued(text: &str) -> String {
    // digits first: the full-width one is in the list of punctuation
    let stays = |c: &char| python::is_space(*c) || python::is_decimal(*c) || !punctuation::is_punctuation(*c);
    text.chars().filter(stays).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::simplify_text;

    #[test]
    fn forms_keep_what_matters() {
        let forms = |simple, written| {
            [Normalisation::Words, Normalisation::Numbers, Normalisation::Exact]
                .map(|n| n.form(simple, written).into_owned())
        };
        assert_eq!(forms("cafe", "Café"), ["cafe", "cafe", "Café"]);
        assert_eq!(forms("a0", "A1.5"), ["a0", "a1.5", "A1.5"]);
    }

    #[test]
    fn gluing_leaves_spaces_and_digits() {
        assert_eq!(glued("Don’t,\r\n[1]\u{ff11} x-y_z\u{b}!"), "Dont\r\n1\u{ff11} xyz\u{b}");
        assert_eq!(simplify_text(&glued("it's 2,000.5 e-mails")), "its 0 emails");
    }
}
