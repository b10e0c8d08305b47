//! Ways to disguise a word, made from a seed, and how well packs see through them.

mod measure;

pub use measure::{AttackReport, AttackRow, Cost, HARMLESS_EVERY, measure};

/// A way to disguise a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Every letter that has a look-alike in Cyrillic or Greek.
    Homoglyph,
    /// Digits and symbols for letters.
    Leet,
    /// A zero-width space, joiner or non-joiner between letters.
    ZeroWidth,
    /// A soft hyphen between letters.
    SoftHyphen,
    /// A diacritic on each vowel.
    Diacritics,
    /// Full-width forms.
    FullWidth,
    /// A space between letters.
    Spacing,
    /// A full stop between letters.
    Dotting,
    /// One vowel three to five times.
    Repetition,
    /// HTML entities or percent-encoding for some letters and for spaces.
    Encoding,
    /// Two inner letters change places.
    Swap,
    /// An inner letter is left out.
    Deletion,
}

impl Attack {
    /// All of them: those a normal form undoes, then the two that it does not.
    pub const ALL: [Attack; 12] = [
        Attack::Homoglyph,
        Attack::Leet,
        Attack::ZeroWidth,
        Attack::SoftHyphen,
        Attack::Diacritics,
        Attack::FullWidth,
        Attack::Spacing,
        Attack::Dotting,
        Attack::Repetition,
        Attack::Encoding,
        Attack::Swap,
        Attack::Deletion,
    ];

    /// As reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Attack::Homoglyph => "homoglyph",
            Attack::Leet => "leet",
            Attack::ZeroWidth => "zero-width",
            Attack::SoftHyphen => "soft-hyphen",
            Attack::Diacritics => "diacritics",
            Attack::FullWidth => "full-width",
            Attack::Spacing => "spacing",
            Attack::Dotting => "dotting",
            Attack::Repetition => "repetition",
            Attack::Encoding => "encoding",
            Attack::Swap => "swap",
            Attack::Deletion => "deletion",
        }
    }

    /// The phrase in disguise, each of its words by itself. A word the attack can do nothing to stays as it is.
    pub fn disguise(self, phrase: &str, random: &mut Random) -> String {
        let words: Vec<String> = phrase.split(' ').map(|word| self.word(word, random)).collect();
        let encoded_space = *random.one_of(&["&nbsp;", "&#32;", "%20"]);
        words.join(if self == Attack::Encoding { encoded_space } else { " " })
    }

    fn word(self, word: &str, random: &mut Random) -> String {
        match self {
            Attack::Homoglyph => substitute(word, HOMOGLYPHS),
            Attack::Leet => leet(word),
            Attack::ZeroWidth => {
                between(word, |random| *random.one_of(&['\u{200b}', '\u{200c}', '\u{200d}']), random)
            }
            Attack::SoftHyphen => between(word, |_| '\u{ad}', random),
            Attack::Diacritics => accented(word, random),
            Attack::FullWidth => word.chars().map(full_width).collect(),
            Attack::Spacing => between(word, |_| ' ', random),
            Attack::Dotting => between(word, |_| '.', random),
            Attack::Repetition => repeated(word, random),
            Attack::Encoding => encoded(word, random),
            Attack::Swap => swapped(word, random),
            Attack::Deletion => shortened(word, random),
        }
    }
}

/// The text with every so many-th word in disguise; words are what stands between spaces.
pub fn disguise_words(text: &str, every: usize, attack: Attack, random: &mut Random) -> String {
    let words = text.split(' ').enumerate();
    let disguised = words.map(|(nth, word)| match (nth + 1) % every.max(1) {
        0 => attack.disguise(word, random),
        _ => word.to_string(),
    });
    disguised.collect::<Vec<_>>().join(" ")
}

/// Letters and what looks like them.
const HOMOGLYPHS: &[(char, char)] = &[
    ('a', 'а'),
    ('c', 'с'),
    ('e', 'е'),
    ('i', 'і'),
    ('j', 'ј'),
    ('o', 'ο'),
    ('p', 'р'),
    ('s', 'ѕ'),
    ('x', 'х'),
    ('y', 'у'),
    ('h', 'һ'),
    ('d', 'ԁ'),
    ('v', 'ν'),
    ('A', 'А'),
    ('B', 'В'),
    ('C', 'С'),
    ('E', 'Е'),
    ('H', 'Н'),
    ('I', 'І'),
    ('K', 'К'),
    ('M', 'М'),
    ('N', 'Ν'),
    ('O', 'О'),
    ('P', 'Р'),
    ('S', 'Ѕ'),
    ('T', 'Т'),
    ('X', 'Х'),
    ('Y', 'Υ'),
];

const LEET: &[(char, char)] = &[
    ('a', '4'),
    ('e', '3'),
    ('i', '1'),
    ('o', '0'),
    ('s', '5'),
    ('t', '7'),
    ('A', '4'),
    ('E', '3'),
    ('I', '!'),
    ('O', '0'),
    ('S', '$'),
    ('T', '+'),
];

fn substitute(word: &str, table: &[(char, char)]) -> String {
    let other = |c: char| table.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
    word.chars().map(other).collect()
}

/// A word that is nothing but letters with a digit for them keeps the last: `455` is a number to any reader.
fn leet(word: &str) -> String {
    let disguised = substitute(word, LEET);
    match word.char_indices().last() {
        Some((at, last)) if !disguised.contains(char::is_alphabetic) => {
            format!("{}{last}", substitute(&word[..at], LEET))
        }
        _ => disguised,
    }
}

fn between(word: &str, filler: impl Fn(&mut Random) -> char, random: &mut Random) -> String {
    let mut disguised = String::new();
    for (nth, c) in word.chars().enumerate() {
        if nth > 0 {
            disguised.push(filler(random));
        }
        disguised.push(c);
    }
    disguised
}

fn is_vowel(c: char) -> bool {
    matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

fn accented(word: &str, random: &mut Random) -> String {
    let mut disguised = String::new();
    for c in word.chars() {
        disguised.push(c);
        if is_vowel(c) {
            disguised.push(*random.one_of(&['\u{300}', '\u{301}', '\u{302}', '\u{308}', '\u{323}']));
        }
    }
    disguised
}

fn full_width(c: char) -> char {
    match c {
        // the full-width forms stand in the order of ASCII
        '!'..='~' => char::from_u32(c as u32 - '!' as u32 + '\u{ff01}' as u32).unwrap_or(c),
        _ => c,
    }
}

fn repeated(word: &str, random: &mut Random) -> String {
    let Some(at) = word.find(is_vowel) else { return word.to_string() };
    let vowel = word[at..=at].repeat(2 + random.below(3));
    format!("{}{vowel}{}", &word[..at], &word[at..])
}

fn encoded(word: &str, random: &mut Random) -> String {
    let style = random.below(3);
    let mut disguised = String::new();
    for (nth, c) in word.chars().enumerate() {
        let code = u32::from(c);
        match style {
            _ if nth % 2 == 1 || !c.is_ascii_alphabetic() => disguised.push(c),
            0 => disguised.push_str(&format!("&#{code};")),
            1 => disguised.push_str(&format!("&#x{code:x};")),
            _ => disguised.push_str(&format!("%{code:02x}")),
        }
    }
    disguised
}

/// Fewest letters of a word with two inner ones.
const INNER: usize = 4;

fn swapped(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() >= INNER {
        let at = 1 + random.below(letters.len() - 3);
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

fn shortened(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() >= INNER {
        letters.remove(1 + random.below(letters.len() - 2));
    }
    letters.into_iter().collect()
}

/// The choices of a disguise.
pub struct Random(crate::Random);

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(crate::Random(seed))
    }

    /// Those of one text and attack, whatever others use.
    pub fn of(seed: u64, text: usize, attack: Attack) -> Self {
        Self::new(seed ^ (text as u64) << 8 ^ attack as u64)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.0.next() % end as u64) as usize
    }

    fn one_of<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::{Pack, Rulebook, Thresholds, shipped};

    #[test]
    fn disguises_are_made_from_the_seed() {
        for attack in Attack::ALL {
            let made = |seed| attack.disguise("mustard gas", &mut Random::new(seed));
            assert_eq!(made(1), made(1), "{}", attack.name());
            assert_ne!(made(1), "mustard gas", "{}", attack.name());
        }
        assert_eq!(Attack::Homoglyph.disguise("sarin", &mut Random::new(1)), "ѕаrіn");
        assert_eq!(Attack::Leet.disguise("sarin", &mut Random::new(1)), "54r1n");
        assert_eq!(Attack::Spacing.disguise("mustard gas", &mut Random::new(1)), "m u s t a r d g a s");
    }

    #[test]
    fn a_pack_sees_through_what_a_normal_form_undoes() {
        let pack = Pack::parse("cbrn", shipped("cbrn").unwrap().as_bytes()).unwrap();
        let book = Rulebook::new([&pack]).unwrap();
        let texts = [
            "The schedules name sarin and mustard gas, and the other list yersinia pestis.",
            "A ricin of abrin and the tabun are in the annex, soman is as well.",
            "Nothing is named here.",
        ];
        let report = measure(&book, &texts, |_| true, Thresholds::default(), 7);
        assert_eq!((report.texts, report.terms, report.harmless), (3, 7, 3));
        let two = Cost { found: 2, escalated: 2 };
        assert_eq!((report.raw, report.both), (two, two));
        for row in &report.attacks {
            assert_eq!(row.newly, Cost::default(), "{}", row.attack.name());
            match row.attack {
                Attack::Swap | Attack::Deletion => assert!(row.found < 3, "{}", row.attack.name()),
                _ => assert_eq!(row.found, 7, "{}", row.attack.name()),
            }
        }
    }
}
