//! # What it measures
//! Nothing is decided; signs that a text was made by a language model or from a template are recorded as columns.
//!
//! Words are those with a letter or digit, sentences those of spaCy's sentencizer within a line. Phrases are found in
//! whatever case. `burstiness` and `repeated_openings` need two sentences, `stock_phrases` a word; otherwise they are left
//! out.
//! # Why
//! Text that models wrote teaches models little, and a refusal that was crawled teaches them to refuse. None of this is
//! proof: forms, notices and those who write in a language they learnt late have even sentences, too. So the stage has
//! no rule and removes nothing; and it should not be the only ground on which a later one does. On
//! 6,000 passages of which models from gpt2-xl to gpt-4 wrote half, each of these columns by itself ranks hardly better
//! than chance: AUC .48 to .55. `boilerplate` finds what assistants left as it was, of which there is none there.
//! # Source
//! Own definition and list of phrases; burstiness after Goh and Barabási 2008 (EPL 81, 48002), equation 1.
//! # Example
//! ```toml
//! [[stage]]
//! use = "generated-text"
//! ```

use super::sentences::sentences;
use crate::{BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Rule, Spec, Value, View};
use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Nothing can be set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {}

/// The built stage.
pub struct GeneratedText {
    boilerplate: AhoCorasick,
    stock: AhoCorasick,
}

/// How assistants speak of themselves, refuse, and turn to who asked; the apostrophe is also looked for as `’`.
const BOILERPLATE: &[&str] = &[
    "as a language model",
    "as a large language model",
    "as an ai assistant",
    "as an ai language model",
    "as an artificial intelligence",
    "certainly! here",
    "feel free to ask me",
    "here is a possible answer",
    "i am just a language model",
    "i am unable to fulfill",
    "i apologize, but i cannot",
    "i can't assist with",
    "i can't help with that request",
    "i cannot assist with",
    "i cannot fulfill",
    "i do not have personal opinions",
    "i don't have personal opinions",
    "i'm just a language model",
    "i'm sorry, but as a",
    "i'm sorry, but i can't",
    "i'm sorry, but i cannot",
    "is there anything else i can help",
    "is there anything else you would like me to",
    "my knowledge cutoff",
    "my training data",
    "of course! here",
    "sure! here",
    "sure, here is",
    "sure, here's",
];

/// What fills answers whatever they are about.
const STOCK: &[&str] = &[
    "a testament to",
    "a wide range of",
    "delve into",
    "here are some",
    "in conclusion,",
    "in summary,",
    "in today's fast-paced world",
    "in today's world",
    "it is crucial to",
    "it is essential to",
    "it is important to note",
    "it is worth noting",
    "it's important to note",
    "it's important to remember",
    "it's worth noting",
    "navigate the complexities",
    "overall, ",
    "plays a crucial role",
    "plays a vital role",
    "rich tapestry",
    "when it comes to",
];

const BOILERPLATE_AT: usize = 0;
const STOCK_PHRASES: usize = 1;
const REPEATED_OPENINGS: usize = 2;
const BURSTINESS: usize = 3;
const SENTENCES: usize = 4;

impl Spec for Config {
    const NAME: &'static str = "generated-text";
    const SUMMARY: &'static str = "signs of text made by models or templates, as columns; no rule";
    const SOURCE: &'static str = "own definition; Goh and Barabási 2008 for burstiness";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        (
            "boilerplate",
            Kind::Number,
            "phrases by which assistants speak of themselves, refuse, or turn to who asked",
        ),
        (
            "stock_phrases",
            Kind::Number,
            "phrases that fill answers, such as those that open a summary, for each thousand words",
        ),
        (
            "repeated_openings",
            Kind::Number,
            "share of sentences whose first two words opened a sentence before",
        ),
        (
            "burstiness",
            Kind::Number,
            "how unequal in length sentences are, in words: `(σ - μ) / (σ + μ)`, -1 where all are equal, about 0 where lengths are drawn at random",
        ),
        ("sentences", Kind::Number, "how many there are, with a word in them"),
    ];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = GeneratedText;

    fn build(&self, _: &mut dyn Context) -> Result<GeneratedText, BuildError> {
        Ok(GeneratedText { boilerplate: automaton(BOILERPLATE)?, stock: automaton(STOCK)? })
    }
}

fn automaton(phrases: &[&str]) -> Result<AhoCorasick, BuildError> {
    let spellings = phrases.iter().flat_map(|phrase| [phrase.replace('\'', "’"), (*phrase).to_owned()]);
    let different: Vec<String> = spellings.collect::<HashSet<_>>().into_iter().collect();
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(different)
        .map_err(|e| BuildError::asset(Config::NAME, e.to_string()))
}

impl Filter for GeneratedText {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        let sentences = measured(view);
        let words: usize = sentences.lengths.iter().sum();
        let count = sentences.lengths.len();
        findings.record(BOILERPLATE_AT, Value::Number(self.boilerplate.find_iter(text).count() as f64));
        if words > 0 {
            let stock = self.stock.find_iter(text).count() as f64;
            findings.record(STOCK_PHRASES, Value::Number(1000.0 * stock / words as f64));
        }
        if count > 1 {
            let repeated = sentences.repeated as f64 / count as f64;
            findings.record(REPEATED_OPENINGS, Value::Number(repeated));
            findings.record(BURSTINESS, Value::Number(burstiness(&sentences.lengths)));
        }
        findings.record(SENTENCES, Value::Number(count as f64));
        ControlFlow::Continue(())
    }
}

/// What is asked of the sentences of a text.
#[derive(Default)]
struct Sentences {
    /// Words of each.
    lengths: Vec<usize>,
    /// Those that open like one before.
    repeated: usize,
}

fn measured(view: &View<'_>) -> Sentences {
    let mut measured = Sentences::default();
    let mut openings = HashSet::new();
    for line in view.lines().by_newline() {
        sentences(view, (line.start as usize, line.end as usize), |start, end| {
            let mut words =
                view.text()[start..end].split_whitespace().filter(|word| has_letter_or_digit(word));
            let opening: Vec<String> = words.by_ref().take(2).map(str::to_lowercase).collect();
            if opening.is_empty() {
                return;
            }
            measured.lengths.push(opening.len() + words.count());
            measured.repeated += usize::from(opening.len() == 2 && !openings.insert(opening));
        });
    }
    measured
}

fn has_letter_or_digit(word: &str) -> bool {
    word.contains(char::is_alphanumeric)
}

fn burstiness(lengths: &[usize]) -> f64 {
    let count = lengths.len() as f64;
    let mean = lengths.iter().sum::<usize>() as f64 / count;
    let squares: f64 = lengths.iter().map(|length| (*length as f64 - mean) * (*length as f64 - mean)).sum();
    let deviation = (squares / count).sqrt();
    (deviation - mean) / (deviation + mean)
}
