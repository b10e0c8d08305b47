//! # What it measures
//! Whether a chat record is a conversation that a model can learn from: turns in an order in which a dialogue can have
//! happened, none of them empty, answers there at all, at the end, and whole.
//! # Why
//! Fine-tuning sets are small, so every record tells: an empty answer teaches to say nothing, one that breaks off teaches
//! to break off, and a dialogue that ends with the question teaches nothing.
//! # Source
//! Own definition; the order is the one that chat templates enforce: instructions first, then user and assistant by
//! turns, with tools between an assistant's turns.
//! # How
//! Out of order is a turn of the role before it (but for tools), instructions after the first other turn, an assistant
//! before any user, a tool that no assistant called, and every turn of an unknown role. Of a record of several fields each
//! goes on from the question that the ones before it end with, or begins anew. Empty is a turn without a character that is
//! seen. A question is last where a record, or a field that begins with an answer, does not end with one. Broken off is an answer with an open code fence, one that ends with a comma, a colon's like, or
//! an opening bracket, and one of `broken_off_chars` or more whose last line has eight words or more and ends with a
//! letter: shorter ones may be names, titles and lists.

use crate::{
    Bound, BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Role, Rule, RuleBound, Spec,
    Turn, Value, View,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// How many turns of a kind a record may have. A bound that is left out is off.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Fewest turns of the assistant.
    pub answers_min: u64,
    /// Most turns out of order.
    pub out_of_order_max: u64,
    /// Most empty turns.
    pub empty_max: u64,
    /// Whether the last turn must be the assistant's.
    pub answer_last: bool,
    /// Most answers that break off.
    pub broken_off_max: u64,
    /// Fewest code points of an answer whose last line says that it breaks off.
    pub broken_off_chars: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            answers_min: 1,
            out_of_order_max: 0,
            empty_max: 0,
            answer_last: true,
            broken_off_max: 0,
            broken_off_chars: 400,
        }
    }
}

const RULES: [Rule; 5] = [
    Rule { id: "answers", summary: "turns of the assistant", alias: None },
    Rule { id: "out-of-order", summary: "turns where no dialogue has them", alias: None },
    Rule { id: "empty", summary: "turns without a visible character", alias: None },
    Rule { id: "question-last", summary: "1 if the last turn is not the assistant's", alias: None },
    Rule { id: "broken-off", summary: "answers that break off", alias: None },
];

/// Fewest words of a line of prose.
const PROSE_WORDS: usize = 8;
/// No answer ends with these.
const OPEN_ENDS: [char; 7] = [',', ';', '(', '[', '{', '、', '，'];
const FENCE: &str = "```";

/// The built filter.
pub struct ChatTurns(Config);

impl Spec for Config {
    const NAME: &'static str = "chat-turns";
    const SUMMARY: &'static str =
        "chat records whose turns are empty, out of order, unanswered or broken off";
    const SOURCE: &'static str = "own definition; the order of chat templates";
    const RULES: &'static [Rule] = &RULES;
    const COLUMNS: &'static [ColumnNote] = &[
        ("turns", Kind::Number, "how many turns there are"),
        ("answers", Kind::Number, "how many of them are the assistant's"),
    ];
    const EXAMPLE: Option<&'static str> = Some("broken_off_max = 1");
    type Filter = ChatTurns;

    fn build(&self, context: &mut dyn Context) -> Result<ChatTurns, BuildError> {
        if !context.has_turns() {
            return Err(BuildError::Config("needs chat records: `input.messages`".into()));
        }
        Ok(ChatTurns(self.clone()))
    }
}

impl Filter for ChatTurns {
    fn rules(&self) -> Vec<RuleBound> {
        let Config { answers_min, out_of_order_max, empty_max, answer_last, broken_off_max, .. } = self.0;
        let most = |n: u64| Bound::AtMost(n as f64);
        vec![
            RuleBound::new(&RULES[0], Bound::AtLeast(answers_min as f64)),
            RuleBound::new(&RULES[1], most(out_of_order_max)),
            RuleBound::new(&RULES[2], most(empty_max)),
            RuleBound::new(&RULES[3], if answer_last { Bound::NO_MATCH } else { Bound::Off }),
            RuleBound::new(&RULES[4], most(broken_off_max)),
        ]
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let turns = view.document().turns;
        let text = |turn: &Turn| view.text().get(turn.range.clone()).unwrap_or_default();
        let answers = || turns.iter().filter(|turn| turn.role == Role::Assistant);
        findings.record(0, Value::Number(turns.len() as f64));
        findings.record(1, Value::Number(answers().count() as f64));
        findings.measure(0, answers().count() as f64)?;
        findings.measure(1, out_of_order(turns) as f64)?;
        findings.measure(2, turns.iter().filter(|turn| is_empty(text(turn))).count() as f64)?;
        findings.measure(3, f64::from(u8::from(question_last(turns))))?;
        let chars = self.0.broken_off_chars;
        findings.measure(4, answers().filter(|turn| breaks_off(text(turn), chars)).count() as f64)
    }
}

fn out_of_order(turns: &[Turn]) -> usize {
    let (mut question, mut before): (Option<Role>, Option<Role>) = (None, None);
    let mut wrong = 0;
    for field in turns.chunk_by(|a, b| a.field == b.field) {
        if before != Some(Role::Assistant) {
            question = before;
        }
        let [first, rest @ ..] = field else { continue };
        wrong += usize::from(!follows(first.role, question) && !follows(first.role, None));
        before = Some(first.role);
        for turn in rest {
            wrong += usize::from(!follows(turn.role, before));
            before = Some(turn.role);
        }
    }
    wrong
}

/// Whether a turn may come after one of another role, or be the first.
fn follows(role: Role, before: Option<Role>) -> bool {
    match role {
        Role::System => matches!(before, None | Some(Role::System)),
        Role::User => matches!(before, None | Some(Role::System | Role::Assistant)),
        Role::Assistant => matches!(before, Some(Role::User | Role::Tool)),
        Role::Tool => matches!(before, Some(Role::Assistant | Role::Tool)),
        Role::Other => false,
    }
}

fn question_last(turns: &[Turn]) -> bool {
    let answers = |turn: Option<&Turn>| turn.is_some_and(|turn| turn.role == Role::Assistant);
    let unanswered = |field: &[Turn]| answers(field.first()) && !answers(field.last());
    !answers(turns.last()) || turns.chunk_by(|a, b| a.field == b.field).any(unanswered)
}

/// Whether nothing is seen of a text: white space, controls and characters without a width alone.
fn is_empty(text: &str) -> bool {
    let unseen = |c: char| {
        let without_width =
            matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
        c.is_whitespace() || c.is_control() || without_width
    };
    text.chars().all(unseen)
}

fn breaks_off(text: &str, chars_min: u64) -> bool {
    let text = text.trim_end();
    let Some(last) = text.chars().next_back() else { return false };
    let fences = text.lines().filter(|line| line.trim_start().starts_with(FENCE)).count();
    if fences % 2 == 1 || OPEN_ENDS.contains(&last) {
        return true;
    }
    let is_long = || text.chars().count() as u64 >= chars_min;
    let prose =
        || text.lines().next_back().is_some_and(|line| line.split_whitespace().count() >= PROSE_WORDS);
    fences == 0 && last.is_alphabetic() && prose() && is_long()
}
