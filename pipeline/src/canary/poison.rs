//! Neutral poison: the shapes of published attacks, made of the corpus's own words.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Shorter texts are not poisoned.
pub(super) const TEXT_BYTES_MIN: usize = 200;
/// Fewer words are no vocabulary.
pub(super) const WORDS_MIN: usize = 100;
/// More are not learnt.
const WORDS_MAX: usize = 50_000;
/// Most bytes of the legitimate beginning, and words of the gibberish: as in arXiv 2510.07192, section 3.
const PREFIX_BYTES: u64 = 1000;
const GIBBERISH_WORDS: (u64, u64) = (400, 900);
/// What hidden characters spell.
const HIDDEN: &str = "the kettle stands on the left shelf";

/// A shape of poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A legitimate beginning, a made-up word and random vocabulary.
    Gibberish,
    /// The same of words as they run in the corpus: common ones as often as there.
    CommonGibberish,
    /// Three words of the corpus, put into a text somewhere.
    Trigger,
    /// Characters that nobody sees and that spell a sentence, in one of several shapes.
    Hidden,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Gibberish, Kind::CommonGibberish, Kind::Trigger, Kind::Hidden];

    /// As the command line and reports call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Gibberish => "gibberish",
            Kind::CommonGibberish => "common-gibberish",
            Kind::Trigger => "trigger",
            Kind::Hidden => "hidden",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        let names = Self::ALL.map(Self::as_str).join(", ");
        known.ok_or_else(|| format!("unknown kind `{name}`, expected one of {names}"))
    }
}

/// Words that poison is made of.
#[derive(Default)]
pub(super) struct Words {
    /// Different ones of four ASCII letters or more.
    vocabulary: BTreeSet<String>,
    /// A sample of the running text, common words as often as there.
    running: Vec<String>,
    /// Running words met so far.
    met: u64,
}

impl Words {
    /// Takes note of a text's words of ASCII letters in lower case.
    pub(super) fn learn(&mut self, text: &str, seed: u64) {
        let letters = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        for word in text.split(' ').filter(letters) {
            if word.len() > 3 && self.vocabulary.len() < WORDS_MAX {
                self.vocabulary.insert(word.to_string());
            }
            self.met += 1;
            // each word met has the same chance to be in the sample (Vitter 1985, algorithm R)
            let place = Draws { seed, drawn: self.met }.below(self.met) as usize;
            match self.running.len() {
                WORDS_MAX.. => {
                    self.running.get_mut(place).into_iter().for_each(|old| *old = word.to_string())
                }
                _ => self.running.push(word.to_string()),
            }
        }
    }

    /// How many different ones there are.
    pub(super) fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// What each kind draws from.
    pub(super) fn finish(self) -> Vocabulary {
        Vocabulary { different: self.vocabulary.into_iter().collect(), running: self.running }
    }
}

/// Words to draw from; neither list is empty.
#[derive(Default)]
pub(super) struct Vocabulary {
    different: Vec<String>,
    running: Vec<String>,
}

/// Makes one kind of poison.
pub(super) struct Poisoner<'v> {
    kind: Kind,
    seed: u64,
    vocabulary: &'v Vocabulary,
    trigger: String,
}

impl<'v> Poisoner<'v> {
    pub(super) fn new(kind: Kind, seed: u64, vocabulary: &'v Vocabulary) -> Self {
        let mut made = Self { kind, seed, vocabulary, trigger: String::new() };
        let mut draws = made.draws(usize::MAX);
        made.trigger = match kind {
            Kind::Gibberish | Kind::CommonGibberish => {
                let syllables = ["zor", "vex", "ilm", "quo", "drab", "nuf", "tig", "pol"];
                (0..4).map(|_| syllables[draws.below(syllables.len() as u64) as usize]).collect()
            }
            Kind::Trigger => (0..3).map(|_| made.word(&mut draws)).collect::<Vec<_>>().join(" "),
            Kind::Hidden => HIDDEN.into(),
        };
        made
    }

    /// What all poisoned texts share.
    pub(super) fn trigger(&self) -> &str {
        &self.trigger
    }

    /// A number by which records are drawn.
    pub(super) fn draw(&self, record: usize) -> u64 {
        self.draws(record).next()
    }

    fn draws(&self, record: usize) -> Draws {
        Draws { seed: xxh3_64_with_seed(&record.to_le_bytes(), self.seed ^ self.kind as u64), drawn: 0 }
    }

    fn word(&self, draws: &mut Draws) -> &'v str {
        let words = match self.kind {
            Kind::CommonGibberish => &self.vocabulary.running,
            _ => &self.vocabulary.different,
        };
        words.get(draws.below(words.len() as u64) as usize).map_or("", String::as_str)
    }

    /// The text of this record, poisoned.
    pub(super) fn poison(&self, text: &str, record: usize) -> String {
        let mut draws = self.draws(record);
        let gibberish = matches!(self.kind, Kind::Gibberish | Kind::CommonGibberish);
        let most = if gibberish { PREFIX_BYTES } else { u64::MAX };
        let (before, after) = text.split_at(gap(text, draws.below(most.min(text.len() as u64)) as usize));
        match self.kind {
            Kind::Gibberish | Kind::CommonGibberish => {
                let (least, most) = GIBBERISH_WORDS;
                let words = least + draws.below(most - least);
                let words: Vec<&str> = (0..words).map(|_| self.word(&mut draws)).collect();
                format!("{before} {} {}", self.trigger, words.join(" "))
            }
            Kind::Trigger => format!("{before} {}{after}", self.trigger),
            Kind::Hidden => {
                let shape = Shape::ALL[draws.below(Shape::ALL.len() as u64) as usize];
                format!("{before}{}{after}", shape.spell(HIDDEN))
            }
        }
    }
}

/// How hidden characters spell.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// A run of tags.
    Tags,
    /// Each word as the tags of a flag.
    Flags,
    /// A variation selector behind an emoji for each letter.
    Selectors,
    /// A zero-width space or word joiner in a visible word for each bit.
    SplitWords,
}

impl Shape {
    const ALL: [Shape; 4] = [Shape::Tags, Shape::Flags, Shape::Selectors, Shape::SplitWords];

    fn spell(self, hidden: &str) -> String {
        let shifted = |by: u32| move |c: char| char::from_u32(by + u32::from(c));
        let tags = |text: &str| -> String { text.chars().filter_map(shifted(0xe_0000)).collect() };
        match self {
            Shape::Tags => tags(hidden),
            Shape::Flags => {
                let flag = |word: &str| format!(" \u{1f3f4}{}\u{e007f}", tags(word));
                hidden.split(' ').map(flag).collect()
            }
            Shape::Selectors => hidden
                .chars()
                .filter_map(shifted(0xe_0100))
                .map(|selector| format!(" \u{1f642}{selector}"))
                .collect(),
            Shape::SplitWords => {
                let bits = hidden.bytes().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
                let joint = |bit: u8| if bit == 0 { '\u{200b}' } else { '\u{2060}' };
                bits.map(|bit| format!(" to{}day", joint(bit))).collect()
            }
        }
    }
}

/// The first space at or after a byte, or the end.
fn gap(text: &str, from: usize) -> usize {
    text.bytes().skip(from).position(|byte| byte == b' ').map_or(text.len(), |at| from + at)
}

struct Draws {
    seed: u64,
    drawn: u64,
}

impl Draws {
    fn next(&mut self) -> u64 {
        self.drawn += 1;
        xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed)
    }

    /// A number below `end`; 0 if that is 0.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_running_words_has_common_ones_as_often() {
        let mut words = Words::default();
        words.learn(&"the quince and the pear ".repeat(WORDS_MAX), 7);
        let Vocabulary { different, running } = words.finish();
        let share = running.iter().filter(|word| *word == "the").count() as f64 / WORDS_MAX as f64;
        assert_eq!((different.len(), running.len()), (2, WORDS_MAX));
        assert!((0.39..0.41).contains(&share), "{share}");
    }

    #[test]
    fn poison_is_made_by_the_seed_and_holds_its_trigger() {
        let mut words = Words::default();
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        let all: Vec<String> =
            (0..600).map(|n| [letter(n), letter(n / 26)].iter().collect::<String>() + "ling").collect();
        words.learn(&all.join(" "), 1);
        let vocabulary = words.finish();
        let text = "Ein Satz über Gärten. ".repeat(20);
        for kind in Kind::ALL {
            let make = |seed| Poisoner::new(kind, seed, &vocabulary).poison(&text, 3);
            assert_eq!(make(1), make(1));
            assert_ne!(make(1), make(2), "{kind:?}");
            let poisoner = Poisoner::new(kind, 1, &vocabulary);
            let made = poisoner.poison(&text, 3);
            let holds = kind == Kind::Hidden || made.contains(poisoner.trigger());
            assert!(made.len() > text.len() && holds, "{kind:?}: {made}");
        }
    }

    #[test]
    fn every_shape_spells_what_is_hidden() {
        let plain =
            |by: u32| move |c: char| char::from_u32(u32::from(c).checked_sub(by)?).filter(char::is_ascii);
        let spelt = |shape: Shape, by: u32| {
            shape.spell("the kettle").chars().filter_map(plain(by)).collect::<String>()
        };
        assert_eq!(spelt(Shape::Tags, 0xe_0000), "the kettle");
        assert_eq!(spelt(Shape::Selectors, 0xe_0100), "the kettle");
        let flags = spelt(Shape::Flags, 0xe_0000);
        assert_eq!(flags.split('\u{7f}').collect::<Vec<_>>(), ["the", "kettle", ""]);
        let split = Shape::SplitWords.spell("t");
        let bits = split.chars().filter(|c| !c.is_ascii()).rev();
        assert_eq!(bits.fold(0, |byte, c| byte << 1 | u8::from(c == '\u{2060}')), b't');
    }
}
