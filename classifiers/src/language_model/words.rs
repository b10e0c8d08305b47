//! What sentences and words are: the same when a model is trained and when it is applied.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How texts are divided into words. A sentence is a line that has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Words {
    /// What stands between ASCII white space, as it is: what KenLM's tools make of the same lines.
    #[default]
    Plain,
    /// NFKC, lower case, every ASCII digit `0`; then runs of letters, marks and digits, and every other character by itself.
    Folded,
}

impl Words {
    /// The name in configurations and in the header of an ARPA file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Folded => "folded",
        }
    }

    /// The words with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Plain, Self::Folded].into_iter().find(|words| words.name() == name)
    }

    /// Hands over the words of every sentence, sentence after sentence.
    pub fn sentences(self, text: &str, mut found: impl FnMut(&mut dyn Iterator<Item = &[u8]>)) {
        let mut folded = String::new();
        for line in text.split('\n') {
            let line = match self {
                Self::Plain => line,
                Self::Folded => {
                    fold(line, &mut folded);
                    &folded
                }
            };
            let mut words =
                line.as_bytes().split(|byte| is_space(*byte)).filter(|word| !word.is_empty()).peekable();
            if words.peek().is_some() {
                found(&mut words);
            }
        }
    }
}

/// What Python's `bytes.split` divides at, and NUL, at which `lmplz` does.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c | 0)
}

/// Writes a line with its words folded and one space between them.
fn fold(line: &str, folded: &mut String) {
    folded.clear();
    if line.is_ascii() {
        line.bytes().for_each(|byte| push(folded, char::from(byte.to_ascii_lowercase())));
    } else {
        line.nfkc().flat_map(char::to_lowercase).for_each(|c| push(folded, c));
    }
}

fn push(folded: &mut String, c: char) {
    if c.is_ascii_digit() {
        folded.push('0');
    } else if c.is_alphanumeric() || is_combining_mark(c) {
        folded.push(c);
    } else {
        folded.push(' ');
        if !c.is_whitespace() {
            folded.push(c);
            folded.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(words: Words, text: &str) -> Vec<Vec<String>> {
        let mut sentences = Vec::new();
        words.sentences(text, |words| {
            sentences.push(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect());
        });
        sentences
    }

    #[test]
    fn lines_with_words_are_sentences() {
        assert_eq!(
            divided(Words::Plain, "A b,\tc\r\n \n\u{a0}d\0e"),
            [vec!["A", "b,", "c"], vec!["\u{a0}d", "e"]]
        );
        assert!(divided(Words::Plain, " \n\n").is_empty() && divided(Words::Folded, "").is_empty());
    }

    #[test]
    fn folded_words_have_no_case_no_digits_and_no_punctuation_on_them() {
        assert_eq!(divided(Words::Folded, "On 12 May, 3pm."), [vec!["on", "00", "may", ",", "0pm", "."]]);
        assert_eq!(divided(Words::Folded, "Ｃafe\u{301}—ÉTÉ ٣\u{a0}x"), [vec!["café", "—", "été", "٣", "x"]]);
    }
}
