//! Texts to measure on, made by a seeded generator: the same on every machine and for ever.

/// Texts in a corpus.
const DOCUMENTS: usize = 120;
/// Sentences in a text of usual length.
const SENTENCES: usize = 24;

/// A sentence with a term of the shipped keyword packs.
const LISTED: &str = " The treaty lists sarin.";

/// A corpus of one kind.
pub struct Corpus {
    pub name: &'static str,
    pub texts: Vec<String>,
}

impl Corpus {
    pub fn bytes(&self) -> u64 {
        self.texts.iter().map(|text| text.len() as u64).sum()
    }
}

/// English in ASCII; ASCII and other punctuation, numbers, addresses and code; and languages other than English.
pub fn corpora() -> [Corpus; 3] {
    [
        Corpus { name: "prose", texts: texts(1, prose) },
        Corpus { name: "mixed", texts: texts(2, mixed) },
        Corpus { name: "languages", texts: texts(3, languages) },
    ]
}

/// Of every sixteen texts two are stubs, two repeat themselves and one holds a listed term; all others are plain.
fn texts(seed: u64, sentence: fn(&mut Random, &mut String)) -> Vec<String> {
    let mut random = Random(seed);
    let mut text_of = |sentences: usize| {
        let mut text = String::new();
        for at in 0..sentences {
            sentence(&mut random, &mut text);
            text.push_str(if at % 6 == 5 { "\n\n" } else { " " });
        }
        text.trim_end().to_string()
    };
    (0..DOCUMENTS)
        .map(|at| match at % 16 {
            3 | 11 => text_of(2),
            6 | 14 => vec![text_of(4); 6].join("\n"),
            9 => text_of(SENTENCES) + LISTED,
            _ => text_of(SENTENCES),
        })
        .collect()
}

/// Items of a benchmark: a part of every thirtieth text, and many that are in none.
pub fn items() -> Vec<String> {
    let part = |text: &String| text.split(' ').skip(20).take(40).collect::<Vec<_>>().join(" ");
    let parts = corpora().iter().flat_map(|corpus| corpus.texts.iter().step_by(30).map(part)).collect();
    let mut random = Random(4);
    let mut other = || {
        let mut text = String::new();
        (0..4).for_each(|_| prose(&mut random, &mut text));
        text
    };
    [parts, (0..20_000).map(|_| other()).collect::<Vec<_>>()].concat()
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }
}

const ENGLISH: [&str; 48] = [
    "the",
    "of",
    "and",
    "to",
    "that",
    "with",
    "have",
    "be",
    "in",
    "a",
    "river",
    "committee",
    "measured",
    "report",
    "winter",
    "it",
    "was",
    "council",
    "harvest",
    "engineer",
    "letter",
    "against",
    "between",
    "remained",
    "village",
    "question",
    "answered",
    "carefully",
    "bridge",
    "railway",
    "for",
    "on",
    "they",
    "later",
    "morning",
    "evidence",
    "found",
    "which",
    "history",
    "considered",
    "is",
    "not",
    "small",
    "public",
    "water",
    "stone",
    "built",
    "from",
];

const ENDS: [&str; 6] = [".", ".", ".", ".", "?", "!"];

fn prose(random: &mut Random, text: &mut String) {
    words(random, text, &ENGLISH, 6..20, " ");
    text.push_str(random.of(&ENDS));
}

/// Words joined by `space`, with a comma here and there.
fn words(random: &mut Random, text: &mut String, list: &[&str], len: std::ops::Range<usize>, space: &str) {
    let count = len.start + random.below(len.end - len.start);
    for at in 0..count {
        if at > 0 {
            if random.below(9) == 0 {
                text.push(',');
            }
            text.push_str(space);
        }
        text.push_str(random.of(list));
    }
}

const ODDS: [&str; 24] = [
    "don't",
    "U.S.A.",
    "\u{201c}quoted\u{201d}",
    "3.14159",
    "2026-11-21",
    "https://example.org/a?b=c#d",
    "x_1",
    "...",
    "\u{2026}",
    "\u{2014}",
    "e.g.",
    "(sic)",
    "#tag",
    "50%",
    "$1,299.00",
    "name@example.org",
    "naïve",
    "re-entry",
    "{",
    "}",
    "javascript",
    "if (a && b) { return; }",
    "\u{2022} item",
    "it\u{2019}s",
];

fn mixed(random: &mut Random, text: &mut String) {
    for _ in 0..3 {
        words(random, text, &ENGLISH, 2..7, " ");
        text.push(' ');
        text.push_str(random.of(&ODDS));
        text.push(' ');
    }
    text.push_str(random.of(&[".", "!", "", "...", "\n"]));
}

const TONGUES: [(&[&str], &str, &str); 5] = [
    (&["река", "весной", "и", "город", "вопрос", "комитет", "было", "которые", "мост", "после"], " ", "."),
    (&["der", "Fluß", "über", "größer", "Straße", "und", "zwölf", "Häuser", "können", "nicht"], " ", "."),
    (&["河流", "春天", "委员会", "报告", "历史", "公共", "石头", "桥梁", "研究", "问题"], "", "。"),
    (&["नदी", "गाँव", "पानी", "इतिहास", "और", "सवाल", "सुबह", "पुल", "पत्थर", "है"], " ", "।"),
    (&["ποτάμι", "χωριό", "και", "γέφυρα", "ιστορία", "νερό", "ερώτηση", "πρωί", "είναι", "με"], " ", "."),
];

fn languages(random: &mut Random, text: &mut String) {
    let (list, space, end) = TONGUES[random.below(TONGUES.len())];
    words(random, text, list, 6..20, space);
    text.push_str(end);
}
