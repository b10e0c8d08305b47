//! # What it measures
//! How many of the assistant's turns open with the boilerplate by which a model refuses, or speaks of itself as one.
//! # Why
//! Answers copied from another model bring its refusals along, mostly of harmless questions; a few in a hundred teach a
//! model to refuse, and to call itself by another's name.
//! # Source
//! Own definition and own list; that refusals are told by their first words is how published sets are cleaned of them.
//! # How
//! The first 160 code points of a turn are read in small letters, with straight apostrophes and single spaces, and
//! looked through for phrases in English, German, French, Spanish, Portuguese, Italian, Russian, Chinese and Japanese. A
//! phrase is whole words. A text without turns counts as one answer. Whether a refusal is right is not asked: without
//! `share_max` nothing is decided, and the columns tell how many there are. Unlike `boilerplate` of `generated-text`, which
//! counts what assistants leave anywhere in a text, this looks at where an answer begins.
//! # Example
//! `I'm sorry, but I can't help with that.` is a refusal, `Sorry for the delay: I can help with that now.` is none.

use crate::{
    Bound, BuildError, Column, ColumnNote, Context, Decimal, Filter, Findings, Kind, Role, Rule, RuleBound,
    Spec, Value, View,
};
use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// How many refusals a record may have. A bound that is left out is off.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Largest share of the assistant's turns that may be refusals, 0 to 1.
    pub share_max: Option<Decimal>,
}

const SHARE: Rule =
    Rule { id: "share", summary: "share of the assistant's turns that open with a refusal", alias: None };

/// Code points of an answer that are looked at: two sentences, in which a refusal says that it is one.
const OPENING_CHARS: usize = 160;

/// Phrases in small letters, by language.
const PHRASES: [&[&str]; 9] = [
    &[
        "i can't help",
        "i cannot help",
        "i can't assist",
        "i cannot assist",
        "i can't provide",
        "i cannot provide",
        "i can't comply",
        "i cannot comply",
        "i can't fulfill",
        "i cannot fulfill",
        "i can't fulfil",
        "i cannot fulfil",
        "i can't answer that",
        "i cannot answer that",
        "i can't create",
        "i cannot create",
        "i can't generate",
        "i cannot generate",
        "i can't support",
        "i cannot support",
        "i'm not able to help",
        "i am not able to help",
        "i'm not able to assist",
        "i am not able to assist",
        "i'm not able to provide",
        "i am not able to provide",
        "i'm unable to help",
        "i am unable to help",
        "i'm unable to assist",
        "i am unable to assist",
        "i'm unable to provide",
        "i am unable to provide",
        "i won't be able to help",
        "i will not help",
        "i must decline",
        "i have to decline",
        "i'm not comfortable",
        "i am not comfortable",
        "i'm sorry, but i can't",
        "i'm sorry, but i cannot",
        "i am sorry, but i cannot",
        "i'm sorry, i can't",
        "i'm sorry, i cannot",
        "as an ai",
        "as a language model",
        "as a large language model",
        "as an artificial intelligence",
        "i'm just an ai",
        "i am just an ai",
        "i'm only an ai",
    ],
    &[
        "kann ich nicht helfen",
        "ich kann dabei nicht helfen",
        "kann ich dir nicht helfen",
        "kann ich dir leider nicht helfen",
        "kann ich ihnen nicht helfen",
        "kann ich ihnen leider nicht helfen",
        "kann ich leider nicht helfen",
        "als ki",
        "als sprachmodell",
        "als künstliche intelligenz",
    ],
    &[
        "je ne peux pas vous aider",
        "je ne peux pas t'aider",
        "je ne peux pas répondre à cette",
        "je ne suis pas en mesure de",
        "en tant qu'ia",
        "en tant que modèle de langage",
        "en tant qu'intelligence artificielle",
    ],
    &[
        "no puedo ayudarte",
        "no puedo ayudarle",
        "no puedo ayudar con",
        "lo siento, pero no puedo",
        "como modelo de lenguaje",
        "como una ia",
        "como inteligencia artificial",
    ],
    &[
        "não posso ajudar",
        "não posso ajudá-lo",
        "desculpe, mas não posso",
        "como modelo de linguagem",
        "como um modelo de linguagem",
        "como uma ia",
    ],
    &[
        "non posso aiutarti",
        "non posso aiutarla",
        "mi dispiace, ma non posso",
        "come modello linguistico",
        "in quanto ia",
    ],
    &["я не могу помочь", "я не могу вам помочь", "как языковая модель", "как искусственный интеллект"],
    &[
        "我无法提供",
        "我无法帮助",
        "我不能提供",
        "我不能帮助",
        "抱歉，我不能",
        "抱歉，我无法",
        "作为人工智能",
        "作为一个人工智能",
        "作为一个语言模型",
        "作为ai",
        "作为一个ai",
    ],
    &["お手伝いできません", "お答えできません", "言語モデルとして", "aiとして"],
];

/// The built filter.
pub struct Refusals {
    phrases: AhoCorasick,
    share_max: Bound,
}

impl Spec for Config {
    const NAME: &'static str = "refusals";
    const SUMMARY: &'static str = "answers that open with the boilerplate of a refusal";
    const SOURCE: &'static str = "own definition and list";
    const RULES: &'static [Rule] = &[SHARE];
    const COLUMNS: &'static [ColumnNote] = &[
        ("answers", Kind::Number, "how many of the assistant's turns open with a refusal"),
        ("share", Kind::Number, "their share of the assistant's turns"),
    ];
    const EXAMPLE: Option<&'static str> = Some("share_max = \"0.5\"");
    type Filter = Refusals;

    fn build(&self, _: &mut dyn Context) -> Result<Refusals, BuildError> {
        let share_max = match self.share_max.map(Decimal::get) {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                return Err(BuildError::key("share_max", format!("is {share}, expected 0 to 1")));
            }
            share => share.map_or(Bound::Off, Bound::AtMost),
        };
        let phrases = AhoCorasick::new(PHRASES.iter().copied().flatten());
        let phrases = phrases.map_err(|e| BuildError::asset(Config::NAME, e.to_string()))?;
        Ok(Refusals { phrases, share_max })
    }
}

impl Filter for Refusals {
    fn rules(&self) -> Vec<RuleBound> {
        vec![RuleBound::new(&SHARE, self.share_max)]
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let turns = view.document().turns;
        let answers = turns.iter().filter(|turn| turn.role == Role::Assistant);
        let answers = answers.map(|turn| view.text().get(turn.range.clone()).unwrap_or_default());
        let answers: Vec<&str> = if turns.is_empty() { vec![view.text()] } else { answers.collect() };
        let refusals = answers.iter().filter(|answer| self.refuses(answer)).count();
        let share = refusals as f64 / answers.len().max(1) as f64;
        findings.record(0, Value::Number(refusals as f64));
        findings.record(1, Value::Number(share));
        findings.measure(0, share)
    }
}

impl Refusals {
    fn refuses(&self, answer: &str) -> bool {
        let opening = opening(answer);
        self.phrases.find_overlapping_iter(&opening).any(|found| {
            let (before, rest) = opening.split_at(found.start());
            let (phrase, after) = rest.split_at(found.len());
            !continues(before.chars().next_back(), phrase.chars().next())
                && !continues(after.chars().next(), phrase.chars().next_back())
        })
    }
}

/// Whether a character next to a phrase is of the same word as the edge of the phrase. Scripts without small letters are
/// written without spaces.
fn continues(beside: Option<char>, edge: Option<char>) -> bool {
    beside.is_some_and(|c| c.is_lowercase() || c.is_numeric()) && edge.is_some_and(char::is_lowercase)
}

/// The first words of an answer, in one spelling.
fn opening(answer: &str) -> String {
    let mut opening = String::new();
    for c in answer.trim_start().chars().take(OPENING_CHARS) {
        match c {
            '\u{2019}' | '\u{2018}' | '\u{2bc}' => opening.push('\''),
            c if c.is_whitespace() => {
                if !opening.ends_with(' ') {
                    opening.push(' ');
                }
            }
            c => opening.extend(c.to_lowercase()),
        }
    }
    opening
}
